import { expect, test } from 'vitest';
import { PlanGuardError } from '../errors.js';
import type { Plan } from './model.js';
import { parsePlan } from './parse-json.js';
import { parseTextPlan } from './parse-text.js';
import { nodeAt } from './walk.js';

const linesOf = (text: string, first = 1) =>
  text.split('\n').map((line, index) => ({ text: line, line: first + index }));

/** Reads a template: without its first line break, and without what its lines are indented by. */
function parse(text: string): Plan {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n');
  const margin = /^ */.exec(lines[0] ?? '')?.[0].length ?? 0;
  return parseTextPlan(linesOf(lines.map((line) => line.slice(margin)).join('\n')));
}

const node = (text: string, path = '0') => nodeAt(parse(text), path);

test('a plan of 9.6, with workers and times', () => {
  const plan = parse(`
    Finalize Aggregate  (cost=1.10..1.11 rows=1 width=8) (actual time=0.120..0.121 rows=1 loops=1)
      Output: count(*)
      Buffers: shared hit=5 read=2, temp read=3 written=4
      I/O Timings: read=0.250
      ->  Gather  (cost=1.00..1.10 rows=2 width=8) (actual time=0.100..0.110 rows=3 loops=1)
            Output: (PARTIAL count(*))
            Workers Planned: 2
            Workers Launched: 2
            ->  Partial Aggregate  (cost=0.50..0.51 rows=1 width=8) (actual time=0.050..0.050 rows=1 loops=3)
                  Output: PARTIAL count(*)
                  Worker 0: actual time=0.040..0.041 rows=1 loops=1
                    Buffers: shared hit=1
                  Worker 1: actual time=0.045..0.046 rows=1 loops=1
                  ->  Parallel Seq Scan on public.t  (cost=0.00..0.50 rows=1 width=0) (actual time=0.010..0.020 rows=4 loops=3)
                        Filter: (t.a > 3)
                        Rows Removed by Filter: 7
    Planning time: 0.080 ms
    Trigger for constraint t_fkey on t: time=0.500 calls=3
    Execution time: 0.300 ms`);
  expect(plan.properties).toEqual({
    'Planning Time': 0.08,
    Triggers: [{ 'Constraint Name': 't_fkey', Relation: 't', Time: 0.5, Calls: 3 }],
    'Execution Time': 0.3,
  });
  expect(plan.root).toMatchObject({
    nodeType: 'Aggregate',
    properties: {
      ...{ Strategy: 'Plain', 'Partial Mode': 'Finalize', Output: ['count(*)'] },
      ...{ 'Shared Hit Blocks': 5, 'Shared Read Blocks': 2, 'Shared Dirtied Blocks': 0, 'Local Hit Blocks': 0 },
      ...{ 'Temp Read Blocks': 3, 'Temp Written Blocks': 4, 'I/O Read Time': 0.25 },
    },
  });
  expect(nodeAt(plan, '0.0')?.properties).toEqual({
    ...{ 'Actual Startup Time': 0.1, 'Actual Total Time': 0.11, 'Actual Rows': 3, 'Actual Loops': 1 },
    ...{ Output: ['(PARTIAL count(*))'], 'Workers Planned': 2, 'Workers Launched': 2 },
  });
  expect(nodeAt(plan, '0.0.0')?.properties.Workers).toEqual([
    expect.objectContaining({
      ...{ 'Worker Number': 0, 'Actual Startup Time': 0.04, 'Actual Total Time': 0.041 },
      ...{ 'Actual Rows': 1, 'Actual Loops': 1, 'Shared Hit Blocks': 1 },
    }),
    {
      ...{ 'Worker Number': 1, 'Actual Startup Time': 0.045, 'Actual Total Time': 0.046 },
      ...{ 'Actual Rows': 1, 'Actual Loops': 1 },
    },
  ]);
  expect(nodeAt(plan, '0.0.0.0')).toEqual({
    ...{ nodeType: 'Seq Scan', path: '0.0.0.0', parentRelationship: 'Outer', parallelAware: true },
    ...{ relation: { schema: 'public', name: 't' }, alias: 't', indexName: undefined, subplanName: undefined },
    ...{ startupCost: 0, totalCost: 0.5, planRows: 1, planWidth: 0 },
    conditions: [{ label: 'Filter', text: '(t.a > 3)' }],
    children: [],
    properties: {
      ...{ 'Actual Startup Time': 0.01, 'Actual Total Time': 0.02, 'Actual Rows': 4, 'Actual Loops': 3 },
      'Rows Removed by Filter': 7,
    },
  });
});

test('JIT of 11 as it was first, of 12 with its workers, and of 17', () => {
  const { properties } = parse(`
    Result
    JIT:
      Functions: 3
      Generation Time: 1.259 ms
      Inlining: false
      Inlining Time: 0.000 ms
      Optimization: false
      Optimization Time: 0.797 ms
      Emission Time: 5.048 ms
    Execution Time: 9.000 ms`);
  expect(properties).toEqual({
    JIT: {
      ...{ Functions: 3, 'Generation Time': 1.259, Inlining: false, 'Inlining Time': 0 },
      ...{ Optimization: false, 'Optimization Time': 0.797, 'Emission Time': 5.048 },
    },
    'Execution Time': 9,
  });

  const twelve = parse(`
    Gather
      Workers Planned: 1
      ->  Sort
            Sort Key: a
            Worker 0:  Sort Method: quicksort  Memory: 25kB
            Worker 0: actual rows=1 loops=1
            JIT for worker 0:
              Functions: 2
              Options: Inlining false, Optimization false, Expressions true, Deforming true
              Timing: Generation 0.400 ms, Inlining 0.000 ms, Optimization 0.100 ms, Emission 1.500 ms, Total 2.000 ms
            ->  Result
    JIT:
      Functions: 2`);
  expect(nodeAt(twelve, '0.0')?.properties.Workers).toEqual([
    {
      ...{ 'Worker Number': 0, 'Sort Method': 'quicksort', 'Sort Space Type': 'Memory', 'Sort Space Used': 25 },
      ...{ 'Actual Rows': 1, 'Actual Loops': 1 },
      JIT: {
        Functions: 2,
        Options: { Inlining: false, Optimization: false, Expressions: true, Deforming: true },
        Timing: { Generation: 0.4, Inlining: 0, Optimization: 0.1, Emission: 1.5, Total: 2 },
      },
    },
  ]);

  const seventeen = parse(`
    Gather
      Workers Planned: 1
      ->  Parallel Seq Scan on t
            Worker 0:  JIT:
                Functions: 2
                Timing: Generation 0.400 ms (Deform 0.150 ms), Inlining 0.000 ms, Total 2.000 ms
              Buffers: shared hit=3
            Worker 1:  actual rows=1 loops=1
              JIT:
                Functions: 2
    JIT:
      Functions: 4
      Timing: Generation 0.800 ms (Deform 0.300 ms), Total 2.000 ms`);
  expect(nodeAt(seventeen, '0.0')?.properties.Workers).toEqual([
    expect.objectContaining({
      JIT: { Functions: 2, Timing: { Generation: { Deform: 0.15, Total: 0.4 }, Inlining: 0, Total: 2 } },
      'Shared Hit Blocks': 3,
    }),
    { 'Worker Number': 1, 'Actual Rows': 1, 'Actual Loops': 1, JIT: { Functions: 2 } },
  ]);
  expect(seventeen.properties.JIT).toEqual({
    Functions: 4,
    Timing: { Generation: { Deform: 0.3, Total: 0.8 }, Total: 2 },
  });
});

test.each([
  ['before 15', 'I/O Timings: read=0.100 write=0.200', { 'I/O Read Time': 0.1, 'I/O Write Time': 0.2 }],
  [
    'of 15 and 16',
    'I/O Timings: shared/local read=0.100, temp read=0.300 write=0.400',
    { 'I/O Read Time': 0.1, 'Temp I/O Read Time': 0.3, 'Temp I/O Write Time': 0.4 },
  ],
  [
    'since 17',
    'I/O Timings: shared read=0.100, local write=0.200, temp read=0.300',
    { 'Shared I/O Read Time': 0.1, 'Local I/O Write Time': 0.2, 'Temp I/O Read Time': 0.3 },
  ],
  [
    'of WAL',
    'WAL: records=3 fpi=1 bytes=180 buffers full=2',
    {
      ...{ 'WAL Records': 3, 'WAL FPI': 1, 'WAL Bytes': 180, 'WAL Buffers Full': 2 },
    },
  ],
  ['of a bitmap', 'Heap Blocks: lossy=3', { 'Exact Heap Blocks': 0, 'Lossy Heap Blocks': 3 }],
  [
    'of a MERGE',
    'Tuples: updated=1 skipped=2',
    {
      ...{ 'Tuples Inserted': 0, 'Tuples Updated': 1, 'Tuples Deleted': 0, 'Tuples Skipped': 2 },
    },
  ],
  [
    'of a hash that grew',
    'Buckets: 2048 (originally 1024)  Batches: 4 (originally 1)  Memory Usage: 90kB',
    {
      ...{ 'Hash Buckets': 2048, 'Original Hash Buckets': 1024, 'Hash Batches': 4, 'Original Hash Batches': 1 },
      'Peak Memory Usage': 90,
    },
  ],
  [
    'of a hash on disk',
    'Planned Partitions: 4  Batches: 5  Memory Usage: 45kB  Disk Usage: 12kB',
    {
      ...{ 'Planned Partitions': 4, 'HashAgg Batches': 5, 'Peak Memory Usage': 45, 'Disk Usage': 12 },
    },
  ],
  ['of partitions alone', 'Planned Partitions: 4', { 'Planned Partitions': 4 }],
  [
    'of a memoize',
    'Hits: 5  Misses: 2  Evictions: 1  Overflows: 0  Memory Usage: 1kB',
    {
      ...{ 'Cache Hits': 5, 'Cache Misses': 2, 'Cache Evictions': 1, 'Cache Overflows': 0, 'Peak Memory Usage': 1 },
    },
  ],
  [
    'of a sort in groups',
    'Pre-sorted Groups: 9  Sort Methods: top-N heapsort, external merge  Average Memory: 25kB  Peak Memory: 30kB  Average Disk: 80kB  Peak Disk: 88kB',
    {
      'Pre-sorted Groups': {
        ...{ 'Group Count': 9, 'Sort Methods Used': ['top-N heapsort', 'external merge'] },
        'Sort Space Memory': { 'Average Sort Space Used': 25, 'Peak Sort Space Used': 30 },
        'Sort Space Disk': { 'Average Sort Space Used': 80, 'Peak Sort Space Used': 88 },
      },
    },
  ],
  ['of storage', 'Storage: Disk  Maximum Storage: 17kB', { Storage: 'Disk', 'Maximum Storage': 17 }],
  [
    'of a sample',
    "Sampling: bernoulli ('10'::real) REPEATABLE ('1'::double precision)",
    {
      ...{
        'Sampling Method': 'bernoulli',
        'Sampling Parameters': ["'10'::real"],
        'Repeatable Seed': "'1'::double precision",
      },
    },
  ],
  ['of a node that is disabled', 'Disabled: true', { Disabled: true }],
  ['of nodes that are disabled, in a beta of 18', 'Disabled Nodes: 1', { 'Disabled Nodes': 1 }],
  [
    'of indexes that were inferred',
    'Conflict Arbiter Indexes: t_pkey, it"s',
    { 'Conflict Arbiter Indexes': ['t_pkey', 'it"s'] },
  ],
  ['of parameters, before 17', 'Params Evaluated: $0, $1', { 'Params Evaluated': ['$0', '$1'] }],
  ['of file_fdw', 'Foreign File Size: 12 b', { 'Foreign File Size': 12 }],
  ['of an extension', 'Chunks excluded during startup: 3', { 'Chunks excluded during startup': '3' }],
  ['with a text that is empty', 'Remote SQL: ', { 'Remote SQL': '' }],
])('figures %s', (_, line, properties) => {
  expect(node(`Result\n  ${line}`)?.properties).toEqual(properties);
});

test('what stands about the plan', () => {
  const { properties } = parse(`
    Result
      One-Time Filter: false
    Settings: search_path = '"$user", a', work_mem = '4MB', plan_guard.x = NULL, jit = 'off'
    Query Identifier: -5432167890123456789
    Planning:
      Buffers: shared hit=3
      Memory: used=8kB  allocated=16kB
    Planning Time: 0.120 ms
    Trigger noted: time=1.250 calls=2
    Trigger RI_ConstraintTrigger_a_1 for constraint t_fkey: calls=1
    Serialization: time=0.015 ms  output=2kB  format=binary
      Buffers: local hit=2
    Execution Time: 1.500 ms`);
  expect(properties).toMatchObject({
    Settings: { search_path: '"$user", a', work_mem: '4MB', 'plan_guard.x': null, jit: 'off' },
    'Query Identifier': Number('-5432167890123456789'),
    Planning: { 'Shared Hit Blocks': 3, 'Memory Used': 8, 'Memory Allocated': 16 },
    'Planning Time': 0.12,
    Triggers: [
      { 'Trigger Name': 'noted', Time: 1.25, Calls: 2 },
      { 'Trigger Name': 'RI_ConstraintTrigger_a_1', 'Constraint Name': 't_fkey', Calls: 1 },
    ],
    Serialization: { Time: 0.015, 'Output Volume': 2, Format: 'binary', 'Local Hit Blocks': 2 },
    'Execution Time': 1.5,
  });
});

test('subplans stand under their headings, of old majors and of new ones', () => {
  const plan = parse(`
    Subquery Scan on s
      Filter: (s.a = $1)
      CTE a cte: with "marks
        ->  Append
              ->  Seq Scan on t
              ->  Seq Scan on u
      InitPlan 2 (returns $1,$2)
        ->  Result
      ->  Nested Loop Left Join
            ->  CTE Scan on "a cte: with ""marks" x
            ->  BitmapOr
                  ->  Bitmap Index Scan on t_a
      SubPlan 3
        ->  Limit
              InitPlan 4
                ->  Result`);
  const outline = (path: string) => {
    const found = nodeAt(plan, path);
    return [found?.nodeType, found?.parentRelationship, found?.subplanName];
  };
  expect(outline('0.0')).toEqual(['Append', 'InitPlan', 'CTE a cte: with "marks']);
  expect(outline('0.0.0')).toEqual(['Seq Scan', 'Member', undefined]);
  expect(outline('0.0.1')).toEqual(['Seq Scan', 'Member', undefined]);
  expect(outline('0.1')).toEqual(['Result', 'InitPlan', 'InitPlan 2 (returns $1,$2)']);
  expect(outline('0.2')).toEqual(['Nested Loop', 'Subquery', undefined]);
  expect(outline('0.2.0')).toEqual(['CTE Scan', 'Outer', undefined]);
  expect(outline('0.2.1')).toEqual(['BitmapOr', 'Inner', undefined]);
  expect(outline('0.2.1.0')).toEqual(['Bitmap Index Scan', 'Member', undefined]);
  expect(outline('0.3')).toEqual(['Limit', 'SubPlan', 'SubPlan 3']);
  expect(outline('0.3.0')).toEqual(['Result', 'InitPlan', 'InitPlan 4']);
  expect(nodeAt(plan, '0.2.0')).toMatchObject({ alias: 'x', properties: { 'CTE Name': 'a cte: with "marks' } });
});

test('several targets of an UPDATE: before 14 with a plan each', () => {
  const old = parse(`
    Update on public.p
      Update on public.p
      Foreign Update on public.p_1 p_2
        Remote SQL: UPDATE public.p SET a = 'x''y' WHERE ctid = $1
      ->  Seq Scan on public.p
      ->  Foreign Scan on public.p_1 p_2`);
  expect(old.root.properties['Target Tables']).toEqual([
    { 'Relation Name': 'p', Schema: 'public', Alias: 'p' },
    {
      'Relation Name': 'p_1',
      Schema: 'public',
      Alias: 'p_2',
      'Remote SQL': "UPDATE public.p SET a = 'x''y' WHERE ctid = $1",
    },
  ]);
  expect(old.root.children.map(({ parentRelationship }) => parentRelationship)).toEqual(['Member', 'Member']);
  expect(nodeAt(old, '0.1')?.properties).toEqual({ Operation: 'Select' });
});

test('custom scans, with what they hold', () => {
  const plan = parse(`
    Custom Scan (ChunkAppend) on public.events e  (cost=0.00..1.00 rows=1 width=4)
      Order: e."time" DESC
      ->  Custom Scan (Odd (name))
            ->  Result
      ->  Seq Scan on _timescaledb_internal._hyper_1_1_chunk e_1`);
  expect(plan.root).toMatchObject({
    nodeType: 'Custom Scan',
    relation: { schema: 'public', name: 'events' },
    alias: 'e',
    properties: { 'Custom Plan Provider': 'ChunkAppend', Order: 'e."time" DESC' },
  });
  expect(nodeAt(plan, '0.0')).toMatchObject({
    parentRelationship: 'children',
    properties: { 'Custom Plan Provider': 'Odd (name)' },
  });
  expect(nodeAt(plan, '0.0.0')?.parentRelationship).toBe('child');
  expect(nodeAt(plan, '0.1')?.parentRelationship).toBe('children');
});

test.each([
  ['Seq Scan on t', undefined, 't', 't'],
  ['Seq Scan on t x', undefined, 't', 'x'],
  ['Seq Scan on s.t', 's', 't', 't'],
  ['Seq Scan on "a.b"', undefined, 'a.b', 'a.b'],
  ['Seq Scan on a."b.c"', 'a', 'b.c', 'b.c'],
  ['Seq Scan on "a on b" "c on d"', undefined, 'a on b', 'c on d'],
  [
    'Seq Scan on "say ""on""" "x  (cost=1.00..2.00 rows=3 width=4)"',
    undefined,
    'say "on"',
    'x  (cost=1.00..2.00 rows=3 width=4)',
  ],
  ['Seq Scan on "S"."T" "->  Seq Scan on t"', 'S', 'T', '->  Seq Scan on t'],
  ['Seq Scan on "a\n  b" "\nc"', undefined, 'a\n  b', '\nc'],
  ['Async Foreign Scan on on "using"', undefined, 'on', 'using'],
  ['Parallel Index Only Scan Backward using "an index" on "T" x', undefined, 'T', 'x'],
  ['Index Scan using <41072>btree_t_a on t', undefined, 't', 't'],
])('names in "%s"', (line, schema, name, alias) => {
  const plain = node(line);
  expect([plain?.relation, plain?.alias]).toEqual([{ schema, name }, alias]);
  const costed = node(`${line}  (cost=0.00..1.50 rows=2 width=4) (actual rows=0.33 loops=3)`);
  expect([costed?.relation, costed?.alias, costed?.totalCost]).toEqual([{ schema, name }, alias, 1.5]);
  expect(costed?.properties).toMatchObject({ 'Actual Rows': 0.33, 'Actual Loops': 3 });
  const only = node(`${line} (never executed)`);
  expect([only?.alias, only?.properties['Actual Loops'], only?.totalCost]).toEqual([alias, 0, undefined]);
});

test('a function has its schema with VERBOSE; without one its lone name is an alias', () => {
  const properties = (text: string) => node(text)?.properties;
  expect(properties('Function Scan on s.f x\n  Function Call: s.f(1)')).toEqual({
    ...{ 'Function Name': 'f', Schema: 's', 'Function Call': 's.f(1)' },
  });
  expect(properties('Function Scan on x\n  Function Call: f(1), g()')).toEqual({ 'Function Call': 'f(1), g()' });
  expect(properties('Function Scan on f x')).toEqual({ 'Function Name': 'f' });
  expect(properties('Table Function Scan on "xmltable"')).toEqual({ 'Table Function Name': 'xmltable' });
});

test('texts that look like plans stay texts', () => {
  const filter = `(b = '  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)
Filter: (x)

        ->  Limit "unclosed   
  it''s')`;
  const plan = parseTextPlan(
    linesOf(
      `Limit\n  ->  Seq Scan on t\n        Filter: ${filter}\n        Output: a, 'x, (y', "b, c", f(d, e), '{"1,2"}'::int[]\nPlanning Time: 1.000 ms`,
    ),
  );
  expect(nodeAt(plan, '0.0')).toMatchObject({
    conditions: [{ label: 'Filter', text: filter }],
    properties: { Output: ['a', "'x, (y'", '"b, c"', 'f(d, e)', `'{"1,2"}'::int[]`] },
  });
  expect(plan.properties).toEqual({ 'Planning Time': 1 });
});

test('lines that are indented together, with blanks at their ends', () => {
  const text = `Limit  \n  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)   \n        Filter: (b = 'x\n  y')  \nPlanning Time: 1.000 ms   `;
  const indented = text
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
  expect(parseTextPlan(linesOf(`\n${indented}\n\n`))).toEqual(parseTextPlan(linesOf(text)));
  expect(nodeAt(parseTextPlan(linesOf(indented)), '0.0')?.conditions).toEqual([
    { label: 'Filter', text: "(b = 'x\n  y')" },
  ]);
});

test.each([
  ['nothing', '', 'holds no plan', undefined, undefined],
  [
    'SQL',
    'SELECT 1',
    'Expected a node\'s name, such as Seq Scan, Hash Left Join or Custom Scan (X); found "SELECT 1"',
    7,
    1,
  ],
  ['a node of another server', 'Limit\n  ->  Motion 3:1', "Expected a node's name", 8, 7],
  ['a plan without its root', '->  Seq Scan on t', "Expected a node's name", 7, 1],
  ['a scan of nothing', 'Seq Scan', 'Expected " on " and what is read; found the line\'s end', 7, 9],
  [
    'a name without quotes',
    'Seq Scan on Users',
    'Expected a name, in quotes where it is not plain; found "Users"',
    7,
    13,
  ],
  ['costs that are cut off', 'Seq Scan on t  (cost=0.00..1.0', 'Expected costs as', 7, 14],
  ['a name that never ends', 'Seq Scan on "t', "Expected the closing quote of a name; found the line's end", 7, 15],
  [
    'a text that never ends',
    "Seq Scan on t\n  Filter: (a = 'b)\nx",
    "Expected the closing ' of a string or a name",
    9,
    2,
  ],
  [
    'a node between two columns',
    'Limit\n    ->  Result',
    'Expected a node that hangs below one of those above it, beginning in column 1 or 3',
    8,
    5,
  ],
  [
    'a child of a plan that is over',
    'Limit\nPlanning Time: 1.000 ms\n  ->  Result',
    'Expected a node that hangs below',
    9,
    3,
  ],
  [
    'a property between two columns',
    'Limit\n Filter: (a)',
    'Expected a property of a node, or a node after "->  "',
    8,
    2,
  ],
  ['a property without a label', 'Limit\n  what is this', "Expected a property, such as 'Filter: (x = 1)'", 8, 3],
  ['a heading without a plan', 'Limit\n  CTE x\n  ->  Result', 'Expected a property', 8, 3],
  ['a number that is none', 'Gather\n  Workers Planned: two', 'Expected a number; found "two"', 8, 20],
  ['a truth that is none', 'Result\n  Disabled: maybe', 'Expected true or false; found "maybe"', 8, 13],
  [
    'figures of another form',
    'Sort\n  Sort Method: quicksort',
    'Expected a line such as "Sort Method: quicksort  Memory: 25kB"',
    8,
    3,
  ],
  ['counters of another name', 'Result\n  Buffers: shared found=3', 'Expected a line such as "Buffers:', 8, 3],
  [
    'a property that is told twice',
    'Result\n  Filter: a\n  Filter: b',
    'another property, for "Filter" is told above',
    9,
    3,
  ],
  ['a property that text has no line for', 'Result\n  Workers: 1', 'another property, for "Workers" is told', 8, 3],
  ['two plans', 'Result\n\nResult', 'Expected the rest of the plan; two plans are to be given one by one', 8, 1],
  [
    'something behind the plan',
    'Result\n(1 row)',
    'Expected a line about the plan, such as \'Planning Time: 0.120 ms\'; found "(1 row)"',
    8,
    1,
  ],
  ['settings of another form', 'Result\nSettings: a is b', "Expected settings as work_mem = '4MB'", 8, 11],
  ["a trigger's name that hides where it ends", 'Result\nTrigger a on b on c: calls=1', 'Expected Trigger NAME', 8, 1],
  ['a text whose quote never ends', "Result\n  Extra: it's", 'Expected a text whose quotes end in its line', 8, 10],
])('refuses %s, and says where', (_, text, message, line, column) => {
  const read = () => parseTextPlan(linesOf(text, 7));
  expect(read).toThrow(PlanGuardError);
  expect(read).toThrow(message);
  try {
    read();
  } catch (error) {
    const { code, hint, where } = error as PlanGuardError;
    expect(code).toBe('plan');
    expect(hint).toContain('EXPLAIN');
    expect(where).toEqual(line === undefined ? undefined : { line, column });
  }
});

test('grouping sets', () => {
  const groups = (text: string) => {
    const { 'Group Key': key, 'Grouping Sets': sets } = node(text)?.properties ?? {};
    return key ?? sets;
  };
  expect(groups('HashAggregate\n  Group Key: t.a, f(b, c)')).toEqual(['t.a', 'f(b, c)']);
  expect(
    groups('GroupAggregate\n  Group Key: a\n  Group Key: ()\n  Sort Key: b\n    Group Key: b\n    Group Key: ()'),
  ).toEqual([{ 'Group Keys': [['a'], []] }, { 'Sort Key': ['b'], 'Group Keys': [['b'], []] }]);
  expect(groups('MixedAggregate\n  Hash Key: a\n  Hash Key: b\n  Group Key: ()')).toEqual([
    { 'Hash Keys': [['a']] },
    { 'Hash Keys': [['b']] },
    { 'Group Keys': [[]] },
  ]);
  expect(groups('Aggregate\n  Group Key: ()')).toEqual([{ 'Group Keys': [[]] }]);
});

test('is the tree that JSON gives', () => {
  const text = `Hash Right Anti Join  (cost=1.00..2.00 rows=3 width=4)\n  Hash Cond: (a.id = b.id)\n  ->  Seq Scan on a\n  ->  Hash\n        ->  Seq Scan on b`;
  const scan = (name: string, relationship: string) => ({
    ...{ 'Node Type': 'Seq Scan', 'Parent Relationship': relationship, 'Relation Name': name, Alias: name },
  });
  const json = parsePlan({
    Plan: {
      ...{ 'Node Type': 'Hash Join', 'Join Type': 'Right Anti', 'Startup Cost': 1, 'Total Cost': 2 },
      ...{ 'Plan Rows': 3, 'Plan Width': 4, 'Hash Cond': '(a.id = b.id)' },
      Plans: [scan('a', 'Outer'), { 'Node Type': 'Hash', 'Parent Relationship': 'Inner', Plans: [scan('b', 'Outer')] }],
    },
  });
  expect(parseTextPlan(linesOf(text))).toEqual(json);
});
