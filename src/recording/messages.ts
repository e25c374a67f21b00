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

/** What the worker says. */
export type FromWorker =
  | {
      readonly kind: 'query';
      readonly id: number;
      readonly text: string;
      readonly values: readonly (string | null)[];
      readonly at: CallSite | undefined;
    }
  | { readonly kind: 'done' }
  /** The function is not there, or it threw. */
  | { readonly kind: 'failed'; readonly message: string; readonly at: CallSite | undefined };

/** What the worker is told. */
export type ToWorker =
  | { readonly kind: 'load'; readonly target: ModuleFunction }
  | { readonly kind: 'run'; readonly values: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'result';
      readonly id: number;
      readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
      readonly rows: readonly (readonly (string | null)[])[];
      readonly command: string | undefined;
      readonly rowCount: number | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly id: number;
      readonly message: string;
      readonly facts: Readonly<Record<string, unknown>>;
    };
