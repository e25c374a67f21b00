import { describe, expect, test } from 'vitest';
import type { Access } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import { differingTables, isBounded, isSamePlan, isSameShape, onlyIn, shapeOf, verdictOf } from './compare.js';
import { sweepsOf } from './sweeps.js';
import { formatTable, isMissed } from './table.js';
import { readQuestions } from './workload.js';

const scan = (facts: object = {}) => ({
  'Node Type': 'Index Scan',
  'Parallel Aware': false,
  'Relation Name': 't',
  Alias: 't',
  'Index Name': 't_pkey',
  'Scan Direction': 'Forward',
  'Startup Cost': 0.42,
  'Total Cost': 8.44,
  'Plan Rows': 1,
  'Plan Width': 12,
  ...facts,
});
const join = (inner: object, facts: object = {}) =>
  parsePlan([
    {
      Plan: {
        'Node Type': 'Nested Loop',
        'Join Type': 'Inner',
        'Startup Cost': 0.8,
        'Total Cost': 16.9,
        'Plan Rows': 1,
        'Plan Width': 24,
        Plans: [scan(), { ...inner, 'Parent Relationship': 'Inner' }],
        ...facts,
      },
    },
  ]);
const plan = join(scan({ Alias: 'u' }));

test('a shape names what each node does', () => {
  expect(shapeOf(plan)).toEqual([
    '0 Nested Loop Inner',
    '0.0 Index Scan    Forward t t t_pkey',
    '0.1 Index Scan    Forward t u t_pkey',
  ]);
});

test.each<[string, object, object]>([
  ['another node', { 'Node Type': 'Seq Scan' }, {}],
  ['another index', { 'Index Name': 't_other' }, {}],
  ['another table', { 'Relation Name': 'v' }, {}],
  ['another direction', { 'Scan Direction': 'Backward' }, {}],
  ['parallel workers', { 'Parallel Aware': true }, {}],
  ['a node more', { Plans: [scan()] }, {}],
  ['another join', {}, { 'Join Type': 'Left' }],
])('%s is another shape', (_, inner, facts) => {
  const other = join(scan({ Alias: 'u', ...inner }), facts);
  expect(isSameShape(plan, other)).toBe(false);
  expect(isSamePlan(plan, other)).toBe(false);
});

test.each([
  ['startup cost', { 'Startup Cost': 0.43 }],
  ['total cost', { 'Total Cost': 8.45 }],
  ['rows', { 'Plan Rows': 2 }],
  ['width', { 'Plan Width': 13 }],
])('another %s in an inner node is the same shape and another plan', (_, facts) => {
  const other = join(scan({ Alias: 'u', ...facts }));
  expect(isSameShape(plan, other)).toBe(true);
  expect(isSamePlan(plan, other)).toBe(false);
  expect(onlyIn(plan, other).map((lines) => lines.length)).toEqual([1, 1]);
});

test('the same plan is told as the same', () => {
  expect(isSamePlan(plan, join(scan({ Alias: 'u' })))).toBe(true);
  expect(onlyIn(plan, plan)).toEqual([[], []]);
});

describe('verdicts', () => {
  const access = (kind: Access['kind'], table: string, ancestors: readonly string[] = []) =>
    ({ kind, table, ancestors }) as Access;

  test('the worst access of a table counts, those of its partitions too, and tables without protection do not', () => {
    const verdict = verdictOf(
      [
        access('bounded', 't'),
        access('bounded', 'event_q1', ['public.event']),
        access('whole-table', 'event_q2', ['public.event']),
        access('bounded', 'event_q3', ['public.event']),
        access('whole-table', 'small'),
      ],
      ['t', 'event'],
    );
    expect(verdict).toEqual({ t: 'bounded', event: 'whole-table' });
    expect(isBounded(verdict)).toBe(false);
    expect(isBounded({ t: 'bounded' })).toBe(true);
  });

  test('two ways of reading too much are one verdict; a table that is not read is none that is read whole', () => {
    expect(differingTables({ t: 'whole-index' }, { t: 'whole-table' })).toEqual([]);
    expect(differingTables({ t: 'bounded' }, {})).toEqual([]);
    expect(differingTables({ b: 'bounded', a: 'whole-table' }, { b: 'partly-bounded' })).toEqual(['a', 'b']);
  });
});

test('questions have one set of values each', () => {
  const text = `-- About the file.

-- values ["1", null]
-- values ["2", "x"]
SELECT $1,
  $2;

-- at the end of a column
SELECT 1;
`;
  expect(readQuestions(text)).toEqual([
    { sql: 'SELECT $1,\n  $2', values: ['1', null], atEnd: false },
    { sql: 'SELECT $1,\n  $2', values: ['2', 'x'], atEnd: false },
    { sql: 'SELECT 1', values: [], atEnd: true },
  ]);
});

test('a sweep goes from narrow to everything', () => {
  const [first] = sweepsOf('accounting', 5);
  const widths = first?.questions.map(({ values: [low, high] }) => Date.parse(high ?? '') - Date.parse(low ?? ''));
  expect(widths).toHaveLength(5);
  expect([...(widths ?? [])].sort((a, b) => a - b)).toEqual(widths);
  expect(first?.questions.at(-1)?.values).toEqual(['2022-01-01', '2025-12-30']);
});

test('the table tells shares and missed marks', () => {
  const counts = [
    { what: 'same shape', count: 999, least: 1000 },
    { what: 'misses', count: 0, most: 0 },
  ];
  expect(counts.map(isMissed)).toEqual([true, false]);
  expect(isMissed({ what: 'misses', count: 1, most: 0 })).toBe(true);
  expect(formatTable([{ part: 'a part', name: 'x', statements: 10, plans: 1000, counts }])).toBe(
    'a part\n     statements  plans         same shape  misses\n  x          10   1000  999 99.9 % MISSED    0 ok\n',
  );
});
