import { expect, test } from 'vitest';
import type { PlanGuardError } from '../errors.js';
import { parseXmlPlan } from './parse-xml.js';
import { nodeAt } from './walk.js';

const inPlan = (node: string, beside = '') => `<explain xmlns="http://www.postgresql.org/2009/explain">
  <Query>
    <Plan>
      <Node-Type>Incremental Sort</Node-Type>
${node}
    </Plan>
${beside}
  </Query>
</explain>`;

test('puts back the names and types of JSON', async () => {
  const plan = await parseXmlPlan(
    inPlan(
      `<Parallel-Aware>false</Parallel-Aware><Total-Cost>1.50</Total-Cost><Alias>5</Alias>
       <One-Time-Filter>(a &lt; 'x &amp; y&#x0d;
 z ')</One-Time-Filter><Shared-I-O-Read-Time>0.100</Shared-I-O-Read-Time><I-O-Read-Time>0.2</I-O-Read-Time>
       <Output><Item>a</Item><Item></Item></Output><Workers>
       </Workers>
       <Grouping-Sets><Grouping-Set><Hash-Keys><Hash-Key><Item>a</Item></Hash-Key><Hash-Key>
         </Hash-Key></Hash-Keys></Grouping-Set></Grouping-Sets>
       <Foo-Bar>12</Foo-Bar><Plans><Plan><Node-Type>Result</Node-Type></Plan></Plans>`,
      `<Settings><work_mem>4</work_mem><plan_guard.x>true</plan_guard.x></Settings><Planning-Time>0.120</Planning-Time>
       <Triggers><Trigger><Trigger-Name>1</Trigger-Name><Calls>2</Calls></Trigger></Triggers>
       <JIT><Functions>3</Functions><Options><Inlining>false</Inlining></Options>
         <Timing><Generation><Deform>0.1</Deform><Total>0.2</Total></Generation><Inlining>0.3</Inlining></Timing></JIT>`,
    ),
    1,
  );
  expect(plan.root).toMatchObject({ nodeType: 'Incremental Sort', parallelAware: false, totalCost: 1.5, alias: '5' });
  expect(plan.root.conditions).toEqual([{ label: 'One-Time Filter', text: "(a < 'x & y\r\n z ')" }]);
  expect(plan.root.properties).toEqual({
    ...{ 'Shared I/O Read Time': 0.1, 'I/O Read Time': 0.2, Output: ['a', ''], Workers: [] },
    ...{ 'Grouping Sets': [{ 'Hash Keys': [['a'], []] }], 'Foo Bar': '12' },
  });
  expect(nodeAt(plan, '0.0')?.nodeType).toBe('Result');
  expect(plan.properties).toEqual({
    ...{ Settings: { work_mem: '4', 'plan_guard.x': 'true' }, 'Planning Time': 0.12 },
    Triggers: [{ 'Trigger Name': '1', Calls: 2 }],
    JIT: {
      ...{ Functions: 3, Options: { Inlining: false } },
      Timing: { Generation: { Deform: 0.1, Total: 0.2 }, Inlining: 0.3 },
    },
  });
});

test('tells the groups of a sort apart, and where they sort', async () => {
  const group = (methods: readonly string[], peaks: readonly number[]) =>
    `<Incremental-Sort-Groups><Group-Count>1</Group-Count><Sort-Methods-Used>${methods
      .map((method) => `<Item>${method}</Item>`)
      .join('')}</Sort-Methods-Used>${peaks
      .map((peak) => `<Sort-Space><Peak-Sort-Space-Used>${peak}</Peak-Sort-Space-Used></Sort-Space>`)
      .join('')}</Incremental-Sort-Groups>`;
  const plan = await parseXmlPlan(
    inPlan(group(['external merge'], [1]) + group(['quicksort', 'external sort'], [2, 3])),
    1,
  );
  expect(plan.root.properties).toEqual({
    'Full-sort Groups': {
      ...{ 'Group Count': 1, 'Sort Methods Used': ['external merge'] },
      'Sort Space Disk': { 'Peak Sort Space Used': 1 },
    },
    'Pre-sorted Groups': {
      ...{ 'Group Count': 1, 'Sort Methods Used': ['quicksort', 'external sort'] },
      ...{ 'Sort Space Memory': { 'Peak Sort Space Used': 2 }, 'Sort Space Disk': { 'Peak Sort Space Used': 3 } },
    },
  });
});

test('reads it as auto_explain prints it, settings without members, and a text of any length', async () => {
  const long = 'x'.repeat(200_000);
  const plan = await parseXmlPlan(
    `<explain xmlns="x"><Query-Text>SELECT &lt;1&gt;</Query-Text><Plan><Node-Type>Result</Node-Type><Filter>${long}</Filter></Plan><Settings>
     </Settings></explain>`,
    1,
  );
  expect(plan.properties).toEqual({ 'Query Text': 'SELECT <1>', Settings: {} });
  expect(plan.root.conditions[0]?.text).toBe(long);
});

test.each([
  ['another document', '\n<html></html>', 'Expected the element <explain>; found <html>', 8, 1],
  ['no XML', 'Seq Scan on t', 'Expected XML as EXPLAIN prints it', 7, undefined],
  [
    'an element that never ends',
    '<explain>\n <Query><Plan>',
    'Expected XML as EXPLAIN prints it: Unclosed root tag',
    8,
    undefined,
  ],
  ['elements that cross', '<explain>\n <Query><Plan></Query>', 'Unexpected close tag', 8, undefined],
  [
    'a cost that is none',
    inPlan('<Total-Cost>dear</Total-Cost>'),
    'Expected a number in <Total-Cost>; found "dear"',
    11,
    1,
  ],
  ['a truth that is none', inPlan('  <Disabled>maybe</Disabled>'), 'Expected true or false in <Disabled>', 11, 3],
  [
    'a node without a type',
    '<explain><Query>\n  <Plan><Alias>x</Alias></Plan></Query></explain>',
    'no "Node Type"',
    8,
    3,
  ],
  ['a plan that is none', '<explain><Utility-Statement /></explain>', 'holds no plan', undefined, undefined],
  ['a property that is told twice', inPlan('<Alias>a</Alias><Alias>b</Alias>'), 'Expected one "Alias" in <Plan>', 9, 5],
  ['two plans', '<explain><Query></Query><Query></Query></explain>', '2 plans', undefined, undefined],
])('refuses %s, and says where', async (_, text, message, line, column) => {
  const error = await parseXmlPlan(text, 7).then(
    () => undefined,
    (thrown: PlanGuardError) => thrown,
  );
  expect(error).toMatchObject({ name: 'PlanGuardError', code: 'plan', message: expect.stringContaining(message) });
  expect(error?.where?.line).toBe(line);
  if (column !== undefined) expect(error?.where?.column).toBe(column);
});
