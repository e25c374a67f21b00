import { type Address, type ClusterOptions, type Engine, type Lent, type PreparedDirectory, using } from './engine.js';
import { hashScripts, runScripts, type Script } from './scripts.js';
import type { SessionSettings } from './settings.js';

export interface SeedSource {
  readonly schema: readonly Script[];
  readonly seed: readonly Script[];
  readonly cluster: ClusterOptions;
  readonly session: SessionSettings;
}

/** The seeded rows as a thread gets them: see `borrow`. */
export interface Loan {
  readonly address: Address;
  /** What its session is set to, in this order. */
  readonly session: readonly SessionSettings[];
}

/** A small database with the schema and the seeded rows, for code that has to execute: it is open in another thread. */
export class SeededDatabase {
  readonly #lent: Lent;
  readonly #prepared: PreparedDirectory;

  private constructor(lent: Lent, prepared: PreparedDirectory) {
    this.#lent = lent;
    this.#prepared = prepared;
  }

  /**
   * @param openIn opens the rows in another thread
   * @throws {PlanGuardError} `schema`, `seed` or `suite`, at the place that the server refused; `engine`
   */
  static async open(
    engine: Engine,
    { schema, seed, cluster, session }: SeedSource,
    openIn: (loan: Loan) => Promise<void>,
  ): Promise<SeededDatabase> {
    // PGlite has no workers to run a parallel plan with.
    const serial = { settings: { max_parallel_workers_per_gather: '0' }, role: undefined };
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
        const lent = await engine.lend(prepared.data, cluster);
        try {
          await openIn({ address: lent.address, session: [session, serial] });
          return new SeededDatabase(lent, prepared);
        } catch (error) {
          await lent.end().catch(() => {});
          throw error;
        }
      },
    });
  }

  /**
   * The thread that has it must have closed it.
   * @param changed whether the files may be other than before: rows that were rolled back stay in them until a vacuum
   *   that never comes
   */
  async close({ changed }: { readonly changed: boolean }): Promise<void> {
    try {
      await this.#lent.end();
    } catch (error) {
      this.#prepared.discard();
      throw error;
    }
    if (changed) this.#prepared.discard();
    else this.#prepared.release();
  }
}
