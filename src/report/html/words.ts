import { nodeText } from '../../plan/format-text.js';
import type { Access, PlanNode } from '../../plan/model.js';
import type { Comparison } from '../diff-model.js';
import { cost, integer, rough } from '../text.js';
import { ratio } from './metrics.js';

/** A node in EXPLAIN's words, without the schema `public`, with the name of the subplan that it is. */
export function nodeWords(node: PlanNode): string {
  const { relation, subplanName, properties } = node;
  const known = relation?.schema === 'public' ? { ...node, relation: { ...relation, schema: undefined } } : node;
  const words = nodeText(
    properties.Schema === 'public' ? { ...known, properties: { ...properties, Schema: undefined } } : known,
  );
  return subplanName === undefined ? words : `[${subplanName}] ${words}`;
}

/** `tracks t`: the table as people say it. */
export function occurrenceWords({ schema, table, alias }: Access): string {
  const name = schema === undefined || schema === 'public' ? table : `${schema}.${table}`;
  return alias === '' || alias === table ? name : `${name} ${alias}`;
}

/** `bounded by orders_pkey`, `whole table (parallel)`. */
export function accessWords({ kind, how, indexes }: Access): string {
  const by = indexes.length === 0 ? '' : ` by ${indexes.join(' and ')}`;
  switch (kind) {
    case 'bounded':
      return `bounded${by}`;
    case 'partly-bounded':
      return `partly bounded${by}`;
    case 'whole-index':
      return `whole index${indexes.length === 0 ? '' : ` ${indexes.join(' and ')}`}`;
    case 'whole-table':
      return `whole table${how === 'serial' ? '' : ` (${how.replace('-', ' ')})`}`;
    case 'opaque':
      return `out of sight (${how})`;
  }
}

/** What changed, in a sentence or two: the worst access, else what is left of it: rows and cost. */
export function answer({ change, diff, before, after }: Comparison): string {
  const side = after ?? before;
  const numbers = diff === undefined ? '' : changedNumbers(diff.before.root, diff.after.root);
  const [worst, ...others] = diff?.accesses ?? [];
  const access = worst?.after ?? worst?.before;
  switch (change) {
    case 'same':
    case 'added':
    case 'removed':
      return side === undefined ? '' : planAnswer(side.accesses);
    case 'dearer':
      return `The same shape, and dearer: ${numbers}.`;
    case 'changed': {
      if (worst === undefined || access === undefined) {
        return `The tables are reached as before, by another plan${numbers === '' ? '' : `: ${numbers}`}.`;
      }
      const [from, to] = [worst.before, worst.after].map((one) => (one === undefined ? 'not read' : accessWords(one)));
      const more = others.length === 0 ? '' : `, and ${others.length} more`;
      const first = from === to ? `${from}, in another way` : `${from} → ${to}`;
      return `${occurrenceWords(access)}: ${first}${more}.${numbers === '' ? '' : ` ${numbers[0]?.toUpperCase()}${numbers.slice(1)}.`}`;
    }
  }
}

function changedNumbers(before: PlanNode, after: PlanNode): string {
  const parts: string[] = [];
  if (before.planRows !== undefined && after.planRows !== undefined && before.planRows !== after.planRows) {
    parts.push(`${rough(before.planRows)} → ${rough(after.planRows)} rows`);
  }
  if (before.totalCost !== undefined && after.totalCost !== undefined) {
    const times = ratio(before.totalCost, after.totalCost);
    const [from, to] = [cost(before.totalCost), cost(after.totalCost)];
    if (from !== to) parts.push(`cost ${from} → ${to}${times === undefined ? '' : ` (${times})`}`);
  }
  return parts.join(', ');
}

const order = ['whole-table', 'whole-index', 'opaque', 'partly-bounded', 'bounded'] satisfies Access['kind'][];

export function worstFirst(accesses: readonly Access[]): Access[] {
  return accesses.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** How a plan reaches its tables, the worst first. */
export function planAnswer(accesses: readonly Access[]): string {
  if (accesses.length === 0) return 'No table is read.';
  const sorted = worstFirst(accesses);
  const bounded = sorted.filter((access) => access.kind === 'bounded');
  if (bounded.length === sorted.length && sorted.length > 1) {
    return `All ${integer(sorted.length)} tables are read through a bound: ${bounded.map(occurrenceWords).join(', ')}.`;
  }
  const [worst, ...others] = sorted.map((access) => `${occurrenceWords(access)}: ${accessWords(access)}`);
  return `${worst}${others.length === 0 ? '' : `; ${others.slice(0, 3).join('; ')}`}${others.length > 3 ? `; ${others.length - 3} more` : ''}.`;
}
