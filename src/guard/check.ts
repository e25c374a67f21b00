import { PlanGuardError } from '../errors.js';
import type { Report } from '../report/model.js';
import { type CheckedSuite, checkSuite } from './check-suite.js';
import { hasApprovedPlans, sharedFolders } from './plans-folder.js';
import {
  aSwitch,
  checkOptions,
  nothingMatched,
  type OptionTests,
  RUN_OPTIONS,
  type RunOptions,
  runSuites,
} from './run-suites.js';
import { summarize } from './summarize.js';

export interface CheckOptions extends RunOptions {
  /** Judges nothing but how plans compare with the approved ones: new, changed, dearer, unused, written by hand. */
  readonly changedOnly?: boolean;
  /** Whether a case without an approved plan fails where the suite does not say. Default: whether CI is set. */
  readonly ci?: boolean;
}

const OPTIONS: OptionTests<CheckOptions> = {
  ...RUN_OPTIONS,
  changedOnly: ['true or false', aSwitch],
  ci: ['true or false', aSwitch],
};

/**
 * Plans the queries of the suites on their planning replicas and judges the plans: what `plan-guard check` does.
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function check(options: CheckOptions = {}): Promise<Report> {
  checkOptions('check', options, OPTIONS);
  const { changedOnly = false, ci = isCi(process.env.CI), ...run } = options;
  const { results, notices } = await runSuites(
    run,
    (suite, engine, given) => checkSuite(suite, engine, { ...given, ci }),
    (suites, cwd) => sharedFolders(suites.filter(hasApprovedPlans), cwd),
  );
  const checked: CheckedSuite[] = [];
  const passedOver: string[] = [];
  for (const one of results) {
    if ('report' in one) checked.push(one);
    else passedOver.push(...one.queries);
  }
  if (checked.length === 0) throw nothingMatched(options.filter ?? '', passedOver);
  if (changedOnly && checked.every(({ report }) => report.plans === undefined)) throw nothingCompared(checked);
  return summarize(checked, notices, changedOnly ? 'changes' : 'all');
}

function nothingCompared(checked: readonly CheckedSuite[]): PlanGuardError {
  const why = checked.flatMap(({ notices }) => notices).find(({ kind }) => kind === 'unverified-plans');
  return new PlanGuardError(
    'nothing-to-check',
    why?.message ?? 'No plans are approved yet, so that none can have changed.',
    { hint: why?.next ?? 'Write them with plan-guard approve, and commit them.' },
  );
}

function isCi(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value);
}
