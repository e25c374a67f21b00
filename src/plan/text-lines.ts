import { BUFFER_COUNTERS, type Properties } from './properties.js';

/**
 * A line of EXPLAIN's text that holds several properties: `Sort Method: quicksort  Memory: 25kB`. explain.c writes each
 * of these by hand; the functions that do so are named at each.
 */
export interface CompoundLine {
  /** What stands before the line's first colon. */
  readonly labels: readonly string[];
  /** Undefined where the line is not of this form. */
  readonly read: (line: string) => Properties | undefined;
  /** Undefined where the plan has nothing to print. */
  readonly write: (properties: Readonly<Properties>) => string | undefined;
  /** Properties that the line holds. */
  readonly names: readonly string[];
  /** An example, for a message. */
  readonly example: string;
}

type Named = readonly (readonly [word: string, name: string])[];

const figure = (properties: Readonly<Properties>, name: string): number | undefined => {
  const value = properties[name];
  return typeof value === 'number' ? value : undefined;
};

/** Reads `hit=3 read=5` into the properties that these words stand for. */
function readCounters(text: string, named: Named): Properties | undefined {
  const counters: Properties = {};
  const rest = text.replaceAll(/ ?([a-z]+(?: [a-z]+)?)=(\d+(?:\.\d+)?)/g, (_, word: string, number: string) => {
    const name = named.find(([known]) => known === word)?.[1];
    if (name !== undefined) counters[name] = Number(number);
    return name === undefined ? '?' : '';
  });
  return rest === '' ? counters : undefined;
}

function writeCounters(properties: Readonly<Properties>, named: Named, digits: number): string {
  return named
    .map(([word, name]) => [word, figure(properties, name) ?? 0] as const)
    .filter(([, value]) => value > 0)
    .map(([word, value]) => ` ${word}=${value.toFixed(digits)}`)
    .join('');
}

/** A line of counters, of which only those above zero are printed. `complete`: those that are left out are zero. */
function counters(label: string, named: Named, example: string, complete: boolean): CompoundLine {
  const names = named.map(([, name]) => name);
  return {
    labels: [label],
    names,
    example,
    read: (line) => {
      const found = readCounters(line.slice(label.length + 1), named);
      return found === undefined || !complete ? found : { ...zeros(names), ...found };
    },
    write: (properties) => {
      const text = writeCounters(properties, named, 0);
      return text === '' ? undefined : `${label}:${text}`;
    },
  };
}

const zeros = (names: readonly string[]): Properties => Object.fromEntries(names.map((name) => [name, 0]));

/** A line in sections, each with a word before its counters: `shared hit=3, temp read=5`. */
function sections(text: string, known: Readonly<Record<string, Named>>): Properties | undefined {
  const all: Properties = {};
  for (const section of text.trim().split(', ')) {
    const word = /^[a-z/]+(?= )/.exec(section)?.[0] ?? '';
    const named = known[word];
    const found = named === undefined ? undefined : readCounters(section.slice(word.length), named);
    if (found === undefined) return undefined;
    Object.assign(all, found);
  }
  return all;
}

const BUFFER_SECTIONS: Readonly<Record<string, Named>> = Object.fromEntries(
  ['Shared', 'Local', 'Temp'].map((kind) => [
    kind.toLowerCase(),
    BUFFER_COUNTERS.filter((name) => name.startsWith(kind)).map((name) => [
      (name.split(' ')[1] as string).toLowerCase(),
      name,
    ]),
  ]),
);

/** `show_buffer_usage`. Counters that are not printed are zero; all majors have the same ten. */
const buffers: CompoundLine = {
  labels: ['Buffers'],
  names: BUFFER_COUNTERS,
  example: 'Buffers: shared hit=3 read=5, temp written=2',
  read: (line) => {
    const found = sections(line.slice('Buffers:'.length), BUFFER_SECTIONS);
    return found === undefined ? undefined : { ...zeros(BUFFER_COUNTERS), ...found };
  },
  write: (properties) => writeSections('Buffers:', properties, BUFFER_SECTIONS, 0),
};

const times = (prefix: string): Named => [
  ['read', `${prefix}I/O Read Time`],
  ['write', `${prefix}I/O Write Time`],
];

const TIME_SECTIONS: Readonly<Record<string, Named>> = {
  '': times(''),
  'shared/local': times(''),
  shared: times('Shared '),
  local: times('Local '),
  temp: times('Temp '),
};

/** `show_buffer_usage`: before 15 without sections, `shared/local` and `temp` in 15 and 16, apart since 17. */
const ioTimings: CompoundLine = {
  labels: ['I/O Timings'],
  names: ['', 'Shared ', 'Local ', 'Temp '].flatMap((prefix) => times(prefix).map(([, name]) => name)),
  example: 'I/O Timings: shared read=0.120',
  read: (line) => sections(line.slice('I/O Timings:'.length), TIME_SECTIONS),
  write: (properties) => {
    const { '': one, 'shared/local': both, ...apart } = TIME_SECTIONS as Record<string, Named>;
    const hasTemp = figure(properties, 'Temp I/O Read Time') !== undefined;
    return writeSections('I/O Timings:', properties, { [hasTemp ? 'shared/local' : '']: one ?? [], ...apart }, 3);
  },
};

function writeSections(
  label: string,
  properties: Readonly<Properties>,
  known: Readonly<Record<string, Named>>,
  digits: number,
): string | undefined {
  const parts = Object.entries(known)
    .map(([word, named]) => [word, writeCounters(properties, named, digits)] as const)
    .filter(([, text]) => text !== '')
    .map(([word, text]) => (word === '' ? text : ` ${word}${text}`));
  return parts.length === 0 ? undefined : `${label}${parts.join(',')}`;
}

/** A line of fixed words around values, given as a pattern with a group for each property. */
function phrase(
  facts: Pick<CompoundLine, 'labels' | 'names' | 'example' | 'write'> & { readonly pattern: RegExp },
): CompoundLine {
  return {
    ...facts,
    read: (line) => {
      const match = facts.pattern.exec(line);
      if (match === null) return undefined;
      const entries = facts.names.map((name, index) => [name, match[index + 1]] as const);
      return Object.fromEntries(
        entries
          .filter(([, text]) => text !== undefined)
          .map(([name, text]) => [name, /^\d+$/.test(text as string) ? Number(text) : text]),
      );
    },
  };
}

/** `show_sort_info` */
const sortMethod = phrase({
  labels: ['Sort Method'],
  names: ['Sort Method', 'Sort Space Type', 'Sort Space Used'],
  example: 'Sort Method: quicksort  Memory: 25kB',
  pattern: /^Sort Method: (.+?) {2}(Memory|Disk): (\d+)kB$/,
  write: (p) =>
    p['Sort Method'] === undefined
      ? undefined
      : `Sort Method: ${p['Sort Method']}  ${p['Sort Space Type']}: ${p['Sort Space Used']}kB`,
});

/** `show_hash_info`: the original figures are printed where they differ. */
const buckets: CompoundLine = {
  labels: ['Buckets'],
  names: ['Hash Buckets', 'Original Hash Buckets', 'Hash Batches', 'Original Hash Batches', 'Peak Memory Usage'],
  example: 'Buckets: 1024  Batches: 1  Memory Usage: 9kB',
  read: (line) => {
    const match =
      /^Buckets: (\d+)(?: \(originally (\d+)\))? {2}Batches: (\d+)(?: \(originally (\d+)\))? {2}Memory Usage: (\d+)kB$/.exec(
        line,
      );
    if (match === null) return undefined;
    const [, now, before, batches, batchesBefore, memory] = match;
    return {
      'Hash Buckets': Number(now),
      'Original Hash Buckets': Number(before ?? now),
      'Hash Batches': Number(batches),
      'Original Hash Batches': Number(batchesBefore ?? batches),
      'Peak Memory Usage': Number(memory),
    };
  },
  write: (p) => {
    if (p['Hash Buckets'] === undefined) return undefined;
    const changed =
      p['Hash Buckets'] !== p['Original Hash Buckets'] || p['Hash Batches'] !== p['Original Hash Batches'];
    const [first, second] = changed
      ? [` (originally ${p['Original Hash Buckets']})`, ` (originally ${p['Original Hash Batches']})`]
      : ['', ''];
    const memory = `  Memory Usage: ${p['Peak Memory Usage']}kB`;
    return `Buckets: ${p['Hash Buckets']}${first}  Batches: ${p['Hash Batches']}${second}${memory}`;
  },
};

/** `show_hashagg_info` */
const batches: CompoundLine = phrase({
  labels: ['Planned Partitions', 'Batches'],
  names: ['Planned Partitions', 'HashAgg Batches', 'Peak Memory Usage', 'Disk Usage'],
  example: 'Batches: 5  Memory Usage: 4145kB  Disk Usage: 2048kB',
  pattern:
    /^(?:Planned Partitions: (\d+)(?: {2}|$))?(?:Batches: (\d+) {2}(?:Peak )?Memory Usage: (\d+)kB(?: {2}Disk Usage: (\d+)kB)?)?$/,
  write: (p) => {
    const planned = figure(p, 'Planned Partitions') ?? 0;
    const used = figure(p, 'HashAgg Batches');
    const disk = used !== undefined && used > 1 ? `  Disk Usage: ${p['Disk Usage']}kB` : '';
    const parts = [
      ...(planned > 0 ? [`Planned Partitions: ${planned}`] : []),
      ...(used === undefined ? [] : [`Batches: ${used}  Memory Usage: ${p['Peak Memory Usage']}kB${disk}`]),
    ];
    return parts.length === 0 ? undefined : parts.join('  ');
  },
});

/** `show_memoize_info` */
const hits = phrase({
  labels: ['Hits'],
  names: ['Cache Hits', 'Cache Misses', 'Cache Evictions', 'Cache Overflows', 'Peak Memory Usage'],
  example: 'Hits: 5  Misses: 2  Evictions: 0  Overflows: 0  Memory Usage: 1kB',
  pattern: /^Hits: (\d+) {2}Misses: (\d+) {2}Evictions: (\d+) {2}Overflows: (\d+) {2}Memory Usage: (\d+)kB$/,
  write: (p) =>
    p['Cache Hits'] === undefined
      ? undefined
      : `Hits: ${p['Cache Hits']}  Misses: ${p['Cache Misses']}  Evictions: ${p['Cache Evictions']}  ` +
        `Overflows: ${p['Cache Overflows']}  Memory Usage: ${p['Peak Memory Usage']}kB`,
});

/** `show_storage_info` */
const storage = phrase({
  labels: ['Storage'],
  names: ['Storage', 'Maximum Storage'],
  example: 'Storage: Memory  Maximum Storage: 17kB',
  pattern: /^Storage: (.+?) {2}Maximum Storage: (\d+)kB$/,
  write: (p) =>
    p.Storage === undefined ? undefined : `Storage: ${p.Storage}  Maximum Storage: ${p['Maximum Storage']}kB`,
});

/** `show_memory_counters` */
const memory = phrase({
  labels: ['Memory'],
  names: ['Memory Used', 'Memory Allocated'],
  example: 'Memory: used=8kB  allocated=16kB',
  pattern: /^Memory: used=(\d+)kB {2}allocated=(\d+)kB$/,
  write: (p) =>
    p['Memory Used'] === undefined
      ? undefined
      : `Memory: used=${p['Memory Used']}kB  allocated=${p['Memory Allocated']}kB`,
});

/** `show_incremental_sort_group_info` */
function sortGroups(name: string): CompoundLine {
  const space = (properties: Readonly<Properties>, kind: string) => {
    const used = properties[`Sort Space ${kind}`] as Properties | undefined;
    if (used === undefined) return '';
    const { 'Average Sort Space Used': average, 'Peak Sort Space Used': peak } = used;
    return `  Average ${kind}: ${average}kB  Peak ${kind}: ${peak}kB`;
  };
  const pattern =
    /: (\d+) {2}Sort Methods?: (.+?)(?: {2}Average Memory: (\d+)kB {2}Peak Memory: (\d+)kB)?(?: {2}Average Disk: (\d+)kB {2}Peak Disk: (\d+)kB)?$/;
  return {
    labels: [name],
    names: [name],
    example: `${name}: 2  Sort Method: quicksort  Average Memory: 26kB  Peak Memory: 26kB`,
    read: (line) => {
      const match = pattern.exec(line);
      if (match === null) return undefined;
      const [, count, methods, ...sizes] = match;
      const group: Properties = { 'Group Count': Number(count), 'Sort Methods Used': methods?.split(', ') };
      ['Memory', 'Disk'].forEach((kind, index) => {
        if (sizes[index * 2] === undefined) return;
        group[`Sort Space ${kind}`] = {
          'Average Sort Space Used': Number(sizes[index * 2]),
          'Peak Sort Space Used': Number(sizes[index * 2 + 1]),
        };
      });
      return { [name]: group };
    },
    write: (p) => {
      const group = p[name] as Properties | undefined;
      if (group === undefined) return undefined;
      const methods = group['Sort Methods Used'] as string[];
      const label = methods.length > 1 ? 'Sort Methods' : 'Sort Method';
      const spaces = space(group, 'Memory') + space(group, 'Disk');
      return `${name}: ${group['Group Count']}  ${label}: ${methods.join(', ')}${spaces}`;
    },
  };
}

/** `show_tablesample` */
const sampling: CompoundLine = {
  labels: ['Sampling'],
  names: ['Sampling Method', 'Sampling Parameters', 'Repeatable Seed'],
  example: "Sampling: system ('10'::real)",
  read: (line) => {
    const match = /^Sampling: (.+?) \((.*?)\)(?: REPEATABLE \((.*)\))?$/s.exec(line);
    if (match === null) return undefined;
    const [, method, parameters, seed] = match;
    return {
      'Sampling Method': method,
      'Sampling Parameters': splitList(parameters ?? ''),
      ...(seed === undefined ? {} : { 'Repeatable Seed': seed }),
    };
  },
  write: (p) => {
    if (p['Sampling Method'] === undefined) return undefined;
    const parameters = (p['Sampling Parameters'] as readonly string[]).join(', ');
    const repeatable = p['Repeatable Seed'] === undefined ? '' : ` REPEATABLE (${p['Repeatable Seed']})`;
    return `Sampling: ${p['Sampling Method']} (${parameters})${repeatable}`;
  },
};

/** `show_modifytable_info`: of a MERGE; an INSERT with ON CONFLICT has a line for each of its two counts. */
const tuples = counters(
  'Tuples',
  [
    ['inserted', 'Tuples Inserted'],
    ['updated', 'Tuples Updated'],
    ['deleted', 'Tuples Deleted'],
    ['skipped', 'Tuples Skipped'],
  ],
  'Tuples: inserted=1 skipped=2',
  true,
);

/** The compound lines of a node, of one of its workers and of `Planning`. */
export const COMPOUND = {
  sampling,
  sortMethod,
  fullSort: sortGroups('Full-sort Groups'),
  preSorted: sortGroups('Pre-sorted Groups'),
  /** As 13.0 called it. */
  presorted: sortGroups('Presorted Groups'),
  buckets,
  batches,
  hits,
  storage,
  /** `show_tidbitmap_info` */
  heapBlocks: counters(
    'Heap Blocks',
    [
      ['exact', 'Exact Heap Blocks'],
      ['lossy', 'Lossy Heap Blocks'],
    ],
    'Heap Blocks: exact=12 lossy=3',
    true,
  ),
  tuples,
  buffers,
  ioTimings,
  /** `show_wal_usage`; its last counter came with 18, so what is left out is not known to be zero. */
  wal: counters(
    'WAL',
    [
      ['records', 'WAL Records'],
      ['fpi', 'WAL FPI'],
      ['bytes', 'WAL Bytes'],
      ['buffers full', 'WAL Buffers Full'],
    ],
    'WAL: records=3 bytes=180',
    false,
  ),
  memory,
} as const satisfies Readonly<Record<string, CompoundLine>>;

/** The same by their labels. */
export const COMPOUND_BY_LABEL: ReadonlyMap<string, CompoundLine> = new Map(
  Object.values<CompoundLine>(COMPOUND).flatMap((line) => line.labels.map((label) => [label, line] as const)),
);

/** Properties that the first line of a node tells, or its place in the tree: no line of their own does. */
export const FIRST_LINE: ReadonlySet<string> = new Set([
  ...['Node Type', 'Parent Relationship', 'Subplan Name', 'Strategy', 'Partial Mode', 'Operation', 'Join Type'],
  ...['Command', 'Custom Plan Provider', 'Parallel Aware', 'Async Capable', 'Scan Direction', 'Index Name'],
  ...['Relation Name', 'Function Name', 'CTE Name', 'Table Function Name', 'Schema', 'Alias'],
  ...['Startup Cost', 'Total Cost', 'Plan Rows', 'Plan Width'],
  ...['Actual Startup Time', 'Actual Total Time', 'Actual Rows', 'Actual Loops'],
]);

const LIST_PART = /'[^']*'|"[^"]*"|[([{]|[)\]}]|, /g;

/**
 * Splits a printed list of expressions at the commas between them. Strings and quoted names hide what stands in them,
 * brackets too: no deparsed expression has a comma outside of brackets.
 */
export function splitList(text: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: part, index } of text.matchAll(LIST_PART)) {
    if (part.length === 1) depth += '([{'.includes(part) ? 1 : ')]}'.includes(part) ? -1 : 0;
    else if (part === ', ' && depth === 0) {
      items.push(text.slice(start, index));
      start = index + 2;
    }
  }
  items.push(text.slice(start));
  return items;
}

/** Which quote is still open at the end of a text; `open` is the one that was open before it. */
export function openQuote(text: string, open: "'" | '"' | undefined): "'" | '"' | undefined {
  let quote = open;
  for (const [mark] of text.matchAll(/['"]/g)) {
    if (quote === undefined) quote = mark as "'" | '"';
    else if (quote === mark) quote = undefined;
  }
  return quote;
}
