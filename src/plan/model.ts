/** How a node hangs below its parent, in EXPLAIN's words (`Parent Relationship`). */
export type ParentRelationship =
  | 'Outer'
  | 'Inner'
  | 'Member'
  | 'Subquery'
  | 'InitPlan'
  | 'SubPlan'
  | 'child'
  | 'children';

export interface RelationName {
  /** Known only when the plan was made with VERBOSE. */
  readonly schema: string | undefined;
  readonly name: string;
}

/** One expression line of a node: `Index Cond`, `Filter`, `Hash Cond`, … with its deparsed text. */
export interface Condition {
  readonly label: string;
  readonly text: string;
}

/** One node of an EXPLAIN tree. Facts computed about a tree live beside it, never in it. */
export interface PlanNode {
  /** `Node Type` as EXPLAIN prints it: `Seq Scan`, `Index Only Scan`, … */
  readonly nodeType: string;
  /** Child indexes from the root, joined by dots: the root is `0`, its second child `0.1`. Unique in a tree. */
  readonly path: string;
  readonly parentRelationship: ParentRelationship | undefined;
  /** `CTE x`, `InitPlan 1`, `SubPlan 1`. */
  readonly subplanName: string | undefined;
  readonly relation: RelationName | undefined;
  readonly alias: string | undefined;
  readonly indexName: string | undefined;
  readonly parallelAware: boolean;
  /** In the planner's cost units; undefined where the plan does not tell (COSTS OFF). */
  readonly startupCost: number | undefined;
  readonly totalCost: number | undefined;
  /** Estimated rows that leave the node, per worker below a Gather. */
  readonly planRows: number | undefined;
  readonly planWidth: number | undefined;
  readonly conditions: readonly Condition[];
  readonly children: readonly PlanNode[];
  /** Every other property of the node as EXPLAIN gave it, without `Plans`. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** One plan: its tree and the properties printed beside it. */
export interface Plan {
  readonly root: PlanNode;
  /** What stands beside `Plan` in the JSON: `Settings`, `Planning Time`, `Query Identifier`, … */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** How EXPLAIN printed a plan (its option FORMAT). */
export type PlanFormat = 'json' | 'yaml' | 'xml' | 'text';

/** A plan that was found in a text: a file, a paste, a server log. */
export interface FoundPlan {
  readonly plan: Plan;
  readonly format: PlanFormat;
  /** The plan as the source has it, without frames, prefixes and quotes of what it was copied from. */
  readonly raw: string;
  /** The statement, where the source tells it (auto_explain's `Query Text`). */
  readonly statement: string | undefined;
  /** Where it begins in the source, from 1. */
  readonly line: number;
  /** auto_explain's `duration`, in milliseconds. */
  readonly duration: number | undefined;
  /** The log line's time as the log writes it. */
  readonly loggedAt: string | undefined;
}

/** A trigger or a referential action: SQL that a change of the table runs and EXPLAIN does not show. */
export interface TriggerFacts {
  /** Name of the trigger, or of the foreign key constraint. */
  readonly name: string;
  readonly events: readonly ('Insert' | 'Update' | 'Delete')[];
  /** The function that a trigger calls, as `schema.name`; undefined for a referential action. */
  readonly function: string | undefined;
  /** The referencing table that a referential action reads, as `schema.name`; unknown for a trigger. */
  readonly table: string | undefined;
  /** What a referential action does to that table's rows, which fires the triggers there. */
  readonly change: 'Update' | 'Delete' | undefined;
}

export interface TableFacts {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'partitioned table' | 'materialized view' | 'foreign table' | 'view';
  readonly columns: readonly string[];
  /** Direct parents by inheritance or partitioning, as `schema.name`. */
  readonly parents: readonly string[];
  /** Estimated live rows (`pg_class.reltuples`); -1 where the table was never analysed. */
  readonly tuples: number;
  /** Size in pages (8 KiB blocks) as the planner sees it. */
  readonly pages: number;
  /** Whether column statistics exist (`pg_statistic` has rows for it). */
  readonly analysed: boolean;
  readonly rowSecurity: boolean;
  /** Enabled triggers, and the actions of foreign keys that reference the table. */
  readonly triggers: readonly TriggerFacts[];
}

export interface IndexFacts {
  readonly schema: string;
  readonly name: string;
  /** The table it belongs to, as `schema.name`. */
  readonly table: string;
  /** `btree`, `gin`, `gist`, `brin`, `hash`, `spgist`. */
  readonly method: string;
  /** Key columns in order; an expression stands as `pg_get_indexdef` prints it. INCLUDE columns are not keys. */
  readonly keys: readonly { readonly column: string | undefined; readonly expression: string }[];
  readonly unique: boolean;
  readonly valid: boolean;
  /** The predicate of a partial index as PostgreSQL prints it. */
  readonly predicate: string | undefined;
  /** The partitioned index that it is a part of, as `schema.name`. */
  readonly parent?: string;
}

export interface FunctionFacts {
  readonly schema: string;
  readonly name: string;
  readonly language: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
}

/** What the database's catalogs say about the objects that plans name. Keys are `schema.name`. */
export interface Catalog {
  readonly tables: ReadonlyMap<string, TableFacts>;
  readonly indexes: ReadonlyMap<string, IndexFacts>;
  /** Functions that are not PostgreSQL's own, by `schema.name`; overloads stand in one list. */
  readonly functions: ReadonlyMap<string, readonly FunctionFacts[]>;
  /** Schemas in which unqualified names are looked up, in order. */
  readonly searchPath: readonly string[];
}

/** How a plan reaches one occurrence of a table, from best to worst. */
export type AccessKind = 'bounded' | 'partly-bounded' | 'whole-index' | 'whole-table' | 'opaque';

/** What makes the access of its kind. */
export type AccessHow =
  | 'index-condition'
  | 'bitmap'
  | 'tid'
  | 'limit'
  | 'trailing-column'
  | 'block-ranges'
  | 'no-index-condition'
  | 'serial'
  | 'parallel'
  | 'sample'
  | 'lossy'
  | 'function'
  | 'foreign'
  | 'custom'
  | 'trigger';

/** One occurrence of a table (or of something opaque) in a plan. */
export interface Access {
  readonly kind: AccessKind;
  readonly how: AccessHow;
  /**
   * Schema and name as the plan gives them; for a function, the function's; for a trigger, the changed table's; for a
   * referential action, the referencing table's. Unknown schema stays undefined.
   */
  readonly schema: string | undefined;
  readonly table: string;
  /** The alias in the plan; for a trigger or a referential action, its name. */
  readonly alias: string;
  /** Partition or inheritance ancestors up to the topmost, as `schema.name`, nearest first. */
  readonly ancestors: readonly string[];
  /** `Node Type`, with `Parallel ` before it where the node is parallel aware. */
  readonly node: string;
  /** Path of the scan node in the tree. */
  readonly path: string;
  /** Indexes that take part, in tree order. */
  readonly indexes: readonly string[];
  /** Conditions that an index or TID serves. */
  readonly indexConditions: readonly string[];
  /** Conditions checked on rows after they were read. */
  readonly filters: readonly string[];
  readonly cost: number | undefined;
  readonly rows: number | undefined;
}
