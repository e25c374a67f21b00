import { PlanGuardError, PlanGuardErrors } from '../errors.js';
import type { Engine } from '../postgres/engine.js';
import type { PlanningServer } from '../postgres/model.js';
import { openReplica, type ReplicaSource } from '../postgres/replica.js';
import { extensionsIn, readScripts } from '../postgres/scripts.js';
import { openDatabase } from '../postgres/url.js';
import type { Suite } from '../suite/model.js';
import { checkNames } from './check-names.js';
import { collectStatements } from './collect-statements.js';
import { isKnownBad } from './known-bad.js';
import { type PlannedCase, planStatements } from './plan-statements.js';
import { checkExtensions, withSettingsPlaced } from './postgres-keys.js';
import { namedValues } from './redaction.js';
import type { GuardedStatement } from './statements.js';
import {
  type PlannedStatistics,
  planWith,
  readStatisticsSets,
  type StatisticsSet,
  searchPathOf,
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

/** The statements of a suite. */
export interface SuiteStatements {
  /** Those that are asked about: what the filter leaves. */
  readonly selected: readonly GuardedStatement[];
  readonly knownBad: readonly GuardedStatement[];
  /** Names of all queries but the known-bad ones. */
  readonly queries: readonly string[];
  readonly sets: readonly StatisticsSet[];
}

/** What a suite's statements are planned with: one of its statistics sets. */
export interface PlannedSet {
  /** The set's name; `none` without one, `database` where an existing one plans. */
  readonly name: string;
  readonly set: StatisticsSet | undefined;
  readonly statistics: PlannedStatistics | undefined;
  readonly server: PlanningServer;
  /** Of the selected statements and of the known-bad ones. */
  readonly cases: readonly PlannedCase[];
}

/**
 * Plans the statements of one suite with each of its statistics sets. The server of a set is open while `visit` has it.
 * @returns the statements; none is planned where the filter leaves none
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function planSuite(
  suite: Suite,
  engine: Engine,
  { filter, databaseUrl, redactKey, onProgress, onOutput }: SuiteOptions,
  visit: (planned: PlannedSet, statements: SuiteStatements) => Promise<void>,
): Promise<SuiteStatements> {
  const progress = (message: string) => onProgress(`${suite.name}: ${message}`, false);
  const schema = await readScripts(suite.schema, 'schema');
  const extensions = [...new Set([...suite.postgres.extensions, ...extensionsIn(schema)])];
  if (suite.postgres.engine === 'pglite') await checkExtensions(suite, schema, extensions);
  const sets = await readStatisticsSets(suite);
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
    settings: { ...searchPathOf(sets), ...suite.postgres.settings },
    role: source.session.role,
  };
  const all = await collectStatements({
    suite,
    source: { ...source, session: seeded },
    engine,
    onProgress: progress,
    onOutput,
  });
  const good = all.filter(({ entry }) => !isKnownBad(entry));
  const statements: SuiteStatements = {
    selected: applyFilter(good, filter),
    knownBad: all.filter(({ entry }) => isKnownBad(entry)),
    queries: [...new Set(good.map(({ query }) => query))],
    sets,
  };
  if (statements.selected.length === 0) return statements;
  const existing = suite.postgres.engine === 'url';
  for (const set of sets.length > 0 ? sets : [undefined]) {
    const name = set?.named.name ?? (existing ? 'database' : 'none');
    progress(existing ? 'connecting to the database' : `preparing the replica (${name})`);
    const statistics = set && planWith(set, redactKey, () => namedValues(suite, all, schema));
    const server = await withSettingsPlaced(suite, () =>
      existing
        ? openDatabase(databaseUrl, source.session)
        : openReplica(engine, { ...source, statistics: statistics?.source }),
    );
    await withServer(server, async () => {
      checkNames(suite, server.catalog);
      let count = 0;
      const counted = (planned: number) => {
        count += planned;
        progress(`${count} plans (${name})`);
      };
      const cases = await planStatements(server, [...statements.selected, ...statements.knownBad], counted);
      await visit({ name, set, statistics, server, cases }, statements);
    });
  }
  return statements;
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
