import { type Features, subplanKind } from './features.js';
import { joinCondition } from './fields.js';
import { namesOf } from './matched-names.js';
import type { Matching } from './matching.js';

/** What is taken off what a match is worth, for what the two nodes do differently by themselves. */
const OTHER_TYPE = 50;
const OTHER_CONTENT = 50;
const OTHER_JOIN = 200;

/** Tells how unlike two nodes are that handle the rows of others. */
export interface Likeness {
  /** Whether one may stand for the other: of one kind, neither a scan, and changes of the same table. */
  mayMatch(before: number, after: number): boolean;
  /** Whether they do the same, but for numbers of subplans and aliases. */
  isSame(before: number, after: number): boolean;
  /** What is taken off for what differs; 0 where nothing does. */
  unlike(before: number, after: number): number;
}

export function likenessOf(before: Features, after: Features, matching: Matching): Likeness {
  const names = namesOf(before, after, matching);
  const numbers = new Map<string | undefined, number>();
  const number = (key: string | undefined) => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  const traitsOf = (tree: Features, side: 'before' | 'after') =>
    tree.nodes.map((node, place) => ({
      kind: tree.anchors[place] === undefined ? number(`${tree.kinds[place]}\n${node.relation?.name}`) : -1,
      content: number(tree.contents[place]),
      type: number(node.nodeType),
      index: number(node.indexName),
      subplan: number(subplanKind(node)),
      join: tree.kinds[place] === 'join' ? number(joinCondition(node, names(place, place)[side])) : -1,
    }));
  const [old, now] = [traitsOf(before, 'before'), traitsOf(after, 'after')];
  const told = number('');
  return {
    mayMatch: (one, other) => old[one]?.kind === now[other]?.kind && old[one]?.kind !== -1,
    isSame: (one, other) => old[one]?.content === now[other]?.content,
    unlike: (one, other) => {
      const [a, b] = [old[one], now[other]];
      if (a === undefined || b === undefined) return 0;
      const join = a.join === b.join || a.join === told || b.join === told ? 0 : OTHER_JOIN;
      if (a.content === b.content) return join;
      const type = a.type === b.type ? 0 : OTHER_TYPE;
      const index = a.index === b.index ? 0 : OTHER_CONTENT;
      const subplan = a.subplan === b.subplan ? 0 : OTHER_CONTENT;
      return join + OTHER_CONTENT + type + index + subplan;
    },
  };
}
