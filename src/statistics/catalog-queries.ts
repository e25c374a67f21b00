import type { Delimiters, Treatment } from './types.js';

/* What a pull asks the catalogs for. */

export interface RelationRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  /** The table of an index, as `schema.name`. */
  readonly table: string | null;
  readonly relpages: number;
  readonly reltuples: number;
  readonly relallvisible: number;
  readonly valid: boolean | null;
  readonly btree: boolean;
  /** Whether columns of it may have statistics: an index has them for its expressions alone. */
  readonly analysable: boolean;
  readonly row_security: boolean;
  /** Whether row-level security applies to the role, which then is shown no statistics. */
  readonly hidden: boolean;
}

export const relationsQuery = `
  SELECT c.oid::text, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
    tn.nspname || '.' || t.relname AS "table", c.relpages, c.reltuples::float8 AS reltuples, c.relallvisible,
    i.indisvalid AS valid, c.relkind = 'i' AND a.amname = 'btree' AS btree,
    i.indexrelid IS NULL OR i.indexprs IS NOT NULL AS analysable,
    c.relrowsecurity AS row_security, c.relrowsecurity AND row_security_active(c.oid) AS hidden
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am a ON a.oid = c.relam
  LEFT JOIN pg_index i ON i.indexrelid = c.oid
  LEFT JOIN pg_class t ON t.oid = i.indrelid
  LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I') AND c.relpersistence <> 't'
    AND CASE WHEN $1::text[] IS NULL
      THEN n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      ELSE n.nspname = ANY ($1) END
    AND ($2::text[] IS NULL OR coalesce(t.relname, c.relname) = ANY ($2)
      OR coalesce(tn.nspname || '.' || t.relname, n.nspname || '.' || c.relname) = ANY ($2))
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

export interface AttributeRow {
  readonly relation: string;
  readonly name: string;
  readonly type: string;
  readonly modifier: number;
  readonly collation: string | null;
  readonly readable: boolean;
}

export const attributesQuery = `
  SELECT a.attrelid::text AS relation, a.attname AS name, a.atttypid::text AS type, a.atttypmod AS modifier,
    quote_ident(n.nspname) || '.' || quote_ident(l.collname) AS collation,
    has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS readable
  FROM pg_attribute a
  LEFT JOIN pg_collation l ON l.oid = a.attcollation
  LEFT JOIN pg_namespace n ON n.oid = l.collnamespace
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attrelid, a.attname COLLATE "C"`;

/** A column of a relation that can have statistics. */
export interface Attribute extends AttributeRow {
  readonly of: RelationRow;
  readonly treatment: Treatment;
  readonly isRange: boolean;
  readonly delimiters: Delimiters;
}

export interface ColumnRow {
  readonly schema: string;
  readonly relation: string;
  readonly name: string;
  readonly inherited: boolean;
  /** Numbers, and arrays of numbers. */
  readonly numbers: Readonly<Record<string, number | readonly number[] | null>>;
  /** Arrays of values, as array literals. */
  readonly values: Readonly<Record<string, string | null>>;
}

/** Where histograms of ranges can be read: `pg_stats` shows them from PostgreSQL 17 on. */
export type RangeSource = 'pg_stats' | 'pg_statistic' | 'nowhere';

const SLOTS = [1, 2, 3, 4, 5];

/** A slot of `pg_statistic` by its kind (pg_statistic.h), wherever ANALYZE put it. */
const slot = (kind: number, column: 'stanumbers' | 'stavalues', cast: string) =>
  `CASE ${kind} ${SLOTS.map((place) => `WHEN p.stakind${place} THEN p.${column}${place}${cast}`).join(' ')} END`;

/** STATISTIC_KIND_RANGE_LENGTH_HISTOGRAM and STATISTIC_KIND_BOUNDS_HISTOGRAM, under the names of `pg_stats`. */
const RANGES = `
  LEFT JOIN LATERAL (
    SELECT ${slot(6, 'stavalues', '::text')} AS range_length_histogram, (${slot(6, 'stanumbers', '')})[1] AS range_empty_frac,
      ${slot(7, 'stavalues', '::text')} AS range_bounds_histogram
    FROM pg_statistic p
    JOIN pg_attribute a ON a.attrelid = p.starelid AND a.attnum = p.staattnum
    JOIN pg_class c ON c.oid = p.starelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = s.schemaname AND c.relname = s.tablename AND a.attname = s.attname AND p.stainherit = s.inherited
  ) AS r ON true`;

export function columnsQuery(ranges: RangeSource): string {
  const range = ranges === 'pg_stats' ? 's' : 'r';
  const clear = (of: string) => (name: string) => `'${name}', CASE WHEN w.clear THEN ${of}.${name}::text END`;
  const values = ['most_common_vals', 'histogram_bounds', 'most_common_elems'].map(clear('s'));
  if (ranges !== 'nowhere') values.push(...['range_length_histogram', 'range_bounds_histogram'].map(clear(range)));
  return `
  SELECT s.schemaname AS schema, s.tablename AS relation, s.attname AS name, s.inherited,
    json_build_object(
      'null_frac', s.null_frac, 'avg_width', s.avg_width, 'n_distinct', s.n_distinct,
      'most_common_freqs', s.most_common_freqs, 'correlation', s.correlation,
      'most_common_elem_freqs', s.most_common_elem_freqs, 'elem_count_histogram', s.elem_count_histogram
      ${ranges === 'nowhere' ? '' : `, 'range_empty_frac', ${range}.range_empty_frac`}) AS numbers,
    json_build_object(${values.join(', ')}) AS values
  FROM pg_stats s
  JOIN unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS w (schema, relation, name, clear)
    ON s.schemaname = w.schema AND s.tablename = w.relation AND s.attname = w.name
  ${ranges === 'pg_statistic' ? RANGES : ''}
  WHERE s.schemaname = ANY ($1::name[]) AND s.tablename = ANY ($2::name[])`;
}

export const extendedQuery = `
  SELECT n.nspname || '.' || e.stxname AS name, tn.nspname || '.' || t.relname AS "table",
    array_to_json(e.stxkind::text[]) AS kinds
  FROM pg_statistic_ext e
  JOIN pg_namespace n ON n.oid = e.stxnamespace
  JOIN pg_class t ON t.oid = e.stxrelid
  JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE e.stxrelid = ANY ($1::oid[])`;

/** `pg_statistic_ext.stxkind`. */
export const extendedKinds: Readonly<Record<string, string>> = {
  d: 'ndistinct',
  f: 'dependencies',
  m: 'mcv',
  e: 'expressions',
};

export const pageinspectQuery = `
  SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'pageinspect' AND current_setting('is_superuser') = 'on'`;

/** Relations whose columns are asked for at once. */
