/** Tables, with names that are hard to read back, for the statements below. */
export const MANY_SCHEMA = `
CREATE SCHEMA many;
SET search_path = many;
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c timestamptz DEFAULT now());
INSERT INTO t SELECT n, n % 10, 'x' || n FROM generate_series(1, 2000) AS n;
CREATE INDEX t_a ON t (a);
CREATE INDEX t_b_a ON t (b, a);
CREATE TABLE u (id int PRIMARY KEY, t_id int REFERENCES t, note text);
INSERT INTO u SELECT n, 1 + n % 2000, repeat('y', n % 50) FROM generate_series(1, 500) AS n;
CREATE SCHEMA "Odd ""schema"".x";
CREATE TABLE "Odd ""schema"".x"."a.b on c  (cost=1..2)" (id int PRIMARY KEY, "Order, by" text);
INSERT INTO "Odd ""schema"".x"."a.b on c  (cost=1..2)" SELECT n, 'n' || n FROM generate_series(1, 5) AS n;
CREATE INDEX "an index" ON "Odd ""schema"".x"."a.b on c  (cost=1..2)" ("Order, by");
CREATE TABLE "line
break" (id int, "select" text);
CREATE TABLE "order" (id int);
CREATE TABLE part (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (100) TO (200);
CREATE TABLE part_3 PARTITION OF part FOR VALUES FROM (200) TO (300);
INSERT INTO part SELECT n, 'p' || n FROM generate_series(0, 299) AS n;
CREATE INDEX ON part (k);
CREATE FUNCTION "my func"(n int) RETURNS SETOF int LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT generate_series(1, n); END';
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "row noted" BEFORE INSERT OR UPDATE ON u FOR EACH ROW EXECUTE FUNCTION noted();
CREATE TRIGGER part_noted AFTER INSERT ON part FOR EACH ROW EXECUTE FUNCTION noted();
ANALYZE;
`;

/** Statements that together have nearly every kind of node and of property that explain.c prints. */
export const MANY_STATEMENTS: readonly string[] = [
  `SELECT * FROM t WHERE a = 5 ORDER BY b DESC NULLS LAST, id LIMIT 3`,
  `SELECT * FROM t WHERE id = 5 OR id = 7`,
  `SELECT * FROM t WHERE id = ANY ('{1,2,3}') AND b <> 'x, y'`,
  `SELECT id FROM t WHERE id BETWEEN 5 AND 9 AND id % 2 = 0`,
  `SELECT * FROM t WHERE ctid = '(0,1)' OR ctid = '(0,2)'`,
  `SELECT * FROM t WHERE ctid > '(0,1)' AND ctid < '(1,1)'`,
  `SELECT count(*) FROM t WHERE b = E'it''s -> "a"  (cost=0.00..1.00 rows=1 width=4)\n  ->  Seq Scan on t\nFilter: (x)\n\n  end '`,
  `SELECT E'a\nb "x', 'c, d' || b, ARRAY[1, 2], ROW(a, 'q'), CASE WHEN a > 1 THEN '(' ELSE ')' END FROM t WHERE b > E'\\\\' AND b < 'y'`,
  `SELECT * FROM "Odd ""schema"".x"."a.b on c  (cost=1..2)" WHERE "Order, by" = 'x'`,
  `SELECT "x on y".* FROM "Odd ""schema"".x"."a.b on c  (cost=1..2)" "x on y" JOIN t "T ""2""" ON "T ""2""".id = "x on y".id`,
  `SELECT "l
b"."select" FROM "line
break" "l
b" ORDER BY "select" || 'x
y'`,
  `SELECT * FROM "order" "select", "order" "using"`,
  `SELECT a, count(*) FROM t GROUP BY GROUPING SETS ((a), (b, a), ())`,
  `SELECT a, b, c, count(*) FROM t GROUP BY GROUPING SETS ((a, b), (a), (c), (b, c), ())`,
  `SELECT a, b, count(*) FROM t GROUP BY CUBE (a, b)`,
  `SELECT a, b, count(*) FROM t GROUP BY ROLLUP (a, b) HAVING count(*) > 1`,
  `SELECT count(*) FROM t GROUP BY ()`,
  `SELECT a, b FROM t GROUP BY a, b HAVING max(id) > 5`,
  `SELECT DISTINCT a FROM t`,
  `SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b`,
  `SELECT a FROM t GROUP BY a ORDER BY a`,
  `SELECT * FROM (SELECT * FROM t ORDER BY a LIMIT 1000) s ORDER BY a, b`,
  `SELECT a, sum(id) OVER (PARTITION BY a ORDER BY b ROWS 2 PRECEDING), rank() OVER w FROM t WINDOW w AS (PARTITION BY b)`,
  `SELECT * FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM t) s WHERE n < 5`,
  `SELECT a FROM t UNION SELECT id FROM u`,
  `SELECT a FROM t UNION ALL SELECT id FROM u`,
  `SELECT a FROM t INTERSECT SELECT id FROM u`,
  `SELECT a FROM t INTERSECT ALL SELECT id FROM u`,
  `SELECT a FROM t EXCEPT SELECT id FROM u`,
  `SELECT a FROM t EXCEPT ALL SELECT id FROM u`,
  `SELECT * FROM t TABLESAMPLE bernoulli (10) REPEATABLE (1)`,
  `SELECT * FROM t TABLESAMPLE system (100) WHERE a = 1`,
  `SELECT * FROM "my func"(3) AS f, generate_series(1, 2)`,
  `SELECT * FROM "my func"(3)`,
  `SELECT * FROM generate_series(1, 20) AS g WHERE g > 7`,
  `SELECT * FROM ROWS FROM (generate_series(1, 2), "my func"(3)) AS r (a, b)`,
  `SELECT * FROM unnest('{1,2}'::int[], '{a,"b, c"}'::text[]) AS n (x, y)`,
  `SELECT * FROM XMLTABLE('/r/x' PASSING ('<r><x>1</x></r>'::xml) COLUMNS v int PATH '.')`,
  `SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (n, s) WHERE n > 1`,
  `VALUES (1), (2)`,
  `SELECT 1 WHERE false`,
  `SELECT generate_series(1, 3), 'x'`,
  `WITH x AS MATERIALIZED (SELECT * FROM t WHERE a = 1) SELECT * FROM x AS one, x AS two WHERE one.id = two.id + 1`,
  `WITH "a cte: x" AS MATERIALIZED (SELECT id FROM t) SELECT * FROM "a cte: x" LIMIT 2`,
  `WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r`,
  `SELECT *, (SELECT max(id) FROM u), (SELECT note FROM u WHERE u.id = t.id), EXISTS (SELECT FROM u WHERE u.t_id = t.id) FROM t WHERE a IN (SELECT id FROM u WHERE note > 'y') OR b = ANY (SELECT note FROM u)`,
  `SELECT * FROM t WHERE a > (SELECT avg(id) FROM u) AND (a, id) = (SELECT 1, 2)`,
  `SELECT * FROM t WHERE NOT EXISTS (SELECT FROM u WHERE u.t_id = t.id)`,
  `SELECT * FROM t WHERE EXISTS (SELECT FROM u WHERE u.t_id = t.id)`,
  `SELECT * FROM t LEFT JOIN u ON u.t_id = t.id AND t.a > 3`,
  `SELECT * FROM u LEFT JOIN t ON u.t_id = t.id WHERE t.a IS NULL OR t.b > 'x'`,
  `SELECT * FROM t FULL JOIN u ON u.t_id = t.id`,
  `SELECT * FROM t RIGHT JOIN u ON u.t_id = t.a`,
  `SELECT * FROM u, LATERAL (SELECT * FROM t WHERE t.id = u.t_id OFFSET 0) s`,
  `SELECT * FROM u CROSS JOIN (SELECT a FROM t LIMIT 5) s`,
  `SELECT * FROM part WHERE k BETWEEN 90 AND 110 ORDER BY k`,
  `SELECT * FROM part WHERE k = (SELECT 150)`,
  `SELECT * FROM part WHERE k < 0`,
  `SELECT * FROM part ORDER BY k DESC LIMIT 5`,
  `SELECT * FROM t ORDER BY id DESC LIMIT 1`,
  `SELECT * FROM t WHERE id = 5 FOR UPDATE`,
  `SELECT b COLLATE "C" FROM t ORDER BY b COLLATE "C", a USING >`,
  `INSERT INTO t (id, a) VALUES (3000, 1), (3001, 2)`,
  `INSERT INTO t (id, a) VALUES (5, 1) ON CONFLICT DO NOTHING`,
  `INSERT INTO t (id, a) SELECT id, 1 FROM u ON CONFLICT (id) DO UPDATE SET a = excluded.a WHERE t.a > 3`,
  `INSERT INTO u (id, t_id) VALUES (5000, 5) RETURNING id, note`,
  `INSERT INTO part VALUES (5, 'new'), (105, 'new')`,
  `UPDATE u SET note = 'it''s' WHERE t_id = 7`,
  `UPDATE part SET v = 'z' WHERE k IN (SELECT id FROM u)`,
  `UPDATE t SET (a, b) = (SELECT id, note FROM u WHERE u.id = t.id) WHERE id < 5`,
  `DELETE FROM u USING t WHERE t.id = u.t_id AND t.a = 3`,
  `DELETE FROM part WHERE k = 5`,
  `WITH gone AS (DELETE FROM u WHERE id < 5 RETURNING *) SELECT count(*) FROM gone`,
  `MERGE INTO u USING t ON u.id = t.id WHEN MATCHED AND t.a > 5 THEN DELETE WHEN MATCHED THEN UPDATE SET note = 'm'
    WHEN NOT MATCHED AND t.id < 600 THEN INSERT (id, t_id) VALUES (t.id, 1)`,
  `SELECT sum(a) FROM t WHERE b LIKE '%9%' GROUP BY b ORDER BY 1 LIMIT 5`,
];

/** With one worker and a leader that does nothing, two runs give the same figures. */
export const ONE_WORKER = `SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL min_parallel_index_scan_size = 0;
  SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL parallel_leader_participation = off;
  SET LOCAL max_parallel_workers_per_gather = 1; SET LOCAL work_mem = 64; SET LOCAL enable_hashagg = off`;

/** Planner settings under which the same statements have other plans. */
export const MANY_SETTINGS: Readonly<Record<string, string>> = {
  'as they are': '',
  'by merging': 'SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_hashagg = off',
  'by nested loops': `SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off;
    SET LOCAL enable_material = off; SET LOCAL enable_sort = off`,
  'parallel, by sorting': ONE_WORKER,
  'parallel, by hashing': `${ONE_WORKER}; SET LOCAL enable_hashagg = on; SET LOCAL enable_sort = off`,
};
