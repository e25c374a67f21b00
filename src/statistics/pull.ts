import { PlanGuardError } from '../errors.js';
import { parseArrayLiteral } from './arrays.js';
import { readEnvironment } from './environment.js';
import type {
  ColumnStatistics,
  ExtendedStatistics,
  IndexStatistics,
  Statistics,
  TableStatistics,
  UnreadableTable,
} from './model.js';
import {
  groupColumns,
  type RedactedColumn,
  type RedactedRow,
  redactionQuery,
  standIns,
  withoutValues,
} from './redact.js';
import type { RedactionKey } from './redaction-key.js';
import {
  type Delimiters,
  delimitersOf,
  type Treatment,
  type TypeRow,
  type Types,
  treatmentOf,
  typesQuery,
} from './types.js';

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
  /** Tables to read, as `name` or `schema.name`; all where left out. */
  readonly tables?: readonly string[];
  /** Kept in the statistics: how they were made. */
  readonly origin: string;
  /**
   * Tells the height of a B-tree, or undefined where it cannot. `pageinspect` asks that extension where it is
   * installed and the role may use it.
   */
  readonly heights?: 'pageinspect' | ((index: IndexFile) => Promise<number | undefined>);
  /** Replaces values that may be personal (text, addresses, …) before they leave the database. */
  readonly redact?: {
    readonly key: RedactionKey;
    /** Columns that stay as they are, as `table.column` or `schema.table.column`. */
    readonly keep: readonly string[];
  };
  /** Whether the planner's settings, search path, extensions and row-level security are read as well. */
  readonly environment?: boolean;
  /** Kept in the statistics: when they were read. */
  readonly pulledAt?: Date;
  /** How long a statement may take, in milliseconds; as the server has it where left out. */
  readonly statementTimeout?: number;
  readonly onProgress?: (message: string) => void;
}

/** How long a statement may wait for a lock that somebody holds, in milliseconds. Only `bt_metap` takes one. */
const LOCK_TIMEOUT = 2000;

/**
 * Reads the planner's statistics of tables, indexes and columns from `pg_class` and `pg_stats`, in one snapshot that
 * changes nothing. Tables whose statistics the role is not shown, or that have none, are listed under `unreadable`.
 * @param client a connection that is not in a transaction: it gets one of its own, read only
 * @throws {PlanGuardError} `statistics` where there is no table to read, or not the one that was asked for
 */
export async function pullStatistics(client: StatisticsClient, options: PullOptions): Promise<Statistics> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    // Values are read in a form that does not depend on the session, as pg_dump does it.
    const session = { DateStyle: 'ISO', IntervalStyle: 'postgres', extra_float_digits: '3', bytea_output: 'hex' };
    const timeout = options.statementTimeout;
    const limits = {
      lock_timeout: String(LOCK_TIMEOUT),
      ...(timeout === undefined ? {} : { statement_timeout: String(timeout) }),
    };
    for (const [name, value] of Object.entries({ ...session, ...limits })) {
      await client.query('SELECT set_config($1, $2, true)', [name, value]);
    }
    return await new Pull(client, options).read();
  } finally {
    // Where the connection is lost there is nothing to roll back, and what lost it is worth telling.
    await client.query('ROLLBACK').catch(() => {});
  }
}

interface RelationRow {
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

const relationsQuery = `
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

interface AttributeRow {
  readonly relation: string;
  readonly name: string;
  readonly type: string;
  readonly modifier: number;
  readonly collation: string | null;
  readonly readable: boolean;
}

const attributesQuery = `
  SELECT a.attrelid::text AS relation, a.attname AS name, a.atttypid::text AS type, a.atttypmod AS modifier,
    quote_ident(n.nspname) || '.' || quote_ident(l.collname) AS collation,
    has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS readable
  FROM pg_attribute a
  LEFT JOIN pg_collation l ON l.oid = a.attcollation
  LEFT JOIN pg_namespace n ON n.oid = l.collnamespace
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attrelid, a.attname COLLATE "C"`;

/** A column of a relation that can have statistics. */
interface Attribute extends AttributeRow {
  readonly of: RelationRow;
  readonly treatment: Treatment;
  readonly delimiters: Delimiters;
}

interface ColumnRow {
  readonly schema: string;
  readonly relation: string;
  readonly name: string;
  readonly inherited: boolean;
  /** Numbers, and arrays of numbers. */
  readonly numbers: Readonly<Record<string, number | readonly number[] | null>>;
  /** Arrays of values, as array literals. */
  readonly values: Readonly<Record<string, string | null>>;
}

/** @param rangeHistograms whether `pg_stats` shows them: from PostgreSQL 17 on */
function columnsQuery(rangeHistograms: boolean): string {
  const clear = (name: string) => `'${name}', CASE WHEN w.clear THEN s.${name}::text END`;
  const values = ['most_common_vals', 'histogram_bounds', 'most_common_elems'];
  if (rangeHistograms) values.push('range_length_histogram', 'range_bounds_histogram');
  return `
  SELECT s.schemaname AS schema, s.tablename AS relation, s.attname AS name, s.inherited,
    json_build_object(
      'null_frac', s.null_frac, 'avg_width', s.avg_width, 'n_distinct', s.n_distinct,
      'most_common_freqs', s.most_common_freqs, 'correlation', s.correlation,
      'most_common_elem_freqs', s.most_common_elem_freqs, 'elem_count_histogram', s.elem_count_histogram
      ${rangeHistograms ? ", 'range_empty_frac', s.range_empty_frac" : ''}) AS numbers,
    json_build_object(${values.map(clear).join(', ')}) AS values
  FROM pg_stats s
  JOIN unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS w (schema, relation, name, clear)
    ON s.schemaname = w.schema AND s.tablename = w.relation AND s.attname = w.name
  WHERE s.schemaname = ANY ($1::name[]) AND s.tablename = ANY ($2::name[])`;
}

const extendedQuery = `
  SELECT n.nspname || '.' || e.stxname AS name, tn.nspname || '.' || t.relname AS "table",
    array_to_json(e.stxkind::text[]) AS kinds
  FROM pg_statistic_ext e
  JOIN pg_namespace n ON n.oid = e.stxnamespace
  JOIN pg_class t ON t.oid = e.stxrelid
  JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE e.stxrelid = ANY ($1::oid[])`;

/** `pg_statistic_ext.stxkind`. */
const extendedKinds: Readonly<Record<string, string>> = {
  d: 'ndistinct',
  f: 'dependencies',
  m: 'mcv',
  e: 'expressions',
};

const pageinspectQuery = `
  SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'pageinspect' AND current_setting('is_superuser') = 'on'`;

/** Relations whose columns are asked for at once. */
const CHUNK = 200;

interface RelationColumns {
  own?: Record<string, ColumnStatistics>;
  inherited?: Record<string, ColumnStatistics>;
}

class Pull {
  readonly #client: StatisticsClient;
  readonly #options: PullOptions;

  constructor(client: StatisticsClient, options: PullOptions) {
    this.#client = client;
    this.#options = options;
  }

  async read(): Promise<Statistics> {
    const { origin, pulledAt, redact, environment } = this.#options;
    const server = await this.#server();
    this.#progress('reading the tables');
    const relations = await this.#relations();
    const attributes = await this.#attributes(relations.filter(({ analysable }) => analysable));
    const columns = await this.#columns(attributes, server.number >= 170_000);
    if (redact !== undefined) await this.#redact(redact.key, attributes, columns);
    const heights = await this.#heights(relations.filter(({ btree }) => btree));
    const protectedTables = relations.filter(({ row_security }) => row_security).map(nameOf);
    const unreadable = findUnreadable(relations, attributes, columns);
    const extended = await this.#extended(relations);
    return {
      format: 'plan-guard statistics',
      version: 1,
      origin,
      server_version: server.version,
      ...(pulledAt === undefined ? {} : { pulled_at: pulledAt.toISOString() }),
      ...(environment === true ? await readEnvironment((text) => this.#rows(text), protectedTables) : {}),
      ...(Object.keys(extended).length === 0 ? {} : { extended_statistics: extended }),
      ...(Object.keys(unreadable).length === 0 ? {} : { unreadable }),
      ...(redact === undefined ? {} : { redaction: { key_check: redact.key.check } }),
      tables: assemble(relations, columns, heights),
    };
  }

  async #rows<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#client.query(text, values)).rows as Row[];
  }

  #progress(message: string): void {
    this.#options.onProgress?.(message);
  }

  async #server(): Promise<{ version: string; number: number }> {
    const [server] = await this.#rows<{ version: string; number: number; block_size: string }>(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
         current_setting('block_size') AS block_size`,
    );
    if (server === undefined) throw new Error('a query without FROM gave no row');
    if (server.block_size === '8192') return server;
    throw new PlanGuardError('statistics', `The server's pages have ${server.block_size} bytes instead of 8192.`, {
      hint: 'Sizes in pages cannot be carried over to a replica, whose pages have 8192 bytes.',
    });
  }

  async #relations(): Promise<RelationRow[]> {
    const { schemas, tables } = this.#options;
    const relations = await this.#rows<RelationRow>(relationsQuery, [schemas ?? null, tables ?? null]);
    const found = relations.filter(({ table }) => table === null);
    const names = new Set(found.flatMap((relation) => [relation.name, nameOf(relation)]));
    const missing = (tables ?? []).filter((name) => !names.has(name));
    const where = schemas?.join(', ') ?? 'the database';
    if (found.length > 0 && missing.length === 0) return relations;
    throw new PlanGuardError(
      'statistics',
      `There is no table ${missing.map((name) => `${name} `).join('')}in ${where}`,
      {
        hint: 'Check the database and the names of schemas and tables: they are written as psql’s \\dt shows them.',
      },
    );
  }

  async #attributes(relations: readonly RelationRow[]): Promise<readonly Attribute[]> {
    const byOid = new Map(relations.map((relation) => [relation.oid, relation]));
    const oids = [...byOid.keys()];
    const types: Types = new Map((await this.#rows<TypeRow>(typesQuery, [oids])).map((type) => [type.oid, type]));
    const rows = await this.#rows<AttributeRow>(attributesQuery, [oids]);
    const attributes = rows.flatMap((row): Attribute[] => {
      const of = byOid.get(row.relation);
      if (of === undefined) return [];
      return [{ ...row, of, treatment: this.#treatment(row, of, types), delimiters: delimitersOf(row.type, types) }];
    });
    this.#checkKept(attributes);
    return attributes;
  }

  #treatment(row: AttributeRow, of: RelationRow, types: Types): Treatment {
    const { redact } = this.#options;
    if (redact === undefined || redact.keep.some((kept) => namesOf(row, of).includes(kept))) return { kind: 'keep' };
    return treatmentOf(row.type, row.modifier, types);
  }

  #checkKept(attributes: readonly Attribute[]): void {
    const names = new Set(attributes.flatMap((attribute) => namesOf(attribute, attribute.of)));
    const unknown = (this.#options.redact?.keep ?? []).filter((kept) => !names.has(kept));
    if (unknown.length === 0) return;
    throw new PlanGuardError('usage', `There is no column ${unknown.join(', ')} to keep.`, {
      hint: 'Name it as table.column or schema.table.column; of an expression index, as index.column.',
    });
  }

  /** Statistics of columns, by `schema.name` of their relation. */
  async #columns(attributes: readonly Attribute[], rangeHistograms: boolean): Promise<Map<string, RelationColumns>> {
    const columns = new Map<string, RelationColumns>();
    const relations = [...new Set(attributes.map(({ of }) => of))];
    const attributesOf = groupBy(attributes, ({ of }) => of);
    for (let start = 0; start < relations.length; start += CHUNK) {
      this.#progress(`reading columns: ${start} of ${relations.length} tables`);
      const wanted = relations.slice(start, start + CHUNK).flatMap((relation) => attributesOf.get(relation) ?? []);
      const byName = new Map(
        wanted.map((attribute) => [JSON.stringify([nameOf(attribute.of), attribute.name]), attribute]),
      );
      const rows = await this.#rows<ColumnRow>(columnsQuery(rangeHistograms), [
        wanted.map(({ of }) => of.schema),
        wanted.map(({ of }) => of.name),
        wanted.map(({ name }) => name),
        wanted.map(({ treatment }) => treatment.kind === 'keep'),
      ]);
      for (const row of rows) {
        const relation = `${row.schema}.${row.relation}`;
        const attribute = byName.get(JSON.stringify([relation, row.name]));
        if (attribute === undefined) continue;
        const group = columns.get(relation) ?? {};
        columns.set(relation, group);
        const kind = row.inherited ? 'inherited' : 'own';
        group[kind] = Object.assign(group[kind] ?? {}, {
          [row.name]: columnStatistics(row, attribute),
        });
      }
    }
    return columns;
  }

  /** Puts stand-ins into statistics that were read without values. */
  async #redact(
    key: RedactionKey,
    attributes: readonly Attribute[],
    columns: ReadonlyMap<string, RelationColumns>,
  ): Promise<void> {
    const redacted = attributes.flatMap(({ of, name, treatment, collation }): RedactedColumn[] =>
      treatment.kind !== 'stand-in' || !columns.has(nameOf(of))
        ? []
        : [{ schema: of.schema, relation: of.name, name, treatment, collation: collation ?? undefined }],
    );
    for (const group of groupColumns(redacted)) {
      this.#progress(`redacting ${group.columns.length} columns of ${group.family}`);
      const { text, values } = redactionQuery(group, key);
      const rows = await this.#rows<RedactedRow>(text, values);
      const highest = rows.reduce((most, { ranks }) => ranks.reduce((a, b) => Math.max(a, b), most), 0);
      const standIn = standIns(group, highest);
      for (const row of rows) {
        const of = columns.get(`${row.schema}.${row.relation}`)?.[row.inherited ? 'inherited' : 'own'];
        const column = of?.[row.name];
        if (of === undefined || column === undefined) continue;
        of[row.name] =
          standIn === undefined
            ? { ...withoutValues(column), redacted: 'left-out' }
            : { ...column, ...redactedValues(row, standIn) };
      }
    }
  }

  async #heights(indexes: readonly RelationRow[]): Promise<ReadonlyMap<string, number>> {
    const { heights } = this.#options;
    if (heights === undefined || indexes.length === 0) return new Map();
    if (heights === 'pageinspect') return this.#inspectedHeights(indexes);
    const known = new Map<string, number>();
    for (const { oid, schema, name } of indexes) {
      const [row] = await this.#rows<{ path: string }>('SELECT pg_relation_filepath($1::oid) AS path', [oid]);
      const height = row === undefined ? undefined : await heights({ schema, name, relfilenodePath: row.path });
      if (height !== undefined) known.set(oid, height);
    }
    return known;
  }

  /** Heights as `bt_metap` tells them; none where it is not installed, not allowed or waits for a lock. */
  async #inspectedHeights(indexes: readonly RelationRow[]): Promise<ReadonlyMap<string, number>> {
    const [extension] = await this.#rows<{ schema: string }>(pageinspectQuery);
    if (extension === undefined) return new Map();
    this.#progress(`reading the heights of ${indexes.length} indexes`);
    await this.#client.query('SAVEPOINT heights');
    try {
      const rows = await this.#rows<{ oid: string; height: number }>(
        `SELECT i.oid::text, (${extension.schema}.bt_metap(i.oid::regclass::text)).fastlevel::int AS height
           FROM unnest($1::oid[]) AS i (oid)`,
        [indexes.map(({ oid }) => oid)],
      );
      return new Map(rows.map(({ oid, height }) => [oid, height]));
    } catch {
      await this.#client.query('ROLLBACK TO SAVEPOINT heights');
      return new Map();
    }
  }

  async #extended(relations: readonly RelationRow[]): Promise<Readonly<Record<string, ExtendedStatistics>>> {
    const tables = relations.filter(({ table }) => table === null).map(({ oid }) => oid);
    const rows = await this.#rows<{ name: string; table: string; kinds: string[] }>(extendedQuery, [tables]);
    return Object.fromEntries(
      rows.map(({ name, table, kinds }) => [
        name,
        { table, kinds: kinds.map((kind) => extendedKinds[kind] ?? kind).sort() },
      ]),
    );
  }
}

function groupBy<Value, Key>(values: readonly Value[], keyOf: (value: Value) => Key): ReadonlyMap<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}

function namesOf(row: { readonly name: string }, of: RelationRow): readonly string[] {
  return [`${of.name}.${row.name}`, `${nameOf(of)}.${row.name}`];
}

function columnStatistics(row: ColumnRow, { treatment, delimiters }: Attribute): ColumnStatistics {
  const facts: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row.numbers)) if (value !== null) facts[name] = value;
  for (const [name, literal] of Object.entries(row.values)) {
    if (literal === null) continue;
    // The histogram of lengths is an array of double precision, whatever the column's type.
    const special = { most_common_elems: delimiters.elements, range_length_histogram: ',' };
    facts[name] = parseArrayLiteral(literal, special[name as keyof typeof special] ?? delimiters.values);
  }
  const column = facts as unknown as ColumnStatistics;
  if (treatment.kind === 'leave-out') return { ...withoutValues(column), redacted: 'left-out' };
  return treatment.kind === 'stand-in' ? { ...column, redacted: 'stand-ins' } : column;
}

const hashSlots = {
  most_common_vals: 'most_common_val_hashes',
  most_common_elems: 'most_common_elem_hashes',
} as const;

function redactedValues(row: RedactedRow, standIn: (rank: number) => string): Partial<ColumnStatistics> {
  const values = row.ranks.map((rank) => (row.whole ? `{${standIn(rank)}}` : standIn(rank)));
  const hashSlot = row.slot === 'histogram_bounds' ? undefined : hashSlots[row.slot];
  return {
    [row.slot]: values,
    ...(hashSlot === undefined || row.hashes === null ? {} : { [hashSlot]: row.hashes }),
  };
}

function assemble(
  relations: readonly RelationRow[],
  columns: ReadonlyMap<string, RelationColumns>,
  heights: ReadonlyMap<string, number>,
): Readonly<Record<string, TableStatistics>> {
  const indexesOf = new Map<string, [string, IndexStatistics][]>();
  for (const relation of relations) {
    if (relation.table === null) continue;
    const height = heights.get(relation.oid);
    const own = columns.get(nameOf(relation))?.own;
    const index: IndexStatistics = {
      ...sizeOf(relation),
      ...(height === undefined ? {} : { height }),
      ...(relation.valid === false ? { valid: false } : {}),
      ...(own === undefined ? {} : { columns: own }),
    };
    const indexes = indexesOf.get(relation.table) ?? [];
    indexesOf.set(relation.table, indexes);
    indexes.push([relation.name, index]);
  }
  const tables = relations
    .filter(({ table }) => table === null)
    .map((relation): [string, TableStatistics] => {
      const name = nameOf(relation);
      const { own = {}, inherited } = columns.get(name) ?? {};
      const indexes = Object.fromEntries(indexesOf.get(name) ?? []);
      return [name, { ...sizeOf(relation), columns: own, ...(inherited === undefined ? {} : { inherited }), indexes }];
    });
  return Object.fromEntries(tables);
}

function sizeOf({ relpages, reltuples, relallvisible }: RelationRow) {
  return { relpages, reltuples, relallvisible };
}

function findUnreadable(
  relations: readonly RelationRow[],
  attributes: readonly Attribute[],
  columns: ReadonlyMap<string, RelationColumns>,
): Readonly<Record<string, UnreadableTable>> {
  const attributesOf = groupBy(attributes, ({ of }) => of);
  const indexesOf = groupBy(relations, ({ table }) => table);
  const unreadable: Record<string, UnreadableTable> = {};
  for (const relation of relations) {
    const own = attributesOf.get(relation);
    if (relation.table !== null || own === undefined) continue;
    const name = nameOf(relation);
    const refused = own.filter(({ readable }) => !readable).map((attribute) => attribute.name);
    const indexes = (indexesOf.get(name) ?? [])
      .filter((index) => attributesOf.get(index)?.some(({ readable }) => !readable))
      .map((index) => index.name);
    if (relation.hidden) unreadable[name] = { reason: 'row security' };
    else if (refused.length === own.length) unreadable[name] = { reason: 'no privilege' };
    else if (!columns.has(name) && relation.reltuples !== 0) unreadable[name] = { reason: 'never analysed' };
    else if (refused.length + indexes.length > 0) {
      unreadable[name] = {
        reason: 'no privilege',
        ...(refused.length === 0 ? {} : { columns: refused }),
        ...(indexes.length === 0 ? {} : { indexes }),
      };
    }
  }
  return unreadable;
}
