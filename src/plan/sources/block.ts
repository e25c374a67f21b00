import type { PlanFormat } from '../model.js';
import type { SourceLine } from './lines.js';

/** What the source tells about a plan beside it. */
export interface PlanFacts {
  readonly statement?: string | undefined;
  /** In milliseconds. */
  readonly duration?: number | undefined;
  readonly loggedAt?: string | undefined;
  /** Where the log line begins. */
  readonly line?: number | undefined;
}

/** The lines of one plan, and nothing else. */
export interface PlanBlock {
  readonly kind: 'plan';
  readonly format: PlanFormat;
  readonly lines: readonly SourceLine[];
  readonly facts: PlanFacts;
  /** auto_explain's `Query Text` and `Query Parameters`, where they stand before the text of a plan. */
  readonly properties?: Readonly<Record<string, string>>;
  /** What `(N rows)` below it says, and where that stands. */
  readonly footer?: Footer | undefined;
}

/** Lines without the frame, quotes or prefixes that they had, which hold plans and nothing else. */
export interface ContentBlock {
  readonly kind: 'content';
  readonly lines: readonly SourceLine[];
  readonly facts: PlanFacts;
}

export type Block = PlanBlock | ContentBlock;

export interface Footer {
  readonly rows: number;
  readonly at: SourceLine;
}

/**
 * Takes the lines of something that was recognised by its first line, one by one, that line included.
 */
export interface Capture {
  /** `more`: the line belongs to it; `last`: and ends it; `none`: it had ended before. `next` is the line after it. */
  take(line: SourceLine, next: SourceLine | undefined): 'more' | 'last' | 'none';
  /**
   * What was taken; undefined where it turned out to hold no plan.
   * @throws {PlanGuardError} `plan` where its end is missing, or it is not what its beginning promised
   */
  close(): Block | undefined;
}
