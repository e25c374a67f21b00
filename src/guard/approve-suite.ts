import { caseId } from '../baseline/arrange.js';
import { findCase } from '../baseline/compare.js';
import { baselineFileName, readBaselineFiles } from '../baseline/folder.js';
import { formatBaseline } from '../baseline/format.js';
import { mergeBaseline } from '../baseline/merge.js';
import type { ApprovedCase, ApprovedPlan, Baseline, BaselineFile, CaseKey, FreshCase } from '../baseline/model.js';
import { renumbered } from '../baseline/renumber.js';
import { shapeText } from '../baseline/shape.js';
import { diffPlans } from '../diff/diff.js';
import { PlanGuardError } from '../errors.js';
import type { Catalog, Plan } from '../plan/model.js';
import type { Engine } from '../postgres/engine.js';
import type { Suite } from '../suite/model.js';
import { accessesOfApproved } from './approved-accesses.js';
import { changeWords, growthWords } from './change-words.js';
import { judgeCases } from './judge.js';
import { isKnownBad } from './known-bad.js';
import { parameterForms } from './parameter-forms.js';
import { inputsOf } from './plan-inputs.js';
import { isWhole, planSuite, type SuiteOptions } from './plan-suite.js';
import { tiedPlans } from './tied-plans.js';
import { Waivers } from './waivers.js';

/** What an approval changes about cases. */
export interface Approval {
  readonly query: string;
  /** `numbers`: the same plan, dearer or cheaper than what was approved by more than the tolerance. */
  readonly kind: 'new' | 'changed' | 'numbers' | 'removed';
  /** One sentence; empty for new and removed ones. */
  readonly message: string;
  /** How many cases it is about. */
  readonly cases: number;
}

/** What is to be written for one suite. */
export interface SuiteApproval {
  readonly suite: Suite;
  readonly engine: string;
  /** How many cases were planned. */
  readonly cases: number;
  /** How many of them have another plan of the same cost, which is approved too; undefined: it cannot be found out. */
  readonly tied: number | undefined;
  /** How many of them break a rule, which approving does not change. */
  readonly failing: number;
  /** How many of them could not be judged, a guess among them. */
  readonly unverified: number;
  readonly approvals: readonly Approval[];
  /** Files that were written by hand or that could not be read, by their names. */
  readonly rewritten: readonly string[];
  /** Texts of files by their names; undefined: the file is to be removed. */
  readonly files: ReadonlyMap<string, string | undefined>;
}

/**
 * Plans a suite, and says what its files of approved plans are to be. With a filter, cases that it leaves out keep what
 * was approved for them. Files that were written by hand or that hold a merge conflict are written anew.
 * @returns only the names of its queries where the filter leaves no case
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function approveSuite(
  suite: Suite,
  engine: Engine,
  options: SuiteOptions & { readonly reason: string | undefined },
): Promise<SuiteApproval | { readonly queries: readonly string[] }> {
  if (!options.ownEngine) throw foreignEngine(suite);
  const { filter, now, reason } = options;
  const existing = await readBaselineFiles(suite.plans.folder);
  const waivers = new Waivers(suite, now);
  const fresh = new Map<string, FreshCase[]>();
  const server = { name: '', version: '' };
  let catalog: Catalog | undefined;
  let tied: number | undefined = 0;
  let failing = 0;
  let unverified = 0;
  const statements = await planSuite(suite, engine, options, async (planned) => {
    Object.assign(server, { name: planned.server.name, version: planned.server.version });
    catalog = planned.server.catalog;
    const cases = planned.cases.filter(({ statement }) => !isKnownBad(statement.entry));
    const { name: statistics } = planned;
    const judged = await judgeCases(planned.server, cases, {
      suite,
      statistics,
      redaction: planned.statistics?.redaction,
    });
    const verdicts = judged.map((one) => waivers.settle(one).verdict);
    failing += verdicts.filter((verdict) => verdict === 'fail').length;
    unverified += verdicts.filter((verdict) => verdict === 'unverified').length;
    const plans = await parameterForms(planned.server, cases);
    options.onProgress(`${suite.name}: looking for plans of the same cost (${statistics})`, false);
    const others = await tiedPlans(planned.server, cases, plans);
    tied = others && tied !== undefined ? tied + others.filter((other) => other !== undefined).length : undefined;
    for (const [index, { statement, scenario, mode }] of cases.entries()) {
      const other = others?.[index];
      const key = { statement: statement.label, scenario, statistics, mode };
      const one = { ...key, plan: plans[index] as Plan, tied: other === undefined ? [] : [other] };
      fresh.set(statement.query, [...(fresh.get(statement.query) ?? []), one]);
    }
  });
  if (catalog === undefined) return { queries: statements.queries };
  const files = new Map<string, string | undefined>();
  const approvals: Approval[] = [];
  const rewritten: string[] = [];
  const inputs = inputsOf(suite, statements.sets, server.version);
  const words = (before: Plan, after: Plan) =>
    changeWords(diffPlans(readOf(suite, catalog, before), readOf(suite, catalog, after)));
  for (const [query, cases] of fresh) {
    const name = baselineFileName(query);
    const found = existing.get(name);
    if (found instanceof PlanGuardError) {
      if (filter !== undefined) throw unfiltered(found);
      rewritten.push(name);
    } else if (found?.intact === false) rewritten.push(name);
    const whole = isWhole(query, filter);
    const read = found instanceof PlanGuardError ? undefined : found;
    const before = read && whole ? renumbered(read, cases) : read;
    const planned = new Set(cases.map(caseId));
    const accepted = (key: CaseKey) => whole || planned.has(caseId(key));
    const tolerance = { dearer: suite.plans.dearerFactor };
    const merged = mergeBaseline(before, { query, inputs, reason, cases }, accepted, tolerance);
    files.set(name, formatBaseline(merged));
    approvals.push(...approvalsOf(before, merged, words));
  }
  if (filter === undefined) {
    for (const [name, found] of existing) {
      if (files.has(name)) continue;
      files.set(name, undefined);
      if (found instanceof PlanGuardError) rewritten.push(name);
      else approvals.push(...removalsOf(found, undefined));
    }
  }
  const cases = [...fresh.values()].reduce((sum, own) => sum + own.length, 0);
  return { suite, engine: server.name, cases, tied, failing, unverified, approvals, rewritten, files };
}

function readOf({ trustedFunctions }: Suite, catalog: Catalog | undefined, plan: Plan) {
  return { plan, accesses: catalog === undefined ? [] : accessesOfApproved(plan, catalog, trustedFunctions) };
}

/** What a merge changed, equal changes of a query in one. */
function approvalsOf(
  before: BaselineFile | undefined,
  after: Baseline,
  words: (before: Plan, after: Plan) => string,
): Approval[] {
  const changes = new Map<string, Approval>();
  for (const { shapes, cases } of after.plans) {
    for (const one of cases) {
      const found = before === undefined ? undefined : findCase(before, one);
      const change = found === undefined ? NEW : changeOf(found.plan, found.case, shapes, one, words);
      if (change === undefined) continue;
      const key = `${change.kind} ${change.message}`;
      const count = (changes.get(key)?.cases ?? 0) + 1;
      changes.set(key, { query: after.query, ...change, cases: count });
    }
  }
  return [...changes.values(), ...(before === undefined ? [] : removalsOf(before, after))];
}

const NEW = { kind: 'new', message: '' } as const;

function changeOf(
  plan: ApprovedPlan,
  before: ApprovedCase,
  shapes: ApprovedPlan['shapes'],
  now: ApprovedCase,
  words: (before: Plan, after: Plan) => string,
): Pick<Approval, 'kind' | 'message'> | undefined {
  const known = plan.shapes.map(shapeText);
  const [first] = shapes;
  const [was] = plan.shapes;
  if (first !== undefined && was !== undefined && !known.includes(shapeText(first))) {
    return { kind: 'changed', message: words(was, first) };
  }
  const texts = shapes.map(shapeText);
  if (texts.some((text) => !known.includes(text))) {
    return { kind: 'changed', message: 'A plan of the same cost is approved with it.' };
  }
  if (known.some((text) => !texts.includes(text))) {
    return { kind: 'changed', message: 'A plan that had the same cost is not approved any more.' };
  }
  const message = growthWords(before, now);
  return message === '' ? undefined : { kind: 'numbers', message };
}

function removalsOf(before: BaselineFile, after: Baseline | undefined): Approval[] {
  const left = new Set(after?.plans.flatMap(({ cases }) => cases.map(caseId)));
  const gone = before.plans.flatMap(({ cases }) => cases).filter((one) => !left.has(caseId(one)));
  return gone.length === 0 ? [] : [{ query: before.query, kind: 'removed', message: '', cases: gone.length }];
}

function foreignEngine(suite: Suite): PlanGuardError {
  return new PlanGuardError(
    'usage',
    'Approved plans are those of the suite’s own engine, and this suite’s is another.',
    {
      where: { file: suite.file },
      hint: 'Leave --database-url out, or write `postgres: { engine: url }` into the suite.',
    },
  );
}

function unfiltered({ code, message, where, cause }: PlanGuardError): PlanGuardError {
  const hint = 'Run plan-guard approve without --filter: it writes the whole file anew.';
  return new PlanGuardError(code, message, { hint, cause, ...(where === undefined ? {} : { where }) });
}
