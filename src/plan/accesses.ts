import { PlanGuardError } from '../errors.js';
import { functionsCalled, keysUsed, type TableInText, tidBounds } from './expressions.js';
import type {
  Access,
  AccessHow,
  AccessKind,
  Catalog,
  FunctionFacts,
  IndexFacts,
  Plan,
  PlanNode,
  RelationName,
  TriggerFacts,
} from './model.js';
import { ancestorsOf, isSystemSchema } from './names.js';
import { conditionOf, nodeLabel, type Visit, walk } from './walk.js';

export interface AccessOptions {
  /** Functions and triggers that are known to read no table that matters, as `name` or `schema.name`. */
  readonly trustedFunctions: readonly string[];
}

/** What an access reads: its kind, why, and what takes part. */
interface Reach {
  readonly kind: AccessKind;
  readonly how: AccessHow;
  readonly indexes: readonly string[];
  readonly indexConditions: readonly string[];
}

/** Kinds of access from best to worst. */
export const ACCESS_RANK: Readonly<Record<AccessKind, number>> = {
  bounded: 0,
  'partly-bounded': 1,
  'whole-index': 2,
  'whole-table': 3,
  opaque: 4,
};

/** Nodes that hand on every row of their child, so that a Limit above them stops the child too. */
const PASSING: ReadonlySet<string> = new Set(['Result', 'Subquery Scan', 'Append', 'Merge Append', 'LockRows']);

/**
 * Functions of PostgreSQL and of its extensions, all in C, that run the SQL or read the table that they are given:
 * `src/backend/utils/adt/xml.c`, `tsvector_op.c`, `tsquery_rewrite.c`, `contrib/{dblink,tablefunc,xml2,spi,…}`.
 */
const RUNS_SQL: ReadonlySet<string> = new Set([
  'query_to_xml',
  'query_to_xmlschema',
  'query_to_xml_and_xmlschema',
  'table_to_xml',
  'table_to_xml_and_xmlschema',
  'schema_to_xml',
  'schema_to_xml_and_xmlschema',
  'database_to_xml',
  'database_to_xml_and_xmlschema',
  'cursor_to_xml',
  'ts_stat',
  'ts_rewrite',
  'dblink',
  'dblink_exec',
  'dblink_open',
  'dblink_fetch',
  'dblink_send_query',
  'crosstab',
  'crosstab2',
  'crosstab3',
  'crosstab4',
  'crosstabN',
  'connectby',
  'xpath_table',
  'check_primary_key',
  'check_foreign_key',
  'pgstattuple',
  'pgrowlocks',
]);

/** Properties of a node that hold names or numbers, not expressions; and text that another server runs. */
const NOT_EXPRESSIONS: ReadonlySet<string> = new Set(['Subplan Name', 'Remote SQL', 'Target Tables', 'Relations']);

/**
 * Classifies every occurrence of a table in a plan, in tree order, and whatever in it is opaque: functions whose
 * bodies EXPLAIN does not show, foreign and custom scans, triggers and referential actions of changed tables.
 *
 * - An index is bounded by a condition on its leading column; a GIN index, whose columns are equal, by one on any; BRIN
 *   only excludes ranges of blocks. Methods that are not PostgreSQL's own never count as bounded.
 * - An index without a condition is bounded where its rows flow unfiltered into a Limit that stops it.
 * - A function is opaque unless it is immutable, trusted or written in C (`c`, `internal`): those do not run SQL, but
 *   for a known few that do (`dblink`, `query_to_xml`, …). Where one overload is opaque, all are.
 * - PostgreSQL's own catalogs and temporary tables are left out: no rule can speak of them.
 *
 * @throws {PlanGuardError} `plan`: the plan uses an index that the catalog does not know.
 */
export function accessesOf(plan: Plan, catalog: Catalog, options: AccessOptions): Access[] {
  return collectAccesses(plan, catalog, options);
}

/** Stands for the catalog of a plan that nobody knows the database of. */
const UNKNOWN: Catalog = { tables: new Map(), indexes: new Map(), functions: new Map(), searchPath: [] };

/**
 * The same from a plan alone, of a database that nobody knows. It tells less, and nothing that the plan does not show:
 *
 * - That an index condition bounds the access is not known, as the leading column of the index is not: it is
 *   `partly-bounded` by `index-condition` or `bitmap`, which no catalog ever says. Bounded are only row addresses and
 *   what a Limit stops.
 * - Ancestors of partitions, triggers and referential actions are not there, and of functions only those that are known
 *   to run SQL.
 */
export function accessesInPlan(plan: Plan): Access[] {
  return collectAccesses(plan, UNKNOWN, { trustedFunctions: [] });
}

function collectAccesses(plan: Plan, catalog: Catalog, options: AccessOptions): Access[] {
  const visits = [...walk(plan.root)];
  const functions = opaqueFunctions(visits, catalog, options);
  return visits.flatMap((visit) => [
    ...tableAccess(visit, catalog),
    ...triggerAccesses(visit.node, catalog, options),
    ...(functions.get(visit.node) ?? []),
  ]);
}

function tableAccess(visit: Visit, catalog: Catalog): Access[] {
  const { node } = visit;
  if (node.nodeType === 'Custom Scan') return [access(node, catalog, providerOf(node), opaque('custom'))];
  if (node.nodeType === 'Foreign Scan' && node.relation === undefined) {
    return pushedDown(node).map((relation) => access(node, catalog, relation, opaque('foreign')));
  }
  if (node.relation === undefined || node.nodeType === 'ModifyTable') return [];
  const schema = node.relation.schema ?? onlySchemaOf(node.relation.name, catalog);
  if (schema !== undefined && isSystemSchema(schema)) return [];
  const name = node.relation.name;
  return [access(node, catalog, { schema, name, alias: node.alias ?? name }, reachOf(visit, schema, catalog))];
}

function access(
  node: PlanNode,
  catalog: Catalog,
  { schema, name, alias }: { schema: string | undefined; name: string; alias: string },
  reach: Reach,
): Access {
  return {
    ...reach,
    schema,
    table: name,
    alias,
    ancestors: schema === undefined ? [] : ancestorsOf(`${schema}.${name}`, catalog),
    node: nodeLabel(node),
    path: node.path,
    filters: node.conditions.filter(({ label }) => label === 'Filter').map(({ text }) => text),
    cost: node.totalCost,
    rows: node.planRows,
  };
}

/** Without VERBOSE a plan tells no schema; it is known where only one schema has a table of that name. */
function onlySchemaOf(name: string, catalog: Catalog): string | undefined {
  const schemas = [...catalog.tables.values()].filter((table) => table.name === name).map((table) => table.schema);
  return schemas.length === 1 ? schemas[0] : undefined;
}

function reachOf(visit: Visit, schema: string | undefined, catalog: Catalog): Reach {
  const { node } = visit;
  switch (node.nodeType) {
    case 'Seq Scan':
      return whole(node.parallelAware ? 'parallel' : 'serial');
    case 'Sample Scan':
      return whole('sample');
    case 'Index Scan':
    case 'Index Only Scan':
      return indexReach(visit, schema, catalog);
    case 'Bitmap Heap Scan':
      return bitmapReach(node, schema, catalog);
    case 'Tid Scan':
      return tidReach(node);
    case 'Tid Range Scan':
      return tidRangeReach(node);
    case 'Foreign Scan':
      return opaque('foreign');
    default:
      // A way of reading a table that is not known here is not known to be bounded.
      return opaque('custom');
  }
}

function indexReach(visit: Visit, schema: string | undefined, catalog: Catalog): Reach {
  const reach = conditionReach(visit.node, visit.node, schema, catalog);
  if (reach.kind === 'whole-index' && stopsAtLimit(visit)) {
    return { ...reach, kind: 'bounded', how: 'limit' };
  }
  return reach;
}

/** What the `Index Cond` of a node says about the index that the node reads; `scan` names the table. */
function conditionReach(node: PlanNode, scan: PlanNode, schema: string | undefined, catalog: Catalog): Reach {
  const index = catalog === UNKNOWN ? undefined : indexOf(node, scan, schema, catalog);
  const condition = conditionOf(node, 'Index Cond');
  const indexes = [index?.name ?? node.indexName ?? ''];
  if (condition === undefined) {
    return { kind: 'whole-index', how: 'no-index-condition', indexes, indexConditions: [] };
  }
  const found = { indexes, indexConditions: [condition] };
  if (index === undefined) return { kind: 'partly-bounded', how: 'index-condition', ...found };
  const used = keysUsed(condition, index, tableInText(scan));
  switch (index.method) {
    case 'brin':
      return { kind: 'partly-bounded', how: 'block-ranges', ...found };
    case 'gin':
      if (used.size > 0) return { kind: 'bounded', how: 'index-condition', ...found };
      break;
    case 'btree':
    case 'hash':
    case 'gist':
    case 'spgist':
      if (used.has(0)) return { kind: 'bounded', how: 'index-condition', ...found };
      break;
  }
  return { kind: 'partly-bounded', how: 'trailing-column', ...found };
}

function bitmapReach(scan: PlanNode, schema: string | undefined, catalog: Catalog): Reach {
  const reaches = (node: PlanNode): Reach => {
    if (node.nodeType === 'Bitmap Index Scan') {
      const reach = conditionReach(node, scan, schema, catalog);
      if (reach.how === 'index-condition') return { ...reach, how: 'bitmap' };
      return reach.kind === 'whole-index' ? { ...reach, kind: 'whole-table' } : reach;
    }
    const arms = node.children.map(reaches);
    const decisive = arms.reduce((one, other) => {
      const otherDecides =
        node.nodeType === 'BitmapAnd'
          ? ACCESS_RANK[other.kind] < ACCESS_RANK[one.kind]
          : ACCESS_RANK[other.kind] > ACCESS_RANK[one.kind];
      return otherDecides ? other : one;
    });
    return {
      ...decisive,
      indexes: arms.flatMap((arm) => arm.indexes),
      indexConditions: arms.flatMap((arm) => arm.indexConditions),
    };
  };
  const bitmap = scan.children.find((child) => child.parentRelationship === 'Outer');
  if (bitmap === undefined) {
    throw new PlanGuardError('plan', `Node ${scan.path} of the plan, a Bitmap Heap Scan, has no bitmap below it`);
  }
  const reach = reaches(bitmap);
  const lossy = Number(scan.properties['Lossy Heap Blocks'] ?? 0) > 0;
  return lossy && ACCESS_RANK[reach.kind] < ACCESS_RANK['whole-table']
    ? { ...reach, kind: 'whole-table', how: 'lossy' }
    : reach;
}

function tidReach(node: PlanNode): Reach {
  const condition = conditionOf(node, 'TID Cond');
  return condition === undefined
    ? whole('serial')
    : { kind: 'bounded', how: 'tid', indexes: [], indexConditions: [condition] };
}

/** A range with two ends is bounded, one with one end partly; one that starts at the first page is no range at all. */
function tidRangeReach(node: PlanNode): Reach {
  const condition = conditionOf(node, 'TID Cond');
  const serial = whole(node.parallelAware ? 'parallel' : 'serial');
  if (condition === undefined) return serial;
  const { lower, upper, fromStart } = tidBounds(condition, tableInText(node));
  if (!upper && (fromStart || !lower)) return { ...serial, indexConditions: [condition] };
  return { kind: lower && upper ? 'bounded' : 'partly-bounded', how: 'tid', indexes: [], indexConditions: [condition] };
}

function whole(how: 'serial' | 'parallel' | 'sample'): Reach {
  return { kind: 'whole-table', how, indexes: [], indexConditions: [] };
}

function opaque(how: 'foreign' | 'custom' | 'function' | 'trigger'): Reach {
  return { kind: 'opaque', how, indexes: [], indexConditions: [] };
}

function tableInText(scan: PlanNode): TableInText {
  const alias = scan.alias ?? scan.relation?.name ?? '';
  return { alias, prefixed: scan.relation?.schema !== undefined };
}

/** An index stands in the schema of its table; its name alone decides only where the schema is not known. */
function indexOf(node: PlanNode, scan: PlanNode, schema: string | undefined, catalog: Catalog): IndexFacts {
  const name = node.indexName ?? '';
  const candidates =
    schema === undefined
      ? [...catalog.indexes.values()].filter((index) => index.name === name)
      : [catalog.indexes.get(`${schema}.${name}`)];
  const [index] = candidates;
  if (index === undefined || candidates.length > 1) {
    throw new PlanGuardError(
      'plan',
      `The plan reads ${scan.relation?.name} through the index "${name}", which is not known`,
      {
        hint: 'Make the plan with VERBOSE, on the database that the catalog was read from.',
      },
    );
  }
  return index;
}

/**
 * Whether a Limit above stops the scan: every row that the scan finds reaches the Limit. A Limit that has only an OFFSET
 * stops nothing; its cost tells, as it is no less than its child's (`adjust_limit_rows_costs` in `pathnode.c`).
 */
function stopsAtLimit({ node, ancestors }: Visit): boolean {
  const filters = (candidate: PlanNode) =>
    candidate.conditions.some(({ label }) => label === 'Filter' || label === 'Join Filter');
  let below = node;
  for (const above of ancestors) {
    const feeds = below.parentRelationship;
    if (filters(below) || (feeds !== 'Outer' && feeds !== 'Member' && feeds !== 'Subquery')) return false;
    if (above.nodeType === 'Limit') {
      return above.totalCost !== undefined && below.totalCost !== undefined && above.totalCost < below.totalCost;
    }
    if (!PASSING.has(above.nodeType)) return false;
    below = above;
  }
  return false;
}

function providerOf(node: PlanNode): { schema: string | undefined; name: string; alias: string } {
  const provider = node.properties['Custom Plan Provider'];
  const name = node.relation?.name ?? (typeof provider === 'string' ? provider : node.nodeType);
  return { schema: node.relation?.schema, name, alias: node.alias ?? name };
}

/** A join or an aggregate that a foreign server computes names its tables in `Relations`: `(s.a x) INNER JOIN (s.b)`. */
function pushedDown(node: PlanNode): { schema: string | undefined; name: string; alias: string }[] {
  const text = node.properties.Relations;
  if (typeof text !== 'string') return [{ schema: undefined, name: node.nodeType, alias: node.nodeType }];
  const identifier = '("(?:[^"]|"")+"|[^\\s().,"]+)';
  const relation = new RegExp(`\\((?:${identifier}\\.)?${identifier}(?: ${identifier})?\\)`, 'gu');
  const plain = (name: string) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
  const relations = [...text.matchAll(relation)].map(([, schema, name = '', alias = name]) => ({
    schema: schema === undefined ? undefined : plain(schema),
    name: plain(name),
    alias: plain(alias),
  }));
  return relations.length > 0 ? relations : [{ schema: undefined, name: text, alias: text }];
}

/** Triggers of the changed tables, and the referential actions on tables that reference them, cascades included. */
function triggerAccesses(node: PlanNode, catalog: Catalog, options: AccessOptions): Access[] {
  if (node.nodeType !== 'ModifyTable' || node.relation === undefined) return [];
  const targets = [node.relation, ...targetTables(node)].map((target) => keyOf(target, catalog));
  const changes = withDescendants(targets, catalog).map((key) => ({ key, events: eventsOf(node) }));
  const found = new Map<string, Access>();
  for (const { key, events } of changes) {
    const changed = catalog.tables.get(key);
    for (const trigger of changed?.triggers ?? []) {
      const id = JSON.stringify([trigger.table ?? trigger.name, trigger.function]);
      if (found.has(id) || !fires(trigger, events, catalog, options)) continue;
      const table = trigger.table === undefined ? changed : catalog.tables.get(trigger.table);
      if (table === undefined) continue;
      const { schema, name } = table;
      found.set(id, access(node, catalog, { schema, name, alias: trigger.name }, opaque('trigger')));
      if (trigger.table !== undefined && trigger.change !== undefined) {
        changes.push({ key: trigger.table, events: new Set([trigger.change]) });
      }
    }
  }
  return [...found.values()];
}

function fires(trigger: TriggerFacts, events: ReadonlySet<string>, catalog: Catalog, options: AccessOptions): boolean {
  if (!trigger.events.some((event) => events.has(event)) || options.trustedFunctions.includes(trigger.name))
    return false;
  return trigger.function === undefined || isOpaque(trigger.function, catalog, options);
}

function eventsOf(node: PlanNode): ReadonlySet<string> {
  const operation = node.properties.Operation;
  if (operation === 'Merge' || typeof operation !== 'string') return new Set(['Insert', 'Update', 'Delete']);
  return new Set(node.properties['Conflict Resolution'] === 'UPDATE' ? [operation, 'Update'] : [operation]);
}

/** A change of several tables (partitions, inheritance children) lists them beside its own. */
function targetTables(node: PlanNode): RelationName[] {
  const targets = node.properties['Target Tables'];
  if (!Array.isArray(targets)) return [];
  return targets.map((target) => ({ schema: target.Schema, name: target['Relation Name'] }));
}

/** Rows that are inserted into a partitioned table fire the triggers of its partitions, which the plan does not name. */
function withDescendants(keys: readonly string[], catalog: Catalog): string[] {
  const wanted = new Set(keys);
  const partitioned = keys.some((key) => catalog.tables.get(key)?.kind === 'partitioned table');
  if (partitioned) {
    for (const key of catalog.tables.keys()) {
      if (ancestorsOf(key, catalog).some((ancestor) => wanted.has(ancestor))) wanted.add(key);
    }
  }
  return [...wanted];
}

function keyOf({ schema, name }: RelationName, catalog: Catalog): string {
  return `${schema ?? onlySchemaOf(name, catalog)}.${name}`;
}

/**
 * The opaque functions that each node calls. An expression is repeated in the `Output` of the nodes above the one that
 * computes it, so that only the lowest counts.
 */
function opaqueFunctions(visits: readonly Visit[], catalog: Catalog, options: AccessOptions): Map<PlanNode, Access[]> {
  const found = new Map<PlanNode, Access[]>();
  const lastPath = new Map<string, string>();
  for (const { node } of visits.toReversed()) {
    const accesses: Access[] = [];
    for (const called of callsOf(node, catalog)) {
      const key = opaqueKey(called, catalog, options);
      if (key === undefined || lastPath.get(key)?.startsWith(`${node.path}.`) || lastPath.get(key) === node.path)
        continue;
      lastPath.set(key, node.path);
      const alias = node.nodeType === 'Function Scan' ? (node.alias ?? called.name) : called.name;
      const schema = called.schema ?? catalog.functions.get(key)?.[0]?.schema;
      accesses.push(access(node, catalog, { schema, name: called.name, alias }, opaque('function')));
    }
    if (accesses.length > 0) found.set(node, accesses);
  }
  return found;
}

interface CalledFunction {
  readonly schema: string | undefined;
  readonly name: string;
}

/** Plans of one database repeat the same expressions. */
const callsByText = new WeakMap<Catalog, Map<string, readonly CalledFunction[]>>();

function callsIn(text: string, catalog: Catalog): readonly CalledFunction[] {
  const known = callsByText.get(catalog) ?? new Map<string, readonly CalledFunction[]>();
  callsByText.set(catalog, known);
  const calls = known.get(text) ?? functionsCalled(text);
  known.set(text, calls);
  return calls;
}

function callsOf(node: PlanNode, catalog: Catalog): CalledFunction[] {
  const calls = node.conditions.flatMap(({ text }) => callsIn(text, catalog));
  const scanned = node.properties['Function Name'];
  if (typeof scanned === 'string') {
    const { Schema: schema } = node.properties;
    calls.push({ schema: typeof schema === 'string' ? schema : undefined, name: scanned });
  }
  for (const [name, value] of Object.entries(node.properties)) {
    if (NOT_EXPRESSIONS.has(name)) continue;
    const texts = Array.isArray(value) ? value : [value];
    for (const text of texts) if (typeof text === 'string') calls.push(...callsIn(text, catalog));
  }
  return calls;
}

/** The function under its catalog key, where calling it may read tables unseen. */
function opaqueKey({ schema, name }: CalledFunction, catalog: Catalog, options: AccessOptions): string | undefined {
  const schemas = schema === undefined ? [...catalog.searchPath, 'pg_catalog'] : [schema];
  return schemas.map((candidate) => `${candidate}.${name}`).find((key) => isOpaque(key, catalog, options));
}

function isOpaque(key: string, catalog: Catalog, options: AccessOptions): boolean {
  const name = key.slice(key.indexOf('.') + 1);
  if (options.trustedFunctions.includes(key) || options.trustedFunctions.includes(name)) return false;
  const facts = catalog.functions.get(key);
  return facts === undefined ? RUNS_SQL.has(name) : facts.some(mayRunSql);
}

function mayRunSql({ name, language, volatility }: FunctionFacts): boolean {
  if (language === 'c' || language === 'internal') return RUNS_SQL.has(name);
  return volatility !== 'immutable';
}
