import type { PlanFormat } from '../model.js';
import { openQuote } from '../text-lines.js';
import { refusal, type SourceLine, UNWRAPPED_HINT } from './lines.js';
import { displayWidth } from './rows.js';

type Quote = "'" | '"' | undefined;

export interface Wrapping {
  readonly format: PlanFormat;
  /** From this length on, in columns, a line that ends within quotes may have been wrapped there. */
  readonly limit?: number;
  /** What such a line ends with. */
  readonly mark?: RegExp;
}

/**
 * EXPLAIN's text and XML break lines within quotes where the plan does. psql's format wrapped breaks them anywhere, and
 * its line style old-ascii has no marks that would show it.
 * @throws {PlanGuardError} `plan` at the first line that was wrapped, or may have been
 */
export function refuseWrapped(lines: readonly SourceLine[], { format, limit, mark = /$/ }: Wrapping): void {
  // The strings of JSON and YAML have no line breaks.
  if (format === 'json' || format === 'yaml') return;
  for (const { line, isOpen } of format === 'text' ? textLines(lines) : xmlLines(lines)) {
    const { text } = line;
    if (!isOpen || limit === undefined || displayWidth(text.trimEnd()) < limit || !mark.test(text.trimEnd())) continue;
    throw refusal('a line that is not wrapped: its string may go on, or have a line break here', line, {
      index: text.length,
      hint: UNWRAPPED_HINT,
    });
  }
}

interface Ended {
  readonly line: SourceLine;
  /** Quotes are open at its end. */
  readonly isOpen: boolean;
}

function* textLines(lines: readonly SourceLine[]): Generator<Ended> {
  let open: Quote;
  for (const line of lines) {
    open = openQuote(line.text, open);
    yield { line, isOpen: open !== undefined };
  }
}

/** Beside quotes, XML has line breaks between elements and in the query; any other is one of wrapping. */
function* xmlLines(lines: readonly SourceLine[]): Generator<Ended> {
  let inside: 'query' | 'text' | undefined;
  let open: Quote;
  for (const line of lines) {
    const { text } = line;
    if (inside === 'query' && !text.includes('</Query-')) continue;
    const isInText = inside === 'text' && !text.includes('<');
    if (inside === undefined && !/^\s*(?:<|$)/.test(text)) throw brokenTag(line, 0);
    const end = text.lastIndexOf('>') + 1;
    const tail = isInText ? text : text.slice(end);
    open = openQuote(tail, isInText ? open : undefined);
    const isQuery = !isInText && /<Query-[\w-]+>$/.test(text.slice(Math.max(0, end - 40), end));
    inside = isQuery ? 'query' : isInText || tail.trim() !== '' ? 'text' : undefined;
    if (inside === 'text' && open === undefined) throw brokenTag(line, text.length);
    yield { line, isOpen: inside === 'text' };
  }
}

function brokenTag(line: SourceLine, index: number) {
  return refusal('a tag: EXPLAIN does not break the line here', line, { index, hint: UNWRAPPED_HINT });
}
