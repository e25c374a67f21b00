import { inline } from './escape.js';
import { type Fault, qualified } from './groups.js';
import type { Alternative, CaseReport, Finding, Report, SuiteReport } from './model.js';
import { cost, count, integer, listed, pageSize, rough } from './text.js';

/** A table's name as people say it: without the schema `public`. */
export function tableName(name: string): string {
  return inline(name.startsWith('public.') ? name.slice('public.'.length) : name);
}

/** The table with its alias where that differs: `tracks t`. */
export function occurrenceName(fault: Fault): string {
  const name = tableName(fault.table);
  const alias = inline(fault.finding.alias);
  return fault.children.length > 0 || alias === '' || alias === inline(fault.finding.table) ? name : `${name} ${alias}`;
}

/** `no-seq-scan and protect on tracks t`. */
export function faultTitle(fault: Fault): string {
  return `${listed(fault.rules.map(inline))} on ${occurrenceName(fault)}`;
}

/** `2.0 M rows, 155,000 pages (1.2 GB)`; undefined where nothing is known. */
export function tableSize(rows: number | undefined, pages: number | undefined): string | undefined {
  const parts: string[] = [];
  if (rows !== undefined) parts.push(rows < 0 ? 'never analysed' : `${rough(rows)} row${rows === 1 ? '' : 's'}`);
  if (pages !== undefined) parts.push(`${count(pages, 'page')} (${pageSize(pages)})`);
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** Which children of a partitioned table are hit, and how large all of it is. */
export function faultTable(fault: Fault): string | undefined {
  const size = tableSize(fault.rows, fault.pages);
  if (fault.children.length === 0) return size === undefined ? undefined : `${tableName(fault.table)}: ${size}`;
  const names = fault.children.slice(0, 3).map(tableName);
  if (fault.children.length > 3) names.push(`${fault.children.length - 3} more`);
  const hit = `${tableName(fault.table)}: ${listed(names)}`;
  return size === undefined ? hit : `${hit}; together ${size}`;
}

const wholly = new Set(['whole-table', 'whole-index']);

/** What was chosen: the node, the rows that it reads, its cost and the plan's. */
export function chosen(fault: Fault): string {
  const { finding, example } = fault;
  const { access } = finding;
  const facts: string[] = [];
  if (wholly.has(access.kind) && finding.tableRows !== undefined && finding.tableRows >= 0)
    facts.push(`${count(finding.tableRows, 'row')} read`);
  else if (access.rows !== undefined) facts.push(`${count(access.rows, 'row')} returned`);
  if (access.cost !== undefined) facts.push(`cost ${cost(access.cost)}`);
  if (example.cost !== undefined) facts.push(`whole plan ${cost(example.cost)}`);
  const index = access.indexes.length === 0 ? '' : ` using ${listed(access.indexes.map(inline))}`;
  return `${inline(finding.node)}${index}${facts.length === 0 ? '' : `: ${facts.join(', ')}`}`;
}

/** The best bounded alternative, `no bounded path exists`, or undefined where the access is bounded or unknown. */
export function bounded(fault: Fault): string | undefined {
  const { finding, example } = fault;
  const { alternative, access } = finding;
  if (alternative === undefined)
    return access.kind === 'bounded' || access.kind === 'opaque' ? undefined : 'no bounded path exists';
  const facts: string[] = [];
  if (alternative.rows !== undefined) facts.push(`${count(alternative.rows, 'row')} read`);
  if (alternative.cost !== undefined) facts.push(`cost ${cost(alternative.cost)}`);
  if (alternative.totalCost !== undefined) facts.push(`whole plan ${cost(alternative.totalCost)}`);
  const ratio = cheaper(example.cost, alternative.totalCost);
  if (ratio !== undefined) facts.push(ratio);
  const index = alternative.index === undefined ? '' : ` using ${inline(alternative.index)}`;
  return `${inline(alternative.node)}${index}${facts.length === 0 ? '' : `: ${facts.join(', ')}`}`;
}

function cheaper(plan: number | undefined, other: Alternative['totalCost']): string | undefined {
  if (plan === undefined || other === undefined || plan <= 0 || other <= 0) return undefined;
  const [ratio, word] = other <= plan ? [plan / other, 'cheaper'] : [other / plan, 'dearer'];
  if (ratio < 1.05) return 'about the same';
  return `${ratio < 10 ? ratio.toFixed(1) : integer(ratio)} times ${word}`;
}

/** `Seq Scan in 12 plans, Parallel Seq Scan in 6`; undefined where one node is at fault everywhere. */
export function nodeMix(fault: Fault): string | undefined {
  if (fault.nodes.length < 2) return undefined;
  return fault.nodes
    .map(({ node, plans }, index) => `${inline(node)} in ${index === 0 ? count(plans, 'plan') : integer(plans)}`)
    .join(', ');
}

/** `label, custom, incident-day`. */
export function caseName(item: CaseReport): string {
  return [item.scenario, item.mode, item.statistics]
    .filter((part) => part !== '')
    .map(inline)
    .join(', ');
}

/** What the known-bad query was caught at: `Seq Scan on tracks`. */
export function caughtAt(finding: Finding | undefined): string | undefined {
  return finding === undefined
    ? undefined
    : `${inline(finding.node)} on ${tableName(qualified(finding.schema, finding.table))}`;
}

/** What a suite was judged by: `4 queries, 6 statements, 9 scenarios, statistics incident-day and year-later`. */
export function suiteWords(suite: SuiteReport): string {
  const parts = [count(suite.queries, 'query', 'queries')];
  if (suite.statements !== suite.queries) parts.push(count(suite.statements, 'statement'));
  parts.push(count(suite.scenarios, 'scenario'));
  parts.push(suite.statistics.length === 0 ? 'no statistics' : `statistics ${listed(suite.statistics.map(inline))}`);
  return `${parts.join(', ')}, ${inline(suite.engine)}`;
}

/** Each table that rules speak of, once: how large it is claimed to be and in how many plans it was met. */
export function coverageWords(suite: SuiteReport): { table: string; size: string; plans: number }[] {
  const tables = new Map<string, SuiteReport['coverage'][number][]>();
  for (const one of suite.coverage) tables.set(one.table, [...(tables.get(one.table) ?? []), one]);
  return [...tables].map(([table, entries]) => {
    const rows = entries.map((entry) => entry.rows);
    const pages = Math.max(...entries.map((entry) => entry.pages));
    const [least, greatest] = [Math.min(...rows), Math.max(...rows)];
    const between = least !== greatest && rough(Math.max(0, least)) !== rough(greatest);
    const size =
      greatest < 0
        ? 'never analysed'
        : `${between ? `${least < 0 ? 'unknown' : rough(least)} to ` : ''}${rough(greatest)} rows, ${pageSize(pages)}`;
    return { table: tableName(table), size, plans: entries.reduce((total, entry) => total + entry.plans, 0) };
  });
}

/** `18 of 72 plans fail (2 faults), 4 unverified, 2 of 2 known-bad queries caught`. */
export function verdictWords(report: Report, faultCount: number): string {
  const { summary } = report;
  const parts = [
    summary.failed > 0
      ? `${integer(summary.failed)} of ${count(summary.cases, 'plan')} fail (${count(faultCount, 'fault')})`
      : `${integer(summary.passed)} of ${count(summary.cases, 'plan')} pass`,
  ];
  if (summary.unverified > 0) parts.push(`${integer(summary.unverified)} unverified`);
  const known = summary.knownBadCaught + summary.knownBadMissed;
  parts.push(
    known === 0
      ? 'no known-bad query to prove that the guard bites'
      : `${integer(summary.knownBadCaught)} of ${integer(known)} known-bad caught`,
  );
  return parts.join(', ');
}
