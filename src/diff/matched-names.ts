import { type Features, onlyAliasOf, ownAlias } from './features.js';
import type { Matching } from './matching.js';
import { type Names, outputsOf, subplanOf } from './names.js';

/** How the names in the texts of two nodes are written to be compared. */
export type NamesOfPair = (before: number, after: number) => { readonly before: Names; readonly after: Names };

/**
 * Aliases and subplans of nodes that are matched have one name in both plans, whatever they are called. A subplan that is
 * not matched has none in the other plan; an alias that is not stays as it is written.
 */
export function namesOf(before: Features, after: Features, matching: Matching): NamesOfPair {
  const pairs = before.nodes.flatMap((node, place) => {
    const twin = after.nodes[matching.ofBefore[place] as number];
    return twin === undefined ? [] : [{ node, twin }];
  });
  const aliases = commonNames(pairs.map(({ node, twin }) => [node.alias, twin.alias]));
  const subplans = commonNames(pairs.map(({ node, twin }) => [subplanOf(node), subplanOf(twin)]));
  const alias = {
    before: (name: string) => aliases.before.get(name) ?? name,
    after: (name: string) => aliases.after.get(name) ?? name,
  };
  const [onlyBefore, onlyAfter] = [onlyAliasOf(before), onlyAliasOf(after)];
  const only = new Set([onlyBefore && alias.before(onlyBefore), onlyAfter && alias.after(onlyAfter)]);
  const alone = {
    before: subplansOf(before, (place) => matching.ofBefore[place] === -1),
    after: subplansOf(after, (place) => matching.ofAfter[place] === -1),
  };
  const outputs = { before: outputsOf(before), after: outputsOf(after) };
  const namesIn = (side: 'before' | 'after', own: string | undefined): Names => ({
    qualifier: (name) => (name === own || only.has(alias[side](name)) ? '' : alias[side](name)),
    subplan: (name) => subplans[side].get(name) ?? (alone[side].has(name) ? `${name} ${side}` : name),
    output: outputs[side],
  });
  return (one, other) => ({
    before: namesIn('before', ownAlias(before, one)),
    after: namesIn('after', ownAlias(after, other)),
  });
}

/** One name for what is called one way before and another way after; none for what is called in several ways. */
function commonNames(pairs: readonly (readonly [string | undefined, string | undefined])[]) {
  const named = { before: new Map<string, Set<string>>(), after: new Map<string, Set<string>>() };
  for (const [before, after] of pairs) {
    if (before === undefined || after === undefined) continue;
    const common = `${before} is ${after}`;
    named.before.set(before, (named.before.get(before) ?? new Set()).add(common));
    named.after.set(after, (named.after.get(after) ?? new Set()).add(common));
  }
  const several = new Set(
    [...named.before.values(), ...named.after.values()].flatMap((names) => (names.size > 1 ? [...names] : [])),
  );
  const clear = (names: ReadonlyMap<string, ReadonlySet<string>>) =>
    new Map(
      [...names].flatMap(([name, [common]]) => {
        return common === undefined || several.has(common) ? [] : [[name, common] as const];
      }),
    );
  return { before: clear(named.before), after: clear(named.after) };
}

function subplansOf(tree: Features, isWanted: (place: number) => boolean): Set<string | undefined> {
  return new Set(tree.nodes.filter((_, place) => isWanted(place)).map(subplanOf));
}
