import { PlanGuardError } from '../errors.js';
import type { Catalog } from '../plan/model.js';
import { openClient } from '../statistics/connect.js';
import { Connection } from './connection.js';
import { type Database, isServerError } from './database.js';
import type { ExplainRequest, PlanningServer, PreparedStatement, StatementText, TypedValue } from './model.js';
import { explainCommand, prepareStatements, readExplained, takeSession, textForms } from './planning.js';
import type { SessionSettings } from './settings.js';

/** Milliseconds. Planning takes a few; what waits longer stands in somebody's way. */
const TIMEOUTS = {
  statement_timeout: 30_000,
  lock_timeout: 3_000,
  idle_in_transaction_session_timeout: 60_000,
} as const;

const HINTS = {
  '55P03': 'Somebody holds a lock on a table of the query: run it again when that is over.',
  '57014': `Planning took longer than ${TIMEOUTS.statement_timeout / 1000} s: look at what the server does.`,
};

/** An error in the words of a person, as it is where it is one already. */
type Refused = (error: unknown) => PlanGuardError;

/**
 * Opens an existing database that plans as it is, with its own statistics, sizes and settings. It is never changed: one
 * connection, every statement in a read-only transaction that is rolled back, sent alone by the extended protocol, and
 * ended when it takes long or waits for a lock.
 * @param url `postgres://…`, with the TLS options of `pg`; undefined: DATABASE_URL, or PGHOST and the like
 * @throws {PlanGuardError} `usage` where no database is named, `engine` where it cannot be reached or refuses, `suite` for a
 *   setting or role that it refuses
 */
export async function openDatabase(
  url: string | undefined = process.env.DATABASE_URL || undefined,
  session: SessionSettings = { settings: {}, role: undefined },
): Promise<PlanningServer> {
  const { client, failure } = await openClient(url, process.env, HINTS);
  const connection = new Connection(client);
  const refused = (error: unknown) =>
    error instanceof PlanGuardError ? error : failure('The database cannot be used', error);
  try {
    await connection.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY');
    for (const [name, value] of Object.entries(TIMEOUTS)) await connection.query(`SET ${name} = ${value}`);
    return await ExistingDatabase.open(connection, session, refused);
  } catch (error) {
    await connection.close().catch(() => {});
    throw refused(error);
  }
}

class ExistingDatabase implements PlanningServer {
  readonly name: string;
  readonly version: string;
  readonly catalog: Catalog;
  readonly remarks: readonly string[] = [];
  readonly #database: Database;
  readonly #refused: Refused;
  #statements = 0;

  private constructor(version: string, database: Database, catalog: Catalog, refused: Refused) {
    this.name = `existing database (PostgreSQL ${version})`;
    this.version = version;
    this.#database = database;
    this.catalog = catalog;
    this.#refused = refused;
  }

  static async open(database: Database, session: SessionSettings, refused: Refused): Promise<ExistingDatabase> {
    const [facts] = await database.rows(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int >= 140000 AS known`,
    );
    if (facts?.known !== 't') {
      throw new PlanGuardError('engine', `The database is PostgreSQL ${facts?.version}.`, {
        hint: 'plan-guard plans on PostgreSQL 14 and later.',
      });
    }
    const catalog = await takeSession(database, session);
    return new ExistingDatabase(facts.version ?? '', database, catalog, refused);
  }

  async prepare(text: string, types: StatementText['types']): Promise<PreparedStatement> {
    const [statement] = await this.prepareAll([{ text, types }]);
    return statement as PreparedStatement;
  }

  prepareAll(statements: readonly StatementText[]): Promise<readonly PreparedStatement[]> {
    const first = this.#statements + 1;
    this.#statements += statements.length;
    return this.#readOnly(() => prepareStatements(this.#database, first, statements));
  }

  textForms(values: readonly TypedValue[]): Promise<readonly string[]> {
    return this.#readOnly(() => textForms(this.#database, values));
  }

  explain(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    return this.#readOnly(() => this.#explain(requests));
  }

  async explainWithoutSeqScan(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    try {
      return await this.#readOnly(async () => {
        await this.#database.query('SET LOCAL enable_seqscan = off');
        await this.#database.query('DISCARD PLANS');
        return this.#explain(requests);
      });
    } finally {
      await this.#database.query('DISCARD PLANS').catch(() => {});
    }
  }

  /** There is nothing to keep. */
  async close(): Promise<void> {
    await this.#database.close().catch(() => {});
  }

  /** Runs the work in a transaction that cannot write and is rolled back. Prepared statements outlive it. */
  async #readOnly<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      await this.#database.query('BEGIN TRANSACTION READ ONLY');
      return await work();
    } catch (error) {
      throw isServerError(error) && !INTERRUPTED.has(error.code) ? error : this.#refused(error);
    } finally {
      await this.#database.query('ROLLBACK').catch(() => {});
    }
  }

  async #explain(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    const explained: unknown[] = [];
    for (const request of requests) {
      await this.#database.query(`SET LOCAL plan_cache_mode = force_${request.mode}_plan`);
      explained.push(readExplained(await this.#database.query(explainCommand(request))));
    }
    return explained;
  }
}

/** SQLSTATEs that say nothing about the statement: lock not available, query cancelled, the server goes away. */
const INTERRUPTED: ReadonlySet<string> = new Set(['55P03', '57014', '57P01', '57P02', '57P03', '25P03']);
