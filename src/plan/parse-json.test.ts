import { expect, test } from 'vitest';
import { PlanGuardError } from '../errors.js';
import type { PlanNode } from './model.js';
import { parsePlan } from './parse-json.js';
import { nodeAt, walk } from './walk.js';

const SCAN = {
  'Node Type': 'Index Scan',
  'Parent Relationship': 'Outer',
  'Parallel Aware': true,
  'Scan Direction': 'Forward',
  'Index Name': 't_pkey',
  'Relation Name': 't',
  Schema: 'public',
  Alias: 'x',
  'Startup Cost': 0.29,
  'Total Cost': 8.3,
  'Plan Rows': 1,
  'Plan Width': 4,
  Output: ['id'],
  'Index Cond': '(x.id = 5)',
  Filter: "(x.name = 'a')",
};

test.each([
  ['the array that PostgreSQL gives', [{ Plan: SCAN, 'Planning Time': 0.1 }]],
  ['its element', { Plan: SCAN, 'Planning Time': 0.1 }],
  ['its text', JSON.stringify([{ Plan: SCAN, 'Planning Time': 0.1 }])],
])('reads %s', (_, json) => {
  expect(parsePlan(json)).toEqual({
    properties: { 'Planning Time': 0.1 },
    root: {
      nodeType: 'Index Scan',
      path: '0',
      parentRelationship: 'Outer',
      subplanName: undefined,
      relation: { schema: 'public', name: 't' },
      alias: 'x',
      indexName: 't_pkey',
      parallelAware: true,
      startupCost: 0.29,
      totalCost: 8.3,
      planRows: 1,
      planWidth: 4,
      conditions: [
        { label: 'Index Cond', text: '(x.id = 5)' },
        { label: 'Filter', text: "(x.name = 'a')" },
      ],
      children: [],
      properties: { 'Scan Direction': 'Forward', Output: ['id'] },
    },
  });
});

test('what a plan does not tell stays unknown', () => {
  const { root } = parsePlan({ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 't', 'Parent Relationship': 'New' } });
  expect(root).toMatchObject({
    totalCost: undefined,
    planRows: undefined,
    alias: undefined,
    parentRelationship: undefined,
  });
  expect(root.relation).toEqual({ schema: undefined, name: 't' });
  expect(root.properties).toEqual({ 'Parent Relationship': 'New' });
});

test('the schema of a function stays a property', () => {
  const { root } = parsePlan({ Plan: { 'Node Type': 'Function Scan', Schema: 'public', 'Function Name': 'f' } });
  expect(root).toMatchObject({ relation: undefined, properties: { Schema: 'public', 'Function Name': 'f' } });
});

test.each([
  ['text that is no JSON', 'Seq Scan on t', /not JSON/],
  ['nothing', [], /holds no plan/],
  ['null', null, /holds no plan/],
  ['a statement without a plan', ['Utility Statement'], /holds no plan/],
  ['a plan that is no object', { Plan: [] }, /holds no plan/],
  ['two plans', [{ Plan: SCAN }, { Plan: SCAN }], /2 plans/],
  ['a node without a type', { Plan: { Alias: 't' } }, /Node 0 of the plan has no "Node Type"/],
  [
    'a child that is no object',
    { Plan: { 'Node Type': 'Limit', Plans: ['x'] } },
    /Node 0.0 of the plan is not an object/,
  ],
  ['children that are no list', { Plan: { 'Node Type': 'Limit', Plans: {} } }, /Node 0 .* unexpected "Plans": \{\}/],
  ['a cost that is no number', { Plan: { ...SCAN, 'Total Cost': '8' } }, /unexpected "Total Cost": "8"/],
  ['a condition that is no text', { Plan: { ...SCAN, Filter: ['a'] } }, /unexpected "Filter"/],
])('refuses %s', (_, json, message) => {
  expect(() => parsePlan(json)).toThrow(message);
  expect(() => parsePlan(json)).toThrow(PlanGuardError);
});

test('reads plans of any depth and breadth, in tree order', () => {
  let deep: Record<string, unknown> = { 'Node Type': 'Result' };
  for (let level = 0; level < 5000; level++) deep = { 'Node Type': 'Limit', Plans: [deep] };
  const plan = parsePlan({ Plan: deep });
  const last = [...walk(plan.root)].at(-1);
  expect(last?.node.nodeType).toBe('Result');
  expect(last?.ancestors).toHaveLength(5000);

  const leaves = Array.from({ length: 10_000 }, (_, n) => ({ 'Node Type': 'Seq Scan', 'Relation Name': `t${n}` }));
  const broad = parsePlan({ Plan: { 'Node Type': 'Append', Plans: leaves } });
  const names = [...walk(broad.root)].slice(1).map(({ node }) => node.relation?.name);
  expect(names).toEqual(leaves.map((leaf) => leaf['Relation Name']));
  expect(nodeAt(broad, '0.9999')?.relation?.name).toBe('t9999');
});

test('a walk visits parents before children and knows what stands above', () => {
  const of = (name: string, ...Plans: object[]) => ({ 'Node Type': name, Plans });
  const plan = parsePlan({ Plan: of('a', of('b', of('c'), of('d')), of('e')) });
  const names = (nodes: readonly PlanNode[]) => nodes.map(({ nodeType }) => nodeType).join('');
  expect(
    [...walk(plan.root)].map(({ node, ancestors }) => `${node.path} ${node.nodeType}<${names(ancestors)}`),
  ).toEqual(['0 a<', '0.0 b<a', '0.0.0 c<ba', '0.0.1 d<ba', '0.1 e<a']);
  expect(nodeAt(plan, '0.0.1')?.nodeType).toBe('d');
  for (const path of ['', '1', '0.2', '0.x', '0.0.1.0']) expect(nodeAt(plan, path)).toBeUndefined();
});
