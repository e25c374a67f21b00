import { type Group, groupComparisons } from './diff-groups.js';
import type { Comparison, DiffReport } from './diff-model.js';
import { DiffPage } from './diff-page.js';
import { diffRows, planRows } from './diff-rows.js';
import { sinceLines } from './diff-since.js';
import { drawTree, drawTrees } from './diff-trees.js';
import {
  accessGroups,
  accessWords,
  answer,
  causeWords,
  changed,
  type DiffContext,
  isWithoutCatalog,
  settingsWords,
  timeWords,
  verdictWords,
  withoutCatalog,
} from './diff-words.js';
import { inline } from './escape.js';
import { extent } from './groups.js';
import { cost, count } from './text.js';

/** Groups that are shown with their plans unless verbose; the others are shown in a few lines each. */
const fullGroups = 4;
/** Names of cases that are listed unless verbose. */
const fullNames = 4;
/** Accesses that are told beside the worst one unless verbose. */
const fullAccesses = 3;

/** What changed, for people: the answer first, then why, then the plans. Plans that changed alike are told once. */
export function diffPretty(report: DiffReport, context: DiffContext): string {
  const page = new DiffPage(context);
  const { chalk, glyph } = page;
  const groups = groupComparisons(report.comparisons);
  const differing = groups.filter(({ change }) => change !== 'same');
  const compared = `${inline(report.before)} ${glyph.arrow} ${inline(report.after)}`;
  page.prose('', compared, chalk.dim);
  differing.forEach((group, index) => {
    groupBlock(page, report, group, context.verbose || index < fullGroups);
  });
  if (context.verbose) for (const group of groups) if (group.change === 'same') sameBlock(page, group);
  page.blank();
  const same = report.verdict === 'same';
  const ways = differing.length > 1 ? `, in ${differing.length} ways` : '';
  page.prose(
    `${same ? glyph.ok : glyph.bad} `,
    `${verdictWords(report)}${ways}`,
    same ? chalk.green.bold : chalk.red.bold,
  );
  return page.text();
}

function groupBlock(page: DiffPage, report: DiffReport, group: Group, full: boolean): void {
  const { chalk, glyph, context } = page;
  const [worst] = group.comparisons;
  if (worst === undefined) return;
  const { before, after, diff } = worst;
  const worse = diff?.accesses.some(({ direction }) => direction === 'worse') === true || worst.change === 'dearer';
  const marks = { changed: worse ? glyph.bad : '~', dearer: glyph.bad, added: '+', removed: '-', same: ' ' };
  const style = worse ? chalk.red.bold : worst.change === 'removed' ? chalk.yellow.bold : chalk.bold;
  page.blank();
  page.prose(`${marks[worst.change]} `, answer(worst, glyph.arrow), style);
  const cause = causeWords(worst);
  if (cause !== undefined) page.labelled('cause', cause);
  for (const { label, text } of sinceLines(group.comparisons, glyph.more)) page.labelled(label, text);
  if (worst.cause?.next !== undefined) page.labelled('next', inline(worst.cause.next), chalk.bold);
  if (diff !== undefined) {
    const others = accessGroups(diff.accesses).slice(1);
    const most = context.verbose ? others.length : fullAccesses;
    for (const other of others.slice(0, most)) page.labelled('also', accessWords(other, glyph.arrow));
    if (others.length > most) page.labelled('also', `${count(others.length - most, 'more access', 'more accesses')}`);
    const price = changed(diff.cost.before, diff.cost.after, cost, glyph.arrow);
    if (price !== undefined && worst.change === 'changed' && diff.accesses.length > 0)
      page.labelled('plan', `cost ${price}`);
    const time = timeWords(worst, glyph.arrow);
    if (time !== undefined) page.labelled('time', time);
    const settings = settingsWords(worst, glyph.arrow);
    if (settings !== undefined) page.labelled('settings', settings);
  }
  if (isWithoutCatalog(worst)) page.labelled('note', withoutCatalog, chalk.dim);
  const alone = report.comparisons.length === 1;
  if (!alone) for (const line of whichWords(report, group, context.verbose)) page.labelled('in', line);
  if (!full) return;
  const title = alone ? 'plans' : `plans of ${inline(worst.name)}`;
  if (diff !== undefined) {
    const paths = diff.accesses.flatMap(({ direction, after: one }) => (direction === 'worse' && one ? one.path : []));
    page.blank();
    drawTrees(page, diffRows(diff), { worse: new Set(paths), title });
  } else if (context.verbose) {
    const side = after ?? before;
    page.blank();
    if (side !== undefined) drawTree(page, planRows(side.plan), { worse: new Set(), title });
  }
}

/** Which plans a group holds: by query, or by their names. */
export function whichWords(report: DiffReport, group: Group, verbose: boolean): string[] {
  const limit = verbose ? Number.POSITIVE_INFINITY : fullNames;
  const of = (comparisons: readonly Comparison[]) => comparisons.flatMap((one) => one.case ?? []);
  const cases = of(group.comparisons);
  if (cases.length < group.comparisons.length) {
    const names = group.comparisons.map(({ name }) => inline(name));
    const more = names.length > limit ? ` and ${count(names.length - limit, 'more')}`.replace(/s$/, '') : '';
    return [`${names.slice(0, limit).join(', ')}${more}`];
  }
  const all = of(report.comparisons);
  const statements = new Map<string, typeof cases>();
  for (const one of cases) {
    const key = JSON.stringify([one.query, one.statement]);
    statements.set(key, [...(statements.get(key) ?? []), one]);
  }
  const lines = [...statements.values()].map((ones) => {
    const [first] = ones;
    const ofQuery = all.filter(({ query }) => query === first?.query);
    const among = ofQuery.filter(({ statement }) => statement === first?.statement);
    const several = new Set(ofQuery.map(({ statement }) => statement)).size > 1;
    const name = `${inline(first?.query ?? '')}${several ? `, statement ${inline(first?.statement ?? '')}` : ''}`;
    return `${name}, ${extent(ones, among, limit)}`;
  });
  if (lines.length <= limit) return lines;
  return [...lines.slice(0, limit), count(lines.length - limit, 'more statement')];
}

function sameBlock(page: DiffPage, group: Group): void {
  for (const { name } of group.comparisons)
    page.prose(`${page.glyph.ok} `, inline(name), (text) => text, page.chalk.green);
}
