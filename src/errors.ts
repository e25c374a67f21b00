/** A place in a file that a person can open. Lines and columns are 1-based; columns count characters. */
export interface Where {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** The closed catalogue of expected failures. Anything else that is thrown is a bug and shows its stack. */
export type ErrorCode =
  | 'usage'
  | 'file'
  | 'suite'
  | 'schema'
  | 'seed'
  | 'statistics'
  | 'query'
  | 'parameter'
  | 'module'
  | 'plan'
  | 'baseline'
  | 'engine'
  | 'nothing-to-check'
  | 'interrupted';

export interface ErrorFacts {
  /** What to do next, in one sentence. */
  readonly hint?: string;
  readonly where?: Where;
  readonly cause?: unknown;
}

/** A failure that a user can mend: what happened, where, and what to do next. */
export class PlanGuardError extends Error {
  override readonly name = 'PlanGuardError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly where: Where | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.hint = facts.hint;
    this.where = facts.where;
  }
}

/** Several expected failures, reported at once. */
export class PlanGuardErrors extends AggregateError {
  override readonly name = 'PlanGuardErrors';
  declare readonly errors: PlanGuardError[];

  constructor(errors: readonly PlanGuardError[]) {
    super(errors, errors.map((error) => error.message).join('\n'));
  }
}

/**
 * Throws what was collected: nothing for none, the error itself for one, all of them for several.
 * @throws {PlanGuardError | PlanGuardErrors}
 */
export function throwAll(errors: readonly PlanGuardError[]): void {
  const [first] = errors;
  if (first === undefined) return;
  throw errors.length === 1 ? first : new PlanGuardErrors(errors);
}

/** A system error's own words, without the call and the path: `ENOENT: no such file or directory`. */
export function systemReason(error: Error): string {
  return error.message.split(', ')[0] ?? error.message;
}

/** Renders a place as `file:line:column`, leaving out what is not known. */
export function formatWhere(where: Where): string {
  return [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
}
