import { relative } from 'node:path';
import { PlanGuardError } from '../errors.js';
import type { Catalog, Plan } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import type { Engine } from '../postgres/engine.js';
import type { ComparedCase, PlanSide } from '../report/diff-model.js';
import type { CaseReport } from '../report/model.js';
import { caseName } from './diff-compare.js';
import { judgeCases } from './judge.js';
import { isKnownBad } from './known-bad.js';
import { parameterForms } from './parameter-forms.js';
import { planStatements } from './plan-statements.js';
import { applyFilter } from './plan-suite.js';
import type { GuardedStatement } from './statements.js';
import type { StatisticsSet } from './statistics-sets.js';
import {
  nameOfSet,
  type PlannerOptions,
  type ReadOptions,
  readInputs,
  type SuiteInputs,
  withPlanner,
} from './suite-inputs.js';

/** One case of a suite with all that its plan was made from. */
export interface SideCase {
  readonly report: CaseReport;
  readonly statement: GuardedStatement;
  /** Undefined where the suite has no statistics. */
  readonly set: StatisticsSet | undefined;
  readonly catalog: Catalog;
  /** `PGlite 0.5.16 (PostgreSQL 18.6)` */
  readonly server: string;
  /** `server_version`: `18.6` */
  readonly version: string;
  /** The plan with `$n` for its values, where that was asked for. */
  readonly form: Plan | undefined;
}

/** A suite that was planned as it is at one place: a revision, the working tree. */
export interface PlannedSuite {
  readonly inputs: SuiteInputs;
  readonly engine: Engine;
  readonly cases: readonly SideCase[];
  /** What a file of it is called: `main:db/orders.sql`. */
  readonly shown: (file: string) => string;
}

export interface SideOptions extends PlannerOptions, ReadOptions {}

/** What of a suite is planned. */
export interface Choice {
  /** Statements, each with those of its scenarios that are wanted. */
  readonly statements: (all: readonly GuardedStatement[]) => readonly GuardedStatement[];
  /** A statistics set. Default: all. */
  readonly set?: (name: string) => boolean;
  /** Whether the plans are wanted in parameter form too. */
  readonly forms?: boolean;
}

/** What the suite guards, as far as the filter leaves it. */
export const guarded =
  (filter: string | undefined): Choice['statements'] =>
  (all) =>
    applyFilter(
      all.filter(({ entry }) => !isKnownBad(entry)),
      filter,
    );

/**
 * Reads and plans a suite.
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function planSide(
  suite: SuiteInputs['suite'],
  engine: Engine,
  options: SideOptions,
  shown: PlannedSuite['shown'],
  { statements: choose, set: wanted = () => true, forms = false }: Choice,
): Promise<PlannedSuite> {
  const inputs = await readInputs(suite, engine, options);
  const statements = choose(inputs.statements);
  const cases: SideCase[] = [];
  if (statements.length > 0) {
    for (const set of inputs.sets.length > 0 ? inputs.sets : [undefined]) {
      if (!wanted(nameOfSet(suite, set))) continue;
      cases.push(...(await planWithSet(inputs, engine, set, statements, options, forms)));
    }
  }
  return { inputs, engine, cases, shown };
}

/**
 * Plans and judges statements with one statistics set.
 * @param forms whether the plans are wanted in parameter form too
 */
export async function planWithSet(
  inputs: SuiteInputs,
  engine: Engine,
  set: StatisticsSet | undefined,
  statements: readonly GuardedStatement[],
  options: PlannerOptions,
  forms = false,
): Promise<SideCase[]> {
  const { suite } = inputs;
  return withPlanner(inputs, engine, set, options, async ({ name, server, planned }) => {
    let count = 0;
    const cased = await planStatements(server, [statements], ({ length: more }) => {
      count += more;
      options.onProgress(`${suite.name}: ${count} plans (${name})`, false);
    });
    const judged = await judgeCases(server, cased, { suite, statistics: name, redaction: planned?.redaction });
    const plans = forms ? await parameterForms(server, cased) : [];
    return judged.map((report, index) => {
      const statement = cased[index]?.statement;
      if (statement === undefined) throw new Error('a report without its case');
      return {
        report,
        statement,
        set,
        catalog: server.catalog,
        server: server.name,
        version: server.version,
        form: plans[index],
      };
    });
  });
}

/** A case for a report. */
export function sideOf(one: SideCase, { inputs, shown }: PlannedSuite): PlanSide {
  const { report, set, server } = one;
  const { file, line } = report.sql;
  return {
    source: `${shown(file)}:${line}`,
    plan: parsePlan([report.plan]),
    accesses: report.accesses,
    hasCatalog: true,
    raw: JSON.stringify([report.plan], null, 2),
    inputs: {
      statement: report.sql.text,
      // A generic plan is made without them.
      values: report.mode === 'generic' ? undefined : report.values,
      schema: inputs.suite.schema.map(shown).join(', ') || undefined,
      statistics: set === undefined ? undefined : `${set.named.name} (${shown(set.named.file)})`,
      settings: settingsOf(inputs, one),
      server,
    },
  };
}

/** The settings that plan a case: production's, and those of the suite above them. */
export function settingsOf({ suite }: SuiteInputs, { set }: SideCase): Readonly<Record<string, string>> {
  const { settings = {}, search_path } = set?.head ?? {};
  const all = { ...settings, ...(search_path === undefined ? {} : { search_path }), ...suite.postgres.settings };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Files as they are called from a folder. */
export const shownFrom =
  (cwd: string): PlannedSuite['shown'] =>
  (file) =>
    relative(cwd, file) || '.';

/** What a filter that leaves no case ends in. */
export function nothingSelected(filter: string | undefined, suites: readonly PlannedSuite[]): PlanGuardError {
  const names = new Set(
    suites.flatMap(({ inputs }) =>
      inputs.statements.filter(({ entry }) => !isKnownBad(entry)).map(({ query }) => query),
    ),
  );
  return new PlanGuardError('nothing-to-check', `No query, statement or scenario holds "${filter ?? ''}".`, {
    hint: `Queries are ${[...names].slice(0, 6).join(', ')}.`,
  });
}

export function keyOf({ report: { query, statement, scenario, statistics, mode } }: SideCase): ComparedCase {
  return { query, statement, scenario, statistics, mode };
}

/** Names of cases; a query's only statement is not numbered. */
export function namesOf(cases: readonly SideCase[]): (one: SideCase) => string {
  const labels = new Map<string, Set<string>>();
  for (const { report } of cases) {
    labels.set(report.query, (labels.get(report.query) ?? new Set()).add(report.statement));
  }
  return (one) => caseName(keyOf(one), (labels.get(one.report.query)?.size ?? 0) > 1);
}
