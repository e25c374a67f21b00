import type { CaseReport, Verdict } from '../report/model.js';

/** What a case comes to: what is waived does not fail, and a change only where the suite says so. */
export function verdictOf({ findings, doubts, change }: Pick<CaseReport, 'findings' | 'doubts' | 'change'>): Verdict {
  if (findings.some(({ waiver }) => waiver === undefined)) return 'fail';
  if (change?.severity === 'fail' && change.waiver === undefined) return 'fail';
  return doubts.length > 0 ? 'unverified' : 'pass';
}

/** Whether something of the case is accepted for now. */
export function isWaived({ findings, change }: CaseReport): boolean {
  return change?.waiver !== undefined || findings.some(({ waiver }) => waiver !== undefined);
}
