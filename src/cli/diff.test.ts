import { expect, test } from 'vitest';
import { TestRepository } from '../guard/testing/repository.js';
import { Workspace } from './testing/plan-guard.js';
import { NO_INDEX, shop } from './testing/shop.js';

const workspace = Workspace.forFile();

const GIFTS = `${shop()['schema.sql']}CREATE TABLE gifts (order_id bigint PRIMARY KEY, receiver_id int);
CREATE INDEX gifts_receiver_idx ON gifts (receiver_id);
`;
const OR = `-- name: orders_of_customer
SELECT id, total
FROM orders
WHERE customer_id = :customer_id OR id IN (SELECT g.order_id FROM gifts g WHERE g.receiver_id = :customer_id)
`;

test('a pull request that joins a subquery by OR', async () => {
  const folder = await workspace.write(shop());
  const repository = new TestRepository(folder);
  repository.commit();
  repository.commit({ 'schema.sql': GIFTS });
  const commit = repository.commit({ 'orders.sql': OR }, 'Gifts are \u001b[31morders\u001b[0m too');
  const { transcript } = await workspace.run(folder, ['diff', 'HEAD~2..HEAD']);
  expect(transcript.replace(commit.slice(0, 9), '<commit>')).toMatchInlineSnapshot(`
    "
    $ plan-guard diff HEAD~2..HEAD
    HEAD~2 → HEAD

    ✗ orders: bounded by orders_customer_idx → whole table. 10 → 500,005 rows, cost 43.63 → 24,015
      (× 550).
      cause    the query. OR joins orders.customer_id with a subquery on gifts; no index can serve both
               arms, so every row is read.
      since    <commit>, 2026-06-01: Gifts are \\x1b[31morders\\x1b[0m too
      next     Use the two-phase query: first fetch the ids from gifts, then ask \`customer_id = $1 OR id
               = ANY($ids)\`, and leave the second arm out when there are none.
      also     gifts g: read now, bounded by gifts_receiver_idx. 10 rows, cost 14.79.
      plan     cost 43.63 → 24,015 (× 550)
      in       orders_of_customer, in all 2 plans: custom and generic

      plans of orders_of_customer, regular, production, custom          rows            cost
      ~ Seq Scan on orders                                      10 → 500,005  43.63 → 24,015
        │  was Bitmap Heap Scan on orders
        │  - Recheck Cond: (orders.customer_id = 7)
        │  + Filter: ((orders.customer_id = 7) OR (ANY (orders.id = (hashed SubPlan 1).col1)))
      + ├─ [SubPlan 1] Bitmap Heap Scan on gifts g                        10           14.79
        │  │  Recheck Cond: (g.receiver_id = 7)
      + │  └─ Bitmap Index Scan on gifts_receiver_idx                     10            4.23
        │        Index Cond: (g.receiver_id = 7)
      - └─ Bitmap Index Scan on orders_customer_idx                       10            4.50
              Index Cond: (orders.customer_id = 7)

    ✗ 2 of 2 plans differ
    exit 1
    "
  `);
});

test('an index that is gone, against the approved plans', async () => {
  const folder = await workspace.write(shop());
  await workspace.run(folder, ['approve']);
  const repository = new TestRepository(folder);
  const commit = repository.commit({}, 'Approve the plans');
  repository.write({ 'schema.sql': NO_INDEX });
  const { transcript } = await workspace.run(folder, ['diff']);
  expect(transcript.replace(commit.slice(0, 9), '<commit>')).toMatchInlineSnapshot(`
    "
    $ plan-guard diff
    the approved plans → the plans of now

    ✗ orders: an index condition on orders_customer_idx → whole table (parallel). 10 → 4 rows per
      worker, cost 50.00 → 14,208 (× 284).
      cause    No index begins with orders.customer_id, so nothing can serve the condition.
      approved <commit>, 2026-06-01: Approve the plans
      next     Create one: \`CREATE INDEX ON public.orders (customer_id)\`.
      plan     cost 50.00 → 15,209 (× 304)
      in       orders_of_customer, in all 2 plans: custom and generic

      plans of orders_of_customer, regular, production, custom    rows            cost
      + Gather                                                      10          15,209
      > └─ Parallel Seq Scan on orders                          10 → 4  50.00 → 14,208
           │  was Bitmap Heap Scan on orders, at the top
           │  - Recheck Cond: (orders.customer_id = $1)
           │  + Filter: (orders.customer_id = $1)
      -    └─ Bitmap Index Scan on orders_customer_idx
                 Index Cond: (orders.customer_id = $1)

    ✗ 2 of 2 plans differ
    exit 1
    "
  `);
});

test('what a module sends: the file of the call, where it changed as the statement did', async () => {
  const queries = [{ module: 'orders.mjs', export: 'orders', name: 'orders' }];
  const sends = (where: string) =>
    `export const orders = (client) => client.query('SELECT id, total FROM orders${where}');\n`;
  const files = shop(
    { queries, 'known-bad': undefined },
    { 'orders.mjs': sends(' WHERE customer_id = 7'), 'package.json': '{}' },
  );
  const folder = await workspace.write(files);
  const repository = new TestRepository(folder);
  repository.commit();
  const since = async () => {
    const { stdout } = await workspace.run(folder, ['diff', 'HEAD~1..HEAD', '--reporter', 'json']);
    const { comparisons } = JSON.parse(stdout) as { comparisons: { cause: unknown; since: unknown }[] };
    return comparisons[0];
  };
  const hash = repository.commit({ 'orders.mjs': sends('') }, 'All orders');
  expect(await since()).toMatchObject({
    cause: { inputs: ['query'] },
    since: {
      kind: 'changed',
      commits: [{ hash, date: '2026-06-01', subject: 'All orders' }],
      more: 0,
      uncommitted: false,
    },
  });
  const text = "import { sql } from './sql.mjs';\nexport const orders = (client) => client.query(sql);\n";
  repository.commit({ 'orders.mjs': text, 'sql.mjs': "export const sql = 'SELECT id, total FROM orders';" });
  const filtered = "export const sql = 'SELECT id, total FROM orders WHERE customer_id = 7';";
  repository.commit({ 'orders.mjs': `${text}// See sql.mjs\n`, 'sql.mjs': filtered });
  expect(await since()).toMatchObject({ cause: { inputs: ['query'] }, since: null });
});

test('nothing changed', async () => {
  const folder = await workspace.write(shop());
  new TestRepository(folder).commit();
  const { transcript } = await workspace.run(folder, ['diff', 'HEAD']);
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard diff HEAD
    HEAD → the working tree

    ✓ all 2 plans are the same
    exit 0
    "
  `);
});

test('a function that the suite trusts is no table, in the approved plan neither', async () => {
  const peek = `CREATE FUNCTION peek() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';\n`;
  const query = shop()['orders.sql']?.replace(':customer_id', ':customer_id AND peek() > 0') ?? '';
  const trusting = shop({ 'trusted-functions': ['peek'] }, { 'orders.sql': query });
  const folder = await workspace.write({ ...trusting, 'schema.sql': `${shop()['schema.sql']}${peek}` });
  await workspace.run(folder, ['approve']);
  new TestRepository(folder).write({ 'schema.sql': `${NO_INDEX}${peek}` });
  const { stdout } = await workspace.run(folder, ['diff']);
  expect(stdout).toContain('orders: an index condition on orders_customer_idx → whole table');
  expect(stdout).not.toMatch(/also +peek/);
});

test('one plan, explained', async () => {
  const folder = await workspace.write(shop());
  const args = ['explain', 'orders_of_customer', '--scenario', 'regular', '--mode', 'custom'];
  const { transcript } = await workspace.run(folder, args);
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard explain orders_of_customer --scenario regular --mode custom
    ✓ orders_of_customer, regular, production, custom: cost 43.63
      reads    orders: bounded by orders_customer_idx, 10 rows, cost 43.63
      with     values 7
      with     statistics production (statistics.json), PGlite <version> (PostgreSQL 18.6)

      plan                                           rows   cost
        Bitmap Heap Scan on orders                     10  43.63
        │  Recheck Cond: (orders.customer_id = 7)
        └─ Bitmap Index Scan on orders_customer_idx    10   4.50
              Index Cond: (orders.customer_id = 7)
    exit 0
    "
  `);
});
