import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordDiff } from './word-diff.js';

const told = (before: string, after: string) =>
  wordDiff(before, after)
    .map(({ kind, text }) => (kind === 'same' ? text : kind === 'before' ? `[-${text}-]` : `[+${text}+]`))
    .join('');

test('words that differ are told apart, and no more', () => {
  expect(told('(t.owner_id = 1001)', '(t.owner_id = 1002)')).toBe('(t.owner_id = [-1001-][+1002+])');
  expect(told('(a = 1)', '((a = 1) OR (b = ANY ($2)))')).toBe('([+(+]a = 1[+) OR (b = ANY ($2))+])');
  expect(told("(s = 'on sale'::text)", "(s = 'sold out'::text)")).toBe("(s = [-'on sale'-][+'sold out'+]::text)");
  expect(told('a, b, c', 'a, c')).toBe('a, [-b, -]c');
  expect(told('same', 'same')).toBe('same');
  expect(told('', 'new')).toBe('[+new+]');
});

test('each side of a difference is its text', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '(', "'", '\n', '💥', '$1'), maxLength: 30 });
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const runs = wordDiff(before, after);
      const side = (kind: string) =>
        runs
          .filter((run) => run.kind === 'same' || run.kind === kind)
          .map((run) => run.text)
          .join('');
      expect([side('before'), side('after')]).toEqual([before, after]);
    }),
  );
});

test('texts that have nothing in common are told at once, however long', () => {
  const [before, after] = ['a ', 'b\n'].map((word) => word.repeat(100_000)) as [string, string];
  expect(wordDiff(`x ${before}`, `x ${after}`)).toEqual([
    { kind: 'same', text: 'x ' },
    { kind: 'before', text: before },
    { kind: 'after', text: after },
  ]);
});
