import type { Access } from '../../plan/model.js';
import type { Comparison, PlanInputs, PlanSide } from '../diff-model.js';
import { diffRows, planRows, type Row } from '../diff-rows.js';
import { causeWords, isWithoutCatalog, withoutCatalog } from '../diff-words.js';
import { cost, rough } from '../text.js';
import { type Markup, markup, type Part } from './markup.js';
import { metrics, milliseconds, ratio } from './metrics.js';
import { accessBadge, runs, timesMarkup, treeMarkup } from './tree.js';
import { wordDiff } from './word-diff.js';

/** A part of a case under a heading. */
function section(name: string, title: string, ...content: readonly Part[]): Markup {
  return markup`<section class="${name}"><h3>${title}</h3>
${content}</section>
`;
}

/** Everything about two plans of one thing. */
export function comparisonBody(comparison: Comparison, id: string): Markup {
  const { before, after, diff } = comparison;
  if (before === undefined || after === undefined || diff === undefined) {
    const side = after ?? before;
    return side === undefined ? markup`` : planBody(side, id);
  }
  const same = comparison.change === 'same';
  const tree = same
    ? { id, rows: planRows(after.plan), accessesBefore: undefined, accessesAfter: after.accesses }
    : { id, rows: diffRows(diff), accessesBefore: before.accesses, accessesAfter: after.accesses };
  return markup`${totals(before, after)}${same ? accesses(after) : accessChanges(comparison)}${section(
    'plans',
    same ? 'Plan' : 'Plans',
    treeTools(tree.rows),
    treeMarkup(tree),
  )}${inputs(before, after)}${raw(before, after)}`;
}

/** Everything about one plan. */
export function planBody(side: PlanSide, id: string): Markup {
  const tree = { id, rows: planRows(side.plan), accessesBefore: undefined, accessesAfter: side.accesses };
  return markup`${totals(undefined, side)}${accesses(side)}${section('plans', 'Plan', treeTools(tree.rows), treeMarkup(tree))}${inputs(
    undefined,
    side,
  )}${raw(undefined, side)}`;
}

function treeTools(rows: readonly Row[]): Markup {
  const changes = rows.some((row) => row.change !== 'same');
  return markup`<p class="tools" data-js>${
    changes && markup`<label><input type="checkbox" data-act="only-changes"> only changes</label>`
  }<button type="button" data-act="expand">Expand all</button><button type="button" data-act="collapse">Collapse all</button></p>
`;
}

interface Total {
  readonly title: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly format: (value: number) => string;
}

/** What a plan costs as a whole. */
function totals(before: PlanSide | undefined, after: PlanSide): Markup {
  const root: readonly Total[] = metrics.map(({ title, of, format }) => ({
    title: title === 'cost' ? 'total cost' : title,
    before: before && of(before.plan.root),
    after: of(after.plan.root),
    format,
  }));
  const beside = ['Planning Time', 'Execution Time'].map((name) => ({
    title: name.toLowerCase(),
    before: before && numeric(before.plan.properties[name]),
    after: numeric(after.plan.properties[name]),
    format: milliseconds,
  }));
  const known = [...root, ...beside].filter((total) => total.before !== undefined || total.after !== undefined);
  return markup`<dl class="totals">${known.map((total) => {
    const written = (value: number | undefined) => (value === undefined ? 'unknown' : total.format(value));
    const times = ratio(total.before, total.after);
    return markup`<div><dt>${total.title}</dt><dd>${
      before !== undefined &&
      written(total.before) !== written(total.after) &&
      markup`${written(total.before)} <i>→</i> `
    }<b>${written(total.after)}</b>${before !== undefined && times !== undefined && timesMarkup(times, total.title !== 'rows')}</dd></div>`;
  })}</dl>
`;
}

const numeric = (value: unknown) => (typeof value === 'number' ? value : undefined);

/** Which tables are reached differently, and which as before. */
function accessChanges(comparison: Comparison): Markup | undefined {
  const { diff, before, after } = comparison;
  if (diff === undefined || before === undefined || after === undefined) return undefined;
  const changed = new Set(diff.accesses.flatMap((change) => [change.before, change.after]));
  const kept = after.accesses.filter((access) => !changed.has(access));
  if (diff.accesses.length + kept.length === 0) return undefined;
  return section(
    'accesses',
    'Table accesses',
    markup`<table><thead><tr><th scope="col">table</th><th scope="col">before</th><th scope="col">after</th></tr></thead>
<tbody>${diff.accesses.map(
      (change) =>
        markup`<tr class="${change.direction}">${occurrence(change.after ?? change.before)}<td data-of="before">${reached(change.before)}</td><td data-of="after">${reached(change.after)}</td></tr>
`,
    )}${kept.map(
      (
        access,
      ) => markup`<tr class="kept">${occurrence(access)}<td colspan="2"><small>as before</small> ${reached(access)}</td></tr>
`,
    )}</tbody></table>`,
    isWithoutCatalog(comparison) && openNote,
  );
}

const openNote = markup`<p class="note">${withoutCatalog}</p>`;

function accesses({ accesses, hasCatalog }: PlanSide): Markup | undefined {
  if (accesses.length === 0) return undefined;
  return section(
    'accesses',
    'Table accesses',
    markup`<table><thead><tr><th scope="col">table</th><th scope="col">reached</th></tr></thead>
<tbody>${accesses.map(
      (access) => markup`<tr>${occurrence(access)}<td>${reached(access)}</td></tr>
`,
    )}</tbody></table>`,
    !hasCatalog && openNote,
  );
}

function occurrence(access: Access | undefined): Markup {
  if (access === undefined) return markup`<th scope="row"></th>`;
  const { schema, table, alias } = access;
  const name = schema === undefined || schema === 'public' ? table : `${schema}.${table}`;
  return markup`<th scope="row"><code>${name}</code>${alias !== table && alias !== '' && markup` <small>${alias}</small>`}</th>`;
}

function reached(access: Access | undefined): Markup {
  if (access === undefined) return markup`<span class="none">not read</span>`;
  const { node, how, indexes, rows, cost: spent, indexConditions } = access;
  const worker = node.startsWith('Parallel ') ? ' per worker' : '';
  const known = [
    rows === undefined ? undefined : `${rough(rows)} ${rows === 1 ? 'row' : 'rows'}${worker}`,
    spent === undefined ? undefined : `cost ${cost(spent)}`,
  ].filter((words) => words !== undefined);
  // Where a LIMIT ends the reading, they are those of reading to the end.
  const numbers = how === 'limit' ? [] : known;
  return markup`${accessBadge(access)} ${node}${indexes.length > 0 && markup` <code>${indexes.join(', ')}</code>`}${
    numbers.length > 0 && markup` <small>${numbers.join(', ')}</small>`
  }${indexConditions.map((condition) => markup`<code class="condition">${condition}</code>`)}`;
}

/** Words of ours, in which code stands between backticks. */
export function prose(text: string): Part {
  return text.split('`').map((part, index) => (index % 2 === 0 ? part : markup`<code>${part}</code>`));
}

/** Why, and what to do. */
export function causeMarkup(comparison: Comparison): Markup | undefined {
  const words = causeWords(comparison);
  if (words === undefined) return undefined;
  if (comparison.cause === undefined)
    return markup`<p class="note">Cause ${words}</p>
`;
  const { next } = comparison.cause;
  return markup`<div class="cause"><p><b>Cause</b> ${prose(words)}</p>${next !== undefined && markup`<p><b>Next</b> ${prose(next)}</p>`}</div>
`;
}

type Shown = { readonly name: string; readonly before: string | undefined; readonly after: string | undefined };

/** What the plans were made from. */
function inputs(before: PlanSide | undefined, after: PlanSide): Markup {
  const two = before !== undefined;
  const rows: Shown[] = [
    { name: 'source', before: before?.source, after: after.source },
    { name: 'values', before: values(before?.inputs), after: values(after.inputs) },
    { name: 'schema', before: before?.inputs.schema, after: after.inputs.schema },
    { name: 'statistics', before: before?.inputs.statistics, after: after.inputs.statistics },
    ...settings(before?.inputs.settings, after.inputs.settings),
    { name: 'server', before: before?.inputs.server, after: after.inputs.server },
  ];
  const known = rows.filter((row) => row.before !== undefined || row.after !== undefined);
  return section(
    'inputs',
    'Inputs',
    markup`<table><thead><tr><th scope="col">input</th>${two && markup`<th scope="col">before</th>`}<th scope="col">${two ? 'after' : 'value'}</th></tr></thead>
<tbody>${known.map((row) => inputRow(row, two))}</tbody></table>`,
    statements(before?.inputs.statement, after.inputs.statement, two),
  );
}

/** Inputs that are told by the names of files: what is in those is not known here. */
const places = new Set(['source', 'schema', 'statistics']);

function inputRow({ name, before, after }: Shown, two: boolean): Markup {
  const head = markup`<th scope="row">${name}</th>`;
  if (!two)
    return markup`<tr>${head}<td>${after}</td></tr>
`;
  if (before === after)
    return markup`<tr>${head}<td colspan="2">${after}${!places.has(name) && markup` <small>the same</small>`}</td></tr>
`;
  const unknown = markup`<span class="none">unknown</span>`;
  const known = before !== undefined && after !== undefined && !places.has(name);
  const text = (which: 'before' | 'after') => {
    const value = which === 'before' ? before : after;
    if (value === undefined) return unknown;
    return known ? runs(wordDiff(before, after), which) : value;
  };
  return markup`<tr${known && markup` class="differs"`}>${head}<td data-of="before">${text('before')}</td><td data-of="after">${text('after')}</td></tr>
`;
}

function values(inputs: PlanInputs | undefined): string | undefined {
  if (inputs?.values === undefined) return undefined;
  if (inputs.values.length === 0) return 'none';
  return inputs.values.map((value, index) => `$${index + 1} = ${value === null ? 'NULL' : `'${value}'`}`).join(', ');
}

/** One line for all settings that are the same, and one for each that is not. */
function settings(before: PlanInputs['settings'], after: PlanInputs['settings']): Shown[] {
  const written = (all: NonNullable<PlanInputs['settings']>, names: readonly string[]) =>
    names.map((name) => `${name} = ${all[name]}`).join(', ') || 'none';
  if (before === undefined || after === undefined) {
    const one = (all: PlanInputs['settings']) => all && written(all, Object.keys(all));
    return [{ name: 'settings', before: one(before), after: one(after) }];
  }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const same = names.filter((name) => before[name] === after[name]);
  const differing = names.filter((name) => before[name] !== after[name]);
  const kept = written(after, same);
  return [
    ...(same.length > 0 || differing.length === 0 ? [{ name: 'settings', before: kept, after: kept }] : []),
    ...differing.map((name) => ({ name, before: before[name] ?? 'default', after: after[name] ?? 'default' })),
  ];
}

function statements(before: string | undefined, after: string | undefined, two: boolean): Markup | undefined {
  if (before === undefined && after === undefined) return undefined;
  if (!two || before === after)
    return markup`${two && markup`<p class="note">The statement is the same.</p>`}${block('Statement', after ?? before)}`;
  if (before === undefined || after === undefined) {
    return markup`<div class="pair">${block('Statement before', before)}${block('Statement after', after)}</div>`;
  }
  const words = wordDiff(before, after);
  return markup`<div class="pair">${block('Statement before', runs(words, 'before'))}${block('Statement after', runs(words, 'after'))}</div>`;
}

/** Text as it stands, with a button that copies it. */
function block(title: string, text: Part): Markup {
  return markup`<figure><figcaption>${title}<button type="button" class="copy" data-js data-act="copy">Copy</button></figcaption><pre tabindex="0" aria-label="${title}">
${text ?? 'unknown'}</pre></figure>`;
}

/** The plans as they were given. */
function raw(before: PlanSide | undefined, after: PlanSide): Markup {
  const content =
    before === undefined || before.raw === after.raw
      ? block('Plan', after.raw)
      : markup`<div class="pair">${block('Plan before', before.raw)}${block('Plan after', after.raw)}</div>`;
  return markup`<details class="raw"><summary><h3>Raw ${before === undefined || before.raw === after.raw ? 'plan' : 'plans'}</h3></summary>${content}</details>
`;
}
