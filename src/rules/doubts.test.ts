import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessesOf } from '../plan/accesses.js';
import { type LiveServer, set, startLiveServer } from '../plan/testing/live.js';
import type { RuleSettings } from '../suite/model.js';
import { doubtsOf } from './doubts.js';
import { judge } from './registry.js';
import { settings, table } from './testing/settings.js';

let server: LiveServer;

const BIG = 'generate_series(1, 20000) i';

beforeAll(async () => {
  server = await startLiveServer(`
    CREATE TABLE big (id int PRIMARY KEY, pad text);
    INSERT INTO big SELECT i, repeat('x', 200) FROM ${BIG};
    CREATE TABLE little (id int PRIMARY KEY);
    INSERT INTO little VALUES (1);
    CREATE TABLE empty (id int PRIMARY KEY);
    CREATE VIEW big_view AS SELECT id FROM big;
    CREATE VIEW other_view AS SELECT id FROM little;

    CREATE TABLE months (id int, month int, pad text) PARTITION BY LIST (month);
    CREATE TABLE months_1 PARTITION OF months FOR VALUES IN (1);
    CREATE TABLE months_2 PARTITION OF months FOR VALUES IN (2);
    CREATE TABLE months_3 PARTITION OF months FOR VALUES IN (3);
    CREATE INDEX ON months (id);
    INSERT INTO months SELECT i, 1, repeat('x', 200) FROM ${BIG};
    INSERT INTO months SELECT i, 2, 'x' FROM generate_series(1, 50) i;
    CREATE TABLE days (id int, day int, pad text) PARTITION BY LIST (day);
    CREATE TABLE days_1 PARTITION OF days FOR VALUES IN (1);
    CREATE TABLE days_2 PARTITION OF days FOR VALUES IN (2);
    CREATE TABLE days_3 PARTITION OF days FOR VALUES IN (3);
    CREATE TABLE days_4 PARTITION OF days FOR VALUES IN (4);
    CREATE INDEX ON days (id);
    INSERT INTO days SELECT i, i % 4 + 1, repeat('x', 200) FROM generate_series(1, 8000) i;

    CREATE TABLE secured (id int PRIMARY KEY, pad text);
    INSERT INTO secured SELECT i, repeat('x', 200) FROM ${BIG};
    ALTER TABLE secured ENABLE ROW LEVEL SECURITY;

    CREATE EXTENSION postgres_fdw;
    CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere');
    CREATE USER MAPPING FOR postgres SERVER far;
    CREATE FOREIGN TABLE abroad (id int) SERVER far;
    CREATE FUNCTION peek(int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1; END';
    CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE owner (id int PRIMARY KEY);
    CREATE TABLE owned (id int PRIMARY KEY, owner int REFERENCES owner);
    CREATE TRIGGER owned_audit AFTER INSERT ON owned FOR EACH ROW EXECUTE FUNCTION audit();
    INSERT INTO owner SELECT i FROM ${BIG};
    INSERT INTO owned SELECT i, i FROM ${BIG};
    ANALYZE;

    CREATE TABLE unknown (id int PRIMARY KEY, pad text);
    INSERT INTO unknown SELECT i, repeat('x', 200) FROM ${BIG};
    CREATE TABLE counted (id int PRIMARY KEY, pad text);
    INSERT INTO counted SELECT i, repeat('x', 200) FROM ${BIG};`);
  await server.client.query('VACUUM counted');
});

afterAll(() => server.stop());

async function look(given: Partial<RuleSettings>, statement: string, named: string[] = [], before = '', role?: string) {
  const { plan, accesses, catalog } = await server.explain(statement, before);
  const statementTables = named.map((name) => table(name));
  const doubts = doubtsOf({ plan, accesses, catalog, settings: settings(given), statementTables, role });
  return { doubts, findings: judge(accesses, settings(given), catalog), kinds: doubts.map(({ kind }) => kind) };
}

const protect = (...names: string[]) => ({ protect: names.map(table) });

describe('sizes (item 16 of reading-plans)', () => {
  test('a large, analysed table leaves no doubt', async () => {
    expect((await look(protect('big'), 'SELECT * FROM big WHERE id = 5')).doubts).toEqual([]);
    expect((await look(protect('big'), 'SELECT * FROM big')).doubts).toEqual([]);
  });

  test.each([
    ['read whole', 'SELECT * FROM little'],
    ['bounded', 'SELECT * FROM little WHERE id = 5'],
  ])('a small table is neither passed nor failed: %s', async (_, statement) => {
    for (const given of [protect('little'), { noSeqScan: [table('little')] }]) {
      const { doubts, findings } = await look(given, statement, [], set({ enable_seqscan: 'off' }));
      expect(findings).toEqual([]);
      expect(doubts).toEqual([
        {
          kind: 'too-small',
          message:
            'Too small to judge (less than 100 pages are read whole whatever the indexes): public.little: 1 page.',
          next: "Plan with statistics of public.little at production's size.",
        },
      ]);
    }
  });

  test('an analysed empty table is too small, not without statistics', async () => {
    expect((await look(protect('empty'), 'SELECT * FROM empty')).kinds).toEqual(['too-small']);
  });

  test.each(['unknown', 'counted'])('a table without statistics is in doubt, not at fault: %s', async (name) => {
    const { doubts, findings } = await look(protect(name), `SELECT * FROM ${name}`);
    expect(findings).toEqual([]);
    expect(doubts).toMatchObject([
      { kind: 'no-statistics', message: expect.stringContaining(`public.${name} was never analysed`) },
    ]);
  });

  test('rules that require an index do not rest on size', async () => {
    const only = { onlyIndexes: [{ table: table('little'), indexes: ['little_pkey'] }] };
    const { doubts, findings } = await look(only, 'SELECT * FROM little');
    expect(doubts).toEqual([]);
    expect(findings).toHaveLength(1);
  });

  test('a table that the plan does not read raises no doubt', async () => {
    expect((await look(protect('little', 'unknown'), 'SELECT * FROM big WHERE id = 5')).doubts).toEqual([]);
  });

  test('small partitions beside a large one leave nothing open', async () => {
    const bounded = await look(protect('months'), 'SELECT * FROM months WHERE id = 5');
    expect(bounded).toMatchObject({ doubts: [], findings: [] });
    const whole = await look(protect('months'), 'SELECT * FROM months');
    expect(whole.findings.map(({ access }) => access.table)).toEqual(['months_1']);
  });

  test('a small partition alone is neither passed nor failed', async () => {
    const { kinds, findings } = await look(protect('months'), 'SELECT * FROM months WHERE month = 2');
    expect([kinds, findings]).toEqual([['too-small'], []]);
  });

  test('a table of many small partitions is neither waved through nor called red', async () => {
    for (const statement of ['SELECT * FROM days', 'SELECT * FROM days WHERE id = 5']) {
      const { doubts, findings } = await look(protect('days'), statement);
      expect(findings).toEqual([]);
      expect(doubts).toMatchObject([{ kind: 'too-small', message: expect.stringMatching(/days_1 .*; and 1 more\.$/) }]);
    }
  });

  test('a partition without statistics is in doubt, beside those that have them', async () => {
    const before = `CREATE TABLE months_4 PARTITION OF months FOR VALUES IN (4);`;
    const { doubts } = await look(protect('months'), 'SELECT * FROM months WHERE id = 5', [], before);
    expect(doubts).toMatchObject([
      { kind: 'no-statistics', message: expect.stringContaining('public.months_4 (a part of public.months) was') },
    ]);
  });
});

describe('folded plans (item 15 of reading-plans)', () => {
  test.each([
    ['SELECT * FROM big WHERE id = NULL', 'big'],
    ['SELECT * FROM big WHERE id = NULL', 'public.big'],
    ['SELECT * FROM big_view WHERE id = NULL', 'big_view'],
    ['SELECT * FROM months WHERE month = 77', 'months'],
    ['SELECT * FROM months_1 WHERE month = 77 AND false', 'months_1'],
  ])('%s', async (statement, named) => {
    const { kinds, findings } = await look(protect('big', 'months'), statement, [named]);
    expect(new Set(kinds)).toEqual(new Set(['folded']));
    expect(findings).toEqual([]);
  });

  test('every partition pruned when a generic plan starts', async () => {
    await server.client.query('PREPARE in_month(int) AS SELECT * FROM months WHERE month = $1');
    const generic = set({ plan_cache_mode: 'force_generic_plan' });
    const execute = 'EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE in_month(77)';
    const { doubts } = await look(protect('months'), execute, ['months'], generic);
    expect(doubts).toMatchObject([
      { kind: 'folded', message: expect.stringContaining('no partition can hold its rows') },
    ]);
  });

  test.each([
    [
      'the ruled table is read all the same',
      'SELECT * FROM big LEFT JOIN little ON false WHERE big.id = 5',
      ['big', 'little'],
    ],
    ['the statement names another table', 'SELECT * FROM little WHERE id = NULL', ['little']],
    ['nothing was folded', 'SELECT * FROM little', ['little', 'big']],
  ])('no doubt where %s', async (_, statement, named) => {
    expect((await look(protect('big'), statement, named)).doubts).toEqual([]);
  });
});

// Item 19 of reading-plans.
test('row-level security needs a role', async () => {
  const statement = 'SELECT * FROM secured WHERE id = 5';
  expect((await look(protect('secured'), statement)).kinds).toEqual(['row-security']);
  expect(
    (await look({ onlyIndexes: [{ table: table('secured'), indexes: ['secured_pkey'] }] }, statement)).kinds,
  ).toEqual(['row-security']);
  expect((await look(protect('secured'), statement, [], '', 'app')).doubts).toEqual([]);
  expect((await look(protect('big'), statement)).doubts).toEqual([]);
});

describe('opaque accesses (items 7 and 11 of reading-plans)', () => {
  test.each([
    ['a function', 'SELECT peek(id) FROM big WHERE id = 5', /what the function public\.peek reads/],
    ['a ruled foreign table', 'SELECT * FROM abroad', /public\.abroad is a foreign table/],
    ['a trigger', 'INSERT INTO owned VALUES (0, 1)', /fires the trigger owned_audit on public\.owned/],
    [
      'a referential action',
      'DELETE FROM owner WHERE id = 5',
      /foreign key owned_owner_fkey look for rows in public\.owned/,
    ],
  ])('%s is a doubt, never a finding', async (_, statement, message) => {
    const { doubts, findings } = await look(protect('big', 'abroad', 'owned'), statement);
    expect(findings).toEqual([]);
    expect(doubts).toMatchObject([{ kind: 'opaque', message: expect.stringMatching(message) }]);
  });

  test.each([
    ['a foreign table that no rule speaks of', 'SELECT * FROM abroad'],
    ['a referential action on one', 'DELETE FROM owner WHERE id = 5'],
  ])('%s is none', async (_, statement) => {
    expect((await look(protect('big'), statement)).doubts).toEqual([]);
  });

  test('a trusted function is none', async () => {
    const { plan, catalog } = await server.explain('SELECT peek(id) FROM big WHERE id = 5');
    const accesses = accessesOf(plan, catalog, { trustedFunctions: ['peek'] });
    const input = { plan, accesses, catalog, settings: settings(protect('big')), statementTables: [], role: undefined };
    expect(doubtsOf(input)).toEqual([]);
  });
});
