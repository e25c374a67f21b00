import { PlanGuardError, PlanGuardErrors } from '../errors.js';
import type { Engine } from '../postgres/engine.js';
import type { PlanningServer } from '../postgres/model.js';
import { openReplica, type ReplicaSource } from '../postgres/replica.js';
import { extensionsIn, readScripts } from '../postgres/scripts.js';
import type { Suite } from '../suite/model.js';
import { type Collecting, collectStatements } from './collect-statements.js';
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

/** What the plans of a suite are made from, beside its statements: read from its files. */
export interface SuiteFiles {
  readonly suite: Suite;
  readonly sets: readonly StatisticsSet[];
  /** Schema, cluster and session; the statistics are one of `sets`. */
  readonly source: Omit<ReplicaSource, 'statistics'>;
}

/** Everything that the plans of a suite are made from: read from its files, and recorded from its modules. */
export interface SuiteInputs extends SuiteFiles {
  /** Those of known-bad queries too. */
  readonly statements: readonly GuardedStatement[];
}

export interface ReadOptions {
  readonly onProgress: (message: string, slow: boolean) => void;
  /** Told what a module prints. */
  readonly onOutput: (text: string) => void;
}

/**
 * Reads the files that a suite names, and runs its modules on the seeded rows.
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function readInputs(suite: Suite, engine: Engine, options: ReadOptions): Promise<SuiteInputs> {
  const files = await readFiles(suite, options);
  return { ...files, statements: await collect(files, engine, options).all };
}

/** @throws {PlanGuardError | PlanGuardErrors} for bad input */
export async function readFiles(suite: Suite, { onProgress }: Pick<ReadOptions, 'onProgress'>): Promise<SuiteFiles> {
  const schema = await readScripts(suite.schema, 'schema');
  const extensions = [...new Set([...suite.postgres.extensions, ...extensionsIn(schema)])];
  if (suite.postgres.engine === 'pglite') await checkExtensions(suite, schema, extensions);
  const sets = await readStatisticsSets(suite);
  const source: SuiteFiles['source'] = {
    schema,
    cluster: {
      locale: suite.postgres.locale,
      extensions,
      onInitdb: () => onProgress('first run: preparing PostgreSQL (some seconds)', true),
    },
    session: { settings: suite.postgres.settings, role: suite.postgres.role },
  };
  return { suite, sets, source };
}

/** Begins to collect the statements of a suite. */
export function collect(
  { suite, sets, source }: SuiteFiles,
  engine: Engine,
  { onProgress, onOutput }: ReadOptions,
): Collecting {
  const settings = { ...searchPathOf(sets), ...suite.postgres.settings };
  return collectStatements({
    suite,
    source: { ...source, session: { ...source.session, settings } },
    engine,
    onProgress: (message) => onProgress(`${suite.name}: ${message}`, false),
    onOutput,
  });
}

/** A server that plans a suite's statements with one of its statistics sets. */
export interface Planner {
  /** Name of the statistics set; `none`, or `database` where an existing one plans. */
  readonly name: string;
  readonly server: PlanningServer;
  /** What its statistics came to; undefined where there are none. */
  readonly planned: PlannedStatistics | undefined;
}

export interface PlannerOptions {
  /** The database that plans where the suite's engine is `url`; undefined: the environment names it. */
  readonly databaseUrl: string | undefined;
  /** The key of redacted statistics. */
  readonly redactKey: string | undefined;
  readonly onProgress: (message: string, slow: boolean) => void;
}

/** What plans of a suite are called that no statistics set names. */
export const nameOfSet = (suite: Suite, set: StatisticsSet | undefined): string =>
  set?.named.name ?? (suite.postgres.engine === 'url' ? 'database' : 'none');

/**
 * Opens the server that plans with a statistics set for the work, and closes it whatever becomes of the work.
 * @param statements waited for where redacted statistics take the values that they name
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails; what the work throws
 */
export async function withPlanner<Result>(
  { suite, source, statements }: SuiteFiles & { readonly statements: SuiteInputs['statements'] | Collecting['all'] },
  engine: Engine,
  set: StatisticsSet | undefined,
  { databaseUrl, redactKey, onProgress }: PlannerOptions,
  work: (planner: Planner) => Promise<Result>,
): Promise<Result> {
  const name = nameOfSet(suite, set);
  const existing = suite.postgres.engine === 'url';
  onProgress(`${suite.name}: ${existing ? 'connecting to the database' : `preparing the replica (${name})`}`, false);
  const named = async () => namedValues(suite, await statements, source.schema);
  const planned = set && (await planWith(set, redactKey, named));
  const server = await withSettingsPlaced(suite, async () => {
    if (!existing) return openReplica(engine, { ...source, statistics: planned?.source });
    const { openDatabase } = await import('../postgres/url.js');
    return openDatabase(databaseUrl, source.session);
  });
  return withServer(server, () => work({ name, server, planned }));
}

async function withServer<Result>(server: PlanningServer, work: () => Promise<Result>): Promise<Result> {
  let reuse = false;
  try {
    const result = await work();
    reuse = true;
    return result;
  } catch (error) {
    // Bad input leaves the replica as it was; anything else may not have.
    const errors = error instanceof PlanGuardErrors ? error.errors : [error];
    reuse = errors.every((one) => one instanceof PlanGuardError && one.code !== 'engine');
    throw error;
  } finally {
    await server.close({ reuse });
  }
}
