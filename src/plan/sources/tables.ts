import { openQuote } from '../text-lines.js';
import type { Capture, ContentBlock, Footer } from './block.js';
import { countQuotes } from './cells.js';
import { cutStart, indentOf, isBlank, refusal, type SourceLine, TEXT_END, trimEndOf, withText } from './lines.js';
import { type Cell, cellAt, checkFooter, indentedCell, joinRows, widestOf } from './rows.js';
import { BARS, beginsPlan, endsText, footerRows, isBelowNode, isPlainNode, isRule, openingOf } from './words.js';
import { refuseWrapped } from './wrapping.js';

const HEADER = 'QUERY PLAN';
const XML_END = '</explain>';

interface Frame {
  readonly left: boolean;
  readonly right: boolean;
}

/** The frame of a line that is the header `QUERY PLAN`, whatever stands around it. */
export function headerFrame(text: string): Frame | undefined {
  const start = text.trim();
  if (!start.includes(HEADER)) return undefined;
  const left = BARS.includes(start[0] as string);
  const right = BARS.includes(start.at(-1) as string);
  return start.slice(left ? 1 : 0, right ? -1 : undefined).trim() === HEADER ? { left, right } : undefined;
}

/** Whether a line is a row of a framed table that has no header (tuples only, border 2) and begins a plan. */
export function isFramedOpening(text: string, next: SourceLine | undefined): boolean {
  const row = unframed(text);
  if (row === undefined || next === undefined) return false;
  return beginsPlan(row, isBelowNode(unframed(next.text)?.slice(1) ?? ''));
}

function unframed(text: string): string | undefined {
  const row = text.trim();
  return row.length > 2 && BARS.includes(row[0] as string) && BARS.includes(row.at(-1) as string)
    ? row.slice(1, -1)
    : undefined;
}

/** A table of psql, aligned or wrapped; DBeaver's and Markdown's, which are made the same way. */
export class TableCapture implements Capture {
  readonly #frame: Frame;
  readonly #rows: SourceLine[] = [];
  /** The header and its rule, or the first row of a table without them. */
  readonly #head: SourceLine[] = [];
  #expected: 'header' | 'rule' | 'rows' | 'footer';
  #rule: string | undefined;
  #open: "'" | '"' | undefined;
  #footer: Footer | undefined;

  /** `frame` of the header, or undefined for a table without one, all of whose rows stand between bars. */
  constructor(frame: Frame | undefined) {
    this.#frame = frame ?? { left: true, right: true };
    this.#expected = frame === undefined ? 'rows' : 'header';
  }

  take(line: SourceLine, next: SourceLine | undefined): 'more' | 'last' | 'none' {
    const { text } = line;
    if (this.#head.length < (this.#expected === 'rows' ? 1 : 2)) this.#head.push(line);
    const rows = this.#isInString() ? undefined : footerRows(text);
    if (this.#expected === 'header') this.#expected = 'rule';
    else if (this.#expected === 'rule') {
      this.#rule = text.trim();
      this.#expected = 'rows';
    } else if (rows !== undefined) {
      this.#footer = { rows, at: line };
      return 'last';
    } else if (this.#expected === 'footer') return 'none';
    else return this.#takeRow(line, next);
    return 'more';
  }

  #takeRow(line: SourceLine, next: SourceLine | undefined): 'more' | 'none' {
    const { text } = line;
    const { left, right } = this.#frame;
    if ((left || right) && isRule(text) && !this.#isInString()) {
      this.#expected = 'footer';
      return 'more';
    }
    if (left && !BARS.includes(text.trimStart()[0] ?? ' ')) return 'none';
    if (!left && !this.#isInString()) {
      const isLast = next === undefined || isBlank(next.text) || footerRows(next.text) !== undefined;
      if (text === '' || (isBlank(text) && isLast) || endsText(text)) return 'none';
    }
    this.#rows.push(line);
    if (openingOf(this.#bare(this.#rows[0] as SourceLine).text) === undefined) {
      this.#open = openQuote(this.#bare(line).text, this.#open);
    }
    return 'more';
  }

  /** Strings may have any line in them; in XML that is not told from the rest, but where lines have marks the last has none. */
  #isInString(): boolean {
    if (this.#open !== undefined) return true;
    const [first] = this.#rows;
    if (first === undefined || openingOf(this.#bare(first).text) !== 'xml') return false;
    const last = this.#rows.at(-1) as SourceLine;
    return /[+↵.…]$/.test(trimEndOf(this.#bare(first).text, ' '))
      ? /[+↵.…]$/.test(trimEndOf(this.#bare(last).text, ' '))
      : !last.text.includes(XML_END);
  }

  /** How wide the cells are, whose margin and bars the rule has as well. */
  #widthOf(pad: number): number | undefined {
    if (this.#rule === undefined || this.#isOfOthers) return undefined;
    return this.#rule.length - (this.#frame.left ? 4 : pad === 0 ? 0 : 2);
  }

  /** Other programs than psql do not wrap: DBeaver has a bar at the right alone, Markdown has bars in its rule. */
  get #isOfOthers(): boolean {
    const { left, right } = this.#frame;
    return right && (!left || this.#rule?.startsWith('|') === true);
  }

  close(): ContentBlock {
    const cells = this.#rows.map((row) => this.#bare(row));
    const first = cells[0];
    if (first === undefined || isBlank(first.text)) {
      throw refusal('the rows of a plan below QUERY PLAN', this.#head[0] as SourceLine, TEXT_END);
    }
    const pad = indentOf(first.text);
    const format = openingOf(first.text) ?? 'text';
    const isText = format === 'text';
    const rows = joinRows(
      cells.map((cell) => indentedCell(cell, pad)),
      { isText, width: this.#widthOf(pad), isFilled: !isText },
    );
    checkFooter(rows, this.#footer);
    // Line styles of Unicode mark every line that goes on.
    const isUnicode = this.#head.some(({ text }) => /[│║─═]/.test(text));
    const isChecked = rows.hasMarks || isUnicode || this.#isOfOthers || (isText && this.#footer !== undefined);
    if (!isChecked) refuseWrapped(rows.lines, { format, limit: widestOf(cells) - 1 });
    return { kind: 'content', lines: rows.lines, facts: {} };
  }

  /** The line without its bars. */
  #bare(line: SourceLine): SourceLine {
    let bare = line;
    if (this.#frame.right) {
      const end = trimEndOf(bare.text, ' \t');
      if (BARS.includes(end.at(-1) ?? ' ')) bare = withText(bare, trimEndOf(end.slice(0, -1), ' '));
    }
    return this.#frame.left ? cutStart(bare, indentOf(bare.text) + 1) : bare;
  }
}

const LABEL = /^(?:\s*[|│║] )?QUERY PLAN(?: [|│║] | |[|,])/;
const RECORD = /^\s*(?:[+┌├╔╠╓╟╒╞]?[-─═]?\[ RECORD (\d+) \]|\* Record (\d+)\s*$)/;

/** Whether a line says which record of an expanded table follows. */
export function isRecord(text: string): boolean {
  return RECORD.test(text);
}

/** Whether a line is the first one of a plan in an expanded table (`\x`). */
export function isExpandedOpening(text: string): boolean {
  const label = LABEL.exec(text)?.[0];
  if (label === undefined) return false;
  const cell = text.slice(label.length);
  const bare = trimEndOf(cell.startsWith('"') ? cell.slice(1) : cell, `${BARS} \t`);
  if (!label.endsWith('N ')) return bare !== '';
  return beginsPlan(bare, true) || isPlainNode(trimEndOf(bare, '.… '));
}

/** An expanded table of psql: aligned, wrapped, unaligned or CSV. */
export class ExpandedCapture implements Capture {
  readonly #lines: SourceLine[] = [];
  #label = '';
  /** The number of the latest record. */
  #record: { readonly number: number; readonly at: SourceLine } | undefined;
  #quotes = 0;
  /** What is printed as it is may have any line in a string of XML. */
  #isInXml = false;

  take(line: SourceLine, next: SourceLine | undefined): 'more' | 'last' | 'none' {
    const { text } = line;
    const label = LABEL.exec(text)?.[0];
    if (this.#label === '') this.#label = label ?? '';
    const record = RECORD.exec(text);
    if (record !== null) {
      const number = Number(record[1] ?? record[2]);
      if (number > 1) this.#record = { number, at: line };
      return number > 1 ? 'more' : 'none';
    }
    if (this.#isRaw) {
      const inside = this.#quotes % 2 === 1 || this.#isInXml;
      if (label === undefined && !inside) {
        if (isBlank(text)) return next !== undefined && LABEL.test(next.text) ? 'more' : 'none';
        if (this.#label.endsWith(',') || endsText(text)) return 'none';
      }
      if (this.#label.endsWith(',')) this.#quotes += countQuotes(text);
      if (label !== undefined) this.#isInXml = openingOf(text.slice(label.length)) === 'xml';
      if (text.includes(XML_END)) this.#isInXml = false;
    } else if (label === undefined) {
      const framed = BARS.includes(this.#label.trimStart()[0] as string);
      const isContinued = isBlank(text.slice(framed ? 2 : 0, framed ? 12 : 10));
      if (isRule(text) && !isContinued) return framed && !/^\s*[+├╟╠╞]/.test(text) ? 'last' : 'more';
      if (isBlank(text) && text.length < HEADER.length) return 'none';
      if (isBlank(text) && next !== undefined && LABEL.test(next.text)) return 'more';
      if (!isContinued) return 'none';
    }
    this.#lines.push(line);
    return 'more';
  }

  /** Unaligned and CSV: what follows the label is printed as it is. */
  get #isRaw(): boolean {
    return /[^ ]$/.test(this.#label);
  }

  close(): ContentBlock {
    const start = this.#label.length;
    const rows = this.#lines.filter((line) => LABEL.test(line.text)).length;
    if (this.#record !== undefined && this.#record.number !== rows) {
      throw refusal(`record ${rows}, after as many`, this.#record.at);
    }
    if (this.#isRaw) {
      const lines = this.#lines.map((line) => (LABEL.test(line.text) ? cutStart(line, start) : line));
      return { kind: 'content', lines, facts: {} };
    }
    const framed = BARS.includes(this.#label.trimStart()[0] as string);
    const cells = this.#lines.map((line): Cell => {
      const cell = cellAt(framed ? withoutRightBar(line) : line, start);
      if (LABEL.test(line.text)) return { ...cell, from: 'row' };
      return { ...cell, from: line.text[start - 2] === ';' ? 'wrap' : 'newline' };
    });
    const format = openingOf(trimEndOf(cells[0]?.line.text ?? '', ' ')) ?? 'text';
    const isText = format === 'text';
    const { lines, hasMarks } = joinRows(cells, { isText, isFilled: framed || !isText });
    const isTold = isText || hasMarks || !this.#label.endsWith('N ');
    if (!isTold) refuseWrapped(lines, { format, limit: widestOf(cells.map(({ line }) => line)) - 1 });
    return { kind: 'content', lines, facts: {} };
  }
}

/** Without the bar at the right, and the column before it that is empty where it holds no mark. */
function withoutRightBar(line: SourceLine): SourceLine {
  const end = trimEndOf(line.text, ' \t');
  if (!BARS.includes(end.at(-1) ?? ' ')) return line;
  const cell = end.slice(0, -1);
  return withText(line, cell.endsWith(' ') ? cell.slice(0, -1) : cell);
}
