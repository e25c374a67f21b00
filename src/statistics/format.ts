import type { Statistics } from './model.js';

/** The order of the keys that the format knows; names of tables, columns and indexes are sorted instead. */
const order = [
  'format',
  'version',
  'origin',
  'server_version',
  'pulled_at',
  'settings',
  'search_path',
  'row_security',
  'extensions',
  'extended_statistics',
  'unreadable',
  'unshown_ranges',
  'unread_min_max',
  'redaction',
  'role',
  'bypassed',
  'table',
  'kinds',
  'reason',
  'key_check',
  'relpages',
  'reltuples',
  'relallvisible',
  'height',
  'valid',
  'redacted',
  'null_frac',
  'avg_width',
  'n_distinct',
  'most_common_vals',
  'most_common_val_hashes',
  'most_common_freqs',
  'histogram_bounds',
  'min_max',
  'correlation',
  'most_common_elems',
  'most_common_elem_hashes',
  'most_common_elem_freqs',
  'elem_count_histogram',
  'range_length_histogram',
  'range_empty_frac',
  'range_bounds_histogram',
  'columns',
  'inherited',
  'indexes',
  'tables',
];

/** Keys whose objects are keyed by names. */
const named = new Set([
  'tables',
  'columns',
  'inherited',
  'indexes',
  'settings',
  'extensions',
  'extended_statistics',
  'unreadable',
  'unshown_ranges',
  'unread_min_max',
]);

/**
 * Writes statistics as the text of a statistics file: the same statistics give the same bytes, one line for each
 * number, text and array, a newline at the end.
 */
export function formatStatistics(statistics: Statistics): string {
  return `${write(statistics, '', false)}\n`;
}

function write(value: unknown, indent: string, namesAreKeys: boolean): string {
  if (Array.isArray(value)) return `[${value.map((element) => JSON.stringify(element)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  if (entries.length === 0) return '{}';
  entries.sort(([a], [b]) => (namesAreKeys ? (a < b ? -1 : 1) : order.indexOf(a) - order.indexOf(b)));
  const inner = `${indent}  `;
  const lines = entries.map(([key, member]) => {
    const text = write(member, inner, !namesAreKeys && named.has(key));
    return `${inner}${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
