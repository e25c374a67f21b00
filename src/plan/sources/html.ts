import type { Capture, ContentBlock } from './block.js';
import { refusal, type SourceLine } from './lines.js';

/** Whether a line is the header of an HTML table that psql made of a plan. */
export function isHtmlHeader(text: string): boolean {
  return /<th[^<>]*>QUERY PLAN<\/th>/.test(text);
}

const END = '</table>';

/** psql's format html, expanded or not, from its header to the end of the table. */
export class HtmlCapture implements Capture {
  readonly #lines: SourceLine[] = [];
  #ended = false;

  take(line: SourceLine): 'more' | 'last' {
    this.#lines.push(line);
    this.#ended = line.text.includes(END);
    return this.#ended ? 'last' : 'more';
  }

  close(): ContentBlock {
    const first = this.#lines[0] as SourceLine;
    if (!this.#ended) throw refusal(`${END} was expected, the end of this table`, first);
    const lines: SourceLine[] = [];
    let inCell = false;
    for (const { text, line } of this.#lines) {
      const opening = inCell ? undefined : /<td align="left">/.exec(text);
      if (opening === null) continue;
      const start = opening === undefined ? 0 : opening.index + opening[0].length;
      const end = text.indexOf('</td>', start);
      inCell = end < 0;
      const cell = text.slice(start, inCell ? undefined : end).replace(/<br ?\/?>$/, '');
      lines.push({ text: decodeEntities(cell), line, column: undefined });
    }
    if (lines.length === 0) throw refusal('The rows of a plan were expected below QUERY PLAN', first);
    return { kind: 'content', lines, facts: {} };
  }
}

const ENTITIES: Readonly<Record<string, string>> = { nbsp: ' ', quot: '"', lt: '<', gt: '>', amp: '&' };

/** The entities that psql writes (`html_escaped_print` in print.c). */
function decodeEntities(text: string): string {
  return text.replaceAll(/&(nbsp|quot|lt|gt|amp);/g, (_, name: string) => ENTITIES[name] as string);
}
