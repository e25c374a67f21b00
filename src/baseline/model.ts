import type { Plan } from '../plan/model.js';

/** Names a case within its query. */
export interface CaseKey {
  readonly statement: string;
  /** Empty for a statement without parameters. */
  readonly scenario: string;
  readonly statistics: string;
  readonly mode: 'custom' | 'generic';
}

/** A case whose plan was approved. */
export interface ApprovedCase extends CaseKey {
  /** Estimated total cost of the plan in the planner's units, coarse; undefined where the plan does not tell. */
  readonly cost: number | undefined;
  /** Estimated rows that the plan returns, coarse. */
  readonly rows: number | undefined;
}

/** A plan that was approved, for the cases that have it. */
export interface ApprovedPlan {
  /** Shapes that are tied in cost, the one that the planner chose first. Conditions are in parameter form. */
  readonly shapes: readonly Plan[];
  readonly cases: readonly ApprovedCase[];
}

/** What the plans of a baseline were made with. Identities are short hashes: the same input gives the same on any machine. */
export interface BaselineInputs {
  /** PostgreSQL's major version. */
  readonly major: number;
  /** Identity of each statistics set, by its name. */
  readonly statistics: Readonly<Record<string, string>>;
  readonly settings: string;
}

/** The approved plans of one query: one file. */
export interface Baseline {
  readonly query: string;
  readonly inputs: BaselineInputs;
  /** `approve --reason`. */
  readonly reason: string | undefined;
  readonly plans: readonly ApprovedPlan[];
}

/** A baseline that was read from a file. */
export interface BaselineFile extends Baseline {
  readonly file: string;
  /** false: someone wrote in the file by hand, which `approve` did not see. */
  readonly intact: boolean;
  /** Lines of the checksums that do not fit, from 1: the header's, or the headings of plans; empty where it is intact. */
  readonly edits: readonly number[];
  /** Line of the heading of each plan of `plans`, from 1. */
  readonly lines: readonly number[];
}

/** A case as it is planned now, its plan in parameter form. */
export interface PlannedNow extends CaseKey {
  readonly plan: Plan;
}

/** A case as `approve` planned it. */
export interface FreshCase extends PlannedNow {
  /** Other shapes that are tied with the plan in cost, in parameter form; empty where there are none. */
  readonly tied: readonly Plan[];
}

/** The cases of one query as `approve` planned them, with exact costs and rows. */
export interface FreshBaseline {
  readonly query: string;
  readonly inputs: BaselineInputs;
  readonly reason: string | undefined;
  readonly cases: readonly FreshCase[];
}

/** What a case is against its baseline. */
export type BaselineVerdict =
  | { readonly kind: 'approved' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'changed'; readonly approved: ApprovedPlan; readonly line: number }
  | {
      readonly kind: 'dearer';
      readonly approved: ApprovedPlan;
      readonly line: number;
      readonly before: { readonly cost: number | undefined; readonly rows: number | undefined };
      readonly now: { readonly cost: number | undefined; readonly rows: number | undefined };
    };
