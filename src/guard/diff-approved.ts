import { dirname, relative } from 'node:path';
import { caseId } from '../baseline/arrange.js';
import { compareCase } from '../baseline/compare.js';
import { readBaselines } from '../baseline/folder.js';
import type { BaselineFile, PlannedNow } from '../baseline/model.js';
import { renumbered } from '../baseline/renumber.js';
import { sameShape } from '../baseline/shape.js';
import { PlanGuardError } from '../errors.js';
import type { Comparison, DiffCause, PlanSide } from '../report/diff-model.js';
import type { Suite } from '../suite/model.js';
import { conditionWords } from './diff-cause-words.js';
import { added, caseName, compare, removed } from './diff-compare.js';
import { type Approved, approvedCases, approvedSide } from './diff-plans.js';
import type { Compared } from './diff-revisions.js';
import { ApprovalHistory } from './diff-since.js';
import {
  guarded,
  keyOf,
  namesOf,
  nothingSelected,
  type PlannedSuite,
  planSide,
  type SideCase,
  shownFrom,
  sideOf,
} from './diff-suite.js';
import { inputsOf } from './plan-inputs.js';
import { isWhole } from './plan-suite.js';
import { hasApprovedPlans, sharedFolders } from './plans-folder.js';
import { type RunOptions, runSuites } from './run-suites.js';
import { some } from './some.js';

/**
 * Plans the suites as they are now, and compares each case with the plan that was approved for it.
 * @param file absolute path of a file of approved plans: only the cases of its query
 * @throws {PlanGuardError | PlanGuardErrors} `usage` where nothing is approved, for bad input and for an engine that fails
 */
export async function diffApproved(cwd: string, options: RunOptions, file?: string): Promise<Compared> {
  const shown = shownFrom(cwd);
  const planned: PlannedSuite[] = [];
  const approvals = new ApprovalHistory(cwd);
  const passedOver: string[] = [];
  const { results } = await runSuites(
    options,
    async (suite, engine, sideOptions) => {
      if (!(file === undefined ? hasApprovedPlans(suite) : dirname(file) === suite.plans.folder)) {
        passedOver.push(suite.name);
        return [];
      }
      const baselines = await readBaselines(suite.plans.folder);
      const only = [...baselines.values()].find((one) => one.file === file)?.query;
      const select = guarded(options.filter);
      const side = await planSide(suite, engine, sideOptions, shown, {
        statements: (all) => select(all).filter(({ query }) => file === undefined || query === only),
        forms: true,
      });
      planned.push(side);
      for (const [query, baseline] of baselines) {
        if (isWhole(query, options.filter)) baselines.set(query, renumbered(baseline, plannedNow(side, query)));
      }
      const files = [...baselines.values()].filter((one) => file === undefined || one.file === file);
      const unused = options.filter === undefined ? unusedCases(files, side, shown) : [];
      const all = [...compareAll(suite, side, baselines, shown), ...unused];
      return approvals.told(all, (query) => baselines.get(query)?.file);
    },
    sharedFolders,
  );
  if (passedOver.length === results.length) throw nothingApproved(file, cwd);
  const comparisons = results.flat();
  if (comparisons.length === 0) throw nothingSelected(options.filter, planned);
  const without = passedOver.length === 0 ? '' : ` (none are approved of ${some(passedOver)})`;
  return {
    before: file === undefined ? `the approved plans${without}` : shown(file),
    after: 'the plans of now',
    comparisons,
  };
}

/** The cases of a query as approved plans have them. */
function plannedNow(side: PlannedSuite, query: string): PlannedNow[] {
  return side.cases.flatMap((one) => {
    const key = keyOf(one);
    return key.query === query ? [{ ...key, plan: formSide(one, side).plan }] : [];
  });
}

function nothingApproved(file: string | undefined, cwd: string): PlanGuardError {
  if (file !== undefined) {
    return new PlanGuardError(
      'usage',
      `No suite here has its approved plans in ${relative(cwd, dirname(file)) || '.'}.`,
      {
        hint: 'Name the suite (--suite FILE), or what the plans are to be compared with: plan-guard diff A.plan B.plan.',
      },
    );
  }
  return new PlanGuardError('usage', 'No plans are approved yet, so there is nothing to compare with.', {
    hint: 'Approve those of now (plan-guard approve), or name a revision: plan-guard diff main.',
  });
}

function compareAll(
  suite: Suite,
  side: PlannedSuite,
  baselines: ReadonlyMap<string, BaselineFile>,
  shown: PlannedSuite['shown'],
): Comparison[] {
  const name = namesOf(side.cases);
  const { trustedFunctions } = suite;
  const approved = new Map(
    [...baselines.values()]
      .flatMap(approvedCases)
      .map((one) => [JSON.stringify([one.key.query, caseId(one.key)]), one]),
  );
  return side.cases.map((one) => {
    const key = keyOf(one);
    const before = approved.get(JSON.stringify([key.query, caseId(key)]));
    const after = formSide(one, side);
    if (before === undefined) return added(name(one), after, key);
    const shape = before.plan.shapes.find((shape) => sameShape(shape, after.plan));
    const was = approvedSide(before, shown(before.file.file), shape, { catalog: one.catalog, trustedFunctions });
    const comparison = compare(name(one), was, after, { case: key });
    const verdict = compareCase(before.file, { ...key, plan: after.plan }, { dearer: suite.plans.dearerFactor });
    if (verdict.kind === 'approved') return { ...comparison, change: 'same' as const };
    const change = verdict.kind === 'dearer' ? ('dearer' as const) : ('changed' as const);
    return { ...comparison, change, cause: causeOf(comparison, before, one, side) };
  });
}

/** What the conditions tell, and what of the inputs is known not to be what the plan was approved with. */
function causeOf(
  { diff }: Comparison,
  { file, one: { statistics } }: Approved,
  now: SideCase,
  { inputs: { suite, sets } }: PlannedSuite,
): DiffCause | undefined {
  const told = diff && conditionWords(diff, now);
  const [was, is] = [file.inputs, inputsOf(suite, sets, now.version)];
  const others = [
    ...(was.major === is.major ? [] : [`on PostgreSQL ${was.major}`]),
    ...(was.statistics[statistics] === is.statistics[statistics] ? [] : ['with other statistics']),
    ...(was.settings === is.settings ? [] : ['with other settings']),
  ];
  const sentences = [
    ...(told === undefined ? [] : [told.why]),
    ...(others.length === 0 ? [] : [`It was approved ${others.join(' and ')}.`]),
  ];
  return sentences.length === 0 ? undefined : { inputs: [], why: sentences.join(' '), next: told?.next };
}

/** The plan of now as approved plans show it: with `$n` for its values. */
function formSide(one: SideCase, side: PlannedSuite): PlanSide {
  const plain = sideOf(one, side);
  return { ...plain, plan: one.form ?? plain.plan };
}

/** Approved cases that nothing plans any more. */
function unusedCases(
  files: readonly BaselineFile[],
  { cases }: PlannedSuite,
  shown: PlannedSuite['shown'],
): Comparison[] {
  const idOf = (key: Approved['key']) => JSON.stringify([key.query, caseId(key)]);
  const used = new Set(cases.map((one) => idOf(keyOf(one))));
  const all = files.flatMap(approvedCases);
  return all
    .filter(({ key }) => !used.has(idOf(key)))
    .map((one) => {
      const several = all.some(({ key }) => key.query === one.key.query && key.statement !== one.key.statement);
      return removed(caseName(one.key, several), approvedSide(one, shown(one.file.file)), one.key);
    });
}
