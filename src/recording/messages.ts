/** Place of a call in source code, after source maps. */
export interface CallSite {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Names a function of a module. */
export interface ModuleFunction {
  /** Absolute path of the module. */
  readonly file: string;
  readonly export: string;
}

/** A statement as a function sent it. */
export interface SentStatement {
  readonly text: string;
  /** In text form; null is SQL's null. */
  readonly values: readonly (string | null)[];
  /** The call that sent it; undefined where the stack does not tell. */
  readonly at: CallSite | undefined;
}

/** What the worker says. */
export type FromWorker =
  | (SentStatement & { readonly kind: 'query'; readonly run: number; readonly id: number })
  | { readonly kind: 'done' }
  /** The function is not there, or it threw. */
  | { readonly kind: 'failed'; readonly message: string; readonly at: CallSite | undefined };

/** The server's answer to a statement. */
export type Answer =
  | {
      readonly kind: 'result';
      readonly id: number;
      readonly fields: readonly object[];
      readonly rows: readonly (readonly (string | null)[])[];
      /** The command tag; undefined for an empty statement. */
      readonly tag: string | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly id: number;
      readonly message: string;
      /** The other fields of the server's error, by the names that `pg` gives them. */
      readonly facts: Readonly<Record<string, string>>;
    };

/** What the worker is told. */
export type ToWorker =
  | { readonly kind: 'load'; readonly target: ModuleFunction }
  | { readonly kind: 'run'; readonly run: number; readonly values: Readonly<Record<string, unknown>> }
  | Answer;
