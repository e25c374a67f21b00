import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessesInPlan, accessesOf } from './accesses.js';
import { parsePlan } from './parse-json.js';
import { type LiveServer, onlyIndex, set, startLiveServer } from './testing/live.js';

let server: LiveServer;

const SCHEMA = `
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION btree_gin;
CREATE EXTENSION bloom;

CREATE TABLE t (id int PRIMARY KEY, tenant int, created timestamptz, name varchar(30), flag bool, "Order" int,
                data jsonb, tags text[], place point, pad text);
INSERT INTO t SELECT i, i % 1000, '2024-01-01'::timestamptz + i * interval '1 minute', 'n' || i, i % 2 = 0, i,
                     jsonb_build_object('a', i), ARRAY['t' || i % 500, 'u'], point(i, i), repeat('x', 150)
              FROM generate_series(1, 20000) i;
CREATE INDEX t_tenant_created ON t (tenant, created);
CREATE INDEX t_name ON t (name, id);
CREATE INDEX t_lower ON t (lower(name), name);
CREATE INDEX t_flag ON t (flag, id);
CREATE INDEX t_order ON t ("Order", id);
CREATE INDEX t_sum ON t ((tenant + 1), id);
CREATE INDEX t_data ON t (((data ->> 'a')::int), id);
CREATE INDEX t_place ON t USING gist (place);
CREATE INDEX t_tags ON t USING gin (tenant, tags);

CREATE TABLE sparse (id int PRIMARY KEY) WITH (fillfactor = 10);
INSERT INTO sparse SELECT i FROM generate_series(1, 60000) i;

CREATE TABLE log (id int, at timestamptz, code int, kind text);
INSERT INTO log SELECT i, '2024-01-01'::timestamptz + i * interval '1 second', i, 'k' FROM generate_series(1, 50000) i;
CREATE INDEX log_at ON log USING brin (at);
CREATE INDEX log_code ON log USING hash (code);
CREATE INDEX log_bloom ON log USING bloom (id);

CREATE TABLE o (id int PRIMARY KEY, customer int, note text);
INSERT INTO o SELECT i, i % 500, repeat('x', 100) FROM generate_series(1, 10000) i;
CREATE INDEX o_customer ON o (customer);
CREATE SCHEMA other;
CREATE TABLE other.o (id int, note text);
INSERT INTO other.o SELECT i, 'x' FROM generate_series(1, 1000) i;

CREATE TABLE events (id int, at date, region text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (region);
CREATE TABLE events_2024_eu PARTITION OF events_2024 FOR VALUES IN ('eu');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX events_at ON events (at);
INSERT INTO events SELECT i, '2024-01-01'::date + i % 700, 'eu' FROM generate_series(1, 20000) i;
CREATE TABLE chunks (id int);
CREATE TABLE chunk_1 (CHECK (id < 10000)) INHERITS (chunks);
INSERT INTO chunk_1 SELECT i FROM generate_series(1, 9999) i;

CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere');
CREATE USER MAPPING FOR postgres SERVER far;
CREATE FOREIGN TABLE far_a (id int, name text) SERVER far;
CREATE FOREIGN TABLE far_b (id int, name text) SERVER far OPTIONS (table_name 'elsewhere');

CREATE FUNCTION peek(int) RETURNS bigint LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT count(*) FROM t); END';
CREATE FUNCTION list_t() RETURNS SETOF t LANGUAGE plpgsql STABLE AS 'BEGIN RETURN QUERY SELECT * FROM t; END';
CREATE FUNCTION other.hidden(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION inlined(int) RETURNS SETOF t LANGUAGE sql STABLE AS 'SELECT * FROM t WHERE tenant = $1';
CREATE FUNCTION twice(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 2 * $1; END';
CREATE FUNCTION step(bigint, int) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN $1 + peek($2); END';
CREATE AGGREGATE tally(int) (SFUNC = step, STYPE = bigint, INITCOND = '0');
CREATE VIEW v AS SELECT id, name FROM t;

CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM count(*) FROM t; RETURN NEW; END';
CREATE TABLE watched (id int PRIMARY KEY, "text" text, search tsvector);
CREATE TRIGGER watched_search BEFORE INSERT ON watched FOR EACH ROW
  EXECUTE FUNCTION tsvector_update_trigger(search, 'pg_catalog.english', "text");
CREATE TRIGGER watched_audit AFTER UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TABLE follower (id int PRIMARY KEY, watched int REFERENCES watched ON DELETE CASCADE);
CREATE INDEX ON follower (watched);
CREATE TRIGGER follower_audit AFTER DELETE ON follower FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER events_audit AFTER INSERT ON events_2025 FOR EACH ROW EXECUTE FUNCTION audit();
ANALYZE;`;

const NO_SEQ = set({ enable_seqscan: 'off' });
const INDEX_SCAN = set({ enable_seqscan: 'off', enable_bitmapscan: 'off' });
const PARALLEL = set({ parallel_setup_cost: 0, parallel_tuple_cost: 0, min_parallel_table_scan_size: 0 });

beforeAll(async () => {
  server = await startLiveServer(SCHEMA);
});

afterAll(() => server.stop());

describe('what counts as reading a table whole (reading-plans 1–7)', () => {
  test('1: an index walked from end to end behind a Filter', async () => {
    const settings = INDEX_SCAN + set({ enable_sort: 'off' });
    const [access, ...more] = await server.accesses('SELECT * FROM t WHERE tenant = 5 ORDER BY id LIMIT 10', settings);
    expect(more).toEqual([]);
    expect(access).toMatchObject({
      kind: 'whole-index',
      how: 'no-index-condition',
      node: 'Index Scan',
      path: '0.0',
      indexes: ['t_pkey'],
      indexConditions: [],
      filters: ['(t.tenant = 5)'],
    });
  });

  test.each([
    ['straight', 'SELECT * FROM t ORDER BY id DESC LIMIT 20'],
    ['index only', 'SELECT id FROM t ORDER BY id LIMIT 20'],
    ['with an offset', 'SELECT * FROM t ORDER BY id LIMIT 20 OFFSET 40'],
    ['locking', 'SELECT * FROM t ORDER BY id LIMIT 20 FOR UPDATE'],
    ['through a subquery', 'SELECT id + 1 FROM (SELECT id, random() FROM t ORDER BY id) s LIMIT 20'],
    ['through partitions', 'SELECT * FROM events ORDER BY at LIMIT 20'],
    ['nearest neighbours', "SELECT * FROM t ORDER BY place <-> '(5,5)' LIMIT 20"],
  ])('1: an index without a condition is bounded by a Limit: %s', async (_, statement) => {
    const accesses = await server.accesses(statement, INDEX_SCAN);
    expect(accesses.length).toBeGreaterThan(0);
    for (const access of accesses) expect(access).toMatchObject({ kind: 'bounded', how: 'limit', indexConditions: [] });
  });

  test.each([
    ['an OFFSET alone', 'SELECT * FROM t ORDER BY id OFFSET 10'],
    ['more than there is', 'SELECT * FROM t ORDER BY id LIMIT 100000'],
    ['a filter above', 'SELECT * FROM (SELECT id, random() r FROM t ORDER BY id) s WHERE r > 0.5 LIMIT 20'],
    ['a join between', 'SELECT * FROM t JOIN o USING (id) ORDER BY id LIMIT 20'],
    ['a grouping between', 'SELECT DISTINCT id / 2 FROM (SELECT id FROM t ORDER BY id) s LIMIT 20'],
    ['no Limit', 'SELECT * FROM t ORDER BY id'],
  ])('1: an index without a condition is read whole where no Limit stops it: %s', async (_, statement) => {
    const settings = INDEX_SCAN + set({ enable_hashagg: 'off', enable_sort: 'off', enable_hashjoin: 'off' });
    const [access] = await server.accesses(statement, settings);
    expect(access).toMatchObject({ kind: 'whole-index', how: 'no-index-condition', table: 't' });
  });

  test('1: a Limit stops nothing where the plan does not tell its costs', async () => {
    const explain = 'EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT * FROM t ORDER BY id LIMIT 20';
    expect(await server.accesses(explain)).toMatchObject([{ kind: 'whole-index', cost: undefined, rows: undefined }]);
  });

  test('2: an Index Cond on a trailing column only', async () => {
    const [access] = await server.accesses("SELECT * FROM t WHERE created > '2024-01-14'", INDEX_SCAN);
    expect(access).toMatchObject({ kind: 'partly-bounded', how: 'trailing-column', indexes: ['t_tenant_created'] });
    expect(access?.indexConditions).toHaveLength(1);
  });

  test('3: an Index Only Scan without a condition', async () => {
    const [access] = await server.accesses('SELECT count(*) FROM t', NO_SEQ);
    expect(access).toMatchObject({ kind: 'whole-index', how: 'no-index-condition', node: 'Index Only Scan' });
  });

  test('4: a parallel scan is named as the text form names it', async () => {
    const [access] = await server.accesses('SELECT count(*) FROM t WHERE pad = $$y$$', PARALLEL);
    expect(access).toMatchObject({ kind: 'whole-table', how: 'parallel', node: 'Parallel Seq Scan' });
    const [serial] = await server.accesses('SELECT count(*) FROM t WHERE pad = $$y$$');
    expect(serial).toMatchObject({ kind: 'whole-table', how: 'serial', node: 'Seq Scan' });
  });

  test('5: partitions, their partitions and inheritance children know what they belong to', async () => {
    expect(await server.accesses('SELECT * FROM events WHERE id = 3')).toMatchObject([
      { table: 'events_2024_eu', kind: 'whole-table', ancestors: ['public.events_2024', 'public.events'] },
      { table: 'events_2025', kind: 'whole-table', ancestors: ['public.events'] },
    ]);
    expect(await server.accesses('SELECT * FROM chunks')).toMatchObject([
      { table: 'chunks', alias: 'chunks_1', ancestors: [] },
      { table: 'chunk_1', alias: 'chunks_2', ancestors: ['public.chunks'] },
    ]);
  });

  test('5: an index of a partition counts as its own', async () => {
    expect(await server.accesses("SELECT * FROM events WHERE at = '2025-03-01'", INDEX_SCAN)).toMatchObject([
      { table: 'events_2025', kind: 'bounded', how: 'index-condition', indexes: ['events_2025_at_idx'] },
    ]);
  });

  test('6: a sample reads without a bound', async () => {
    const [access] = await server.accesses('SELECT * FROM t TABLESAMPLE system (5)');
    expect(access).toMatchObject({ kind: 'whole-table', how: 'sample', node: 'Sample Scan' });
  });

  test.each([
    ["ctid >= '(0,0)'", 'whole-table', 'serial'],
    ["'(0,1)'::tid <= ctid", 'whole-table', 'serial'],
    ["ctid > '(100,0)'", 'partly-bounded', 'tid'],
    ["ctid < '(100,0)'", 'partly-bounded', 'tid'],
    ["ctid >= '(0,0)' AND '(20,0)'::tid > ctid", 'bounded', 'tid'],
    ["ctid = '(0,1)'", 'bounded', 'tid'],
    ["ctid = ANY (ARRAY['(0,1)', '(0,2)']::tid[])", 'bounded', 'tid'],
  ])('6: row addresses: %s is %s', async (condition, kind, how) => {
    const [access] = await server.accesses(`SELECT * FROM t WHERE ${condition}`, NO_SEQ);
    expect(access).toMatchObject({ kind, how, node: expect.stringMatching(/^Tid/) });
  });

  test('6: a bitmap that became lossy, as an executed plan tells', async () => {
    const explain = 'EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) SELECT * FROM sparse WHERE id > 0';
    const few = NO_SEQ + set({ enable_indexscan: 'off', work_mem: '64kB' });
    const [lossy] = await server.accesses(explain, few);
    expect(lossy).toMatchObject({ kind: 'whole-table', how: 'lossy', indexes: ['sparse_pkey'] });
    const [exact] = await server.accesses(explain, few + set({ work_mem: '64MB' }));
    expect(exact).toMatchObject({ kind: 'bounded', how: 'bitmap' });
  });

  test('6: a bitmap of an index without a condition', async () => {
    const settings = NO_SEQ + set({ enable_indexscan: 'off' });
    const [access] = await server.accesses('SELECT tenant FROM t', settings);
    expect(access).toMatchObject({ kind: 'whole-table', how: 'no-index-condition', node: 'Bitmap Heap Scan' });
  });

  test('7: a foreign scan is opaque, and so is every table of a join that is pushed down', async () => {
    expect(await server.accesses('SELECT * FROM far_a x WHERE id = 5')).toMatchObject([
      { kind: 'opaque', how: 'foreign', schema: 'public', table: 'far_a', alias: 'x' },
    ]);
    expect(
      await server.accesses(
        'SELECT * FROM far_a JOIN far_b "B x" USING (id)',
        set({ enable_mergejoin: 'off', enable_hashjoin: 'off', enable_nestloop: 'off' }),
      ),
    ).toMatchObject([
      { kind: 'opaque', how: 'foreign', schema: 'public', table: 'far_a', alias: 'far_a', path: '0' },
      { kind: 'opaque', how: 'foreign', schema: 'public', table: 'far_b', alias: 'B x', path: '0' },
    ]);
  });

  // Written by hand: no extension that makes custom scans can be had here.
  test('7: a custom scan is opaque, and what EXPLAIN shows below it is read all the same', async () => {
    const plan = parsePlan({
      Plan: {
        'Node Type': 'Custom Scan',
        'Custom Plan Provider': 'ChunkAppend',
        Plans: [
          {
            'Node Type': 'Seq Scan',
            'Parent Relationship': 'child',
            'Relation Name': 't',
            Schema: 'public',
            Alias: 't',
          },
          { 'Node Type': 'Future Scan', 'Relation Name': 'o', Schema: 'public', Alias: 'o' },
        ],
      },
    });
    const { catalog } = await server.explain('SELECT 1');
    expect(accessesOf(plan, catalog, { trustedFunctions: [] })).toMatchObject([
      { kind: 'opaque', how: 'custom', table: 'ChunkAppend', path: '0' },
      { kind: 'whole-table', how: 'serial', table: 't', path: '0.0' },
      { kind: 'opaque', how: 'custom', table: 'o', path: '0.1' },
    ]);
  });
});

describe('where a scan hides (reading-plans 8–12)', () => {
  test('8: each side of a self-join is an access of its own', async () => {
    const accesses = await server.accesses(
      'SELECT * FROM o a JOIN o b ON b.id = a.customer WHERE a.note = $$y$$',
      set({
        enable_hashjoin: 'off',
        enable_mergejoin: 'off',
      }),
    );
    expect(accesses).toMatchObject([
      { alias: 'a', kind: 'whole-table', node: 'Seq Scan' },
      { alias: 'b', kind: 'bounded', node: 'Index Scan', indexConditions: ['(b.id = a.customer)'] },
    ]);
    expect(new Set(accesses.map(({ path }) => path)).size).toBe(2);
  });

  test('9: the same name in another schema', async () => {
    expect(await server.accesses('SELECT * FROM other.o')).toMatchObject([{ schema: 'other', table: 'o' }]);
    expect(await server.accesses('SELECT * FROM o')).toMatchObject([{ schema: 'public', table: 'o' }]);
  });

  test('9: without VERBOSE a schema is known only where one table has the name', async () => {
    const explain = (table: string) => `EXPLAIN (FORMAT JSON) SELECT * FROM ${table}`;
    expect(await server.accesses(explain('t'))).toMatchObject([{ schema: 'public' }]);
    expect(await server.accesses(explain('o'))).toMatchObject([{ schema: undefined, table: 'o' }]);
    const bounded = 'EXPLAIN (FORMAT JSON) SELECT * FROM t WHERE tenant = 5';
    expect(await server.accesses(bounded)).toMatchObject([{ kind: 'bounded' }]);
  });

  test.each([
    ['InitPlan', 'SELECT * FROM o WHERE id = (SELECT count(*) FROM t WHERE pad = $$y$$)'],
    ['SubPlan', 'SELECT (SELECT max(t.pad) FROM t WHERE t.id / 2 = o.id) FROM o WHERE id = 5'],
    ['hashed SubPlan', 'SELECT * FROM o WHERE id = 5 AND customer NOT IN (SELECT tenant FROM t)'],
    ['CTE', 'WITH c AS MATERIALIZED (SELECT * FROM t) SELECT * FROM c JOIN o USING (id) WHERE o.id = 5'],
    ['Append arm', 'SELECT id FROM o WHERE id = 5 UNION ALL SELECT id FROM t'],
    ['subquery', 'SELECT * FROM (SELECT id, random() r FROM t) s JOIN o USING (id) WHERE r > 0.5 AND o.id = 5'],
    [
      'recursive CTE',
      'WITH RECURSIVE r AS (SELECT 1 n UNION ALL SELECT t.tenant FROM r JOIN t ON t.pad = r.n::text) TABLE r',
    ],
    ['data-changing CTE', 'WITH d AS (DELETE FROM t RETURNING id) SELECT o.* FROM o JOIN d USING (id) WHERE o.id = 5'],
  ])('10: %s', async (_, statement) => {
    const accesses = await server.accesses(
      statement,
      set({ enable_indexscan: 'off', enable_indexonlyscan: 'off', enable_bitmapscan: 'off' }),
    );
    expect(accesses.filter(({ table }) => table === 't')).toMatchObject([{ kind: 'whole-table' }]);
    expect(accesses.every(({ table }) => table === 't' || table === 'o')).toBe(true);
  });

  test('11: views and simple SQL functions are expanded', async () => {
    expect(await server.accesses('SELECT * FROM v WHERE id = 5')).toMatchObject([{ table: 't', kind: 'bounded' }]);
    expect(await server.accesses('SELECT * FROM inlined(5)')).toMatchObject([{ table: 't', kind: 'bounded' }]);
  });

  test.each([
    ['Result', 'SELECT peek(1)', 'peek', 'Result'],
    ['Function Scan', 'SELECT * FROM list_t() AS l WHERE id = 5', 'list_t', 'Function Scan'],
    [
      'Function Scan of several',
      'SELECT * FROM ROWS FROM (generate_series(1, 3), list_t()) AS l',
      'list_t',
      'Function Scan',
    ],
    ['argument of a Function Scan', 'SELECT * FROM generate_series(1, peek(1)) g', 'peek', 'Function Scan'],
    ['another schema', 'SELECT other.hidden(1)', 'hidden', 'Result'],
    ['aggregate of PL/pgSQL', 'SELECT tally(n) FROM (VALUES (1), (2)) AS v(n)', 'tally', 'Aggregate'],
    ['a built-in that runs SQL', "SELECT query_to_xml('SELECT * FROM t', true, true, '')", 'query_to_xml', 'Result'],
  ])('11: an opaque function: %s', async (_, statement, name, node) => {
    expect(await server.accesses(statement)).toMatchObject([{ kind: 'opaque', how: 'function', table: name, node }]);
  });

  test('11: an opaque function in a Filter, once, at the lowest node that calls it', async () => {
    const accesses = await server.accesses('SELECT id, peek(id) p FROM o WHERE peek(id) > 3 ORDER BY p');
    expect(accesses).toMatchObject([
      { table: 'o', kind: 'whole-table' },
      { table: 'peek', schema: 'public', kind: 'opaque', node: 'Seq Scan' },
    ]);
  });

  test('11: immutable, trusted and built-in functions are not opaque, nor is a string that looks like a call', async () => {
    const safe = 'SELECT twice(id), lower(name), \' peek(1) \', name AS "peek(2)" FROM t WHERE id = 5';
    expect(await server.accesses(safe)).toMatchObject([{ table: 't', kind: 'bounded' }]);
    const { plan, catalog } = await server.explain('SELECT peek(1), other.hidden(2)');
    const left = (trustedFunctions: string[]) =>
      accessesOf(plan, catalog, { trustedFunctions }).map(({ schema, table }) => `${schema}.${table}`);
    expect(left(['peek'])).toEqual(['other.hidden']);
    expect(left(['other.hidden', 'public.peek'])).toEqual([]);
    expect(left(['other.peek'])).toHaveLength(2);
  });

  test('12: the scans below a Hash Join have no Filter', async () => {
    const accesses = await server.accesses(
      'SELECT * FROM t JOIN o ON o.customer = t.tenant',
      set({ enable_mergejoin: 'off', enable_indexscan: 'off', enable_bitmapscan: 'off' }),
    );
    expect(accesses).toHaveLength(2);
    for (const access of accesses) expect(access).toMatchObject({ kind: 'whole-table', filters: [] });
  });
});

describe('when the plan is not the plan production gets (reading-plans 13–20)', () => {
  test('13: custom and generic plans of one statement differ', async () => {
    await server.client.query(`
      CREATE TABLE jobs AS SELECT i AS id, CASE WHEN i % 5000 = 0 THEN 'rare' ELSE 'common' END AS status,
                                  i % 20 AS queue FROM generate_series(1, 20000) i;
      CREATE INDEX ON jobs (status); ANALYZE jobs;
      PREPARE by_status(text) AS SELECT * FROM jobs WHERE status = $1;
      PREPARE page(int) AS SELECT * FROM t ORDER BY id LIMIT $1;`);
    const kinds = async (execute: string, mode: string) => {
      const accesses = await server.accesses(
        `EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE ${execute}`,
        set({ plan_cache_mode: mode }),
      );
      return accesses.map(({ kind, how }) => `${kind} ${how}`);
    };
    expect(await kinds("by_status('rare')", 'force_custom_plan')).toEqual(['bounded index-condition']);
    expect(await kinds("by_status('common')", 'force_custom_plan')).toEqual(['whole-table serial']);
    const generic = await kinds("by_status('rare')", 'force_generic_plan');
    expect(await kinds("by_status('common')", 'force_generic_plan')).toEqual(generic);
    expect(await kinds('page(20)', 'force_generic_plan')).toEqual(['bounded limit']);
  });

  test('14: a parameter of another type casts the column and loses its index', async () => {
    expect(await server.accesses('SELECT * FROM t WHERE id = 5::numeric')).toMatchObject([{ kind: 'whole-table' }]);
    expect(await server.accesses('SELECT * FROM t WHERE id = 5::bigint')).toMatchObject([{ kind: 'bounded' }]);
  });

  test('17: a scan that finds one row reads the table whole', async () => {
    const [access] = await server.accesses("SELECT * FROM t WHERE pad = 'y'");
    expect(access).toMatchObject({ kind: 'whole-table', rows: 1, filters: ["(t.pad = 'y'::text)"] });
  });

  test('18: an invalid index is known and not used', async () => {
    await server.client.query(`
      CREATE TABLE broken AS SELECT i AS id FROM generate_series(1, 10000) i;
      CREATE INDEX broken_id ON broken (id);
      UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken_id'::regclass; ANALYZE broken;`);
    const { accesses, catalog } = await server.explain('SELECT * FROM broken WHERE id = 5');
    expect(accesses).toMatchObject([{ kind: 'whole-table' }]);
    expect(catalog.indexes.get('public.broken_id')).toMatchObject({ valid: false });
  });

  test('19: the search path decides which table a name means', async () => {
    expect(await server.accesses('SELECT * FROM o', set({ search_path: 'other' }))).toMatchObject([
      { schema: 'other' },
    ]);
  });

  test('20: with sequential scans off, a whole index is walked instead, and says so', async () => {
    const [access] = await server.accesses("SELECT count(*) FROM t WHERE name LIKE '%x'", INDEX_SCAN);
    expect(access).toMatchObject({ kind: 'whole-index', node: 'Index Only Scan' });
  });
});

describe('conditions on an index', () => {
  test.each([
    ['equality', 'tenant = 5', 't_tenant_created'],
    ['range', "tenant > 990 AND created > '2024-01-14'", 't_tenant_created'],
    ['list', 'tenant IN (5, 6)', 't_tenant_created'],
    ['array of a subquery', 'tenant = ANY (ARRAY(SELECT customer FROM o WHERE o.id = 7))', 't_tenant_created'],
    ['null', 'tenant IS NULL', 't_tenant_created'],
    ['row comparison', "(tenant, created) > (998, '2024-01-14')", 't_tenant_created'],
    ['prefix of text', "name LIKE 'n199%'", 't_name'],
    ['cast that keeps the value', "name = 'n5'", 't_name'],
    ['text with brackets and quotes in it', "name = 'a) AND (t.id = ''5'", 't_name'],
    ['expression', "lower(name) = 'n5'", 't_lower'],
    ['expression of operators', 'tenant + 1 = 5', 't_sum'],
    ['expression with a cast', "(data ->> 'a')::int = 5", 't_data'],
    ['boolean', 'flag AND id = 4', 't_flag'],
    ['negated boolean', 'NOT flag AND id < 40', 't_flag'],
    ['quoted name', '"Order" = 5', 't_order'],
    ['GiST', "place <@ box '((0,0),(5,5))'", 't_place'],
    ['second column of a GIN index', "tags @> ARRAY['t5']", 't_tags'],
  ])('bounded: %s', async (_, condition, index) => {
    const before = NO_SEQ + onlyIndex('t', index);
    const accesses = await server.accesses(`SELECT * FROM t WHERE ${condition}`, before);
    expect(accesses.find(({ table }) => table === 't')).toMatchObject({ kind: 'bounded', indexes: [index] });
  });

  test.each([
    ['a trailing column', 'id < 50', 't_name', 'trailing-column'],
    ['a column in the leading expression of another index', "lower(name) = 'n5'", 't_lower_last', 'trailing-column'],
    ['a later member of a row comparison', '(id, name) < (50, $$n$$)', 't_name', 'trailing-column'],
  ])('partly bounded: %s', async (_, condition, index, how) => {
    const before = `CREATE INDEX t_lower_last ON t (name, lower(name)); ${NO_SEQ} ${onlyIndex('t', index)}`;
    const [access] = await server.accesses(`SELECT * FROM t WHERE ${condition}`, before);
    expect(access).toMatchObject({ kind: 'partly-bounded', how, indexes: [index] });
  });

  test('a type of the name of a column is no use of that column', async () => {
    const before = `CREATE TABLE d (date date, at date); INSERT INTO d SELECT '2024-01-01', '2024-01-01'::date + i
      FROM generate_series(1, 9999) i; CREATE INDEX d_index ON d (date, at); ANALYZE d; ${INDEX_SCAN}`;
    const [access] = await server.accesses("SELECT * FROM d WHERE at = '2024-05-05'", before);
    expect(access).toMatchObject({ kind: 'partly-bounded', indexes: ['d_index'] });
  });

  test('BRIN excludes ranges of blocks, hash finds, bloom is not known to be bounded', async () => {
    const of = (condition: string) => server.accesses(`SELECT * FROM log WHERE ${condition}`, NO_SEQ);
    expect(await of("at > '2024-01-01 13:00'")).toMatchObject([{ kind: 'partly-bounded', how: 'block-ranges' }]);
    expect(await of('code = 5')).toMatchObject([{ kind: 'bounded', how: 'index-condition', indexes: ['log_code'] }]);
    expect(await of('id = 5')).toMatchObject([{ kind: 'partly-bounded', indexes: ['log_bloom'] }]);
  });

  test('a BitmapOr is as good as its worst arm, a BitmapAnd as its best', async () => {
    const bitmap = `${NO_SEQ} ${set({ enable_indexscan: 'off' })}`;
    const or = await server.accesses('SELECT * FROM t WHERE id = 5 OR tenant = 6', bitmap);
    expect(or).toMatchObject([{ kind: 'bounded', how: 'bitmap', indexes: ['t_pkey', 't_tenant_created'] }]);
    const trailing = "SELECT * FROM t WHERE id = 5 OR created = '2024-01-05'";
    expect(await server.accesses(trailing, bitmap)).toMatchObject([
      { kind: 'partly-bounded', how: 'trailing-column', indexes: ['t_pkey', 't_tenant_created'] },
    ]);
    const partial = `CREATE INDEX t_partial ON t (pad) WHERE data IS NULL; ${bitmap}`;
    expect(await server.accesses('SELECT * FROM t WHERE id = 5 OR data IS NULL', partial)).toMatchObject([
      { kind: 'whole-table', how: 'no-index-condition', indexes: ['t_pkey', 't_partial'] },
    ]);
    const both = `CREATE INDEX log_k ON log (id); ${bitmap}`;
    const and = await server.accesses("SELECT * FROM log WHERE id < 9000 AND at < '2024-01-01 02:00'", both);
    expect(and).toMatchObject([{ kind: 'bounded', how: 'bitmap', indexes: ['log_at', 'log_k'] }]);
  });

  test('an index that the catalog does not know is an error, not a guess', async () => {
    const { plan, catalog } = await server.explain('SELECT * FROM t WHERE id = 5');
    const emptied = { ...catalog, indexes: new Map() };
    expect(() => accessesOf(plan, emptied, { trustedFunctions: [] })).toThrow(/index "t_pkey", which is not known/);
  });

  test("PostgreSQL's own catalogs are left out", async () => {
    expect(await server.accesses("SELECT * FROM pg_class WHERE relname = 't'")).toEqual([]);
  });
});

describe('triggers and referential actions', () => {
  const opaque = async (statement: string) =>
    (await server.accesses(statement))
      .filter(({ how }) => how === 'trigger')
      .map(({ table, alias }) => `${table} ${alias}`);

  test('a trigger counts for its events, unless it is written in C', async () => {
    expect(await opaque('INSERT INTO watched VALUES (1)')).toEqual([]);
    expect(await opaque('UPDATE watched SET "text" = $$x$$')).toEqual(['watched watched_audit']);
    const upsert = 'INSERT INTO watched VALUES (1) ON CONFLICT (id) DO UPDATE SET "text" = $$x$$';
    expect(await opaque(upsert)).toEqual(['watched watched_audit']);
    const merge = 'MERGE INTO watched w USING o ON o.id = w.id WHEN MATCHED THEN UPDATE SET "text" = o.note';
    expect(await opaque(merge)).toContain('watched watched_audit');
  });

  test('a referential action names the referencing table, and the triggers that it fires there', async () => {
    expect(await opaque('DELETE FROM watched')).toEqual(['follower follower_watched_fkey', 'follower follower_audit']);
    expect(await opaque('DELETE FROM follower')).toEqual(['follower follower_audit']);
    expect(await opaque('INSERT INTO follower VALUES (1, 1)')).toEqual([]);
  });

  test('rows inserted into a partitioned table fire the triggers of its partitions', async () => {
    expect(await opaque("INSERT INTO events VALUES (1, '2025-01-01', 'eu')")).toEqual(['events_2025 events_audit']);
  });

  test('a trusted trigger is left out, by its own name or its function', async () => {
    const { plan, catalog } = await server.explain('DELETE FROM follower');
    const left = (trusted: string) =>
      accessesOf(plan, catalog, { trustedFunctions: [trusted] })
        .map(({ how }) => how)
        .sort();
    expect(left('follower_audit')).toEqual(['serial']);
    expect(left('public.audit')).toEqual(['serial']);
    expect(left('other')).toEqual(['serial', 'trigger']);
  });
});

describe('without a catalog', () => {
  const told = async (statement: string, before?: string) => {
    const { plan } = await server.explain(statement, before);
    return accessesInPlan(plan).map(({ kind, how, alias, indexes }) => [kind, how, alias, ...indexes]);
  };

  test('an index condition is not known to bound', async () => {
    expect(await told('SELECT * FROM t WHERE id = 5')).toEqual([['partly-bounded', 'index-condition', 't', 't_pkey']]);
    const bitmap = set({ enable_indexscan: 'off', enable_seqscan: 'off' });
    expect(await told('SELECT * FROM t WHERE tenant = 5 AND id < 100', bitmap)).toEqual([
      ['partly-bounded', 'bitmap', 't', 't_tenant_created', 't_pkey'],
    ]);
  });

  test('what reads whole and what a Limit stops is known', async () => {
    expect(await told('SELECT * FROM t WHERE pad = $$x$$')).toEqual([['whole-table', 'serial', 't']]);
    expect(await told('SELECT * FROM t ORDER BY id LIMIT 3')).toEqual([['bounded', 'limit', 't', 't_pkey']]);
    expect(await told("SELECT * FROM t WHERE ctid = '(0,1)'")).toEqual([['bounded', 'tid', 't']]);
  });

  test('functions are not known, but for those that run SQL', async () => {
    expect(await told('SELECT peek(1)')).toEqual([]);
    expect(await told("SELECT query_to_xml('SELECT 1', true, true, '')")).toMatchObject([
      ['opaque', 'function', 'query_to_xml'],
    ]);
  });
});
