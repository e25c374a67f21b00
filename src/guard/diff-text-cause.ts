import { findCause } from '../cause/find-cause.js';
import { causeOf } from '../diff/cause.js';
import type { Access, Catalog } from '../plan/model.js';
import type { Comparison, DiffCause } from '../report/diff-model.js';
import type { Cause } from '../report/model.js';
import { analyseStatement } from '../sql/analyse.js';

const NOBODY_KNOWS: Catalog = { tables: new Map(), indexes: new Map(), functions: new Map(), searchPath: [] };

/** Causes that hold whatever indexes the database has. */
const CERTAIN = new Set(['or-with-subquery', 'cast-on-column']);

/**
 * Why a table is reached worse in the second of two plans, where nothing but the plans and perhaps their statements is
 * known: told from the conditions alone, and only what holds whatever indexes there are. What was asked before is no
 * cause. Undefined where they do not tell.
 */
export async function causeInTexts({ diff, before, after }: Comparison): Promise<DiffCause | undefined> {
  if (diff === undefined) return undefined;
  const worse = diff.accesses.find(({ direction, after: access }) => direction === 'worse' && access);
  const access = worse?.after;
  if (access === undefined || access.kind === 'bounded') return undefined;
  const now = await certainCause(after?.inputs.statement, access);
  const then = await certainCause(before?.inputs.statement, access);
  const isNew = before?.inputs.statement !== undefined && now?.why !== then?.why;
  if (now !== undefined && isNew) return { inputs: [], why: now.why, next: now.next };
  const told = causeOf(diff);
  return told === undefined ? undefined : { inputs: [], ...told };
}

async function certainCause(statement: string | undefined, access: Access): Promise<Cause | undefined> {
  if (statement === undefined) return undefined;
  const analysis = await analyseStatement(statement);
  if (!analysis.ok) return undefined;
  const { conditions } = analysis.facts;
  const cause = findCause({ access, conditions, catalog: NOBODY_KNOWS, alternative: undefined });
  return CERTAIN.has(cause.kind) ? cause : undefined;
}
