import { type Group, groupComparisons } from './diff-groups.js';
import type { Comparison, DiffReport } from './diff-model.js';
import { DiffPage } from './diff-page.js';
import { whichWords } from './diff-pretty.js';
import { diffRows, planRows } from './diff-rows.js';
import { sinceLines } from './diff-since.js';
import { drawTree, drawTrees } from './diff-trees.js';
import {
  accessGroups,
  accessWords,
  answer,
  causeWords,
  changed,
  isWithoutCatalog,
  settingsWords,
  timeWords,
  verdictWords,
  withoutCatalog,
} from './diff-words.js';
import { codeBlock, markdown } from './escape.js';
import { cost, count } from './text.js';

/** GitHub refuses a comment of more characters than this (65,536); some room is left for what a bot puts around it. */
const limit = 65_000;
/** Columns of the trees: what GitHub shows of a comment without scrolling. */
const width = 100;
const arrow = '→';

/**
 * What changed, as Markdown for a pull request: a table of what changed alike, then each with its plans folded away. At
 * most 65,000 characters: trees are left out first, then what changed least, and a note says so.
 */
export function diffMarkdown(report: DiffReport, context: { readonly verbose: boolean }): string {
  const groups = groupComparisons(report.comparisons).filter(({ change }) => change !== 'same');
  const mark = report.verdict === 'same' ? '✅' : '❌';
  const ways = groups.length > 1 ? `, in ${groups.length} ways` : '';
  const head = [
    `## ${mark} plan-guard diff: ${markdown(`${verdictWords(report)}${ways}`)}`,
    `${markdown(report.before)} ${arrow} ${markdown(report.after)}`,
  ];
  const blocks = groups.map((group) => groupBlocks(report, group, context.verbose));
  return withinLimit(
    clipped(head.join('\n\n'), limit / 4),
    groups.length > 1 ? table(report, groups) : undefined,
    blocks,
  );
}

interface Block {
  readonly words: string;
  readonly plans: string | undefined;
}

const signs: Readonly<Record<Comparison['change'], string>> = {
  changed: '🔀',
  dearer: '❌',
  added: '➕',
  removed: '➖',
  same: '✅',
};

function signOf({ change, diff }: Comparison): string {
  return diff?.accesses.some(({ direction }) => direction === 'worse') ? '❌' : signs[change];
}

function table(report: DiffReport, groups: readonly Group[]): string {
  const rows = groups.slice(0, 50).map((group) => {
    const [worst] = group.comparisons;
    if (worst === undefined) return '';
    const price = changed(worst.diff?.cost.before, worst.diff?.cost.after, cost, arrow) ?? '';
    const cells = [
      signOf(worst),
      whichWords(report, group, false).map(short).join('<br>'),
      short(answer(worst, arrow)),
      markdown(worst.diff === undefined ? '' : price),
      markdown(worst.cause?.inputs.join(', ') ?? ''),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const more = groups.length > 50 ? [`\n${count(groups.length - 50, 'more way')} below.`] : [];
  return ['| | Plans | What changed | Cost | Cause |', '|---|---|---|---:|---|', ...rows, ...more].join('\n');
}

/** One line of a cell; a long one is cut. */
const short = (text: string) => markdown(text.length > 240 ? `${text.slice(0, 240)}…` : text);

const labels = { since: 'Since', approved: 'Approved' } as const;

function groupBlocks(report: DiffReport, group: Group, verbose: boolean): Block {
  const [worst] = group.comparisons;
  if (worst === undefined) return { words: '', plans: undefined };
  const { diff } = worst;
  const facts: [string, string | undefined][] = [
    ['Cause', causeWords(worst)],
    ...sinceLines(group.comparisons).map(({ label, text }): [string, string] => [labels[label], text]),
    ['Next', worst.cause?.next],
  ];
  if (diff !== undefined) {
    for (const other of accessGroups(diff.accesses).slice(1, 6)) facts.push(['Also', accessWords(other, arrow)]);
    if (worst.change === 'changed' && diff.accesses.length > 0) facts.push(['Plan', priceOf(worst)]);
    facts.push(['Time', timeWords(worst, arrow)], ['Settings', settingsWords(worst, arrow)]);
  }
  if (isWithoutCatalog(worst)) facts.push(['Note', withoutCatalog]);
  if (report.comparisons.length > 1) for (const line of whichWords(report, group, verbose)) facts.push(['In', line]);
  const list = facts.flatMap(([name, text]) => (text === undefined ? [] : [`- **${name}:** ${markdown(text)}`]));
  return {
    words: clipped([`### ${signOf(worst)} ${markdown(answer(worst, arrow))}`, list.join('\n')].join('\n\n'), limit / 4),
    plans: plans(worst, verbose),
  };
}

function priceOf({ diff }: Comparison): string | undefined {
  const price = changed(diff?.cost.before, diff?.cost.after, cost, arrow);
  return price === undefined ? undefined : `cost ${price}`;
}

/** The trees in one, folded away. GitHub colours lines that begin with `+` and `-`. */
function plans(comparison: Comparison, verbose: boolean): string | undefined {
  const { diff, before, after, name } = comparison;
  const page = new DiffPage({ color: false, width, unicode: true, verbose });
  const side = after ?? before;
  if (diff !== undefined) {
    const paths = diff.accesses.flatMap(({ direction, after: one }) => (direction === 'worse' && one ? one.path : []));
    drawTrees(page, diffRows(diff), { worse: new Set(paths), title: '' });
  } else if (side !== undefined) drawTree(page, planRows(side.plan), { worse: new Set(), title: '' });
  else return undefined;
  const lines = page
    .text()
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(2));
  const block = codeBlock(lines, diff === undefined ? 'text' : 'diff');
  const shown = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  return `<details><summary>${diff === undefined ? 'Plan' : 'Plans'} of ${markdown(shown)}</summary>\n\n${block}\n\n</details>`;
}

/** A block that is too long by itself ends in `…`; Markdown is escaped by then, so that it is cut at a blank. */
function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, text.lastIndexOf(' ', most))} …`;
}

function withinLimit(head: string, overview: string | undefined, blocks: readonly Block[]): string {
  let room = limit - 200;
  const take = (text: string | undefined): text is string => {
    if (text === undefined || text.length + 2 > room) return false;
    room -= text.length + 2;
    return true;
  };
  take(head);
  const table = take(overview) ? [overview] : [];
  const words = blocks.map((block) => take(block.words));
  const trees = blocks.map((block, index) => words[index] === true && take(block.plans));
  const parts = blocks.flatMap((block, index) => [
    ...(words[index] ? [block.words] : []),
    ...(trees[index] && block.plans !== undefined ? [block.plans] : []),
  ]);
  const left = {
    words: words.filter((taken) => !taken).length,
    trees: blocks.filter((block, index) => block.plans !== undefined && !trees[index]).length,
  };
  const missing = [
    ...(left.words === 0 ? [] : [count(left.words, 'change')]),
    ...(left.trees === 0 ? [] : [`the plans of ${count(left.trees, 'change')}`]),
  ];
  const note = missing.length === 0 ? [] : [`_${missing.join(' and ')} left out: a comment holds 65,536 characters._`];
  return `${[head, ...table, ...parts, ...note].join('\n\n')}\n`;
}
