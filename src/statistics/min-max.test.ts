import { open } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NativeServer, startNativeServer } from '../postgres/native.js';
import { connect } from './connect.js';
import { formatStatistics } from './format.js';
import type { ColumnStatistics, Statistics } from './model.js';
import { type PullOptions, pullStatistics, type StatisticsClient } from './pull.js';
import { parseStatistics } from './read.js';
import { RedactionKey } from './redaction-key.js';
import { missingFrom } from './summarize.js';

/** More columns than a call of a function takes arguments. */
const WIDE = Array.from({ length: 60 }, (_, index) => `c${index}`);

const SCHEMA = `
  CREATE ROLE reader LOGIN; CREATE ROLE owner LOGIN; GRANT CREATE ON SCHEMA public TO owner;
  CREATE FUNCTION doubled(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
  CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN IF current_setting(''test.slow'', true) = ''on'' THEN PERFORM pg_sleep(30); END IF; RETURN n; END';
  CREATE TABLE plain (id int PRIMARY KEY, name text, at timestamptz, backwards int, pattern text, other text COLLATE "C",
    partial int, hashed int, unindexed int, second int, few int, invalid int);
  INSERT INTO plain SELECT n, 'Name ' || n, timestamptz '2026-01-01 00:00+00' + n * interval '1 hour', n, 'p' || n,
    'o' || n, n, n, n, n, n % 3, n FROM generate_series(1, 2000) n;
  CREATE INDEX plain_name ON plain (name, second);
  CREATE INDEX plain_at ON plain (at DESC);
  CREATE INDEX plain_backwards ON plain (backwards NULLS FIRST);
  CREATE INDEX plain_pattern ON plain (pattern text_pattern_ops);
  CREATE INDEX plain_other ON plain (other COLLATE "POSIX");
  CREATE INDEX plain_partial ON plain (partial) WHERE partial > 0;
  CREATE INDEX plain_hashed ON plain USING hash (hashed);
  CREATE INDEX plain_few ON plain (few);
  CREATE INDEX plain_invalid ON plain (invalid);
  UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'plain_invalid'::regclass;
  CREATE INDEX plain_doubled ON plain (doubled(id));
  CREATE INDEX plain_modulo ON plain ((id % 1000), name);
  CREATE TABLE nulls (id int, a int, b int);
  INSERT INTO nulls SELECT CASE WHEN n > 500 THEN n END, CASE WHEN n > 600 THEN n END, NULL FROM generate_series(1, 1000) n;
  CREATE INDEX nulls_id ON nulls (id); CREATE INDEX nulls_a ON nulls (a NULLS FIRST); CREATE INDEX nulls_b ON nulls (b);
  CREATE TABLE long (short text, long text); CREATE INDEX long_short ON long (short); CREATE INDEX long_long ON long (long);
  INSERT INTO long SELECT n, n || repeat('long ', CASE n WHEN 99 THEN 20000 ELSE 1 END) FROM generate_series(10, 99) n;
  CREATE MATERIALIZED VIEW seen AS SELECT id FROM plain; CREATE UNIQUE INDEX seen_id ON seen (id);
  CREATE TABLE parent (id int, at date) PARTITION BY RANGE (at);
  CREATE TABLE child PARTITION OF parent FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE INDEX parent_id ON parent (id);
  INSERT INTO parent SELECT n, date '2026-01-01' + n % 300 FROM generate_series(1, 1000) n;
  CREATE TABLE emptied (id int PRIMARY KEY);
  INSERT INTO emptied SELECT generate_series(1, 1000);
  CREATE TABLE partly (id int PRIMARY KEY, salary int); CREATE INDEX partly_salary ON partly (salary);
  INSERT INTO partly SELECT n, n FROM generate_series(1, 1000) n;
  CREATE TABLE guarded (id int PRIMARY KEY, owner text);
  INSERT INTO guarded SELECT n, 'reader' FROM generate_series(1, 1000) n;
  ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON guarded USING (owner = current_user);
  CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int PRIMARY KEY);
  INSERT INTO hidden.t SELECT generate_series(1, 1000); GRANT SELECT ON hidden.t TO reader;
  CREATE TABLE slowly (id int PRIMARY KEY); CREATE INDEX slowly_slow ON slowly (slow(id));
  INSERT INTO slowly SELECT generate_series(1, 1000);
  SET ROLE owner;
  CREATE FUNCTION theirs(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
  CREATE TABLE owned (id int PRIMARY KEY); CREATE INDEX owned_theirs ON owned (theirs(id));
  INSERT INTO owned SELECT generate_series(1, 1000);
  CREATE TABLE owned_too (id int PRIMARY KEY); CREATE STATISTICS owned_both ON (id + theirs(4)), (id % 10) FROM owned_too;
  INSERT INTO owned_too SELECT generate_series(1, 1000);
  RESET ROLE;
  CREATE TABLE wide (${WIDE.map((name) => `${name} int`)});
  INSERT INTO wide SELECT ${WIDE.map(() => 'n')} FROM generate_series(1, 1000) n;
  ${WIDE.map((name) => `CREATE INDEX ON wide (${name});`).join('\n  ')}
  ANALYZE; DELETE FROM emptied;
  VACUUM emptied;
  GRANT SELECT ON plain, guarded TO reader; GRANT SELECT (id) ON partly TO reader;
  INSERT INTO plain (id, name) VALUES (-5, 'AAA'), (9000, 'zzz'), (0, NULL)`;

const THEIRS = { 'public.owned': ['id'], 'public.owned_theirs': ['theirs'], 'public.owned_too': ['id'] };
const TOO_LONG = { 'public.long': ['long'] };

describe.each([18, 15] as const)('native %d', (version) => {
  let server: NativeServer;
  let owner: pg.Client;

  beforeAll(async () => {
    server = await startNativeServer({ version });
    owner = new pg.Client(server.connection);
    await owner.connect();
    for (const statement of SCHEMA.split(/;\n/)) await owner.query(statement);
  });

  afterAll(async () => {
    await owner?.end();
    await server?.stop();
  });

  const pull = (client: StatisticsClient, options: Partial<PullOptions> = {}) =>
    pullStatistics(client, { origin: '-', minMax: true, ...options });

  const pullAs = async (user: string, options: Partial<PullOptions> = {}, before?: string) => {
    const { host, port } = server.connection;
    const connection = await connect(`postgres://${user}@${encodeURIComponent(host)}:${port}/postgres`, {});
    try {
      if (before !== undefined) await connection.client.query(before);
      return await pull(connection.client, options);
    } finally {
      await connection.close();
    }
  };

  const inColumns = (columns: Readonly<Record<string, ColumnStatistics>> = {}) =>
    Object.fromEntries(Object.entries(columns).flatMap(([name, { min_max }]) => (min_max ? [[name, min_max]] : [])));

  const endsIn = ({ tables }: Statistics) => {
    const all = Object.entries(tables).flatMap(([name, table]) => [
      [name, inColumns(table.columns)] as const,
      [`${name} inherited`, inColumns(table.inherited)] as const,
      ...Object.entries(table.indexes).map(([index, { columns }]) => [index, inColumns(columns)] as const),
    ]);
    return Object.fromEntries(all.filter(([, ends]) => Object.keys(ends).length > 0));
  };

  test('the ends of columns with a histogram are read where an index has them', async () => {
    const statistics = await pull(owner);
    expect(endsIn(statistics)).toEqual({
      'public.plain': {
        id: ['-5', '9000'],
        name: ['AAA', 'zzz'],
        at: ['2026-01-01 01:00:00+00', '2026-03-25 08:00:00+00'],
        backwards: ['1', '2000'],
      },
      plain_doubled: { doubled: ['-10', '18000'] },
      plain_modulo: { expr: ['-5', '999'] },
      'public.nulls': { id: ['501', '1000'], a: ['601', '1000'] },
      'public.long': { short: ['10', '99'] },
      'public.seen': { id: ['1', '2000'] },
      'public.child': { id: ['1', '1000'] },
      'public.partly': { id: ['1', '1000'], salary: ['1', '1000'] },
      'public.guarded': { id: ['1', '1000'] },
      'hidden.t': { id: ['1', '1000'] },
      'public.slowly': { id: ['1', '1000'] },
      slowly_slow: { slow: ['1', '1000'] },
      'public.wide': Object.fromEntries(WIDE.map((name) => [name, ['1', '1000']])),
    });
    // A superuser does not run what another role wrote.
    expect(statistics.unread_min_max).toEqual({ ...THEIRS, ...TOO_LONG });
    expect(missingFrom(statistics)).toContain(
      'public.owned_theirs: columns theirs: their smallest and largest values (--min-max) could not be read.',
    );
    const text = formatStatistics(statistics);
    expect(parseStatistics(text, 's.json')).toEqual(statistics);
    expect(formatStatistics(await pull(owner))).toBe(text);
  });

  test('whoever wrote a function reads the ends of what it makes', async () => {
    expect(endsIn(await pullAs('owner'))).toEqual({
      'public.owned': { id: ['1', '1000'] },
      owned_theirs: { theirs: ['0', '500'] },
      'public.owned_too': { id: ['1', '1000'] },
    });
  });

  test('what others made runs neither when a table is planned nor under a name of PostgreSQL', async () => {
    const traps = `
      CREATE FUNCTION trap(text, int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
        'BEGIN IF current_user <> ''owner'' THEN RAISE EXCEPTION ''sprung by %'', current_user; END IF; RETURN $1; END';
      CREATE FUNCTION format(text, int) RETURNS text LANGUAGE sql AS 'SELECT public.trap($1, $2)';
      CREATE FUNCTION format(text, bigint) RETURNS text LANGUAGE sql AS 'SELECT public.trap($1, 1)';
      CREATE FUNCTION to_json(text[]) RETURNS json LANGUAGE sql AS 'SELECT public.trap(''[]'', 1)::json';
      CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE sql AS 'SELECT public.trap($1::text, 1)';
      CREATE FUNCTION masked(int2, int4) RETURNS int LANGUAGE sql AS 'SELECT length(public.trap('''', 1))';
      CREATE OPERATOR & (LEFTARG = int2, RIGHTARG = int4, FUNCTION = masked);
      CREATE TABLE snare (id int PRIMARY KEY, a int, b bigint, CHECK (a < length(trap('a', 1)) + 9000));
      CREATE INDEX snare_b ON snare (b);
      INSERT INTO snare SELECT n, n, n FROM generate_series(1, 1000) n;
      ANALYZE snare`;
    const name = 'trapped';
    await owner.query(`CREATE DATABASE ${name}`);
    const trapped = new pg.Client({ ...server.connection, database: name });
    try {
      await trapped.connect();
      await trapped.query('GRANT CREATE ON SCHEMA public TO owner; SET constraint_exclusion = on; SET ROLE owner');
      for (const statement of traps.split(/;\n/)) await trapped.query(statement);
      await trapped.query('RESET ROLE');
      const read = await pull(trapped, { environment: true });
      expect(endsIn(read)).toEqual({ 'public.snare': { id: ['1', '1000'], b: ['1', '1000'] } });
      expect(read).not.toHaveProperty('unread_min_max');
      expect(read.search_path).toBe('"$user", public');
      // The planner itself would run each of these.
      for (const index of [`((a + length(trap('a', 1))))`, `(a) WHERE a > length(trap('a', 1))`]) {
        await trapped.query(`SET ROLE owner; CREATE INDEX snare_trap ON snare ${index}; ANALYZE snare; RESET ROLE`);
        const { unread_min_max } = await pull(trapped);
        expect(unread_min_max).toMatchObject({ 'public.snare': ['b', 'id'] });
        await trapped.query('DROP INDEX snare_trap');
      }
    } finally {
      await trapped.end();
      await owner.query(`DROP DATABASE ${name}`);
    }
  });

  test('a column that cannot be read does not stand in the way of the others of its table', async () => {
    await owner.query('CREATE TABLE damaged (id int, other int, third int)');
    await owner.query('INSERT INTO damaged SELECT n, n, n FROM generate_series(1, 1000) n');
    // An index is built past the buffers, so what is in its file is what will be read.
    for (const column of ['id', 'other', 'third']) await owner.query(`CREATE INDEX ON damaged (${column})`);
    await owner.query('ANALYZE damaged');
    const { rows } = await owner.query(`SELECT pg_relation_filepath('damaged_other_idx') AS path`);
    const file = await open(join(server.directory, rows[0].path), 'r+');
    try {
      const { size } = await file.stat();
      await file.write(Buffer.alloc(size - 8192), 0, size - 8192, 8192);
      const read = await pull(owner, { tables: ['damaged'] });
      expect(endsIn(read)).toEqual({ 'public.damaged': { id: ['1', '1000'], third: ['1', '1000'] } });
      expect(read.unread_min_max).toEqual({ 'public.damaged': ['other'] });
    } finally {
      await file.close();
      await owner.query('DROP TABLE damaged');
    }
  });

  test('rights and row-level security hold, and what cannot be read for them is told', async () => {
    const statistics = await pullAs('reader');
    expect(Object.keys(endsIn(statistics))).toEqual(['public.partly', 'public.plain']);
    expect(endsIn(statistics)['public.partly']).toEqual({ id: ['1', '1000'] });
    expect(statistics.tables['hidden.t']?.columns.id?.histogram_bounds).toHaveLength(101);
    expect(statistics.unread_min_max).toEqual({ 'hidden.t': ['id'] });
  });

  test('values that are redacted are not read', async () => {
    const key = new RedactionKey('a key for tests, of some length');
    const asked: string[] = [];
    const redacted = await pull(recording(owner, asked), { redact: { key, keep: [] }, tables: ['plain'] });
    expect(endsIn(redacted)['public.plain']).not.toHaveProperty('name');
    expect(endsIn(redacted)).toMatchObject({ 'public.plain': { id: ['-5', '9000'] }, plain_modulo: expect.anything() });
    expect(redacted).not.toHaveProperty('unread_min_max');
    const looks = asked.filter((text) => text.includes('FROM ONLY'));
    expect(looks.length).toBeGreaterThan(0);
    expect(looks.join('\n')).not.toMatch(/\bname\b/);
    const kept = await pull(owner, { redact: { key, keep: ['plain.name'] }, tables: ['plain'] });
    expect(endsIn(kept)['public.plain']).toHaveProperty('name', ['AAA', 'zzz']);
  });

  test('without it no table is touched, and with it only its indexes are looked into', async () => {
    const without: string[] = [];
    await pull(recording(owner, without), { minMax: false });
    expect(without.filter((text) => /FROM ONLY|enable_/.test(text))).toEqual([]);
    const [locks, locked]: [string[], string[]] = [[], []];
    const watching = new pg.Client(server.connection);
    await watching.connect();
    try {
      const { rows } = await owner.query('SELECT pg_backend_pid() AS pid');
      const watched: StatisticsClient = {
        query: async (text, values) => {
          const result = await owner.query(text, values);
          const held = await watching.query(
            `SELECT DISTINCT mode, c.relname AS "table" FROM pg_locks l
               LEFT JOIN pg_class c ON c.oid = l.relation AND c.oid >= 16384 AND c.relkind IN ('r', 'm')
              WHERE l.pid = $1 AND l.locktype <> 'virtualxid'`,
            [rows[0].pid],
          );
          locks.push(...held.rows.map(({ mode }) => mode));
          const tables = held.rows.flatMap(({ table }) => table ?? []);
          expect(tables.length).toBeLessThanOrEqual(1);
          locked.push(...tables);
          return result;
        },
      };
      await pull(watched);
      const left = await watching.query(`SELECT 1 FROM pg_locks WHERE pid = $1`, [rows[0].pid]);
      expect(left.rows).toEqual([]);
    } finally {
      await watching.end();
    }
    expect(locked).toEqual(expect.arrayContaining(['plain', 'seen', 'child', 'wide']));
    expect(new Set(locks)).toEqual(new Set(['AccessShareLock']));
    const { rows } = await owner.query(
      `SELECT current_setting('enable_seqscan') AS scan, txid_current_if_assigned() AS xid`,
    );
    expect(rows).toEqual([{ scan: 'on', xid: null }]);
  });

  test('an index that cannot be used, a table that is locked and a value that takes too long are left unread', async () => {
    const open = new pg.Client(server.connection);
    await open.connect();
    try {
      // An index that is too new for the snapshot (indcheckxmin), because of a transaction that is older than it.
      await open.query('BEGIN');
      await open.query('SELECT txid_current()');
      await open.query('LOCK TABLE partly IN ACCESS EXCLUSIVE MODE');
      await owner.query(`UPDATE pg_index SET indcheckxmin = true WHERE indexrelid = 'seen_id'::regclass`);
      const statistics = await pullAs('postgres', { statementTimeout: 1500 }, `SET test.slow = 'on'`);
      expect(statistics.unread_min_max).toEqual({
        ...THEIRS,
        ...TOO_LONG,
        'public.partly': ['id', 'salary'],
        'public.seen': ['id'],
        'public.slowly_slow': ['slow'],
      });
      expect(endsIn(statistics)).toMatchObject({ 'public.plain': { id: ['-5', '9000'] } });
      expect(endsIn(statistics)).toMatchObject({ 'public.slowly': { id: ['1', '1000'] } });
    } finally {
      await open.end();
      await owner.query(`UPDATE pg_index SET indcheckxmin = false WHERE indexrelid = 'seen_id'::regclass`);
    }
  });
});

function recording(client: pg.Client, asked: string[]): StatisticsClient {
  return {
    query: (text, values) => {
      asked.push(text);
      return client.query(text, values);
    },
  };
}
