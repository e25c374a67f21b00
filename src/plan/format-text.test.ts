import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteIdentifier, quoteLiteral } from '../sql/quote.js';
import { formatPlanText, nodeText } from './format-text.js';
import { NAMED_NODES } from './node-names.js';
import { CONDITION_LABELS, parsePlan } from './parse-json.js';
import { parseTextPlan } from './parse-text.js';
import type { Properties } from './properties.js';
import { nodeAt } from './walk.js';

const read = (lines: readonly string[]) => parseTextPlan(lines.map((text, index) => ({ text, line: index + 1 })));
const COSTS = { costs: true };

test('prints a plan in EXPLAIN’s words', () => {
  const plan = parsePlan({
    Plan: {
      ...{
        'Node Type': 'Aggregate',
        Strategy: 'Hashed',
        'Partial Mode': 'Finalize',
        'Startup Cost': 1,
        'Total Cost': 2.5,
      },
      ...{ 'Plan Rows': 3, 'Plan Width': 4, 'Group Key': ['a', 'b'], Filter: '(a > 1)', 'Planned Partitions': 4 },
      Plans: [
        {
          ...{
            'Node Type': 'Result',
            'Parent Relationship': 'InitPlan',
            'Subplan Name': 'CTE x y',
            'Parallel Aware': false,
          },
          ...{ 'Actual Rows': 0, 'Actual Loops': 0 },
        },
        {
          ...{ 'Node Type': 'Index Only Scan', 'Parent Relationship': 'Outer', 'Parallel Aware': true },
          ...{
            'Scan Direction': 'Backward',
            'Index Name': 'T_pkey',
            'Relation Name': 'user',
            Schema: 'public',
            Alias: 'u',
          },
          ...{ 'Index Cond': "(u.id = 'a\nb')", 'Rows Removed by Filter': 0, 'Heap Fetches': 0, Disabled: true },
          ...{ 'Actual Startup Time': 0.5, 'Actual Total Time': 1, 'Actual Rows': 1.5, 'Actual Loops': 2 },
          Workers: [{ 'Worker Number': 0, 'Actual Rows': 1, 'Actual Loops': 1, 'Shared Hit Blocks': 3 }],
        },
      ],
    },
    'Planning Time': 0.12,
    'Query Text': 'SELECT 1',
    Triggers: [],
    Settings: { work_mem: '4MB' },
  });
  expect(`\n${formatPlanText(plan, COSTS).join('\n')}\n`).toBe(`
Finalize HashAggregate  (cost=1.00..2.50 rows=3 width=4)
  Group Key: a, b
  Filter: (a > 1)
  Planned Partitions: 4
  CTE x y
    ->  Result (never executed)
  ->  Parallel Index Only Scan Backward using "T_pkey" on public."user" u (actual time=0.500..1.000 rows=1.50 loops=2)
        Disabled: true
        Index Cond: (u.id = 'a
b')
        Heap Fetches: 0
        Worker 0:  actual rows=1 loops=1
          Buffers: shared hit=3
Settings: work_mem = '4MB'
Planning Time: 0.120 ms
`);
  expect(formatPlanText(plan, { costs: false }).slice(0, 4)).toEqual([
    'Finalize HashAggregate',
    '  Group Key: a, b',
    '  Filter: (a > 1)',
    '  CTE x y',
  ]);
});

test.each([
  [{ 'Node Type': 'Seq Scan', 'Relation Name': 't', Alias: 't' }, 'Seq Scan on t'],
  [{ 'Node Type': 'Bitmap Index Scan', 'Index Name': 'i' }, 'Bitmap Index Scan on i'],
  [{ 'Node Type': 'Foreign Scan', Operation: 'Update', 'Async Capable': true }, 'Async Foreign Update'],
  [{ 'Node Type': 'SetOp', Strategy: 'Hashed', Command: 'Except All' }, 'HashSetOp Except All'],
  [{ 'Node Type': 'Custom Scan', 'Custom Plan Provider': 'A b', Alias: 'x' }, 'Custom Scan (A b) on x'],
  [{ 'Node Type': 'Function Scan', 'Function Name': 'f', Schema: 's', Alias: 'f' }, 'Function Scan on s.f'],
  [{ 'Node Type': 'Values Scan', Alias: '*VALUES*' }, 'Values Scan on "*VALUES*"'],
  [{ 'Node Type': 'Merge Join', 'Join Type': 'Right Anti' }, 'Merge Right Anti Join'],
  [{ 'Node Type': 'New Node', 'Relation Name': 't', Alias: 'u' }, 'New Node on t u'],
])('%o in one line', (json, text) => {
  expect(nodeText(parsePlan({ Plan: json }).root)).toBe(text);
});

const name = fc.oneof(
  fc.constantFrom(
    't',
    'T',
    'a b',
    'on',
    'x on y',
    '->  x',
    'a.b',
    'it"s',
    "it's",
    'x  (cost=1.00..2.00 rows=3 width=4)',
    'a\nb',
  ),
  fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
);
/** An expression as PostgreSQL prints it: what looks like something else stands in quotes. */
const expression = fc
  .tuple(name, fc.oneof(name, fc.constantFrom('\n  ->  Seq Scan on t', '"', '(', '\n\n', ', ', "\n  Filter: ('x')")))
  .map(([column, value]) => `(${quoteIdentifier(column)} = ${quoteLiteral(value)})`);
const money = fc.nat(1_000_000).map((cents) => cents / 100);
const conditions = fc.record(
  Object.fromEntries([...CONDITION_LABELS].map((label) => [label, expression])) as Record<string, typeof expression>,
  { requiredKeys: [] },
);
const details = fc.record(
  {
    Output: fc.array(expression, { minLength: 1, maxLength: 3 }),
    'Presorted Key': fc.array(expression, { minLength: 1, maxLength: 3 }),
    'Remote SQL': expression,
    'Workers Planned': fc.integer({ min: 1, max: 9 }),
    'Subplans Removed': fc.integer({ min: 1, max: 9 }),
    'Inner Unique': fc.constant(true),
    'Async Capable': fc.constant(true),
    'Heap Fetches': fc.nat(99),
  },
  { requiredKeys: [] },
);
const ALONE: Readonly<Record<string, string>> = {
  'Subquery Scan': 'Subquery',
  ModifyTable: 'Outer',
  'Custom Scan': 'child',
};
const MEMBERS = ['Append', 'Merge Append', 'BitmapAnd', 'BitmapOr'];

/** A node with up to two children, in every way that they hang below it. */
const treeOf = (depth: number): fc.Arbitrary<Properties> => {
  const below = (maxLength: number) => (depth === 0 ? fc.constant([]) : fc.array(treeOf(depth - 1), { maxLength }));
  return fc
    .record({
      kind: fc.constantFrom(...NAMED_NODES.values()),
      costs: fc.tuple(money, money, fc.nat(), fc.nat(999)),
      names: fc.record({ schema: fc.option(name, { nil: undefined }), relation: name, alias: name, index: name }),
      parallel: fc.boolean(),
      conditions,
      details,
      children: below(2) as fc.Arbitrary<Properties[]>,
      subplans: fc.tuple(below(1), fc.constantFrom('InitPlan 1 (returns $0)', 'CTE a: b', 'SubPlan 2')),
    })
    .map(({ kind, costs, names, parallel, conditions, details, children, subplans }) => {
      const type = String(kind.properties['Node Type']);
      const own = MEMBERS.includes(type) || ALONE[type] === undefined ? children : children.slice(0, 1);
      const relationship = (index: number) =>
        MEMBERS.includes(type) ? 'Member' : (ALONE[type] ?? (index === 0 ? 'Outer' : 'Inner'));
      const [inner, heading] = subplans;
      const named = inner.map((plan) => ({
        ...plan,
        ...{ 'Subplan Name': heading, 'Parent Relationship': heading.startsWith('SubPlan') ? 'SubPlan' : 'InitPlan' },
      }));
      const plans = [...named, ...own.map((plan, index) => ({ ...plan, 'Parent Relationship': relationship(index) }))];
      const [startup, total, rows, width] = costs;
      return {
        ...kind.properties,
        ...{ 'Parallel Aware': parallel, 'Startup Cost': startup, 'Total Cost': total, 'Plan Rows': rows },
        ...{ 'Plan Width': width, ...targetOf(kind.target, names), ...conditions, ...details },
        ...(plans.length > 0 ? { Plans: plans } : {}),
      };
    });
};

function targetOf(
  target: string,
  { schema, relation, alias, index }: { schema: string | undefined; relation: string; alias: string; index: string },
): Properties {
  const Schema = schema === undefined ? {} : { Schema: schema };
  switch (target) {
    case 'none':
      return {};
    case 'alias':
      return { Alias: alias };
    case 'index':
      return {
        ...{ 'Scan Direction': 'Backward', 'Index Name': index, 'Relation Name': relation, ...Schema, Alias: alias },
      };
    case 'bitmap-index':
      return { 'Index Name': index };
    case 'function':
      return { 'Function Name': relation, ...Schema, Alias: alias };
    case 'CTE Name':
    case 'Table Function Name':
      return { [target]: relation, Alias: alias };
    default:
      return { 'Relation Name': relation, ...Schema, Alias: alias };
  }
}

test('what is printed reads as the tree that was printed', () => {
  fc.assert(
    fc.property(treeOf(3), (root) => {
      const plan = parsePlan({ Plan: root });
      const lines = formatPlanText(plan, COSTS);
      expect(sorted(read(lines))).toEqual(sorted(plan));
      expect(formatPlanText(read(lines), COSTS)).toEqual(lines);
      expect(nodeText(plan.root).split('\n')[0]).toBe(formatPlanText(plan, { costs: false })[0]);
    }),
    { numRuns: 300 },
  );
});

/** Conditions in the order of their labels: of random ones only the server would know a better one. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      key === 'conditions'
        ? [key, [...(member as { label: string }[])].sort((a, b) => (a.label < b.label ? -1 : 1))]
        : [key, sorted(member)],
    ),
  );
}

test('everything else that a plan tells, too', () => {
  const json = {
    Plan: {
      ...{ 'Node Type': 'ModifyTable', Operation: 'Update', 'Parallel Aware': false, 'Relation Name': 'p', Alias: 'p' },
      'Target Tables': [
        { 'Relation Name': 'a.b', Schema: 'S', Alias: 'c' },
        { 'Relation Name': 'f', Alias: 'f', 'Remote SQL': 'UPDATE f' },
      ],
      Plans: [
        {
          ...{ 'Node Type': 'Aggregate', Strategy: 'Mixed', 'Partial Mode': 'Simple', 'Parent Relationship': 'Outer' },
          ...{ 'Parallel Aware': false, 'HashAgg Batches': 5, 'Peak Memory Usage': 9, 'Disk Usage': 8 },
          'Grouping Sets': [
            { 'Hash Keys': [['a', 'b']] },
            { 'Group Keys': [['c'], []] },
            { 'Sort Key': ['d DESC'], 'Group Keys': [['d']] },
          ],
          ...{ 'Shared I/O Read Time': 0.5, 'Temp I/O Write Time': 1, 'WAL Records': 3, 'WAL Bytes': 180 },
          Workers: [
            {
              ...{ 'Worker Number': 1, 'Sort Method': 'quicksort', 'Sort Space Type': 'Memory', 'Sort Space Used': 25 },
              JIT: {
                Functions: 2,
                Options: { Inlining: false },
                Timing: { Generation: { Deform: 0.1, Total: 0.2 }, Total: 1 },
              },
            },
          ],
        },
      ],
    },
    'Query Identifier': 12,
    Planning: { 'Memory Used': 8, 'Memory Allocated': 16 },
    Triggers: [{ 'Trigger Name': 'a', 'Constraint Name': 'b', Relation: 'c', Time: 0.5, Calls: 2 }],
    JIT: { Functions: 2, 'Generation Time': 0.5, Inlining: true },
    Serialization: { Time: 0.25, 'Output Volume': 3, Format: 'text' },
    'Execution Time': 1.5,
  };
  const plan = parsePlan(json);
  expect(read(formatPlanText(plan, COSTS))).toEqual(plan);
  expect(nodeAt(plan, '0.0')?.properties.Workers).toHaveLength(1);
});
