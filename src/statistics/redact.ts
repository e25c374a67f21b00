import type { ColumnStatistics } from './model.js';
import { HASH_BYTES, type RedactionKey } from './redaction-key.js';
import type { Family, Treatment } from './types.js';

/*
 * The redaction of values, which the server does itself, so that no original leaves it:
 *
 * - All values of one family and collation, those of all columns together, are ranked in their order. The stand-in of
 *   a value is its rank, written as a value of the type. So stand-ins keep the order of the originals within a column,
 *   and values that are equal in two columns are equal still, which the planner compares to estimate a join.
 * - Common values and common elements also get a keyed hash (HMAC-SHA-256, the first eight bytes). Whoever has the key
 *   and knows a value can find it: see `revealValues`. Bounds of histograms get none.
 * - Texts too short for the rank in digits (`char(2)`) are ranked among those of the same length, in base 36; where
 *   that does not suffice, they are left out.
 *
 * What the file still tells: how values are distributed, their order, and which columns share values.
 */

type StandIn = Extract<Treatment, { kind: 'stand-in' }>;

export interface RedactedColumn {
  readonly schema: string;
  readonly relation: string;
  readonly name: string;
  readonly treatment: StandIn;
  /** The column's collation, quoted and qualified; undefined where its type has none. */
  readonly collation: string | undefined;
}

/** Columns whose values are ranked together. */
export interface RedactionGroup {
  readonly family: Family;
  readonly collation: string | undefined;
  /** Characters that a stand-in may take, where they are fewer than {@link DIGITS}. */
  readonly length: number | undefined;
  readonly columns: readonly RedactedColumn[];
}

const DIGITS = 8;

/** Columns whose values are ranked together: of one family, collation and, where they are short, length. */
export function groupColumns(columns: readonly RedactedColumn[]): readonly RedactionGroup[] {
  const groups = new Map<string, RedactedColumn[]>();
  for (const column of columns) {
    const key = JSON.stringify([column.treatment.family, column.collation, shortOf(column)]);
    groups.set(key, [...(groups.get(key) ?? []), column]);
  }
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { family } = first.treatment;
    return [{ family, collation: first.collation, length: shortOf(first), columns: members }];
  });
}

function shortOf({ treatment }: RedactedColumn): number | undefined {
  const { length } = treatment;
  return length !== undefined && length < DIGITS ? length : undefined;
}

export type RedactedSlot = 'most_common_vals' | 'histogram_bounds' | 'most_common_elems';

/** The values of one slot of a column's statistics, as the server redacts them. */
export interface RedactedRow {
  readonly schema: string;
  readonly relation: string;
  readonly name: string;
  readonly inherited: boolean;
  readonly slot: RedactedSlot;
  readonly whole: boolean;
  readonly ranks: readonly number[];
  readonly hashes: readonly string[] | null;
}

/**
 * The query that ranks and hashes the values of a group of columns, and its parameters. Its rows are
 * {@link RedactedRow}s: no value is among them.
 */
export function redactionQuery(group: RedactionGroup, key: RedactionKey): { text: string; values: unknown[] } {
  const type = group.family === 'citext' || group.family === 'lexeme' ? 'text' : group.family;
  const folded = group.family === 'citext' ? 'lower(u.v)' : `CASE WHEN s.padded THEN rtrim(u.v, ' ') ELSE u.v END`;
  const collate = group.collation === undefined ? '' : ` COLLATE ${group.collation}`;
  // The elements of a tsvector are kept in an order of their own (`lexeme_compare` in ts_typanalyze.c).
  const order = group.family === 'lexeme' ? `octet_length(v), v COLLATE "C"` : `v::${type}${collate}`;
  const message = `$6::bytea || convert_to(v, 'UTF8')`;
  const hash = `encode(substring(sha256($7::bytea || sha256(${message})) FROM 1 FOR ${HASH_BYTES}), 'hex')`;
  const text = `
    WITH wanted AS (
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
        AS w (schema, relation, name, form, padded)
    ), stats AS MATERIALIZED (
      SELECT w.*, s.inherited, s.most_common_vals::text::text[] AS vals, s.histogram_bounds::text::text[] AS bounds,
        s.most_common_elems::text::text[] AS elems
      FROM pg_stats s
      JOIN wanted w ON s.schemaname = w.schema AND s.tablename = w.relation AND s.attname = w.name
      WHERE s.schemaname = ANY ($1::name[]) AND s.tablename = ANY ($2::name[])
    ), raw AS MATERIALIZED (
      SELECT s.schema, s.relation, s.name, s.inherited, u.slot, u.place,
        s.form = 'array' AND u.slot <> 'most_common_elems' AS whole, ${folded} AS v
      FROM stats s CROSS JOIN LATERAL (
        SELECT 'most_common_vals', v, place FROM unnest(s.vals) WITH ORDINALITY AS e (v, place)
          WHERE s.form <> 'elements'
        UNION ALL
        SELECT 'histogram_bounds', v, place FROM unnest(s.bounds) WITH ORDINALITY AS e (v, place)
          WHERE s.form <> 'elements'
        UNION ALL
        SELECT 'most_common_elems', v, place FROM unnest(s.elems) WITH ORDINALITY AS e (v, place)
      ) AS u (slot, v, place)
    ), ranked AS (
      SELECT *, dense_rank() OVER (ORDER BY ${order})::int AS rank FROM raw WHERE NOT whole
      UNION ALL
      SELECT *, dense_rank() OVER (ORDER BY v::${type}[]${collate})::int FROM raw WHERE whole
    )
    SELECT schema, relation, name, inherited, slot, whole, json_agg(rank ORDER BY place) AS ranks,
      CASE WHEN slot <> 'histogram_bounds' AND NOT whole THEN json_agg(${hash} ORDER BY place) END AS hashes
    FROM ranked GROUP BY schema, relation, name, inherited, slot, whole`;
  const { columns } = group;
  const { inner, outer } = key.pads;
  return {
    text,
    values: [
      columns.map(({ schema }) => schema),
      columns.map(({ relation }) => relation),
      columns.map(({ name }) => name),
      columns.map(({ treatment }) => (treatment.elementsOnly ? 'elements' : treatment.array ? 'array' : 'value')),
      columns.map(({ treatment }) => treatment.padded),
      inner,
      outer,
    ],
  };
}

/** The stand-ins of a group's ranks; undefined where its values are too short to stand in for so many. */
export function standIns(group: RedactionGroup, highest: number): ((rank: number) => string) | undefined {
  const { family, length } = group;
  if (family === 'text' && length !== undefined) {
    return highest < 36 ** length ? (rank) => rank.toString(36).padStart(length, '0') : undefined;
  }
  return (rank) => standIn(family, rank);
}

function standIn(family: Family, rank: number): string {
  const digits = String(rank).padStart(DIGITS, '0');
  const bytes = (count: number) =>
    (
      rank
        .toString(16)
        .padStart(count * 2, '0')
        .match(/../g) ?? []
    ).join(':');
  switch (family) {
    case 'text':
    case 'citext':
    case 'lexeme':
      return digits;
    case 'jsonb':
      return JSON.stringify(digits);
    case 'bytea':
      return `\\x${digits}`;
    case 'uuid':
      return `00000000-0000-0000-0000-${digits.padStart(12, '0')}`;
    case 'inet':
    case 'cidr': {
      const address = [24, 16, 8, 0].map((shift) => (rank >>> shift) & 255).join('.');
      return family === 'cidr' ? `${address}/32` : address;
    }
    case 'macaddr':
      return bytes(6);
    case 'macaddr8':
      return bytes(8);
  }
}

/** A column's statistics without the values that must not be in the file: what they were counted in goes with them. */
export function withoutValues(column: ColumnStatistics): ColumnStatistics {
  const { most_common_freqs, most_common_elem_freqs, range_empty_frac, ...rest } = column;
  return rest;
}
