import type { Plan } from '../model.js';
import type { Properties } from '../properties.js';

/**
 * What EXPLAIN's text does not carry, by design of explain.c: each a property, or a pattern of properties, and the value
 * with which JSON has it. Everything else must be the same in text.
 */
const OMITTED: readonly { readonly name: RegExp; readonly isOmitted: (value: unknown, of: Properties) => boolean }[] = [
  // "try not to be too chatty about this in text mode": a flag is printed where it is set.
  { name: /^(?:Async Capable|Disabled|Single Copy|Inner Unique)$/, isOmitted: (value) => value === false },
  // Counts of zero are not interesting enough.
  { name: /^Rows Removed by |^Subplans Removed$|^Planned Partitions$/, isOmitted: (value) => value === 0 },
  { name: / Heap Blocks$| Blocks$|^WAL |I\/O (?:Read|Write) Time$|^Tuples /, isOmitted: (value) => value === 0 },
  // Printed where there was more than one batch.
  { name: /^Disk Usage$/, isOmitted: (_, of) => Number(of['HashAgg Batches']) <= 1 },
  // Times of a node that was never executed, which JSON calls zero.
  { name: /^Actual (?:Startup|Total) Time$/, isOmitted: (_, of) => of['Actual Loops'] === 0 },
  // Before 16, of an index without an order; printed like a scan forward.
  { name: /^Scan Direction$/, isOmitted: (value) => value === 'NoMovement' || value === 'Forward' },
  // Of a trigger: printed where several tables were changed.
  { name: /^Relation$/, isOmitted: (_, of) => of.Calls !== undefined },
  // Groups that have no members, or none that text prints.
  { name: /^(?:Settings|Planning|Triggers|Workers)$/, isOmitted: (value) => Object.keys(value as object).length === 0 },
  // A worker that nothing is printed about.
  { name: /^Worker Number$/, isOmitted: (_, of) => Object.keys(of).every((name) => name === 'Worker Number') },
];

/** What text does not carry without VERBOSE. */
const ONLY_VERBOSE: typeof OMITTED = [
  { name: /^Inner Unique$/, isOmitted: () => true },
  // A constraint's name stands for that of its trigger.
  { name: /^Trigger Name$/, isOmitted: (_, of) => of['Constraint Name'] !== undefined },
  // A lone name may be that of a function, or the alias of several.
  { name: /^Function Name$/, isOmitted: (value, of) => value === of.alias },
];

type IsGone = (name: string, value: unknown, of: Properties) => boolean;

/** A plan without what its text leaves out. */
export function withoutOmitted(plan: Plan, verbose: boolean): unknown {
  const rules = verbose ? OMITTED : [...OMITTED, ...ONLY_VERBOSE];
  return without(plan, (name, value, of) => rules.some((rule) => rule.name.test(name) && rule.isOmitted(value, of)));
}

/** Without the times, which differ between two runs. */
export function withoutTimes(plan: unknown): unknown {
  return without(plan, (name) => / Time$|^Time$/.test(name));
}

/** Without blocks and WAL, which differ between two runs that change rows. */
export function withoutUsage(plan: unknown): unknown {
  return without(plan, (name) => / Blocks$|^WAL /.test(name));
}

/** Takes members out of objects, from the inside out, and objects out of lists that are then empty. */
function without(value: unknown, isGone: IsGone, outer: Properties = {}): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => without(item, isGone));
    return items.filter((item) => !isObject(item) || Object.keys(item).length > 0);
  }
  if (!isObject(value)) return value;
  const inner = Object.entries(value).map(
    ([name, member]) => [name, without(member, isGone, name === 'properties' ? value : {})] as const,
  );
  const all = { ...outer, ...Object.fromEntries(inner) };
  return Object.fromEntries(inner.filter(([name, member]) => member !== undefined && !isGone(name, member, all)));
}

const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where two values differ, one line a place. */
export function differences(found: unknown, expected: unknown, path = ''): string[] {
  const isGroup = (value: unknown): value is Properties => typeof value === 'object' && value !== null;
  if (!isGroup(found) || !isGroup(expected)) {
    return Object.is(found, expected)
      ? []
      : [`${path}: ${JSON.stringify(found)} is ${JSON.stringify(expected)} in JSON`];
  }
  return [...new Set([...Object.keys(found), ...Object.keys(expected)])].flatMap((name) =>
    differences(found[name], expected[name], `${path}/${name}`),
  );
}
