import type { ApprovedCase, ApprovedPlan, CaseKey } from './model.js';
import { shapeText } from './shape.js';
import { compareNames } from './words.js';

/** One string for a case, to find it by. */
export function caseId({ statement, scenario, statistics, mode }: CaseKey): string {
  return JSON.stringify([statement, scenario, statistics, mode]);
}

/**
 * Puts plans in the order in which a baseline has them, plans with the same shapes joined into one: cases by statement,
 * scenario, statistics and mode, plans by their first case. A plan that changes keeps its place as long as its cases do.
 */
export function arrange(plans: readonly ApprovedPlan[]): ApprovedPlan[] {
  const byShapes = new Map<string, { shapes: ApprovedPlan['shapes']; cases: ApprovedCase[] }>();
  for (const { shapes, cases } of plans) {
    const id = JSON.stringify(shapes.map(shapeText));
    const joined = byShapes.get(id) ?? { shapes, cases: [] };
    byShapes.set(id, joined);
    joined.cases.push(...cases);
  }
  const arranged = [...byShapes.values()].filter(({ cases }) => cases.length > 0);
  for (const { cases } of arranged) cases.sort(compareCases);
  return arranged.sort((a, b) => compareCases(a.cases[0] as ApprovedCase, b.cases[0] as ApprovedCase));
}

/** Orders cases by statement, scenario, statistics and mode. */
export function compareCases(a: CaseKey, b: CaseKey): number {
  return (
    compareNames(a.statement, b.statement) ||
    compareNames(a.scenario, b.scenario) ||
    compareNames(a.statistics, b.statistics) ||
    compareNames(a.mode, b.mode)
  );
}
