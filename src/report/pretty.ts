import { Chalk, type ChalkInstance } from 'chalk';
import { type ReportContext, shownPath, shownPlace } from './context.js';
import { defuse, inline } from './escape.js';
import { excerpt, gutterWidth } from './excerpt.js';
import {
  type ChangeGroup,
  changes,
  type DoubtGroup,
  doubts,
  extent,
  type Fault,
  faults,
  type KnownBadGroup,
  knownBad,
  type StatementCases,
  statementNames,
  type WaivedGroup,
  waived,
} from './groups.js';
import type { CaseReport, Notice, Report, SuiteReport } from './model.js';
import { drawTree, planTree, type TreeNode } from './plan-tree.js';
import { clipLines, columns, cost, count, duration, integer, listed, padEnd, padStart, rough, wrap } from './text.js';
import {
  approvedWords,
  boundedWay,
  boundedWords,
  caseName,
  caughtWords,
  changeTitle,
  chosenWay,
  chosenWords,
  comparison,
  coverageWords,
  faultTable,
  faultTitle,
  nodeMix,
  suiteWords,
  verdictWords,
  type Way,
  waivedWords,
} from './words.js';

/** Faults that are shown with plan and SQL unless verbose; the others are shown in a few lines each. */
const fullFaults = 6;
/** Nodes of a plan that are shown unless verbose. */
const fullNodes = 16;
/** Below this width labels stand before their text, not in a column. */
const narrow = 60;

type Style = (text: string) => string;

interface Page {
  readonly context: ReportContext;
  readonly width: number;
  readonly chalk: ChalkInstance;
  readonly glyph: Readonly<Record<'ok' | 'bad' | 'doubt' | 'arrow' | 'more' | 'bar' | 'times', string>>;
  readonly names: ReturnType<typeof statementNames>;
  readonly lines: string[];
}

const plain: Style = (text) => text;

/** The report for people: one line for what is fine; what, why and what to do for what is not. */
export function pretty(report: Report, context: ReportContext): string {
  const page: Page = {
    context,
    width: Math.max(24, context.width),
    chalk: new Chalk({ level: context.color ? 1 : 0 }),
    glyph: context.unicode
      ? { ok: '✓', bad: '✗', doubt: '?', arrow: '→', more: '…', bar: '│', times: '×' }
      : { ok: '+', bad: 'x', doubt: '?', arrow: '>', more: '...', bar: '|', times: 'x' },
    names: statementNames(report),
    lines: [],
  };
  const found = faults(report);
  const changed = changes(report);
  const blind = knownBad(report);
  for (const suite of report.suites) suiteBlock(page, report, suite, blind);
  const suites = new Set(report.suites.map((suite) => suite.name));
  for (const notice of report.notices.filter((one) => !suites.has(one.suite))) noticeBlock(page, notice);
  if (context.verbose) for (const item of report.cases) caseBlock(page, item);
  for (const group of doubts(report)) doubtBlock(page, group);
  for (const group of waived(report)) waivedBlock(page, group);
  found.forEach((fault, index) => {
    faultBlock(page, fault, context.verbose || index < fullFaults);
  });
  changed.forEach((group, index) => {
    changeBlock(page, group, context.verbose || (index < fullFaults && !isToldByFaults(group)));
  });
  for (const group of blind.filter((one) => !one.caught)) blindBlock(page, group);
  closing(page, report, found.length, changed.filter(({ severity }) => severity === 'fail').length);
  return defuse(`${page.lines.map((line) => line.trimEnd()).join('\n')}\n`);
}

function blank(page: Page): void {
  if (page.lines.length > 0 && page.lines.at(-1) !== '') page.lines.push('');
}

/** Wrapped text: the first line after `lead`, the others indented as far, or by `hang` columns. */
function prose(
  page: Page,
  lead: string,
  text: string,
  style: Style = plain,
  leadStyle: Style = style,
  hang?: number,
): void {
  const indent = hang ?? columns(lead);
  const first = page.width - columns(lead);
  const parts =
    hang === undefined ? wrap(text, first) : wrap(`${'\0'.repeat(columns(lead) - indent)}${text}`, page.width - indent);
  parts.forEach((part, index) => {
    const shown = part.replaceAll('\0', '');
    page.lines.push(index === 0 ? leadStyle(lead) + style(shown) : ' '.repeat(indent) + style(shown));
  });
}

/** A labelled line of a block: in a column of labels, or before the text where the page is narrow. */
function labelled(page: Page, label: string, text: string, style: Style = plain): void {
  const { dim } = page.chalk;
  if (page.width < narrow) prose(page, `  ${label}: `, text, style, dim, 4);
  else prose(page, `  ${padEnd(label, 9)}`, text, style, dim);
}

function suiteBlock(page: Page, report: Report, suite: SuiteReport, blind: readonly KnownBadGroup[]): void {
  const { chalk, glyph, context } = page;
  const cases = report.cases.filter((item) => item.suite === suite.name);
  const notices = report.notices.filter((notice) => notice.suite === suite.name);
  const bad = blind.filter((group) => group.suite === suite.name);
  const failed = cases.filter((item) => item.verdict === 'fail').length;
  const unverified = cases.filter((item) => item.verdict === 'unverified').length;
  const red = failed > 0 || bad.some((group) => !group.caught) || notices.some((notice) => notice.level === 'fail');
  const open = unverified > 0 || notices.some((notice) => notice.level === 'unverified');
  const style = red ? chalk.red : open ? chalk.yellow : chalk.green;
  const mark = red ? glyph.bad : open ? glyph.doubt : glyph.ok;
  const tally = [count(cases.length, 'plan')];
  if (failed > 0) tally.push(`${integer(failed)} fail`);
  if (unverified > 0) tally.push(`${integer(unverified)} unverified`);
  if (report.suites.length > 1) blank(page);
  prose(page, `${mark} `, `${inline(suite.name)}: ${tally.join(', ')}`, style.bold, style);
  prose(page, '  ', suiteWords(suite), chalk.dim);
  const tables = coverageWords(suite);
  if (tables.length > 0) {
    const words = tables.map(({ table, size, plans }) => `${table} (${size}) in ${count(plans, 'plan')}`);
    prose(page, '  ', words.join('; '), chalk.dim);
  }
  const { plans } = suite;
  if (plans !== undefined) {
    prose(page, '  ', approvedWords(plans, cases, shownPath(plans.folder, context.cwd)), chalk.dim);
  } else if (!notices.some(({ kind }) => kind === 'unverified-plans')) {
    prose(page, '  ', 'no approved plans to compare with: plan-guard approve writes them', chalk.dim);
  }
  for (const group of bad.filter((one) => one.caught)) {
    prose(page, `  ${glyph.ok} `, caughtWords(group), plain, chalk.green);
  }
  for (const notice of notices) noticeBlock(page, notice);
  if (context.verbose) labelled(page, 'suite', inline(shownPath(suite.file, context.cwd)));
}

/** What is to be said of a suite, or of the run as a whole. */
function noticeBlock(page: Page, notice: Notice): void {
  const { chalk, glyph } = page;
  const style = notice.level === 'fail' ? chalk.red : chalk.yellow;
  const mark = notice.level === 'fail' ? glyph.bad : notice.level === 'unverified' ? glyph.doubt : '!';
  prose(page, `  ${mark} `, inline(notice.message), plain, style);
  page.lines.push(`    ${chalk.cyan(inline(shownPlace(notice, page.context)))}`);
  if (notice.next !== undefined) prose(page, '    next: ', inline(notice.next), plain, chalk.dim, 4);
}

function caseBlock(page: Page, item: CaseReport): void {
  const { chalk, glyph } = page;
  blank(page);
  const [mark, style] =
    item.verdict === 'pass'
      ? [glyph.ok, chalk.green]
      : item.verdict === 'fail'
        ? [glyph.bad, chalk.red]
        : [glyph.doubt, chalk.yellow];
  const price = item.cost === undefined ? '' : `, cost ${cost(item.cost)}`;
  prose(page, `${mark} `, `${page.names(item)}: ${caseName(item)}${price}`, plain, style);
  plan(page, item, [...new Set(item.findings.map((finding) => finding.path))], '');
}

function doubtBlock(page: Page, group: DoubtGroup): void {
  const { chalk, glyph, context } = page;
  blank(page);
  const total = new Set(group.statements.flatMap((statement) => statement.cases)).size;
  const allowed = group.allowed ? ', which the suite allows' : '';
  prose(page, `${glyph.doubt} `, `${count(total, 'plan')} unverified: ${group.kind}${allowed}`, chalk.yellow.bold);
  const most = context.verbose ? group.messages.length : 3;
  for (const message of group.messages.slice(0, most)) prose(page, '  ', inline(message));
  if (group.messages.length > most)
    prose(page, '  ', `${glyph.more} ${group.messages.length - most} more like these`, chalk.dim);
  statementLines(page, group);
  labelled(page, 'next', inline(group.next));
}

/** The statements that a group is about, and in which of their plans. */
function statementLines(page: Page, group: { suite: string; statements: readonly StatementCases[] }): void {
  const { chalk, glyph, context } = page;
  const shown = context.verbose ? group.statements.length : 5;
  for (const statement of group.statements.slice(0, shown)) {
    const name = page.names({ suite: group.suite, ...statement });
    labelled(page, 'in', `${name}, ${extent(statement.cases, statement.among, listLimit(page))}`);
  }
  if (group.statements.length > shown)
    labelled(page, 'in', `${glyph.more} ${count(group.statements.length - shown, 'more statement')}`, chalk.dim);
}

function waivedBlock(page: Page, group: WaivedGroup): void {
  const { chalk } = page;
  blank(page);
  prose(page, '- ', waivedWords(group), chalk.dim);
  statementLines(page, group);
}

/** Whether every plan of the group breaks a rule too, whose fault shows it. */
function isToldByFaults({ statements }: ChangeGroup): boolean {
  return statements.every(({ cases }) =>
    cases.every(({ findings }) => findings.some(({ waiver }) => waiver === undefined)),
  );
}

/** What is not as approved. A changed plan is shown beside the approved one. */
function changeBlock(page: Page, group: ChangeGroup, full: boolean): void {
  const { chalk, glyph, context } = page;
  const { change, example } = group;
  const style = group.severity === 'fail' ? chalk.red.bold : chalk.yellow.bold;
  blank(page);
  prose(page, group.severity === 'fail' ? `${glyph.bad} ` : '! ', changeTitle(group), style);
  if (group.kind !== 'missing') prose(page, '  ', inline(change.message));
  statementLines(page, group);
  if (group.kind !== 'missing') labelled(page, 'approved', inline(shownPlace(change, context)), chalk.cyan);
  if (full && change.kind === 'changed') {
    blank(page);
    approvedPlan(page, change.approved);
    plan(page, example, [], `plan of now: ${caseName(example)}`, true);
    blank(page);
  }
  labelled(page, 'next', inline(group.next), chalk.bold);
}

/** The approved plan as its file has it. */
function approvedPlan(page: Page, lines: readonly string[]): void {
  const { chalk, glyph, context } = page;
  const shown = context.verbose ? lines.length : fullNodes;
  page.lines.push(`  ${chalk.dim('approved plan')}`);
  for (const line of lines.slice(0, shown)) {
    const [lead = ''] = /^ *(-> +)?/.exec(line) ?? [];
    prose(page, `    ${lead}`, inline(line.slice(lead.length)));
  }
  if (lines.length > shown)
    page.lines.push(`    ${chalk.dim(`${glyph.more} ${count(lines.length - shown, 'more line')}`)}`);
}

const listLimit = (page: Page) => (page.context.verbose ? Number.POSITIVE_INFINITY : 4);

function faultBlock(page: Page, fault: Fault, full: boolean): void {
  const { chalk, glyph, context } = page;
  const { finding, example } = fault;
  blank(page);
  prose(page, `${glyph.bad} `, `${page.names(fault)}: ${faultTitle(fault)}`, chalk.red.bold);
  prose(page, '  ', inline(finding.message));
  const place = inline(shownPlace(finding, context));
  const sender = example.sql.origin === 'call' ? inline(shownPlace(example.sql, context)) : undefined;
  if (place !== sender) labelled(page, 'at', place, chalk.cyan);
  if (sender !== undefined) labelled(page, 'sent at', sender, chalk.cyan);
  labelled(page, 'plans', extent(fault.cases, fault.among, listLimit(page)));
  const mix = nodeMix(fault);
  if (mix !== undefined) labelled(page, 'as', mix);
  if (full) {
    blank(page);
    plan(page, example, fault.paths, `plan of ${caseName(example)}`);
    blank(page);
  }
  const table = faultTable(fault);
  if (table !== undefined) labelled(page, 'table', table);
  ways(page, fault);
  if (full) sql(page, fault);
  if (finding.cause !== undefined) {
    if (full) blank(page);
    labelled(page, 'why', inline(finding.cause.why));
    labelled(page, 'next', inline(finding.cause.next), chalk.bold);
  }
}

/** What was chosen beside the best bounded way: as a small table where there is room. */
function ways(page: Page, fault: Fault): void {
  const { chalk, width } = page;
  const chosen = chosenWay(fault);
  const best = boundedWay(fault);
  if (best === undefined || best === 'none' || width < 80) {
    labelled(page, 'chosen', chosenWords(fault));
    const words = boundedWords(fault);
    if (words !== undefined) labelled(page, 'bounded', words);
    return;
  }
  const remark = comparison(chosen, best);
  const numbers = 3 * 13;
  const room = Math.max(columns(chosen.node), columns(best.node));
  const beside = 11 + room + numbers + 2 + columns(remark ?? '') <= width;
  const fits = 11 + room + numbers <= width ? room : width - 11 - numbers;
  const cell = (value: number | undefined, show: (value: number) => string) =>
    padStart(value === undefined ? '' : show(value), 13);
  const row = (label: string, way: Way, tail: string, style: Style) => {
    const parts = wrap(way.node, fits);
    const figures = cell(way.rows, integer) + cell(way.cost, cost) + cell(way.planCost, cost);
    parts.forEach((part, index) => {
      const head = chalk.dim(`  ${padEnd(index === 0 ? label : '', 9)}`);
      page.lines.push(head + style(index === 0 ? padEnd(part, fits) + figures : part) + (index === 0 ? tail : ''));
    });
  };
  const heads = ['rows', 'cost', 'whole plan'].map((head) => padStart(head, 13)).join('');
  page.lines.push(chalk.dim(' '.repeat(11 + fits) + heads));
  row('chosen', chosen, '', chalk.red);
  row('bounded', best, beside && remark !== undefined ? `  ${remark}` : '', chalk.green);
  if (!beside && remark !== undefined) page.lines.push(`${' '.repeat(11)}${remark}`);
}

function blindBlock(page: Page, group: KnownBadGroup): void {
  const { chalk, glyph, context } = page;
  blank(page);
  const verdict = `THE GUARD IS BLIND: known-bad query ${inline(group.query)} passes ${group.mustFail}`;
  prose(page, `${glyph.bad} `, verdict, chalk.red.bold);
  const sets = group.missedIn.length === 0 ? '' : `, statistics ${listed(group.missedIn.map(inline))}`;
  const { failing, cases } = group.report;
  const found = `${integer(failing)} of ${count(cases, 'plan')}`;
  const but = failing === 0 ? '' : `, but in none of statement ${inline(group.example?.statement ?? '')}`;
  prose(
    page,
    '  ',
    `${group.mustFail} must find fault with it and did in ${found}${but}${sets}. A guard that lets this through cannot be trusted with the rest.`,
  );
  labelled(page, 'at', inline(shownPlace(group.report, context)), chalk.cyan);
  if (group.example !== undefined) {
    blank(page);
    plan(page, group.example, [], `its plan, ${caseName(group.example)}`);
    blank(page);
  }
  const [doubt] = group.example?.doubts ?? [];
  if (doubt !== undefined) labelled(page, 'why', inline(doubt.message));
  labelled(
    page,
    'next',
    doubt === undefined
      ? `See whether its plan still has the fault that it stands for: the statistics, the settings, an index that was added, or the tables that ${group.mustFail} is told to watch.`
      : inline(doubt.next),
    chalk.bold,
  );
}

function nodesOf(node: TreeNode): TreeNode[] {
  return [node, ...node.children.flatMap(nodesOf)];
}

/** The plan as a tree; rows and cost stand in columns right of it. */
function plan(
  page: Page,
  item: CaseReport,
  marked: readonly string[],
  title: string,
  allConditions = page.context.verbose,
): void {
  const { chalk, glyph, context, width } = page;
  const root = planTree(item.plan);
  if (root === undefined) return;
  const figure = width < narrow ? rough : integer;
  const price = width < narrow ? (value: number) => (value < 999.995 ? cost(value) : rough(value)) : cost;
  const all = nodesOf(root);
  const column = (head: string, texts: string[]) => 2 + Math.max(head.length, ...texts.map((text) => text.length));
  const numbers = {
    rows:
      width < 50
        ? 0
        : column(
            'rows',
            all.map(({ rows }) => (rows === undefined ? '' : figure(rows))),
          ),
    cost: column(
      'cost',
      all.map((node) => (node.cost === undefined ? '' : price(node.cost))),
    ),
  };
  const room = width - 4 - numbers.rows - numbers.cost;
  const drawn = drawTree(root, {
    marked,
    width: room,
    conditionWidth: width - 4,
    nodes: context.verbose ? Number.POSITIVE_INFINITY : fullNodes,
    allConditions,
    unicode: context.unicode,
    wrap: (text, columnsLeft, lines) => clipLines(wrap(text, columnsLeft), lines, columnsLeft, glyph.more),
  });
  const widest = Math.max(
    ...drawn.filter((line) => line.kind === 'node').map((line) => columns(line.stem + line.text)),
    Math.min(columns(title) - 2, room),
  );
  const cells = (rows: string, price: string) =>
    (numbers.rows === 0 ? '' : padStart(rows, numbers.rows)) + padStart(price, numbers.cost);
  if (title !== '') {
    const heads = wrap(title, widest + 2);
    heads.forEach((head, index) => {
      const figures = index === heads.length - 1 ? cells('rows', 'cost') : '';
      page.lines.push(`  ${chalk.dim(padEnd(head, widest + 2) + figures)}`);
    });
  }
  for (const line of drawn) {
    const arrow = line.marked && line.kind === 'node' ? glyph.arrow : ' ';
    const figures =
      line.kind === 'node'
        ? cells(line.rows === undefined ? '' : figure(line.rows), line.cost === undefined ? '' : price(line.cost))
        : '';
    const words = padEnd(line.text, Math.max(0, widest - columns(line.stem)));
    const style =
      line.marked && line.kind !== 'condition'
        ? chalk.red.bold
        : line.marked
          ? chalk.red
          : line.kind === 'node' || line.kind === 'continued'
            ? plain
            : chalk.dim;
    const marks = line.marked ? chalk.red.bold(arrow) : arrow;
    page.lines.push(
      figures === ''
        ? `  ${marks} ${chalk.dim(line.stem)}${style(line.text)}`
        : `  ${marks} ${chalk.dim(line.stem)}${style(words + figures)}`,
    );
  }
}

/** The SQL around the condition at fault. */
function sql(page: Page, fault: Fault): void {
  const { chalk, glyph, context } = page;
  const lines = excerpt(fault.example.sql, fault.finding, page.width - 4, {
    source: context.readSource?.(fault.finding.file),
    mark: glyph.more,
  });
  if (lines.length === 0) return;
  blank(page);
  const gutter = gutterWidth(lines);
  for (const line of lines) {
    const arrow = line.kind === 'at-fault' ? glyph.arrow : ' ';
    const head = `${padStart(String(line.number ?? ''), gutter)} ${glyph.bar} `;
    const style = line.kind === 'carets' ? chalk.red.bold : line.kind === 'at-fault' ? plain : chalk.dim;
    page.lines.push(`  ${chalk.red.bold(arrow)} ${chalk.dim(head)}${style(line.text)}`);
  }
}

function closing(page: Page, report: Report, faultCount: number, changeCount: number): void {
  const { chalk, glyph, context } = page;
  blank(page);
  const passed = report.verdict === 'pass';
  const style = passed ? chalk.green.bold : chalk.red.bold;
  const took = context.durationMs === undefined ? '' : `, ${duration(context.durationMs)}`;
  const words = `${verdictWords(report, faultCount, changeCount)}${took}`;
  prose(page, passed ? `${glyph.ok} pass: ` : `${glyph.bad} fail: `, words, plain, style, 2);
}
