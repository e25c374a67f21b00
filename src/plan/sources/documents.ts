import type { Capture, PlanBlock } from './block.js';
import { indentOf, isBlank, refusal, type SourceLine, TEXT_END } from './lines.js';
import { joinUnframed } from './rows.js';
import { refuseWrapped } from './wrapping.js';

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
    refuseWrapped(lines, { format: 'xml' });
    return { kind: 'plan', format: 'xml', lines, facts: {} };
  }
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
