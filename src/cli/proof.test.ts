import { readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RedactionKey } from 'plan-guard';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { Workspace } from './testing/plan-guard.js';
import { BAD, GOOD, SCHEMA, shop, statistics } from './testing/shop.js';

const workspace = Workspace.forFile();
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

interface JsonReport {
  readonly verdict: string;
  readonly summary: Readonly<Record<string, number>>;
  readonly cases: readonly {
    readonly query: string;
    readonly scenario: string;
    readonly scenarios: readonly string[];
    readonly mode: string;
    readonly verdict: string;
    readonly doubts: readonly { readonly kind: string }[];
    readonly findings: readonly {
      readonly rule: string;
      readonly file: string;
      readonly line: number;
      readonly column: number;
      readonly cause: { readonly kind: string; readonly next: string } | null;
    }[];
  }[];
}

const readJson = (folder: string) => JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as JsonReport;

/** `query: verdict kinds` for every query, as custom and generic plans agree or not. */
function verdicts({ cases }: JsonReport): string[] {
  const lines = cases.map(
    ({ query, mode, verdict, doubts }) =>
      `${query} (${mode}): ${[verdict, ...doubts.map(({ kind }) => kind)].join(' ')}`,
  );
  return [...new Set(lines)];
}

test('green: what was checked, and that the guard bites', async () => {
  const { transcript } = await workspace.check(shop());
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    ✓ shop: 2 plans
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them
      ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans

    ✓ pass: 2 of 2 plans pass, 1 of 1 known-bad caught, <time>
    exit 0
    "
  `);
});

test('an index that a pull request drops: its plan is judged, and the statistics need no edit', async () => {
  const dropped = SCHEMA.replace(/^CREATE INDEX .*;$/gm, '');
  const { transcript } = await workspace.check(shop({ 'known-bad': undefined }, { 'schema.sql': dropped }));
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    ✗ shop: 2 plans, 2 fail
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them
      ! The statistics know the index orders_customer_idx of public.orders, which the schema does not
        have: it is planned without.
        statistics.json:1:1
      ! The suite has no known-bad query: nothing proves that it bites.
        plan-guard.yaml:1:1
        next: Add a query that must fail under "known-bad", such as the one of your last incident.

    ✗ orders_of_customer: protect on orders
      A Parallel Seq Scan reads all of public.orders.
      at       orders.sql:4:7
      plans    in all 2 plans: custom and generic

      plan of regular, custom, production  rows    cost
        Gather                               10  15,209
      → └─ Parallel Seq Scan on orders        4  14,208
              Filter: (orders.customer_id = 7)

      table    orders: 1.0 M rows, 9,000 pages (70 MB)
      chosen   Parallel Seq Scan: 1,000,000 rows, cost 14,208, whole plan 15,209
      bounded  none was found, even with sequential scans discouraged

        2 │ SELECT id, total
        3 │ FROM orders
      → 4 │ WHERE customer_id = :customer_id
          │       ^^^^^^^^^^^^^^^^^^^^^^^^^^

      why      No index begins with orders.customer_id, so nothing can serve the condition.
      next     Create one: \`CREATE INDEX ON public.orders (customer_id)\`.

    ✗ fail: 2 of 2 plans fail (1 fault), no known-bad query to prove that the guard bites, <time>
    exit 1
    "
  `);
});

test('a partitioned table is as large as its partitions; a file called statistics is named once', async () => {
  const schema = `CREATE TABLE events (day date NOT NULL, id bigint NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE INDEX events_1_id ON events_1 (id);
CREATE INDEX events_2_id ON events_2 (id);
`;
  const column = { null_frac: 0, avg_width: 8, n_distinct: -1, histogram_bounds: ['1', '500000', '1000000'] };
  const index = { relpages: 2745, reltuples: 1_000_000, relallvisible: 0 };
  const part = (name: string) => ({
    relpages: 6400,
    reltuples: 1_000_000,
    relallvisible: 6400,
    columns: { id: column },
    indexes: { [`${name}_id`]: index },
  });
  const whole = { relpages: -1, reltuples: 2_000_000, relallvisible: 0, columns: {}, inherited: { id: column } };
  const tables = {
    'public.events': { ...whole, indexes: {} },
    'public.events_1': part('events_1'),
    'public.events_2': part('events_2'),
  };
  const files = {
    'schema.sql': schema,
    'statistics.json': JSON.stringify({ ...JSON.parse(statistics()), tables }),
    'orders.sql': 'SELECT day FROM events WHERE id = :customer_id\n',
  };
  const keys = { statistics: 'statistics.json', protect: ['events'], 'known-bad': undefined };
  const { code, stdout } = await workspace.check(shop(keys, files));
  expect(stdout).toContain('1 query, 1 scenario, 1 statistics file, PGlite');
  expect(stdout).toContain('events (2.0 M rows, 100 MB) in 2 plans');
  expect(code).toBe(0);
});

test('redacted statistics: the key comes from the environment or a file', async () => {
  const secret = 'a key for tests, of some length';
  const key = new RedactionKey(secret);
  const facts = JSON.parse(statistics());
  const status = facts.tables['public.orders'].columns.status;
  Object.assign(status, { redacted: 'stand-ins', most_common_val_hashes: status.most_common_vals.map(key.hash, key) });
  status.most_common_vals = ['00000001', '00000002'];
  const files = {
    'statistics.json': JSON.stringify({ ...facts, redaction: { key_check: key.check } }),
    'orders.sql': `${GOOD.trim()} AND status = 'open'\n`,
    'plan-guard.key': `${secret}\n`,
  };
  const folder = await workspace.write(shop({}, files));
  const check = (args: readonly string[], env = {}) => workspace.run(folder, ['check', ...args], { env });
  const without = await check([]);
  expect(without.stdout).toContain(`How many rows match status = 'open' is a guess`);
  expect(without.code).toBe(1);
  expect((await check([], { PLAN_GUARD_REDACT_KEY: secret })).code).toBe(0);
  expect((await check(['--redact-key-file', 'plan-guard.key'])).code).toBe(0);
  const wrong = await check([], { PLAN_GUARD_REDACT_KEY: 'another key, of some length' });
  expect(wrong.stderr).toMatch(/^error: statistics\.json.*: The redaction key is not the one/);
  expect(wrong.code).toBe(2);
});

test('green without a known-bad query, with a plain line', async () => {
  const { transcript } = await workspace.check(shop({ 'known-bad': undefined }));
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    ✓ shop: 2 plans
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them
      ! The suite has no known-bad query: nothing proves that it bites.
        plan-guard.yaml:1:1
        next: Add a query that must fail under "known-bad", such as the one of your last incident.

    ✓ pass: 2 of 2 plans pass, no known-bad query to prove that the guard bites, <time>
    exit 0
    "
  `);
});

test('blind: a known-bad query that passes', async () => {
  const { transcript } = await workspace.check(shop({}, { 'bad.sql': 'SELECT id FROM orders WHERE customer_id = 1' }));
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    ✗ shop: 2 plans
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them

    ✗ THE GUARD IS BLIND: known-bad query bad passes protect
      protect must find fault with it and did in 0 of 2 plans, statistics production. A guard that lets
      this through cannot be trusted with the rest.
      at       plan-guard.yaml:14:5

      its plan, custom, production                   rows   cost
        Bitmap Heap Scan on orders                     10  43.63
        └─ Bitmap Index Scan on orders_customer_idx    10   4.50

      next     See whether its plan still has the fault that it stands for: the statistics, the
               settings, an index that was added, or the tables that protect is told to watch.

    ✗ fail: 2 of 2 plans pass, 0 of 1 known-bad caught, <time>
    exit 1
    "
  `);
});

test('blind: one of two known-bad statements passes, and one cannot be judged', async () => {
  const files = {
    'bad.sql': `${BAD};\nSELECT id FROM orders WHERE id = 1;\n`,
    'opaque.sql': 'SELECT total_of(:customer_id)',
    'schema.sql': `${SCHEMA}${TOTAL_OF}`,
  };
  const knownBad = [
    { file: 'bad.sql', 'must-fail': 'protect' },
    { file: 'opaque.sql', 'must-fail': 'protect' },
  ];
  const { transcript } = await workspace.check(shop({ 'known-bad': knownBad }, files));
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    ✗ shop: 2 plans
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them

    ✗ THE GUARD IS BLIND: known-bad query bad passes protect
      protect must find fault with it and did in 2 of 4 plans, but in none of statement 2, statistics
      production. A guard that lets this through cannot be trusted with the rest.
      at       plan-guard.yaml:14:5

      its plan, custom, production                   rows  cost
        Index Only Scan using orders_pkey on orders     1  4.44

      next     See whether its plan still has the fault that it stands for: the statistics, the
               settings, an index that was added, or the tables that protect is told to watch.

    ✗ THE GUARD IS BLIND: known-bad query opaque passes protect
      protect must find fault with it and did in 0 of 2 plans, statistics production. A guard that lets
      this through cannot be trusted with the rest.
      at       plan-guard.yaml:16:5

      its plan, regular, custom, production  rows  cost
        Result                                  1  0.26

      why      The plan does not show what the function public.total_of reads (node 0).
      next     Check the function's statements as queries of their own, then list public.total_of under
               trusted-functions.

    ✗ fail: 2 of 2 plans pass, 0 of 2 known-bad caught, <time>
    exit 1
    "
  `);
});

const TOTAL_OF = `CREATE FUNCTION total_of(customer int) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN (SELECT sum(total) FROM orders WHERE customer_id = customer); END $$;
`;

/** One query for each reason why a plan says nothing. */
function doubtful(unverified: string) {
  const schema = `${SCHEMA}${TOTAL_OF}
CREATE TABLE invoices (id int PRIMARY KEY, customer_id int);
CREATE INDEX invoices_customer_idx ON invoices (customer_id);
CREATE TABLE coupons (id int PRIMARY KEY);
CREATE TABLE visits (at date NOT NULL, customer_id int) PARTITION BY RANGE (at);
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX ON visits (at);
CREATE TABLE notes (id int PRIMARY KEY, customer_id int);
CREATE INDEX notes_customer_idx ON notes (customer_id);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
`;
  const size = (pages: number, tuples: number) => ({ relpages: pages, reltuples: tuples, relallvisible: pages });
  const id = { null_frac: 0, avg_width: 4, n_distinct: -1, histogram_bounds: ['1', '50', '100'], correlation: 1 };
  const made = JSON.parse(statistics()) as { tables: Record<string, unknown> };
  made.tables['public.coupons'] = { ...size(1, 100), columns: { id }, indexes: { coupons_pkey: size(2, 100) } };
  made.tables['public.notes'] = {
    ...size(9000, 1_000_000),
    columns: { customer_id: { ...id, n_distinct: 1000 } },
    indexes: { notes_pkey: size(2745, 1_000_000), notes_customer_idx: size(2745, 1_000_000) },
  };
  const queries = `-- name: judged
SELECT id FROM orders WHERE customer_id = :customer_id;
-- name: folded_null
SELECT id FROM orders WHERE customer_id = :nobody;
-- name: folded_partitions
SELECT customer_id FROM visits WHERE at = :at;
-- name: no_statistics
SELECT id FROM invoices WHERE customer_id = :customer_id;
-- name: too_small
SELECT id FROM coupons WHERE id = :customer_id;
-- name: opaque
SELECT total_of(:customer_id);
-- name: row_security
SELECT id FROM notes WHERE customer_id = :customer_id;
-- name: newer_syntax
MERGE INTO orders o USING (VALUES (:customer_id::int)) v (c) ON o.id = v.c
WHEN MATCHED THEN UPDATE SET status = 'done' RETURNING merge_action(), o.id;
-- name: newer_returning
UPDATE orders SET status = 'done' WHERE id = :customer_id RETURNING WITH (OLD AS o) o.status;
`;
  const keys = {
    unverified,
    protect: ['orders', 'invoices', 'coupons', 'visits', 'notes'],
    scenarios: { regular: { customer_id: 7, nobody: null, at: '2020-01-01' } },
    types: { nobody: 'int', at: 'date' },
  };
  return shop(keys, { 'schema.sql': schema, 'statistics.json': JSON.stringify(made), 'orders.sql': queries });
}

test('what cannot be judged is unverified, and red', async () => {
  const folder = await workspace.write(doubtful('fail'));
  const { transcript } = await workspace.run(folder, [
    'check',
    '--reporter',
    'pretty',
    '--reporter',
    'json=report.json',
  ]);
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check --reporter pretty --reporter json=report.json
    ? shop: 18 plans, 15 unverified
      9 queries, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      coupons (100 rows, 8 kB) in 2 plans; invoices (never analysed) in 2 plans; notes (1.0 M rows,
      70 MB) in 2 plans; orders (1.0 M rows, 70 MB) in 7 plans; visits (never analysed) in 1 plan
      no approved plans to compare with: plan-guard approve writes them
      ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans

    ? 4 plans unverified: newer-syntax
      The statement has syntax newer than the grammar that reads it (PostgreSQL 16): the tables it names
      are not known.
      in       newer_syntax, in all 2 plans: custom and generic
      in       newer_returning, in all 2 plans: custom and generic
      next     Judge its plan by hand, or write the statement in the syntax of PostgreSQL 16.

    ? 2 plans unverified: folded
      The plan does not read public.orders at all: with these values its condition can never be true
      (node 0).
      The plan does not read public.visits at all: with these values its condition can never be true
      (node 0).
      in       folded_null, in 1 of 2 plans: custom only
      in       folded_partitions, in 1 of 2 plans: custom only
      next     Give the scenario values that can match rows: not NULL, and within the partitions.

    ? 2 plans unverified: no-statistics
      public.invoices was never analysed, so its plans rest on no facts.
      in       no_statistics, in all 2 plans: custom and generic
      next     Take statistics of public.invoices after an ANALYZE of it.

    ? 2 plans unverified: too-small
      Too small to judge (less than 100 pages are read whole whatever the indexes): public.coupons:
      1 page.
      in       too_small, in all 2 plans: custom and generic
      next     Plan with statistics of public.coupons at production's size.

    ? 2 plans unverified: opaque
      The plan does not show what the function public.total_of reads (node 0).
      in       opaque, in all 2 plans: custom and generic
      next     Check the function's statements as queries of their own, then list public.total_of under
               trusted-functions.

    ? 2 plans unverified: row-security
      public.notes has row-level security, and the plan was made for a superuser, whom no policy binds.
      in       row_security, in all 2 plans: custom and generic
      next     State the application's role as postgres.role in the suite file.

    ? 1 plan unverified: no-statistics
      public.visits_2026 (a part of public.visits) was never analysed, so its plans rest on no facts.
      in       folded_partitions, in 1 of 2 plans: generic only
      next     Take statistics of public.visits_2026 after an ANALYZE of it.

    ✗ fail: 3 of 18 plans pass, 15 unverified, 1 of 1 known-bad caught, <time>
    exit 1
    "
  `);
  const report = readJson(folder);
  expect(report.verdict).toBe('fail');
  expect(verdicts(report)).toMatchInlineSnapshot(`
    [
      "judged (custom): pass",
      "judged (generic): pass",
      "folded_null (custom): unverified folded",
      "folded_null (generic): pass",
      "folded_partitions (custom): unverified folded",
      "folded_partitions (generic): unverified no-statistics",
      "no_statistics (custom): unverified no-statistics",
      "no_statistics (generic): unverified no-statistics",
      "too_small (custom): unverified too-small",
      "too_small (generic): unverified too-small",
      "opaque (custom): unverified opaque",
      "opaque (generic): unverified opaque",
      "row_security (custom): unverified row-security",
      "row_security (generic): unverified row-security",
      "newer_syntax (custom): unverified newer-syntax",
      "newer_syntax (generic): unverified newer-syntax",
      "newer_returning (custom): unverified newer-syntax",
      "newer_returning (generic): unverified newer-syntax",
    ]
  `);
});

test('unverified: warn ends with 0, and still says so', async () => {
  const { code, stdout, transcript } = await workspace.check(doubtful('warn'));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\? \d+ plans? unverified: opaque, which the suite allows$/m);
  expect(transcript).toMatch(/^✓ pass: 3 of 18 plans pass, 15 unverified, 1 of 1 known-bad caught, <time>$/m);
});

test('a protected table that no plan touches', async () => {
  const { transcript } = await workspace.check(shop({ protect: ['orders', 'customers'] }));
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    ? shop: 2 plans
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      customers (100,000 rows, 7.0 MB) in 0 plans; orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them
      ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans
      ? No plan touches public.customers, which a rule speaks of: nothing was checked.
        plan-guard.yaml:1:1
        next: Add a query that reads the table, or take it out of the rules.

    ✗ fail: 2 of 2 plans pass, 1 rule unchecked, 1 of 1 known-bad caught, <time>
    exit 1
    "
  `);
});

test('rules of a query speak of that query’s plans alone', async () => {
  const queries = [
    { file: 'orders.sql', rules: { protect: ['customers'] } },
    { name: 'customer', file: 'customer.sql' },
  ];
  const files = { 'customer.sql': 'SELECT email FROM customers WHERE id = :customer_id' };
  const { transcript } = await workspace.check(shop({ queries }, files));
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    ? shop: 4 plans
      2 queries, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      customers (100,000 rows, 7.0 MB) in 0 plans; orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them
      ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans
      ? No plan of orders_of_customer touches public.customers, which its rules speak of: nothing was
        checked.
        plan-guard.yaml:12:5
        next: Add a query that reads the table, or take it out of the rules.
      ! No rule speaks of a table that this query reads: customer. Nothing is checked about it.
        plan-guard.yaml:1:1
        next: Name a table that it reads under "protect", or take the query out of the suite.

    ✗ fail: 4 of 4 plans pass, 1 rule unchecked, 1 of 1 known-bad caught, <time>
    exit 1
    "
  `);
});

test('no statistics at all', async () => {
  const { code, stdout } = await workspace.check(shop({ statistics: undefined }));
  expect(code).toBe(1);
  expect(stdout).toContain('public.orders was never analysed, so its plans rest on no facts.');
  // Without sizes nothing can be caught either.
  expect(stdout).toContain('THE GUARD IS BLIND: known-bad query bad passes protect');
});

test('--filter narrows the cases; known-bad queries run all the same', async () => {
  const queries = `${GOOD};\n-- name: email\nSELECT email FROM customers WHERE id = :customer_id;\n`;
  const files = shop({}, { 'orders.sql': queries });
  expect((await workspace.check(files, ['--filter', 'orders_of'])).transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check --filter orders_of
    ✓ shop: 2 plans
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them
      ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans

    ✓ pass: 2 of 2 plans pass, 1 of 1 known-bad caught, <time>
    exit 0
    "
  `);
  expect((await workspace.check(files, ['--filter', 'email'])).transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check --filter email
    ? shop: 2 plans
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      orders (1.0 M rows, 70 MB) in 0 plans
      no approved plans to compare with: plan-guard approve writes them
      ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans
      ? None of these plans touches a table that a rule speaks of: nothing was checked.
        plan-guard.yaml:1:1
        next: Filter for a query that reads such a table.

    ✗ fail: 2 of 2 plans pass, 1 rule unchecked, 1 of 1 known-bad caught, <time>
    exit 1
    "
  `);
});

test('scenarios that come to the same values are one case', async () => {
  const orders = `export async function orders(client, { customer_id, sort }) {
  await client.query('SELECT id FROM customers WHERE id = $1', [customer_id]);
  await client.query('SELECT id FROM orders WHERE customer_id = $1 ORDER BY ' + sort, [customer_id]);
}
`;
  const keys = {
    scenarios: { regular: { customer_id: 7 }, friend: { customer_id: 7 }, other: { customer_id: 8 } },
    queries: [{ module: 'orders.js', export: 'orders', matrix: { sort: ['id', 'total'] } }],
  };
  const folder = await workspace.write(shop(keys, { 'orders.js': orders }));
  const { code } = await workspace.run(folder, ['check', '--reporter', 'json=report.json']);
  expect(code).toBe(0);
  const { cases } = readJson(folder);
  const custom = cases.filter(({ mode }) => mode === 'custom');
  expect(custom.map(({ scenario, scenarios }) => `${scenario}: ${scenarios.join(', ')}`)).toMatchInlineSnapshot(`
    [
      "regular: regular sort=id, regular sort=total",
      "friend: friend sort=id, friend sort=total",
      "other: other sort=id, other sort=total",
      "regular sort=id: regular sort=id",
      "friend sort=id: friend sort=id",
      "other sort=id: other sort=id",
      "regular sort=total: regular sort=total",
      "friend sort=total: friend sort=total",
      "other sort=total: other sort=total",
    ]
  `);
});

test('a bounded way through another index than the rule allows', async () => {
  const rules = { 'only-indexes': [{ table: 'orders', indexes: ['orders_pkey'] }] };
  const { code, stdout } = await workspace.check(shop({ rules }));
  expect(code).toBe(1);
  expect(stdout).toContain('reads public.orders through orders_customer_idx, which may be read only through');
  expect(stdout).toMatch(/^ {2}why {6}Of the ways to bound orders, the planner found the one through/m);
  expect(stdout).not.toMatch(/^ {2}bounded/m);
});

/** The reference suite in a repository of its own, with the code that it guards; gives the suite's folder. */
async function reference(keys: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const root = await workspace.write({});
  for (const part of ['fixtures/audius', 'dist/reference', 'src/reference']) {
    await cp(join(REPOSITORY, part), join(root, part), { recursive: true });
  }
  const folder = join(root, 'fixtures/audius');
  const suite = await readFile(join(folder, 'plan-guard.yaml'), 'utf8');
  await writeFile(
    join(folder, 'plan-guard.yaml'),
    stringify({ ...(parse(suite) as object), plans: undefined, ...keys }),
  );
  return folder;
}

async function replaceIn(file: string, text: string, by: string): Promise<void> {
  const before = await readFile(file, 'utf8');
  expect(before).toContain(text);
  await writeFile(file, before.replace(text, by));
}

const COLLABORATIONS = (user: string) =>
  `(t.owner_id = ${user} OR t.track_id IN (
    SELECT track_id FROM track_collaborators WHERE collaborator_user_id = ${user} AND status = 'accepted'))`;

test('#932 put back into the code: red, at the call that sends it', async () => {
  const folder = await reference();
  await replaceIn(
    join(folder, '../../dist/reference/collaborations.js'),
    "OWNED = 't.owner_id = $1'",
    `OWNED = \`${COLLABORATIONS('$1')}\``,
  );
  const { code } = await workspace.run(folder, ['check', '--filter', 'label-own-profile', '-r', 'json=report.json']);
  expect(code).toBe(1);
  const { verdict, summary, cases } = readJson(folder);
  expect(verdict).toBe('fail');
  expect(summary).toMatchObject({ knownBadCaught: 4, knownBadMissed: 0 });
  const [finding] = cases.flatMap(({ findings }) => findings).filter(({ rule }) => rule === 'no-seq-scan');
  expect(finding?.cause?.kind).toBe('or-with-subquery');
  expect(finding?.cause?.next).toContain('Use the two-phase query');
  expect(finding?.file).toBe('../../src/reference/profile.ts');
  const source = await readFile(join(folder, '../../src/reference/profile.ts'), 'utf8');
  const call = source.split('\n')[(finding?.line ?? 0) - 1]?.slice((finding?.column ?? 0) - 1);
  expect(call).toMatch(/^query\(profileStatement\(shape, OWNED\)/);
});

test('#932 put back into a query file: red, at the condition', async () => {
  const queries = [{ file: 'queries/profile.sql', scenarios: ['no-collaborations'] }];
  const folder = await reference({
    queries,
    rules: { 'no-seq-scan': ['tracks'] },
    protect: ['tracks'],
    'known-bad': undefined,
    scenarios: { 'no-collaborations': { user_id: 1001 } },
  });
  await replaceIn(join(folder, 'queries/profile.sql'), 't.owner_id = @user_id', COLLABORATIONS('@user_id'));
  const { transcript } = await workspace.run(folder, ['check']);
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    ✗ audius: 4 plans, 4 fail
      1 query, 1 scenario, statistics incident-day and year-later, PGlite <version> (PostgreSQL 18.6)
      tracks (2.0 M rows, 1.3 GB) in 4 plans
      no approved plans to compare with: plan-guard approve writes them
      ! The suite has no known-bad query: nothing proves that it bites.
        plan-guard.yaml:1:1
        next: Add a query that must fail under "known-bad", such as the one of your last incident.

    ✗ profile-before: protect and no-seq-scan on tracks t
      A Parallel Seq Scan reads all of public.tracks (as t).
      at       queries/profile.sql:13:7
      plans    in all 4 plans: custom and generic, both statistics sets

      plan of no-collaborations, custom, incident-day        rows     cost
        Limit                                                  20  217,798
        └─ Nested Loop                                    789,446  386,348
           ├─ Gather Merge                                805,174  311,569
           │  └─ Sort                                     335,489  217,632
      →    │     └─ Parallel Seq Scan on tracks t         335,489  186,002
           │        │  Filter: (t.is_current AND (NOT t.is_delete) AND t.is_available AND (t.stem_of
           │        │    IS NULL) AND ((NOT t.is_unlisted) OR (t.owner_id = 0)) AND ((t.owner_id = 1001)
           │        │    OR (ANY (t.track_id = (hashed SubPlan 1).col1))))
           │        └─ [SubPlan 1] Index Only Scan using        1     2.37
           │              track_collaborators_user_status_track_idx on
           │              track_collaborators
           └─ Memoize                                           1     0.55
              └─ Index Scan using users_pkey on users u         1     0.54

      table    tracks: 2.0 M rows, 171,419 pages (1.3 GB)
      chosen   Parallel Seq Scan: 1,999,608 rows, cost 186,002, whole plan 217,798
      bounded  none was found, even with sequential scans discouraged

        11 │ LEFT JOIN aggregate_plays ap ON ap.play_item_id = t.track_id
        12 │ LEFT JOIN aggregate_track ag ON ag.track_id = t.track_id
      → 13 │ WHERE (t.owner_id = @user_id OR t.track_id IN (
           │       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      → 14 │     SELECT track_id FROM track_collaborators WHERE collaborator_user_id = @user_id AND s…
           │     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        15 │   AND u.is_current = true

      why      OR joins tracks.owner_id with a subquery on track_collaborators; no index can serve both
               arms, so every row is read.
      next     Use the two-phase query: first fetch the ids from track_collaborators, then ask \`owner_id
               = $1 OR track_id = ANY($ids)\`, and leave the second arm out when there are none.

    ✗ fail: 4 of 4 plans fail (1 fault), no known-bad query to prove that the guard bites, <time>
    exit 1
    "
  `);
});
