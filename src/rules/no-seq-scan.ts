import type { TableName } from '../suite/model.js';
import type { Rule } from './rule.js';
import { reachInWords } from './words.js';

const SCANS: ReadonlySet<string> = new Set(['Seq Scan', 'Parallel Seq Scan', 'Sample Scan', 'Parallel Sample Scan']);

/** No Seq Scan, serial, parallel or of a sample, reads the table. What an index scan reads is not asked. */
export const noSeqScan: Rule<TableName> = {
  name: 'no-seq-scan',
  requirements: (settings) => settings.noSeqScan,
  table: (table) => table,
  needsSize: true,
  fault: (access, _, catalog) => (SCANS.has(access.node) ? reachInWords(access, catalog) : undefined),
};
