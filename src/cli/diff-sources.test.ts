import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { TestRepository } from '../guard/testing/repository.js';
import { isAlive } from '../postgres/processes.js';
import { startExistingShop } from './testing/existing.js';
import { Workspace } from './testing/plan-guard.js';
import { NO_INDEX, shop } from './testing/shop.js';

const workspace = Workspace.forFile();

const BOUNDED = ` Index Scan using orders_customer_idx on orders  (cost=0.42..16.60 rows=10 width=13)
   Index Cond: (customer_id = 7)
`;
const WHOLE = `                          QUERY PLAN
--------------------------------------------------------------
 Seq Scan on orders  (cost=0.00..21500.00 rows=10 width=13)
   Filter: (customer_id = 7)
(2 rows)
`;
const files = { 'bounded.txt': BOUNDED, 'whole.txt': WHOLE };

/** What a run with the JSON reporter found, in short. */
function found({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string[] {
  expect(stderr).toBe('');
  const { comparisons } = JSON.parse(stdout) as {
    comparisons: { name: string; change: string; cause?: { inputs: string[] } }[];
  };
  return comparisons.map(({ name, change, cause }) => [name, change, ...(cause?.inputs ?? [])].join(': '));
}

const cases = (what: string) =>
  ['custom', 'generic'].map((mode) => `orders_of_customer, regular, production, ${mode}: ${what}`);

const JSON_REPORT = ['--reporter', 'json'];

describe('texts', () => {
  test('exit codes: 0 the same, 1 different, 2 trouble', async () => {
    const folder = await workspace.write({ ...files, 'none.txt': 'hello\n' });
    const codes = async (...args: string[]) => (await workspace.run(folder, ['diff', ...args])).code;
    expect(await codes('bounded.txt', 'bounded.txt')).toBe(0);
    expect(await codes('bounded.txt', 'whole.txt')).toBe(1);
    expect(await codes('bounded.txt', 'none.txt')).toBe(2);
  });

  test('standard input', async () => {
    const folder = await workspace.write(files);
    const result = await workspace.run(folder, ['diff', 'bounded.txt', '-', ...JSON_REPORT], {
      input: WHOLE,
    });
    expect(result.code).toBe(1);
    expect(found(result)).toEqual(['standard input: changed']);
    expect(JSON.parse(result.stdout)).toMatchObject({
      before: 'bounded.txt',
      after: 'standard input',
      verdict: 'different',
    });
  });

  test('several plans without statements: in order where the counts match, else by shape', async () => {
    const folder = await workspace.write({
      'two.txt': `${BOUNDED}\n${WHOLE}`,
      'turned.txt': `${WHOLE}\n${BOUNDED}`,
      'one.txt': WHOLE,
    });
    const run = (...args: string[]) => workspace.run(folder, ['diff', ...args, ...JSON_REPORT]);
    expect(found(await run('two.txt', 'two.txt'))).toEqual(['two.txt:1: same', 'two.txt:6: same']);
    expect(found(await run('two.txt', 'turned.txt'))).toEqual(['turned.txt:3: changed', 'turned.txt:7: changed']);
    expect(found(await run('two.txt', 'one.txt'))).toEqual(['two.txt:1: removed', 'one.txt: same']);
  });

  test('logs of auto_explain: by statement, whatever values stand in it', async () => {
    const entry = (statement: string, plan: string) =>
      `2026-11-22 10:00:00.000 UTC [7] LOG:  duration: 12.3 ms  plan:\n\tQuery Text: ${statement}\n${plan
        .trimEnd()
        .split('\n')
        .map((line) => `\t${line.slice(1)}`)
        .join('\n')}\n`;
    const bounded = (id: number) => BOUNDED.replace('7', String(id));
    const whole = WHOLE.split('\n').slice(2, 4).join('\n').replace('7', '9');
    const orders = (id: number) => `SELECT id, total FROM orders WHERE customer_id = ${id}`;
    const count = 'SELECT count(*) FROM customers';
    const customers = ' Seq Scan on customers  (cost=0.00..900.00 rows=100000 width=4)\n';
    const folder = await workspace.write({
      'before.log': [entry(orders(1), bounded(1)), entry(orders(2), bounded(2)), entry(count, customers)].join(''),
      'after.log': [entry('SELECT 1', ' Result  (cost=0.00..0.01 rows=1 width=4)\n'), entry(orders(9), whole)].join(''),
    });
    const result = await workspace.run(folder, ['diff', 'before.log', 'after.log', ...JSON_REPORT]);
    expect(found(result)).toEqual([
      'SELECT 1: added',
      'SELECT id, total FROM orders WHERE customer_id = 9: changed',
      'SELECT count(*) FROM customers: removed',
    ]);
    const same = await workspace.run(folder, ['diff', 'before.log', 'before.log', ...JSON_REPORT]);
    expect(found(same)).toEqual([
      'SELECT id, total FROM orders WHERE customer_id = 1 (2 plans): same',
      'SELECT count(*) FROM customers: same',
    ]);
  });

  test('a file at a revision; a file that is there goes before a revision of its name', async () => {
    const folder = await workspace.write({ 'plan.txt': BOUNDED });
    const repository = new TestRepository(folder);
    repository.commit();
    repository.write({ 'plan.txt': WHOLE, 'main..HEAD': WHOLE, 'HEAD:plan.txt': WHOLE });
    const run = (...args: string[]) => workspace.run(folder, ['diff', ...args, ...JSON_REPORT]);
    expect(found(await run('main:plan.txt', 'plan.txt'))).toEqual(['plan.txt: changed']);
    expect(found(await run('main:plan.txt'))).toEqual(['plan.txt: changed']);
    expect(found(await run('main:./plan.txt', 'main..HEAD'))).toEqual(['main..HEAD: changed']);
    expect(found(await run('HEAD:plan.txt', 'plan.txt'))).toEqual(['plan.txt: same']);
  });
});

describe('what cannot be compared', () => {
  test('in no repository', async () => {
    const folder = await workspace.write(files);
    const { transcript } = await workspace.run(folder, ['diff', 'main..HEAD']);
    expect(transcript.replace(/suite-\d+/, 'suite')).toMatchInlineSnapshot(`
      "
      $ plan-guard diff main..HEAD
      error: <workspace>/suite is not in a git repository.
        next: Revisions are those of the repository of the working directory: run it there, or compare files.
      exit 2
      "
    `);
  });

  test('without git', async () => {
    const folder = await workspace.write(files);
    const { transcript } = await workspace.run(folder, ['diff', 'main..HEAD'], { env: { PATH: folder } });
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard diff main..HEAD
      error: git cannot be run: spawn git ENOENT
        next: Install git, or compare files.
      exit 2
      "
    `);
  });

  test.each([
    ['a revision that is not there', ['nowhere..HEAD']],
    ['a file that is not there', ['bounded.txt', 'nothing.json']],
    ['a file at a revision where it is not', ['main:bounded.json', 'bounded.txt']],
    ['a file and a revision', ['bounded.txt', 'main']],
    ['one file', ['bounded.txt']],
    ['standard input twice', ['-', '-']],
    ['three', ['a', 'b', 'c']],
    ['a base beside a range', ['--base', 'main', 'main..HEAD']],
    ['a base that nobody tells', ['--base']],
    ['no suite on either side', ['main..HEAD']],
    ['a suite outside of the repository', ['main', '--suite', '../../suite.yaml']],
    ['approved plans of no suite', ['x.plan']],
    ['a reporter that is not there', ['bounded.txt', 'whole.txt', '-r', 'jsn']],
  ])('%s', async (_, args) => {
    const folder = await workspace.write({ ...files, 'package.json': '{}', 'x.plan': 'x' });
    new TestRepository(folder).commit();
    const { transcript } = await workspace.run(folder, ['diff', ...args]);
    expect(transcript.replace(/suite-\d+/, 'suite')).toMatchSnapshot();
  });
});

describe('revisions of a suite', () => {
  test('ranges, a revision against the working tree, the merge base, the base that CI tells', async () => {
    const folder = await workspace.write(shop());
    const repository = new TestRepository(folder);
    repository.commit();
    repository.git('switch', '--quiet', '--create', 'work');
    repository.commit({ 'README.md': 'x' });
    repository.git('switch', '--quiet', 'main');
    repository.commit({ 'schema.sql': NO_INDEX });
    repository.git('switch', '--quiet', 'work');
    const run = (args: string[], env = {}) => workspace.run(folder, ['diff', ...args, ...JSON_REPORT], { env });
    expect(found(await run(['main..work']))).toEqual(cases('changed: schema'));
    expect(found(await run(['main', 'work']))).toEqual(cases('changed: schema'));
    expect(found(await run(['main...work']))).toEqual(cases('same'));
    expect(found(await run(['main']))).toEqual(cases('changed: schema'));
    expect(found(await run(['--base', 'main']))).toEqual(cases('same'));
    expect(found(await run(['--base'], { GITHUB_BASE_REF: 'main' }))).toEqual(cases('same'));
    // What git sets for its hooks does not lead to another repository.
    const hook = { GIT_DIR: join(folder, 'nowhere'), GIT_INDEX_FILE: join(folder, 'nothing') };
    expect(found(await run(['main...work'], hook))).toEqual(cases('same'));
    repository.write({ 'schema.sql': NO_INDEX });
    expect(found(await run(['--base', 'main']))).toEqual(cases('changed: schema'));
    expect(repository.git('status', '--porcelain')).toBe('M schema.sql');
  });

  test('a suite, and a query, that only one of the two has', async () => {
    const folder = await workspace.write({ 'README.md': 'x' });
    const repository = new TestRepository(folder);
    repository.commit();
    repository.commit(shop());
    repository.commit({ 'orders.sql': '-- name: all_orders\nSELECT id FROM orders WHERE id = :customer_id\n' });
    const run = (range: string) => workspace.run(folder, ['diff', range, ...JSON_REPORT]);
    expect(found(await run('HEAD~2..HEAD~1'))).toEqual([
      'orders_of_customer, regular, production, custom: added',
      'orders_of_customer, regular, production, generic: added',
    ]);
    expect(found(await run('HEAD~1..HEAD'))).toEqual([
      'all_orders, regular, production, custom: added',
      'all_orders, regular, production, generic: added',
      'orders_of_customer, regular, production, custom: removed',
      'orders_of_customer, regular, production, generic: removed',
    ]);
  });

  test('a suite that got another name or folder is compared with what it was', async () => {
    const folder = await workspace.write(shop());
    const repository = new TestRepository(folder);
    repository.commit();
    const [old, renamed] = ['plan-guard.yaml', 'shop.yaml'].map((name) => JSON.stringify({ 'plan-guard': name }));
    repository.commit({ 'package.json': old ?? '' });
    repository.git('mv', 'plan-guard.yaml', 'shop.yaml');
    repository.commit({ 'package.json': renamed ?? '', 'schema.sql': NO_INDEX });
    const run = await workspace.run(folder, ['diff', 'HEAD~1..HEAD', ...JSON_REPORT]);
    expect(found(run)).toEqual(cases('changed: schema'));
    mkdirSync(join(folder, 'empty'));
    const { transcript } = await workspace.run(join(folder, 'empty'), ['diff', 'HEAD~1..HEAD']);
    expect(transcript).toContain('There is no suite in empty at HEAD~1 nor in HEAD.');
  });

  test('what is wrong with one of the two is told at its revision', async () => {
    const folder = await workspace.write(shop({}, { 'orders.sql': 'SELECT nothing FROM orders\n' }));
    const repository = new TestRepository(folder);
    repository.commit();
    repository.commit({ 'orders.sql': shop()['orders.sql'] });
    const { transcript } = await workspace.run(folder, ['diff', 'HEAD~1..HEAD']);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard diff HEAD~1..HEAD
      error: HEAD~1:orders.sql:1:8: orders: column "nothing" does not exist
        next: PostgreSQL refused to prepare the statement: correct it, or the schema that it is planned on.
      exit 2
      "
    `);
  });

  test('a module that is built: git does not have it, --prepare makes it', async () => {
    const source = (condition: string) =>
      `exports.orders = (client, { customer_id }) => client.query('SELECT id FROM orders WHERE ${condition}', [customer_id]);\n`;
    const suite = shop({ queries: [{ name: 'orders', module: 'dist/orders.cjs', export: 'orders' }] });
    const built = { 'dist/orders.cjs': source('customer_id = $1') };
    const folder = await workspace.write({ ...suite, ...built, '.gitignore': 'dist\n' });
    const repository = new TestRepository(folder);
    repository.commit({ 'src.cjs': source('customer_id = $1') });
    repository.commit({ 'src.cjs': source('total = $1') });
    const { transcript } = await workspace.run(folder, ['diff', 'HEAD~1..HEAD']);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard diff HEAD~1..HEAD
      error: HEAD~1:plan-guard.yaml:13:13: queries[0].module: \`dist/orders.cjs\` does not exist
        next: git has no such file at HEAD~1. What a build makes, let --prepare make: --prepare 'npm run build'.
      exit 2
      "
    `);
    const prepare = ['--prepare', 'mkdir dist && cp src.cjs dist/orders.cjs'];
    const result = await workspace.run(folder, ['diff', 'HEAD~1..HEAD', ...prepare, ...JSON_REPORT]);
    expect(found(result)).toEqual(
      ['custom', 'generic'].map((mode) => `orders, regular, production, ${mode}: changed: query`),
    );
    const failed = await workspace.run(folder, ['diff', 'HEAD~1..HEAD', '--prepare', 'echo broken; exit 3']);
    expect(failed.transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard diff HEAD~1..HEAD --prepare echo broken; exit 3
      broken
      error: echo broken; exit 3 failed at HEAD~1: exit code 3.
        next: It runs by the shell at the top of the revision’s files, with the packages of the working tree.
      exit 2
      "
    `);
  });
});

describe('the plans of now and those that were approved', () => {
  const run = (folder: string, ...args: string[]) => workspace.run(folder, ['diff', ...args, ...JSON_REPORT]);

  test('cases that differ from what was approved, that have nothing, that are gone', async () => {
    const folder = await workspace.write(shop());
    expect((await workspace.run(folder, ['diff'])).stderr).toContain('No plans are approved yet');
    expect((await workspace.run(folder, ['approve'])).code).toBe(0);
    expect(found(await run(folder))).toEqual(cases('same'));
    const repository = new TestRepository(folder);
    repository.commit();
    repository.write({ 'schema.sql': NO_INDEX });
    expect(found(await run(folder))).toEqual(cases('changed'));
    expect(found(await run(folder, 'plans/orders_of_customer.plan'))).toEqual(cases('changed'));
    expect((await workspace.run(folder, ['approve'])).code).toBe(0);
    expect(found(await run(folder))).toEqual(cases('same'));
    expect(found(await run(folder, 'HEAD:plans/orders_of_customer.plan'))).toEqual(cases('changed'));
    repository.write(
      shop({ scenarios: { other: { customer_id: 8 } } }, { 'orders.sql': `${shop()['orders.sql']} AND total > 0` }),
    );
    expect(found(await run(folder))).toEqual([
      'orders_of_customer, other, production, custom: added',
      'orders_of_customer, other, production, generic: added',
      'orders_of_customer, regular, production, custom: removed',
      'orders_of_customer, regular, production, generic: removed',
    ]);
    expect((await run(folder, '--filter', 'nothing')).code).toBe(2);
  });

  test('a file of approved plans that no suite here has', async () => {
    const folder = await workspace.write({ ...shop(), 'other/x.plan': 'x' });
    const { transcript } = await workspace.run(folder, ['diff', 'other/x.plan']);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard diff other/x.plan
      error: No suite here has its approved plans in other.
        next: Name the suite (--suite FILE), or what the plans are to be compared with: plan-guard diff A.plan B.plan.
      exit 2
      "
    `);
  });
});

describe('servers', () => {
  test('another major: 18 skips through an index where 15 reads the table', async () => {
    const index = 'CREATE INDEX orders_status_customer_idx ON orders (status, customer_id);\n';
    const schema = { 'schema.sql': NO_INDEX + index };
    for (const folder of [dirname(workspace.cache), workspace.cache, workspace.temporary]) chmodSync(folder, 0o755);
    const folder = await workspace.write(shop({ postgres: { engine: 'native', version: 15 } }, schema));
    new TestRepository(folder).commit();
    const result = await workspace.run(folder, ['diff', 'HEAD', ...JSON_REPORT]);
    expect(found(result)).toEqual(cases('same'));
    const files = shop({ postgres: { engine: 'native', version: 18, settings: { work_mem: '5MB' } } }, schema);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const other = await workspace.run(folder, ['diff', 'HEAD', ...JSON_REPORT]);
    expect(found(other)).toEqual(cases('changed: major'));
    expect(other.stdout).toMatch(/native server \(PostgreSQL 15\.\d+\) → native server \(PostgreSQL 18/);
  });

  test('an existing database: the queries of both revisions, planned there', async () => {
    const { url, password, stop } = await startExistingShop();
    try {
      const folder = await workspace.write(shop());
      const repository = new TestRepository(folder);
      repository.commit();
      const files = { 'schema.sql': NO_INDEX, 'orders.sql': shop()['orders.sql']?.replace('customer_id =', 'total =') };
      repository.commit(files);
      const args = ['diff', 'HEAD~1..HEAD', '--database-url', url];
      const result = await workspace.run(folder, [...args, ...JSON_REPORT]);
      expect(found(result).map((one) => one.replace('database', 'production'))).toEqual(cases('changed: query'));
      expect(JSON.parse(result.stdout)).toMatchObject({
        before: 'HEAD~1',
        after: 'HEAD, both planned on one existing database as it is',
      });
      const shown = await workspace.run(folder, args);
      expect([result.stdout, shown.stdout].some((said) => said.includes(password))).toBe(false);
    } finally {
      await stop();
    }
  });

  test('a password never appears', async () => {
    const folder = await workspace.write(shop());
    new TestRepository(folder).commit();
    const url = 'postgres://reader:hunter2@127.0.0.1:1/shop';
    const { code, stdout, stderr } = await workspace.run(folder, ['diff', 'HEAD', '--database-url', url]);
    expect({ code, said: (stdout + stderr).includes('hunter2') }).toEqual({ code: 2, said: false });
    expect(stderr).toContain('127.0.0.1');
  });
});

describe('reporters', () => {
  test('several, to files; --html is one more', async () => {
    const folder = await workspace.write(files);
    const reporters = ['-r', 'json=diff.json', '--html', 'diff.html'];
    const { code, stdout } = await workspace.run(folder, ['diff', 'bounded.txt', 'whole.txt', ...reporters]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    expect(JSON.parse(read('diff.json'))).toMatchObject({ verdict: 'different' });
    expect(read('diff.html')).toMatch(/^<!doctype html>/i);
    const refused = await workspace.run(folder, ['diff', 'bounded.txt', 'whole.txt', '--html', 'no/where.html']);
    expect(refused.transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard diff bounded.txt whole.txt --html no/where.html
      error: no/where.html: The report cannot be written: ENOENT: no such file or directory, access 'no'
        next: Name a file in a folder that exists and can be written.
      exit 2
      "
    `);
  });
});

describe('interrupted', () => {
  const started = (marker: string) => async () => {
    while (!existsSync(marker) || readFileSync(marker, 'utf8').trim() === '') await pause(5);
    return Number(readFileSync(marker, 'utf8'));
  };

  test('Ctrl-C while a revision is built ends the build and leaves nothing', async () => {
    const folder = await workspace.write(shop());
    new TestRepository(folder).commit();
    const marker = join(folder, 'started');
    let build = 0;
    const { transcript } = await workspace.run(folder, ['diff', 'HEAD', '--prepare', `echo $$ > ${marker}; sleep 60`], {
      onStart: async (child) => {
        build = await started(marker)();
        child.kill('SIGINT');
      },
    });
    expect(transcript.replace(/--prepare .*/, '--prepare …')).toMatchInlineSnapshot(`
      "
      $ plan-guard diff HEAD --prepare …
      error: Interrupted by SIGINT; nothing is left behind.
        next: Run it again.
      exit 2
      "
    `);
    expect(isAlive(build)).toBe(false);
  });

  test('what a killed run left is removed by the next one', async () => {
    const folder = await workspace.write(shop());
    new TestRepository(folder).commit();
    const marker = join(folder, 'started');
    let build = 0;
    await workspace.run(folder, ['diff', 'HEAD', '--prepare', `echo $$ > ${marker}; exec sleep 60 >/dev/null 2>&1`], {
      onStart: async (child) => {
        build = await started(marker)();
        child.kill('SIGKILL');
        process.kill(build, 'SIGKILL');
      },
    });
    expect(workspace.leftBehind()).toHaveLength(1);
    const { code } = await workspace.run(folder, ['diff', 'HEAD']);
    expect(code).toBe(0);
    expect(workspace.leftBehind()).toEqual([]);
  });
});
