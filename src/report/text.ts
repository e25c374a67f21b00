const combining = /^[\p{Mn}\p{Me}]$/u;
/** East Asian wide and fullwidth ranges (UAX #11) and what terminals draw as emoji. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

function characterWidth(character: string): number {
  if (character <= '~') return 1;
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Columns that a terminal takes for a text without control characters. */
export function columns(text: string): number {
  let total = 0;
  for (const character of text) total += characterWidth(character);
  return total;
}

/** The part of a text that fits between two columns; a wide character that is cut is left out. */
export function slice(text: string, from: number, to: number): string {
  let at = 0;
  let part = '';
  for (const character of text) {
    const width = characterWidth(character);
    if (at >= from && at + width <= to) part += character;
    at += width;
    if (at >= to) break;
  }
  return part;
}

/** Pads on the right to a number of columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** Pads on the left to a number of columns. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - columns(text))) + text;
}

/** Spaces at which a line may break: not between a number and its unit, nor between a factor and its sign. */
const breaks = /(?<![\d×÷]) | (?<![×÷] )(?!(?:M|bn|T|kB|MB|GB|TB|PB|rows?|pages?|plans?|times|ms|s|%)(?![\w-]))/;

/** Breaks one line of text at spaces; a word that does not fit is cut, unless it is a path. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(breaks)) {
    const candidate = line === '' ? word : `${line} ${word}`;
    if (columns(candidate) <= room) {
      line = candidate;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    if (/^[^\s'"]+\/[^\s'"]+$/.test(word)) continue;
    while (columns(line) > room) {
      const head = slice(line, 0, Math.max(2, room));
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Cuts a text to a number of columns and says so with a mark at its end. */
export function clip(text: string, width: number, mark: string): string {
  return columns(text) <= width ? text : `${slice(text, 0, Math.max(0, width - columns(mark))).trimEnd()}${mark}`;
}

/** Cuts an ordered list of lines and ends the last one with a mark. */
export function clipLines(lines: readonly string[], count: number, width: number, mark: string): string[] {
  if (lines.length <= count) return [...lines];
  const kept = lines.slice(0, count);
  const last = kept.pop() ?? '';
  return [...kept, `${slice(last, 0, Math.max(0, width - columns(mark))).trimEnd()}${mark}`];
}

/** `1234567` as `1,234,567`; fractions are rounded away. */
export function integer(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1`, `plan` as `1 plan`; `2`, `plan` as `2 plans`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${integer(value)} ${value === 1 ? one : many}`;
}

const scales = [
  [1e12, ' T'],
  [1e9, ' bn'],
  [1e6, ' M'],
] as const;

/** Rows at a glance: exact below a million, then `2.0 M`, `3.1 bn`. */
export function rough(value: number): string {
  for (const [scale, unit] of scales) {
    if (value >= scale * 0.99995) return `${(value / scale).toFixed(value < scale * 99.95 ? 1 : 0)}${unit}`;
  }
  return integer(value);
}

/** A cost in the planner's units: two decimals while they matter. */
export function cost(value: number): string {
  if (value >= 1e12) return rough(value);
  return value < 999.995 ? value.toFixed(2) : integer(value);
}

/** Size of a number of 8 KiB pages: `1.2 GB` (binary multiples, as PostgreSQL's `pg_size_pretty` counts). */
export function pageSize(pages: number): string {
  let size = pages * 8;
  let unit = 'kB';
  for (const next of ['MB', 'GB', 'TB', 'PB']) {
    if (size < 1024) break;
    size /= 1024;
    unit = next;
  }
  return `${size < 10 && unit !== 'kB' ? size.toFixed(1) : integer(size)} ${unit}`;
}

/** A time at a glance, from milliseconds: `850 ms`, `1.4 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 995) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(Math.round(seconds) / 60)} min ${Math.round(seconds) % 60} s`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
