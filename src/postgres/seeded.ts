import type { Database } from './database.js';
import { type ClusterOptions, type Engine, type PreparedDirectory, using } from './engine.js';
import { type Lent, lend } from './lend.js';
import { hashScripts, runScripts, type Script } from './scripts.js';
import { applySettings, type SessionSettings } from './settings.js';

export interface SeedSource {
  readonly schema: readonly Script[];
  readonly seed: readonly Script[];
  readonly cluster: ClusterOptions;
  readonly session: SessionSettings;
}

/** A small database with the schema and the seeded rows, for code that has to execute. */
export class SeededDatabase {
  readonly #database: Database;
  readonly #prepared: PreparedDirectory;
  readonly #session: readonly SessionSettings[];
  #lent: Lent | undefined;
  #changed = false;

  private constructor(database: Database, prepared: PreparedDirectory, session: readonly SessionSettings[]) {
    this.#database = database;
    this.#prepared = prepared;
    this.#session = session;
  }

  /** @throws {PlanGuardError} `schema`, `seed` or `suite`, at the place that the server refused; `engine` */
  static async open(engine: Engine, source: SeedSource): Promise<SeededDatabase> {
    const { schema, seed, cluster } = source;
    // PGlite has no workers to run a parallel plan with.
    const serial = { settings: { max_parallel_workers_per_gather: '0' }, role: undefined };
    const session = [source.session, serial];
    return engine.openPrepared({
      kind: 'seeded',
      parts: [
        ['locale', cluster.locale],
        ['extensions', cluster.extensions.join()],
        ['schema', hashScripts(schema)],
        ['seed', hashScripts(seed)],
      ],
      cluster,
      build: async (data) => {
        await using(engine, data, cluster, async (database) => {
          await runScripts(database, schema, 'schema');
          await runScripts(database, seed, 'seed');
          await database.execute('CHECKPOINT');
        });
        return { facts: {} };
      },
      open: async (prepared) => {
        const database = await engine.open(prepared.data, cluster);
        try {
          for (const settings of session) await applySettings(database, settings);
          return new SeededDatabase(database, prepared, session);
        } catch (error) {
          await database.close().catch(() => {});
          throw error;
        }
      },
    });
  }

  /** Lets another thread work on the rows, in place of one that had them before and may have been ended. */
  async lend(): Promise<Pick<Lent, 'address' | 'transfer'>> {
    this.takeBack(true);
    this.#lent = await lend(this.#database, this.#session);
    return this.#lent;
  }

  /** @param changed whether the thread that had the rows may have changed the files of the database */
  takeBack(changed: boolean): void {
    if (this.#lent === undefined) return;
    this.#changed ||= changed;
    this.#lent.end();
    this.#lent = undefined;
  }

  async close(): Promise<void> {
    this.takeBack(true);
    try {
      await this.#database.close();
    } catch (error) {
      this.#prepared.discard();
      throw error;
    }
    // Rolled-back rows stay in the files until a vacuum that never comes.
    if (this.#changed) this.#prepared.discard();
    else this.#prepared.release();
  }
}
