import { PlanGuardError } from '../errors.js';
import { lineColumn } from '../sql/positions.js';
import { parseArrayLiteral } from './arrays.js';
import { type DumpedSchema, readDumpedSchema, type Word, wordsOf } from './dumped-schema.js';
import type { ColumnStatistics, RelationSize, Statistics, UnreadableTable } from './model.js';

export interface SqlText {
  /** Named in errors. */
  readonly file: string;
  readonly text: string;
}

export interface ImportedDump {
  readonly statistics: Statistics;
  /** Relations whose statistics could not be placed, as `schema.name`: the dump does not tell whose index they are. */
  readonly unplaced: readonly string[];
}

/**
 * Reads what `pg_dump --statistics-only` of PostgreSQL 18 writes (`dumpRelationStats_dumper` in pg_dump.c): calls of
 * `pg_restore_relation_stats` and `pg_restore_attribute_stats`. Such a dump does not say which table an index belongs
 * to; that is taken from the schema, which may stand in the dump itself (`pg_dump --no-data --statistics`) or in files
 * beside it. Nothing of either is executed.
 * @throws {PlanGuardError} `statistics` for a dump without statistics, or a call that is not as pg_dump writes it, with
 *   its line and column
 */
export function importDump(dump: SqlText, schemas: readonly SqlText[]): ImportedDump {
  const words = wordsOf(dump.text);
  const schema: DumpedSchema = { tables: new Set(), indexes: new Map() };
  for (const source of [words, ...schemas.map(({ text }) => wordsOf(text))]) readDumpedSchema(source, schema);
  const relations = readRelations(words, dump);
  if (relations.size === 0) {
    throw new PlanGuardError('statistics', 'The dump holds no statistics.', {
      where: { file: dump.file },
      hint: 'Make it with PostgreSQL 18’s pg_dump --statistics-only, or --no-data --statistics, as plain SQL.',
    });
  }
  return place(relations, schema, serverVersion(dump, relations));
}

/** A relation's calls in the dump. */
interface DumpedRelation {
  readonly size: RelationSize;
  readonly version: number | undefined;
  readonly columns: Record<string, ColumnStatistics>;
  readonly inherited: Record<string, ColumnStatistics>;
  /** Of an index: statistics by the number of its column. */
  readonly numbered: Map<number, ColumnStatistics>;
}

interface Call {
  readonly at: number;
  readonly values: ReadonlyMap<string, string>;
}

function readRelations(words: readonly Word[], { file, text }: SqlText): Map<string, DumpedRelation> {
  const relations = new Map<string, DumpedRelation>();
  for (const [index, word] of words.entries()) {
    const kind = /^pg_restore_(relation|attribute)_stats$/.exec(word.text)?.[1];
    if (kind === undefined || words[index + 1]?.text !== '(') continue;
    const call = new CallReader(readCall(words, index, text, file), file, text);
    const name = `${call.text('schemaname')}.${call.text('relname')}`;
    if (kind === 'relation') {
      const size = {
        relpages: call.number('relpages'),
        reltuples: call.number('reltuples'),
        relallvisible: call.number('relallvisible'),
      };
      const version = call.optional('version', (value) => Number(value));
      relations.set(name, { size, version, columns: {}, inherited: {}, numbered: new Map() });
      continue;
    }
    const relation = relations.get(name);
    if (relation === undefined)
      throw call.fault(`There are statistics of columns of ${name}, and none of ${name} itself.`);
    const column = readColumn(call);
    const number = call.optional('attnum', Number);
    if (number !== undefined) relation.numbered.set(number, column);
    else relation[call.has('inherited', 't') ? 'inherited' : 'columns'][call.text('attname')] = column;
  }
  return relations;
}

/** Reads `'name', 'value'::type` pairs up to the closing parenthesis. */
function readCall(words: readonly Word[], index: number, text: string, file: string): Call {
  const values = new Map<string, string>();
  const at = words[index]?.start ?? 0;
  const fault = (found: Word | undefined) =>
    new PlanGuardError('statistics', `Not a call as pg_dump writes it: found ${found?.text ?? 'the end of the file'}`, {
      where: { file, ...lineColumn(text, found?.start ?? text.length) },
      hint: 'The file must be what PostgreSQL 18’s pg_dump --statistics-only wrote, as plain SQL and whole.',
    });
  let position = index + 2;
  for (;;) {
    const name = stringOf(words[position]);
    if (name === undefined || words[position + 1]?.text !== ',') throw fault(words[position]);
    const value = words[position + 2];
    const content = stringOf(value) ?? (value?.kind === 'number' ? value.text : undefined);
    if (content !== undefined) values.set(name, content);
    else if (value?.text.toLowerCase() !== 'null') throw fault(value);
    position += 3;
    if (words[position]?.text === '::') {
      position += 2;
      while (/^[[\].]$|^(precision|pg_catalog)$/.test(words[position]?.text ?? '')) position += 1;
    }
    const end = words[position];
    if (end?.text === ')') return { at, values };
    if (end?.text !== ',') throw fault(end);
    position += 1;
  }
}

/** What a string constant means; `standard_conforming_strings` is on, as pg_dump sets it. */
function stringOf(word: Word | undefined): string | undefined {
  if (word?.kind !== 'string') return undefined;
  if (word.text.startsWith("'")) return word.text.slice(1, -1).replaceAll("''", "'");
  // pg_dump writes no other escapes than these.
  return /^e'/i.test(word.text) ? word.text.slice(2, -1).replace(/''|\\(.)/gs, (two, one) => one ?? two[1]) : undefined;
}

class CallReader {
  readonly #call: Call;
  readonly #file: string;
  readonly #source: string;

  constructor(call: Call, file: string, source: string) {
    this.#call = call;
    this.#file = file;
    this.#source = source;
  }

  fault(message: string): PlanGuardError {
    return new PlanGuardError('statistics', message, {
      where: { file: this.#file, ...lineColumn(this.#source, this.#call.at) },
      hint: 'Make the dump again with PostgreSQL 18’s pg_dump --statistics-only.',
    });
  }

  has(name: string, value: string): boolean {
    return this.#call.values.get(name) === value;
  }

  optional<Value>(name: string, read: (text: string) => Value): Value | undefined {
    const text = this.#call.values.get(name);
    return text === undefined ? undefined : read(text);
  }

  text(name: string): string {
    const text = this.#call.values.get(name);
    if (text === undefined) throw this.fault(`The call tells no ${name}.`);
    return text;
  }

  number(name: string): number {
    return this.parseNumber(name, this.text(name));
  }

  parseNumber(name: string, text: string): number {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw this.fault(`${name} is no number: ${text}`);
    return value;
  }

  array(name: string): readonly string[] | undefined {
    return this.optional(name, (text) => {
      let values: (string | null)[] | undefined;
      try {
        values = parseArrayLiteral(text);
      } catch {
        values = undefined;
      }
      const elements = values?.filter((value) => value !== null);
      if (elements === undefined || elements.length !== values?.length) {
        throw this.fault(`${name} is no array of values: ${text.slice(0, 60)}`);
      }
      return elements;
    });
  }

  numbers(name: string): readonly number[] | undefined {
    return this.array(name)?.map((text) => this.parseNumber(name, text));
  }
}

function readColumn(call: CallReader): ColumnStatistics {
  const facts = {
    null_frac: call.number('null_frac'),
    avg_width: call.number('avg_width'),
    n_distinct: call.number('n_distinct'),
    most_common_vals: call.array('most_common_vals'),
    most_common_freqs: call.numbers('most_common_freqs'),
    histogram_bounds: call.array('histogram_bounds'),
    correlation: call.optional('correlation', (text) => call.parseNumber('correlation', text)),
    most_common_elems: call.array('most_common_elems'),
    most_common_elem_freqs: call.numbers('most_common_elem_freqs'),
    elem_count_histogram: call.numbers('elem_count_histogram'),
    range_length_histogram: call.array('range_length_histogram'),
    range_empty_frac: call.optional('range_empty_frac', (text) => call.parseNumber('range_empty_frac', text)),
    range_bounds_histogram: call.array('range_bounds_histogram'),
  };
  if (facts.most_common_vals?.length !== facts.most_common_freqs?.length) {
    throw call.fault('Common values and their frequencies do not go together.');
  }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as never;
}

/** The version as the dump's head names it, else as its calls do: 180003 is 18.3. */
function serverVersion({ text }: SqlText, relations: ReadonlyMap<string, DumpedRelation>): string {
  const head = /^-- Dumped from database version (\S+)/m.exec(text)?.[1];
  if (head !== undefined) return head;
  const [first] = relations.values();
  const number = first?.version;
  return number === undefined ? 'unknown' : `${Math.floor(number / 10_000)}.${number % 10_000}`;
}

type MutableTable = RelationSize & {
  columns: Record<string, ColumnStatistics>;
  inherited?: Record<string, ColumnStatistics>;
  indexes: Record<string, RelationSize & { columns?: Record<string, ColumnStatistics> }>;
};

function place(relations: ReadonlyMap<string, DumpedRelation>, schema: DumpedSchema, version: string): ImportedDump {
  const tables: Record<string, MutableTable> = {};
  const unplaced: string[] = [];
  const unreadable: Record<string, UnreadableTable> = {};
  for (const [name, { size, columns, inherited }] of relations) {
    const hasColumns = Object.keys(columns).length + Object.keys(inherited).length > 0;
    if (schema.indexes.has(name) || (!hasColumns && !schema.tables.has(name))) continue;
    tables[name] = { ...size, columns, ...(Object.keys(inherited).length === 0 ? {} : { inherited }), indexes: {} };
    if (!hasColumns && size.reltuples !== 0) unreadable[name] = { reason: 'never analysed' };
  }
  for (const [name, { size, numbered }] of relations) {
    if (name in tables) continue;
    const index = schema.indexes.get(name);
    const table = index === undefined ? undefined : tables[index.table];
    if (table === undefined) {
      unplaced.push(name);
      continue;
    }
    const columns: Record<string, ColumnStatistics> = {};
    for (const [number, column] of numbered) {
      const column_name = index?.columns?.[number - 1];
      if (column_name === undefined) unplaced.push(`${name} (column ${number})`);
      else columns[column_name] = column;
    }
    const short = name.slice(name.indexOf('.') + 1);
    table.indexes[short] = { ...size, ...(Object.keys(columns).length === 0 ? {} : { columns }) };
  }
  return {
    statistics: {
      format: 'plan-guard statistics',
      version: 1,
      origin: `Made by plan-guard stats import from a dump of pg_dump of PostgreSQL ${version}.`,
      server_version: version,
      ...(Object.keys(unreadable).length === 0 ? {} : { unreadable }),
      tables,
    },
    unplaced: unplaced.sort(),
  };
}
