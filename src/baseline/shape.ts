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

/**
 * The shape of a plan as a baseline shows it: EXPLAIN's text without costs, of the nodes alone, every text in one line.
 * Conditions are printed as the plan has them; see `parameterForm`.
 */
export function shapeLines(plan: Plan): readonly string[] {
  const known = printed.get(plan);
  if (known !== undefined) return known;
  const root = mapNode(plan.root, (text) => escapeText(text).replace(/ $/, '\\u{20}'));
  const lines = formatPlanText({ root, properties: {} }, { costs: false });
  printed.set(plan, lines);
  return lines;
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

/** Whether two plans are the same in everything that a baseline shows of them. */
export function sameShape(a: Plan, b: Plan): boolean {
  return shapeText(a) === shapeText(b);
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
