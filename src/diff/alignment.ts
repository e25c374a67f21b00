import type { Likeness } from './likeness.js';
import type { Matching } from './matching.js';
import { type Reduced, Shares } from './reduced.js';
import { sameSide } from './sides.js';

/** What it is worth to match two nodes that handle the rows of others, and to leave a scan where it hangs. */
const CONTAINER = 500;
const IN_PLACE = 200;
/** What is taken off for a node on another side of its parent, for one that leaves a subplan, for reading other tables. */
const OTHER_SIDE = 200;
const OUT_OF_SUBPLAN = 100;
const UNLIKE = 400;
/** How alike two nodes must be in what is read below them, from 0 to 1. */
const ALIKE = 0.4;
const ALIKE_WRAPPER = 0.8;
/** Nodes that only keep what their child gives: they are what that child is. */
const WRAPPERS: ReadonlySet<string> = new Set(['Hash', 'Materialize', 'Memoize']);

/** Children of two matched nodes that go together. */
interface Pair {
  readonly before: number;
  readonly after: number;
  readonly worth: number;
  readonly apart: number;
}

/**
 * The best alignment of two trees, computed exactly but for the pairing of many children: of any two subtrees, either the
 * roots are matched and their children paired, or a root was added or removed and one of its children goes on in its
 * place. What is worth most is matching nodes below which the same is read; scans that are matched already hold the two
 * trees together. Time and memory grow with the product of the sizes.
 */
export class Alignment {
  readonly #before: Reduced;
  readonly #after: Reduced;
  readonly #likeness: Likeness;
  readonly #width: number;
  /** What the best alignment of each two subtrees is worth. */
  readonly #worth: Int32Array;
  /** What matching the two roots alone is worth; -1 where they must not be. */
  readonly #roots: Int16Array;

  constructor(before: Reduced, after: Reduced, likeness: Likeness) {
    this.#before = before;
    this.#after = after;
    this.#likeness = likeness;
    this.#width = after.places.length;
    this.#worth = new Int32Array(before.places.length * this.#width);
    this.#roots = new Int16Array(this.#worth.length).fill(-1);
  }

  run(matching: Matching): void {
    const shares = new Shares(this.#before, this.#after);
    for (let one = this.#before.places.length - 1; one >= 0; one--) {
      shares.of(one);
      for (let other = this.#width - 1; other >= 0; other--) {
        const trunks = this.#before.trunk[one] === true && this.#after.trunk[other] === true;
        const nothing = shares.nothingWith(other);
        const share = shares.before(other);
        if (share === 0 && !nothing && !trunks) continue;
        const alike = nothing ? 1 : (share + shares.after(other)) / 2;
        this.#fill(one, other, alike, trunks);
      }
    }
    this.#follow(matching);
  }

  #fill(one: number, other: number, alike: number, trunks: boolean): void {
    const at = one * this.#width + other;
    const roots = this.#worthOfRoots(one, other, alike, trunks);
    this.#roots[at] = roots;
    let most = roots < 0 ? 0 : roots + this.#worthOfChildren(one, other);
    for (const child of this.#before.children[one] as readonly number[]) {
      most = Math.max(most, this.#worthBelow(this.#before, child, child * this.#width + other));
    }
    for (const child of this.#after.children[other] as readonly number[]) {
      most = Math.max(most, this.#worthBelow(this.#after, child, at - other + child));
    }
    this.#worth[at] = most;
  }

  /** Takes the best alignment from the table, from the roots down. */
  #follow(matching: Matching): void {
    const open = [{ one: 0, other: 0, inPlace: true }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { one, other, inPlace } = next;
      const at = one * this.#width + other;
      const worth = this.#worth[at] as number;
      const roots = this.#roots[at] as number;
      if (worth === 0) continue;
      if (roots >= 0 && worth === roots + this.#worthOfChildren(one, other)) {
        const place = this.#before.places[one] as number;
        matching.match(place, this.#after.places[other] as number);
        if (inPlace) matching.inPlace[place] = 1;
        for (const { before, after } of this.#pairs(one, other)) {
          open.push({ one: before, other: after, inPlace: this.#onSameSide(before, after) });
        }
        continue;
      }
      const isTaken = (tree: Reduced, child: number, cell: number) => this.#worthBelow(tree, child, cell) === worth;
      const below = this.#before.children[one]?.find((child) =>
        isTaken(this.#before, child, child * this.#width + other),
      );
      const beside = this.#after.children[other]?.find((child) => isTaken(this.#after, child, at - other + child));
      if (below !== undefined) open.push({ one: below, other, inPlace });
      else if (beside !== undefined) open.push({ one, other: beside, inPlace });
    }
  }

  /** What it is worth that a child goes on in the place of its parent. */
  #worthBelow(tree: Reduced, child: number, cell: number): number {
    const worth = this.#worth[cell] as number;
    return worth > 0 && tree.sides[child] === 'subplan' ? Math.max(0, worth - OUT_OF_SUBPLAN) : worth;
  }

  #worthOfRoots(one: number, other: number, alike: number, trunks: boolean): number {
    const twin = this.#before.twins[one];
    if (twin !== -1 || this.#after.twins[other] !== -1) return twin === other ? IN_PLACE : -1;
    const [x, y] = [this.#before.places[one] as number, this.#after.places[other] as number];
    if (!this.#likeness.mayMatch(x, y)) return -1;
    const least = WRAPPERS.has(this.#before.tree.kinds[x] as string) ? ALIKE_WRAPPER : ALIKE;
    if (alike < least && !trunks) return -1;
    return Math.max(0, CONTAINER - Math.round(UNLIKE * (1 - alike)) - this.#likeness.unlike(x, y));
  }

  #worthOfChildren(one: number, other: number): number {
    const [left, right] = [
      this.#before.children[one] as readonly number[],
      this.#after.children[other] as readonly number[],
    ];
    if (left.length === 0 || right.length === 0) return 0;
    if (left.length > 2 || right.length > 2) {
      return this.#pairs(one, other).reduce((sum, { worth }) => sum + worth, 0);
    }
    const [a, b] = left;
    const [c, d] = right;
    const straight = this.#worthOfPair(a, c) + this.#worthOfPair(b, d);
    return Math.max(straight, this.#worthOfPair(a, d) + this.#worthOfPair(b, c));
  }

  /** Children that go together: those worth most first; of few, as good as all of them. */
  #pairs(one: number, other: number): readonly Pair[] {
    const left = this.#before.children[one] as readonly number[];
    const right = this.#after.children[other] as readonly number[];
    const pairs: Pair[] = [];
    left.forEach((before, i) => {
      right.forEach((after, j) => {
        const worth = this.#worthOfPair(before, after);
        if (worth > 0) pairs.push({ before, after, worth, apart: Math.abs(i - j) });
      });
    });
    pairs.sort((a, b) => b.worth - a.worth || a.apart - b.apart);
    const taken = disjoint(pairs);
    if (left.length > 3 || right.length > 3) return taken;
    const total = (chosen: readonly Pair[]) => chosen.reduce((sum, { worth }) => sum + worth, 0);
    return pairs
      .map((first) => disjoint([first, ...pairs]))
      .reduce((best, chosen) => (total(chosen) > total(best) ? chosen : best), taken);
  }

  #worthOfPair(before: number | undefined, after: number | undefined): number {
    if (before === undefined || after === undefined) return 0;
    const worth = this.#worth[before * this.#width + after] as number;
    return worth > 0 && !this.#onSameSide(before, after) ? Math.max(0, worth - OTHER_SIDE) : worth;
  }

  #onSameSide(before: number, after: number): boolean {
    const [one, other] = [this.#before.sides[before], this.#after.sides[after]];
    return one === other || (one !== undefined && other !== undefined && sameSide(one, other));
  }
}

function disjoint(pairs: readonly Pair[]): Pair[] {
  const left = new Set<number>();
  const right = new Set<number>();
  return pairs.filter(({ before, after }) => {
    if (left.has(before) || right.has(after)) return false;
    left.add(before);
    right.add(after);
    return true;
  });
}
