import type { Plan } from '../plan/model.js';
import { largestOf } from './coarse.js';
import type { ApprovedCase, ApprovedPlan, BaselineFile, BaselineVerdict, CaseKey, PlannedNow } from './model.js';
import { sameShape } from './shape.js';

/** How many times the approved cost or rows a case may have. */
export interface Tolerance {
  readonly dearer: number;
}

/** Beside the factor, what a case may have more than was approved: a ratio of small numbers says nothing. */
export const SLACK = {
  /** Ten pages read in sequence, or two and a half at random, at PostgreSQL's default settings. */
  cost: 10,
  /** The planner never estimates less than one row, whatever fraction it had reckoned. */
  rows: 100,
};

/**
 * Judges a case as it is planned now against what was approved for it. `changed`: its shape is none of those that were
 * approved for this case. `dearer`: the same shape, at a cost or with rows more than `dearer` times what was approved
 * (the most that the coarse number may stand for) and more than 10 cost units or 100 rows above it. A case that became
 * cheaper is approved.
 */
export function compareCase(
  approved: BaselineFile | undefined,
  now: PlannedNow,
  tolerance: Tolerance,
): BaselineVerdict {
  const found = approved === undefined ? undefined : findCase(approved, now);
  if (found === undefined) return { kind: 'missing' };
  const { plan, line } = found;
  if (!plan.shapes.some((shape) => sameShape(shape, now.plan))) return { kind: 'changed', approved: plan, line };
  const before = { cost: found.case.cost, rows: found.case.rows };
  const current = estimates(now.plan);
  const isDearer =
    rose(before.cost, current.cost, tolerance.dearer, SLACK.cost) ||
    rose(before.rows, current.rows, tolerance.dearer, SLACK.rows);
  return isDearer ? { kind: 'dearer', approved: plan, line, before, now: current } : { kind: 'approved' };
}

/** The approved entry of a case, and the plan that it stands under. */
export interface FoundCase {
  readonly case: ApprovedCase;
  readonly plan: ApprovedPlan;
  /** Line of the plan's heading, from 1. */
  readonly line: number;
}

export function findCase(baseline: BaselineFile, key: CaseKey): FoundCase | undefined {
  for (const [index, plan] of baseline.plans.entries()) {
    const found = plan.cases.find(
      ({ statement, scenario, statistics, mode }) =>
        statement === key.statement && scenario === key.scenario && statistics === key.statistics && mode === key.mode,
    );
    if (found !== undefined) return { case: found, plan, line: baseline.lines[index] ?? 1 };
  }
  return undefined;
}

/** The planner's estimates for the whole plan, exact. */
export function estimates({ root }: Plan): { cost: number | undefined; rows: number | undefined } {
  return { cost: root.totalCost, rows: root.planRows };
}

/** Whether a number is beyond the tolerance above an approved, coarse one. */
export function rose(approved: number | undefined, now: number | undefined, times: number, slack: number): boolean {
  return approved !== undefined && exceeds(now, largestOf(approved), times, slack);
}

/** Whether a number is more than `times` another, and by more than ratios of small numbers come to. */
export function exceeds(more: number | undefined, less: number | undefined, times: number, slack: number): boolean {
  return more !== undefined && less !== undefined && more > times * less && more > less + slack;
}
