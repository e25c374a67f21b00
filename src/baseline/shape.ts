import type { Plan, PlanNode } from '../plan/model.js';
import { formatPlanText } from './plan-text.js';

/**
 * What EXPLAIN prints without costs and is no part of a shape: the number of workers follows the size of the table, and
 * `Disabled` the settings.
 */
const NOT_SHAPE: ReadonlySet<string> = new Set(['Workers Planned', 'Disabled', 'Output']);

const printed = new WeakMap<Plan, readonly string[]>();

/**
 * The shape of a plan as a baseline shows it: EXPLAIN's text without costs, of the nodes alone. Conditions are printed
 * as the plan has them; see `parameterForm`.
 */
export function shapeLines(plan: Plan): readonly string[] {
  const known = printed.get(plan);
  if (known !== undefined) return known;
  const lines = formatPlanText({ root: shapeNode(plan.root), properties: {} }, { costs: false });
  printed.set(plan, lines);
  return lines;
}

/** Whether two plans are the same in everything that a baseline shows of them. */
export function sameShape(a: Plan, b: Plan): boolean {
  return shapeText(a) === shapeText(b);
}

/** The shape as one string, to find equal ones by. */
export function shapeText(plan: Plan): string {
  return shapeLines(plan).join('\n');
}

function shapeNode(node: PlanNode): PlanNode {
  const properties = Object.fromEntries(Object.entries(node.properties).filter(([name]) => !NOT_SHAPE.has(name)));
  return { ...node, properties, children: node.children.map(shapeNode) };
}
