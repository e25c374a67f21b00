import { readFile, stat } from 'node:fs/promises';
import {
  type Alias,
  Composer,
  type CST,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  Scalar,
  type YAMLMap,
} from 'yaml';
import { type ErrorCode, PlanGuardError, throwAll, type Where } from '../errors.js';
import type { ScenarioValue } from './model.js';
import { didYouMean } from './nearest.js';

const MAX_BYTES = 1 << 20;
const MAX_DEPTH = 64;
const MAX_NODES = 100_000;

/** Control characters and halves of surrogate pairs have no place in a name or a path. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;
/** What a PostgreSQL text cannot hold. */
const NOT_TEXT = /[\0\p{Cs}]/u;

/** A YAML file in memory: its places, and the errors found in it so far. */
class YamlFile {
  readonly #errors: { readonly error: PlanGuardError; readonly bare: string }[] = [];
  readonly #lines = new LineCounter();
  readonly #targets = new Map<Alias, Node>();

  constructor(
    readonly file: string,
    readonly text: string,
    readonly code: ErrorCode,
  ) {}

  parse(): Node {
    const tokens = [...new Parser(this.#lines.addNewLine).parse(this.text)];
    this.#checkNesting(tokens);
    this.throwErrors();
    // `schema: core` without known tags: a plain 2026-05-01 stays text, and no tag makes an object of a value.
    const composer = new Composer({
      version: '1.2',
      schema: 'core',
      resolveKnownTags: false,
      intAsBigInt: true,
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: 'error',
    });
    const [document, second] = [...composer.compose(tokens, true, this.text.length)];
    if (document === undefined) throw new Error('the composer was asked for a document and made none');
    for (const { pos, message } of [...document.errors, ...document.warnings]) {
      this.fail(
        pos[0],
        `Not valid YAML: ${message}`,
        'Write `key: value`, indented with spaces; quote text that starts with a sign such as @, * or `.',
      );
    }
    if (second !== undefined) {
      this.fail(second.range[0], 'Expected one YAML document, found a second one', 'Keep one document per file.');
    }
    if (document.contents !== null) this.#resolve(document.contents);
    this.throwErrors();
    return document.contents ?? nothingAt(0);
  }

  get errorCount(): number {
    return this.#errors.length;
  }

  /** Notes an error at an offset, or at a place known already. */
  fail(at: number | Where, message: string, hint: string, path = ''): void {
    const where = typeof at === 'number' ? this.where(at) : at;
    const error = new PlanGuardError(this.code, path === '' ? message : `${path}: ${message}`, { hint, where });
    this.#errors.push({ error, bare: message });
  }

  where(offset: number): Where {
    const { line, col } = this.#lines.linePos(offset);
    const lineStart = offset - Math.max(col, 1) + 1;
    return {
      file: this.file,
      line: Math.max(line, 1),
      column: [...this.text.slice(lineStart, offset)].length + 1,
    };
  }

  /** The node itself, or what the alias stands for. */
  target(node: Node): Node {
    return isAlias(node) ? (this.#targets.get(node) ?? node) : node;
  }

  /** Throws what was noted, by place, each once: what an anchor holds is read once more for every alias. */
  throwErrors(): void {
    const unique = new Map<string, PlanGuardError>();
    for (const { error, bare } of this.#errors) {
      const key = `${error.where?.line}:${error.where?.column}:${bare}`;
      if (!unique.has(key)) unique.set(key, error);
    }
    const place = ({ where }: PlanGuardError) => [where?.line ?? 0, where?.column ?? 0] as const;
    throwAll([...unique.values()].sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1]));
  }

  /** The composer recurses, and would end the process on a file nested deeply enough. */
  #checkNesting(tokens: readonly CST.Token[]): void {
    const open: [CST.Token, number][] = tokens.map((token) => [token, 0]);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [token, depth] = next;
      if (depth > MAX_DEPTH) {
        this.fail(token.offset, `Nested deeper than ${MAX_DEPTH} levels`, 'Flatten the value.');
        return;
      }
      if (token.type === 'document' && token.value) open.push([token.value, depth]);
      if (!('items' in token)) continue;
      for (const item of token.items) {
        if (item.key) open.push([item.key, depth + 1]);
        if (item.value) open.push([item.value, depth + 1]);
      }
    }
  }

  /** Finds what every alias stands for, and refuses those that lead nowhere, into themselves or too far. */
  #resolve(root: Node): void {
    interface Extent {
      readonly nodes: number;
      readonly depth: number;
    }
    const anchors = new Map<string, Node>();
    const extents = new Map<Node, Extent>();
    const measure = (node: Node): Extent => {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        const extent = target && extents.get(target);
        if (target === undefined) {
          this.fail(
            offsetOf(node),
            `The alias \`*${node.source}\` has no anchor above it`,
            anchors.size === 0
              ? `Quote the value where it is text, or anchor one with \`&${node.source}\`.`
              : didYouMean(node.source, [...anchors.keys()]),
          );
        } else if (extent === undefined) {
          this.fail(
            offsetOf(node),
            `The alias \`*${node.source}\` stands inside its own anchor`,
            'Write the value out.',
          );
        } else {
          this.#targets.set(node, target);
        }
        return extent ?? { nodes: 1, depth: 1 };
      }
      if ('anchor' in node && typeof node.anchor === 'string') anchors.set(node.anchor, node);
      let nodes = 1;
      let depth = 0;
      for (const child of childrenOf(node)) {
        const extent = measure(child);
        nodes += extent.nodes;
        depth = Math.max(depth, extent.depth);
      }
      const extent = { nodes, depth: depth + 1 };
      extents.set(node, extent);
      return extent;
    };
    const { nodes, depth } = measure(root);
    if (nodes > MAX_NODES || depth > MAX_DEPTH * 2) {
      this.fail(
        offsetOf(root),
        `The aliases unfold to more than ${nodes > MAX_NODES ? `${MAX_NODES} values` : `${MAX_DEPTH * 2} levels`}`,
        'Use fewer aliases inside anchored values.',
      );
    }
  }
}

function nothingAt(offset: number): Node {
  const nothing = new Scalar(null);
  nothing.range = [offset, offset, offset];
  return nothing;
}

const offsetOf = (node: Node): number => node.range?.[0] ?? 0;

/** Keys and values of a mapping; a key without a value has an empty one where the key stands. */
function pairsOf(map: YAMLMap): { readonly key: Node; readonly value: Node }[] {
  return (map.items as { readonly key: Node; readonly value: Node | null }[]).map(({ key, value }) => ({
    key,
    value: value ?? nothingAt(offsetOf(key)),
  }));
}

function childrenOf(node: Node): Node[] {
  if (isMap(node)) return pairsOf(node).flatMap(({ key, value }) => [key, value]);
  return isSeq(node) ? (node.items as Node[]) : [];
}

const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

export interface YamlEntry {
  readonly name: string;
  readonly value: YamlValue;
  /** Where the key stands. */
  readonly where: Where;
  /** Notes an error at the key. */
  readonly fail: (message: string, hint: string) => void;
}

/** One value of a YAML file, with the place and the path that errors in it are reported under. */
export class YamlValue {
  readonly #file: YamlFile;
  readonly #node: Node;
  readonly #written: Node;
  /** `queries[0].file`; empty for the whole file. */
  readonly path: string;

  constructor(file: YamlFile, node: Node, path: string) {
    this.#file = file;
    this.#written = node;
    this.#node = file.target(node);
    this.path = path;
  }

  get where(): Where {
    return this.#file.where(offsetOf(this.#written));
  }

  /** How many errors the file has so far. */
  get errorCount(): number {
    return this.#file.errorCount;
  }

  /** Throws every error that was noted in the file, by place. */
  throwErrors(): void {
    this.#file.throwErrors();
  }

  /** Notes an error at this value. */
  fail(message: string, hint: string): void {
    this.#file.fail(offsetOf(this.#written), message, hint, this.path);
  }

  /** Notes an error at another place of the same file. */
  failAt(where: Where, message: string, hint: string): void {
    this.#file.fail(where, message, hint);
  }

  /** Notes that something else was expected here. */
  expected(what: string, hint: string): void {
    this.fail(`expected ${what}, found ${this.#describe()}`, hint);
  }

  /** Nothing at all, or a mapping or list of nothing. */
  get isEmpty(): boolean {
    const node = this.#node;
    return isScalar(node) ? node.value === null : isCollection(node) && node.items.length === 0;
  }

  get isScalar(): boolean {
    return isScalar(this.#node);
  }

  get isMapping(): boolean {
    return isMap(this.#node);
  }

  /** The value where it is text, whatever the text. */
  get plainText(): string | undefined {
    return isScalar(this.#node) && typeof this.#node.value === 'string' ? this.#node.value : undefined;
  }

  /** Text of one line, not empty; `what` says what it is. */
  text(what: string): string | undefined {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value === 'string' && value.trim() === value && value !== '' && !UNPRINTABLE.test(value)) return value;
    if (typeof value === 'string') {
      this.expected(what, 'Write one line that is not empty, without blanks around it.');
    } else if (isScalar(this.#node) && value !== null) {
      this.expected(what, `Write it in quotes: '${this.#node.source}'.`);
    } else {
      this.expected(what, `Write ${what}.`);
    }
    return undefined;
  }

  /** Text that matches a pattern. */
  match(pattern: RegExp, what: string, hint: string): string | undefined {
    const text = this.text(what);
    if (text === undefined || pattern.test(text)) return text;
    this.expected(what, hint);
    return undefined;
  }

  /** One of a few words. */
  oneOf<Word extends string | number>(words: readonly Word[]): Word | undefined {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    const word = words.find((known) => known === (typeof value === 'bigint' ? Number(value) : value));
    if (word === undefined) {
      this.expected(
        words.length === 1 ? `\`${words[0]}\`` : `one of ${words.join(', ')}`,
        words.length === 1
          ? `Write \`${words[0]}\`, or leave the key out.`
          : didYouMean(String(value ?? ''), words.map(String)),
      );
    }
    return word;
  }

  /** Elements of a list that is not empty. */
  list(what: string): YamlValue[] {
    if (!isSeq(this.#node)) {
      this.expected(what, `Write ${what}, as in \`[a, b]\`.`);
      return [];
    }
    if (this.#node.items.length === 0)
      this.fail(`expected ${what}, found an empty list`, 'Fill it, or leave the key out.');
    return (this.#node.items as Node[]).map((item, index) => new YamlValue(this.#file, item, `${this.path}[${index}]`));
  }

  /** Elements of a list that is not empty, or the value alone. */
  oneOrMore(what: string): YamlValue[] {
    return isSeq(this.#node) ? this.list(what) : [this];
  }

  /** Keys and values of a mapping that is not empty; a key that stands twice is an error. */
  entries(what: string): YamlEntry[] {
    if (isMap(this.#node) && this.#node.items.length === 0) {
      this.fail(`expected ${what}, found an empty mapping`, 'Fill it, or leave the key out.');
    }
    return this.#entries(what);
  }

  /** The values of the known keys of a mapping; any other key is an error. */
  fields<Key extends string>(what: string, keys: readonly Key[]): { readonly [name in Key]?: YamlValue } {
    const known: readonly string[] = keys;
    const fields: Record<string, YamlValue> = {};
    for (const { name, value, fail } of this.entries(what)) {
      if (known.includes(name)) fields[name] = value;
      else fail(`unknown key \`${shorten(name)}\``, didYouMean(name, known));
    }
    return fields as { readonly [name in Key]?: YamlValue };
  }

  /** The value of one key, whatever else the mapping holds. */
  pick(key: string): YamlValue | undefined {
    if (!isMap(this.#node)) {
      this.expected('a mapping', 'Write `key: value`.');
      return undefined;
    }
    const pair = pairsOf(this.#node).findLast((each) => isScalar(each.key) && each.key.value === key);
    return pair && new YamlValue(this.#file, pair.value, key);
  }

  /**
   * The value as data. A number that a JavaScript number cannot hold exactly comes as the text in the file, so that the
   * server reads every digit; infinity and not-a-number come as the text that PostgreSQL calls them.
   */
  data(): ScenarioValue {
    if (isSeq(this.#node)) {
      return (this.#node.items as Node[]).map((item, index) =>
        new YamlValue(this.#file, item, `${this.path}[${index}]`).data(),
      );
    }
    if (isMap(this.#node)) {
      return Object.fromEntries(this.#entries('a mapping').map(({ name, value }) => [name, value.data()]));
    }
    const scalar = this.#node as Scalar;
    const value = scalar.value as string | number | bigint | boolean | null;
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    if (typeof value === 'number') return exactNumber(value, scalar.source ?? '');
    if (typeof value === 'string' && NOT_TEXT.test(value)) {
      this.fail('expected text, found a character that PostgreSQL cannot store', 'Remove the character.');
    }
    return value;
  }

  #entries(what: string): YamlEntry[] {
    if (!isMap(this.#node)) {
      this.expected(what, 'Write `key: value` pairs.');
      return [];
    }
    const first = new Map<string, Where>();
    const entries: YamlEntry[] = [];
    for (const pair of pairsOf(this.#node)) {
      const key = this.#file.target(pair.key);
      const fail = (message: string, hint: string) =>
        new YamlValue(this.#file, pair.key, this.path).fail(message, hint);
      if (!isScalar(key) || key.value === null || key.value === '' || UNPRINTABLE.test(String(key.value))) {
        fail('expected a name as the key', 'Write a name of one line before the colon.');
        continue;
      }
      const name = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
      const where = this.#file.where(offsetOf(pair.key));
      const before = first.get(name);
      if (before !== undefined) {
        fail(
          `the key \`${shorten(name)}\` stands twice, first in line ${before.line}`,
          'Keep one of them, or rename one.',
        );
        continue;
      }
      first.set(name, where);
      const path = this.path === '' ? name : `${this.path}.${name}`;
      entries.push({ name, value: new YamlValue(this.#file, pair.value, path), where, fail });
    }
    return entries;
  }

  #describe(): string {
    if (isSeq(this.#node)) return 'a list';
    if (isMap(this.#node)) return 'a mapping';
    const { value, source } = this.#node as Scalar;
    if (value === null) return 'nothing';
    if (typeof value === 'string') return value === '' ? 'empty text' : `\`${shorten(value)}\``;
    return `${typeof value === 'boolean' ? '' : 'the number '}${shorten(source ?? String(value))}`;
  }
}

function exactNumber(value: number, source: string): ScenarioValue {
  if (!/\d/.test(source)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  // A double holds every decimal of up to 15 significant digits: DBL_DIG in float.h.
  const digits = source.replace(/e.*$/i, '').replaceAll(/[^\d]/g, '').replace(/^0+/, '');
  const exact = Number.isFinite(value) && digits.length <= 15 && (value !== 0 || digits === '');
  return exact ? value : source;
}

/**
 * Reads a YAML (or JSON) file into a value that remembers its places.
 * @param what what the file is, for messages
 * @param code what kind of failure an error in the file's content is
 * @throws {PlanGuardError | PlanGuardErrors} where the file cannot be read or is not YAML; every YAML error at once
 */
export async function readYaml(file: string, what: string, code: ErrorCode): Promise<YamlValue> {
  const refuse = (message: string, hint: string, cause?: unknown) =>
    new PlanGuardError('file', message, { hint, where: { file }, cause });
  let bytes: Buffer;
  try {
    const facts = await stat(file);
    if (facts.isDirectory()) throw refuse(`Expected a ${what}, found a folder`, 'Name the file inside the folder.');
    if (!facts.isFile()) throw refuse(`Expected a ${what}, found a device or a pipe`, 'Name a file.');
    if (facts.size > MAX_BYTES) {
      throw refuse(`Expected a ${what} of at most 1 MiB, found ${facts.size} bytes`, `Check that this is the ${what}.`);
    }
    bytes = await readFile(file);
  } catch (error) {
    if (error instanceof PlanGuardError) throw error;
    const { code: reason, message } = error as NodeJS.ErrnoException;
    if (reason === 'ENOENT' || reason === 'ENOTDIR')
      throw refuse(`The ${what} does not exist`, 'Check the path.', error);
    if (reason === 'EACCES' || reason === 'EPERM') {
      throw refuse(`The ${what} cannot be read: permission denied`, 'Make the file readable.', error);
    }
    throw refuse(`The ${what} cannot be read: ${message}`, 'Make the file readable.', error);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw refuse(`The ${what} is not UTF-8 text`, 'Save it as UTF-8.', error);
  }
  const yaml = new YamlFile(file, text, code);
  return new YamlValue(yaml, yaml.parse(), '');
}
