import { nodeName } from '../plan/node-names.js';
import { inline } from './escape.js';
import { count } from './text.js';

/** A node of EXPLAIN's JSON as it is shown. */
export interface TreeNode {
  /** As in `PlanNode.path`. */
  readonly path: string;
  /** EXPLAIN's words: `Parallel Seq Scan on tracks t`. */
  readonly label: string;
  readonly conditions: readonly string[];
  readonly rows: number | undefined;
  readonly cost: number | undefined;
  readonly children: readonly TreeNode[];
  /** Nodes in this subtree, itself included. */
  readonly size: number;
}

type Raw = Readonly<Record<string, unknown>>;

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown) => (typeof value === 'string' ? inline(value) : undefined);
const number = (value: unknown) => (typeof value === 'number' ? value : undefined);

/**
 * Reads EXPLAIN's JSON leniently for showing it: what is not there is not shown.
 * Undefined where the record holds no plan. Takes `{ "Plan": … }` and the root node alike.
 */
export function planTree(plan: Raw): TreeNode | undefined {
  const root = isRaw(plan.Plan) ? plan.Plan : plan;
  return typeof root['Node Type'] === 'string' ? node(root, '0') : undefined;
}

function node(raw: Raw, path: string): TreeNode {
  const plans = Array.isArray(raw.Plans) ? raw.Plans.filter(isRaw) : [];
  const children = plans.map((child, index) => node(child, `${path}.${index}`));
  return {
    path,
    label: label(raw),
    conditions: conditions(raw),
    rows: number(raw['Plan Rows']),
    cost: number(raw['Total Cost']),
    children,
    size: children.reduce((total, child) => total + child.size, 1),
  };
}

/** The words of EXPLAIN's text format (`ExplainNode` in explain.c), with a subplan's name before them. */
function label(raw: Raw): string {
  const words = [inline(nodeName(String(raw['Node Type']), raw))];
  if (raw['Parallel Aware'] === true) words.unshift('Parallel');
  if (raw['Async Capable'] === true) words.unshift('Async');
  if (raw['Scan Direction'] === 'Backward') words.push('Backward');
  const index = text(raw['Index Name']);
  if (index !== undefined) words.push(raw['Node Type'] === 'Bitmap Index Scan' ? 'on' : 'using', index);
  const target =
    text(raw['Relation Name']) ??
    text(raw['Function Name']) ??
    text(raw['CTE Name']) ??
    text(raw['Table Function Name']) ??
    text(raw['Tuplestore Name']);
  const alias = text(raw.Alias);
  const schema = text(raw.Schema);
  const hidden = schema === undefined || schema === 'public' || schema === 'pg_catalog';
  if (target !== undefined) words.push('on', hidden ? target : `${schema}.${target}`);
  if (alias !== undefined && alias !== target) words.push(...(target === undefined ? ['on', alias] : [alias]));
  const subplan = text(raw['Subplan Name']);
  return subplan === undefined ? words.join(' ') : `[${subplan}] ${words.join(' ')}`;
}

const shownConditions = [
  'Index Cond',
  'Recheck Cond',
  'TID Cond',
  'Order By',
  'Filter',
  'One-Time Filter',
  'Join Filter',
  'Hash Cond',
  'Merge Cond',
  'Sort Key',
  'Presorted Key',
  'Group Key',
  'Cache Key',
  'Function Call',
  'Remote SQL',
] as const;

function conditions(raw: Raw): string[] {
  return shownConditions.flatMap((name) => {
    const value = raw[name];
    const shown = Array.isArray(value) ? value.map(text).join(', ') : text(value);
    return shown === undefined || shown === '' ? [] : [`${name}: ${shown}`];
  });
}

/** A line of a drawn tree. Numbers stand on a node's first line. */
export interface TreeLine {
  /** What draws the branches, before the text. */
  readonly stem: string;
  readonly text: string;
  readonly kind: 'node' | 'continued' | 'condition' | 'elided';
  readonly marked: boolean;
  readonly rows: number | undefined;
  readonly cost: number | undefined;
}

export interface DrawOptions {
  /** Paths of the nodes to mark. */
  readonly marked: readonly string[];
  /** Columns for stem and text of a node. */
  readonly width: number;
  /** Columns for stem and text of a condition, which has no numbers beside it. */
  readonly conditionWidth: number;
  /** How many nodes to show, the nearest to the marked ones; the rest is elided. Infinity shows all. */
  readonly nodes: number;
  /** Whether conditions of all nodes are shown, or those of the marked ones alone. */
  readonly allConditions: boolean;
  readonly unicode: boolean;
  readonly wrap: (text: string, width: number, lines: number) => string[];
}

/** Draws a tree, top down. Subtrees far from the marked nodes become `… 12 more nodes`. */
export function drawTree(root: TreeNode, options: DrawOptions): TreeLine[] {
  const kept = nearest(root, options);
  const glyphs = options.unicode
    ? { tee: '├─ ', last: '└─ ', bar: '│  ', gap: '   ', more: '…' }
    : { tee: '|- ', last: '`- ', bar: '|  ', gap: '   ', more: '...' };
  const step = options.width < 50 ? 2 : 3;
  const deepest = Math.max(step * 2, Math.floor(options.width / 2 / step) * step);
  const cut = (stem: string) => stem.slice(-deepest);
  const lines: TreeLine[] = [];
  const blank = { rows: undefined, cost: undefined };

  const visit = (item: TreeNode, before: string, joint: string, bar: string): void => {
    const marked = options.marked.includes(item.path);
    const inner = before + bar;
    const below = item.children.length > 0 ? glyphs.bar.slice(0, step) : ' '.repeat(step);
    const head = cut(before + joint);
    const room = (stem: string) => Math.max(8, options.width - stem.length);
    options.wrap(item.label, room(head), marked ? 20 : 6).forEach((part, index) => {
      if (index === 0) lines.push({ stem: head, text: part, kind: 'node', marked, rows: item.rows, cost: item.cost });
      else lines.push({ stem: cut(inner + below), text: part, kind: 'continued', marked, ...blank });
    });
    if (marked || options.allConditions) {
      const stem = cut(inner + below);
      for (const condition of item.conditions) {
        options
          .wrap(condition, Math.max(8, options.conditionWidth - stem.length - 2), options.allConditions ? 20 : 5)
          .forEach((part, index) => {
            lines.push({ stem: index === 0 ? stem : `${stem}  `, text: part, kind: 'condition', marked, ...blank });
          });
      }
    }
    const shown = runs(item.children, kept, options.marked);
    shown.forEach((run, index) => {
      const last = index === shown.length - 1;
      const nextJoint = (last ? glyphs.last : glyphs.tee).slice(0, step);
      const nextBar = (last ? glyphs.gap : glyphs.bar).slice(0, step);
      if (run.node === undefined) {
        const words = `${glyphs.more} ${count(run.hidden, 'more node')}${run.marked > 0 ? `, ${run.marked} of them at fault` : ''}`;
        const stem = cut(inner + nextJoint);
        options.wrap(words, options.conditionWidth - stem.length, 6).forEach((part, line) => {
          const before = line === 0 ? stem : cut(inner + nextBar);
          lines.push({ stem: before, text: part, kind: 'elided', marked: false, ...blank });
        });
        run.inside.forEach((child, at) => {
          const final = at === run.inside.length - 1;
          const stem = inner + nextBar;
          visit(
            child,
            stem,
            (final ? glyphs.last : glyphs.tee).slice(0, step),
            (final ? glyphs.gap : glyphs.bar).slice(0, step),
          );
        });
      } else visit(run.node, inner, nextJoint, nextBar);
    });
  };
  visit(root, '', '', '');
  return lines;
}

interface Run {
  /** A node to draw; undefined for hidden ones. */
  readonly node: TreeNode | undefined;
  readonly hidden: number;
  /** How many of the hidden ones are marked. */
  readonly marked: number;
  /** Kept nodes below the hidden ones. */
  readonly inside: readonly TreeNode[];
}

/** Children to draw, hidden neighbours joined. */
function runs(children: readonly TreeNode[], kept: ReadonlySet<string>, marked: readonly string[]): Run[] {
  const result: Run[] = [];
  for (const child of children) {
    if (kept.has(child.path)) {
      result.push({ node: child, hidden: 0, marked: 0, inside: [] });
      continue;
    }
    const inside = topKept(child, kept);
    const within = (path: string, top: TreeNode) => path === top.path || path.startsWith(`${top.path}.`);
    const run = {
      node: undefined,
      hidden: child.size - inside.reduce((total, one) => total + one.size, 0),
      marked: marked.filter((path) => within(path, child) && !inside.some((one) => within(path, one))).length,
      inside,
    };
    const previous = result.at(-1);
    if (previous === undefined || previous.node !== undefined || previous.inside.length > 0 || inside.length > 0)
      result.push(run);
    else
      result[result.length - 1] = {
        ...previous,
        hidden: previous.hidden + run.hidden,
        marked: previous.marked + run.marked,
      };
  }
  return result;
}

function topKept(item: TreeNode, kept: ReadonlySet<string>): TreeNode[] {
  return item.children.flatMap((child) => (kept.has(child.path) ? [child] : topKept(child, kept)));
}

/** Paths of the nodes to show: the root, the marked ones, and the nearest to these, breadth first. */
function nearest(root: TreeNode, options: DrawOptions): Set<string> {
  const all = new Map<string, TreeNode>();
  const collect = (item: TreeNode): void => {
    all.set(item.path, item);
    item.children.forEach(collect);
  };
  collect(root);
  if (all.size <= options.nodes) return new Set(all.keys());
  const kept = new Set([root.path]);
  let frontier = options.marked.filter((path) => all.has(path)).slice(0, options.nodes);
  if (frontier.length === 0) frontier = [root.path];
  for (const path of frontier) kept.add(path);
  while (frontier.length > 0 && kept.size < options.nodes) {
    const next: string[] = [];
    for (const path of frontier) {
      const parent = path.replace(/\.?\d+$/, '');
      for (const neighbour of [parent, ...(all.get(path)?.children ?? []).map((child) => child.path)]) {
        if (kept.size >= options.nodes || !all.has(neighbour) || kept.has(neighbour)) continue;
        kept.add(neighbour);
        next.push(neighbour);
      }
    }
    frontier = next;
  }
  return kept;
}
