import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlanGuardError } from '../errors.js';
import { formatPlanText } from './format-text.js';
import { parsePlan } from './parse-json.js';
import { parseTextPlan } from './parse-text.js';
import { parseXmlPlan } from './parse-xml.js';
import { parseYamlPlan } from './parse-yaml.js';
import { toXml, toYaml } from './testing/print.js';

const EXPLAINED = {
  Plan: {
    ...{ 'Node Type': 'Gather', 'Parallel Aware': false, 'Workers Planned': 2, 'Total Cost': 1, 'Startup Cost': 1 },
    ...{ 'Plan Rows': 1, 'Plan Width': 4, Output: ["'a, b'", '"c d"', 'f(a, b)'] },
    Plans: [
      {
        ...{ 'Node Type': 'Aggregate', Strategy: 'Mixed', 'Partial Mode': 'Partial', 'Parent Relationship': 'Outer' },
        ...{
          'Parallel Aware': true,
          'Grouping Sets': [{ 'Hash Keys': [['a']] }, { 'Sort Key': ['b'], 'Group Keys': [['b'], []] }],
        },
        Workers: [{ 'Worker Number': 0, 'Actual Rows': 1, 'Actual Loops': 1, 'Shared Hit Blocks': 3 }],
        Plans: [
          {
            ...{
              'Node Type': 'Seq Scan',
              'Parent Relationship': 'Outer',
              'Parallel Aware': false,
              'Relation Name': 'a on b',
            },
            ...{ Schema: 'S', Alias: 'x"y', Filter: "(a = 'x\n  ->  ''y''')", 'Sort Method': 'quicksort' },
            ...{ 'Sort Space Type': 'Memory', 'Sort Space Used': 25 },
          },
        ],
      },
      { 'Node Type': 'Result', 'Parent Relationship': 'SubPlan', 'Subplan Name': 'SubPlan 1', 'Parallel Aware': false },
    ],
  },
  Settings: { work_mem: '4MB', jit: 'off' },
  Planning: { 'Memory Used': 8, 'Memory Allocated': 16 },
  'Planning Time': 0.5,
  Triggers: [{ 'Trigger Name': 'a', Relation: 'b', Calls: 2 }],
  JIT: { Functions: 2, Options: { Inlining: false }, Timing: { Total: 1 } },
};

/** A change of a text: lines that are lost, doubled, moved, cut off or pushed aside, characters that are changed. */
const mangling = fc.array(
  fc.record({
    how: fc.constantFrom('lose', 'double', 'swap', 'cut', 'push', 'insert'),
    line: fc.nat(60),
    at: fc.nat(40),
    text: fc.constantFrom(
      '"',
      "'",
      ' ',
      '  ',
      ':',
      'x',
      '->  ',
      'Plans: x',
      'Workers: 1',
      'JIT:',
      '</Plan>',
      '<a>',
      '- ',
      '[',
      '0',
    ),
  }),
  { minLength: 1, maxLength: 3 },
);
type Mangling = typeof mangling extends fc.Arbitrary<infer T> ? T : never;

function mangle(text: string, changes: Mangling): string {
  const lines = text.split('\n');
  for (const { how, line, at, text: inserted } of changes) {
    const index = line % lines.length;
    const old = lines[index] as string;
    if (how === 'lose') lines.splice(index, 1);
    else if (how === 'double') lines.splice(index, 0, old);
    else if (how === 'swap') lines.splice(index, 2, lines[index + 1] ?? '', old);
    else if (how === 'cut') lines[index] = old.slice(0, at);
    else if (how === 'push') lines[index] = `${inserted}${old}`;
    else lines[index] = `${old.slice(0, at)}${inserted}${old.slice(at)}`;
    if (lines.length === 0) lines.push('');
  }
  return lines.join('\n');
}

const numbered = (text: string) => text.split('\n').map((line, index) => ({ text: line, line: index + 1 }));
const READERS = {
  text: {
    text: formatPlanText(parsePlan(EXPLAINED), { costs: true }).join('\n'),
    read: (text: string) => parseTextPlan(numbered(text)),
  },
  YAML: { text: toYaml([EXPLAINED]), read: (text: string) => parseYamlPlan(text, 1) },
  XML: { text: toXml([EXPLAINED]), read: (text: string) => parseXmlPlan(text, 1) },
  JSON: { text: JSON.stringify([EXPLAINED], null, 2), read: (text: string) => parsePlan(text) },
};

test.each(Object.entries(READERS))(
  '%s that was mangled is read or refused, and never the cause of a bug',
  async (_, format) => {
    expect((await format.read(format.text)).root.children).toHaveLength(2);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(mangling, async (changes) => {
        try {
          await format.read(mangle(format.text, changes));
        } catch (error) {
          expect(error).toBeInstanceOf(PlanGuardError);
          expect((error as PlanGuardError).hint).toBeDefined();
          refused++;
        }
      }),
      { numRuns: 400 },
    );
    expect(refused).toBeGreaterThan(100);
  },
);
