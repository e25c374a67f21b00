import { relative } from 'node:path';
import { PlanGuardError } from '../errors.js';
import type { Catalog } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import type { Engine } from '../postgres/engine.js';
import type { PlanSide } from '../report/diff-model.js';
import type { CaseReport } from '../report/model.js';
import { judgeCases } from './judge.js';
import { isKnownBad } from './known-bad.js';
import { planStatements } from './plan-statements.js';
import { applyFilter } from './plan-suite.js';
import type { GuardedStatement } from './statements.js';
import type { StatisticsSet } from './statistics-sets.js';
import { type PlannerOptions, type ReadOptions, readInputs, type SuiteInputs, withPlanner } from './suite-inputs.js';

/** One case of a suite with all that its plan was made from. */
export interface SideCase {
  readonly report: CaseReport;
  readonly statement: GuardedStatement;
  /** Undefined where the suite has no statistics. */
  readonly set: StatisticsSet | undefined;
  readonly catalog: Catalog;
  /** `PGlite 0.5.16 (PostgreSQL 18.6)` */
  readonly server: string;
}

/** A suite that was planned as it is at one place: a revision, the working tree. */
export interface PlannedSuite {
  readonly inputs: SuiteInputs;
  readonly engine: Engine;
  readonly cases: readonly SideCase[];
  /** What a file of it is called: `main:db/orders.sql`. */
  readonly shown: (file: string) => string;
}

export interface SideOptions extends PlannerOptions, ReadOptions {
  readonly filter: string | undefined;
}

/**
 * Reads and plans a suite; what is planned is left to `choose`.
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function planSide(
  suite: SuiteInputs['suite'],
  engine: Engine,
  options: SideOptions,
  shown: PlannedSuite['shown'],
): Promise<PlannedSuite> {
  const inputs = await readInputs(suite, engine, options);
  const guarded = inputs.statements.filter(({ entry }) => !isKnownBad(entry));
  const statements = applyFilter(guarded, options.filter);
  const cases: SideCase[] = [];
  if (statements.length > 0) {
    for (const set of inputs.sets.length > 0 ? inputs.sets : [undefined]) {
      cases.push(...(await planWithSet(inputs, engine, set, statements, options)));
    }
  }
  return { inputs, engine, cases, shown };
}

/** Plans and judges statements with one statistics set. */
export async function planWithSet(
  inputs: SuiteInputs,
  engine: Engine,
  set: StatisticsSet | undefined,
  statements: readonly GuardedStatement[],
  options: PlannerOptions,
): Promise<SideCase[]> {
  const { suite } = inputs;
  return withPlanner(inputs, engine, set, options, async ({ name, server, planned }) => {
    let count = 0;
    const cased = await planStatements(server, statements, (more) => {
      count += more;
      options.onProgress(`${suite.name}: ${count} plans (${name})`, false);
    });
    const judged = await judgeCases(server, cased, { suite, statistics: name, redaction: planned?.redaction });
    return judged.map((report, index) => {
      const statement = cased[index]?.statement;
      if (statement === undefined) throw new Error('a report without its case');
      return { report, statement, set, catalog: server.catalog, server: server.name };
    });
  });
}

/** A case for a report. */
export function sideOf({ report, set, server }: SideCase, { inputs, shown }: PlannedSuite): PlanSide {
  const { file, line } = report.sql;
  return {
    source: `${shown(file)}:${line}`,
    plan: parsePlan([report.plan]),
    accesses: report.accesses,
    hasCatalog: true,
    raw: JSON.stringify([report.plan], null, 2),
    inputs: {
      statement: report.sql.text,
      values: report.values,
      schema: inputs.suite.schema.map(shown).join(', ') || undefined,
      statistics: set === undefined ? undefined : `${set.named.name} (${shown(set.named.file)})`,
      settings: inputs.suite.postgres.settings,
      server,
    },
  };
}

/** Files as they are called from a folder. */
export const shownFrom = (cwd: string) => (file: string) => relative(cwd, file) || '.';

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
