import type { ErrorCode, Where } from '../errors.js';
import type { Loan } from '../postgres/seeded.js';

/** Place of a call in source code, after source maps. */
export interface CallSite {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A function of a module. */
export interface ModuleFunction {
  /** Absolute path of the module. */
  readonly file: string;
  readonly export: string;
  /** Its place in the suite file. */
  readonly where: Where;
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
  /** The database is open. */
  | { readonly kind: 'opened' }
  /** The module is loaded. */
  | { readonly kind: 'loaded' }
  /** A run has ended: the statements that the function sent, in their order. */
  | { readonly kind: 'ran'; readonly statements: readonly SentStatement[] }
  /** All runs have ended. */
  | { readonly kind: 'done' }
  /** The database is closed, and as it was, but for its files where they may have changed. */
  | { readonly kind: 'closed'; readonly changed: boolean }
  /** The database cannot be opened, or it failed. `code` and `hint` are those of a PlanGuardError. */
  | {
      readonly kind: 'broken';
      readonly message: string;
      readonly code: ErrorCode | undefined;
      readonly hint: string | undefined;
    }
  /** The function is not there, or it threw. */
  | { readonly kind: 'failed'; readonly message: string; readonly at: CallSite | undefined }
  /** A function sent a statement after its run had ended. */
  | { readonly kind: 'late'; readonly target: ModuleFunction; readonly at: CallSite | undefined };

/** The server's answer to a statement. */
export type Answer =
  | {
      readonly kind: 'result';
      readonly fields: readonly object[];
      readonly rows: readonly (readonly (string | null)[])[];
      /** The command tag; undefined for an empty statement. */
      readonly tag: string | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly message: string;
      /** The other fields of the server's error, by the names that `pg` gives them. */
      readonly facts: Readonly<Record<string, string>>;
    };

/** What the worker is told: each once it has answered what came before. */
export type ToWorker =
  /** Comes first, and again where it was answered that the database cannot be opened. */
  | ({ readonly kind: 'open' } & Loan)
  /** Loads the function and runs it once with each of the values. */
  | { readonly kind: 'record'; readonly target: ModuleFunction; readonly values: readonly Values[] }
  /** Comes last, and also before `record` is answered. */
  | { readonly kind: 'close' };

/** What a function is called with. */
export type Values = Readonly<Record<string, unknown>>;
