import { expect, test } from 'vitest';
import { parsePlan } from '../plan/parse-json.js';
import { diffPlans } from './diff.js';
import type { PlanDiff } from './model.js';

type Raw = Readonly<Record<string, unknown>>;

const read = (Plan: Raw) => ({ plan: parsePlan([{ Plan }]), accesses: [] });
const diff = (before: Raw, after: Raw): PlanDiff => diffPlans(read(before), read(after));
const fields = (before: Raw, after: Raw) => diff(before, after).nodes.flatMap((node) => node.fields);

const scan = (over: Raw = {}): Raw => ({ 'Node Type': 'Seq Scan', 'Relation Name': 'tracks', Alias: 't', ...over });
const join = (over: Raw, outer: Raw, inner: Raw): Raw => ({
  'Node Type': 'Hash Join',
  'Join Type': 'Inner',
  ...over,
  Plans: [
    { ...outer, 'Parent Relationship': 'Outer' },
    { ...inner, 'Parent Relationship': 'Inner' },
  ],
});
const users: Raw = { 'Node Type': 'Seq Scan', 'Relation Name': 'users', Alias: 'u' };
const initPlan = (name: string, over: Raw = {}): Raw => ({
  'Node Type': 'Aggregate',
  'Parent Relationship': 'InitPlan',
  'Subplan Name': name,
  ...over,
});

test('what decides what a node does is compared, in EXPLAIN’s words', () => {
  const before = scan({
    'Node Type': 'Index Scan',
    'Index Name': 'a',
    'Scan Direction': 'Forward',
    'Index Cond': '(t.id = 1)',
  });
  const after = scan({ 'Node Type': 'Seq Scan', 'Parallel Aware': true, Filter: '(t.id = 1)' });
  expect(fields(before, after)).toEqual([
    { field: 'Node Type', before: 'Index Scan', after: 'Seq Scan' },
    { field: 'Parallel Aware', before: 'false', after: 'true' },
    { field: 'Index Name', before: 'a', after: undefined },
    { field: 'Scan Direction', before: 'Forward', after: undefined },
    { field: 'Index Cond', before: '(t.id = 1)', after: undefined },
    { field: 'Filter', before: undefined, after: '(t.id = 1)' },
  ]);
});

test.each<[string, Raw, Raw]>([
  ['join type', join({}, scan(), users), join({ 'Join Type': 'Left' }, scan(), users)],
  ['sort key', { 'Node Type': 'Sort', 'Sort Key': ['t.id'] }, { 'Node Type': 'Sort', 'Sort Key': ['t.id DESC'] }],
  [
    'group key',
    { 'Node Type': 'Aggregate', 'Group Key': ['a'] },
    { 'Node Type': 'Aggregate', 'Group Key': ['a', 'b'] },
  ],
  ['literal', scan({ Filter: '(t.id = 1)' }), scan({ Filter: '(t.id = 2)' })],
  ['workers', { 'Node Type': 'Gather', 'Workers Planned': 2 }, { 'Node Type': 'Gather', 'Workers Planned': 3 }],
  ['order of a row comparison', scan({ Filter: '(1 < t.id)' }), scan({ Filter: '(t.id < 1)' })],
  ['quoted text', scan({ Filter: "(t.a = 'x y'::text)" }), scan({ Filter: "(t.a = 'x  y'::text)" })],
  ['another column', scan({ Filter: '(t.a = 1)' }), scan({ Filter: '(t.b = 1)' })],
])('a change: %s', (_, before, after) => {
  expect(fields(before, after)).toHaveLength(1);
});

test.each<[string, Raw, Raw]>([
  ['numbers', scan({ 'Total Cost': 1, 'Plan Rows': 5 }), scan({ 'Total Cost': 9, 'Plan Rows': 50_000 })],
  ['the alias before a column of the only table', scan({ Filter: '(t.id = 1)' }), scan({ Filter: '(id = 1)' })],
  [
    'the alias of the scanned table',
    join({}, scan({ Filter: '(t.id = 1)' }), users),
    join({}, scan({ Filter: '(id = 1)' }), users),
  ],
  ['a schema that only VERBOSE tells', scan(), scan({ Schema: 'public' })],
  ['a flag that older versions do not tell', scan(), scan({ 'Async Capable': false })],
  [
    'an equality written the other way round',
    join({ 'Hash Cond': '((t.a = u.b) AND (t.c = u.d))' }, scan(), users),
    join({ 'Hash Cond': '((u.b = t.a) AND (t.c = u.d))' }, scan(), users),
  ],
  [
    'the condition of a recheck, written the other way round',
    join({}, users, scan({ 'Node Type': 'Bitmap Heap Scan', 'Recheck Cond': '(owner_id = u.id)' })),
    join({}, users, scan({ 'Node Type': 'Bitmap Heap Scan', 'Recheck Cond': '(u.id = owner_id)' })),
  ],
  [
    'numbers of aliases',
    join({ 'Hash Cond': '(t_1.id = u.id)' }, scan({ Alias: 't_1', Filter: '(t_1.x > 1)' }), users),
    join({ 'Hash Cond': '(t_2.id = u.id)' }, scan({ Alias: 't_2', Filter: '(t_2.x > 1)' }), users),
  ],
  [
    'the number of a subplan',
    scan({ Filter: '(t.id = (InitPlan 2).col1)', Plans: [initPlan('InitPlan 2')] }),
    scan({ Filter: '(t.id = (InitPlan 1).col1)', Plans: [initPlan('InitPlan 1')] }),
  ],
  [
    'the output of an InitPlan as before 17',
    scan({ Filter: '(t.id = $0)', Plans: [initPlan('InitPlan 1 (returns $0)')] }),
    scan({ Filter: '(t.id = (InitPlan 1).col1)', Plans: [initPlan('InitPlan 1')] }),
  ],
  [
    'a hashed subplan as before 17',
    scan({ Filter: '((t.id = 1) OR (hashed SubPlan 1))', Plans: [initPlan('SubPlan 1')] }),
    scan({ Filter: '((t.id = 1) OR (ANY (t.id = (hashed SubPlan 1).col1)))', Plans: [initPlan('SubPlan 1')] }),
  ],
  [
    'EXISTS as before 17',
    scan({ Filter: '(SubPlan 1)', Plans: [initPlan('SubPlan 1')] }),
    scan({ Filter: 'EXISTS(SubPlan 1)', Plans: [initPlan('SubPlan 1')] }),
  ],
])('no change: %s', (_, before, after) => {
  expect(fields(before, after)).toEqual([]);
  expect(diff(before, after).equal).toBe(true);
});

test('a parameter of the statement is none of an InitPlan', () => {
  expect(fields(scan({ Filter: '(t.id = $1)' }), scan({ Filter: '(t.id = $2)' }))).toHaveLength(1);
  const before = scan({ Filter: '(t.id = $1)', Plans: [initPlan('InitPlan 1 (returns $0)')] });
  const after = scan({ Filter: '(t.id = (InitPlan 1).col1)', Plans: [initPlan('InitPlan 1')] });
  expect(fields(before, after)).toHaveLength(1);
});

test('numbers that stand for other nodes are told apart', () => {
  const two = (first: string, second: string, filter: string) =>
    scan({
      Filter: filter,
      Plans: [
        { ...initPlan(first), Plans: [{ ...users, 'Parent Relationship': 'Outer' }] },
        {
          ...initPlan(second),
          Plans: [{ ...users, 'Relation Name': 'plays', Alias: 'p', 'Parent Relationship': 'Outer' }],
        },
      ],
    });
  const before = two('InitPlan 1', 'InitPlan 2', '(t.id = (InitPlan 1).col1)');
  const swapped = two('InitPlan 2', 'InitPlan 1', '(t.id = (InitPlan 1).col1)');
  const renumbered = two('InitPlan 2', 'InitPlan 1', '(t.id = (InitPlan 2).col1)');
  expect(fields(before, swapped)).toHaveLength(1);
  expect(diff(before, renumbered).equal).toBe(true);
});

test('what a newer version tells of a subplan alone counts between two of them', () => {
  const filtered = (text: string) => scan({ Filter: text, Plans: [initPlan('SubPlan 1')] });
  expect(
    fields(filtered('(ANY (t.id = (hashed SubPlan 1).col1))'), filtered('(ANY (t.owner = (hashed SubPlan 1).col1))')),
  ).toHaveLength(1);
});

test('numbers: in EXPLAIN’s fields, kB as bytes, sums over loops under names of their own', () => {
  const before = scan({
    'Total Cost': 1,
    'Plan Rows': 1,
    'Actual Rows': 7,
    'Actual Total Time': 0.5,
    'Actual Loops': 1,
  });
  const after = scan({
    'Total Cost': 2,
    'Plan Rows': 1,
    'Actual Rows': 100,
    'Actual Total Time': 2,
    'Actual Loops': 3,
    'Shared Read Blocks': 8,
    'Sort Space Used': 2,
    'Never Heard Of': 1,
  });
  expect(diff(before, after).nodes[0]?.numbers).toEqual([
    { field: 'Total Cost', unit: 'cost', before: 1, after: 2 },
    { field: 'Plan Rows', unit: 'rows', before: 1, after: 1 },
    { field: 'Actual Total Time', unit: 'ms', before: 0.5, after: 2 },
    { field: 'Actual Total Time, all loops', unit: 'ms', before: 0.5, after: 6 },
    { field: 'Actual Rows', unit: 'rows', before: 7, after: 100 },
    { field: 'Actual Rows, all loops', unit: 'rows', before: 7, after: 300 },
    { field: 'Actual Loops', unit: 'loops', before: 1, after: 3 },
    { field: 'Sort Space Used', unit: 'bytes', before: undefined, after: 2048 },
    { field: 'Shared Read Blocks', unit: 'blocks', before: undefined, after: 8 },
  ]);
});

test('the cost of both plans', () => {
  expect(diff(scan({ 'Total Cost': 40 }), scan()).cost).toEqual({ before: 40, after: undefined });
});
