import { findCause } from '../cause/find-cause.js';
import type { Access, Catalog } from '../plan/model.js';
import type { Comparison, DiffCause } from '../report/diff-model.js';
import { analyseStatement } from '../sql/analyse.js';

const NOBODY_KNOWS: Catalog = { tables: new Map(), indexes: new Map(), functions: new Map(), searchPath: [] };

/** Causes that hold whatever indexes the database has. */
const CERTAIN = new Set(['or-with-subquery', 'cast-on-column']);

/**
 * Why a table is reached worse in the second of two plans, where nothing but the plans is known: told from the conditions
 * alone, and only what holds whatever indexes there are. Undefined where they do not tell.
 */
export async function causeInTexts({ diff, after }: Comparison): Promise<DiffCause | undefined> {
  const worse = (diff?.accesses ?? []).find(({ direction, after: access }) => direction === 'worse' && access);
  const access = worse?.after;
  if (access === undefined || access.kind === 'bounded') return undefined;
  const statement = after?.inputs.statement;
  const analysis = statement === undefined ? undefined : await analyseStatement(statement);
  if (analysis?.ok === true) {
    const { conditions } = analysis.facts;
    const cause = findCause({ access, conditions, catalog: NOBODY_KNOWS, alternative: undefined });
    if (CERTAIN.has(cause.kind)) return { inputs: [], why: cause.why, next: cause.next };
  }
  if (worse?.before?.indexConditions.length && access.filters.some(joinsSubqueryByOr)) return orWithSubquery(access);
  return undefined;
}

function orWithSubquery({ table }: Access): DiffCause {
  return {
    inputs: [],
    why: `The condition on ${table} joins an indexed column with a subquery by OR; no index can serve both arms, so every row is read.`,
    next: 'Use the two-phase query: first fetch the ids of the subquery, then ask for them as an array (= ANY($ids)), and leave that arm out when there are none.',
  };
}

/** Whether an arm of an OR has a subplan in it; EXPLAIN puts each arm that is no plain name into brackets. */
function joinsSubqueryByOr(filter: string): boolean {
  const text = filter.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '?');
  return [...text.matchAll(/\) OR \(/g)].some(({ index }) => {
    const before = text.slice(openingOf(text, index), index);
    const after = text.slice(index + ') OR '.length, closingOf(text, index + ') OR '.length));
    return [before, after].some((arm) => /SubPlan \d/.test(arm));
  });
}

/** Where the bracket opens that closes at an offset. */
function openingOf(text: string, closing: number): number {
  let depth = 0;
  for (let at = closing; at >= 0; at -= 1) {
    if (text[at] === ')') depth += 1;
    if (text[at] === '(') depth -= 1;
    if (depth === 0) return at;
  }
  return 0;
}

/** Where the bracket closes that opens at an offset. */
function closingOf(text: string, opening: number): number {
  let depth = 0;
  for (let at = opening; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}
