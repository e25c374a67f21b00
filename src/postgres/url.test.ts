import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Connection } from './connection.js';
import type { PlanningServer } from './model.js';
import { type NativeServer, startNativeServer } from './native.js';
import { openDatabase } from './url.js';

const SCHEMA = `
  CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL, customer int);
  CREATE INDEX orders_status ON orders (status);
  INSERT INTO orders SELECT id, CASE WHEN id % 1000 = 0 THEN 'rare' ELSE 'common' END, id % 50 FROM generate_series(1, 20000) AS id;
  CREATE TABLE never_analysed (id int);
  CREATE TABLE hidden (id int, secret text);
  INSERT INTO hidden SELECT 1, 'a' FROM generate_series(1, 500);
  CREATE SEQUENCE numbers;
  CREATE FUNCTION writing() RETURNS int LANGUAGE plpgsql VOLATILE AS
    'BEGIN INSERT INTO never_analysed VALUES (1); RETURN 1; END';
  CREATE FUNCTION lying() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN writing(); END';
  CREATE FUNCTION counting() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN nextval(''numbers''); END';
  CREATE FUNCTION freeing() RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN PERFORM set_config(''transaction_read_only'', ''off'', false); RETURN writing(); END';
  CREATE FUNCTION locking() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN PERFORM pg_advisory_lock(7); LOCK TABLE orders; RETURN 1; END';
  CREATE PROCEDURE proceed() LANGUAGE plpgsql AS 'BEGIN INSERT INTO never_analysed VALUES (2); END';
  CREATE ROLE reader LOGIN PASSWORD 'p@ss:word/%';
  GRANT SELECT ON orders, never_analysed TO reader;
  CREATE ROLE owner LOGIN SUPERUSER;
  VACUUM ANALYZE orders;
  VACUUM ANALYZE hidden`;

let server: NativeServer;
let admin: Connection;

beforeAll(async () => {
  server = await startNativeServer({ version: 15, tcp: true });
  admin = await Connection.open(server.connection);
  for (const statement of SCHEMA.split(/;\s*\n/)) await admin.execute(statement);
});

afterAll(async () => {
  await admin?.close();
  await server?.stop();
});

const ENVIRONMENT = [
  'PGSERVICE',
  'DATABASE_URL',
  'PGHOST',
  'PGHOSTADDR',
  'PGPORT',
  'PGUSER',
  'PGDATABASE',
  'PGPASSWORD',
  'PGSSLMODE',
  'PGCONNECT_TIMEOUT',
];
const before = { ...process.env };

beforeEach(() => {
  for (const name of ENVIRONMENT) delete process.env[name];
});

afterEach(() => {
  for (const name of ENVIRONMENT) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

const url = ({ user = 'postgres', password = server.connection.password, query = '', database = 'postgres' } = {}) =>
  `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${server.connection.port}/${database}${query}`;
const reader = () => url({ user: 'reader', password: 'p@ss:word/%' });

async function withDatabase<Result>(work: (database: PlanningServer) => Promise<Result>, address = reader()) {
  const database = await openDatabase(address);
  try {
    return await work(database);
  } finally {
    await database.close({ reuse: true });
  }
}

const nodeOf = (explained: unknown) => (explained as [{ Plan: { 'Node Type': string } }])[0].Plan['Node Type'];

test('the database plans as it is, for an ordinary role', async () => {
  await withDatabase(async (database) => {
    expect(database.name).toMatch(/^existing database \(PostgreSQL 15\.\d+\)$/);
    const { tables } = database.catalog;
    expect(tables.get('public.orders')).toMatchObject({ tuples: 20000, analysed: true });
    expect(tables.get('public.never_analysed')).toMatchObject({ analysed: false });
    expect(tables.get('public.hidden')).toMatchObject({ analysed: false });
    const statement = await database.prepare('SELECT id FROM orders WHERE status = $1', []);
    expect(statement.parameterTypes).toEqual(['text']);
    const requests = [
      { statement, values: ['rare'], mode: 'custom' },
      { statement, values: ['common'], mode: 'custom' },
      { statement, values: ['common'], mode: 'generic' },
    ] as const;
    const explained = await database.explain(requests);
    expect(explained.map(nodeOf)).toEqual(['Index Scan', 'Seq Scan', 'Index Scan']);
    expect((await database.explainWithoutSeqScan(requests)).map(nodeOf)).not.toContain('Seq Scan');
    expect(await database.explain(requests)).toEqual(explained);
  });
});

test('a superuser sees what was analysed of every table', async () => {
  await withDatabase(async (database) => {
    expect(database.catalog.tables.get('public.hidden')).toMatchObject({ analysed: true });
  }, url());
});

const HOSTILE = [
  'SELECT 1; DROP TABLE orders',
  'SELECT 1;\n;DELETE FROM orders',
  'DROP TABLE orders',
  'TRUNCATE orders',
  'INSERT INTO orders VALUES (-1, $1, 1)',
  'UPDATE orders SET status = $1',
  'DELETE FROM orders WHERE status = $1',
  'WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone',
  'MERGE INTO orders o USING never_analysed n ON n.id = o.id WHEN MATCHED THEN DELETE',
  'SELECT * FROM orders WHERE status = $1 FOR UPDATE',
  'SELECT * FROM orders FOR KEY SHARE',
  'SELECT writing()',
  'SELECT lying()',
  'SELECT * FROM orders WHERE id = lying()',
  'SELECT * FROM orders WHERE id = counting()',
  'SELECT freeing()',
  'SELECT * FROM orders WHERE id = locking()',
  "SELECT nextval('numbers')",
  "SELECT set_config('transaction_read_only', 'off', false)",
  'SELECT pg_advisory_lock(8)',
  'SELECT * INTO copied FROM orders',
  'CREATE TABLE copied AS SELECT * FROM orders',
  'CREATE INDEX ON orders (customer)',
  'COPY orders TO PROGRAM $$touch /tmp/plan-guard-hostile$$',
  'COPY orders FROM STDIN',
  'LOCK TABLE orders',
  'DO $$ BEGIN DELETE FROM orders; END $$',
  'CALL proceed()',
  'EXPLAIN ANALYZE DELETE FROM orders',
  'EXPLAIN (ANALYZE) SELECT writing()',
  'PREPARE x AS DELETE FROM orders',
  'EXECUTE plan_guard_1',
  'DEALLOCATE ALL',
  'COMMIT',
  'COMMIT AND CHAIN',
  'BEGIN READ WRITE',
  'SET TRANSACTION READ WRITE',
  'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE',
  'ANALYZE orders',
  'VACUUM orders',
  'ALTER SYSTEM SET work_mem = 1',
  'NOTIFY x',
  'DECLARE c CURSOR WITH HOLD FOR SELECT * FROM orders FOR UPDATE',
];

/** Everything that a statement could have changed; transaction ids are only given to what writes. */
async function state(): Promise<unknown> {
  const tables = await admin.rows(`
    SELECT c.oid, relname, relfilenode, relpages, reltuples, xmin, pg_relation_size(c.oid) AS size
    FROM pg_class c WHERE relnamespace = 'public'::regnamespace ORDER BY 1`);
  const rows = await admin.rows(`
    SELECT (SELECT md5(string_agg(o::text || xmin || xmax, '' ORDER BY id)) FROM orders o) AS orders,
      (SELECT count(*) FROM never_analysed) AS written, (SELECT last_value || is_called::text FROM numbers) AS numbers,
      (SELECT md5(string_agg(s::text, '' ORDER BY starelid, staattnum)) FROM pg_statistic s) AS statistics,
      (SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf') AS settings`);
  return { tables, rows };
}

const nextTransaction = async () =>
  Number((await admin.rows('SELECT pg_snapshot_xmax(pg_current_snapshot()) AS x'))[0]?.x);
const locks = () =>
  admin.rows(
    `SELECT locktype, mode, relation::regclass FROM pg_locks WHERE pid <> pg_backend_pid() AND locktype <> 'virtualxid'`,
  );

describe.each(['reader', 'owner'])('a suite full of hostile statements, as %s', (role) => {
  test('changes nothing, leaves no lock while it runs nor after', async () => {
    const [stateBefore, transaction] = [await state(), await nextTransaction()];
    const address = role === 'reader' ? reader() : url();
    let refused = 0;
    await withDatabase(async (database) => {
      await database.prepare('SELECT 1', []);
      for (const text of HOSTILE) {
        try {
          const statement = await database.prepare(text, []);
          for (const mode of ['custom', 'generic'] as const) {
            const requests = [{ statement, values: statement.parameterTypes.map(() => 'rare'), mode }];
            await database.explain(requests);
            await database.explainWithoutSeqScan(requests);
          }
        } catch (error) {
          refused += 1;
          expect(error).toMatchObject({ code: expect.stringMatching(/^(42601|42501|25001|25006|0A000|22P02)$/) });
        }
        expect((await locks()).filter(({ locktype }) => locktype !== 'advisory')).toEqual([]);
      }
    }, address);
    expect(refused).toBeGreaterThan(25);
    expect(refused).toBeLessThan(HOSTILE.length);
    await expect.poll(locks).toEqual([]);
    expect(await state()).toEqual(stateBefore);
    expect(await nextTransaction()).toBe(transaction);
    expect(() => readFileSync('/tmp/plan-guard-hostile')).toThrow('ENOENT');
  });
});

test('a lock that somebody holds is waited for a moment only', async () => {
  const other = await Connection.open(server.connection);
  await withDatabase(async (database) => {
    await other.execute('BEGIN; LOCK TABLE orders');
    await expect(database.prepare('SELECT * FROM orders', [])).rejects.toMatchObject({
      code: 'engine',
      message: 'The database cannot be used: canceling statement due to lock timeout',
      hint: expect.stringContaining('Somebody holds a lock'),
    });
    await other.execute('ROLLBACK');
    await expect(database.prepare('SELECT * FROM orders', [])).resolves.toBeDefined();
  });
  await other.close();
});

test('a connection that is lost in the middle is an error of the engine', async () => {
  await withDatabase(async (database) => {
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'plan-guard'`);
    await expect(database.prepare('SELECT 1', [])).rejects.toMatchObject({ code: 'engine', hint: expect.any(String) });
  });
});

test('the environment names the database as it does for psql', async () => {
  process.env.DATABASE_URL = reader();
  await (await openDatabase()).close({ reuse: true });
  delete process.env.DATABASE_URL;
  Object.assign(process.env, {
    PGHOST: '127.0.0.1',
    PGPORT: String(server.connection.port),
    PGUSER: 'reader',
    PGDATABASE: 'postgres',
    PGPASSWORD: 'p@ss:word/%',
  });
  await (await openDatabase()).close({ reuse: true });
});

test('a service of the environment is told of, not passed over', async () => {
  process.env.PGSERVICE = 'billing';
  process.env.PGHOST = '127.0.0.1';
  await expect(openDatabase()).rejects.toMatchObject({
    code: 'usage',
    message: 'Connection services (PGSERVICE) are not read.',
  });
});

test.each([
  ['no database', () => undefined, 'usage', 'No database is named.'],
  ['something else', () => 'mysql://x', 'usage', 'The address of the database does not begin with postgres://.'],
  [
    'a wrong password',
    () => url({ user: 'reader', password: 'wr0ng:secret' }),
    'engine',
    'password authentication failed for user "reader"',
  ],
  ['an unknown database', () => url({ database: 'nowhere' }), 'engine', 'database "nowhere" does not exist'],
  [
    'TLS where there is none',
    () => url({ query: '?sslmode=require' }),
    'engine',
    'The server does not support SSL connections',
  ],
  [
    'a certificate that is not there',
    () => url({ query: '?sslrootcert=/nowhere/root.pem' }),
    'engine',
    'no such file or directory',
  ],
  ['a service', () => url({ query: '?service=billing' }), 'usage', 'Connection services (service=) are not read.'],
  ['nobody there', () => 'postgres://x:s3cret@127.0.0.1:1/x', 'engine', 'ECONNREFUSED'],
  [
    'an address that cannot be read',
    () => 'postgres://x:s3cret@[oops/x',
    'usage',
    'The address of the database cannot be read.',
  ],
])('%s is an error without a secret in it', async (_, address, code, message) => {
  const error = await openDatabase(address()).catch((thrown) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringContaining(message), hint: expect.any(String) });
  expect(error.cause).toBeUndefined();
  expect(`${error.message} ${error.hint}`).not.toMatch(/s3cret|wr0ng|p@ss/);
});

test('a role and settings are those of the session alone', async () => {
  const session = { settings: { enable_seqscan: 'off' }, role: 'reader' };
  const database = await openDatabase(url(), session);
  const statement = await database.prepare('SELECT count(*) FROM orders', []);
  expect(JSON.stringify(await database.explain([{ statement, values: [], mode: 'custom' }]))).not.toContain(
    '"Seq Scan"',
  );
  expect(database.catalog.tables.get('public.hidden')).toMatchObject({ analysed: true });
  const hidden = await database.prepare('SELECT * FROM hidden', []);
  await expect(database.explain([{ statement: hidden, values: [], mode: 'custom' }])).rejects.toMatchObject({
    code: '42501',
  });
  await database.close({ reuse: true });
  await expect(openDatabase(url(), { settings: {}, role: 'nobody' })).rejects.toMatchObject({ code: 'suite' });
});

test('a server that accepts and says nothing is given up', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  process.env.PGCONNECT_TIMEOUT = '1';
  const { port } = silent.address() as { port: number };
  await expect(openDatabase(`postgres://x@127.0.0.1:${port}/x`)).rejects.toMatchObject({ code: 'engine' });
  silent.close();
});
