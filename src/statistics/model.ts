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
  readonly correlation?: number;
  readonly most_common_elems?: readonly string[];
  readonly most_common_elem_freqs?: readonly number[];
  readonly elem_count_histogram?: readonly number[];
  readonly range_length_histogram?: readonly string[];
  readonly range_empty_frac?: number;
  readonly range_bounds_histogram?: readonly string[];
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

/** A statistics file. Tables stand under `schema.name`, sorted. */
export interface Statistics {
  readonly format: 'plan-guard statistics';
  readonly version: 1;
  /** How the file was made, in words and by which command. */
  readonly origin: string;
  /** Version of the server that the statistics were read from, as `server_version` gives it. */
  readonly server_version: string;
  readonly tables: Readonly<Record<string, TableStatistics>>;
}
