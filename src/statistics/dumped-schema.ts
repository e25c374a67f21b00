import { isBlank, scan, type Token } from '../sql/scan.js';

/** A token that is neither blank nor comment, with its text. */
export interface Word {
  readonly kind: Token['kind'];
  readonly text: string;
  readonly start: number;
}

/** @param sql of any length; takes linear time */
export function wordsOf(sql: string): Word[] {
  return scan(sql)
    .filter(({ kind }) => !isBlank(kind) && kind !== 'meta-command')
    .map(({ kind, start, end }) => ({ kind, text: sql.slice(start, end), start }));
}

export interface DumpedIndex {
  /** `schema.name` of its table. */
  readonly table: string;
  /** Names of its columns as PostgreSQL chooses them, in order; undefined where the schema does not tell them. */
  readonly columns: readonly string[] | undefined;
}

export interface DumpedSchema {
  /** Tables and materialized views, as `schema.name`. */
  readonly tables: Set<string>;
  /** By `schema.name`. */
  readonly indexes: Map<string, DumpedIndex>;
}

/**
 * Notes which tables a schema script makes and which index belongs to which: CREATE TABLE, CREATE MATERIALIZED VIEW,
 * CREATE INDEX and ALTER TABLE … ADD CONSTRAINT, as pg_dump writes them. Other statements are passed over.
 */
export function readDumpedSchema(words: readonly Word[], schema: DumpedSchema): void {
  let start = 0;
  for (let at = 0; at <= words.length; at += 1) {
    if (at < words.length && words[at]?.text !== ';') continue;
    readStatement(new Reader(words.slice(start, at)), schema);
    start = at + 1;
  }
}

class Reader {
  readonly #words: readonly Word[];
  #at = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  /** Takes the next words where they are these keywords. */
  skip(...keywords: readonly string[]): boolean {
    const matches = keywords.every((keyword, index) => isKeyword(this.#words[this.#at + index], keyword));
    if (matches) this.#at += keywords.length;
    return matches;
  }

  name(): string | undefined {
    const word = this.#words[this.#at];
    const name = nameOf(word);
    if (name !== undefined) this.#at += 1;
    return name;
  }

  /** A name with or without its schema, as `schema.name`. */
  qualified(): string | undefined {
    const first = this.name();
    if (first === undefined) return undefined;
    if (this.#words[this.#at]?.text !== '.') return `public.${first}`;
    this.#at += 1;
    const second = this.name();
    return second === undefined ? undefined : `${first}.${second}`;
  }

  /** The words between the parentheses that open here, as a list of those between its commas. */
  list(): Word[][] | undefined {
    if (this.#words[this.#at]?.text !== '(') return undefined;
    const items: Word[][] = [[]];
    let depth = 0;
    for (; this.#at < this.#words.length; this.#at += 1) {
      const word = this.#words[this.#at] as Word;
      if (word.text === ')') depth -= 1;
      if (depth === 0 && word.text === ')') return items;
      if (depth === 1 && word.text === ',') items.push([]);
      else if (depth > 0) items.at(-1)?.push(word);
      if (word.text === '(') depth += 1;
    }
    return undefined;
  }
}

function isKeyword(word: Word | undefined, keyword: string): boolean {
  return word?.kind === 'identifier' && word.text.toLowerCase() === keyword;
}

function nameOf(word: Word | undefined): string | undefined {
  if (word?.kind === 'identifier') return word.text.toLowerCase();
  return word?.kind === 'quoted-identifier' ? word.text.slice(1, -1).replaceAll('""', '"') : undefined;
}

function readStatement(reader: Reader, schema: DumpedSchema): void {
  if (reader.skip('alter', 'table')) readAlterTable(reader, schema);
  else if (reader.skip('create')) {
    if (reader.skip('unique', 'index') || reader.skip('index')) readIndex(reader, schema);
    else if (reader.skip('materialized', 'view') || reader.skip('unlogged', 'table') || reader.skip('table')) {
      readTable(reader, schema);
    } else if (reader.skip('foreign', 'table')) readTable(reader, schema);
  }
}

function readTable(reader: Reader, schema: DumpedSchema): void {
  reader.skip('if', 'not', 'exists');
  const table = reader.qualified();
  if (table === undefined) return;
  schema.tables.add(table);
  const [namespace, name] = split(table);
  for (const item of reader.list() ?? []) {
    const constraint = item.findIndex((word) => isKeyword(word, 'constraint'));
    const stated = constraint < 0 ? undefined : nameOf(item[constraint + 1]);
    const primary = item.some((word, index) => isKeyword(word, 'primary') && isKeyword(item[index + 1], 'key'));
    const index = primary
      ? (stated ?? `${name}_pkey`)
      : item.some((word) => isKeyword(word, 'unique'))
        ? stated
        : undefined;
    if (index !== undefined) schema.indexes.set(`${namespace}.${index}`, { table, columns: undefined });
  }
}

function readAlterTable(reader: Reader, schema: DumpedSchema): void {
  reader.skip('if', 'exists');
  reader.skip('only');
  const table = reader.qualified();
  if (table === undefined || !reader.skip('add', 'constraint')) return;
  const name = reader.name();
  if (name === undefined || !['primary', 'unique', 'exclude'].some((keyword) => reader.skip(keyword))) return;
  schema.indexes.set(`${split(table)[0]}.${name}`, { table, columns: undefined });
}

function readIndex(reader: Reader, schema: DumpedSchema): void {
  reader.skip('concurrently');
  reader.skip('if', 'not', 'exists');
  const name = reader.name();
  if (name === undefined || !reader.skip('on')) return;
  reader.skip('only');
  const table = reader.qualified();
  if (table === undefined) return;
  if (reader.skip('using')) reader.name();
  const columns = reader.list();
  schema.indexes.set(`${split(table)[0]}.${name}`, {
    table,
    columns: columns === undefined ? undefined : columnNames(columns),
  });
}

function split(qualified: string): readonly [string, string] {
  const dot = qualified.indexOf('.');
  return [qualified.slice(0, dot), qualified.slice(dot + 1)];
}

/** Names of an index's columns (`ChooseIndexColumnNames` in indexcmds.c). */
function columnNames(columns: readonly (readonly Word[])[]): string[] {
  const names: string[] = [];
  for (const column of columns) {
    const name = expressionName(column)?.name ?? 'expr';
    let unique = name;
    for (let number = 1; names.includes(unique); number += 1) unique = `${name}${number}`;
    names.push(unique);
  }
  return names;
}

/** PostgreSQL's own names of types that have others in SQL. */
const typeNames: Readonly<Record<string, string>> = {
  integer: 'int4',
  int: 'int4',
  bigint: 'int8',
  smallint: 'int2',
  real: 'float4',
  double: 'float8',
  boolean: 'bool',
  character: 'bpchar',
  decimal: 'numeric',
};

/** What an expression is called (`FigureIndexColname` in parse_target.c); weak: a cast's type goes before it. */
function expressionName(words: readonly Word[]): { readonly name: string; readonly weak: boolean } | undefined {
  const [first, second] = words;
  if (first === undefined || topLevelOperator(words)) return undefined;
  const close = closing(words);
  if (first.text === '(') {
    const cast = words[close + 1]?.text === '::' ? words.slice(close + 1) : undefined;
    return cast === undefined ? expressionName(words.slice(1, close)) : castName(words.slice(1, close), cast);
  }
  const colons = words.findIndex(({ text }, index) => text === '::' && depthAt(words, index) === 0);
  if (colons >= 0) return castName(words.slice(0, colons), words.slice(colons));
  if (isKeyword(first, 'case')) return { name: 'case', weak: true };
  const name = nameOf(first);
  if (name === undefined) return undefined;
  if (second?.text === '.') return expressionName(words.slice(2)) ?? { name, weak: false };
  return { name, weak: false };
}

function castName(argument: readonly Word[], cast: readonly Word[]) {
  const inner = expressionName(argument);
  if (inner !== undefined && !inner.weak) return inner;
  const words = cast.slice(1).map(nameOf);
  const type = words[0] === 'character' && words[1] === 'varying' ? 'varchar' : words[0];
  return type === undefined ? inner : { name: typeNames[type] ?? type, weak: true };
}

function depthAt(words: readonly Word[], end: number): number {
  let depth = 0;
  for (const { text } of words.slice(0, end)) {
    if (text === '(' || text === '[') depth += 1;
    if (text === ')' || text === ']') depth -= 1;
  }
  return depth;
}

/** Where the parenthesis that opens first is closed. */
function closing(words: readonly Word[]): number {
  let depth = 0;
  for (const [index, { text }] of words.entries()) {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    if (depth === 0 && text === ')') return index;
  }
  return words.length;
}

const joining = new Set(['and', 'or', 'not', 'is', 'in', 'like', 'ilike', 'between', 'similar']);

function topLevelOperator(words: readonly Word[]): boolean {
  return words.some(
    (word, index) =>
      (word.kind === 'operator' || (word.kind === 'identifier' && joining.has(word.text.toLowerCase()))) &&
      depthAt(words, index) === 0,
  );
}
