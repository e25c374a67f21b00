import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Plan } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import { type LiveServer, startLiveServer } from '../plan/testing/live.js';
import { walk } from '../plan/walk.js';
import { type BoundParameter, parameterForm } from './parameter-form.js';

let server: LiveServer;

beforeAll(async () => {
  server = await startLiveServer(`
    CREATE TYPE mood AS ENUM ('calm', 'Mad');
    CREATE TABLE users (id int PRIMARY KEY, name text);
    CREATE TABLE t (
      id int PRIMARY KEY, owner int, big bigint, title text, code char(5), price numeric(10,2), ratio float8, flag bool,
      day date, at timestamptz, doc jsonb, tags int[], mood mood, span interval);
    CREATE INDEX t_owner ON t (owner);
    CREATE INDEX t_title ON t (title text_pattern_ops);
    INSERT INTO t (id, owner) SELECT i, i % 500 FROM generate_series(1, 20000) i;
    INSERT INTO users SELECT i, i FROM generate_series(1, 5000) i;
    ANALYZE;
    SET TimeZone = 'UTC'`);
});

afterAll(() => server.stop());

type Value = string | null;

/** A statement as it is planned for values, and for any values. */
async function plansOf(statement: string, types: readonly string[], values: readonly Value[]) {
  const text = (value: Value) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`);
  const literals = types.map((type, index) => `(${text(values[index] ?? null)}::${type})::text`);
  const { rows } = await server.client.query(
    `SELECT ARRAY[${literals.join(', ')}]::text[] AS literals, $1::text[]::regtype[]::text[] AS names`,
    [types],
  );
  const [{ literals: texts, names }] = rows;
  const parameters: BoundParameter[] = types.map((_, index) => ({ type: names[index], literal: texts[index] }));
  const list = types.length === 0 ? '' : `(${types.join(', ')})`;
  const bound = types.length === 0 ? '' : `(${types.map((_, index) => text(values[index] ?? null)).join(', ')})`;
  const explain = async (mode: string): Promise<Plan> => {
    const before = `SET LOCAL plan_cache_mode = ${mode}; PREPARE q${list} AS ${statement}`;
    const { plan } = await server.explain(`EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE q${bound}`, before);
    await server.client.query('DEALLOCATE ALL');
    return plan;
  };
  const [custom, generic] = [await explain('force_custom_plan'), await explain('force_generic_plan')];
  return { custom, generic, parameters, form: parameterForm(custom, parameters, generic) };
}

function expressions(plan: Plan): string[] {
  return [...walk(plan.root)].flatMap(({ node }) => [
    ...node.conditions.map(({ label, text }) => `${label}: ${text}`),
    ...[node.properties['Sort Key'], node.properties['Function Call']].flat().filter((text) => text !== undefined),
  ]) as string[];
}

const all = 'SELECT id FROM t WHERE';

test.each<[string, string[], Value[]]>([
  [`${all} owner = $1`, ['int'], ['17']],
  [`${all} owner = $1`, ['int'], ['-17']],
  [`${all} owner = $1 AND id > $2`, ['int', 'int'], ['17', '17']],
  [`${all} owner = $2 AND id > $1`, ['int', 'int'], ['17', '17']],
  [`${all} big = $1`, ['bigint'], ['17']],
  [`${all} big = $1`, ['int'], ['17']],
  [`${all} big = $1::bigint`, ['int'], ['17']],
  [`${all} title = $1`, ['text'], ["it's \\ 'quoted'\nin two lines; $1"]],
  [`${all} title = $1 AND id <> 0`, ['text'], ['0']],
  [`${all} title = $1`, ['varchar'], ['a']],
  [`${all} code = $1`, ['char(5)'], ['ab']],
  [`${all} price > $1 AND price < $2`, ['numeric', 'numeric'], ['5', '17.50']],
  [`${all} ratio > $1`, ['float8'], ['-1e-7']],
  [`${all} day = $1 AND at > $2`, ['date', 'timestamptz'], ['2026-05-01', '2026-05-01 10:00+02']],
  [`${all} at > $1::timestamptz + interval '1 day'`, ['timestamptz'], ['2026-05-01 10:00+02']],
  [`${all} at > $1`, ['date'], ['2026-05-01']],
  [`${all} span < $1`, ['interval'], ['3 days']],
  [`${all} doc @> $1`, ['jsonb'], ['{"a": [1, "b"]}']],
  [`${all} mood = $1`, ['mood'], ['Mad']],
  [`${all} tags @> $1 AND owner = ANY ($1)`, ['int[]'], ['{3,4,5}']],
  [`${all} owner = ANY (ARRAY[$1, $2, 7])`, ['int', 'int'], ['1', '2']],
  [`${all} owner IN ($1, $2)`, ['int', 'int'], ['1', '2']],
  [`${all} tags[1] = $1`, ['int'], ['1']],
  [`${all} owner = $1 OR id IN (SELECT id FROM users WHERE name = $2)`, ['int', 'text'], ['1', '1']],
  [`${all} lower(title) = lower($1)`, ['text'], ['ABC']],
  [`${all} price = $1 + 0.50`, ['numeric'], ['1.25']],
  [`${all} coalesce(owner, 0) = $1`, ['int'], ['0']],
  [`${all} (owner, id) > ($1, $2)`, ['int', 'int'], ['498', '6']],
  [`${all} CASE WHEN owner = $1 THEN 1 ELSE 2 END = $2`, ['int', 'int'], ['1', '2']],
  [`${all} title = CASE WHEN $1 > 5 THEN 'a' ELSE CASE WHEN $2 = 1 THEN 'b' END END`, ['int', 'int'], ['1', '1']],
  [`${all} title = pg_catalog.repeat($1, 2) AND owner = 2`, ['text'], ['2']],
  [`${all} abs(id - $1) = abs(owner - $2)`, ['int', 'int'], ['3', '4']],
  [`${all} title ~ $1`, ['text'], ['\\d+\\.']],
  [`${all} owner BETWEEN $1 AND $2 ORDER BY abs(id - $1), title || $3`, ['int', 'int', 'text'], ['1', '2', 'x']],
  ['SELECT u.id FROM users u JOIN t ON t.owner = u.id WHERE u.id = $1', ['int'], ['17']],
  ['SELECT * FROM generate_series($1, $2) g WHERE g <> 3', ['int', 'int'], ['3', '40']],
  ['UPDATE t SET title = $1 WHERE owner = $2', ['text', 'int'], ['x', '17']],
])('%s with %j of %j reads as its generic plan', async (statement, types, values) => {
  const { custom, generic, form } = await plansOf(statement, types, values);
  expect(expressions(form)).toEqual(expressions(generic));
  expect(expressions(custom)).not.toEqual(expressions(form));
});

test('a plan that the values shape keeps its shape, its values told from the constants of the SQL', async () => {
  const statement = `${all} owner = $1 AND (flag = $2 OR owner = $3) AND title LIKE $4 AND id <> 5`;
  const types = ['int', 'bool', 'int', 'text'];
  const { form } = await plansOf(statement, types, ['17', 'true', '3', 'ab%']);
  const { form: other } = await plansOf(statement, types, ['5', 'true', '3', 'xyz%']);
  expect(expressions(form)).toMatchInlineSnapshot(`
    [
      "Index Cond: ((t.title ~>=~ $4) AND (t.title ~<~ $4))",
      "Filter: ((t.flag OR (t.owner = $3)) AND (t.title ~~ $4) AND (t.id <> 5) AND (t.owner = $1))",
    ]
  `);
  expect(expressions(other)).toEqual(expressions(form));
});

test('without a generic plan, values are told by their text and type', async () => {
  const { custom, parameters } = await plansOf(
    `${all} owner = $2 AND title = $1 AND big = $2 AND (SELECT max(id) FROM users) > 1 AND tags[1] = 1`,
    ['text', 'int'],
    ['1', '1'],
  );
  expect(expressions(parameterForm(custom, parameters, undefined))).toMatchInlineSnapshot(`
    [
      "One-Time Filter: ((InitPlan 2).col1 > $2)",
      "Index Cond: (t.title = $1)",
      "Filter: ((t.owner = $2) AND (t.big = $2) AND (t.tags[1] = $2))",
    ]
  `);
});

test('values of InitPlans, which majors before 17 number like parameters, stay as they are', () => {
  const plan = (filter: string) =>
    parsePlan({ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 't', Filter: filter } });
  const custom = plan('((t.owner > $1) AND (t.id <> 7) AND (t.id = 7))');
  const generic = plan('((t.owner > $1) AND (t.id <> 7) AND (t.id = $2))');
  const parameters = ['3', '7'].map((literal) => ({ literal, type: 'integer' }));
  expect(expressions(parameterForm(custom, parameters, generic))).toEqual(expressions(generic));
});

test('a statement without parameters keeps its plan as it is', async () => {
  const { custom, form } = await plansOf(`${all} owner = 17`, [], []);
  expect(form).toBe(custom);
});
