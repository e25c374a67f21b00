import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBaseline } from './format.js';
import type { ApprovedCase } from './model.js';
import { parseBaseline } from './parse.js';
import { anyBaseline, approvedCase, baseline, byOwner, byTitle, fileOf, planOf, whole } from './testing/baselines.js';

const sets = ['today', 'year-later'];
const modes = ['custom', 'generic'] as const;
const everywhere = (scenario: string, more: Partial<ApprovedCase> = {}) =>
  sets.flatMap((statistics) => modes.map((mode) => approvedCase(scenario, { statistics, mode, ...more })));

const join = planOf(
  [
    'Limit',
    '  ->  Nested Loop Left Join',
    '        ->  Index Scan using track_owner_id_idx on public.tracks t',
    '              Index Cond: (t.owner_id = $1)',
    "              Filter: (t.title ~ '^a\\.",
    "'::text)",
    '        ->  Index Only Scan using plays_pkey on public.plays p',
    '              Index Cond: (p.track_id = t.track_id)',
  ].join('\n'),
);

test('reads as EXPLAIN does, with a line for each scenario', () => {
  const written = baseline(
    [
      { shapes: [join], cases: [...everywhere('label', { statement: '2', cost: 20_000 }), ...everywhere('nobody')] },
      {
        shapes: [byOwner, byTitle],
        cases: [
          approvedCase('a, b', { statement: '2' }),
          approvedCase('', { statement: '10', rows: undefined }),
          approvedCase('', { statement: '10', rows: undefined, mode: 'generic', cost: 1_500_000 }),
          approvedCase('many', { statement: '2', cost: 0.015 }),
          approvedCase('many', { statement: '2', statistics: 'year-later' }),
        ],
      },
    ],
    {
      inputs: { major: 18, settings: '7d793037', statistics: { 'year-later': 'aa61', today: '5d41402a' } },
      reason: 'Titles are searched by "prefix", see #942',
    },
  );
  expect(formatBaseline(written)).toMatchInlineSnapshot(`
    "# The approved plans of one query. \`plan-guard approve\` alone writes this file: review it, do not edit it.
    # A case: statement, scenario, plan modes, estimated cost and rows (rounded), statistics sets.
    format      1
    query       profile
    postgres    18
    settings    7d793037
    statistics  5d41402a  today
    statistics  aa61  year-later
    reason      Titles are searched by "prefix", see #942
    checksum    ed6f2994f4de

    plan 5219a3257703
      1  nobody                          custom, generic  cost ~30      rows ~20      today, year-later
      2  label                           custom, generic  cost ~20,000  rows ~20      today, year-later

      Limit
        ->  Nested Loop Left Join
              ->  Index Scan using track_owner_id_idx on public.tracks t
                    Index Cond: (t.owner_id = $1)
                    Filter: (t.title ~ '^a\\\\.\\n'::text)
              ->  Index Only Scan using plays_pkey on public.plays p
                    Index Cond: (p.track_id = t.track_id)

    plan 7440b930e9f2
      2  "a, b"                          custom           cost ~30      rows ~20      today
      2  many                            custom           cost ~0.015   rows ~20      today
      2  many                            custom           cost ~30      rows ~20      year-later
      10  -                               custom           cost ~30      today
      10  -                               generic          cost ~1,500,000  today

      Index Scan using track_owner_id_idx on tracks
        Index Cond: (owner_id = $1)
      or, at the same cost:
      Index Scan using track_title_idx on tracks
        Index Cond: (owner_id = $1)
    "
  `);
});

test('what is written is read as it was, whatever is in it', () => {
  fc.assert(
    fc.property(anyBaseline, (written) => {
      const text = formatBaseline(written);
      const { file, intact, edits, lines, ...read } = parseBaseline(text, 'x.plan');
      expect(read).toEqual(written);
      expect({ file, intact, edits }).toEqual({ file: 'x.plan', intact: true, edits: [] });
      expect(lines.map((line) => text.split('\n')[line - 1]?.slice(0, 5))).toEqual(written.plans.map(() => 'plan '));
      expect(formatBaseline(read)).toBe(text);
    }),
    { numRuns: 300 },
  );
});

test('the order in which plans and cases are found does not show', () => {
  const reversed = (one: ReturnType<typeof baseline>) => ({
    ...one,
    inputs: { ...one.inputs, statistics: Object.fromEntries(Object.entries(one.inputs.statistics).reverse()) },
    plans: one.plans.map(({ shapes, cases }) => ({ shapes, cases: [...cases].reverse() })).reverse(),
  });
  fc.assert(
    fc.property(anyBaseline, (one) => {
      expect(formatBaseline(reversed(one))).toBe(formatBaseline(one));
    }),
  );
});

/** Lines of each that the other does not have. */
function changes(before: string, after: string): { removed: string[]; added: string[] } {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return { removed: old.filter((line) => !now.includes(line)), added: now.filter((line) => !old.includes(line)) };
}

test('a case that is added, however long its name, is one line more, and a new checksum', () => {
  const plans = (cases: readonly ApprovedCase[]) => [
    { shapes: [byOwner], cases: [...everywhere('b'), ...cases] },
    { shapes: [whole], cases: everywhere('d') },
  ];
  const before = formatBaseline(baseline(plans([])));
  const name = 'c, a scenario with a name that is longer than all others';
  const { removed, added } = changes(before, formatBaseline(baseline(plans(everywhere(name)))));
  expect(removed).toEqual([expect.stringMatching(/^plan /)]);
  expect(added).toEqual([expect.stringMatching(/^plan /), expect.stringContaining(name)]);
});

test('a plan that changes keeps its place and its cases: its tree alone differs', () => {
  const text = (shape: typeof byOwner) =>
    formatBaseline(
      baseline([
        { shapes: [shape], cases: everywhere('a') },
        { shapes: [join], cases: everywhere('b') },
      ]),
    );
  const { removed, added } = changes(text(byOwner), text(byTitle));
  expect(removed).toEqual([expect.stringMatching(/^plan /), expect.stringContaining('track_owner_id_idx on tracks')]);
  expect(added).toEqual([expect.stringMatching(/^plan /), expect.stringContaining('track_title_idx')]);
});

test('plans with the same shapes stand under one heading', () => {
  const again = planOf('Index Scan using track_owner_id_idx on tracks\n  Index Cond: (owner_id = $1)');
  const { plans } = fileOf(
    baseline([
      { shapes: [byOwner], cases: everywhere('a') },
      { shapes: [again], cases: everywhere('b') },
      { shapes: [again, whole], cases: everywhere('c') },
    ]),
  );
  expect(plans.map(({ shapes, cases }) => [shapes.length, cases.length])).toEqual([
    [1, 8],
    [2, 4],
  ]);
});
