import type { Span } from './model.js';
import { isBlank, type Token, tokenAt } from './scan.js';

export interface Script {
  /** Statements in order, each from its first token to its last: without the semicolon and the comments around it. */
  readonly statements: readonly Span[];
  /** Lines of psql's own (`\restrict x`, `\connect x`), from the backslash to the end of the line. */
  readonly metaCommands: readonly Span[];
  /** `COPY … FROM stdin` with the lines of data that follow it; these are not among `statements`. */
  readonly copies: readonly { readonly statement: Span; readonly data: Span }[];
  /** A string, quoted name or comment that never ends. */
  readonly unterminated: Token | undefined;
}

/** What a splitter has seen of the statement it is in, as far as it decides where that ends. */
class Statement {
  readonly start: number;
  end: number;
  private parentheses = 0;
  private blocks = 0;
  private words: string[] = [];
  private lastWord = '';
  private copiesFromStdin = false;

  constructor(first: Token) {
    this.start = first.start;
    this.end = first.start;
  }

  add(token: Token, text: string): void {
    this.end = token.end;
    const character = text[token.start];
    if (token.kind === 'punctuation') {
      if (character === '(') this.parentheses++;
      else if (character === ')' && this.parentheses > 0) this.parentheses--;
    }
    if (token.kind !== 'identifier') {
      this.lastWord = '';
      return;
    }
    const word = text.slice(token.start, token.end).toLowerCase();
    if (this.words.length < 4) this.words.push(word);
    if (this.createsRoutine()) {
      if (word === 'atomic' && this.lastWord === 'begin') this.blocks++;
      else if (this.blocks > 0 && word === 'case') this.blocks++;
      else if (this.blocks > 0 && word === 'end') this.blocks--;
    }
    if (word === 'stdin' && this.lastWord === 'from' && this.parentheses === 0) this.copiesFromStdin = true;
    this.lastWord = word;
  }

  /** Whether a semicolon ends the statement here. */
  get complete(): boolean {
    return this.parentheses === 0 && this.blocks === 0;
  }

  get isCopyFromStdin(): boolean {
    return this.words[0] === 'copy' && this.copiesFromStdin;
  }

  private createsRoutine(): boolean {
    const [first, ...rest] = this.words;
    return first === 'create' && rest.some((word) => word === 'function' || word === 'procedure');
  }
}

/** The lines of data that follow a COPY, up to the line `\.` (which is part of it) or the end of the text. */
function copyData(text: string, from: number): Span {
  const start = /\r?\n/g;
  start.lastIndex = from;
  if (!start.test(text)) return { start: text.length, end: text.length };
  const last = /^\\\.[ \t]*\r?$/gm;
  last.lastIndex = start.lastIndex;
  return { start: start.lastIndex, end: last.test(text) ? last.lastIndex : text.length };
}

/**
 * Splits an SQL script into its statements by PostgreSQL's lexical rules alone, as psql does: any version's syntax
 * passes. Semicolons in strings, comments, parentheses (`CREATE RULE`) and `BEGIN ATOMIC … END` bodies do not split.
 */
export function splitScript(text: string): Script {
  const statements: Span[] = [];
  const metaCommands: Span[] = [];
  const copies: { statement: Span; data: Span }[] = [];
  let current: Statement | undefined;
  let unterminated: Token | undefined;
  const finish = () => {
    if (current !== undefined) statements.push({ start: current.start, end: current.end });
    current = undefined;
  };
  for (let at = 0; at < text.length; ) {
    const token = tokenAt(text, at);
    at = token.end;
    if (token.unterminated) unterminated = token;
    if (isBlank(token.kind)) continue;
    if (token.kind === 'meta-command') {
      metaCommands.push({ start: token.start, end: token.end });
      finish();
    } else if (text[token.start] === ';' && token.kind === 'punctuation' && (current?.complete ?? true)) {
      if (current?.isCopyFromStdin) {
        const data = copyData(text, token.end);
        copies.push({ statement: { start: current.start, end: current.end }, data });
        current = undefined;
        at = data.end;
      } else finish();
    } else {
      current ??= new Statement(token);
      current.add(token, text);
    }
  }
  finish();
  return { statements, metaCommands, copies, unterminated };
}
