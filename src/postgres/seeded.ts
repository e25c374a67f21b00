import { Pglite, type TextResult, type TextValue } from './pglite.js';
import { type ClusterOptions, keyOf, type PreparedDirectory, prepareDirectory } from './prepared-directory.js';
import { hashScripts, runScripts, type Script } from './scripts.js';
import { applySettings, type SessionSettings } from './settings.js';
import type { DirectoryStore } from './store.js';

export interface SeedSource {
  readonly schema: readonly Script[];
  readonly seed: readonly Script[];
  readonly cluster: ClusterOptions;
  readonly session: SessionSettings;
}

/** A small database with the schema and the seeded rows, for code that has to execute. */
export class SeededDatabase {
  readonly #database: Pglite;
  readonly #prepared: PreparedDirectory;
  #changed = false;

  private constructor(database: Pglite, prepared: PreparedDirectory) {
    this.#database = database;
    this.#prepared = prepared;
  }

  /** @throws {PlanGuardError} `schema`, `seed` or `suite`, at the place that the server refused */
  static async open(store: DirectoryStore, source: SeedSource): Promise<SeededDatabase> {
    const key = keyOf('seeded', [
      ['locale', source.cluster.locale],
      ['extensions', source.cluster.extensions.join()],
      ['schema', hashScripts(source.schema)],
      ['seed', hashScripts(source.seed)],
    ]);
    const prepared = await prepareDirectory(store, key, source.cluster, async (data) => {
      const database = await Pglite.open(data, source.cluster);
      try {
        await runScripts(database, source.schema, 'schema');
        await database.execute('RESET ALL');
        await runScripts(database, source.seed, 'seed');
        await database.execute('CHECKPOINT');
      } finally {
        await database.close();
      }
      return {};
    });
    const database = await Pglite.open(prepared.data, source.cluster);
    await applySettings(database, source.session);
    // PGlite has no workers to run a parallel plan with.
    await applySettings(database, { settings: { max_parallel_workers_per_gather: '0' }, role: undefined });
    return new SeededDatabase(database, prepared);
  }

  /** Runs the work in a transaction that is rolled back, so that every run sees the seeded rows alone. */
  async inTransaction<Result>(work: (query: SeededQuery) => Promise<Result>): Promise<Result> {
    await this.#database.execute('BEGIN');
    try {
      return await work((text, values) => this.#query(text, values));
    } finally {
      await this.#rollBack();
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
    // Rolled-back rows stay in the files until a vacuum that never comes.
    if (this.#changed) this.#prepared.lease.discard();
    else this.#prepared.lease.release();
  }

  /** A transaction that the code itself opens becomes a savepoint of ours. */
  async #query(text: string, values: readonly TextValue[]): Promise<TextResult> {
    const control =
      /^\s*(begin|start\s+transaction|commit|end|rollback)\s*(work|transaction)?\s*(isolation[\w\s,]*|read[\w\s,]*)?;?\s*$/i.exec(
        text,
      );
    const word = control?.[1]?.toLowerCase();
    if (word === undefined) return this.#database.query(text, values);
    const commands = {
      open: 'SAVEPOINT plan_guard',
      commit: 'RELEASE SAVEPOINT plan_guard',
      rollback: 'ROLLBACK TO SAVEPOINT plan_guard; RELEASE SAVEPOINT plan_guard',
    };
    const command = word === 'rollback' ? 'rollback' : word === 'commit' || word === 'end' ? 'commit' : 'open';
    await this.#database.execute(commands[command]);
    return { fields: [], rows: [], command: word.toUpperCase(), rowCount: undefined };
  }

  async #rollBack(): Promise<void> {
    const changed = await this.#database
      .query('SELECT pg_current_xact_id_if_assigned() IS NOT NULL')
      .then(({ rows }) => rows[0]?.[0] === 't')
      .catch(() => true);
    this.#changed ||= changed;
    await this.#database.execute('ROLLBACK');
  }
}

export type SeededQuery = (text: string, values: readonly TextValue[]) => Promise<TextResult>;
