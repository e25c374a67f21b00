import { describe, expect, test } from 'vitest';
import { NO_INDEX, shop, statistics } from '../cli/testing/shop.js';
import { type DiffOptions, diff } from './diff.js';
import { cacheForFile, TestRepository } from './testing/repository.js';

cacheForFile();

type Files = Readonly<Record<string, string>>;

/** Each case of the suite at two commits: what became of it, and the inputs that decide. */
async function between(before: Files, after: Files, options: DiffOptions = {}) {
  const repository = new TestRepository();
  repository.commit(before);
  repository.commit(after);
  const report = await diff({ cwd: repository.folder, sources: ['HEAD~1..HEAD'], ...options });
  return report.comparisons.map(({ name, change, cause }) => ({
    name: name.replace('orders_of_customer, ', ''),
    change,
    ...(cause === undefined ? {} : { inputs: cause.inputs.join(' and '), why: cause.why }),
  }));
}

const OR = `-- name: orders_of_customer
SELECT id, total
FROM orders
WHERE customer_id = :customer_id OR id IN (SELECT g.order_id FROM gifts g WHERE g.receiver_id = :customer_id)
`;
const GIFTS = `${shop()['schema.sql']}CREATE TABLE gifts (order_id bigint PRIMARY KEY, receiver_id int);
CREATE INDEX gifts_receiver_idx ON gifts (receiver_id);
`;
const SMALL = JSON.stringify({
  ...JSON.parse(statistics()),
  tables: Object.fromEntries(
    Object.entries(JSON.parse(statistics()).tables).map(([name, table]) => [
      name,
      name === 'public.orders' ? { ...(table as object), relpages: 1, reltuples: 20, relallvisible: 1 } : table,
    ]),
  ),
});
describe('the cause is the one input that differs', () => {
  test('nothing that matters', async () => {
    expect(await between(shop(), shop({}, { 'README.md': 'x' }))).toEqual([
      { name: 'regular, production, custom', change: 'same' },
      { name: 'regular, production, generic', change: 'same' },
    ]);
  });

  test('the query', async () => {
    const schema = { 'schema.sql': GIFTS };
    const [custom] = await between(shop({}, schema), shop({}, { ...schema, 'orders.sql': OR }));
    expect(custom).toEqual({
      name: 'regular, production, custom',
      change: 'changed',
      inputs: 'query',
      why: expect.stringContaining('OR joins orders.customer_id with a subquery on gifts'),
    });
  });

  test('the schema', async () => {
    const [custom] = await between(shop(), shop({}, { 'schema.sql': NO_INDEX }));
    expect(custom).toMatchObject({
      change: 'changed',
      inputs: 'schema',
      why: 'orders lost the index orders_customer_idx.',
    });
  });

  test('the statistics', async () => {
    const [custom] = await between(shop({}, { 'statistics.json': SMALL }), shop());
    expect(custom).toMatchObject({
      change: 'changed',
      inputs: 'statistics',
      why: 'Other sizes: orders 20 rows → 1,000,000 rows.',
    });
  });

  test('the settings, of the suite or of production', async () => {
    const off = { enable_indexscan: 'off', enable_bitmapscan: 'off' };
    const why = 'enable_bitmapscan default → off, enable_indexscan default → off.';
    const [stated] = await between(shop(), shop({ postgres: { settings: off } }));
    expect(stated).toMatchObject({ change: 'changed', inputs: 'settings', why });
    const pulled = JSON.stringify({ ...JSON.parse(statistics()), settings: off });
    const [recorded] = await between(shop(), shop({}, { 'statistics.json': pulled }));
    expect(recorded).toMatchObject({ change: 'changed', inputs: 'settings', why });
  });

  test('the values of the scenario', async () => {
    const status = { 'orders.sql': 'SELECT id FROM orders WHERE status = :status' };
    const index = { 'schema.sql': `${shop()['schema.sql']}CREATE INDEX orders_status_idx ON orders (status);` };
    const of = (value: string) =>
      shop({ scenarios: { regular: { status: value, customer_id: 1 } } }, { ...status, ...index });
    const [custom, generic] = await between(of('open'), of('done'));
    expect(custom).toMatchObject({
      change: 'changed',
      inputs: 'query',
      why: expect.stringMatching(/open → done|status/),
    });
    expect(generic).toMatchObject({ change: 'same' });
  });

  test('the same shape, many times dearer', async () => {
    const larger = statistics({ relpages: 900_000, reltuples: 100_000_000, relallvisible: 0 });
    const all = { 'orders.sql': 'SELECT count(*) FROM orders WHERE customer_id = :customer_id AND total > 0' };
    const [custom] = await between(shop({}, all), shop({}, { ...all, 'statistics.json': larger }));
    expect(custom).toMatchObject({ change: 'dearer', inputs: 'statistics' });
  });
});

describe('where several inputs differ, they are swapped one at a time', () => {
  const unrelated = `${shop()['schema.sql']}CREATE TABLE notes (id int PRIMARY KEY, text text);
`;

  test('the one that makes the new plan', async () => {
    const postgres = { settings: { work_mem: '8MB' } };
    const after = shop(
      { postgres },
      { 'schema.sql': unrelated, 'orders.sql': 'SELECT id FROM orders WHERE total = 7' },
    );
    const [custom] = await between(shop(), {
      ...after,
      'orders.sql': '-- name: orders_of_customer\nSELECT id FROM orders',
    });
    expect(custom).toMatchObject({ change: 'changed', inputs: 'query' });
    const lost = shop({ postgres }, { 'schema.sql': NO_INDEX, 'orders.sql': `${shop()['orders.sql']} AND total > 0` });
    const [index] = await between(shop(), lost);
    expect(index).toMatchObject({ inputs: 'schema', why: 'orders lost the index orders_customer_idx.' });
  });

  test('a query of a new table: the query, not the table', async () => {
    const [custom] = await between(shop(), shop({}, { 'schema.sql': GIFTS, 'orders.sql': OR }));
    expect(custom).toMatchObject({ inputs: 'query', why: expect.stringContaining('OR joins orders.customer_id') });
  });

  test('two, each of which is enough', async () => {
    const postgres = { settings: { enable_indexscan: 'off', enable_bitmapscan: 'off' } };
    const [custom] = await between(shop(), shop({ postgres }, { 'schema.sql': NO_INDEX }));
    expect(custom).toMatchObject({
      inputs: 'schema and settings',
      why: expect.stringMatching(/^Each of them does it alone\. orders lost the index/),
    });
  });

  test('two, which it takes together', async () => {
    const index = `${shop()['schema.sql']}CREATE INDEX orders_status_idx ON orders (status);\n`;
    const after = shop(
      {},
      {
        'schema.sql': index,
        'orders.sql':
          "-- name: orders_of_customer\nSELECT id, total FROM orders WHERE customer_id = :customer_id OR status = 'open'",
      },
    );
    const [custom] = await between(shop(), after);
    expect(custom).toMatchObject({
      inputs: 'query and schema',
      why: expect.stringMatching(/^It takes both together\. .*orders gained the index orders_status_idx\./),
    });
  });
});
