import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatArrayLiteral, parseArrayLiteral } from './arrays.js';

test('quotes, backslashes, braces, commas and the word NULL survive', () => {
  expect(formatArrayLiteral(['a', null, 'NULL', '', 'say "hi"', 'C:\\x', '{1,2}'])).toBe(
    String.raw`{"a",NULL,"NULL","","say \"hi\"","C:\\x","{1,2}"}`,
  );
  expect(parseArrayLiteral(String.raw`{a,NULL,"NULL","","say \"hi\"","C:\\x","{1,2}"}`)).toEqual([
    'a',
    null,
    'NULL',
    '',
    'say "hi"',
    'C:\\x',
    '{1,2}',
  ]);
  expect(parseArrayLiteral('{}')).toEqual([]);
});

test('a delimiter other than the comma leaves commas alone', () => {
  expect(parseArrayLiteral('{(1,1),(0,0);(2,2),(1,1)}', ';')).toEqual(['(1,1),(0,0)', '(2,2),(1,1)']);
  expect(formatArrayLiteral(['(1,1),(0,0)', '(2,2),(1,1)'], ';')).toBe('{"(1,1),(0,0)";"(2,2),(1,1)"}');
});

test('what is written is read back, whatever the values', () => {
  const values = fc.array(fc.option(fc.string({ unit: 'binary' })));
  fc.assert(
    fc.property(values, fc.constantFrom(',', ';', ':'), (written, delimiter) => {
      expect(parseArrayLiteral(formatArrayLiteral(written, delimiter), delimiter)).toEqual(written);
    }),
    { numRuns: 50 },
  );
});

test.each(['', '1,2', '{1,2', '{{1,2},{3,4}}', '{1,,2}', '{1,}', '{"a}', '{"a"b}', '[0:1]={1,2}'])(
  '%s is no one-dimensional array',
  (literal) => {
    expect(() => parseArrayLiteral(literal)).toThrow('Not a one-dimensional array');
  },
);
