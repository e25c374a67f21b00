import type { PlanNode } from '../plan/model.js';
import { walk } from '../plan/walk.js';
import type { Comparison, PlanSide } from './diff-model.js';

/** Comparisons whose plans changed in the same way: the same nodes and fields, whatever the values in them. */
export interface Group {
  readonly change: Comparison['change'];
  /** The one that got dearer by the most comes first. */
  readonly comparisons: readonly Comparison[];
}

const kinds = ['changed', 'dearer', 'added', 'removed', 'same'] satisfies Comparison['change'][];

/** How many times as dear the plan became; 1 where that is not known. */
export function costRatio({ diff }: Comparison): number {
  const { before, after } = diff?.cost ?? {};
  if (before === undefined || after === undefined || before <= 0 || after <= 0) return 1;
  return after / before;
}

/** Groups that say the same, in the order to read them: what got worse first, what is the same last. */
export function groupComparisons(comparisons: readonly Comparison[]): Group[] {
  const groups = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    const name = signature(comparison);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [comparison]);
    else group.push(comparison);
  }
  return [...groups.values()]
    .map((group) => {
      const sorted = group.map((one) => [costRatio(one), one] as const).sort((a, b) => b[0] - a[0]);
      return { rank: rank(sorted[0]?.[1]), ratio: sorted[0]?.[0] ?? 1, comparisons: sorted.map(([, one]) => one) };
    })
    .sort((a, b) => a.rank - b.rank || b.ratio - a.ratio || b.comparisons.length - a.comparisons.length)
    .map((group) => ({ change: group.comparisons[0]?.change ?? 'same', comparisons: group.comparisons }));
}

function rank(comparison: Comparison | undefined): number {
  if (comparison === undefined) return kinds.length;
  if (comparison.diff?.accesses.some((access) => access.direction === 'worse')) return -1;
  return kinds.indexOf(comparison.change);
}

function signature(comparison: Comparison): string {
  const { change, diff, before, after, cause } = comparison;
  const query = change === 'changed' ? undefined : (comparison.case?.query ?? comparison.name);
  const nodes =
    diff === undefined
      ? [...shape(before), ...shape(after)]
      : diff.nodes.map((node) => [
          node.change,
          node.depth,
          named(node.before),
          named(node.after),
          node.fields.map((field) => field.field),
        ]);
  return JSON.stringify([change, query, cause?.why, cause?.inputs, nodes]);
}

function shape(side: PlanSide | undefined): unknown[] {
  return side === undefined ? [] : Array.from(walk(side.plan.root), ({ node }) => [node.path, named(node)]);
}

const named = (node: PlanNode | undefined) =>
  node === undefined
    ? undefined
    : [node.nodeType, node.parallelAware, node.relation, node.alias, node.indexName, node.properties['Join Type']];
