import { expect, test } from 'vitest';
import { formatPlanText } from './format-text.js';
import type { Plan } from './model.js';
import { parsePlan } from './parse-json.js';
import { parseTextPlan } from './parse-text.js';
import { parseXmlPlan } from './parse-xml.js';
import { parseYamlPlan } from './parse-yaml.js';
import type { Properties } from './properties.js';
import { toXml, toYaml } from './testing/print.js';
import { nodeAt, walk } from './walk.js';

const scan = (number: number): Properties => ({
  ...{
    'Node Type': 'Seq Scan',
    'Parent Relationship': 'Member',
    'Parallel Aware': false,
    'Relation Name': `t${number}`,
  },
  ...{
    Schema: 'public',
    Alias: `t${number}`,
    'Startup Cost': 0,
    'Total Cost': 1.5,
    'Plan Rows': number,
    'Plan Width': 4,
  },
  ...{ Output: ['a', 'b'], Filter: `(a = ${number})` },
});

const wide = (nodes: number): Properties => ({
  Plan: {
    ...{ 'Node Type': 'Append', 'Parallel Aware': false },
    Plans: Array.from({ length: nodes - 1 }, (_, index) => scan(index)),
  },
});

function deep(nodes: number): Properties {
  let tree: Properties = { ...scan(0), 'Parent Relationship': 'Outer' };
  for (let level = 1; level < nodes; level++) {
    tree = { 'Node Type': 'Limit', 'Parent Relationship': 'Outer', 'Parallel Aware': false, Plans: [tree] };
  }
  const { 'Parent Relationship': _, ...root } = tree;
  return { Plan: root };
}

const READERS: Readonly<Record<string, (explained: Properties) => Plan | Promise<Plan>>> = {
  JSON: (explained) => parsePlan(JSON.stringify([explained])),
  YAML: (explained) => parseYamlPlan(toYaml([explained]), 1),
  XML: (explained) => parseXmlPlan(toXml([explained]), 1),
  text: (explained) =>
    parseTextPlan(formatPlanText(parsePlan(explained), { costs: true }).map((text, at) => ({ text, line: at + 1 }))),
};

test.each(Object.entries(READERS))('%s of 20,000 nodes', async (_, read) => {
  const plan = await read(wide(20_000));
  let count = 0;
  for (const { node } of walk(plan.root)) {
    if (node.path !== '0') expect(node.planRows).toBe(count - 1);
    count++;
  }
  expect(count).toBe(20_000);
  expect(nodeAt(plan, '0.19998')).toEqual(nodeAt(parsePlan(wide(20_000)), '0.19998'));
});

test.each(Object.entries(READERS))('%s of 1,000 nodes below each other', async (_, read) => {
  const plan = await read(deep(1000));
  const last = [...walk(plan.root)].at(-1);
  expect(last?.ancestors).toHaveLength(999);
  expect(last?.node).toMatchObject({ nodeType: 'Seq Scan', parentRelationship: 'Outer', alias: 't0' });
  expect(last?.node.conditions).toEqual([{ label: 'Filter', text: '(a = 0)' }]);
});
