import { PlanGuardError } from '../errors.js';
import type { KnownBadEntry, QueryEntry, Scenario, Suite } from '../suite/model.js';
import { type ExpandedScenario, expandScenarios, formatValue } from '../suite/scenarios.js';

/** A scenario of the suite with one combination of a query's matrix. */
export interface ScenarioCase extends ExpandedScenario {
  readonly scenario: Scenario;
  /** The combination's parts, as the name has them: `sort=title`. */
  readonly choices: readonly string[];
}

/**
 * The scenarios of a query, each crossed with the query's matrix.
 * @throws {PlanGuardError} `suite` where there are none: a query without cases would pass with nothing checked
 */
export function scenarioCases(entry: QueryEntry | KnownBadEntry, suite: Suite): ScenarioCase[] {
  if (entry.scenarios.length === 0) {
    throw new PlanGuardError('suite', 'The query has no scenario to be planned for.', {
      where: entry.where,
      hint: 'Write one under "scenarios" of the suite, or leave that key out to plan with the "defaults".',
    });
  }
  return suite.scenarios
    .filter(({ name }) => entry.scenarios.includes(name))
    .flatMap((scenario) =>
      expandScenarios({ scenarios: [scenario.name], matrix: entry.matrix }, suite).map((expanded) => ({
        ...expanded,
        scenario,
        choices: Object.keys(entry.matrix).map((key) => `${key}=${formatValue(expanded.values[key] ?? null)}`),
      })),
    );
}

/**
 * Names groups of combinations of one scenario that come to the same case, without those choices of the matrix that
 * make no difference: `label` for `label sort=title` and `label sort=plays`. No two groups share a name.
 */
export function nameGroups(groups: readonly (readonly ScenarioCase[])[]): string[] {
  const names = groups.map(commonName);
  return groups.map((group, index) => {
    const name = names[index] ?? '';
    return names.indexOf(name) === names.lastIndexOf(name) ? name : (group[0]?.name ?? '');
  });
}

function commonName(group: readonly ScenarioCase[]): string {
  const [first, ...others] = group;
  if (first === undefined) return '';
  const kept = first.choices.filter((choice) => others.every(({ choices }) => choices.includes(choice)));
  return [first.scenario.name, ...kept].join(' ');
}
