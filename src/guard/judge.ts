import { setImmediate as turn } from 'node:timers/promises';
import { findCause } from '../cause/find-cause.js';
import { accessesOf } from '../plan/accesses.js';
import type { Access, Catalog, Plan } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import type { ExplainRequest, PlanningServer } from '../postgres/model.js';
import type { Alternative, CaseReport, Finding } from '../report/model.js';
import { doubtsOf } from '../rules/doubts.js';
import type { Doubt, RuleFinding } from '../rules/model.js';
import { judge } from '../rules/registry.js';
import type { RuleSettings, Suite } from '../suite/model.js';
import { boundedCause } from './bounded-cause.js';
import { type PlannedCase, planOf } from './plan-statements.js';
import { type Redaction, redactionDoubts } from './redaction.js';
import { verdictOf } from './verdict.js';

/** What the plan of one request shows; cases that share the plan share this. */
interface Reading {
  readonly plan: Plan;
  readonly accesses: readonly Access[];
  readonly settings: RuleSettings;
  readonly found: readonly RuleFinding[];
  readonly doubts: Doubt[];
  readonly example: PlannedCase;
}

export interface JudgeOptions {
  readonly suite: Suite;
  readonly statistics: string;
  readonly redaction: Redaction | undefined;
}

const readings = new WeakMap<ExplainRequest, Reading>();

/** Does of {@link judgeCases} what can be done while others are being planned: reads plans and applies the rules. */
export function readAhead(catalog: Catalog, cases: readonly PlannedCase[], options: JudgeOptions): void {
  for (const one of cases) readingOf(catalog, one, options);
}

function readingOf(catalog: Catalog, one: PlannedCase, options: JudgeOptions): Reading {
  const reading = readings.get(one.request) ?? read(catalog, one, options);
  readings.set(one.request, reading);
  return reading;
}

/** Judges planned cases: reads their plans, applies the rules, and asks the server what explains the findings. */
export async function judgeCases(
  server: PlanningServer,
  cases: readonly PlannedCase[],
  options: JudgeOptions,
): Promise<CaseReport[]> {
  const distinct = new Set<Reading>();
  for (const [index, one] of cases.entries()) {
    distinct.add(readingOf(server.catalog, one, options));
    // Signals and timers have their turn in between.
    if (index % 100 === 99) await turn();
  }
  const all = [...distinct];
  const alternatives = await planAlternatives(server, all, options.suite);
  const findings = new Map<Reading, readonly Finding[]>();
  for (const reading of all) {
    findings.set(
      reading,
      reading.found.map((found) => enrich(found, reading, server.catalog, alternatives.get(reading))),
    );
  }
  return cases.map((one) => {
    const reading = readingOf(server.catalog, one, options);
    return report(one, reading, findings.get(reading) ?? [], options);
  });
}

function read(catalog: Catalog, one: PlannedCase, { suite, redaction }: JudgeOptions): Reading {
  const plan = planOf(one);
  const accesses = accessesOf(plan, catalog, { trustedFunctions: suite.trustedFunctions });
  const settings = mergeRules(suite.rules, one.statement.entry.rules);
  const { facts } = one.statement;
  const doubts = doubtsOf({
    plan,
    accesses,
    catalog,
    settings,
    statementTables: facts?.tables ?? [],
    role: suite.postgres.role,
  });
  doubts.push(...redactionDoubts(one.statement, one.mode, redaction, catalog));
  if (facts === undefined) doubts.push(newerSyntax);
  return { plan, accesses, settings, found: judge(accesses, settings, catalog), doubts, example: one };
}

const newerSyntax: Doubt = {
  kind: 'newer-syntax',
  message:
    'The statement has syntax newer than the grammar that reads it (PostgreSQL 16): the tables it names are not known.',
  next: 'Judge its plan by hand, or write the statement in the syntax of PostgreSQL 16.',
};

export function mergeRules(suite: RuleSettings, query: RuleSettings): RuleSettings {
  return {
    protect: [...suite.protect, ...query.protect],
    noSeqScan: [...suite.noSeqScan, ...query.noSeqScan],
    indexOnly: [...suite.indexOnly, ...query.indexOnly],
    onlyIndexes: [...suite.onlyIndexes, ...query.onlyIndexes],
  };
}

/** For plans with findings: the plan that the server makes when sequential scans are discouraged. */
async function planAlternatives(
  server: PlanningServer,
  readings: readonly Reading[],
  suite: Suite,
): Promise<Map<Reading, { readonly plan: Plan; readonly accesses: readonly Access[] }>> {
  const failing = readings.filter(({ found }) => found.length > 0);
  if (failing.length === 0) return new Map();
  const plans = await server.explainWithoutSeqScan(failing.map(({ example }) => example.request));
  return new Map(
    failing.map((reading, index) => {
      const plan = parsePlan(plans[index]);
      const accesses = accessesOf(plan, server.catalog, { trustedFunctions: suite.trustedFunctions });
      return [reading, { plan, accesses }];
    }),
  );
}

function enrich(
  found: RuleFinding,
  reading: Reading,
  catalog: Catalog,
  other: { readonly plan: Plan; readonly accesses: readonly Access[] } | undefined,
): Finding {
  const { access } = found;
  const { statement } = reading.example;
  const alternative = other === undefined ? undefined : boundedAlternative(access, other.plan, other.accesses);
  const cause =
    access.kind === 'bounded'
      ? boundedCause(found)
      : findCause({ access, conditions: statement.facts?.conditions ?? [], catalog, alternative });
  const table = catalog.tables.get(`${access.schema}.${access.table}`);
  return {
    ...found,
    schema: access.schema,
    table: access.table,
    alias: access.alias,
    path: access.path,
    node: access.node,
    tableRows: table === undefined || table.tuples < 0 ? undefined : table.tuples,
    tablePages: table?.pages,
    cause,
    alternative,
    waiver: undefined,
    ...statement.place(cause.condition?.start ?? 0),
  };
}

/** How the table is reached where sequential scans are discouraged; undefined where that is no bounded way either. */
function boundedAlternative(access: Access, plan: Plan, accesses: readonly Access[]): Alternative | undefined {
  const same = accesses.filter(
    ({ schema, table, alias }) => schema === access.schema && table === access.table && alias === access.alias,
  );
  const [bounded] = same;
  if (access.kind === 'bounded' || bounded === undefined || same.some(({ kind }) => kind !== 'bounded'))
    return undefined;
  return {
    node: bounded.node,
    index: bounded.indexes[0],
    rows: bounded.rows,
    cost: bounded.cost,
    totalCost: plan.root.totalCost,
  };
}

function report(one: PlannedCase, reading: Reading, findings: readonly Finding[], options: JudgeOptions): CaseReport {
  const { statement } = one;
  return {
    suite: options.suite.name,
    query: statement.query,
    statement: statement.label,
    scenario: one.scenario,
    scenarios: one.scenarios,
    statistics: options.statistics,
    mode: one.mode,
    verdict: verdictOf({ findings, doubts: reading.doubts, change: undefined }),
    accesses: reading.accesses,
    findings,
    doubts: reading.doubts,
    change: undefined,
    cost: reading.plan.root.totalCost,
    plan: (Array.isArray(one.explained) ? one.explained[0] : one.explained) as Readonly<Record<string, unknown>>,
    sql: statement.sql,
    values: one.values,
  };
}
