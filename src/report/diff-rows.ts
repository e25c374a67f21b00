import type { AlignedNode, FieldChange, NumberChange, PlanDiff } from '../diff/model.js';
import type { Plan, PlanNode } from '../plan/model.js';
import { walk } from '../plan/walk.js';

/** `left`: a line that stands where a moved node was, in the tree before. */
export type RowChange = AlignedNode['change'] | 'left';

/** One line of the two trees that stand side by side. */
export interface Row {
  readonly change: RowChange;
  readonly before: PlanNode | undefined;
  readonly after: PlanNode | undefined;
  /** The root is 0. */
  readonly depth: number;
  readonly hasChildren: boolean;
  /** Whether a line below it, in its subtree, is not `same`. */
  readonly changesBelow: boolean;
  readonly fields: readonly FieldChange[];
  readonly numbers: readonly NumberChange[];
  /** Of a moved node: the number, from 0, of the line where it was or is. */
  readonly partner: number | undefined;
}

interface Open {
  readonly node: AlignedNode;
  readonly parent: Open | undefined;
  readonly children: Open[];
  /** The moved node that stood here. */
  readonly left?: Open;
}

/**
 * The lines of two aligned trees in reading order. A moved node has a second line where it stood before, unless it hangs
 * on the same side of the same parent and all that came between is new: then it stands where it stood, only deeper.
 */
export function diffRows(diff: PlanDiff): Row[] {
  const roots: Open[] = [];
  const above: Open[] = [];
  const byBefore = new Map<string, Open>();
  const moved: Open[] = [];
  for (const node of diff.nodes) {
    above.length = Math.min(above.length, node.depth);
    const parent = above.at(-1);
    const open: Open = { node, parent, children: [] };
    (parent?.children ?? roots).push(open);
    above.push(open);
    if (node.before !== undefined) byBefore.set(node.before.path, open);
    if (node.change === 'moved') moved.push(open);
  }
  for (const open of moved) leave(open, byBefore, roots);

  const lines = flatten(roots);
  const lineOf = new Map(lines.flatMap((open, index) => (open.left === undefined ? [[open, index] as const] : [])));
  const leftAt = new Map(
    lines.flatMap((open, index) => (open.left === undefined ? [] : [[open.left, index] as const])),
  );
  const differs = new Set<Open>();
  for (const open of lines) {
    if (open.node.change === 'same') continue;
    for (let up = open.parent; up !== undefined && !differs.has(up); up = up.parent) differs.add(up);
  }
  const depths = new Map<Open, number>();
  return lines.map((open) => {
    const depth = open.parent === undefined ? 0 : (depths.get(open.parent) ?? 0) + 1;
    depths.set(open, depth);
    const { node, left } = open;
    return {
      change: left === undefined ? node.change : 'left',
      before: node.before,
      after: left === undefined ? node.after : undefined,
      depth,
      hasChildren: open.children.length > 0,
      changesBelow: differs.has(open),
      fields: left === undefined ? node.fields : [],
      numbers: left === undefined ? node.numbers : [],
      partner: left === undefined ? leftAt.get(open) : lineOf.get(left),
    };
  });
}

/** Puts a line where a moved node stood: below its former parent, after the child that stood before it. */
function leave(open: Open, byBefore: ReadonlyMap<string, Open>, roots: Open[]): void {
  const path = open.node.before?.path ?? '0';
  const dot = path.lastIndexOf('.');
  const parent = dot < 0 ? undefined : byBefore.get(path.slice(0, dot));
  let child = open;
  while (child.parent !== undefined && child.parent.node.before === undefined) child = child.parent;
  const sameSide = child.node.after?.parentRelationship === open.node.before?.parentRelationship;
  if (child !== open && child.parent === parent && sameSide) return;
  const siblings = parent?.children ?? roots;
  let at = 0;
  for (let number = Number(path.slice(dot + 1)) - 1; number >= 0; number--) {
    const sibling = byBefore.get(`${path.slice(0, dot + 1)}${number}`);
    const place = siblings.findIndex((one) => (one.left ?? one) === sibling);
    if (sibling === undefined || place < 0) continue;
    at = place + 1;
    break;
  }
  siblings.splice(at, 0, { node: open.node, parent, children: [], left: open });
}

function flatten(roots: readonly Open[]): Open[] {
  const lines: Open[] = [];
  const waiting = [...roots].reverse();
  for (let open = waiting.pop(); open !== undefined; open = waiting.pop()) {
    lines.push(open);
    for (let index = open.children.length - 1; index >= 0; index--) waiting.push(open.children[index] as Open);
  }
  return lines;
}

/** The lines of one tree; every node is a `same` one of the tree after. */
export function planRows(plan: Plan): Row[] {
  return Array.from(walk(plan.root), ({ node, ancestors }) => ({
    change: 'same' as const,
    before: undefined,
    after: node,
    depth: ancestors.length,
    hasChildren: node.children.length > 0,
    changesBelow: false,
    fields: [],
    numbers: [],
    partner: undefined,
  }));
}
