import type { Access, AccessKind, Plan } from '../plan/model.js';
import { nodeLabel, walk } from '../plan/walk.js';

/** What a plan does, node by node in tree order, without its numbers. */
export function shapeOf({ root }: Plan): readonly string[] {
  return [...walk(root)].map(({ node }) => {
    const { properties } = node;
    const facts = [
      properties['Join Type'],
      properties.Strategy,
      properties['Partial Mode'],
      properties['Scan Direction'],
      node.relation?.name,
      node.alias,
      node.indexName,
      node.subplanName,
    ];
    return [node.path, nodeLabel(node), ...facts.map((fact) => fact ?? '')].join(' ').trimEnd();
  });
}

/** Every number that the planner gives its nodes: startup and total cost, rows, width. */
export function numbersOf({ root }: Plan): readonly (readonly (number | undefined)[])[] {
  return [...walk(root)].map(({ node }) => [node.startupCost, node.totalCost, node.planRows, node.planWidth]);
}

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export const isSameShape = (a: Plan, b: Plan) => equal(shapeOf(a), shapeOf(b));

/** The same shape with the same numbers in every node. */
export const isSamePlan = (a: Plan, b: Plan) => isSameShape(a, b) && equal(numbersOf(a), numbersOf(b));

/** Nodes with their numbers that only the one plan has, and only the other; without numbers where the shapes differ. */
export function onlyIn(a: Plan, b: Plan): readonly [readonly string[], readonly string[]] {
  const describe = isSameShape(a, b)
    ? (plan: Plan) => shapeOf(plan).map((line, index) => `${line} (${numbersOf(plan)[index]?.join(' ')})`)
    : shapeOf;
  const [first, second] = [describe(a), describe(b)];
  return [first.filter((line) => !second.includes(line)), second.filter((line) => !first.includes(line))];
}

const WORST_LAST: readonly AccessKind[] = ['bounded', 'partly-bounded', 'whole-index', 'whole-table', 'opaque'];

/**
 * How each protected table is reached, by its name: the worst of its accesses. Partitions count as their table.
 * @param tables names in the schema `public`
 */
export function verdictOf(
  accesses: readonly Access[],
  tables: readonly string[],
): Readonly<Record<string, AccessKind>> {
  const worst: Record<string, AccessKind> = {};
  for (const { kind, table, ancestors } of accesses) {
    const names = [table, ...ancestors.map((name) => name.slice(name.indexOf('.') + 1))];
    const name = tables.find((one) => names.includes(one));
    if (name === undefined) continue;
    const before = worst[name] ?? 'bounded';
    worst[name] = WORST_LAST.indexOf(kind) > WORST_LAST.indexOf(before) ? kind : before;
  }
  return worst;
}

/** What a guard says: whether every protected table that the plan reads is read within bounds. */
export const isBounded = (verdict: Readonly<Record<string, AccessKind>>) =>
  Object.values(verdict).every((kind) => kind === 'bounded');

/** The tables whose verdicts differ between two plans of the same statement. */
export function differingTables(
  a: Readonly<Record<string, AccessKind>>,
  b: Readonly<Record<string, AccessKind>>,
): readonly string[] {
  const bounded = (kind: AccessKind | undefined) => kind === undefined || kind === 'bounded';
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => bounded(a[name]) !== bounded(b[name])).sort();
}
