import type { Access } from '../plan/model.js';
import type { RuleName } from '../suite/model.js';

/** What a rule finds fault with: one access of one plan. */
export interface RuleFinding {
  readonly rule: RuleName;
  readonly access: Access;
  /** One sentence, complete without the rest. */
  readonly message: string;
}

export type DoubtKind =
  | 'no-statistics'
  | 'too-small'
  | 'folded'
  | 'opaque'
  | 'row-security'
  | 'redacted'
  | 'newer-syntax';

/** Why a case could not be judged. */
export interface Doubt {
  readonly kind: DoubtKind;
  readonly message: string;
  readonly next: string;
}
