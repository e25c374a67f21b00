import pg from 'pg';
import { expect, test } from 'vitest';
import { startNativeServer } from '../postgres/native.js';
import { estimateBtreeHeight, pivotKeyWidth } from './btree-height.js';

const indexes: Readonly<Record<string, string>> = {
  int: '(i)',
  uuid: '(u)',
  text: '(h)',
  long: '(l)',
  // Neighbours differ in the first column: inner pages keep no second one.
  text_then_long: '(h, l)',
  // They differ in the second one alone.
  few_then_text: '(g, h)',
  // They do not differ: inner pages keep a TID.
  few: '(g)',
  // Inner pages do not keep what is included.
  included: '(i) INCLUDE (l)',
  expression: '(lower(h))',
  partial: '(i) WHERE g = 3',
};

test('the estimate is the height of real indexes of many widths', async () => {
  const server = await startNativeServer({ settings: { maintenance_work_mem: '128MB' } });
  const client = new pg.Client(server.connection);
  try {
    await client.connect();
    await client.query('CREATE EXTENSION pageinspect');
    const heights = new Set<number>();
    for (const rows of [50, 4000, 130_000]) {
      await client.query('DROP TABLE IF EXISTS t');
      await client.query(`CREATE TABLE t AS SELECT n AS i, md5(n::text)::uuid AS u, md5(n::text) AS h,
        repeat(md5(n::text), 3) AS l, n % 50 AS g FROM generate_series(1, ${rows}) n`);
      for (const [name, definition] of Object.entries(indexes))
        await client.query(`CREATE INDEX ix_${name} ON t ${definition}`);
      await client.query('VACUUM ANALYZE t');
      const { rows: found } = await client.query(`
        SELECT c.relname AS name, c.relpages AS pages, c.reltuples AS tuples, (bt_metap(c.relname)).fastlevel::int AS level,
          (SELECT json_agg(json_build_object('avg_width', s.avg_width, 'n_distinct', s.n_distinct) ORDER BY k.place)
             FROM unnest(i.indkey) WITH ORDINALITY k (number, place)
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
             LEFT JOIN pg_stats s ON s.tablename = CASE k.number WHEN 0 THEN c.relname ELSE 't' END
               AND s.attname = CASE k.number WHEN 0 THEN 'lower' ELSE a.attname END
            WHERE k.place <= i.indnkeyatts) AS columns
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 't'::regclass`);
      expect(found).toHaveLength(Object.keys(indexes).length);
      for (const { name, pages, tuples, level, columns } of found) {
        const height = estimateBtreeHeight(pages, pivotKeyWidth(columns, tuples));
        expect({ name, rows, height }).toEqual({ name, rows, height: level });
        heights.add(height);
      }
    }
    expect([...heights].sort()).toEqual([0, 1, 2]);
  } finally {
    await client.end();
    await server.stop();
  }
});

test('columns without statistics are taken for unique and eight bytes wide', () => {
  expect(pivotKeyWidth([{ avg_width: undefined, n_distinct: undefined }], 1000)).toBe(8);
  expect(pivotKeyWidth([], 1000)).toBe(8);
});
