import type { TableName } from '../suite/model.js';
import type { Rule } from './rule.js';
import { reachInWords } from './words.js';

/** Every access to the table must be bounded: by a condition on an index's leading column, a row address or a Limit. */
export const protect: Rule<TableName> = {
  name: 'protect',
  requirements: (settings) => settings.protect,
  table: (table) => table,
  needsSize: true,
  fault: (access, _, catalog) => reachInWords(access, catalog),
};
