import type { Features } from './features.js';

export type Side = 'Outer' | 'Inner' | 'subplan' | 'below';

/**
 * Where below a node another one hangs: which of the two sides of a join, among its subplans, or simply below it. The
 * order of an Append's members is none of this.
 */
export function sideOf(tree: Features, child: number): Side {
  const relationship = tree.nodes[child]?.parentRelationship;
  if (relationship === 'SubPlan' || relationship === 'InitPlan') return 'subplan';
  const isJoin = tree.kinds[tree.parents[child] as number] === 'join';
  return isJoin && (relationship === 'Outer' || relationship === 'Inner') ? relationship : 'below';
}

/** Below a node that is no join there are no sides, only subplans and the rest. */
export function sameSide(one: Side, other: Side): boolean {
  return one === other || (one !== 'subplan' && other !== 'subplan' && (one === 'below' || other === 'below'));
}
