import type { CaseKey } from '../baseline/model.js';
import type { PlanDiff } from '../diff/model.js';
import type { Access, Plan } from '../plan/model.js';
import type { Doubt } from '../rules/model.js';
import type { Finding } from './model.js';

/** What a plan was made from, as far as it is known; each is an identity that can be compared, or words. */
export interface PlanInputs {
  readonly statement: string | undefined;
  /** Values bound, in order, as text; null is SQL's null. */
  readonly values: readonly (string | null)[] | undefined;
  readonly schema: string | undefined;
  readonly statistics: string | undefined;
  readonly settings: Readonly<Record<string, string>> | undefined;
  /** `PGlite 0.5.16 (PostgreSQL 18.6)`, `PostgreSQL 15.18`. */
  readonly server: string | undefined;
}

/** One plan with everything that is known about it. */
export interface PlanSide {
  /** Where it came from: `plans/audius/profile.plan:12`, `main:fixtures/audius/plan-guard.yaml`, `standard input`. */
  readonly source: string;
  readonly plan: Plan;
  readonly accesses: readonly Access[];
  /** Whether the accesses were read with a catalog at hand; without one, nobody knows which column of an index leads. */
  readonly hasCatalog: boolean;
  /** The plan as it was given, for copying. */
  readonly raw: string;
  readonly inputs: PlanInputs;
}

/** The inputs that can be swapped one at a time, where both sides can be planned. */
export type InputName = 'query' | 'schema' | 'statistics' | 'settings' | 'major';

/** Why two plans differ. */
export interface DiffCause {
  /** The inputs that it takes to turn one plan into the other, found by swapping them; empty where that was not possible. */
  readonly inputs: readonly InputName[];
  /** One sentence. */
  readonly why: string;
  /** What to do, where there is something. */
  readonly next: string | undefined;
}

/** A commit, as a report names it. */
export interface Commit {
  readonly hash: string;
  /** The author's date in UTC, as `2026-06-03`; undefined where it is none. */
  readonly date: string | undefined;
  readonly subject: string;
}

/** Since when plans differ, as far as the history of their files tells. */
export interface Since {
  /**
   * `changed`: what changed the files of the inputs that the cause names. `approved`: what last changed the file of the
   * approved plan.
   */
  readonly kind: 'changed' | 'approved';
  /** The newest first; at most three. */
  readonly commits: readonly Commit[];
  /** How many commits there are beside those. */
  readonly more: number;
  /** The working tree changes the files too, in a way that no commit has. */
  readonly uncommitted: boolean;
}

/** Names a case of a suite. */
export interface ComparedCase extends CaseKey {
  readonly query: string;
}

/** Two plans of the same thing. */
export interface Comparison {
  /** What was planned: `profile, statement 1, no-collaborations, incident-day, custom`; a file's name for a plan alone. */
  readonly name: string;
  /** The case that `name` names, where both plans are of a suite: what a reader filters by. */
  readonly case?: ComparedCase;
  /** `dearer`: the same shape at a cost that is another order. */
  readonly change: 'same' | 'dearer' | 'changed' | 'added' | 'removed';
  /** Undefined where it was added. */
  readonly before: PlanSide | undefined;
  /** Undefined where it was removed. */
  readonly after: PlanSide | undefined;
  /** There where both sides are. */
  readonly diff: PlanDiff | undefined;
  readonly cause: DiffCause | undefined;
  /** Undefined where the history tells nothing for certain. */
  readonly since?: Since | undefined;
}

/** What `plan-guard diff` found. */
export interface DiffReport {
  readonly version: 1;
  readonly verdict: 'same' | 'different';
  /** What was compared, for a headline: a file, a revision. */
  readonly before: string;
  readonly after: string;
  readonly comparisons: readonly Comparison[];
}

/** One case as `plan-guard explain` shows it. */
export interface ExplainedCase {
  readonly name: string;
  readonly side: PlanSide;
  readonly findings: readonly Finding[];
  readonly doubts: readonly Doubt[];
}

export interface ExplainReport {
  readonly version: 1;
  readonly cases: readonly ExplainedCase[];
}
