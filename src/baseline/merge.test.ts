import { expect, test } from 'vitest';
import { compareCase } from './compare.js';
import { formatBaseline } from './format.js';
import { mergeBaseline } from './merge.js';
import type { Baseline, BaselineFile, CaseKey, FreshBaseline, FreshCase } from './model.js';
import { parseBaseline } from './parse.js';
import {
  approvedCase,
  baseline,
  byOwner,
  byTitle,
  estimated,
  fileOf,
  freshCase,
  inputs,
  whole,
} from './testing/baselines.js';

const fresh = (cases: readonly FreshCase[], more: Partial<FreshBaseline> = {}): FreshBaseline => ({
  query: 'profile',
  inputs,
  reason: undefined,
  cases,
  ...more,
});
const everything = () => true;
const only =
  (...scenarios: string[]) =>
  ({ scenario }: CaseKey) =>
    scenarios.includes(scenario);
const merge = (
  existing: BaselineFile | undefined,
  now: FreshBaseline,
  accepted: (key: CaseKey) => boolean = everything,
) => mergeBaseline(existing, now, accepted, { dearer: 3 });

/** Entries of a baseline as `scenario: number of its plan, cost, rows`. */
const entries = ({ plans }: Baseline) =>
  plans.flatMap(({ cases }, index) => cases.map(({ scenario, cost, rows }) => `${scenario}: ${index} ${cost} ${rows}`));

const approved = fileOf(
  baseline(
    [
      { shapes: [byOwner, byTitle], cases: [approvedCase('a'), approvedCase('b'), approvedCase('c')] },
      { shapes: [whole], cases: [approvedCase('d')] },
    ],
    { reason: 'the first' },
  ),
);
const same = [freshCase('a', byOwner), freshCase('b', byOwner), freshCase('c', byOwner), freshCase('d', whole)];

test('the first approval takes every case, its numbers coarse', () => {
  const now = fresh([freshCase('b', estimated(byOwner, 25.93, 17)), freshCase('a', whole)], { reason: 'new' });
  const merged = merge(undefined, now);
  expect(entries(merged)).toEqual(['a: 0 30 20', 'b: 1 30 15']);
  expect(merged).toMatchObject({ query: 'profile', inputs, reason: 'new' });
});

test('what is within the tolerance stays byte for byte, reason and all', () => {
  const now = [
    freshCase('a', estimated(byTitle, 89, 119)),
    freshCase('b', estimated(byOwner, 11, 19)),
    freshCase('c', estimated(byOwner, 30, 1)),
    freshCase('d', estimated(whole, 30.9, 20)),
  ];
  expect(formatBaseline(merge(approved, fresh(now, { reason: 'nothing to approve' })))).toBe(formatBaseline(approved));
});

test('what changed is taken alone: a shape, a cost that rose, a cost that fell, a shape that is tied now', () => {
  const now = [
    freshCase('a', whole),
    freshCase('b', estimated(byOwner, 1500, 20)),
    freshCase('c', estimated(byOwner, 2, 20)),
    freshCase('d', whole, { tied: [byTitle] }),
  ];
  const merged = merge(approved, fresh(now, { reason: 'more titles' }));
  expect(entries(merged)).toEqual(['a: 0 30 20', 'b: 1 1500 20', 'c: 1 2 20', 'd: 2 30 20']);
  expect(merged.plans.map(({ shapes }) => shapes.length)).toEqual([1, 1, 2]);
  expect(merged.reason).toBe('more titles');
});

test('after an approval, every case is approved', () => {
  const now = fresh([
    freshCase('a', estimated(byOwner, 97.3, 130)),
    freshCase('b', estimated(whole, 24_495, 244)),
    freshCase('e', estimated(byTitle, 0.0125, 0), { tied: [byOwner] }),
  ]);
  const written = fileOf(merge(approved, now));
  expect(now.cases.map((one) => compareCase(written, one, { dearer: 3 }).kind)).toEqual([
    'approved',
    'approved',
    'approved',
  ]);
  expect(formatBaseline(merge(written, now))).toBe(formatBaseline(written));
});

test('cases that are not planned any more leave, and with the last of them the plans', () => {
  expect(entries(merge(approved, fresh(same.slice(0, 2))))).toEqual(['a: 0 30 20', 'b: 0 30 20']);
  expect(merge(approved, fresh([])).plans).toEqual([]);
});

test('cases that the filter leaves out stay as they were, whether they are planned or not', () => {
  const changed = same.map(({ scenario }) => freshCase(scenario, estimated(byTitle, 700, 20)));
  const chosen = only('b', 'new');
  const expected = ['a: 0 30 20', 'c: 0 30 20', 'b: 1 700 20', 'd: 2 30 20'];
  expect(entries(merge(approved, fresh(changed), chosen))).toEqual(expected);
  expect(entries(merge(approved, fresh([changed[1] as FreshCase]), chosen))).toEqual(expected);
  expect(entries(merge(approved, fresh([freshCase('other', whole)]), only('b')))).toEqual([
    'a: 0 30 20',
    'c: 0 30 20',
    'd: 1 30 20',
  ]);
});

test('inputs are those of now, and those of sets that only entries of before have', () => {
  const older = fileOf(
    baseline([{ shapes: [whole], cases: [approvedCase('a'), approvedCase('b', { statistics: 'last year' })] }], {
      inputs: { major: 17, settings: 'old', statistics: { today: 'old', 'last year': 'kept', unused: 'gone' } },
    }),
  );
  const now = fresh([freshCase('a', whole)], { inputs: { major: 18, settings: 'new', statistics: { today: 'new' } } });
  expect(merge(older, now, only('a')).inputs).toEqual({
    major: 18,
    settings: 'new',
    statistics: { today: 'new', 'last year': 'kept' },
  });
});

test('a reason that is not given again goes with the plans that it was given for', () => {
  expect(merge(approved, fresh(same.slice(1))).reason).toBeUndefined();
  expect(merge(approved, fresh(same)).reason).toBe('the first');
});

test('nothing that was written by hand is made an approved plan', () => {
  const edited = parseBaseline(
    formatBaseline(approved).replace('track_title_idx', 'my_own_idx').replace('the first', 'by hand'),
    'plans/profile.plan',
  );
  expect(entries(merge(edited, fresh([same[0] as FreshCase]), only('a')))).toEqual(['a: 0 30 20', 'd: 1 30 20']);
  const merged = merge(edited, fresh(same));
  expect(merged.plans[0]?.shapes.length).toBe(1);
  expect(merged.reason).toBeUndefined();
});
