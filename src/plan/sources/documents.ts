import type { PlanGuardError } from '../../errors.js';
import { openQuote } from '../text-lines.js';
import type { Capture, PlanBlock } from './block.js';
import { indentOf, isBlank, refusal, type SourceLine, TEXT_END, UNWRAPPED_HINT } from './lines.js';
import { joinUnframed } from './rows.js';

const END = '</explain>';

/** An XML document, as it is or with psql's marks at the ends of its lines. */
export class XmlCapture implements Capture {
  readonly #lines: SourceLine[] = [];
  #ended = false;

  take(line: SourceLine): 'more' | 'last' {
    const end = line.text.indexOf(END);
    this.#ended = end >= 0;
    this.#lines.push(this.#ended ? { ...line, text: line.text.slice(0, end + END.length) } : line);
    return this.#ended ? 'last' : 'more';
  }

  close(): PlanBlock {
    if (!this.#ended) {
      throw refusal(`${END} below this`, this.#lines[0] as SourceLine, TEXT_END);
    }
    const { lines } = joinUnframed(this.#lines, false);
    refuseWrapped(lines);
    return { kind: 'plan', format: 'xml', lines, facts: {} };
  }
}

/**
 * EXPLAIN's XML has line breaks between elements, in the query, and in quotes. Elsewhere it was wrapped: psql's line
 * style old-ascii has no marks that would show it.
 * @throws {PlanGuardError} `plan` at the first such line
 */
function refuseWrapped(lines: readonly SourceLine[]): void {
  let inside: 'query' | 'text' | undefined;
  let open: "'" | '"' | undefined;
  for (const line of lines) {
    const { text } = line;
    const start = text.trimStart();
    if (inside === 'query' && !text.includes('</Query-')) continue;
    if (inside === undefined && start !== '' && !start.startsWith('<')) throw wrapped(line, 0);
    const isInText = inside === 'text' && !text.includes('<');
    const end = text.lastIndexOf('>') + 1;
    const tail = isInText ? text : text.slice(end);
    open = openQuote(tail, isInText ? open : undefined);
    const isQuery = !isInText && /<Query-[\w-]+>$/.test(text.slice(Math.max(0, end - 40), end));
    inside = isQuery ? 'query' : isInText || tail.trim() !== '' ? 'text' : undefined;
    if (inside === 'text' && open === undefined) throw wrapped(line, text.length);
  }
}

function wrapped(line: SourceLine, index: number): PlanGuardError {
  return refusal('a tag: EXPLAIN does not break the line here', line, { index, hint: UNWRAPPED_HINT });
}

/** A YAML document: a list's element, auto_explain's mapping, or either with psql's marks at the ends of its lines. */
export class YamlCapture implements Capture {
  readonly #lines: SourceLine[] = [];
  readonly #isMapping: boolean;
  #indent = 0;
  #marks = false;
  #ended = false;

  constructor(isMapping = false) {
    this.#isMapping = isMapping;
  }

  take(line: SourceLine): 'more' | 'last' | 'none' {
    const marked = /[+↵.…]$/.test(line.text.slice(-200).trimEnd());
    if (this.#lines.length === 0) {
      this.#indent = indentOf(line.text);
      this.#marks = marked;
    } else if (this.#marks) {
      this.#ended = !marked;
    } else {
      const indent = indentOf(line.text);
      const isKey = this.#isMapping && indent === this.#indent && /^[A-Z][\w ]*:/.test(line.text.trimStart());
      if (isBlank(line.text) || (indent <= this.#indent && !isKey)) return 'none';
    }
    this.#lines.push(line);
    return this.#ended ? 'last' : 'more';
  }

  close(): PlanBlock {
    const last = this.#lines.at(-1) as SourceLine;
    if (this.#marks && !this.#ended) {
      throw refusal('more lines, as the mark at the end of this one says', last, TEXT_END);
    }
    return { kind: 'plan', format: 'yaml', lines: joinUnframed(this.#lines, false).lines, facts: {} };
  }
}
