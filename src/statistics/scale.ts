import { PlanGuardError } from '../errors.js';
import type { ColumnStatistics, IndexStatistics, RelationSize, Statistics, TableStatistics } from './model.js';

export interface ScaleOptions {
  /** What sizes are multiplied by: more than 0. */
  readonly factor: number;
  /** Tables to scale, as `name` or `schema.name`; all where left out. */
  readonly tables?: readonly string[];
  /**
   * Whether counts of distinct values grow with the rows, where not all values are known by name: ten times the orders
   * of ten times the customers, instead of the same customers.
   */
  readonly distinct?: boolean;
}

const MOST_PAGES = 2 ** 31 - 1;

/**
 * Makes tables larger or smaller on paper.
 *
 * - Scaled: rows, pages and all-visible pages of the tables and of their indexes.
 * - Left out: heights of B-trees, which the replica estimates from the new sizes.
 * - Kept: what describes a column by fractions (nulls, frequencies, correlation, a negative `n_distinct`), widths, and
 *   bounds of histograms: keys of new rows are taken to fall where those of the old ones do.
 * - Kept unless `distinct` is set: a positive `n_distinct`, by which PostgreSQL means a number that does not grow with
 *   the table. It never exceeds the rows.
 * @throws {PlanGuardError} `usage` for a factor that is none or a table that is not there
 */
export function scaleStatistics(statistics: Statistics, options: ScaleOptions): Statistics {
  const { factor, tables, distinct = false } = options;
  if (!(factor > 0 && Number.isFinite(factor))) {
    throw new PlanGuardError('usage', `The factor must be a number above 0, not ${factor}.`, {
      hint: 'Write --factor 10 for ten times the size, --factor 0.1 for a tenth.',
    });
  }
  const chosen = tables === undefined ? undefined : chooseTables(statistics, tables);
  const scaled = Object.entries(statistics.tables).map(([name, table]) => [
    name,
    chosen === undefined || chosen.has(name) ? scaleTable(table, factor, distinct) : table,
  ]);
  const what = chosen === undefined ? '' : ` (${[...chosen].join(', ')})`;
  return {
    ...statistics,
    origin: `${statistics.origin} Scaled by ${factor}${what}${distinct ? ', distinct values with the rows' : ''}.`,
    tables: Object.fromEntries(scaled),
  };
}

/**
 * The full names of tables named with or without their schema.
 * @throws {PlanGuardError} `usage` for a table that is not there
 */
function chooseTables(statistics: Statistics, names: readonly string[]): ReadonlySet<string> {
  const all = Object.keys(statistics.tables);
  const chosen = new Set<string>();
  for (const name of names) {
    const found = all.filter((table) => table === name || table.slice(table.indexOf('.') + 1) === name);
    if (found.length === 0) {
      throw new PlanGuardError('usage', `The statistics have no table ${name}.`, {
        hint: `There are ${all.slice(0, 10).join(', ')}${all.length > 10 ? ', …' : ''}.`,
      });
    }
    for (const table of found) chosen.add(table);
  }
  return chosen;
}

function scaleTable(table: TableStatistics, factor: number, distinct: boolean): TableStatistics {
  const size = scaleSize(table, factor);
  const rows = size.reltuples;
  const columns = (of: Readonly<Record<string, ColumnStatistics>>) =>
    Object.fromEntries(
      Object.entries(of).map(([name, column]) => [name, scaleColumn(column, rows, distinct ? factor : 1)]),
    );
  const indexes = Object.entries(table.indexes).map(([name, { height, ...index }]): [string, IndexStatistics] => [
    name,
    {
      ...index,
      ...scaleSize(index, factor),
      ...(index.columns === undefined ? {} : { columns: columns(index.columns) }),
    },
  ]);
  return {
    ...size,
    columns: columns(table.columns),
    ...(table.inherited === undefined ? {} : { inherited: columns(table.inherited) }),
    indexes: Object.fromEntries(indexes),
  };
}

function scaleSize({ relpages, reltuples, relallvisible }: RelationSize, factor: number): RelationSize {
  const pages = (count: number) => (count <= 0 ? count : Math.min(MOST_PAGES, Math.max(1, Math.round(count * factor))));
  return {
    relpages: pages(relpages),
    reltuples: reltuples <= 0 ? reltuples : Math.max(1, Math.round(reltuples * factor)),
    relallvisible: pages(relallvisible),
  };
}

function scaleColumn(column: ColumnStatistics, rows: number, factor: number): ColumnStatistics {
  const { n_distinct, most_common_vals } = column;
  if (n_distinct <= 0) return column;
  const allKnown = most_common_vals !== undefined && most_common_vals.length >= n_distinct;
  const grown = allKnown ? n_distinct : n_distinct * factor;
  return { ...column, n_distinct: rows > 0 ? Math.min(grown, rows) : grown };
}
