import type { Notice, Report } from '../report/model.js';
import type { ChangeKind } from '../suite/model.js';
import type { CheckedSuite } from './check-suite.js';
import { isWaived, verdictOf } from './verdict.js';

/**
 * Adds up what the suites gave; the one place that decides between pass and fail.
 * @param scope `changes`: rules, known-bad queries and all doubts but those of redacted values are left out of it
 */
export function summarize(given: readonly CheckedSuite[], general: readonly Notice[], scope: Report['scope']): Report {
  const checked = scope === 'all' ? given : given.map(changesAlone);
  const cases = checked.flatMap((one) => one.cases);
  const knownBad = checked.flatMap((one) => one.knownBad);
  const notices = [...general, ...checked.flatMap((one) => one.notices)];
  const count = (verdict: string) => cases.filter((one) => one.verdict === verdict).length;
  const changes = (kind: ChangeKind) =>
    cases.filter(({ change }) => change?.kind === kind && change.waiver === undefined).length;
  const missed = knownBad.filter(({ caught }) => !caught).length;
  const failing =
    count('fail') > 0 || missed > 0 || notices.some(({ level }) => level === 'fail') || checked.some(hasForbiddenDoubt);
  return {
    version: 1,
    scope,
    verdict: failing ? 'fail' : 'pass',
    summary: {
      suites: checked.length,
      queries: total(checked, ({ report }) => report.queries),
      statements: total(checked, ({ report }) => report.statements),
      cases: cases.length,
      passed: count('pass'),
      failed: count('fail'),
      unverified: count('unverified'),
      missing: changes('missing'),
      changed: changes('changed'),
      dearer: changes('dearer'),
      waived: cases.filter(isWaived).length,
      knownBadCaught: knownBad.length - missed,
      knownBadMissed: missed,
    },
    suites: checked.map(({ report }) => report),
    cases,
    knownBad,
    notices,
  };
}

const OF_PLANS: ReadonlySet<Notice['kind']> = new Set(['unused-plan', 'edited-plans', 'unverified-plans']);

function changesAlone(one: CheckedSuite): CheckedSuite {
  const cases = one.cases.map((each) => {
    // A plan that is a guess is not known to be the approved one.
    const doubts = each.doubts.filter(({ kind }) => kind === 'redacted');
    const alone = { ...each, findings: [], doubts };
    return { ...alone, verdict: verdictOf(alone) };
  });
  const told = one.notices.filter(({ kind }) => OF_PLANS.has(kind));
  const notices = one.report.plans === undefined ? nothingCompared(one, told) : told;
  return { ...one, cases, knownBad: [], notices };
}

/** Where comparing is all that is asked, a suite of which nothing was compared was not judged. */
function nothingCompared(one: CheckedSuite, told: readonly Notice[]): Notice[] {
  return (told.length > 0 ? told : [notApproved(one)]).map((notice) => ({ ...notice, level: 'unverified' }));
}

function notApproved({ suite: { name, file } }: CheckedSuite): Notice {
  const message = 'No plan of this suite is approved yet: nothing was compared.';
  const next = 'Approve its plans with plan-guard approve, and commit the files.';
  return { kind: 'unverified-plans', level: 'unverified', suite: name, message, next, file, line: 1, column: 1 };
}

function hasForbiddenDoubt({ suite, cases, notices }: CheckedSuite): boolean {
  if (suite.unverified === 'warn') return false;
  return cases.some(({ verdict }) => verdict === 'unverified') || notices.some(({ level }) => level === 'unverified');
}

function total(checked: readonly CheckedSuite[], of: (one: CheckedSuite) => number): number {
  return checked.reduce((sum, one) => sum + of(one), 0);
}
