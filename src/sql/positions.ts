/**
 * Line and column of an offset in UTF-16 code units, as JavaScript's strings count. Both are 1-based; a column counts
 * Unicode code points, so that an emoji and a tab are one each. `\n`, `\r\n` and a lone `\r` end a line. An offset beyond
 * the text stands for its end.
 */
export function lineColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, Math.max(0, offset));
  const cut = before.endsWith('\r') && text[before.length] === '\n' ? before.slice(0, -1) : before;
  let line = 1;
  let start = 0;
  for (const end of cut.matchAll(/\r\n?|\n/g)) {
    line++;
    start = end.index + end[0].length;
  }
  let column = cut === before ? 1 : 2;
  for (const _ of cut.slice(start)) column++;
  return { line, column };
}
