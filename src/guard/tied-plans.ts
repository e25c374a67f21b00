import { sameShape } from '../baseline/shape.js';
import type { Plan } from '../plan/model.js';
import type { PlanningServer } from '../postgres/model.js';
import { parameterForms } from './parameter-forms.js';
import type { PlannedCase } from './plan-statements.js';

/** Costs within one per cent are equal to the planner: `STD_FUZZ_FACTOR` in pathnode.c. */
const FUZZ = 1.01;

/**
 * For each case the other plan that is tied with its own, found by planning again with the order of each table's indexes
 * turned round; undefined where there is none.
 * @param plans those of the cases, in parameter form
 * @returns undefined where the server's order of indexes cannot be turned round
 */
export async function tiedPlans(
  server: PlanningServer,
  cases: readonly PlannedCase[],
  plans: readonly Plan[],
): Promise<readonly (Plan | undefined)[] | undefined> {
  const requests = [...new Set(cases.map(({ request }) => request))];
  const explained = await server.explainWithIndexesReversed?.(requests);
  if (explained === undefined) return undefined;
  const turned = new Map(requests.map((request, index) => [request, explained[index]]));
  const others = await parameterForms(
    server,
    cases.map((one) => ({ ...one, explained: turned.get(one.request) })),
  );
  return plans.map((plan, index) => {
    const other = others[index];
    return other !== undefined && !sameShape(plan, other) && areTied(plan, other) ? other : undefined;
  });
}

function areTied(plan: Plan, other: Plan): boolean {
  const [a, b] = [plan.root.totalCost, other.root.totalCost];
  return a !== undefined && b !== undefined && Math.max(a, b) <= Math.min(a, b) * FUZZ;
}
