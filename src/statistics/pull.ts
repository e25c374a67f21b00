import { PlanGuardError } from '../errors.js';
import { parseArrayLiteral } from './arrays.js';
import type { ColumnStatistics, IndexStatistics, Statistics, TableStatistics } from './model.js';

/** One connection of a `pg`-compatible client. */
export interface StatisticsClient {
  // biome-ignore lint/suspicious/noExplicitAny: what drivers declare
  query(text: string, values?: any[]): Promise<{ rows: any[] }>;
}

/** An index whose height is asked for. */
export interface IndexFile {
  readonly schema: string;
  readonly name: string;
  /** Path of its first segment, relative to the data directory (`pg_relation_filepath`). */
  readonly relfilenodePath: string;
}

export interface PullOptions {
  /** Schemas to read; all but PostgreSQL's own where left out. */
  readonly schemas?: readonly string[];
  /** Kept in the statistics: how they were made. */
  readonly origin: string;
  /** Tells the height of a B-tree, or undefined where it cannot. */
  readonly heights?: (index: IndexFile) => Promise<number | undefined>;
}

/**
 * Reads the planner's statistics of tables, indexes and columns from `pg_class` and `pg_stats`, in one snapshot.
 * @param client a connection that is not in a transaction: it gets one of its own, read only
 * @throws {PlanGuardError} `statistics` where there is no table to read
 */
export async function pullStatistics(client: StatisticsClient, options: PullOptions): Promise<Statistics> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    // Values are read in a form that does not depend on the session, as pg_dump does it.
    await client.query(`SET LOCAL DateStyle = 'ISO'`);
    await client.query(`SET LOCAL IntervalStyle = 'postgres'`);
    await client.query('SET LOCAL extra_float_digits = 3');
    return await read(client, options);
  } finally {
    await client.query('ROLLBACK');
  }
}

interface RelationRow {
  readonly schema: string;
  readonly name: string;
  /** The table of an index, as `schema.name`. */
  readonly table: string | null;
  readonly relpages: number;
  readonly reltuples: number;
  readonly relallvisible: number;
  readonly valid: boolean | null;
  /** Set for B-trees alone. */
  readonly btree_path: string | null;
}

const relationsQuery = `
  SELECT n.nspname AS schema, c.relname AS name, tn.nspname || '.' || t.relname AS "table",
    c.relpages, c.reltuples::float8 AS reltuples, c.relallvisible, i.indisvalid AS valid,
    CASE WHEN c.relkind = 'i' AND a.amname = 'btree' THEN pg_relation_filepath(c.oid) END AS btree_path
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am a ON a.oid = c.relam
  LEFT JOIN pg_index i ON i.indexrelid = c.oid
  LEFT JOIN pg_class t ON t.oid = i.indrelid
  LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I')
    AND CASE WHEN $1::text[] IS NULL
      THEN n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      ELSE n.nspname = ANY ($1) END`;

interface ColumnRow {
  readonly schema: string;
  readonly relation: string;
  readonly name: string;
  readonly inherited: boolean;
  /** `pg_type.typdelim` of the column's type, and of its elements where it is an array. */
  readonly delimiter: string;
  readonly element_delimiter: string;
  /** Numbers, and arrays of numbers. */
  readonly numbers: Readonly<Record<string, number | readonly number[] | null>>;
  /** Arrays of values, as array literals. */
  readonly values: Readonly<Record<string, string | null>>;
}

/** @param rangeHistograms whether `pg_stats` shows them: from PostgreSQL 17 on */
function columnsQuery(rangeHistograms: boolean): string {
  return `
  SELECT s.schemaname AS schema, s.tablename AS relation, s.attname AS name, s.inherited,
    t.typdelim::text AS delimiter, coalesce(e.typdelim, t.typdelim)::text AS element_delimiter,
    json_build_object(
      'null_frac', s.null_frac, 'avg_width', s.avg_width, 'n_distinct', s.n_distinct,
      'most_common_freqs', s.most_common_freqs, 'correlation', s.correlation,
      'most_common_elem_freqs', s.most_common_elem_freqs, 'elem_count_histogram', s.elem_count_histogram
      ${rangeHistograms ? ", 'range_empty_frac', s.range_empty_frac" : ''}) AS numbers,
    json_build_object(
      'most_common_vals', s.most_common_vals::text, 'histogram_bounds', s.histogram_bounds::text,
      'most_common_elems', s.most_common_elems::text
      ${
        rangeHistograms
          ? `, 'range_length_histogram', s.range_length_histogram::text,
      'range_bounds_histogram', s.range_bounds_histogram::text`
          : ''
      }) AS values
  FROM pg_stats s
  JOIN pg_namespace n ON n.nspname = s.schemaname
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
  WHERE CASE WHEN $1::text[] IS NULL
    THEN s.schemaname <> 'information_schema' AND s.schemaname NOT LIKE 'pg\\_%'
    ELSE s.schemaname = ANY ($1) END`;
}

async function read(client: StatisticsClient, options: PullOptions): Promise<Statistics> {
  const schemas = options.schemas ?? null;
  const version = await client.query(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`,
  );
  const server = version.rows[0] as { version: string; number: number };
  const relations: RelationRow[] = (await client.query(relationsQuery, [schemas])).rows;
  const columns: ColumnRow[] = (await client.query(columnsQuery(server.number >= 170_000), [schemas])).rows;
  const columnsOf = groupColumns(columns);

  const indexesOf = new Map<string, [string, IndexStatistics][]>();
  for (const relation of relations) {
    if (relation.table === null) continue;
    const { schema, name, btree_path } = relation;
    const height =
      btree_path === null ? undefined : await options.heights?.({ schema, name, relfilenodePath: btree_path });
    const own = columnsOf.get(`${schema}.${name}`)?.own;
    const index: IndexStatistics = {
      ...sizeOf(relation),
      ...(height === undefined ? {} : { height }),
      ...(relation.valid === false ? { valid: false } : {}),
      ...(own === undefined ? {} : { columns: Object.fromEntries(own) }),
    };
    indexesOf.set(relation.table, [...(indexesOf.get(relation.table) ?? []), [name, index]]);
  }
  const tables = relations
    .filter(({ table }) => table === null)
    .map((relation): [string, TableStatistics] => {
      const name = `${relation.schema}.${relation.name}`;
      const { own = [], inherited } = columnsOf.get(name) ?? {};
      return [
        name,
        {
          ...sizeOf(relation),
          columns: Object.fromEntries(own),
          ...(inherited === undefined ? {} : { inherited: Object.fromEntries(inherited) }),
          indexes: Object.fromEntries(indexesOf.get(name) ?? []),
        },
      ];
    });
  if (tables.length === 0) {
    throw new PlanGuardError('statistics', `There is no table in ${schemas?.join(', ') ?? 'the database'}`, {
      hint: 'Check the database and the names of the schemas',
    });
  }
  return {
    format: 'plan-guard statistics',
    version: 1,
    origin: options.origin,
    server_version: server.version,
    tables: Object.fromEntries(tables),
  };
}

function sizeOf({ relpages, reltuples, relallvisible }: RelationRow) {
  return { relpages, reltuples, relallvisible };
}

interface RelationColumns {
  own?: [string, ColumnStatistics][];
  inherited?: [string, ColumnStatistics][];
}

function groupColumns(rows: readonly ColumnRow[]): Map<string, RelationColumns> {
  const groups = new Map<string, RelationColumns>();
  for (const row of rows) {
    const relation = `${row.schema}.${row.relation}`;
    const group = groups.get(relation) ?? {};
    groups.set(relation, group);
    const kind = row.inherited ? 'inherited' : 'own';
    group[kind] ??= [];
    group[kind].push([row.name, columnStatistics(row)]);
  }
  return groups;
}

function columnStatistics(row: ColumnRow): ColumnStatistics {
  const facts: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row.numbers)) if (value !== null) facts[name] = value;
  for (const [name, literal] of Object.entries(row.values)) {
    if (literal === null) continue;
    // The histogram of lengths is an array of double precision, whatever the column's type.
    const delimiters = { most_common_elems: row.element_delimiter, range_length_histogram: ',' };
    facts[name] = parseArrayLiteral(literal, delimiters[name as keyof typeof delimiters] ?? row.delimiter);
  }
  return facts as unknown as ColumnStatistics;
}
