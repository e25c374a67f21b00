import type { Features } from './features.js';

/**
 * Where below a node another one hangs: which of the two sides of a join, among its subplans, or simply below it. The
 * order of an Append's members is none of this.
 */
export function sideOf(tree: Features, child: number): 'Outer' | 'Inner' | 'subplan' | 'below' {
  const relationship = tree.nodes[child]?.parentRelationship;
  if (relationship === 'SubPlan' || relationship === 'InitPlan') return 'subplan';
  const isJoin = tree.kinds[tree.parents[child] as number] === 'join';
  return isJoin && (relationship === 'Outer' || relationship === 'Inner') ? relationship : 'below';
}
