import type { CaseReport, KnownBadReport } from '../report/model.js';
import type { KnownBadEntry, QueryEntry, Suite } from '../suite/model.js';
import type { GuardedStatement } from './statements.js';

export const isKnownBad = (entry: QueryEntry | KnownBadEntry): entry is KnownBadEntry => 'mustFail' in entry;

/**
 * Whether the known-bad queries were caught, with one statistics set. A query is caught where its rule finds fault with
 * a plan of it; where a file holds several statements, with a plan of each. An unverified plan catches nothing.
 */
export function judgeKnownBad(
  suite: Suite,
  statistics: string,
  statements: readonly GuardedStatement[],
  cases: readonly CaseReport[],
): KnownBadReport[] {
  const queries = new Map(statements.map(({ query, entry }) => [query, entry]));
  return [...queries].flatMap(([query, entry]) => {
    if (!isKnownBad(entry)) return [];
    const own = cases.filter((one) => one.query === query);
    const failing = own.filter(({ findings }) => findings.some(({ rule }) => rule === entry.mustFail));
    const missed =
      entry.source.kind === 'file'
        ? own.find(({ statement }) => !failing.some((one) => one.statement === statement))
        : own.find(() => failing.length === 0);
    return {
      suite: suite.name,
      query,
      statistics,
      mustFail: entry.mustFail,
      caught: own.length > 0 && missed === undefined,
      failing: failing.length,
      cases: own.length,
      example: missed ?? failing[0],
      file: entry.where.file ?? suite.file,
      line: entry.where.line ?? 1,
      column: entry.where.column ?? 1,
    };
  });
}
