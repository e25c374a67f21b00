import { setImmediate as turn } from 'node:timers/promises';
import { parameterForm } from '../baseline/parameter-form.js';
import type { Plan } from '../plan/model.js';
import type { PlanningServer, TypedValue } from '../postgres/model.js';
import { type PlannedCase, planOf } from './plan-statements.js';

/**
 * The plans of the cases with `$n` in place of the values that are bound, in order: plans that differ by their values
 * alone are the same then.
 */
export async function parameterForms(server: PlanningServer, cases: readonly PlannedCase[]): Promise<readonly Plan[]> {
  /** Generic plans by the values of their group, which its custom plan has as well. */
  const generic = new Map<PlannedCase['values'], Plan>();
  for (const one of cases) {
    if (one.mode === 'generic') generic.set(one.values, planOf(one));
  }
  const printed = await printedValues(server, cases);
  const plans = new Map<unknown, Plan>();
  for (const one of cases) {
    const { request, mode } = one;
    if (plans.has(request)) continue;
    const { values, statement } = request;
    if (mode === 'generic') plans.set(request, planOf(one));
    else {
      const parameters = statement.parameterTypes.map((type, index) => {
        const value = values[index] ?? null;
        return { type, literal: value === null ? null : (printed.get(keyOf({ type, value })) ?? value) };
      });
      plans.set(request, parameterForm(planOf(one), parameters, generic.get(one.values)));
    }
    // Signals and timers have their turn in between.
    if (plans.size % 100 === 0) await turn();
  }
  return cases.map(({ request }) => plans.get(request) as Plan);
}

async function printedValues(server: PlanningServer, cases: readonly PlannedCase[]): Promise<Map<string, string>> {
  const bound = new Map<string, TypedValue>();
  for (const { request, mode } of cases) {
    if (mode === 'generic') continue;
    for (const [index, type] of request.statement.parameterTypes.entries()) {
      const value = request.values[index];
      if (value != null) bound.set(keyOf({ type, value }), { type, value });
    }
  }
  const forms = await server.textForms([...bound.values()]);
  return new Map([...bound.keys()].map((key, index) => [key, forms[index] as string]));
}

const keyOf = ({ type, value }: TypedValue) => `${type}\n${value}`;
