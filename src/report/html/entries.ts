import { type Markup, markup, type Part } from './markup.js';

/** A plan, or two of the same thing, as one line that opens. */
export interface Item {
  readonly name: string;
  /** Shown at the end of its line. */
  readonly numbers: Part;
  readonly statistics: string | undefined;
  readonly mode: string | undefined;
  /** Equal for items with the same plans, which are shown once. */
  readonly plans: string;
  /** Makes what it opens to; ids in it begin with `id`. */
  readonly body: (id: string) => Markup;
}

/** Items that a reader takes as one. */
export interface Entry {
  readonly kind: string;
  /** A badge that tells the kind. */
  readonly badge: Markup;
  /** The answer, in one sentence or a few. */
  readonly answer: string;
  /** In the list: what it is, or the answer again. */
  readonly title: string;
  /** In the list: what else to know, in a few words. */
  readonly aside: string;
  readonly numbers: Part;
  /** Stands between the answer and the plans. */
  readonly why: Part;
  readonly items: readonly Item[];
  /** Whether the first item stands for all. */
  readonly first: 'all' | 'worst';
}

/** Characters of HTML that all items beside the first of each entry may take together. */
const budget = 4_000_000;

/**
 * The list of entries with what filters it, and the entries themselves. A single plan needs no list.
 * @param quiet the kind of entries that are listed below this title, and shown when it is opened
 */
export function entriesMarkup(entries: readonly Entry[], quiet?: { kind: string; title: string }): Markup {
  const room = { left: budget };
  const sections = entries.map((entry, index) => entryMarkup(entry, `e${index + 1}`, room));
  if (entries.length < 2 && (entries[0]?.items.length ?? 0) < 2) return markup`<main id="plans">${sections}</main>`;
  const line = (entry: Entry, index: number) =>
    markup`<li data-entry="e${index + 1}"><a href="#e${index + 1}">${entry.badge}<span class="title">${entry.title}</span><span class="aside">${entry.aside}</span>${entry.numbers}</a></li>
`;
  const numbered = entries.map((entry, index) => ({ entry, line: line(entry, index) }));
  const loud = numbered.filter(({ entry }) => entry.kind !== quiet?.kind);
  const rest = numbered.filter(({ entry }) => entry.kind === quiet?.kind);
  return markup`<nav class="overview" aria-label="Plans">
${filters(entries)}
${loud.length > 0 && markup`<ol>${loud.map((one) => one.line)}</ol>`}
${
  rest.length > 0 &&
  markup`<details class="rest"${loud.length === 0 && markup` open`}><summary>${quiet?.title}</summary><ol>${rest.map((one) => one.line)}</ol></details>`
}
<p hidden>Nothing matches the filter.</p>
</nav>
<main id="plans">${sections}</main>`;
}

function filters(entries: readonly Entry[]): Markup {
  const items = entries.flatMap((entry) => entry.items);
  const choices = [
    { name: 'kind', all: 'all kinds', values: entries.map((entry) => entry.kind) },
    { name: 'statistics', all: 'all statistics', values: items.map((item) => item.statistics) },
    { name: 'mode', all: 'custom and generic', values: items.map((item) => item.mode) },
  ];
  return markup`<form class="filters" data-js role="search">
<input type="search" name="text" placeholder="Filter by name, table, index ( / )" aria-label="Filter by name, table or index" autocomplete="off" spellcheck="false">
${choices.map(({ name, all, values }) => {
  const known = [...new Set(values)].filter((value) => value !== undefined);
  if (known.length < 2) return undefined;
  return markup`<select name="${name}" aria-label="${name}"><option value="">${all}</option>${known.map(
    (value) => markup`<option>${value}</option>`,
  )}</select>
`;
})}<output aria-live="polite"></output>
</form>`;
}

function entryMarkup(entry: Entry, id: string, room: { left: number }): Markup {
  const { items, kind, answer, why, badge } = entry;
  const [first] = items;
  const head = markup`<section class="entry ${kind}" id="${id}" data-kind="${kind}" aria-labelledby="${id}h" tabindex="-1">
<p class="about">${badge} ${items.length > 1 ? entry.aside : first?.name}</p>
<h2 id="${id}h">${answer}</h2>
${why}`;
  if (first === undefined) return markup`${head}</section>`;
  if (items.length === 1) {
    return markup`${head}<div class="item" ${filterable(first)}>${first.body(`${id}i0`)}</div></section>
`;
  }
  let shared = 0;
  const shown = new Map<string, string>();
  const lines = items.map((item, index) => {
    const twin = shown.get(item.plans);
    if (twin !== undefined && entry.first === 'worst') {
      return markup`<p class="item" ${filterable(item)}>${itemLine(item)} <a href="#${twin}">the same plans</a></p>
`;
    }
    const body = index === 0 || (entry.first === 'worst' && room.left > 0) ? item.body(`${id}i${index}`) : undefined;
    if (body === undefined) {
      shared++;
      return markup`<p class="item" ${filterable(item)}>${itemLine(item)}</p>
`;
    }
    shown.set(item.plans, `${id}i${index}`);
    if (index > 0) room.left -= body.text.length;
    return markup`<details class="item" id="${id}i${index}" ${filterable(item)}${index === 0 && markup` open`}><summary>${itemLine(item)}</summary>
${body}</details>
`;
  });
  const note =
    shared > 0 &&
    markup`<p class="note">${
      entry.first === 'all'
        ? 'All have this plan; values in it and numbers may differ.'
        : `To keep the page small, ${shared} of them are not shown: they differ from those that are in values and numbers alone.`
    }</p>`;
  return markup`${head}<div class="items">${lines[0]}${note}${lines.slice(1)}</div></section>
`;
}

const filterable = (item: Item) => markup`data-statistics="${item.statistics}" data-mode="${item.mode}"`;

const itemLine = (item: Item) => markup`<span class="what">${item.name}</span>${item.numbers}`;
