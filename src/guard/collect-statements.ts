import { dirname, relative } from 'node:path';
import { PlanGuardError, PlanGuardErrors, throwAll } from '../errors.js';
import type { Engine } from '../postgres/engine.js';
import type { ReplicaSource } from '../postgres/replica.js';
import { readScripts } from '../postgres/scripts.js';
import { type Loan, SeededDatabase } from '../postgres/seeded.js';
import { type RecordedStatement, Recorder } from '../recording/recorder.js';
import type { KnownBadEntry, ModuleSource, QueryEntry, Suite } from '../suite/model.js';
import { withSettingsPlaced } from './postgres-keys.js';
import { type ScenarioCase, scenarioCases } from './scenario-cases.js';
import { type GuardedStatement, statementsOfFile, statementsOfModule } from './statements.js';

export interface CollectOptions {
  readonly suite: Suite;
  readonly source: Omit<ReplicaSource, 'statistics'>;
  readonly engine: Engine;
  readonly onProgress: (message: string) => void;
  /** Told what a module prints. */
  readonly onOutput: (text: string) => void;
}

/** Statements that are being collected. */
export interface Collecting {
  /** Those of each query, known-bad ones last; none where it is wrong, which `all` tells. They never reject. */
  readonly byQuery: readonly Promise<readonly GuardedStatement[]>[];
  /**
   * All of them, once everything that ran for them has ended.
   * @throws {PlanGuardError | PlanGuardErrors} for all queries that are wrong at once
   */
  readonly all: Promise<readonly GuardedStatement[]>;
  /** The seeded rows are made, or not wanted. It never rejects. */
  readonly made: Promise<void>;
}

/** Reads the SQL files of a suite, and records what its modules send on the seeded rows: one of them after the other. */
export function collectStatements(options: CollectOptions): Collecting {
  const { suite } = options;
  const modules = new ModuleStatements(options);
  const entries = [...suite.queries, ...suite.knownBad];
  const queries = entries.map((entry) =>
    entry.source.kind === 'file' ? statementsOfFile(entry, suite) : modules.of(entry, entry.source),
  );
  const all = Promise.allSettled(queries).then(async (settled) => {
    const ends = [...settled, ...(await Promise.allSettled([modules.close()]))];
    const statements = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const errors = ends.flatMap((one) => (one.status === 'rejected' ? inputErrors(one.reason) : []));
    throwAll([...errors, ...duplicateNames(statements, suite)]);
    return statements.flat();
  });
  const made = entries.some(({ source }) => source.kind === 'module') ? modules.made : Promise.resolve();
  return { byQuery: queries.map((query) => query.catch(() => [])), all, made };
}

/** What is wrong with a query goes on being collected; anything else is thrown again. */
function inputErrors(error: unknown): readonly PlanGuardError[] {
  if (error instanceof PlanGuardErrors) return error.errors;
  if (error instanceof PlanGuardError && !['engine', 'schema', 'seed', 'suite'].includes(error.code)) return [error];
  throw error;
}

/** Runs the functions of a suite's modules. */
class ModuleStatements {
  readonly #options: CollectOptions;
  readonly #recorder: Recorder;
  #turn: Promise<unknown> = Promise.resolve();
  #tellMade: () => void = () => {};
  /** The seeded rows are made, for the first function, cannot be, or are not wanted. */
  readonly made = new Promise<void>((resolve) => {
    this.#tellMade = resolve;
  });

  constructor(options: CollectOptions) {
    this.#options = options;
    this.#recorder = new Recorder((openIn) => this.#open(openIn), options.onOutput);
  }

  async of(entry: QueryEntry | KnownBadEntry, source: ModuleSource): Promise<GuardedStatement[]> {
    const scenarios = scenarioCases(entry, this.#options.suite);
    const recorded = this.#turn.then(() => this.#record(entry, source, scenarios));
    this.#turn = recorded.catch(() => {});
    return statementsOfModule(entry, scenarios, await recorded);
  }

  /**
   * Nothing may run any more.
   * @throws {PlanGuardError | PlanGuardErrors} what functions did after they had ended
   */
  close(): Promise<void> {
    this.#tellMade();
    return this.#recorder.close();
  }

  async #record(
    entry: QueryEntry | KnownBadEntry,
    source: ModuleSource,
    scenarios: readonly ScenarioCase[],
  ): Promise<readonly (readonly RecordedStatement[])[]> {
    const { suite, onProgress } = this.#options;
    onProgress(`running ${entry.name ?? source.export}`);
    const target = { file: source.file, export: source.export, where: entry.where, timeout: suite.moduleTimeout };
    const runs = scenarios.map(({ name, values }) => ({ scenario: name, values }));
    return this.#recorder.record(target, runs);
  }

  async #open(openIn: (loan: Loan) => Promise<void>): Promise<SeededDatabase> {
    const { suite, source, engine, onProgress } = this.#options;
    onProgress('preparing the seeded rows');
    try {
      const seed = await readScripts(suite.seed, 'seed');
      return await withSettingsPlaced(suite, () =>
        SeededDatabase.open(engine, { ...source, seed }, (loan) => {
          this.#tellMade();
          return openIn(loan);
        }),
      );
    } finally {
      this.#tellMade();
    }
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
