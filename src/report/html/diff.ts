import { type Group, groupComparisons } from '../diff-groups.js';
import type { Comparison, DiffReport } from '../diff-model.js';
import { answer, sideWords, verdictWords } from '../diff-words.js';
import { cost, count, listed } from '../text.js';
import { type Entry, entriesMarkup, type Item } from './entries.js';
import { type Markup, markup } from './markup.js';
import { ratio } from './metrics.js';
import { header, page } from './page.js';
import { causeMarkup, comparisonBody } from './sections.js';
import { sinceMarkup } from './since.js';
import { timesMarkup } from './tree.js';

/** What a page may know beside the report. */
export interface HtmlContext {
  /** Version of plan-guard. */
  readonly version: string;
}

const badges: Readonly<Record<Comparison['change'], Markup>> = {
  changed: markup`<span class="badge changed"><b>~</b> changed</span>`,
  dearer: markup`<span class="badge dearer"><b>↗</b> dearer</span>`,
  added: markup`<span class="badge added"><b>+</b> added</span>`,
  removed: markup`<span class="badge removed"><b>−</b> removed</span>`,
  same: markup`<span class="badge same"><b>=</b> same</span>`,
};

/** The report as one HTML page that needs nothing else: no network, and no script for reading. Pure. */
export function diffHtml(report: DiffReport, context: HtmlContext): string {
  const groups = groupComparisons(report.comparisons);
  const words = headline(report, groups);
  const same = report.comparisons.filter((one) => one.change === 'same').length;
  return page({
    title: `${words}: ${report.before} → ${report.after}`,
    version: context.version,
    content: markup`${header(report.verdict === 'same' ? 'fine' : 'different', words, sides(report))}
${entriesMarkup(groups.map(entry), { kind: 'same', title: `${count(same, 'plan')} ${same === 1 ? 'is' : 'are'} the same` })}`,
  });
}

const sides = ({ before, after }: DiffReport) =>
  markup`<span class="before">${before}</span> → <span class="after">${after}</span>`;

function headline(report: DiffReport, groups: readonly Group[]): string {
  const ways = groups.filter((group) => group.change !== 'same').length;
  const words = verdictWords(report);
  return `${words[0]?.toUpperCase()}${words.slice(1)}${ways > 1 ? `, in ${ways} ways` : ''}`;
}

function entry({ change, comparisons }: Group): Entry {
  const [worst] = comparisons;
  const queries = [...new Set(comparisons.map((one) => one.case?.query ?? one.name))];
  const words = worst === undefined ? '' : answer(worst, '→');
  const many = comparisons.length > 1;
  const named = many ? `${count(comparisons.length, 'plan')} of ${listed(queries.slice(0, 3))}` : (worst?.name ?? '');
  return {
    kind: change,
    badge: badges[change],
    answer: words,
    title: change === 'same' && worst?.after !== undefined ? sideWords(worst.after) : words,
    numbers: worst && timesMarkup(ratio(worst.diff?.cost.before, worst.diff?.cost.after)),
    why: worst && [causeMarkup(worst), sinceMarkup(comparisons)],
    aside: queries.length > 3 ? `${named} and ${queries.length - 3} more` : named,
    items: comparisons.map(item),
    first: change === 'same' ? 'all' : 'worst',
  };
}

function item(comparison: Comparison): Item {
  const { name, diff, before, after } = comparison;
  const [from, to] = [before?.plan.root.totalCost, after?.plan.root.totalCost];
  const costs = [from, to].filter((value) => value !== undefined).map(cost);
  return {
    name,
    numbers: markup`<span class="cost">${costs.length > 0 && `cost ${[...new Set(costs)].join(' → ')}`}</span>${timesMarkup(
      ratio(diff?.cost.before, diff?.cost.after),
    )}`,
    statistics: comparison.case?.statistics,
    mode: comparison.case?.mode,
    plans: JSON.stringify([before?.raw, after?.raw]),
    body: (id) => comparisonBody(comparison, id),
  };
}
