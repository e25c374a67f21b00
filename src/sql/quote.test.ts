import { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quoteIdentifier, quoteLiteral } from './quote.js';

let database: PGlite;
beforeAll(async () => {
  database = await PGlite.create();
});
afterAll(() => database.close());

test('texts and names are quoted as PostgreSQL quotes them', async () => {
  const keywords = await database.query<{ word: string }>('SELECT word FROM pg_get_keywords()');
  const random = fc.sample(
    fc.string({ unit: fc.constantFrom('a', 'B', '1', '_', '$', "'", '"', '\\', ' ', 'é', '😀', '\n') }),
    500,
  );
  const words = [...keywords.rows.map(({ word }) => word), ...random];
  const { rows } = await database.query<{ literal: string; name: string }>(
    'SELECT quote_literal(word) AS literal, quote_ident(word) AS name FROM unnest($1::text[]) WITH ORDINALITY AS w(word, n) ORDER BY n',
    [words],
  );
  expect(words.map(quoteLiteral)).toEqual(rows.map(({ literal }) => literal));
  expect(words.map(quoteIdentifier)).toEqual(rows.map(({ name }) => name));
});
