import type pg from 'pg';
import { formatArrayLiteral } from '../arrays.js';
import type { ColumnStatistics, RelationSize, Statistics } from '../model.js';

/** Columns of the statistics as flat rows: of tables, of tables with their children, and of indexes. */
export function columnsOf(
  statistics: Statistics,
): { relation: string; name: string; inherited: boolean; column: ColumnStatistics }[] {
  const rows: { relation: string; name: string; inherited: boolean; column: ColumnStatistics }[] = [];
  const add = (relation: string, inherited: boolean, columns: Readonly<Record<string, ColumnStatistics>> = {}) => {
    for (const [name, column] of Object.entries(columns)) rows.push({ relation, name, inherited, column });
  };
  for (const [table, facts] of Object.entries(statistics.tables)) {
    add(table, false, facts.columns);
    add(table, true, facts.inherited);
    const schema = table.slice(0, table.indexOf('.'));
    for (const [name, index] of Object.entries(facts.indexes)) add(`${schema}.${name}`, false, index.columns);
  }
  return rows;
}

/** Writes statistics into a PostgreSQL 18 whose schema is theirs; names the columns that it did not take. */
export async function restoreStatistics(client: pg.Client, statistics: Statistics): Promise<string[]> {
  const relation = (name: string) => [
    'schemaname',
    name.slice(0, name.indexOf('.')),
    'relname',
    name.slice(name.indexOf('.') + 1),
  ];
  const call = async (what: string, pairs: readonly unknown[], types: Readonly<Record<string, string>>) => {
    const list = pairs.map(
      (_, index) => `$${index + 1}::${index % 2 === 0 ? 'text' : (types[String(pairs[index - 1])] ?? 'text')}`,
    );
    const { rows } = await client.query(`SELECT pg_restore_${what}_stats(${list.join(', ')}) AS taken`, [...pairs]);
    return rows[0].taken as boolean;
  };
  for (const [table, facts] of Object.entries(statistics.tables)) {
    const schema = table.slice(0, table.indexOf('.'));
    const sizes: [string, RelationSize][] = [[table, facts]];
    for (const [name, index] of Object.entries(facts.indexes)) sizes.push([`${schema}.${name}`, index]);
    for (const [name, { relpages, reltuples, relallvisible }] of sizes) {
      const pairs = [...relation(name), 'relpages', relpages, 'reltuples', reltuples, 'relallvisible', relallvisible];
      await call('relation', pairs, { relpages: 'int', reltuples: 'real', relallvisible: 'int' });
    }
  }
  const numbers = ['most_common_freqs', 'most_common_elem_freqs', 'elem_count_histogram'];
  const types: Record<string, string> = { inherited: 'boolean', avg_width: 'int' };
  for (const name of ['null_frac', 'n_distinct', 'correlation', 'range_empty_frac']) types[name] = 'real';
  for (const name of numbers) types[name] = 'real[]';
  const refused: string[] = [];
  for (const { relation: of, name, inherited, column } of columnsOf(statistics)) {
    const pairs: unknown[] = [...relation(of), 'attname', name, 'inherited', inherited];
    for (const [key, value] of Object.entries(column)) {
      if (key === 'redacted' || key.endsWith('_hashes')) continue;
      pairs.push(key, Array.isArray(value) && !numbers.includes(key) ? formatArrayLiteral(value) : value);
    }
    if (!(await call('attribute', pairs, types))) refused.push(`${of}.${name}`);
  }
  return refused;
}
