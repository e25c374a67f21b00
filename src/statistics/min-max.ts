import { nameOf, type RelationColumns } from './assemble.js';
import type { Attribute } from './catalog-queries.js';

type Rows = <Row>(text: string, values?: unknown[]) => Promise<Row[]>;

interface CandidateRow {
  /** OID of the table or, for an expression, of the index that the statistics are of. */
  readonly relation: string;
  /** Name of the column there. */
  readonly name: string;
  /** What to select, and where from, as SQL. */
  readonly value: string;
  readonly source: string;
  /** Whether the index, read from the smallest value on, begins with nulls. */
  readonly nulls_first: boolean;
  /** Whether nothing but code of PostgreSQL, of superusers and of the role itself is run when the table is read. */
  readonly trusted: boolean;
}

/**
 * Columns that lead a B-tree in which the planner looks their ends up (`get_actual_variable_range` in
 * src/backend/utils/adt/selfuncs.c): over all rows, in the order and the collation that the type and the column have by
 * themselves. What any index of a table and its extended statistics are made of (expressions, predicates) may run, with
 * the rights of the role, as soon as a query of that table is planned: the planner folds constants in it.
 */
const candidatesQuery = `
  SELECT DISTINCT ON (relation, name)
    CASE WHEN b.attnum IS NULL THEN i.indexrelid ELSE i.indrelid END::text AS relation, coalesce(b.attname, k.attname) AS name,
    CASE WHEN b.attnum IS NULL THEN '(' || pg_get_indexdef(i.indexrelid, 1, false) || ')' ELSE quote_ident(b.attname) END AS value,
    quote_ident(n.nspname) || '.' || quote_ident(t.relname) AS source,
    (i.indoption[0] & 1 <> 0) <> (i.indoption[0] & 2 <> 0) AS nulls_first,
    NOT EXISTS (
      SELECT FROM (
        SELECT 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid = t.oid
        UNION ALL
        SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext WHERE stxrelid = t.oid
      ) AS planned (class, oid)
      JOIN pg_depend d ON (d.classid, d.objid) = (planned.class, planned.oid)
      LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
      LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid OR p.oid = o.oprcode
      LEFT JOIN pg_type y ON d.refclassid = 'pg_type'::regclass AND y.oid = d.refobjid
      JOIN pg_roles r ON r.oid IN (p.proowner, o.oprowner, y.typowner)
      WHERE NOT r.rolsuper AND r.rolname <> current_user
    ) AS trusted
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
  JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree'
  JOIN pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'm')
  JOIN pg_namespace n ON n.oid = t.relnamespace
  JOIN pg_opclass q ON q.oid = i.indclass[0]
  JOIN pg_attribute k ON k.attrelid = i.indexrelid AND k.attnum = 1
  LEFT JOIN pg_attribute b ON b.attrelid = i.indrelid AND b.attnum = i.indkey[0] AND b.attnum > 0
  WHERE i.indrelid = ANY ($1::oid[]) AND i.indisvalid AND i.indisready AND i.indpred IS NULL
    AND EXISTS (SELECT FROM pg_opclass d
      WHERE (d.opcfamily, d.opcintype) = (q.opcfamily, q.opcintype) AND d.opcdefault)
    AND (b.attnum IS NULL OR i.indcollation[0] = b.attcollation)
    AND NOT (t.relrowsecurity AND row_security_active(t.oid))
  ORDER BY relation, name, c.relname COLLATE "C"`;

/** The planner is left no way but an index, in the order that it has, and no constraint of a table to evaluate. */
const settings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_sort: 'off',
  max_parallel_workers_per_gather: '0',
  constraint_exclusion: 'off',
};

/**
 * How long one reading may take, in milliseconds: a look into an index passes over the dead rows at its end, of which a
 * queue may have millions.
 */
const READ_TIMEOUT = 5000;

/** As long as a value may be, in bytes, for ANALYZE to keep it (`WIDTH_THRESHOLD` in src/backend/commands/analyze.c). */
const LONGEST = 1024;

const isTooLong = (value: string): boolean => Buffer.byteLength(value) > LONGEST;

/**
 * Reads the smallest and the largest value of columns that have a histogram, each with one look into a B-tree, and adds
 * them to their statistics. A column is read only where the plan does nothing else. It leaves settings of its own behind
 * in the transaction.
 * @param tables OIDs
 * @returns columns that could not be read, by `schema.name` of their relation
 */
export async function readMinMax(
  rows: Rows,
  tables: readonly string[],
  attributes: readonly Attribute[],
  columns: ReadonlyMap<string, RelationColumns>,
  onRelation: (done: number, of: number) => void,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const byPlace = new Map(
    attributes.map((attribute) => [JSON.stringify([attribute.of.oid, attribute.name]), attribute]),
  );
  const wanted = new Map<string, Wanted[]>();
  for (const candidate of await rows<CandidateRow>(candidatesQuery, [tables])) {
    const { relation, name } = candidate;
    const attribute = byPlace.get(JSON.stringify([relation, name]));
    if (attribute?.treatment.kind !== 'keep') continue;
    const own = columns.get(nameOf(attribute.of))?.own;
    if (own?.[name]?.histogram_bounds === undefined) continue;
    wanted.set(relation, [...(wanted.get(relation) ?? []), { ...candidate, of: nameOf(attribute.of), own }]);
  }
  for (const [name, value] of Object.entries(settings)) await rows('SELECT set_config($1, $2, true)', [name, value]);
  await rows(
    `SELECT set_config(name, least(nullif(setting::int, 0), $1)::text, true) FROM pg_settings
      WHERE name = 'statement_timeout'`,
    [READ_TIMEOUT],
  );
  await rows('SAVEPOINT min_max');
  const unread: Record<string, string[]> = {};
  let done = 0;
  for (const some of wanted.values()) {
    onRelation(done, wanted.size);
    done += 1;
    const ends = await endsOf(rows, some);
    for (const [index, { of, own, name }] of some.entries()) {
      const found = ends[index];
      const column = own[name];
      if (found === undefined) unread[of] = [...(unread[of] ?? []), name];
      else if (found !== 'no rows' && column !== undefined) own[name] = { ...column, min_max: found };
    }
  }
  return unread;
}

interface Wanted extends CandidateRow {
  /** `schema.name` of the relation that has the statistics, and those of its columns. */
  readonly of: string;
  readonly own: NonNullable<RelationColumns['own']>;
}

type Ends = readonly [smallest: string, largest: string] | 'no rows' | undefined;

/** The ends of columns of one relation; undefined for those that cannot be read. */
async function endsOf(rows: Rows, wanted: readonly Wanted[]): Promise<readonly Ends[]> {
  const trusted = wanted.filter((one) => one.trusted);
  const ends = new Map<Wanted, Ends>();
  let looked: readonly Wanted[] = [];
  try {
    const plain = trusted.length === 0 ? [] : await rows<PlanRow>(`EXPLAIN (FORMAT JSON) ${endsQuery(trusted)}`);
    looked = lookUps(plain, trusted);
    if (looked.length > 0) {
      const [row] = await rows<{ ends: readonly (string | null)[] }>(endsQuery(looked));
      for (const [index, one] of looked.entries()) {
        const [smallest, largest] = row?.ends.slice(index * 2, index * 2 + 2) ?? [];
        if (smallest == null || largest == null) ends.set(one, 'no rows');
        else ends.set(one, [smallest, largest].some(isTooLong) ? undefined : [smallest, largest]);
      }
    }
  } catch {
    // Whatever the reason is: they are listed.
  }
  // Gives the locks back as well, so that no more than one relation is locked at a time.
  await rows('ROLLBACK TO SAVEPOINT min_max');
  // One that takes too long does not stand in the way of the others.
  if (ends.size === 0 && looked.length > 1) {
    for (const one of looked) ends.set(one, (await endsOf(rows, [one]))[0]);
  }
  return wanted.map((one) => ends.get(one));
}

/** `format` writes a value as its type's output function does. */
function endsQuery(wanted: readonly Wanted[]): string {
  const looks = wanted.flatMap(({ value, source, nulls_first }) =>
    (['ASC', 'DESC'] as const).map((order) => {
      const nulls = nulls_first === (order === 'ASC') ? 'FIRST' : 'LAST';
      return `(SELECT format('%s', ${value}) FROM ONLY ${source} WHERE ${value} IS NOT NULL
        ORDER BY ${value} ${order} NULLS ${nulls} LIMIT 1)`;
    }),
  );
  return `SELECT to_json(ARRAY[${looks.join(', ')}]) AS ends`;
}

interface PlanRow {
  readonly 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }];
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly Plans?: readonly PlanNode[];
}

const LOOK_UP = new Set(['Result', 'Limit', 'Index Scan', 'Index Only Scan']);

const looksUp = (node: PlanNode): boolean => LOOK_UP.has(node['Node Type']) && (node.Plans ?? []).every(looksUp);

/** Those whose both sub-selects, which stand in the plan in their order, only read an index in its order. */
function lookUps([explained]: readonly PlanRow[], wanted: readonly Wanted[]): readonly Wanted[] {
  const selects = explained?.['QUERY PLAN'][0].Plan.Plans ?? [];
  if (selects.length !== wanted.length * 2) return [];
  return wanted.filter((_, index) => selects.slice(index * 2, index * 2 + 2).every(looksUp));
}
