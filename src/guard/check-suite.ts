import type { Engine } from '../postgres/engine.js';
import type { CaseReport, KnownBadReport, Notice, SuiteReport } from '../report/model.js';
import type { QueryEntry, Suite } from '../suite/model.js';
import type { ApprovedPlans } from './approved-plans.js';
import { biteNotice, CoverageOf } from './coverage.js';
import { judgeCases, readAhead } from './judge.js';
import { isKnownBad, judgeKnownBad } from './known-bad.js';
import { type PlannedSet, planSuite, type SuiteOptions, type SuiteStatements } from './plan-suite.js';
import { hasApprovedPlans } from './plans-folder.js';
import { type StatisticsSet, statisticsNotices } from './statistics-sets.js';
import { Waivers } from './waivers.js';

export interface CheckedSuite {
  readonly suite: Suite;
  readonly report: SuiteReport;
  readonly cases: readonly CaseReport[];
  readonly knownBad: readonly KnownBadReport[];
  readonly notices: readonly Notice[];
}

export interface CheckSuiteOptions extends SuiteOptions {
  /** Whether a case without an approved plan fails where the suite does not say. */
  readonly ci: boolean;
}

/**
 * Plans and judges the queries of one suite, with each of its statistics sets.
 * @returns only the names of its queries where the filter leaves no case
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function checkSuite(
  suite: Suite,
  engine: Engine,
  options: CheckSuiteOptions,
): Promise<CheckedSuite | { readonly queries: readonly string[] }> {
  const comparing = options.ownEngine && hasApprovedPlans(suite);
  let reading: Promise<ApprovedPlans> | undefined;
  const approvedPlans = () => {
    if (!comparing) return undefined;
    reading ??= readApproved(suite, options);
    return reading;
  };
  const waivers = new Waivers(suite, options.now);
  const cases: CaseReport[] = [];
  const knownBad: KnownBadReport[] = [];
  const notices: Notice[] = [];
  const names: string[] = [];
  let coverage: CoverageOf | undefined;
  let serverName = '';
  const judging = ({ name, statistics }: PlannedSet) => ({
    suite,
    statistics: name,
    redaction: statistics?.redaction,
  });
  const visit = async (planned: PlannedSet, { selected, knownBad: bad, sets }: SuiteStatements) => {
    const { name, set, statistics, server } = planned;
    names.push(name);
    serverName = server.name;
    const judged = await judgeCases(server, planned.cases, judging(planned));
    const isAsked = (_: unknown, index: number) => !isKnownBad(planned.cases[index]?.statement.entry as QueryEntry);
    const good = judged.filter(isAsked);
    const approved = await approvedPlans();
    const compared =
      (await approved?.compare({ ...planned, cases: planned.cases.filter(isAsked) }, good, sets)) ?? good;
    const asked = compared.map((one) => waivers.settle(one));
    cases.push(...asked);
    knownBad.push(...judgeKnownBad(suite, name, bad, judged));
    coverage ??= new CoverageOf(suite, selected, server.catalog);
    coverage.add(name, server.catalog, asked);
    notices.push(...server.remarks.map((message) => remark(suite, message, set)));
    if (set && statistics) notices.push(...statisticsNotices(set, statistics, { suite, server, now: options.now }));
  };
  const meanwhile = (planned: PlannedSet) => {
    readAhead(planned.server.catalog, planned.cases, judging(planned));
    approvedPlans()?.catch(() => {});
  };
  const statements = await planSuite(suite, engine, options, visit, meanwhile);
  const approved = await approvedPlans();
  if (coverage === undefined) return { queries: statements.queries };
  const filtered = options.filter !== undefined;
  notices.push(...coverage.notices(filtered), ...biteNotice(suite));
  notices.push(...(approved?.notices(statements) ?? []), ...waivers.notices(filtered));
  if (!options.ownEngine && hasApprovedPlans(suite)) notices.push(notCompared(suite));
  const report: SuiteReport = {
    name: suite.name,
    file: suite.file,
    engine: serverName,
    unverified: suite.unverified,
    statistics: names,
    scenarios: new Set(cases.flatMap(({ scenarios }) => scenarios)).size,
    queries: new Set(statements.selected.map(({ query }) => query)).size,
    statements: statements.selected.length,
    plans: approved && { folder: suite.plans.folder, approved: approved.approved },
    coverage: coverage.coverage,
  };
  return { suite, report, cases, knownBad, notices };
}

async function readApproved(suite: Suite, options: CheckSuiteOptions): Promise<ApprovedPlans> {
  const { ApprovedPlans } = await import('./approved-plans.js');
  return ApprovedPlans.read(suite, options);
}

function notCompared(suite: Suite): Notice {
  const message =
    'Plans of an existing database are not compared with the approved ones, which the suite’s engine made.';
  const next = 'Run it without --database-url to compare them.';
  const at = { suite: suite.name, file: suite.file, line: 1, column: 1 };
  return { ...at, kind: 'unverified-plans', level: 'warning', message, next };
}

function remark(suite: Suite, message: string, set: StatisticsSet | undefined): Notice {
  const file = set?.named.file ?? suite.file;
  return { kind: 'note', suite: suite.name, level: 'warning', message, next: undefined, file, line: 1, column: 1 };
}
