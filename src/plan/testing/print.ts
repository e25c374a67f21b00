import type { Properties } from '../properties.js';

const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** EXPLAIN's JSON as its YAML: `explain_format.c`. */
export function toYaml(explained: readonly Properties[]): string {
  const lines: string[] = [];
  const write = (value: unknown, column: number, before: string): void => {
    const blanks = ' '.repeat(column);
    if (Array.isArray(value)) {
      lines.push(before);
      for (const item of value) {
        if (Array.isArray(item)) lines.push(`${blanks}- ${JSON.stringify(item)}`);
        else write(item, column + 2, `${blanks}- `);
      }
    } else if (isObject(value)) {
      // A list's item begins behind its dash.
      const isItem = before.endsWith('- ');
      if (!isItem) lines.push(before);
      Object.entries(value).forEach(([name, member], index) => {
        write(member, column + 2, `${isItem && index === 0 ? before : blanks}${name}: `);
      });
    } else lines.push(`${before}${JSON.stringify(value)}`);
  };
  for (const one of explained) write(one, 2, '- ');
  return lines.join('\n');
}

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#x0d;');

/** EXPLAIN's JSON of nodes and texts as its XML: `explain_format.c`. */
export function toXml(explained: readonly Properties[]): string {
  const parts: string[] = [];
  const write = (name: string, value: unknown, column: number): void => {
    const blanks = ' '.repeat(column);
    const element = name.replaceAll(/[^\w.-]/g, '-');
    if (typeof value !== 'object' || value === null) {
      parts.push(`${blanks}<${element}>${escapeXml(String(value))}</${element}>`);
      return;
    }
    parts.push(`${blanks}<${element}>`);
    if (Array.isArray(value)) {
      for (const item of value) write(typeof item === 'string' ? 'Item' : name.replace(/s$/, ''), item, column + 2);
    } else for (const [key, member] of Object.entries(value)) write(key, member, column + 2);
    parts.push(`${blanks}</${element}>`);
  };
  parts.push('<explain xmlns="http://www.postgresql.org/2009/explain">');
  for (const one of explained) write('Query', one, 2);
  parts.push('</explain>');
  return parts.join('\n');
}
