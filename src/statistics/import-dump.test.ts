import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import pg from 'pg';
import { expect, test } from 'vitest';
import { startNativeServer } from '../postgres/native.js';
import { formatArrayLiteral } from './arrays.js';
import { formatStatistics } from './format.js';
import { importDump } from './import-dump.js';
import { pullStatistics } from './pull.js';
import { parseStatistics } from './read.js';

const text = readFileSync(join(import.meta.dirname, 'testing/dump-18.sql'), 'utf8');
const whole = { file: 'dump.sql', text };
/** Without the schema: what --statistics-only writes. */
const bare = {
  file: 'stats.sql',
  text: text.replaceAll(/^(CREATE|ALTER)[^;]*('a;b'[^;]*)?;$/gm, ''),
};

const size = (relpages: number, reltuples: number, relallvisible = 0) => ({ relpages, reltuples, relallvisible });

test('a dump with its schema is read as a whole, whatever its values hold', () => {
  const { statistics, unplaced } = importDump(whole, []);
  expect(unplaced).toEqual([]);
  expect(statistics).toEqual({
    format: 'plan-guard statistics',
    version: 1,
    origin: 'Made by plan-guard stats import from a dump of pg_dump of PostgreSQL 18.4.',
    server_version: '18.4',
    unreadable: { 'shop.fresh': { reason: 'never analysed' } },
    tables: {
      'shop.events': {
        ...size(-1, 700),
        columns: {},
        inherited: {
          id: { null_frac: 0, avg_width: 4, n_distinct: -1, histogram_bounds: ['1', '350', '700'], correlation: 1 },
        },
        indexes: {},
      },
      'shop.fresh': { ...size(0, -1), columns: {}, indexes: {} },
      'shop.orders': {
        ...size(1234, 1_500_000, 1200),
        columns: {
          'Weird "Name': {
            null_frac: 0.125,
            avg_width: 7,
            n_distinct: 7,
            most_common_vals: [
              ...['NULL', '', 'a,b', 'say "hi"', 'back\\slash', '{brace}', "it's;\ntwo lines", 'plain'],
            ],
            most_common_freqs: [0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.00001],
            histogram_bounds: ['-- no comment', '/* nor this', 'pg_restore_relation_stats('],
            correlation: -0.045982968,
          },
          span: {
            null_frac: 0,
            avg_width: 14,
            n_distinct: -1,
            range_length_histogram: ['1', '4'],
            range_empty_frac: 0.5,
            range_bounds_histogram: ['[1,2)', '[8,12)'],
          },
          tags: {
            null_frac: 0,
            avg_width: 30,
            n_distinct: 2,
            most_common_vals: ['{a,b}', '{"c d"}'],
            most_common_freqs: [0.5, 0.5],
            most_common_elems: ['a', 'b', 'c d'],
            most_common_elem_freqs: [0.5, 0.5, 0.5, 0.5, 0.5, 0],
            elem_count_histogram: [1, 2, 1.5],
          },
        },
        indexes: {
          orders_expr: {
            ...size(300, 1_500_000),
            columns: {
              lower: { null_frac: 0.125, avg_width: 7, n_distinct: 7 },
              expr1: { null_frac: 0, avg_width: 4, n_distinct: -1 },
            },
          },
          orders_pkey: size(400, 1_500_000),
        },
      },
    },
  });
  const file = formatStatistics(statistics);
  expect(parseStatistics(file, 's.json')).toEqual(statistics);
});

test('a dump of statistics alone takes the schema from beside it, and says what it cannot place', () => {
  expect(bare.text).not.toMatch(/CREATE|ALTER/);
  const { statistics, unplaced } = importDump(bare, []);
  expect(Object.keys(statistics.tables)).toEqual(['shop.events', 'shop.orders']);
  expect(statistics.tables['shop.orders']?.indexes).toEqual({});
  expect(unplaced).toEqual(['shop.fresh', 'shop.orders_expr', 'shop.orders_pkey']);
  expect(importDump(bare, [{ file: 'schema.sql', text }]).statistics).toEqual(importDump(whole, []).statistics);
  const partly = importDump(bare, [{ file: 'schema.sql', text: 'CREATE TABLE shop.orders (id int PRIMARY KEY)' }]);
  expect(partly.statistics.tables['shop.orders']?.indexes).toEqual({ orders_pkey: size(400, 1_500_000) });
  expect(partly.unplaced).toEqual(['shop.fresh', 'shop.orders_expr']);
});

test.each([
  ['SELECT 1;', undefined, 'The dump holds no statistics.'],
  [text.replace("'1.5e+06'::real", "'many'::real"), '81:26', 'reltuples is no number: many'],
  [text.replace("'{0.2,0.1", "'{0.1"), '90:26', 'Common values and their frequencies do not go together.'],
  [text.replace("'{1,4}'::text", "'1,4'::text"), '105:26', 'range_length_histogram is no array of values: 1,4'],
  [
    text.slice(0, text.indexOf("'relallvisible', '1200'")),
    '87:2',
    'Not a call as pg_dump writes it: found the end of the file',
  ],
  [text.replace("'relname', 'fresh',", ''), '66:26', 'The call tells no relname.'],
])('a dump that is not as pg_dump writes it is an error at its place (%#)', (broken, where, message) => {
  expect(() => importDump({ file: 'd.sql', text: broken }, [])).toThrow(
    expect.objectContaining({ code: 'statistics', message, hint: expect.any(String) }),
  );
  try {
    importDump({ file: 'd.sql', text: broken }, []);
  } catch (error) {
    const { line, column } = (error as { where: { line?: number; column?: number } }).where;
    if (where !== undefined) expect(`${line}:${column}`).toBe(where);
  }
});

test('the version is told by the calls where the head does not', () => {
  const headless = text.replace(/^-- Dumped.*\n/gm, '').replaceAll("'180004'", "'150018'");
  expect(importDump({ file: 'd.sql', text: headless }, []).statistics.server_version).toBe('15.18');
});

test('values and names come through, whatever they are', () => {
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const name = fc.string({ minLength: 1 }).filter((text) => !text.includes('.') && text !== '__proto__');
  fc.assert(
    fc.property(name, name, fc.array(fc.string(), { minLength: 1 }), (table, column, values) => {
      const call = (kind: string, pairs: Readonly<Record<string, string>>) =>
        `SELECT * FROM pg_catalog.pg_restore_${kind}_stats(\n\t${Object.entries({
          ...{ version: `'180004'::integer`, schemaname: literal('s'), relname: literal(table) },
          ...pairs,
        })
          .map(([key, value]) => `'${key}', ${value}`)
          .join(',\n\t')}\n);\n`;
      const frequencies = `'{${values.map(() => '0.01').join()}}'::real[]`;
      const dump =
        call('relation', { relpages: `'1'::integer`, reltuples: `'1'::real`, relallvisible: `'0'::integer` }) +
        call('attribute', {
          ...{ attname: literal(column), inherited: `'f'::boolean`, null_frac: `'0'::real`, avg_width: `'4'::integer` },
          ...{ n_distinct: `'-1'::real`, most_common_vals: `${literal(formatArrayLiteral(values))}::text` },
          most_common_freqs: frequencies,
        });
      const { statistics } = importDump({ file: 'd.sql', text: dump }, []);
      expect(statistics.tables[`s.${table}`]?.columns[column]?.most_common_vals).toEqual(values);
      const text = formatStatistics(statistics);
      expect(parseStatistics(text, 's.json')).toEqual(statistics);
    }),
  );
});

test('what pg_dump 18 wrote is read as the server restores it', async () => {
  const file = join(import.meta.dirname, 'testing/dump-18-many-types.sql');
  const dumped = readFileSync(file, 'utf8');
  const { statistics, unplaced } = importDump({ file, text: dumped }, []);
  expect(unplaced).toEqual([]);
  const server = await startNativeServer({ version: 18 });
  const client = new pg.Client(server.connection);
  try {
    await client.connect();
    await client.query(dumped.replaceAll(/^\\.*$/gm, ''));
    const restored = await pullStatistics(client, { origin: '-' });
    expect(Object.keys(restored.tables)).toEqual(expect.arrayContaining(['public.things', 'public.events']));
    expect(statistics.tables).toEqual(restored.tables);
  } finally {
    await client.end();
    await server.stop();
  }
});
