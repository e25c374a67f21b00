import type { Catalog } from '../plan/model.js';

/** A statement that is to be planned. */
export interface StatementText {
  readonly text: string;
  /** Types of its first parameters; an undefined one is left to the server. */
  readonly types: readonly (string | undefined)[];
}

/** A prepared statement in a planning server's session. */
export interface PreparedStatement {
  readonly name: string;
  /** Types of the parameters as the server resolved them, in `regtype` spelling. */
  readonly parameterTypes: readonly string[];
}

/** `custom`: planned for the values; `generic`: planned once for all (`plan_cache_mode`). */
export type PlanCacheMode = 'custom' | 'generic';

export interface ExplainRequest {
  readonly statement: PreparedStatement;
  /** One value per parameter, as text; null is SQL's null. */
  readonly values: readonly (string | null)[];
  readonly mode: PlanCacheMode;
}

/** A value as text, and its type in `regtype` spelling. */
export interface TypedValue {
  readonly type: string;
  readonly value: string;
}

/** A Postgres that only plans. Every method throws `PlanGuardError` for what the server refuses. */
export interface PlanningServer {
  /** For reports: `PGlite 0.5.16 (PostgreSQL 18.6)`. */
  readonly name: string;
  /** `server_version`: `18.6`. */
  readonly version: string;
  readonly catalog: Catalog;
  /** What the replica could not take over from the statistics and production's settings, one sentence each. */
  readonly remarks: readonly string[];
  /** Prepares one statement by the extended protocol; an undefined type is left to the server. */
  prepare(text: string, types: StatementText['types']): Promise<PreparedStatement>;
  /** Each value as its type prints it, which is how plans show it: `5` for `05` of integer. */
  textForms(values: readonly TypedValue[]): Promise<readonly string[]>;
  /** The same of several at once; where one of them is refused, all are. */
  prepareAll(statements: readonly StatementText[]): Promise<readonly PreparedStatement[]>;
  /** EXPLAIN (FORMAT JSON, VERBOSE) of each request, in order: the parsed JSON. */
  explain(requests: readonly ExplainRequest[]): Promise<readonly unknown[]>;
  /** The same while sequential scans are discouraged (`enable_seqscan = off`): it explains, it never judges. */
  explainWithoutSeqScan(requests: readonly ExplainRequest[]): Promise<readonly unknown[]>;
  /**
   * The same with the order turned round in which the planner sees the indexes of each table, which decides between
   * those that cost the same. Absent where the database is not ours to change.
   */
  explainWithIndexesReversed?(requests: readonly ExplainRequest[]): Promise<readonly unknown[]>;
  /** Ends the session. `reuse: false` when something went wrong: the replica is not kept. */
  close(options: { readonly reuse: boolean }): Promise<void>;
}
