import type { Attribute, RelationRow } from './catalog-queries.js';
import type { ColumnStatistics, IndexStatistics, TableStatistics, UnreadableTable } from './model.js';

export interface RelationColumns {
  own?: Record<string, ColumnStatistics>;
  inherited?: Record<string, ColumnStatistics>;
}

export function groupBy<Value, Key>(values: readonly Value[], keyOf: (value: Value) => Key): ReadonlyMap<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}

export function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}

export function namesOf(row: { readonly name: string }, of: RelationRow): readonly string[] {
  return [`${of.name}.${row.name}`, `${nameOf(of)}.${row.name}`];
}

export function assemble(
  relations: readonly RelationRow[],
  columns: ReadonlyMap<string, RelationColumns>,
  heights: ReadonlyMap<string, number>,
): Readonly<Record<string, TableStatistics>> {
  const indexesOf = new Map<string, [string, IndexStatistics][]>();
  for (const relation of relations) {
    if (relation.table === null) continue;
    const height = heights.get(relation.oid);
    const own = columns.get(nameOf(relation))?.own;
    const index: IndexStatistics = {
      ...sizeOf(relation),
      ...(height === undefined ? {} : { height }),
      ...(relation.valid === false ? { valid: false } : {}),
      ...(own === undefined ? {} : { columns: own }),
    };
    const indexes = indexesOf.get(relation.table) ?? [];
    indexesOf.set(relation.table, indexes);
    indexes.push([relation.name, index]);
  }
  const tables = relations
    .filter(({ table }) => table === null)
    .map((relation): [string, TableStatistics] => {
      const name = nameOf(relation);
      const { own = {}, inherited } = columns.get(name) ?? {};
      const indexes = Object.fromEntries(indexesOf.get(name) ?? []);
      return [name, { ...sizeOf(relation), columns: own, ...(inherited === undefined ? {} : { inherited }), indexes }];
    });
  return Object.fromEntries(tables);
}

function sizeOf({ relpages, reltuples, relallvisible }: RelationRow) {
  return { relpages, reltuples, relallvisible };
}

/** Columns of ranges that have statistics, by `schema.name` of their relation. */
export function findUnshownRanges(
  attributes: readonly Attribute[],
  columns: ReadonlyMap<string, RelationColumns>,
): Readonly<Record<string, readonly string[]>> {
  const unshown: Record<string, string[]> = {};
  for (const { of, name, isRange } of attributes) {
    const { own, inherited } = columns.get(nameOf(of)) ?? {};
    if (!isRange || (own?.[name] ?? inherited?.[name]) === undefined) continue;
    unshown[nameOf(of)] = [...(unshown[nameOf(of)] ?? []), name];
  }
  return unshown;
}

export function findUnreadable(
  relations: readonly RelationRow[],
  attributes: readonly Attribute[],
  columns: ReadonlyMap<string, RelationColumns>,
): Readonly<Record<string, UnreadableTable>> {
  const attributesOf = groupBy(attributes, ({ of }) => of);
  const indexesOf = groupBy(relations, ({ table }) => table);
  const unreadable: Record<string, UnreadableTable> = {};
  for (const relation of relations) {
    const own = attributesOf.get(relation);
    if (relation.table !== null || own === undefined) continue;
    const name = nameOf(relation);
    const refused = own.filter(({ readable }) => !readable).map((attribute) => attribute.name);
    const indexes = (indexesOf.get(name) ?? [])
      .filter((index) => attributesOf.get(index)?.some(({ readable }) => !readable))
      .map((index) => index.name);
    if (relation.hidden) unreadable[name] = { reason: 'row security' };
    else if (refused.length === own.length) unreadable[name] = { reason: 'no privilege' };
    else if (!columns.has(name) && relation.reltuples !== 0) unreadable[name] = { reason: 'never analysed' };
    else if (refused.length + indexes.length > 0) {
      unreadable[name] = {
        reason: 'no privilege',
        ...(refused.length === 0 ? {} : { columns: refused }),
        ...(indexes.length === 0 ? {} : { indexes }),
      };
    }
  }
  return unreadable;
}
