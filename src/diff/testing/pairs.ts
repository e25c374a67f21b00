import { readdirSync, readFileSync } from 'node:fs';
import type { Plan, PlanNode } from '../../plan/model.js';
import { parsePlan } from '../../plan/parse-json.js';
import { nodeLabel, walk } from '../../plan/walk.js';
import type { AlignedNode } from '../model.js';

const folder = new URL('pairs/', import.meta.url);

/** Two plans and what must become of their nodes, checked by hand. */
export interface CheckedPair {
  readonly name: string;
  readonly before: Plan;
  readonly after: Plan;
  /** As `drawMatching` draws it. */
  readonly matching: string;
}

export function checkedPairs(): CheckedPair[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.plans'));
  return files.sort().map((file) => {
    const name = file.slice(0, -'.plans'.length);
    const [before, after] = readFileSync(new URL(file, folder), 'utf8')
      .trim()
      .split('\n')
      .map((line) => parsePlan(line));
    if (before === undefined || after === undefined) throw new Error(`${file} holds no two plans`);
    return { name, before, after, matching: readFileSync(new URL(`${name}.txt`, folder), 'utf8') };
  });
}

/** A match by the paths of the two nodes; undefined for a node that only one plan has. */
export interface Match {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly moved: boolean;
}

/**
 * Both trees. Before a node stands its number, which is that of the node that it is matched with, `-` for one that is
 * removed, `+` for one that is added; behind it `>` where it moved.
 */
export function drawMatching(before: Plan, after: Plan, matches: readonly Match[]): string {
  const draw = (plan: Plan, tagOf: (path: string) => string) =>
    [...walk(plan.root)]
      .map(({ node, ancestors }) => `${tagOf(node.path).padEnd(5)}${'  '.repeat(ancestors.length)}${words(node)}\n`)
      .join('');
  const numbers = new Map<Match, number>();
  for (const { node } of walk(before.root)) {
    const match = matches.find((one) => one.before === node.path);
    if (match?.after !== undefined) numbers.set(match, numbers.size + 1);
  }
  const tag = (match: Match | undefined, alone: string) => {
    const number = match === undefined ? undefined : numbers.get(match);
    return number === undefined ? alone : `${number}${match?.moved ? '>' : ''}`;
  };
  const trees = [
    draw(before, (path) =>
      tag(
        matches.find((one) => one.before === path),
        '-',
      ),
    ),
    draw(after, (path) =>
      tag(
        matches.find((one) => one.after === path),
        '+',
      ),
    ),
  ];
  return trees.join('\n');
}

function words(node: PlanNode): string {
  const { subplanName, indexName, relation, alias } = node;
  const parts = [subplanName && `[${subplanName}]`, nodeLabel(node), indexName, relation?.name];
  if (alias !== relation?.name) parts.push(alias);
  return parts.filter((part) => part !== undefined).join(' ');
}

/** Reads what `drawMatching` drew. */
export function readMatching(pair: CheckedPair): Match[] {
  const [before = '', after = ''] = pair.matching.split('\n\n');
  const tags = (drawn: string, plan: Plan) => {
    const lines = drawn.trimEnd().split('\n');
    return [...walk(plan.root)].map(({ node }, line) => ({ path: node.path, tag: lines[line]?.split(' ')[0] ?? '' }));
  };
  const old = tags(before, pair.before);
  const now = tags(after, pair.after);
  const both = old.flatMap(({ path, tag }) => {
    const twin = tag === '-' ? undefined : now.find((one) => one.tag === tag);
    return [{ before: path, after: twin?.path, moved: tag.endsWith('>') }];
  });
  const added = now.filter(({ tag }) => tag === '+');
  return [...both, ...added.map(({ path }) => ({ before: undefined, after: path, moved: false }))];
}

export function matchesOf(nodes: readonly AlignedNode[]): Match[] {
  return nodes.map(({ before, after, change }) => ({
    before: before?.path,
    after: after?.path,
    moved: change === 'moved',
  }));
}

/**
 * The plain way: the roots are the same, and so are children at the same place, as long as they are of the same type and
 * scan the same table.
 */
export function matchTopDown(before: Plan, after: Plan): Match[] {
  const matches: Match[] = [];
  const label = (node: PlanNode) => `${node.nodeType} ${node.relation?.name} ${node.alias}`;
  const alone = (node: PlanNode | undefined, side: 'before' | 'after') => {
    if (node === undefined) return;
    for (const { node: inside } of walk(node)) {
      matches.push({ before: undefined, after: undefined, moved: false, [side]: inside.path });
    }
  };
  const open: [PlanNode | undefined, PlanNode | undefined][] = [[before.root, after.root]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [one, other] = pair;
    if (one === undefined || other === undefined || label(one) !== label(other)) {
      alone(one, 'before');
      alone(other, 'after');
      continue;
    }
    matches.push({ before: one.path, after: other.path, moved: false });
    const most = Math.max(one.children.length, other.children.length);
    for (let at = 0; at < most; at++) open.push([one.children[at], other.children[at]]);
  }
  return matches;
}

/** How many of the nodes are told rightly: matched with the right one, or rightly with none. */
export function score(expected: readonly Match[], found: readonly Match[]): number {
  const key = ({ before, after }: Match) => `${before} ${after}`;
  const right = new Set(expected.map(key));
  return found.filter((match) => right.has(key(match))).length;
}
