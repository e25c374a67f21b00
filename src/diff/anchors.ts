import type { Features } from './features.js';
import type { Matching } from './matching.js';
import { baseAlias } from './names.js';

/** Above so many pairs, occurrences that look alike are taken in their order. */
const MOST_PAIRS = 40_000;
/** A neighbourhood of more scans than this tells nothing of one of them. */
const MOST_NEIGHBOURS = 16;

/** Matches subtrees that read something and that both plans have exactly once, the largest first, node by node. */
export function matchEqualSubtrees(before: Features, after: Features, matching: Matching): void {
  const groups = new Map<number, { readonly size: number; readonly before: number[]; readonly after: number[] }>();
  const collect = (tree: Features, side: 'before' | 'after') => {
    const anchored = anchoredSubtrees(tree);
    tree.subtrees.forEach((subtree, place) => {
      if (!anchored[place]) return;
      const group = groups.get(subtree) ?? { size: (tree.ends[place] as number) - place, before: [], after: [] };
      group[side].push(place);
      groups.set(subtree, group);
    });
  };
  collect(before, 'before');
  collect(after, 'after');
  const largestFirst = [...groups.values()].sort((a, b) => b.size - a.size);
  for (const group of largestFirst) {
    const free = {
      before: group.before.filter((place) => matching.ofBefore[place] === -1),
      after: group.after.filter((place) => matching.ofAfter[place] === -1),
    };
    const [root, twin] = [free.before[0], free.after[0]];
    if (free.before.length !== 1 || free.after.length !== 1 || root === undefined || twin === undefined) continue;
    for (let step = 0; step < group.size; step++) matching.match(root + step, twin + step);
  }
}

function anchoredSubtrees(tree: Features): boolean[] {
  const anchored = tree.anchors.map((anchor) => anchor !== undefined);
  for (let place = anchored.length - 1; place > 0; place--) {
    if (anchored[place]) anchored[tree.parents[place] as number] = true;
  }
  return anchored;
}

/**
 * Matches scans of the same table, CTE or function: by alias, without the number that PostgreSQL gives to one that is
 * met again, then whatever alias. Where several may be meant, the one that does the same, with the same number, among
 * the same neighbours.
 */
export function matchAnchors(before: Features, after: Features, matching: Matching): void {
  const groups = new Map<string, { before: number[]; after: number[] }>();
  const collect = (tree: Features, side: 'before' | 'after') => {
    tree.anchors.forEach((anchor, place) => {
      if (anchor === undefined || matching[side === 'before' ? 'ofBefore' : 'ofAfter'][place] !== -1) return;
      const group = groups.get(anchor) ?? { before: [], after: [] };
      group[side].push(place);
      groups.set(anchor, group);
    });
  };
  collect(before, 'before');
  collect(after, 'after');
  const similarity = similarityOf(before, after);
  for (const group of groups.values()) {
    const aliasOf = (tree: Features) => (place: number) => baseAlias(tree.nodes[place]?.alias ?? '');
    const aliases = new Set([...group.before.map(aliasOf(before)), ...group.after.map(aliasOf(after))]);
    for (const alias of aliases) {
      const ones = group.before.filter((place) => aliasOf(before)(place) === alias);
      const others = group.after.filter((place) => aliasOf(after)(place) === alias);
      pair(ones, others, similarity, matching);
    }
    const ones = group.before.filter((place) => matching.ofBefore[place] === -1);
    const others = group.after.filter((place) => matching.ofAfter[place] === -1);
    pair(ones, others, similarity, matching);
  }
}

type Similarity = (before: number, after: number) => number;

function pair(ones: readonly number[], others: readonly number[], similarity: Similarity, matching: Matching): void {
  if (ones.length * others.length > MOST_PAIRS) {
    ones.slice(0, others.length).forEach((one, index) => {
      matching.match(one, others[index] as number);
    });
    return;
  }
  const pairs = ones.flatMap((one, i) =>
    others.map((other, j) => ({ one, other, similarity: similarity(one, other), apart: Math.abs(i - j) })),
  );
  pairs.sort((a, b) => b.similarity - a.similarity || a.apart - b.apart);
  for (const { one, other } of pairs) {
    if (matching.ofBefore[one] === -1 && matching.ofAfter[other] === -1) matching.match(one, other);
  }
}

function similarityOf(before: Features, after: Features): Similarity {
  const [near, far] = [neighbourhoods(before), neighbourhoods(after)];
  return (one, other) => {
    const [a, b] = [before.nodes[one], after.nodes[other]];
    const schemas = [a?.relation?.schema, b?.relation?.schema];
    const sameSchema = schemas.includes(undefined) || schemas[0] === schemas[1];
    const content = before.contents[one] === after.contents[other] ? 8 : 0;
    const alias = a?.alias === b?.alias ? 4 : 0;
    return (sameSchema ? 100 : 0) + content + alias + 6 * overlap(near(one), far(other));
  };
}

/** What is read under the nearest node above a scan that reads more than the scan itself, sorted. */
function neighbourhoods(tree: Features): (place: number) => readonly string[] {
  const known = new Map<number, readonly string[]>();
  const anchorsBelow = (place: number) => {
    let anchors = known.get(place);
    if (anchors === undefined) {
      anchors = tree.anchors
        .slice(place, tree.ends[place])
        .filter((anchor) => anchor !== undefined)
        .sort();
      known.set(place, anchors);
    }
    return anchors;
  };
  return (scan) => {
    let place = tree.parents[scan] as number;
    while (place >= 0 && anchorsBelow(place).length < 2) place = tree.parents[place] as number;
    const anchors = place < 0 ? [] : anchorsBelow(place);
    return anchors.length > MOST_NEIGHBOURS ? [] : anchors;
  };
}

/** How much of two sorted lists is common to both: 0 to 1. */
function overlap(one: readonly string[], other: readonly string[]): number {
  if (one.length + other.length === 0) return 0;
  let common = 0;
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const [a, b] = [one[i] as string, other[j] as string];
    if (a === b) common++;
    if (a <= b) i++;
    if (b <= a) j++;
  }
  return (2 * common) / (one.length + other.length);
}
