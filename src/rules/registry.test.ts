import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlanGuardError } from '../errors.js';
import { accessesOf } from '../plan/accesses.js';
import { type LiveServer, set, startLiveServer } from '../plan/testing/live.js';
import type { RuleSettings } from '../suite/model.js';
import { judge } from './registry.js';
import { settings, table } from './testing/settings.js';

let server: LiveServer;

beforeAll(async () => {
  server = await startLiveServer(`
    CREATE TABLE tracks (id int PRIMARY KEY, owner int, created timestamptz, title text);
    INSERT INTO tracks SELECT i, i % 2000, '2024-01-01'::timestamptz + i * interval '1 minute', repeat('x', 200)
      FROM generate_series(1, 20000) i;
    CREATE INDEX tracks_owner_created ON tracks (owner, created);
    CREATE INDEX tracks_created ON tracks USING brin (created);
    CREATE SCHEMA other;
    CREATE TABLE other.tracks AS SELECT * FROM tracks;
    CREATE TABLE events (id int, at date, pad text) PARTITION BY RANGE (at);
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE INDEX events_id ON events (id);
    INSERT INTO events SELECT i, '2024-01-01'::date + i % 700, repeat('x', 200) FROM generate_series(1, 20000) i;
    CREATE TABLE little (id int PRIMARY KEY, other int);
    INSERT INTO little SELECT i, i FROM generate_series(1, 100) i;
    CREATE FUNCTION peek() RETURNS SETOF tracks LANGUAGE plpgsql AS 'BEGIN END';`);
  await server.client.query('VACUUM ANALYZE');
});

afterAll(() => server.stop());

const INDEX_SCAN = set({ enable_seqscan: 'off', enable_bitmapscan: 'off' });

async function findings(given: Partial<RuleSettings>, statement: string, before?: string) {
  const { accesses, catalog } = await server.explain(statement, before);
  return judge(accesses, settings(given), catalog);
}

async function messages(given: Partial<RuleSettings>, statement: string, before?: string) {
  return (await findings(given, statement, before)).map(({ rule, message }) => `${rule}: ${message}`);
}

describe('protect', () => {
  const tracks = { protect: [table('tracks')] };

  test.each([
    ['an index condition', 'SELECT * FROM tracks WHERE id = 5'],
    ['two bitmaps of an OR', 'SELECT * FROM tracks WHERE id = 5 OR owner = 6'],
    ['a Limit', 'SELECT * FROM tracks ORDER BY id LIMIT 20'],
    ['no access at all', 'SELECT * FROM events'],
    ['the same name in another schema', 'SELECT * FROM other.tracks'],
    ['an opaque access', 'SELECT * FROM peek()'],
  ])('is silent about %s', async (_, statement) => {
    expect(await findings(tracks, statement)).toEqual([]);
  });

  test.each([
    ['SELECT * FROM tracks', '', 'A Seq Scan reads all of public.tracks.'],
    [
      'SELECT * FROM tracks AS t TABLESAMPLE system (5)',
      '',
      'A Sample Scan samples public.tracks (as t), and no index bounds a sample.',
    ],
    [
      'SELECT count(*) FROM tracks',
      set({
        parallel_setup_cost: 0,
        parallel_tuple_cost: 0,
        min_parallel_table_scan_size: 0,
        enable_indexonlyscan: 'off',
      }),
      'A Parallel Seq Scan reads all of public.tracks.',
    ],
    [
      'SELECT * FROM tracks t ORDER BY id',
      INDEX_SCAN,
      'An Index Scan reads public.tracks (as t) by walking the whole index tracks_pkey: nothing in the query bounds it.',
    ],
    [
      "SELECT * FROM tracks WHERE created > '2024-01-14'",
      INDEX_SCAN,
      "An Index Scan reads public.tracks through tracks_owner_created with no condition on the index's leading column, so it may walk the whole index.",
    ],
    [
      "SELECT * FROM tracks WHERE created > '2024-01-14'",
      'DROP INDEX tracks_owner_created; SET LOCAL enable_seqscan = off;',
      'A Bitmap Heap Scan finds rows of public.tracks through the BRIN index tracks_created, which only excludes ranges of blocks.',
    ],
    [
      "SELECT * FROM tracks WHERE ctid > '(5,0)'",
      '',
      'A Tid Range Scan reads public.tracks from one end of a range of row addresses that has no other end.',
    ],
  ])('finds fault with %s', async (statement, before, message) => {
    expect(await messages(tracks, statement, before)).toEqual([`protect: ${message}`]);
  });

  test('each alias on its own: only the side of a self-join that is not bounded', async () => {
    const statement = 'SELECT * FROM tracks a JOIN tracks b ON b.id = a.owner';
    const found = await findings(tracks, statement, set({ enable_hashjoin: 'off', enable_mergejoin: 'off' }));
    expect(found.map(({ access }) => access.alias)).toEqual(['a']);
  });

  test('a rule on a parent catches its partitions, and one on a partition only that', async () => {
    const statement = "SELECT * FROM events WHERE pad = 'y'";
    const parent = await findings({ protect: [table('events')] }, statement);
    expect(parent.map(({ message }) => message)).toEqual([
      'A Seq Scan reads all of public.events_2024 (a partition of public.events).',
      'A Seq Scan reads all of public.events_2025 (a partition of public.events).',
    ]);
    const partition = await findings({ protect: [table('public.events_2025')] }, statement);
    expect(partition).toEqual(parent.slice(1));
  });

  test('a rule in another schema, and one by the search path', async () => {
    const other = { protect: [table('other.tracks')] };
    expect(await findings(other, 'SELECT * FROM tracks')).toEqual([]);
    expect(await findings(other, 'SELECT * FROM other.tracks')).toHaveLength(1);
    const path = 'SET LOCAL search_path = other, public;';
    expect((await findings(tracks, 'SELECT * FROM tracks', path)).map(({ access }) => access.schema)).toEqual([
      'other',
    ]);
  });

  // Items 16 and 17 of reading-plans.
  test('a small table is neither passed nor failed, whatever a scan says about its rows', async () => {
    expect(await findings({ protect: [table('little')] }, 'SELECT * FROM little WHERE other = 5')).toEqual([]);
    const [found] = await findings(tracks, "SELECT * FROM tracks WHERE title = 'y'");
    expect(found?.access.rows).toBe(1);
  });
});

describe('no-seq-scan', () => {
  const tracks = { noSeqScan: [table('tracks')] };

  test('finds fault with a Seq Scan, a parallel one and a sample', async () => {
    expect(await messages(tracks, 'SELECT * FROM tracks')).toEqual([
      'no-seq-scan: A Seq Scan reads all of public.tracks.',
    ]);
    const parallel = set({ parallel_setup_cost: 0, parallel_tuple_cost: 0, min_parallel_table_scan_size: 0 });
    expect(await messages(tracks, "SELECT * FROM tracks WHERE title = 'y'", parallel)).toHaveLength(1);
    expect(await messages(tracks, 'SELECT * FROM tracks TABLESAMPLE system (1)')).toHaveLength(1);
  });

  test('is silent about an index that is walked whole, and about small tables', async () => {
    expect(await findings(tracks, 'SELECT * FROM tracks ORDER BY id', INDEX_SCAN)).toEqual([]);
    expect(await findings({ noSeqScan: [table('little')] }, 'SELECT * FROM little')).toEqual([]);
  });
});

describe('index-only', () => {
  const any = { indexOnly: [{ table: table('tracks'), index: undefined }] };
  const on = (index: string) => ({ indexOnly: [{ table: table('tracks'), index }] });

  test('is silent about a bounded Index Only Scan, on its index', async () => {
    const statement = 'SELECT created FROM tracks WHERE owner = 5';
    expect(await findings(any, statement)).toEqual([]);
    expect(await findings(on('tracks_owner_created'), statement)).toEqual([]);
    expect(await findings(on('public.tracks_owner_created'), statement)).toEqual([]);
  });

  test.each([
    [
      any,
      'SELECT * FROM tracks WHERE id = 5',
      '',
      'An Index Scan reads public.tracks, which only an Index Only Scan may read.',
    ],
    [any, 'SELECT * FROM tracks', '', 'A Seq Scan reads public.tracks, which only an Index Only Scan may read.'],
    [
      on('tracks_pkey'),
      'SELECT created FROM tracks WHERE owner = 5',
      '',
      'An Index Only Scan on tracks_owner_created reads public.tracks, which only an Index Only Scan on tracks_pkey may read.',
    ],
    [any, 'SELECT count(*) FROM tracks', '', expect.stringContaining('by walking the whole index tracks_')],
  ])('finds fault with another access (%#)', async (given, statement, before, message) => {
    expect((await findings(given, statement, before)).map((finding) => finding.message)).toEqual([message]);
  });

  test('asks the same of a small table: it requires something that any size can fail', async () => {
    const little = { indexOnly: [{ table: table('little'), index: 'little_pkey' }] };
    expect(await findings(little, 'SELECT * FROM little')).toHaveLength(1);
    expect(await findings(little, 'SELECT id FROM little WHERE id = 5', INDEX_SCAN)).toEqual([]);
  });

  test("names a partitioned index for its partitions' parts", async () => {
    const events = { indexOnly: [{ table: table('events'), index: 'events_id' }] };
    expect(await findings(events, 'SELECT id FROM events WHERE id = 5', INDEX_SCAN)).toEqual([]);
  });
});

describe('only-indexes', () => {
  const only = (...indexes: string[]) => ({ onlyIndexes: [{ table: table('tracks'), indexes }] });

  test('is silent where every index is allowed and bounded', async () => {
    expect(await findings(only('tracks_pkey'), 'SELECT * FROM tracks WHERE id = 5')).toEqual([]);
    const or = 'SELECT * FROM tracks WHERE id = 5 OR owner = 6';
    expect(await findings(only('tracks_pkey', 'tracks_owner_created'), or)).toEqual([]);
  });

  test.each([
    [
      'SELECT * FROM tracks',
      'A Seq Scan reads public.tracks without an index, which may be read only through tracks_pkey.',
    ],
    [
      'SELECT * FROM tracks WHERE id = 5 OR owner = 6',
      'A Bitmap Heap Scan reads public.tracks through tracks_owner_created, which may be read only through tracks_pkey.',
    ],
    ['SELECT id FROM tracks ORDER BY id', expect.stringContaining('by walking the whole index tracks_pkey')],
  ])('finds fault with %s', async (statement, message) => {
    expect((await findings(only('tracks_pkey'), statement)).map((finding) => finding.message)).toEqual([message]);
  });

  test('asks the same of a small table', async () => {
    const little = { onlyIndexes: [{ table: table('little'), indexes: ['little_pkey'] }] };
    expect(await findings(little, 'SELECT * FROM little')).toHaveLength(1);
  });
});

test('findings stand in tree order, each once, whatever the order of the rules', async () => {
  const both = { protect: [table('tracks'), table('events'), table('public.tracks')], noSeqScan: [table('tracks')] };
  const found = await findings(
    both,
    "SELECT id FROM events WHERE pad = 'y' UNION ALL SELECT id FROM tracks WHERE title = 'y'",
  );
  expect(found.map(({ rule, access }) => `${rule} ${access.table}`)).toEqual([
    'protect events_2024',
    'protect events_2025',
    'protect tracks',
    'no-seq-scan tracks',
  ]);
});

test('a table whose schema the plan does not tell is judged, never waved through', async () => {
  const { plan, catalog } = await server.explain('EXPLAIN (FORMAT JSON) SELECT * FROM tracks');
  const accesses = accessesOf(plan, catalog, { trustedFunctions: [] });
  expect(accesses).toMatchObject([{ schema: undefined }]);
  expect(judge(accesses, settings({ protect: [table('tracks')] }), catalog)).toHaveLength(1);
});

test('a rule on a table that does not exist is an error at its place in the suite', async () => {
  const { accesses, catalog } = await server.explain('SELECT 1');
  for (const name of ['trakcs', 'nowhere.tracks']) {
    const judged = () => judge(accesses, settings({ protect: [table(name)] }), catalog);
    expect(judged).toThrow(PlanGuardError);
    expect(judged).toThrow(`There is no table ${name} in the schema`);
  }
});
