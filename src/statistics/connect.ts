import { PlanGuardError } from '../errors.js';
import type { StatisticsClient } from './pull.js';

export interface Connection {
  readonly client: StatisticsClient;
  /** Name of the database. */
  readonly database: string;
  close(): Promise<void>;
}

type Variables = Readonly<Record<string, string | undefined>>;

const byCode: Readonly<Record<string, string>> = {
  '28P01': 'Check the user and the password: in the URL, in PGPASSWORD or in ~/.pgpass.',
  '28000': 'Check the user, and whether pg_hba.conf lets it in from here.',
  '3D000': 'Check the name of the database.',
  '57014': 'Give it more time with --statement-timeout.',
  '42501':
    'Reading statistics takes no more than the right to SELECT from the tables; pg_read_all_data has it for all.',
  '53300': 'Wait until connections are free, or use a role with reserved ones.',
  ECONNREFUSED: 'Check host and port, and whether the server is running.',
  ENOENT: 'There is no socket: check the host and whether the server is running.',
  ENOTFOUND: 'Check the name of the host.',
  ETIMEDOUT: 'Check host and port, and whether a firewall lets you through.',
};

/**
 * Connects as `psql` would, to the URL or by the `PG*` variables, and speaks the extended protocol alone: one
 * statement at a time.
 * @param url `postgres://…`; undefined: what the environment names
 * @throws {PlanGuardError} `usage` where no database is named, `engine` where it cannot be reached; no message and no
 *   later error holds the password
 */
export async function connect(url: string | undefined, env: Variables): Promise<Connection> {
  const named = ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGHOSTADDR'].some((name) => env[name]);
  if (url === undefined && !named) {
    throw new PlanGuardError('usage', 'No database is named.', {
      hint: 'Give --database-url postgres://user@host/database, or set DATABASE_URL or PGHOST, PGDATABASE and PGUSER.',
    });
  }
  const { default: pg } = await import('pg');
  const secrets = new Set<string>();
  if (env.PGPASSWORD) secrets.add(env.PGPASSWORD);
  let client: InstanceType<typeof pg.Client>;
  try {
    if (url !== undefined) for (const secret of passwordsOf(url)) secrets.add(secret);
    client = new pg.Client({
      ...(url === undefined ? {} : { connectionString: url }),
      application_name: 'plan-guard',
      connectionTimeoutMillis: Number(env.PGCONNECT_TIMEOUT ?? 15) * 1000,
    });
  } catch {
    throw new PlanGuardError('usage', 'The database URL cannot be read.', {
      hint: 'Write it as postgres://user:password@host:5432/database, with %-escapes for special characters.',
    });
  }
  if (typeof client.password === 'string' && client.password !== '') secrets.add(client.password);
  const fail = (error: unknown, what: string): never => {
    const { message, code } = error as { message: string; code?: string };
    const clean = [...secrets].reduce((text, secret) => text.replaceAll(secret, '***'), message || String(code));
    throw new PlanGuardError('engine', `${what}: ${clean}`, {
      hint: byCode[code ?? ''] ?? 'Check the connection, and that it reaches the server itself.',
    });
  };
  client.on('error', () => {});
  await client.connect().catch((error: unknown) => {
    client.end().catch(() => {});
    return fail(error, 'The database cannot be reached');
  });
  const query = (text: string, values: unknown[] = []) =>
    client
      .query({ text, values, queryMode: 'extended' } as { text: string; values: unknown[] })
      .catch((error: unknown) => fail(error, 'The database refused to answer'));
  return {
    client: { query },
    database: client.database ?? '',
    close: () => client.end(),
  };
}

/** The password of a URL, as written and as meant. */
function passwordsOf(url: string): readonly string[] {
  const written = /^[^:/?#]+:\/\/[^/?#]*?:([^@/?#]*)@/.exec(url)?.[1] ?? /[?&]password=([^&]*)/.exec(url)?.[1];
  if (!written) return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
