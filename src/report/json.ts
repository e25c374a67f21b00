import type { Access } from '../plan/model.js';
import { type ReportContext, shownPath } from './context.js';
import { json } from './escape.js';
import type { AcceptedBy, CaseReport, Finding, PlanChange, Report } from './model.js';

/**
 * The report for programs, as `report.schema.json` describes it. What is not known is null. One case stands on one
 * line. Files are relative to the working directory, with forward slashes.
 */
export function jsonReport(report: Report, context: ReportContext): string {
  const file = (name: string) => shownPath(name, context.cwd);
  const members: [string, string][] = [
    ['version', json(report.version)],
    ['tool', json({ name: 'plan-guard', version: context.version })],
    ['scope', json(report.scope)],
    ['verdict', json(report.verdict)],
    ['durationMs', json(context.durationMs ?? null)],
    ['summary', json(report.summary)],
    [
      'suites',
      list(report.suites, (suite) => ({ ...suite, file: file(suite.file), plans: plansOf(suite.plans, file) })),
    ],
    ['cases', list(report.cases, (item) => caseOf(item, file))],
    [
      'knownBad',
      list(report.knownBad, (one) => ({
        ...one,
        example: one.example === undefined ? null : caseOf(one.example, file),
        file: file(one.file),
      })),
    ],
    ['notices', list(report.notices, (notice) => ({ ...notice, next: notice.next ?? null, file: file(notice.file) }))],
  ];
  return `{\n${members.map(([name, value]) => `  "${name}": ${value}`).join(',\n')}\n}\n`;
}

/** A list of which each item stands on a line. */
export function list<T>(items: readonly T[], shape: (item: T) => unknown): string {
  return items.length === 0 ? '[]' : `[\n${items.map((item) => `    ${json(shape(item))}`).join(',\n')}\n  ]`;
}

function caseOf(item: CaseReport, file: (name: string) => string) {
  return {
    suite: item.suite,
    query: item.query,
    statement: item.statement,
    scenario: item.scenario,
    scenarios: item.scenarios,
    statistics: item.statistics,
    mode: item.mode,
    verdict: item.verdict,
    accesses: item.accesses.map((access) => ({ ...accessOf(access), index: access.indexes[0] ?? null })),
    findings: item.findings.map((finding) => findingOf(finding, file)),
    doubts: item.doubts,
    change: item.change === undefined ? null : changeOf(item.change, file),
    cost: item.cost ?? null,
    sql: { ...item.sql, file: file(item.sql.file) },
    values: item.values,
    plan: item.plan,
  };
}

function plansOf(plans: Report['suites'][number]['plans'], file: (name: string) => string) {
  return plans === undefined ? null : { folder: file(plans.folder), approved: plans.approved };
}

function changeOf(change: PlanChange, file: (name: string) => string) {
  const { kind, severity, message, next, line, column } = change;
  const estimates = ({ cost, rows }: { cost: number | undefined; rows: number | undefined }) => ({
    cost: cost ?? null,
    rows: rows ?? null,
  });
  return {
    kind,
    severity,
    message,
    next,
    approved: change.kind === 'changed' ? change.approved : null,
    before: change.kind === 'dearer' ? estimates(change.before) : null,
    now: change.kind === 'dearer' ? estimates(change.now) : null,
    file: file(change.file),
    line,
    column,
    waiver: waiverOf(change.waiver, file),
  };
}

function waiverOf(waiver: AcceptedBy | undefined, file: (name: string) => string) {
  return waiver === undefined ? null : { ...waiver, file: file(waiver.file) };
}

function findingOf(finding: Finding, file: (name: string) => string) {
  const { cause, alternative } = finding;
  return {
    rule: finding.rule,
    schema: finding.schema ?? null,
    table: finding.table,
    alias: finding.alias,
    path: finding.path,
    node: finding.node,
    message: finding.message,
    file: file(finding.file),
    line: finding.line,
    column: finding.column,
    tableRows: finding.tableRows ?? null,
    tablePages: finding.tablePages ?? null,
    cause:
      cause === undefined
        ? null
        : { kind: cause.kind, why: cause.why, next: cause.next, condition: cause.condition ?? null },
    alternative:
      alternative === undefined
        ? null
        : {
            node: alternative.node,
            index: alternative.index ?? null,
            rows: alternative.rows ?? null,
            cost: alternative.cost ?? null,
            totalCost: alternative.totalCost ?? null,
          },
    waiver: waiverOf(finding.waiver, file),
  };
}

/** An access as every JSON report has it. */
export function accessOf(access: Access) {
  return {
    schema: access.schema ?? null,
    table: access.table,
    alias: access.alias,
    access: access.kind,
    how: access.how,
    node: access.node,
    path: access.path,
    indexes: access.indexes,
    ancestors: access.ancestors,
    indexConditions: access.indexConditions,
    filters: access.filters,
    rows: access.rows ?? null,
    cost: access.cost ?? null,
  };
}
