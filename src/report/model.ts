import type { Access } from '../plan/model.js';
import type { Doubt } from '../rules/model.js';
import type { RuleName } from '../suite/model.js';

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

/** What is wrong with, or worth knowing about, a suite as a whole. */
export interface Notice {
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
  readonly verdict: 'pass' | 'fail';
  readonly summary: {
    readonly suites: number;
    readonly queries: number;
    readonly statements: number;
    readonly cases: number;
    readonly passed: number;
    readonly failed: number;
    readonly unverified: number;
    readonly knownBadCaught: number;
    readonly knownBadMissed: number;
  };
  readonly suites: readonly SuiteReport[];
  readonly cases: readonly CaseReport[];
  readonly knownBad: readonly KnownBadReport[];
  readonly notices: readonly Notice[];
}
