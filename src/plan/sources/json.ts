import type { Capture, PlanBlock } from './block.js';
import { refusal, type SourceLine, trimEndOf } from './lines.js';
import { joinUnframed } from './rows.js';
import { looksLikePlan } from './words.js';

/** Follows brackets and strings through the lines of a JSON document, to see where it ends. */
class Brackets {
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** The index behind the bracket that closes the document; -1 while it is open. */
  follow(text: string): number {
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (character === '\\') this.#escaped = true;
        else if (character === '"') this.#inString = false;
      } else if (character === '"') this.#inString = true;
      else if (character === '{' || character === '[') this.#depth += 1;
      else if (character === '}' || character === ']') {
        this.#depth -= 1;
        if (this.#depth <= 0) return at + 1;
      }
    }
    return -1;
  }
}

/** A JSON document, as it is or with psql's marks at the ends of its lines. */
export class JsonCapture implements Capture {
  readonly #lines: SourceLine[] = [];
  readonly #brackets = new Brackets();
  /** Where something stands behind the JSON that should not. */
  #behind: { readonly line: SourceLine; readonly index: number } | undefined;

  take(line: SourceLine): 'more' | 'last' {
    const end = this.#brackets.follow(line.text);
    if (end < 0) {
      this.#lines.push(line);
      return 'more';
    }
    this.#lines.push({ ...line, text: line.text.slice(0, end) });
    if (trimEndOf(line.text.slice(end), ' \t;,"`+\u21B5\u00A0') !== '') this.#behind = { line, index: end };
    return 'last';
  }

  close(): PlanBlock | undefined {
    const { lines } = joinUnframed(this.#lines, false);
    if (this.#behind !== undefined) {
      if (!lines.some(({ text }) => looksLikePlan(text))) return undefined;
      throw refusal("the line's end behind the JSON", this.#behind.line, { index: this.#behind.index });
    }
    return { kind: 'plan', format: 'json', lines, facts: {} };
  }
}

/** The text of the object or array that begins at an index. */
export function valueAt(text: string, start: number): string {
  return text.slice(start, start + new Brackets().follow(text.slice(start)));
}

/** The texts of a JSON array's elements, or the text itself where it is no array, and where each begins. */
export function elementsOf(text: string): { readonly start: number; readonly text: string }[] {
  const open = text.search(/\S/);
  if (text[open] !== '[') return [{ start: open, text: text.trim() }];
  const elements: { start: number; text: string }[] = [];
  let at = open + 1;
  while (at < text.length) {
    const start = at + Math.max(0, text.slice(at, at + 10_000).search(/[{[]/));
    if (text[start] !== '{' && text[start] !== '[') return elements;
    const element = valueAt(text, start);
    elements.push({ start, text: element });
    at = start + element.length;
    const comma = /^\s*,/.exec(text.slice(at, at + 10_000));
    if (comma === null) return elements;
    at += comma[0].length;
  }
  return elements;
}

const WORDS = {
  value: 'a value',
  'value or ]': 'a value or "]"',
  'key or }': 'a name in quotes or "}"',
  key: 'a name in quotes',
  ':': '":"',
  ', or }': '"," or "}"',
  ', or ]': '"," or "]"',
  string: 'the rest of a string',
  end: 'the end of the JSON',
} as const;

type Expected = keyof typeof WORDS;

/** A JSON value, and where its objects stand: indexes of their first characters. */
export interface PlacedJson {
  readonly value: unknown;
  readonly places: ReadonlyMap<object, number>;
}

/**
 * Reads JSON (RFC 8259) with the places of its objects. JSON.parse reads the same, is faster, and tells no places.
 * @returns the index where the text stops to be JSON and what the grammar expects there, where it does
 */
export function parsePlacedJson(text: string): PlacedJson | { readonly fault: number; readonly expected: string } {
  const places = new Map<object, number>();
  const open: (Record<string, unknown> | unknown[])[] = [];
  const keys: string[] = [];
  let result: unknown;
  let expected: Expected = 'value';
  let at = 0;
  const fault = (index: number, what: Expected) => ({ fault: index, expected: WORDS[what] });
  const put = (value: unknown) => {
    const owner = open.at(-1);
    if (owner === undefined) result = value;
    else if (Array.isArray(owner)) owner.push(value);
    else Object.defineProperty(owner, keys.pop() as string, { value, ...PLAIN });
  };
  const afterValue = (): Expected => {
    const owner = open.at(-1);
    return owner === undefined ? 'end' : Array.isArray(owner) ? ', or ]' : ', or }';
  };
  while (true) {
    while (' \t\n\r'.includes(text[at] ?? '_')) at += 1;
    const character = text[at];
    if (character === undefined) return expected === 'end' ? { value: result, places } : fault(at, expected);
    if ('}],:'.includes(character)) {
      if (!expected.includes(character)) return fault(at, expected);
      if (character === ':') expected = 'value';
      else if (character === ',') expected = Array.isArray(open.at(-1)) ? 'value' : 'key';
      else {
        open.pop();
        expected = afterValue();
      }
      at += 1;
    } else if (expected.startsWith('value') && (character === '{' || character === '[')) {
      const value = character === '{' ? {} : [];
      places.set(value, at);
      put(value);
      open.push(value);
      expected = character === '{' ? 'key or }' : 'value or ]';
      at += 1;
    } else if (expected.startsWith('key') && character === '"') {
      const end = stringEnd(text, at);
      if (end.fault) return fault(end.at, 'string');
      keys.push(JSON.parse(text.slice(at, end.at)));
      at = end.at;
      expected = ':';
    } else if (expected.startsWith('value')) {
      const end = character === '"' ? stringEnd(text, at) : scalarEnd(text, at);
      if (end.fault) return fault(end.at, character === '"' ? 'string' : expected);
      put(JSON.parse(text.slice(at, end.at)));
      at = end.at;
      expected = afterValue();
    } else return fault(at, expected);
  }
}

/** A key such as __proto__ is one like any other. */
const PLAIN = { enumerable: true, configurable: true, writable: true };

interface End {
  readonly at: number;
  readonly fault: boolean;
}

function stringEnd(text: string, start: number): End {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '"') return { at: at + 1, fault: false };
    if (character < ' ') return { at, fault: true };
    if (character !== '\\') continue;
    if (!/^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at + 1, at + 6))) return { at, fault: true };
    at += 1;
  }
  return { at: text.length, fault: true };
}

function scalarEnd(text: string, start: number): End {
  const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(
    text.slice(start, start + 400),
  );
  return { at: start + (scalar?.[0].length ?? 0), fault: scalar === null };
}
