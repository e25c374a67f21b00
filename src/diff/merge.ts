import type { PlanNode } from '../plan/model.js';
import type { Features } from './features.js';
import { changedFields } from './fields.js';
import { namesOf } from './matched-names.js';
import type { Matching } from './matching.js';
import type { AlignedNode, NodeChange } from './model.js';
import { numbersOf } from './numbers.js';
import { type Side, sameSide, sideOf } from './sides.js';

/** Every node of both plans once: the tree of `after` in reading order, removed nodes where they stood. */
export function merge(before: Features, after: Features, matching: Matching): AlignedNode[] {
  const removed = placesOfRemoved(before, after, matching);
  const compare = comparison(before, after, matching);
  const nodes: AlignedNode[] = [];
  const isMoved = movement(before, after, matching);
  type Item = { readonly before: number; readonly after: number; readonly depth: number };
  const open: Item[] = [{ before: matching.ofAfter[0] as number, after: 0, depth: 0 }];
  open.push(...(removed.get('root') ?? []).map((place) => ({ before: place, after: -1, depth: 0 })).reverse());
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { depth } = item;
    nodes.push(compare(item.before, item.after, depth, isMoved));
    const below: Item[] = [];
    const gone = (key: string) => {
      for (const place of removed.get(key) ?? []) below.push({ before: place, after: -1, depth: depth + 1 });
    };
    for (const child of item.after === -1 ? [] : (after.children[item.after] as readonly number[])) {
      gone(`before ${child}`);
      below.push({ before: matching.ofAfter[child] as number, after: child, depth: depth + 1 });
    }
    gone(item.before === -1 ? '' : `in ${item.before}`);
    open.push(...below.reverse());
  }
  return nodes;
}

/**
 * Where removed nodes are shown, each under its parent of before: `before N` is right above the child N of after that
 * took the place, `in N` at the end of what the node N of before holds, `root` above all.
 */
function placesOfRemoved(before: Features, after: Features, matching: Matching): Map<string, number[]> {
  const places = new Map<string, number[]>();
  before.nodes.forEach((_, place) => {
    if (matching.ofBefore[place] !== -1) return;
    const parent = before.parents[place] as number;
    const stands = parent === -1 ? -1 : (matching.ofBefore[parent] as number);
    const next = stands === -1 ? undefined : childInPlace(before, after, matching, place, stands);
    const key = parent === -1 ? 'root' : next === undefined ? `in ${parent}` : `before ${next}`;
    const held = places.get(key);
    if (held === undefined) places.set(key, [place]);
    else held.push(place);
  });
  return places;
}

/** The child of the node `stands` of after that has something of what the removed node held. */
function childInPlace(before: Features, after: Features, matching: Matching, removed: number, stands: number) {
  const children = after.children[stands] as readonly number[];
  for (let inside = removed + 1; inside < (before.ends[removed] as number); inside++) {
    const twin = matching.ofBefore[inside] as number;
    if (twin <= stands || twin >= (after.ends[stands] as number)) continue;
    return children.find((child) => child <= twin && twin < (after.ends[child] as number));
  }
  // Nothing of it is left there: it stood above what follows it.
  const parent = before.parents[removed] as number;
  const siblings = (before.children[parent] as readonly number[]).filter((child) => child > removed);
  for (const sibling of siblings) {
    const twin = matching.ofBefore[sibling] as number;
    if (children.includes(twin)) return twin;
  }
  return undefined;
}

/** The nearest node above that counts, the side of it, and whether a Gather that only one plan has lies between. */
interface Hold {
  readonly above: number;
  readonly side: Side;
  readonly gathered: boolean;
}

function holdsOf(tree: Features, twins: Int32Array, counts: (place: number) => boolean): Hold[] {
  const holds: Hold[] = [];
  tree.nodes.forEach((_, place) => {
    const parent = tree.parents[place] as number;
    if (parent === -1) holds.push({ above: -1, side: 'below', gathered: false });
    else if (counts(parent)) holds.push({ above: parent, side: sideOf(tree, place), gathered: false });
    else {
      const held = holds[parent] as Hold;
      const gathers = tree.kinds[parent] === 'gather' && twins[parent] === -1;
      holds.push({ ...held, gathered: held.gathered || gathers });
    }
  });
  return holds;
}

/**
 * Whether a matched node hangs elsewhere: neither below the node that was above it nor where it stood among the nodes
 * that stayed. What was only put between (a Sort, a Hash, a join) moves nothing; a Gather does, as what is below one
 * runs in its workers.
 */
function movement(before: Features, after: Features, matching: Matching) {
  const compareHolds = (isMatched: (place: number) => boolean) => {
    const old = holdsOf(before, matching.ofBefore, isMatched);
    const now = holdsOf(after, matching.ofAfter, (place) => isMatched(matching.ofAfter[place] as number));
    return (one: number, other: number) => {
      const [a, b] = [old[one] as Hold, now[other] as Hold];
      const above = a.above === -1 ? -1 : matching.ofBefore[a.above];
      return above === b.above && sameSide(a.side, b.side) && a.gathered === b.gathered;
    };
  };
  const cameAlong = compareHolds((place) => place !== -1 && matching.ofBefore[place] !== -1);
  const stayed = compareHolds((place) => matching.inPlace[place] === 1);
  return (one: number, other: number): boolean =>
    !cameAlong(one, other) && !(matching.inPlace[one] === 1 && stayed(one, other));
}

function comparison(before: Features, after: Features, matching: Matching) {
  const names = namesOf(before, after, matching);
  return (one: number, other: number, depth: number, isMoved: (one: number, other: number) => boolean): AlignedNode => {
    const [a, b]: [PlanNode | undefined, PlanNode | undefined] = [before.nodes[one], after.nodes[other]];
    const numbers = numbersOf(a, b);
    const sides = { before: a, after: b, depth, numbers };
    if (a === undefined || b === undefined)
      return { ...sides, change: a === undefined ? 'added' : 'removed', fields: [] };
    const fields = changedFields(a, b, names(one, other));
    const change: NodeChange = isMoved(one, other) ? 'moved' : fields.length > 0 ? 'changed' : 'same';
    return { ...sides, change, fields };
  };
}
