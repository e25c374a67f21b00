import { expect, test } from 'vitest';
import { didYouMean, nearest } from './nearest.js';

const known = ['protect', 'no-seq-scan', 'index-only', 'only-indexes'];

test.each([
  ['protct', 'protect'],
  ['portect', 'protect'],
  ['no_seq_scan', 'no-seq-scan'],
  ['noSeqScan', 'no-seq-scan'],
  ['index only', 'index-only'],
  ['only-index', 'only-indexes'],
])('%s is near %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant);
  expect(didYouMean(word, known)).toBe(`Did you mean \`${meant}\`?`);
});

test('a word near none is answered with all that are known', () => {
  expect(nearest('xyz', known)).toBeUndefined();
  expect(didYouMean('xyz', known)).toBe('Known here: protect, no-seq-scan, index-only, only-indexes.');
});
