import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseStatistics } from '../statistics/read.js';
import { isServerError } from './database.js';
import { type Engine, using } from './engine.js';
import type { PlanCacheMode, PlanningServer, PreparedStatement } from './model.js';
import { NativeEngine } from './native-engine.js';
import { PgliteEngine } from './pglite.js';
import { keyOf } from './prepared-directory.js';
import { openReplica, type ReplicaSource } from './replica.js';
import { hashScripts } from './scripts.js';
import { DirectoryStore } from './store.js';
import { installedMajors } from './testing/installed-majors.js';

const SCHEMA = `
  CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL, customer int, placed timestamptz DEFAULT now());
  CREATE INDEX orders_status ON orders (status);
  CREATE TABLE audit (id int);
  CREATE SCHEMA app;
  CREATE TABLE app.things (id int PRIMARY KEY);
  CREATE SEQUENCE numbers;
  CREATE FUNCTION write_audit() RETURNS int LANGUAGE plpgsql VOLATILE AS
    'BEGIN INSERT INTO audit VALUES (1); RETURN 1; END';
  CREATE FUNCTION lying() RETURNS int LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN INSERT INTO audit VALUES (1); RETURN 1; END';
  CREATE ROLE clerk;
  GRANT SELECT ON orders TO clerk;
  GRANT USAGE ON SCHEMA app TO clerk;
  ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON orders TO clerk USING (customer = 42);
  SET search_path = nowhere;
  SET ROLE clerk;`;

const STATISTICS = JSON.stringify({
  format: 'plan-guard statistics',
  version: 1,
  origin: 'a test',
  server_version: '18.0',
  tables: {
    'public.orders': {
      relpages: 20_000,
      reltuples: 1_000_000,
      relallvisible: 20_000,
      columns: {
        id: {
          null_frac: 0,
          avg_width: 4,
          n_distinct: -1,
          histogram_bounds: ['1', '500000', '1000000'],
          correlation: 1,
        },
        status: {
          null_frac: 0,
          avg_width: 6,
          n_distinct: 3,
          most_common_vals: ['common', 'usual', 'rare'],
          most_common_freqs: [0.9, 0.09995, 0.00005],
        },
      },
      indexes: {
        orders_pkey: { relpages: 2745, reltuples: 1_000_000, relallvisible: 0, height: 2 },
        orders_status: { relpages: 850, reltuples: 1_000_000, relallvisible: 0, height: 2 },
      },
    },
  },
});

const source: ReplicaSource = {
  schema: [{ file: 'schema.sql', text: SCHEMA }],
  statistics: {
    file: 'statistics.json',
    text: STATISTICS,
    parse: () => parseStatistics(STATISTICS, 'statistics.json'),
  },
  cluster: { locale: 'en_US.UTF-8', extensions: [] },
  session: { settings: {}, role: undefined },
};

interface Plan {
  readonly 'Node Type': string;
  readonly 'Total Cost': number;
  readonly Filter?: string;
  readonly Plans?: readonly Plan[];
}

const planOf = (explained: unknown) => (explained as [{ Plan: Plan }])[0].Plan;
const nodes = (plan: Plan): string[] => [plan['Node Type'], ...(plan.Plans ?? []).flatMap(nodes)];

const shared = process.getuid?.() === 0;

/** Every engine that keeps data directories here must do the same. */
describe.each<readonly [string, number, RegExp, () => Promise<Engine>]>([
  [
    'PGlite',
    18,
    /^PGlite \d+\.\d+\.\d+ \(PostgreSQL 18\.\d+\)$/,
    async () => new PgliteEngine(DirectoryStore.open(true)),
  ],
  ...installedMajors.map((major) => {
    const name = new RegExp(`^native server \\(PostgreSQL ${major}\\.\\d+\\)$`);
    return [`native ${major}`, major, name, () => NativeEngine.create({ version: major }, true)] as const;
  }),
])('%s', (label, major, name, create) => {
  let cache: string;
  let store: DirectoryStore;
  let engine: Engine;
  let server: PlanningServer;
  const cacheBefore = process.env.PLAN_GUARD_CACHE;

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'plan-guard-cache-'));
    process.env.PLAN_GUARD_CACHE = cache;
    store = DirectoryStore.open(true, undefined, shared);
    engine = await create();
    server = await openReplica(engine, source);
  });

  afterAll(async () => {
    await server?.close({ reuse: true });
    await engine?.close();
    if (cacheBefore === undefined) delete process.env.PLAN_GUARD_CACHE;
    else process.env.PLAN_GUARD_CACHE = cacheBefore;
    await rm(cache, { recursive: true, force: true });
  });

  async function plan(
    statement: PreparedStatement,
    values: readonly (string | null)[] = [],
    mode: PlanCacheMode = 'custom',
    on = server,
  ): Promise<Plan> {
    const [explained] = await on.explain([{ statement, values, mode }]);
    return planOf(explained);
  }

  const directories = (kind: string) =>
    readdirSync(cache)
      .filter((key) => key.startsWith(kind))
      .flatMap((key) => readdirSync(join(cache, key)).map((name) => join(cache, key, name)));

  test('the server tells what it is, and plans with the sizes and values of the statistics', async () => {
    expect(server.name).toMatch(name);
    expect(server.catalog.tables.get('public.orders')).toMatchObject({ pages: 20_000, tuples: 1_000_000 });
    expect(server.catalog.searchPath).toEqual(['public']);
    expect(server.remarks).toEqual([]);
  });

  test('custom plans are for the values, generic ones for all', async () => {
    const statement = await server.prepare('SELECT id FROM orders WHERE status = $1', []);
    expect(statement.parameterTypes).toEqual(['text']);
    const [rare, common, generic, again] = await server.explain([
      { statement, values: ['rare'], mode: 'custom' },
      { statement, values: ['common'], mode: 'custom' },
      { statement, values: ['common'], mode: 'generic' },
      { statement, values: ['rare'], mode: 'custom' },
    ]);
    expect(nodes(planOf(rare))).toContain('Bitmap Index Scan');
    expect(nodes(planOf(common))).toEqual(['Seq Scan']);
    expect(planOf(generic)['Total Cost']).not.toBe(planOf(common)['Total Cost']);
    expect(again).toEqual(rare);
  });

  test('parameters have the types that are stated or that the server finds', async () => {
    const types = async (text: string, stated: readonly (string | undefined)[] = []) =>
      (await server.prepare(text, stated)).parameterTypes;
    expect(await types('SELECT * FROM orders WHERE id = $1 AND status = ANY($2)')).toEqual(['integer', 'text[]']);
    expect(await types('SELECT * FROM orders WHERE id = $1', ['numeric'])).toEqual(['numeric']);
    expect(await types('SELECT * FROM orders WHERE id = $1 AND customer = $2', [undefined, 'bigint'])).toEqual([
      'integer',
      'bigint',
    ]);
    const numeric = await server.prepare('SELECT * FROM orders WHERE id = $1', ['numeric']);
    expect(nodes(await plan(numeric, ['5']))).toContain('Seq Scan');
  });

  test('values of every kind reach the planner as they are', async () => {
    const statement = await server.prepare('SELECT * FROM orders WHERE status = $1', []);
    for (const value of ["it's", 'back\\slash', '$1', 'Größe 🙂', "'); DROP TABLE orders; --", '']) {
      const written = JSON.stringify(await plan(statement, [value]));
      const literal = `'${value.replaceAll("'", "''")}'`;
      expect(written).toContain(JSON.stringify(literal).slice(1, -1));
    }
    expect(nodes(await plan(statement, [null]))).toEqual(['Result']);
    await expect(plan(statement, ['a\0b'])).rejects.toMatchObject({ code: expect.stringMatching(/^(22021|08P01)$/) });
    const number = await server.prepare('SELECT * FROM orders WHERE id = $1', []);
    await expect(plan(number, ['five'])).rejects.toMatchObject({ code: '22P02' });
    expect(nodes(await plan(number, ['5']))).toEqual(['Index Scan']);
  });

  test.each([
    'SELECT 1; DROP TABLE audit',
    'SELECT 1;\n;DELETE FROM audit',
    'DROP TABLE audit',
    'EXPLAIN ANALYZE INSERT INTO audit VALUES (1)',
    'CREATE TABLE made AS SELECT 1',
    'BEGIN',
    '',
  ])('%j is refused and not executed', async (text) => {
    await expect(server.prepare(text, [])).rejects.toMatchObject({ code: expect.stringMatching(/^42/) });
    await expect(server.prepare('SELECT * FROM audit', [])).resolves.toBeDefined();
  });

  test.each([
    ["SELECT '🙂 Größe', nothing FROM orders", [], 'nothing', '42703'],
    ['SELECT *\n  FROM nowhere', [], 'nowhere', '42P01'],
    ['SELECT $1 + 1, nothing', ['int'], 'nothing', '42703'],
    ['SELEC 1', ['int'], 'SELEC', '42601'],
  ])('the error in %j points at it', async (text, types, place, code) => {
    const error = await server.prepare(text, types).catch((error) => error);
    expect(error).toMatchObject({ code });
    const characters = [...text];
    expect(characters.slice(Number(error.position) - 1).join('')).toMatch(new RegExp(`^${place}`));
  });

  test('values are printed as their types print them', async () => {
    const values = [
      { type: 'integer', value: '05' },
      { type: 'boolean', value: 'on' },
      { type: 'timestamp without time zone', value: '2026-1-2' },
      { type: 'integer[]', value: '{ 1, 02 }' },
      { type: 'text', value: "it's a \\ 'quote'" },
      { type: 'jsonb', value: '{"b":1, "a":null}' },
    ];
    expect(await server.textForms(values)).toEqual([
      '5',
      'true',
      '2026-01-02 00:00:00',
      '{1,2}',
      "it's a \\ 'quote'",
      '{"a": null, "b": 1}',
    ]);
    expect(await server.textForms([])).toEqual([]);
  });

  test('an error in a stated type points nowhere in the statement', async () => {
    const error = await server.prepare('SELECT $1', ['nosuchtype']).catch((error) => error);
    expect(error).toMatchObject({ code: '42704', message: 'type "nosuchtype" does not exist' });
    expect(error.position).toBeUndefined();
  });

  test('nothing that is planned is executed', async () => {
    const statements = [
      'INSERT INTO audit SELECT id FROM orders',
      'INSERT INTO audit VALUES (1) RETURNING id',
      'UPDATE audit SET id = 2',
      'DELETE FROM audit',
      'WITH made AS (INSERT INTO audit VALUES (1) RETURNING id) SELECT * FROM made',
      'SELECT write_audit()',
      'SELECT * FROM write_audit()',
      'SELECT * FROM orders WHERE customer = write_audit()',
      "SELECT nextval('numbers')",
      // PostgreSQL 14 prepares neither.
      ...(major < 15
        ? []
        : [
            'SELECT 1 AS id INTO made',
            'MERGE INTO audit a USING orders o ON a.id = o.id WHEN NOT MATCHED THEN INSERT VALUES (o.id)',
          ]),
    ];
    for (const text of statements) {
      const statement = await server.prepare(text, []);
      const requests = (['custom', 'generic'] as const).map((mode) => ({ statement, values: [], mode }));
      expect(await server.explain(requests)).toHaveLength(2);
      expect(await server.explainWithoutSeqScan(requests)).toHaveLength(2);
    }
    const lying = await server.prepare('SELECT * FROM orders WHERE id = lying()', []);
    await expect(plan(lying)).rejects.toMatchObject({ code: '0A000' });
    await server.close({ reuse: true });
    const lease = store.take(key());
    const facts = await using(engine, join(lease.directory, 'data'), source.cluster, async (database) => {
      const { rows } = await database.query(
        `SELECT (SELECT count(*) FROM audit), pg_relation_size('audit'), (SELECT is_called FROM numbers),
              to_regclass('made'), current_setting('enable_seqscan'),
              (SELECT count(*) FROM pg_index WHERE NOT indisvalid)`,
      );
      return rows[0];
    });
    lease.discard();
    server = await openReplica(engine, source);
    expect(facts).toEqual(['0', '0', 'f', null, 'on', '0']);
  });

  /** Directories of the replica of `source`. */
  const replicas = () => directories(key());
  const key = () =>
    keyOf(engine, 'replica', [
      ['locale', source.cluster.locale],
      ['extensions', ''],
      ['schema', hashScripts(source.schema)],
      ['statistics', STATISTICS],
    ]);

  test('plans without sequential scans leave nothing behind, not even when one fails', async () => {
    const statement = await server.prepare('SELECT id FROM orders WHERE status = $1', []);
    const requests = (['custom', 'generic'] as const).map((mode) => ({ statement, values: ['common'], mode }));
    const before = await server.explain(requests);
    expect(before.map((explained) => nodes(planOf(explained)))).toContainEqual(['Seq Scan']);
    const without = await server.explainWithoutSeqScan(requests);
    expect(without.flatMap((explained) => nodes(planOf(explained)))).not.toContain('Seq Scan');
    expect(await server.explain(requests)).toEqual(before);
    const number = await server.prepare('SELECT * FROM orders WHERE id = $1', []);
    await expect(
      server.explainWithoutSeqScan([{ statement: number, values: ['x'], mode: 'custom' }]),
    ).rejects.toMatchObject({ code: '22P02' });
    await expect(server.explain([{ statement: number, values: ['x'], mode: 'generic' }])).rejects.toMatchObject({
      code: '22P02',
    });
    expect(await server.explain(requests)).toEqual(before);
  });

  test('five hundred requests in one batch come back in order', async () => {
    const statement = await server.prepare('SELECT * FROM orders WHERE id = $1 OR status = $2', []);
    const requests = Array.from({ length: 500 }, (_, index) => ({
      statement,
      values: [String(index), `status ${index}`],
      mode: index % 3 === 0 ? ('generic' as const) : ('custom' as const),
    }));
    const explained = await server.explain(requests);
    expect(explained).toHaveLength(500);
    for (const [index, one] of explained.entries()) {
      const text = JSON.stringify(one);
      if (index % 3 === 0) expect(text).toContain('$2');
      else expect(text).toContain(`'status ${index}'`);
    }
    expect(await server.explain([])).toEqual([]);
  });

  test('the role plans, with its policies and its search path, and the catalog is read whole', async () => {
    const session = { settings: { search_path: 'app, "$user", public', random_page_cost: '1.1' }, role: 'clerk' };
    const clerk = await openReplica(engine, { ...source, session });
    try {
      expect(clerk.catalog.searchPath).toEqual(['app', 'public']);
      expect(clerk.catalog.tables.get('public.orders')).toMatchObject({ analysed: true, rowSecurity: true });
      const text = 'SELECT id FROM orders WHERE status = $1';
      const [own] = await Promise.all([clerk.prepare(text, [])]);
      expect(JSON.stringify(await plan(own, ['rare'], 'custom', clerk))).toContain('customer = 42');
      await expect(clerk.prepare('SELECT * FROM things', [])).resolves.toMatchObject({ parameterTypes: [] });
      expect(JSON.stringify(await plan(await server.prepare(text, []), ['rare']))).not.toContain('customer = 42');
      expect(await cost(text, clerk)).toBeLessThan(await cost(text, server));
    } finally {
      await clerk.close({ reuse: true });
    }
  });

  async function cost(text: string, on: PlanningServer): Promise<number> {
    return (await plan(await on.prepare(text, []), ['rare'], 'custom', on))['Total Cost'];
  }

  test.each([
    [{ work_mem: 'plenty' }, undefined, 'work_mem = plenty: invalid value for parameter "work_mem": "plenty"'],
    [
      { random_page_cots: '1' },
      undefined,
      'random_page_cots = 1: unrecognized configuration parameter "random_page_cots"',
    ],
    [
      { shared_buffers: '1GB' },
      undefined,
      'shared_buffers = 1GB: parameter "shared_buffers" cannot be changed without restarting the server',
    ],
    [{}, 'nobody', 'role = nobody: role "nobody" does not exist'],
  ])(
    'the settings %j and the role %s are refused in the server’s words, and the replica is kept',
    async (settings, role, message) => {
      const before = directories('replica').length;
      await expect(openReplica(engine, { ...source, session: { settings, role } })).rejects.toMatchObject({
        code: 'suite',
        message: `PostgreSQL refused the setting ${message}`,
      });
      const after = directories('replica');
      expect(after.filter((directory) => directory.includes('busy-'))).toHaveLength(1);
      expect(after.length).toBeGreaterThanOrEqual(before);
    },
  );

  test('another schema, other statistics, another locale make another replica; the same make the same', async () => {
    const keys = () => readdirSync(cache).filter((name) => name.startsWith('replica'));
    const open = async (more: Partial<ReplicaSource>) => {
      const opened = await openReplica(engine, { ...source, ...more });
      await opened.close({ reuse: true });
      return keys().length;
    };
    const count = keys().length;
    expect(await open({})).toBe(count);
    expect(await open({ session: { settings: { work_mem: '9MB' }, role: undefined } })).toBe(count);
    expect(
      await open({ schema: [...source.schema, { file: 'more.sql', text: 'RESET ROLE; CREATE TABLE public.more ()' }] }),
    ).toBe(count + 1);
    expect(await open({ statistics: undefined })).toBe(count + 2);
    const text = STATISTICS.replace('20000', '20001');
    const parse = () => parseStatistics(text, 'statistics.json');
    expect(await open({ statistics: { file: 'statistics.json', text, parse } })).toBe(count + 3);
    expect(keyOf(engine, 'replica', [['locale', 'C']])).not.toBe(keyOf(engine, 'replica', [['locale', 'POSIX']]));
    expect(keyOf(engine, 'replica', [['a', 'bc']])).not.toBe(keyOf(engine, 'replica', [['ab', 'c']]));
  });

  test('a schema that fails leaves nothing behind', async () => {
    const before = directories('').length;
    const broken = (text: string) => openReplica(engine, { ...source, schema: [{ file: 'broken.sql', text }] });
    await expect(broken('CREATE TABLE t (id int);\n-- 🙂\n  CREATE TABLE u (id nosuch);')).rejects.toMatchObject({
      code: 'schema',
      message: 'type "nosuch" does not exist',
      where: { file: 'broken.sql', line: 3, column: 22 },
    });
    await expect(broken('BEGIN; CREATE TABLE t (id int);')).rejects.toMatchObject({
      code: 'schema',
      message: 'The schema ends inside a transaction: it has a BEGIN without a COMMIT.',
    });
    expect(directories('').length).toBe(before);
  });

  let damaged = 0;

  // The store is one for all engines.
  if (label === 'PGlite')
    test.each<[string, (directory: string, data: string) => void]>([
      [
        'its control file is garbage',
        (_, data) => writeFileSync(join(data, 'global', 'pg_control'), Buffer.alloc(8192, 7)),
      ],
      ['a file is cut short', (_, data) => truncateSync(join(data, 'base', '5', '1259'), 8192)],
      ['a file is gone', (_, data) => rmSync(join(data, 'base', '5', '2619'))],
      ['PG_VERSION is gone', (_, data) => rmSync(join(data, 'PG_VERSION'))],
      [
        'a catalog is garbage of the same size',
        (_, data) => {
          const file = join(data, 'base', '5', '2619');
          writeFileSync(file, Buffer.alloc(statSync(file).size, 7));
        },
      ],
      [
        'one byte of a catalog is another',
        (_, data) => {
          const file = join(data, 'base', '5', '1259');
          const content = readFileSync(file);
          content[9000] = (content[9000] ?? 0) ^ 1;
          writeFileSync(file, content);
        },
      ],
      [
        'a file is there that does not belong',
        (_, data) => writeFileSync(join(data, 'backup_label'), 'START WAL LOCATION'),
      ],
      ['its manifest is garbage', (directory) => writeFileSync(join(directory, 'plan-guard.json'), '{"files":{}}')],
      [
        'its manifest was half written',
        (directory) => {
          const file = join(directory, 'plan-guard.json');
          truncateSync(file, Math.floor(statSync(file).size / 2));
        },
      ],
      ['its manifest is gone', (directory) => rmSync(join(directory, 'plan-guard.json'))],
      ['nothing of it is left', (_, data) => rmSync(data, { recursive: true })],
      [
        'the head of a hollow file is garbage',
        (_, data) => writeFileSync(join(data, 'hollow'), Buffer.alloc(8192, 7), { flag: 'r+' }),
      ],
      ['a hollow file is cut short', (_, data) => truncateSync(join(data, 'hollow'), 2 ** 30 - 8192)],
      ['a hollow file lacks a segment', (_, data) => rmSync(join(data, 'hollow.1'))],
    ])('a kept directory is built again where %s', async (_, damage) => {
      damaged += 1;
      let builds = 0;
      const open = () =>
        engine.openPrepared({
          kind: 'damaged',
          parts: [['number', String(damaged)]],
          cluster: source.cluster,
          build: async (data) => {
            builds += 1;
            writeFileSync(join(data, 'hollow'), 'the head');
            truncateSync(join(data, 'hollow'), 2 ** 30);
            writeFileSync(join(data, 'hollow.1'), '');
            truncateSync(join(data, 'hollow.1'), 2 ** 29);
            return { facts: { made: builds } };
          },
          open: async (prepared) => prepared,
        });
      const first = await open();
      expect(first.facts).toEqual({ made: 1 });
      writeFileSync(join(first.data, 'written by a session'), 'x');
      first.release();
      const second = await open();
      expect(builds).toBe(1);
      expect(readFileSync(join(second.data, 'written by a session'), 'utf8')).toBe('x');
      second.release();
      const [idle = ''] = directories('damaged').filter((directory) => directory.includes('idle-'));
      damage(idle, join(idle, 'data'));
      const third = await open();
      expect(third.facts).toEqual({ made: 2 });
      expect(readFileSync(join(third.data, 'PG_VERSION'), 'utf8')).toBe(`${major}\n`);
      third.discard();
      expect(directories('damaged')).toEqual([]);
    });

  test('a kept replica that the server does not open is built again', async () => {
    const statement = 'SELECT id FROM orders WHERE status = $1';
    const right = await cost(statement, server);
    await server.close({ reuse: true });
    const idle = replicas();
    expect(idle.length).toBeGreaterThan(0);
    for (const directory of idle) rmSync(join(directory, 'data', 'pg_wal'), { recursive: true });
    server = await openReplica(engine, source);
    expect(await cost(statement, server)).toBe(right);
    expect(replicas().filter((directory) => idle.includes(directory))).toEqual([]);
  });

  test('a damaged empty cluster is made again', async () => {
    const [cluster = ''] = directories('cluster');
    const databases = join(cluster, 'data', 'base');
    const [only = '', ...others] = readdirSync(databases);
    expect(others).toEqual([]);
    const file = join(databases, only, '1259');
    writeFileSync(file, Buffer.alloc(statSync(file).size, 7));
    const told: string[] = [];
    const more = { ...source.cluster, onInitdb: () => told.push('initdb') };
    const schema = [{ file: 'other.sql', text: 'CREATE TABLE other (id int)' }];
    const opened = await openReplica(engine, { ...source, schema, statistics: undefined, cluster: more });
    expect(told).toEqual(['initdb']);
    expect([...opened.catalog.tables.keys()]).toEqual(['public.other']);
    await opened.close({ reuse: true });
    expect(directories('cluster')).toHaveLength(1);
    expect(directories('cluster')).not.toEqual([cluster]);
  });

  test('results, notices and errors come as the server sends them, and a second statement never runs', async () => {
    const build = async () => ({ facts: {} });
    const { cluster } = source;
    const prepared = await engine.openPrepared({
      kind: 'plain',
      parts: [],
      cluster,
      build,
      open: async (made) => made,
    });
    await using(engine, prepared.data, source.cluster, async (database) => {
      const empty = { fields: [], rows: [], command: undefined, rowCount: undefined };
      expect(await database.query('')).toEqual(empty);
      expect(await database.query('-- nothing')).toEqual(empty);
      expect(await database.execute(' ; ;')).toEqual([]);
      const notice = (text: string) =>
        `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''${text}''; RETURN 1; END'`;
      await database.execute(notice('hello'));
      const told = await database.query('SELECT f(), n FROM generate_series(1, 2) n');
      expect(told).toMatchObject({
        rows: [
          ['1', '1'],
          ['1', '2'],
        ],
        command: 'SELECT',
        rowCount: 2,
      });
      expect(told.notices).toEqual([
        { message: 'hello', row: 0 },
        { message: 'hello', row: 1 },
      ]);
      const results = await database.execute('CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2); SELECT * FROM t');
      expect(results.map(({ command, rowCount, rows }) => [command, rowCount, rows])).toEqual([
        ['CREATE TABLE', undefined, []],
        ['INSERT', 2, []],
        ['SELECT', 2, [['1'], ['2']]],
      ]);
      expect(await database.rows('SELECT NULL AS "none", $1 AS one', ['x'])).toEqual([{ none: null, one: 'x' }]);
      const error = await database.query('SELECT 1; DROP TABLE t').catch((error: unknown) => error);
      expect(isServerError(error)).toBe(true);
      expect(error).toMatchObject({
        code: '42601',
        message: 'cannot insert multiple commands into a prepared statement',
      });
      expect(await database.rows('SELECT count(*) FROM t')).toEqual([{ count: '2' }]);
      await expect(database.execute('SELECT 1; SELECT nothing')).rejects.toMatchObject({ code: '42703' });
    });
    prepared.discard();
    expect(isServerError(new Error('no server'))).toBe(false);
    expect(isServerError(Object.assign(new Error('not permitted'), { code: 'EPERM' }))).toBe(false);
    expect(isServerError({ code: '42601' })).toBe(false);
  });

  if (label !== 'PGlite')
    test('a locale that is not C keeps LIKE from an ordinary index, installed or not', async () => {
      const scan = async (locale: string) => {
        const schema = [
          { file: 'schema.sql', text: 'CREATE TABLE t (name text PRIMARY KEY); SET enable_seqscan = off' },
        ];
        const session = { settings: { enable_seqscan: 'off' }, role: undefined };
        const cluster = { locale, extensions: [] };
        const opened = await openReplica(engine, { schema, statistics: undefined, cluster, session });
        const statement = await opened.prepare(`SELECT name FROM t WHERE name LIKE 'x%'`, []);
        const planned = JSON.stringify(await plan(statement, [], 'custom', opened));
        await opened.close({ reuse: false });
        return /"Index Cond"/.test(planned);
      };
      expect(await scan('C')).toBe(true);
      expect(await scan('en_US.UTF-8')).toBe(false);
      expect(await scan('de_DE.UTF-8')).toBe(false);
      await expect(scan('C.no_such_charset')).resolves.toBe(false);
    });

  if (label === 'PGlite')
    test('an extension that PGlite does not have is an error', async () => {
      const cluster = { ...source.cluster, extensions: ['nosuch'] };
      await expect(openReplica(engine, { ...source, cluster })).rejects.toMatchObject({
        code: 'engine',
        message: expect.stringContaining('does not have the extension "nosuch"'),
      });
    });
});
