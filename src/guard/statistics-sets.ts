import { readFile } from 'node:fs/promises';
import { PlanGuardError } from '../errors.js';
import type { Catalog } from '../plan/model.js';
import { resolveTable } from '../plan/names.js';
import type { PlanningServer } from '../postgres/model.js';
import type { ReplicaSource } from '../postgres/replica.js';
import type { Notice } from '../report/model.js';
import { formatStatistics } from '../statistics/format.js';
import type { Statistics } from '../statistics/model.js';
import { parseStatistics, parseStatisticsHead, type StatisticsHead } from '../statistics/read.js';
import { RedactionKey } from '../statistics/redaction-key.js';
import { ageInDays, missingByKind } from '../statistics/summarize.js';
import type { NamedFile, Suite } from '../suite/model.js';
import { ruledNames } from './check-names.js';
import { type Redaction, redactionOf } from './redaction.js';
import { some } from './some.js';

/** One statistics file of a suite. */
export interface StatisticsSet {
  readonly named: NamedFile;
  readonly text: string;
  /** What it tells beside its tables, which are read where they are needed. */
  readonly head: StatisticsHead;
}

/** @throws {PlanGuardError | PlanGuardErrors} for a file that cannot be read, or whose head is wrong */
export async function readStatisticsSets(suite: Suite): Promise<readonly StatisticsSet[]> {
  const sets: StatisticsSet[] = [];
  for (const named of suite.statistics) {
    const text = await readFile(named.file, 'utf8').catch((error: Error) => {
      throw new PlanGuardError('file', `The statistics file cannot be read: ${error.message}`, {
        where: named.where,
        hint: `Correct the path of "${named.name}" under "statistics".`,
        cause: error,
      });
    });
    sets.push({ named, text, head: parseStatisticsHead(text, named.file) });
  }
  return sets;
}

/** PostgreSQL's own, which says nothing about a database. */
const DEFAULT_SEARCH_PATH = '"$user", public';

/** The search path of the first set that tells one; the schema may set another where it is PostgreSQL's own. */
export function searchPathOf(sets: readonly StatisticsSet[]): Readonly<Record<string, string>> {
  const path = sets.map(({ head }) => head.search_path).find((one) => one !== undefined);
  return path === undefined || path === DEFAULT_SEARCH_PATH ? {} : { search_path: path };
}

export interface PlannedStatistics {
  readonly source: NonNullable<ReplicaSource['statistics']>;
  /** Undefined where no value is redacted. */
  readonly redaction: Redaction | undefined;
}

/**
 * What a replica is made of. In redacted statistics, the values that the suite names anyway take the places of their
 * stand-ins, where the key is given.
 * @param values those that the suite names; asked for where they are needed
 * @throws {PlanGuardError | PlanGuardErrors} `usage` or `statistics` for a wrong key; what {@link parseStatistics} throws
 */
export async function planWith(
  set: StatisticsSet,
  secret: string | undefined,
  values: () => Promise<Iterable<string>>,
): Promise<PlannedStatistics> {
  const { text, head } = set;
  const { file } = set.named;
  const settings = { ...lowerCased(head.settings ?? {}), ...searchPathOf([set]) };
  if (head.redaction === undefined) {
    return { source: { file, text, settings, parse: () => parseStatistics(text, file) }, redaction: undefined };
  }
  const redacted = parseStatistics(text, file);
  const redaction = redactionOf(redacted, secret !== undefined);
  if (secret === undefined) return { source: { file, text, settings, parse: () => redacted }, redaction };
  const revealed = await reveal(redacted, await values(), new RedactionKey(secret), file);
  return { source: { file, text: formatStatistics(revealed), settings, parse: () => revealed }, redaction };
}

async function reveal(
  redacted: Statistics,
  values: Iterable<string>,
  key: RedactionKey,
  file: string,
): Promise<Statistics> {
  const { revealValues } = await import('../statistics/reveal.js');
  try {
    return revealValues(redacted, values, key);
  } catch (error) {
    if (!(error instanceof PlanGuardError)) throw error;
    const { code, message, hint } = error;
    throw new PlanGuardError(code, message, { where: { file }, cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}

function lowerCased(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name.toLowerCase(), value]));
}

/** What is worth knowing about a statistics set before its plans are believed. */
export function statisticsNotices(
  { named, head }: StatisticsSet,
  { source, redaction }: PlannedStatistics,
  { suite, server, now }: { readonly suite: Suite; readonly server: PlanningServer; readonly now: Date },
): Notice[] {
  const at = { kind: 'note', suite: suite.name, file: named.file, line: 1, column: 1 } as const;
  const warn = (message: string, next: string): Notice => ({ ...at, level: 'warning', message, next });
  const ruled = ruledTables(suite, server.catalog);
  const whole = redaction === undefined ? { ...head, tables: {} } : source.parse();
  return [
    ...about(olderThan(head, suite.maxAge, now), 'Pull them again: plan-guard stats pull.', warn),
    ...about(otherMajor(head, server), planningWith(head), warn),
    ...(redaction === undefined || redaction.keyed
      ? []
      : [
          warn(
            'The statistics are redacted and no key is given: values that scenarios and queries name are not recognised.',
            'Set PLAN_GUARD_REDACT_KEY to the key of the pull.',
          ),
        ]),
    ...missingByKind(whole).flatMap((sentences) => aboutMissing(sentences, server.remarks, warn)),
    ...aboutAccessMethods(ruled, server.catalog, warn),
    ...aboutPolicies(head, ruled, server.catalog).map((message): Notice => {
      const next = 'Put the policies into the schema, and state the application’s role as postgres.role.';
      return { ...at, level: 'unverified', message, next };
    }),
  ];
}

type Warn = (message: string, next: string) => Notice;

function about(message: string | undefined, next: string, warn: Warn): Notice[] {
  return message === undefined ? [] : [warn(message, next)];
}

function olderThan({ pulled_at }: StatisticsHead, maxAge: number | undefined, now: Date): string | undefined {
  if (pulled_at === undefined || maxAge === undefined) return undefined;
  const age = ageInDays(pulled_at, now);
  return age > maxAge ? `The statistics are ${days(age)} old; max-age allows ${days(maxAge)}.` : undefined;
}

const days = (count: number) => (count === 1 ? '1 day' : `${count} days`);

const majorOf = (version: string) => /^\d+/.exec(version)?.[0];

function otherMajor({ server_version }: StatisticsHead, server: PlanningServer): string | undefined {
  const major = majorOf(server_version);
  if (major === undefined || major === majorOf(server.version)) return undefined;
  return `The statistics are of PostgreSQL ${major}, and the plans of ${server.name}: the two may plan differently.`;
}

function planningWith({ server_version }: StatisticsHead): string {
  return `Plan with production’s version: postgres: { engine: native, version: ${majorOf(server_version)} }.`;
}

const SHOWN = 3;

/** One notice for one kind, without what the replica has told of already. */
function aboutMissing(sentences: readonly string[], told: readonly string[], warn: Warn): Notice[] {
  const untold = sentences.filter((sentence) => {
    const [name = ''] = sentence.split(' ');
    return !told.some((remark) => remark.includes(name));
  });
  if (untold.length === 0) return [];
  const shown = untold.slice(0, SHOWN).join(' ');
  const more = untold.length > SHOWN ? ` And ${untold.length - SHOWN} more.` : '';
  const next = 'Plans that rest on them may differ. plan-guard stats show lists all.';
  return [warn(`The statistics do not carry everything: ${shown}${more}`, next)];
}

/** Methods whose cost estimate reads the index's own pages, which the replica does not have (`amcostestimate`). */
const READS_METAPAGE = new Set(['gin', 'brin', 'ivfflat', 'hnsw']);

function aboutAccessMethods(ruled: ReadonlySet<string>, { indexes }: Catalog, warn: Warn): Notice[] {
  const found = [...indexes.values()].filter(({ table, method }) => ruled.has(table) && READS_METAPAGE.has(method));
  if (found.length === 0) return [];
  const methods = [...new Set(found.map(({ method }) => method))].sort().join(', ');
  const names = some(found.map(({ name }) => name));
  return [
    warn(
      `The planner looks into indexes of the kind ${methods} (${names}), and statistics do not carry what stands there: their cost is a rough one.`,
      'Where a verdict rests on one of them, compare it with a real database’s: plan-guard check --database-url.',
    ),
  ];
}

/** Tables whose rows production's policies choose, where the schema has no such policies. */
function aboutPolicies({ row_security }: StatisticsHead, ruled: ReadonlySet<string>, catalog: Catalog): string[] {
  const open = (row_security?.tables ?? []).filter(
    (table) => ruled.has(table) && catalog.tables.get(table)?.rowSecurity === false,
  );
  if (open.length === 0) return [];
  return [
    `Production has row-level security on ${open.join(', ')}, and the schema does not: plans lack its conditions.`,
  ];
}

function ruledTables(suite: Suite, catalog: Catalog): ReadonlySet<string> {
  const rules = [suite.rules, ...suite.queries.map((entry) => entry.rules)];
  return new Set(rules.flatMap(ruledNames).flatMap(({ table }) => resolveTable(table, catalog) ?? []));
}
