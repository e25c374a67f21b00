import type { Access } from '../plan/model.js';
import type { Doubt } from '../rules/model.js';
import { inline } from './escape.js';
import type { AcceptedBy, CaseReport, Finding, KnownBadReport, PlanChange, Report } from './model.js';
import { count, integer, listed } from './text.js';

/** One fault of one statement, however many scenarios, statistics sets, plan modes and rules it shows in. */
export interface Fault {
  readonly suite: string;
  readonly query: string;
  readonly statement: string;
  /** Rules that find fault, most frequent first. */
  readonly rules: readonly string[];
  /** The table, or its topmost partitioned or inherited ancestor, as `schema.name` (without an unknown schema). */
  readonly table: string;
  /** Partitions or inheritance children that are hit, where `table` is their ancestor. */
  readonly children: readonly string[];
  /** What reads the table, by node, most frequent first. */
  readonly nodes: readonly { readonly node: string; readonly plans: number }[];
  readonly cases: readonly CaseReport[];
  /** All cases of the statement. */
  readonly among: readonly CaseReport[];
  /** The case and finding to show: the dearest one. */
  readonly example: CaseReport;
  readonly finding: Finding;
  /** Paths of the nodes at fault in the example's plan. */
  readonly paths: readonly string[];
  /** Rows and pages of the table (of the children together) in the example. */
  readonly rows: number | undefined;
  readonly pages: number | undefined;
  /** Cost of the nodes at fault in the example, together. */
  readonly cost: number | undefined;
}

/** The cases of one statement that something is said of. */
export interface StatementCases {
  readonly query: string;
  readonly statement: string;
  readonly cases: readonly CaseReport[];
  readonly among: readonly CaseReport[];
}

/** One change against the approved plans, however many statements and cases it shows in. */
export interface ChangeGroup {
  readonly suite: string;
  readonly kind: PlanChange['kind'];
  readonly severity: PlanChange['severity'];
  readonly statements: readonly StatementCases[];
  /** The case to show: the dearest one. */
  readonly example: CaseReport;
  readonly change: PlanChange;
  readonly next: string;
}

/** What one waiver of a suite lets off. */
export interface WaivedGroup {
  readonly suite: string;
  readonly waiver: AcceptedBy;
  /** Rules and kinds of changes. */
  readonly rules: readonly string[];
  /** Tables that the rules are about, with their schemas. */
  readonly tables: readonly string[];
  readonly statements: readonly StatementCases[];
}

/** One doubt, however many statements and cases it leaves unverified. */
export interface DoubtGroup {
  readonly suite: string;
  readonly kind: Doubt['kind'];
  readonly messages: readonly string[];
  readonly next: string;
  /** Whether the suite lets unverified cases pass. */
  readonly allowed: boolean;
  readonly statements: readonly StatementCases[];
  readonly example: CaseReport;
}

/** One known-bad query over all statistics sets. */
export interface KnownBadGroup {
  readonly suite: string;
  readonly query: string;
  readonly mustFail: string;
  readonly caught: boolean;
  readonly failing: number;
  readonly cases: number;
  /** Statistics sets in which it was not caught. */
  readonly missedIn: readonly string[];
  readonly example: CaseReport | undefined;
  readonly report: KnownBadReport;
}

const key = (...parts: readonly unknown[]) => JSON.stringify(parts.map((part) => part ?? null));

function bucket<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const buckets = new Map<string, T[]>();
  for (const item of items) {
    const name = keyOf(item);
    const held = buckets.get(name);
    if (held === undefined) buckets.set(name, [item]);
    else held.push(item);
  }
  return buckets;
}

function tally(names: Iterable<string>): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

const statementKey = (item: CaseReport) => key(item.suite, item.query, item.statement);

/** `schema.table`, or the table alone where the schema is not known. */
export function qualified(schema: string | undefined, table: string): string {
  return schema === undefined ? table : `${schema}.${table}`;
}

function topmost(access: Access, finding: Finding): string {
  return access.ancestors.at(-1) ?? qualified(finding.schema, finding.table);
}

/** PostgreSQL names the children of `events e` `e_1`, `e_2`, …: one occurrence of the parent. */
function occurrence(finding: Finding): string {
  return finding.access.ancestors.length === 0 ? finding.alias : finding.alias.replace(/_\d+$/, '');
}

/** Faults of all failing cases, the dearest first. */
export function faults(report: Report): Fault[] {
  const among = bucket(report.cases, statementKey);
  const failing = report.cases.filter((item) => item.verdict === 'fail');
  const hits = failing.flatMap((item) =>
    item.findings.filter(({ waiver }) => waiver === undefined).map((finding) => ({ item, finding })),
  );
  const groups = bucket(hits, ({ item, finding }) =>
    key(
      statementKey(item),
      topmost(finding.access, finding),
      occurrence(finding),
      finding.cause?.kind,
      finding.cause?.condition?.text,
      finding.file,
      finding.line,
      finding.column,
    ),
  );
  return [...groups.values()].map((group) => fault(group, among)).sort((a, b) => (b.cost ?? 0) - (a.cost ?? 0));
}

function fault(
  group: readonly { readonly item: CaseReport; readonly finding: Finding }[],
  among: ReadonlyMap<string, readonly CaseReport[]>,
): Fault {
  const worst = group.reduce((a, b) => ((b.finding.access.cost ?? -1) > (a.finding.access.cost ?? -1) ? b : a));
  const { item: example, finding } = worst;
  const shown = group.filter(({ item }) => item === example).map((hit) => hit.finding);
  const byTable = new Map(shown.map((one) => [qualified(one.schema, one.table), one]));
  const nodes = new Map<CaseReport, Set<string>>();
  for (const hit of group) nodes.set(hit.item, (nodes.get(hit.item) ?? new Set()).add(hit.finding.node));
  const cases = [...nodes.keys()];
  return {
    suite: example.suite,
    query: example.query,
    statement: example.statement,
    rules: tally(group.map((hit) => hit.finding.rule)).map(([rule]) => rule),
    table: topmost(finding.access, finding),
    children:
      finding.access.ancestors.length === 0
        ? []
        : [...new Set(group.map((hit) => qualified(hit.finding.schema, hit.finding.table)))],
    nodes: tally([...nodes.values()].flatMap((names) => [...names])).map(([node, plans]) => ({ node, plans })),
    cases,
    among: among.get(statementKey(example)) ?? cases,
    example,
    finding,
    paths: [...new Set(shown.map((one) => one.path))],
    rows: sum([...byTable.values()].map((one) => one.tableRows)),
    pages: sum([...byTable.values()].map((one) => one.tablePages)),
    cost: sum([...new Map(shown.map((one) => [one.path, one.access.cost])).values()]),
  };
}

/** The sum; unknown where a part is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  let total: number | undefined = 0;
  for (const value of values) total = value === undefined || total === undefined ? undefined : total + value;
  return total;
}

/** Doubts of all unverified cases, those that fail the run first, then by the number of cases. */
export function doubts(report: Report): DoubtGroup[] {
  const among = bucket(report.cases, statementKey);
  const suites = new Map(report.suites.map((suite) => [suite.name, suite]));
  const unverified = report.cases.filter((item) => item.verdict === 'unverified');
  const hits = unverified.flatMap((item) => item.doubts.map((doubt) => ({ item, doubt })));
  const groups = bucket(hits, ({ item, doubt }) => key(item.suite, doubt.kind, doubt.next));
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const statements = byStatement(
        group.map(({ item }) => item),
        among,
      );
      return {
        suite: first.item.suite,
        kind: first.doubt.kind,
        messages: tally(group.map(({ doubt }) => doubt.message)).map(([message]) => message),
        next: first.doubt.next,
        allowed: suites.get(first.item.suite)?.unverified === 'warn',
        statements,
        example: first.item,
        size: group.length,
      };
    })
    .sort((a, b) => Number(a.allowed) - Number(b.allowed) || b.size - a.size);
}

function byStatement(
  cases: readonly CaseReport[],
  among: ReadonlyMap<string, readonly CaseReport[]>,
): StatementCases[] {
  return [...bucket(new Set(cases), statementKey)].map(([name, own]) => ({
    query: own[0]?.query ?? '',
    statement: own[0]?.statement ?? '',
    cases: own,
    among: among.get(name) ?? own,
  }));
}

/** What to do about changes of several queries. */
const NEXT: Readonly<Record<PlanChange['kind'], string>> = {
  missing: 'Approve them with plan-guard approve, and commit the files.',
  changed: 'See both with plan-guard diff; mend what changed them, or approve them: plan-guard approve.',
  dearer: 'See both with plan-guard diff; mend what changed them, or approve them: plan-guard approve.',
};

const CHANGE_ORDER: readonly PlanChange['kind'][] = ['changed', 'dearer', 'missing'];

/**
 * What is not as approved, waived changes left out: those that fail first, then changed before dearer before missing
 * ones. Cases whose plan changed in the same way are one group, whatever their statements; dearer ones one for each
 * statement; missing ones one for each suite.
 */
export function changes(report: Report): ChangeGroup[] {
  const among = bucket(report.cases, statementKey);
  const hits = report.cases.flatMap((item) =>
    item.change === undefined || item.change.waiver !== undefined ? [] : [{ item, change: item.change }],
  );
  const groups = bucket(hits, ({ item, change }) => {
    const { kind, severity, message } = change;
    return key(item.suite, kind, severity, kind === 'changed' ? message : kind === 'dearer' ? statementKey(item) : '');
  });
  return [...groups.values()]
    .map((group) => {
      const { item: example, change } = group.reduce((a, b) => ((b.item.cost ?? -1) > (a.item.cost ?? -1) ? b : a));
      const statements = byStatement(
        group.map(({ item }) => item),
        among,
      );
      const { kind, severity } = change;
      const isAlone = group.every((hit) => hit.change.next === change.next);
      const next = isAlone ? change.next : NEXT[kind];
      return { suite: example.suite, kind, severity, statements, example, change, next };
    })
    .sort(
      (a, b) => a.severity.localeCompare(b.severity) || CHANGE_ORDER.indexOf(a.kind) - CHANGE_ORDER.indexOf(b.kind),
    );
}

/** What waivers let off, each waiver once. */
export function waived(report: Report): WaivedGroup[] {
  const among = bucket(report.cases, statementKey);
  const hits = report.cases.flatMap((item) => [
    ...item.findings.flatMap(({ rule, schema, table, waiver }) =>
      waiver === undefined ? [] : [{ item, rule, waiver, tables: [qualified(schema, table)] }],
    ),
    ...(item.change?.waiver === undefined
      ? []
      : [{ item, rule: item.change.kind, waiver: item.change.waiver, tables: [] }]),
  ]);
  const groups = bucket(hits, ({ item, waiver }) => key(item.suite, waiver.file, waiver.line, waiver.column));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const statements = byStatement(
      group.map(({ item }) => item),
      among,
    );
    const rules = tally(group.map(({ rule }) => rule)).map(([rule]) => rule);
    const tables = tally(group.flatMap((hit) => hit.tables)).map(([table]) => table);
    return { suite: first.item.suite, waiver: first.waiver, rules, tables, statements };
  });
}

/** Known-bad queries, each once; those that were not caught first. */
export function knownBad(report: Report): KnownBadGroup[] {
  const groups = bucket(report.knownBad, (one) => key(one.suite, one.query, one.mustFail, one.file, one.line));
  return [...groups.values()]
    .flatMap((group) => {
      const missed = group.filter((one) => !one.caught);
      const shown = missed[0] ?? group[0];
      if (shown === undefined) return [];
      return {
        suite: shown.suite,
        query: shown.query,
        mustFail: shown.mustFail,
        caught: missed.length === 0,
        failing: group.reduce((total, one) => total + one.failing, 0),
        cases: group.reduce((total, one) => total + one.cases, 0),
        missedIn: missed.map((one) => one.statistics),
        example: shown.example,
        report: shown,
      };
    })
    .sort((a, b) => Number(a.caught) - Number(b.caught));
}

/** The statement's name where the query has several. */
export function statementNames(
  report: Report,
): (query: { readonly suite: string; readonly query: string; readonly statement: string }) => string {
  const statements = new Map<string, Set<string>>();
  for (const item of report.cases) {
    const name = key(item.suite, item.query);
    statements.set(name, (statements.get(name) ?? new Set()).add(item.statement));
  }
  return ({ suite, query, statement }) => {
    const all = statements.get(key(suite, query));
    if (statement === query || (all?.size ?? 0) < 2) return inline(query);
    return /^\d+$/.test(statement)
      ? `${inline(query)}, statement ${statement}`
      : `${inline(query)}, ${inline(statement)}`;
  };
}

type Dimension = 'scenario' | 'mode' | 'statistics';
const dimensions = ['scenario', 'mode', 'statistics'] satisfies Dimension[];

/** What tells the cases of a statement apart. */
type CaseNames = Pick<CaseReport, 'scenario' | 'mode' | 'statistics'>;

/**
 * Which cases are hit, in words: `in 9 of 36 plans: all 9 scenarios, generic only, only with year-later`.
 * Where the hit cases are no full product of scenarios, modes and statistics sets, each part is told by itself.
 * @param limit how many names of a kind are listed
 */
export function extent(cases: readonly CaseNames[], among: readonly CaseNames[], limit: number): string {
  const whole = cases.length === among.length;
  const only = among.length === 1 ? 'in its only plan' : `in all ${count(among.length, 'plan')}`;
  const head = whole ? only : `in ${integer(cases.length)} of ${count(among.length, 'plan')}`;
  const { by, parts } = products(cases, among);
  const shown = parts.slice(0, limit).map((part) => {
    const lead = by.map((dimension) => inline(part[0]?.[dimension] ?? '')).join(' with ');
    const rest = product(part, among, limit, by);
    return [lead, rest].filter((words) => words !== '').join(': ');
  });
  if (parts.length > limit) shown.push(`and ${count(parts.length - limit, 'more group')}`);
  const tail = shown.filter((words) => words !== '').join('; ');
  return tail === '' ? head : `${head}: ${tail}`;
}

const valuesOf = (cases: readonly CaseNames[], dimension: Dimension) => [
  ...new Set(cases.map((item) => item[dimension])),
];

/** Whether these are all cases (of those there are) with their scenarios, modes and statistics sets. */
function isProduct(cases: readonly CaseNames[], among: readonly CaseNames[]): boolean {
  const hit = dimensions.map((dimension) => new Set<string>(valuesOf(cases, dimension)));
  const expected = among.filter((item) => dimensions.every((dimension, index) => hit[index]?.has(item[dimension])));
  return expected.length === cases.length;
}

interface Products {
  /** What the parts differ by. */
  readonly by: readonly Dimension[];
  readonly parts: readonly (readonly CaseNames[])[];
}

function products(cases: readonly CaseNames[], among: readonly CaseNames[]): Products {
  if (isProduct(cases, among)) return { by: [], parts: [cases] };
  const splits = (['mode', 'statistics', 'scenario'] satisfies Dimension[])
    .map((dimension) => ({ by: [dimension], parts: [...bucket(cases, (item) => item[dimension]).values()] }))
    .filter(({ parts }) => parts.length > 1 && parts.length <= 8 && parts.every((part) => isProduct(part, among)))
    .sort((a, b) => a.parts.length - b.parts.length);
  return (
    splits[0] ?? {
      by: ['mode', 'statistics'],
      parts: [...bucket(cases, (item) => key(item.mode, item.statistics)).values()],
    }
  );
}

function product(
  cases: readonly CaseNames[],
  among: readonly CaseNames[],
  limit: number,
  told: readonly Dimension[],
): string {
  const words = dimensions.map((dimension) => {
    const hit = valuesOf(cases, dimension);
    const all = valuesOf(among, dimension).length;
    if (all === 1 || told.includes(dimension)) return '';
    const names = hit.slice(0, limit).map(inline);
    if (hit.length > limit) names.push(`${hit.length - limit} more`);
    if (dimension === 'mode') return hit.length === all ? listed(names) : `${listed(names)} only`;
    const many = dimension === 'scenario' ? 'scenarios' : 'statistics sets';
    if (hit.length === all) return all === 2 ? `both ${many}` : `all ${all} ${many}`;
    if (dimension === 'statistics') return `only with ${listed(names)}`;
    return `${hit.length === 1 ? 'scenario' : 'scenarios'} ${listed(names)}`;
  });
  return words.filter((word) => word !== '').join(', ');
}
