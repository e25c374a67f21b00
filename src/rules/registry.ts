import { PlanGuardError } from '../errors.js';
import type { Access, Catalog } from '../plan/model.js';
import { belongsTo, resolveTable } from '../plan/names.js';
import type { RuleSettings, TableName } from '../suite/model.js';
import { indexOnly } from './index-only.js';
import type { RuleFinding } from './model.js';
import { noSeqScan } from './no-seq-scan.js';
import { onlyIndexes } from './only-indexes.js';
import { protect } from './protect.js';
import type { Rule } from './rule.js';
import { sizePremise } from './size.js';

/** A rule with one of its requirements, ready to judge accesses to the table that it speaks of. */
interface Judgement {
  readonly table: string;
  readonly needsSize: boolean;
  readonly find: (access: Access) => RuleFinding | undefined;
}

/**
 * What the rules find fault with in one plan, in tree order, each fault of a rule with an access once. A rule on a
 * parent judges its partitions and children; an opaque access is never a finding (it is a doubt), nor is one of a table
 * that is too small or was never analysed, where the rule rests on size: `doubtsOf` tells of those.
 * @throws {PlanGuardError} `suite`: a rule names a table that the catalog does not know.
 */
export function judge(accesses: readonly Access[], settings: RuleSettings, catalog: Catalog): RuleFinding[] {
  const findings = new Map<string, RuleFinding>();
  for (const { table, needsSize, find } of judgements(settings, catalog)) {
    const judged = needsSize
      ? sizePremise(table, accesses, catalog).judgeable
      : accesses.filter((access) => access.kind !== 'opaque' && belongsTo(access, table));
    for (const access of judged) {
      const finding = find(access);
      if (finding === undefined) continue;
      const { schema, table: name, alias, path } = access;
      const id = JSON.stringify([finding.rule, schema, name, alias, path, finding.message]);
      if (!findings.has(id)) findings.set(id, finding);
    }
  }
  const order = new Map(accesses.map((access, index) => [access, index]));
  const position = ({ access }: RuleFinding) => order.get(access) ?? 0;
  return [...findings.values()].sort((one, other) => position(one) - position(other));
}

/** The tables that rules speak of, as `schema.name`, and whether a rule about them rests on their size. */
export function ruledTables(settings: RuleSettings, catalog: Catalog): ReadonlyMap<string, { needsSize: boolean }> {
  const tables = new Map<string, { needsSize: boolean }>();
  for (const { table, needsSize } of judgements(settings, catalog)) {
    tables.set(table, { needsSize: needsSize || tables.get(table)?.needsSize === true });
  }
  return tables;
}

function judgements(settings: RuleSettings, catalog: Catalog): Judgement[] {
  const of = <T>(rule: Rule<T>): Judgement[] =>
    rule.requirements(settings).map((requirement) => ({
      table: keyOf(rule.table(requirement), catalog),
      needsSize: rule.needsSize,
      find: (access) => {
        const message = rule.fault(access, requirement, catalog);
        return message === undefined ? undefined : { rule: rule.name, access, message };
      },
    }));
  return [...of(protect), ...of(noSeqScan), ...of(indexOnly), ...of(onlyIndexes)];
}

function keyOf(table: TableName, catalog: Catalog): string {
  const key = resolveTable(table, catalog);
  if (key !== undefined) return key;
  const name = table.schema === undefined ? table.name : `${table.schema}.${table.name}`;
  throw new PlanGuardError('suite', `There is no table ${name} in the schema`, {
    hint: `Correct the name, or state its schema; looked in ${table.schema ?? (catalog.searchPath.join(', ') || 'no schema')}.`,
    where: table.where,
  });
}
