import { quoteIdentifier } from '../sql/quote.js';
import type { Plan, PlanNode } from './model.js';
import { nodeName } from './node-names.js';
import { isObject } from './parse-json.js';
import { LISTS, type Properties } from './properties.js';
import { COMPOUND, type CompoundLine, FIRST_LINE } from './text-lines.js';

export interface TextOptions {
  /** Costs, rows and width of every node, and what EXPLAIN prints with them alone: partitions of hashes, JIT. */
  readonly costs: boolean;
}

/**
 * The first line of a node in EXPLAIN's text, without costs: `Parallel Seq Scan on public.tracks t`. Names are quoted
 * where PostgreSQL quotes them; the schema is there where the plan tells it, as VERBOSE does.
 */
export function nodeText(node: PlanNode): string {
  const { properties } = node;
  const words = [
    ...(node.parallelAware ? ['Parallel'] : []),
    ...(properties['Async Capable'] === true ? ['Async'] : []),
    nodeName(node.nodeType, properties),
    ...(properties['Scan Direction'] === 'Backward' ? ['Backward'] : []),
  ];
  if (node.indexName !== undefined) {
    words.push(node.nodeType === 'Bitmap Index Scan' ? 'on' : 'using', quoteIdentifier(node.indexName));
  }
  const target = targetText(node);
  if (target !== undefined) words.push('on', target);
  return words.join(' ');
}

/**
 * Prints a plan as EXPLAIN's text format does, one line an element: `parseTextPlan` reads the same tree from it. Left
 * out is what EXPLAIN's text leaves out, and what a server log adds to a plan (`Query Text`, `Query Parameters`).
 */
export function formatPlanText(plan: Plan, options: TextOptions): string[] {
  const lines: string[] = [];
  const open = [{ node: plan.root, column: 0, isRoot: true }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, column, isRoot } = next;
    const heading = node.subplanName;
    const start = heading === undefined ? column : column + 2;
    const body = isRoot ? start + 2 : start + 6;
    if (heading !== undefined) lines.push(`${' '.repeat(column)}${heading}`);
    lines.push(`${' '.repeat(start)}${isRoot ? '' : '->  '}${nodeText(node)}${figures(node, options)}`);
    lines.push(...indented(nodeLines(node, options), body));
    for (let index = node.children.length - 1; index >= 0; index--) {
      open.push({ node: node.children[index] as PlanNode, column: body, isRoot: false });
    }
  }
  lines.push(...planLines(plan.properties, options));
  return lines.flatMap((line) => line.split('\n'));
}

function targetText({ relation, alias, properties }: PlanNode): string | undefined {
  const text = (name: string) => stringOf(properties[name]);
  const name = relation?.name ?? text('Function Name') ?? text('CTE Name') ?? text('Table Function Name');
  return namedText(relation === undefined ? text('Schema') : relation.schema, name, alias);
}

function namedText(schema: string | undefined, name: string | undefined, alias: string | undefined) {
  const parts = [
    ...(name === undefined
      ? []
      : [
          [schema, name]
            .filter((part) => part !== undefined)
            .map(quoteIdentifier)
            .join('.'),
        ]),
    ...(alias === undefined || alias === name ? [] : [quoteIdentifier(alias)]),
  ];
  return parts.length === 0 ? undefined : parts.join(' ');
}

function figures(node: PlanNode, { costs }: TextOptions): string {
  const { startupCost, totalCost, planRows, planWidth, properties } = node;
  const estimated =
    costs && startupCost !== undefined && totalCost !== undefined && planRows !== undefined && planWidth !== undefined
      ? `  (cost=${startupCost.toFixed(2)}..${totalCost.toFixed(2)} rows=${planRows} width=${planWidth})`
      : '';
  if (properties['Actual Loops'] === undefined) return estimated;
  if (properties['Actual Loops'] === 0) return `${estimated} (never executed)`;
  return `${estimated} (${actual(properties)})`;
}

function actual(properties: Readonly<Properties>): string {
  const [startup, total] = [properties['Actual Startup Time'], properties['Actual Total Time']];
  const time =
    typeof startup === 'number' && typeof total === 'number' ? `time=${startup.toFixed(3)}..${total.toFixed(3)} ` : '';
  const rows = Number(properties['Actual Rows']);
  return `actual ${time}rows=${Number.isInteger(rows) ? rows : rows.toFixed(2)} loops=${properties['Actual Loops']}`;
}

/** Lines of a node in the order in which `ExplainNode` prints them. What is not named here comes before the buffers. */
const ORDER: readonly (string | CompoundLine)[] = [
  'Disabled',
  'Disabled Nodes',
  'Output',
  'Inner Unique',
  'Target Tables',
  'Conflict Resolution',
  'Conflict Arbiter Indexes',
  'Function Call',
  'Table Function Call',
  COMPOUND.sampling,
  'Group Key',
  'Grouping Sets',
  'Sort Key',
  'Presorted Key',
  'Window',
  'Run Condition',
  'Cache Key',
  'Cache Mode',
  'One-Time Filter',
  'TID Cond',
  'Index Cond',
  'Recheck Cond',
  'Rows Removed by Index Recheck',
  'Order By',
  'Merge Cond',
  'Hash Cond',
  'Join Filter',
  'Rows Removed by Join Filter',
  'Conflict Filter',
  'Rows Removed by Conflict Filter',
  'Filter',
  COMPOUND.batches,
  'Rows Removed by Filter',
  'Heap Fetches',
  COMPOUND.heapBlocks,
  'Index Searches',
  COMPOUND.storage,
  'Workers Planned',
  'Params Evaluated',
  'Workers Launched',
  'Single Copy',
  COMPOUND.sortMethod,
  COMPOUND.fullSort,
  COMPOUND.preSorted,
  COMPOUND.presorted,
  COMPOUND.buckets,
  COMPOUND.hits,
  COMPOUND.tuples,
  'Conflicting Tuples',
];
const LAST: readonly (string | CompoundLine)[] = [
  'JIT',
  COMPOUND.buffers,
  COMPOUND.ioTimings,
  COMPOUND.wal,
  COMPOUND.memory,
  'Workers',
  'Subplans Removed',
];

const KNOWN: ReadonlySet<string> = new Set([
  ...FIRST_LINE,
  'Worker Number',
  ...[...ORDER, ...LAST].flatMap((line) => (typeof line === 'string' ? [line] : line.names)),
]);
/** Counts that text leaves out where they are zero. */
const POSITIVE = /^(?:Rows Removed by |Subplans Removed$)/;

function nodeLines(node: PlanNode, { costs }: TextOptions): string[] {
  const properties: Properties = { ...node.properties };
  for (const { label, text } of node.conditions) properties[label] = text;
  if (!costs) delete properties['Planned Partitions'];
  return propertyLines(properties);
}

function propertyLines(properties: Readonly<Properties>): string[] {
  const others = Object.keys(properties).filter((name) => !KNOWN.has(name));
  return [...ORDER, ...others, ...LAST].flatMap((line) => {
    if (line === 'Target Tables') return objects(properties[line]).flatMap((table) => targetTable(table, properties));
    if (typeof line === 'string') return lineOf(line, properties[line]);
    if (line === COMPOUND.tuples && properties['Conflicting Tuples'] !== undefined) {
      return lineOf('Tuples Inserted', properties['Tuples Inserted']);
    }
    if (line.names.every((name) => properties[name] === undefined)) return [];
    const text = line.write(properties);
    return text === undefined ? [] : [text];
  });
}

/** A property as it is printed; nothing where text does not print it. */
function lineOf(name: string, value: unknown): string[] {
  if (name === 'Grouping Sets') return objects(value).flatMap(groupingSetLines);
  if (name === 'Workers') return objects(value).flatMap(workerLines);
  if (name === 'JIT') return isObject(value) ? jitLines(value) : [];
  if (Array.isArray(value)) return LISTS.has(name) || value.every(stringOf) ? [`${name}: ${value.join(', ')}`] : [];
  switch (typeof value) {
    case 'string':
      return [`${name}: ${value}`];
    case 'number':
      return value === 0 && POSITIVE.test(name) ? [] : [`${name}: ${value}`];
    case 'boolean':
      return value ? [`${name}: true`] : [];
    default:
      return [];
  }
}

function groupingSetLines(set: Properties): string[] {
  const keys = ['Hash Key', 'Group Key'].flatMap((label) => {
    const lists = set[`${label}s`];
    return Array.isArray(lists)
      ? lists.map((list) => `${label}: ${Array.isArray(list) && list.length > 0 ? list.join(', ') : '()'}`)
      : [];
  });
  const sortKey = set['Sort Key'];
  return Array.isArray(sortKey) ? [`Sort Key: ${sortKey.join(', ')}`, ...indented(keys, 2)] : keys;
}

function targetTable(table: Properties, { Operation }: Readonly<Properties>): string[] {
  const { 'Relation Name': name, Schema, Alias, ...foreign } = table;
  const word = Object.keys(foreign).length > 0 ? `Foreign ${Operation}` : `${Operation}`;
  const target = namedText(stringOf(Schema), stringOf(name), stringOf(Alias));
  return [`${word} on ${target}`, ...indented(propertyLines(foreign), 2)];
}

/** The first line of a worker stands behind its number. */
function workerLines(worker: Properties): string[] {
  const measured = worker['Actual Loops'] === undefined ? [] : [actual(worker)];
  const [first, ...others] = [...measured, ...propertyLines(worker)];
  return first === undefined ? [] : [`Worker ${worker['Worker Number']}:  ${first}`, ...indented(others, 2)];
}

function jitLines(jit: Properties): string[] {
  const lines = Object.entries(jit).map(([name, value]) => {
    if (isObject(value)) return `${name}: ${Object.entries(value).map(jitPart).join(', ')}`;
    return `${name}: ${typeof value === 'number' && name !== 'Functions' ? `${value.toFixed(3)} ms` : value}`;
  });
  return ['JIT:', ...indented(lines, 2)];
}

function jitPart([name, value]: readonly [string, unknown]): string {
  if (typeof value === 'number') return `${name} ${value.toFixed(3)} ms`;
  if (!isObject(value)) return `${name} ${value}`;
  return `${name} ${Number(value.Total).toFixed(3)} ms (Deform ${Number(value.Deform).toFixed(3)} ms)`;
}

const LOGGED = ['Query Text', 'Query Parameters'];
const PLAN_ORDER = [
  ...[
    'Settings',
    'Query Identifier',
    'Planning',
    'Planning Time',
    'Triggers',
    'JIT',
    'Serialization',
    'Execution Time',
  ],
];

function planLines(properties: Readonly<Properties>, { costs }: TextOptions): string[] {
  const others = Object.keys(properties).filter((name) => !PLAN_ORDER.includes(name) && !LOGGED.includes(name));
  return [...PLAN_ORDER, ...others].flatMap((name) => {
    const value = properties[name];
    if (name === 'Settings' && isObject(value)) {
      const settings = Object.entries(value).map(([key, text]) => `${key} = ${text === null ? 'NULL' : `'${text}'`}`);
      return settings.length === 0 ? [] : [`Settings: ${settings.join(', ')}`];
    }
    if (name === 'Planning' && isObject(value)) {
      const lines = propertyLines(value);
      return lines.length === 0 ? [] : ['Planning:', ...indented(lines, 2)];
    }
    if (name === 'Triggers') return objects(value).map(triggerLine);
    if (name === 'JIT' && !costs) return [];
    if (name === 'Serialization' && isObject(value)) {
      const { Time, 'Output Volume': volume, Format, ...rest } = value;
      const time = typeof Time === 'number' ? `time=${Time.toFixed(3)} ms  ` : '';
      return [`Serialization: ${time}output=${volume}kB  format=${Format}`, ...indented(propertyLines(rest), 2)];
    }
    if (/^(?:Planning|Execution) Time$/.test(name) && typeof value === 'number') {
      return [`${name}: ${value.toFixed(3)} ms`];
    }
    return lineOf(name, value);
  });
}

function triggerLine(trigger: Properties): string {
  const { 'Trigger Name': name, 'Constraint Name': constraint, Relation, Time, Calls } = trigger;
  const words = [
    'Trigger',
    ...(name === undefined ? [] : [name]),
    ...(constraint === undefined ? [] : ['for constraint', constraint]),
    ...(Relation === undefined ? [] : ['on', Relation]),
  ];
  return `${words.join(' ')}: ${typeof Time === 'number' ? `time=${Time.toFixed(3)} ` : ''}calls=${Calls}`;
}

function indented(lines: readonly string[], columns: number): string[] {
  return lines.map((line) => `${' '.repeat(columns)}${line}`);
}

function objects(value: unknown): Properties[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
