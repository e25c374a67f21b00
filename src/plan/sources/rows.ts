import { indentOf, type SourceLine, withText } from './lines.js';

/**
 * One printed line of a psql cell. `left` is what stands in the column before the cell, where a continued line has its
 * mark; a mark at the end of the cell is still in the text.
 */
export interface Cell {
  readonly line: SourceLine;
  readonly left: string;
  /** How it goes on from the line before, where the frame tells: a new row, a line break in the row, or a wrapped line. */
  readonly from?: 'row' | 'newline' | 'wrap';
}

export interface Rows {
  readonly lines: readonly SourceLine[];
  /** Undefined where the line style does not show which lines are one row. */
  readonly count: number | undefined;
}

/**
 * Puts the printed lines of psql's cells together again. A line that goes on has a mark at its end, and a wrapped one
 * the same mark before its next part: `+` and `.`, or `↵` and `…` (`pg_asciiformat`, `pg_utf8format` in psql's print.c).
 * The style old-ascii has no marks at the end.
 * @param width of the cells, where the frame shows it; without it, a cell that has no column before it is not wrapped
 */
export function joinRows(cells: readonly Cell[], isText: boolean, width?: number): Rows {
  const limit = width === undefined ? 0 : width + 1;
  const broken = !isText && /[+↵]$/.test(firstLine(cells, limit));
  const lines: SourceLine[] = [];
  let count = 0;
  let after: 'row' | 'newline' | 'wrap' = 'row';
  cells.forEach((cell, index) => {
    const next = cells[index + 1];
    const from = cell.from === 'row' || after === 'row' ? unmarked(cell, isText) : after;
    const wraps = next !== undefined && isWrapped(cell, next, limit);
    const breaks = !wraps && broken && /[+↵]$/.test(cell.line.text.trimEnd());
    after = wraps ? 'wrap' : breaks ? 'newline' : 'row';
    const text = wraps || breaks ? cell.line.text.trimEnd().slice(0, -1) : cell.line.text;
    const last = lines.at(-1);
    if (from === 'wrap' && last !== undefined) lines[lines.length - 1] = withText(last, last.text + text);
    else lines.push(withText(cell.line, text));
    if (from === 'row') count += 1;
  });
  const marked = isText || broken || cells.some(({ from }) => from !== undefined);
  return { lines, count: marked ? count : undefined };
}

/** EXPLAIN's text has no line breaks within a row, so what goes on there was wrapped. */
function unmarked({ from }: Cell, isText: boolean): 'row' | 'newline' | 'wrap' {
  return from === 'newline' && isText ? 'wrap' : (from ?? 'row');
}

/** The lines of a plan that stands as psql prints it, but without a frame (tuples only) or without psql at all. */
export function joinUnframed(lines: readonly SourceLine[], isText: boolean): Rows {
  const pad = indentOf(lines[0]?.text ?? '');
  return joinRows(
    lines.map((line) => indentedCell(line, pad)),
    isText,
  );
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

const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;

/** How many columns of a terminal a text takes, as psql counts them: wide characters two, combining ones none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) if (!/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) width += WIDE.test(character) ? 2 : 1;
  return width;
}
