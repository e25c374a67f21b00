import { type Features, onlyAliasOf, ownAlias } from './features.js';
import type { Matching } from './matching.js';
import { type Names, outputsOf, subplanOf } from './names.js';

/** How the names in the texts of two nodes are written to be compared. */
export type NamesOfPair = (before: number, after: number) => { readonly before: Names; readonly after: Names };

/** Names of before are written as those of the matched nodes of after; each has names that are its own. */
export function namesOf(before: Features, after: Features, matching: Matching): NamesOfPair {
  const aliases = new Map<string, string>();
  const subplans = new Map<string, string>();
  const taken = new Set(after.nodes.map(({ alias }) => alias));
  before.nodes.forEach((node, place) => {
    const twin = after.nodes[matching.ofBefore[place] as number];
    if (twin === undefined) {
      if (node.alias !== undefined && taken.has(node.alias)) aliases.set(node.alias, `${node.alias} of before`);
      return;
    }
    if (node.alias !== undefined && twin.alias !== undefined) aliases.set(node.alias, twin.alias);
    const [subplan, other] = [subplanOf(node), subplanOf(twin)];
    if (subplan !== undefined && other !== undefined) subplans.set(subplan, other);
  });
  const onlyBefore = onlyAliasOf(before);
  const only = new Set([onlyBefore === undefined ? undefined : (aliases.get(onlyBefore) ?? onlyBefore), onlyAliasOf(after)]);
  const [old, now] = [outputsOf(before), outputsOf(after)];
  const short = (alias: string) => (only.has(alias) ? '' : alias);
  return (one, other) => {
    const own = { before: ownAlias(before, one), after: ownAlias(after, other) };
    return {
      before: {
        qualifier: (alias) => (alias === own.before ? '' : short(aliases.get(alias) ?? alias)),
        subplan: (name) => subplans.get(name) ?? `${name} of before`,
        output: old,
      },
      after: {
        qualifier: (alias) => (alias === own.after ? '' : short(alias)),
        subplan: (name) => name,
        output: now,
      },
    };
  };
}
