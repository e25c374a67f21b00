import { chmodSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBtreeHeight } from '../statistics/btree-height.js';
import { type ColumnRow, insertColumnStatistics, type SizeRow, updateSizes } from './catalog-statistics.js';
import { Connection } from './connection.js';
import type { Database } from './database.js';
import { type InflatedRelation, inflate } from './inflate.js';
import { type NativeServer, startNativeServer } from './native.js';
import { restoreColumnStatistics, restoreSizes } from './statistics-functions.js';
import { installedMajors } from './testing/installed-majors.js';
import { FILL, SCHEMA, STATEMENTS } from './testing/many-types.js';

/** The rows of pg_statistic, spelt without OIDs. */
const RAW = `
  SELECT s.starelid::regclass::text AS relation, a.attname, s.stainherit, s.stanullfrac, s.stawidth, s.stadistinct,
    ${[1, 2, 3, 4, 5]
      .map(
        (slot) => `stakind${slot} AS kind${slot}, staop${slot}::regoperator::text AS op${slot},
          (SELECT collname FROM pg_collation WHERE oid = stacoll${slot}) AS collation${slot},
          stanumbers${slot}::text AS numbers${slot}, stavalues${slot}::text AS values${slot}, pg_typeof(stavalues${slot}) AS type${slot}`,
      )
      .join(', ')}
  FROM pg_statistic s JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
  WHERE s.starelid >= 16384
  ORDER BY 1, 2, 3`;

/** A slot of a kind, wherever ANALYZE put it; `pg_stats` shows those of ranges from PostgreSQL 17 on. */
const slot = (kind: number, column: 'stavalues' | 'stanumbers') =>
  `CASE ${kind} ${[1, 2, 3, 4, 5].map((place) => `WHEN stakind${place} THEN ${column}${place}${column === 'stavalues' ? '::text' : ''}`).join(' ')} END`;

const COLUMNS = `
  SELECT 'public' AS schemaname, c.relname, a.attname, stainherit AS inherited, stanullfrac AS null_frac,
    stawidth AS avg_width, stadistinct AS n_distinct,
    ${slot(1, 'stavalues')} AS most_common_vals, ${slot(1, 'stanumbers')} AS most_common_freqs,
    ${slot(2, 'stavalues')} AS histogram_bounds, (${slot(3, 'stanumbers')})[1] AS correlation,
    ${slot(4, 'stavalues')} AS most_common_elems, ${slot(4, 'stanumbers')} AS most_common_elem_freqs,
    ${slot(5, 'stanumbers')} AS elem_count_histogram, ${slot(6, 'stavalues')} AS range_length_histogram,
    (${slot(6, 'stanumbers')})[1] AS range_empty_frac, ${slot(7, 'stavalues')} AS range_bounds_histogram
  FROM pg_statistic
  JOIN pg_class c ON c.oid = starelid AND c.relnamespace = 'public'::regnamespace
  JOIN pg_attribute a ON a.attrelid = starelid AND a.attnum = staattnum`;

const SIZES = `
  SELECT 'public' AS schemaname, relname, relpages, reltuples, relallvisible, amname AS method,
    CASE WHEN relpages > 0 AND relkind IN ('r', 'i') THEN pg_relation_filepath(c.oid) END AS path
  FROM pg_class c LEFT JOIN pg_am a ON a.oid = relam
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'i', 'I')`;

type Size = SizeRow & { readonly method?: string; readonly path?: string };

async function json<Row>(database: Database, query: string): Promise<Row[]> {
  const rows = await database.rows(`SELECT json_strip_nulls(row_to_json(r)) AS row FROM (${query}) AS r`);
  return rows.map(({ row }) => JSON.parse(row ?? 'null') as Row);
}

/** How the files of a database have to be for the planner to believe its sizes. */
async function inflated(database: Database, sizes: readonly Size[], directory: string): Promise<InflatedRelation[]> {
  const own = new Map((await json<Size>(database, SIZES)).map(({ relname, path }) => [relname, path]));
  const relations: InflatedRelation[] = [];
  for (const { relname, relpages, method, path } of sizes) {
    const target = own.get(relname);
    if (path === undefined || target === undefined) continue;
    const height = method === 'btree' ? readBtreeHeight(await readFile(join(directory, path))) : undefined;
    relations.push({ path: target, pages: relpages, height });
  }
  return relations;
}

test('the majors of the packages are there', () => {
  expect(installedMajors).toEqual(expect.arrayContaining([15, 18]));
});

describe.each(
  installedMajors.map((version) => [version, version < 18 ? ['catalogs'] : ['catalogs', 'functions']] as const),
)('PostgreSQL %i', (version, ways) => {
  let home: string;
  let server: NativeServer | undefined;
  let loaded: Connection;
  let columns: ColumnRow[];
  const written = new Map<string, Connection>();
  const taken = new Map<string, readonly boolean[]>();

  const start = async () => {
    const directory = join(home, 'cluster');
    const started = await startNativeServer({
      version,
      directory,
      initdbArguments: ['--no-locale', ...(version < 18 ? [] : ['--no-data-checksums'])],
    });
    server = started;
    const connect = (database: string) => Connection.open({ ...started.connection, database });
    return { directory, connect };
  };
  const connections = () => [loaded, ...written.values()].filter((connection) => connection !== undefined);

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'plan-guard-test-'));
    chmodSync(home, 0o755);
    const first = await start();
    const admin = await first.connect('postgres');
    for (const name of ['loaded', ...ways]) await admin.query(`CREATE DATABASE ${name}`);
    await admin.close();
    loaded = await first.connect('loaded');
    for (const way of ways) written.set(way, await first.connect(way));
    for (const database of connections()) await database.execute(SCHEMA);
    await loaded.execute(FILL);
    await loaded.execute('VACUUM ANALYZE');
    await loaded.execute('CHECKPOINT');
    columns = await json(loaded, COLUMNS);
    const sizes = await json<Size>(loaded, SIZES);
    const relations: InflatedRelation[] = [];
    for (const [way, database] of written) {
      const [writeSizes, writeColumns] =
        way === 'functions' ? [restoreSizes, restoreColumnStatistics] : [updateSizes, insertColumnStatistics];
      await writeSizes(database, sizes);
      taken.set(way, await writeColumns(database, columns));
      relations.push(...(await inflated(database, sizes, first.directory)));
    }
    for (const database of connections()) await database.close();
    await server?.stop();
    inflate(first.directory, relations);
    const second = await start();
    loaded = await second.connect('loaded');
    for (const way of ways) written.set(way, await second.connect(way));
  });

  afterAll(async () => {
    for (const database of connections()) await database.close();
    await server?.stop();
    await rm(home, { recursive: true, force: true });
  });

  test.each(ways)('%s: pg_statistic ends as ANALYZE left it where the rows are', async (way) => {
    expect(taken.get(way)).toEqual(columns.map(() => true));
    const wanted = await loaded.rows(RAW);
    expect(wanted.length).toBeGreaterThan(40);
    const kinds = wanted.flatMap((row) => [1, 2, 3, 4, 5].map((place) => row[`kind${place}`]));
    expect(new Set(kinds)).toEqual(new Set(['0', '1', '2', '3', '4', '5', '6', '7']));
    expect(await written.get(way)?.rows(RAW)).toEqual(wanted);
  });

  const plansOf = async (database: Database | undefined) => {
    const plans: { statement: string; plan: string }[] = [];
    for (const statement of STATEMENTS) {
      const rows = (await database?.rows(`EXPLAIN (VERBOSE) ${statement}`)) ?? [];
      plans.push({ statement, plan: rows.map((row) => row['QUERY PLAN']).join('\n') });
    }
    return plans;
  };

  test.each(ways)('%s: every plan is the one of the loaded rows, in every cost', async (way) => {
    // The planner reads the metapage of a GIN index, whose numbers an empty one does not have.
    const withoutGin = ({ statement, plan }: { statement: string; plan: string }) => ({
      statement,
      plan: /things_(words|labels)\b/.test(plan) ? plan.replaceAll(/cost=[\d.]+/g, 'cost=…') : plan,
    });
    const plans = (await plansOf(written.get(way))).map(withoutGin);
    expect(plans).toEqual((await plansOf(loaded)).map(withoutGin));
    expect(plans.filter(({ plan }) => plan.includes('cost=…')).length).toBeLessThanOrEqual(2);
  });

  if (ways.length > 1)
    test('both ways end in equal plans', async () => {
      expect(await plansOf(written.get('catalogs'))).toEqual(await plansOf(written.get('functions')));
    });

  test.each(
    ways.flatMap((way) =>
      (
        [
          ['a value that the type refuses', { histogram_bounds: '{"1","two","3"}' }],
          ['common values without frequencies', { most_common_vals: '{"1"}' }],
          ['elements of what is no array', { most_common_elems: '{"1"}', most_common_elem_freqs: [1, 1, 1] }],
          ['bounds of what is no range', { range_bounds_histogram: '{"1","2"}' }],
        ] as const
      ).map(([what, facts]) => [way, what, facts] as const),
    ),
  )('%s: %s is refused, the row beside it is taken', async (way, _, facts) => {
    const row = {
      schemaname: 'public',
      relname: 'things',
      inherited: false,
      null_frac: 0,
      avg_width: 4,
      n_distinct: 5,
    };
    const rows = [
      { ...row, attname: 'id', ...facts },
      { ...row, attname: 'small', correlation: 0.5 },
    ];
    const write = way === 'functions' ? restoreColumnStatistics : insertColumnStatistics;
    const database = written.get(way);
    if (database === undefined) throw new Error(way);
    expect(await write(database, rows)).toEqual([false, true]);
  });
});
