import type { FieldChange } from '../diff/model.js';
import type { PlanNode } from '../plan/model.js';
import type { Row, RowChange } from './diff-rows.js';
import { inline } from './escape.js';
import { nodeWords } from './node-words.js';
import { count } from './text.js';

/** A line of two aligned trees: a node, or so many that are left out. */
export interface TreeItem {
  readonly row: Row | undefined;
  /** Nodes that are left out here. */
  readonly hidden: number;
  /** How many of those differ. */
  readonly hiddenChanges: number;
  /** What draws the branches before the first line of the node, and before those below it. */
  readonly stem: string;
  readonly below: string;
}

export interface ItemOptions {
  /** Most nodes that are shown; the rest is left out. Infinity shows all. */
  readonly nodes: number;
  readonly unicode: boolean;
  /** Most columns for a stem: what is deeper is drawn without its first branches. */
  readonly stem: number;
}

/** Nodes above a changed one that are shown with it. */
const near = 3;

/**
 * What is drawn of the lines of two trees: those that differ with what is near to them; long runs of others are left out
 * as `… 12 more nodes`.
 */
export function treeItems(rows: readonly Row[], options: ItemOptions): TreeItem[] {
  const kept = keep(rows, options.nodes);
  const items: { row: Row | undefined; hidden: number; hiddenChanges: number; depth: number }[] = [];
  rows.forEach((row, index) => {
    if (kept[index]) {
      items.push({ row, hidden: 0, hiddenChanges: 0, depth: row.depth });
      return;
    }
    const last = items.at(-1);
    const differs = row.change === 'same' ? 0 : 1;
    if (last !== undefined && last.row === undefined) {
      last.hidden += 1;
      last.hiddenChanges += differs;
      last.depth = Math.min(last.depth, row.depth);
    } else items.push({ row: undefined, hidden: 1, hiddenChanges: differs, depth: row.depth });
  });
  return withStems(items, options);
}

function keep(rows: readonly Row[], most: number): boolean[] {
  const kept = rows.map(() => false);
  if (rows.length <= most) return kept.fill(true);
  const parents = parentsOf(rows);
  let left = most;
  const take = (index: number) => {
    if (kept[index] || left <= 0) return;
    kept[index] = true;
    left -= 1;
  };
  take(0);
  rows.forEach(({ change }, index) => {
    if (change !== 'same') take(index);
  });
  rows.forEach(({ change }, index) => {
    let above = parents[index] as number;
    for (let step = 0; change !== 'same' && step < near && above >= 0; step++) {
      take(above);
      above = parents[above] as number;
    }
  });
  return kept;
}

function parentsOf(rows: readonly { readonly depth: number }[]): number[] {
  const above: number[] = [];
  return rows.map(({ depth }, index) => {
    while (above.length > 0 && (rows[above.at(-1) as number] as { depth: number }).depth >= depth) above.pop();
    const parent = above.at(-1) ?? -1;
    above.push(index);
    return parent;
  });
}

function withStems(
  items: readonly { row: Row | undefined; hidden: number; hiddenChanges: number; depth: number }[],
  { unicode, stem: most }: ItemOptions,
): TreeItem[] {
  const glyphs = unicode
    ? { tee: '├─ ', last: '└─ ', bar: '│  ', gap: '   ' }
    : { tee: '|- ', last: '`- ', bar: '|  ', gap: '   ' };
  const parents = parentsOf(items);
  const lastChild = new Map(parents.map((parent, index) => [parent, index]));
  const before: string[] = [];
  return items.map(({ row, hidden, hiddenChanges }, index) => {
    const parent = parents[index] as number;
    const isLast = lastChild.get(parent) === index;
    const above = parent < 0 ? '' : (before[parent] as string);
    const inner = parent < 0 ? '' : above + (isLast ? glyphs.gap : glyphs.bar);
    before.push(inner);
    const hasChildren = lastChild.has(index);
    const cut = Math.max(0, inner.length - most);
    return {
      row,
      hidden,
      hiddenChanges,
      stem: parent < 0 ? '' : (above + (isLast ? glyphs.last : glyphs.tee)).slice(cut),
      below: (inner + (hasChildren ? glyphs.bar : glyphs.gap)).slice(cut),
    };
  });
}

/** `12 more nodes, 3 of them differ`. */
export function hiddenWords({ hidden, hiddenChanges }: TreeItem, more: string): string {
  const differ = hiddenChanges === 0 ? '' : `, ${hiddenChanges === hidden ? 'all' : hiddenChanges} different`;
  return `${more} ${count(hidden, 'more node')}${differ}`;
}

/** A mark that works without colour: same, changed, moved, added, removed, and where a moved node was. */
export const marks: Readonly<Record<RowChange, string>> = {
  same: ' ',
  changed: '~',
  moved: '>',
  added: '+',
  removed: '-',
  left: '<',
};

/** Fields that stand in the words of a node. */
const inWords: ReadonlySet<string> = new Set([
  'Node Type',
  'Subplan Name',
  'Parallel Aware',
  'Async Capable',
  'Schema',
  'Relation Name',
  'Alias',
  'Index Name',
  'Scan Direction',
  'Join Type',
  'Strategy',
  'Partial Mode',
  'Operation',
  'Command',
  'CTE Name',
  'Function Name',
  'Table Function Name',
  'Tuplestore Name',
  'Custom Plan Provider',
]);

/** Fields to be shown below a node: all that its words do not tell. */
export function shownFields(row: Row): readonly FieldChange[] {
  const told = row.fields.filter(({ field }) => !inWords.has(field));
  const silent = row.before !== undefined && row.after !== undefined && words(row.before) === words(row.after);
  return silent && told.length === 0 ? row.fields : told;
}

/** A node in EXPLAIN's words, for one line. */
export function words(node: PlanNode): string {
  return inline(nodeWords(node));
}

/** The conditions of a node, for a node that only one plan has. */
export function conditionsOf(node: PlanNode): string[] {
  const keys = ['Sort Key', 'Group Key'].flatMap((name) => {
    const value = node.properties[name];
    return Array.isArray(value) ? [`${name}: ${value.join(', ')}`] : [];
  });
  return [...node.conditions.map(({ label, text }) => `${label}: ${text}`), ...keys].map(inline);
}
