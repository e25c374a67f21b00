import { resolve } from 'node:path';
import { shapeText } from '../baseline/shape.js';
import { PlanGuardError } from '../errors.js';
import type { ExplainedCase, ExplainReport } from '../report/diff-model.js';
import type { PlanMode } from '../report/model.js';
import { nearest } from '../suite/nearest.js';
import { groupBy } from './diff-pairs.js';
import { namesOf, type PlannedSuite, planSide, type SideCase, shownFrom, sideOf } from './diff-suite.js';
import { aText, checkOptions, type OptionTests, RUN_OPTIONS, type RunOptions, runSuites } from './run-suites.js';
import { some } from './some.js';
import type { Binding, GuardedStatement } from './statements.js';

export interface ExplainOptions extends Omit<RunOptions, 'now' | 'filter'> {
  /** Name of a query, a known-bad one too. */
  readonly query: string;
  /** Name of a scenario. Default: all, and plans of one shape are shown once. */
  readonly scenario?: string;
  /** Name of a statistics set. Default: all. */
  readonly statistics?: string;
  /** Default: both. */
  readonly mode?: PlanMode;
}

const { now: _, filter: __, ...SHARED } = RUN_OPTIONS;

const MODES: readonly PlanMode[] = ['custom', 'generic'];

const OPTIONS: OptionTests<ExplainOptions> = {
  ...SHARED,
  query: ['the name of a query', aText],
  scenario: ['the name of a scenario', aText],
  statistics: ['the name of a statistics set', aText],
  mode: ['custom or generic', (value) => MODES.some((mode) => mode === value)],
};

/**
 * Plans one query and shows its plans, with how they reach their tables, what rules find fault with and what cannot be
 * judged. What `plan-guard explain` does.
 * @throws {PlanGuardError | PlanGuardErrors} `usage` for a name that there is not, with the nearest one; for bad input and
 *   for an engine that fails
 */
export async function explain(options: ExplainOptions): Promise<ExplainReport> {
  checkOptions('explain', options, OPTIONS);
  const shown = shownFrom(resolve(options.cwd ?? '.'));
  const { query, scenario, statistics, mode } = options;
  if (query === undefined)
    throw new PlanGuardError('usage', 'explain() is told no query.', { hint: 'Name one: query.' });
  const known = { queries: new Set<string>(), scenarios: new Set<string>(), sets: new Set<string>() };
  const { results } = await runSuites(options, async (suite, engine, sideOptions) => {
    const side = await planSide(suite, engine, sideOptions, shown, {
      statements: (all) => {
        for (const one of all) known.queries.add(one.query);
        const own = all.filter((one) => one.query === query);
        for (const name of own.flatMap(scenariosOf)) known.scenarios.add(name);
        return scenario === undefined ? own : own.flatMap((one) => ofScenario(one, scenario));
      },
      set: (name) => {
        known.sets.add(name);
        return statistics === undefined || name === statistics;
      },
      forms: scenario === undefined,
    });
    const cases = side.cases.filter(({ report }) => mode === undefined || report.mode === mode);
    return scenario === undefined ? distinct(cases, side) : each(cases, side);
  });
  const cases = results.flat();
  if (cases.length === 0) throw nothingFound(options, known);
  return { version: 1, cases };
}

/** What a scenario is called, with the choices of the matrix and without. */
const namesOfBinding = ({ scenario }: Binding) =>
  scenario === undefined ? [] : [scenario.scenario.name, scenario.name];

const scenariosOf = ({ bindings }: GuardedStatement) => bindings.flatMap(namesOfBinding);

/** The statement for one scenario; a statement without parameters is the same for all. */
function ofScenario(statement: GuardedStatement, scenario: string): GuardedStatement[] {
  const bindings = statement.bindings.filter(
    (binding) => binding.scenario === undefined || namesOfBinding(binding).includes(scenario),
  );
  return bindings.length === 0 ? [] : [{ ...statement, bindings }];
}

function each(cases: readonly SideCase[], side: PlannedSuite): ExplainedCase[] {
  const name = namesOf(cases);
  return cases.map((one) => explained(name(one), one, side));
}

/** Plans of one shape once: the dearest of them. */
function distinct(cases: readonly SideCase[], side: PlannedSuite): ExplainedCase[] {
  const name = namesOf(cases);
  const shape = ({ form, report }: SideCase) => `${report.statement} ${form === undefined ? '' : shapeText(form)}`;
  return [...groupBy(cases, shape).values()].flatMap((group) => {
    const [first] = group.toSorted((a, b) => (b.report.cost ?? 0) - (a.report.cost ?? 0));
    if (first === undefined) return [];
    const others = group.length - 1;
    const more = others === 0 ? '' : ` and ${others} more`;
    return explained(`${name(first)}${more}`, first, side);
  });
}

function explained(name: string, one: SideCase, side: PlannedSuite): ExplainedCase {
  const { findings, doubts } = one.report;
  return { name, side: sideOf(one, side), findings, doubts };
}

interface Known {
  readonly queries: ReadonlySet<string>;
  readonly scenarios: ReadonlySet<string>;
  readonly sets: ReadonlySet<string>;
}

function nothingFound({ query, scenario, statistics }: ExplainOptions, known: Known): PlanGuardError {
  if (!known.queries.has(query)) return unknown('query', query, known.queries);
  if (scenario !== undefined && !known.scenarios.has(scenario)) {
    return unknown('scenario', scenario, known.scenarios, ` of ${query}`);
  }
  return unknown('statistics set', statistics ?? '', known.sets);
}

const SHOWN = 8;

function unknown(what: string, name: string, known: ReadonlySet<string>, of = ''): PlanGuardError {
  const near = nearest(name, known) ?? (name === '' ? undefined : [...known].find((one) => one.includes(name)));
  const names = [...known].map((one) => `"${one}"`);
  return new PlanGuardError('usage', `There is no ${what} "${name}"${of}.`, {
    hint: near === undefined ? `Known here: ${some(names, SHOWN) || 'none'}.` : `Did you mean "${near}"?`,
  });
}
