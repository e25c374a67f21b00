import type { Commit, Comparison, Since } from './diff-model.js';
import { inline } from './escape.js';
import { clip, count } from './text.js';

export interface SinceLine {
  readonly label: 'since' | 'approved';
  readonly text: string;
}

/** Lines that are told of comparisons that changed alike. */
const fullLines = 3;
/** Columns of a commit's subject. */
const fullSubject = 72;

/**
 * Since when comparisons that changed alike differ, or when the approved plans were approved. Where that is not the same
 * for all of them, each line begins with the queries that it is about.
 * @param mark ends what is cut
 */
export function sinceLines(comparisons: readonly Comparison[], mark = '…'): SinceLine[] {
  const found = new Map<string, { readonly since: Since; readonly names: Set<string> }>();
  for (const { since, case: key, name } of comparisons) {
    if (since === undefined) continue;
    const id = JSON.stringify(since);
    const one = found.get(id) ?? { since, names: new Set<string>() };
    found.set(id, one);
    one.names.add(key?.query ?? name);
  }
  const all = [...found.values()];
  const alone = all.length === 1 && comparisons.every(({ since }) => since !== undefined);
  const lines = all.slice(0, fullLines).map(({ since, names }): SinceLine => {
    const [shown, more] = [[...names].slice(0, fullLines).map(inline), names.size - fullLines];
    const whose = alone ? '' : `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}: `;
    return { label: since.kind === 'approved' ? 'approved' : 'since', text: `${whose}${sinceWords(since, mark)}` };
  });
  const [last] = lines.slice(-1);
  if (last === undefined || all.length <= fullLines) return lines;
  return [...lines, { ...last, text: `and ${all.length - fullLines} more` }];
}

function sinceWords({ kind, commits, more, uncommitted }: Since, mark: string): string {
  const named = commits.map((commit) => commitWords(commit, mark));
  if (kind === 'approved') return named[0] ?? 'not committed yet';
  const parts = [...named, ...(more > 0 ? [`and ${more} more`] : []), ...(uncommitted ? [WORKING_TREE] : [])];
  const all = commits.length + more;
  if (all === 0) return WORKING_TREE;
  if (all === 1) return parts.join('; or ');
  return `one of ${count(all, 'commit')}${uncommitted ? ' or the working tree' : ''}: ${parts.join('; ')}`;
}

const WORKING_TREE = 'the working tree, not committed';

/** `8f2c1d012, 2026-06-03: Profile shows collaborations` */
function commitWords({ hash, date, subject }: Commit, mark: string): string {
  const name = [hash.slice(0, 9), ...(date === undefined ? [] : [date])].join(', ');
  const words = clip(inline(subject), fullSubject, mark);
  return words === '' ? name : `${name}: ${words}`;
}
