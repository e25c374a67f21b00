import { expect, test } from 'vitest';
import { lineColumn } from './positions.js';

test.each([
  ['', 0, 1, 1],
  ['abc', 2, 1, 3],
  ['a\nbc', 1, 1, 2],
  ['a\nbc', 2, 2, 1],
  ['a\r\nbc', 3, 2, 1],
  ['a\r\nbc', 2, 1, 3],
  ['a\rbc', 2, 2, 1],
  ['\ta', 1, 1, 2],
  ['é😀x', 3, 1, 3],
  ['a\n\n', 3, 3, 1],
  ['a', 9, 1, 2],
  ['a', -1, 1, 1],
])('%j at %i is line %i, column %i', (text, offset, line, column) => {
  expect(lineColumn(text, offset)).toEqual({ line, column });
});
