import type { Catalog, FunctionFacts, IndexFacts, TableFacts } from '../plan/model.js';
import type { Database } from './database.js';

/** Runs one SQL text and gives its rows as objects; `client.query` of `pg` and of PGlite both fit. */
// biome-ignore lint/suspicious/noExplicitAny: rows are whatever the statement selects
export type RunQuery = (text: string, values?: unknown[]) => Promise<{ rows: any[] }>;

/** Keeps PostgreSQL's own schemas, TOAST and temporary ones out; their names cannot be taken (`pg_` is reserved). */
const OWN_SCHEMAS = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`;

/**
 * The size is the planner's: blocks in the file, and `relpages` where there is no file or an empty one. Only triggers
 * that fire for an ordinary session are listed. An action of a foreign key on UPDATE does nothing unless the key itself
 * changes, which is rare and which a plan does not tell; it is listed only where no index can serve it. Actions are read
 * once for all tables: pg_constraint has no index on what is referenced.
 */
const tablesQuery = (analysed: string) => `
WITH actions AS MATERIALIZED (
  SELECT k.confrelid AS changed, array_agg(json_build_object(
    'name', k.conname,
    'events', ARRAY[action.event],
    'table', rn.nspname || '.' || r.relname,
    'change', CASE WHEN action.type = 'c' THEN action.event WHEN action.type IN ('n', 'd') THEN 'Update' END)
    ORDER BY k.conname, action.event) AS facts
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class r ON r.oid = k.conrelid
  JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
  CROSS JOIN LATERAL (VALUES ('Delete', k.confdeltype), ('Update', k.confupdtype)) AS action(event, type)
  WHERE k.contype = 'f'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p
                    WHERE p.oid = k.conparentid AND p.confrelid = k.confrelid)
    AND (action.event = 'Delete'
         OR NOT EXISTS (SELECT FROM pg_catalog.pg_index i
                        WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
                          AND i.indkey[0] = ANY (k.conkey)))
  GROUP BY k.confrelid
)
SELECT json_strip_nulls(json_build_object(
  'schema', n.nspname,
  'name', c.relname,
  'kind', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'm' THEN 'materialized view'
                         WHEN 'f' THEN 'foreign table' ELSE 'view' END,
  'columns', ARRAY(SELECT a.attname FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),
  'parents', ARRAY(SELECT pn.nspname || '.' || p.relname
                   FROM pg_catalog.pg_inherits i
                   JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
                   JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
                   WHERE i.inhrelid = c.oid ORDER BY i.inhseqno),
  'tuples', c.reltuples,
  'pages', CASE WHEN size.blocks > 0 THEN size.blocks ELSE greatest(c.relpages, 0) END,
  'analysed', ${analysed},
  'rowSecurity', c.relrowsecurity,
  'triggers', ARRAY(
    SELECT json_build_object(
      'name', t.tgname,
      'events', array_remove(ARRAY[CASE WHEN t.tgtype & 4 > 0 THEN 'Insert' END,
                                   CASE WHEN t.tgtype & 16 > 0 THEN 'Update' END,
                                   CASE WHEN t.tgtype & 8 > 0 THEN 'Delete' END], NULL),
      'function', fn.nspname || '.' || f.proname)
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid
    JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
    ORDER BY t.tgname
  ) || coalesce(actions.facts, '{}')
)) AS facts
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN actions ON actions.changed = c.oid
CROSS JOIN LATERAL (
  SELECT CASE WHEN c.relkind IN ('r', 'm')
              THEN pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int END AS blocks
) AS size
WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v') AND ${OWN_SCHEMAS}
ORDER BY n.nspname, c.relname`;

const ANALYSED = 'EXISTS (SELECT FROM pg_catalog.pg_statistic s WHERE s.starelid = c.oid)';
/** Ordinary roles may not read `pg_statistic`. */
const ANALYSED_FOR_ROLE =
  'EXISTS (SELECT FROM pg_catalog.pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname)';

const INDEXES = `
SELECT json_strip_nulls(json_build_object(
  'schema', n.nspname,
  'name', c.relname,
  'table', n.nspname || '.' || t.relname,
  'method', am.amname,
  'keys', (SELECT json_agg(json_build_object(
                    'column', a.attname,
                    'expression', CASE WHEN a.attname IS NULL
                                       THEN pg_catalog.pg_get_indexdef(i.indexrelid, key.number, false)
                                       ELSE quote_ident(a.attname) END) ORDER BY key.number)
           FROM generate_series(1, i.indnkeyatts::int) AS key(number)
           LEFT JOIN pg_catalog.pg_attribute a
             ON a.attrelid = i.indrelid AND a.attnum = i.indkey[key.number - 1] AND a.attnum <> 0),
  'unique', i.indisunique,
  'valid', i.indisvalid,
  'predicate', pg_catalog.pg_get_expr(i.indpred, i.indrelid),
  'parent', (SELECT pn.nspname || '.' || p.relname
             FROM pg_catalog.pg_inherits h
             JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
             JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
             WHERE h.inhrelid = c.oid)
)) AS facts
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE ${OWN_SCHEMAS}
ORDER BY n.nspname, c.relname`;

/**
 * An aggregate is classed by the language and volatility of the functions that it is made of. Functions of extensions
 * that are written in C are left out: there are thousands, and C is not opaque.
 */
const FUNCTIONS = `
SELECT json_strip_nulls(json_build_object(
  'schema', n.nspname,
  'name', f.proname,
  'language', l.lanname,
  'volatility', CASE part.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END
)) AS facts
FROM pg_catalog.pg_proc f
JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = f.oid
JOIN pg_catalog.pg_proc part
  ON part.oid IN (CASE WHEN a.aggfnoid IS NULL THEN f.oid END, a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
                  a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
JOIN pg_catalog.pg_language l ON l.oid = part.prolang
WHERE ${OWN_SCHEMAS}
  AND NOT (l.lanname IN ('c', 'internal')
           AND EXISTS (SELECT FROM pg_catalog.pg_depend d
                       WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e'))
ORDER BY n.nspname, f.proname, f.oid, part.oid`;

/**
 * Reads what the catalogs say about the schema's own tables, indexes and functions; PostgreSQL's are left out. Names
 * are looked up by the session's search path as it is now. An ordinary role takes a table for analysed where it may read
 * a column that is.
 */
export async function readCatalog(query: RunQuery): Promise<Catalog> {
  const facts = async <T>(text: string): Promise<T[]> => (await query(text)).rows.map((row) => row.facts);
  const [isSuperuser] = await facts<boolean>(
    `SELECT to_json(pg_catalog.has_table_privilege('pg_catalog.pg_statistic', 'SELECT')) AS facts`,
  );
  const tables = await facts<TableFacts>(tablesQuery(isSuperuser ? ANALYSED : ANALYSED_FOR_ROLE));
  const indexes = await facts<IndexFacts>(INDEXES);
  const functions = await facts<FunctionFacts>(FUNCTIONS);
  const [searchPath] = await facts<string[]>('SELECT to_json(pg_catalog.current_schemas(false)) AS facts');
  const overloads = new Map<string, FunctionFacts[]>();
  for (const overload of functions) {
    const key = keyOf(overload);
    overloads.set(key, [...(overloads.get(key) ?? []), overload]);
  }
  return {
    tables: new Map(tables.map((table) => [keyOf(table), table])),
    indexes: new Map(indexes.map((index) => [keyOf(index), index])),
    functions: overloads,
    searchPath: searchPath ?? [],
  };
}

/** The same of a database that gives text. */
export function readCatalogOf(database: Database): Promise<Catalog> {
  return readCatalog(async (text) => {
    const rows = await database.rows(text);
    return { rows: rows.map(({ facts }) => ({ facts: JSON.parse(facts ?? 'null') as unknown })) };
  });
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}
