import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalog } from '../plan/model.js';
import { readCatalog } from './catalog.js';
import { type NativeServer, startNativeServer } from './native.js';

let server: NativeServer;
let client: pg.Client;
let catalog: Catalog;

beforeAll(async () => {
  server = await startNativeServer();
  client = new pg.Client(server.connection);
  await client.connect();
  await client.query(`
    CREATE EXTENSION citext;
    CREATE SCHEMA app;
    CREATE TABLE app."Odd table" (id int, "Odd column" text, gone int);
    ALTER TABLE app."Odd table" DROP COLUMN gone;
    CREATE UNIQUE INDEX odd_index ON app."Odd table" ("Odd column", lower("Odd column"), (id + 1)) INCLUDE (id)
      WHERE id > 0;
    CREATE TABLE filled (id int PRIMARY KEY, pad text);
    INSERT INTO filled SELECT i, repeat('x', 200) FROM generate_series(1, 1000) i;
    ANALYZE filled;
    ALTER TABLE filled ENABLE ROW LEVEL SECURITY;
    CREATE TABLE claimed (id int);
    UPDATE pg_class SET relpages = 500, reltuples = 9000 WHERE relname = 'claimed';
    CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE INDEX parts_at ON parts USING brin (at);
    CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE child () INHERITS (b, a);
    CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one;
    CREATE VIEW seen AS SELECT 1 AS one;
    CREATE TEMPORARY TABLE passing (id int);
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE FUNCTION f(text) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
    CREATE FUNCTION app.step(int, int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
    CREATE AGGREGATE app.tally(int) (SFUNC = app.step, STYPE = int);
    CREATE FUNCTION on_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER changed AFTER INSERT OR DELETE ON filled EXECUTE FUNCTION on_change();
    CREATE TRIGGER silenced AFTER UPDATE ON filled EXECUTE FUNCTION on_change();
    ALTER TABLE filled DISABLE TRIGGER silenced;
    CREATE TABLE cascading (filled int REFERENCES filled ON DELETE CASCADE ON UPDATE SET NULL);
    CREATE TABLE indexed (id int, filled int REFERENCES filled);
    CREATE INDEX ON indexed (filled, id);
    SET search_path = app, nowhere, public;`);
  catalog = await readCatalog((text) => client.query(text));
});

afterAll(async () => {
  await client.end();
  await server.stop();
});

test('tables of every kind, without PostgreSQL’s own and temporary ones', () => {
  const kinds = [...catalog.tables].map(([key, { kind }]) => `${key}: ${kind}`);
  expect(kinds).toEqual([
    'app.Odd table: table',
    'public.a: table',
    'public.b: table',
    'public.cascading: table',
    'public.child: table',
    'public.claimed: table',
    'public.filled: table',
    'public.indexed: table',
    'public.kept: materialized view',
    'public.parts: partitioned table',
    'public.parts_1: table',
    'public.seen: view',
  ]);
  expect(catalog.tables.get('app.Odd table')?.columns).toEqual(['id', 'Odd column']);
});

test('sizes are the planner’s: of the file, or as claimed where the file is empty', async () => {
  const { rows } = await client.query("SELECT pg_relation_size('filled') / 8192 AS pages");
  expect(catalog.tables.get('public.filled')).toMatchObject({
    pages: Number(rows[0].pages),
    tuples: 1000,
    analysed: true,
  });
  expect(catalog.tables.get('public.claimed')).toMatchObject({ pages: 500, tuples: 9000, analysed: false });
  expect(catalog.tables.get('public.a')).toMatchObject({ pages: 0, tuples: -1, analysed: false });
});

test('parents in order, row security, the search path without schemas that are not there', () => {
  expect(catalog.tables.get('public.child')?.parents).toEqual(['public.b', 'public.a']);
  expect(catalog.tables.get('public.parts_1')?.parents).toEqual(['public.parts']);
  expect(catalog.tables.get('public.filled')?.rowSecurity).toBe(true);
  expect(catalog.tables.get('public.a')?.rowSecurity).toBe(false);
  expect(catalog.searchPath).toEqual(['app', 'public']);
});

test('indexes with their keys, but not the columns that they include', () => {
  expect(catalog.indexes.get('app.odd_index')).toEqual({
    schema: 'app',
    name: 'odd_index',
    table: 'app.Odd table',
    method: 'btree',
    keys: [
      { column: 'Odd column', expression: '"Odd column"' },
      { expression: 'lower("Odd column")' },
      { expression: '((id + 1))' },
    ],
    unique: true,
    valid: true,
    predicate: '(id > 0)',
  });
  expect(catalog.indexes.get('public.parts_1_at_idx')).toMatchObject({ method: 'brin', parent: 'public.parts_at' });
});

test('overloads in one list; aggregates by what they are made of; no C functions of extensions', () => {
  expect(catalog.functions.get('public.f')).toEqual([
    { schema: 'public', name: 'f', language: 'sql', volatility: 'immutable' },
    { schema: 'public', name: 'f', language: 'plpgsql', volatility: 'volatile' },
  ]);
  expect(catalog.functions.get('app.tally')).toMatchObject([{ language: 'plpgsql', volatility: 'stable' }]);
  const all = [...catalog.functions.values()].flat();
  expect(all.filter(({ language }) => language === 'c' || language === 'internal')).toEqual([]);
  expect(catalog.functions.get('public.split_part')).toMatchObject([{ language: 'sql', volatility: 'immutable' }]);
});

test('enabled triggers and the actions of foreign keys', () => {
  expect(catalog.tables.get('public.filled')?.triggers).toEqual([
    { name: 'changed', events: ['Insert', 'Delete'], function: 'public.on_change' },
    { name: 'cascading_filled_fkey', events: ['Delete'], table: 'public.cascading', change: 'Delete' },
    { name: 'cascading_filled_fkey', events: ['Update'], table: 'public.cascading', change: 'Update' },
    { name: 'indexed_filled_fkey', events: ['Delete'], table: 'public.indexed' },
  ]);
  expect(catalog.tables.get('public.indexed')?.triggers).toEqual([]);
});
