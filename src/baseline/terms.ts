import { type Token, tokenize } from '../plan/expressions.js';

/** A part of a deparsed expression, with its offsets in the text. */
export type Term =
  | { readonly kind: 'token'; readonly token: Token; readonly start: number; readonly end: number }
  | { readonly kind: 'cast'; readonly type: string; readonly start: number; readonly end: number }
  | {
      readonly kind: 'literal';
      /** As PostgreSQL prints the value as text; null for NULL. */
      readonly value: string | null;
      /** The type that stands behind it; undefined for a bare number, `true` and `false`. */
      readonly type: string | undefined;
      /** A string in quotes, a number, or `true`, `false` and `NULL`. */
      readonly form: 'string' | 'number' | 'word';
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'parameter'; readonly number: number; readonly start: number; readonly end: number }
  | {
      readonly kind: 'group';
      readonly bracket: string;
      readonly terms: readonly Term[];
      /** The first name in it. */
      readonly name: string | undefined;
      readonly start: number;
      readonly end: number;
    };

export type Literal = Extract<Term, { kind: 'literal' }>;
export type Group = Extract<Term, { kind: 'group' }>;

/**
 * Reads a deparsed expression, as `src/backend/utils/adt/ruleutils.c` prints it, into terms; the whole is a group
 * without a bracket.
 * @param parameters how many `$n` the statement has; higher ones are the planner's own
 */
export function readTerms(text: string, parameters: number): Group {
  const key = `${parameters} ${text}`;
  const known = read.get(key);
  if (known !== undefined) return known;
  if (read.size >= MOST_EXPRESSIONS) read.clear();
  const terms = new TermReader(text, parameters).group('', 0);
  read.set(key, terms);
  return terms;
}

/** Expressions that were read: the plans of a suite have few. */
const read = new Map<string, Group>();
const MOST_EXPRESSIONS = 5_000;

/** Words that go on a type's name behind its first word (`format_type_extended`). */
const CONTINUED: Readonly<Record<string, readonly string[]>> = {
  double: ['precision'],
  character: ['varying'],
  bit: ['varying'],
  interval: ['year', 'month', 'day', 'hour', 'minute', 'second', 'to'],
  time: ['with', 'without', 'time', 'zone'],
  timestamp: ['with', 'without', 'time', 'zone'],
};

class TermReader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #parameters: number;
  #at = 0;

  constructor(text: string, parameters: number) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#parameters = parameters;
  }

  group(bracket: string, start: number): Group {
    const terms: Term[] = [];
    let name: string | undefined;
    for (let token = this.#next(); token !== undefined; token = this.#next()) {
      if (token.kind === 'mark' && (token.text === ')' || token.text === ']')) {
        return { kind: 'group', bracket, terms, name, start, end: token.end };
      }
      const term = this.#term(token, terms.at(-1));
      terms.push(term);
      if (term.kind === 'token' && term.token.kind === 'word') name ??= term.token.text;
      else if (term.kind === 'group') name ??= term.name;
    }
    return { kind: 'group', bracket, terms, name, start, end: this.#text.length };
  }

  #term(token: Token, before: Term | undefined): Term {
    const { start, end, text } = token;
    if (token.kind === 'mark' && (text === '(' || text === '[')) return this.group(text, start);
    if (token.kind === 'cast') return this.#cast(start);
    if (token.kind === 'string') return this.#literal(token, text, 'string');
    if (token.kind === 'number' && text.startsWith('$')) {
      const number = Number(text.slice(1));
      const isOwn = number < 1 || number > this.#parameters;
      return isOwn ? { kind: 'token', token, start, end } : { kind: 'parameter', number, start, end };
    }
    if (token.kind === 'number' && !isSubplan(before)) return this.#literal(token, text, 'number');
    if (token.kind === 'word' && !token.quoted && /^(true|false|NULL)$/.test(text)) {
      return this.#literal(token, text === 'NULL' ? null : text, 'word');
    }
    return { kind: 'token', token, start, end };
  }

  #literal({ start, end }: Token, value: string | null, form: Literal['form']): Literal {
    const cast = this.#tokens[this.#at]?.kind === 'cast' ? this.#cast((this.#next() as Token).start) : undefined;
    return { kind: 'literal', value, type: cast?.type, form, start, end: cast?.end ?? end };
  }

  /** The type behind `::`. */
  #cast(start: number): { kind: 'cast'; type: string; start: number; end: number } {
    const first = this.#at;
    const word = this.#next();
    while (this.#isMark('.')) this.#at += 2;
    const more = CONTINUED[word?.text ?? ''] ?? [];
    const takeWords = () => {
      while (more.includes(this.#tokens[this.#at]?.text ?? '')) this.#at++;
    };
    takeWords();
    const isTight = this.#tokens[this.#at]?.start === this.#tokens[this.#at - 1]?.end;
    if (this.#isMark('(') && isTight) {
      while (!this.#isMark(')') && this.#at < this.#tokens.length) this.#at++;
      this.#at++;
    }
    takeWords();
    while (this.#isMark('[')) this.#at += 2;
    const from = this.#tokens[first]?.start ?? start;
    const end = this.#tokens[this.#at - 1]?.end ?? this.#text.length;
    return { kind: 'cast', type: this.#text.slice(from, end), start, end };
  }

  #isMark(text: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'mark' && token.text === text;
  }

  #next(): Token | undefined {
    const token = this.#tokens[this.#at];
    this.#at++;
    return token;
  }
}

/** `SubPlan 1`, `InitPlan 1`: the number is a name. */
function isSubplan(term: Term | undefined): boolean {
  return term?.kind === 'token' && /^(SubPlan|InitPlan)$/.test(term.token.text);
}
