import { PlanGuardError } from '../errors.js';
import type { ColumnStatistics, IndexStatistics, Statistics, TableStatistics } from './model.js';
import type { RedactionKey } from './redaction-key.js';

/**
 * Puts values that are known anyway back into redacted statistics: those that a suite's scenarios and statements name.
 * A common value or element whose hash is that of one of `values` takes the place of its stand-in, so that the planner
 * finds the value's frequency. Values that are not common have no frequency of their own, and need no stand-in.
 *
 * A value that was put back is out of the order of the stand-ins around it: estimates of `<`, `LIKE` and the like on
 * redacted columns stay guesses.
 * @param values in their types' output form, as a scenario or a string constant writes them
 * @throws {PlanGuardError} `statistics` where the key is not the one that the statistics were redacted with
 */
export function revealValues(statistics: Statistics, values: Iterable<string>, key: RedactionKey): Statistics {
  if (statistics.redaction === undefined) return statistics;
  if (statistics.redaction.key_check !== key.check) {
    throw new PlanGuardError('statistics', 'The redaction key is not the one that the statistics were redacted with.', {
      hint: 'Use the key of the pull, or pull the statistics again with this one.',
    });
  }
  const known = new Map<string, string>();
  for (const value of values) {
    // As char(n) and citext values are hashed.
    for (const form of [value, value.replace(/ +$/, ''), value.toLowerCase()]) known.set(key.hash(form), form);
  }
  const tables = Object.entries(statistics.tables).map(([name, table]) => [name, revealTable(table, known)]);
  return { ...statistics, tables: Object.fromEntries(tables) };
}

type Known = ReadonlyMap<string, string>;

function revealTable(table: TableStatistics, known: Known): TableStatistics {
  const indexes = Object.entries(table.indexes).map(([name, index]): [string, IndexStatistics] => [
    name,
    index.columns === undefined ? index : { ...index, columns: revealColumns(index.columns, known) },
  ]);
  return {
    ...table,
    columns: revealColumns(table.columns, known),
    ...(table.inherited === undefined ? {} : { inherited: revealColumns(table.inherited, known) }),
    indexes: Object.fromEntries(indexes),
  };
}

function revealColumns(columns: Readonly<Record<string, ColumnStatistics>>, known: Known) {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, revealColumn(column, known)]));
}

function revealColumn(column: ColumnStatistics, known: Known): ColumnStatistics {
  const { most_common_vals, most_common_val_hashes } = column;
  return {
    ...column,
    ...(most_common_vals === undefined || most_common_val_hashes === undefined
      ? {}
      : { most_common_vals: reveal(most_common_vals, most_common_val_hashes, known) }),
    ...revealElements(column, known),
  };
}

function reveal(values: readonly string[], hashes: readonly string[], known: Known): readonly string[] {
  return values.map((value, index) => known.get(hashes[index] ?? '') ?? value);
}

const collator = new Intl.Collator('en-US');

/** Elements are looked up by binary search, so they are sorted anew, and their frequencies with them. */
function revealElements(column: ColumnStatistics, known: Known): Partial<ColumnStatistics> {
  const { most_common_elems: elements, most_common_elem_hashes: hashes, most_common_elem_freqs: frequencies } = column;
  if (elements === undefined || hashes === undefined || frequencies === undefined) return {};
  const revealed = reveal(elements, hashes, known);
  if (revealed.every((element, index) => element === elements[index])) return {};
  const order = [...revealed.keys()].sort((a, b) => collator.compare(revealed[a] ?? '', revealed[b] ?? ''));
  const sorted = <Value>(values: readonly Value[]) => order.flatMap((index) => values.slice(index, index + 1));
  return {
    most_common_elems: sorted(revealed),
    most_common_elem_hashes: sorted(hashes),
    most_common_elem_freqs: [...sorted(frequencies), ...frequencies.slice(elements.length)],
  };
}
