import type { ColumnStatistics, RelationSize, Statistics, TableStatistics } from './model.js';

/** What differs between two statistics files. `before` and `after` are in the units of the model. */
export type StatisticsChange =
  | { readonly kind: 'table-added' | 'table-removed'; readonly table: string }
  | { readonly kind: 'index-added' | 'index-removed'; readonly table: string; readonly index: string }
  | { readonly kind: 'column-added' | 'column-removed'; readonly table: string; readonly column: string }
  | Measured<'rows' | 'pages', { readonly table: string }>
  | Measured<'index-pages' | 'index-height', { readonly table: string; readonly index: string }>
  | Measured<
      'distinct' | 'null-fraction' | 'width' | 'correlation',
      { readonly table: string; readonly column: string }
    >
  | {
      readonly kind: 'common-value-came' | 'common-value-went';
      readonly table: string;
      readonly column: string;
      /** A stand-in where the statistics are redacted. */
      readonly value: string;
      readonly frequency: number;
    }
  | Measured<'common-value', { readonly table: string; readonly column: string; readonly value: string }>
  | {
      readonly kind: 'setting' | 'server-version' | 'index-validity';
      readonly name: string;
      readonly before: string | undefined;
      readonly after: string | undefined;
    };

type Measured<Kind, Place> = Place & { readonly kind: Kind; readonly before: number; readonly after: number };

export interface StatisticsComparison {
  /** Tables in order of their names. */
  readonly changes: readonly StatisticsChange[];
  /** Differences below the threshold, which every ANALYZE makes anew. */
  readonly small: number;
}

/**
 * Compares two statistics files.
 * @param threshold what a number has to change by to count, as a fraction of the larger one: 0.1. Fractions of rows
 *   (nulls, frequencies) count from a tenth of that on, correlation from twice that on, all in absolute terms. 0: every
 *   difference counts.
 */
export function compareStatistics(before: Statistics, after: Statistics, threshold: number): StatisticsComparison {
  const comparison = new Comparison(threshold, comparable(before, after));
  comparison.environment(before, after);
  for (const table of namesOf(before.tables, after.tables)) {
    const [old, current] = [before.tables[table], after.tables[table]];
    if (old === undefined) comparison.changes.push({ kind: 'table-added', table });
    else if (current === undefined) comparison.changes.push({ kind: 'table-removed', table });
    else comparison.table(table, old, current);
  }
  return { changes: comparison.changes, small: comparison.small };
}

type Named<Value> = Readonly<Record<string, Value>>;

function namesOf(...records: readonly Named<unknown>[]): readonly string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))].sort();
}

/** Whether values of the two can be told apart: both in clear, or both redacted with one key. */
function comparable(before: Statistics, after: Statistics): boolean {
  return before.redaction?.key_check === after.redaction?.key_check;
}

class Comparison {
  readonly changes: StatisticsChange[] = [];
  small = 0;
  readonly #threshold: number;
  readonly #comparable: boolean;

  constructor(threshold: number, comparableValues: boolean) {
    this.#threshold = threshold;
    this.#comparable = comparableValues;
  }

  environment(before: Statistics, after: Statistics): void {
    if (before.server_version !== after.server_version) {
      const [old, current] = [before.server_version, after.server_version];
      this.changes.push({ kind: 'server-version', name: 'server_version', before: old, after: current });
    }
    if (before.settings === undefined || after.settings === undefined) return;
    for (const name of namesOf(before.settings, after.settings)) {
      const [old, current] = [before.settings[name], after.settings[name]];
      if (old !== current) this.changes.push({ kind: 'setting', name, before: old, after: current });
    }
  }

  table(table: string, before: TableStatistics, after: TableStatistics): void {
    this.#sizes(before, after, (kind, old, current) => ({ kind, table, before: old, after: current }));
    for (const index of namesOf(before.indexes, after.indexes)) {
      const [old, current] = [before.indexes[index], after.indexes[index]];
      if (old === undefined) this.changes.push({ kind: 'index-added', table, index });
      else if (current === undefined) this.changes.push({ kind: 'index-removed', table, index });
      else {
        this.#number(old.relpages, current.relpages, (of) => ({ kind: 'index-pages', table, index, ...of }));
        if (old.height !== undefined && current.height !== undefined && old.height !== current.height) {
          this.changes.push({ kind: 'index-height', table, index, before: old.height, after: current.height });
        }
        if (old.valid !== current.valid) {
          const validity = (valid: false | undefined) => (valid === false ? 'invalid' : 'valid');
          const name = `${table} ${index}`;
          this.changes.push({
            kind: 'index-validity',
            name,
            before: validity(old.valid),
            after: validity(current.valid),
          });
        }
        this.#columns(table, `${index}.`, old.columns ?? {}, current.columns ?? {}, old, current);
      }
    }
    this.#columns(
      table,
      '',
      { ...before.inherited, ...before.columns },
      { ...after.inherited, ...after.columns },
      before,
      after,
    );
  }

  #sizes(
    before: RelationSize,
    after: RelationSize,
    change: (kind: 'rows' | 'pages', before: number, after: number) => StatisticsChange,
  ): void {
    this.#number(before.reltuples, after.reltuples, (of) => change('rows', of.before, of.after));
    this.#number(before.relpages, after.relpages, (of) => change('pages', of.before, of.after));
    if (before.relallvisible !== after.relallvisible) this.small += 1;
  }

  #columns(
    table: string,
    prefix: string,
    before: Named<ColumnStatistics>,
    after: Named<ColumnStatistics>,
    beforeSize: RelationSize,
    afterSize: RelationSize,
  ): void {
    for (const name of namesOf(before, after)) {
      const [old, current] = [before[name], after[name]];
      const column = `${prefix}${name}`;
      if (old === undefined) this.changes.push({ kind: 'column-added', table, column });
      else if (current === undefined) this.changes.push({ kind: 'column-removed', table, column });
      else this.#column({ table, column }, old, current, beforeSize.reltuples, afterSize.reltuples);
    }
  }

  #column(
    place: { readonly table: string; readonly column: string },
    before: ColumnStatistics,
    after: ColumnStatistics,
    rowsBefore: number,
    rowsAfter: number,
  ): void {
    // A share of the rows and a count are two ways to tell one number: the same share, or the same count, is no change.
    if (before.n_distinct !== after.n_distinct) {
      const sign = Math.sign(before.n_distinct) === Math.sign(after.n_distinct);
      const [old, current] = sign
        ? [before.n_distinct, after.n_distinct]
        : [distinctOf(before, rowsBefore), distinctOf(after, rowsAfter)];
      this.#number(old, current, () => ({
        kind: 'distinct',
        ...place,
        before: before.n_distinct,
        after: after.n_distinct,
      }));
    }
    this.#fraction(before.null_frac, after.null_frac, 0.1, (of) => ({ kind: 'null-fraction', ...place, ...of }));
    this.#number(before.avg_width, after.avg_width, (of) => ({ kind: 'width', ...place, ...of }));
    if (before.correlation !== undefined && after.correlation !== undefined) {
      this.#fraction(before.correlation, after.correlation, 2, (of) => ({ kind: 'correlation', ...place, ...of }));
    }
    if (this.#comparable) this.#commonValues(place, before, after);
    for (const values of ['histogram_bounds', 'min_max'] as const) {
      if (String(before[values]) !== String(after[values])) this.small += 1;
    }
  }

  #commonValues(
    place: { readonly table: string; readonly column: string },
    before: ColumnStatistics,
    after: ColumnStatistics,
  ): void {
    const [old, current] = [commonValues(before), commonValues(after)];
    for (const key of new Set([...old.keys(), ...current.keys()])) {
      const [was, is] = [old.get(key), current.get(key)];
      if (was !== undefined && is !== undefined) {
        const { value } = is;
        this.#fraction(was.frequency, is.frequency, 0.1, (of) => ({ kind: 'common-value', ...place, value, ...of }));
        continue;
      }
      const only = is ?? was;
      if (only === undefined) continue;
      const kind = was === undefined ? 'common-value-came' : 'common-value-went';
      if (this.#threshold > 0 && only.frequency < this.#threshold * 0.1) this.small += 1;
      else this.changes.push({ kind, ...place, ...only });
    }
  }

  #number(
    before: number,
    after: number,
    change: (of: { readonly before: number; readonly after: number }) => StatisticsChange,
  ): void {
    if (before === after) return;
    const counts = Math.abs(after - before) >= this.#threshold * Math.max(Math.abs(before), Math.abs(after));
    if (counts || before <= 0 !== after <= 0) this.changes.push(change({ before, after }));
    else this.small += 1;
  }

  #fraction(
    before: number,
    after: number,
    share: number,
    change: (of: { readonly before: number; readonly after: number }) => StatisticsChange,
  ): void {
    if (before === after) return;
    if (Math.abs(after - before) >= this.#threshold * share) this.changes.push(change({ before, after }));
    else this.small += 1;
  }
}

function distinctOf({ n_distinct }: ColumnStatistics, rows: number): number {
  return n_distinct < 0 ? -n_distinct * Math.max(0, rows) : n_distinct;
}

function commonValues(
  column: ColumnStatistics,
): ReadonlyMap<string, { readonly value: string; readonly frequency: number }> {
  const { most_common_vals: values = [], most_common_freqs: frequencies = [], most_common_val_hashes: hashes } = column;
  return new Map(
    values.map((value, index) => [hashes?.[index] ?? value, { value, frequency: frequencies[index] ?? 0 }]),
  );
}
