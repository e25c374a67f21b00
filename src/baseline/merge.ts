import { arrange, caseId } from './arrange.js';
import { coarse } from './coarse.js';
import { estimates, exceeds, findCase, rose, SLACK, type Tolerance } from './compare.js';
import type { ApprovedPlan, Baseline, BaselineFile, CaseKey, FreshBaseline, FreshCase } from './model.js';
import { shapeText } from './shape.js';

/**
 * What `approve` writes: the existing baseline, brought up to the plans of now where they are to be approved.
 *
 * A case keeps its entry where nothing about it is to be approved: every shape that it has now was approved, and its
 * cost and rows are within the tolerance, upwards and downwards. Else it takes its plan of now, if it is `accepted`
 * (`--filter` chooses it), and stays as it was if it is not. An accepted case that is not planned any more leaves.
 * A plan that was edited by hand was not approved: none of its entries is kept.
 *
 * The inputs are those of now; statistics sets that only kept entries have keep theirs. The reason is that of the latest
 * approval which changed a plan or an entry.
 * @returns a baseline without plans where no case is left: its file is to be removed
 */
export function mergeBaseline(
  existing: BaselineFile | undefined,
  fresh: FreshBaseline,
  accepted: (key: CaseKey) => boolean,
  tolerance: Tolerance,
): Baseline {
  const approved = existing === undefined ? undefined : withoutEdits(existing);
  const planned = new Set(fresh.cases.map(caseId));
  const left = (approved?.plans ?? []).map(({ shapes, cases }) => ({
    shapes,
    cases: cases.filter((one) => !planned.has(caseId(one)) && !accepted(one)),
  }));
  const current = fresh.cases.flatMap((one) => entryOf(approved, one, accepted(one), tolerance) ?? []);
  const plans = arrange([...left, ...current]);
  const sets = new Set(plans.flatMap(({ cases }) => cases.map(({ statistics }) => statistics)));
  const kept = Object.entries(existing?.inputs.statistics ?? {}).filter(([name]) => sets.has(name));
  return {
    query: fresh.query,
    inputs: { ...fresh.inputs, statistics: Object.fromEntries([...kept, ...Object.entries(fresh.inputs.statistics)]) },
    reason: existing?.intact && samePlans(existing.plans, plans) ? existing.reason : fresh.reason,
    plans,
  };
}

function withoutEdits(file: BaselineFile): BaselineFile {
  const intact = file.plans.map((plan, index) =>
    file.edits.includes(file.lines[index] ?? 0) ? { ...plan, cases: [] } : plan,
  );
  return { ...file, plans: intact };
}

function entryOf(
  approved: BaselineFile | undefined,
  now: FreshCase,
  accepted: boolean,
  { dearer }: Tolerance,
): ApprovedPlan | undefined {
  const found = approved === undefined ? undefined : findCase(approved, now);
  const shapes = [now.plan, ...now.tied];
  const { cost, rows } = estimates(now.plan);
  if (found !== undefined) {
    const { plan, case: entry } = found;
    const apart = (entry: number | undefined, now: number | undefined, slack: number) =>
      (entry === undefined) !== (now === undefined) ||
      rose(entry, now, dearer, slack) ||
      exceeds(entry, now, dearer, slack);
    const known = new Set(plan.shapes.map(shapeText));
    const isApproved =
      shapes.every((shape) => known.has(shapeText(shape))) &&
      !apart(entry.cost, cost, SLACK.cost) &&
      !apart(entry.rows, rows, SLACK.rows);
    if (isApproved || !accepted) return { shapes: plan.shapes, cases: [entry] };
  }
  if (!accepted) return undefined;
  const { statement, scenario, statistics, mode } = now;
  const numbers = {
    cost: cost === undefined ? undefined : coarse(cost),
    rows: rows === undefined ? undefined : coarse(rows),
  };
  return { shapes, cases: [{ statement, scenario, statistics, mode, ...numbers }] };
}

function samePlans(a: readonly ApprovedPlan[], b: readonly ApprovedPlan[]): boolean {
  const text = (plans: readonly ApprovedPlan[]) =>
    JSON.stringify(arrange(plans).map(({ shapes, cases }) => [shapes.map(shapeText), cases]));
  return text(a) === text(b);
}
