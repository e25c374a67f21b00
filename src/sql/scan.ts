/**
 * PostgreSQL's lexical rules (src/backend/parser/scan.l, psql's psqlscan.l) without its grammar: enough to tell code
 * from strings, comments and names in SQL of any version. `standard_conforming_strings` is taken to be on.
 */
export type TokenKind =
  | 'whitespace'
  | 'line-comment'
  | 'block-comment'
  | 'string'
  | 'dollar-string'
  | 'quoted-identifier'
  | 'identifier'
  | 'number'
  | 'parameter'
  | 'operator'
  | 'punctuation'
  | 'meta-command';

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /** A string, name or comment that the text ends in. */
  readonly unterminated: boolean;
}

const whitespace = /(?:^\uFEFF)?[ \t\n\r\f\v]+|^\uFEFF/y;
const lineEnd = /[\n\r]|$/g;
const commentMark = /\/\*|\*\//g;
const dollarTag = /\$(?:[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?\$/y;
const identifier = /[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*/y;
const number =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
const parameter = /\$\d+/y;
const operator = /[-+*/<>=~!@#%^&|`?]+/y;
const stringPrefix = /(?:[eEbBxXnN]|[uU]&)'/y;
const continuation = /[ \t\r\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;

function matchAt(pattern: RegExp, text: string, start: number): number | undefined {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function token(kind: TokenKind, start: number, end: number, unterminated = false): Token {
  return { kind, start, end, unterminated };
}

function quoted(kind: TokenKind, text: string, start: number, open: number, escapes: boolean): Token {
  const quote = text[open];
  for (let at = open + 1; at < text.length; at++) {
    const character = text[at];
    if (escapes && character === '\\') at++;
    else if (character === quote) {
      if (text[at + 1] === quote) at++;
      else {
        const resumed = escapes ? matchAt(continuation, text, at + 1) : undefined;
        if (resumed === undefined) return token(kind, start, at + 1);
        at = resumed - 1;
      }
    }
  }
  return token(kind, start, text.length, true);
}

function blockComment(text: string, start: number): Token {
  commentMark.lastIndex = start + 2;
  for (let depth = 1; ; ) {
    const mark = commentMark.exec(text);
    if (mark === null) return token('block-comment', start, text.length, true);
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return token('block-comment', start, commentMark.lastIndex);
  }
}

/** An operator ends before a comment, and only one with an unusual character may end in `+` or `-`. */
function operatorEnd(text: string, start: number, end: number): number {
  let run = text.slice(start, end);
  const comment = run.search(/--|\/\*/);
  if (comment > 0) run = run.slice(0, comment);
  if (!/[~!@#%^&|`?]/.test(run)) while (run.length > 1 && /[-+]$/.test(run)) run = run.slice(0, -1);
  return start + run.length;
}

/** The token that starts at an offset inside the text. */
export function tokenAt(text: string, start: number): Token {
  const blank = matchAt(whitespace, text, start);
  if (blank !== undefined) return token('whitespace', start, blank);
  const character = text.charAt(start);
  if (text.startsWith('--', start)) {
    lineEnd.lastIndex = start;
    return token('line-comment', start, lineEnd.exec(text)?.index ?? text.length);
  }
  if (text.startsWith('/*', start)) return blockComment(text, start);
  if (character === "'") return quoted('string', text, start, start, false);
  if (character === '"') return quoted('quoted-identifier', text, start, start, false);
  if (character === '\\') {
    lineEnd.lastIndex = start;
    return token('meta-command', start, lineEnd.exec(text)?.index ?? text.length);
  }
  if (character === '$') {
    const bind = matchAt(parameter, text, start);
    if (bind !== undefined) return token('parameter', start, bind);
    const opened = matchAt(dollarTag, text, start);
    if (opened === undefined) return token('punctuation', start, start + 1);
    const tag = text.slice(start, opened);
    const closed = text.indexOf(tag, opened);
    return closed < 0
      ? token('dollar-string', start, text.length, true)
      : token('dollar-string', start, closed + tag.length);
  }
  const prefixed = matchAt(stringPrefix, text, start);
  if (prefixed !== undefined) return quoted('string', text, start, prefixed - 1, /[eE]/.test(character));
  if (/^[uU]&"/.test(text.slice(start, start + 3))) return quoted('quoted-identifier', text, start, start + 2, false);
  const name = matchAt(identifier, text, start);
  if (name !== undefined) return token('identifier', start, name);
  const digits = matchAt(number, text, start);
  if (digits !== undefined) return token('number', start, digits);
  const sign = matchAt(operator, text, start);
  if (sign !== undefined) return token('operator', start, operatorEnd(text, start, sign));
  const colons = text.startsWith('::', start) || text.startsWith(':=', start) ? 2 : 1;
  return token('punctuation', start, start + colons);
}

/** All tokens of a text, whitespace and comments included: they cover it without gaps. Takes linear time. */
export function scan(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const next = tokenAt(text, at);
    tokens.push(next);
    at = next.end;
  }
  return tokens;
}

/** Whether a token is whitespace or a comment. */
export function isBlank(kind: TokenKind): boolean {
  return kind === 'whitespace' || kind === 'line-comment' || kind === 'block-comment';
}
