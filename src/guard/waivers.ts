import type { AcceptedBy, CaseReport, Finding, Notice, PlanChange } from '../report/model.js';
import type { Suite, TableName, Waiver } from '../suite/model.js';
import { verdictOf } from './verdict.js';

/** The waivers of a suite, and which of them were of use. */
export class Waivers {
  readonly #suite: Suite;
  readonly #valid: readonly Waiver[];
  readonly #used = new Set<Waiver>();

  constructor(suite: Suite, now: Date) {
    this.#suite = suite;
    this.#valid = suite.waivers.filter((waiver) => !isOver(waiver, now));
  }

  /** The case with what is accepted of it, and the verdict that it comes to. */
  settle(one: CaseReport): CaseReport {
    const findings = one.findings.map((finding) => ({ ...finding, waiver: this.#waiverOf(one, finding) }));
    const change = one.change && { ...one.change, waiver: this.#waiverOf(one, one.change) };
    return { ...one, findings, change, verdict: verdictOf({ ...one, findings, change }) };
  }

  /** @param filtered only a part of the cases was looked at, so that nothing can be said of waivers without use */
  notices(filtered: boolean): Notice[] {
    return this.#suite.waivers.flatMap((waiver): Notice[] => {
      const { file = this.#suite.file, line = 1, column = 1 } = waiver.where;
      const at = { suite: this.#suite.name, file, line, column };
      if (!this.#valid.includes(waiver)) {
        const message = `The waiver of ${wordsFor(waiver)} ended on ${waiver.until}: ${waiver.reason} (${waiver.owner}).`;
        const next = `Mend what it stood for and remove it, or ask ${waiver.owner} for another day.`;
        return [{ ...at, kind: 'expired-waiver', level: 'fail', message, next }];
      }
      if (filtered || this.#used.has(waiver)) return [];
      const message = `The waiver of ${wordsFor(waiver)} waives nothing.`;
      const next = 'Remove it, or correct the names in it.';
      return [{ ...at, kind: 'unused-waiver', level: 'warning', message, next }];
    });
  }

  #waiverOf(one: CaseReport, found: Finding | PlanChange): AcceptedBy | undefined {
    // Each is of use that would accept it, were it the only one.
    const covering = this.#valid.filter((each) => covers(each, one, found));
    for (const each of covering) this.#used.add(each);
    const [waiver] = covering;
    if (waiver === undefined) return undefined;
    const { owner, reason, until, where } = waiver;
    return {
      owner,
      reason,
      until,
      file: where.file ?? this.#suite.file,
      line: where.line ?? 1,
      column: where.column ?? 1,
    };
  }
}

/** A waiver holds through its last day, in UTC. */
function isOver({ until }: Waiver, now: Date): boolean {
  return now.toISOString().slice(0, 10) > until;
}

function covers(waiver: Waiver, one: CaseReport, found: Finding | PlanChange): boolean {
  const { query, statement, scenario, table } = waiver;
  if (waiver.rule !== ('rule' in found ? found.rule : found.kind)) return false;
  if (query !== undefined && query !== one.query) return false;
  if (statement !== undefined && statement !== one.statement) return false;
  if (scenario !== undefined && ![one.scenario, ...one.scenarios].includes(scenario)) return false;
  return table === undefined || ('rule' in found && isOf(found, table));
}

/** A partition is of its table, too. */
function isOf({ schema, table, access }: Finding, wanted: TableName): boolean {
  if (table === wanted.name && (wanted.schema === undefined || schema === wanted.schema)) return true;
  return access.ancestors.some((ancestor) =>
    wanted.schema === undefined ? ancestor.endsWith(`.${wanted.name}`) : ancestor === `${wanted.schema}.${wanted.name}`,
  );
}

/** `protect on orders in monthly report, statement 2, scenario label`. */
function wordsFor({ rule, query, statement, scenario, table }: Waiver): string {
  const schema = table?.schema === undefined ? '' : `${table.schema}.`;
  const place = [query, statement && `statement ${statement}`, scenario && `scenario ${scenario}`].filter(Boolean);
  return [rule, table && `on ${schema}${table.name}`, place.length > 0 && `in ${place.join(', ')}`]
    .filter(Boolean)
    .join(' ');
}
