import { afterAll, beforeAll, expect, test } from 'vitest';
import { foldedParts } from './folded.js';
import { parsePlan } from './parse-json.js';
import { type LiveServer, set, startLiveServer } from './testing/live.js';

let server: LiveServer;

beforeAll(async () => {
  server = await startLiveServer(`
    CREATE TABLE t (id int PRIMARY KEY, kind text);
    CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    ANALYZE;
    PREPARE at(date) AS SELECT * FROM events WHERE at = $1;
    PREPARE both_at(date) AS SELECT * FROM t JOIN events USING (id) WHERE at = $1;`);
});

afterAll(() => server.stop());

const folded = async (statement: string, before?: string) =>
  foldedParts((await server.explain(statement, before)).plan);

// Item 15 of reading-plans.
test.each([
  ['a comparison with NULL', 'SELECT * FROM t WHERE id = NULL', '0'],
  ['a contradiction', 'SELECT * FROM t WHERE id = 5 AND false', '0'],
  ['a date outside of every partition', "SELECT * FROM events WHERE at = '2030-01-01'", '0'],
  [
    'one side of a join',
    'SELECT * FROM t LEFT JOIN (SELECT * FROM events WHERE id = NULL) e ON e.id = t.id LIMIT 5',
    '0.0.1',
  ],
  ['a change', 'DELETE FROM t WHERE id = NULL', '0.0'],
])('%s is folded away', async (_, statement, path) => {
  expect(await folded(statement)).toEqual([{ path, how: 'false-filter' }]);
});

test('a generic plan whose every partition is pruned when it starts', async () => {
  const generic = set({ plan_cache_mode: 'force_generic_plan' });
  const explain = (execute: string) => folded(`EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE ${execute}`, generic);
  expect(await explain("at('2030-01-01')")).toEqual([{ path: '0', how: 'no-partitions' }]);
  expect(await explain("at('2024-05-05')")).toEqual([]);
  const [part, ...more] = await explain("both_at('2030-01-01')");
  expect([part?.how, more]).toEqual(['no-partitions', []]);
});

test.each([
  ['a plan of everything', 'SELECT * FROM t'],
  ['a condition that is decided when the plan starts', 'SELECT * FROM t WHERE (SELECT true)'],
  ['no table at all', 'SELECT 1'],
  ['partitions pruned when planned', "SELECT * FROM events WHERE at = '2024-05-05'"],
])('%s is not folded', async (_, statement) => {
  expect(await folded(statement)).toEqual([]);
});

test('an Append is told by its arms, not by its InitPlans', () => {
  const child = (relationship: string) => ({ 'Node Type': 'Result', 'Parent Relationship': relationship });
  const append = (nodeType: string, relationship: string) =>
    foldedParts(parsePlan({ Plan: { 'Node Type': nodeType, Plans: [child(relationship)] } }));
  expect(append('Append', 'InitPlan')).toEqual([{ path: '0', how: 'no-partitions' }]);
  expect(append('Merge Append', 'InitPlan')).toEqual([{ path: '0', how: 'no-partitions' }]);
  expect(append('Append', 'Member')).toEqual([]);
});
