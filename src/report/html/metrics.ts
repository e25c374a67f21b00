import type { PlanNode } from '../../plan/model.js';
import { walk } from '../../plan/walk.js';
import { cost, duration, integer, pageSize, rough } from '../text.js';

/** A number of a node that is shown in a column of its own. */
export interface Metric {
  readonly title: string;
  readonly of: (node: PlanNode) => number | undefined;
  readonly format: (value: number) => string;
}

const property = (node: PlanNode, name: string): number | undefined => {
  const value = node.properties[name];
  return typeof value === 'number' ? value : undefined;
};

/** `Actual Rows`: of one loop, as EXPLAIN gives it. */
export const actualRows = (node: PlanNode) => property(node, 'Actual Rows');

/** Time of all loops of the node and what is below it, in milliseconds. */
function time(node: PlanNode): number | undefined {
  const once = property(node, 'Actual Total Time');
  return once === undefined ? undefined : once * (property(node, 'Actual Loops') ?? 1);
}

/** Pages that the node and what is below it asked for, found in shared buffers or not. */
function buffers(node: PlanNode): number | undefined {
  const [hit, read] = [property(node, 'Shared Hit Blocks'), property(node, 'Shared Read Blocks')];
  return hit === undefined && read === undefined ? undefined : (hit ?? 0) + (read ?? 0);
}

/** Milliseconds with the digits that matter. */
export function milliseconds(value: number): string {
  if (value >= 1000) return duration(value);
  return `${value < 1 ? value.toFixed(3) : value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;
}

/** Costs of a million and more are rounded: their column is narrow. */
const shortCost = (value: number) => (value < 1e6 ? cost(value) : rough(value));

/** Every metric, in the order of the columns. */
export const metrics = [
  { title: 'rows', of: (node) => actualRows(node) ?? node.planRows, format: rough },
  { title: 'cost', of: (node) => node.totalCost, format: shortCost },
  { title: 'time', of: time, format: milliseconds },
  { title: 'buffers', of: buffers, format: (value) => (value === 0 ? '0' : pageSize(value)) },
] as const satisfies readonly Metric[];

/**
 * The metrics of these nodes, which are those of whole plans. What workers ran side by side took less time than they took
 * together: below a Gather, the time is divided by the number of processes, which is how often its input ran each time.
 */
export function metricsOf(nodes: readonly PlanNode[]): readonly Metric[] {
  const processes = new Map<PlanNode, number>();
  for (const node of nodes) {
    if (node.nodeType !== 'Gather' && node.nodeType !== 'Gather Merge') continue;
    for (const child of node.children) {
      const [own, all] = [property(node, 'Actual Loops'), property(child, 'Actual Loops')];
      if (child.parentRelationship === 'InitPlan' || !own || !all) continue;
      for (const { node: below } of walk(child)) processes.set(below, all / own);
    }
  }
  const elapsed = (node: PlanNode) => {
    const all = time(node);
    return all === undefined ? undefined : all / (processes.get(node) ?? 1);
  };
  return metrics.map((metric) => (metric.title === 'time' ? { ...metric, of: elapsed } : metric));
}

/** `× 300`, `÷ 12`, `× 1.4`; undefined where nothing can be said, or where it is less than a tenth. */
export function ratio(before: number | undefined, after: number | undefined): string | undefined {
  if (before === undefined || after === undefined || before <= 0 || after <= 0) return undefined;
  const times = after >= before ? after / before : before / after;
  if (times < 1.1) return undefined;
  return `${after > before ? '×' : '÷'} ${times < 9.95 ? times.toFixed(1) : integer(times)}`;
}
