import type { Capture, ContentBlock, Footer } from './block.js';
import { refusal, type SourceLine, TEXT_END, withText } from './lines.js';
import { checkFooter } from './rows.js';
import { beginsPlan, footerRows, openingOf } from './words.js';

const CELL = '<td align="left">';

/** Whether a line is the header of an HTML table that psql made of a plan, or the first row of one without a header. */
export function isHtmlOpening(text: string): boolean {
  if (/<th[^<>]*>QUERY PLAN<\/th>/.test(text)) return true;
  const start = text.trimStart();
  return start.startsWith(CELL) && beginsPlan(cellOf(start.slice(CELL.length)).text, false);
}

/** A cell of which this may be the first line, and whether it ends there. */
function cellOf(text: string): { readonly text: string; readonly ends: boolean } {
  const end = text.indexOf('</td>');
  const printed = (end < 0 ? text : text.slice(0, end)).replace(/<br ?\/?>$/, '');
  return { text: printed === BLANK ? '' : decodeEntities(printed), ends: end >= 0 };
}

/** What psql writes into a cell that holds nothing but blanks. */
const BLANK = '&nbsp; ';

const END = '</table>';

/** psql's format html, expanded or not, from its header to the end of the table. */
export class HtmlCapture implements Capture {
  readonly #lines: SourceLine[] = [];
  #ended = false;
  #footer: Footer | undefined;

  take(line: SourceLine, next: SourceLine | undefined): 'more' | 'last' {
    if (this.#ended) {
      this.#footer = { rows: footerOf(line) as number, at: withText(line, line.text.replace(FOOTER, '$1')) };
      return 'last';
    }
    this.#lines.push(line);
    this.#ended = line.text.includes(END);
    return this.#ended && footerOf(next) === undefined ? 'last' : 'more';
  }

  close(): ContentBlock {
    const first = this.#lines[0] as SourceLine;
    if (!this.#ended) throw refusal(`${END} below this`, first, TEXT_END);
    const lines: SourceLine[] = [];
    let inCell = false;
    for (const { text, line } of this.#lines) {
      const opening = inCell ? 0 : text.indexOf(CELL);
      if (opening < 0) continue;
      const cell = cellOf(text.slice(inCell ? 0 : opening + CELL.length));
      inCell = !cell.ends;
      lines.push({ text: cell.text, line, column: undefined });
    }
    const isText = openingOf(lines[0]?.text ?? '') === undefined;
    checkFooter({ lines, count: isText ? lines.length : undefined, hasMarks: false }, this.#footer);
    if (lines.length === 0) throw refusal('the rows of a plan below this', first, TEXT_END);
    return { kind: 'content', lines, facts: {} };
  }
}

const FOOTER = /^<p>(\(.*\))<br ?\/?>$/;

/** The number of rows that a line below the table tells. */
function footerOf(line: SourceLine | undefined): number | undefined {
  const text = FOOTER.exec(line?.text ?? '')?.[1];
  return text === undefined ? undefined : footerRows(text);
}

const ENTITIES: Readonly<Record<string, string>> = { nbsp: ' ', quot: '"', lt: '<', gt: '>', amp: '&' };

/** The entities that psql writes (`html_escaped_print` in print.c). */
function decodeEntities(text: string): string {
  return text.replaceAll(/&(nbsp|quot|lt|gt|amp);/g, (_, name: string) => ENTITIES[name] as string);
}
