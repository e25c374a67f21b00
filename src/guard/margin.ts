import type { Access, TableFacts } from '../plan/model.js';
import type { Doubt } from '../rules/model.js';

/** Settings that decide what a parallel scan would cost, with PostgreSQL's defaults. */
export interface ParallelSettings {
  readonly workers: number;
  readonly setupCost: number;
  readonly seqPageCost: number;
  readonly cpuTupleCost: number;
  /** `min_parallel_table_scan_size` in pages. */
  readonly minimumPages: number;
}

/**
 * Among how many processes the planner divides a parallel scan's CPU cost: the workers, and of the leader what
 * they leave it time for (`get_parallel_divisor` in src/backend/optimizer/path/costsize.c).
 */
function parallelDivisor(workers: number): number {
  return workers + Math.max(0, 1 - 0.3 * workers);
}

/**
 * An engine without parallel workers cannot see that a server with workers would read the table whole. Tells
 * when that cannot be excluded: the chosen plan does not stay below every price that the parallel plan could have.
 *
 * The parallel plan costs at least the cheapest serial plan that reads the table whole divided by the parallel
 * divisor, and at least its own setup, the table's pages and its share of the tuples.
 *
 * @param cost total cost of the plan in hand
 * @param forbidden total cost of the plan when no index of the table is usable
 */
export function marginDoubt(
  access: Access,
  table: TableFacts,
  cost: number,
  forbidden: number,
  parallel: ParallelSettings,
): Doubt | undefined {
  if (parallel.workers === 0 || table.pages < parallel.minimumPages) return undefined;
  const divisor = parallelDivisor(parallel.workers);
  const scan =
    parallel.setupCost +
    table.pages * parallel.seqPageCost +
    (Math.max(0, table.tuples) * parallel.cpuTupleCost) / divisor;
  const price = Math.max(forbidden / divisor, scan);
  if (cost < price) return undefined;
  return {
    kind: 'thin-margin',
    message:
      `${access.table} is reached through a bound at a cost of ${Math.round(cost)}, but a server with ` +
      `${parallel.workers} parallel workers might read it whole for as little as ${Math.round(price)}; this engine has no workers.`,
    next:
      'Check it on a server that has workers, or state max_parallel_workers_per_gather: 0 under postgres.settings ' +
      'if production plans without them.',
  };
}
