import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseStatistics } from '../statistics/read.js';
import type { Engine } from './engine.js';
import type { PlanningServer } from './model.js';
import { NativeEngine } from './native-engine.js';
import { PgliteEngine } from './pglite.js';
import { openReplica } from './replica.js';
import { DirectoryStore } from './store.js';

const TABLES = `
  CREATE TABLE orders (id int NOT NULL, customer int NOT NULL, placed date NOT NULL, note text);
  CREATE TABLE events (at date NOT NULL, kind int NOT NULL, customer int) PARTITION BY RANGE (at);
  CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2024-01-01');
  CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2028-01-01');
  CREATE TABLE single (id int PRIMARY KEY);
  CREATE ROLE clerk;
  GRANT SELECT ON orders TO clerk;
  ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON orders TO clerk USING (customer = 42);`;

/** Each table's in order; those of one column are as good as each other. */
const INDEXES = [
  'ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);',
  'CREATE INDEX orders_customer ON orders (customer);',
  'CREATE INDEX orders_customer_too ON orders (customer);',
  'CREATE INDEX orders_lower ON orders (lower(note));',
  'CREATE INDEX orders_lower_too ON orders (lower(note));',
  'ALTER TABLE orders ADD CONSTRAINT orders_once UNIQUE (customer, placed);',
  'ALTER TABLE events ADD CONSTRAINT events_pkey PRIMARY KEY (at, kind);',
  'CREATE INDEX events_customer ON events (customer);',
  'CREATE INDEX events_customer_too ON events (customer);',
];

const column = (distinct: number) => ({
  null_frac: 0,
  avg_width: 4,
  n_distinct: distinct,
  histogram_bounds: ['1', '250000', '500000'],
  correlation: 0.02,
});
const dates = { null_frac: 0, avg_width: 4, n_distinct: 1000, histogram_bounds: ['2020-01-02', '2027-12-30'] };
const lower = { null_frac: 0, avg_width: 9, n_distinct: 300, most_common_vals: ['usual'], most_common_freqs: [0.6] };
const size = { relpages: 2745, reltuples: 1_000_000, relallvisible: 0, height: 2 };
const partition = (suffix: string) => ({
  relpages: 9000,
  reltuples: 1_000_000,
  relallvisible: 0,
  columns: { customer: column(90_000), kind: column(50), at: dates },
  indexes: {
    [`events_${suffix}_pkey`]: size,
    [`events_${suffix}_customer_idx`]: size,
    [`events_${suffix}_customer_idx1`]: size,
  },
});

const STATISTICS = JSON.stringify({
  format: 'plan-guard statistics',
  version: 1,
  origin: 'a test',
  server_version: '18.0',
  tables: {
    'public.orders': {
      relpages: 20_000,
      reltuples: 1_000_000,
      relallvisible: 0,
      columns: { id: column(-1), customer: column(100_000), placed: dates },
      indexes: {
        orders_pkey: size,
        orders_customer: size,
        orders_customer_too: size,
        orders_lower: { ...size, columns: { lower } },
        orders_lower_too: { ...size, columns: { lower } },
        orders_once: { ...size, relpages: 4000 },
      },
    },
    'public.events_old': partition('old'),
    'public.events_new': partition('new'),
  },
});

const QUERIES = [
  'SELECT * FROM orders WHERE customer = 7',
  "SELECT * FROM orders WHERE lower(note) = 'rare'",
  "SELECT * FROM orders WHERE lower(note) = 'usual' ORDER BY id LIMIT 5",
  "SELECT * FROM events WHERE customer = 7 AND at > '2023-06-01'",
  'SELECT * FROM orders o JOIN events e USING (customer) WHERE o.id = 3',
  'SELECT id, count(note), note FROM orders GROUP BY id ORDER BY id LIMIT 3',
  "INSERT INTO orders VALUES (1, 2, '2024-05-05') ON CONFLICT ON CONSTRAINT orders_once DO NOTHING",
  'INSERT INTO orders (id, customer, placed) VALUES (1, 2, now()) ON CONFLICT (id) DO UPDATE SET note = excluded.note',
  "INSERT INTO events VALUES ('2024-05-05', 2, 3) ON CONFLICT (at, kind) DO UPDATE SET customer = 4",
  'UPDATE orders SET note = $$x$$ WHERE customer = 7',
  'SELECT * FROM single WHERE id = 1',
];

describe.each<[string, () => Promise<Engine>]>([
  ['PGlite', async () => new PgliteEngine(DirectoryStore.open(true))],
  ['native 15', () => NativeEngine.create({ version: 15 }, true)],
  ['native 18', () => NativeEngine.create({ version: 18 }, true)],
])('%s', (_label, create) => {
  let cache: string;
  let engine: Engine;
  const servers: PlanningServer[] = [];
  const cacheBefore = process.env.PLAN_GUARD_CACHE;

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'plan-guard-cache-'));
    process.env.PLAN_GUARD_CACHE = cache;
    engine = await create();
  });

  afterAll(async () => {
    for (const server of servers) await server.close({ reuse: true });
    await engine?.close();
    if (cacheBefore === undefined) delete process.env.PLAN_GUARD_CACHE;
    else process.env.PLAN_GUARD_CACHE = cacheBefore;
    await rm(cache, { recursive: true, force: true });
  });

  async function open(indexes: readonly string[], role?: string): Promise<PlanningServer> {
    const server = await openReplica(engine, {
      schema: [{ file: 'schema.sql', text: [TABLES, ...indexes].join('\n') }],
      statistics: { file: 's.json', text: STATISTICS, parse: () => parseStatistics(STATISTICS, 's.json') },
      cluster: { locale: 'C', extensions: [] },
      session: { settings: {}, role },
    });
    servers.push(server);
    return server;
  }

  async function plans(server: PlanningServer, how: 'explain' | 'explainWithIndexesReversed', queries = QUERIES) {
    const requests = [];
    for (const query of queries) {
      requests.push({ statement: await server.prepare(query, []), values: [], mode: 'custom' as const });
    }
    return server[how]?.(requests);
  }

  test('plans are those of a schema whose indexes were made the other way round', async () => {
    const server = await open(INDEXES);
    const other = await open([...INDEXES].reverse());
    const before = await plans(server, 'explain');
    const turned = await plans(server, 'explainWithIndexesReversed');
    // The partitions' indexes are named in the order in which they were made.
    const named = (explained: unknown) =>
      JSON.stringify(explained).replaceAll(/_customer_idx1?\b/g, (name) =>
        name.endsWith('1') ? name.slice(0, -1) : `${name}1`,
      );
    const expected = (await plans(other, 'explain'))?.map(named);
    expect(turned?.map((plan) => JSON.stringify(plan))).toEqual(expected);
    expect(turned).not.toEqual(before);
    expect(JSON.stringify(before?.[0])).toContain('"orders_once"');
    expect(JSON.stringify(turned?.[0])).toContain('"orders_customer"');
    expect(await plans(server, 'explain')).toEqual(before);
  });

  test('prepared statements see the turned order, and again their own, also where one is refused', async () => {
    const [server] = servers;
    if (server === undefined) throw new Error('the first test opens it');
    const statement = await server.prepare('SELECT * FROM orders WHERE customer = $1', []);
    const number = await server.prepare('SELECT * FROM orders WHERE id = $1', []);
    const requests = (['custom', 'generic'] as const).map((mode) => ({ statement, values: ['7'], mode }));
    const before = await server.explain(requests);
    const turned = await server.explainWithIndexesReversed?.(requests);
    expect(turned).not.toEqual(before);
    expect(await server.explain(requests)).toEqual(before);
    const refused = server.explainWithIndexesReversed?.([{ statement: number, values: ['x'], mode: 'custom' }]);
    await expect(refused).rejects.toMatchObject({ code: '22P02' });
    expect(await server.explain(requests)).toEqual(before);
    expect(await server.explainWithIndexesReversed?.(requests)).toEqual(turned);
  });

  test('the role still plans', async () => {
    const server = await open(INDEXES, 'clerk');
    const before = await plans(server, 'explain', ['SELECT id FROM orders']);
    const turned = await plans(server, 'explainWithIndexesReversed', ['SELECT id FROM orders']);
    expect(JSON.stringify(turned)).toMatch(/customer = 42/);
    expect(turned).not.toEqual(before);
    expect(await plans(server, 'explain', ['SELECT id FROM orders'])).toEqual(before);
  });

  test('a kept replica is as it was', async () => {
    const before = await plans(servers[0] as PlanningServer, 'explain');
    for (const server of servers.splice(0)) await server.close({ reuse: true });
    expect(await plans(await open(INDEXES), 'explain')).toEqual(before);
  });
});
