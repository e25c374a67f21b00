import type { RelationSize, Statistics } from './model.js';

export interface IndexSummary {
  readonly name: string;
  readonly pages: number;
  readonly bytes: number;
  /** Of a B-tree, where it is known. */
  readonly height: number | undefined;
  readonly valid: boolean;
}

export interface TableSummary {
  /** `schema.name`. */
  readonly name: string;
  /** -1: never counted. */
  readonly rows: number;
  /** -1: a partitioned table, which has no file. */
  readonly pages: number;
  readonly bytes: number;
  /** Columns that have statistics. */
  readonly columns: number;
  readonly redacted: number;
  readonly indexes: readonly IndexSummary[];
}

export interface StatisticsSummary {
  readonly origin: string;
  readonly server_version: string;
  readonly pulled_at: string | undefined;
  /** Since then, in days. */
  readonly age_days: number | undefined;
  /** Of all tables and indexes. */
  readonly bytes: number;
  readonly tables: readonly TableSummary[];
  readonly settings: Readonly<Record<string, string>>;
  /** What the statistics do not carry, one sentence each. */
  readonly missing: readonly string[];
}

const PAGE = 8192;
const DAY = 24 * 60 * 60 * 1000;

/** What a statistics file tells, and what it does not. Tables come largest first. */
export function summarizeStatistics(statistics: Statistics, now: Date): StatisticsSummary {
  const tables = Object.entries(statistics.tables).map(([name, table]): TableSummary => {
    const columns = [...Object.values(table.columns), ...Object.values(table.inherited ?? {})];
    return {
      name,
      rows: table.reltuples,
      pages: table.relpages,
      bytes: bytesOf(table),
      columns: new Set([...Object.keys(table.columns), ...Object.keys(table.inherited ?? {})]).size,
      redacted: columns.filter(({ redacted }) => redacted !== undefined).length,
      indexes: Object.entries(table.indexes).map(([index, facts]) => ({
        name: index,
        pages: facts.relpages,
        bytes: bytesOf(facts),
        height: facts.height,
        valid: facts.valid !== false,
      })),
    };
  });
  tables.sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  const { pulled_at } = statistics;
  return {
    origin: statistics.origin,
    server_version: statistics.server_version,
    pulled_at,
    age_days: pulled_at === undefined ? undefined : ageInDays(pulled_at, now),
    bytes: tables.reduce((sum, { bytes, indexes }) => sum + bytes + indexes.reduce((of, one) => of + one.bytes, 0), 0),
    tables,
    settings: statistics.settings ?? {},
    missing: missingFrom(statistics),
  };
}

/** Whole days from a moment to now; 0 for one to come. */
export function ageInDays(moment: string, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - Date.parse(moment)) / DAY));
}

function bytesOf({ relpages }: RelationSize): number {
  return Math.max(0, relpages) * PAGE;
}

/** What statistics do not carry that planning goes by, one sentence each. */
export function missingFrom(statistics: Statistics): readonly string[] {
  return missingByKind(statistics).flat();
}

/**
 * The same, the sentences of one kind together: what was not shown, ranges, ends of columns, extended statistics, values
 * left out.
 */
export function missingByKind(statistics: Statistics): readonly (readonly string[])[] {
  return [unreadable, unshownRanges, unreadEnds, extendedStatistics, leftOut].map((kind) => kind(statistics));
}

function unreadable(statistics: Statistics): readonly string[] {
  const missing: string[] = [];
  for (const [table, { reason, columns, indexes }] of Object.entries(statistics.unreadable ?? {})) {
    const parts = [
      ...(columns === undefined ? [] : [`columns ${columns.join(', ')}`]),
      ...(indexes === undefined ? [] : [`expressions of ${indexes.join(', ')}`]),
    ];
    const what = parts.length === 0 ? table : `${table}: ${parts.join('; ')}`;
    missing.push(`${what}: ${reasons[reason]}.`);
  }
  return missing;
}

function unshownRanges(statistics: Statistics): readonly string[] {
  return Object.entries(statistics.unshown_ranges ?? {}).map(
    ([name, columns]) =>
      `${name}: columns ${columns.join(', ')}: their histograms are shown from PostgreSQL 17 on, and before to superusers and members of pg_read_all_data.`,
  );
}

function unreadEnds(statistics: Statistics): readonly string[] {
  return Object.entries(statistics.unread_min_max ?? {}).map(
    ([name, columns]) =>
      `${name}: columns ${columns.join(', ')}: their smallest and largest values (--min-max) could not be read.`,
  );
}

function extendedStatistics(statistics: Statistics): readonly string[] {
  return Object.entries(statistics.extended_statistics ?? {}).map(
    ([name, { table, kinds }]) =>
      `${name} on ${table} (CREATE STATISTICS: ${kinds.join(', ')}): cannot be restored before PostgreSQL 19.`,
  );
}

function leftOut(statistics: Statistics): readonly string[] {
  const missing: string[] = [];
  for (const [name, table] of Object.entries(statistics.tables)) {
    const left = Object.entries({ ...table.columns, ...table.inherited }).filter(
      ([, { redacted }]) => redacted === 'left-out',
    );
    if (left.length === 0) continue;
    missing.push(`${name}: columns ${left.map(([column]) => column).join(', ')}: values were left out when redacted.`);
  }
  return missing;
}

const reasons = {
  'no privilege': 'the role may not read them',
  'row security': 'row-level security hides its statistics from the role',
  'never analysed': 'never analysed, there are no statistics of its columns',
} as const;
