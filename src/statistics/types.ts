/** What the catalog says about a type. OIDs are texts. */
export interface TypeRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** `pg_type.typtype`: `b`, `c`, `d`, `e`, `r`, `m` or `p`. */
  readonly kind: string;
  /** Delimiter of its values in an array's text (`pg_type.typdelim`). */
  readonly delimiter: string;
  /** Of an array: its elements' type. */
  readonly element: string | null;
  /** Of a domain: the type beneath, and its modifier. */
  readonly base: string | null;
  readonly base_modifier: number;
  /** Whether a domain checks its values. */
  readonly checked: boolean;
  /** Of a range or multirange: the type of its bounds. */
  readonly bound: string | null;
}

/** The types of the columns of these relations, and all types that those are made of. */
export const typesQuery = `
  WITH RECURSIVE used (oid) AS (
    SELECT atttypid FROM pg_attribute WHERE attrelid = ANY ($1::oid[]) AND attnum > 0 AND NOT attisdropped
    UNION
    SELECT part.oid FROM used
    JOIN pg_type t USING (oid)
    LEFT JOIN pg_range r ON t.oid IN (r.rngtypid, r.rngmultitypid)
    CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype), (r.rngsubtype)) AS part (oid)
    WHERE part.oid <> 0
  )
  SELECT t.oid::text, n.nspname AS schema, t.typname AS name, t.typtype AS kind, t.typdelim AS delimiter,
    CASE WHEN t.typcategory = 'A' THEN nullif(t.typelem, 0)::text END AS element,
    nullif(t.typbasetype, 0)::text AS base, t.typtypmod AS base_modifier,
    EXISTS (SELECT FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c') AS checked,
    r.rngsubtype::text AS bound
  FROM used
  JOIN pg_type t USING (oid)
  JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_range r ON t.oid IN (r.rngtypid, r.rngmultitypid)`;

export type Types = ReadonlyMap<string, TypeRow>;

/** Whether a column's statistics are those of ranges: of a range, a multirange, or a domain over one. */
export function isRange(oid: string, types: Types): boolean {
  const type = types.get(oid);
  if (type === undefined) return false;
  return type.bound !== null || (type.base !== null && isRange(type.base, types));
}

/** Delimiters of a column's values and, where it is an array, of its elements in the arrays' texts. */
export interface Delimiters {
  readonly values: string;
  readonly elements: string;
}

export function delimitersOf(type: string, types: Types): Delimiters {
  const row = types.get(type);
  const element = row?.element == null ? undefined : types.get(row.element);
  const values = row?.delimiter ?? ',';
  return { values, elements: element?.delimiter ?? values };
}

/** Types whose values are compared alike, so that stand-ins for them can be ranked together. */
export type Family =
  | 'text'
  | 'citext'
  | 'lexeme'
  | 'uuid'
  | 'inet'
  | 'cidr'
  | 'macaddr'
  | 'macaddr8'
  | 'bytea'
  | 'jsonb';

/** What becomes of a column's values when statistics are redacted. */
export type Treatment =
  | { readonly kind: 'keep' }
  | { readonly kind: 'leave-out' }
  | {
      readonly kind: 'stand-in';
      readonly family: Family;
      /** Whether the column's values are arrays of the family's. */
      readonly array: boolean;
      /** Length of the longest value in characters, where the type limits it. */
      readonly length: number | undefined;
      /** Whether the values are padded with spaces (`char(n)`), which mean nothing. */
      readonly padded: boolean;
      /** Whether only the elements are text: a `tsvector`. */
      readonly elementsOnly: boolean;
    };

const kept = new Set(
  ['bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'money', 'oid', 'date', 'time', 'timetz']
    .concat(['timestamp', 'timestamptz', 'interval', 'pg_lsn', 'xid', 'xid8', 'tid', 'bit', 'varbit'])
    .concat(['regclass', 'regtype', 'regproc', 'regprocedure', 'regnamespace', 'regrole']),
);

const families: Readonly<Record<string, Family>> = {
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
  uuid: 'uuid',
  inet: 'inet',
  cidr: 'cidr',
  macaddr: 'macaddr',
  macaddr8: 'macaddr8',
  bytea: 'bytea',
  jsonb: 'jsonb',
};

/** VARHDRSZ: `atttypmod` of a limited text is its length and this. */
const VARHDRSZ = 4;

/**
 * How a type's values are redacted. Numbers, booleans, dates, times, enum labels and ranges of such stay: an enum's
 * labels are part of the schema. Text, addresses, uuid, bytea and jsonb, and arrays of such, get stand-ins. Whatever
 * else there is, and domains that check their values, is left out: a stand-in would not be a value of theirs.
 * @param modifier `pg_attribute.atttypmod`
 */
export function treatmentOf(oid: string, modifier: number, types: Types): Treatment {
  const type = types.get(oid);
  if (type === undefined) return { kind: 'leave-out' };
  if (type.kind === 'e') return { kind: 'keep' };
  if (type.bound !== null) {
    return treatmentOf(type.bound, -1, types).kind === 'keep' ? { kind: 'keep' } : { kind: 'leave-out' };
  }
  if (type.kind === 'd' && type.base !== null) {
    const base = treatmentOf(type.base, type.base_modifier, types);
    return base.kind === 'stand-in' && type.checked ? { kind: 'leave-out' } : base;
  }
  if (type.element !== null) {
    const element = treatmentOf(type.element, modifier, types);
    if (element.kind !== 'stand-in') return element;
    return element.array || element.elementsOnly ? { kind: 'leave-out' } : { ...element, array: true };
  }
  if (type.schema === 'pg_catalog') {
    if (kept.has(type.name)) return { kind: 'keep' };
    if (type.name === 'tsvector') {
      return { kind: 'stand-in', family: 'lexeme', array: false, length: undefined, padded: false, elementsOnly: true };
    }
    const family = families[type.name];
    if (family === undefined) return { kind: 'leave-out' };
    const limited = (type.name === 'varchar' || type.name === 'bpchar') && modifier >= VARHDRSZ;
    const length = limited ? modifier - VARHDRSZ : undefined;
    return { kind: 'stand-in', family, array: false, length, padded: type.name === 'bpchar', elementsOnly: false };
  }
  if (type.name === 'citext') {
    return { kind: 'stand-in', family: 'citext', array: false, length: undefined, padded: false, elementsOnly: false };
  }
  return { kind: 'leave-out' };
}
