import { quoteLiteral } from '../sql/quote.js';
import type { Database } from './database.js';

/** Where the catalogs name an index by its OID and the planner reads it. */
const COLUMNS = [
  ['pg_class', 'oid'],
  ['pg_index', 'indexrelid'],
  ['pg_attribute', 'attrelid'],
  ['pg_statistic', 'starelid'],
  ['pg_inherits', 'inhrelid'],
  ['pg_inherits', 'inhparent'],
  ['pg_constraint', 'conindid'],
] as const;

/** Above every OID of a new cluster: no two indexes have one OID while they change places. */
const ASIDE = 2_147_483_648n;

/**
 * SQL that turns round the order in which the planner sees the indexes of each table. It sees them by their OIDs
 * (`RelationGetIndexList` in relcache.c), and of two paths whose costs are within its fuzz of 1 % it keeps the one that
 * came first (`add_path` in pathnode.c); so the indexes of a table change OIDs, the first with the last. The SQL is for
 * a transaction of a superuser's session that is rolled back: it leaves out what planning does not read, such as
 * `pg_depend`.
 * @returns undefined where no table has two indexes
 */
export async function reversedIndexOrder(database: Database): Promise<string | undefined> {
  const [pairs] = await database.rows(`
    SELECT string_agg(format('(%s::oid, %s::oid)', old, new), ', ' ORDER BY old) AS "values",
           string_agg(DISTINCT "table"::text, ', ') AS tables, current_setting('role') AS role
      FROM (SELECT i.indrelid AS "table", array_agg(i.indexrelid ORDER BY i.indexrelid) AS upwards,
                   array_agg(i.indexrelid ORDER BY i.indexrelid DESC) AS downwards
              FROM pg_catalog.pg_index i
              JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
             GROUP BY i.indrelid) AS own
     CROSS JOIN unnest(upwards, downwards) AS pair(old, new)
     WHERE old <> new`);
  if (pairs?.values == null) return undefined;
  const { values, tables, role } = pairs;
  const moved = COLUMNS.flatMap(([catalog, column]) => [
    `UPDATE pg_catalog.${catalog} SET ${column} = (pair.new::bigint + ${ASIDE})::oid
       FROM (VALUES ${values}) AS pair(old, new) WHERE ${column} = pair.old`,
    `UPDATE pg_catalog.${catalog} SET ${column} = (${column}::bigint - ${ASIDE})::oid
      WHERE ${column}::bigint >= ${ASIDE}`,
  ]);
  return [
    'SET LOCAL ROLE NONE',
    ...moved,
    // What a session knows of the tables names their indexes too.
    `UPDATE pg_catalog.pg_class SET relhasindex = relhasindex WHERE oid IN (${tables})`,
    `SELECT pg_catalog.set_config('role', ${quoteLiteral(role ?? 'none')}, true)`,
  ].join(';\n');
}
