import { foldedParts } from '../plan/folded.js';
import type { Access, Catalog, Plan, TableFacts } from '../plan/model.js';
import { ancestorsOf, belongsTo, resolveTable, tableKey } from '../plan/names.js';
import type { RuleSettings } from '../suite/model.js';
import type { Doubt } from './model.js';
import { ruledTables } from './registry.js';
import { SMALL_TABLE_PAGES, sizePremise } from './size.js';

export interface DoubtsInput {
  readonly plan: Plan;
  readonly accesses: readonly Access[];
  readonly catalog: Catalog;
  readonly settings: RuleSettings;
  /** Tables that the statement names. */
  readonly statementTables: readonly { readonly schema?: string | undefined; readonly name: string }[];
  /** The role that the plan was made for; undefined: a superuser, whom no policy binds. */
  readonly role: string | undefined;
}

/**
 * Why a plan could not be judged, or not wholly: a case with a doubt is unverified, never passed.
 * @throws {PlanGuardError} `suite`: a rule names a table that the catalog does not know.
 */
export function doubtsOf(input: DoubtsInput): Doubt[] {
  const doubts: Doubt[] = [];
  const ruled = ruledTables(input.settings, input.catalog);
  for (const [table, { needsSize }] of ruled) {
    if (needsSize) doubts.push(...aboutSize(table, input));
    doubts.push(...aboutFolding(table, input), ...aboutRowSecurity(table, input));
  }
  doubts.push(...aboutOpaque([...ruled.keys()], input));
  return [...new Map(doubts.map((doubt) => [doubt.message, doubt])).values()];
}

function aboutSize(table: string, { accesses, catalog }: DoubtsInput): Doubt[] {
  const { unknown, small } = sizePremise(table, accesses, catalog);
  const doubts: Doubt[] = unknown.map((facts) => ({
    kind: 'no-statistics',
    message: `${ofParent(facts, table)} was never analysed, so its plans rest on no facts.`,
    next: `Take statistics of ${keyOf(facts)} after an ANALYZE of it.`,
  }));
  const [first] = small;
  if (first === undefined) return doubts;
  const sizes = small.map((facts) => `${ofParent(facts, table)}: ${inPages(facts.pages)}`);
  const shown = sizes.length > 3 ? `${sizes.slice(0, 3).join('; ')}; and ${sizes.length - 3} more` : sizes.join('; ');
  doubts.push({
    kind: 'too-small',
    message: `Too small to judge (less than ${SMALL_TABLE_PAGES} pages are read whole whatever the indexes): ${shown}.`,
    next: `Plan with statistics of ${table} at production's size.`,
  });
  return doubts;
}

function aboutFolding(table: string, { plan, accesses, catalog, statementTables }: DoubtsInput): Doubt[] {
  const [folded] = foldedParts(plan);
  if (folded === undefined || accesses.some((access) => belongsTo(access, table))) return [];
  const named = statementTables.some(({ schema, name }) => {
    const key = resolveTable({ schema, name }, catalog);
    if (key === undefined) return false;
    // What a view reads is not known here; where the plan was folded, it may have been the table.
    return key === table || catalog.tables.get(key)?.kind === 'view' || ancestorsOf(key, catalog).includes(table);
  });
  if (!named) return [];
  const why = folded.how === 'false-filter' ? 'its condition can never be true' : 'no partition can hold its rows';
  return [
    {
      kind: 'folded',
      message: `The plan does not read ${table} at all: with these values ${why} (node ${folded.path}).`,
      next: 'Give the scenario values that can match rows: not NULL, and within the partitions.',
    },
  ];
}

function aboutRowSecurity(table: string, { accesses, catalog, role }: DoubtsInput): Doubt[] {
  if (role !== undefined) return [];
  const touched = accesses.filter((access) => access.kind !== 'opaque' && belongsTo(access, table));
  const keys = new Set(touched.flatMap((access) => [tableKey(access) ?? table, ...access.ancestors]));
  const secured = [...keys].filter((key) => catalog.tables.get(key)?.rowSecurity === true);
  return secured.map((key) => ({
    kind: 'row-security',
    message: `${key} has row-level security, and the plan was made for a superuser, whom no policy binds.`,
    next: "State the application's role as postgres.role in the suite file.",
  }));
}

function aboutOpaque(ruled: readonly string[], { accesses, catalog }: DoubtsInput): Doubt[] {
  const doubts: Doubt[] = [];
  for (const access of accesses) {
    if (access.kind !== 'opaque') continue;
    const doubt = opaqueDoubt(access, ruled, catalog);
    if (doubt !== undefined) doubts.push(doubt);
  }
  return doubts;
}

/** A foreign table or a referential action reads only what it names; the others may read any table. */
function opaqueDoubt(access: Access, ruled: readonly string[], catalog: Catalog): Doubt | undefined {
  const name = tableKey(access) ?? access.table;
  const isRuled = ruled.some((table) => belongsTo(access, table));
  switch (access.how) {
    case 'function':
      return {
        kind: 'opaque',
        message: `The plan does not show what the function ${name} reads (node ${access.path}).`,
        next: `Check the function's statements as queries of their own, then list ${name} under trusted-functions.`,
      };
    case 'foreign':
      if (!isRuled && access.schema !== undefined) return undefined;
      return {
        kind: 'opaque',
        message: `${name} is a foreign table: how the other server reads it is not in the plan (node ${access.path}).`,
        next: 'Check its statement on the server that holds the table.',
      };
    case 'trigger': {
      const trigger = catalog.tables.get(name)?.triggers.find((one) => one.name === access.alias);
      if (trigger?.function !== undefined) {
        return {
          kind: 'opaque',
          message: `The statement fires the trigger ${access.alias} on ${name}, whose statements the plan does not show.`,
          next: `Check them as queries of their own, then list ${trigger.function} under trusted-functions.`,
        };
      }
      if (!isRuled) return undefined;
      return {
        kind: 'opaque',
        message: `The statement makes the foreign key ${access.alias} look for rows in ${name}, which the plan does not show.`,
        next: `Check that lookup as a query of its own, then list ${access.alias} under trusted-functions.`,
      };
    }
    default:
      return {
        kind: 'opaque',
        message: `${access.node} (node ${access.path}) hides how it reads ${name}.`,
        next: 'Check the statement on a server whose plans show it.',
      };
  }
}

/** `public.events`, or `public.events_2024 (a part of public.events)`. */
function ofParent(facts: TableFacts, table: string): string {
  return keyOf(facts) === table ? table : `${keyOf(facts)} (a part of ${table})`;
}

function inPages(pages: number): string {
  return pages === 1 ? '1 page' : `${pages} pages`;
}

function keyOf({ schema, name }: TableFacts): string {
  return `${schema}.${name}`;
}
