import type { Cause } from '../report/model.js';
import type { RuleFinding } from '../rules/model.js';

/** Why a rule finds fault with an access that is bounded: it goes through an index that the rule does not allow. */
export function boundedCause({ rule, access }: RuleFinding): Cause {
  const { table, node } = access;
  const index = access.indexes.join(' and ') || 'this way';
  const missesColumns = rule === 'index-only' && !node.endsWith('Index Only Scan');
  return {
    kind: 'unknown',
    why: missesColumns
      ? `The statement reads columns of ${table} that ${index} does not hold, or the planner found this way cheaper.`
      : `Of the ways to bound ${table}, the planner found the one through ${index} the cheapest.`,
    next: missesColumns
      ? 'Add the columns to the index (INCLUDE), or read only those that it holds.'
      : `See which conditions an index of the rule would need; where this way is as good, add ${index} to the rule.`,
    condition: undefined,
  };
}
