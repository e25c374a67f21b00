import { PlanGuardError, throwAll } from '../errors.js';
import type { Catalog } from '../plan/model.js';
import { resolveTable } from '../plan/names.js';
import type { RuleSettings, Suite, TableName } from '../suite/model.js';
import { nearest } from '../suite/nearest.js';
import { some } from './some.js';

interface RuledName {
  readonly table: TableName;
  readonly indexes: readonly string[];
}

/** The tables, with their indexes, that rules speak of. */
export function ruledNames(rules: RuleSettings): RuledName[] {
  return [
    ...rules.protect.map((table) => ({ table, indexes: [] })),
    ...rules.noSeqScan.map((table) => ({ table, indexes: [] })),
    ...rules.indexOnly.map(({ table, index }) => ({ table, indexes: index === undefined ? [] : [index] })),
    ...rules.onlyIndexes,
  ];
}

/**
 * Every table and index that a rule names must exist.
 * @throws {PlanGuardError | PlanGuardErrors} `suite`, at the name
 */
export function checkNames(suite: Suite, catalog: Catalog): void {
  const errors = new Map<string, PlanGuardError>();
  const rules = [suite.rules, ...[...suite.queries, ...suite.knownBad].map((entry) => entry.rules)];
  for (const { table, indexes } of rules.flatMap(ruledNames)) {
    const add = (message: string, hint: string) => {
      // An anchor puts one name into many rules.
      errors.set(
        JSON.stringify([table.where, message]),
        new PlanGuardError('suite', message, { where: table.where, hint }),
      );
    };
    const name = table.schema === undefined ? table.name : `${table.schema}.${table.name}`;
    const key = resolveTable(table, catalog);
    if (key === undefined) {
      const tables = [...catalog.tables.keys()].map((table) => table.replace(/^public\./, ''));
      add(`A rule names the table "${name}", which the schema does not have.`, suggest('The schema has', tables, name));
      continue;
    }
    const known = [...catalog.indexes.values()].filter((index) => index.table === key).map((index) => index.name);
    for (const index of indexes) {
      if (known.includes(index)) continue;
      add(
        `A rule names the index "${index}", which the table "${name}" does not have.`,
        suggest('It has', known, index),
      );
    }
  }
  throwAll([...errors.values()]);
}

/** The nearest of the names that there are, or some of them. */
function suggest(lead: string, names: readonly string[], sought: string): string {
  const near = nearest(sought, names);
  if (near !== undefined) return `Did you mean "${near}"?`;
  return `${lead} ${some(names, 8) || 'none'}.`;
}
