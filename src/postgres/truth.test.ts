import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatArrayLiteral } from '../statistics/arrays.js';
import { readBtreeHeight } from '../statistics/btree-height.js';
import { formatStatistics } from '../statistics/format.js';
import type { Statistics } from '../statistics/model.js';
import { pullStatistics } from '../statistics/pull.js';
import { parseStatistics } from '../statistics/read.js';
import { applyStatistics } from './apply-statistics.js';
import { PAGE_SIZE } from './btree.js';
import type { Database } from './database.js';
import { type Engine, using } from './engine.js';
import type { PlanningServer } from './model.js';
import { type NativeServer, startNativeServer } from './native.js';
import { PgliteEngine } from './pglite.js';
import { keyOf } from './prepared-directory.js';
import { openReplica, type ReplicaSource } from './replica.js';
import { hashScripts } from './scripts.js';
import { DirectoryStore, type Lease } from './store.js';

const SCHEMA = `
  CREATE TABLE users (
    id int PRIMARY KEY, name text NOT NULL, email varchar(80) UNIQUE, country char(2), score numeric(8, 2),
    born date, active bool NOT NULL, tags text[], profile jsonb
  );
  CREATE INDEX users_country_born ON users (country, born);
  CREATE INDEX users_lower_name ON users (lower(name));
  CREATE INDEX users_active ON users (id) WHERE NOT active;
  CREATE INDEX users_tags ON users USING gin (tags);
  CREATE TABLE orders (
    id bigint PRIMARY KEY, user_id int NOT NULL, status text NOT NULL, total int, placed timestamptz NOT NULL,
    valid tstzrange, note text
  );
  CREATE INDEX orders_user ON orders (user_id, placed DESC) INCLUDE (total);
  CREATE INDEX orders_status ON orders (status);
  CREATE INDEX orders_placed_brin ON orders USING brin (placed);
  CREATE INDEX orders_note_hash ON orders USING hash (note);
  CREATE TABLE events (at date NOT NULL, kind int, user_id int) PARTITION BY RANGE (at);
  CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2024-01-01');
  CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2026-01-01');
  CREATE INDEX events_user ON events (user_id);
  CREATE TABLE nobody (id int PRIMARY KEY, name text);
  CREATE TABLE unknown (id int PRIMARY KEY, name text);
  CREATE TABLE odd (id int PRIMARY KEY, value text, list int[], "Quoted ""name""" text);
  CREATE TABLE "Order Lines" ("Order" int, "Größe" text);
  CREATE INDEX "Odd index" ON "Order Lines" ("Order");`;

const ROWS = `
  INSERT INTO users
  SELECT i, 'name ' || md5(i::text), 'user' || i || '@example.org',
         (ARRAY['de', 'fr', 'us', 'br', 'jp'])[1 + (i * i) % 5], (i % 1000) / 7.0,
         CASE WHEN i % 10 > 0 THEN date '1950-01-01' + (i * 37) % 20000 END, i % 50 > 0,
         ARRAY['t' || i % 7, 't' || i % 100], jsonb_build_object('n', i % 3)
    FROM generate_series(1, 40000) i;
  INSERT INTO orders
  SELECT i, 1 + (i::bigint * i) % 40000, CASE WHEN i % 1000 = 0 THEN 'rare' WHEN i % 10 = 0 THEN 'open' ELSE 'done' END,
         (i * 7919) % 10007, timestamptz '2024-01-01 00:00+00' + i * interval '5 minutes',
         tstzrange(timestamptz '2024-01-01 00:00+00' + i * interval '5 minutes', NULL),
         CASE WHEN i % 3 = 0 THEN md5(i::text) END
    FROM generate_series(1, 120000) i;
  INSERT INTO events SELECT date '2020-01-01' + i % 2000, i % 13, i % 40000 FROM generate_series(1, 60000) i;
  INSERT INTO odd
  SELECT i, (ARRAY['it''s', '{braces}', 'back\\slash', '"quoted"', 'NULL', '', ' ', 'a,b', 'Größe 🙂', E'line\\nbreak'])[1 + i % 10],
         ARRAY[i % 3, NULL], (ARRAY['x''', '{"', '\\"}'])[1 + i % 3]
    FROM generate_series(1, 3000) i;
  INSERT INTO "Order Lines" SELECT i, repeat('ß', i % 20) FROM generate_series(1, 5000) i;
  SET default_statistics_target = 500;
  VACUUM (ANALYZE) users, orders, events, nobody, odd, "Order Lines";
  RESET default_statistics_target;
  CHECKPOINT;`;

const LOCALE = 'C.UTF-8';

let native: NativeServer;
let client: pg.Client;
let statistics: Statistics;
let text: string;
let cache: string;
let store: DirectoryStore;
let engine: Engine;
let replica: PlanningServer;
const cacheBefore = process.env.PLAN_GUARD_CACHE;

const source = (statisticsText: string): ReplicaSource => ({
  schema: [{ file: 'schema.sql', text: SCHEMA }],
  statistics: {
    file: 'statistics.json',
    text: statisticsText,
    parse: () => parseStatistics(statisticsText, 'statistics.json'),
  },
  cluster: { locale: LOCALE, extensions: [] },
  session: { settings: {}, role: undefined },
});

async function heightIn(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(PAGE_SIZE), 0, PAGE_SIZE, 0);
    return readBtreeHeight(buffer);
  } finally {
    await file.close();
  }
}

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'plan-guard-cache-'));
  process.env.PLAN_GUARD_CACHE = cache;
  store = DirectoryStore.open(true);
  engine = new PgliteEngine(store);
  native = await startNativeServer({ initdbArguments: [`--locale=${LOCALE}`], settings: { jit: 'off' } });
  client = new pg.Client(native.connection);
  await client.connect();
  await client.query(SCHEMA);
  for (const statement of ROWS.split(/;\n/)) await client.query(statement);
  statistics = await pullStatistics(client, {
    origin: 'a test',
    heights: ({ relfilenodePath }) => heightIn(join(native.directory, relfilenodePath)),
  });
  text = formatStatistics(statistics);
  replica = await openReplica(engine, source(text));
});

afterAll(async () => {
  await replica?.close({ reuse: false });
  await client?.end();
  await native?.stop();
  if (cacheBefore === undefined) delete process.env.PLAN_GUARD_CACHE;
  else process.env.PLAN_GUARD_CACHE = cacheBefore;
  await rm(cache, { recursive: true, force: true });
});

async function loadedPlan(sql: string, values: readonly string[], mode: string): Promise<unknown> {
  await client.query(`PREPARE one AS ${sql}`);
  try {
    await client.query(`SET plan_cache_mode = force_${mode}_plan`);
    const list = values.length === 0 ? '' : `(${values.map((value) => client.escapeLiteral(value)).join(', ')})`;
    const { rows } = await client.query(`EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE one${list}`);
    return rows[0]['QUERY PLAN'];
  } finally {
    await client.query('DEALLOCATE one');
  }
}

async function replicaPlan(sql: string, values: readonly string[], mode: 'custom' | 'generic'): Promise<unknown> {
  const statement = await replica.prepare(sql, []);
  const [explained] = await replica.explain([{ statement, values, mode }]);
  return explained;
}

const statements: readonly (readonly [sql: string, ...values: string[]])[] = [
  ['SELECT * FROM users'],
  ['SELECT count(*) FROM users'],
  ['SELECT * FROM users WHERE id = $1', '77'],
  ['SELECT * FROM users WHERE id BETWEEN $1 AND $2', '100', '900'],
  ['SELECT * FROM users WHERE id = ANY($1)', '{1,2,3,500,900}'],
  ['SELECT * FROM users WHERE id > $1 ORDER BY id LIMIT 20', '20000'],
  ['SELECT * FROM users WHERE email = $1', 'user5@example.org'],
  ['SELECT * FROM users WHERE email > $1', 'user3'],
  ['SELECT * FROM users WHERE name LIKE $1', 'name 1%'],
  ['SELECT * FROM users WHERE name = $1', 'name x'],
  ['SELECT * FROM users WHERE lower(name) = $1', 'name x'],
  ['SELECT * FROM users WHERE lower(name) < $1', 'name 3'],
  ['SELECT * FROM users WHERE country = $1', 'de'],
  ['SELECT * FROM users WHERE country = $1 AND born > $2', 'de', '2000-01-01'],
  ['SELECT * FROM users WHERE country = $1 ORDER BY born LIMIT 10', 'fr'],
  ['SELECT country, avg(score) FROM users WHERE born IS NULL GROUP BY country'],
  ['SELECT id FROM users WHERE NOT active'],
  ['SELECT id FROM users WHERE NOT active AND id < $1', '1000'],
  ['SELECT * FROM users WHERE tags @> $1', '{t3}'],
  ['SELECT * FROM users WHERE tags && $1', '{t3,t55}'],
  ['SELECT * FROM users WHERE score > $1', '140'],
  ['SELECT DISTINCT country FROM users'],
  [`SELECT * FROM users WHERE profile ->> 'n' = $1`, '1'],
  ['SELECT * FROM orders WHERE id = $1', '77'],
  ['SELECT * FROM orders WHERE status = $1', 'rare'],
  ['SELECT * FROM orders WHERE status = $1', 'done'],
  ['SELECT total FROM orders WHERE user_id = $1 ORDER BY placed DESC LIMIT 5', '12'],
  ['SELECT sum(total) FROM orders WHERE user_id = $1', '12'],
  ['SELECT * FROM orders WHERE placed >= $1 AND placed < $2', '2024-03-01', '2024-03-02'],
  ['SELECT * FROM orders WHERE note = $1', 'abc'],
  ['SELECT * FROM orders WHERE valid @> $1::timestamptz', '2024-06-01'],
  ['SELECT * FROM orders WHERE total > $1 ORDER BY total LIMIT 100', '9000'],
  ['SELECT status, count(*) FROM orders GROUP BY status'],
  ['SELECT u.name, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = $1', '5'],
  ['SELECT u.name, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE o.status = $1', 'rare'],
  ['SELECT u.country, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.country'],
  ['SELECT * FROM users u WHERE EXISTS (SELECT FROM orders o WHERE o.user_id = u.id AND o.status = $1)', 'rare'],
  ['SELECT * FROM users u WHERE u.id IN (SELECT user_id FROM orders WHERE total > $1)', '10000'],
  ['SELECT * FROM orders o WHERE o.user_id = $1 OR o.id IN (SELECT kind FROM events WHERE user_id = $1)', '5'],
  ['SELECT u.id, (SELECT max(placed) FROM orders o WHERE o.user_id = u.id) FROM users u WHERE country = $1', 'jp'],
  ['SELECT * FROM events WHERE user_id = $1', '5'],
  ['SELECT * FROM events WHERE at >= $1 AND kind = 3', '2024-05-01'],
  ['SELECT at, count(*) FROM events GROUP BY at'],
  ['SELECT e.kind, u.name FROM events e JOIN users u ON u.id = e.user_id WHERE e.at = $1', '2021-05-05'],
  ['SELECT * FROM nobody WHERE id = $1', '5'],
  ['SELECT * FROM unknown WHERE name = $1', 'x'],
  ['SELECT * FROM unknown k JOIN users u ON u.id = k.id'],
  ['SELECT * FROM odd WHERE value = $1', 'back\\slash'],
  ['SELECT * FROM odd WHERE list = $1', '{1,NULL}'],
  ['SELECT * FROM "Order Lines" WHERE "Order" = $1', '17'],
  ['WITH w AS MATERIALIZED (SELECT * FROM orders WHERE user_id < $1) SELECT * FROM w ORDER BY total', '100'],
  ['SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY placed) FROM orders WHERE user_id < $1', '40'],
  ['UPDATE orders SET total = total + 1 WHERE user_id = $1', '3'],
  ['DELETE FROM events WHERE user_id = $1', '3'],
  ['INSERT INTO orders SELECT * FROM orders WHERE id < $1 ON CONFLICT DO NOTHING', '50'],
];

/**
 * What empty files cannot tell (src/backend/utils/adt/selfuncs.c): a GIN index keeps its counts in its metapage, and
 * `gincostestimate` guesses from the size without them; and where a comparison is in the first or last part of a
 * histogram, whose bounds leave the most common values out, the planner looks the column's true end up in an index
 * (`get_actual_variable_range`).
 */
const approximate = [
  'SELECT * FROM users WHERE tags @> $1',
  'SELECT * FROM users WHERE tags && $1',
  'SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY placed) FROM orders WHERE user_id < $1',
];
const TOLERANCE = 0.01;

interface Node {
  readonly 'Node Type': string;
  readonly 'Total Cost': number;
  readonly Plans?: readonly Node[];
}
const root = (explained: unknown) => (explained as [{ Plan: Node }])[0].Plan;
const shape = (node: Node): unknown => [node['Node Type'], ...(node.Plans ?? []).map(shape)];

test.each(['custom', 'generic'] as const)('a loaded server and its replica plan the same: %s', async (mode) => {
  expect(statements.length).toBeGreaterThanOrEqual(50);
  const different: unknown[] = [];
  for (const [sql, ...values] of statements) {
    const loaded = await loadedPlan(sql, values, mode);
    const empty = await replicaPlan(sql, values, mode);
    if (isDeepStrictEqual(loaded, empty)) continue;
    const off = root(empty)['Total Cost'] / root(loaded)['Total Cost'] - 1;
    const near = isDeepStrictEqual(shape(root(loaded)), shape(root(empty))) && Math.abs(off) < TOLERANCE;
    if (!approximate.includes(sql) || !near) different.push({ sql, values, loaded, empty });
  }
  expect(different).toEqual([]);
});

/** Works on the files of the replica of the statistics while no server has them. */
async function inFiles<Result>(
  of: ReplicaSource,
  extensions: readonly string[],
  work: (database: Database, data: string) => Promise<Result>,
): Promise<Result> {
  const lease = store.take(
    keyOf(engine, 'replica', [
      ['locale', of.cluster.locale],
      ['extensions', of.cluster.extensions.join()],
      ['schema', hashScripts(of.schema)],
      ['statistics', of.statistics?.text ?? ''],
    ]),
  );
  try {
    expect(lease.fresh).toBe(false);
    const data = join(lease.directory, 'data');
    return await using(engine, data, { ...of.cluster, extensions }, (database) => work(database, data));
  } finally {
    lease.discard();
  }
}

test('the statistics stand in the replica as they were in the loaded server, and so do the planner’s settings', async () => {
  const spare = await openReplica(engine, source(text));
  await spare.close({ reuse: true });
  // How many workers there are matters to the executor alone.
  const planning = `SELECT name, setting FROM pg_settings
    WHERE (category LIKE 'Query Tuning%' OR name IN ('work_mem', 'hash_mem_multiplier', 'block_size'))
      AND name NOT IN ('jit', 'plan_cache_mode')
    ORDER BY name`;
  const { rows: wanted } = await client.query(planning);
  expect(wanted.length).toBeGreaterThan(40);
  await inFiles(source(text), [], async (database, data) => {
    const query = async (sql: string, values: unknown[] = []) => {
      const texts = values.map((value) =>
        value === null ? null : Array.isArray(value) ? formatArrayLiteral(value.map(String)) : String(value),
      );
      const { fields, rows } = await database.query(sql, texts);
      const parsers = fields.map(({ dataTypeID }) => pg.types.getTypeParser(dataTypeID, 'text'));
      const parsed = rows.map((row) =>
        Object.fromEntries(
          row.map((text, column) => [fields[column]?.name, text === null ? null : parsers[column]?.(text)]),
        ),
      );
      return { rows: parsed };
    };
    const heights = async ({ relfilenodePath }: { readonly relfilenodePath: string }) =>
      heightIn(join(data, relfilenodePath));
    const restored = await pullStatistics({ query }, { origin: 'a test', heights });
    expect(restored.tables).toEqual(statistics.tables);
    expect(Object.keys(statistics.tables['public.odd']?.columns ?? {})).toContain('Quoted "name"');
    expect(statistics.tables['public.odd']?.columns.value?.most_common_vals).toContain('Größe 🙂');
    expect(await database.rows(planning)).toEqual(wanted);
  });
});

const BIG_SCHEMA = `
  CREATE TABLE t (id int, name text, more int, wide text);
  CREATE INDEX height_0 ON t (id);
  CREATE INDEX height_1 ON t (name);
  CREATE INDEX height_2 ON t (id, name) INCLUDE (more);
  CREATE INDEX height_3 ON t (name text_pattern_ops, id DESC);
  CREATE UNIQUE INDEX height_4 ON t (id, more);
  CREATE INDEX small ON t (lower(name)) WHERE id > 0;
  CREATE INDEX unknown_btree ON t (more);
  CREATE INDEX unknown_brin ON t USING brin (more);
  CREATE INDEX "constructor" ON t (more, id);
  CREATE INDEX invalid ON t (wide);
  CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);
  CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE INDEX p_id ON p (id);
  CREATE TABLE filled (id int PRIMARY KEY);
  INSERT INTO filled SELECT generate_series(1, 5000);
  CREATE INDEX filled_more ON filled (id DESC);
  CREATE TABLE untouched (id int PRIMARY KEY);
  INSERT INTO untouched SELECT generate_series(1, 5000);
  CREATE STATISTICS together ON id, more FROM t;`;

const TIB = 2 ** 40 / PAGE_SIZE;
const id = { null_frac: 0, avg_width: 4, n_distinct: -1, correlation: 0.5 };

/** @param pages of the big table */
function claim(pages: number): Statistics {
  const most = Math.min(pages, TIB);
  const tuples = pages * 50;
  const index = (relpages: number, height?: number) => ({
    relpages,
    reltuples: tuples,
    relallvisible: 0,
    ...(height === undefined ? {} : { height }),
  });
  return {
    format: 'plan-guard statistics',
    version: 1,
    origin: 'a test',
    server_version: '18.0',
    tables: {
      'public.t': {
        relpages: pages,
        reltuples: tuples,
        relallvisible: pages,
        columns: { id, more: id },
        indexes: {
          height_0: index(2, 0),
          height_1: index(Math.ceil(most / 100), 1),
          height_2: index(Math.ceil(most / 10), 2),
          height_3: index(Math.ceil(most / 7), 3),
          height_4: index(Math.ceil(most / 9), 4),
          small: { ...index(1), reltuples: 0 },
          invalid: { ...index(Math.ceil(most / 5), 3), valid: false },
        },
      },
      'public.p': {
        relpages: -1,
        reltuples: tuples,
        relallvisible: 0,
        columns: {},
        inherited: { id },
        indexes: { p_id: { relpages: 0, reltuples: 0, relallvisible: 0 } },
      },
      'public.p_1': {
        relpages: 100,
        reltuples: 1000,
        relallvisible: 0,
        columns: { id },
        indexes: { p_1_id_idx: { relpages: 5, reltuples: 1000, relallvisible: 0 } },
      },
      'public.filled': {
        relpages: 0,
        reltuples: 0,
        relallvisible: 0,
        columns: {},
        indexes: { filled_pkey: { relpages: 1, reltuples: 0, relallvisible: 0 } },
      },
      'public.untouched': {
        relpages: 0,
        reltuples: -1,
        relallvisible: 0,
        columns: {},
        indexes: { untouched_pkey: { relpages: 1, reltuples: 0, relallvisible: 0 } },
      },
    },
  };
}

const bigSource = (pages: number): ReplicaSource => ({
  ...source(formatStatistics(claim(pages))),
  schema: [{ file: 'schema.sql', text: BIG_SCHEMA }],
});

function diskUsed(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).blocks * 512, 0);
}

test.each([
  ['10 MB', 1280],
  ['2 TiB', 2 * TIB],
])('a table of %s is planned, its trees are sound, and it takes next to no disk', async (_, pages) => {
  const of = bigSource(pages);
  const opened = await openReplica(engine, of);
  const remarks = opened.remarks.join('\n');
  const facts = opened.catalog.tables.get('public.t');
  const plans = [];
  for (const sql of [
    'SELECT * FROM t',
    'SELECT * FROM t WHERE id = 5 AND more = 6',
    'SELECT * FROM t WHERE wide = $1',
    'SELECT max(id) FROM filled WHERE id > 4000',
    'SELECT max(id) FROM untouched WHERE id > 4000',
  ]) {
    const statement = await opened.prepare(sql, []);
    const values = statement.parameterTypes.map(() => 'x');
    const [explained] = await opened.explain([{ statement, values, mode: 'custom' }]);
    plans.push(root(explained));
  }
  await opened.close({ reuse: true });
  expect(facts).toMatchObject({ pages, analysed: true });
  expect(plans[0]?.['Total Cost']).toBeGreaterThanOrEqual(pages / 3);
  expect(JSON.stringify(plans[1])).toContain('Index Scan');
  expect(JSON.stringify(plans[2])).not.toContain('Index');
  expect(remarks).toMatch(
    /^The statistics do not know the index public.unknown_btree: its size is estimated at \d+ pages\.$/m,
  );
  expect(remarks).toContain('public.unknown_brin');
  expect(remarks).toContain('public.constructor');
  expect(remarks).toContain('The schema has extended statistics (public.together), which the replica cannot carry');
  expect(opened.remarks).toHaveLength(4);

  await inFiles(of, ['amcheck', 'pageinspect'], async (database, data) => {
    expect(diskUsed(data)).toBeLessThan(60e6);
    expect(diskUsed(data)).toBeGreaterThan(5e6);
    await database.execute('CREATE EXTENSION amcheck; CREATE EXTENSION pageinspect');
    const heights = await database.rows(`
      SELECT relname AS name, (bt_metap(relname)).root, (bt_metap(relname)).level, (bt_metap(relname)).fastlevel
        FROM pg_class WHERE relname ~ '^height_' ORDER BY relname`);
    expect(heights).toEqual(
      [0, 1, 2, 3, 4].map((height) => ({
        name: `height_${height}`,
        root: '1',
        level: String(height),
        fastlevel: String(height),
      })),
    );
    const checked = await database.rows(`
      SELECT c.relname AS name, bt_index_parent_check(c.oid, false)
        FROM pg_class c JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree' JOIN pg_index i ON i.indexrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'i' AND i.indisvalid
       ORDER BY 1`);
    expect(checked.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'height_0',
        'height_4',
        'filled_pkey',
        'filled_more',
        'p_1_id_idx',
        'small',
        'unknown_btree',
        'untouched_pkey',
      ]),
    );
    const sizes = await database.rows(`
      SELECT pg_relation_size('t') / 8192 AS t, pg_relation_size('p_1') / 8192 AS p_1, pg_relation_size('filled') AS filled,
             (SELECT relpages FROM pg_class WHERE relname = 'p') AS p, (SELECT reltuples FROM pg_class WHERE relname = 'untouched') AS untouched,
             pg_relation_size('untouched') > 0 AS kept, pg_relation_size('unknown_brin') < greatest(pg_relation_size('unknown_btree') / 100, 5 * 8192) AS brin`);
    expect(sizes).toEqual([
      { t: String(pages), p_1: '100', filled: '0', p: '-1', untouched: '-1', kept: 't', brin: 't' },
    ]);
  });
});

test('the size of the files is the claimed one, in segments of 1 GiB', async () => {
  const of = bigSource(2 * 131_072 + 5);
  const opened = await openReplica(engine, of);
  await opened.close({ reuse: true });
  await inFiles(of, [], async (database, data) => {
    const [row] = await database.rows(`SELECT pg_relation_filepath('t') AS path`);
    const first = join(data, row?.path ?? '');
    expect([first, `${first}.1`, `${first}.2`].map((file) => statSync(file).size)).toEqual([
      2 ** 30,
      2 ** 30,
      5 * 8192,
    ]);
    expect(existsSync(`${first}.3`)).toBe(false);
  });
});

test('16 TiB less a page is the most that a table can claim', async () => {
  const table = { relpages: 2 ** 31 - 1, reltuples: 1e11, relallvisible: 0, columns: {}, indexes: {} };
  const most = formatStatistics({ ...claim(1), tables: { 'public.t': table } });
  const opened = await openReplica(engine, { ...source(most), schema: [{ file: 's.sql', text: 'CREATE TABLE t ()' }] });
  const statement = await opened.prepare('SELECT FROM t', []);
  const [explained] = await opened.explain([{ statement, values: [], mode: 'custom' }]);
  await opened.close({ reuse: false });
  expect(root(explained)['Total Cost']).toBeGreaterThan(table.relpages);
});

test('sizes beyond what pg_class can state are an error where they stand', () => {
  const written = formatStatistics(claim(1280)).replace('"relpages": 1280', '"relpages": 2147483648');
  expect(() => parseStatistics(written, 'statistics.json')).toThrow(
    'tables: public.t: relpages: expected an integer from -1 to 2147483647, found 2147483648',
  );
});

describe('statistics that do not fit the schema', () => {
  let database: Database;
  let lease: Lease;

  beforeAll(async () => {
    const of = { ...bigSource(1280), statistics: undefined };
    const opened = await openReplica(engine, of);
    await opened.close({ reuse: true });
    const key = keyOf(engine, 'replica', [
      ['locale', LOCALE],
      ['extensions', ''],
      ['schema', hashScripts(of.schema)],
      ['statistics', ''],
    ]);
    lease = store.take(key);
    database = await engine.open(join(lease.directory, 'data'), of.cluster);
  });

  afterAll(async () => {
    await database?.close();
    lease?.discard();
  });

  const values = (most_common_vals: readonly string[]) => ({
    ...id,
    most_common_vals,
    most_common_freqs: most_common_vals.map(() => 0.1),
  });
  type Table = Statistics['tables'][string];

  test.each<[string, (t: Table) => Record<string, Table>, string, string]>([
    ['a table', (t) => ({ 'public.nowhere': t }), 'The schema has no table "public.nowhere".', '"public.nowhere"'],
    [
      'an index for a table',
      (t) => ({ 'public.height_0': t }),
      'The schema has no table "public.height_0".',
      '"public.height_0"',
    ],
    [
      'a column',
      (t) => ({ 'public.t': { ...t, columns: { gone: id } } }),
      'The table "public.t" has no column "gone".',
      '"gone"',
    ],
    [
      'an inherited column',
      (t) => ({ 'public.t': { ...t, inherited: { gone: id } } }),
      'The table "public.t" has no column "gone".',
      '"gone"',
    ],
    [
      'a column of an index',
      (t) => ({
        'public.t': {
          ...t,
          indexes: { small: { relpages: 1, reltuples: 1, relallvisible: 0, columns: { upper: id } } },
        },
      }),
      'The index "public.small" has no column "upper".',
      '"upper"',
    ],
    [
      'a value of the type',
      (t) => ({ 'public.t': { ...t, columns: { id: values(['1', 'twelve']) } } }),
      'PostgreSQL refused the statistics of t.id: "twelve" is no value of the type integer.',
      '"id"',
    ],
    [
      'a bound of the type',
      (t) => ({ 'public.p': { ...t, columns: { at: { ...id, histogram_bounds: ['2024-01-01', '2024-02-30'] } } } }),
      'PostgreSQL refused the statistics of p.at: "2024-02-30" is no value of the type date.',
      '"at"',
    ],
  ])('%s that is not there is told at its line', async (_, tables, message, place) => {
    const table = { relpages: 1, reltuples: 1, relallvisible: 0, columns: {}, indexes: {} };
    const wrong: Statistics = { ...claim(1), tables: tables(table) };
    const written = formatStatistics(wrong);
    const before = written.slice(0, written.indexOf(place)).split('\n');
    await expect(
      applyStatistics(database, { file: 'statistics.json', text: written, statistics: wrong }),
    ).rejects.toMatchObject({
      code: 'statistics',
      message,
      where: { file: 'statistics.json', line: before.length, column: (before.at(-1)?.length ?? 0) + 1 },
    });
  });

  test('all that is wrong is told at once', async () => {
    const wrong = {
      ...claim(1280),
      tables: { 'public.a': claim(1).tables['public.t'], 'public.b': claim(1).tables['public.t'] },
    } as Statistics;
    const failure = await applyStatistics(database, {
      file: 'f',
      text: formatStatistics(wrong),
      statistics: wrong,
    }).catch((error) => error);
    expect(failure.errors.map(({ message }: Error) => message)).toEqual([
      'The schema has no table "public.a".',
      'The schema has no table "public.b".',
    ]);
  });
});
