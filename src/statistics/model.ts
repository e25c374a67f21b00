/**
 * Planner statistics of one column, under the names of the `pg_stats` view and in its units
 * (https://www.postgresql.org/docs/current/view-pg-stats.html). Values are text in the type's
 * output form, as `pg_stats` prints the elements of its arrays.
 */
export interface ColumnStatistics {
  /** Fraction of entries that are null, 0 to 1. */
  readonly null_frac: number;
  /** Average width in bytes. */
  readonly avg_width: number;
  /** Distinct values; negative: minus their fraction of the rows. */
  readonly n_distinct: number;
  readonly most_common_vals?: readonly string[];
  readonly most_common_freqs?: readonly number[];
  readonly histogram_bounds?: readonly string[];
  /** The smallest and the largest value of the column, which the planner looks up in an index. */
  readonly min_max?: readonly [smallest: string, largest: string];
  readonly correlation?: number;
  readonly most_common_elems?: readonly string[];
  readonly most_common_elem_freqs?: readonly number[];
  readonly elem_count_histogram?: readonly number[];
  readonly range_length_histogram?: readonly string[];
  readonly range_empty_frac?: number;
  readonly range_bounds_histogram?: readonly string[];
  /**
   * `stand-ins`: the values are stand-ins that keep the order of the originals and are equal where those are.
   * `left-out`: values of this type cannot be stood in for, and are not in the file.
   */
  readonly redacted?: 'stand-ins' | 'left-out';
  /** Keyed hashes of what the stand-ins in `most_common_vals` stand for, in their order. */
  readonly most_common_val_hashes?: readonly string[];
  /** The same for `most_common_elems`. */
  readonly most_common_elem_hashes?: readonly string[];
}

/** Size of a relation as `pg_class` tells it. */
export interface RelationSize {
  /** Size in pages of 8 KiB; -1: a partitioned table, which has no file. */
  readonly relpages: number;
  /** Live rows; -1: never vacuumed or analysed. */
  readonly reltuples: number;
  readonly relallvisible: number;
}

export interface IndexStatistics extends RelationSize {
  /** Height of a B-tree (0: the root is a leaf), where it is known. */
  readonly height?: number;
  /** `pg_index.indisvalid`; left out where true. */
  readonly valid?: false;
  /** Statistics of an expression index's columns, by the column's name in the index. */
  readonly columns?: Readonly<Record<string, ColumnStatistics>>;
}

export interface TableStatistics extends RelationSize {
  readonly columns: Readonly<Record<string, ColumnStatistics>>;
  /** Statistics over the table and its children (`pg_stats.inherited`), where there are such. */
  readonly inherited?: Readonly<Record<string, ColumnStatistics>>;
  readonly indexes: Readonly<Record<string, IndexStatistics>>;
}

/** Statistics that the role that read them was not shown, or that there are none of. */
export interface UnreadableTable {
  readonly reason: 'no privilege' | 'row security' | 'never analysed';
  /** The columns that are concerned. Without `columns` and `indexes` the whole table is. */
  readonly columns?: readonly string[];
  /** The expression indexes that are concerned: only the owner of a table is shown theirs. */
  readonly indexes?: readonly string[];
}

/** An object of CREATE STATISTICS. What it holds cannot be restored before PostgreSQL 19. */
export interface ExtendedStatistics {
  readonly table: string;
  readonly kinds: readonly string[];
}

/**
 * A statistics file. Tables and objects of CREATE STATISTICS stand under `schema.name`, sorted.
 * `statistics.schema.json` describes it to editors.
 */
export interface Statistics {
  readonly format: 'plan-guard statistics';
  readonly version: 1;
  /** How the file was made, in words and by which command. */
  readonly origin: string;
  /** Version of the server that the statistics were read from, as `server_version` gives it. */
  readonly server_version: string;
  /** When they were read, as ISO 8601 in UTC. */
  readonly pulled_at?: string;
  /** The planner's settings that differ from PostgreSQL's defaults, by name, as `SHOW` prints them. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly search_path?: string;
  /** Tables with row-level security, and whether it is bypassed by the role that read the statistics. */
  readonly row_security?: {
    readonly role: string;
    readonly bypassed: boolean;
    readonly tables: readonly string[];
  };
  /** Versions of the installed extensions. */
  readonly extensions?: Readonly<Record<string, string>>;
  readonly extended_statistics?: Readonly<Record<string, ExtendedStatistics>>;
  readonly unreadable?: Readonly<Record<string, UnreadableTable>>;
  /**
   * Columns of ranges without their histograms, by `schema.name` of their table or index: before PostgreSQL 17,
   * `pg_stats` does not show them, and `pg_statistic` is for superusers and members of `pg_read_all_data`.
   */
  readonly unshown_ranges?: Readonly<Record<string, readonly string[]>>;
  /**
   * Columns whose smallest and largest value were asked for and could not be read, by `schema.name` of their table or
   * index.
   */
  readonly unread_min_max?: Readonly<Record<string, readonly string[]>>;
  /** Set where values are redacted: tells whether a key is the one that the hashes were made with. */
  readonly redaction?: { readonly key_check: string };
  readonly tables: Readonly<Record<string, TableStatistics>>;
}
