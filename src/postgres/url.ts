import type { ClientConfig } from 'pg';
import { PlanGuardError } from '../errors.js';
import type { Catalog } from '../plan/model.js';
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
  const connection = await connect(url);
  try {
    await connection.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY');
    for (const [name, value] of Object.entries(TIMEOUTS)) await connection.query(`SET ${name} = ${value}`);
    return await ExistingDatabase.open(connection, session);
  } catch (error) {
    await connection.close().catch(() => {});
    throw error instanceof PlanGuardError ? error : failure(error, url);
  }
}

async function connect(url: string | undefined): Promise<Connection> {
  if (
    url === undefined &&
    !['PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGDATABASE', 'PGUSER'].some((name) => process.env[name])
  ) {
    throw new PlanGuardError('usage', 'No database is named to plan on.', {
      hint: 'Give --database-url postgres://user@host/database, or set DATABASE_URL, or PGHOST and PGDATABASE.',
    });
  }
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
    throw new PlanGuardError('usage', 'The address of the database does not begin with postgres://.', {
      hint: 'Write it as postgres://user@host:5432/database?sslmode=verify-full; a password may stand in PGPASSWORD.',
    });
  }
  const config: ClientConfig = { application_name: 'plan-guard', connectionTimeoutMillis: connectTimeout() };
  try {
    return await Connection.open(url === undefined ? config : { ...config, connectionString: url });
  } catch (error) {
    throw failure(error, url);
  }
}

/** `PGCONNECT_TIMEOUT` is in seconds, as libpq has it. */
function connectTimeout(): number {
  return Number(process.env.PGCONNECT_TIMEOUT || 10) * 1000;
}

class ExistingDatabase implements PlanningServer {
  readonly name: string;
  readonly version: string;
  readonly catalog: Catalog;
  readonly remarks: readonly string[] = [];
  readonly #database: Database;
  #statements = 0;

  private constructor(version: string, database: Database, catalog: Catalog) {
    this.name = `existing database (PostgreSQL ${version})`;
    this.version = version;
    this.#database = database;
    this.catalog = catalog;
  }

  static async open(database: Database, session: SessionSettings): Promise<ExistingDatabase> {
    const [facts] = await database.rows(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int >= 140000 AS known`,
    );
    if (facts?.known !== 't') {
      throw new PlanGuardError('engine', `The database is PostgreSQL ${facts?.version}.`, {
        hint: 'plan-guard plans on PostgreSQL 14 and later.',
      });
    }
    const catalog = await takeSession(database, session);
    return new ExistingDatabase(facts.version ?? '', database, catalog);
  }

  async prepare(text: string, types: StatementText['types']): Promise<PreparedStatement> {
    const [statement] = await this.prepareAll([{ text, types }]);
    return statement as PreparedStatement;
  }

  prepareAll(statements: readonly StatementText[]): Promise<readonly PreparedStatement[]> {
    const first = this.#statements + 1;
    this.#statements += statements.length;
    return readOnly(this.#database, () => prepareStatements(this.#database, first, statements));
  }

  textForms(values: readonly TypedValue[]): Promise<readonly string[]> {
    return readOnly(this.#database, () => textForms(this.#database, values));
  }

  explain(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    return readOnly(this.#database, () => this.#explain(requests));
  }

  async explainWithoutSeqScan(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    try {
      return await readOnly(this.#database, async () => {
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

  async #explain(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    const explained: unknown[] = [];
    for (const request of requests) {
      await this.#database.query(`SET LOCAL plan_cache_mode = force_${request.mode}_plan`);
      explained.push(readExplained(await this.#database.query(explainCommand(request))));
    }
    return explained;
  }
}

/** Runs the work in a transaction that cannot write and is rolled back. Prepared statements outlive it. */
async function readOnly<Result>(database: Database, work: () => Promise<Result>): Promise<Result> {
  try {
    await database.query('BEGIN TRANSACTION READ ONLY');
    return await work();
  } catch (error) {
    throw isServerError(error) && !INTERRUPTED.has(error.code) ? error : failure(error);
  } finally {
    await database.query('ROLLBACK').catch(() => {});
  }
}

/** SQLSTATEs that say nothing about the statement: lock not available, query cancelled, the server goes away. */
const INTERRUPTED: ReadonlySet<string> = new Set(['55P03', '57014', '57P01', '57P02', '57P03', '25P03']);

function failure(error: unknown, url?: string): PlanGuardError {
  if (error instanceof PlanGuardError) return error;
  const code = (error as { code?: string }).code ?? '';
  const message = withoutPassword(messageOf(error), url);
  return new PlanGuardError('engine', `The database cannot be used: ${message}`, { hint: hintFor(code, message) });
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function hintFor(code: string, message: string): string {
  if (code.startsWith('28')) return 'Check the user and the password: in the address, in PGPASSWORD or in ~/.pgpass.';
  if (code === '3D000') return 'Check the name of the database.';
  if (code === '55P03') return 'Somebody holds a lock on a table of the query: run it again when that is over.';
  if (code === '57014')
    return `Planning took longer than ${TIMEOUTS.statement_timeout / 1000} s: look at what the server does.`;
  if (/ssl|tls|certificate/i.test(message)) return 'Set sslmode and sslrootcert in the address, as `pg` knows them.';
  return 'Check the address, and that the server runs and can be reached from here.';
}

/** No driver should print it; nothing of ours will. */
function withoutPassword(message: string, url = ''): string {
  const written = [/^[^:/?#]+:\/\/[^/?#]*?:([^@/?#]*)@/, /[?&]password=([^&#]*)/].flatMap(
    (part) => part.exec(url)?.[1] ?? [],
  );
  const secrets = [process.env.PGPASSWORD ?? '', ...written, ...written.map(safelyDecoded)].filter(Boolean);
  return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message);
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
