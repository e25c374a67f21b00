import type { PlanGuardError } from '../../errors.js';
import { openQuote } from '../text-lines.js';
import type { Capture, PlanBlock } from './block.js';
import { indentOf, isBlank, refusal, type SourceLine } from './lines.js';
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
      throw refusal(`${END} was expected, the end of this XML`, this.#lines[0] as SourceLine, 0, CUT_HINT);
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
  return refusal(
    'A tag was expected: this line seems to be wrapped',
    line,
    index,
    'Use \\pset format aligned or unaligned.',
  );
}

const CUT_HINT = 'Copy the whole plan, from its first line to its last.';

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
      throw refusal('More lines were expected behind the mark at the end of this one', last, 0, CUT_HINT);
    }
    return { kind: 'plan', format: 'yaml', lines: joinUnframed(this.#lines, false).lines, facts: {} };
  }
}
