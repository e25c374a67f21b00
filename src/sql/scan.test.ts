import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBlank, scan } from './scan.js';

const tokensOf = (text: string): string[] => {
  return scan(text)
    .filter(({ kind }) => !isBlank(kind))
    .map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);
};

describe('tokens', () => {
  test.each([
    ["'a''b;'", ["string 'a''b;'"]],
    ["'a\\' x", ["string 'a\\'", 'identifier x']],
    ["E'a\\'b' x", ["string E'a\\'b'", 'identifier x']],
    ["e'a'\n'\\'b' x", ["string e'a'\n'\\'b'", 'identifier x']],
    ["U&'\\0061' B'01' X'ff' N'n'", ["string U&'\\0061'", "string B'01'", "string X'ff'", "string N'n'"]],
    ['u&"a""b" "c;d"', ['quoted-identifier u&"a""b"', 'quoted-identifier "c;d"']],
    ['$$a;$1$$ $f$ $$ $f$', ['dollar-string $$a;$1$$', 'dollar-string $f$ $$ $f$']],
    ['a$b$c $12', ['identifier a$b$c', 'parameter $12']],
    [
      '1.5e-3 .5 0xFF 1_000 1..2',
      ['number 1.5e-3', 'number .5', 'number 0xFF', 'number 1_000', 'number 1', 'punctuation .', 'number .2'],
    ],
    ['a--b\n+c', ['identifier a', 'operator +', 'identifier c']],
    ['a/*x/*y*/;*/b', ['identifier a', 'identifier b']],
    ['a<@b', ['identifier a', 'operator <@', 'identifier b']],
    ['1=-1', ['number 1', 'operator =', 'operator -', 'number 1']],
    ['a@-1', ['identifier a', 'operator @-', 'number 1']],
    [
      'a::int b:=1 c:d',
      [
        'identifier a',
        'punctuation ::',
        'identifier int',
        'identifier b',
        'punctuation :=',
        'number 1',
        'identifier c',
        'punctuation :',
        'identifier d',
      ],
    ],
    ['größe "é"', ['identifier größe', 'quoted-identifier "é"']],
    ['\uFEFFselect', ['identifier select']],
    ["\\echo it's\nx", ["meta-command \\echo it's", 'identifier x']],
  ])('%s', (text, expected) => {
    expect(tokensOf(text)).toEqual(expected);
  });

  test.each(["'a", "E'a\\'", '"a', '$$a', '$x$a$$', '/* /* */'])('%s never ends', (text) => {
    expect(scan(`x ${text}`).at(-1)).toMatchObject({ start: 2, unterminated: true });
  });
});

test('tokens cover any text without gaps', () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    '$',
    '$a$',
    '--',
    '/*',
    '*/',
    '\n',
    '\\',
    'E',
    ':',
    '@',
    '@>',
    ';',
    '(',
    'é',
    '😀',
    '1.',
    'x ',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        const tokens = scan(text);
        expect(tokens.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text);
        for (const { start, end } of tokens) expect(end).toBeGreaterThan(start);
      },
    ),
  );
});

test('a string of megabytes is one token', () => {
  const text = `'${"''".repeat(2_000_000)}'`;
  expect(scan(text)).toEqual([{ kind: 'string', start: 0, end: text.length, unterminated: false }]);
});
