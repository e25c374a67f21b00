import { PlanGuardError, type Where } from '../../errors.js';

/** A line of a plan without what it was copied with, and where it stands in the source. */
export interface SourceLine {
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** How many characters stand before the text in the source's line; undefined where that cannot be told. */
  readonly column: number | undefined;
  /** The source has each quote twice. */
  readonly doubled?: boolean;
}

/** Cuts chunks of text into lines: `\n`, `\r\n`, a byte order mark at the start. */
export class LineSplitter {
  #unfinished: string[] = [];
  #line = 0;

  *push(chunk: string): Generator<SourceLine> {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      this.#unfinished.push(chunk.slice(start, end));
      yield this.#finish();
      start = end + 1;
    }
    if (start < chunk.length) this.#unfinished.push(chunk.slice(start));
  }

  /** What stands behind the last line break. */
  *end(): Generator<SourceLine> {
    if (this.#unfinished.length > 0) yield this.#finish();
  }

  #finish(): SourceLine {
    let text = this.#unfinished.join('');
    this.#unfinished = [];
    this.#line += 1;
    if (this.#line === 1 && text.startsWith('\uFEFF')) text = text.slice(1);
    if (text.endsWith('\r')) text = text.slice(0, -1);
    return { text, line: this.#line, column: 0 };
  }
}

/** The line without its first characters. */
export function cutStart(line: SourceLine, count: number): SourceLine {
  if (count === 0) return line;
  const { text, column } = line;
  return { ...line, text: text.slice(count), column: column === undefined ? undefined : column + count };
}

export function withText(line: SourceLine, text: string): SourceLine {
  return { ...line, text };
}

/** The text without any of the characters at its end. */
export function trimEndOf(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] as string)) end -= 1;
  return text.slice(0, end);
}

export function indentOf(text: string): number {
  let indent = 0;
  while (text[indent] === ' ' || text[indent] === '\t') indent += 1;
  return indent;
}

export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Where a character of the line (from 0) stands in the source. */
export function placeOf(line: SourceLine, index: number): Where {
  if (line.column === undefined) return { line: line.line };
  const quotes = line.doubled ? line.text.slice(0, index).split('"').length - 1 : 0;
  return { line: line.line, column: line.column + index + quotes + 1 };
}

export interface RefusalFacts {
  /** The character of the line, from 0. */
  readonly index?: number;
  /** What is there, where it is not the rest of the line. */
  readonly found?: string;
  readonly hint?: string;
}

/** A refusal to read on: what was expected at a place in the source, and what stands there. */
export function refusal(expected: string, line: SourceLine, facts: RefusalFacts = {}): PlanGuardError {
  const { index = 0, hint = 'Give the whole plan, from its first line to its last.' } = facts;
  const rest = line.text.slice(index).trim();
  const found = facts.found ?? (rest === '' ? "the line's end" : rest.length > 60 ? `${rest.slice(0, 60)}…` : rest);
  return new PlanGuardError('plan', `Expected ${expected}; found ${found}`, { where: placeOf(line, index), hint });
}

/** What is found where the end of something is missing. */
export const TEXT_END = { found: "the text's end" };

/** For lines that were wrapped in a way that cannot be undone. */
export const UNWRAPPED_HINT =
  'Use psql -At, or \\pset format aligned; lines wrapped in this way cannot be put together.';
