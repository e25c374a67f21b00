import type { ApprovedCase, ApprovedPlan, BaselineFile } from '../baseline/model.js';
import { shapeText } from '../baseline/shape.js';
import { accessesInPlan } from '../plan/accesses.js';
import type { Catalog, Plan } from '../plan/model.js';
import type { ComparedCase, Comparison, PlanSide } from '../report/diff-model.js';
import { accessesOfApproved } from './approved-accesses.js';
import { added, caseName, compare, removed } from './diff-compare.js';
import { type Entry, UNKNOWN_INPUTS, withoutValues } from './diff-entries.js';
import { bestPairs, groupBy, likeness, wordsOf } from './diff-pairs.js';
import type { SourceContent } from './diff-sources.js';

/**
 * Compares what stands in two sources: two baselines case by case; plans by their statements, and by their order where
 * statements are not told. What has no partner is shown as added or removed.
 */
export function diffSources(before: SourceContent, after: SourceContent): Comparison[] {
  if (before.kind === 'baseline' && after.kind === 'baseline') return diffBaselines(before, after);
  return diffEntries(entriesOf(before), entriesOf(after));
}

const entriesOf = (content: SourceContent) =>
  content.kind === 'baseline' ? approvedEntries(content) : content.entries;

/** Edited statements have at least so much in common, of 1, and a table. */
const EDITED = 0.45;
/** Of more pairs than this, none is tried for likeness: that would take seconds. */
const MOST_PAIRS = 250_000;

function diffEntries(before: readonly Entry[], after: readonly Entry[]): Comparison[] {
  const [first] = before;
  const [second] = after;
  if (before.length === 1 && after.length === 1 && first && second) return [compareEntries(first, second)];
  const pairs: Found[] = [];
  const taken = new Set<Entry>();
  const take = (found: readonly Found[]) => {
    for (const pair of found) {
      pairs.push(pair);
      taken.add(pair.first).add(pair.second);
    }
  };
  const left = (entries: readonly Entry[]) => entries.filter((one) => !taken.has(one));
  const told = (entries: readonly Entry[]) => left(entries).filter(({ statement }) => statement !== undefined);
  // Of one statement: the shape that both have, then the others in order.
  take(pairBy(told(before), told(after), ({ statement, shape }) => JSON.stringify([statement, shape])));
  take(pairBy(told(before), told(after), ({ statement = '' }) => statement));
  if (told(before).length * told(after).length <= MOST_PAIRS) {
    take(
      bestPairs(told(before), told(after), (one, other) => {
        const points = readsAlike(one, other) ? likeness(one.words, other.words) : 0;
        return points < EDITED ? 0 : points;
      }),
    );
  }
  // One of the two does not tell its statement: in order where the counts match, else by shape.
  const untold = (entries: readonly Entry[]) =>
    left(entries).length > 0 && left(entries).every(({ statement }) => statement === undefined);
  if (untold(before) || untold(after)) {
    const same = left(before).length === left(after).length;
    take(same ? inOrder(left(before), left(after)) : pairBy(left(before), left(after), ({ shape }) => shape));
  }
  const alone = [
    ...left(after).map((one) => ({ line: one.line, comparison: added(nameOf(one), one.side) })),
    ...left(before).map((one) => ({ line: one.line, comparison: removed(nameOf(one), one.side) })),
  ];
  return [
    ...pairs.map((pair) => ({ line: pair.second.line, comparison: compareEntries(pair.first, pair.second) })),
    ...alone,
  ]
    .toSorted((a, b) => a.line - b.line)
    .map(({ comparison }) => comparison);
}

/** Whether the two read a table in common; what reads none is like any other. */
function readsAlike(one: Entry, other: Entry): boolean {
  const tables = tablesOf(one);
  const others = tablesOf(other);
  return tables.size === 0 || others.size === 0 || [...tables].some((table) => others.has(table));
}

const NAMED = /\b(?:from|join|into|update) (?:only )?(?:[\w$"]+ \. )*"?([\w$]+)/g;

/** Of the plan, and of the statement: a plan may read partitions, whose table it does not tell. */
function tablesOf({ side, statement = '' }: Entry): ReadonlySet<string | undefined> {
  return new Set([
    ...side.accesses.map(({ table }) => table),
    ...Array.from(statement.matchAll(NAMED), ([, one]) => one),
  ]);
}

interface Found {
  readonly first: Entry;
  readonly second: Entry;
}

function pairBy(before: readonly Entry[], after: readonly Entry[], key: (entry: Entry) => string): Found[] {
  const others = groupBy(after, key);
  return [...groupBy(before, key)].flatMap(([own, entries]) => inOrder(entries, others.get(own) ?? []));
}

function inOrder(before: readonly Entry[], after: readonly Entry[]): Found[] {
  return before.flatMap((first, index) => {
    const second = after[index];
    return second === undefined ? [] : { first, second };
  });
}

function compareEntries(before: Entry, after: Entry): Comparison {
  const known = before.statement !== undefined && after.statement !== undefined;
  // Two executions of a statement differ in their values.
  const sameShape = known && before.statement === after.statement && before.shape === after.shape;
  return compare(nameOf(after), before.side, after.side, { sameShape });
}

const LONGEST = 60;

/** The statement's beginning, or the place where the plan stands. */
function nameOf({ side, count }: Entry): string {
  const statement = side.inputs.statement?.replace(/\s+/g, ' ').trim();
  const name = statement === undefined ? side.source : shortened(statement);
  return count === 1 ? name : `${name} (${count} plans)`;
}

const shortened = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

type ApprovedPlans = SourceContent & { readonly kind: 'baseline' };

/** Approved plans, case by case. */
function diffBaselines(before: ApprovedPlans, after: ApprovedPlans): Comparison[] {
  const cases = { before: casesOf(before.baseline), after: casesOf(after.baseline) };
  const several = new Set([...cases.before.values(), ...cases.after.values()].map(({ key }) => key.statement)).size > 1;
  return [...new Set([...cases.after.keys(), ...cases.before.keys()])].flatMap((id) => {
    const [was, is] = [cases.before.get(id), cases.after.get(id)];
    const key = (is ?? was)?.key;
    if (key === undefined) return [];
    const name = caseName(key, several);
    if (was === undefined) return is === undefined ? [] : added(name, approvedSide(is, after.name), key);
    if (is === undefined) return removed(name, approvedSide(was, before.name), key);
    // Plans that are tied stand for each other.
    const shapes = was.plan.shapes.map(shapeText);
    const tied = is.plan.shapes.find((shape) => shapes.includes(shapeText(shape)));
    const twin = tied && was.plan.shapes[shapes.indexOf(shapeText(tied))];
    return compare(name, approvedSide(was, before.name, twin), approvedSide(is, after.name, tied), { case: key });
  });
}

/** A case in a file of approved plans. */
export interface Approved {
  readonly file: BaselineFile;
  readonly plan: ApprovedPlan;
  readonly line: number;
  readonly one: ApprovedCase;
  readonly key: ComparedCase;
}

/** The cases of a file of approved plans. */
export function approvedCases(file: BaselineFile): Approved[] {
  return file.plans.flatMap((plan, index) =>
    plan.cases.map((one) => {
      const { statement, scenario, statistics, mode } = one;
      const key = { query: file.query, statement, scenario, statistics, mode };
      return { file, plan, line: file.lines[index] ?? 1, one, key };
    }),
  );
}

function casesOf(file: BaselineFile): Map<string, Approved> {
  return new Map(approvedCases(file).map((approved) => [JSON.stringify(approved.key), approved]));
}

/**
 * An approved plan for a report.
 * @param name what its file is called
 * @param shape the one of its shapes that is meant
 * @param suite that it belongs to, where it is known
 */
export function approvedSide(
  { file, plan, line, one }: Approved,
  name: string,
  shape: Plan | undefined = plan.shapes[0],
  suite?: { readonly catalog: Catalog; readonly trustedFunctions: readonly string[] },
): PlanSide {
  if (shape === undefined) throw new Error('an approved plan without a shape');
  // The tree of a baseline has no costs: those of the whole plan stand with its cases.
  const whole: Plan = { ...shape, root: { ...shape.root, totalCost: one.cost, planRows: one.rows } };
  return {
    source: `${name}:${line}`,
    plan: whole,
    accesses:
      suite === undefined ? accessesInPlan(whole) : accessesOfApproved(whole, suite.catalog, suite.trustedFunctions),
    hasCatalog: suite !== undefined,
    raw: shapeText(shape),
    inputs: { ...UNKNOWN_INPUTS, statistics: one.statistics, server: `PostgreSQL ${file.inputs.major}` },
  };
}

function approvedEntries({ baseline, name }: ApprovedPlans): Entry[] {
  const firsts = new Map(approvedCases(baseline).map((approved) => [approved.plan, approved]));
  return [...firsts.values()].map((approved) => {
    const side = approvedSide(approved, name);
    const shape = withoutValues(side.raw);
    return { side, count: 1, statement: undefined, words: wordsOf(''), shape, line: approved.line };
  });
}
