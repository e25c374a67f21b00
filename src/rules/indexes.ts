import type { Access, Catalog } from '../plan/model.js';

/** The indexes of an access that are none of these, nor the part of one of these in a partition. */
export function otherIndexes(access: Access, allowed: readonly string[], catalog: Catalog): string[] {
  return access.indexes.filter(
    (name) => !namesOf(name, access.schema, catalog).some((known) => allowed.includes(known)),
  );
}

/** An index's name and its partitioned indexes' names, with and without their schema. */
function namesOf(name: string, schema: string | undefined, catalog: Catalog): string[] {
  const names = [name];
  let key = schema === undefined ? undefined : `${schema}.${name}`;
  while (key !== undefined) {
    const index = catalog.indexes.get(key);
    names.push(key);
    if (index !== undefined) names.push(index.name);
    key = index?.parent;
  }
  return names;
}
