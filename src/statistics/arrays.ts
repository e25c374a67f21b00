import { PlanGuardError } from '../errors.js';

/**
 * Writes values as a PostgreSQL array literal (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO).
 * @param delimiter `pg_type.typdelim` of the element type: a comma for all types but a few (`box`: `;`).
 */
export function formatArrayLiteral(values: readonly (string | null)[], delimiter = ','): string {
  const elements = values.map((value) => (value === null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`));
  return `{${elements.join(delimiter)}}`;
}

/**
 * Reads a one-dimensional PostgreSQL array literal into the text form of its elements.
 * @param delimiter as for {@link formatArrayLiteral}
 * @throws {PlanGuardError} `statistics` for a text that is no such literal
 */
export function parseArrayLiteral(literal: string, delimiter = ','): (string | null)[] {
  const escaped = delimiter.replace(/[\\\]^-]/g, '\\$&');
  const element = new RegExp(`"((?:[^"\\\\]|\\\\.)*)"|([^"{}${escaped}]+)`, 'sy');
  const malformed = () => new PlanGuardError('statistics', `Not a one-dimensional array: ${literal.slice(0, 60)}`);
  if (!literal.startsWith('{') || !literal.endsWith('}')) throw malformed();
  const values: (string | null)[] = [];
  if (literal === '{}') return values;
  let position = 1;
  for (;;) {
    element.lastIndex = position;
    const match = element.exec(literal);
    if (match === null) throw malformed();
    const [, quoted, bare] = match;
    if (quoted !== undefined) values.push(withoutBackslashes(quoted));
    else values.push(bare === 'NULL' ? null : withoutBackslashes(bare ?? ''));
    position = element.lastIndex;
    if (position === literal.length - 1) return values;
    if (literal[position] !== delimiter) throw malformed();
    position += 1;
  }
}

function withoutBackslashes(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/gs, '$1') : text;
}
