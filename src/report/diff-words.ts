import type { AccessChange } from '../diff/model.js';
import { tokenize, withoutValues } from '../plan/expressions.js';
import type { Access, PlanNode } from '../plan/model.js';
import type { ReportContext } from './context.js';
import type { Comparison, DiffReport, InputName, PlanSide } from './diff-model.js';
import { inline } from './escape.js';
import { ratio } from './html/metrics.js';
import { cost, count, integer, listed } from './text.js';
import { tableName } from './words.js';

/** What reporters of diffs may know beside the report. */
export type DiffContext = Pick<ReportContext, 'color' | 'width' | 'unicode' | 'verbose'>;

const qualified = ({ schema, table }: Access) => (schema === undefined ? table : `${schema}.${table}`);

/** `tracks t`: the table with its alias, where that differs. */
export function occurrence(access: Access): string {
  const name = tableName(qualified(access));
  return access.alias === '' || access.alias === access.table ? name : `${name} ${inline(access.alias)}`;
}

/** How a table is reached: `bounded by orders_pkey`, `whole table (parallel)`. */
export function reached(access: Access, ofMany = false): string {
  const { kind, how } = access;
  const indexes = ofMany ? 'their indexes' : listed(access.indexes.map(inline));
  switch (kind) {
    case 'bounded':
      if (how === 'tid') return 'bounded by row addresses';
      return how === 'limit' ? `${indexes} in order, up to a LIMIT` : `bounded by ${indexes}`;
    case 'partly-bounded':
      if (how === 'tid') return 'from a row address on';
      if (how === 'block-ranges') return `ranges of blocks by ${indexes}`;
      // Without a catalog nobody knows whether it bounds.
      if (how === 'trailing-column') return `a later column of ${indexes}`;
      return ofMany ? 'index conditions' : `an index condition on ${indexes}`;
    case 'whole-index':
      return `all of the index ${indexes}`;
    case 'whole-table': {
      const remark = { parallel: 'parallel', sample: 'a sample', lossy: 'a lossy bitmap' }[how as string];
      return remark === undefined ? 'whole table' : `whole table (${remark})`;
    }
    case 'opaque':
      return `what EXPLAIN does not show (${how})`;
  }
}

/** Accesses that changed in the same way: those of the partitions of one table are told once. */
export type AccessGroup = readonly [AccessChange, ...AccessChange[]];

/** The worst first, as the diff has them. */
export function accessGroups(changes: readonly AccessChange[]): AccessGroup[] {
  const groups = new Map<string, [AccessChange, ...AccessChange[]]>();
  for (const change of changes) {
    const access = change.after ?? change.before;
    const words = (one: Access | undefined) => (one === undefined ? '' : `${one.node} ${reached(one, true)}`);
    const whole = access === undefined ? undefined : wholeOf(access);
    const parts =
      whole === undefined ? [groups.size] : [whole, change.direction, words(change.before), words(change.after)];
    const key = JSON.stringify(parts);
    const held = groups.get(key);
    if (held === undefined) groups.set(key, [change]);
    else held.push(change);
  }
  return [...groups.values()];
}

/** What a partition is a part of, as far as it is known: its topmost table, else its alias without its number. */
function wholeOf({ ancestors, alias }: Access): string | undefined {
  return ancestors.at(-1) ?? (/_\d+$/.test(alias) ? alias.replace(/_\d+$/, '') : undefined);
}

/** `tracks t: bounded by tracks_owner_id_idx → whole table (parallel). 7 → 100,003 rows, cost 40 → 12,076 (× 300).` */
export function accessWords(changes: AccessGroup, arrow: string): string {
  const [{ before, after }] = changes;
  const access = after ?? before;
  if (access === undefined) return '';
  const many = changes.length > 1;
  const name = many ? manyWords(access, changes.length) : occurrence(access);
  const words = (one: Access) => reached(one, many);
  if (before === undefined)
    return `${name}: read now, ${words(access)}.${numbersOf(undefined, total(changes, 'after'), arrow)}`;
  if (after === undefined) return `${name}: not read any more, was ${words(access)}.`;
  const [from, to] = [words(before), words(after)];
  const way = from === to ? `${to}, ${differently(before, after)}` : `${from} ${arrow} ${to}`;
  return `${name}: ${way}.${numbersOf(total(changes, 'before'), total(changes, 'after'), arrow)}`;
}

function manyWords(access: Access, many: number): string {
  const parent = access.ancestors.at(-1);
  return parent === undefined
    ? `${occurrence(access)} and ${integer(many - 1)} more like it`
    : `${tableName(parent)} (${count(many, 'partition')})`;
}

function differently(before: Access, after: Access): string {
  if (before.node !== after.node) return `by ${inline(after.node)} in place of ${inline(before.node)}`;
  const asked = ({ indexConditions }: Access) =>
    indexConditions.map((text) => withoutValues(tokenize(text))).join('\n');
  return asked(before) === asked(after) ? 'for another value' : 'by another condition';
}

interface Numbers {
  readonly rows: number | undefined;
  readonly cost: number | undefined;
  readonly perWorker: boolean;
}

/** Undefined where a LIMIT ends the reading: EXPLAIN's rows and cost are those of reading to the end. */
function total(changes: readonly AccessChange[], side: 'before' | 'after'): Numbers | undefined {
  const accesses = changes.flatMap((change) => change[side] ?? []);
  if (accesses.some(({ how }) => how === 'limit')) return undefined;
  const sum = (values: readonly (number | undefined)[]) =>
    values.reduce<number | undefined>(
      (all, value) => (all === undefined || value === undefined ? undefined : all + value),
      0,
    );
  return {
    rows: sum(accesses.map(({ rows }) => rows)),
    cost: sum(accesses.map((access) => access.cost)),
    perWorker: accesses.some(({ node }) => node.startsWith('Parallel ')),
  };
}

function numbersOf(before: Numbers | undefined, after: Numbers | undefined, arrow: string): string {
  if (after === undefined) return '';
  const parts: string[] = [];
  const worker = ' per worker';
  if (after.rows !== undefined) {
    const shared = before?.perWorker === true && !after.perWorker;
    const same = before?.rows === after.rows && !shared;
    const from = before?.rows === undefined || same ? '' : `${integer(before.rows)}${shared ? worker : ''} ${arrow} `;
    parts.push(`${from}${count(after.rows, 'row')}${after.perWorker ? worker : ''}`);
  }
  const price = changed(before?.cost, after.cost, cost, arrow);
  if (price !== undefined) parts.push(`cost ${price}`);
  return parts.length === 0 ? '' : ` ${parts.join(', ')}.`;
}

/** `40.22 → 12,076 (× 300)`; one number where they are the same or the other is not known. */
export function changed(
  before: number | undefined,
  after: number | undefined,
  format: (value: number) => string,
  arrow: string,
): string | undefined {
  if (after === undefined) return before === undefined ? undefined : `${format(before)} ${arrow} unknown`;
  if (before === undefined || format(before) === format(after)) return format(after);
  const times = ratio(before, after);
  return `${format(before)} ${arrow} ${format(after)}${times === undefined ? '' : ` (${times})`}`;
}

/** What changed, in a sentence or two: the answer. */
export function answer(comparison: Comparison, arrow: string): string {
  const { change, diff, before, after } = comparison;
  const side = after ?? before;
  const price = diff === undefined ? undefined : changed(diff.cost.before, diff.cost.after, cost, arrow);
  const whole = price === undefined ? '' : `: cost ${price}`;
  switch (change) {
    case 'same':
      return 'The plan is the same.';
    case 'dearer':
      return `The same plan at another price${whole}.`;
    case 'added':
    case 'removed':
      return `${change === 'added' ? 'New' : 'Gone'}: ${side === undefined ? '' : sideWords(side)}`;
    case 'changed': {
      const [worst] = diff === undefined ? [] : accessGroups(diff.accesses);
      return worst === undefined
        ? `Every table is reached as before, by another plan (${nodeCounts(comparison)})${whole}.`
        : accessWords(worst, arrow);
    }
  }
}

/** `2 nodes changed, 1 moved, 3 added`. */
function nodeCounts({ diff }: Comparison): string {
  const nodes = diff?.nodes ?? [];
  const counts = (['changed', 'moved', 'added', 'removed'] as const).flatMap((change) => {
    const many = nodes.filter((node) => node.change === change).length;
    return many === 0 ? [] : [[change, many] as const];
  });
  return counts.map(([change, many], at) => `${at === 0 ? count(many, 'node') : integer(many)} ${change}`).join(', ');
}

const order = ['whole-table', 'whole-index', 'opaque', 'partly-bounded', 'bounded'] satisfies Access['kind'][];

/** What a plan reads, the worst first. */
export function sideWords({ accesses, plan }: PlanSide): string {
  const price = plan.root.totalCost === undefined ? '' : `, cost ${cost(plan.root.totalCost)}`;
  if (accesses.length === 0) return `reads no table${price}.`;
  const sorted = [...accesses].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const told = sorted.slice(0, 3).map((access) => `${occurrence(access)}: ${reached(access)}`);
  const more = sorted.length > 3 ? `; and ${count(sorted.length - 3, 'more table')}` : '';
  return `${told.join('; ')}${more}${price}.`;
}

const INPUTS: Readonly<Record<InputName, string>> = {
  query: 'the query',
  schema: 'the schema',
  statistics: 'the statistics',
  settings: 'the settings',
  major: 'the server',
};

/** Why two plans differ, or why that is not told; undefined where there is nothing to be told. */
export function causeWords({ change, cause, before, after }: Comparison): string | undefined {
  if (cause !== undefined) {
    const inputs = listed(cause.inputs.map((input) => INPUTS[input]));
    return inputs === '' ? inline(cause.why) : `${inputs}. ${inline(cause.why)}`;
  }
  if (change !== 'changed' && change !== 'dearer') return undefined;
  const [was, is] = [before?.inputs.statement, after?.inputs.statement];
  if (otherSettings(before, after).length > 0 && (was === undefined || is === undefined || was.trim() === is.trim()))
    return 'not told for certain: the settings differ; what else the plans were made from is not known.';
  if (was === undefined || is === undefined) return 'not told: nobody knows what the plans were made from.';
  return was.trim() === is.trim()
    ? 'not told: the statement is the same, and what else the plans were made from is not known.'
    : 'not told: the statements differ, and the plans cannot be made again with one change at a time.';
}

/** Planner settings that differ, where a plan tells them; undefined where the cause names them. */
export function settingsWords({ cause, before, after }: Comparison, arrow: string): string | undefined {
  if (cause?.inputs.includes('settings')) return undefined;
  const others = otherSettings(before, after);
  return others.length === 0
    ? undefined
    : others.map(([name, was, is]) => `${inline(name)} ${inline(was)} ${arrow} ${inline(is)}`).join(', ');
}

/** EXPLAIN tells the settings that are not at their defaults; without any its text is as without the option. */
function otherSettings(before: PlanSide | undefined, after: PlanSide | undefined): [string, string, string][] {
  const [was, is] = [before?.inputs.settings, after?.inputs.settings];
  if (before === undefined || after === undefined) return [];
  const told = (settings: typeof was, name: string) =>
    settings === undefined ? 'not told' : (settings[name] ?? 'default');
  return [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])]
    .map((name): [string, string, string] => [name, told(was, name), told(is, name)])
    .filter(([, old, now]) => old !== now)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** How long the statement took and its planning, where both plans tell it. */
export function timeWords({ diff }: Comparison, arrow: string): string | undefined {
  if (diff === undefined) return undefined;
  const parts = ['Execution Time', 'Planning Time'].flatMap((name) => {
    const [before, after] = [diff.before.properties[name], diff.after.properties[name]];
    if (typeof before !== 'number' || typeof after !== 'number') return [];
    const format = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
    return `${name.split(' ')[0]?.toLowerCase()} ${changed(before, after, format, arrow)}`;
  });
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** What is said of accesses that were read without a catalog. */
export const withoutCatalog =
  'Read without the schema: nobody knows which column of an index comes first, so an index condition may bound little.';

export function isWithoutCatalog({ before, after, diff }: Comparison): boolean {
  const open = (side: PlanSide | undefined) =>
    side !== undefined && !side.hasCatalog && side.accesses.some(({ indexConditions }) => indexConditions.length > 0);
  return (diff === undefined || diff.accesses.length > 0) && (open(before) || open(after));
}

/** `4 of 380 plans differ`. */
export function verdictWords({ comparisons }: DiffReport): string {
  const differ = comparisons.filter(({ change }) => change !== 'same').length;
  if (comparisons.length === 0) return 'nothing was compared';
  if (comparisons.length === 1) return differ === 0 ? 'the plan is the same' : 'the plan is different';
  return differ === 0
    ? `all ${count(comparisons.length, 'plan')} are the same`
    : `${integer(differ)} of ${count(comparisons.length, 'plan')} ${differ === 1 ? 'differs' : 'differ'}`;
}

/**
 * What EXPLAIN ANALYZE measured of a node, where both plans tell it: rows, time and loops as EXPLAIN gives them (of one
 * loop), and the blocks of all loops.
 */
export function measuredWords(before: PlanNode, after: PlanNode, arrow: string): string | undefined {
  const parts: string[] = [];
  const told = (format: (value: number) => string, ...names: readonly string[]) => {
    const [was, is] = [sumOf(before, names), sumOf(after, names)];
    if (was === undefined || is === undefined) return undefined;
    return format(was) === format(is) ? format(is) : `${format(was)} ${arrow} ${format(is)}`;
  };
  const rows = told(integer, 'Actual Rows');
  const time = told(milliseconds, 'Actual Total Time');
  const loops = told(integer, 'Actual Loops');
  const blocks = told(integer, 'Shared Hit Blocks', 'Shared Read Blocks');
  const read = told(integer, 'Shared Read Blocks');
  const temporary = told(integer, 'Temp Read Blocks', 'Temp Written Blocks');
  if (rows !== undefined) parts.push(`${rows} row${rows === '1' ? '' : 's'}`);
  if (time !== undefined) parts.push(`${time} ms`);
  if (loops !== undefined && loops !== '1') parts.push(`${loops} loops`);
  if (blocks !== undefined && blocks !== '0')
    parts.push(`${blocks} block${blocks === '1' ? '' : 's'}${read === '0' ? '' : ` (${read} read)`}`);
  if (temporary !== undefined && temporary !== '0') parts.push(`${temporary} temporary blocks`);
  return parts.length === 0 ? undefined : parts.join(', ');
}

function sumOf(node: PlanNode, names: readonly string[]): number | undefined {
  const values = names.map((name) => node.properties[name]).filter((value) => typeof value === 'number');
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

const milliseconds = (value: number) => (value < 10 ? value.toFixed(2) : integer(value));
