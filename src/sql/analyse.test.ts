import { describe, expect, test } from 'vitest';
import { analyseStatement } from './analyse.js';
import type { StatementFacts } from './model.js';

async function factsOf(text: string): Promise<StatementFacts> {
  const analysis = await analyseStatement(text);
  if (!analysis.ok) throw new Error(`${analysis.message} at ${analysis.offset}: ${text}`);
  for (const { span, text: condition } of analysis.facts.conditions) {
    expect(text.slice(span.start, span.end)).toBe(condition);
  }
  return analysis.facts;
}

const conditionsOf = async (text: string): Promise<string[]> => {
  return (await factsOf(text)).conditions.map((condition) => condition.text);
};

describe('kinds and commands', () => {
  test.each([
    ['select 1', 'select', 'SELECT'],
    ['values (1)', 'select', 'SELECT'],
    ['table t', 'select', 'SELECT'],
    ['with x as (select 1) select * from x', 'select', 'SELECT'],
    ['with x as (select 1) insert into t select * from x', 'insert', 'INSERT'],
    ['update t set a = 1', 'update', 'UPDATE'],
    ['delete from t', 'delete', 'DELETE'],
    ['merge into t using s on t.a = s.a when matched then delete', 'merge', 'MERGE'],
    ['select * into x from y', 'other', 'SELECT INTO'],
    ['create or replace temp view v as select 1', 'other', 'CREATE VIEW'],
    ['create unique index concurrently i on t (a)', 'other', 'CREATE INDEX'],
    ['create materialized view v as select 1', 'other', 'CREATE MATERIALIZED VIEW'],
    ['/* x */ drop table t', 'other', 'DROP TABLE'],
    ['explain select 1', 'other', 'EXPLAIN'],
    ['set a = 1', 'other', 'SET'],
    ['begin', 'other', 'BEGIN'],
  ])('%s', async (text, kind, command) => {
    expect(await factsOf(text)).toMatchObject({ kind, command });
  });
});

describe('what is no statement of PostgreSQL 16', () => {
  test.each([
    ['selec 1', 'syntax error at or near "selec"', 0],
    ["select 'é😀' fro m x", 'syntax error at or near "m"', 17],
    ["select 'é", 'unterminated quoted string at or near "\'é"', 7],
    ['select 1; drop table t', 'several statements where one is expected', 10],
    ['-- nothing', 'there is no statement', 0],
    ['', 'there is no statement', 0],
    [' ; -- x', 'there is no statement', 0],
    ['select 1\0; drop table t', 'SQL cannot hold a NUL character', 8],
    ['insert into t values (1) returning with (old as o) o.a', 'syntax error at or near "with"', 35],
  ])('%j', async (text, message, offset) => {
    expect(await analyseStatement(text)).toEqual({ ok: false, message, offset });
  });

  test('a statement too deep for the parser is refused, and the next one is read', async () => {
    const deep = await analyseStatement(`select 1${'+1'.repeat(20_000)}`);
    expect(deep).toMatchObject({ ok: false, message: expect.stringContaining('nested too deeply') });
    expect(await conditionsOf('select 1 from after_deep where a = 1')).toEqual(['a = 1']);
  });
});

describe('tables', () => {
  test('with schema, alias and place, without the names of CTEs', async () => {
    const text =
      'WITH c AS (SELECT * FROM "É".base b) SELECT * FROM c JOIN x ON true, c2, LATERAL (SELECT * FROM y AS z) l';
    const { tables } = await factsOf(text);
    expect(
      tables.map(({ schema, name, alias, span }) => [schema, name, alias, text.slice(span.start, span.end)]),
    ).toEqual([
      ['É', 'base', 'b', '"É".base'],
      [undefined, 'x', 'x', 'x'],
      [undefined, 'c2', 'c2', 'c2'],
      [undefined, 'y', 'z', 'y'],
    ]);
  });

  test.each([
    ['with t as (select * from t) select * from t', ['t']],
    ['with recursive r as (select 1 from a union all select 1 from r) select * from r', ['a']],
    ['with a as (select 1), b as (select * from a) select * from b, s.a', ['a']],
    ['with t as (delete from t returning *) insert into t select * from t', ['t', 't']],
    ['select * from a where x in (with a as (select 1) select * from a) for update of a', ['a']],
    ['update a set x = (select max(y) from b) from c', ['a', 'b', 'c']],
    ['merge into a using (select * from b) s on a.x = s.x when not matched then do nothing', ['a', 'b']],
    ['select * from a union (select * from b except select * from c)', ['a', 'b', 'c']],
    ['select * from a tablesample system (1), f(1)', ['a']],
    ['insert into a select 1 on conflict (x) do update set y = (select 1 from b)', ['a', 'b']],
  ])('%s', async (text, names) => {
    expect((await factsOf(text)).tables.map(({ name }) => name)).toEqual(names);
  });
});

test('functions are named as they are written', async () => {
  const { functions } = await factsOf('select lower(a), s.f(count(*)) from g(1) where lower(b) = f()');
  expect(functions).toEqual(
    expect.arrayContaining([
      { schema: undefined, name: 'lower' },
      { schema: 's', name: 'f' },
      { schema: undefined, name: 'count' },
      { schema: undefined, name: 'g' },
      { schema: undefined, name: 'f' },
    ]),
  );
  expect(functions).toHaveLength(5);
});

describe('conditions', () => {
  test.each([
    ['select 1 from t where a = 1 and (b = 2 and c = 3)', ['a = 1', 'b = 2', 'c = 3']],
    ['select 1 from t where (a = 1) and ((b = 2 or c = 3)) order by 1', ['(a = 1)', '((b = 2 or c = 3))']],
    ['select 1 from t where a = 1 or b = 2 and c = 3 limit 1', ['a = 1 or b = 2 and c = 3']],
    ['select 1 from t where a between 1 and 2 and b is not null', ['a between 1 and 2', 'b is not null']],
    [
      'select 1 from t where a::varchar(3) = b::numeric(1, 2)::int[] group by 1',
      ['a::varchar(3) = b::numeric(1, 2)::int[]'],
    ],
    ["select 1 from t where a like 'x' escape '#' for update", ["a like 'x' escape '#'"]],
    [
      'select 1 from t where case when a = 1 then b = 1 else c end and d',
      ['case when a = 1 then b = 1 else c end', 'd'],
    ],
    [
      'select 1 from t where a[1] = any (array[1, 2]) and f(a, (b)) = g()',
      ['a[1] = any (array[1, 2])', 'f(a, (b)) = g()'],
    ],
    ['select 1 from t where (t.r).x = 1 and (a, b) = (1, 2)', ['(t.r).x = 1', '(a, b) = (1, 2)']],
    ['select 1 from t where not (a or b) and true and $1 = 2', ['not (a or b)']],
    [
      "select 1 from t where date '2020-01-01' < a and interval '1 day' = b",
      ["date '2020-01-01' < a", "interval '1 day' = b"],
    ],
    ["select 1 from t where /* é😀 */ a = 'é' /* x */ -- y\n and b = '😀'", ["a = 'é'", "b = '😀'"]],
    ['select 1 from a join b on (a.x = b.x) left join c on b.y = c.y where a.z', ['(a.x = b.x)', 'b.y = c.y', 'a.z']],
    ['select 1 from a join b on a.x = b.x, c where 1 = c.x', ['a.x = b.x', '1 = c.x']],
    ['select a from t group by a having count(b) > 1 and a > 2 window w as ()', ['count(b) > 1', 'a > 2']],
    ['select 1 from a where x = 1 union all select 1 from b where y = 2', ['x = 1', 'y = 2']],
    ['with c as (select 1 from a where x = 1) select (select 1 from b where y = 2) from c', ['x = 1', 'y = 2']],
    ['update a set x = 1 from b where a.i = b.i and b.y = 2 returning *', ['a.i = b.i', 'b.y = 2']],
    ['delete from a using b where a.i = b.i', ['a.i = b.i']],
    ['merge into a using b on a.i = b.i and a.x > 1 when matched then delete', ['a.i = b.i', 'a.x > 1']],
    [
      'select 1 from a where exists (select 1 from b where b.i = a.i)',
      ['exists (select 1 from b where b.i = a.i)', 'b.i = a.i'],
    ],
    ['select 1 from (select 1 from t where a = 1) s', ['a = 1']],
    ['select 1 from t where a = 1 fetch first 1 row only', ['a = 1']],
    ['select 1 from t where a = 1;', ['a = 1']],
  ])('%s', async (text, expected) => {
    expect(await conditionsOf(text)).toEqual(expected);
  });

  test.each([
    ['t.a = 1 or t.b in (select x from u)', 'or-with-subquery'],
    ['t.a = 1 or exists (select 1 from u where u.x = t.a)', 'or-with-subquery'],
    ['t.a = 1 or t.b = (select x from u where u.y = t.a)', 'or-with-subquery'],
    ['t.a = 1 or t.b = (select max(x) from u where x in (select 1 from v))', 'or'],
    ['t.a = 1 or t.b = any(array(select x from u))', 'or'],
    ['t.a = 1 or t.b = any($1)', 'or'],
    ['t.a in (select x from u)', 'subquery'],
    ['not exists (select 1 from u where u.x = t.a)', 'subquery'],
    ['t.a = (select max(x) from u)', 'comparison'],
    ['t.a not in (select x from u)', 'negation'],
    ['lower(t.a) = $1', 'function-on-column'],
    ['t.a + 1 = $1', 'function-on-column'],
    ['coalesce(t.a, 0) = $1', 'function-on-column'],
    ['starts_with(t.a, $1)', 'function-on-column'],
    ['t.a = lower($1)', 'comparison'],
    ['t.a = lower(t.b)', 'comparison'],
    ['t.a::text = $1', 'cast-on-column'],
    ['cast(t.a as text) = $1', 'cast-on-column'],
    ['t.a = $1::text', 'comparison'],
    ['t.a collate "C" < $1', 'comparison'],
    ["t.a like '%x'", 'leading-wildcard'],
    ["t.a like '%' || $1 || '%'", 'leading-wildcard'],
    ["t.a like concat('%', $1)", 'leading-wildcard'],
    ["t.a ilike 'x%'", 'leading-wildcard'],
    ["t.a ~ 'x'", 'leading-wildcard'],
    ["t.a ~ '^x'", 'comparison'],
    ["t.a like 'x%'", 'comparison'],
    ['t.a like $1', 'comparison'],
    ['t.a <> 1', 'negation'],
    ['t.a != 1', 'negation'],
    ['t.a not in (1, 2)', 'negation'],
    ["t.a not like 'x'", 'negation'],
    ['t.a is distinct from 1', 'negation'],
    ['t.a not between 1 and 2', 'negation'],
    ['t.a is not null', 'negation'],
    ['t.a is not true', 'negation'],
    ['not (t.a = 1)', 'negation'],
    ['t.a is null', 'comparison'],
    ['t.a is true', 'comparison'],
    ['not t.a', 'comparison'],
    ['t.a', 'comparison'],
    ['t.a in (1, 2)', 'comparison'],
    ['t.a = any($1)', 'comparison'],
    ['t.a between 1 and 2', 'comparison'],
    ['(t.a, t.b) > (1, 2)', 'comparison'],
  ])('%s: %s', async (condition, form) => {
    const { conditions } = await factsOf(`select 1 from t where ${condition}`);
    expect(conditions.find(({ text }) => text === condition)?.form).toBe(form);
  });

  test('know their clause, columns, scope and the tables of their subqueries', async () => {
    const { conditions } = await factsOf(
      `WITH mine AS (SELECT 1 AS id)
       SELECT 1 FROM public.tracks t JOIN users ON users.id = t.owner_id
       WHERE t.owner_id = $1 OR id IN (SELECT c.id FROM s.collaborators c, mine WHERE status = 'accepted')`,
    );
    expect(
      conditions.map(({ clause, columns, scope, form, subqueryTables }) => ({
        clause,
        columns,
        scope,
        form,
        subqueryTables,
      })),
    ).toEqual([
      {
        clause: 'ON',
        columns: [
          { alias: 'users', column: 'id' },
          { alias: 't', column: 'owner_id' },
        ],
        scope: ['t', 'users'],
        form: 'comparison',
        subqueryTables: [],
      },
      {
        clause: 'WHERE',
        columns: [
          { alias: 't', column: 'owner_id' },
          { alias: undefined, column: 'id' },
        ],
        scope: ['t', 'users'],
        form: 'or-with-subquery',
        subqueryTables: ['s.collaborators'],
      },
      {
        clause: 'WHERE',
        columns: [{ alias: undefined, column: 'status' }],
        scope: ['c', 'mine'],
        form: 'comparison',
        subqueryTables: [],
      },
    ]);
  });
});

test('thousands of statements are read in one process', async () => {
  for (let number = 0; number < 2_000; number++) {
    const columns = Array.from({ length: 20 }, (_, column) => `t.c${column} = ${number + column}`);
    expect(await conditionsOf(`SELECT * FROM t WHERE ${columns.join(' AND ')}`)).toEqual(columns);
  }
});

test('statements of megabytes are read', async () => {
  for (const letter of ['a', 'é']) {
    const text = `SELECT * FROM t WHERE a = '${letter.repeat(500_000)}' AND b IN (${'1,'.repeat(20_000)}2) AND c = 1`;
    expect((await conditionsOf(text)).at(-1)).toBe('c = 1');
  }
});
