import type { FieldChange } from '../../diff/model.js';
import type { Access, PlanNode } from '../../plan/model.js';
import { integer } from '../text.js';
import { type Markup, markup } from './markup.js';
import { actualRows, type Metric, metrics, ratio } from './metrics.js';
import { deepest, steps } from './page.js';
import type { Row, RowChange } from './rows.js';
import { type Run, wordDiff } from './word-diff.js';
import { nodeText } from './words.js';

/** Two trees side by side, or one. */
export interface Tree {
  /** Unique in the page: lines get their ids from it. */
  readonly id: string;
  readonly rows: readonly Row[];
  /** Undefined where there is one tree, which is the tree after. */
  readonly accessesBefore: readonly Access[] | undefined;
  readonly accessesAfter: readonly Access[];
}

const marks: Readonly<Record<RowChange, Markup | undefined>> = {
  same: undefined,
  changed: markup`<span class="mark"><b>~</b> changed</span>`,
  moved: markup`<span class="mark"><b>→</b> moved</span>`,
  added: markup`<span class="mark"><b>+</b> added</span>`,
  removed: markup`<span class="mark"><b>−</b> removed</span>`,
  left: markup`<span class="mark"><b>↷</b> was here</span>`,
};

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

interface Columns {
  readonly metrics: readonly Metric[];
  /** What bars and ratios are of: the time where the plans have it, else the cost. */
  readonly lead: Metric;
  readonly largest: number;
  readonly two: boolean;
}

/** The tree as lines that open to a node's details. */
export function treeMarkup({ id, rows, accessesBefore, accessesAfter }: Tree): Markup {
  const two = accessesBefore !== undefined;
  const nodes = rows.flatMap((row) => [row.before, row.after].filter((node) => node !== undefined));
  const shown = metrics.filter((metric) => nodes.some((node) => metric.of(node) !== undefined));
  const lead = leadMetric(rows, two);
  const largest = nodes.reduce((most, node) => Math.max(most, lead.of(node) ?? 0), 0);
  const columns: Columns = { metrics: shown, lead, largest, two };
  const before = new Map(accessesBefore?.map((access) => [access.path, access]));
  const after = new Map(accessesAfter.map((access) => [access.path, access]));
  const titles = markup`<span class="nums">${shown.map((metric) => markup`<span>${metric.title}</span>`)}</span>`;
  return markup`<div class="tree ${two ? 'two' : 'one'} n${shown.length}" data-tree>
<div class="columns" aria-hidden="true"><span></span>${
    two && markup`<span class="side"><b>Before</b>${titles}</span>`
  }<span class="side"><b>${two ? 'After' : 'Plan'}</b>${titles}</span>${two && markup`<span class="times">${lead.title}</span>`}</div>
<div class="rows">${rows.map((row, index) =>
    rowMarkup(row, `${id}n${index}`, row.partner === undefined ? undefined : `${id}n${row.partner}`, columns, [
      before,
      after,
    ]),
  )}</div>
</div>`;
}

function leadMetric(rows: readonly Row[], two: boolean): Metric {
  const [, cost, time] = metrics;
  const has = (side: 'before' | 'after') =>
    rows.some((row) => row[side] !== undefined && time.of(row[side]) !== undefined);
  return has('after') && (!two || has('before')) ? time : cost;
}

function rowMarkup(
  row: Row,
  id: string,
  partner: string | undefined,
  columns: Columns,
  accesses: readonly [ReadonlyMap<string, Access>, ReadonlyMap<string, Access>],
): Markup {
  const { change, before, after, depth, fields } = row;
  const labels = [before && nodeText(before), after && nodeText(after)] as const;
  const label = labels[0] === undefined || labels[1] === undefined ? undefined : wordDiff(labels[0], labels[1]);
  const side = (which: 'before' | 'after') => {
    const node = row[which];
    if (node === undefined) return markup`<span class="side ${which}"></span>`;
    const index = which === 'before' ? 0 : 1;
    const access = change === 'left' ? undefined : accesses[index].get(node.path);
    return markup`<span class="side ${which}"><span class="node d${Math.min(depth, deepest)}">${
      row.hasChildren && markup`<i class="twist" aria-hidden="true"></i>`
    }<span class="name">${label === undefined ? labels[index] : runs(label, which)}</span>${access && accessBadge(access)}${
      change !== 'left' && lines(node, fields, which)
    }</span>${change !== 'left' && numbers(node, columns)}</span>`;
  };
  const [one, other] = [before && columns.lead.of(before), after && columns.lead.of(after)];
  const times = change === 'left' ? undefined : ratio(one, other);
  const kinds = ['row', change, row.changesBelow && 'above', times !== undefined && 'differs']
    .filter(Boolean)
    .join(' ');
  const link =
    partner === undefined
      ? undefined
      : markup`<a class="partner" href="#${partner}">${change === 'left' ? 'see where it is' : 'see where it was'}</a>`;
  return markup`<details class="${kinds}" id="${id}" data-depth="${depth}"><summary><span class="gutter">${marks[change]}${link}</span>${
    columns.two && side('before')
  }${side('after')}${columns.two && timesMarkup(times)}</summary>${facts(before, after, change)}</details>
`;
}

/** How many times as much, as a badge. */
export function timesMarkup(times: string | undefined): Markup {
  if (times === undefined) return markup`<span class="times"></span>`;
  return markup`<span class="times ${times.startsWith('×') ? 'worse' : 'better'}">${times}</span>`;
}

/** How a table is reached, as a badge. */
export function accessBadge(access: Access): Markup {
  return markup`<span class="access ${access.kind}">${access.kind.replace('-', ' ')}</span>`;
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

function numbers(node: PlanNode, { metrics, lead, largest }: Columns): Markup {
  const share = largest === 0 ? 0 : Math.ceil(((lead.of(node) ?? 0) / largest) * steps);
  return markup`<span class="nums">${metrics.map((metric) => {
    const value = metric.of(node);
    const estimate = metric.name === 'rows' && actualRows(node) !== undefined ? node.planRows : undefined;
    return markup`<span class="${metric.name}">${value === undefined ? '' : metric.format(value)}${
      estimate !== undefined && markup`<small>est. ${metric.format(estimate)}</small>`
    }</span>`;
  })}</span><span class="bar w${share}" aria-hidden="true"></span>`;
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
    return markup`<div${differs && markup` class="differs"`}><dt>${name}</dt><dd>${
      differs ? markup`<del>${from ?? 'none'}</del> → <ins>${to ?? 'none'}</ins>` : (to ?? from)
    }</dd></div>`;
  })}</dl>`;
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
  if (typeof value === 'number') return Number.isInteger(value) ? integer(value) : String(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.map(textOf).join(', ');
  return JSON.stringify(value);
}
