import type { Access, Catalog } from './model.js';

interface QualifiedName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** Whether the schema is PostgreSQL's own: its catalogs, TOAST tables and temporary schemas. */
export function isSystemSchema(schema: string): boolean {
  return schema.startsWith('pg_') || schema === 'information_schema';
}

/**
 * Finds a table as PostgreSQL does: under its schema, else in the first schema of the search path that has one.
 * @returns its key in the catalog, `schema.name`; undefined where there is none.
 */
export function resolveTable(name: QualifiedName, catalog: Catalog): string | undefined {
  const schemas = name.schema === undefined ? catalog.searchPath : [name.schema];
  return schemas.map((schema) => `${schema}.${name.name}`).find((key) => catalog.tables.has(key));
}

/** Every table above this one by partitioning or inheritance, as `schema.name`, nearest first. */
export function ancestorsOf(key: string, catalog: Catalog): string[] {
  const found = new Set<string>();
  let level = catalog.tables.get(key)?.parents ?? [];
  while (level.length > 0) {
    const fresh = level.filter((parent) => !found.has(parent));
    for (const parent of fresh) found.add(parent);
    level = fresh.flatMap((parent) => catalog.tables.get(parent)?.parents ?? []);
  }
  return [...found];
}

/** The catalog's key of an accessed table; undefined where the schema is not known. */
export function tableKey(access: Pick<Access, 'schema' | 'table'>): string | undefined {
  return access.schema === undefined ? undefined : `${access.schema}.${access.table}`;
}

/**
 * Whether an access reads the table under this key (`schema.name`), itself or as its partition or inheritance child.
 * A table whose schema the plan does not tell belongs to every table of its name: it is never waved through.
 * A function belongs to no table.
 */
export function belongsTo(access: Access, key: string): boolean {
  if (access.how === 'function') return false;
  if (access.schema === undefined) return key.endsWith(`.${access.table}`);
  return tableKey(access) === key || access.ancestors.includes(key);
}
