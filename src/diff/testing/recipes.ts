/** How one plan of a pair is made. */
export interface Recipe {
  readonly sql: string;
  /** Planner settings of the transaction. */
  readonly set?: Readonly<Record<string, string | number>>;
  /** Options of EXPLAIN beside FORMAT; default VERBOSE. */
  readonly options?: string;
  /** PostgreSQL 18 by default. */
  readonly major?: 15;
}

/** Two plans of the same thing, as they are met in reviews. */
export interface Pair {
  readonly name: string;
  readonly before: Recipe;
  readonly after: Recipe;
}

export const schema = `
CREATE TABLE customers (id int PRIMARY KEY, name text, country text, segment int);
CREATE TABLE products (id int PRIMARY KEY, name text, category int);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text, total int, created_at timestamp);
CREATE TABLE items (order_id int, product_id int, quantity int, PRIMARY KEY (order_id, product_id));
CREATE TABLE gifts (order_id int, receiver_id int);
CREATE TABLE categories (id int PRIMARY KEY, parent_id int, name text);
CREATE TABLE events (id int, user_id int, at date) PARTITION BY RANGE (at);
CREATE TABLE events_2021 PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE events_2022 PARTITION OF events FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO customers SELECT i, 'name ' || i, 'c' || i % 50, i % 5 FROM generate_series(1, 2000) i;
INSERT INTO products SELECT i, 'product ' || i, i % 20 FROM generate_series(1, 500) i;
INSERT INTO orders SELECT i, i % 2000, (ARRAY['open', 'paid', 'sent', 'back'])[1 + i % 4], i % 100,
  '2024-01-01'::timestamp + i * interval '1 minute' FROM generate_series(1, 20000) i;
INSERT INTO items SELECT i, (i * 7) % 500, 1 FROM generate_series(1, 20000) i;
INSERT INTO gifts SELECT i * 10, i % 300 FROM generate_series(1, 500) i;
INSERT INTO categories SELECT i, i / 3, 'category ' || i FROM generate_series(1, 1000) i;
INSERT INTO events SELECT i, i % 100, '2021-01-01'::date + i % 1400 FROM generate_series(1, 8000) i;
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_customer_created ON orders (customer_id, created_at);
CREATE INDEX orders_created ON orders (created_at);
CREATE INDEX orders_status ON orders (status);
CREATE INDEX orders_total ON orders (total);
CREATE INDEX items_product ON items (product_id);
CREATE INDEX gifts_receiver ON gifts (receiver_id);
CREATE INDEX products_category ON products (category);
CREATE INDEX categories_parent ON categories (parent_id);
CREATE INDEX events_user ON events (user_id, at);
ANALYZE;
`;

const none = { enable_hashjoin: 'off', enable_mergejoin: 'off', enable_nestloop: 'off' };
const loop = { ...none, enable_nestloop: 'on' };
const hash = { ...none, enable_hashjoin: 'on' };
const merge = { ...none, enable_mergejoin: 'on' };
const noIndex = { enable_indexscan: 'off', enable_bitmapscan: 'off', enable_indexonlyscan: 'off' };
const parallel = {
  parallel_setup_cost: 0,
  parallel_tuple_cost: 0,
  min_parallel_table_scan_size: 0,
  min_parallel_index_scan_size: 0,
  max_parallel_workers_per_gather: 2,
};
const serial = { max_parallel_workers_per_gather: 0 };
const written = { join_collapse_limit: 1, from_collapse_limit: 1 };

const ofCustomer = 'SELECT * FROM orders o WHERE o.customer_id = 7';
const ordersOfCountry =
  "SELECT o.id, c.name FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.country = 'c7'";
const byStatus = 'SELECT status, count(*) FROM orders GROUP BY status';
const eventsSince = (date: string) => `SELECT * FROM events e WHERE e.at >= '${date}' AND e.user_id = 7`;

export const pairs: readonly Pair[] = [
  {
    name: 'index-to-sequential-scan',
    before: { sql: ofCustomer },
    after: { sql: ofCustomer, set: { ...noIndex, ...serial } },
  },
  {
    name: 'index-to-parallel-scan',
    before: { sql: `${ofCustomer} ORDER BY o.total LIMIT 5` },
    after: { sql: `${ofCustomer} ORDER BY o.total LIMIT 5`, set: { ...noIndex, ...parallel } },
  },
  {
    name: 'or-with-subquery',
    before: { sql: ofCustomer },
    after: { sql: `${ofCustomer} OR o.id IN (SELECT g.order_id FROM gifts g WHERE g.receiver_id = 7)` },
  },
  {
    name: 'nested-loop-to-hash-join',
    before: { sql: ordersOfCountry, set: loop },
    after: { sql: ordersOfCountry, set: hash },
  },
  {
    name: 'hash-to-merge-join',
    before: { sql: ordersOfCountry, set: hash },
    after: { sql: ordersOfCountry, set: { ...merge, enable_indexscan: 'off', enable_bitmapscan: 'off' } },
  },
  {
    name: 'sides-of-a-join-swapped',
    before: {
      sql: "SELECT c.name FROM customers c JOIN gifts g ON g.receiver_id = c.id WHERE c.country = 'c7'",
      set: { ...hash, ...noIndex, ...serial },
    },
    after: {
      sql: 'SELECT c.name FROM customers c JOIN gifts g ON g.receiver_id = c.id WHERE g.order_id < 20',
      set: { ...hash, ...noIndex, ...serial },
    },
  },
  {
    name: 'order-of-three-tables',
    before: {
      sql: 'SELECT * FROM (customers c JOIN orders o ON o.customer_id = c.id) JOIN items i ON i.order_id = o.id WHERE i.quantity = 1',
      set: { ...hash, ...written },
    },
    after: {
      sql: 'SELECT * FROM customers c JOIN (orders o JOIN items i ON i.order_id = o.id) ON o.customer_id = c.id WHERE i.quantity = 1',
      set: { ...hash, ...written },
    },
  },
  {
    name: 'order-of-five-tables',
    before: {
      sql: 'SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id JOIN items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id JOIN categories k ON k.id = p.category WHERE o.id < 50',
      set: { ...loop, ...written, enable_memoize: 'off' },
    },
    after: {
      sql: 'SELECT * FROM orders o JOIN items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id JOIN customers c ON c.id = o.customer_id JOIN categories k ON k.id = p.category WHERE o.id < 50',
      set: { ...loop, ...written, enable_memoize: 'off' },
    },
  },
  {
    name: 'bushy-to-left-deep',
    before: {
      sql: 'SELECT * FROM (orders o JOIN customers c ON c.id = o.customer_id) JOIN (items i JOIN products p ON p.id = i.product_id) ON i.order_id = o.id',
      set: { ...hash, ...written },
    },
    after: {
      sql: 'SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id JOIN items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id',
      set: { ...hash, ...written },
    },
  },
  {
    name: 'aggregate-becomes-parallel',
    before: { sql: byStatus, set: serial },
    after: { sql: byStatus, set: parallel },
  },
  {
    name: 'gather-above-the-join',
    before: {
      sql: 'SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.total < 3',
      set: { ...hash, ...serial },
    },
    after: {
      sql: 'SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.total < 3',
      set: { ...hash, ...parallel, ...noIndex },
    },
  },
  {
    name: 'gather-to-gather-merge',
    before: { sql: 'SELECT * FROM orders ORDER BY total', set: { ...parallel, enable_gathermerge: 'off', ...noIndex } },
    after: { sql: 'SELECT * FROM orders ORDER BY total', set: { ...parallel, ...noIndex } },
  },
  {
    name: 'sort-to-incremental-sort',
    before: {
      sql: 'SELECT * FROM orders ORDER BY customer_id, total LIMIT 10',
      set: { enable_incremental_sort: 'off', ...serial },
    },
    after: { sql: 'SELECT * FROM orders ORDER BY customer_id, total LIMIT 10', set: serial },
  },
  {
    name: 'sort-served-by-an-index',
    before: {
      sql: `${ofCustomer} ORDER BY created_at DESC LIMIT 3`,
      set: { enable_indexscan: 'off', ...serial },
    },
    after: { sql: `${ofCustomer} ORDER BY created_at DESC LIMIT 3`, set: { enable_bitmapscan: 'off', ...serial } },
  },
  {
    name: 'hashed-to-sorted-groups',
    before: { sql: 'SELECT total, count(*) FROM orders GROUP BY total', set: { ...serial, ...noIndex } },
    after: {
      sql: 'SELECT total, count(*) FROM orders GROUP BY total',
      set: { ...serial, ...noIndex, enable_hashagg: 'off' },
    },
  },
  {
    name: 'distinct-by-hash-to-unique',
    before: { sql: 'SELECT DISTINCT customer_id, total FROM orders', set: serial },
    after: { sql: 'SELECT DISTINCT customer_id, total FROM orders', set: { ...serial, enable_hashagg: 'off' } },
  },
  {
    name: 'cte-inlined-to-materialized',
    before: { sql: 'WITH x AS (SELECT * FROM orders WHERE total < 50) SELECT * FROM x WHERE customer_id = 7' },
    after: {
      sql: 'WITH x AS MATERIALIZED (SELECT * FROM orders WHERE total < 50) SELECT * FROM x WHERE customer_id = 7',
      set: serial,
    },
  },
  {
    name: 'initplans-renumbered',
    before: { sql: 'SELECT * FROM orders WHERE total > (SELECT avg(quantity) FROM items) AND customer_id = 7' },
    after: {
      sql: 'SELECT * FROM orders WHERE id < (SELECT max(order_id) FROM gifts) AND total > (SELECT avg(quantity) FROM items) AND customer_id = 7',
    },
  },
  {
    name: 'subplan-to-hashed-subplan',
    before: {
      sql: 'SELECT * FROM customers c WHERE c.id = 5 AND (c.segment = 1 OR EXISTS (SELECT FROM gifts g WHERE g.receiver_id = c.id))',
      set: serial,
    },
    after: {
      sql: 'SELECT * FROM customers c WHERE c.segment = 1 OR EXISTS (SELECT FROM gifts g WHERE g.receiver_id = c.id)',
      set: serial,
    },
  },
  {
    name: 'subplan-to-semi-join',
    before: {
      sql: 'SELECT * FROM customers c WHERE c.segment = 1 OR c.id IN (SELECT receiver_id FROM gifts)',
      set: serial,
    },
    after: { sql: 'SELECT * FROM customers c WHERE c.id IN (SELECT receiver_id FROM gifts)', set: serial },
  },
  {
    name: 'not-in-to-anti-join',
    before: {
      sql: 'SELECT * FROM customers c WHERE c.id NOT IN (SELECT receiver_id FROM gifts) AND c.segment = 2',
      set: serial,
    },
    after: {
      sql: 'SELECT * FROM customers c WHERE NOT EXISTS (SELECT FROM gifts g WHERE g.receiver_id = c.id) AND c.segment = 2',
      set: serial,
    },
  },
  {
    name: 'partitions-pruned',
    before: { sql: eventsSince('2021-06-01') },
    after: { sql: eventsSince('2023-06-01') },
  },
  {
    name: 'one-partition-left',
    before: { sql: eventsSince('2022-06-01') },
    after: { sql: eventsSince('2024-06-01') },
  },
  {
    name: 'partitions-read-whole',
    before: { sql: `SELECT c.name, e.at FROM customers c JOIN events e ON e.user_id = c.id WHERE c.id = 7` },
    after: {
      sql: `SELECT c.name, e.at FROM customers c JOIN events e ON e.user_id = c.id WHERE c.id = 7`,
      set: { ...noIndex, ...serial },
    },
  },
  {
    name: 'self-join-other-way-round',
    before: {
      sql: 'SELECT a.id, b.id FROM orders a JOIN orders b ON b.customer_id = a.customer_id WHERE a.id = 5',
      set: loop,
    },
    after: {
      sql: 'SELECT a.id, b.id FROM orders a JOIN orders b ON b.customer_id = a.customer_id WHERE b.id = 5',
      set: loop,
    },
  },
  {
    name: 'aliases-renumbered',
    before: {
      sql: 'SELECT * FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE total = 1) AND EXISTS (SELECT FROM orders WHERE id = customers.segment)',
      set: { ...hash, ...serial },
    },
    after: {
      sql: "SELECT * FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE status = 'back' AND id < 100) AND id IN (SELECT customer_id FROM orders WHERE total = 1) AND EXISTS (SELECT FROM orders WHERE id = customers.segment)",
      set: { ...hash, ...serial },
    },
  },
  {
    name: 'bitmap-to-index-scan',
    before: {
      sql: 'SELECT c.name, o.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id = 7',
      set: { enable_indexscan: 'off', ...loop },
    },
    after: {
      sql: 'SELECT c.name, o.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id = 7',
      set: { enable_bitmapscan: 'off', ...loop },
    },
  },
  {
    name: 'second-arm-of-a-bitmap',
    before: { sql: ofCustomer, set: { enable_indexscan: 'off', ...serial } },
    after: { sql: `${ofCustomer} OR o.id IN (1, 2, 3)`, set: { enable_indexscan: 'off', ...serial } },
  },
  {
    name: 'bitmap-and-to-one-bitmap',
    before: {
      sql: 'SELECT * FROM orders o WHERE o.customer_id < 100 AND o.total = 7',
      set: { enable_indexscan: 'off', ...serial },
    },
    after: { sql: 'SELECT * FROM orders o WHERE o.total = 7', set: { enable_indexscan: 'off', ...serial } },
  },
  {
    name: 'memoize-comes',
    before: {
      sql: 'SELECT * FROM items i LEFT JOIN products p ON p.id = i.product_id WHERE i.order_id < 3000',
      set: { ...loop, enable_memoize: 'off', ...serial },
    },
    after: {
      sql: 'SELECT * FROM items i LEFT JOIN products p ON p.id = i.product_id WHERE i.order_id < 3000',
      set: { ...loop, ...serial },
    },
  },
  {
    name: 'materialize-goes',
    before: {
      sql: 'SELECT * FROM customers c LEFT JOIN products p ON p.category < c.segment',
      set: { ...loop, ...serial, ...noIndex, enable_memoize: 'off' },
    },
    after: {
      sql: 'SELECT * FROM customers c LEFT JOIN products p ON p.category < c.segment',
      set: { ...loop, ...serial, ...noIndex, enable_memoize: 'off', enable_material: 'off' },
    },
  },
  {
    name: 'subquery-kept-by-its-limit',
    before: {
      sql: 'SELECT o.id, c.name FROM (SELECT * FROM orders WHERE total < 5) o JOIN customers c ON c.id = o.customer_id',
      set: { ...hash, ...serial },
    },
    after: {
      sql: 'SELECT o.id, c.name FROM (SELECT * FROM orders WHERE total < 5 ORDER BY created_at LIMIT 10) o JOIN customers c ON c.id = o.customer_id',
      set: { ...hash, ...serial },
    },
  },
  {
    name: 'update-joined-otherwise',
    before: {
      sql: 'UPDATE orders o SET total = 0 FROM gifts g WHERE g.order_id = o.id AND g.receiver_id = 7',
      set: loop,
    },
    after: {
      sql: 'UPDATE orders o SET total = 0 FROM gifts g WHERE g.order_id = o.id AND g.receiver_id = 7',
      set: { ...hash, ...serial },
    },
  },
  {
    name: 'delete-in-a-cte',
    before: {
      sql: "DELETE FROM gifts WHERE receiver_id = 7 AND order_id IN (SELECT id FROM orders WHERE status = 'back')",
      set: serial,
    },
    after: {
      sql: "WITH gone AS (DELETE FROM gifts WHERE receiver_id = 7 AND order_id IN (SELECT id FROM orders WHERE status = 'back') RETURNING order_id) SELECT o.* FROM orders o JOIN gone ON gone.order_id = o.id",
      set: serial,
    },
  },
  {
    name: 'first-arm-of-a-union-comes',
    before: {
      sql: "SELECT id FROM orders WHERE status = 'open' UNION ALL SELECT id FROM orders WHERE total = 7",
      set: serial,
    },
    after: {
      sql: "SELECT id FROM orders WHERE customer_id = 7 UNION ALL SELECT id FROM orders WHERE status = 'open' UNION ALL SELECT id FROM orders WHERE total = 7",
      set: serial,
    },
  },
  {
    name: 'union-to-union-all',
    before: {
      sql: 'SELECT customer_id FROM orders WHERE total = 7 UNION SELECT receiver_id FROM gifts',
      set: serial,
    },
    after: {
      sql: 'SELECT customer_id FROM orders WHERE total = 7 UNION ALL SELECT receiver_id FROM gifts',
      set: serial,
    },
  },
  {
    name: 'intersection-by-hash-to-sort',
    before: {
      sql: 'SELECT customer_id FROM orders WHERE total = 7 INTERSECT SELECT receiver_id FROM gifts',
      set: serial,
    },
    after: {
      sql: 'SELECT customer_id FROM orders WHERE total = 7 INTERSECT SELECT receiver_id FROM gifts',
      set: { ...serial, enable_hashagg: 'off' },
    },
  },
  {
    name: 'second-window',
    before: {
      sql: 'SELECT id, rank() OVER (PARTITION BY customer_id ORDER BY total) FROM orders WHERE customer_id < 50',
      set: serial,
    },
    after: {
      sql: 'SELECT id, rank() OVER (PARTITION BY customer_id ORDER BY total), sum(total) OVER (ORDER BY created_at) FROM orders WHERE customer_id < 50',
      set: serial,
    },
  },
  {
    name: 'recursive-query-joined-otherwise',
    before: {
      sql: 'WITH RECURSIVE t AS (SELECT * FROM categories WHERE id = 1 UNION ALL SELECT c.* FROM categories c JOIN t ON c.parent_id = t.id) SELECT * FROM t',
      set: { ...loop, ...serial },
    },
    after: {
      sql: 'WITH RECURSIVE t AS (SELECT * FROM categories WHERE id = 1 UNION ALL SELECT c.* FROM categories c JOIN t ON c.parent_id = t.id) SELECT * FROM t',
      set: { ...hash, ...serial },
    },
  },
  {
    name: 'deep-chain-loses-a-level',
    before: {
      sql: 'SELECT customer_id, max(n) FROM (SELECT customer_id, total, count(*) AS n FROM (SELECT * FROM orders ORDER BY created_at LIMIT 500) a GROUP BY 1, 2 ORDER BY 3 LIMIT 100) b GROUP BY 1 ORDER BY 2 LIMIT 10',
      set: serial,
    },
    after: {
      sql: 'SELECT customer_id, max(n) FROM (SELECT customer_id, total, count(*) AS n FROM orders GROUP BY 1, 2 ORDER BY 3 LIMIT 100) b GROUP BY 1 ORDER BY 2 LIMIT 10',
      set: serial,
    },
  },
  {
    name: 'lateral-limit',
    before: {
      sql: 'SELECT c.name, l.id FROM customers c CROSS JOIN LATERAL (SELECT id FROM orders o WHERE o.customer_id = c.id ORDER BY created_at DESC LIMIT 1) l WHERE c.segment = 3',
      set: serial,
    },
    after: {
      sql: 'SELECT c.name, l.id FROM customers c CROSS JOIN LATERAL (SELECT id FROM orders o WHERE o.customer_id = c.id ORDER BY created_at DESC LIMIT 1) l WHERE c.segment = 3',
      set: { enable_indexscan: 'off', ...serial },
    },
  },
  {
    name: 'condition-never-true',
    before: { sql: `${ofCustomer} ORDER BY total LIMIT 5`, set: serial },
    after: { sql: `${ofCustomer} AND false ORDER BY total LIMIT 5`, set: serial },
  },
  {
    name: 'alias-renamed',
    before: {
      sql: 'SELECT o.id, c.name FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.id = 7',
      set: serial,
    },
    after: {
      sql: 'SELECT orders.id, buyer.name FROM customers buyer JOIN orders ON orders.customer_id = buyer.id WHERE buyer.id = 7',
      set: serial,
    },
  },
  {
    name: 'with-and-without-verbose',
    before: { sql: `${ofCustomer} AND total > (SELECT avg(quantity) FROM items)`, set: serial },
    after: { sql: `${ofCustomer} AND total > (SELECT avg(quantity) FROM items)`, set: serial, options: 'COSTS OFF' },
  },
  {
    name: 'words-of-15-and-18',
    before: {
      sql: 'SELECT * FROM customers c WHERE c.segment = (SELECT min(category) FROM products) AND (c.id = 7 OR c.id IN (SELECT receiver_id FROM gifts))',
      set: serial,
      major: 15,
    },
    after: {
      sql: 'SELECT * FROM customers c WHERE c.segment = (SELECT min(category) FROM products) AND (c.id = 7 OR c.id IN (SELECT receiver_id FROM gifts))',
      set: serial,
    },
  },
];
