/**
 * The library behind `plan-guard`. Nothing here prints, and nothing ends the process.
 *
 * ```js
 * import { check, PlanGuardError } from 'plan-guard';
 *
 * const report = await check({ suites: ['plan-guard.yaml'] });
 * for (const one of report.cases) {
 *   for (const finding of one.findings) console.log(`${finding.file}:${finding.line} ${finding.message}`);
 * }
 * ```
 *
 * {@link diff} compares plans as `plan-guard diff` does, and {@link explain} shows those of one query:
 *
 * ```js
 * import { diff, diffMarkdown } from 'plan-guard';
 *
 * const report = await diff({ sources: ['main...HEAD'] });
 * if (report.verdict === 'different') console.log(diffMarkdown(report, { verbose: false }));
 * ```
 *
 * A report is data: {@link check} gives the same one that the command has, `reporters` render it as the command does.
 * What a user can mend is thrown as {@link PlanGuardError} (several at once as {@link PlanGuardErrors}), each with a
 * code, a hint and the place in a file; anything else that is thrown is a bug.
 *
 * @module plan-guard
 */

export type { AccessChange, AlignedNode, FieldChange, NodeChange, NumberChange, PlanDiff } from './diff/model.js';
export { type ErrorCode, formatWhere, PlanGuardError, PlanGuardErrors, type Where } from './errors.js';
export { type ApprovedSuite, type ApproveOptions, type ApproveReport, approve } from './guard/approve.js';
export type { Approval } from './guard/approve-suite.js';
export { type CheckOptions, check } from './guard/check.js';
export { type DiffOptions, diff } from './guard/diff.js';
export { type ExplainOptions, explain } from './guard/explain.js';
export type * from './plan/model.js';
export { findPlans, findPlansInText } from './plan/sources/find-plans.js';
export { diffJson } from './report/diff-json.js';
export { diffMarkdown } from './report/diff-markdown.js';
export type * from './report/diff-model.js';
export { diffPretty } from './report/diff-pretty.js';
export { explainPretty } from './report/explain-pretty.js';
export { diffHtml } from './report/html/diff.js';
export { explainHtml } from './report/html/explain.js';
export { type ReportContext, type Reporter, type ReporterName, reporters, stepSummary } from './report/index.js';
export type * from './report/model.js';
export type { Doubt, DoubtKind, RuleFinding } from './rules/model.js';
export { compareStatistics, type StatisticsChange, type StatisticsComparison } from './statistics/compare.js';
export { formatStatistics } from './statistics/format.js';
export { type ImportedDump, importDump, type SqlText } from './statistics/import-dump.js';
export type {
  ColumnStatistics,
  ExtendedStatistics,
  IndexStatistics,
  RelationSize,
  Statistics,
  TableStatistics,
  UnreadableTable,
} from './statistics/model.js';
export { type IndexFile, type PullOptions, pullStatistics, type StatisticsClient } from './statistics/pull.js';
export { readStatistics } from './statistics/read.js';
export { RedactionKey } from './statistics/redaction-key.js';
export { revealValues } from './statistics/reveal.js';
export { type ScaleOptions, scaleStatistics } from './statistics/scale.js';
export { ageInDays, missingFrom, type StatisticsSummary, summarizeStatistics } from './statistics/summarize.js';
export type { ChangeKind, RuleName, Severity } from './suite/model.js';
