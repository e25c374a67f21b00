import type { Engine } from '../postgres/engine.js';
import type { CaseReport, KnownBadReport, Notice, SuiteReport } from '../report/model.js';
import type { Suite } from '../suite/model.js';
import { biteNotice, CoverageOf } from './coverage.js';
import { judgeCases } from './judge.js';
import { judgeKnownBad } from './known-bad.js';
import { planSuite, type SuiteOptions } from './plan-suite.js';
import { type StatisticsSet, statisticsNotices } from './statistics-sets.js';

export interface CheckedSuite {
  readonly suite: Suite;
  readonly report: SuiteReport;
  readonly cases: readonly CaseReport[];
  readonly knownBad: readonly KnownBadReport[];
  readonly notices: readonly Notice[];
}

/**
 * Plans and judges the queries of one suite, with each of its statistics sets.
 * @returns only the names of its queries where the filter leaves no case
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function checkSuite(
  suite: Suite,
  engine: Engine,
  options: SuiteOptions,
): Promise<CheckedSuite | { readonly queries: readonly string[] }> {
  const cases: CaseReport[] = [];
  const knownBad: KnownBadReport[] = [];
  const notices: Notice[] = [];
  const names: string[] = [];
  let coverage: CoverageOf | undefined;
  let serverName = '';
  const statements = await planSuite(suite, engine, options, async (planned, { selected, knownBad: bad }) => {
    const { name, set, statistics, server } = planned;
    names.push(name);
    serverName = server.name;
    const { redaction } = statistics ?? {};
    const judged = await judgeCases(server, planned.cases, { suite, statistics: name, redaction });
    const badQueries = new Set(bad.map(({ query }) => query));
    const asked = judged.filter(({ query }) => !badQueries.has(query));
    cases.push(...asked);
    knownBad.push(...judgeKnownBad(suite, name, bad, judged));
    coverage ??= new CoverageOf(suite, selected, server.catalog);
    coverage.add(name, server.catalog, asked);
    notices.push(...server.remarks.map((message) => remark(suite, message, set)));
    if (set && statistics) notices.push(...statisticsNotices(set, statistics, { suite, server, now: options.now }));
  });
  if (coverage === undefined) return { queries: statements.queries };
  notices.push(...coverage.notices(options.filter !== undefined), ...biteNotice(suite));
  const report: SuiteReport = {
    name: suite.name,
    file: suite.file,
    engine: serverName,
    unverified: suite.unverified,
    statistics: names,
    scenarios: new Set(cases.flatMap(({ scenarios }) => scenarios)).size,
    queries: new Set(statements.selected.map(({ query }) => query)).size,
    statements: statements.selected.length,
    plans: undefined,
    coverage: coverage.coverage,
  };
  return { suite, report, cases, knownBad, notices };
}

function remark(suite: Suite, message: string, set: StatisticsSet | undefined): Notice {
  const file = set?.named.file ?? suite.file;
  return { kind: 'note', suite: suite.name, level: 'warning', message, next: undefined, file, line: 1, column: 1 };
}
