import type { Report } from '../report/model.js';
import { type CheckedSuite, checkSuite } from './check-suite.js';
import { checkOptions, nothingMatched, RUN_OPTIONS, type RunOptions, runSuites } from './run-suites.js';
import { summarize } from './summarize.js';

export interface CheckOptions extends RunOptions {}

/**
 * Plans the queries of the suites on their planning replicas and judges the plans: what `plan-guard check` does.
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function check(options: CheckOptions = {}): Promise<Report> {
  checkOptions('check', options, RUN_OPTIONS);
  const { results, notices } = await runSuites(options, checkSuite);
  const checked: CheckedSuite[] = [];
  const passedOver: string[] = [];
  for (const one of results) {
    if ('report' in one) checked.push(one);
    else passedOver.push(...one.queries);
  }
  if (checked.length === 0) throw nothingMatched(options.filter ?? '', passedOver);
  return summarize(checked, notices);
}
