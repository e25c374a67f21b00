import type { Access, Catalog } from '../plan/model.js';
import type { RuleName, RuleSettings, TableName } from '../suite/model.js';

/** One rule about how a table may be reached. `T` is what the settings state for one table. */
export interface Rule<T> {
  readonly name: RuleName;
  /** What the settings ask of this rule, one entry for each table. */
  readonly requirements: (settings: RuleSettings) => readonly T[];
  readonly table: (requirement: T) => TableName;
  /**
   * Whether the rule rests on the table being large: a small table is read whole whatever its indexes, so that neither
   * a pass nor a failure says anything about it.
   */
  readonly needsSize: boolean;
  /** One sentence about what is wrong with the access, or undefined where it meets the requirement. */
  readonly fault: (access: Access, requirement: T, catalog: Catalog) => string | undefined;
}
