/** The properties of a node or of a plan by the names that EXPLAIN's JSON gives them. */
export type Properties = Record<string, unknown>;

const words = (text: string) => new Set(text.trim().split(/\s*\n\s*/));

/** Properties that are lists of texts: `ExplainPropertyList` in explain.c of PostgreSQL 9.6 to 18. */
export const LISTS: ReadonlySet<string> = words(`
  Output
  Sort Key
  Presorted Key
  Group Key
  Hash Key
  Sampling Parameters
  Conflict Arbiter Indexes
  Sort Methods Used
  Params Evaluated
`);

/** Groups whose members have no names of their own: lists of objects, or of lists. */
export const LIST_GROUPS: ReadonlySet<string> = words(`
  Plans
  Workers
  Triggers
  Target Tables
  Grouping Sets
  Group Keys
  Hash Keys
`);

/** Properties that 11 and 12 print twice in a node; the last counts, as JSON.parse has it. */
export const REPEATED: ReadonlySet<string> = new Set(['Workers', 'JIT']);

const BUFFERS = ['Hit', 'Read', 'Dirtied', 'Written'];

/** What BUFFERS counts, in blocks. */
export const BUFFER_COUNTERS: readonly string[] = [
  ...BUFFERS.map((what) => `Shared ${what} Blocks`),
  ...BUFFERS.map((what) => `Local ${what} Blocks`),
  'Temp Read Blocks',
  'Temp Written Blocks',
];

/** Properties that are numbers: the integers and floats of explain.c and of postgres_fdw and file_fdw. */
const NUMBERS: ReadonlySet<string> = new Set([
  ...BUFFER_COUNTERS,
  ...words(`
    Startup Cost
    Total Cost
    Plan Rows
    Plan Width
    Actual Startup Time
    Actual Total Time
    Actual Rows
    Actual Loops
    Disabled Nodes
    Workers Planned
    Workers Launched
    Worker Number
    Rows Removed by Filter
    Rows Removed by Join Filter
    Rows Removed by Index Recheck
    Rows Removed by Conflict Filter
    Heap Fetches
    Index Searches
    Exact Heap Blocks
    Lossy Heap Blocks
    Sort Space Used
    Group Count
    Average Sort Space Used
    Peak Sort Space Used
    Hash Buckets
    Original Hash Buckets
    Hash Batches
    Original Hash Batches
    Peak Memory Usage
    Planned Partitions
    HashAgg Batches
    Disk Usage
    Cache Hits
    Cache Misses
    Cache Evictions
    Cache Overflows
    Maximum Storage
    Tuples Inserted
    Tuples Updated
    Tuples Deleted
    Tuples Skipped
    Conflicting Tuples
    Subplans Removed
    I/O Read Time
    I/O Write Time
    Shared I/O Read Time
    Shared I/O Write Time
    Local I/O Read Time
    Local I/O Write Time
    Temp I/O Read Time
    Temp I/O Write Time
    WAL Records
    WAL FPI
    WAL Bytes
    WAL Buffers Full
    Query Identifier
    Planning Time
    Execution Time
    Memory Used
    Memory Allocated
    Time
    Output Volume
    Calls
    Functions
    Generation Time
    Inlining Time
    Optimization Time
    Emission Time
    Batch Size
    Foreign File Size
  `),
]);

const BOOLEANS: ReadonlySet<string> = words(`
  Parallel Aware
  Async Capable
  Inner Unique
  Single Copy
  Disabled
`);

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

/**
 * The value that EXPLAIN's JSON gives a property, from its text: a number or a boolean where explain.c prints one, else
 * the text itself. Undefined where the text is none of the property's type. Properties of extensions are text.
 */
export function typedValue(name: string, text: string): unknown {
  if (NUMBERS.has(name)) return NUMBER.test(text) ? Number(text) : undefined;
  if (BOOLEANS.has(name)) return booleanOf(text);
  return text;
}

/** A number or a boolean by its look, as everything within the group `JIT` is; undefined for another text. */
export function figureOf(text: string): unknown {
  return NUMBER.test(text) ? Number(text) : booleanOf(text);
}

function booleanOf(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** Whether explain.c prints the property as a number. */
export function isNumber(name: string): boolean {
  return NUMBERS.has(name);
}

/** Names that XML cannot spell: it has a dash for every character but letters, digits, dots and underscores. */
const XML_NAMES: ReadonlyMap<string, string> = new Map(
  [...NUMBERS, 'One-Time Filter'].filter((name) => /[^A-Za-z ]/.test(name)).map((name) => [xmlName(name), name]),
);

function xmlName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.]/g, '-');
}

/** The property's name of an XML element: `Node-Type` is `Node Type`, `Shared-I-O-Read-Time` is `Shared I/O Read Time`. */
export function nameOfElement(element: string): string {
  return XML_NAMES.get(element) ?? element.replaceAll('-', ' ');
}
