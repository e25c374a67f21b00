/** What would break a line, or could not be seen in it: control and format characters, and all space but the blank. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}]|[^\S ]/u;
const TO_ESCAPE = /[\\\p{Cc}\p{Cf}\p{Cs}]|[^\S ]/gu;
const PRINTABLE = /^[ -[\]-~]*$/;
const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Writes a text so that it stands in one line and every character of it can be seen; `unescapeText` reads it back. */
export function escapeText(text: string): string {
  // Nearly every text is as it is: asking for that is far quicker.
  if (PRINTABLE.test(text)) return text;
  return text.replace(TO_ESCAPE, (character) => SHORT[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Reads what `escapeText` or `quoteText` wrote; the offset of an escape that neither writes, where there is one. */
export function unescapeText(text: string): string | { readonly wrongAt: number } {
  let wrongAt = -1;
  const read = text.replace(/\\(u\{([0-9a-f]{1,6})\}|.?)/gsu, (written, after: string, hex: string | undefined, at) => {
    if (hex !== undefined && Number.parseInt(hex, 16) <= 0x10ffff)
      return String.fromCodePoint(Number.parseInt(hex, 16));
    const short = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"' }[after];
    if (short === undefined && wrongAt < 0) wrongAt = at as number;
    return short ?? written;
  });
  return wrongAt < 0 ? read : { wrongAt };
}

/** A name as it stands between columns and in lists; in quotes where it would not be told apart from its surroundings. */
export function nameText(name: string): string {
  const isPlain = !UNSEEN.test(name) && !/^"|^-?$|^ | $| {2}|, |,$|^(cost|rows) ~/.test(name);
  return isPlain ? name : name === '' ? '-' : quoteText(name);
}

/** Text that takes the rest of its line. */
export function lineText(text: string): string {
  return UNSEEN.test(text) || /^"|^ | $|^$/.test(text) ? quoteText(text) : text;
}

function quoteText(text: string): string {
  return `"${escapeText(text).replaceAll('"', '\\"')}"`;
}

/** Orders names the same on every machine: numbers by value and before other names, which go by UTF-16 code units. */
export function compareNames(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => (/^\d{1,15}$/.test(name) ? Number(name) : Number.POSITIVE_INFINITY));
  if (x !== y) return (x as number) < (y as number) ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
