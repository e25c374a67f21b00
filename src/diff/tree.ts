import type { Plan, PlanNode } from '../plan/model.js';

/** A plan's nodes in reading order: a node's subtree is the run from its own place up to its `end`. */
export interface Tree {
  readonly nodes: readonly PlanNode[];
  /** Place of each node's parent; -1 for the root. */
  readonly parents: readonly number[];
  readonly children: readonly (readonly number[])[];
  /** The place behind the last node of each subtree. */
  readonly ends: readonly number[];
}

export function treeOf(plan: Plan): Tree {
  const nodes: PlanNode[] = [];
  const parents: number[] = [];
  const children: number[][] = [];
  const open: { node: PlanNode; parent: number }[] = [{ node: plan.root, parent: -1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, parent } = next;
    const place = nodes.length;
    nodes.push(node);
    parents.push(parent);
    children.push([]);
    children[parent]?.push(place);
    for (const child of node.children.toReversed()) open.push({ node: child, parent: place });
  }
  const ends = nodes.map((_, place) => place + 1);
  for (let place = nodes.length - 1; place > 0; place--) {
    const parent = parents[place] as number;
    ends[parent] = Math.max(ends[parent] as number, ends[place] as number);
  }
  return { nodes, parents, children, ends };
}
