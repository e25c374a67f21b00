import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePlan } from '../plan/parse-json.js';
import { readShape, sameShape, shapeLines, writtenShape } from './shape.js';
import { anyName } from './testing/baselines.js';

/** EXPLAIN's JSON of plans with names and literals of any characters that PostgreSQL allows in them. */
const anyText = anyName
  .filter((name) => name !== '')
  .map((name) => name.replaceAll('\0', '').replace(/\p{Cs}/gu, '') || 'x');
const literal = anyText.map((text) => `'${text.replaceAll("'", "''")}'::text`);
const anyJson = fc
  .letrec<{ node: Record<string, unknown> }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.record({ name: anyText, schema: anyText, alias: anyText, literal }).map((one) => ({
        'Node Type': 'Seq Scan',
        'Relation Name': one.name,
        Schema: one.schema,
        Alias: one.alias,
        Filter: `(name = ${one.literal})`,
      })),
      fc.record({ name: anyText, index: anyText, literal }).map((one) => ({
        'Node Type': 'Index Scan',
        'Scan Direction': 'Backward',
        'Relation Name': one.name,
        Alias: one.name,
        'Index Name': one.index,
        'Index Cond': `(name = ${one.literal})`,
        'Order By': `(at <-> ${one.literal})`,
      })),
      fc.record({ a: tie('node'), b: tie('node'), literal }).map(({ a, b, literal: key }) => ({
        'Node Type': 'Hash Join',
        'Join Type': 'Left',
        'Hash Cond': `(a.x = b.${key})`,
        Plans: [
          { ...a, 'Parent Relationship': 'Outer' },
          { ...b, 'Parent Relationship': 'Inner' },
        ],
      })),
      fc.record({ child: tie('node'), keys: fc.array(literal, { minLength: 1 }) }).map(({ child, keys }) => ({
        'Node Type': 'Sort',
        'Sort Key': keys,
        Plans: [{ ...child, 'Parent Relationship': 'Outer' }],
      })),
    ),
  }))
  .node.map((node) => ({ Plan: node }));

test('a shape is read as it was printed, one line for each line of EXPLAIN', () => {
  fc.assert(
    fc.property(anyJson, (json) => {
      const lines = shapeLines(parsePlan(json));
      const read = readShape(lines.map((text, index) => ({ text, line: index + 1 })));
      expect(shapeLines(read)).toEqual(lines);
      expect(lines.join('')).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      const { root } = parsePlan(json);
      expect([read.root.relation, read.root.indexName, read.root.conditions]).toEqual([
        root.relation,
        root.indexName,
        root.conditions,
      ]);
    }),
    { numRuns: 300 },
  );
});

const scan = {
  'Node Type': 'Seq Scan',
  'Parallel Aware': true,
  'Relation Name': 'tracks',
  Schema: 'public',
  Alias: 't',
  'Total Cost': 10,
  'Plan Rows': 5,
  Output: ['t.id'],
  Filter: '(t.owner = $1)',
};
const gather = (more: Record<string, unknown> = {}, child: Record<string, unknown> = scan) =>
  parsePlan({ Plan: { 'Node Type': 'Gather', 'Workers Planned': 2, 'Single Copy': false, Plans: [child], ...more } });

test('costs, rows, workers, VERBOSE and what is planned with are no part of a shape', () => {
  const other = { ...scan, 'Total Cost': 99, 'Plan Rows': 7, Output: ['t.title'], Disabled: true };
  expect(sameShape(gather(), gather({ 'Workers Planned': 4, 'Total Cost': 5 }, other))).toBe(true);
});

test.each([
  ['the kind of a node', { 'Node Type': 'Sample Scan' }],
  ['workers that share it', { 'Parallel Aware': false }],
  ['the table', { 'Relation Name': 'albums' }],
  ['the schema', { Schema: 'archive' }],
  ['the alias', { Alias: 'u' }],
  ['a condition', { Filter: '(t.owner <> $1)' }],
])('%s is a part of the shape', (_, change) => {
  expect(sameShape(gather(), gather({}, { ...scan, ...change }))).toBe(false);
});

test('a written shape is compared by its lines, and read once where they are others or something of it is asked for', () => {
  const plan = gather();
  let read = 0;
  const written = (lines: readonly string[]) =>
    writtenShape(lines, () => {
      read += 1;
      return readShape(shapeLines(plan).map((text, index) => ({ text, line: index + 1 })));
    });
  const same = written(shapeLines(plan));
  expect(sameShape(same, plan)).toBe(true);
  expect(shapeLines(same)).toBe(shapeLines(plan));
  expect(read).toBe(0);
  expect([same.root.nodeType, same.properties]).toEqual(['Gather', {}]);
  expect(same.root.children).toHaveLength(1);
  expect(read).toBe(1);
  // The same plan in other words, as an older version may have printed it.
  const older = written(['Gather', '  ->  Parallel Seq Scan upon tracks']);
  expect(sameShape(older, plan)).toBe(true);
  expect(sameShape(older, gather({}, { ...scan, Alias: 'u' }))).toBe(false);
  expect(read).toBe(2);
});
