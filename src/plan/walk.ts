import type { Plan, PlanNode } from './model.js';

export interface Visit {
  readonly node: PlanNode;
  /** The nodes above it, its parent first and the root last. */
  readonly ancestors: readonly PlanNode[];
}

/** Visits every node below and including `root`, parents before their children, children in order. */
export function* walk(root: PlanNode): Generator<Visit, void, undefined> {
  const open: Visit[] = [{ node: root, ancestors: [] }];
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    yield visit;
    const { children } = visit.node;
    if (children.length === 0) continue;
    const ancestors = [visit.node, ...visit.ancestors];
    for (let index = children.length - 1; index >= 0; index--) {
      open.push({ node: children[index] as PlanNode, ancestors });
    }
  }
}

/** The node at a path such as `0.1.0`; undefined where the plan has none. */
export function nodeAt(plan: Plan, path: string): PlanNode | undefined {
  const [root, ...steps] = path.split('.');
  let node: PlanNode | undefined = root === '0' ? plan.root : undefined;
  for (const step of steps) node = node?.children[Number(step)];
  return node;
}

/** The node's type as EXPLAIN's text form names it: `Parallel Seq Scan` for a parallel aware `Seq Scan`. */
export function nodeLabel(node: PlanNode): string {
  return node.parallelAware ? `Parallel ${node.nodeType}` : node.nodeType;
}

/** The text of the node's condition with this label. */
export function conditionOf(node: PlanNode, label: string): string | undefined {
  return node.conditions.find((condition) => condition.label === label)?.text;
}
