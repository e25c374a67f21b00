import { type Features, subplanKind } from './features.js';
import { joinCondition } from './fields.js';
import { namesOf } from './matched-names.js';
import type { Matching } from './matching.js';
import { sameSide, sideOf } from './sides.js';

/** What it is worth to match two nodes that handle the rows of others, and to leave a scan where it hangs. */
const CONTAINER = 500;
const IN_PLACE = 200;
/** What is taken off for a node on another side of its parent, and for what differs. */
const OTHER_SIDE = 200;
const OUT_OF_SUBPLAN = 100;
const UNLIKE = 400;
const OTHER_TYPE = 50;
const OTHER_CONTENT = 50;
const OTHER_JOIN = 200;
/** How alike two nodes must be in what is read below them, from 0 to 1. */
const ALIKE = 0.4;
const ALIKE_ELSEWHERE = 0.5;
const ALIKE_WRAPPER = 0.8;
/** Nodes that only keep what their child gives: they are what that child is. */
const WRAPPERS: ReadonlySet<string> = new Set(['Hash', 'Materialize', 'Memoize']);
/** Cells of the alignment's table: above this many, nodes are matched by what is read below them alone. */
const MOST_CELLS = 25_000_000;

/** A tree in which subtrees that are matched as a whole are single nodes; places are places of this tree. */
interface Reduced {
  readonly tree: Features;
  /** Place in the whole tree. */
  readonly places: readonly number[];
  readonly ends: readonly number[];
  readonly children: readonly (readonly number[])[];
  readonly weights: readonly number[];
  /** Weight of all that is read in the subtree. */
  readonly totals: readonly number[];
  /** Above them nothing branches: what the statement asks last. */
  readonly trunk: readonly boolean[];
}

/**
 * Matches nodes that handle the rows of others. The best alignment of the two trees is computed exactly: of any two
 * subtrees, either the roots are matched and their children paired, or a root was added or removed and one of its
 * children goes on in its place. What is worth most is matching nodes below which the same is read; scans that are
 * matched already hold the two trees together.
 */
export function matchContainers(before: Features, after: Features, whole: Int32Array, matching: Matching): void {
  const unlike = unlikeness(before, after, matching);
  const one = reduce(before, (place) => whole[place] === 1);
  const other = reduce(after, (place) => {
    const twin = matching.ofAfter[place] as number;
    return twin !== -1 && whole[twin] === 1;
  });
  if (one.places.length * other.places.length <= MOST_CELLS) new Alignment(one, other, matching, unlike).run();
  matchElsewhere(one, other, matching, unlike);
}

function reduce(tree: Features, isWhole: (place: number) => boolean): Reduced {
  const places: number[] = [];
  const reducedOf = new Map<number, number>();
  for (let place = 0; place < tree.nodes.length; place++) {
    reducedOf.set(place, places.length);
    places.push(place);
    if (isWhole(place)) place = (tree.ends[place] as number) - 1;
  }
  const isLeaf = places.map(isWhole);
  const children = places.map((place, at) =>
    isLeaf[at] ? [] : (tree.children[place] ?? []).map((child) => reducedOf.get(child) as number),
  );
  const ends = places.map((_, at) => at + 1);
  const weights = places.map((place, at) => {
    if (!isLeaf[at]) return tree.weights[place] as number;
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
  const trunk = places.map((_, at) => at === 0);
  children.forEach((below, at) => {
    const [only, more] = below.filter((child) => sideOf(tree, places[child] as number) !== 'subplan');
    if (trunk[at] && only !== undefined && more === undefined) trunk[only] = true;
  });
  return { tree, places, ends, children, weights, totals, trunk };
}

/** How much of what is read below a node of one tree is read below nodes of the other, for all of these at once. */
class Common {
  readonly #one: Float64Array;
  readonly #other: Float64Array;

  constructor(
    private readonly left: Reduced,
    private readonly right: Reduced,
    matching: Matching,
    private readonly root: number,
    reducedOfRight: ReadonlyMap<number, number>,
  ) {
    this.#one = new Float64Array(right.places.length + 1);
    this.#other = new Float64Array(right.places.length + 1);
    for (let at = root; at < (left.ends[root] as number); at++) {
      const weight = left.weights[at] as number;
      const twin = reducedOfRight.get(matching.ofBefore[left.places[at] as number] as number);
      if (weight === 0 || twin === undefined) continue;
      this.#one[twin + 1] = weight;
      this.#other[twin + 1] = right.weights[twin] as number;
    }
    for (let at = 1; at < this.#one.length; at++) {
      this.#one[at] = (this.#one[at] as number) + (this.#one[at - 1] as number);
      this.#other[at] = (this.#other[at] as number) + (this.#other[at - 1] as number);
    }
  }

  /** Which share of what either of the two reads the other one reads too; undefined where both read nothing. */
  with(node: number): { readonly one: number; readonly other: number } | undefined {
    const ofOne = this.left.totals[this.root] as number;
    const ofOther = this.right.totals[node] as number;
    if (ofOne === 0 && ofOther === 0) return undefined;
    const end = this.right.ends[node] as number;
    const share = (sums: Float64Array, of: number) =>
      of === 0 ? 0 : ((sums[end] as number) - (sums[node] as number)) / of;
    return { one: share(this.#one, ofOne), other: share(this.#other, ofOther) };
  }
}

class Alignment {
  readonly #one: Reduced;
  readonly #other: Reduced;
  readonly #matching: Matching;
  readonly #unlike: Unlikeness;
  readonly #reducedOther: ReadonlyMap<number, number>;
  /** What the best alignment of each two subtrees is worth. */
  readonly #worth: Int32Array;
  /** What matching the two roots alone is worth; -1 where they must not be. */
  readonly #roots: Int16Array;

  constructor(one: Reduced, other: Reduced, matching: Matching, unlike: Unlikeness) {
    this.#unlike = unlike;
    this.#one = one;
    this.#other = other;
    this.#matching = matching;
    this.#reducedOther = new Map(other.places.map((place, at) => [place, at]));
    this.#worth = new Int32Array(one.places.length * other.places.length);
    this.#roots = new Int16Array(this.#worth.length);
  }

  run(): void {
    const width = this.#other.places.length;
    for (let u = this.#one.places.length - 1; u >= 0; u--) {
      const common = new Common(this.#one, this.#other, this.#matching, u, this.#reducedOther);
      for (let v = width - 1; v >= 0; v--) {
        const at = u * width + v;
        const shares = common.with(v);
        const trunks = this.#one.trunk[u] === true && this.#other.trunk[v] === true;
        if (shares?.one === 0 && !trunks) {
          this.#roots[at] = -1;
          continue;
        }
        const roots = this.#worthOfRoots(u, v, shares === undefined ? 1 : (shares.one + shares.other) / 2, trunks);
        this.#roots[at] = roots;
        let most = roots < 0 ? 0 : roots + this.#worthOfChildren(u, v);
        for (const child of this.#one.children[u] as readonly number[]) {
          most = Math.max(most, this.#worthBelow(this.#one, child, child * width + v));
        }
        for (const child of this.#other.children[v] as readonly number[]) {
          most = Math.max(most, this.#worthBelow(this.#other, child, u * width + child));
        }
        this.#worth[at] = most;
      }
    }
    this.#follow();
  }

  /** Takes the best alignment from the table, from the roots down. */
  #follow(): void {
    const width = this.#other.places.length;
    const open = [{ u: 0, v: 0, inPlace: true }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { u, v, inPlace } = next;
      const worth = this.#worth[u * width + v] as number;
      if (worth === 0) continue;
      const roots = this.#roots[u * width + v] as number;
      if (roots >= 0) {
        const pairs = this.#pairs(u, v);
        if (worth === pairs.reduce((sum, pair) => sum + pair.worth, roots)) {
          const place = this.#one.places[u] as number;
          this.#matching.match(place, this.#other.places[v] as number);
          if (inPlace) this.#matching.inPlace[place] = 1;
          for (const pair of pairs) {
            open.push({ u: pair.u, v: pair.v, inPlace: !this.#onOtherSide(pair.u, pair.v) });
          }
          continue;
        }
      }
      const isTaken = (tree: Reduced, child: number, at: number) => this.#worthBelow(tree, child, at) === worth;
      const onLeft = this.#one.children[u]?.find((child) => isTaken(this.#one, child, child * width + v));
      const onRight = this.#other.children[v]?.find((child) => isTaken(this.#other, child, u * width + child));
      if (onLeft !== undefined) open.push({ u: onLeft, v, inPlace });
      else if (onRight !== undefined) open.push({ u, v: onRight, inPlace });
    }
  }

  /** What it is worth that a child goes on in the place of its parent. */
  #worthBelow(tree: Reduced, child: number, at: number): number {
    const worth = this.#worth[at] as number;
    return sideOf(tree.tree, tree.places[child] as number) === 'subplan' ? Math.max(0, worth - OUT_OF_SUBPLAN) : worth;
  }

  #worthOfRoots(u: number, v: number, alike: number, trunks: boolean): number {
    const [x, y] = [this.#one.places[u] as number, this.#other.places[v] as number];
    const twin = this.#matching.ofBefore[x];
    if (twin !== -1 || this.#matching.ofAfter[y] !== -1) return twin === y ? IN_PLACE : -1;
    if (alike < (WRAPPERS.has(this.#one.tree.kinds[x] as string) ? ALIKE_WRAPPER : ALIKE) && !trunks) return -1;
    return mayMatch(this.#one.tree, x, this.#other.tree, y)
      ? CONTAINER - Math.round(UNLIKE * (1 - alike)) - this.#unlike(x, y)
      : -1;
  }

  #worthOfChildren(u: number, v: number): number {
    const [left, right] = [this.#one.children[u] as readonly number[], this.#other.children[v] as readonly number[]];
    if (left.length === 0 || right.length === 0) return 0;
    if (left.length > 2 || right.length > 2) {
      return this.#pairs(u, v).reduce((sum, { worth }) => sum + worth, 0);
    }
    const pair = (x: number | undefined, y: number | undefined) =>
      x === undefined || y === undefined ? 0 : this.#worthOfPair(x, y);
    const [[a, b], [c, d]] = [left, right];
    return Math.max(pair(a, c) + pair(b, d), pair(a, d) + pair(b, c));
  }

  /** Children that go together: those worth most first; of few, as good as all of them. */
  #pairs(u: number, v: number): { readonly u: number; readonly v: number; readonly worth: number }[] {
    const left = this.#one.children[u] as readonly number[];
    const right = this.#other.children[v] as readonly number[];
    const pairs = left.flatMap((x, i) =>
      right.flatMap((y, j) => {
        const worth = this.#worthOfPair(x, y);
        return worth > 0 ? [{ u: x, v: y, worth, apart: Math.abs(i - j) }] : [];
      }),
    );
    pairs.sort((a, b) => b.worth - a.worth || a.apart - b.apart);
    const taken = disjoint(pairs);
    if (left.length > 3 || right.length > 3) return taken;
    const total = (chosen: readonly { worth: number }[]) => chosen.reduce((sum, { worth }) => sum + worth, 0);
    return pairs
      .map((first) => disjoint([first, ...pairs]))
      .reduce((best, chosen) => (total(chosen) > total(best) ? chosen : best), taken);
  }

  #worthOfPair(x: number, y: number): number {
    const worth = this.#worth[x * this.#other.places.length + y] as number;
    return worth > 0 && this.#onOtherSide(x, y) ? Math.max(0, worth - OTHER_SIDE) : worth;
  }

  #onOtherSide(x: number, y: number): boolean {
    const [before, after] = [this.#one, this.#other];
    return !sameSide(sideOf(before.tree, before.places[x] as number), sideOf(after.tree, after.places[y] as number));
  }
}

function disjoint<Pair extends { readonly u: number; readonly v: number }>(pairs: readonly Pair[]): Pair[] {
  const left = new Set<number>();
  const right = new Set<number>();
  return pairs.filter(({ u, v }) => {
    if (left.has(u) || right.has(v)) return false;
    left.add(u);
    right.add(v);
    return true;
  });
}

/** Whether one may stand for the other: of one kind, neither a scan, and a change of the same table. */
function mayMatch(before: Features, one: number, after: Features, other: number): boolean {
  if (before.anchors[one] !== undefined || after.anchors[other] !== undefined) return false;
  const [a, b] = [before.nodes[one], after.nodes[other]];
  return before.kinds[one] === after.kinds[other] && a?.relation?.name === b?.relation?.name;
}

/** What is taken off a match for what the two nodes do differently by themselves. */
type Unlikeness = (before: number, after: number) => number;

function unlikeness(before: Features, after: Features, matching: Matching): Unlikeness {
  const names = namesOf(before, after, matching);
  const comparesOf = (tree: Features, side: 'before' | 'after') =>
    tree.nodes.map((node, place) =>
      tree.kinds[place] === 'join' ? joinCondition(node, names(place, place)[side]) : '',
    );
  const compares = { before: comparesOf(before, 'before'), after: comparesOf(after, 'after') };
  return (one, other) => {
    const [a, b] = [before.nodes[one], after.nodes[other]];
    const [x, y] = [compares.before[one], compares.after[other]];
    const join = x === '' || y === '' || x === y ? 0 : OTHER_JOIN;
    if (a === undefined || b === undefined || before.contents[one] === after.contents[other]) return join;
    const type = a.nodeType === b.nodeType ? 0 : OTHER_TYPE;
    const index = a.indexName === b.indexName ? 0 : OTHER_CONTENT;
    const subplan = subplanKind(a) === subplanKind(b) ? 0 : OTHER_CONTENT;
    return join + OTHER_CONTENT + type + index + subplan;
  };
}

/**
 * Nodes that the alignment left over, as they went somewhere else: matched with one of their kind below which mostly the
 * same is read; those with one child only where they do the same, or all that is read is the same.
 */
function matchElsewhere(one: Reduced, other: Reduced, matching: Matching, unlike: Unlikeness): void {
  const reducedOther = new Map(other.places.map((place, at) => [place, at]));
  const free = other.places.flatMap((place, at) =>
    matching.ofAfter[place] === -1 && other.tree.anchors[place] === undefined ? [at] : [],
  );
  const found: { readonly u: number; readonly v: number; readonly worth: number }[] = [];
  one.places.forEach((x, u) => {
    if (matching.ofBefore[x] !== -1 || one.tree.anchors[x] !== undefined || one.totals[u] === 0) return;
    const candidates = free.filter((v) => mayMatch(one.tree, x, other.tree, other.places[v] as number));
    if (candidates.length === 0) return;
    const common = new Common(one, other, matching, u, reducedOther);
    for (const v of candidates) {
      const y = other.places[v] as number;
      const shares = common.with(v);
      if (shares === undefined) continue;
      const equal = one.tree.contents[x] === other.tree.contents[y];
      const least = Math.min(shares.one, shares.other);
      if (least < ALIKE_ELSEWHERE || (least === ALIKE_ELSEWHERE && !equal)) continue;
      const branches = one.tree.kinds[x] === 'join' || one.tree.kinds[x] === 'append';
      if (!branches && !equal && shares.one + shares.other < 1.999) continue;
      const worth = CONTAINER * (shares.one + shares.other) - unlike(x, y);
      found.push({ u, v, worth });
    }
  });
  found.sort((a, b) => b.worth - a.worth || a.u - b.u || a.v - b.v);
  for (const { u, v } of disjoint(found)) matching.match(one.places[u] as number, other.places[v] as number);
}
