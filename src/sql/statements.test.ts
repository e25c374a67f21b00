import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlanGuardError, PlanGuardErrors } from '../errors.js';
import type { SqlStatement } from './model.js';
import { parseQueries } from './statements.js';

function only(text: string): SqlStatement {
  const [statement, ...others] = parseQueries(text, 'q.sql');
  expect(others).toEqual([]);
  if (statement === undefined) throw new Error('no statement');
  return statement;
}

function failures(text: string): string[] {
  try {
    parseQueries(text, 'q.sql');
  } catch (error) {
    const errors = error instanceof PlanGuardErrors ? error.errors : [error];
    return errors.map((one) => {
      if (!(one instanceof PlanGuardError)) throw one;
      expect(one.code).toBe('query');
      expect(one.hint).toBeTruthy();
      return `${one.where?.file}:${one.where?.line}:${one.where?.column} ${one.message}`;
    });
  }
  return [];
}

describe('parameters', () => {
  test.each([
    ['select $1, $2, $1', 'select $1, $2, $1', [undefined, undefined]],
    ['select :a, :b, :a', 'select $1, $2, $1', ['a', 'b']],
    ['select @a, @b, @a', 'select $1, $2, $1', ['a', 'b']],
    ['select :a, @a', 'select $1, $1', ['a']],
    [
      'select * from t where a=@a and b>=@b and c = any(@c::int[])',
      'select * from t where a=$1 and b>=$2 and c = any($3::int[])',
      ['a', 'b', 'c'],
    ],
    ['select :a::int, a::int', 'select $1::int, a::int', ['a']],
    ["select '%'||@q||'%'", "select '%'||$1||'%'", ['q']],
    ['select -@n, 1+:n', 'select -$1, 1+$1', ['n']],
    ['select ARRAY[:a, :b], array[[:a],[:b]]', 'select ARRAY[$1, $2], array[[$1],[$2]]', ['a', 'b']],
    ['select a[@n], a[(:n):2]', 'select a[$1], a[($1):2]', ['n']],
    ['select $2, $1', 'select $2, $1', [undefined, undefined]],
  ])('%s', (source, text, names) => {
    const statement = only(source);
    expect(statement.text).toBe(text);
    expect(statement.parameters.map(({ name }) => name)).toEqual(names);
    expect(statement.parameters.map(({ position }) => position)).toEqual(names.map((_, index) => index + 1));
  });

  const lookalikes = [
    'a::int',
    'f(a := 1)',
    'a[1:2]',
    'a[1:n]',
    'a[:n]',
    'a[m:n][:n]',
    'a @> b',
    'a<@b',
    'a @@ b',
    'a @@b',
    'a @@@ b',
    'a @? b',
    'a @-@ b',
    '@ -5',
    '@ b',
    '@-5',
    "':a @b $1'",
    "E'\\':a'",
    '$$:a @b $1$$',
    '$q$ :a $q$',
    '-- :a @b $1\n1',
    '/* :a /* @b */ $1 */ 1',
    '":a @b $1"',
    "'$.a ? (@.b > 1)'::jsonpath",
    "U&':a'",
    'a$1',
  ];

  test.each(lookalikes)('%s holds none', (expression) => {
    const statement = only(`select ${expression}`);
    expect(statement.parameters).toEqual([]);
    expect(statement.text).toBe(`select ${expression}`);
  });

  test('are found between any lookalikes, and offsets map back', () => {
    const piece = fc.oneof(
      fc.constantFrom(...lookalikes).map((text) => ({ text, name: undefined })),
      fc.constantFrom('a', 'b1', '_c', 'größe').chain((name) => {
        return fc.constantFrom(`:${name}`, `@${name}`, `(${`:${name}`})`).map((text) => ({ text, name }));
      }),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1 }), (pieces) => {
        const source = `select ${pieces.map(({ text }) => text).join(', ')}, last`;
        const statement = only(source);
        const names = [...new Set(pieces.map(({ name }) => name).filter((name) => name !== undefined))];
        expect(statement.parameters.map(({ name }) => name)).toEqual(names);
        expect(statement.toSource(statement.text.lastIndexOf('last'))).toBe(source.lastIndexOf('last'));
        expect(statement.toSource(statement.text.length)).toBe(source.length);
        for (const { span, name } of statement.parameters) expect(source.slice(span.start + 1, span.end)).toBe(name);
      }),
    );
  });

  test('offsets inside a parameter and around it map to the source', () => {
    const statement = only('  select :user_id + x');
    expect(statement.text).toBe('select $1 + x');
    expect([0, 7, 8, 9, 12].map(statement.toSource)).toEqual([2, 9, 9, 17, 20]);
  });
});

describe('annotations', () => {
  test('name statements and state types', () => {
    const statements = parseQueries(
      `-- About users.
-- name: by id
-- param: user_id int
-- param: kinds   text[]
SELECT * FROM u WHERE id = $1 AND kind = ANY($2);

-- name: ByName :one
-- param: name character varying(20)
SELECT * FROM u WHERE name = @name AND age > @age -- trailing
;`,
      'q.sql',
    );
    expect(
      statements.map(({ name, text, parameters }) => ({
        name,
        text,
        parameters: parameters.map((p) => [p.name, p.type]),
      })),
    ).toEqual([
      {
        name: 'by id',
        text: 'SELECT * FROM u WHERE id = $1 AND kind = ANY($2)',
        parameters: [
          ['user_id', 'int'],
          ['kinds', 'text[]'],
        ],
      },
      {
        name: 'ByName',
        text: 'SELECT * FROM u WHERE name = $1 AND age > $2',
        parameters: [
          ['name', 'character varying(20)'],
          ['age', undefined],
        ],
      },
    ]);
  });

  test('inside a statement or a string are comments', () => {
    expect(only("select '\n-- name: x\n' -- name: y\n").name).toBeUndefined();
  });
});

test('statements know their place', () => {
  const text = '-- é😀\r\n  select 1 ;\nselect 2';
  expect(parseQueries(text, 'q.sql').map(({ span }) => text.slice(span.start, span.end))).toEqual([
    'select 1',
    'select 2',
  ]);
});

describe('errors', () => {
  test.each([
    ['', ['q.sql:1:1 The file holds no statement']],
    ['-- nothing\n;', ['q.sql:1:1 The file holds no statement']],
    ['-- name: a\nselect 1;\n-- name: a\nselect 2', ['q.sql:3:1 Two statements are named a']],
    ['select 1;\n-- name: b\n', ['q.sql:2:1 `-- name:` has no statement below it']],
    ['-- param: b int', ['q.sql:1:1 `-- param:` has no statement below it']],
    ['-- name:\nselect 1', ['q.sql:1:1 `-- name:` gives no name']],
    ['-- name: a\n-- name: b\nselect 1', ['q.sql:2:1 A statement has two names']],
    ["select 1;\n select 'x", ['q.sql:2:9 A string that starts here never ends']],
    ['select 1 /* x', ['q.sql:1:10 A comment that starts here never ends']],
    ['select "x', ['q.sql:1:8 A quoted name that starts here never ends']],
    ['select $$x', ['q.sql:1:8 A string that starts here never ends']],
    ['select $1, :a', ['q.sql:1:12 A statement mixes named and numbered parameters (:a and $1)']],
    ['select $1, $3', ['q.sql:1:12 The statement uses $3 but not $2']],
    ['select $0', ['q.sql:1:8 There is no parameter $0']],
    [
      '-- param: a int\n-- param: b int\nselect $1',
      ['q.sql:2:1 `-- param: b` is one too many: the statement uses $1 alone'],
    ],
    ['-- param: b int\nselect :a', ['q.sql:1:1 The statement has no parameter b']],
    ['-- param: a int\n-- param: a int\nselect :a', ['q.sql:2:1 Parameter a is stated twice']],
    ['-- param:\nselect :a', ['q.sql:1:1 `-- param:` gives no name']],
    ['select 1 \\gexec', ['q.sql:1:10 `\\gexec` is a command of psql, not SQL']],
    ['copy t from stdin;\n1\n\\.\n', ['q.sql:1:1 COPY … FROM stdin cannot be planned']],
  ])('%j', (text, expected) => {
    expect(failures(text)).toEqual(expected);
  });

  test('are all reported at once', () => {
    expect(failures('select $0;\nselect $1, :a;\n-- name: x')).toHaveLength(3);
  });
});
