import { findCause } from '../cause/find-cause.js';
import type { PlanDiff } from '../diff/model.js';
import type { Access, Catalog, IndexFacts, TableFacts } from '../plan/model.js';
import type { DiffCause, InputName } from '../report/diff-model.js';
import type { ChangedCase, Decision } from './diff-cause.js';
import type { SideCase } from './diff-suite.js';
import { some } from './some.js';

/** What is told of an input that changed a plan. */
interface InputWords {
  readonly why: string;
  readonly next?: string | undefined;
}

export type InputFacts = Readonly<Record<InputName, () => InputWords>>;

/** The cause in words. Without an input that decides, nothing differs that a plan is made from. */
export function causeWords({ inputs, each }: Decision, facts: InputFacts): DiffCause {
  const told = inputs.map((input) => facts[input]());
  const [only] = told;
  if (only === undefined) {
    const why = 'Nothing that the plan is made from differs between the two: the plans may be tied in cost.';
    return { inputs, why, next: undefined };
  }
  const next = told.map((one) => one.next).find((one) => one !== undefined);
  if (told.length === 1) return { inputs, why: only.why, next };
  const lead = each
    ? 'Each of them does it alone.'
    : `It takes ${told.length === 2 ? 'both' : 'all of them'} together.`;
  return { inputs, why: `${lead} ${told.map(({ why }) => why).join(' ')}`, next };
}

/** What of each input differs between the two sides of a case. */
export function inputFacts(
  one: ChangedCase,
  settings: (side: SideCase) => Readonly<Record<string, string>>,
): InputFacts {
  const { before, after } = one;
  return {
    query: () => queryWords(one),
    schema: () => ({ why: schemaWords(one) }),
    statistics: () => ({ why: statisticsWords(one) }),
    settings: () => ({ why: settingsWords(settings(before), settings(after)) }),
    major: () => ({ why: `${before.server} → ${after.server}.` }),
  };
}

/** Why the table that is reached worse than before is not bounded, as its conditions tell; else what differs at all. */
function queryWords({ before, after, diff }: ChangedCase): InputWords {
  const told = conditionWords(diff, after);
  if (told !== undefined) return told;
  if (before.statement.text !== after.statement.text) return { why: 'The text of the query changed.' };
  const [was, is] = [before, after].map(({ report }) => report.values.map((value) => value ?? 'NULL').join(', '));
  if (was !== is) return { why: `The values of the scenario changed: ${was} → ${is}.` };
  return { why: 'The types of the parameters changed.' };
}

/** Why no index bounds a table that is reached worse than before; undefined where nothing tells. */
export function conditionWords({ accesses }: PlanDiff, after: SideCase): InputWords | undefined {
  const worse = accesses.flatMap(({ after: access, direction }) => (direction === 'worse' && access ? access : []));
  for (const access of worse) {
    const found = after.report.findings.find(
      ({ path, table }) => path === access.path && table === access.table,
    )?.cause;
    const cause = found ?? unbounded(access, after);
    if (cause !== undefined && cause.kind !== 'unknown') return { why: cause.why, next: cause.next };
  }
  return undefined;
}

function unbounded(access: Access, { statement, catalog }: SideCase): ReturnType<typeof findCause> | undefined {
  if (access.kind === 'bounded' || statement.facts === undefined) return undefined;
  return findCause({ access, conditions: statement.facts.conditions, catalog, alternative: undefined });
}

/** The tables that the two plans reach, those that are reached differently first. */
function tablesOf({ before, after, diff }: ChangedCase): string[] {
  const changed = diff.accesses.flatMap((one) => [one.after, one.before]);
  const all = [...changed, ...after.report.accesses, ...before.report.accesses];
  return [
    ...new Set(all.flatMap((access) => (access?.schema === undefined ? [] : `${access.schema}.${access.table}`))),
  ];
}

const plain = (name: string) => name.replace(/^public\./, '');
const SHOWN = 3;

function schemaWords(one: ChangedCase): string {
  const { before, after } = one;
  const sentences = tablesOf(one).flatMap((table) => {
    const [was, is] = [indexesOf(table, before.catalog), indexesOf(table, after.catalog)];
    const lost = [...was].filter(([name, definition]) => is.get(name) !== definition).map(([name]) => name);
    const added = [...is].filter(([name, definition]) => was.get(name) !== definition).map(([name]) => name);
    const redefined = lost.filter((name) => added.includes(name));
    const only = (names: readonly string[]) => names.filter((name) => !redefined.includes(name));
    const changes = [
      ['lost', only(lost)],
      ['gained', only(added)],
      ['redefined', redefined],
    ] as const;
    return changes.flatMap(([what, names]) => {
      if (names.length === 0) return [];
      const index = `${names.length === 1 ? 'the index' : 'the indexes'} ${some(names)}`;
      return what === 'redefined'
        ? `The schema defines ${index} of ${plain(table)} anew.`
        : `${plain(table)} ${what} ${index}.`;
    });
  });
  if (sentences.length > 0) return sentences.slice(0, SHOWN).join(' ');
  const columns = tablesOf(one).filter((table) => {
    const names = ({ catalog }: SideCase) => catalog.tables.get(table)?.columns.join();
    return names(before) !== names(after);
  });
  return columns.length > 0 ? `The schema changed the columns of ${some(columns.map(plain))}.` : 'The schema changed.';
}

/** Indexes of a table by name, each in words that are equal where the indexes are. */
function indexesOf(table: string, { indexes }: Catalog): Map<string, string> {
  const own = [...indexes.values()].filter((index) => index.table === table);
  const define = ({ method, keys, unique, valid, predicate }: IndexFacts) =>
    JSON.stringify([method, keys.map(({ expression }) => expression), unique, valid, predicate]);
  return new Map(own.map((index) => [index.name, define(index)]));
}

function statisticsWords(one: ChangedCase): string {
  const facts = ({ catalog }: SideCase, table: string) => catalog.tables.get(table);
  const sizes = tablesOf(one).flatMap((table) => {
    const [was, is] = [facts(one.before, table), facts(one.after, table)];
    if (was === undefined || is === undefined || (was.tuples === is.tuples && was.pages === is.pages)) return [];
    return `${plain(table)} ${sizeOf(was, is)}`;
  });
  if (sizes.length > 0) return `Other sizes: ${some(sizes)}.`;
  return `Other values of ${some(tablesOf(one).map(plain)) || 'the tables'}.`;
}

function sizeOf(was: TableFacts, is: TableFacts): string {
  const rows = (tuples: number) => (tuples < 0 ? 'never analysed' : `${integer(tuples)} rows`);
  if (was.tuples !== is.tuples) return `${rows(was.tuples)} → ${rows(is.tuples)}`;
  return `${integer(was.pages)} → ${integer(is.pages)} pages`;
}

const integer = (value: number) => Math.round(value).toLocaleString('en-US');

function settingsWords(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changes = names
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} ${before[name] ?? 'default'} → ${after[name] ?? 'default'}`);
  return changes.length === 0 ? 'Another role plans.' : `${some(changes)}.`;
}
