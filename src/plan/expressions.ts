import type { IndexFacts } from './model.js';

/**
 * Reading of deparsed expressions, as `src/backend/utils/adt/ruleutils.c` prints them: every operator expression stands
 * in parentheses, and with VERBOSE every column is written `alias.column`.
 */
export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'operator' | 'cast' | 'mark';
  /** An identifier's or a string's value, without its quotes; else the text. */
  readonly text: string;
  readonly quoted: boolean;
  /** Offsets in the text: of its first character, and behind its last. */
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /\s+|"([^"]*(?:""[^"]*)*)"|'([^']*(?:''[^']*)*)'|([\p{L}_][\p{L}\p{N}_$]*)|(\$?\d[\d.]*(?:e[+-]?\d+)?)|(::)|([+\-*/<>=~!@#%^&|`?]+)|(.)/gsu;

/** Splits a deparsed expression; spaces are left out. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const [whole, identifier, string, word, number, cast, operator, mark] = match;
    const add = (kind: Token['kind'], value: string, quoted = false) =>
      tokens.push({ kind, text: value, quoted, start: match.index, end: match.index + whole.length });
    if (identifier !== undefined) add('word', identifier.replaceAll('""', '"'), true);
    else if (string !== undefined) add('string', string.replaceAll("''", "'"), true);
    else if (word !== undefined) add('word', word);
    else if (number !== undefined) add('number', number);
    else if (cast !== undefined) add('cast', cast);
    else if (operator !== undefined) add('operator', operator);
    else if (mark !== undefined) add('mark', mark);
  }
  return tokens;
}

/** An expression with `?` for its values: one of other values asks the same. */
export function withoutValues(tokens: readonly Token[]): string {
  return tokens.map(({ kind, text }) => (kind === 'string' || kind === 'number' ? '?' : text)).join(' ');
}

/** How a condition's table is written in it. */
export interface TableInText {
  readonly alias: string;
  /** Whether columns are written with the alias before them, as VERBOSE does. */
  readonly prefixed: boolean;
}

/**
 * Which key columns of an index (0: the leading one) an `Index Cond` restricts. A clause restricts a key where one side
 * of it is the key itself; a row comparison restricts by its first member.
 */
export function keysUsed(indexCond: string, index: IndexFacts, table: TableInText): ReadonlySet<number> {
  const known = usedByText.get(index) ?? new Map<string, ReadonlySet<number>>();
  usedByText.set(index, known);
  const text = JSON.stringify([indexCond, table]);
  const used = known.get(text) ?? readKeysUsed(indexCond, index, table);
  known.set(text, used);
  return used;
}

/** Plans repeat the same conditions. */
const usedByText = new WeakMap<IndexFacts, Map<string, ReadonlySet<number>>>();

function readKeysUsed(indexCond: string, index: IndexFacts, table: TableInText): Set<number> {
  const keys = index.keys.map((key) =>
    key.column === undefined ? canonical(stripParentheses(tokenize(key.expression))) : identifier(key.column),
  );
  const used = new Set<number>();
  for (const clause of clausesOf(indexCond)) {
    for (const side of [clause.left, clause.right]) {
      const forms = formsOf(side, table);
      const key = keys.findIndex((expression) => forms.includes(expression));
      if (key >= 0) used.add(key);
    }
  }
  return used;
}

/** Which ends of the range of row addresses a `TID Cond` sets, and whether its lower end is the table's start. */
export function tidBounds(tidCond: string, table: TableInText): { lower: boolean; upper: boolean; fromStart: boolean } {
  const bounds = { lower: false, upper: false, fromStart: false };
  for (const { left, operator, right } of clausesOf(tidCond)) {
    const leftIsTid = formsOf(left, table).includes(identifier('ctid'));
    const above = operator.startsWith('>') === leftIsTid;
    if (above) {
      bounds.lower = true;
      const limit = leftIsTid ? right : left;
      bounds.fromStart ||= limit.some((token) => token.kind === 'string' && token.text.startsWith('(0,'));
    } else {
      bounds.upper = true;
    }
  }
  return bounds;
}

/** Names that are called as functions in an expression, with their schema where it is written. */
export function functionsCalled(text: string): { schema: string | undefined; name: string }[] {
  const called: { schema: string | undefined; name: string }[] = [];
  if (!text.includes('(')) return called;
  const tokens = tokenize(text);
  tokens.forEach((token, at) => {
    if (token.kind !== 'word' || !isMark(tokens[at + 1], '(')) return;
    const qualifier = isMark(tokens[at - 1], '.') ? tokens[at - 2] : undefined;
    called.push({ schema: qualifier?.kind === 'word' ? qualifier.text : undefined, name: token.text });
  });
  return called;
}

interface Clause {
  readonly left: readonly Token[];
  readonly operator: string;
  readonly right: readonly Token[];
}

function clausesOf(condition: string): Clause[] {
  return operandsOf(tokenize(condition), 'AND').map((clause) => sidesOf(stripParentheses(clause)));
}

/** The parts of a conjunction or disjunction; the expression itself where it is none. */
export function operandsOf(expression: readonly Token[], word: 'AND' | 'OR'): Token[][] {
  const operands: Token[][] = [[]];
  for (const { token, depth } of withDepth(stripParentheses(expression))) {
    if (depth === 0 && isKeyword(token, word)) operands.push([]);
    else operands.at(-1)?.push(token);
  }
  return operands;
}

function sidesOf(clause: readonly Token[]): Clause {
  let at = -1;
  for (const { token, depth, index } of withDepth(clause)) {
    const isOperator = token.kind === 'operator' || isKeyword(token, 'IS') || isKeyword(token, 'OPERATOR');
    if (depth === 0 && isOperator && index > 0) {
      at = index;
      break;
    }
  }
  if (at < 0) return { left: clause, operator: '', right: [] };
  return { left: clause.slice(0, at), operator: clause[at]?.text ?? '', right: clause.slice(at + 1) };
}

/**
 * Every form of one side of a clause that may be an index key: as it stands, and without the casts and collations
 * around it that do not change its value (`(t.name)::text` is the key `name`). Empty where no column of the table leads.
 */
function formsOf(side: readonly Token[], table: TableInText): string[] {
  let operand: readonly Token[] = side;
  if (isKeyword(operand[0], 'ROW') && isMark(operand[1], '(')) operand = firstOfRow(operand.slice(2));
  const bare = table.prefixed ? withoutAlias(operand, table.alias) : operand;
  if (table.prefixed && bare.length === operand.length) return [];
  const forms: string[] = [];
  for (let form: readonly Token[] | undefined = bare; form !== undefined; form = withoutSuffix(form)) {
    form = stripParentheses(form);
    forms.push(canonical(form));
  }
  return forms;
}

function firstOfRow(members: readonly Token[]): readonly Token[] {
  for (const { token, depth, index } of withDepth(members)) {
    if (depth === 0 && isMark(token, ',')) return members.slice(0, index);
    if (depth < 0) return members.slice(0, index);
  }
  return members;
}

/** An expression without this alias before its columns. */
export function withoutAlias(tokens: readonly Token[], alias: string): Token[] {
  const isAlias = (at: number) =>
    tokens[at]?.kind === 'word' &&
    tokens[at].text === alias &&
    isMark(tokens[at + 1], '.') &&
    !isMark(tokens[at - 1], '.');
  return tokens.filter((_, at) => !isAlias(at) && !isAlias(at - 1));
}

/** Cuts the last cast or collation; undefined where there is none. */
function withoutSuffix(tokens: readonly Token[]): readonly Token[] | undefined {
  let suffix = -1;
  for (const { token, depth, index } of withDepth(tokens)) {
    if (depth === 0 && (token.kind === 'cast' || isKeyword(token, 'COLLATE'))) suffix = index;
  }
  return suffix <= 0 ? undefined : tokens.slice(0, suffix);
}

/** An expression without the brackets around all of it. */
export function stripParentheses(tokens: readonly Token[]): readonly Token[] {
  let inner = tokens;
  while (isMark(inner[0], '(') && closes(inner) === inner.length - 1) inner = inner.slice(1, -1);
  return inner;
}

/** Where the parenthesis that opens first is closed. */
function closes(tokens: readonly Token[]): number {
  for (const { depth, index } of withDepth(tokens)) {
    if (depth === 0 && index > 0) return index;
  }
  return -1;
}

/** Each token with the depth of brackets that it stands in; a bracket stands at the depth outside of it. */
function* withDepth(tokens: readonly Token[]): Generator<{ token: Token; depth: number; index: number }> {
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (isMark(token, ')') || isMark(token, ']')) depth--;
    yield { token, depth, index };
    if (isMark(token, '(') || isMark(token, '[')) depth++;
  }
}

function canonical(tokens: readonly Token[]): string {
  return tokens
    .map((token) => (token.kind === 'word' ? identifier(token.text) : `${token.kind} ${token.text}`))
    .join('\n');
}

function identifier(name: string): string {
  return `word ${name}`;
}

export function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text;
}

export function isKeyword(token: Token | undefined, text: string): boolean {
  return token?.kind === 'word' && !token.quoted && token.text === text;
}
