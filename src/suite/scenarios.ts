import type { QueryEntry, ScenarioValue, Suite } from './model.js';

/** The values that one case of a query runs with. */
export interface ExpandedScenario {
  /** The scenario's name, then `key=value` for each key of the query's matrix: `label sort=title direction=asc`. */
  readonly name: string;
  readonly values: Readonly<Record<string, ScenarioValue>>;
}

/** A value in a scenario's name. Different values read differently: text that could be something else is quoted. */
export function formatValue(value: ScenarioValue): string {
  const bare =
    typeof value === 'string' &&
    /^[\p{L}\p{N}_.:+-]+$/u.test(value) &&
    Number.isNaN(Number(value)) &&
    !['true', 'false', 'null'].includes(value);
  return bare ? value : JSON.stringify(value);
}

/**
 * Crosses the scenarios of a query with its matrix. The order is stable: scenarios as the suite has them, then the
 * matrix as it is written, its last key varying fastest. A matrix value goes before a scenario's value of the same name.
 */
export function expandScenarios(
  entry: Pick<QueryEntry, 'scenarios' | 'matrix'>,
  suite: Pick<Suite, 'scenarios'>,
): ExpandedScenario[] {
  let expanded: ExpandedScenario[] = suite.scenarios.filter(({ name }) => entry.scenarios.includes(name));
  for (const [key, choices] of Object.entries(entry.matrix)) {
    expanded = expanded.flatMap(({ name, values }) =>
      choices.map((choice) => ({
        name: `${name} ${key}=${formatValue(choice)}`,
        values: { ...values, [key]: choice },
      })),
    );
  }
  return expanded.map(({ name, values }) => ({ name, values }));
}
