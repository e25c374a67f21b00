import { matchAnchors, matchEqualSubtrees } from './anchors.js';
import { matchContainers } from './containers.js';
import type { Features } from './features.js';
import { Matching } from './matching.js';

/**
 * Finds which node of one plan is which of the other:
 * 1. Subtrees that are equal in all that they do and stand in both plans once are matched whole, the largest first.
 * 2. Scans are matched by what they read and under which alias, however they read it.
 * 3. Nodes that handle the rows of others are matched by an exact alignment of the two trees, which the scans hold
 *    together; those that it leaves over, by what is read below them.
 *
 * Steps 1 and 3 follow GumTree (Falleri et al., "Fine-grained and accurate source code differencing", ASE 2014). The
 * result does not depend on which plan came first.
 */
export function align(before: Features, after: Features): Matching {
  return order(before, after) <= 0 ? alignInOrder(before, after) : alignInOrder(after, before).swapped();
}

function alignInOrder(before: Features, after: Features): Matching {
  const matching = new Matching(before.nodes.length, after.nodes.length);
  matchEqualSubtrees(before, after, matching);
  const equal = Uint8Array.from(matching.ofBefore, (twin) => (twin === -1 ? 0 : 1));
  matchAnchors(before, after, matching);
  matchContainers(before, after, (place) => equal[place] === 1, matching);
  return matching;
}

/** An order of plans by all that the alignment looks at, so that it may treat the two sides differently. */
function order(one: Features, other: Features): number {
  if (one.nodes.length !== other.nodes.length) return one.nodes.length - other.nodes.length;
  const parts = (tree: Features, place: number) => {
    const node = tree.nodes[place];
    return `${tree.parents[place]}\n${node?.parentRelationship}\n${node?.relation?.schema}\n${node?.alias}\n${tree.contents[place]}`;
  };
  for (let place = 0; place < one.nodes.length; place++) {
    const [a, b] = [parts(one, place), parts(other, place)];
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}
