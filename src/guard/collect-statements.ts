import { dirname, relative } from 'node:path';
import { PlanGuardError, PlanGuardErrors, throwAll } from '../errors.js';
import type { Engine } from '../postgres/engine.js';
import type { ReplicaSource } from '../postgres/replica.js';
import { readScripts } from '../postgres/scripts.js';
import { SeededDatabase } from '../postgres/seeded.js';
import { Recorder } from '../recording/recorder.js';
import type { KnownBadEntry, ModuleSource, QueryEntry, Suite } from '../suite/model.js';
import { withSettingsPlaced } from './postgres-keys.js';
import { scenarioCases } from './scenario-cases.js';
import { type GuardedStatement, statementsOfFile, statementsOfModule } from './statements.js';

export interface CollectOptions {
  readonly suite: Suite;
  readonly source: Omit<ReplicaSource, 'statistics'>;
  readonly engine: Engine;
  readonly onProgress: (message: string) => void;
  /** Told what a module prints. */
  readonly onOutput: (text: string) => void;
}

/**
 * Reads the SQL files of a suite, and records what its modules send on the seeded rows.
 * @throws {PlanGuardError | PlanGuardErrors} for all queries that are wrong at once
 */
export async function collectStatements(options: CollectOptions): Promise<GuardedStatement[]> {
  const { suite } = options;
  const errors: PlanGuardError[] = [];
  const statements: GuardedStatement[][] = [];
  const modules = new ModuleStatements(options);
  try {
    for (const entry of [...suite.queries, ...suite.knownBad]) {
      try {
        statements.push(
          entry.source.kind === 'file' ? await statementsOfFile(entry, suite) : await modules.of(entry, entry.source),
        );
      } catch (error) {
        errors.push(...inputErrors(error));
      }
    }
  } finally {
    await modules.close();
  }
  throwAll([...errors, ...duplicateNames(statements, suite)]);
  return statements.flat();
}

/** What is wrong with a query goes on being collected; anything else is thrown again. */
function inputErrors(error: unknown): readonly PlanGuardError[] {
  if (error instanceof PlanGuardErrors) return error.errors;
  if (error instanceof PlanGuardError && !['engine', 'schema', 'seed', 'suite'].includes(error.code)) return [error];
  throw error;
}

/** Runs the functions of a suite's modules; the seeded rows and the thread are made for the first one. */
class ModuleStatements {
  readonly #options: CollectOptions;
  #seeded: SeededDatabase | undefined;
  #recorder: Recorder | undefined;

  constructor(options: CollectOptions) {
    this.#options = options;
  }

  async of(entry: QueryEntry | KnownBadEntry, source: ModuleSource): Promise<GuardedStatement[]> {
    const { suite, onProgress, onOutput } = this.#options;
    this.#recorder ??= new Recorder(onOutput);
    this.#seeded ??= await this.#open();
    onProgress(`${suite.name}: running ${entry.name ?? source.export}`);
    const scenarios = scenarioCases(entry, suite);
    const target = { file: source.file, export: source.export, where: entry.where, timeout: suite.moduleTimeout };
    const runs = scenarios.map(({ name, values }) => ({ scenario: name, values }));
    try {
      return await statementsOfModule(entry, scenarios, await this.#recorder.record(target, this.#seeded, runs));
    } catch (error) {
      // A function that hangs or ended its thread must not be taken for the next one.
      await this.#recorder.close();
      this.#recorder = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#recorder?.close();
    await this.#seeded?.close();
  }

  async #open(): Promise<SeededDatabase> {
    const { suite, source, engine, onProgress } = this.#options;
    onProgress(`${suite.name}: preparing the seeded rows`);
    const seed = await readScripts(suite.seed, 'seed');
    return withSettingsPlaced(suite, () => SeededDatabase.open(engine, { ...source, seed }));
  }
}

/** Names that the suite file states are checked with it; those that SQL files state can only be checked here. */
function duplicateNames(statements: readonly (readonly GuardedStatement[])[], suite: Suite): PlanGuardError[] {
  const owners = new Map<string, GuardedStatement>();
  const errors: PlanGuardError[] = [];
  for (const group of statements) {
    const queries = new Map(group.map((statement) => [statement.query, statement]));
    for (const [query, statement] of queries) {
      const owner = owners.get(query);
      if (owner === undefined) owners.set(query, statement);
      else errors.push(duplicateName(statement, owner, suite));
    }
  }
  return errors;
}

function duplicateName(statement: GuardedStatement, first: GuardedStatement, suite: Suite): PlanGuardError {
  const { file = suite.file, line } = first.sql.origin === 'file' ? first.sql : first.entry.where;
  const other = `${relative(dirname(suite.file), file)}:${line}`;
  return new PlanGuardError('query', `Two queries are called "${statement.query}"; the first is ${other}.`, {
    where: statement.sql.origin === 'file' ? statement.sql : statement.entry.where,
    hint: 'Name each query differently: "name" in the suite file, or -- name: x above the statement.',
  });
}
