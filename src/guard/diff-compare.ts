import { exceeds, SLACK } from '../baseline/compare.js';
import { diffPlans } from '../diff/diff.js';
import type { ComparedCase, Comparison, PlanSide } from '../report/diff-model.js';
import { DEFAULT_DEARER_FACTOR } from '../suite/keys.js';

interface CompareOptions {
  readonly case?: ComparedCase;
  /** The two are the same, whatever literals stand in their conditions. */
  readonly sameShape?: boolean;
  readonly dearerFactor?: number;
}

/** Two plans of the same thing, without their cause. */
export function compare(
  name: string,
  before: PlanSide,
  after: PlanSide,
  { case: key, sameShape = false, dearerFactor = DEFAULT_DEARER_FACTOR }: CompareOptions = {},
): Comparison {
  const diff = diffPlans(before, after);
  const dearer = exceeds(diff.cost.after, diff.cost.before, dearerFactor, SLACK.cost);
  const change = diff.equal || sameShape ? (dearer ? 'dearer' : 'same') : 'changed';
  return { name, ...(key === undefined ? {} : { case: key }), change, before, after, diff, cause: undefined };
}

export function added(name: string, after: PlanSide, key?: ComparedCase): Comparison {
  return { ...alone(name, key), change: 'added', before: undefined, after };
}

export function removed(name: string, before: PlanSide, key?: ComparedCase): Comparison {
  return { ...alone(name, key), change: 'removed', before, after: undefined };
}

const alone = (name: string, key: ComparedCase | undefined) => ({
  name,
  ...(key === undefined ? {} : { case: key }),
  diff: undefined,
  cause: undefined,
});

/** `profile, statement 1, no-collaborations, incident-day, custom`: the statement where the query has several. */
export function caseName({ query, statement, scenario, statistics, mode }: ComparedCase, several: boolean): string {
  const parts = [query, several ? `statement ${statement}` : '', scenario, statistics, mode];
  return parts.filter((part) => part !== '').join(', ');
}
