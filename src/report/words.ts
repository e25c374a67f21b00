import { inline } from './escape.js';
import { type ChangeGroup, type Fault, type KnownBadGroup, qualified, type WaivedGroup } from './groups.js';
import type { CaseReport, Report, SuiteReport } from './model.js';
import { cost, count, integer, listed, pageSize, rough } from './text.js';

/** A table's name as people say it: without the schema `public`. */
export function tableName(name: string): string {
  return inline(name.startsWith('public.') ? name.slice('public.'.length) : name);
}

/** The table with its alias where that differs: `tracks t`. */
export function occurrenceName(fault: Fault): string {
  const name = tableName(fault.table);
  const alias = inline(fault.finding.alias);
  if (fault.children.length > 0)
    return `${name} (${count(fault.children.length, 'partition or child', 'partitions or children')})`;
  return alias === '' || alias === inline(fault.finding.table) ? name : `${name} ${alias}`;
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

/** How a plan reaches a table, to be compared. */
export interface Way {
  /** `Index Scan using tracks_owner_id_idx`. */
  readonly node: string;
  /** Rows of the table that it comes by; for an index, as the planner estimates them. */
  readonly rows: number | undefined;
  /** Cost of reaching the table. */
  readonly cost: number | undefined;
  readonly planCost: number | undefined;
}

/** The way that the planner chose. How many rows it comes by is known where these are all. */
export function chosenWay(fault: Fault): Way {
  const { access, node } = fault.finding;
  const times = fault.paths.length === 1 ? '' : `${fault.paths.length} times `;
  return {
    node: times + using(node, times === '' ? access.indexes : []),
    rows: wholly.has(access.kind) && fault.rows !== undefined && fault.rows >= 0 ? fault.rows : undefined,
    cost: fault.cost,
    planCost: fault.example.cost,
  };
}

/** The best bounded way; `none` where none was found; undefined where that says nothing. */
export function boundedWay(fault: Fault): Way | 'none' | undefined {
  const { alternative, access } = fault.finding;
  if (alternative === undefined) return access.kind === 'bounded' || access.kind === 'opaque' ? undefined : 'none';
  const { node, index, rows, totalCost } = alternative;
  return {
    node: using(node, index === undefined ? [] : [index]),
    rows,
    cost: alternative.cost,
    planCost: totalCost,
  };
}

function using(node: string, indexes: readonly string[]): string {
  const on = /^(Parallel )?Bitmap/.test(node) ? 'on' : 'using';
  return indexes.length === 0 ? inline(node) : `${inline(node)} ${on} ${listed(indexes.map(inline))}`;
}

export const noBoundedPath = 'none was found, even with sequential scans discouraged';

/** `2,115 times cheaper`, as whole plans. */
export function comparison(chosen: Way, other: Way): string | undefined {
  const [a, b] = [chosen.planCost, other.planCost];
  if (a === undefined || b === undefined || a <= 0 || b <= 0) return undefined;
  const [ratio, word] = b <= a ? [a / b, 'cheaper'] : [b / a, 'dearer'];
  if (ratio < 1.05) return 'about the same';
  return `${ratio < 10 ? ratio.toFixed(1) : integer(ratio)} times ${word}`;
}

/** A way in one sentence. */
export function wayWords(way: Way, remark?: string): string {
  const facts: string[] = [];
  if (way.rows !== undefined) facts.push(count(way.rows, 'row'));
  if (way.cost !== undefined) facts.push(`cost ${cost(way.cost)}`);
  if (way.planCost !== undefined) facts.push(`whole plan ${cost(way.planCost)}`);
  if (remark !== undefined) facts.push(remark);
  return facts.length === 0 ? way.node : `${way.node}: ${facts.join(', ')}`;
}

/** Both ways in sentences. */
export function chosenWords(fault: Fault): string {
  return wayWords(chosenWay(fault));
}

export function boundedWords(fault: Fault): string | undefined {
  const way = boundedWay(fault);
  if (way === undefined) return undefined;
  return way === 'none' ? noBoundedPath : wayWords(way, comparison(chosenWay(fault), way));
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

/** How a known-bad query was caught by its rule: `catches orders by OR: Seq Scan on tracks in 2 of 2 plans`. */
export function caughtWords({ query, mustFail, failing, cases, example }: KnownBadGroup): string {
  const finding = example?.findings.find(({ rule }) => rule === mustFail) ?? example?.findings[0];
  const at = finding && `${inline(finding.node)} on ${tableName(qualified(finding.schema, finding.table))}`;
  return `catches ${inline(query)}: ${at ?? mustFail} in ${integer(failing)} of ${count(cases, 'plan')}`;
}

/** What a suite was judged by: `4 queries, 6 statements, 9 scenarios, statistics incident-day and year-later`. */
export function suiteWords(suite: SuiteReport): string {
  const parts = [count(suite.queries, 'query', 'queries')];
  if (suite.statements !== suite.queries) parts.push(count(suite.statements, 'statement'));
  parts.push(count(suite.scenarios, 'scenario'));
  const engine = inline(suite.engine);
  if (isExisting(suite)) return `${parts.join(', ')}, ${engine} with its own statistics`;
  parts.push(statisticsWords(suite.statistics));
  return `${parts.join(', ')}, ${engine}`;
}

/** Whether a database that was there planned, as it is. */
const isExisting = ({ engine, statistics: [only] }: SuiteReport) =>
  only === 'database' && engine.startsWith('existing database');

/** A file that is called `statistics` is not named twice. */
function statisticsWords(names: readonly string[]): string {
  if (names.length === 0) return 'no statistics';
  const words = listed(names.map(inline));
  return words === 'statistics' ? '1 statistics file' : `statistics ${words}`;
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

/** `waived until 2026-12-31 by the music team, protect on tracks: it runs at night`. */
export function waivedWords({ waiver, rules, tables }: WaivedGroup): string {
  const { until, owner, reason } = waiver;
  const on = tables.length === 0 ? '' : ` on ${listed(tables.map(tableName))}`;
  return `waived until ${until} by ${inline(owner)}, ${listed(rules.map(inline))}${on}: ${inline(reason)}`;
}

/** How many plans a group is about. */
function plansOf(group: { readonly statements: ChangeGroup['statements'] }): number {
  return group.statements.reduce((sum, { cases }) => sum + cases.length, 0);
}

/** `8 plans changed since they were approved`. */
export function changeTitle(group: ChangeGroup): string {
  const plans = plansOf(group);
  switch (group.kind) {
    case 'missing':
      return `${count(plans, 'plan')} not approved yet`;
    case 'changed':
      return `${count(plans, 'plan')} changed since ${plans === 1 ? 'it was' : 'they were'} approved`;
    case 'dearer':
      return `${count(plans, 'plan')} dearer than approved`;
  }
}

type ApprovedPlans = NonNullable<SuiteReport['plans']>;

/** How the plans of a suite compare with the approved ones: `372 of 380 plans are as approved in plans/audius`. */
export function approvedWords({ approved }: ApprovedPlans, cases: readonly CaseReport[], folder: string): string {
  return `${integer(approved)} of ${count(cases.length, 'plan')} as approved in ${inline(folder)}`;
}

/** `18 of 72 plans fail (2 faults), 4 unverified, 2 of 2 known-bad queries caught`. */
export function verdictWords(report: Report, faultCount: number, changeCount: number): string {
  const { summary } = report;
  const of = (part: number, verb: string) =>
    `${integer(part)} of ${count(summary.cases, 'plan')} ${part === 1 ? `${verb}${verb === 'pass' ? 'es' : 's'}` : verb}`;
  const why = [
    ...(faultCount > 0 ? [count(faultCount, 'fault')] : []),
    ...(changeCount > 0 ? [count(changeCount, 'change')] : []),
  ].join(', ');
  const parts = [summary.failed > 0 ? `${of(summary.failed, 'fail')} (${why})` : of(summary.passed, 'pass')];
  if (summary.changed > 0) parts.push(`${integer(summary.changed)} changed`);
  if (summary.dearer > 0) parts.push(`${integer(summary.dearer)} dearer`);
  if (summary.missing > 0) parts.push(`${integer(summary.missing)} not approved yet`);
  const failing = report.notices.filter(({ level }) => level === 'fail').length;
  if (failing > 0) parts.push(count(failing, 'more finding'));
  if (summary.waived > 0) parts.push(`${integer(summary.waived)} waived`);
  if (summary.unverified > 0) parts.push(`${integer(summary.unverified)} unverified`);
  const open = report.notices.filter(({ level }) => level === 'unverified');
  const uncompared = open.filter(({ kind }) => kind === 'unverified-plans').length;
  if (open.length > uncompared) parts.push(`${count(open.length - uncompared, 'rule')} unchecked`);
  if (uncompared > 0) parts.push('not compared with the approved plans');
  if (report.scope === 'changes') return [...parts, 'rules and known-bad queries left out'].join(', ');
  const known = summary.knownBadCaught + summary.knownBadMissed;
  parts.push(
    known === 0
      ? 'no known-bad query to prove that the guard bites'
      : `${integer(summary.knownBadCaught)} of ${integer(known)} known-bad caught`,
  );
  return parts.join(', ');
}
