import { PlanGuardError, PlanGuardErrors } from '../errors.js';
import type { Engine } from '../postgres/engine.js';
import type { PlanningServer } from '../postgres/model.js';
import { openReplica, type ReplicaSource } from '../postgres/replica.js';
import { extensionsIn, readScripts } from '../postgres/scripts.js';
import { openDatabase } from '../postgres/url.js';
import type { CaseReport, KnownBadReport, Notice, SuiteReport } from '../report/model.js';
import type { Suite } from '../suite/model.js';
import { checkNames } from './check-names.js';
import { collectStatements } from './collect-statements.js';
import { biteNotice, CoverageOf } from './coverage.js';
import { judgeCases } from './judge.js';
import { isKnownBad, judgeKnownBad } from './known-bad.js';
import { planStatements } from './plan-statements.js';
import { checkExtensions, withSettingsPlaced } from './postgres-keys.js';
import { namedValues } from './redaction.js';
import type { GuardedStatement } from './statements.js';
import {
  planWith,
  readStatisticsSets,
  type StatisticsSet,
  searchPathOf,
  statisticsNotices,
} from './statistics-sets.js';

export interface SuiteOptions {
  readonly filter: string | undefined;
  /** The database that plans where the suite's engine is `url`; undefined: the environment names it. */
  readonly databaseUrl: string | undefined;
  /** The key of redacted statistics. */
  readonly redactKey: string | undefined;
  /** What the age of statistics is told by. */
  readonly now: Date;
  readonly onProgress: (message: string, slow: boolean) => void;
  readonly onOutput: (text: string) => void;
}

export interface CheckedSuite {
  readonly suite: Suite;
  readonly report: SuiteReport;
  readonly cases: readonly CaseReport[];
  readonly knownBad: readonly KnownBadReport[];
  readonly notices: readonly Notice[];
}

/**
 * Plans and judges the queries of one suite, with each of its statistics sets.
 * @returns only the names of its queries where the filter leaves no case
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function checkSuite(
  suite: Suite,
  engine: Engine,
  { filter, databaseUrl, redactKey, now, onProgress, onOutput }: SuiteOptions,
): Promise<CheckedSuite | { readonly queries: readonly string[] }> {
  const progress = (message: string) => onProgress(`${suite.name}: ${message}`, false);
  const schema = await readScripts(suite.schema, 'schema');
  const extensions = [...new Set([...suite.postgres.extensions, ...extensionsIn(schema)])];
  if (suite.postgres.engine === 'pglite') await checkExtensions(suite, schema, extensions);
  const statisticsSets = await readStatisticsSets(suite);
  const source: Omit<ReplicaSource, 'statistics'> = {
    schema,
    cluster: {
      locale: suite.postgres.locale,
      extensions,
      onInitdb: () => onProgress('first run: preparing PostgreSQL (some seconds)', true),
    },
    session: { settings: suite.postgres.settings, role: suite.postgres.role },
  };
  const seeded = {
    settings: { ...searchPathOf(statisticsSets), ...suite.postgres.settings },
    role: source.session.role,
  };
  const statements = await collectStatements({
    suite,
    source: { ...source, session: seeded },
    engine,
    onProgress: progress,
    onOutput,
  });
  const good = statements.filter(({ entry }) => !isKnownBad(entry));
  const selected = applyFilter(good, filter);
  if (selected.length === 0) return { queries: [...new Set(good.map(({ query }) => query))] };
  const bad = statements.filter(({ entry }) => isKnownBad(entry));
  const badQueries = new Set(bad.map(({ query }) => query));
  const sets: readonly (StatisticsSet | undefined)[] = statisticsSets.length > 0 ? statisticsSets : [undefined];
  const cases: CaseReport[] = [];
  const knownBad: KnownBadReport[] = [];
  const notices: Notice[] = [];
  let coverage: CoverageOf | undefined;
  let serverName = '';
  const existing = suite.postgres.engine === 'url';
  const own = existing ? 'database' : 'none';
  for (const set of sets) {
    const name = set?.named.name ?? own;
    progress(existing ? 'connecting to the database' : `preparing the replica (${name})`);
    const planned = set && planWith(set, redactKey, () => namedValues(suite, statements, schema));
    const statistics = planned?.source;
    const server = await withSettingsPlaced(suite, () =>
      existing ? openDatabase(databaseUrl, source.session) : openReplica(engine, { ...source, statistics }),
    );
    await withServer(server, async () => {
      serverName = server.name;
      checkNames(suite, server.catalog);
      let count = 0;
      const counted = (planned: number) => {
        count += planned;
        progress(`${count} plans (${name})`);
      };
      const cased = await planStatements(server, [...selected, ...bad], counted);
      const judged = await judgeCases(server, cased, { suite, statistics: name, redaction: planned?.redaction });
      const asked = judged.filter(({ query }) => !badQueries.has(query));
      cases.push(...asked);
      knownBad.push(...judgeKnownBad(suite, name, bad, judged));
      coverage ??= new CoverageOf(suite, selected, server.catalog);
      coverage.add(name, server.catalog, asked);
      notices.push(...server.remarks.map((message) => remark(suite, message, set)));
      if (set && planned) notices.push(...statisticsNotices(set, planned, { suite, server, now }));
    });
  }
  notices.push(...(coverage?.notices(filter !== undefined) ?? []), ...biteNotice(suite));
  const report: SuiteReport = {
    name: suite.name,
    file: suite.file,
    engine: serverName,
    unverified: suite.unverified,
    statistics: sets.map((set) => set?.named.name ?? own),
    scenarios: new Set(cases.flatMap(({ scenarios }) => scenarios)).size,
    queries: new Set(selected.map(({ query }) => query)).size,
    statements: selected.length,
    coverage: coverage?.coverage ?? [],
  };
  return { suite, report, cases, knownBad, notices };
}

function applyFilter(statements: readonly GuardedStatement[], filter: string | undefined): GuardedStatement[] {
  if (filter === undefined) return [...statements];
  return statements.flatMap((statement) => {
    if ([statement.query, statement.label].some((name) => name.includes(filter))) return [statement];
    const bindings = statement.bindings.filter(({ scenario }) => scenario?.name.includes(filter));
    return bindings.length > 0 ? [{ ...statement, bindings }] : [];
  });
}

async function withServer(server: PlanningServer, work: () => Promise<void>): Promise<void> {
  let reuse = false;
  try {
    await work();
    reuse = true;
  } catch (error) {
    // Bad input leaves the replica as it was; anything else may not have.
    const errors = error instanceof PlanGuardErrors ? error.errors : [error];
    reuse = errors.every((one) => one instanceof PlanGuardError && one.code !== 'engine');
    throw error;
  } finally {
    await server.close({ reuse });
  }
}

function remark(suite: Suite, message: string, set: StatisticsSet | undefined): Notice {
  const file = set?.named.file ?? suite.file;
  return { suite: suite.name, level: 'warning', message, next: undefined, file, line: 1, column: 1 };
}
