/** A stretch of a text, in characters: [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Parameter {
  /** Position in the rewritten text: 1 for `$1`. */
  readonly position: number;
  /** `user_id` for `:user_id` and `@user_id`; from a `-- param:` annotation for `$1`; else undefined. */
  readonly name: string | undefined;
  /** The stated type (`int`, `text[]`); undefined leaves it to the server, as a driver does that sends no type. */
  readonly type: string | undefined;
  /** First occurrence in the source text. */
  readonly span: Span;
}

/** One statement of an SQL text, ready to be prepared: every parameter is `$n`. */
export interface SqlStatement {
  /** From `-- name: x` above it. */
  readonly name: string | undefined;
  /** The statement with `:name` and `@name` replaced by `$n`; no trailing semicolon. */
  readonly text: string;
  readonly parameters: readonly Parameter[];
  /** Where the statement stands in the text that it was split from. */
  readonly span: Span;
  /** Maps an offset in `text` to an offset in the text that it was split from. */
  readonly toSource: (offset: number) => number;
}

/** A table that a statement names in a FROM clause or as the target of a change. */
export interface TableReference {
  readonly schema: string | undefined;
  readonly name: string;
  /** The alias, or the name where there is none. */
  readonly alias: string;
  readonly span: Span;
}

export type ConditionForm =
  | 'or-with-subquery'
  | 'or'
  | 'subquery'
  | 'function-on-column'
  | 'cast-on-column'
  | 'leading-wildcard'
  | 'negation'
  | 'comparison'
  | 'other';

/** One conjunct of a WHERE, JOIN ON or HAVING that names a column of a table, as written. */
export interface WrittenCondition {
  /** Aliases (or table names) whose columns it names; unqualified columns stand under `undefined`. */
  readonly columns: readonly { readonly alias: string | undefined; readonly column: string }[];
  readonly form: ConditionForm;
  /** Tables that subqueries inside it read. */
  readonly subqueryTables: readonly string[];
  readonly text: string;
  readonly span: Span;
  readonly clause: 'WHERE' | 'ON' | 'HAVING';
  /** Aliases of the FROM clause that the condition's query level sees. */
  readonly scope: readonly string[];
}

/** What the parser tells about one statement. Offsets are into the statement's text. */
export interface StatementFacts {
  readonly kind: 'select' | 'insert' | 'update' | 'delete' | 'merge' | 'other';
  /** PostgreSQL's name of the statement for messages: `SELECT`, `DROP TABLE`, … */
  readonly command: string;
  /** Tables named, without the names of CTEs. */
  readonly tables: readonly TableReference[];
  readonly conditions: readonly WrittenCondition[];
  /** Functions called, as written. */
  readonly functions: readonly { readonly schema: string | undefined; readonly name: string }[];
}
