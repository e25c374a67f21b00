/** A small database with planner statistics. */
export const SCHEMA = `
  CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, note text);
  CREATE INDEX orders_by_customer ON orders (customer_id);
  INSERT INTO orders SELECT i, i % 500, (ARRAY['open', 'paid', 'unpaid'])[1 + i % 3], 'x' FROM generate_series(1, 5000) i;
  CREATE TABLE gifts (order_id bigint, receiver_id bigint);
  INSERT INTO gifts SELECT i, i % 7 FROM generate_series(1, 1000) i;
  ANALYZE;
`;

/** Statements whose plans have what frames, marks and quotes can be taken for. */
export const STATEMENTS: readonly string[] = [
  'SELECT 1',
  `SELECT o.id FROM orders o WHERE o.customer_id = 7 AND o.status <> 'open'
   OR o.id IN (SELECT order_id FROM gifts WHERE receiver_id = 3) ORDER BY o.note LIMIT 5`,
  `SELECT * FROM orders "o'clock" WHERE status LIKE '%\\%' AND note = E'It''s "quoted", ünd\\n\\nQUERY PLAN\\n` +
    `(3 rows)\\n---\\n  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\\n|x|.'`,
  `SELECT count(*) FROM orders WHERE note = E'Dear Sir.\\nI am +\\nyours…\\n' || status`,
];

/** Characters that take two columns of a terminal: where psql wraps before one, it may leave a column empty. */
export const WIDE_STATEMENT = `SELECT * FROM orders WHERE note = '日本語の長い注文メモ、とても長いので折り返される日本語の長い注文メモ'`;
