import type { PlanNode } from '../plan/model.js';
import type { FieldChange } from './model.js';
import { baseAlias, canonical, canonicalBefore17, isSince17, type Names, subplanOf } from './names.js';

/** A property of a node: as EXPLAIN prints it, and as it is compared. */
interface Field {
  readonly shown: string | undefined;
  readonly compared: string;
  /** Expressions are compared again in the words of older versions where the two are spelt in different ones. */
  readonly expression?: true;
}

/** Flags that older versions, or plans without the feature, leave out: not told is not set. */
const FLAGS = ['Async Capable', 'Single Copy'] as const;

/** Names, modes and counts that decide what a node does. */
const WORDS = [
  'Scan Direction',
  'Join Type',
  'Strategy',
  'Partial Mode',
  'Operation',
  'Command',
  'CTE Name',
  'Function Name',
  'Table Function Name',
  'Tuplestore Name',
  'Custom Plan Provider',
  'Relations',
  'Remote SQL',
  'Sampling Method',
  'Conflict Resolution',
  'Conflict Arbiter Indexes',
  'Cache Mode',
  'Workers Planned',
] as const;

/** Expressions that the parsed node does not have among its conditions. */
const EXPRESSIONS = [
  'Sort Key',
  'Presorted Key',
  'Group Key',
  'Grouping Sets',
  'Function Call',
  'Table Function Call',
  'Sampling Parameters',
  'Repeatable Seed',
  'Window',
] as const;

/** Conditions that are written the other way round where the sides of a join are swapped. */
const JOINS: ReadonlySet<string> = new Set(['Hash Cond', 'Merge Cond', 'Join Filter']);

/** Conditions in which it says nothing which side of an equality is first: majors write a `Recheck Cond` differently. */
const COMMUTING: ReadonlySet<string> = new Set([...JOINS, 'Recheck Cond']);

/** Printed by some options or versions alone: compared where both plans tell it. */
const WHERE_BOTH_TELL: ReadonlySet<string> = new Set(['Schema', 'Cache Mode', 'Remote SQL', 'Window']);

/** What decides what a node does, in EXPLAIN's words and order. Numbers are left to `numbersOf`. */
export function fieldsOf(node: PlanNode, names: Names): Map<string, Field> {
  const fields = new Map<string, Field>();
  const word = (field: string, text: string | undefined, compared = text) => {
    if (text !== undefined) fields.set(field, { shown: text, compared: compared ?? '' });
  };
  word('Node Type', node.nodeType);
  const subplan = subplanOf(node);
  word('Subplan Name', subplan, subplan?.replace(/^(InitPlan|SubPlan) .*/, '$1'));
  fields.set('Parallel Aware', flag(node.parallelAware));
  for (const name of FLAGS) fields.set(name, flag(node.properties[name] === true));
  word('Schema', node.relation?.schema);
  word('Relation Name', node.relation?.name);
  word('Alias', node.alias, node.alias === undefined ? undefined : baseAlias(node.alias));
  word('Index Name', node.indexName);
  for (const name of WORDS) word(name, textOf(node.properties[name]));
  const expression = (field: string, text: string | undefined) => {
    if (text === undefined) return;
    const compared = canonical(field === 'Window' ? text.replace(/^w\d+ AS /, '') : text, names);
    fields.set(field, {
      shown: text,
      compared: COMMUTING.has(field) ? inOneOrder(compared) : compared,
      expression: true,
    });
  };
  for (const { label, text } of node.conditions) expression(label, text);
  for (const name of EXPRESSIONS) expression(name, textOf(node.properties[name]));
  return fields;
}

/** `b = a` as `a = b`, where the sides are columns: equality commutes. */
function inOneOrder(compared: string): string {
  return compared.replace(/\( ([^()]+) = ([^()]+) \)/g, (clause, left: string, right: string) =>
    left <= right ? clause : `( ${right} = ${left} )`,
  );
}

function flag(value: boolean): Field {
  return { shown: String(value), compared: String(value) };
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Fields that differ. What does not count as a difference, as it decides nothing:
 * - numbers of subplans (`SubPlan 2`), and of aliases that are met again (`t_1`), where they stand for the same node of
 *   the two plans: `names` knows which these are;
 * - a column with its table's alias before it (VERBOSE) and without it, where only one table can be meant;
 * - `a = b` and `b = a` in the condition of a join, or that of a recheck;
 * - the number of a window (`w1 AS …`);
 * - words of versions: `$0` and `(InitPlan 1).col1`, `(hashed SubPlan 1)` and `(ANY (x = (hashed SubPlan 1).col1))`.
 *   Older ones do not tell what is compared with a subplan's rows, so that nothing can be said of that part;
 * - what only one of the two tells because it was made with other options (`Schema`).
 */
export function changedFields(
  before: PlanNode,
  after: PlanNode,
  names: { readonly before: Names; readonly after: Names },
): FieldChange[] {
  const old = fieldsOf(before, names.before);
  const now = fieldsOf(after, names.after);
  const changes: FieldChange[] = [];
  for (const field of new Set([...old.keys(), ...now.keys()])) {
    const [a, b] = [old.get(field), now.get(field)];
    if (a?.compared === b?.compared) continue;
    if ((a === undefined || b === undefined) && WHERE_BOTH_TELL.has(field)) continue;
    if (a?.expression && b?.expression && sameBefore17(a.shown ?? '', b.shown ?? '', names)) continue;
    changes.push({ field, before: a?.shown, after: b?.shown });
  }
  return changes;
}

function sameBefore17(before: string, after: string, names: { readonly before: Names; readonly after: Names }) {
  if (isSince17(before) === isSince17(after)) return false;
  return canonicalBefore17(before, names.before) === canonicalBefore17(after, names.after);
}

/** What a join compares, whichever kind of join it is; empty for one whose condition its inner side checks. */
export function joinCondition(node: PlanNode, names: Names): string {
  const texts = node.conditions.filter(({ label }) => JOINS.has(label)).map(({ text }) => canonical(text, names));
  return texts.map(inOneOrder).sort().join('\n');
}
