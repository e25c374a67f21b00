import type { Access, Plan } from '../plan/model.js';
import { accessChanges } from './accesses.js';
import { align } from './align.js';
import { featuresOf } from './features.js';
import { merge } from './merge.js';
import type { PlanDiff } from './model.js';

/** A plan and how it reaches its tables. */
export interface ReadPlan {
  readonly plan: Plan;
  readonly accesses: readonly Access[];
}

/**
 * What became of each node and of each access of a plan. Pure, and the same whichever way round two plans are given: what
 * is added one way is removed the other way.
 */
export function diffPlans(before: ReadPlan, after: ReadPlan): PlanDiff {
  const trees = featuresOf(before.plan, after.plan);
  const nodes = merge(trees.before, trees.after, align(trees.before, trees.after));
  return {
    before: before.plan,
    after: after.plan,
    equal: nodes.every(({ change }) => change === 'same'),
    nodes,
    accesses: accessChanges(before.accesses, after.accesses, nodes),
    cost: { before: before.plan.root.totalCost, after: after.plan.root.totalCost },
  };
}
