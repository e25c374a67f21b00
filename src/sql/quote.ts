import { reservedWords } from './words.js';

/** Quotes a text as a string constant, as PostgreSQL's `quote_literal` does: with `E''` where it holds a backslash. */
export function quoteLiteral(value: string): string {
  const doubled = value.replaceAll("'", "''");
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

/** Quotes a name where PostgreSQL's `quote_identifier` does: unless it is lower-case, plain and no keyword. */
export function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !reservedWords.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
