import { stringify } from 'yaml';

/** A small suite of a shop at production size; tests change a file of it. */

export const SCHEMA = `CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, status text NOT NULL, total numeric NOT NULL);
CREATE INDEX orders_customer_idx ON orders (customer_id);
`;

/** The same without the index that the query needs. */
export const NO_INDEX = SCHEMA.replace(/CREATE INDEX.*\n/, '');

export const SEED = `INSERT INTO customers SELECT i, 'c' || i || '@example.org' FROM generate_series(1, 3) AS i;
INSERT INTO orders SELECT i, 1 + i % 3, 'open', i FROM generate_series(1, 9) AS i;
`;

const integers = (distinct: number) => ({
  null_frac: 0,
  avg_width: 4,
  n_distinct: distinct,
  histogram_bounds: ['1', '250000', '500000', '750000', '1000000'],
  correlation: 0.02,
});

/** Statistics of a million orders by a tenth as many customers. */
export function statistics(orders: Readonly<Record<string, unknown>> = {}): string {
  const index = { relpages: 2745, reltuples: 1_000_000, relallvisible: 0, height: 2 };
  return JSON.stringify({
    format: 'plan-guard statistics',
    version: 1,
    origin: 'written for tests',
    server_version: '18.0',
    tables: {
      'public.customers': {
        relpages: 900,
        reltuples: 100_000,
        relallvisible: 900,
        columns: { id: integers(-1) },
        indexes: { customers_pkey: { relpages: 276, reltuples: 100_000, relallvisible: 0, height: 1 } },
      },
      'public.orders': {
        relpages: 9000,
        reltuples: 1_000_000,
        relallvisible: 9000,
        columns: {
          id: integers(-1),
          customer_id: integers(100_000),
          status: {
            null_frac: 0,
            avg_width: 5,
            n_distinct: 2,
            most_common_vals: ['done', 'open'],
            most_common_freqs: [0.99, 0.01],
          },
        },
        indexes: { orders_pkey: index, orders_customer_idx: index },
        ...orders,
      },
    },
  });
}

export const GOOD = `-- name: orders_of_customer
SELECT id, total
FROM orders
WHERE customer_id = :customer_id
`;

export const BAD = `SELECT id FROM orders WHERE customer_id = :customer_id OR status = 'open'
`;

type Files = Readonly<Record<string, string>>;

/** The files of the shop's suite, with keys of the suite file and whole files over them. An undefined key is left out. */
export function shop(keys: Readonly<Record<string, unknown>> = {}, files: Files = {}): Files {
  const suite = {
    name: 'shop',
    schema: 'schema.sql',
    seed: 'seed.sql',
    statistics: { production: 'statistics.json' },
    protect: ['orders'],
    scenarios: { regular: { customer_id: 7 } },
    queries: [{ file: 'orders.sql' }],
    'known-bad': [{ file: 'bad.sql', 'must-fail': 'protect' }],
    ...keys,
  };
  const stated = Object.fromEntries(Object.entries(suite).filter(([, value]) => value !== undefined));
  return {
    'plan-guard.yaml': stringify(stated),
    'schema.sql': SCHEMA,
    'seed.sql': SEED,
    'statistics.json': statistics(),
    'orders.sql': GOOD,
    'bad.sql': BAD,
    ...files,
  };
}
