import type { Plan } from './model.js';
import { conditionOf, walk } from './walk.js';

/** A place where the planner or the executor left out a part of the query, so that nothing below it was planned. */
export interface FoldedPart {
  readonly path: string;
  /** `false-filter`: the condition can never be true. `no-partitions`: every partition was pruned. */
  readonly how: 'false-filter' | 'no-partitions';
}

/** The parts of a plan that were folded away: what stood there was not planned, hence cannot be judged. */
export function foldedParts(plan: Plan): FoldedPart[] {
  const parts: FoldedPart[] = [];
  for (const { node } of walk(plan.root)) {
    if (conditionOf(node, 'One-Time Filter') === 'false') parts.push({ path: node.path, how: 'false-filter' });
    const appends = node.nodeType === 'Append' || node.nodeType === 'Merge Append';
    if (appends && node.children.every((child) => child.parentRelationship !== 'Member')) {
      parts.push({ path: node.path, how: 'no-partitions' });
    }
  }
  return parts;
}
