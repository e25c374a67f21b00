import { PlanGuardError, type Where } from '../errors.js';
import type { Condition, ParentRelationship, Plan, PlanNode } from './model.js';
import type { Properties } from './properties.js';

/** The expressions of a node that are its `conditions`. */
export const CONDITION_LABELS: ReadonlySet<string> = new Set([
  'Index Cond',
  'Recheck Cond',
  'TID Cond',
  'Filter',
  'One-Time Filter',
  'Join Filter',
  'Hash Cond',
  'Merge Cond',
  'Order By',
  'Cache Key',
  'Run Condition',
  'Conflict Filter',
]);

const RELATIONSHIPS: ReadonlySet<string> = new Set<ParentRelationship>([
  'Outer',
  'Inner',
  'Member',
  'Subquery',
  'InitPlan',
  'SubPlan',
  'child',
  'children',
]);

/** A node whose children are still being read. */
interface OpenNode extends PlanNode {
  readonly children: PlanNode[];
}

/**
 * Reads one result of EXPLAIN (FORMAT JSON): the array `[{ Plan }]` that PostgreSQL gives, its one element, or the text.
 * What a plan does not tell stays undefined. Property names: `src/backend/commands/explain.c`.
 * @param places where the nodes stand that were read from another format than JSON
 * @throws {PlanGuardError} `plan`: not JSON, not one plan, a node without a type, or a property of the wrong type.
 */
export function parsePlan(json: unknown, places?: Places): Plan {
  const document = onlyPlan(typeof json === 'string' ? parseText(json) : json);
  const { Plan: tree, ...properties } = document;
  return { root: parseTree(tree, places), properties };
}

/** Where objects stand in the text that they were read from. */
export type Places = Pick<WeakMap<object, Where>, 'get'>;

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlanGuardError('plan', `EXPLAIN's output is not JSON: ${(cause as Error).message}`, {
      hint: 'Use EXPLAIN (VERBOSE, FORMAT JSON).',
      cause,
    });
  }
}

function onlyPlan(json: unknown): Properties {
  const plans = Array.isArray(json) ? json : [json];
  const [plan] = plans;
  if (plans.length > 1) {
    throw new PlanGuardError('plan', `EXPLAIN gave ${plans.length} plans for one statement`, {
      hint: 'A rule (CREATE RULE) rewrites the statement into several; check what the rule does as statements of its own.',
    });
  }
  if (!isObject(plan) || !isObject(plan.Plan)) {
    throw new PlanGuardError('plan', "EXPLAIN's output holds no plan", {
      hint: 'Only SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES have a plan.',
    });
  }
  return plan;
}

function parseTree(tree: unknown, places: Places | undefined): PlanNode {
  const root = parseNode(tree, '0', places);
  const open = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, plans } = next;
    plans.forEach((plan, index) => {
      const child = parseNode(plan, `${node.path}.${index}`, places);
      node.children.push(child.node);
      open.push(child);
    });
  }
  return root.node;
}

function parseNode(
  json: unknown,
  path: string,
  places: Places | undefined,
): { node: OpenNode; plans: readonly unknown[] } {
  const invalid = (what: string) => invalidNode(path, what, isObject(json) ? places?.get(json) : undefined);
  if (!isObject(json)) throw invalid('is not an object');
  const properties: Properties = { ...json };
  const take = <T>(name: string, accepts: (value: unknown) => value is T): T | undefined => {
    const value = properties[name];
    if (value === undefined) return undefined;
    if (!accepts(value)) throw invalid(`has an unexpected "${name}": ${shorten(value)}`);
    delete properties[name];
    return value;
  };

  const nodeType = take('Node Type', isString);
  if (nodeType === undefined) throw invalid('has no "Node Type"');
  const plans = take('Plans', Array.isArray) ?? [];
  const name = take('Relation Name', isString);
  const conditions: Condition[] = [];
  for (const label of Object.keys(json)) {
    if (!CONDITION_LABELS.has(label)) continue;
    const text = take(label, isString);
    if (text !== undefined) conditions.push({ label, text });
  }
  const node: OpenNode = {
    nodeType,
    path,
    parentRelationship: isRelationship(properties['Parent Relationship'])
      ? take('Parent Relationship', isRelationship)
      : undefined,
    subplanName: take('Subplan Name', isString),
    relation: name === undefined ? undefined : { schema: take('Schema', isString), name },
    alias: take('Alias', isString),
    indexName: take('Index Name', isString),
    parallelAware: take('Parallel Aware', isBoolean) ?? false,
    startupCost: take('Startup Cost', isNumber),
    totalCost: take('Total Cost', isNumber),
    planRows: take('Plan Rows', isNumber),
    planWidth: take('Plan Width', isNumber),
    conditions,
    children: [],
    properties,
  };
  return { node, plans };
}

function invalidNode(path: string, what: string, where: Where | undefined): PlanGuardError {
  return new PlanGuardError('plan', `Node ${path} of the plan ${what}`, {
    hint: "This is not the output of PostgreSQL's EXPLAIN (FORMAT JSON), or of a version that is not known yet.",
    ...(where === undefined ? {} : { where }),
  });
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Whether a value of JSON is an object, which lists are not. */
export function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isRelationship(value: unknown): value is ParentRelationship {
  return typeof value === 'string' && RELATIONSHIPS.has(value);
}
