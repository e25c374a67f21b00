import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NativeServer, startNativeServer } from '../postgres/native.js';
import { Workspace } from './testing/plan-guard.js';
import { statistics } from './testing/shop.js';

const workspace = Workspace.forFile();
let server: NativeServer;
let connection: Record<string, string>;

beforeAll(async () => {
  server = await startNativeServer();
  const client = new pg.Client(server.connection);
  await client.connect();
  await client.query(`
    CREATE ROLE reader LOGIN PASSWORD 'hunter2';
    CREATE TABLE orders (id int PRIMARY KEY, status text);
    INSERT INTO orders SELECT n, CASE WHEN n % 10 = 0 THEN 'WAITING' ELSE 'SHIPPED' END FROM generate_series(1, 1000) n;
    CREATE TABLE secrets (id int);
    GRANT SELECT ON orders TO reader;
    ANALYZE orders;`);
  await client.end();
  const { host, port, database } = server.connection;
  connection = { PGHOST: host, PGPORT: String(port), PGDATABASE: database, PGUSER: 'reader', PGPASSWORD: 'hunter2' };
});
afterAll(() => server?.stop());

const stats = async (args: readonly string[], files: Record<string, string> = {}, env: Record<string, string> = {}) => {
  const folder = await workspace.write(files);
  return { folder, ...(await workspace.run(folder, ['stats', ...args], { env })) };
};

test('a pull into a file names what it could not read, and keeps the password to itself', async () => {
  const { folder, transcript, code } = await stats(['pull', '--no-redact', '-o', 'p.json'], {}, connection);
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard stats pull --no-redact -o p.json
    warning: public.secrets: the role may not read them.
    exit 0
    "
  `);
  expect(code).toBe(0);
  const text = readFileSync(join(folder, 'p.json'), 'utf8');
  expect(text).toContain('"most_common_vals": ["SHIPPED", "WAITING"]');
  expect(text).toContain('"origin": "Made by plan-guard stats pull --no-redact from the database \\"postgres\\"."');
  expect(text).not.toContain('hunter2');
  const shown = await workspace.run(folder, ['stats', 'show', 'p.json']);
  expect(shown.stdout).toContain('public.orders');
  for (const line of shown.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(JSON.parse((await workspace.run(folder, ['stats', 'show', '--json', 'p.json'])).stdout)).toMatchObject({
    server_version: server.version,
    tables: [{ name: 'public.orders', rows: 1000 }, { name: 'public.secrets' }],
  });
});

test('a pull with the ends of columns says so, and which it could not read', async () => {
  const client = new pg.Client(server.connection);
  await client.connect();
  const { host, port, database, user } = server.connection;
  const owner = { PGHOST: host, PGPORT: String(port), PGDATABASE: database, PGUSER: user };
  try {
    await client.query('CREATE INDEX orders_status ON orders (status)');
    const { stdout, stderr } = await stats(['pull', '--no-redact', '--min-max', '-t', 'orders'], {}, connection);
    expect(stderr).toBe('');
    const pulled = JSON.parse(stdout);
    expect(pulled.origin).toBe(
      'Made by plan-guard stats pull --table orders --no-redact --min-max from the database "postgres".',
    );
    expect(pulled.tables['public.orders'].columns.id.min_max).toEqual(['1', '1000']);
    expect(pulled.tables['public.orders'].columns.status).not.toHaveProperty('min_max');
    await client.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    const locked = await stats(['pull', '--no-redact', '--min-max', '-t', 'orders', '-o', 'p.json'], {}, owner);
    expect(locked.transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard stats pull --no-redact --min-max -t orders -o p.json
      warning: public.orders: columns id: their smallest and largest values (--min-max) could not be read.
      exit 0
      "
    `);
  } finally {
    await client.query('ROLLBACK; DROP INDEX IF EXISTS orders_status');
    await client.end();
  }
});

test('a pull to standard output writes nothing else there, twice the same but for the time', async () => {
  const url = `postgres://reader:hunter2@${encodeURIComponent(connection.PGHOST ?? '')}:${connection.PGPORT}/postgres`;
  const first = await stats(['pull', '--no-redact', '--table', 'orders', '--database-url', url]);
  const second = await stats(['pull', '--no-redact', '--table', 'orders'], {}, { DATABASE_URL: url });
  const undated = (text: string) => text.replace(/"pulled_at": "[^"]*"/, '');
  expect(Object.keys(JSON.parse(first.stdout).tables)).toEqual(['public.orders']);
  expect(undated(first.stdout)).toBe(undated(second.stdout));
  expect(first.stdout).not.toBe(undated(first.stdout));
  expect(first.stderr + second.stderr).toBe('');
});

test('a redacted pull holds no text, but for the columns that are kept', async () => {
  const files = { 'key.txt': 'a key for tests, of some length\n' };
  const { stdout } = await stats(['pull', '--redact', '--redact-key-file', 'key.txt'], files, connection);
  expect(stdout).toContain('"most_common_vals": ["00000001", "00000002"]');
  expect(stdout).not.toMatch(/SHIPPED|WAITING|some length/);
  const env = { ...connection, PLAN_GUARD_REDACT_KEY: 'a key for tests, of some length' };
  expect((await stats(['pull', '--redact'], {}, env)).stdout).toContain('"00000001"');
  const kept = await stats(['pull', '--redact', '--keep', 'orders.status'], {}, env);
  expect(kept.stdout).toContain('"most_common_vals": ["SHIPPED", "WAITING"]');
});

test.each([
  [['pull']],
  [['pull', '--redact']],
  [['pull', '--redact', '--redact-key-file', 'none.txt']],
  [['pull', '--redact', '--redact-key-file', 'short.txt']],
  [['pull', '--no-redact', '--keep', 'a.b']],
  [['pull', '--no-redact']],
  [['pull', '--no-redact', '--database-url', 'postgres://u:hunter2@127.0.0.1:1/d']],
  [['pull', '--no-redact', '--statement-timeout', 'soon']],
  [['import']],
  [['import', 'none.sql']],
  [['import', 'short.txt']],
  [['import', 'custom.dump']],
  [['scale', 'shop.json']],
  [['scale', '--factor', '0', 'shop.json']],
  [['scale', '--factor', '2', '--table', 'order', 'shop.json']],
  [['scale', '--factor', '2', 'shop.json', '-o', 'none/x.json']],
  [['show', 'none.json']],
  [['show', 'newer.json']],
  [['diff', 'shop.json']],
  [['diff', '--threshold', '101', 'shop.json', 'shop.json']],
  [['put']],
])('stats %j is an error with a next step', async (args) => {
  const files = {
    'short.txt': 'short',
    'custom.dump': 'PGDMP\u0001\u000f',
    'shop.json': statistics(),
    'newer.json': statistics().replace('"version":1', '"version":2'),
  };
  const { code, stdout, stderr, transcript } = await stats(args, files);
  expect(transcript).toMatchSnapshot();
  expect(stderr).toMatch(/^error: .+\n {2}next: .+\n$/);
  expect(stderr).not.toContain('hunter2');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('a query that the database refuses is told without the password', async () => {
  const { transcript, code } = await stats(['pull', '--no-redact', '--table', 'ordrs'], {}, connection);
  expect(code).toBe(2);
  expect(transcript).toContain('There is no table ordrs in the database');
  const env = { ...connection, PGDATABASE: 'none', PGUSER: 'postgres' };
  const refused = await stats(['pull', '--no-redact'], {}, env);
  expect(refused.stderr).toBe(
    'error: The database cannot be reached: database "none" does not exist\n  next: Check the name of the database.\n',
  );
});

test('scaling, and what differs then', async () => {
  const { folder, code } = await stats(['scale', '-f', '10', '-t', 'orders', 'shop.json', '-o', 'big.json'], {
    'shop.json': statistics(),
  });
  expect(code).toBe(0);
  const differs = await workspace.run(folder, ['stats', 'diff', 'shop.json', 'big.json']);
  expect(differs.transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard stats diff shop.json big.json
    public.orders
      rows: 1,000,000 → 10,000,000 (× 10.0)
      pages: 9,000 → 90,000 (× 10.0)
      orders_customer_idx: pages 2,745 → 27,450 (× 10.0)
      orders_pkey: pages 2,745 → 27,450 (× 10.0)

    1 difference below 10 % (--threshold 0 counts them)
    exit 1
    "
  `);
  const same = await workspace.run(folder, ['stats', 'diff', 'shop.json', 'shop.json']);
  expect(same).toMatchObject({ code: 0, stdout: 'The same.\n' });
  const json = await workspace.run(folder, ['stats', 'diff', '--json', 'shop.json', 'big.json']);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout).changes[0]).toEqual({
    kind: 'rows',
    table: 'public.orders',
    before: 1_000_000,
    after: 10_000_000,
  });
});

test('a dump is imported, and what cannot be placed is named', async () => {
  const dump = readFileSync(new URL('../statistics/testing/dump-18.sql', import.meta.url), 'utf8');
  const whole = await stats(['import', 'dump.sql', '-o', 'out.json'], { 'dump.sql': dump });
  expect(whole.transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard stats import dump.sql -o out.json
    warning: shop.fresh: never analysed, there are no statistics of its columns.
    exit 0
    "
  `);
  expect(existsSync(join(whole.folder, 'out.json'))).toBe(true);
  const bare = dump.replaceAll(/^(CREATE|ALTER)[^;]*('a;b'[^;]*)?;$/gm, '');
  const partly = await stats(['import', 'bare.sql'], { 'bare.sql': bare });
  expect(partly.stderr).toMatchInlineSnapshot(`
    "warning: it is not known whose these are, and they were left out: shop.fresh, shop.orders_expr, shop.orders_pkey
      next: name the file that creates them with --schema FILE
    "
  `);
  expect(Object.keys(JSON.parse(partly.stdout).tables)).toEqual(['shop.events', 'shop.orders']);
  const files = { 'bare.sql': bare, 'schema.sql': dump };
  const beside = await stats(['import', 'bare.sql', '--schema', 'schema.sql'], files);
  expect(beside.stdout).toBe(readFileSync(join(whole.folder, 'out.json'), 'utf8'));
});

test.each(['', 'pull', 'import', 'scale', 'show', 'diff'])('stats %s --help has examples', async (command) => {
  const { code, stdout } = await stats([...(command === '' ? [] : [command]), '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('Examples:\n');
  if (command !== '') expect(stdout).toContain('Exit codes: 0');
});
