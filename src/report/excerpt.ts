import { sourceLine } from './escape.js';
import type { Finding, StatementReport } from './model.js';
import { columns, slice } from './text.js';

/** A line of an SQL excerpt. */
export interface ExcerptLine {
  /** Line number in the file or, for SQL that a call sent, in the statement; undefined under the line. */
  readonly number: number | undefined;
  readonly text: string;
  readonly kind: 'context' | 'at-fault' | 'carets' | 'elided';
}

interface Source {
  readonly text: string;
  /** Number of the text's first line. */
  readonly first: number;
  readonly start: number | undefined;
  readonly end: number;
}

/** Lines before and after the condition, and at most how many of its own. */
const before = 2;
const after = 1;
const most = 6;

/**
 * The condition at fault where it stands, with carets below it. The file's own text is shown where it can be read
 * and holds the condition, else the statement as it was planned. Lines are clipped to the width around the carets.
 */
export function excerpt(
  statement: StatementReport,
  finding: Finding,
  width: number,
  options: { readonly source: string | undefined; readonly mark: string },
): ExcerptLine[] {
  const source = inFile(statement, finding, options.source) ?? inStatement(statement, finding);
  const lines = split(source.text);
  const at = (offset: number) => lines.findLastIndex((line) => line.start <= offset);
  const from = source.start === undefined ? 0 : at(source.start);
  const to = source.start === undefined ? -1 : at(Math.max(source.start, source.end - 1));
  const firstShown = Math.max(0, from - before);
  const lastAtFault = Math.min(to, from + most - 1);
  const lastShown = to < 0 ? Math.min(lines.length - 1, most - 1) : Math.min(lines.length - 1, lastAtFault + after);
  const shown = lines.slice(firstShown, lastShown + 1);
  const margin = Math.min(...shown.filter((line) => line.text.trim() !== '').map((line) => indentOf(line.text)));
  const gutter = String(source.first + lastShown).length;
  const room = Math.max(16, width - gutter - 5);

  const result: ExcerptLine[] = [];
  shown.forEach((line, offset) => {
    const index = firstShown + offset;
    const number = source.first + index;
    const display = sourceLine(line.text).slice(Number.isFinite(margin) ? margin : 0);
    if (source.start === undefined || index < from || index > lastAtFault) {
      result.push({ number, text: window(display, 0, room, options.mark).text, kind: 'context' });
      return;
    }
    const column = (position: number) =>
      Math.max(0, columns(sourceLine(line.text.slice(0, position))) - (Number.isFinite(margin) ? margin : 0));
    const left = Math.max(source.start - line.start, indentLength(line.text));
    const right = Math.max(left + 1, Math.min(source.end - line.start, line.text.trimEnd().length));
    const view = window(display, column(left), room, options.mark);
    const caretFrom = column(left) - view.shift;
    const caretTo = Math.min(column(right) - view.shift, columns(view.text));
    result.push({ number, text: view.text, kind: 'at-fault' });
    if (line.text.trim() !== '')
      result.push({
        number: undefined,
        text: ' '.repeat(caretFrom) + '^'.repeat(Math.max(1, caretTo - caretFrom)),
        kind: 'carets',
      });
    if (index === lastAtFault && to > lastAtFault) {
      const words = `${options.mark} ${to - lastAtFault} more line${to - lastAtFault === 1 ? '' : 's'} of it`;
      result.push({ number: undefined, text: words, kind: 'elided' });
    }
  });
  if (to < 0 && lastShown < lines.length - 1) {
    const words = `${options.mark} ${lines.length - 1 - lastShown} more lines`;
    result.push({ number: undefined, text: words, kind: 'elided' });
  }
  return result;
}

/** Columns that every line number of an excerpt takes. */
export function gutterWidth(lines: readonly ExcerptLine[]): number {
  return Math.max(...lines.map((line) => String(line.number ?? '').length));
}

function inStatement(statement: StatementReport, finding: Finding): Source {
  const condition = finding.cause?.condition;
  const first = statement.origin === 'file' ? statement.line : 1;
  const valid =
    condition !== undefined &&
    condition.start >= 0 &&
    condition.start < condition.end &&
    condition.end <= statement.text.length;
  return valid
    ? { text: statement.text, first, start: condition.start, end: condition.end }
    : { text: statement.text, first, start: undefined, end: 0 };
}

/** The condition in the file: it is sought where the finding points, `$1` standing for `:name` and `@name` too. */
function inFile(statement: StatementReport, finding: Finding, text: string | undefined): Source | undefined {
  const condition = finding.cause?.condition?.text;
  if (text === undefined || condition === undefined || statement.origin !== 'file') return undefined;
  const line = split(text)[finding.line - 1];
  if (line === undefined) return undefined;
  const start = line.start + finding.column - 1;
  const pattern = condition
    .split(/(\$\d+|\s+)/)
    .map((part) => {
      if (/^\s+$/.test(part)) return '\\s+';
      if (/^\$\d+$/.test(part)) return '(?:\\$\\d+|[:@](?:\\w+|"[^"]*"))';
      return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    })
    .join('');
  const sticky = new RegExp(pattern, 'uy');
  sticky.lastIndex = start;
  const match = sticky.exec(text);
  return match === null ? undefined : { text, first: 1, start, end: start + match[0].length };
}

interface SourceLine {
  readonly text: string;
  readonly start: number;
}

function split(text: string): SourceLine[] {
  const lines: SourceLine[] = [];
  let start = 0;
  for (const part of text.replace(/\n$/, '').split('\n')) {
    lines.push({ text: part.endsWith('\r') ? part.slice(0, -1) : part, start });
    start += part.length + 1;
  }
  return lines;
}

const indentLength = (text: string) => text.length - text.trimStart().length;
const indentOf = (text: string) => columns(sourceLine(text.slice(0, indentLength(text))));

/** The part of a line around a column that fits. */
function window(text: string, column: number, room: number, mark: string): { text: string; shift: number } {
  const total = columns(text);
  if (total <= room) return { text: text.trimEnd(), shift: 0 };
  const markWidth = columns(mark);
  const from = column < room * 0.6 ? 0 : Math.min(column - Math.floor(room / 4), total - room + markWidth);
  const lead = from === 0 ? '' : mark;
  const end = from + room - columns(lead);
  const tail = end < total ? mark : '';
  const body = slice(text, from, end - columns(tail));
  return { text: `${lead}${body}${tail}`.trimEnd(), shift: from - columns(lead) };
}
