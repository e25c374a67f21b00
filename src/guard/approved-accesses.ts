import { accessesInPlan, accessesOf } from '../plan/accesses.js';
import type { Access, Catalog, IndexFacts, Plan } from '../plan/model.js';
import { walk } from '../plan/walk.js';

/**
 * How an approved plan reaches its tables, on the schema of now. Of an access through an index that the schema does not
 * have any more, it tells what the plan shows by itself.
 */
export function accessesOfApproved(plan: Plan, catalog: Catalog, trustedFunctions: readonly string[]): Access[] {
  const nodes = [...walk(plan.root)].map(({ node }) => node);
  const schemas = new Set(nodes.flatMap(({ relation }) => relation?.schema ?? []));
  const used = new Set(nodes.flatMap(({ indexName }) => indexName ?? []));
  const gone = [...used].filter((name) => ![...schemas].some((schema) => catalog.indexes.has(`${schema}.${name}`)));
  if (gone.length === 0) return accessesOf(plan, catalog, { trustedFunctions });
  const places = gone.flatMap((name) => [...schemas].map((schema): [string, IndexFacts] => unknown(schema, name)));
  const alone = accessesInPlan(plan);
  const filled = { ...catalog, indexes: new Map([...catalog.indexes, ...places]) };
  return accessesOf(plan, filled, { trustedFunctions }).map((access) => {
    if (!access.indexes.some((index) => gone.includes(index))) return access;
    return alone.find(({ path, table }) => path === access.path && table === access.table) ?? access;
  });
}

function unknown(schema: string, name: string): [string, IndexFacts] {
  const facts = {
    schema,
    name,
    table: '',
    method: 'btree',
    keys: [],
    unique: false,
    valid: true,
    predicate: undefined,
  };
  return [`${schema}.${name}`, facts];
}
