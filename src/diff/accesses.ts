import { ACCESS_RANK } from '../plan/accesses.js';
import type { Access } from '../plan/model.js';
import type { AccessChange, AlignedNode } from './model.js';

/** Two costs nearer to each other than this ratio are no difference: the planner's own fuzz is 1 %. */
const SAME_COST = 1.01;

/**
 * Accesses that read differently, came or went; the worst first. An occurrence of a table is that of the scan that the
 * scan was matched with, so that self-joins and partitions are told apart; what no scan reads (functions, triggers) goes
 * by its name.
 */
export function accessChanges(
  before: readonly Access[],
  after: readonly Access[],
  nodes: readonly AlignedNode[],
): AccessChange[] {
  const twins = new Map(
    nodes.flatMap((node) => (node.before && node.after ? [[node.before.path, node] as const] : [])),
  );
  const otherConditions = changedConditions(nodes);
  const free = bucket(after, ({ path, how, schema, table }) => key(path, isNamed(how) ? [how, schema, table] : table));
  const pairs: [Access | undefined, Access | undefined][] = [];
  const left: Access[] = [];
  for (const access of before) {
    const { path, how, schema, table } = access;
    const twin = twins.get(path)?.after?.path;
    const other = free.get(key(twin, isNamed(how) ? [how, schema, table] : table))?.shift();
    if (other === undefined) left.push(access);
    else pairs.push([access, other]);
  }
  const byName = bucket([...free.values()].flat(), nameOf);
  for (const access of left) pairs.push([access, byName.get(nameOf(access))?.shift()]);
  for (const access of [...byName.values()].flat()) pairs.push([undefined, access]);
  return pairs
    .filter(([one, other]) => one === undefined || other === undefined || isOther(one, other, otherConditions))
    .map(([one, other]): AccessChange => ({ before: one, after: other, direction: directionOf(one, other) }))
    .sort(worstFirst);
}

/** Functions and triggers hang on a node that may call several. */
function isNamed(how: Access['how']): boolean {
  return how === 'function' || how === 'trigger';
}

function nameOf({ schema, table, alias, how }: Access): string {
  return key(schema, table, alias, isNamed(how));
}

function key(...parts: readonly unknown[]): string {
  return JSON.stringify(parts.map((part) => part ?? null));
}

function bucket<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const buckets = new Map<string, T[]>();
  for (const item of items) {
    const held = buckets.get(keyOf(item));
    if (held === undefined) buckets.set(keyOf(item), [item]);
    else held.push(item);
  }
  return buckets;
}

/** Whether the table is reached in another way. A filter that changed alone reads the same rows. */
function isOther(before: Access, after: Access, otherConditions: ReadonlySet<string>): boolean {
  if (before.node !== after.node || before.indexes.join('\n') !== after.indexes.join('\n')) return true;
  if (otherConditions.has(after.path)) return true;
  if (isUnproven(before) || isUnproven(after)) return false;
  return before.kind !== after.kind || before.how !== after.how;
}

/** Paths of the scans of after that are served by other conditions than before. */
function changedConditions(nodes: readonly AlignedNode[]): Set<string> {
  const after = new Map(nodes.flatMap(({ after: node }) => (node === undefined ? [] : [[node.path, node.nodeType]])));
  const scans = new Set<string>();
  for (const { fields, after: node } of nodes) {
    if (!fields.some(({ field }) => field === 'Index Cond' || field === 'TID Cond')) continue;
    let path = node?.path ?? '';
    while (isBitmap(after.get(path))) path = path.slice(0, path.lastIndexOf('.'));
    scans.add(path);
  }
  return scans;
}

function isBitmap(nodeType: string | undefined): boolean {
  return nodeType === 'Bitmap Index Scan' || nodeType === 'BitmapAnd' || nodeType === 'BitmapOr';
}

/** Read without a catalog: an index condition that may bound or not. */
function isUnproven({ kind, how }: Access): boolean {
  return kind === 'partly-bounded' && (how === 'index-condition' || how === 'bitmap');
}

/** What is not proven to be bounded is not worse than what is. */
function rankOf(access: Access, other: Access | undefined): number {
  const isOpen = isUnproven(access) || (other !== undefined && isUnproven(other));
  return isOpen && access.kind === 'bounded' ? ACCESS_RANK['partly-bounded'] : ACCESS_RANK[access.kind];
}

function directionOf(before: Access | undefined, after: Access | undefined): AccessChange['direction'] {
  if (before === undefined || after === undefined) {
    const whole = ACCESS_RANK[(before ?? after)?.kind ?? 'bounded'] >= ACCESS_RANK['whole-index'];
    if (!whole) return 'other';
    return before === undefined ? 'worse' : 'better';
  }
  const [was, is] = [rankOf(before, after), rankOf(after, before)];
  if (was !== is) return is > was ? 'worse' : 'better';
  if (is >= ACCESS_RANK['whole-table']) return 'other';
  // By other conditions it may run another number of times: its cost is that of one.
  if (before.node === after.node && before.indexes.join('\n') === after.indexes.join('\n')) return 'other';
  for (const name of ['cost', 'rows'] as const) {
    const [old, now] = [before[name], after[name]];
    if (old === undefined || now === undefined) continue;
    if (now > old * SAME_COST) return 'worse';
    if (old > now * SAME_COST) return 'better';
  }
  return 'other';
}

const DIRECTIONS = ['worse', 'other', 'better'] satisfies AccessChange['direction'][];

function worstFirst(a: AccessChange, b: AccessChange): number {
  const direction = DIRECTIONS.indexOf(a.direction) - DIRECTIONS.indexOf(b.direction);
  if (direction !== 0) return direction;
  const kind = (one: AccessChange) => ACCESS_RANK[(one.after ?? one.before)?.kind ?? 'bounded'];
  const growth = (one: AccessChange) => (one.after?.cost ?? 0) - (one.before?.cost ?? 0);
  const place = (one: AccessChange) => (one.after ?? one.before)?.path ?? '';
  return kind(b) - kind(a) || growth(b) - growth(a) || place(a).localeCompare(place(b), 'en', { numeric: true });
}
