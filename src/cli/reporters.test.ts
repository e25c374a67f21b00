import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { check, PlanGuardError, PlanGuardErrors, reporters } from 'plan-guard';
import { beforeAll, expect, test } from 'vitest';
import { Workspace } from './testing/plan-guard.js';
import { BAD, shop } from './testing/shop.js';

const workspace = Workspace.forFile();
const schemaFile = fileURLToPath(import.meta.resolve('plan-guard/report.schema.json'));
const valid = new Ajv().compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);

/** A suite of two: one query that is fine, a module that prints, and a bad one. */
const RED = shop(
  {
    queries: [{ file: 'orders.sql' }, { file: 'open.sql' }, { module: 'orders.js', export: 'orders' }],
  },
  {
    'open.sql': `-- name: open_orders\n${BAD}`,
    'orders.js': `export async function orders(client, { customer_id }) {
  console.log('{"not": "the report"}');
  await client.query('SELECT id FROM orders WHERE customer_id = $1', [customer_id]);
}
`,
  },
);

let red = '';
beforeAll(async () => {
  red = await workspace.write(RED);
});

test('json alone stands on standard output, also where a module prints', async () => {
  const { code, stdout, stderr } = await workspace.run(red, ['check', '--reporter', 'json']);
  expect(code).toBe(1);
  const report: unknown = JSON.parse(stdout);
  expect(valid(report) || valid.errors).toBe(true);
  expect(stderr).toBe('{"not": "the report"}\n');
});

test('several reporters in one run, files written whole', async () => {
  const args = ['check', '-r', 'pretty', '-r', 'json=report.json', '-r', 'github=github.txt'];
  const { code, stdout } = await workspace.run(red, args);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ open_orders: protect on orders$/m);
  expect(valid(JSON.parse(readFileSync(join(red, 'report.json'), 'utf8'))) || valid.errors).toBe(true);
  expect(readFileSync(join(red, 'github.txt'), 'utf8')).toMatch(/^::error file=open\.sql,line=2,/m);
  expect(readdirSync(red).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('under GitHub Actions: annotations and a step summary by themselves', async () => {
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(red, 'summary.md') };
  const { code, stdout } = await workspace.run(red, ['check', '--filter', 'open'], { env });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ open_orders: protect on orders$/m);
  expect(stdout).toMatch(/^::error file=open\.sql,line=2,/m);
  expect(readFileSync(join(red, 'summary.md'), 'utf8')).toContain('open_orders');
});

test('a step summary that cannot be written', async () => {
  const env = { GITHUB_STEP_SUMMARY: join(red, 'nowhere/summary.md') };
  const { transcript } = await workspace.run(red, ['check', '-f', 'orders_of', '-r', 'github'], { env });
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check -f orders_of -r github
    {"not": "the report"}
    error: The step summary cannot be written: ENOENT: no such file or directory, open 'nowhere/summary.md'
      next: GITHUB_STEP_SUMMARY must name a file in a folder that exists and can be written.
    exit 2
    "
  `);
});

test('the library gives the same report', async () => {
  const { code, stdout } = await workspace.run(red, ['check', '--reporter', 'json']);
  expect(code).toBe(1);
  const said: string[] = [];
  process.env.PLAN_GUARD_CACHE = workspace.cache;
  const report = await check({ cwd: red, onOutput: (text) => said.push(text) });
  const { tool, durationMs } = JSON.parse(stdout) as { tool: { version: string }; durationMs: number };
  const context = { color: false, width: 80, unicode: true, cwd: red, verbose: false };
  expect(reporters.json(report, { ...context, version: tool.version, durationMs })).toBe(stdout);
  expect(said.join('')).toBe('{"not": "the report"}\n');
});

test('the library refuses options that it does not have, and values of another type', async () => {
  const refused = async (options: object) => {
    const error: unknown = await check(options).catch((thrown: unknown) => thrown);
    if (error instanceof PlanGuardErrors) return error.errors.map(({ code, message }) => `${code}: ${message}`);
    if (error instanceof PlanGuardError) return [`${error.code}: ${error.message}`];
    throw error;
  };
  expect(await refused({ suite: 'plan-guard.yaml' })).toMatchInlineSnapshot(`
    [
      "usage: check() has no option "suite".",
    ]
  `);
  expect(await refused({ suites: 'plan-guard.yaml', cache: 1, filter: /x/ })).toMatchInlineSnapshot(`
    [
      "usage: The option "suites" of check() must be a list of paths.",
      "usage: The option "cache" of check() must be true or false.",
      "usage: The option "filter" of check() must be a text.",
    ]
  `);
});

test('several suites in one run, as package.json lists them', async () => {
  const one = shop({ name: 'one' });
  const two = shop({ name: 'two', queries: [{ file: 'open.sql' }] }, { 'open.sql': `-- name: open_orders\n${BAD}` });
  const under = (folder: string, files: Readonly<Record<string, string>>) =>
    Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text] as const);
  const list = ['one/plan-guard.yaml', 'two/plan-guard.yaml'];
  const folder = await workspace.write({
    ...Object.fromEntries([...under('one', one), ...under('two', two)]),
    'package.json': JSON.stringify({ 'plan-guard': list }),
  });
  const { transcript } = await workspace.run(folder, ['check', '-r', 'pretty', '-r', 'json=report.json']);
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check -r pretty -r json=report.json
    ✓ one: 2 plans
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them
      ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans

    ✗ two: 2 plans, 2 fail
      1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
      orders (1.0 M rows, 70 MB) in 2 plans
      no approved plans to compare with: plan-guard approve writes them
      ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans

    ✗ open_orders: protect on orders
      A Parallel Seq Scan reads all of public.orders.
      at       two/open.sql:2:29
      plans    in all 2 plans: custom and generic

      plan of regular, custom, production    rows    cost
        Gather                             10,010  17,251
      → └─ Parallel Seq Scan on orders      4,171  15,250
              Filter: ((orders.customer_id = 7) OR (orders.status = 'open'::text))

      table    orders: 1.0 M rows, 9,000 pages (70 MB)
      chosen   Parallel Seq Scan: 1,000,000 rows, cost 15,250, whole plan 17,251
      bounded  none was found, even with sequential scans discouraged

        1 │ -- name: open_orders
      → 2 │ SELECT id FROM orders WHERE customer_id = :customer_id OR status = 'open'
          │                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

      why      An OR can use indexes only where every arm has one, and none begins with orders.status.
      next     Add an index for that arm, \`CREATE INDEX ON public.orders (status)\`, or write one query
               for each arm and combine them with UNION.

    ✗ fail: 2 of 4 plans fail (1 fault), 2 of 2 known-bad caught, <time>
    exit 1
    "
  `);
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as {
    suites: readonly { file: string }[];
  };
  expect(valid(report) || valid.errors).toBe(true);
  expect(report.suites.map(({ file }) => file)).toEqual(list);
  const filtered = await workspace.run(folder, ['check', '--filter', 'open_orders']);
  expect(filtered.stdout).not.toContain('one: ');
});

test('a reader that goes away is no error', async () => {
  const { code, stderr } = await workspace.run(red, ['check', '--filter', 'open'], { unread: true });
  expect(stderr).toBe('{"not": "the report"}\n');
  expect(code).toBe(1);
});

test.skipIf(process.platform !== 'linux')('a report that does not fit on the disk is an error', async () => {
  const { transcript } = await workspace.run(red, ['check', '--filter', 'orders_of'], { stdoutTo: '/dev/full' });
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check --filter orders_of
    {"not": "the report"}
    error: Standard output takes no more of the report: ENOSPC: no space left on device, write
      next: Make room, or write the report elsewhere: --reporter NAME=FILE.
    exit 2
    "
  `);
});
