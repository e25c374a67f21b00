import { expect, test } from 'vitest';
import type { Plan } from '../plan/model.js';
import { renumbered } from './renumber.js';
import { approvedCase, baseline, byOwner, byTitle, fileOf, freshCase, planOf, whole } from './testing/baselines.js';

const joined = planOf('Seq Scan on users');

const file = (shapes: readonly Plan[], scenario = 'owner') =>
  fileOf(
    baseline(
      shapes.map((shape, index) => ({
        shapes: [shape],
        cases: [approvedCase(scenario, { statement: String(index + 1) })],
      })),
    ),
  );
const now = (plans: readonly Plan[]) =>
  plans.map((plan, index) => freshCase('owner', plan, { statement: String(index + 1) }));
/** The numbers that the approved plans have now, in the order in which they were approved. */
const numbers = (approved: readonly Plan[], planned: readonly Plan[]) =>
  renumbered(file(approved), now(planned)).plans.flatMap(({ cases }) => cases.map(({ statement }) => statement));

const [a, b, c, d] = [byOwner, byTitle, whole, joined];

test.each([
  ['nothing came or went: a changed plan keeps its number', [a, b, c], [a, c, b], ['1', '2', '3']],
  ['one came before all', [a, b, c], [d, a, b, c], ['2', '3', '4']],
  ['one came between', [a, b, c], [a, d, b, c], ['1', '3', '4']],
  ['the first went', [a, b, c], [b, c], ['1 as approved', '1', '2']],
  ['the last went', [a, b, c], [a, b], ['1', '2', '3']],
  ['one came and another changed: each is compared with one', [a, b], [d, a, c], ['2', '3']],
  ['one that changed beside one that came: no change gets lost', [a], [c, d], ['1']],
  ['nothing is like what was approved', [a, b], [d, d, d], ['1', '2']],
])('%s', (_, approved, planned, expected) => {
  expect(numbers(approved, planned)).toEqual(expected);
});

test('scenarios and statistics sets are numbered each by itself; names, and what is not planned, stay', () => {
  const kept = file([a, b], 'another');
  expect(renumbered(kept, now([d, a, b]))).toBe(kept);
  const otherSet = now([d, a, b]).map((one) => ({ ...one, statistics: 'later' }));
  expect(renumbered(file([a, b]), otherSet).plans).toEqual(file([a, b]).plans);
  const named = fileOf(baseline([{ shapes: [a], cases: [approvedCase('owner', { statement: 'x' })] }]));
  expect(renumbered(named, now([d, a]))).toBe(named);
});

test('a statement is found by all of its plans, of any of the shapes that are tied', () => {
  const cases = [approvedCase('owner'), approvedCase('owner', { mode: 'generic' })];
  const tied = fileOf(baseline([{ shapes: [a, b], cases }]));
  const planned = [
    ...now([a, b]),
    freshCase('owner', c, { statement: '1', mode: 'generic' }),
    freshCase('owner', a, { statement: '2', mode: 'generic' }),
  ];
  const statements = renumbered(tied, planned).plans.flatMap(({ cases }) => cases.map(({ statement }) => statement));
  expect(statements).toEqual(['2', '2']);
});
