import type { AlignedNode, PlanDiff } from '../diff/model.js';
import type { PlanNode } from '../plan/model.js';
import { words } from './diff-lines.js';
import type { Comparison, DiffReport, PlanSide, Since } from './diff-model.js';
import { json } from './escape.js';
import { accessOf, list } from './json.js';

/**
 * The report for programs, as `diff.schema.json` describes it. What is not known is null. One comparison stands on one
 * line; each plan is there as it was given (`raw`) and node by node, but for those that are the same unless verbose.
 */
export function diffJson(report: DiffReport, context: { readonly version: string; readonly verbose: boolean }): string {
  const members: [string, string][] = [
    ['version', json(report.version)],
    ['tool', json({ name: 'plan-guard', version: context.version })],
    ['verdict', json(report.verdict)],
    ['before', json(report.before)],
    ['after', json(report.after)],
    ['comparisons', list(report.comparisons, (one) => comparisonOf(one, context.verbose || one.change !== 'same'))],
  ];
  return `{\n${members.map(([name, value]) => `  "${name}": ${value}`).join(',\n')}\n}\n`;
}

function comparisonOf({ name, case: key, change, before, after, diff, cause, since }: Comparison, whole: boolean) {
  return {
    name,
    case: key ?? null,
    change,
    cause: cause === undefined ? null : { inputs: cause.inputs, why: cause.why, next: cause.next ?? null },
    since: sinceOf(since),
    before: sideOf(before, whole),
    after: sideOf(after, whole),
    diff: diff === undefined || !whole ? null : diffOf(diff),
  };
}

function sinceOf(since: Since | undefined) {
  if (since === undefined) return null;
  const commits = since.commits.map(({ hash, date, subject }) => ({ hash, date: date ?? null, subject }));
  return { kind: since.kind, commits, more: since.more, uncommitted: since.uncommitted };
}

function sideOf(side: PlanSide | undefined, whole: boolean) {
  if (side === undefined) return null;
  const { source, plan, accesses, hasCatalog, raw, inputs } = side;
  return {
    source,
    cost: plan.root.totalCost ?? null,
    rows: plan.root.planRows ?? null,
    hasCatalog,
    accesses: accesses.map(accessOf),
    inputs: {
      statement: inputs.statement ?? null,
      values: inputs.values ?? null,
      schema: inputs.schema ?? null,
      statistics: inputs.statistics ?? null,
      settings: inputs.settings ?? null,
      server: inputs.server ?? null,
    },
    raw: whole ? raw : null,
  };
}

function diffOf({ equal, cost, accesses, nodes }: PlanDiff) {
  return {
    equal,
    cost: both(cost),
    accesses: accesses.map(({ direction, before, after }) => ({
      direction,
      before: before === undefined ? null : accessOf(before),
      after: after === undefined ? null : accessOf(after),
    })),
    nodes: nodes.map(nodeOf),
  };
}

function nodeOf({ change, depth, before, after, fields, numbers }: AlignedNode) {
  return {
    change,
    depth,
    before: namedNode(before),
    after: namedNode(after),
    fields: fields.map(({ field, ...values }) => ({ field, ...both(values) })),
    numbers: numbers.map(({ field, unit, ...values }) => ({ field, unit, ...both(values) })),
  };
}

/** The node by its path in the plan and in EXPLAIN's words. */
function namedNode(node: PlanNode | undefined) {
  return node === undefined ? null : { path: node.path, node: words(node) };
}

function both<T>({ before, after }: { readonly before: T | undefined; readonly after: T | undefined }) {
  return { before: before ?? null, after: after ?? null };
}
