import type { FieldChange } from '../../diff/model.js';
import type { Access, PlanNode } from '../../plan/model.js';
import type { Row, RowChange } from '../diff-rows.js';
import { nodeWords } from '../node-words.js';
import { type Markup, markup } from './markup.js';
import { actualRows, type Metric, metricsOf, ratio } from './metrics.js';
import { deepest, steps } from './page.js';
import { type Run, wordDiff } from './word-diff.js';

/** Two trees side by side, or one. */
export interface Tree {
  /** Unique in the page: lines get their ids from it. */
  readonly id: string;
  readonly rows: readonly Row[];
  /** Undefined where there is one tree, which is the tree after. */
  readonly accessesBefore: readonly Access[] | undefined;
  readonly accessesAfter: readonly Access[];
}

const marks: Readonly<Record<RowChange, Markup>> = {
  same: markup`<span class="mark"></span>`,
  changed: markup`<span class="mark">~ changed</span>`,
  moved: markup`<span class="mark">→ moved</span>`,
  added: markup`<span class="mark">+ added</span>`,
  removed: markup`<span class="mark">− removed</span>`,
  left: markup``,
};

/** A moved node's two lines lead to each other. */
function markOf({ change, partner }: Row, own: number, id: string): Markup {
  if (partner === undefined) return marks[change];
  const arrow = partner < own ? '↑' : '↓';
  const words = change === 'left' ? 'was here' : 'moved';
  const label = change === 'left' ? 'stood here; go to where it is' : 'moved; go to where it was';
  return markup`<a class="mark" href="#${id}n${partner}" aria-label="${label}" title="${label}">${arrow} ${words}</a>`;
}

/** Fields that the words of a node tell. */
const told = new Set([
  'Node Type',
  'Parallel Aware',
  'Async Capable',
  'Scan Direction',
  'Index Name',
  'Relation Name',
  'Schema',
  'Alias',
  'Function Name',
  'CTE Name',
  'Table Function Name',
  'Tuplestore Name',
  'Join Type',
  'Strategy',
  'Partial Mode',
  'Operation',
  'Command',
  'Subplan Name',
  'Parent Relationship',
  'Custom Plan Provider',
]);

/** Lists that are shown with a node's conditions. */
const keys = ['Sort Key', 'Presorted Key', 'Group Key', 'Function Call', 'Remote SQL'];

interface Shown extends Tree {
  readonly metrics: readonly Metric[];
  /** What bars and ratios are of: the time where the plans have it, else the cost. */
  readonly lead: Metric;
  readonly largest: number;
  readonly two: boolean;
}

/** The tree as lines that open to a node's details. */
export function treeMarkup(tree: Tree): Markup {
  const { rows } = tree;
  const two = tree.accessesBefore !== undefined;
  const nodes = rows.flatMap((row) => [row.before, row.after].filter((node) => node !== undefined));
  const metrics = metricsOf(nodes);
  const shown = metrics.filter((metric) => nodes.some((node) => metric.of(node) !== undefined));
  const lead = leadMetric(metrics, rows, two);
  const largest = nodes.reduce((most, node) => Math.max(most, lead.of(node) ?? 0), 0);
  const all: Shown = { ...tree, metrics: shown, lead, largest, two };
  const titles = markup`<span class="nums">${shown.map((metric) => markup`<span>${metric.title}</span>`)}</span>`;
  const before = two && markup`<span></span><span class="side before"><b>Before</b>${titles}</span>`;
  const times = two && markup`<span class="times">${lead.title}</span>`;
  return markup`<div class="tree ${two ? 'two' : 'one'} n${shown.length}">
<div class="columns" aria-hidden="true">${before}<span class="side after"><b>${two ? 'After' : 'Plan'}</b>${titles}</span>${times}</div>
<div class="rows">${rows.map((row, index) => rowMarkup(row, index, all))}</div>
</div>`;
}

function leadMetric(metrics: readonly Metric[], rows: readonly Row[], two: boolean): Metric {
  const of = (title: string) => metrics.find((metric) => metric.title === title) as Metric;
  const [cost, time] = [of('cost'), of('time')];
  const has = (side: 'before' | 'after') =>
    rows.some((row) => row[side] !== undefined && time.of(row[side]) !== undefined);
  return has('after') && (!two || has('before')) ? time : cost;
}

function rowMarkup(row: Row, index: number, tree: Shown): Markup {
  const { change, before, after, depth } = row;
  const labels = { before: before && nodeWords(before), after: after && nodeWords(after) };
  const label = before && after && wordDiff(labels.before ?? '', labels.after ?? '');
  const side = (which: 'before' | 'after') => {
    const node = row[which];
    if (node === undefined) return markup`<span class="side ${which}"></span>`;
    const accesses = which === 'before' ? tree.accessesBefore : tree.accessesAfter;
    const twist = row.hasChildren && markup`<i class="twist" aria-hidden="true"></i>`;
    const name = markup`<span class="name">${label === undefined ? labels[which] : runs(label, which)}</span>`;
    const own = change === 'left' ? undefined : accesses?.filter(({ path }) => path === node.path).map(accessBadge);
    return markup`<span class="side ${which} d${Math.min(depth, deepest)}"><span class="node">${twist}${name}${own}</span>${
      change !== 'left' && [numbers(node, tree), lines(node, row.fields, which)]
    }</span>`;
  };
  const times = change === 'left' ? undefined : ratio(before && tree.lead.of(before), after && tree.lead.of(after));
  return markup`<details class="row ${change}${row.changesBelow && ' above'}" id="${tree.id}n${index}" data-depth="${depth}"><summary>${
    tree.two && [markOf(row, index, tree.id), side('before')]
  }${side('after')}${tree.two && timesMarkup(times)}</summary>${facts(before, after, change)}</details>
`;
}

/** How many times as much, as a badge; `isPrice`: more is worse. */
export function timesMarkup(times: string | undefined, isPrice = true): Markup {
  if (times === undefined) return markup`<span class="times"></span>`;
  if (!isPrice) return markup`<span class="times">${times}</span>`;
  return markup`<span class="times ${times.startsWith('×') ? 'worse' : 'better'}">${times}</span>`;
}

/** How a table is reached, as a badge. */
export function accessBadge({ kind, how }: Access): Markup {
  // Without a catalog nobody knows how far an index condition bounds.
  const isOpen = kind === 'partly-bounded' && (how === 'index-condition' || how === 'bitmap');
  return markup`<span class="access ${kind}">${isOpen ? 'index condition' : kind.replace('-', ' ')}</span>`;
}

/** One version of two texts, with what the other does not have marked. */
export function runs(all: readonly Run[], which: 'before' | 'after'): Markup[] {
  return all.flatMap(({ kind, text }) => {
    if (kind === 'same') return markup`${text}`;
    if (kind !== which) return [];
    return which === 'before' ? markup`<del>${text}</del>` : markup`<ins>${text}</ins>`;
  });
}

function lines(node: PlanNode, fields: readonly FieldChange[], which: 'before' | 'after'): Markup[] {
  const changed = new Map(fields.map((field) => [field.field, field]));
  const own = new Map(node.conditions.map(({ label, text }) => [label, text]));
  for (const key of keys) {
    const value = node.properties[key];
    if (value !== undefined) own.set(key, textOf(value));
  }
  for (const field of fields) {
    const value = field[which];
    if (value !== undefined && !told.has(field.field)) own.set(field.field, value);
  }
  return Array.from(own, ([label, text]) => {
    const field = changed.get(label);
    const body = field === undefined ? text : runs(wordDiff(field.before ?? '', field.after ?? ''), which);
    return markup`<span class="line${field !== undefined && ' differs'}"><b>${label}</b> ${body}</span>`;
  });
}

function numbers(node: PlanNode, { metrics, lead, largest }: Shown): Markup {
  const share = largest === 0 ? 0 : Math.ceil(((lead.of(node) ?? 0) / largest) * steps);
  return markup`<span class="nums">${metrics.map((metric) => {
    const value = metric.of(node);
    const estimate = metric.title === 'rows' ? misestimate(node) : undefined;
    return markup`<span data-of="${metric.title}">${value === undefined ? '' : metric.format(value)}${
      estimate !== undefined && markup`<small>est. ${metric.format(estimate)}</small>`
    }</span>`;
  })}</span><span class="bar w${share}" aria-hidden="true"></span>`;
}

/** The estimated rows, where twice as many came or less than half. */
function misestimate(node: PlanNode): number | undefined {
  const [actual, estimated] = [actualRows(node), node.planRows];
  if (actual === undefined || estimated === undefined) return undefined;
  const [less, more] = [Math.min(actual, estimated), Math.max(actual, estimated)];
  return more >= 2 * Math.max(1, less) ? estimated : undefined;
}

/** Every property of a node that its line does not show in full. */
function facts(before: PlanNode | undefined, after: PlanNode | undefined, change: RowChange): Markup | undefined {
  if (change === 'left') return undefined;
  const [one, other] = [properties(before), properties(after)];
  const names = new Set([...one.keys(), ...other.keys()]);
  const both = before !== undefined && after !== undefined;
  return markup`<dl class="facts">${Array.from(names, (name) => {
    const [from, to] = [one.get(name), other.get(name)];
    const differs = both && from !== to;
    const wide = Math.max(from?.length ?? 0, to?.length ?? 0) > 60;
    return markup`<div${wide && markup` class="wide"`}><dt>${name}</dt><dd>${differs ? difference(from, to, wide) : (to ?? from)}</dd></div>`;
  })}</dl>`;
}

/** Both versions in one: long ones word by word. */
function difference(from: string | undefined, to: string | undefined, wide: boolean): Markup {
  if (!wide || from === undefined || to === undefined) {
    return markup`<del>${from ?? 'none'}</del> → <ins>${to ?? 'none'}</ins>`;
  }
  return markup`${wordDiff(from, to).map(({ kind, text }) => {
    if (kind === 'same') return text;
    return kind === 'before' ? markup`<del>${text}</del>` : markup`<ins>${text}</ins>`;
  })}`;
}

function properties(node: PlanNode | undefined): Map<string, string> {
  const all = new Map<string, string>();
  if (node === undefined) return all;
  const { startupCost, totalCost, planRows, planWidth, parentRelationship, subplanName } = node;
  const own: Readonly<Record<string, unknown>> = {
    'Startup Cost': startupCost,
    'Total Cost': totalCost,
    'Plan Rows': planRows,
    'Plan Width': planWidth,
    'Parent Relationship': parentRelationship,
    'Subplan Name': subplanName,
    ...node.properties,
  };
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined || value === false || keys.includes(name)) continue;
    all.set(name, textOf(value));
  }
  return all;
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.map(textOf).join(', ');
  return JSON.stringify(value);
}
