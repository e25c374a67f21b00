import { expect, test } from 'vitest';
import { type Pairable, pairCases } from './diff-pairs.js';

const one = (label: string, text: string, facts: Partial<Pairable> = {}): Pairable => ({
  query: 'profile',
  label,
  text,
  scenarios: ['regular'],
  statistics: 'production',
  mode: 'custom',
  ...facts,
});

/** Pairs as `before → after`, `-` for none. */
function paired(before: readonly Pairable[], after: readonly Pairable[]): string[] {
  const name = (side: Pairable | undefined) => (side === undefined ? '-' : `${side.label} ${side.text}`);
  return pairCases(before, after, (facts) => facts).map((pair) => `${name(pair.before)} → ${name(pair.after)}`);
}

const OWNED = 'SELECT id FROM tracks WHERE owner = $1';
const IDS = 'SELECT track FROM collaborators WHERE person = $1 AND accepted';

test('the only statement of a scenario is its partner, whatever became of it', () => {
  expect(paired([one('1', OWNED)], [one('1', 'VALUES (1)')])).toEqual([`1 ${OWNED} → 1 VALUES (1)`]);
});

test('a query that got another name is known by its text', () => {
  const renamed = { query: 'owned' };
  expect(paired([one('a', OWNED), one('b', IDS)], [one('c', OWNED, renamed), one('b', IDS)])).toEqual([
    `a ${OWNED} → c ${OWNED}`,
    `b ${IDS} → b ${IDS}`,
  ]);
  const [mode, scenario] = [
    { ...renamed, mode: 'generic' },
    { ...renamed, scenarios: ['visitor'] },
  ];
  for (const other of [mode, scenario]) {
    expect(paired([one('1', OWNED)], [one('1', OWNED, other)])).toEqual([`- → 1 ${OWNED}`, `1 ${OWNED} → -`]);
  }
});

test('a statement that is sent before shifts the numbers', () => {
  const widened = `${OWNED} OR id = ANY ($2)`;
  expect(paired([one('1', OWNED)], [one('1', IDS), one('2', widened)])).toEqual([
    `- → 1 ${IDS}`,
    `1 ${OWNED} → 2 ${widened}`,
  ]);
  expect(paired([one('1', IDS), one('2', OWNED)], [one('1', OWNED)])).toEqual([
    `2 ${OWNED} → 1 ${OWNED}`,
    `1 ${IDS} → -`,
  ]);
});

test('of equal statements, those with the same number belong together', () => {
  expect(paired([one('1', OWNED), one('2', OWNED)], [one('1', OWNED), one('2', OWNED)])).toEqual([
    `1 ${OWNED} → 1 ${OWNED}`,
    `2 ${OWNED} → 2 ${OWNED}`,
  ]);
});

test('names go before likeness', () => {
  expect(paired([one('a', OWNED), one('b', IDS)], [one('a', IDS), one('b', OWNED)])).toEqual([
    `a ${OWNED} → a ${IDS}`,
    `b ${IDS} → b ${OWNED}`,
  ]);
});

test('scenarios, modes and statistics are kept apart', () => {
  const others: readonly Partial<Pairable>[] = [{ scenarios: ['other'] }, { mode: 'generic' }];
  for (const facts of others) {
    expect(paired([one('1', OWNED)], [one('1', OWNED, facts)])).toEqual([`- → 1 ${OWNED}`, `1 ${OWNED} → -`]);
  }
  const sets = ['incident', 'later'].map((statistics) => one('1', OWNED, { statistics }));
  expect(paired(sets, sets.slice(1))).toEqual([`1 ${OWNED} → 1 ${OWNED}`, `1 ${OWNED} → -`]);
});

test('the only statistics set may be renamed', () => {
  expect(paired([one('1', OWNED)], [one('1', OWNED, { statistics: 'year-later' })])).toEqual([
    `1 ${OWNED} → 1 ${OWNED}`,
  ]);
});

test('a case that stands for several scenarios is split', () => {
  const [a, b] = [{ scenarios: ['x sort=a'] }, { scenarios: ['x sort=b'] }];
  expect(
    paired([one('1', OWNED, { scenarios: ['x sort=a', 'x sort=b'] })], [one('1', 'A', a), one('1', 'B', b)]),
  ).toEqual([`1 ${OWNED} → 1 A`, `1 ${OWNED} → 1 B`]);
});

test('a statement that lost its parameters is planned once, for all scenarios', () => {
  expect(paired([one('1', OWNED)], [one('1', 'SELECT id FROM tracks', { scenarios: [] })])).toEqual([
    `1 ${OWNED} → 1 SELECT id FROM tracks`,
  ]);
});
