import type { Access, Plan, PlanNode } from '../plan/model.js';

/**
 * What became of a node. `moved`: it hangs below another node or on another side of it, whatever else changed; what was
 * only put between (a Sort, a Hash, another join) moves nothing, but for a Gather, below which workers run. `changed`: it
 * stands where it stood, and something in `fields` differs.
 */
export type NodeChange = 'same' | 'changed' | 'moved' | 'added' | 'removed';

/** A property that decides what a node does, before and after, in EXPLAIN's words (`Index Name`, `Filter`, `Join Type`). */
export interface FieldChange {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * A number of a node, before and after: `Total Cost`, `Plan Rows`, `Actual Rows`, `Shared Read Blocks`, … Actual times
 * and rows are of one loop; sums have names of their own, `Actual Rows, all loops`.
 */
export interface NumberChange {
  readonly field: string;
  readonly unit: 'rows' | 'cost' | 'ms' | 'blocks' | 'bytes' | 'loops';
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** A node of one plan with the node of the other that it was matched with. At least one of the two is there. */
export interface AlignedNode {
  readonly change: NodeChange;
  readonly before: PlanNode | undefined;
  readonly after: PlanNode | undefined;
  /** Depth in the merged tree, the root is 0. */
  readonly depth: number;
  readonly fields: readonly FieldChange[];
  /** Numbers that at least one side has; equal ones too. */
  readonly numbers: readonly NumberChange[];
}

/** One occurrence of a table that is reached differently, that came or that went. */
export interface AccessChange {
  readonly before: Access | undefined;
  readonly after: Access | undefined;
  readonly direction: 'worse' | 'better' | 'other';
}

/** Two plans, aligned. Pure facts: the words for them are the reporters'. */
export interface PlanDiff {
  readonly before: Plan;
  readonly after: Plan;
  /** Same shape: every node is `same`. Numbers may differ. */
  readonly equal: boolean;
  /** Every node of both plans exactly once, in reading order: the tree of `after`, removed nodes where they stood. */
  readonly nodes: readonly AlignedNode[];
  /** The worst first. */
  readonly accesses: readonly AccessChange[];
  /** Total cost of each plan, in the planner's units; undefined where a plan does not tell. */
  readonly cost: { readonly before: number | undefined; readonly after: number | undefined };
}
