import type { RuleSettings } from '../suite/model.js';
import { otherIndexes } from './indexes.js';
import type { Rule } from './rule.js';
import { nodeInWords, reachInWords, tableInWords } from './words.js';

/** Every access to the table must be a bounded Index Only Scan, on the stated index where one is stated. */
export const indexOnly: Rule<RuleSettings['indexOnly'][number]> = {
  name: 'index-only',
  requirements: (settings) => settings.indexOnly,
  table: ({ table }) => table,
  needsSize: false,
  fault: (access, { index }, catalog) => {
    const wanted = index === undefined ? 'an Index Only Scan' : `an Index Only Scan on ${index}`;
    const table = tableInWords(access, catalog);
    if (!access.node.endsWith('Index Only Scan')) {
      return `${nodeInWords(access)} reads ${table}, which only ${wanted} may read.`;
    }
    const [other] = index === undefined ? [] : otherIndexes(access, [index], catalog);
    if (other !== undefined) return `${nodeInWords(access)} on ${other} reads ${table}, which only ${wanted} may read.`;
    return reachInWords(access, catalog);
  },
};
