import { type ColumnRow, type SizeRow, STATISTICS_COLUMNS } from './catalog-statistics.js';
import type { Database } from './database.js';

/** Writes sizes with `pg_restore_relation_stats`, which PostgreSQL has from 18 on. */
export async function restoreSizes(database: Database, rows: readonly SizeRow[]): Promise<void> {
  await database.query(
    `SELECT pg_restore_relation_stats('schemaname', s.schemaname, 'relname', s.relname, 'version', 180000,
              'relpages', s.relpages, 'reltuples', s.reltuples, 'relallvisible', s.relallvisible)
       FROM json_to_recordset($1::json)
         AS s(schemaname text, relname text, relpages int, reltuples real, relallvisible int)`,
    [JSON.stringify(rows)],
  );
}

/**
 * Writes column statistics with `pg_restore_attribute_stats`, which PostgreSQL has from 18 on.
 * @returns for each row whether PostgreSQL took every part of it; it warns about a part that it refuses
 */
export async function restoreColumnStatistics(
  database: Database,
  rows: readonly ColumnRow[],
): Promise<readonly boolean[]> {
  const names = Object.keys(STATISTICS_COLUMNS);
  const types = Object.entries(STATISTICS_COLUMNS).map(([name, type]) => `${name} ${type}`);
  const result = await database.query(
    `SELECT pg_restore_attribute_stats('schemaname', s.schemaname, 'relname', s.relname, 'attname', s.attname,
              'version', 180000, ${names.map((name) => `'${name}', s.${name}`).join(', ')})
       FROM ROWS FROM (json_to_recordset($1::json) AS (schemaname text, relname text, attname text, ${types.join(', ')}))
         WITH ORDINALITY AS s
      ORDER BY s.ordinality`,
    [JSON.stringify(rows)],
  );
  return result.rows.map(([taken]) => taken === 't');
}
