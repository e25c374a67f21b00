import { expect, test } from 'vitest';
import { accessesInPlan } from '../plan/accesses.js';
import type { Access, Plan } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import { diffPlans } from './diff.js';
import type { AccessChange } from './model.js';
import { checkedPairs } from './testing/pairs.js';

const told = ({ before, after, direction }: AccessChange) => {
  const words = (access: Access | undefined) => access && [access.kind, access.node, ...access.indexes].join(' ');
  return [direction, (after ?? before)?.alias, words(before), words(after)];
};

const changes = (before: Plan, after: Plan) =>
  diffPlans({ plan: before, accesses: accessesInPlan(before) }, { plan: after, accesses: accessesInPlan(after) });

const ofPair = (name: string) => {
  const pair = checkedPairs().find((one) => one.name === name);
  if (pair === undefined) throw new Error(`no pair ${name}`);
  return changes(pair.before, pair.after).accesses.map(told);
};

test('the incident: the worst first, then what came', () => {
  expect(ofPair('incident-profile')).toEqual([
    ['worse', 't', 'partly-bounded Index Scan track_owner_id_idx', 'whole-table Parallel Seq Scan'],
    ['other', 'tc', undefined, 'partly-bounded Index Only Scan track_collaborators_user_status_track_idx'],
    ['other', 'u', 'partly-bounded Index Scan users_pkey', 'partly-bounded Index Scan users_pkey'],
  ]);
});

test('self-joins are told apart by their scans', () => {
  expect(ofPair('self-join-other-way-round')).toEqual([
    ['worse', 'a', 'partly-bounded Index Scan orders_pkey', 'partly-bounded Bitmap Heap Scan orders_customer_created'],
    ['better', 'b', 'partly-bounded Bitmap Heap Scan orders_customer_created', 'partly-bounded Index Scan orders_pkey'],
  ]);
});

test('partitions that went, and those that are read otherwise', () => {
  expect(
    ofPair('partitions-read-whole')
      .map(([direction, alias]) => [direction, alias])
      .sort(),
  ).toEqual([
    ['worse', 'c'],
    ['worse', 'e_1'],
    ['worse', 'e_2'],
    ['worse', 'e_3'],
    ['worse', 'e_4'],
  ]);
  expect(ofPair('partitions-pruned').filter(([, , , after]) => after === undefined)).toHaveLength(2);
});

test('another filter, another number of an alias: no change', () => {
  expect(ofPair('with-and-without-verbose')).toEqual([]);
  expect(ofPair('words-of-15-and-18')).toEqual([]);
  expect(ofPair('union-to-union-all')).toEqual([]);
});

const scan = (over: object) =>
  parsePlan([{ Plan: { 'Relation Name': 't', Alias: 't', 'Node Type': 'Seq Scan', ...over } }]);
const one = (over: Partial<Access>): Access => ({
  kind: 'bounded',
  how: 'index-condition',
  schema: 'public',
  table: 't',
  alias: 't',
  ancestors: [],
  node: 'Index Scan',
  path: '0',
  indexes: ['i'],
  indexConditions: ['(t.id = 1)'],
  filters: [],
  cost: 8,
  rows: 1,
  ...over,
});
const between = (before: readonly Access[], after: readonly Access[]) =>
  diffPlans({ plan: scan({}), accesses: before }, { plan: scan({}), accesses: after }).accesses.map(
    ({ direction }) => direction,
  );

test.each<[string, Partial<Access>, Partial<Access>, string[]]>([
  ['to a worse kind', {}, { kind: 'whole-table', how: 'serial', node: 'Seq Scan', indexes: [], cost: 1 }, ['worse']],
  ['to a better kind', { kind: 'whole-index', how: 'no-index-condition' }, {}, ['better']],
  ['to a dearer index', {}, { indexes: ['j'], cost: 80 }, ['worse']],
  ['to a cheaper index', {}, { indexes: ['j'], cost: 2 }, ['better']],
  ['to an index as dear', {}, { indexes: ['j'] }, ['other']],
  ['to an index of unknown cost', {}, { indexes: ['j'], cost: undefined, rows: undefined }, ['other']],
  ['to what nobody can see', {}, { kind: 'opaque', how: 'foreign', node: 'Foreign Scan', indexes: [] }, ['worse']],
  ['cost alone', {}, { cost: 8000, rows: 1000 }, []],
  ['filter alone', {}, { filters: ['(t.x = 1)'] }, []],
  ['proven on one side alone', {}, { kind: 'partly-bounded' }, []],
  ['not proven, by another index that is dearer', {}, { kind: 'partly-bounded', indexes: ['j'], cost: 80 }, ['worse']],
])('%s', (_, before, after, directions) => {
  expect(between([one(before)], [one(after)])).toEqual(directions);
});

test('what came reads a table whole, or not', () => {
  expect(between([], [one({ kind: 'whole-table', how: 'serial' })])).toEqual(['worse']);
  expect(between([], [one({})])).toEqual(['other']);
  expect(between([one({ kind: 'whole-table', how: 'serial' })], [])).toEqual(['better']);
});

test('functions on one node are told apart by name', () => {
  const call = (table: string) => one({ kind: 'opaque', how: 'function', table, alias: table, indexes: [] });
  expect(between([one({}), call('f'), call('g')], [one({}), call('g')])).toEqual(['better']);
});
