import {
  isMark,
  operandsOf,
  stripParentheses,
  type Token,
  tokenize,
  withoutAlias,
  withoutValues,
} from '../plan/expressions.js';
import type { Access } from '../plan/model.js';
import { walk } from '../plan/walk.js';
import type { AccessChange, PlanDiff } from './model.js';

/** Why a table is no longer reached as it was, as the conditions of the two plans tell by themselves. */
export interface ConditionCause {
  /** One sentence. */
  readonly why: string;
  /** What to do, where there is something. */
  readonly next: string | undefined;
}

/**
 * Why the table that is reached worst is not bounded any more, from the conditions of the two plans alone; undefined where
 * they do not tell for certain. Told are a condition that an index served and that
 * - now is one arm of an OR, beside a subquery or another condition;
 * - now is on an expression of the column;
 * - is gone: no condition of the new plan names its columns.
 */
export function causeOf(diff: PlanDiff): ConditionCause | undefined {
  for (const change of diff.accesses) {
    const told = change.direction === 'worse' ? ofAccess(change, diff) : undefined;
    if (told !== undefined) return told;
  }
  return undefined;
}

function ofAccess({ before, after }: AccessChange, diff: PlanDiff): ConditionCause | undefined {
  if (before === undefined || after === undefined || after.indexConditions.length > 0) return undefined;
  const served = before.indexConditions.flatMap((text) =>
    operandsOf(tokenize(text), 'AND').map((one) => bare(one, before.alias)),
  );
  const columns = new Set(served.flatMap(columnOf));
  const clausesOf = ({ filters, alias }: Access) =>
    filters.flatMap((text) => operandsOf(tokenize(text), 'AND')).map((clause) => bare(clause, alias));
  // What was asked before is no cause.
  const asked = new Set(clausesOf(before).map(withoutValues));
  const filters = clausesOf(after).filter((clause) => !asked.has(withoutValues(clause)));
  const index = before.indexes.map((name) => `\`${name}\``).join(', ');
  for (const filter of filters) {
    const arms = operandsOf(filter, 'OR').map(stripParentheses);
    if (arms.length < 2) continue;
    const own = arms.filter((arm) => served.some((one) => withoutValues(one) === withoutValues(arm)));
    const [first] = own;
    const others = arms.filter((arm) => !own.includes(arm));
    if (first === undefined || others.length === 0) continue;
    const subquery = others.some((arm) => arm.some(({ kind, text }) => kind === 'word' && text === 'SubPlan'));
    const column = columnOf(first)[0] ?? 'a column';
    return subquery
      ? {
          why: `The condition's OR joins \`${column}\`, which ${index} served, with a subquery; no index can serve both arms, so every row is read.`,
          next: `Ask for the ids of the subquery first, then for \`${column} = … OR … = ANY($ids)\`, an array; leave the second arm out where there are none.`,
        }
      : {
          why: `The condition's OR joins \`${column}\`, which ${index} served, with another condition; every row is read for that one.`,
          next: 'Give every arm of the OR an index, so that bitmaps can serve them together, or ask for the arms one by one.',
        };
  }
  for (const clause of filters) {
    const wrapped = [...columns].find((column) => wraps(clause, column) && !served.some((one) => wraps(one, column)));
    if (wrapped === undefined) continue;
    return {
      why: `The condition is on an expression of \`${wrapped}\` now, which ${index} does not hold.`,
      next: `Compare \`${wrapped}\` itself, with a value of its type, or index the expression.`,
    };
  }
  const named = new Set(
    [...walk(diff.after.root)].flatMap(({ node }) => node.conditions).flatMap(({ text }) => words(text)),
  );
  if (columns.size > 0 && [...columns].every((column) => !named.has(column))) {
    const list = [...columns].map((column) => `\`${column}\``).join(', ');
    return { why: `No condition on ${list} is left, which ${index} served.`, next: undefined };
  }
  return undefined;
}

/** Without brackets around it, and without the table's alias before its columns. */
function bare(clause: readonly Token[], alias: string): readonly Token[] {
  return withoutAlias(stripParentheses(clause), alias);
}

/** The column that a clause begins with, brackets and a cast of it aside. */
function columnOf(clause: readonly Token[]): string[] {
  const first = clause.find((token) => !isMark(token, '('));
  const next = clause[clause.indexOf(first as Token) + 1];
  return first?.kind === 'word' && !isMark(next, '(') && !isMark(next, '.') ? [first.text] : [];
}

/** Words in capitals are no functions, but for those that SQL calls so. */
const KEYWORD = /^(?!COALESCE|GREATEST|LEAST|NULLIF)[A-Z]+$/;

/** Whether a function is called on the column, or a cast of it compared. */
function wraps(clause: readonly Token[], column: string): boolean {
  return clause.some(({ kind, text }, at) => {
    if (kind !== 'word' || text !== column || !isMark(clause[at - 1], '(')) return false;
    const called = clause[at - 2];
    const calls = called?.kind === 'word' && (called.quoted || !KEYWORD.test(called.text));
    return calls || (isMark(clause[at + 1], ')') && clause[at + 2]?.kind === 'cast');
  });
}

function words(text: string): string[] {
  return tokenize(text).flatMap((token) => (token.kind === 'word' ? token.text : []));
}
