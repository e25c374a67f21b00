import { type ReportContext, shownPath, shownPlace } from './context.js';
import { codeBlock, commandData, commandProperty, inline, markdown } from './escape.js';
import { excerpt, gutterWidth } from './excerpt.js';
import {
  type ChangeGroup,
  changes,
  type DoubtGroup,
  doubts,
  extent,
  type Fault,
  faults,
  knownBad,
  statementNames,
  type WaivedGroup,
  waived,
} from './groups.js';
import type { Report } from './model.js';
import { drawTree, planTree } from './plan-tree.js';
import { clipLines, columns, cost, count, duration, integer, listed, padEnd, padStart, wrap } from './text.js';
import {
  approvedWords,
  boundedWords,
  caseName,
  caughtWords,
  changeTitle,
  chosenWords,
  coverageWords,
  faultTable,
  faultTitle,
  suiteWords,
  verdictWords,
  waivedWords,
} from './words.js';

type Level = 'error' | 'warning' | 'notice';

interface Annotation {
  readonly level: Level;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly title: string;
  readonly message: string;
}

/** GitHub shows this many annotations of each level per step and drops the others. */
const shownPerLevel = 10;

/**
 * Workflow commands for GitHub Actions: an annotation for every place at fault, the most important first.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function github(report: Report, context: ReportContext): string {
  const all = byPlace(annotations(report, context));
  const lines: string[] = [];
  const left: string[] = [];
  for (const level of ['error', 'warning', 'notice'] as const) {
    const ones = all.filter((one) => one.level === level);
    const most = level === 'notice' ? shownPerLevel - 1 : shownPerLevel;
    lines.push(...ones.slice(0, most).map((one) => command(one, context)));
    if (ones.length > most) left.push(count(ones.length - most, `more ${level}`));
  }
  if (left.length > 0) {
    const words = `${listed(left)} left out: GitHub shows ${shownPerLevel} of a kind per step. The step summary has them all.`;
    lines.push(`::notice title=plan-guard::${commandData(words)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function command(one: Annotation, context: ReportContext): string {
  const properties = {
    file: shownPath(one.file, context.repository ?? context.cwd),
    line: String(one.line),
    col: String(one.column),
    title: one.title,
  };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${commandProperty(value)}`);
  return `::${one.level} ${list.join(',')}::${commandData(one.message)}`;
}

/** Annotations at one place that are told; GitHub takes 64 KiB of a message. */
const toldPerPlace = 5;

/** Joins what stands at one place, as GitHub would draw it over each other. */
function byPlace(all: readonly Annotation[]): Annotation[] {
  const places = new Map<string, [Annotation, ...Annotation[]]>();
  for (const one of all) {
    const place = JSON.stringify([one.level, one.file, one.line, one.column]);
    const held = places.get(place);
    if (held === undefined) places.set(place, [one]);
    else held.push(one);
  }
  return [...places.values()].map(([first, ...others]) => {
    const told = others.slice(0, toldPerPlace - 1).map(({ title, message }) => `${title}\n${message}`);
    const left = others.length - told.length;
    if (left > 0) told.push(`${count(left, 'more finding')} at this place, told by the step summary.`);
    return { ...first, message: [first.message, ...told].join('\n\n') };
  });
}

function annotations(report: Report, context: ReportContext): Annotation[] {
  const names = statementNames(report);
  const result: Annotation[] = [];
  for (const group of knownBad(report).filter((one) => !one.caught)) {
    const sets = group.missedIn.length === 0 ? '' : ` with statistics ${listed(group.missedIn.map(inline))}`;
    result.push({
      ...group.report,
      level: 'error',
      title: 'plan-guard: the guard is blind',
      message: `Known-bad query ${inline(group.query)} passes ${group.mustFail}${sets}, which must find fault with it.`,
    });
  }
  for (const notice of report.notices.filter((one) => one.level === 'fail')) result.push(noticeOf(report, notice));
  for (const fault of faults(report)) {
    const { finding } = fault;
    const lines = [
      finding.message,
      upper(extent(fault.cases, fault.among, 4)),
      `Chosen: ${chosenWords(fault)}`,
      ...maybe('Bounded: ', boundedWords(fault)),
      ...maybe('Table: ', faultTable(fault)),
      ...maybe('Why: ', finding.cause?.why),
      ...maybe('Next: ', finding.cause?.next),
    ];
    result.push({
      level: 'error',
      file: finding.file,
      line: finding.line,
      column: finding.column,
      title: `${names(fault)}: ${faultTitle(fault)}`,
      message: lines.map(inline).join('\n'),
    });
  }
  for (const group of changes(report)) result.push(changeOf(group, names, context));
  for (const group of doubts(report)) result.push(doubtOf(group, names, context));
  for (const notice of report.notices.filter((one) => one.level !== 'fail')) result.push(noticeOf(report, notice));
  return result;
}

function noticeOf(report: Report, notice: Report['notices'][number]): Annotation {
  const allowed = report.suites.find((suite) => suite.name === notice.suite)?.unverified === 'warn';
  const level = notice.level === 'fail' || (notice.level === 'unverified' && !allowed) ? 'error' : 'warning';
  const lines = [notice.message, ...maybe('Next: ', notice.next)];
  return { ...notice, level, title: `plan-guard: ${inline(notice.suite)}`, message: lines.map(inline).join('\n') };
}

type Names = ReturnType<typeof statementNames>;

/** The statements that a group is about, and in which of their plans. */
function whereOf(group: Pick<DoubtGroup, 'suite' | 'statements'>, names: Names, context: ReportContext): string[] {
  const most = context.verbose ? group.statements.length : 5;
  const more = group.statements.length - most;
  return [
    ...group.statements
      .slice(0, most)
      .map((one) => `${names({ suite: group.suite, ...one })}: ${extent(one.cases, one.among, 4)}`),
    ...(more > 0 ? [`and ${count(more, 'more statement')}`] : []),
  ];
}

function changeOf(group: ChangeGroup, names: Names, context: ReportContext): Annotation {
  const { change, severity } = group;
  const lines = [change.message, ...whereOf(group, names, context), `Next: ${group.next}`];
  const { file, line, column } = change;
  const level = severity === 'fail' ? 'error' : 'warning';
  return { level, file, line, column, title: changeTitle(group), message: lines.map(inline).join('\n') };
}

function doubtOf(group: DoubtGroup, names: Names, context: ReportContext): Annotation {
  const lines = [...group.messages.slice(0, 3), ...whereOf(group, names, context), `Next: ${group.next}`];
  const { file, line, column } = group.example.sql;
  return {
    level: group.allowed ? 'warning' : 'error',
    file,
    line,
    column,
    title: `unverified: ${group.kind}`,
    message: lines.map(inline).join('\n'),
  };
}

const maybe = (lead: string, text: string | undefined) => (text === undefined ? [] : [`${lead}${text}`]);
const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** What GitHub takes of `$GITHUB_STEP_SUMMARY` per step, in bytes. */
const summaryLimit = 1024 * 1024;
/** Columns of plans and SQL in the summary. */
const summaryWidth = 110;

/**
 * The report as Markdown for `$GITHUB_STEP_SUMMARY`, at most 1 MiB: verdict, queries, faults with their plans and
 * next steps. What does not fit is left out as a whole, and the summary says so.
 */
export function stepSummary(report: Report, context: ReportContext): string {
  const names = statementNames(report);
  const found = faults(report);
  const changed = changes(report);
  const failing = changed.filter(({ severity }) => severity === 'fail').length;
  const took = context.durationMs === undefined ? '' : `, ${duration(context.durationMs)}`;
  const mark = report.verdict === 'pass' ? '✅' : '❌';
  const blocks = [
    `## ${mark} plan-guard: ${report.verdict}\n\n${markdown(verdictWords(report, found.length, failing) + took)}`,
    ...suiteBlocks(report, context),
    ...blindBlocks(report, context),
    ...noticeBlocks(report, context),
    ...found.map((fault) => faultBlock(fault, names, context)),
    ...changed.map((group) => changeBlock(group, names, context)),
    ...waived(report).map((group) => waivedBlock(group, names)),
    ...doubts(report).map((group) => doubtBlock(group, names)),
  ];
  return withinLimit(blocks);
}

/** Blocks in order for as long as they fit; the note on what was left out always does. */
function withinLimit(blocks: readonly string[]): string {
  const note = (left: number) =>
    `_${count(left, 'part')} left out: GitHub shows at most 1 MiB per step. The JSON report has everything._\n`;
  const room = summaryLimit - Buffer.byteLength(note(blocks.length));
  let size = 0;
  let left = 0;
  const kept: string[] = [];
  for (const block of blocks) {
    const text = `${block}\n\n`;
    const bytes = Buffer.byteLength(text);
    if (size + bytes > room) {
      left += 1;
      continue;
    }
    size += bytes;
    kept.push(text);
  }
  return left === 0 ? `${kept.join('').trimEnd()}\n` : kept.join('') + note(left);
}

function blindBlocks(report: Report, context: ReportContext): string[] {
  return knownBad(report)
    .filter((group) => !group.caught)
    .map((group) => {
      const place = markdown(shownPlace(group.report, context));
      return `### ❌ The guard is blind: ${markdown(group.query)}\n\nThis known-bad query passes ${markdown(group.mustFail)}, which must find fault with it. ${place}`;
    });
}

function noticeBlocks(report: Report, context: ReportContext): string[] {
  return report.notices.map((notice) => {
    const sign = { fail: '❌', unverified: '❔', warning: '⚠️' }[notice.level];
    const next = notice.next === undefined ? '' : ` **Next:** ${markdown(notice.next)}`;
    return `${sign} ${markdown(notice.message)}${next} (${markdown(shownPlace(notice, context))})`;
  });
}

function faultBlock(fault: Fault, names: ReturnType<typeof statementNames>, context: ReportContext): string {
  const { finding, example } = fault;
  const facts = [
    ['At', shownPlace(finding, context)],
    ['Plans', extent(fault.cases, fault.among, 8)],
    ['Table', faultTable(fault)],
    ['Chosen', chosenWords(fault)],
    ['Bounded', boundedWords(fault)],
    ['Why', finding.cause?.why],
    ['Next', finding.cause?.next],
  ] as const;
  const list = facts.flatMap(([name, text]) => (text === undefined ? [] : [`- **${name}:** ${markdown(text)}`]));
  const plan = planBlock(fault);
  const sql = excerpt(example.sql, finding, summaryWidth, { source: context.readSource?.(finding.file), mark: '…' });
  const gutter = sql.length === 0 ? 0 : gutterWidth(sql);
  const code = sql.map((line) =>
    `${line.kind === 'at-fault' ? '→' : ' '} ${padStart(String(line.number ?? ''), gutter)} │ ${line.text}`.trimEnd(),
  );
  return [
    `### ❌ ${markdown(names(fault))}: ${markdown(faultTitle(fault))}\n\n${markdown(finding.message)}\n`,
    `${list.join('\n')}\n`,
    ...(plan.length === 0 ? [] : [`Plan of ${markdown(caseName(example))}:\n`, codeBlock(plan, 'text'), '']),
    ...(code.length === 0 ? [] : [codeBlock(code, 'text')]),
  ].join('\n');
}

function planBlock(fault: Fault): string[] {
  const root = planTree(fault.example.plan);
  if (root === undefined) return [];
  const drawn = drawTree(root, {
    marked: fault.paths,
    width: summaryWidth - 28,
    conditionWidth: summaryWidth - 2,
    nodes: 40,
    allConditions: false,
    unicode: true,
    wrap: (text, width, lines) => clipLines(wrap(text, width), lines, width, '…'),
  });
  const nodes = drawn.filter((line) => line.kind === 'node');
  const widest = Math.max(...nodes.map((line) => columns(line.stem + line.text)));
  const row = (head: string, rows: string, price: string) =>
    `${padEnd(head, widest + 2)}${padStart(rows, 13)}${padStart(price, 13)}`.trimEnd();
  return [
    row('', 'rows', 'cost'),
    ...drawn.map((line) =>
      row(
        `${line.marked && line.kind === 'node' ? '→' : ' '} ${line.stem}${line.text}`,
        line.rows === undefined ? '' : integer(line.rows),
        line.cost === undefined ? '' : cost(line.cost),
      ),
    ),
  ];
}

function whereList(group: Pick<DoubtGroup, 'suite' | 'statements'>, names: Names): string[] {
  return group.statements.map(
    (one) => `- ${markdown(names({ suite: group.suite, ...one }))}: ${markdown(extent(one.cases, one.among, 8))}`,
  );
}

function changeBlock(group: ChangeGroup, names: Names, context: ReportContext): string {
  const { change, severity } = group;
  const approved = change.kind === 'changed' ? ['\nThe approved plan:\n', codeBlock(change.approved, 'text')] : [];
  return [
    `### ${severity === 'fail' ? '❌' : '⚠️'} ${markdown(changeTitle(group))}\n`,
    `${markdown(change.message)} (${markdown(shownPlace(change, context))})\n`,
    whereList(group, names).join('\n'),
    ...approved,
    `\n**Next:** ${markdown(group.next)}`,
  ].join('\n');
}

function waivedBlock(group: WaivedGroup, names: Names): string {
  return `${markdown(upper(waivedWords(group)))}\n\n${whereList(group, names).join('\n')}`;
}

function doubtBlock(group: DoubtGroup, names: Names): string {
  const messages = group.messages.slice(0, 3).map((message) => markdown(message));
  const where = whereList(group, names);
  const allowed = group.allowed ? ' (allowed by the suite)' : '';
  return [
    `### ❔ Unverified: ${markdown(group.kind)}${allowed}\n`,
    `${messages.join(' ')}\n`,
    `${where.join('\n')}\n`,
    `**Next:** ${markdown(group.next)}`,
  ].join('\n');
}

function suiteBlocks(report: Report, context: ReportContext): string[] {
  const rows = new Map<string, { suite: string; query: string; pass: number; fail: number; unverified: number }>();
  for (const { suite, query, verdict } of report.cases) {
    const name = JSON.stringify([suite, query]);
    const row = rows.get(name) ?? { suite, query, pass: 0, fail: 0, unverified: 0 };
    row[verdict] += 1;
    rows.set(name, row);
  }
  const several = report.suites.length > 1;
  const cells = [...rows.values()].map((row) => {
    const sign = row.fail > 0 ? '❌' : row.unverified > 0 ? '❔' : '✅';
    const name = several ? `${markdown(row.suite)}: ${markdown(row.query)}` : markdown(row.query);
    return `| ${sign} | ${name} | ${integer(row.pass)} | ${integer(row.fail)} | ${integer(row.unverified)} |`;
  });
  const table = ['| | Query | Pass | Fail | Unverified |', '|---|---|---:|---:|---:|', ...cells].join('\n');
  const bites = knownBad(report)
    .filter((group) => group.caught)
    .map((group) => `- ✅ ${markdown(caughtWords(group))}`);
  const suites = report.suites.map((suite) => {
    const tables = coverageWords(suite).map((one) => `${one.table} (${one.size}) in ${count(one.plans, 'plan')}`);
    const cases = report.cases.filter((item) => item.suite === suite.name);
    const { plans } = suite;
    const approved = plans === undefined ? [] : [approvedWords(plans, cases, shownPath(plans.folder, context.cwd))];
    const words = [suiteWords(suite), ...tables, ...approved];
    return `- **${markdown(suite.name)}**: ${markdown(words.join('; '))}`;
  });
  return [...(cells.length === 0 ? [] : [table]), ...(bites.length === 0 ? [] : [bites.join('\n')]), suites.join('\n')];
}
