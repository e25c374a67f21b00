import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NO_INDEX, shop, statistics } from '../cli/testing/shop.js';
import type { Since } from '../report/diff-model.js';
import { diff } from './diff.js';
import { cacheForFile, TestRepository, temporaryFolder } from './testing/repository.js';

cacheForFile();

const WHOLE = '-- name: orders_of_customer\nSELECT id, total FROM orders\n';
const OFF = { enable_indexscan: 'off', enable_bitmapscan: 'off' };

/** Since when the custom plan differs, in words; undefined where nothing is told. */
async function told(cwd: string, ...sources: readonly string[]): Promise<string | undefined> {
  const { comparisons } = await diff({ cwd, sources });
  const [custom] = comparisons;
  expect(custom?.change).not.toBe('same');
  return custom?.since && words(custom.since);
}

function words({ kind, commits, more, uncommitted }: Since): string {
  const told = commits.map(({ date, subject }) => `${date} ${subject}`);
  return [kind, ...told, ...(more > 0 ? [`and ${more}`] : []), ...(uncommitted ? ['uncommitted'] : [])].join(', ');
}

/** The shop in its first commit, `base`. */
function repositoryOf(files = shop()): TestRepository {
  const repository = new TestRepository();
  repository.commit(files, 'first');
  repository.git('tag', 'base');
  return repository;
}

describe('the commit that changed the files of the input', () => {
  test('a query', async () => {
    const repository = repositoryOf();
    repository.commit({ 'README.md': 'x' }, 'of another file');
    repository.commit({ 'orders.sql': WHOLE }, 'read all orders');
    repository.commit({ 'seed.sql': `${shop()['seed.sql']}-- more\n` }, 'the seed');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 read all orders');
  });

  test('a query, in a file of another name', async () => {
    const repository = repositoryOf();
    const files = { 'orders.sql': undefined, 'all.sql': WHOLE, ...suiteFile({ queries: [{ file: 'all.sql' }] }) };
    repository.commit(files, 'all of them');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 all of them');
  });

  test('another file of the query, in the suite file', async () => {
    const repository = repositoryOf(shop({}, { 'all.sql': WHOLE }));
    repository.commit(suiteFile({ queries: [{ file: 'all.sql' }] }), 'the other query');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 the other query');
  });

  test('the values of a scenario', async () => {
    const sql = { 'orders.sql': '-- name: orders_of_customer\nSELECT id FROM orders WHERE status = :status' };
    const index = { 'schema.sql': `${shop()['schema.sql']}CREATE INDEX orders_status_idx ON orders (status);` };
    const of = (status: string) => ({ scenarios: { regular: { status, customer_id: 1 } } });
    const repository = repositoryOf(shop(of('open'), { ...sql, ...index }));
    repository.commit(suiteFile(of('done')), 'done ones');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 done ones');
  });

  test('the schema', async () => {
    const repository = repositoryOf(shop({ schema: ['schema.sql', 'more.sql'] }, { 'more.sql': '-- none' }));
    repository.commit({ 'more.sql': 'DROP INDEX orders_customer_idx;' }, 'drop an index');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 drop an index');
  });

  test('the statistics', async () => {
    const repository = repositoryOf();
    const tables = { ...JSON.parse(statistics()), origin: 'elsewhere' };
    tables.tables['public.orders'] = { ...tables.tables['public.orders'], relpages: 1, reltuples: 9, relallvisible: 1 };
    repository.commit({ 'statistics.json': JSON.stringify(tables) }, 'pull statistics');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 pull statistics');
  });

  test('the settings, of the suite or of production', async () => {
    const repository = repositoryOf();
    repository.commit(suiteFile({ postgres: { settings: OFF } }), 'no indexes');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 no indexes');
    repository.commit(shop(), 'back');
    const pulled = JSON.stringify({ ...JSON.parse(statistics()), settings: OFF });
    repository.commit({ 'statistics.json': pulled }, 'pull settings');
    expect(await told(repository.folder, 'HEAD~1..HEAD')).toBe('changed, 2026-06-01 pull settings');
  });

  test('two inputs: the commits of both', async () => {
    const repository = repositoryOf();
    repository.commit({ 'schema.sql': NO_INDEX }, 'drop an index');
    repository.commit(suiteFile({ postgres: { settings: OFF } }), 'no indexes');
    const both = 'changed, 2026-06-01 no indexes, 2026-06-01 drop an index';
    expect(await told(repository.folder, 'base..HEAD')).toBe(both);
  });
});

describe('several commits', () => {
  test('three, and how many more', async () => {
    const repository = repositoryOf();
    for (const name of ['a', 'b', 'c', 'd']) repository.commit({ 'orders.sql': `${WHOLE}-- ${name}\n` }, name);
    expect(await told(repository.folder, 'base..HEAD')).toBe(
      'changed, 2026-06-01 d, 2026-06-01 c, 2026-06-01 b, and 1',
    );
  });

  test('on a branch that was merged, and not those that the merge left out', async () => {
    const repository = repositoryOf();
    repository.git('switch', '--quiet', '--create', 'work');
    repository.commit({ 'orders.sql': WHOLE }, 'on the branch');
    repository.git('switch', '--quiet', 'main');
    repository.commit({ 'orders.sql': `${shop()['orders.sql']}-- kept out\n` }, 'on main');
    repository.git('merge', '--quiet', '--strategy-option=theirs', '--message', 'merge', 'work');
    repository.write({ 'orders.sql': WHOLE }).git('commit', '--quiet', '--all', '--amend', '--message', 'merge');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 on the branch');
  });

  test('a merge that writes what neither side has', async () => {
    const repository = repositoryOf();
    repository.git('switch', '--quiet', '--create', 'work');
    repository.commit({ 'README.md': 'x' }, 'on the branch');
    repository.git('switch', '--quiet', 'main');
    repository.git('merge', '--quiet', '--no-ff', '--no-commit', 'work');
    repository.commit({ 'orders.sql': WHOLE }, 'an evil merge');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 an evil merge');
  });

  test('both sides changed the file: nobody knows which', async () => {
    const repository = repositoryOf();
    repository.git('switch', '--quiet', '--create', 'work');
    repository.commit({ 'orders.sql': `${shop()['orders.sql']}-- work\n` }, 'on the branch');
    repository.git('switch', '--quiet', 'main');
    repository.commit({ 'orders.sql': WHOLE }, 'on main');
    expect(await told(repository.folder, 'main..work')).toBeUndefined();
    expect(await told(repository.folder, 'base..main')).toBe('changed, 2026-06-01 on main');
  });

  test('the day is the author’s, in UTC', async () => {
    const repository = repositoryOf();
    repository.write({ 'orders.sql': WHOLE });
    repository.git('commit', '--quiet', '--all', '--message', 'late', '--date', '2026-03-01T00:30:00+02:00');
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-02-28 late');
  });

  test('the configuration of the user changes nothing', async () => {
    const repository = repositoryOf();
    repository.commit({ 'orders.sql': WHOLE }, 'read all orders');
    for (const [name, value] of [
      ['log.follow', 'true'],
      ['log.showSignature', 'true'],
      ['log.date', 'relative'],
      ['color.ui', 'always'],
      ['core.pager', 'false'],
      ['diff.external', 'false'],
      ['diff.noprefix', 'true'],
    ] as const)
      repository.git('config', name, value);
    expect(await told(repository.folder, 'base..HEAD')).toBe('changed, 2026-06-01 read all orders');
  });
});

describe('the working tree', () => {
  test('what is not committed', async () => {
    const repository = repositoryOf();
    repository.write({ 'orders.sql': WHOLE });
    expect(await told(repository.folder, 'base')).toBe('changed, uncommitted');
  });

  test('what is committed, whatever else is not', async () => {
    const repository = repositoryOf();
    repository.commit({ 'orders.sql': WHOLE }, 'read all orders');
    repository.write({ 'README.md': 'x', 'orders.sql': WHOLE.replaceAll('\n', '\r\n') });
    expect(await told(repository.folder, 'base')).toBe('changed, 2026-06-01 read all orders');
  });

  test('both', async () => {
    const repository = repositoryOf();
    repository.commit({ 'orders.sql': `${WHOLE}-- a\n` }, 'read all orders');
    repository.write({ 'orders.sql': WHOLE });
    expect(await told(repository.folder, 'base')).toBe('changed, 2026-06-01 read all orders, uncommitted');
  });
});

test('what a command makes is in no commit', async () => {
  const repository = repositoryOf(shop({ schema: ['made.sql'] }, { 'source.txt': shop()['schema.sql'] ?? '' }));
  repository.commit({ 'source.txt': NO_INDEX }, 'drop an index');
  const prepare = 'cp source.txt made.sql';
  const { comparisons } = await diff({ cwd: repository.folder, sources: ['base..HEAD'], prepare });
  expect(comparisons[0]).toMatchObject({ cause: { inputs: ['schema'] }, since: undefined });
  // Not that of the working tree, either.
  repository.write({ 'made.sql': NO_INDEX });
  const now = await diff({ cwd: repository.folder, sources: ['base'], prepare });
  expect(now.comparisons[0]).toMatchObject({ cause: { inputs: ['schema'] }, since: undefined });
});

test('a shallow clone does not name the commit that it ends with', async () => {
  const repository = repositoryOf();
  repository.commit({ 'orders.sql': WHOLE }, 'read all orders');
  repository.commit({ 'README.md': 'x' }, 'after');
  const clone = join(temporaryFolder(), 'clone');
  const source = `file://${repository.folder}`;
  repository.git('clone', '--quiet', '--depth=1', source, clone);
  repository.git('-C', clone, 'fetch', '--quiet', '--depth=1', 'origin', 'tag', 'base');
  expect(await told(clone, 'base..HEAD')).toBeUndefined();
  repository.git('-C', clone, 'fetch', '--quiet', '--depth=2', 'origin', 'main');
  expect(await told(clone, 'base..origin/main')).toBeUndefined();
  repository.git('-C', clone, 'fetch', '--quiet', '--depth=3', 'origin', 'main');
  expect(await told(clone, 'base..origin/main')).toBe('changed, 2026-06-01 read all orders');
});

describe('approved plans', () => {
  /** Those of the shop, as `approve` writes them. */
  async function approved(): Promise<TestRepository> {
    const { approve } = await import('./approve.js');
    const repository = new TestRepository().write(shop());
    await approve({ cwd: repository.folder });
    return repository;
  }

  test('were approved by the commit that last changed their file', async () => {
    const repository = await approved();
    repository.write({ 'schema.sql': NO_INDEX });
    expect(await told(repository.folder)).toBe('approved, uncommitted');
    repository.commit({}, 'approve the plans');
    repository.commit({ 'README.md': 'x' }, 'after');
    expect(await told(repository.folder)).toBe('approved, 2026-06-01 approve the plans');
    const file = 'plans/orders_of_customer.plan';
    expect(await told(repository.folder, file)).toBe('approved, 2026-06-01 approve the plans');
    const clone = join(temporaryFolder(), 'clone');
    repository.git('clone', '--quiet', '--depth=1', `file://${repository.folder}`, clone);
    expect(await told(clone)).toBeUndefined();
    const alone = join(temporaryFolder(), 'alone');
    cpSync(repository.folder, alone, { recursive: true, filter: (path) => !path.endsWith('.git') });
    expect(await told(alone)).toBeUndefined();
  });

  test('that are the same have no history to tell', async () => {
    const repository = await approved();
    repository.commit();
    writeFileSync(join(repository.folder, 'README.md'), 'x');
    const { comparisons } = await diff({ cwd: repository.folder });
    expect(comparisons.map(({ change, since }) => [change, since])).toEqual([
      ['same', undefined],
      ['same', undefined],
    ]);
  });
});

function suiteFile(keys: Readonly<Record<string, unknown>>) {
  return { 'plan-guard.yaml': shop(keys)['plan-guard.yaml'] };
}
