import { PlanGuardError } from '../errors.js';
import { parseArrayLiteral } from './arrays.js';
import {
  assemble,
  findUnreadable,
  findUnshownRanges,
  groupBy,
  nameOf,
  namesOf,
  type RelationColumns,
} from './assemble.js';
import {
  type Attribute,
  type AttributeRow,
  attributesQuery,
  type ColumnRow,
  columnsQuery,
  extendedKinds,
  extendedQuery,
  pageinspectQuery,
  type RangeSource,
  type RelationRow,
  relationsQuery,
} from './catalog-queries.js';
import { readEnvironment } from './environment.js';
import { readMinMax } from './min-max.js';
import type { ColumnStatistics, ExtendedStatistics, Statistics } from './model.js';
import {
  groupColumns,
  type RedactedColumn,
  type RedactedRow,
  redactionQuery,
  standIns,
  withoutValues,
} from './redact.js';
import type { RedactionKey } from './redaction-key.js';
import { delimitersOf, isRange, type Treatment, type TypeRow, type Types, treatmentOf, typesQuery } from './types.js';

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
  /**
   * Whether the smallest and the largest value of columns are read as well, each with one look into a B-tree of the
   * column's table: of columns that have a histogram, that the role may read and whose values are not redacted. What
   * could not be read so is listed under `unread_min_max`.
   */
  readonly minMax?: boolean;
  /** Whether the planner's settings, search path, extensions and row-level security are read as well. */
  readonly environment?: boolean;
  /** Kept in the statistics: when they were read. */
  readonly pulledAt?: Date;
  /** How long a statement may take, in milliseconds; as the server has it where left out. */
  readonly statementTimeout?: number;
  readonly onProgress?: (message: string) => void;
}

/**
 * How long a statement may wait for a lock that somebody holds, in milliseconds. `bt_metap` takes one of its index, and
 * reading the ends of columns one of their table.
 */
const LOCK_TIMEOUT = 2000;

/**
 * Reads the planner's statistics of tables, indexes and columns from `pg_class` and `pg_stats`, in one snapshot that
 * changes nothing; with `minMax` it looks into indexes as well. Tables whose statistics the role is not shown, or that
 * have none, are listed under `unreadable`.
 * @param client a connection that is not in a transaction: it gets one of its own, read only
 * @throws {PlanGuardError} `statistics` where there is no table to read, or not the one that was asked for
 */
export async function pullStatistics(client: StatisticsClient, options: PullOptions): Promise<Statistics> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    // With no other schema in it, none of PostgreSQL's names can mean what somebody else has made.
    const { rows } = await client.query('SHOW search_path');
    await client.query(`SET LOCAL search_path = ''`);
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
    return await new Pull(client, options, rows[0].search_path).read();
  } finally {
    // Where the connection is lost there is nothing to roll back, and what lost it is worth telling.
    await client.query('ROLLBACK').catch(() => {});
  }
}

const CHUNK = 200;

class Pull {
  readonly #client: StatisticsClient;
  readonly #options: PullOptions;
  /** That of the session. */
  readonly #searchPath: string;

  constructor(client: StatisticsClient, options: PullOptions, searchPath: string) {
    this.#client = client;
    this.#options = options;
    this.#searchPath = searchPath;
  }

  async read(): Promise<Statistics> {
    const { origin, pulledAt, redact, minMax } = this.#options;
    const server = await this.#server();
    this.#progress('reading the tables');
    const relations = await this.#relations();
    const attributes = await this.#attributes(relations.filter(({ analysable }) => analysable));
    const ranges = await this.#rangeSource(server.number);
    const columns = await this.#columns(attributes, ranges);
    if (redact !== undefined) await this.#redact(redact.key, attributes, columns);
    const heights = await this.#heights(relations.filter(({ btree }) => btree));
    const protectedTables = relations.filter(({ row_security }) => row_security).map(nameOf);
    const unreadable = findUnreadable(relations, attributes, columns);
    const unshown = ranges === 'nowhere' ? findUnshownRanges(attributes, columns) : {};
    const extended = await this.#extended(relations);
    const environment =
      this.#options.environment === true
        ? { ...(await readEnvironment((text) => this.#rows(text), protectedTables)), search_path: this.#searchPath }
        : undefined;
    // Last, for it changes settings of the transaction.
    const unread = minMax === true ? await this.#minMax(relations, attributes, columns) : {};
    return {
      format: 'plan-guard statistics',
      version: 1,
      origin,
      server_version: server.version,
      ...(pulledAt === undefined ? {} : { pulled_at: pulledAt.toISOString() }),
      ...environment,
      ...(Object.keys(extended).length === 0 ? {} : { extended_statistics: extended }),
      ...(Object.keys(unreadable).length === 0 ? {} : { unreadable }),
      ...(Object.keys(unshown).length === 0 ? {} : { unshown_ranges: unshown }),
      ...(Object.keys(unread).length === 0 ? {} : { unread_min_max: unread }),
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
      const treatment = this.#treatment(row, of, types);
      return [{ ...row, of, treatment, isRange: isRange(row.type, types), delimiters: delimitersOf(row.type, types) }];
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

  async #rangeSource(server: number): Promise<RangeSource> {
    if (server >= 170_000) return 'pg_stats';
    const [right] = await this.#rows<{ readable: boolean }>(
      `SELECT has_table_privilege('pg_catalog.pg_statistic', 'SELECT') AS readable`,
    );
    return right?.readable === true ? 'pg_statistic' : 'nowhere';
  }

  /** Statistics of columns, by `schema.name` of their relation. */
  async #columns(attributes: readonly Attribute[], ranges: RangeSource): Promise<Map<string, RelationColumns>> {
    const columns = new Map<string, RelationColumns>();
    const relations = [...new Set(attributes.map(({ of }) => of))];
    const attributesOf = groupBy(attributes, ({ of }) => of);
    for (let start = 0; start < relations.length; start += CHUNK) {
      this.#progress(`reading columns: ${start} of ${relations.length} tables`);
      const wanted = relations.slice(start, start + CHUNK).flatMap((relation) => attributesOf.get(relation) ?? []);
      const byName = new Map(
        wanted.map((attribute) => [JSON.stringify([nameOf(attribute.of), attribute.name]), attribute]),
      );
      const rows = await this.#rows<ColumnRow>(columnsQuery(ranges), [
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

  #minMax(
    relations: readonly RelationRow[],
    attributes: readonly Attribute[],
    columns: ReadonlyMap<string, RelationColumns>,
  ): Promise<Readonly<Record<string, readonly string[]>>> {
    const tables = relations.filter(({ table }) => table === null).map(({ oid }) => oid);
    return readMinMax(
      (text, values) => this.#rows(text, values),
      tables,
      attributes,
      columns,
      (done, of) => this.#progress(`reading the ends of columns: ${done} of ${of} relations`),
    );
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
