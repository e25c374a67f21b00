import type { Client } from 'pg';
import { PlanGuardError } from '../errors.js';
import type { StatisticsClient } from './pull.js';

export interface Connection {
  readonly client: StatisticsClient;
  /** Name of the database. */
  readonly database: string;
  close(): Promise<void>;
}

/** What to do next, by SQLSTATE or by the code of a system error. */
export type Hints = Readonly<Record<string, string>>;

/** A connection to a database that exists. */
export interface OpenClient {
  readonly client: Client;
  /** An error of the connection in words that hold no password. */
  failure(what: string, error: unknown): PlanGuardError;
}

type Variables = Readonly<Record<string, string | undefined>>;

const HINTS: Hints = {
  '28000': 'Check the user, and whether pg_hba.conf lets it in from here.',
  '28P01': 'Check the user and the password: in the address, in PGPASSWORD or in ~/.pgpass.',
  '3D000': 'Check the name of the database.',
  '42501':
    'Reading statistics takes no more than the right to SELECT from the tables; pg_read_all_data has it for all.',
  '53300': 'Wait until connections are free, or use a role with reserved ones.',
  ECONNREFUSED: 'Check host and port, and whether the server is running.',
  ENOENT: 'There is no socket: check the host and whether the server is running.',
  ENOTFOUND: 'Check the name of the host.',
  ETIMEDOUT: 'Check host and port, and whether a firewall lets you through.',
};
const TLS_HINT = 'Set sslmode and sslrootcert in the address, as `pg` knows them.';

/** What names a database where there is no address. */
const NAMING = ['PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGDATABASE', 'PGUSER'];
const EXAMPLE = 'postgres://user@host:5432/database';

/**
 * Connects as `psql` would, to the address or by the `PG*` variables.
 * @param url `postgres://…`, with the TLS options of `pg`; undefined: what the environment names
 * @param hints of this use of the database, over those of a connection
 * @throws {PlanGuardError} `usage` where no database is named, or in a way that is not understood; `engine` where it
 *   cannot be reached or refuses; no message holds the password
 */
export async function openClient(url: string | undefined, env: Variables, hints: Hints = {}): Promise<OpenClient> {
  checkAddress(url, env);
  const { default: pg } = await import('pg');
  const secrets = new Set([env.PGPASSWORD, ...passwordsOf(url ?? '')].filter((secret) => secret));
  const failure = (what: string, error: unknown) => {
    const message = messageOf(error);
    const clean = [...secrets].reduce<string>((text, secret) => text.replaceAll(secret ?? '', '***'), message);
    const code = (error as { code?: string }).code ?? '';
    const hint =
      { ...HINTS, ...hints }[code] ??
      (/ssl|tls|certificate/i.test(message)
        ? TLS_HINT
        : 'Check the address, and that the server runs and can be reached from here.');
    return new PlanGuardError('engine', `${what}: ${clean}`, { hint });
  };
  let client: Client;
  try {
    client = new pg.Client({
      ...(url === undefined ? {} : { connectionString: url }),
      application_name: 'plan-guard',
      // In seconds, as libpq has it.
      connectionTimeoutMillis: Number(env.PGCONNECT_TIMEOUT || 10) * 1000,
    });
  } catch (error) {
    // The files of TLS are read here.
    if ((error as NodeJS.ErrnoException).syscall !== undefined) {
      throw new PlanGuardError('engine', `The database cannot be reached: ${messageOf(error)}`, { hint: TLS_HINT });
    }
    throw new PlanGuardError('usage', 'The address of the database cannot be read.', {
      hint: `Write it as ${EXAMPLE}, with %-escapes for special characters; a password may stand in PGPASSWORD.`,
    });
  }
  if (typeof client.password === 'string') secrets.add(client.password);
  // The query that is under way reports a lost connection; without a listener the process would end.
  client.on('error', () => {});
  try {
    await client.connect();
    return { client, failure };
  } catch (error) {
    client.end().catch(() => {});
    throw failure('The database cannot be reached', error);
  }
}

/** Services are libpq's: `pg` would pass them over and connect to some other database. */
function checkAddress(url: string | undefined, env: Variables): void {
  if (url === undefined ? env.PGSERVICE : /[?&]service=/.test(url)) {
    throw new PlanGuardError('usage', `Connection services (${url ? 'service=' : 'PGSERVICE'}) are not read.`, {
      hint: `Give host, port, database and user themselves: --database-url ${EXAMPLE}, or PGHOST and PGDATABASE.`,
    });
  }
  if (url === undefined && !NAMING.some((name) => env[name])) {
    throw new PlanGuardError('usage', 'No database is named.', {
      hint: `Give --database-url ${EXAMPLE}, or set DATABASE_URL, or PGHOST and PGDATABASE.`,
    });
  }
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
    throw new PlanGuardError('usage', 'The address of the database does not begin with postgres://.', {
      hint: `Write it as ${EXAMPLE}?sslmode=verify-full; a password may stand in PGPASSWORD.`,
    });
  }
}

/**
 * Connects for reading statistics, and speaks the extended protocol alone: one statement at a time.
 * @throws {PlanGuardError} as {@link openClient}; so do its queries
 */
export async function connect(url: string | undefined, env: Variables): Promise<Connection> {
  const hints = { '57014': 'Give it more time with --statement-timeout.' };
  const { client, failure } = await openClient(url, env, hints);
  const query = (text: string, values: unknown[] = []) =>
    client
      .query({ text, values, queryMode: 'extended' } as { text: string; values: unknown[] })
      .catch((error: unknown) => {
        throw failure('The database refused to answer', error);
      });
  return { client: { query }, database: client.database ?? '', close: () => client.end() };
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  const { message, code } = error as { message?: string; code?: string };
  return message || (code ?? String(error));
}

/** The passwords of an address, as written and as meant. */
function passwordsOf(url: string): readonly string[] {
  return [/^[^:/?#]+:\/\/[^/?#]*?:([^@/?#]*)@/, /[?&]password=([^&#]*)/].flatMap((part) => {
    const written = part.exec(url)?.[1];
    if (written === undefined) return [];
    try {
      return [written, decodeURIComponent(written)];
    } catch {
      return [written];
    }
  });
}
