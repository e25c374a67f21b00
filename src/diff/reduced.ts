import type { Features } from './features.js';
import type { Matching } from './matching.js';
import { type Side, sideOf } from './sides.js';

/** A tree in which subtrees that are matched as a whole are single nodes; places are places of this tree. */
export interface Reduced {
  readonly tree: Features;
  /** Place in the whole tree. */
  readonly places: readonly number[];
  readonly ends: readonly number[];
  readonly children: readonly (readonly number[])[];
  readonly sides: readonly Side[];
  readonly weights: readonly number[];
  /** Weight of all that is read in the subtree; 0 where nothing is. */
  readonly totals: readonly number[];
  /** Above them nothing branches: what the statement asks last. */
  readonly trunk: readonly boolean[];
  /** Place of the matched node in the other reduced tree; -1 where there is none. */
  readonly twins: Int32Array;
}

/** Both trees, with subtrees that `whole` tells (by place of before) as single nodes. */
export function reduceBoth(
  before: Features,
  after: Features,
  matching: Matching,
  whole: (place: number) => boolean,
): { readonly before: Reduced; readonly after: Reduced } {
  const one = reduce(before, whole);
  const other = reduce(after, (place) => {
    const twin = matching.ofAfter[place] as number;
    return twin !== -1 && whole(twin);
  });
  const reducedOf = new Map(other.places.map((place, at) => [place, at]));
  one.places.forEach((place, at) => {
    const twin = reducedOf.get(matching.ofBefore[place] as number);
    if (twin === undefined) return;
    one.twins[at] = twin;
    other.twins[twin] = at;
  });
  return { before: one, after: other };
}

function reduce(tree: Features, isWhole: (place: number) => boolean): Reduced {
  const places: number[] = [];
  const reducedOf = new Map<number, number>();
  for (let place = 0; place < tree.nodes.length; place++) {
    reducedOf.set(place, places.length);
    places.push(place);
    if (isWhole(place)) place = (tree.ends[place] as number) - 1;
  }
  const children = places.map((place) =>
    isWhole(place) ? [] : (tree.children[place] ?? []).map((child) => reducedOf.get(child) as number),
  );
  const ends = places.map((_, at) => at + 1);
  const weights = places.map((place) => {
    if (!isWhole(place)) return tree.weights[place] as number;
    let sum = 0;
    for (let inside = place; inside < (tree.ends[place] as number); inside++) sum += tree.weights[inside] as number;
    return sum;
  });
  const totals = [...weights];
  for (let at = places.length - 1; at >= 0; at--) {
    for (const child of children[at] ?? []) {
      totals[at] = (totals[at] as number) + (totals[child] as number);
      ends[at] = Math.max(ends[at] as number, ends[child] as number);
    }
  }
  const sides = places.map((place) => sideOf(tree, place));
  const trunk = places.map((_, at) => at === 0);
  children.forEach((below, at) => {
    const [only, more] = below.filter((child) => sides[child] !== 'subplan');
    if (trunk[at] && only !== undefined && more === undefined) trunk[only] = true;
  });
  const twins = new Int32Array(places.length).fill(-1);
  return { tree, places, ends, children, sides, weights, totals, trunk, twins };
}

/** How much of what is read below one node of before is read below the nodes of after, for all of these at once. */
export class Shares {
  readonly #before: Reduced;
  readonly #after: Reduced;
  /** What is common of the nodes of after up to each place, by its weight before and after. */
  readonly #weightBefore: Float64Array;
  readonly #weightAfter: Float64Array;
  #total = 0;

  constructor(before: Reduced, after: Reduced) {
    this.#before = before;
    this.#after = after;
    this.#weightBefore = new Float64Array(after.places.length + 1);
    this.#weightAfter = new Float64Array(after.places.length + 1);
  }

  /** Turns to another node of before. */
  of(root: number): void {
    const [old, now] = [this.#weightBefore, this.#weightAfter];
    old.fill(0);
    now.fill(0);
    this.#total = this.#before.totals[root] as number;
    for (let at = root; at < (this.#before.ends[root] as number); at++) {
      const twin = this.#before.twins[at] as number;
      if (twin === -1) continue;
      old[twin + 1] = this.#before.weights[at] as number;
      now[twin + 1] = this.#after.weights[twin] as number;
    }
    for (let at = 1; at < old.length; at++) {
      old[at] = (old[at] as number) + (old[at - 1] as number);
      now[at] = (now[at] as number) + (now[at - 1] as number);
    }
  }

  /** Whether both read nothing at all. */
  nothingWith(node: number): boolean {
    return this.#total === 0 && this.#after.totals[node] === 0;
  }

  /** The share of what the node of before reads that the node of after reads too: 0 to 1. */
  before(node: number): number {
    if (this.#total === 0) return 0;
    const end = this.#after.ends[node] as number;
    return ((this.#weightBefore[end] as number) - (this.#weightBefore[node] as number)) / this.#total;
  }

  /** The share of what the node of after reads that the node of before reads too: 0 to 1. */
  after(node: number): number {
    const total = this.#after.totals[node] as number;
    if (total === 0) return 0;
    const end = this.#after.ends[node] as number;
    return ((this.#weightAfter[end] as number) - (this.#weightAfter[node] as number)) / total;
  }
}
