import type { NodeChange, PlanDiff } from '../diff/model.js';
import type { Access, PlanNode } from '../plan/model.js';
import type { Estimates } from '../report/model.js';
import { some } from './some.js';

/** How a table is reached, in a few words: `bounded by orders_pkey`, `whole table (Parallel Seq Scan)`. */
export function accessWords({ kind, how, node, indexes }: Access): string {
  const by = indexes.join(' and ');
  switch (kind) {
    case 'bounded':
      return by === '' ? `bounded (${node})` : `bounded by ${by}`;
    case 'partly-bounded':
      // Only a plan that nobody knows the index of says this.
      if (how === 'index-condition' || how === 'bitmap') return `through ${by}, which is gone`;
      return by === '' ? `partly bounded (${node})` : `partly bounded by ${by}`;
    case 'whole-index':
      return `all of ${by} (${node})`;
    case 'whole-table':
      return `whole table (${node})`;
    case 'opaque':
      return `out of sight (${node})`;
  }
}

/** What became of a plan in one sentence: the access that got worse the most, else the nodes that differ. */
export function changeWords(diff: PlanDiff): string {
  const [access] = diff.accesses;
  if (access !== undefined) {
    const { before, after } = access;
    const { table = '', alias = '' } = after ?? before ?? {};
    const name = alias === '' || alias === table ? table : `${table} ${alias}`;
    const more = diff.accesses.length - 1;
    const others = more > 0 ? `; ${more} more ${more === 1 ? 'access' : 'accesses'} changed` : '';
    const [was, is] = [before ? accessWords(before) : 'not read', after ? accessWords(after) : 'not read'];
    if (was !== is) return `${name}: ${was} → ${is}${others}.`;
    const [node, nodeNow] = [` (${before?.node})`, ` (${after?.node})`];
    if (node !== nodeNow) return `${name}: ${was}${node} → ${is}${nodeNow}${others}.`;
    return `${name}: ${was} as before${conditionWords(before, after)}${others}.`;
  }
  const [changed, ...others] = diff.nodes.filter(({ change, fields }) => change === 'changed' && fields.length > 0);
  const names = (wanted: NodeChange) => {
    const nodes = diff.nodes.filter(({ change }) => change === wanted);
    return [...new Set(nodes.map(({ before, after }) => nameOf(after ?? before)))];
  };
  const [added, removed, moved] = [names('added'), names('removed'), names('moved')];
  const parts = [
    ...(removed.length > 0 && added.length > 0 ? [`${some(removed)} → ${some(added)}`] : []),
    ...(removed.length > 0 && added.length === 0 ? [`without ${some(removed)}`] : []),
    ...(removed.length === 0 && added.length > 0 ? [`with ${some(added)}`] : []),
    ...(moved.length > 0 ? [`${some(moved)} moved`] : []),
  ];
  if (parts.length > 0)
    return `The tables are reached as before, the plan around them is another: ${parts.join('; ')}.`;
  const [field] = changed?.fields ?? [];
  if (field === undefined) return 'The plan is another one.';
  const what = `${nameOf(changed?.after)}: ${field.field} ${field.before ?? 'none'} → ${field.after ?? 'none'}`;
  return `${what}${andMore(others.length + (changed?.fields.length ?? 1) - 1)}.`;
}

/** The conditions that bound an access, where they are others. */
function conditionWords(before: Access | undefined, after: Access | undefined): string {
  const [was, is] = [before, after].map((access) => access?.indexConditions.join(' AND ') ?? '');
  return was === is ? ', in another way' : `, but for ${was || 'no condition'} → ${is || 'no condition'}`;
}

const andMore = (count: number) => (count === 0 ? '' : ` (and ${count} more)`);

function nameOf(node: PlanNode | undefined): string {
  if (node === undefined) return '';
  return node.relation === undefined ? node.nodeType : `${node.nodeType} on ${node.relation.name}`;
}

/** `The plan has the approved shape and is dearer: cost ~40 → 12,076 (× 302), rows ~7 → 100,003 (× 14,286).` */
export function dearerWords(before: Estimates, now: Estimates): string {
  return `The plan has the approved shape and is dearer: ${numbers(before, now, (less, more) => more > less)}.`;
}

/** `cost ~40 → 3 (× 0.08).`; empty where neither number differs. */
export function growthWords(before: Estimates, now: Estimates): string {
  const words = numbers(before, now, (one, other) => one !== other);
  return words === '' ? '' : `${words}.`;
}

function numbers(before: Estimates, now: Estimates, isTold: (before: number, now: number) => boolean): string {
  const parts = (['cost', 'rows'] as const).flatMap((name) => {
    const [was, is] = [before[name], now[name]];
    if (was === undefined || is === undefined || !isTold(was, is)) return [];
    return `${name} ~${rounded(was)} → ${rounded(is)}${was > 0 ? ` (× ${rounded(is / was)})` : ''}`;
  });
  return parts.join(', ');
}

function rounded(number: number): string {
  return number.toLocaleString('en-US', number < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 });
}
