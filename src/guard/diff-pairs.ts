import { isBlank, scan } from '../sql/scan.js';

/** What cases are paired by. */
export interface Pairable {
  readonly query: string;
  /** Name of the statement, or its number. */
  readonly label: string;
  readonly text: string;
  /** Names of the scenarios, with their choices of a matrix, that the case stands for; none: it has no parameter. */
  readonly scenarios: readonly string[];
  readonly statistics: string;
  readonly mode: string;
}

export interface Pair<Case> {
  readonly before: Case | undefined;
  readonly after: Case | undefined;
}

/** Statements that have less in common than this are two different ones, of 1. */
const ALIKE = 0.4;

/**
 * Pairs the cases of two runs of a suite: by query, statistics, mode and scenario, and within these the statements that
 * are most alike, since the number of a statement shifts when one is sent before it. What is left is paired with the same
 * text under another query's name. What has no partner stands alone.
 * A case that stands for several scenarios is in a pair for each partner that it has.
 */
export function pairCases<Case>(
  before: readonly Case[],
  after: readonly Case[],
  facts: (one: Case) => Pairable,
): Pair<Case>[] {
  const pairs: Pair<Case>[] = [];
  const met = new Set<Case>();
  const sets = (cases: readonly Case[]) => new Set(cases.map((one) => facts(one).statistics)).size;
  // The only set of both sides may have got another name.
  const named = sets(before) > 1 || sets(after) > 1;
  const alone = (cases: readonly Case[]) => cases.filter((one) => !met.has(one));
  // A query that got another name is known by its text.
  for (const known of ['query', 'text'] as const) {
    const groups = (cases: readonly Case[]) =>
      groupBy(alone(cases), (one) => {
        const { statistics, mode, ...own } = facts(one);
        return JSON.stringify([own[known], mode, named ? statistics : '']);
      });
    const others = groups(after);
    for (const [key, own] of groups(before)) {
      for (const { first, second } of pairGroup(own, others.get(key) ?? [], facts)) {
        met.add(first).add(second);
        pairs.push({ before: first, after: second });
      }
    }
  }
  const order = new Map(after.map((one, index) => [one, index]));
  const rank = ({ after: one }: Pair<Case>) => (one === undefined ? after.length : (order.get(one) ?? after.length));
  return [
    ...pairs,
    ...alone(after).map((one) => ({ before: undefined, after: one })),
    ...alone(before).map((one) => ({ before: one, after: undefined })),
  ].toSorted((a, b) => rank(a) - rank(b));
}

interface Found<Case> {
  readonly first: Case;
  readonly second: Case;
}

function pairGroup<Case>(
  before: readonly Case[],
  after: readonly Case[],
  facts: (one: Case) => Pairable,
): Found<Case>[] {
  const scenarios = new Set([...before, ...after].flatMap((one) => facts(one).scenarios));
  const found = new Map<string, Found<Case>>();
  const number = new Map([...before, ...after].map((one, index) => [one, index]));
  for (const scenario of scenarios.size > 0 ? scenarios : ['']) {
    // A statement without parameters is planned once for all scenarios.
    const applies = (one: Case) => facts(one).scenarios.length === 0 || facts(one).scenarios.includes(scenario);
    for (const pair of pairStatements(before.filter(applies), after.filter(applies), facts)) {
      found.set(`${number.get(pair.first)} ${number.get(pair.second)}`, pair);
    }
  }
  return [...found.values()];
}

/** Statements of one scenario: those that are most alike first. */
function pairStatements<Case>(
  before: readonly Case[],
  after: readonly Case[],
  facts: (one: Case) => Pick<Pairable, 'label' | 'text'>,
): Found<Case>[] {
  const [first] = before;
  const [second] = after;
  if (before.length === 1 && after.length === 1 && first !== undefined && second !== undefined) {
    return [{ first, second }];
  }
  const words = new Map([...before, ...after].map((one) => [one, wordsOf(facts(one).text)]));
  return bestPairs(before, after, (one, other) => {
    const [a, b] = [facts(one), facts(other)];
    const named = a.label === b.label && !/^\d+$/.test(a.label);
    const alike = likeness(words.get(one) ?? new Map(), words.get(other) ?? new Map());
    return named ? 2 : alike < ALIKE ? 0 : alike + (a.label === b.label ? LABEL : 0);
  });
}

/** Of statements that are alike, those with the same number belong together. */
const LABEL = 0.001;

/** Pairs in order of what `score` says of them; 0 is no pair. */
export function bestPairs<Case>(
  before: readonly Case[],
  after: readonly Case[],
  score: (one: Case, other: Case) => number,
): Found<Case>[] {
  const candidates = before.flatMap((first) =>
    after.flatMap((second) => {
      const points = score(first, second);
      return points > 0 ? [{ first, second, points }] : [];
    }),
  );
  const taken = new Set<Case>();
  const pairs: Found<Case>[] = [];
  for (const { first, second } of candidates.toSorted((a, b) => b.points - a.points)) {
    if (taken.has(first) || taken.has(second)) continue;
    taken.add(first).add(second);
    pairs.push({ first, second });
  }
  return pairs;
}

/** The words of a statement, each with how often it stands there. */
export type Words = ReadonlyMap<string, number>;

/** Blanks, comments and the case of letters make no difference. */
export function wordsOf(text: string): Words {
  const counts = new Map<string, number>();
  for (const { kind, start, end } of scan(text)) {
    if (isBlank(kind)) continue;
    const word = text.slice(start, end).toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/** How much of their words two statements share, from 0 to 1 (Dice's coefficient). */
export function likeness(one: Words, other: Words): number {
  let shared = 0;
  for (const [word, count] of one) shared += Math.min(count, other.get(word) ?? 0);
  const total = sum(one) + sum(other);
  return total === 0 ? 1 : (2 * shared) / total;
}

const sum = (counts: Words) => [...counts.values()].reduce((total, count) => total + count, 0);

export function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const own = key(item);
    const group = groups.get(own);
    if (group === undefined) groups.set(own, [item]);
    else group.push(item);
  }
  return groups;
}
