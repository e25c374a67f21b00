import { expect, test } from 'vitest';
import { PlanGuardError } from '../errors.js';
import { parsePlan } from './parse-json.js';
import { parseYamlPlan } from './parse-yaml.js';
import { nodeAt } from './walk.js';

const PLAN = `- Plan: 
    Node Type: "Aggregate"
    Strategy: "Mixed"
    Grouping Sets: 
      - Hash Keys: 
          - ["a, b", "c"]
          - []
      - Sort Key: 
          - "b"
        Group Keys: 
          - ["b"]
    Workers: 
    Plans: 
      - Node Type: "Seq Scan"
        Parent Relationship: "Outer"
        Alias: "it's: \\"x\\""
        Filter: "(a = 'x\\n  - y')"
        Total Cost: 1.50
        Plan Rows: 3
        Parallel Aware: true
  Settings: 
    work_mem: "4MB"
  Triggers: 
  Planning Time: 0.120`;

test('reads what explain.c prints', () => {
  const plan = parseYamlPlan(PLAN, 1);
  expect(plan.properties).toEqual({ Settings: { work_mem: '4MB' }, Triggers: [], 'Planning Time': 0.12 });
  expect(plan.root.properties).toEqual({
    Strategy: 'Mixed',
    'Grouping Sets': [{ 'Hash Keys': [['a, b', 'c'], []] }, { 'Sort Key': ['b'], 'Group Keys': [['b']] }],
    Workers: [],
  });
  expect(nodeAt(plan, '0.0')).toMatchObject({
    ...{ alias: 'it\'s: "x"', totalCost: 1.5, planRows: 3, parallelAware: true },
    conditions: [{ label: 'Filter', text: "(a = 'x\n  - y')" }],
  });
});

test('reads it as auto_explain prints it, and indented together', () => {
  const bare = PLAN.split('\n')
    .map((line) => line.slice(2))
    .join('\n');
  expect(parseYamlPlan(`Query Text: "SELECT 1"\n${bare}`, 1).properties['Query Text']).toBe('SELECT 1');
  expect(parseYamlPlan(PLAN.replaceAll(/^/gm, '    '), 1)).toEqual(parseYamlPlan(PLAN, 1));
  expect(parseYamlPlan(`\n${PLAN.replaceAll('\n', '\r\n')}\r\n`, 1)).toEqual(parseYamlPlan(PLAN, 1));
});

test('says of settings without members that there are none', () => {
  const plan = parseYamlPlan('- Plan: \n    Node Type: "Result"\n  Settings: \n  Planning Time: 1.0', 1);
  expect(plan).toEqual(parsePlan({ Plan: { 'Node Type': 'Result' }, Settings: {}, 'Planning Time': 1 }));
});

test.each([
  ['another text', 'Seq Scan on t', 'Expected a property, such as Node Type: "Seq Scan"; found Seq Scan on t', 7, 1],
  [
    'a text without quotes',
    '- Plan: \n    Node Type: Result',
    'Expected a text in quotes, a number, true or false',
    8,
    16,
  ],
  ['a text without its end', '- Plan: \n    Node Type: "Resu', 'found "Resu', 8, 16],
  [
    'a line between two columns',
    '- Plan: \n    Node Type: "Result"\n   Alias: "x"',
    'in column 1 or 3; found Alias',
    9,
    4,
  ],
  ['a list in a mapping', '- Plan: \n    Node Type: "Result"\n    - Alias: "x"', 'Expected a property or "- "', 9, 5],
  ['a node without a type', '- Plan: \n    Alias: "x"', 'Node 0 of the plan has no "Node Type"', 8, 5],
  ['a child without a type', '- Plan: \n    Node Type: "Limit"\n    Plans: \n      - Alias: "x"', 'Node 0.0', 10, 9],
  [
    'two plans',
    '- Plan: \n    Node Type: "Result"\n- Plan: \n    Node Type: "Result"',
    '2 plans',
    undefined,
    undefined,
  ],
  ['a property that is told twice', '- Plan: \n    Alias: "x"\n    Alias: "y"', '"Alias" is told above', 9, 5],
  ['nothing', '', 'holds no plan', undefined, undefined],
])('refuses %s, and says where', (_, text, message, line, column) => {
  const read = () => parseYamlPlan(text, 7);
  expect(read).toThrow(PlanGuardError);
  expect(read).toThrow(message);
  try {
    read();
  } catch (error) {
    expect((error as PlanGuardError).where).toEqual(line === undefined ? undefined : { line, column });
  }
});
