import type { Access } from '../plan/model.js';
import type { Doubt } from '../rules/model.js';
import type { ChangeKind, RuleName, Severity } from '../suite/model.js';

export type Verdict = 'pass' | 'fail' | 'unverified';
export type PlanMode = 'custom' | 'generic';

/** Why a table was not reached through a bound, as far as it can be told. */
export type CauseKind =
  | 'or-with-subquery'
  | 'or-without-index'
  | 'no-condition'
  | 'no-index'
  | 'function-on-column'
  | 'cast-on-column'
  | 'leading-wildcard'
  | 'negation'
  | 'trailing-column'
  | 'invalid-index'
  | 'not-selective'
  | 'unknown';

export interface Cause {
  readonly kind: CauseKind;
  /** One sentence: why no index was used. */
  readonly why: string;
  /** One or two sentences: what to do. */
  readonly next: string;
  /** The condition at fault, as it is written in the statement. */
  readonly condition: { readonly text: string; readonly start: number; readonly end: number } | undefined;
}

/**
 * How the planner reaches the table through a bound where sequential scans are discouraged (`enable_seqscan = off`), for
 * comparison; it explains, it never judges. That none was found does not say that there is none.
 */
export interface Alternative {
  readonly node: string;
  readonly index: string | undefined;
  /** `Plan Rows` of the access: the estimated rows that leave it, after its filters. */
  readonly rows: number | undefined;
  /** Cost of the access node, in the planner's units. */
  readonly cost: number | undefined;
  /** Cost of the whole plan. */
  readonly totalCost: number | undefined;
}

/** Who accepts a finding, why, until which day, and where the suite says so. */
export interface AcceptedBy {
  readonly owner: string;
  readonly reason: string;
  /** The last day on which it holds, as `2026-12-31`, in UTC. */
  readonly until: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Finding {
  readonly rule: RuleName;
  readonly schema: string | undefined;
  readonly table: string;
  readonly alias: string;
  /** Path of the node in the plan tree, `0` is the root. */
  readonly path: string;
  readonly node: string;
  /** One sentence, complete without the rest. */
  readonly message: string;
  readonly access: Access;
  /** Rows and pages that the table is claimed to hold. */
  readonly tableRows: number | undefined;
  readonly tablePages: number | undefined;
  readonly cause: Cause | undefined;
  readonly alternative: Alternative | undefined;
  /** A finding that is waived does not fail. */
  readonly waiver: AcceptedBy | undefined;
  /** The condition's place where the SQL stands in a file, else the call that sent the statement. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The statement of a case, shown once per statement in reports. */
export interface StatementReport {
  readonly text: string;
  /** File to open: the SQL file, or the module whose call sent the statement. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `file`: line and column are of the statement's first character; `call`: of the call that sent it. */
  readonly origin: 'file' | 'call';
}

/** The estimates of a plan that a change is told by: total cost, and rows that it returns. */
export interface Estimates {
  readonly cost: number | undefined;
  readonly rows: number | undefined;
}

/** What a case is against the plan that was approved for it, where it is not that plan. */
export type PlanChange = {
  readonly kind: ChangeKind;
  /** What it does to the run, unless it is waived. */
  readonly severity: Severity;
  /** One sentence, complete without the rest. */
  readonly message: string;
  readonly next: string;
  /** A change that is waived does not fail. */
  readonly waiver: AcceptedBy | undefined;
  /** The approved plan in its file; the statement of a case that has none. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
} & (
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'changed';
      /** The approved plan as its file shows it, line by line. */
      readonly approved: readonly string[];
    }
  | { readonly kind: 'dearer'; readonly before: Estimates; readonly now: Estimates }
);

export interface CaseReport {
  readonly suite: string;
  readonly query: string;
  /** Name of the statement, or its number (from 1) among those that the query sends. */
  readonly statement: string;
  /** Empty for a statement without parameters. */
  readonly scenario: string;
  /** What this case stands for: its scenario with each combination of the matrix that binds these values. */
  readonly scenarios: readonly string[];
  readonly statistics: string;
  readonly mode: PlanMode;
  readonly verdict: Verdict;
  readonly accesses: readonly Access[];
  readonly findings: readonly Finding[];
  readonly doubts: readonly Doubt[];
  /** Undefined where the plan is as approved, and where plans are not compared. */
  readonly change: PlanChange | undefined;
  /** Estimated total cost of the plan. */
  readonly cost: number | undefined;
  /** EXPLAIN's JSON of the plan. */
  readonly plan: Readonly<Record<string, unknown>>;
  readonly sql: StatementReport;
  /** Values bound, in order, as text; null is SQL's null. */
  readonly values: readonly (string | null)[];
}

export interface KnownBadReport {
  readonly suite: string;
  readonly query: string;
  readonly statistics: string;
  readonly mustFail: RuleName;
  /** The rule finds fault with a plan of it; where a file holds several statements, with a plan of each. */
  readonly caught: boolean;
  /** How many of its cases the rule found fault with, of how many. */
  readonly failing: number;
  readonly cases: number;
  /** The first case that was caught; where the query was not, the first case of the statement that passes. */
  readonly example: CaseReport | undefined;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * What a notice is about. `unused-plan`: no case uses an approved plan any more; `edited-plans`: a file of approved plans
 * was written by hand; `unverified-plans`: plans that could not be compared with the approved ones.
 */
export type NoticeKind =
  | 'note'
  | 'unused-plan'
  | 'edited-plans'
  | 'unverified-plans'
  | 'expired-waiver'
  | 'unused-waiver';

/** What is wrong with, or worth knowing about, a suite as a whole. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly suite: string;
  readonly level: 'fail' | 'unverified' | 'warning';
  readonly message: string;
  readonly next: string | undefined;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface SuiteReport {
  readonly name: string;
  readonly file: string;
  readonly engine: string;
  readonly unverified: 'fail' | 'warn';
  readonly statistics: readonly string[];
  readonly scenarios: number;
  readonly queries: number;
  readonly statements: number;
  /** The approved plans that the cases were compared with; undefined where none were approved yet. */
  readonly plans: { readonly folder: string; readonly approved: number } | undefined;
  /** Tables that rules speak of, and how many plans reached each. */
  readonly coverage: readonly {
    readonly table: string;
    readonly rows: number;
    readonly pages: number;
    readonly plans: number;
    readonly statistics: string;
  }[];
}

export interface Report {
  readonly version: 1;
  /** `changes`: nothing but the comparison with approved plans was judged. */
  readonly scope: 'all' | 'changes';
  readonly verdict: 'pass' | 'fail';
  readonly summary: {
    readonly suites: number;
    readonly queries: number;
    readonly statements: number;
    readonly cases: number;
    readonly passed: number;
    readonly failed: number;
    readonly unverified: number;
    /** Cases whose plan is not the approved one, waived ones left out. */
    readonly missing: number;
    readonly changed: number;
    readonly dearer: number;
    /** Cases with a finding or a change that is waived. */
    readonly waived: number;
    readonly knownBadCaught: number;
    readonly knownBadMissed: number;
  };
  readonly suites: readonly SuiteReport[];
  readonly cases: readonly CaseReport[];
  readonly knownBad: readonly KnownBadReport[];
  readonly notices: readonly Notice[];
}
