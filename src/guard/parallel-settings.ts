import type { PlanningServer } from '../postgres/model.js';
import type { ParallelSettings } from './margin.js';

/** The settings in force that decide what a parallel scan would cost. */
export async function readParallelSettings(server: PlanningServer): Promise<ParallelSettings> {
  const settings = await server.numericSettings([
    'max_parallel_workers_per_gather',
    'parallel_setup_cost',
    'seq_page_cost',
    'cpu_tuple_cost',
    'min_parallel_table_scan_size',
  ]);
  return {
    workers: settings.max_parallel_workers_per_gather,
    setupCost: settings.parallel_setup_cost,
    seqPageCost: settings.seq_page_cost,
    cpuTupleCost: settings.cpu_tuple_cost,
    minimumPages: settings.min_parallel_table_scan_size,
  };
}
