import { open } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NativeServer, startNativeServer } from '../postgres/native.js';
import { estimateBtreeHeight, readBtreeHeight } from './btree-height.js';
import { formatStatistics } from './format.js';
import { type IndexFile, pullStatistics } from './pull.js';
import { parseStatistics } from './read.js';

let server: NativeServer;
let client: pg.Client;

beforeAll(async () => {
  server = await startNativeServer();
  client = new pg.Client(server.connection);
  await client.connect();
  // The session is set up to make trouble.
  await client.query(`SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -10`);
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

async function height({ relfilenodePath }: IndexFile): Promise<number> {
  await client.query('CHECKPOINT');
  const file = await open(join(server.directory, relfilenodePath));
  try {
    return readBtreeHeight((await file.read(Buffer.alloc(8192), 0, 8192, 0)).buffer);
  } finally {
    await file.close();
  }
}

test('sizes, values of every awkward kind, and indexes are read without loss', async () => {
  await client.query(String.raw`
    CREATE SCHEMA shop;
    CREATE TABLE shop.t (id int PRIMARY KEY, word text, amounts int[], day date, span interval, ratio float8, area box,
      range int4range, "Mixed Case" text, nothing text);
    INSERT INTO shop.t SELECT n, (ARRAY['NULL', '', 'a,b', 'say "hi"', 'back\slash', '{brace}', E'line\nbreak', NULL])[1 + n % 8],
      ARRAY[n % 3, 7], date '2026-02-01' + n % 2, n % 2 * interval '1 day 2 hours', 1 / 3::float8, '(1,1),(0,0)',
      int4range(n, n + n % 5), 'x', NULL FROM generate_series(1, 2000) n;
    CREATE INDEX t_lower ON shop.t (lower(word), (id % 10));
    CREATE INDEX t_range ON shop.t USING gist (range);
    CREATE TABLE shop.never (id int PRIMARY KEY);
    CREATE VIEW shop.seen AS SELECT 1;
    `);
  await client.query('VACUUM (ANALYZE) shop.t');
  const statistics = await pullStatistics(client, { schemas: ['shop'], origin: 'a test', heights: height });
  expect(statistics).toMatchObject({
    format: 'plan-guard statistics',
    version: 1,
    origin: 'a test',
    server_version: server.version,
  });
  expect(Object.keys(statistics.tables).sort()).toEqual(['shop.never', 'shop.t']);
  expect(statistics.tables['shop.never']).toEqual({
    relpages: 0,
    reltuples: -1,
    relallvisible: 0,
    columns: {},
    indexes: { never_pkey: { relpages: 1, reltuples: 0, relallvisible: 0, height: 0 } },
  });
  const table = statistics.tables['shop.t'];
  const { rows } = await client.query(`SELECT relpages, reltuples, relallvisible FROM pg_class WHERE relname = 't'`);
  expect(table).toMatchObject(rows[0]);
  const columns = table?.columns ?? {};
  expect([...(columns.word?.most_common_vals ?? [])].sort()).toEqual(
    ['NULL', '', 'a,b', 'say "hi"', 'back\\slash', '{brace}', 'line\nbreak'].sort(),
  );
  expect(columns.word).toMatchObject({ null_frac: 0.125, n_distinct: 7 });
  expect(columns.word?.most_common_freqs).toEqual(Array(7).fill(0.125));
  expect([...(columns.amounts?.most_common_vals ?? [])].sort()).toEqual(['{0,7}', '{1,7}', '{2,7}']);
  expect([...(columns.amounts?.most_common_elems ?? [])].sort()).toEqual(['0', '1', '2', '7']);
  expect(columns.amounts?.most_common_elem_freqs).toHaveLength(7);
  expect(columns.amounts?.elem_count_histogram?.at(-1)).toBe(2);
  expect(columns.day?.most_common_vals).toEqual(['2026-02-01', '2026-02-02']);
  expect(columns.span?.most_common_vals).toEqual(['00:00:00', '1 day 02:00:00']);
  expect(columns.ratio?.most_common_vals).toEqual(['0.3333333333333333']);
  expect(columns.area).toMatchObject({ null_frac: 0, avg_width: 32 });
  expect(columns.range).toMatchObject({ range_empty_frac: expect.closeTo(0.2, 5) });
  expect(columns.range?.range_length_histogram?.at(-1)).toBe('4');
  expect(columns.range?.range_bounds_histogram?.[0]).toMatch(/^\[1,/);
  expect(columns['Mixed Case']?.most_common_vals).toEqual(['x']);
  expect(columns.nothing).toEqual({ null_frac: 1, avg_width: 0, n_distinct: 0 });
  expect(columns.id?.histogram_bounds).toHaveLength(101);
  expect(columns.id?.correlation).toBe(1);
  expect(Object.keys(table?.indexes ?? {}).sort()).toEqual(['t_lower', 't_pkey', 't_range']);
  expect(table?.indexes.t_lower?.columns?.expr?.most_common_vals).toHaveLength(10);
  expect(table?.indexes.t_lower?.columns?.lower?.n_distinct).toBe(7);
  expect(table?.indexes.t_range).not.toHaveProperty('height');
  expect(table?.indexes.t_pkey).toMatchObject({ height: 1, reltuples: 2000 });

  const text = formatStatistics(statistics);
  expect(parseStatistics(text, 'pulled.json')).toEqual(statistics);
  expect((await client.query('SHOW DateStyle')).rows[0].DateStyle).toContain('German');
});

test('partitions and their parent, an invalid index, and tables of the same name in two schemas', async () => {
  await client.query(`
    CREATE SCHEMA a; CREATE SCHEMA b;
    CREATE TABLE a.event (id int) PARTITION BY RANGE (id);
    CREATE TABLE a.event_1 PARTITION OF a.event FOR VALUES FROM (0) TO (100);
    CREATE TABLE a.event_2 PARTITION OF a.event FOR VALUES FROM (100) TO (200);
    CREATE INDEX event_id ON a.event (id);
    INSERT INTO a.event SELECT n % 200 FROM generate_series(1, 1000) n;
    CREATE TABLE b.event AS SELECT 1 AS other;
    CREATE INDEX other_invalid ON b.event (other);
    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'b.other_invalid'::regclass;
    ANALYZE a.event; ANALYZE b.event;`);
  const statistics = await pullStatistics(client, { schemas: ['a', 'b'], origin: 'a test' });
  expect(Object.keys(statistics.tables).sort()).toEqual(['a.event', 'a.event_1', 'a.event_2', 'b.event']);
  expect(statistics.tables['a.event']).toMatchObject({ reltuples: 1000, columns: {}, inherited: { id: {} } });
  expect(statistics.tables['a.event']?.indexes).toHaveProperty('event_id');
  expect(statistics.tables['a.event_2']).toMatchObject({ reltuples: 500, columns: { id: { n_distinct: -0.2 } } });
  expect(statistics.tables['a.event_2']).not.toHaveProperty('inherited');
  expect(statistics.tables['b.event']?.indexes.other_invalid).toMatchObject({ valid: false });
  expect(statistics.tables['a.event_1']?.indexes.event_1_id_idx).not.toHaveProperty('valid');
  const text = formatStatistics(statistics);
  expect(parseStatistics(text, 'pulled.json')).toEqual(statistics);
});

test('all schemas but those of PostgreSQL are read where none is named', async () => {
  await client.query('CREATE TABLE IF NOT EXISTS public.plain (id int)');
  const statistics = await pullStatistics(client, { origin: 'a test' });
  expect(Object.keys(statistics.tables)).toContain('public.plain');
  expect(Object.keys(statistics.tables).filter((name) => /^(pg_|information_schema)/.test(name))).toEqual([]);
});

test('nothing to read is an error, and the connection is left as it was', async () => {
  await expect(pullStatistics(client, { schemas: ['nowhere'], origin: 'a test' })).rejects.toMatchObject({
    code: 'statistics',
    message: 'There is no table in nowhere',
  });
  expect((await client.query('SELECT now() = statement_timestamp() AS outside')).rows[0].outside).toBe(true);
});

test('the height read from the metapage is what pageinspect tells, and the estimate meets it', async () => {
  await client.query(`
    CREATE EXTENSION pageinspect;
    CREATE SCHEMA trees;
    CREATE TABLE trees.t AS SELECT n AS id, md5(n::text) || md5(n::text) AS hash, n % 50 AS group_id
      FROM generate_series(1, 120000) n;
    CREATE TABLE trees.few AS SELECT n AS id FROM generate_series(1, 100) n;
    CREATE TABLE trees.none (id int);
    CREATE INDEX t_id ON trees.t (id);
    CREATE INDEX t_hash ON trees.t (hash);
    CREATE INDEX t_hash_twice ON trees.t (hash, (hash || hash));
    CREATE INDEX t_group ON trees.t (group_id);
    CREATE INDEX few_id ON trees.few (id);
    CREATE INDEX none_id ON trees.none (id);
    CREATE TABLE trees.grown (id int, hash text);
    CREATE INDEX grown_hash ON trees.grown (hash);
    INSERT INTO trees.grown SELECT n, md5(n::text) FROM generate_series(1, 60000) n;
    ANALYZE;`);
  const width: Record<string, number> = { t_hash: 65, t_hash_twice: 65, grown_hash: 33 };
  const { rows } = await client.query(
    `SELECT c.oid, relname AS name, nspname AS schema, pg_relation_filepath(c.oid) AS "relfilenodePath",
       (pg_relation_size(c.oid) / 8192)::int AS pages, (bt_metap(c.oid::regclass::text)).fastlevel::int AS level
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'trees' AND relkind = 'i'`,
  );
  expect(rows).toHaveLength(7);
  expect(new Set(rows.map(({ level }) => level))).toEqual(new Set([0, 1, 2]));
  for (const row of rows) {
    expect({ name: row.name, height: await height(row) }).toEqual({ name: row.name, height: row.level });
    const estimate = estimateBtreeHeight(row.pages, width[row.name] ?? 4);
    expect({ name: row.name, estimate }).toEqual({ name: row.name, estimate: row.level });
  }
  expect(() => readBtreeHeight(new Uint8Array(8192))).toThrow('not the metapage of a B-tree');
  expect(() => readBtreeHeight(new Uint8Array(10))).toThrow('not the metapage of a B-tree');
});
