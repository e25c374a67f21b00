import { expect, test } from 'vitest';
import { clip, columns, cost, count, duration, integer, listed, pageSize, rough, slice, wrap } from './text.js';

test('numbers carry thousands separators', () => {
  expect([0, 999, 1000, 1234567, -12345].map(integer)).toEqual(['0', '999', '1,000', '1,234,567', '-12,345']);
  expect([count(1, 'plan'), count(1200, 'plan'), count(2, 'query', 'queries')]).toEqual([
    '1 plan',
    '1,200 plans',
    '2 queries',
  ]);
});

test('rows are rough from a million on', () => {
  expect([50_000, 999_949, 999_999, 2_000_000, 123_456_789, 3_100_000_000, 4.2e12].map(rough)).toEqual([
    '50,000',
    '999,949',
    '1.0 M',
    '2.0 M',
    '123 M',
    '3.1 bn',
    '4.2 T',
  ]);
});

test('costs keep decimals only while they matter', () => {
  expect([0, 8.4537, 999.99, 999.996, 198_611.17].map(cost)).toEqual(['0.00', '8.45', '999.99', '1,000', '198,611']);
});

test('pages are told in bytes', () => {
  expect([0, 1, 368, 153_847, 268_435_456].map(pageSize)).toEqual(['0 kB', '8 kB', '2.9 MB', '1.2 GB', '2.0 TB']);
});

test('durations fit their size', () => {
  expect([3.4, 850, 1234, 59_960, 125_000].map(duration)).toEqual([
    '3 ms',
    '850 ms',
    '1.2 s',
    '1 min 0 s',
    '2 min 5 s',
  ]);
});

test('columns count wide and combining characters', () => {
  expect([columns('abc'), columns('日本'), columns('e\u0301'), columns('é')]).toEqual([3, 4, 1, 1]);
  expect(slice('a日本b', 1, 4)).toBe('日');
  expect(clip('abcdef', 4, '…')).toBe('abc…');
});

test('wraps at spaces, keeps numbers with their units, cuts long words but not paths', () => {
  expect(wrap('tracks hold 2.0 M rows', 15)).toEqual(['tracks hold', '2.0 M rows']);
  expect(wrap('cost 40 (× 300)', 10)).toEqual(['cost 40', '(× 300)']);
  expect(wrap('cost 40 (÷ 9.4).', 11)).toEqual(['cost 40', '(÷ 9.4).']);
  expect(wrap('an averyveryverylongword here', 10)).toEqual(['an', 'averyveryv', 'erylongwor', 'd here']);
  expect(wrap('see fixtures/audius/queries/profile.sql:7:8 now', 12)).toEqual([
    'see',
    'fixtures/audius/queries/profile.sql:7:8',
    'now',
  ]);
});

test('lists read as sentences', () => {
  expect([listed([]), listed(['a']), listed(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
});
