import type { Footer } from './block.js';
import { indentOf, refusal, type SourceLine, UNWRAPPED_HINT, withText } from './lines.js';

/**
 * One printed line of a psql cell. `left` is what stands in the column before the cell, where a continued line has its
 * mark; a mark at the end of the cell is still in the text.
 */
export interface Cell {
  readonly line: SourceLine;
  readonly left: string;
  /** How it goes on from the line before, where the frame tells: a new row, a line break in the row, or a wrapped line. */
  readonly from?: Joint;
}

export interface Rows {
  readonly lines: readonly SourceLine[];
  /** Undefined where the line style does not show which lines are one row. */
  readonly count: number | undefined;
  /** The line breaks within rows have marks, and so would have wrapped lines. */
  readonly hasMarks: boolean;
}

export interface Layout {
  readonly isText: boolean;
  /** Of the cells; without it, a cell that has no column before it is not wrapped. */
  readonly width?: number | undefined;
  /** The cells are filled up with blanks; without it, they are where they have marks. */
  readonly isFilled?: boolean;
}

/**
 * Puts the printed lines of psql's cells together again. A line that goes on has a mark at its end, and a wrapped one
 * the same mark before its next part: `+` and `.`, or `↵` and `…` (`pg_asciiformat`, `pg_utf8format` in psql's print.c).
 * The style old-ascii has no marks at the end.
 * @throws {PlanGuardError} `plan` where the rest of a wrapped line is missing, or begins with a wide character, which may
 *   have left a column empty
 */
export function joinRows(cells: readonly Cell[], { isText, width, isFilled }: Layout): Rows {
  const limit = width === undefined ? 0 : width + 1;
  const broken = !isText && BREAK.test(firstLine(cells, limit));
  const filled = isFilled ?? broken;
  const lines: SourceLine[] = [];
  let count = 0;
  let after: Joint = 'row';
  cells.forEach((cell, index) => {
    const next = cells[index + 1];
    const from = cell.from === 'row' || after === 'row' ? unmarked(cell, isText) : after;
    const whole = cell.line.text.trimEnd();
    if (next !== undefined && isWrapped(cell, next, limit)) after = 'wrap';
    else after = broken && BREAK.test(whole) ? 'newline' : 'row';
    const goesOn = after === 'wrap' || (next !== undefined && next.from !== 'row' && unmarked(next, isText) === 'wrap');
    const bare = after === 'row' ? cell.line.text : whole.slice(0, -1);
    const text = filled && !goesOn ? bare.trimEnd() : bare;
    const last = lines.at(-1);
    if (from === 'wrap' && last?.text.endsWith(' ') && WIDE.test(text.slice(0, 2))) {
      throw refusal('a line that is not wrapped before a wide character', cell.line, { hint: UNWRAPPED_HINT });
    }
    if (from === 'wrap' && last !== undefined) lines[lines.length - 1] = withText(last, last.text + text);
    else lines.push(withText(cell.line, text));
    if (from === 'row') count += 1;
  });
  const isCounted = isText || broken || cells.some(({ from }) => from !== undefined);
  return { lines, count: isCounted ? count : undefined, hasMarks: broken };
}

const BREAK = /[+↵]$/;

type Joint = 'row' | 'newline' | 'wrap';

/** @throws {PlanGuardError} `plan` where psql counted other rows than there are: a part of the plan is missing */
export function checkFooter(rows: Rows, footer: Footer | undefined): void {
  if (footer === undefined || rows.count === undefined || rows.count === footer.rows) return;
  const found = `${rows.count} ${rows.count === 1 ? 'row' : 'rows'} above it`;
  const hint = `Give the whole plan. ${UNWRAPPED_HINT}`;
  throw refusal(`as many rows as ${footer.at.text.trim()} says`, footer.at, { found, hint });
}

/** EXPLAIN's text has no line breaks within a row, so what goes on there was wrapped. */
function unmarked({ from }: Cell, isText: boolean): Joint {
  return from === 'newline' && isText ? 'wrap' : (from ?? 'row');
}

/** The lines of a plan that stands as psql prints it, but without a frame (tuples only) or without psql at all. */
export function joinUnframed(lines: readonly SourceLine[], isText: boolean): Rows {
  const pad = indentOf(lines[0]?.text ?? '');
  const cells = lines.map((line) => indentedCell(line, pad));
  if (isText) return joinRows(cells, { isText });
  return joinRows(cells, { isText, width: markedWidth(cells), ...(areFilled(cells) ? { isFilled: true } : {}) });
}

/** The cell behind an indentation of psql's or of a paste; less of it where the line has less. */
export function indentedCell(line: SourceLine, pad: number): Cell {
  const indent = indentOf(line.text);
  const isMarked = indent === pad - 1 && /[.…]/.test(line.text[indent] ?? '');
  return indent >= pad || isMarked ? cellAt(line, pad) : { ...cellAt(line, indent), left: '' };
}

/** The cell that begins at a column of the line. */
export function cellAt(line: SourceLine, pad: number): Cell {
  const column = line.column === undefined ? undefined : line.column + pad;
  return { line: { ...line, text: line.text.slice(pad), column }, left: pad === 0 ? '' : (line.text[pad - 1] ?? ' ') };
}

function isWrapped({ line }: Cell, next: Cell, limit: number): boolean {
  const text = line.text.trimEnd();
  const mark = text.at(-1);
  if (mark !== '.' && mark !== '…') return false;
  if (next.left !== '' && next.left !== mark && displayWidth(text) === limit) {
    throw refusal(`the rest of the line above, behind a "${mark}"`, next.line);
  }
  return next.left === '' ? displayWidth(text) === limit : next.left === mark;
}

/** The first line of the first row, as far as its end. */
function firstLine(cells: readonly Cell[], limit: number): string {
  const end = cells.findIndex((cell, index) => {
    const next = cells[index + 1];
    return next === undefined || !isWrapped(cell, next, limit);
  });
  return (cells[end]?.line.text ?? '').trimEnd();
}

/** Whether all lines but the last were made equally long, as psql does where a cell has several. */
function areFilled(cells: readonly Cell[]): boolean {
  const [first, ...others] = cells.slice(0, -1).map(({ line }) => line.text);
  if (first === undefined || others.length < 2) return false;
  const width = displayWidth(first);
  return first.endsWith(' ') && others.every((text) => displayWidth(text) === width);
}

/** The width of cells that are not in a frame, where marks at their ends show it. */
function markedWidth(cells: readonly Cell[]): number | undefined {
  const widths = cells.map(({ line }) =>
    /[+↵.…]\s*$/.test(line.text.slice(-200)) ? displayWidth(line.text.trimEnd()) : 0,
  );
  const widest = widths.reduce((most, width) => Math.max(most, width), 0);
  const isMarked = cells.some(({ line }, index) => widths[index] === widest && BREAK.test(line.text.trimEnd()));
  return isMarked ? widest - 1 : undefined;
}

const WIDE =
  /^[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;

/** The length of the longest line, in columns of a terminal. */
export function widestOf(lines: readonly SourceLine[]): number {
  return lines.reduce((widest, { text }) => Math.max(widest, displayWidth(text.trimEnd())), 0);
}

/** How many columns of a terminal a text takes, as psql counts them: wide characters two, combining ones none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) if (!/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) width += WIDE.test(character) ? 2 : 1;
  return width;
}
