import type { Access, Catalog } from '../plan/model.js';

/** `public.tracks`, `public.tracks (t)`, `public.events_2024 (a partition of public.events)`. */
export function tableInWords(access: Access, catalog: Catalog): string {
  const name = access.schema === undefined ? access.table : `${access.schema}.${access.table}`;
  const remarks: string[] = [];
  const parent = access.ancestors.at(-1);
  if (parent !== undefined) {
    const partitioned = catalog.tables.get(parent)?.kind === 'partitioned table';
    remarks.push(`${partitioned ? 'a partition' : 'an inheritance child'} of ${parent}`);
  }
  if (access.alias !== access.table && !isMadeUp(access)) remarks.push(`as ${access.alias}`);
  return remarks.length === 0 ? name : `${name} (${remarks.join(', ')})`;
}

/** The planner calls the partitions of `events` `events_1`, `events_2`, … where the statement gives no alias. */
function isMadeUp({ alias, ancestors }: Access): boolean {
  return ancestors.some((key) => alias.replace(/_\d+$/, '') === key.slice(key.indexOf('.') + 1));
}

/** `A Seq Scan`, `An Index Only Scan`. */
export function nodeInWords(access: Access): string {
  return `${/^[AEIOU]/.test(access.node) ? 'An' : 'A'} ${access.node}`;
}

/** One sentence about an access that no bound limits; undefined for one that is bounded, or opaque. */
export function reachInWords(access: Access, catalog: Catalog): string | undefined {
  const node = nodeInWords(access);
  const table = tableInWords(access, catalog);
  const indexes = access.indexes.join(', ');
  switch (access.kind) {
    case 'bounded':
    case 'opaque':
      return undefined;
    case 'partly-bounded':
      switch (access.how) {
        case 'block-ranges':
          return `${node} finds rows of ${table} through the BRIN index ${indexes}, which only excludes ranges of blocks.`;
        case 'tid':
          return `${node} reads ${table} from one end of a range of row addresses that has no other end.`;
        default:
          return `${node} reads ${table} through ${indexes} with no condition on the index's leading column, so it may walk the whole index.`;
      }
    case 'whole-index':
      return `${node} reads ${table} by walking the whole index ${indexes}: nothing in the query bounds it.`;
    case 'whole-table':
      switch (access.how) {
        case 'sample':
          return `${node} samples ${table}, and no index bounds a sample.`;
        case 'lossy':
          return `${node} reads ${table} by a bitmap that became lossy: it holds whole blocks instead of rows.`;
        case 'no-index-condition':
          return `${node} reads all of ${table}: its bitmap is made of the index ${indexes} without a condition.`;
        default:
          return `${node} reads all of ${table}.`;
      }
  }
}
