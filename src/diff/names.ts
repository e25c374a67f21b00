import { isMark, type Token, tokenize } from '../plan/expressions.js';
import type { PlanNode } from '../plan/model.js';
import type { Tree } from './tree.js';

/** How what a plan has numbered is written, so that texts of two plans can be compared. */
export interface Names {
  /** What stands for a qualifier (`t` of `t.id`); empty leaves it out. */
  readonly qualifier: (alias: string) => string;
  /** What stands for `SubPlan 2` or `InitPlan 2`. */
  readonly subplan: (name: string) => string;
  /** `$0` of a plan before PostgreSQL 17 as `InitPlan 1` with the number of its column; undefined for a parameter. */
  readonly output: (parameter: string) => { readonly subplan: string; readonly column: number } | undefined;
}

/** An alias without the number that PostgreSQL adds where one is met again: `t_1` is `t`. */
export function baseAlias(alias: string): string {
  return alias.replace(/_\d+$/, '');
}

/** `InitPlan 1 (returns $0)` as `InitPlan 1`. */
export function subplanOf(node: PlanNode): string | undefined {
  return node.subplanName?.replace(/ \(returns .*\)$/, '');
}

/** Which parameters a plan's InitPlans set: before PostgreSQL 17 conditions name these, `$0`. */
export function outputsOf(tree: Tree): Names['output'] {
  const outputs = new Map<string, { subplan: string; column: number }>();
  for (const node of tree.nodes) {
    const subplan = subplanOf(node);
    const [, returns] = / \(returns (.*)\)$/.exec(node.subplanName ?? '') ?? [];
    returns?.split(',').forEach((parameter, index) => {
      if (subplan !== undefined) outputs.set(parameter, { subplan, column: index + 1 });
    });
  }
  return (parameter) => outputs.get(parameter);
}

/** An expression as it is compared: names written as `names` says, spaces left out. */
export function canonical(text: string, names: Names): string {
  return tokenNames(tokenize(text), names).join(' ');
}

/**
 * The same, in the words of versions before 17, which do not tell what a subplan's rows are compared with:
 * `(ANY (x = (hashed SubPlan 1).col1))` was `(hashed SubPlan 1)`, `EXISTS(SubPlan 1)` was `(SubPlan 1)`.
 */
export function canonicalBefore17(text: string, names: Names): string {
  return tokenNames(withoutTests(tokenize(text)), names).join(' ');
}

/** Whether the text has a subplan in the words of version 17 or later. */
export function isSince17(text: string): boolean {
  return /\bSubPlan \w+\)\.col\d|\b(?:EXISTS|ARRAY)\((?:hashed )?SubPlan /.test(text);
}

function tokenNames(tokens: readonly Token[], names: Names): string[] {
  const words: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    const next = tokens[at + 1];
    if (isSubplan(token) && next !== undefined) {
      words.push(`<${names.subplan(`${token.text} ${next.text}`)}>`);
      at += 1;
      // `(InitPlan 1).col1`: the bracket, the dot and the column
      const column = columnBehind(tokens, at);
      if (column !== undefined && words.at(-2) === '(') {
        words.splice(-2, 2, `${words.at(-1)}.${column}`);
        at += 3;
      }
      continue;
    }
    const output = token.kind === 'number' ? names.output(token.text) : undefined;
    if (output !== undefined) {
      words.push(`<${names.subplan(output.subplan)}>.col${output.column}`);
    } else if (token.kind === 'word' && isMark(next, '.') && !isMark(tokens[at - 1], '.')) {
      const qualifier = names.qualifier(token.text);
      if (qualifier !== '') words.push(`"${qualifier}".`);
      at += 1;
    } else {
      words.push(token.quoted ? `${token.kind} ${JSON.stringify(token.text)}` : token.text);
    }
  }
  return words;
}

function columnBehind(tokens: readonly Token[], at: number): string | undefined {
  const column = tokens[at + 3];
  const found = isMark(tokens[at + 1], ')') && isMark(tokens[at + 2], '.') && /^col\d+$/.test(column?.text ?? '');
  return found ? column?.text : undefined;
}

function withoutTests(tokens: readonly Token[]): Token[] {
  const kept: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    if (token.kind === 'word' && (token.text === 'EXISTS' || token.text === 'ARRAY') && isSubplan(tokens[at + 2])) {
      continue;
    }
    const inner = isMark(token, '(') ? testOf(tokens, at) : undefined;
    if (inner === undefined) {
      kept.push(token);
      continue;
    }
    kept.push(token, ...inner.subplan);
    at = inner.end - 1;
  }
  return kept;
}

/** `(ANY (x = (hashed SubPlan 1).col1))` that opens here: the words of its subplan, and where it is closed. */
function testOf(tokens: readonly Token[], open: number): { subplan: Token[]; end: number } | undefined {
  const word = tokens[open + 1];
  if (word?.kind !== 'word' || !(word.text === 'ANY' || word.text === 'ALL') || !isMark(tokens[open + 2], '(')) return;
  let depth = 0;
  let subplan: Token[] | undefined;
  for (let at = open; at < tokens.length; at++) {
    const token = tokens[at];
    if (isMark(token, '(')) depth++;
    if (isMark(token, ')')) depth--;
    if (isSubplan(token) && columnBehind(tokens, at + 1) !== undefined) {
      const hashed = tokens[at - 1]?.text === 'hashed' ? 1 : 0;
      subplan = tokens.slice(at - hashed, at + 2);
    }
    if (depth === 0) return subplan === undefined ? undefined : { subplan, end: at };
  }
  return undefined;
}

function isSubplan(token: Token | undefined): boolean {
  return token?.kind === 'word' && !token.quoted && (token.text === 'SubPlan' || token.text === 'InitPlan');
}
