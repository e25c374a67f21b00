/** A run of text that both versions have, or one of them alone. */
export interface Run {
  readonly kind: 'same' | 'before' | 'after';
  readonly text: string;
}

/** Cells of the table that compares what differs; beyond it the differing middle is shown as replaced. */
const largest = 1_000_000;

/** Words, numbers, strings and casts are compared whole; everything else by character. */
const words = /\s+|'(?:[^']|'')*'|::[\w"]+|[\p{L}\p{N}_$."]+|./gsu;

/** The longest common subsequence of two texts by words, as runs in reading order: what went before what came. */
export function wordDiff(before: string, after: string): Run[] {
  if (before === after) return before === '' ? [] : [{ kind: 'same', text: before }];
  const left: readonly string[] = before.match(words) ?? [];
  const right: readonly string[] = after.match(words) ?? [];
  const shorter = Math.min(left.length, right.length);
  let head = 0;
  while (head < shorter && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < shorter - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail++;
  const middle = compare(left.slice(head, left.length - tail), right.slice(head, right.length - tail));
  return joined([
    { kind: 'same', text: left.slice(0, head).join('') },
    ...middle,
    { kind: 'same', text: tail === 0 ? '' : left.slice(-tail).join('') },
  ]);
}

function compare(left: readonly string[], right: readonly string[]): Run[] {
  const replaced: Run[] = [
    { kind: 'before', text: left.join('') },
    { kind: 'after', text: right.join('') },
  ];
  if (left.length === 0 || right.length === 0 || left.length * right.length > largest) return replaced;
  const width = right.length + 1;
  const common = new Uint32Array((left.length + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      common[row * width + column] =
        left[row] === right[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const runs: Run[] = [];
  let row = 0;
  let column = 0;
  while (row < left.length || column < right.length) {
    const [one, other] = [left[row], right[column]];
    if (one !== undefined && one === other) {
      runs.push({ kind: 'same', text: one });
      row++;
      column++;
    } else if (one !== undefined && (other === undefined || at(row + 1, column) >= at(row, column + 1))) {
      runs.push({ kind: 'before', text: one });
      row++;
    } else {
      runs.push({ kind: 'after', text: other ?? '' });
      column++;
    }
  }
  return runs;
}

/** Joins neighbours; white space alone between two changes is part of both. */
function joined(runs: readonly Run[]): Run[] {
  const result: Run[] = [];
  let gone = '';
  let come = '';
  const flush = () => {
    if (gone !== '') result.push({ kind: 'before', text: gone });
    if (come !== '') result.push({ kind: 'after', text: come });
    gone = '';
    come = '';
  };
  runs.forEach((run, index) => {
    if (run.text === '') return;
    if (run.kind === 'before') gone += run.text;
    else if (run.kind === 'after') come += run.text;
    else {
      const within = gone + come !== '' && runs[index + 1] !== undefined && /^\s+$/.test(run.text);
      const next = runs[index + 1];
      if (within && next !== undefined && next.kind !== 'same') {
        gone += run.text;
        come += run.text;
        return;
      }
      flush();
      const last = result.at(-1);
      if (last?.kind === 'same') result[result.length - 1] = { kind: 'same', text: last.text + run.text };
      else result.push(run);
    }
  });
  flush();
  return result;
}
