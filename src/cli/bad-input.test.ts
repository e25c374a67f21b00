import { expect, test } from 'vitest';
import { type RunOptions, Workspace } from './testing/plan-guard.js';
import { GOOD, SCHEMA, SEED, shop, statistics } from './testing/shop.js';

const workspace = Workspace.forFile();

/** What `plan-guard check` says of a suite; the transcript ends with the exit code and with what is left behind. */
async function check(
  keys: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<string> {
  return (await workspace.check(shop(keys, files), args, options)).transcript;
}

const MODULE = { queries: [{ module: 'orders.js', export: 'orders' }] };

test('no suite', async () => {
  expect((await workspace.check({})).transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: No suite given, and none found in <workspace>/suite-1
      next: Write a \`plan-guard.yaml\` here, name suites in package.json under "plan-guard", or pass the path of one.
    exit 2
    "
  `);
});

test('a suite file that is not there', async () => {
  expect(await check({}, {}, ['plan-gard.yaml'])).toMatchInlineSnapshot(`
    "
    $ plan-guard check plan-gard.yaml
    error: plan-gard.yaml: The suite file does not exist
      next: Check the path.
    exit 2
    "
  `);
});

test('files that are not there, or are folders', async () => {
  const keys = { schema: ['schem.sql', 'folder'], seed: 'nowhere/seed.sql', queries: [{ file: 'orders.sq' }] };
  expect(await check(keys, { 'folder/a.sql': '' })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:3:5: schema[0]: \`schem.sql\` does not exist
      next: Did you mean \`schema.sql\`?
    error: plan-guard.yaml:4:5: schema[1]: expected an SQL file, found the folder \`folder\`
      next: Name the file inside the folder.
    error: plan-guard.yaml:5:7: seed: \`nowhere/seed.sql\` does not exist
      next: The folder nowhere is not there: check the path, or run the build that makes it.
    error: plan-guard.yaml:14:11: queries[0].file: \`orders.sq\` does not exist
      next: Did you mean \`orders.sql\`?
    exit 2
    "
  `);
});

test('a suite that is no YAML', async () => {
  expect(await check({}, { 'plan-guard.yaml': 'schema: [schema.sql\nprotect: orders\n' })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:2:1: Not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]
      next: Write \`key: value\`, indented with spaces; quote text that starts with a sign such as @, * or \`.
    exit 2
    "
  `);
});

test('unknown keys and rules, all at once', async () => {
  const keys = { protects: ['orders'], rules: { 'no-seqscan': ['orders'] }, unverified: 'maybe' };
  expect(await check(keys)).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:16:1: unknown key \`protects\`
      next: Did you mean \`protect\`?
    error: plan-guard.yaml:19:3: rules: unknown key \`no-seqscan\`
      next: Did you mean \`no-seq-scan\`?
    error: plan-guard.yaml:21:13: unverified: expected one of fail, warn, found \`maybe\`
      next: Known here: fail, warn.
    exit 2
    "
  `);
});

test('a scenario that nobody uses', async () => {
  const scenarios = { regular: { customer_id: 7 }, nobody: { customer_id: 0 } };
  const used = { scenarios: ['regular'] };
  const keys = {
    scenarios,
    queries: [{ file: 'orders.sql', ...used }],
    'known-bad': [{ file: 'bad.sql', 'must-fail': 'protect', ...used }],
  };
  expect(await check(keys)).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:11:3: No query uses the scenario \`nobody\`
      next: Add it to the \`scenarios\` of a query, or remove it.
    exit 2
    "
  `);
});

test('no scenario at all', async () => {
  expect(await check({ scenarios: {} })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:8:12: scenarios: expected a mapping of scenarios, found an empty mapping
      next: Fill it, or leave the key out.
    exit 2
    "
  `);
});

test('schema SQL that fails', async () => {
  const schema = `${SCHEMA}\n-- größer 🙂\nCREATE INDEX ON orders (id,\n  costumer_id);\n`;
  expect(await check({}, { 'schema.sql': schema })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: schema.sql:6:1: column "costumer_id" does not exist
      next: Correct the statement; it is run as it stands, in the order of the suite file.
    exit 2
    "
  `);
});

test('a collation that the engine does not have, and a role that is not made', async () => {
  const german = `CREATE TABLE words (word text COLLATE "de-x-icu");\n`;
  expect(await check({}, { 'schema.sql': german })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: schema.sql:1:31: collation "de-x-icu" for encoding "UTF8" does not exist
      next: The engine lacks it: PGlite has few collations of ICU, a native server has them (postgres: { engine: native }). Else leave COLLATE out.
    exit 2
    "
  `);
  expect(await check({}, { 'schema.sql': `${SCHEMA}ALTER TABLE orders OWNER TO app;\n` })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: schema.sql:4:1: role "app" does not exist
      next: A dump names roles: pg_dump --no-owner --no-privileges leaves them out. Else create it in the schema.
    exit 2
    "
  `);
});

test('schema SQL that is none', async () => {
  expect(await check({}, { 'schema.sql': `${SCHEMA}CREATE TABEL x (id int);\n` })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: schema.sql:4:8: syntax error at or near "TABEL"
      next: Correct the statement; it is run as it stands, in the order of the suite file.
    exit 2
    "
  `);
});

test('a seed that fails, where a module needs it', async () => {
  const files = {
    'orders.js': 'export const orders = (client) => client.query("SELECT 1");',
    'seed.sql': `${SEED}INSERT INTO customers\nVALUES (1, NULL);\n`,
  };
  expect(await check(MODULE, files)).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: seed.sql:3:1: null value in column "email" of relation "customers" violates not-null constraint: Failing row contains (1, null).
      next: Correct the statement; it is run as it stands, in the order of the suite file.
    exit 2
    "
  `);
});

test('queries that PostgreSQL refuses, all at once, each at its place', async () => {
  const queries = `-- name: no_query
SELEC 1;
-- name: no_column
SELECT id, 'größer 🙂' AS "Größe"
FROM orders o
WHERE customer_id = :customer_id AND o.customer_id = :customer_id
  AND o.state = 'open';
-- name: no_table
SELECT id FROM order WHERE id = 1;
`;
  expect(await check({}, { 'orders.sql': queries })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: orders.sql:2:1: no_query: syntax error at or near "SELEC"
      next: PostgreSQL refused to prepare the statement: correct it, or the schema that it is planned on.
    error: orders.sql:7:7: no_column: column o.state does not exist
      next: Perhaps you meant to reference the column "o.status".
    error: orders.sql:9:16: no_table: syntax error at or near "order"
      next: PostgreSQL refused to prepare the statement: correct it, or the schema that it is planned on.
    exit 2
    "
  `);
});

test('parameters without a value or a name', async () => {
  const queries = `-- name: no_value
SELECT id FROM orders WHERE customer_id = :customer AND status = :status;
-- name: no_name
SELECT id FROM orders WHERE customer_id = $1;
-- name: named_as_in_javascript
SELECT id FROM orders WHERE customer_id = :constructor;
`;
  expect(await check({}, { 'orders.sql': queries })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: orders.sql:2:43: The parameter "customer" of no_value has no value in the scenario regular.
      next: Give it one in the scenario, or for all scenarios under "defaults" in the suite file.
    error: orders.sql:2:66: The parameter "status" of no_value has no value in the scenario regular.
      next: Give it one in the scenario, or for all scenarios under "defaults" in the suite file.
    error: orders.sql:4:43: The parameter $1 of no_name has no name.
      next: Name it above the statement (-- param: user_id int), or list "parameters" with the query in the suite file.
    error: orders.sql:6:43: The parameter "constructor" of named_as_in_javascript has no value in the scenario regular.
      next: Give it one in the scenario, or for all scenarios under "defaults" in the suite file.
    exit 2
    "
  `);
});

test('values of the wrong type, at the scenarios that give them', async () => {
  const keys = {
    scenarios: { regular: { customer_id: 7 }, odd: { customer_id: 'seven' }, huge: { customer_id: 99999999999 } },
    queries: [
      { file: 'orders.sql', scenarios: ['regular', 'odd'] },
      { name: 'again', file: 'orders.sql', scenarios: ['regular', 'huge'] },
    ],
    'known-bad': [{ file: 'bad.sql', 'must-fail': 'protect', scenarios: ['regular'] }],
  };
  expect(await check(keys)).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:11:3: The parameter "customer_id" of orders_of_customer has no value of its type integer in the scenario odd: invalid input syntax for type integer: "seven"
      next: Correct the value in the scenario or under "defaults", or state the type that the driver sends under "types".
    error: plan-guard.yaml:13:3: The parameter "customer_id" of again has no value of its type integer in the scenario huge: value "99999999999" is out of range for type integer
      next: Correct the value in the scenario or under "defaults", or state the type that the driver sends under "types".
    exit 2
    "
  `);
});

test('tables and indexes that do not exist', async () => {
  const keys = {
    protect: ['orders', 'oders', 'archive.invoices'],
    rules: {
      'index-only': [{ table: 'orders', index: 'orders_custumer_idx' }],
      'only-indexes': [{ table: 'customers', indexes: ['by_name'] }],
    },
  };
  expect(await check(keys)).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:8:5: A rule names the table "oders", which the schema does not have.
      next: Did you mean "orders"?
    error: plan-guard.yaml:9:5: A rule names the table "archive.invoices", which the schema does not have.
      next: The schema has customers, orders.
    error: plan-guard.yaml:20:14: A rule names the index "orders_custumer_idx", which the table "orders" does not have.
      next: Did you mean "orders_customer_idx"?
    error: plan-guard.yaml:23:14: A rule names the index "by_name", which the table "customers" does not have.
      next: It has customers_pkey.
    exit 2
    "
  `);
});

test('statistics of what does not exist', async () => {
  const index = { relpages: 10, reltuples: 1000, relallvisible: 0 };
  const odd = statistics({
    columns: { state: { null_frac: 0, avg_width: 4, n_distinct: 2 } },
    indexes: { gone: index },
  });
  expect(await check({}, { 'statistics.json': odd })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: statistics.json:1:508: The table "public.orders" has no column "state".
      next: Statistics and schema must be of the same database: make the statistics again, or take the entry out.
    exit 2
    "
  `);
});

test('statistics that are none', async () => {
  expect(await check({}, { 'statistics.json': '{ "format": "plan-guard statistics" }' })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: statistics.json:1:1: version is missing
      next: Correct it, or make the file anew with the command that its origin names
    error: statistics.json:1:1: origin is missing
      next: Correct it, or make the file anew with the command that its origin names
    error: statistics.json:1:1: server_version is missing
      next: Correct it, or make the file anew with the command that its origin names
    error: statistics.json:1:1: tables is missing
      next: Correct it, or make the file anew with the command that its origin names
    exit 2
    "
  `);
  expect(await check({}, { 'statistics.json': '{' })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: statistics.json:1:2: The statistics file is not JSON: expected a key in double quotes, found the end of the file
      next: Make the file anew with the command that its origin names
    exit 2
    "
  `);
});

test('a module that throws', async () => {
  const orders = `export async function orders(client, values) {
  await client.query('SELECT id FROM orders WHERE customer_id = $1', [values.customer_id]);
  throw new RangeError('no page ' + values.customer_id);
}
`;
  expect(await check(MODULE, { 'orders.js': orders })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: orders.js:3:9: The function orders failed for the scenario regular: RangeError: no page 7.
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    exit 2
    "
  `);
});

test('a module whose statement PostgreSQL refuses', async () => {
  const orders = `export async function orders(client) {
  return await client.query('SELECT id FROM orders WHERE custumer_id = 1');
}
`;
  expect(await check(MODULE, { 'orders.js': orders })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: orders.js:2:23: The function orders failed for the scenario regular: column "custumer_id" does not exist.
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    exit 2
    "
  `);
});

test('modules that hang, waiting or working, do not hide what is wrong with the next one', async () => {
  const orders = `export const waits = () => new Promise(() => {});
export function works() { for (;;); }
export const silent = () => {};
export const ends = () => process.exit(0);
export const settles = (client) => client.query('BEGIN');
export const number = 7;
`;
  const names = ['waits', 'works', 'silent', 'ends', 'settles', 'number', 'missing'];
  const queries = names.map((name) => ({ module: 'orders.js', export: name }));
  expect(await check({ queries, 'module-timeout': '3s' }, { 'orders.js': orders })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:12:5: The function waits failed for the scenario regular: it did not end within 3 s.
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    error: plan-guard.yaml:14:5: The function works failed for the scenario regular: it did not end within 3 s.
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    error: plan-guard.yaml:16:5: The function silent sent no statement for the scenario regular.
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    error: plan-guard.yaml:18:5: The function ends ended the thread that it runs in (process.exit?).
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    error: plan-guard.yaml:20:5: settles sent nothing that is planned for the scenario regular.
      next: The function must send a SELECT, INSERT, UPDATE, DELETE or MERGE through the client that it is given.
    error: plan-guard.yaml:22:5: The function number cannot be loaded: TypeError: the export "number" is of type number, not a function; the module exports ends, number, settles, silent, waits, works.
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    error: plan-guard.yaml:24:5: The function missing cannot be loaded: TypeError: the export "missing" is not there; the module exports ends, number, settles, silent, waits, works.
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    exit 2
    "
  `);
});

test.skipIf(process.platform === 'win32')(
  'a module that waits in a call of the system, which nothing ends',
  async () => {
    const orders = `import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
export function waits() {
  execFileSync('mkfifo', [new URL('pipe', import.meta.url).pathname]);
  readFileSync(new URL('pipe', import.meta.url));
}
export function fails() { throw new Error('no'); }
`;
    const queries = ['waits', 'fails'].map((name) => ({ module: 'orders.mjs', export: name }));
    expect(await check({ queries, 'module-timeout': '2s' }, { 'orders.mjs': orders })).toMatchInlineSnapshot(`
      "
      $ plan-guard check
      error: plan-guard.yaml:12:5: The function waits failed for the scenario regular: it did not end within 2 s.
        next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
      error: orders.mjs:7:33: The function fails failed for the scenario regular: Error: no.
        next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
      exit null
      "
    `);
  },
);

test('a statement that comes too late does not hide what is wrong with other functions, nor they it', async () => {
  const orders = `const SQL = 'SELECT id FROM orders WHERE customer_id = 7';
export async function late(client) {
  await client.query(SQL);
  setTimeout(() => client.query(SQL), 20);
}
export async function patient(client) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  await client.query(SQL);
}
export async function broken(client) {
  throw new Error('no');
}
`;
  const queries = ['late', 'patient', 'broken'].map((name) => ({ module: 'orders.js', export: name }));
  expect(await check({ queries }, { 'orders.js': orders })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: orders.js:11:9: The function broken failed for the scenario regular: Error: no.
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    error: orders.js:4:27: The function late sent a statement after it had ended: await every query.
      next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
    exit 2
    "
  `);
});

test('a module that cannot be loaded', async () => {
  expect(
    await check(MODULE, { 'orders.js': "import './nowhere.js';\nexport const orders = 1;\n" }),
  ).toMatchInlineSnapshot(`
      "
      $ plan-guard check
      error: plan-guard.yaml:12:5: The function orders cannot be loaded: Error: Cannot find module 'nowhere.js' imported from orders.js.
        next: plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.
      exit 2
      "
    `);
});

test('two queries of one name in the suite', async () => {
  const queries = [
    { name: 'list', file: 'orders.sql' },
    { name: 'list', file: 'bad.sql' },
  ];
  expect(await check({ queries })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:14:11: queries[1].name: two queries have the name \`list\`, the first in line 12
      next: Give each its own \`name\`.
    exit 2
    "
  `);
});

test('two queries of one name in two files', async () => {
  const queries = [{ file: 'orders.sql' }, { file: 'other.sql' }];
  expect(await check({ queries }, { 'other.sql': `\n${GOOD}` })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: other.sql:3:1: Two queries are called "orders_of_customer"; the first is orders.sql:2.
      next: Name each query differently: "name" in the suite file, or -- name: x above the statement.
    exit 2
    "
  `);
});

test('a known-bad query of the name of another query', async () => {
  expect(await check({}, { 'bad.sql': GOOD })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: bad.sql:2:1: Two queries are called "orders_of_customer"; the first is orders.sql:2.
      next: Name each query differently: "name" in the suite file, or -- name: x above the statement.
    exit 2
    "
  `);
});

test('a DROP TABLE behind a semicolon is never run', async () => {
  const queries = `${GOOD};\nDROP TABLE orders; drop table customers; select 2`;
  expect(await check({}, { 'orders.sql': queries })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: orders.sql:6:1: DROP TABLE has no plan; it was not run.
      next: Query files hold SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES; put anything else into the schema or the seed.
    error: orders.sql:6:20: DROP TABLE has no plan; it was not run.
      next: Query files hold SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES; put anything else into the schema or the seed.
    exit 2
    "
  `);
  // The replica that the runs share is whole: the query is planned, and passes.
  expect((await workspace.check(shop())).code).toBe(0);
});

test('a parameter’s type that hides a statement', async () => {
  const query = `-- param: customer_id int) AS SELECT 1; DROP TABLE orders; PREPARE x (int\n${GOOD}`;
  expect(await check({}, { 'orders.sql': query })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: orders.sql:3:1: orders_of_customer: cannot insert multiple commands into a prepared statement
      next: PostgreSQL refused to prepare the statement: correct it, or the schema that it is planned on.
    exit 2
    "
  `);
});

test('settings and roles that PostgreSQL refuses', async () => {
  const postgres = { settings: { random_page_cost: 1.1, work_mem: 'a lot' } };
  expect(await check({ postgres })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:19:15: PostgreSQL refused the setting work_mem = a lot: invalid value for parameter "work_mem": "a lot"
      next: Correct it under "postgres" in the suite file.
    exit 2
    "
  `);
  expect(await check({ postgres: { role: 'app' } })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: plan-guard.yaml:17:9: PostgreSQL refused the setting role = app: role "app" does not exist
      next: Correct it under "postgres" in the suite file.
    exit 2
    "
  `);
});

test('a role that may not read the table', async () => {
  const schema = `${SCHEMA}CREATE ROLE app;\n`;
  expect(await check({ postgres: { role: 'app' } }, { 'schema.sql': schema })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: orders.sql:2:1: orders_of_customer in the scenario regular: permission denied for table orders
      next: Grant it to the role in the schema, or plan with another one: postgres.role in the suite file.
    error: bad.sql:1:1: bad in the scenario regular: permission denied for table orders
      next: Grant it to the role in the schema, or plan with another one: postgres.role in the suite file.
    exit 2
    "
  `);
});

test('an extension that PGlite does not have', async () => {
  const schema = `CREATE EXTENSION timescaledb;\n${SCHEMA}`;
  expect(await check({}, { 'schema.sql': schema })).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: schema.sql:1:1: PGlite <version> does not have the extension "timescaledb".
      next: Leave it out of the schema that plan-guard loads, with what needs it.
    exit 2
    "
  `);
});

test('two suites of one name', async () => {
  const { 'plan-guard.yaml': suite = '', ...rest } = shop();
  const files = { ...rest, 'one.yaml': suite, 'two.yaml': suite };
  expect((await workspace.check(files, ['one.yaml', 'two.yaml'])).transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check one.yaml two.yaml
    error: two.yaml: Two suites are called "shop"; the first is one.yaml.
      next: Give each a name of its own: name: x. Without one, a suite is called as its folder.
    exit 2
    "
  `);
});

test('package.json names a suite that is not there', async () => {
  const files = { 'package.json': '{\n  "plan-guard": ["db/plan-guard.yaml", 7]\n}\n' };
  expect((await workspace.check(files)).transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: package.json:2:18: plan-guard[0]: there is no suite \`db/plan-guard.yaml\`
      next: Mend the path; it is relative to the package.json.
    error: package.json:2:40: plan-guard[1]: expected the path of a suite file, found the number 7
      next: Write it in quotes: '7'.
    exit 2
    "
  `);
});

test('a filter that nothing matches', async () => {
  expect(await check({}, {}, ['--filter', 'invoices'])).toMatchInlineSnapshot(`
    "
    $ plan-guard check --filter invoices
    error: No query, statement or scenario holds "invoices".
      next: Queries are orders_of_customer; run without --filter and with --verbose to see all cases.
    exit 2
    "
  `);
});

test('commands, options and reporters that are not there', async () => {
  const folder = await workspace.write({});
  const said: string[] = [];
  for (const args of [
    [],
    ['chek'],
    ['check', '--filtr', 'x'],
    ['check', '--filter'],
    ['check', '--reporter', 'jsn'],
    ['check', '--reporter', 'json='],
    ['check', '--reporter', 'json', '--reporter', 'pretty'],
    ['check', '--reporter', 'json=a', '--reporter', 'pretty=a'],
    ['check', '--reporter', 'json=nowhere/report.json'],
    ['check', '--reporter', 'json=.'],
  ]) {
    said.push((await workspace.run(folder, args)).transcript);
  }
  expect(said.join('')).toMatchInlineSnapshot(`
    "
    $ plan-guard
    error: No command is given.
      next: Run plan-guard check, or plan-guard --help.
    exit 2

    $ plan-guard chek
    error: Unknown command 'chek'.
      next: Did you mean check?
    exit 2

    $ plan-guard check --filtr x
    error: Unknown option '--filtr'.
      next: Did you mean --filter?
    exit 2

    $ plan-guard check --filter
    error: Option '-f, --filter <text>' argument missing.
      next: plan-guard check --help shows what it takes.
    exit 2

    $ plan-guard check --reporter jsn
    error: There is no reporter "jsn".
      next: Did you mean \`json\`?
    exit 2

    $ plan-guard check --reporter json=
    error: --reporter json= names no file.
      next: Write --reporter json=FILE, or --reporter json for standard output.
    exit 2

    $ plan-guard check --reporter json --reporter pretty
    error: The json reporter must have standard output to itself.
      next: Give one of the reporters a file: --reporter json=plans.json.
    exit 2

    $ plan-guard check --reporter json=a --reporter pretty=a
    error: --reporter json=a and --reporter pretty=a write to one place.
      next: Leave one of them out, or name another file.
    exit 2

    $ plan-guard check --reporter json=nowhere/report.json
    error: nowhere/report.json: The report cannot be written: ENOENT: no such file or directory, access 'nowhere'
      next: Name a file in a folder that exists and can be written.
    exit 2

    $ plan-guard check --reporter json=.
    error: .: The report cannot be written: it is a folder
      next: Name a file in a folder that exists and can be written.
    exit 2
    "
  `);
});

test('under GitHub Actions every error is an annotation too, and standard output stays empty', async () => {
  const env = { GITHUB_ACTIONS: 'true' };
  const { stdout, transcript } = await workspace.check(shop({ protects: [] }), ['--reporter', 'json'], { env });
  expect(stdout).toBe('');
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check --reporter json
    error: plan-guard.yaml:16:1: unknown key \`protects\`
      next: Did you mean \`protect\`?
    ::error file=plan-guard.yaml,line=16,col=1,title=plan-guard::unknown key \`protects\`%0ADid you mean \`protect\`?
    exit 2
    "
  `);
  expect((await workspace.check({}, ['--nope'], { env })).transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check --nope
    error: Unknown option '--nope'.
      next: plan-guard check --help shows what it takes.
    ::error title=plan-guard::Unknown option '--nope'.%0Aplan-guard check --help shows what it takes.
    exit 2
    "
  `);
});
