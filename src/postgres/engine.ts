import type { ClientConfig } from 'pg';
import type { Database } from './database.js';
import type { InflatedRelation } from './inflate.js';

export interface ClusterOptions {
  readonly locale: string;
  readonly extensions: readonly string[];
  /** Told before an empty cluster is made, which takes seconds. */
  readonly onInitdb?: () => void;
}

/** What was made in a data directory. */
export interface Built {
  /** Kept beside the directory, as JSON. */
  readonly facts: unknown;
}

/** A data directory held by this run, whole and verified. */
export interface PreparedDirectory {
  readonly data: string;
  /** What `build` returned when the directory was made. */
  readonly facts: unknown;
  /** Gives the directory back as it is now; its server must have been closed. */
  release(): void;
  /** Removes the directory. */
  discard(): void;
}

/** How a data directory is made, and what is wanted of it. */
export interface Opening<Opened> {
  /** Names the kind of directory in the cache: letters alone. */
  readonly kind: string;
  /** Everything that the directory is made of, beside the engine. */
  readonly parts: readonly (readonly [name: string, content: string])[];
  readonly cluster: ClusterOptions;
  /** Fills a data directory that holds an empty cluster. */
  readonly build: (data: string) => Promise<Built>;
  readonly open: (prepared: PreparedDirectory) => Promise<Opened>;
}

/** How a thread opens a data directory that it was lent; it can be posted. */
export type Address =
  | { readonly kind: 'server'; readonly config: ClientConfig }
  | { readonly kind: 'pglite'; readonly data: string; readonly cluster: Omit<ClusterOptions, 'onInitdb'> };

/** A data directory that was lent to other threads. */
export interface Lent {
  readonly address: Address;
  /** Ends what serves it. Whoever borrowed it must have closed it. */
  end(): Promise<void>;
}

/** A PostgreSQL that opens data directories: everything that differs between PGlite, a real server and a container. */
export interface Engine {
  /** For reports: `PGlite 0.5.16`. */
  readonly name: string;
  /** For cache keys: everything that decides what a data directory is like. */
  readonly identity: string;
  /** Whether its databases run beside this process, so that several can work at once. */
  readonly parallel: boolean;
  /**
   * Opens a directory that an earlier run prepared in the same way, or prepares one.
   * @throws {PlanGuardError | PlanGuardErrors} what `build` and `open` throw of these; `engine` for anything else
   */
  openPrepared<Opened>(opening: Opening<Opened>): Promise<Opened>;
  /**
   * Opens a data directory; an empty one becomes a new cluster without data checksums, which the replica's pages do not
   * carry. Closing the database ends its server.
   * @throws {PlanGuardError} `engine`
   */
  open(data: string, cluster: ClusterOptions): Promise<Database>;
  /**
   * Lets other threads open a data directory that holds a cluster, in place of this one.
   * @throws {PlanGuardError} `engine`
   */
  lend(data: string, cluster: ClusterOptions): Promise<Lent>;
  /** Extends files of a closed database so that its relations have the claimed sizes. */
  inflate(data: string, relations: readonly InflatedRelation[]): Promise<void>;
  /** Ends what the engine runs beside its databases. Safe to call twice. */
  close(): Promise<void>;
}

/** Opens a data directory for the work and closes it, whatever becomes of the work. */
export async function using<Result>(
  engine: Pick<Engine, 'open'>,
  data: string,
  cluster: ClusterOptions,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await engine.open(data, cluster);
  let result: Result;
  try {
    result = await work(database);
  } catch (error) {
    await database.close().catch(() => {});
    throw error;
  }
  await database.close();
  return result;
}

/** Initialisation that every engine shares: only the database `postgres` is left, so that copies are small. */
export async function dropTemplates(database: Database): Promise<void> {
  await database.execute(`UPDATE pg_database SET datistemplate = false WHERE datname LIKE 'template%'`);
  for (const template of ['template0', 'template1']) await database.execute(`DROP DATABASE ${template}`);
  await database.execute('CHECKPOINT');
}
