import { Alignment } from './alignment.js';
import type { Features } from './features.js';
import { type Likeness, likenessOf } from './likeness.js';
import type { Matching } from './matching.js';
import { type Reduced, reduceBoth, Shares } from './reduced.js';

/** Cells of the alignment's table: above this many, nodes are matched by what is read below them alone. */
const MOST_CELLS = 25_000_000;
/** How much of what either of two nodes reads both must read, from 0 to 1, to be the same in another place. */
const ALIKE_ELSEWHERE = 0.5;

/**
 * Matches nodes that handle the rows of others: by the best alignment of the two trees; what it leaves over, by what is
 * read below.
 * @param whole tells by place of before which subtrees are matched as a whole
 */
export function matchContainers(
  before: Features,
  after: Features,
  whole: (place: number) => boolean,
  matching: Matching,
): void {
  const likeness = likenessOf(before, after, matching);
  const trees = reduceBoth(before, after, matching, whole);
  if (trees.before.places.length * trees.after.places.length <= MOST_CELLS) {
    new Alignment(trees.before, trees.after, likeness).run(matching);
  }
  matchElsewhere(trees.before, trees.after, likeness, matching);
}

/**
 * Nodes that the alignment left over, as they went somewhere else: matched with one of their kind below which mostly the
 * same is read; those with one child only where they do the same, or all that is read is the same.
 */
function matchElsewhere(before: Reduced, after: Reduced, likeness: Likeness, matching: Matching): void {
  const free = after.places.flatMap((place, at) => (matching.ofAfter[place] === -1 ? [at] : []));
  const shares = new Shares(before, after);
  const found: { readonly one: number; readonly other: number; readonly worth: number }[] = [];
  before.places.forEach((one, at) => {
    if (matching.ofBefore[one] !== -1 || before.totals[at] === 0) return;
    const candidates = free.filter((node) => likeness.mayMatch(one, after.places[node] as number));
    if (candidates.length === 0) return;
    shares.of(at);
    const branches = before.tree.kinds[one] === 'join' || before.tree.kinds[one] === 'append';
    for (const node of candidates) {
      const other = after.places[node] as number;
      const common = [shares.before(node), shares.after(node)] as const;
      const same = likeness.isSame(one, other);
      const least = Math.min(...common);
      if (least < ALIKE_ELSEWHERE || (least === ALIKE_ELSEWHERE && !same)) continue;
      if (!branches && !same && least < 0.999) continue;
      found.push({ one, other, worth: 500 * (common[0] + common[1]) - likeness.unlike(one, other) });
    }
  });
  found.sort((a, b) => b.worth - a.worth || a.one - b.one || a.other - b.other);
  for (const { one, other } of found) {
    if (matching.ofBefore[one] === -1 && matching.ofAfter[other] === -1) matching.match(one, other);
  }
}
