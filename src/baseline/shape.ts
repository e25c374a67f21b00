import { formatPlanText } from '../plan/format-text.js';
import type { Plan, PlanNode } from '../plan/model.js';
import { parseTextPlan } from '../plan/parse-text.js';
import { escapeText, unescapeText } from './words.js';

/**
 * What EXPLAIN prints without costs and is no part of a shape. The number of workers follows the size of the table,
 * `Disabled` the settings, the partitions of a hash `work_mem`; the others are printed with VERBOSE alone and do not
 * decide what a node does.
 */
const NOT_SHAPE: ReadonlySet<string> = new Set([
  'Workers Planned',
  'Disabled',
  'Disabled Nodes',
  'Planned Partitions',
  'Output',
  'Inner Unique',
  'Params Evaluated',
]);

const printed = new WeakMap<Plan, readonly string[]>();
/** Shapes that were printed, by what they are printed from: the plans of a suite have few. */
const byContent = new Map<string, readonly string[]>();
const MOST_SHAPES = 5_000;

/**
 * The shape of a plan as a baseline shows it: EXPLAIN's text without costs, of the nodes alone, every text in one line.
 * Conditions are printed as the plan has them; see `parameterForm`.
 */
export function shapeLines(plan: Plan): readonly string[] {
  const known = printed.get(plan);
  if (known !== undefined) return known;
  const content = JSON.stringify(contentOf(plan.root));
  const lines = byContent.get(content) ?? print(plan.root);
  if (byContent.size >= MOST_SHAPES) byContent.clear();
  byContent.set(content, lines);
  printed.set(plan, lines);
  return lines;
}

function print(node: PlanNode): readonly string[] {
  const root = mapNode(node, (text) => escapeText(text).replace(/ $/, '\\u{20}'));
  return formatPlanText({ root, properties: {} }, { costs: false });
}

/** Everything of a node that its shape may be printed from, which is far quicker to write than the shape is. */
function contentOf(node: PlanNode): unknown[] {
  const { nodeType, subplanName, relation, alias, indexName, parallelAware, conditions, properties, children } = node;
  const own = Object.entries(properties).filter(([name]) => !NOT_SHAPE.has(name));
  const names = [relation?.schema, relation?.name, alias, indexName, subplanName];
  return [nodeType, node.parentRelationship, parallelAware, names, conditions, own, children.map(contentOf)];
}

/**
 * Reads what `shapeLines` printed.
 * @throws {PlanGuardError} `plan`, with the line
 */
export function readShape(lines: readonly { readonly text: string; readonly line: number }[]): Plan {
  const plan = parseTextPlan(lines);
  const read = (text: string) => {
    const unescaped = unescapeText(text);
    return typeof unescaped === 'string' ? unescaped : text;
  };
  return { ...plan, root: mapNode(plan.root, read) };
}

/**
 * A shape that is written already, and read when something of it is asked for.
 * @param lines as `shapeLines` printed them
 * @param read gives the plan that they show
 */
export function writtenShape(lines: readonly string[], read: () => Plan): Plan {
  let plan: Plan | undefined;
  const known = () => {
    plan ??= read();
    return plan;
  };
  const written: Plan = {
    get root() {
      return known().root;
    },
    get properties() {
      return known().properties;
    },
  };
  printed.set(written, lines);
  return written;
}

/** Whether a plan is the same as a written one in everything that a baseline shows of them. */
export function sameShape(written: Plan, plan: Plan): boolean {
  const text = shapeText(plan);
  // An older version may have printed the same plan in other words.
  return shapeText(written) === text || print(written.root).join('\n') === text;
}

/** The shape as one string, to find equal ones by. */
export function shapeText(plan: Plan): string {
  return shapeLines(plan).join('\n');
}

/** The node with another text for each that a plan may have from a statement or a catalog, and without what is no shape. */
function mapNode(node: PlanNode, map: (text: string) => string): PlanNode {
  const optional = (text: string | undefined) => (text === undefined ? undefined : map(text));
  const { relation } = node;
  const properties = Object.entries(node.properties).filter(([name]) => !NOT_SHAPE.has(name));
  return {
    ...node,
    subplanName: optional(node.subplanName),
    relation: relation === undefined ? undefined : { schema: optional(relation.schema), name: map(relation.name) },
    alias: optional(node.alias),
    indexName: optional(node.indexName),
    conditions: node.conditions.map(({ label, text }) => ({ label, text: map(text) })),
    properties: Object.fromEntries(properties.map(([name, value]) => [name, mapTexts(value, map)])),
    children: node.children.map((child) => mapNode(child, map)),
  };
}

/** Maps the texts in a property, at any depth. */
export function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapTexts(one, map)]));
}
