import type { ExplainedCase, ExplainReport, PlanSide } from './diff-model.js';
import { DiffPage } from './diff-page.js';
import { planRows } from './diff-rows.js';
import { drawTree } from './diff-trees.js';
import { type DiffContext, occurrence, reached } from './diff-words.js';
import { inline } from './escape.js';
import type { Cause } from './model.js';
import { cost, count, listed } from './text.js';

/** Plans as they are, for people: what each reads and how, what is wrong with it, and its tree. */
export function explainPretty(report: ExplainReport, context: DiffContext): string {
  const page = new DiffPage(context);
  for (const one of report.cases) caseBlock(page, one);
  if (report.cases.length === 0) page.prose('', 'No case was planned.');
  return page.text();
}

const worst = ['whole-table', 'whole-index', 'opaque', 'partly-bounded', 'bounded'];

function caseBlock(page: DiffPage, { name, side, findings, doubts }: ExplainedCase): void {
  const { chalk, glyph, context } = page;
  const { plan, accesses } = side;
  const mark = findings.length > 0 ? glyph.bad : doubts.length > 0 ? '?' : glyph.ok;
  const style = findings.length > 0 ? chalk.red : doubts.length > 0 ? chalk.yellow : chalk.green;
  const price = plan.root.totalCost === undefined ? '' : `: cost ${cost(plan.root.totalCost)}`;
  page.blank();
  page.prose(`${mark} `, `${inline(name)}${price}`, style.bold, style);
  const sorted = [...accesses].sort((a, b) => worst.indexOf(a.kind) - worst.indexOf(b.kind));
  const most = context.verbose ? sorted.length : 8;
  for (const access of sorted.slice(0, most)) {
    const rows = access.rows === undefined ? '' : `, ${count(access.rows, 'row')}`;
    const worker = access.node.startsWith('Parallel ') ? ' per worker' : '';
    const spent = access.cost === undefined ? '' : `, cost ${cost(access.cost)}`;
    page.labelled('reads', `${occurrence(access)}: ${reached(access)}${rows}${worker}${spent}`);
  }
  if (sorted.length > most) page.labelled('reads', count(sorted.length - most, 'more table'));
  if (accesses.length === 0) page.labelled('reads', 'no table');
  for (const line of inputLines(side)) page.labelled('with', line, chalk.dim);
  findings.forEach(({ rule, message, cause }, index) => {
    page.labelled('fault', `${rule}: ${inline(message)}`, chalk.red);
    // Several rules find fault with one access: what all of them have as their cause is told once.
    if (cause === undefined || findings.slice(index + 1).some((other) => isSame(other.cause, cause))) return;
    page.labelled('why', inline(cause.why));
    page.labelled('next', inline(cause.next), chalk.bold);
  });
  for (const doubt of doubts) page.labelled('doubt', `${inline(doubt.message)} ${inline(doubt.next)}`, chalk.yellow);
  page.blank();
  drawTree(page, planRows(plan), { worse: new Set(findings.map(({ path }) => path)), title: 'plan' });
}

const isSame = (other: Cause | undefined, { why, next }: Cause) => other?.why === why && other.next === next;

function inputLines({ inputs }: PlanSide): string[] {
  const { values, statistics, server, settings } = inputs;
  const lines: string[] = [];
  const sources = [
    ...(statistics === undefined ? [] : [`statistics ${statistics}`]),
    ...(server === undefined ? [] : [server]),
  ];
  if (values !== undefined && values.length > 0) lines.push(`values ${listed(values.map((value) => value ?? 'NULL'))}`);
  if (sources.length > 0) lines.push(sources.join(', '));
  const set = Object.entries(settings ?? {}).map(([name, value]) => `${name} = ${value}`);
  if (set.length > 0) lines.push(set.join(', '));
  return lines.map(inline);
}
