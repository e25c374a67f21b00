import type { PlanNode } from '../plan/model.js';
import type { NumberChange } from './model.js';

type Unit = NumberChange['unit'];

/** Numbers of EXPLAIN that are told apart from what a node does; memory and disk are printed in kB. */
const UNITS: Readonly<Record<string, Unit | 'kB'>> = {
  'Startup Cost': 'cost',
  'Total Cost': 'cost',
  'Plan Rows': 'rows',
  'Plan Width': 'bytes',
  'Actual Startup Time': 'ms',
  'Actual Total Time': 'ms',
  'Actual Rows': 'rows',
  'Actual Loops': 'loops',
  'Rows Removed by Index Recheck': 'rows',
  'Rows Removed by Filter': 'rows',
  'Rows Removed by Join Filter': 'rows',
  'Heap Fetches': 'rows',
  'Exact Heap Blocks': 'blocks',
  'Lossy Heap Blocks': 'blocks',
  'Sort Space Used': 'kB',
  'Peak Memory Usage': 'kB',
  'Disk Usage': 'kB',
  'Shared Hit Blocks': 'blocks',
  'Shared Read Blocks': 'blocks',
  'Shared Dirtied Blocks': 'blocks',
  'Shared Written Blocks': 'blocks',
  'Local Hit Blocks': 'blocks',
  'Local Read Blocks': 'blocks',
  'Local Dirtied Blocks': 'blocks',
  'Local Written Blocks': 'blocks',
  'Temp Read Blocks': 'blocks',
  'Temp Written Blocks': 'blocks',
  'I/O Read Time': 'ms',
  'I/O Write Time': 'ms',
  'Shared I/O Read Time': 'ms',
  'Shared I/O Write Time': 'ms',
  'WAL Bytes': 'bytes',
};

/**
 * Numbers that at least one of two nodes has, as EXPLAIN prints them; kB are given in bytes. Actual times and rows are
 * means of one loop, so that where a node ran several loops, `…, all loops` stands beside them: the mean times the loops
 * (`ExplainNode` in explain.c divides). For parallel nodes that is the sum over all processes, not the time that passed.
 */
export function numbersOf(before: PlanNode | undefined, after: PlanNode | undefined): NumberChange[] {
  const [old, now] = [numbersIn(before), numbersIn(after)];
  const changes: NumberChange[] = [];
  const tell = (field: string, unit: Unit, a: number | undefined, b: number | undefined) => {
    if (a !== undefined || b !== undefined) changes.push({ field, unit, before: a, after: b });
  };
  const several = [old, now].some((numbers) => (numbers['Actual Loops'] ?? 1) !== 1);
  for (const [field, printed] of Object.entries(UNITS)) {
    const factor = printed === 'kB' ? 1024 : 1;
    const unit = printed === 'kB' ? 'bytes' : printed;
    tell(field, unit, times(old[field], factor), times(now[field], factor));
    if (several && (field === 'Actual Total Time' || field === 'Actual Rows')) {
      const all = (numbers: typeof old) => times(numbers[field], numbers['Actual Loops']);
      tell(`${field}, all loops`, unit, all(old), all(now));
    }
  }
  return changes;
}

function numbersIn(node: PlanNode | undefined): Readonly<Record<string, number | undefined>> {
  if (node === undefined) return {};
  const numbers: Record<string, number | undefined> = {
    'Startup Cost': node.startupCost,
    'Total Cost': node.totalCost,
    'Plan Rows': node.planRows,
    'Plan Width': node.planWidth,
  };
  for (const [name, value] of Object.entries(node.properties)) {
    if (typeof value === 'number' && name in UNITS) numbers[name] = value;
  }
  return numbers;
}

function times(value: number | undefined, factor: number | undefined): number | undefined {
  return value === undefined || factor === undefined ? undefined : value * factor;
}
