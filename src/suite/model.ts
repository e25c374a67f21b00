import type { Where } from '../errors.js';

/** A value that a scenario gives a parameter. */
export type ScenarioValue =
  | string
  | number
  | boolean
  | null
  | readonly ScenarioValue[]
  | { readonly [key: string]: ScenarioValue };

export interface Scenario {
  readonly name: string;
  /** The scenario's own values over the suite's defaults. */
  readonly values: Readonly<Record<string, ScenarioValue>>;
  readonly where: Where;
}

/** Names a table, with or without its schema. */
export interface TableName {
  readonly schema: string | undefined;
  readonly name: string;
  readonly where: Where;
}

/** What is asked of the plans of a suite or of one query. */
export interface RuleSettings {
  /** Every access must be bounded. */
  readonly protect: readonly TableName[];
  /** No Seq Scan (nor a parallel one), in the plain sense. */
  readonly noSeqScan: readonly TableName[];
  /** Every access must be an Index Only Scan, on `index` where it is given. */
  readonly indexOnly: readonly { readonly table: TableName; readonly index: string | undefined }[];
  /** Every access must use one of these indexes and nothing else. */
  readonly onlyIndexes: readonly { readonly table: TableName; readonly indexes: readonly string[] }[];
}

export type RuleName = 'protect' | 'no-seq-scan' | 'index-only' | 'only-indexes';

export interface FileSource {
  readonly kind: 'file';
  /** Absolute path of an `.sql` file. */
  readonly file: string;
}

export interface ModuleSource {
  readonly kind: 'module';
  /** Absolute path of a JS or TS module. */
  readonly file: string;
  readonly export: string;
}

export interface QueryEntry {
  /** Stated name; undefined for a file whose statements name themselves. */
  readonly name: string | undefined;
  readonly source: FileSource | ModuleSource;
  /** Names of the scenarios that apply, in the suite's order. */
  readonly scenarios: readonly string[];
  /** Values that are crossed with every scenario: `{ sort: [a, b] }` plans each scenario for each. */
  readonly matrix: Readonly<Record<string, readonly ScenarioValue[]>>;
  /** Stated parameter types, by parameter name. */
  readonly types: Readonly<Record<string, string>>;
  /** Names of the parameters `$1`, `$2`, … in order, for a statement that does not name them. */
  readonly parameters: readonly string[];
  /** Rules of this query, beside the suite's. */
  readonly rules: RuleSettings;
  readonly where: Where;
}

export interface KnownBadEntry extends QueryEntry {
  /** The rule that must find fault with it. */
  readonly mustFail: RuleName;
}

/** What a finding does to the run. */
export type Severity = 'fail' | 'warn';

/** What can be found of a plan against the approved one. */
export type ChangeKind = 'missing' | 'changed' | 'dearer';

/** The approved plans of a suite, and what becomes of a run that finds others. */
export interface PlansSettings {
  /** Absolute path of the folder; it need not exist. */
  readonly folder: string;
  /** false: the suite file says nothing of plans, which are compared where the folder exists. */
  readonly stated: boolean;
  /** A case without an approved plan. Undefined: it fails in CI alone. */
  readonly missing: Severity | undefined;
  /** An approved plan that no case uses. Undefined: as `missing`. */
  readonly unused: Severity | undefined;
  readonly changed: Severity;
  readonly dearer: Severity;
  /** A file of approved plans that was written by hand. */
  readonly edited: Severity;
  /** How many times the approved cost or rows a plan of the same shape may have. */
  readonly dearerFactor: number;
}

/** A finding that is accepted until a day. Undefined: whichever. */
export interface Waiver {
  readonly rule: RuleName | ChangeKind;
  readonly query: string | undefined;
  readonly statement: string | undefined;
  readonly scenario: string | undefined;
  readonly table: TableName | undefined;
  readonly owner: string;
  readonly reason: string;
  /** The last day on which it holds, as `2026-12-31`, in UTC. */
  readonly until: string;
  readonly where: Where;
}

export interface NamedFile {
  readonly name: string;
  readonly file: string;
  readonly where: Where;
}

/** A validated suite file. Paths are absolute. */
export interface Suite {
  readonly name: string;
  readonly file: string;
  readonly postgres: {
    /** What plans: PGlite, a server that is installed here, a container's, or an existing database as it is. */
    readonly engine: 'pglite' | 'native' | 'container' | 'url';
    /** Major version of a native server or a container; undefined: the newest that is installed, or 18. */
    readonly version: number | undefined;
    /** Folder of a native server's programs, absolute. */
    readonly binDir: string | undefined;
    /** Image of a container, in place of the version's. */
    readonly image: string | undefined;
    /** Names of extensions to load (`pg_trgm`, `vector`, …). */
    readonly extensions: readonly string[];
    /** Locale of the cluster. Any but `C` keeps LIKE 'x%' from using an ordinary index, as in most of production. */
    readonly locale: string;
    /** Role that plans (`SET ROLE`), so that row-level security applies. */
    readonly role: string | undefined;
    /** Planner settings of production, by their names. */
    readonly settings: Readonly<Record<string, string>>;
  };
  /** Empty only where an existing database plans. */
  readonly schema: readonly string[];
  readonly seed: readonly string[];
  /** Statistics sets; none: every verdict that rests on a size is unverified. */
  readonly statistics: readonly NamedFile[];
  readonly rules: RuleSettings;
  readonly scenarios: readonly Scenario[];
  readonly queries: readonly QueryEntry[];
  readonly knownBad: readonly KnownBadEntry[];
  readonly unverified: 'fail' | 'warn';
  /** Functions that are known to read no protected table, as `name` or `schema.name`. */
  readonly trustedFunctions: readonly string[];
  /** How long a module's function may take, in milliseconds. */
  readonly moduleTimeout: number;
  /** How old the statistics may be, in days, before a warning says so. */
  readonly maxAge: number | undefined;
  readonly plans: PlansSettings;
  readonly waivers: readonly Waiver[];
}
