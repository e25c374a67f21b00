import { chmodSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PlanGuardError } from '../errors.js';
import { clientOf, heightIn, withoutEnds } from '../fidelity/planners.js';
import { formatStatistics } from '../statistics/format.js';
import type { ColumnStatistics, Statistics } from '../statistics/model.js';
import { pullStatistics } from '../statistics/pull.js';
import { parseStatistics } from '../statistics/read.js';
import type { Database } from './database.js';
import { type Engine, using } from './engine.js';
import { NativeEngine } from './native-engine.js';
import { PgliteEngine } from './pglite.js';
import { explainCommand, prepareStatements, readExplained } from './planning.js';
import { keyOf } from './prepared-directory.js';
import { openReplica, type ReplicaSource } from './replica.js';
import { hashScripts } from './scripts.js';
import { DirectoryStore } from './store.js';

const SCHEMA = `
  CREATE EXTENSION citext;
  CREATE SCHEMA "Odd ""shop""";
  CREATE TYPE size AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE FUNCTION doubled(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
  CREATE TABLE "Odd ""shop"""."It's" (
    id int8 PRIMARY KEY, "At" timestamptz NOT NULL, name text, price numeric(12, 2), code uuid, day date, size size,
    short varchar(20), amount positive, ratio float8, padded char(8), raw bytea, span interval, half int2, email citext,
    long text, grp int
  );
  ALTER TABLE "Odd ""shop"""."It's" ALTER size SET STATISTICS 3, ALTER half SET STATISTICS 5;
  CREATE INDEX odd_at ON "Odd ""shop"""."It's" ("At");
  CREATE INDEX odd_name ON "Odd ""shop"""."It's" (name);
  CREATE INDEX odd_price ON "Odd ""shop"""."It's" (price, id, day, half);
  CREATE INDEX odd_code ON "Odd ""shop"""."It's" (code) INCLUDE (grp, day);
  CREATE INDEX odd_day ON "Odd ""shop"""."It's" (day DESC);
  CREATE INDEX odd_size ON "Odd ""shop"""."It's" (size, grp);
  CREATE INDEX odd_short ON "Odd ""shop"""."It's" (short varchar_ops);
  CREATE INDEX odd_amount ON "Odd ""shop"""."It's" (amount NULLS FIRST);
  CREATE INDEX odd_ratio ON "Odd ""shop"""."It's" (ratio DESC NULLS LAST, grp);
  CREATE INDEX odd_padded ON "Odd ""shop"""."It's" (padded);
  CREATE INDEX odd_raw ON "Odd ""shop"""."It's" (raw);
  CREATE INDEX odd_span ON "Odd ""shop"""."It's" (span);
  CREATE INDEX odd_half ON "Odd ""shop"""."It's" (half);
  CREATE INDEX odd_email ON "Odd ""shop"""."It's" (email);
  CREATE INDEX odd_lower ON "Odd ""shop"""."It's" (lower(name));
  CREATE INDEX odd_doubled ON "Odd ""shop"""."It's" (doubled(grp) DESC, id, name);
  CREATE INDEX odd_long ON "Odd ""shop"""."It's" (long);
  CREATE INDEX odd_partial ON "Odd ""shop"""."It's" (grp) WHERE grp > 5;
  CREATE INDEX odd_pattern ON "Odd ""shop"""."It's" (short text_pattern_ops);
  CREATE INDEX odd_brin ON "Odd ""shop"""."It's" USING brin (grp);
  CREATE TABLE later (id int8 PRIMARY KEY, value int, gone regclass); CREATE INDEX later_gone ON later (gone);
  CREATE TABLE refilled (id int PRIMARY KEY);
  CREATE TABLE part (id int, at date) PARTITION BY RANGE (at);
  CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE INDEX part_id ON part (id);
  CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no more tables''; END';
  CREATE EVENT TRIGGER no_tables ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse();`;

/** Numbers from `low` on become a row each, with values in the order of the numbers. */
const rows = (low: number, high: number) => `
  INSERT INTO "Odd ""shop"""."It's"
  SELECT n, timestamptz '2024-01-01 00:00+00' + n * interval '1 minute', chr(97 + n / 3000) || ' Name ' || n, n / 7.0,
    ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, date '2010-01-01' + n / 4,
    (enum_range(NULL::size))[1 + n / 4000], 's' || lpad(n::text, 6, '0'), CASE WHEN n % 10 > 0 THEN n END,
    CASE WHEN n % 5 > 0 THEN n / 3.0 END, lpad(n::text, 6, '0'), decode(lpad(to_hex(n), 8, '0'), 'hex'),
    n * interval '1 second', n / 10, chr(65 + n / 3000) || n || '@Example.org', lpad(n::text, 6, '0') || repeat('long ', 180),
    n / 2
    FROM generate_series(${low}, ${high}) n;`;

const FILL = `
  ${rows(2000, 20_000)}
  INSERT INTO later SELECT n, n, (n + 900000)::oid::regclass FROM generate_series(12000, 40000) n;
  INSERT INTO part SELECT n, date '2024-01-01' + n % 300 FROM generate_series(1, 5000) n;
  INSERT INTO refilled SELECT generate_series(1, 5000);
  ANALYZE refilled;
  VACUUM (ANALYZE) "Odd ""shop"""."It's", later, part_1;
  ${rows(1000, 1999)}
  ${rows(20_001, 23_000)}
  DELETE FROM refilled;
  VACUUM refilled;
  INSERT INTO refilled SELECT generate_series(6000, 6100);
  INSERT INTO later SELECT n, n, (n + 900000)::oid::regclass FROM generate_series(40001, 42000) n;
  INSERT INTO part SELECT n, date '2024-01-01' + n % 300 FROM generate_series(5001, 5500) n;
  DELETE FROM "Odd ""shop"""."It's" WHERE id % 1000 = 7;
  DELETE FROM later WHERE id % 1000 = 7;
  DELETE FROM part WHERE id % 1000 = 7;
  VACUUM (INDEX_CLEANUP on) "Odd ""shop"""."It's", later, part_1;
  CHECKPOINT`;

/** An expression and values of it: before its first row, of early rows, of late rows, after its last one. */
const ends: readonly (readonly [expression: string, ...values: string[]])[] = [
  ['id', '0', '1500', '21000', '22990', '90000'],
  ['"At"', '2020-01-01', '2024-01-02', '2024-01-15 14:00+00', '2026-01-01'],
  ['name', 'A', 'a Name 1100', 'h Name 21500', 'h Name 22999', 'z'],
  ['price', '0', '200.5', '3000', '99999'],
  [
    'code',
    '00000000-0000-0000-0000-000000000000',
    '00000000-0000-0000-0000-000000005500',
    'f0000000-0000-0000-0000-000000000000',
  ],
  ['day', '2000-01-01', '2010-10-10', '2024-06-01', '2030-01-01'],
  ['size', 'a', 'b', 'f', 'j'],
  ['short', 's', 's001500', 's021500', 't'],
  ['amount', '1', '1500', '21501', '90000'],
  ['ratio', '0', '400', '7001', '90000'],
  ['padded', '0', '001500', '021500', '9'],
  ['raw', '\\x00', '\\x00000500', '\\x00005500', '\\xff'],
  ['span', '1 second', '25 minutes', '6 hours', '1 year'],
  ['half', '0', '150', '2200', '9000'],
  ['email', 'A', 'a1100@example.org', 'H21500@EXAMPLE.org', 'h22999@example.org', 'z'],
  ['lower(name)', 'a', 'a name 1100', 'h name 21500', 'z'],
  ['doubled(grp)', '0', '1500', '21000', '90000'],
  ['long', '0', '001500', '021500', '9'],
];

const TABLE = '"Odd ""shop"""."It\'s"';
const statements: readonly (readonly [sql: string, ...values: string[]])[] = [
  ...ends.flatMap(([expression, ...values]) =>
    values.flatMap((value) => [
      [`SELECT * FROM ${TABLE} WHERE ${expression} > $1`, value] as const,
      [`SELECT * FROM ${TABLE} WHERE ${expression} <= $1 ORDER BY ${expression} LIMIT 7`, value] as const,
    ]),
  ),
  [`SELECT * FROM ${TABLE} WHERE id BETWEEN $1 AND $2`, '21000', '23000'],
  [`SELECT o.id FROM ${TABLE} o JOIN later l ON l.id = o.id ORDER BY o.id`],
  [`SELECT * FROM ${TABLE} o JOIN later l USING (id) JOIN part p USING (id)`],
  ['SELECT * FROM part WHERE id > $1', '5400'],
  ['SELECT * FROM part WHERE id > $1', '9000'],
  ['SELECT max(id), min(id) FROM later'],
  // A cast from text would look for a table of that name.
  ['SELECT * FROM later WHERE gone > $1', '941500'],
];

const sessions: readonly Readonly<Record<string, string>>[] = [
  {},
  { enable_hashjoin: 'off', enable_nestloop: 'off', enable_seqscan: 'off' },
];

const cluster = { locale: 'en_US.UTF-8', extensions: ['citext'] };

const source = (text: string, settings: Readonly<Record<string, string>> = {}): ReplicaSource => ({
  schema: [{ file: 'schema.sql', text: SCHEMA }],
  statistics: { file: 's.json', text, parse: () => parseStatistics(text, 's.json') },
  cluster,
  session: { settings, role: undefined },
});

describe.each<readonly [string, () => Promise<Engine>]>([
  ['PGlite', async () => new PgliteEngine(DirectoryStore.open(true))],
  ['native 18', () => NativeEngine.create({ version: 18 }, true)],
  ['native 15', () => NativeEngine.create({ version: 15 }, true)],
])('%s', (_, create) => {
  let directory: string;
  let engine: Engine;
  let loaded: Database;
  let statistics: Statistics;
  const cacheBefore = process.env.PLAN_GUARD_CACHE;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'plan-guard-ends-'));
    // A server that root starts runs as another account.
    chmodSync(directory, 0o711);
    process.env.PLAN_GUARD_CACHE = join(directory, 'cache');
    engine = await create();
    const data = join(directory, 'loaded');
    loaded = await engine.open(data, cluster);
    for (const statement of [SCHEMA, ...FILL.split(/;\n/)]) await loaded.execute(statement);
    statistics = await pullStatistics(clientOf(loaded), {
      origin: 'a test',
      heights: ({ relfilenodePath }) => heightIn(join(data, relfilenodePath)),
      minMax: true,
    });
  });

  afterAll(async () => {
    await loaded?.close();
    await engine?.close();
    if (cacheBefore === undefined) delete process.env.PLAN_GUARD_CACHE;
    else process.env.PLAN_GUARD_CACHE = cacheBefore;
    await rm(directory, { recursive: true, force: true });
  });

  async function loadedPlans(settings: Readonly<Record<string, string>>): Promise<unknown[]> {
    const set = (reset: boolean) =>
      Object.entries(settings).map(([name, value]) => (reset ? `RESET ${name};` : `SET ${name} = ${value};`));
    await loaded.execute(set(false).join(''));
    const prepared = await prepareStatements(
      loaded,
      0,
      statements.map(([text]) => ({ text, types: [] })),
    );
    const explained: unknown[] = [];
    for (const [index, [, ...values]] of statements.entries()) {
      const request = { statement: prepared[index] as (typeof prepared)[number], values, mode: 'custom' as const };
      await loaded.execute('SET plan_cache_mode = force_custom_plan');
      explained.push(...(await loaded.execute(explainCommand(request))).map(readExplained));
    }
    await loaded.execute(`DEALLOCATE ALL; ${set(true).join('')}`);
    return explained;
  }

  async function replicaPlans(
    of: Statistics,
    settings: Readonly<Record<string, string>>,
    reuse = false,
  ): Promise<readonly unknown[]> {
    const server = await openReplica(engine, source(formatStatistics(of), settings));
    try {
      const prepared = await server.prepareAll(statements.map(([text]) => ({ text, types: [] })));
      return await server.explain(
        statements.map(([, ...values], index) => ({
          statement: prepared[index] as (typeof prepared)[number],
          values,
          mode: 'custom',
        })),
      );
    } finally {
      await server.close({ reuse });
    }
  }

  test('the ends of every column that leads a B-tree are read, and of no other', () => {
    const table = statistics.tables['Odd "shop".It\'s'];
    const known = (columns: Readonly<Record<string, ColumnStatistics>> = {}) =>
      Object.fromEntries(Object.entries(columns).flatMap(([name, { min_max }]) => (min_max ? [[name, min_max]] : [])));
    expect(known(table?.columns)).toMatchObject({
      id: ['1000', '23000'],
      day: ['2010-09-08', '2025-09-29'],
      size: ['a', 'f'],
      amount: ['1001', '22999'],
      half: ['100', '2300'],
      raw: ['\\x000003e8', '\\x000059d8'],
      span: ['00:16:40', '06:23:20'],
      code: ['00000000-0000-0000-0000-0000000003e8', '00000000-0000-0000-0000-0000000059d8'],
    });
    expect(Object.keys(known(table?.columns)).sort()).toEqual(
      ends
        .map(([expression]) => expression.replaceAll('"', ''))
        .filter((name) => !name.includes('('))
        .sort(),
    );
    expect(known(table?.indexes.odd_doubled?.columns)).toEqual({ doubled: ['1000', '23000'] });
    expect(Object.keys(known(table?.indexes.odd_lower?.columns))).toEqual(['lower']);
    expect(known(statistics.tables['public.part_1']?.columns)).toEqual({ id: ['1', '5500'] });
    expect(statistics).not.toHaveProperty('unread_min_max');
  });

  test.each(sessions)('a loaded server and its replica plan the same at the ends: %j', async (settings) => {
    const wanted = await loadedPlans(settings);
    const got = await replicaPlans(statistics, settings);
    const different = statements.flatMap(([sql, ...values], index) =>
      isDeepStrictEqual(got[index], wanted[index]) ? [] : [{ sql, values, wanted: wanted[index], got: got[index] }],
    );
    expect(different).toEqual([]);
    const without = await replicaPlans(withoutEnds(statistics), settings);
    const guessed = without.filter((plan, index) => !isDeepStrictEqual(plan, wanted[index]));
    expect(guessed.length).toBeGreaterThan(statements.length / 4);
  });

  const partOf = (explained: unknown) =>
    (explained as [{ Plan: { readonly 'Plan Rows': number } }])[0].Plan['Plan Rows'];

  test('a table that was empty when it was vacuumed is planned, whatever its indexes hold', async () => {
    const { 'public.refilled': table } = statistics.tables;
    expect(table).toMatchObject({ relpages: 0, columns: { id: { min_max: ['6000', '6100'] } } });
    const plan = async (of: Statistics) => {
      const server = await openReplica(engine, source(formatStatistics(of)));
      try {
        const statement = await server.prepare('SELECT * FROM refilled WHERE id > $1', []);
        return await server.explain([{ statement, values: ['6090'], mode: 'custom' }]);
      } finally {
        await server.close({ reuse: false });
      }
    };
    expect(await plan(statistics)).toEqual(await plan(withoutEnds(statistics)));
  });

  test('an index that the statistics do not know holds the ends of its column too', async () => {
    const table = statistics.tables['Odd "shop".It\'s'] as Statistics['tables'][string];
    const { odd_at, ...indexes } = table.indexes;
    const of = { ...statistics, tables: { ...statistics.tables, 'Odd "shop".It\'s': { ...table, indexes } } };
    const index = statements.findIndex(([sql, value]) => sql.includes('"At" >') && value?.startsWith('2024-01-15'));
    const [wanted, got, guessed] = [
      (await loadedPlans({}))[index],
      (await replicaPlans(of, {}))[index],
      (await replicaPlans(withoutEnds(of), {}))[index],
    ];
    expect(odd_at).toMatchObject({ reltuples: expect.any(Number) });
    expect(partOf(got)).toBe(partOf(wanted));
    expect(partOf(guessed)).not.toBe(partOf(wanted));
  });

  test('the trees are sound, and nothing is left of what made their entries', async () => {
    const text = formatStatistics(statistics);
    await replicaPlans(statistics, {}, true);
    const store = DirectoryStore.open(true, undefined, process.getuid?.() === 0);
    const lease = store.take(
      keyOf(engine, 'replica', [
        ['locale', cluster.locale],
        ['extensions', cluster.extensions.join()],
        ['schema', hashScripts(source(text).schema)],
        ['statistics', text],
      ]),
    );
    try {
      expect(lease.fresh).toBe(false);
      const extensions = [...cluster.extensions, 'amcheck'];
      await using(engine, join(lease.directory, 'data'), { ...cluster, extensions }, async (database) => {
        await database.execute('CREATE EXTENSION amcheck');
        const checked = await database.rows(`
          SELECT c.relname AS name, bt_index_parent_check(c.oid, false)
            FROM pg_class c JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree'
           WHERE c.relnamespace IN ('public'::regnamespace, '"Odd ""shop"""'::regnamespace) AND c.relkind = 'i'`);
        expect(checked.length).toBeGreaterThan(18);
        const left = await database.rows(`
          SELECT relname FROM pg_class WHERE relname LIKE 'plan_guard%' OR relpersistence = 't'`);
        expect(left).toEqual([]);
      });
    } finally {
      lease.discard();
    }
  });

  const withEnds = (changed: Readonly<Record<string, readonly [string, string]>>): Statistics => {
    const table = statistics.tables['Odd "shop".It\'s'] as Statistics['tables'][string];
    const columns = Object.entries(table.columns).map(([name, column]) => [
      name,
      changed[name] === undefined ? column : { ...column, min_max: changed[name] },
    ]);
    const tables = { 'Odd "shop".It\'s': { ...table, columns: Object.fromEntries(columns) } };
    return { ...statistics, tables };
  };

  test('values that cannot be are told where they stand, all at once', async () => {
    const wrong = withEnds({ id: ['12', 'twelve'], day: ['2025-02-01', '2025-01-01'], amount: ['-5', '7'] });
    const text = formatStatistics(wrong);
    const failure = await openReplica(engine, source(text)).catch((error) => error);
    const line = (value: string) => text.slice(0, text.indexOf(value)).split('\n').length;
    const told = (failure.errors as PlanGuardError[]).map(({ code, message, where }) => ({ code, message, ...where }));
    const at = { code: 'statistics', file: 's.json', column: 11 };
    expect(told.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))).toEqual(
      [
        {
          message: `The min_max of Odd "shop".It's.amount cannot be: value for domain positive violates check constraint "positive_check".`,
          line: line('["-5", "7"]'),
        },
        {
          message: `The min_max of Odd "shop".It's.day cannot be: "2025-02-01" is above "2025-01-01".`,
          line: line('["2025-02-01", "2025-01-01"]'),
        },
        {
          message: `The min_max of Odd "shop".It's.id cannot be: invalid input syntax for type bigint: "twelve".`,
          line: line('["12", "twelve"]'),
        },
      ].map((one) => ({ ...at, ...one })),
    );
  });

  test('ends of a text that another collation orders the other way round are left out', async () => {
    const turned = withEnds({ name: ['z', 'a'], short: ['t', 's'] });
    const unknown = withEnds({});
    const columns = unknown.tables['Odd "shop".It\'s']?.columns as Record<string, ColumnStatistics>;
    for (const name of ['name', 'short']) {
      const { min_max, ...column } = columns[name] as ColumnStatistics;
      columns[name] = column;
    }
    expect(await replicaPlans(turned, {})).toEqual(await replicaPlans(unknown, {}));
  });
});
