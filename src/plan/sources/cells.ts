import type { Capture, ContentBlock } from './block.js';
import { cutStart, refusal, type SourceLine, TEXT_END, trimEndOf, withText } from './lines.js';
import { beginsPlan } from './words.js';

const QUOTE = '"';

/** Whether a line begins with a quoted cell that begins a plan: CSV, or pasted from pgAdmin or DBeaver. */
export function isQuotedOpening(text: string, definite: boolean): boolean {
  const cell = text.trimStart();
  return cell.startsWith(QUOTE) && beginsPlan(trimEndOf(cell.slice(1).replaceAll('""', '"'), '";,\t '), definite);
}

/** Whether a line is one quoted cell, with nothing behind it. */
export function isQuotedLine(text: string): boolean {
  const cell = text.trimStart();
  return cell.startsWith(QUOTE) && countQuotes(cell) % 2 === 0;
}

export function countQuotes(text: string): number {
  return text.split(QUOTE).length - 1;
}

/**
 * The cells of a CSV record, each as its lines. Quotes around a cell are taken away, those in it are single again.
 * @throws {PlanGuardError} `plan` where a quote does not end, or something else than a separator follows it
 */
export function cellsOf(record: readonly SourceLine[], separators: string): SourceLine[][] {
  const cells: SourceLine[][] = [];
  let index = 0;
  let line = record[0] as SourceLine;
  while (true) {
    if (!line.text.startsWith(QUOTE)) {
      const end = findAny(line.text, separators);
      cells.push([withText(line, line.text.slice(0, end))]);
      if (end === line.text.length) return cells;
      line = cutStart(line, end + 1);
      continue;
    }
    const opening = line;
    const cell: SourceLine[] = [];
    line = cutStart(line, 1);
    let end = closingQuote(line.text);
    while (end < 0) {
      cell.push({ ...line, text: line.text.replaceAll('""', '"'), doubled: true });
      index += 1;
      const next = record[index];
      if (next === undefined) throw refusal('the quote that ends this cell', opening, TEXT_END);
      line = next;
      end = closingQuote(line.text);
    }
    cell.push({ ...line, text: line.text.slice(0, end).replaceAll('""', '"'), doubled: true });
    cells.push(cell);
    line = cutStart(line, end + 1);
    const behind = trimEndOf(line.text, ' ');
    if (behind === '') return cells;
    if (!separators.includes(behind[0] as string)) {
      throw refusal("the line's end or a separator behind the quote", line);
    }
    line = cutStart(line, 1);
  }
}

/** Where the first quote stands that is not doubled; -1 where there is none. */
function closingQuote(text: string): number {
  for (let at = text.indexOf(QUOTE); at >= 0; at = text.indexOf(QUOTE, at + 2)) {
    if (text[at + 1] !== QUOTE) return at;
  }
  return -1;
}

function findAny(text: string, characters: string): number {
  for (let at = 0; at < text.length; at += 1) if (characters.includes(text[at] as string)) return at;
  return text.length;
}

/** A quoted line as what stands in it; any other line as it is. */
export function unquoteLine(line: SourceLine): SourceLine {
  const indent = line.text.length - line.text.trimStart().length;
  if (line.text[indent] !== QUOTE) return line;
  const [cell] = cellsOf([cutStart(line, indent)], ',;\t');
  return (cell as SourceLine[])[0] as SourceLine;
}

/** A plan in one quoted cell of several lines. */
export class CellCapture implements Capture {
  readonly #lines: SourceLine[] = [];
  #quotes = 0;

  take(line: SourceLine): 'more' | 'last' {
    this.#lines.push(this.#lines.length === 0 ? cutStart(line, line.text.length - line.text.trimStart().length) : line);
    this.#quotes += countQuotes(line.text);
    return this.#quotes % 2 === 0 ? 'last' : 'more';
  }

  close(): ContentBlock {
    return { kind: 'content', lines: cellsOf(this.#lines, ',;\t')[0] as SourceLine[], facts: {} };
  }
}
