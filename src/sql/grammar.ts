import type { Instance } from 'pg-query-emscripten/pg_query_wasm.js';

/** A node of the parse tree as libpg_query's JSON gives it: `{ SelectStmt: { … } }`. Zero and false are left out. */
export type TreeNode = { readonly [key: string]: unknown };

export interface RawStatement {
  readonly stmt: TreeNode;
  /** Offset in the text, blanks before the statement included. */
  readonly start: number;
}

export type Parsed =
  | {
      readonly ok: true;
      /** At least one. */
      readonly statements: readonly [RawStatement, ...RawStatement[]];
      /** Maps the byte offsets of the tree's `location`s to offsets in the text. */
      readonly toOffset: (bytes: number) => number;
    }
  | { readonly ok: false; readonly message: string; readonly offset: number };

interface TreeStatement {
  readonly stmt: TreeNode;
  readonly stmt_location?: number;
}

interface Tree {
  readonly stmts: readonly TreeStatement[];
}

const heap = 0;
/** An instance is thrown away after this many bytes of SQL, so that nothing it may keep adds up. */
const bytesPerInstance = 1_000_000;

let instance: { readonly ready: Promise<Instance>; bytes: number } | undefined;

async function instanceFor(bytes: number): Promise<Instance> {
  if (instance === undefined || instance.bytes > bytesPerInstance) {
    const ready = import('pg-query-emscripten/pg_query_wasm.js').then((module) => module.default());
    instance = { ready, bytes: 0 };
  }
  instance.bytes += bytes;
  return instance.ready;
}

/**
 * Runs the parser on zero-terminated bytes. The package's own `parse` puts the text on the parser's stack and never
 * takes it off: after 64 KB of SQL it fails, sometimes in silence. Here the text stands on the heap.
 */
function run(parser: Instance, bytes: Uint8Array): { tree: Tree; error: string; at: number } {
  const address = parser.allocate(bytes, heap);
  const { parse_tree, error } = parser.raw_parse(address);
  parser._free(address);
  return { tree: JSON.parse(parse_tree), error: error.message, at: error.cursorpos };
}

/** Byte offsets of UTF-8 to offsets of a JavaScript string; one past the end maps to the end. */
function offsetsOf(text: string, byteLength: number): (bytes: number) => number {
  if (byteLength === text.length) return (bytes) => bytes;
  const offsets = new Uint32Array(byteLength + 1);
  let at = 0;
  let byte = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const width = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    offsets.fill(at, byte, byte + width);
    byte += width;
    at += character.length;
  }
  offsets[byteLength] = text.length;
  return (bytes) => offsets[Math.min(bytes, byteLength)] ?? text.length;
}

function offsetOfCodePoint(text: string, index: number): number {
  let offset = 0;
  let left = index;
  for (const character of text) {
    if (left-- <= 0) break;
    offset += character.length;
  }
  return offset;
}

/**
 * Parses SQL that holds a statement by PostgreSQL 16's own grammar. `ok: false` where the grammar refuses the text
 * (which may be newer than it), and where the parser itself fails: its stack is small, and a statement nested some
 * hundred levels deep exceeds it.
 */
export async function parse(text: string): Promise<Parsed> {
  const zero = text.indexOf('\0');
  if (zero >= 0) return { ok: false, message: 'SQL cannot hold a NUL character', offset: zero };
  const bytes = new TextEncoder().encode(`${text}\0`);
  for (let attempt = 1; attempt <= 2; attempt++) {
    const parser = await instanceFor(bytes.length);
    try {
      const { tree, error, at } = run(parser, bytes);
      if (error !== '') return { ok: false, message: error, offset: offsetOfCodePoint(text, at - 1) };
      const [first, ...others] = tree.stmts;
      if (first !== undefined) {
        const toOffset = offsetsOf(text, bytes.length - 1);
        const statement = ({ stmt, stmt_location = 0 }: TreeStatement) => ({ stmt, start: toOffset(stmt_location) });
        return { ok: true, statements: [statement(first), ...others.map(statement)], toOffset };
      }
    } catch {
      // The instance's memory is spoilt: a new one takes its place.
    }
    instance = undefined;
  }
  return { ok: false, message: 'the SQL parser gave up: the statement is nested too deeply for it', offset: 0 };
}
