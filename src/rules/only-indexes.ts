import type { RuleSettings } from '../suite/model.js';
import { otherIndexes } from './indexes.js';
import type { Rule } from './rule.js';
import { nodeInWords, reachInWords, tableInWords } from './words.js';

/** Every access to the table must use the stated indexes, none else, and be bounded by them. */
export const onlyIndexes: Rule<RuleSettings['onlyIndexes'][number]> = {
  name: 'only-indexes',
  requirements: (settings) => settings.onlyIndexes,
  table: ({ table }) => table,
  needsSize: false,
  fault: (access, { indexes }, catalog) => {
    const only = `which may be read only through ${indexes.join(', ')}`;
    const node = `${nodeInWords(access)} reads ${tableInWords(access, catalog)}`;
    if (access.indexes.length === 0) return `${node} without an index, ${only}.`;
    const [other] = otherIndexes(access, indexes, catalog);
    return other === undefined ? reachInWords(access, catalog) : `${node} through ${other}, ${only}.`;
  },
};
