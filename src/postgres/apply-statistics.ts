import { PlanGuardError, throwAll, type Where } from '../errors.js';
import { lineColumn } from '../sql/positions.js';
import { formatArrayLiteral } from '../statistics/arrays.js';
import { estimateBtreeHeight, pivotKeyWidth } from '../statistics/btree-height.js';
import { type JsonPath, locateJson, pathKey } from '../statistics/locate.js';
import type { ColumnStatistics, RelationSize, Statistics } from '../statistics/model.js';
import { PAGE_SIZE } from './btree.js';
import { type ColumnRow, insertColumnStatistics, type SizeRow, updateSizes } from './catalog-statistics.js';
import type { Database } from './database.js';
import { endEntries, type KeyForm, type WantedEnds } from './end-entries.js';
import type { InflatedRelation } from './inflate.js';
import { restoreColumnStatistics, restoreSizes } from './statistics-functions.js';

export interface StatisticsFile {
  readonly file: string;
  readonly text: string;
  readonly statistics: Statistics;
}

interface Relation {
  readonly schema: string;
  readonly name: string;
  /** `pg_class.relkind` */
  readonly kind: string;
  readonly method: string;
  /** Path of its file below the data directory; undefined where it has none. */
  readonly path: string | undefined;
  /** The table of an index, as `schema.name`. */
  readonly table: string | undefined;
  readonly columns: readonly string[];
  /** How many of an index's columns, from the first on, are keys: the rest are those of INCLUDE. */
  readonly keys: number;
  readonly leading: LeadingKey | undefined;
}

/** The leading key of a B-tree over all rows, in the order that its type has by itself. */
interface LeadingKey {
  /** The table's column; undefined for an expression. */
  readonly column: string | undefined;
  readonly form: KeyForm;
  readonly sameEverywhere: boolean;
  readonly descending: boolean;
}

/** The schema's tables and indexes, by `schema.name`. */
type Relations = ReadonlyMap<string, Relation>;

/**
 * Writes the statistics into the database and says how large the files have to be for the planner to believe them.
 * @throws {PlanGuardError | PlanGuardErrors} `statistics`, at the entry in the file that does not fit the schema
 */
export async function applyStatistics(
  database: Database,
  given: StatisticsFile,
): Promise<{ readonly inflated: readonly InflatedRelation[]; readonly remarks: readonly string[] }> {
  const relations = await readRelations(database);
  checkNames(given, relations);
  const source = { ...given, statistics: withoutDroppedIndexes(given.statistics, relations) };
  const estimated = estimateMissingIndexes(source.statistics, relations);
  const sizes = [...relationSizes(source.statistics, relations), ...estimated];
  const writer = await writerFor(database);
  await writer.sizes(database, sizeRows(sizes)).catch((error) => rethrow(source, error));
  await writeColumns(database, source, writer);
  await invalidateIndexes(database, source.statistics);
  const ends = await endEntries(database, wantedEnds(source.statistics, sizes, relations), () => locate(given));
  const visible = new Set([...ends.keys()].map((key) => relations.get(key)?.table));
  const inflated: InflatedRelation[] = [];
  for (const { key, size, height, keyWidth } of sizes) {
    const relation = relations.get(key);
    if (relation?.path === undefined || !isSized(relation, size)) continue;
    const isBtree = relation.method === 'btree';
    const ownEnds = ends.get(key);
    inflated.push({
      path: relation.path,
      pages: size.relpages,
      height: isBtree ? (height ?? estimateBtreeHeight(size.relpages, keyWidth)) : undefined,
      ...(ownEnds === undefined ? {} : { ends: ownEnds }),
      ...(visible.has(key) && size.relpages > 0 ? { visible: true } : {}),
    });
  }
  const remarks = estimated
    .filter(({ size }) => size.reltuples > 0)
    .map(({ key, size }) => describeEstimate(key, size));
  const dropped = droppedIndexes(given.statistics, relations).map(({ table, index }) => describeDropped(table, index));
  return { inflated, remarks: [...remarks, ...dropped, ...(await extendedStatistics(database))] };
}

/** Indexes that the schema does not have any more: a pull request that drops one is what is to be judged. */
function droppedIndexes(statistics: Statistics, relations: Relations): { table: string; index: string }[] {
  return Object.entries(statistics.tables).flatMap(([table, { indexes }]) => {
    const schema = table.slice(0, table.indexOf('.'));
    const dropped = Object.keys(indexes).filter((index) => relations.get(`${schema}.${index}`)?.table !== table);
    return dropped.map((index) => ({ table, index }));
  });
}

function describeDropped(table: string, index: string): string {
  return `The statistics know the index ${index} of ${table}, which the schema does not have: it is planned without.`;
}

function withoutDroppedIndexes(statistics: Statistics, relations: Relations): Statistics {
  const dropped = droppedIndexes(statistics, relations);
  if (dropped.length === 0) return statistics;
  const tables = Object.entries(statistics.tables).map(([table, facts]) => {
    const gone = new Set(dropped.filter((one) => one.table === table).map(({ index }) => index));
    const indexes = Object.fromEntries(Object.entries(facts.indexes).filter(([index]) => !gone.has(index)));
    return [table, { ...facts, indexes }];
  });
  return { ...statistics, tables: Object.fromEntries(tables) };
}

/** Whether the statistics tell the size: an empty table is known to be empty once it was analysed. */
function isSized(relation: Relation, { relpages, reltuples }: RelationSize): boolean {
  return relpages > 0 || (relpages === 0 && reltuples === 0 && relation.table === undefined);
}

/**
 * What the planner asks of an index before it looks a column's end up in it (`get_actual_variable_range` in
 * src/backend/utils/adt/selfuncs.c). An index keeps some types in another form, which is no type of a column. Numbers,
 * dates, times, booleans, enums and addresses have one order; jsonb and composite types compare texts as well.
 */
const LEADING_KEY = `
  SELECT json_build_object(
           'column', b.attname, 'type', format_type(f.atttypid, f.atttypmod), 'wide', i.indnatts > 1,
           'collation', quote_ident(ln.nspname) || '.' || quote_ident(l.collname), 'descending', i.indoption[0] & 1 = 1,
           'sameEverywhere', y.typcategory IN ('N', 'D', 'T', 'B', 'E', 'I'))
    FROM pg_attribute k
    LEFT JOIN pg_attribute b ON b.attrelid = i.indrelid AND b.attnum = i.indkey[0] AND b.attnum > 0
    JOIN pg_attribute f ON (f.attrelid, f.attnum) = (coalesce(b.attrelid, k.attrelid), coalesce(b.attnum, k.attnum))
    JOIN pg_type y ON y.oid = f.atttypid AND y.typtype <> 'p'
    JOIN pg_opclass o ON o.oid = i.indclass[0]
    LEFT JOIN pg_collation l ON l.oid = i.indcollation[0]
    LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
   WHERE k.attrelid = c.oid AND k.attnum = 1 AND c.relkind = 'i' AND a.amname = 'btree' AND i.indpred IS NULL
     AND EXISTS (SELECT FROM pg_opclass d
                  WHERE (d.opcfamily, d.opcintype) = (o.opcfamily, o.opcintype) AND d.opcdefault)`;

function leadingKey(json: string | null): LeadingKey | undefined {
  if (json === null) return undefined;
  const { column, type, collation, wide, ...order } = JSON.parse(json);
  return { column: column ?? undefined, form: { type, collation: collation ?? undefined, wide }, ...order };
}

async function readRelations(database: Database): Promise<Map<string, Relation>> {
  const rows = await database.rows(`
    SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, coalesce(a.amname, '') AS method,
           pg_relation_filepath(c.oid) AS path, tn.nspname || '.' || t.relname AS "table",
           (SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute
             WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
           coalesce(i.indnkeyatts, 0) AS keys, (${LEADING_KEY}) AS leading
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_am a ON a.oid = c.relam
      LEFT JOIN pg_index i ON i.indexrelid = c.oid
      LEFT JOIN pg_class t ON t.oid = i.indrelid
      LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I')
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
     ORDER BY c.oid`);
  return new Map(
    rows.map((row) => [
      `${row.schema}.${row.name}`,
      {
        schema: row.schema ?? '',
        name: row.name ?? '',
        kind: row.kind ?? '',
        method: row.method ?? '',
        path: row.path ?? undefined,
        table: row.table ?? undefined,
        columns: JSON.parse(row.columns ?? '[]') as string[],
        keys: Number(row.keys),
        leading: leadingKey(row.leading ?? null),
      },
    ]),
  );
}

function checkNames({ file, text, statistics }: StatisticsFile, relations: Relations): void {
  const missing: { path: JsonPath; message: string }[] = [];
  for (const [key, table] of Object.entries(statistics.tables)) {
    const relation = relations.get(key);
    if (relation === undefined || relation.table !== undefined) {
      missing.push({ path: ['tables', key], message: `The schema has no table "${key}".` });
      continue;
    }
    for (const group of ['columns', 'inherited'] as const) {
      for (const column of Object.keys(table[group] ?? {})) {
        if (relation.columns.includes(column)) continue;
        missing.push({
          path: ['tables', key, group, column],
          message: `The table "${key}" has no column "${column}".`,
        });
      }
    }
    for (const [index, { columns = {} }] of Object.entries(table.indexes)) {
      const path = ['tables', key, 'indexes', index];
      const known = relations.get(`${relation.schema}.${index}`);
      if (known?.table !== key) continue;
      for (const column of Object.keys(columns)) {
        if (known.columns.includes(column)) continue;
        missing.push({
          path: [...path, 'columns', column],
          message: `The index "${relation.schema}.${index}" has no column "${column}".`,
        });
      }
    }
  }
  if (missing.length === 0) return;
  const places = locate({ file, text, statistics });
  throwAll(
    missing.map(
      ({ path, message }) =>
        new PlanGuardError('statistics', message, {
          where: places(path),
          hint: 'Statistics and schema must be of the same database: make the statistics again, or take the entry out.',
        }),
    ),
  );
}

/** Finds entries of the file, for messages. */
function locate({ file, text }: StatisticsFile): (path: JsonPath) => Where {
  const { places } = locateJson(text);
  return (path) => {
    const place = places.get(pathKey(path));
    return place === undefined ? { file } : { file, ...lineColumn(text, place.key) };
  };
}

/** The indexes that can hold the ends of their leading column, where the statistics know them. */
function wantedEnds(statistics: Statistics, sizes: readonly SizedRelation[], relations: Relations): WantedEnds[] {
  return sizes.flatMap(({ key, size }): WantedEnds[] => {
    const { leading, name, columns, table = '' } = relations.get(key) ?? {};
    const facts = statistics.tables[table];
    if (leading === undefined || facts === undefined || name === undefined || size.relpages < 2) return [];
    // The planner would look for the row of an entry that no visibility map vouches for.
    if (facts.relpages < 1) return [];
    const { column = columns?.[0] ?? '' } = leading;
    const ofTable = leading.column !== undefined;
    const min_max = (ofTable ? facts.columns : facts.indexes[name]?.columns)?.[column]?.min_max;
    if (min_max === undefined) return [];
    const path = ['tables', table, ...(ofTable ? [] : ['indexes', name]), 'columns', column, 'min_max'];
    return [{ ...leading, key, min_max, column: `${ofTable ? table : key}.${column}`, path }];
  });
}

interface SizedRelation {
  readonly key: string;
  readonly size: RelationSize;
  readonly height: number | undefined;
  readonly keyWidth: number;
}

function relationSizes(statistics: Statistics, relations: Relations): SizedRelation[] {
  const sizes: SizedRelation[] = [];
  for (const [key, table] of Object.entries(statistics.tables)) {
    sizes.push({ key, size: table, height: undefined, keyWidth: 0 });
    const schema = key.slice(0, key.indexOf('.'));
    for (const [name, index] of Object.entries(table.indexes)) {
      const indexKey = `${schema}.${name}`;
      const keyWidth = keyWidthOf(relations.get(indexKey), { ...table.columns, ...index.columns }, index.reltuples);
      sizes.push({ key: indexKey, size: index, height: index.height, keyWidth });
    }
  }
  return sizes;
}

type Columns = Readonly<Record<string, ColumnStatistics>>;

/** Average width in bytes of the keys on the inner pages of an index with so many entries. */
function keyWidthOf(index: Relation | undefined, columns: Columns, tuples: number): number {
  const keys = index?.columns.slice(0, index.keys) ?? [];
  return pivotKeyWidth(
    keys.map((name) => ({ avg_width: columns[name]?.avg_width, n_distinct: columns[name]?.n_distinct })),
    tuples,
  );
}

/** Average width in bytes of an index's columns together. */
function entryWidthOf(names: readonly string[], columns: Columns): number {
  return names.reduce((sum, name) => sum + (columns[name]?.avg_width ?? UNKNOWN_WIDTH), 0);
}

const INDEX_ENTRY_OVERHEAD = 12;
const INDEX_FILL = 0.9;
const UNKNOWN_WIDTH = 8;
/** `BRIN_DEFAULT_PAGES_PER_RANGE` */
const BRIN_RANGE = 128;

/**
 * An index that the statistics do not know (a pull request adds it) gets the size that its entries would take:
 * PostgreSQL would otherwise take it for one page of all the table's rows. Of an empty table it is empty.
 */
function estimateMissingIndexes(statistics: Statistics, relations: Relations): SizedRelation[] {
  const estimated: SizedRelation[] = [];
  for (const [key, relation] of relations) {
    const table = relation.table === undefined ? undefined : statistics.tables[relation.table];
    if (
      table === undefined ||
      relation.kind !== 'i' ||
      table.reltuples <= 0 ||
      Object.hasOwn(table.indexes, relation.name)
    )
      continue;
    const entry = INDEX_ENTRY_OVERHEAD + Math.ceil(entryWidthOf(relation.columns, table.columns) / 8) * 8;
    // A BRIN index has an entry of two values for each range of pages, and a page each for itself and its map.
    const bytes =
      relation.method === 'brin' ? (table.relpages / BRIN_RANGE) * 2 * entry : (table.reltuples * entry) / INDEX_FILL;
    const relpages = (relation.method === 'brin' ? 2 : 1) + Math.ceil(bytes / PAGE_SIZE);
    estimated.push({
      key,
      size: { relpages, reltuples: table.reltuples, relallvisible: 0 },
      height: undefined,
      keyWidth: keyWidthOf(relation, table.columns, table.reltuples),
    });
  }
  return estimated;
}

function describeEstimate(key: string, size: RelationSize): string {
  return `The statistics do not know the index ${key}: its size is estimated at ${size.relpages} pages.`;
}

const rethrow = ({ file }: StatisticsFile, error: unknown): never => {
  throw new PlanGuardError('statistics', `The statistics cannot be written: ${(error as Error).message}`, {
    where: { file },
    hint: 'Make the statistics again from the database that the schema is of.',
    cause: error,
  });
};

interface Writer {
  sizes(database: Database, rows: readonly SizeRow[]): Promise<void>;
  columns(database: Database, rows: readonly ColumnRow[]): Promise<readonly boolean[]>;
}

/** From PostgreSQL 18 on the server has functions for it; before, its catalogs are written. Both end in the same. */
async function writerFor(database: Database): Promise<Writer> {
  const { rows } = await database.query(`SELECT current_setting('server_version_num')::int >= 180000`);
  return rows[0]?.[0] === 't'
    ? { sizes: restoreSizes, columns: restoreColumnStatistics }
    : { sizes: updateSizes, columns: insertColumnStatistics };
}

function sizeRows(sizes: readonly SizedRelation[]): SizeRow[] {
  return sizes.map(({ key, size }) => {
    const dot = key.indexOf('.');
    const { relpages, reltuples, relallvisible } = size;
    return { schemaname: key.slice(0, dot), relname: key.slice(dot + 1), relpages, reltuples, relallvisible };
  });
}

const VALUES = [
  'most_common_vals',
  'histogram_bounds',
  'most_common_elems',
  'range_length_histogram',
  'range_bounds_histogram',
] as const;

interface ColumnEntry {
  readonly path: JsonPath;
  readonly row: ColumnRow;
}

function columnEntries(statistics: Statistics): ColumnEntry[] {
  const entries: ColumnEntry[] = [];
  const add = (
    path: JsonPath,
    relation: string,
    inherited: boolean,
    columns: Readonly<Record<string, ColumnStatistics>>,
  ) => {
    const dot = relation.indexOf('.');
    for (const [attname, column] of Object.entries(columns)) {
      const row: Record<string, unknown> = { ...column };
      for (const name of VALUES) if (column[name] !== undefined) row[name] = formatArrayLiteral(column[name]);
      entries.push({
        path: [...path, attname],
        row: { ...row, schemaname: relation.slice(0, dot), relname: relation.slice(dot + 1), attname, inherited },
      });
    }
  };
  for (const [key, table] of Object.entries(statistics.tables)) {
    add(['tables', key, 'columns'], key, false, table.columns);
    add(['tables', key, 'inherited'], key, true, table.inherited ?? {});
    const schema = key.slice(0, key.indexOf('.'));
    for (const [name, index] of Object.entries(table.indexes)) {
      add(['tables', key, 'indexes', name, 'columns'], `${schema}.${name}`, false, index.columns ?? {});
    }
  }
  return entries;
}

async function writeColumns(database: Database, source: StatisticsFile, writer: Writer): Promise<void> {
  const entries = columnEntries(source.statistics);
  const rows = entries.map(({ row }) => row);
  const taken = await writer.columns(database, rows).catch((error) => rethrow(source, error));
  const refused = entries.filter((_, index) => taken[index] !== true);
  if (refused.length === 0) return;
  const places = locate(source);
  const errors: PlanGuardError[] = [];
  for (const { path, row } of refused) {
    const fault = await faultOf(database, row);
    const message = `PostgreSQL refused the statistics of ${row.relname}.${row.attname}${fault}.`;
    errors.push(
      new PlanGuardError('statistics', message, {
        where: places(path),
        hint: `Every value must be one of the column's type, and common values need frequencies.`,
      }),
    );
  }
  throwAll(errors);
}

/** The first value that is none of its column's type, for a message; servers before PostgreSQL 16 cannot tell. */
async function faultOf(database: Database, row: ColumnRow): Promise<string> {
  const values = ['most_common_vals', 'histogram_bounds'].flatMap((name) => row[name] ?? []);
  for (const literal of values) {
    const fault = await database
      .rows(
        `SELECT v.value, format_type(a.atttypid, a.atttypmod) AS type
           FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN unnest($4::text[]) AS v(value)
          WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3
            AND NOT pg_input_is_valid(v.value, format_type(a.atttypid, a.atttypmod)) LIMIT 1`,
        [row.schemaname, row.relname, row.attname, String(literal)],
      )
      .catch(() => []);
    const [found] = fault;
    if (found !== undefined) return `: ${JSON.stringify(found.value)} is no value of the type ${found.type}`;
  }
  return '';
}

/** Objects of CREATE STATISTICS, which no function restores before PostgreSQL 19. */
async function extendedStatistics(database: Database): Promise<readonly string[]> {
  const rows = await database.rows(
    `SELECT stxnamespace::regnamespace || '.' || stxname AS name FROM pg_statistic_ext ORDER BY 1`,
  );
  if (rows.length === 0) return [];
  const names = rows.map(({ name }) => name).join(', ');
  return [
    `The schema has extended statistics (${names}), which the replica cannot carry: plans that rest on them differ.`,
  ];
}

/** An index that is invalid in production is listed by psql and never used. */
async function invalidateIndexes(database: Database, statistics: Statistics): Promise<void> {
  for (const [key, table] of Object.entries(statistics.tables)) {
    const schema = key.slice(0, key.indexOf('.'));
    for (const [name, index] of Object.entries(table.indexes)) {
      if (index.valid !== false) continue;
      await database.query(
        `UPDATE pg_index SET indisvalid = false FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE indexrelid = c.oid AND n.nspname = $1 AND c.relname = $2`,
        [schema, name],
      );
    }
  }
}
