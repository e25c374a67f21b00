import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitScript } from './split.js';

const statementsOf = (text: string): string[] => {
  return splitScript(text).statements.map(({ start, end }) => text.slice(start, end));
};

describe('statements', () => {
  test.each([
    ['', []],
    ['-- only ; a comment', []],
    [';;', []],
    ['select 1; select 2', ['select 1', 'select 2']],
    ['-- a;\nselect 1 -- b;\n; /* c; */ select 2 ;', ['select 1', 'select 2']],
    ["select ';', $$;$$, \";\", E'\\';' ; x", ["select ';', $$;$$, \";\", E'\\';'", 'x']],
    [
      'create rule r as on insert to t do also (insert into a values (1); insert into b values (2)); x',
      ['create rule r as on insert to t do also (insert into a values (1); insert into b values (2))', 'x'],
    ],
    [
      'create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end; x',
      ['create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end', 'x'],
    ],
    ['begin; select 1; end; x', ['begin', 'select 1', 'end', 'x']],
    ['create table atomic (begin int, "end" int); x', ['create table atomic (begin int, "end" int)', 'x']],
    ['select 1); select 2', ['select 1)', 'select 2']],
  ])('%s', (text, expected) => {
    expect(statementsOf(text)).toEqual(expected);
  });

  test('are those that were joined', () => {
    const statement = fc.constantFrom(
      "select ';'",
      'select $a$;$a$',
      'select /* ; */ 1',
      'select (1)',
      'select "é;😀"',
      "select E'\\\\'",
    );
    const between = fc.constantFrom(';', ' ; ', ';\n-- x;\n', ';/* ; */;');
    fc.assert(
      fc.property(fc.array(fc.tuple(statement, between)), (parts) => {
        expect(statementsOf(parts.flat().join(''))).toEqual(parts.map(([text]) => text));
      }),
    );
  });
});

test('meta-commands of psql stand apart', () => {
  const text = "\\restrict a'b\n\nSELECT 1;\n\\connect x\r\nSELECT 2;\n\\unrestrict a'b\n";
  const { statements, metaCommands } = splitScript(text);
  expect(statements.map(({ start, end }) => text.slice(start, end))).toEqual(['SELECT 1', 'SELECT 2']);
  expect(metaCommands.map(({ start, end }) => text.slice(start, end))).toEqual([
    "\\restrict a'b",
    '\\connect x',
    "\\unrestrict a'b",
  ]);
});

describe('COPY … FROM stdin', () => {
  test('is reported with its data, which is not read as SQL', () => {
    const text = "COPY public.t (a, b) FROM stdin;\n1\tit's;\n2\t\\N\n\\.\n\nSELECT 1;\n";
    const { statements, copies } = splitScript(text);
    expect(statements.map(({ start, end }) => text.slice(start, end))).toEqual(['SELECT 1']);
    expect(
      copies.map(({ statement, data }) => [statement, data].map(({ start, end }) => text.slice(start, end))),
    ).toEqual([['COPY public.t (a, b) FROM stdin', "1\tit's;\n2\t\\N\n\\."]]);
  });

  test('without an end takes the rest', () => {
    const text = 'copy t from stdin;\n1\nselect 1;';
    const { statements, copies } = splitScript(text);
    expect(statements).toEqual([]);
    expect(copies[0]?.data).toEqual({ start: 19, end: text.length });
  });

  test('from a file or a query is a statement', () => {
    expect(statementsOf("copy t from 'stdin'; copy (select a from stdin) to 'x'; x")).toHaveLength(3);
  });
});

test('what never ends is reported', () => {
  expect(splitScript("select 1; select 'x;").unterminated).toMatchObject({ kind: 'string', start: 17 });
  expect(splitScript("select 1; select 'x;'").unterminated).toBeUndefined();
});
