import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Workspace } from './testing/plan-guard.js';
import { shop } from './testing/shop.js';

const workspace = Workspace.forFile();

interface Explained {
  readonly name: string;
  readonly side: {
    readonly source: string;
    readonly accesses: readonly { readonly table: string; readonly kind: string }[];
  };
  readonly findings: readonly { readonly rule: string }[];
  readonly doubts: readonly unknown[];
}

async function explained(folder: string, ...args: string[]) {
  const { code, stdout, stderr } = await workspace.run(folder, ['explain', ...args, '--reporter', 'json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { cases } = JSON.parse(stdout) as { readonly cases: readonly Explained[] };
  return cases.map(({ name, side, findings }) => ({
    name,
    source: side.source,
    accesses: side.accesses.map(({ table, kind }) => `${table} ${kind}`),
    findings: findings.map(({ rule }) => rule),
  }));
}

const scenarios = { regular: { customer_id: 7, status: 'open' }, busy: { customer_id: 8, status: 'done' } };
const schema = `${shop()['schema.sql']}CREATE INDEX orders_status_idx ON orders (status);\n`;
const files = shop(
  { scenarios },
  { 'schema.sql': schema, 'orders.sql': 'SELECT total FROM orders WHERE status = :status\n' },
);

test('all plans of a query, those of one shape once: the dearest of them', async () => {
  const folder = await workspace.write(files);
  const source = 'orders.sql:1';
  expect(await explained(folder, 'orders')).toEqual([
    { name: 'orders, regular, production, custom', source, accesses: ['orders bounded'], findings: [] },
    {
      name: 'orders, regular, production, generic and 2 more',
      source,
      accesses: ['orders whole-table'],
      findings: ['protect'],
    },
  ]);
});

test('for one scenario, one mode, one statistics set', async () => {
  const folder = await workspace.write(files);
  const names = async (...args: string[]) => (await explained(folder, 'orders', ...args)).map(({ name }) => name);
  expect(await names('--scenario', 'busy')).toEqual([
    'orders, busy, production, custom',
    'orders, busy, production, generic',
  ]);
  expect(await names('--scenario', 'busy', '--mode', 'generic')).toEqual(['orders, busy, production, generic']);
  expect(await names('--statistics', 'production', '--mode', 'custom')).toEqual([
    'orders, regular, production, custom',
    'orders, busy, production, custom',
  ]);
});

test('a known-bad query', async () => {
  const folder = await workspace.write(shop());
  const [bad] = await explained(folder, 'bad', '--scenario', 'regular');
  expect(bad).toMatchObject({ accesses: ['orders whole-table'], findings: ['protect'] });
});

test('a page', async () => {
  const folder = await workspace.write(shop());
  const { code } = await workspace.run(folder, ['explain', 'orders_of_customer', '--html', 'orders.html']);
  expect(code).toBe(0);
  expect(readFileSync(join(folder, 'orders.html'), 'utf8')).toContain('orders_of_customer');
});

test.each([
  ['a query that is not there', ['order']],
  ['a scenario that is not there', ['orders', '--scenario', 'regulr']],
  ['a statistics set that is not there', ['orders', '--statistics', 'yesterday']],
  ['a mode that is not there', ['orders', '--mode', 'both']],
  ['no query', []],
])('%s', async (_, args) => {
  const folder = await workspace.write(files);
  const { transcript } = await workspace.run(folder, ['explain', ...args]);
  expect(transcript).toMatchSnapshot();
});
