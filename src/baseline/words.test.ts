import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyName } from './testing/baselines.js';
import { compareNames, escapeText, lineText, nameText, unescapeText } from './words.js';

test('what is escaped reads back, in one line in which every character can be seen', () => {
  fc.assert(
    fc.property(anyName, (text) => {
      const escaped = escapeText(text);
      expect(escaped).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\u00a0]/u);
      expect(unescapeText(escaped)).toBe(text);
    }),
  );
});

test.each([
  ['plain words, with a comma', 'plain words, with a comma'],
  ['C:\\plans\\new', 'C:\\plans\\new'],
  ['größer → ✓', 'größer → ✓'],
  ['', '""'],
  ['two\nlines', '"two\\nlines"'],
  ['"quoted"', '"\\"quoted\\""'],
  ['ends ', '"ends "'],
  ['turned\u202eround', '"turned\\u{202e}round"'],
])('%j takes the rest of a line as %s', (text, expected) => {
  expect(lineText(text)).toBe(expected);
});

test.each([
  ['label sort=title filter=all', 'label sort=title filter=all'],
  ['# 1', '# 1'],
  ['', '-'],
  ['-', '"-"'],
  ['a, b', '"a, b"'],
  ['a  b', '"a  b"'],
  ['cost ~5', '"cost ~5"'],
])('%j is a name between others as %s', (name, expected) => {
  expect(nameText(name)).toBe(expected);
});

test.each([
  ['\\x', 0],
  ['a\\', 1],
  ['\\\\ \\u{110000}', 3],
])('an escape that is none is told: %s', (text, wrongAt) => {
  expect(unescapeText(text)).toEqual({ wrongAt });
});

test('names go in one order everywhere: numbers by value, before words by their code units', () => {
  const names = ['b', '10', 'é', 'Z', '2', 'a', ''];
  expect(names.sort(compareNames)).toEqual(['2', '10', '', 'Z', 'a', 'b', 'é']);
});
