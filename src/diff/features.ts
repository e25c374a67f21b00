import type { Plan, PlanNode } from '../plan/model.js';
import { fieldsOf } from './fields.js';
import { baseAlias, type Names, outputsOf, subplanOf } from './names.js';
import { type Tree, treeOf } from './tree.js';

/** A plan's tree with what its nodes are recognised by. Every list is by place in the tree. */
export interface Features extends Tree {
  /** What of its kind may stand for it in another plan: a join for a join, a sort for a sort. */
  readonly kinds: readonly string[];
  /** What a scan reads, such as `table tracks`; undefined for nodes that only handle the rows of others. */
  readonly anchors: readonly (string | undefined)[];
  /** All that the node does by itself, as one text. */
  readonly contents: readonly string[];
  /** Equal for subtrees that are equal in all that they do. */
  readonly subtrees: readonly number[];
  /**
   * How much each anchor counts when subtrees are compared; 0 for the others. Members of an Append share its weight, so
   * that a table of a thousand partitions counts no more than any other.
   */
  readonly weights: readonly number[];
}

const KINDS: Readonly<Record<string, string>> = {
  'Nested Loop': 'join',
  'Hash Join': 'join',
  'Merge Join': 'join',
  Sort: 'sort',
  'Incremental Sort': 'sort',
  Aggregate: 'group',
  Group: 'group',
  Unique: 'group',
  Gather: 'gather',
  'Gather Merge': 'gather',
  Append: 'append',
  'Merge Append': 'append',
  BitmapAnd: 'bitmap',
  BitmapOr: 'bitmap',
};

/** Reads both plans; what makes a subtree equal is numbered over both. */
export function featuresOf(before: Plan, after: Plan): { readonly before: Features; readonly after: Features } {
  const numbers = new Map<string, number>();
  const number = (key: string) => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  const trees = [treeOf(before), treeOf(after)] as const;
  const only = new Set(trees.flatMap((tree) => onlyAliasOf(tree) ?? []).map(baseAlias));
  return { before: features(trees[0], number, only), after: features(trees[1], number, only) };
}

function features(tree: Tree, number: (key: string) => number, only: ReadonlySet<string>): Features {
  const outputs = outputsOf(tree);
  const contents = tree.nodes.map((node, place) => contentOf(node, ownAlias(tree, place), outputs, only));
  const subtrees: number[] = new Array(tree.nodes.length).fill(0);
  for (let place = tree.nodes.length - 1; place >= 0; place--) {
    const below = (tree.children[place] ?? []).map(
      (child) => `${tree.nodes[child]?.parentRelationship} ${subtrees[child]}`,
    );
    subtrees[place] = number([contents[place], ...below].join('\n'));
  }
  const anchors = tree.nodes.map(anchorOf);
  return {
    ...tree,
    kinds: tree.nodes.map((node) => KINDS[node.nodeType] ?? node.nodeType),
    anchors,
    contents,
    subtrees,
    weights: weightsOf(tree).map((weight, place) => (anchors[place] === undefined ? 0 : weight)),
  };
}

/** The alias of a plan that has only one: EXPLAIN may leave it out before columns. */
export function onlyAliasOf(tree: Tree): string | undefined {
  const aliases = new Set(tree.nodes.flatMap(({ alias }) => alias ?? []));
  return aliases.size === 1 ? [...aliases][0] : undefined;
}

/** The alias of the table that a node scans, or builds a bitmap of: its conditions may leave it out. */
export function ownAlias(tree: Tree, place: number): string | undefined {
  let scan = place;
  while (tree.nodes[scan]?.nodeType.startsWith('Bitmap') && tree.nodes[scan]?.alias === undefined) {
    scan = tree.parents[scan] as number;
  }
  return tree.nodes[scan]?.alias;
}

/** What the node does, without the numbers of subplans and aliases, which differ between plans of one statement. */
function contentOf(
  node: PlanNode,
  own: string | undefined,
  output: Names['output'],
  only: ReadonlySet<string>,
): string {
  const names: Names = {
    qualifier: (alias) => (alias === own || only.has(baseAlias(alias)) ? '' : baseAlias(alias)),
    subplan: (name) => name.replace(/ .*/, ''),
    output,
  };
  const fields = [...fieldsOf(node, names)].filter(([name]) => name !== 'Schema');
  return fields.map(([name, { compared }]) => `${name}: ${compared}`).join('\n');
}

function anchorOf(node: PlanNode): string | undefined {
  if (node.nodeType === 'ModifyTable') return undefined;
  if (node.relation !== undefined) return `table ${node.relation.name}`;
  for (const name of ['CTE Name', 'Function Name', 'Table Function Name', 'Tuplestore Name']) {
    const value = node.properties[name];
    if (typeof value === 'string') return `${name} ${value} ${node.nodeType === 'WorkTable Scan'}`;
  }
  return node.nodeType === 'Values Scan' ? 'values' : undefined;
}

function weightsOf(tree: Tree): number[] {
  const weights: number[] = [1];
  tree.children.forEach((children, place) => {
    const members = children.filter((child) => tree.nodes[child]?.parentRelationship === 'Member').length;
    for (const child of children) {
      const isMember = tree.nodes[child]?.parentRelationship === 'Member';
      weights[child] = (weights[place] as number) / (isMember ? members : 1);
    }
  });
  return weights;
}

/** A subplan's name without its number: `CTE x`, `InitPlan`, `SubPlan`. */
export function subplanKind(node: PlanNode): string | undefined {
  return subplanOf(node)?.replace(/^(InitPlan|SubPlan) .*/, '$1');
}
