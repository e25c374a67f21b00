import type { RuleSettings, TableName } from '../../suite/model.js';

/** A table as a suite names it: `tracks` or `public.tracks`. */
export function table(name: string): TableName {
  const dot = name.indexOf('.');
  const where = { file: 'plan-guard.yaml', line: 1, column: 1 };
  return dot < 0
    ? { schema: undefined, name, where }
    : { schema: name.slice(0, dot), name: name.slice(dot + 1), where };
}

/** Settings that ask nothing but what is given. */
export function settings(given: Partial<RuleSettings>): RuleSettings {
  return { protect: [], noSeqScan: [], indexOnly: [], onlyIndexes: [], ...given };
}
