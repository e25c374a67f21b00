import { type Database, isServerError } from './database.js';

/** Statistics of one column, under the names of `pg_stats`; arrays of values stand as array literals. */
export type ColumnRow = Readonly<Record<string, unknown>> & {
  readonly schemaname: string;
  readonly relname: string;
  readonly attname: string;
  readonly inherited: boolean;
};

export interface SizeRow {
  readonly schemaname: string;
  readonly relname: string;
  readonly relpages: number;
  readonly reltuples: number;
  readonly relallvisible: number;
}

/** Columns of `pg_stats` with the types in which they are handed over. */
export const STATISTICS_COLUMNS = {
  inherited: 'boolean',
  null_frac: 'real',
  avg_width: 'int',
  n_distinct: 'real',
  most_common_vals: 'text',
  most_common_freqs: 'real[]',
  histogram_bounds: 'text',
  correlation: 'real',
  most_common_elems: 'text',
  most_common_elem_freqs: 'real[]',
  elem_count_histogram: 'real[]',
  range_length_histogram: 'text',
  range_empty_frac: 'real',
  range_bounds_histogram: 'text',
} as const;

/** Writes sizes into `pg_class`, as a superuser may. */
export async function updateSizes(database: Database, rows: readonly SizeRow[]): Promise<void> {
  await database.query(
    `UPDATE pg_class SET relpages = s.relpages, reltuples = s.reltuples, relallvisible = s.relallvisible
       FROM json_to_recordset($1::json)
              AS s(schemaname text, relname text, relpages int, reltuples real, relallvisible int)
       JOIN pg_namespace n ON n.nspname = s.schemaname
      WHERE pg_class.relnamespace = n.oid AND pg_class.relname = s.relname`,
    [JSON.stringify(rows)],
  );
}

/**
 * Writes column statistics into `pg_statistic`, as a superuser may: what `pg_restore_attribute_stats` does from
 * PostgreSQL 18 on. Slots stand in the order in which ANALYZE fills them.
 * @returns for each row whether PostgreSQL took every part of it
 */
export async function insertColumnStatistics(
  database: Database,
  rows: readonly ColumnRow[],
): Promise<readonly boolean[]> {
  const typed = await withTypes(database, rows);
  const taken = async (some: readonly ColumnRow[]): Promise<boolean[]> => {
    const slots = new Map<number, number>();
    for (const { number, count } of await database.rows(INSERT, [JSON.stringify(some)])) {
      slots.set(Number(number), Number(count));
    }
    return some.map((row, index) => isPaired(row) && slots.get(index + 1) === slotsOf(row));
  };
  const clear = `DELETE FROM pg_statistic USING (${TARGETS}) AS t
    WHERE starelid = t.relation AND staattnum = t.attnum AND stainherit = t.inherited`;
  await database.query(clear, [JSON.stringify(typed)]);
  try {
    return await taken(typed);
  } catch (error) {
    if (!isDataError(error)) throw error;
    // A value that its type refuses fails the whole statement: one by one tells which.
    const each: boolean[] = [];
    for (const row of typed) {
      const [one = false] = await taken([row]).catch((refused) => {
        if (!isDataError(refused)) throw refused;
        return [false];
      });
      each.push(one);
    }
    return each;
  }
}

/** Data exceptions, and values that a domain's constraint refuses. */
const isDataError = (error: unknown) => isServerError(error) && /^2[23]/.test(error.code);

const PAIRS = [
  ['most_common_vals', 'most_common_freqs'],
  ['most_common_elems', 'most_common_elem_freqs'],
  ['range_length_histogram', 'range_empty_frac'],
] as const;
const ALONE = ['histogram_bounds', 'correlation', 'elem_count_histogram', 'range_bounds_histogram'] as const;

function isPaired(row: ColumnRow): boolean {
  return PAIRS.every(([values, numbers]) => (row[values] === undefined) === (row[numbers] === undefined));
}

function slotsOf(row: ColumnRow): number {
  return [...PAIRS.map(([values]) => values), ...ALONE].filter((name) => row[name] !== undefined).length;
}

/**
 * The column of an expression index has the storage type of its operator class; its statistics are of the
 * expression's own type (`examine_attribute` in src/backend/commands/analyze.c).
 */
async function withTypes(database: Database, rows: readonly ColumnRow[]): Promise<readonly ColumnRow[]> {
  const expressions = await database.rows(`
    SELECT n.nspname AS schema, c.relname AS name, a.attname AS "column",
           pg_get_indexdef(i.indexrelid, a.attnum, false) AS expression, i.indrelid::regclass::text AS "table"
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND i.indkey[a.attnum - 1] = 0
      JOIN pg_opclass o ON o.oid = i.indclass[a.attnum - 1]
     WHERE o.opckeytype <> 0`);
  const types = new Map<string, number>();
  for (const { schema, name, column, expression, table } of expressions) {
    const { fields } = await database.query(`SELECT ${expression} FROM ${table} LIMIT 0`);
    const [field] = fields;
    if (field !== undefined) types.set(`${schema}.${name}.${column}`, field.dataTypeID);
  }
  return rows.map((row) => {
    const type = types.get(`${row.schemaname}.${row.relname}.${row.attname}`);
    return type === undefined ? row : { ...row, type };
  });
}

const RECORD = ['schemaname text', 'relname text', 'attname text', 'type oid']
  .concat(Object.entries(STATISTICS_COLUMNS).map(([name, type]) => `${name} ${type}`))
  .join(', ');

/** The rows of $1 with their places in the catalogs. */
const TARGETS = `
  SELECT s.*, c.oid AS relation, a.attnum, coalesce(s.type, a.atttypid) AS typid, a.attcollation,
         CASE WHEN s.type IS NULL THEN a.atttypmod ELSE -1 END AS typmod
    FROM ROWS FROM (json_to_recordset($1::json) AS (${RECORD})) WITH ORDINALITY
      AS s(${['schemaname', 'relname', 'attname', 'type', ...Object.keys(STATISTICS_COLUMNS)].join(', ')}, number)
    JOIN pg_namespace n ON n.nspname = s.schemaname
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.relname
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname AND a.attnum > 0 AND NOT a.attisdropped`;

/**
 * The operators that ANALYZE writes into the slots are those of the type's default operator class (`lookup_type_cache` in
 * src/backend/utils/cache/typcache.c, `GetDefaultOpClass` in src/backend/commands/indexcmds.c): B-tree's, or hash's
 * equality where there is none; the type's own, or one of a type that it is binary coercible to, a preferred one first.
 *
 * What stands in which slot: src/backend/commands/analyze.c, and array_typanalyze.c, rangetypes_typanalyze.c in
 * src/backend/utils/adt and ts_typanalyze.c in src/backend/tsearch.
 */
const INSERT = `
WITH RECURSIVE base AS (
  SELECT oid AS type, oid AS base FROM pg_type WHERE typtype <> 'd'
  UNION ALL
  SELECT d.oid, b.base FROM base b JOIN pg_type d ON d.typtype = 'd' AND d.typbasetype = b.type
),
target AS (${TARGETS}),
shaped AS (
  SELECT t.*, y.typtype,
         CASE WHEN y.oid = 'tsvector'::regtype THEN 'text'::regtype
              WHEN y.typelem <> 0 AND y.typsubscript = 'array_subscript_handler'::regproc THEN y.typelem END AS element,
         CASE WHEN y.oid = 'tsvector'::regtype
              THEN (SELECT oid FROM pg_collation WHERE collname = 'default' AND collnamespace = 'pg_catalog'::regnamespace)
              ELSE t.attcollation END AS coll,
         coalesce((SELECT rngtypid FROM pg_range WHERE rngmultitypid = y.oid), t.typid) AS range
    FROM target t JOIN base b ON b.type = t.typid JOIN pg_type y ON y.oid = b.base
),
used AS (
  SELECT DISTINCT u.type, b.base
    FROM shaped s CROSS JOIN LATERAL (VALUES (s.typid::oid), (s.element::oid)) AS u(type) JOIN base b ON b.type = u.type
),
operators AS (
  SELECT u.type, o.eq, o.lt
    FROM used u JOIN pg_type t ON t.oid = u.base
    LEFT JOIN LATERAL (
      SELECT eq.amopopr AS eq, lt.amopopr AS lt
        FROM pg_opclass c
        JOIN pg_am m ON m.oid = c.opcmethod AND m.amname IN ('btree', 'hash')
        JOIN pg_type i ON i.oid = c.opcintype
        LEFT JOIN pg_amop eq ON eq.amopfamily = c.opcfamily AND eq.amoplefttype = i.oid AND eq.amoprighttype = i.oid
                            AND eq.amopstrategy = CASE m.amname WHEN 'btree' THEN 3 ELSE 1 END
        LEFT JOIN pg_amop lt ON lt.amopfamily = c.opcfamily AND lt.amoplefttype = i.oid AND lt.amoprighttype = i.oid
                            AND lt.amopstrategy = 1 AND m.amname = 'btree'
       WHERE c.opcdefault
         AND (i.oid = t.oid
              OR i.typname = 'anyarray' AND t.typelem <> 0 AND t.typsubscript = 'array_subscript_handler'::regproc
              OR i.typname = CASE t.typtype WHEN 'e' THEN 'anyenum' WHEN 'r' THEN 'anyrange' WHEN 'm' THEN 'anymultirange'
                                            WHEN 'c' THEN 'record' END
              OR EXISTS (SELECT FROM pg_cast k WHERE k.castsource = t.oid AND k.casttarget = i.oid
                                                 AND k.castmethod = 'b' AND k.castcontext = 'i'))
       ORDER BY m.amname = 'btree' DESC, i.oid = t.oid DESC, i.typispreferred DESC, i.typtype = 'p' DESC
       LIMIT 1) AS o ON true
),
slots AS (
  SELECT s.number, count(k.kind) AS count,
         array_agg(k.kind ORDER BY k.place) AS kinds, array_agg(coalesce(k.op, 0) ORDER BY k.place) AS ops,
         array_agg(coalesce(k.coll, 0) ORDER BY k.place) AS colls, array_agg(k.numbers ORDER BY k.place) AS numbers,
         array_agg(k."values" ORDER BY k.place) AS texts, array_agg(k.type ORDER BY k.place) AS types,
         array_agg(k.typmod ORDER BY k.place) AS typmods
    FROM shaped s
    LEFT JOIN operators own ON own.type = s.typid
    LEFT JOIN operators part ON part.type = s.element
    LEFT JOIN LATERAL (VALUES
      (1, 1, own.eq, s.coll, s.most_common_freqs::text, s.most_common_vals, s.typid, s.typmod,
       s.most_common_vals IS NOT NULL AND s.most_common_freqs IS NOT NULL),
      (2, 2, own.lt, s.coll, NULL, s.histogram_bounds, s.typid, s.typmod,
       s.histogram_bounds IS NOT NULL AND own.lt IS NOT NULL),
      (3, 3, own.lt, s.coll, ARRAY[s.correlation]::text, NULL, NULL, NULL,
       s.correlation IS NOT NULL AND own.lt IS NOT NULL),
      (4, 4, part.eq, s.coll, s.most_common_elem_freqs::text, s.most_common_elems, s.element, s.typmod,
       s.most_common_elems IS NOT NULL AND s.most_common_elem_freqs IS NOT NULL AND part.eq IS NOT NULL),
      (5, 5, part.eq, s.coll, s.elem_count_histogram::text, NULL, NULL, NULL,
       s.elem_count_histogram IS NOT NULL AND part.eq IS NOT NULL),
      (6, 7, NULL, NULL, NULL, s.range_bounds_histogram, s.range, s.typmod,
       s.range_bounds_histogram IS NOT NULL AND s.typtype IN ('r', 'm')),
      (7, 6, 'pg_catalog.<(float8,float8)'::regoperator, NULL, ARRAY[s.range_empty_frac]::text, s.range_length_histogram,
       'float8'::regtype, -1,
       s.range_length_histogram IS NOT NULL AND s.range_empty_frac IS NOT NULL AND s.typtype IN ('r', 'm'))
    ) AS k(place, kind, op, coll, numbers, "values", type, typmod, given) ON k.given
   GROUP BY s.number
),
inserted AS (
  INSERT INTO pg_statistic
  SELECT s.relation, s.attnum, s.inherited, coalesce(s.null_frac, 0), coalesce(s.avg_width, 0), coalesce(s.n_distinct, 0),
         ${eachSlot((slot) => `coalesce(k.kinds[${slot}], 0)`)},
         ${eachSlot((slot) => `coalesce(k.ops[${slot}], 0)`)},
         ${eachSlot((slot) => `coalesce(k.colls[${slot}], 0)`)},
         ${eachSlot((slot) => `k.numbers[${slot}]::real[]`)},
         ${eachSlot(
           (slot) =>
             `CASE WHEN k.texts[${slot}] IS NOT NULL
                   THEN array_in(textout(k.texts[${slot}]), k.types[${slot}], k.typmods[${slot}]) END`,
         )}
    FROM shaped s JOIN slots k USING (number)
)
SELECT number, count FROM slots`;

function eachSlot(write: (slot: number) => string): string {
  return [1, 2, 3, 4, 5].map(write).join(', ');
}
