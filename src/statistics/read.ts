import { readFile } from 'node:fs/promises';
import { PlanGuardError, throwAll, type Where } from '../errors.js';
import { type JsonPath, locateJson, pathKey } from './locate.js';
import type {
  ColumnStatistics,
  ExtendedStatistics,
  IndexStatistics,
  Statistics,
  TableStatistics,
  UnreadableTable,
} from './model.js';

/**
 * Reads and validates a statistics file as a whole.
 * @throws {PlanGuardError | PlanGuardErrors} `file` where it cannot be read; `statistics` for everything that is wrong
 *   in it, each with its line and column and what was expected
 */
export async function readStatistics(file: string): Promise<Statistics> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'there is no such file' : (code ?? String(cause));
    throw new PlanGuardError('file', `The statistics file cannot be read: ${why}`, {
      hint: 'Check the path of the statistics file.',
      where: { file },
      cause,
    });
  }
  return parseStatistics(text, file);
}

/**
 * Validates the text of a statistics file.
 * @param file named in errors
 * @throws {PlanGuardError | PlanGuardErrors} as {@link readStatistics}
 */
export function parseStatistics(text: string, file: string): Statistics {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const { error } = locateJson(text);
    throw new PlanGuardError('statistics', `The statistics file is not JSON: ${error?.message ?? String(cause)}`, {
      hint: 'Make the file anew with the command that its origin names',
      where: { file, ...(error === undefined ? {} : place(text, error.offset)) },
      cause,
    });
  }
  const faults = findFaults(value);
  if (faults.length > 0) {
    const { places } = locateJson(text);
    throwAll(
      faults.map(({ path, at, message, hint }) => {
        const offset = places.get(pathKey(path))?.[at];
        return new PlanGuardError('statistics', [...path, message].join(': '), {
          hint,
          where: { file, ...(offset === undefined ? {} : place(text, offset)) },
        });
      }),
    );
  }
  return value as Statistics;
}

/** What a statistics file tells beside its tables. */
export type StatisticsHead = Omit<Statistics, 'tables'>;

/**
 * Reads what a statistics file tells beside its tables, and validates no more: the rest is, where a replica is built.
 * @param file named in errors
 * @throws {PlanGuardError | PlanGuardErrors} as {@link readStatistics}
 */
export function parseStatisticsHead(text: string, file: string): StatisticsHead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return parseStatistics(text, file);
  }
  const head = isObject(value) && isObject(value.tables) ? { ...value, tables: {} } : value;
  return findFaults(head).length === 0 ? (head as Statistics) : parseStatistics(text, file);
}

function place(text: string, offset: number): Where {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: [...(before.at(-1) ?? '')].length + 1 };
}

interface Fault {
  readonly path: JsonPath;
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly hint: string;
}

type Check = (value: unknown, path: JsonPath, faults: Fault[]) => void;

/** The members of an object of type T: `required` or `optional`, each with its check. */
type Members<T> = {
  readonly [K in keyof T]-?: readonly [undefined extends T[K] ? 'optional' : 'required', Check];
};

const expectation = 'Correct it, or make the file anew with the command that its origin names';

function wrong(expected: string, value: unknown, path: JsonPath): Fault {
  const found = value === undefined ? 'nothing' : JSON.stringify(value);
  const short = found.length > 60 ? `${found.slice(0, 60)}…` : found;
  return { path, at: 'value', message: `expected ${expected}, found ${short}`, hint: expectation };
}

const text: Check = (value, path, faults) => {
  if (typeof value !== 'string') faults.push(wrong('a text', value, path));
};

function exactly(...expected: readonly (string | number | boolean)[]): Check {
  return (value, path, faults) => {
    if (expected.some((one) => one === value)) return;
    faults.push(wrong(expected.map((one) => JSON.stringify(one)).join(' or '), value, path));
  };
}

const moment: Check = (value, path, faults) => {
  const right = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
  if (!right) faults.push(wrong('a date and time like 2026-01-31T12:00:00Z', value, path));
};

function number(least: number, most: number, kind: 'integer' | 'number' = 'number'): Check {
  const range = most === Number.MAX_VALUE ? `of at least ${least}` : `from ${least} to ${most}`;
  const expected = `${kind === 'integer' ? 'an integer' : 'a number'} ${range}`;
  return (value, path, faults) => {
    const right =
      typeof value === 'number' && value >= least && value <= most && (kind === 'number' || Number.isInteger(value));
    if (!right) faults.push(wrong(expected, value, path));
  };
}

function list(element: Check): Check {
  return (value, path, faults) => {
    if (!Array.isArray(value)) faults.push(wrong('an array', value, path));
    else for (const [index, member] of value.entries()) element(member, [...path, index], faults);
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function named(member: Check): Check {
  return (value, path, faults) => {
    if (!isObject(value)) faults.push(wrong('an object', value, path));
    else for (const [name, part] of Object.entries(value)) member(part, [...path, name], faults);
  };
}

function object<T>(members: Members<T>, together: Check = () => {}): Check {
  const known = new Map(Object.entries(members) as [string, readonly ['optional' | 'required', Check]][]);
  return (value, path, faults) => {
    if (!isObject(value)) {
      faults.push(wrong('an object', value, path));
      return;
    }
    const before = faults.length;
    for (const [name, [presence, check]] of known) {
      if (Object.hasOwn(value, name)) check(value[name], [...path, name], faults);
      else if (presence === 'required')
        faults.push({ path, at: 'key', message: `${name} is missing`, hint: expectation });
    }
    for (const name of Object.keys(value)) {
      if (known.has(name)) continue;
      const hint = `Known here: ${[...known.keys()].join(', ')}`;
      faults.push({ path: [...path, name], at: 'key', message: 'unknown key', hint });
    }
    if (faults.length === before) together(value, path, faults);
  };
}

const fraction = number(0, 1);
const texts = list(text);

const twoTexts: Check = (value, path, faults) => {
  if (Array.isArray(value) && value.length === 2) texts(value, path, faults);
  else faults.push(wrong('an array of two texts', value, path));
};

const column = object<ColumnStatistics>(
  {
    null_frac: ['required', fraction],
    avg_width: ['required', number(0, 2 ** 31 - 1, 'integer')],
    n_distinct: ['required', number(-1, Number.MAX_VALUE)],
    most_common_vals: ['optional', texts],
    most_common_freqs: ['optional', list(fraction)],
    histogram_bounds: ['optional', texts],
    min_max: ['optional', twoTexts],
    correlation: ['optional', number(-1, 1)],
    most_common_elems: ['optional', texts],
    most_common_elem_freqs: ['optional', list(fraction)],
    elem_count_histogram: ['optional', list(number(0, Number.MAX_VALUE))],
    range_length_histogram: ['optional', texts],
    range_empty_frac: ['optional', fraction],
    range_bounds_histogram: ['optional', texts],
    redacted: ['optional', exactly('stand-ins', 'left-out')],
    most_common_val_hashes: ['optional', texts],
    most_common_elem_hashes: ['optional', texts],
  },
  (value, path, faults) => {
    const { most_common_vals, most_common_freqs, most_common_elems, most_common_elem_freqs, ...more } =
      value as ColumnStatistics;
    const hashes = (of: string, values: number | undefined, count: number | undefined) => {
      if (count === undefined || count === values) return;
      const message = `${of}: ${count} hashes and ${values ?? 'no'} values do not go together`;
      faults.push({ path, at: 'key', message, hint: expectation });
    };
    hashes('most_common_val_hashes', most_common_vals?.length, more.most_common_val_hashes?.length);
    hashes('most_common_elem_hashes', most_common_elems?.length, more.most_common_elem_hashes?.length);
    const lengths = (of: string, values: number | undefined, frequencies: number | undefined, more: number[]) => {
      if (values === undefined && frequencies === undefined) return;
      if (values !== undefined && frequencies !== undefined && more.includes(frequencies - values)) return;
      const message = `${of}: ${values ?? 'no'} values and ${frequencies ?? 'no'} frequencies do not go together`;
      faults.push({ path, at: 'key', message, hint: expectation });
    };
    lengths('most_common_vals', most_common_vals?.length, most_common_freqs?.length, [0]);
    // The least and the greatest frequency follow, and that of null elements (STATISTIC_KIND_MCELEM, pg_statistic.h).
    lengths('most_common_elems', most_common_elems?.length, most_common_elem_freqs?.length, [2, 3]);
  },
);

const size = {
  relpages: ['required', number(-1, 2 ** 31 - 1, 'integer')],
  reltuples: ['required', number(-1, Number.MAX_VALUE)],
  relallvisible: ['required', number(0, 2 ** 31 - 1, 'integer')],
} as const;

const index = object<IndexStatistics>({
  ...size,
  height: ['optional', number(0, 31, 'integer')],
  valid: ['optional', exactly(false)],
  columns: ['optional', named(column)],
});

const table = object<TableStatistics>({
  ...size,
  columns: ['required', named(column)],
  inherited: ['optional', named(column)],
  indexes: ['required', named(index)],
});

const qualifiedTable: Check = (value, path, faults) => {
  if (!/^[^.]+\../.test(String(path.at(-1)))) {
    faults.push({ path, at: 'key', message: 'expected a name with its schema: schema.name', hint: expectation });
  }
  table(value, path, faults);
};

const statistics = object<Statistics>({
  format: ['required', exactly('plan-guard statistics')],
  version: ['required', exactly(1)],
  origin: ['required', text],
  server_version: ['required', text],
  pulled_at: ['optional', moment],
  settings: ['optional', named(text)],
  search_path: ['optional', text],
  row_security: [
    'optional',
    object<NonNullable<Statistics['row_security']>>({
      role: ['required', text],
      bypassed: ['required', exactly(true, false)],
      tables: ['required', texts],
    }),
  ],
  extensions: ['optional', named(text)],
  extended_statistics: [
    'optional',
    named(object<ExtendedStatistics>({ table: ['required', text], kinds: ['required', texts] })),
  ],
  unreadable: [
    'optional',
    named(
      object<UnreadableTable>({
        reason: ['required', exactly('no privilege', 'row security', 'never analysed')],
        columns: ['optional', texts],
        indexes: ['optional', texts],
      }),
    ),
  ],
  unshown_ranges: ['optional', named(texts)],
  unread_min_max: ['optional', named(texts)],
  redaction: ['optional', object<NonNullable<Statistics['redaction']>>({ key_check: ['required', text] })],
  tables: ['required', named(qualifiedTable)],
});

function findFaults(value: unknown): readonly Fault[] {
  if (isObject(value) && typeof value.version === 'number' && value.version > 1) {
    const message = `this plan-guard reads version 1 of statistics files, and this is version ${value.version}`;
    return [{ path: ['version'], at: 'value', message, hint: 'Update plan-guard' }];
  }
  const faults: Fault[] = [];
  statistics(value, [], faults);
  return faults;
}
