import { expect, test } from 'vitest';
import { parsePlan } from '../../plan/parse-json.js';
import { walk } from '../../plan/walk.js';
import { groupComparisons } from '../diff-groups.js';
import * as diffs from '../testing/diffs.js';
import { hostile } from '../testing/hostile.js';
import { diffHtml } from './diff.js';
import { markup } from './markup.js';
import { metricsOf } from './metrics.js';
import { bounded, compared, every, incident, report, side, whole } from './testing/reports.js';

const context = { version: '0.1.0' };

test('a template escapes what it is given, and leaves out what is not there', () => {
  const text = markup`<p title="${'"><b>'}">${'<i>&'}${undefined}${false}${[1, markup`<br>`]}</p>`;
  expect(text.text).toBe('<p title="&quot;&gt;&lt;b&gt;">&lt;i&gt;&amp;1<br></p>');
});

test('plans that changed in the same way are one group, whatever their values and numbers', () => {
  const groups = groupComparisons(every().comparisons).map(({ change, comparisons }) => [
    change,
    comparisons.map((one) => one.name),
  ]);
  expect(groups).toEqual([
    [
      'changed',
      [
        'profile, user-1001, incident-day, custom',
        'profile, user-1002, incident-day, custom',
        'profile, user-1001, year-later, generic',
      ],
    ],
    ['changed', ['owners, all, incident-day, custom']],
    ['dearer', ['label, label, incident-day, custom']],
    ['added', ['new query']],
    ['removed', ['old query']],
    [
      'same',
      [
        'tracks of a user, user-1, incident-day, custom',
        'tracks of a user, user-2, incident-day, custom',
        'tracks of a user, user-3, incident-day, custom',
      ],
    ],
  ]);
});

test('the group that got dearer by the most is read first, the worst of its plans before the others', () => {
  const change = (owner: number, rows: number, query: string) =>
    compared(query, `user-${owner}`, side(bounded(owner), 'a'), side(whole(owner, rows), 'b'));
  const [first] = groupComparisons([change(1, 50, 'profile'), change(2, 5000, 'profile'), change(3, 500, 'profile')]);
  expect(first?.comparisons.map((one) => one.case?.scenario)).toEqual(['user-2', 'user-3', 'user-1']);
});

test('the same report gives the same page', () => {
  expect(diffHtml(every(), context)).toBe(diffHtml(every(), context));
});

test('a page of many cases stays small', () => {
  const plan = side(bounded(1), 'main');
  const many = Array.from({ length: 700 }, (_, owner) => incident(owner));
  const same = Array.from({ length: 300 }, (_, owner) => compared('same', `user-${owner}`, plan, plan));
  const html = diffHtml(report([...many, ...same]), context);
  expect(html.length).toBeLessThan(6_000_000);
  expect(html).toMatch(/To keep the page small, [\d,]+ of them are not shown/);
  const named = new Set(Array.from(html.matchAll(/<span class="what">([^<]*)/g), ([, name]) => name));
  expect(named).toEqual(new Set([...many, ...same].map((one) => one.name)));
});

test('an empty report says so', () => {
  expect(diffHtml(report([]), context)).toContain('Nothing was compared');
});

test('no text steers, and none is markup', () => {
  const one = { ...incident(), name: hostile };
  const html = diffHtml({ ...report([one, incident(2)]), before: hostile, after: hostile }, context);
  expect(html).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toContain('<script>');
  expect(html).not.toMatch(/(?:src|href)="(?!#)/);
});

test('the time of workers that ran side by side is not added up', () => {
  const ran = (type: string, time: number, loops: number, below: readonly object[] = [], over: object = {}) => ({
    'Node Type': type,
    'Parent Relationship': 'Outer',
    'Actual Total Time': time,
    'Actual Loops': loops,
    ...over,
    Plans: below,
  });
  const joined = ran('Nested Loop', 60, 6, [ran('Seq Scan', 50, 6), ran('Index Scan', 0.5, 600)]);
  const first = ran('Result', 4, 1, [], { 'Parent Relationship': 'InitPlan', 'Subplan Name': 'InitPlan 1' });
  const plan = parsePlan([{ Plan: ran('Gather', 80, 2, [first, joined]) }]);
  const nodes = Array.from(walk(plan.root), ({ node }) => node);
  const time = metricsOf(nodes).find(({ title }) => title === 'time');
  expect(nodes.map((node) => [node.nodeType, time?.of(node)])).toEqual([
    ['Gather', 160],
    ['Result', 4],
    ['Nested Loop', 120],
    ['Seq Scan', 100],
    ['Index Scan', 100],
  ]);
});

test('an index condition is called one, where nobody knows what it bounds, of a bitmap as well', () => {
  const scan = {
    'Node Type': 'Bitmap Index Scan',
    'Parent Relationship': 'Outer',
    'Index Name': 'i',
    'Index Cond': '(a = 1)',
  };
  const heap = { 'Node Type': 'Bitmap Heap Scan', 'Relation Name': 'orders', Alias: 'orders', Plans: [scan] };
  const parallel = {
    'Node Type': 'Seq Scan',
    'Parallel Aware': true,
    'Relation Name': 'orders',
    Alias: 'orders',
    'Plan Rows': 9,
  };
  const [before, after] = [heap, parallel].map((Plan) => diffs.side(parsePlan([{ Plan }])));
  const html = diffHtml(diffs.report([diffs.comparison(before, after)]), context);
  expect(html).toContain('>index condition<');
  expect(html).not.toContain('partly bounded');
  expect(html).toContain('9 rows per worker');
});
