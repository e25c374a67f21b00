import type { Access, Catalog, TableFacts } from '../plan/model.js';
import { belongsTo, tableKey } from '../plan/names.js';

/** Tables below this many pages (8 KiB each) are read whole whatever their indexes: 100 pages are 800 KiB. */
export const SMALL_TABLE_PAGES = 100;

/** What is known about the sizes of the tables that one ruled table's accesses read. */
export interface SizePremise {
  /** Accesses to tables that are large enough to judge. */
  readonly judgeable: readonly Access[];
  /** Tables without statistics. */
  readonly unknown: readonly TableFacts[];
  /** Tables too small to judge, where that leaves the verdict open. */
  readonly small: readonly TableFacts[];
}

/**
 * Sorts the accesses to a ruled table by what the sizes allow to say. Sizes are judged one by one, for each table that
 * the plan reads: a partition is planned by its own size, so that a Seq Scan of a small one is right and no finding.
 * Small partitions beside a large one leave nothing open while they are less than a small table together (the empty
 * partition of next month is no doubt about the other twelve). A table of small partitions alone is neither passed nor
 * failed: whatever its sum, no plan of it says how a large partition would be read.
 */
export function sizePremise(key: string, accesses: readonly Access[], catalog: Catalog): SizePremise {
  const judgeable: Access[] = [];
  const unknown = new Set<TableFacts>();
  const small = new Set<TableFacts>();
  for (const access of accesses) {
    if (access.kind === 'opaque' || !belongsTo(access, key)) continue;
    const facts = catalog.tables.get(tableKey(access) ?? key);
    if (facts !== undefined && isNeverAnalysed(facts)) unknown.add(facts);
    else if (facts !== undefined && facts.pages < SMALL_TABLE_PAGES) small.add(facts);
    else judgeable.push(access);
  }
  const pages = [...small].reduce((sum, table) => sum + table.pages, 0);
  const negligible = judgeable.length > 0 && pages < SMALL_TABLE_PAGES;
  return { judgeable, unknown: [...unknown], small: negligible ? [] : [...small] };
}

/** ANALYZE of an empty table writes no column statistics, but it does tell that there are no rows. */
function isNeverAnalysed({ tuples, analysed }: TableFacts): boolean {
  return tuples < 0 || (tuples > 0 && !analysed);
}
