import { expect, test } from 'vitest';
import { functionsCalled, keysUsed, tokenize } from './expressions.js';
import type { IndexFacts } from './model.js';

const index = (...keys: [string | undefined, string][]): IndexFacts => ({
  schema: 's',
  name: 'i',
  table: 's.t',
  method: 'btree',
  keys: keys.map(([column, expression]) => ({ column, expression })),
  unique: false,
  valid: true,
  predicate: undefined,
});

const PLAIN = index(['a', 'a'], ['b', 'b']);

test.each([
  ['(t.a = 1)', [0]],
  ['(1 = t.a)', [0]],
  ['(t.b = 1)', [1]],
  ['((t.b = 1) AND (t.a > 2))', [0, 1]],
  ["(t.b = '(t.a = 1)'::text)", [1]],
  ["((t.b = 'x'') AND (t.a = 1'::text) AND (t.b IS NOT NULL))", [1]],
  ['(t.b = u.a)', [1]],
  ['(t.b = (InitPlan 1).a)', [1]],
  ['(t.b = ANY (ARRAY[1, 2]))', [1]],
  ['(t.a OPERATOR(s.=) 1)', [0]],
  ['((t.a)::text COLLATE "C" = $1)', [0]],
  ['(ROW(t.a, t.b) > ROW(1, 2))', [0]],
  ['(ROW(1, 2) < ROW(t.b, t.a))', [1]],
  ['t.a', [0]],
])('%s restricts the keys %j', (condition, keys) => {
  expect([...keysUsed(condition, PLAIN, { alias: 't', prefixed: true })].sort()).toEqual(keys);
});

test('a column inside an expression is not the key itself', () => {
  const columnFirst = index(['a', 'a'], [undefined, 'lower(a)'], [undefined, '((a + 1))']);
  const keys = (condition: string) => [...keysUsed(condition, columnFirst, { alias: 't', prefixed: true })];
  expect(keys("(lower(t.a) = 'x'::text)")).toEqual([1]);
  expect(keys('((t.a + 1) = 5)')).toEqual([2]);
  expect(keys('((t.a - 1) = 5)')).toEqual([]);
});

test('names are compared as written: quoted, of any alphabet, by the alias of the scan alone', () => {
  const quoted = index(['größe "x".y', '"größe ""x"".y"']);
  const used = (condition: string, alias: string) => keysUsed(condition, quoted, { alias, prefixed: true }).size;
  expect(used('("A b"."größe ""x"".y" = 1)', 'A b')).toBe(1);
  expect(used('("A b"."größe ""x"".y" = 1)', 'a b')).toBe(0);
});

test('without VERBOSE columns stand alone', () => {
  expect([...keysUsed('(b = 1)', PLAIN, { alias: 't', prefixed: false })]).toEqual([1]);
});

test('a value of any length is one token', () => {
  const ids = Array.from({ length: 200_000 }, (_, id) => id).join(',');
  const condition = `(t.b = ANY ('{${ids}}'::integer[]))`;
  expect([...keysUsed(condition, PLAIN, { alias: 't', prefixed: true })]).toEqual([1]);
  expect(tokenize('\'it\'\'s\' "a""b"').map(({ text }) => text)).toEqual(["it's", 'a"b']);
});

test('functions are found by their call, not in strings or as columns', () => {
  expect(functionsCalled('f(t.g, s.h(1), \' i(2)\', "Odd name"(3)) + t.j')).toEqual([
    { schema: undefined, name: 'f' },
    { schema: 's', name: 'h' },
    { schema: undefined, name: 'Odd name' },
  ]);
});
