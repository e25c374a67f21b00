import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accessesInPlan } from '../plan/accesses.js';
import type { Plan } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import { walk } from '../plan/walk.js';
import { diffPlans } from './diff.js';
import type { PlanDiff } from './model.js';
import { checkedPairs, drawMatching, matchesOf, matchTopDown, readMatching, score } from './testing/pairs.js';
import { randomPlan, similarPlans } from './testing/random-plans.js';

const diff = (before: Plan, after: Plan): PlanDiff =>
  diffPlans({ plan: before, accesses: accessesInPlan(before) }, { plan: after, accesses: accessesInPlan(after) });

describe('hand-checked pairs', () => {
  test('are thirty at least', () => expect(checkedPairs().length).toBeGreaterThanOrEqual(30));

  test.each(checkedPairs())('$name', (pair) => {
    const found = matchesOf(diff(pair.before, pair.after).nodes);
    expect(drawMatching(pair.before, pair.after, found)).toBe(pair.matching);
    const expected = readMatching(pair);
    expect(score(expected, found)).toBe(expected.length);
    expect(score(expected, matchTopDown(pair.before, pair.after))).toBeLessThanOrEqual(score(expected, found));
    expect(mirrored(diff(pair.after, pair.before))).toEqual(summary(diff(pair.before, pair.after)));
  });

  test('plain top-down matching is right on few of them', () => {
    const right = checkedPairs().filter((pair) => {
      const expected = readMatching(pair);
      return score(expected, matchTopDown(pair.before, pair.after)) === expected.length;
    });
    expect(right.length).toBeLessThan(checkedPairs().length / 2);
  });
});

const CHANGES = { same: 'same', changed: 'changed', moved: 'moved', added: 'removed', removed: 'added' } as const;
const DIRECTIONS = { worse: 'better', better: 'worse', other: 'other' } as const;

/** What of a diff has no order: matches, fields, numbers and accesses. */
function summary({ nodes, accesses, equal, cost }: PlanDiff) {
  const lines = nodes.map(({ before, after, change, fields, numbers }) =>
    JSON.stringify([
      before?.path,
      after?.path,
      change,
      [...fields].sort((a, b) => (a.field < b.field ? -1 : 1)),
      numbers,
    ]),
  );
  const reached = accesses.map(({ before, after, direction }) =>
    JSON.stringify([before?.path, after?.path, direction]),
  );
  return { nodes: lines.sort(), accesses: reached.sort(), equal, cost };
}

function mirrored({ nodes, accesses, cost, ...rest }: PlanDiff) {
  const swap = <T extends { readonly before: unknown; readonly after: unknown }>(one: T): T => ({
    ...one,
    before: one.after,
    after: one.before,
  });
  return summary({
    ...rest,
    cost: swap(cost),
    nodes: nodes.map((node) => ({
      ...swap(node),
      change: CHANGES[node.change],
      fields: node.fields.map(swap),
      numbers: node.numbers.map(swap),
    })),
    accesses: accesses.map((one) => ({ ...swap(one), direction: DIRECTIONS[one.direction] })),
  });
}

const pairOfPlans = fc.oneof(similarPlans, fc.tuple(randomPlan, randomPlan));

test('a plan is equal to itself', () => {
  fc.assert(
    fc.property(randomPlan, (plan) => {
      const { equal, nodes, accesses } = diff(plan, plan);
      expect(equal).toBe(true);
      expect(nodes.every(({ before, after }) => before === after)).toBe(true);
      expect(accesses).toEqual([]);
    }),
  );
});

test('every node of both plans is there once, those of after in reading order', () => {
  fc.assert(
    fc.property(pairOfPlans, ([before, after]) => {
      const { nodes } = diff(before, after);
      const told = (side: 'before' | 'after') => nodes.flatMap((node) => node[side]?.path ?? []);
      const paths = (plan: Plan) => [...walk(plan.root)].map(({ node }) => node.path);
      expect(told('before').sort()).toEqual(paths(before).sort());
      expect(told('after')).toEqual(paths(after));
      expect(nodes.every((node) => (node.before ?? node.after) !== undefined)).toBe(true);
      nodes.forEach(({ depth }, index) => {
        expect(depth).toBeLessThanOrEqual((nodes[index - 1]?.depth ?? -1) + 1);
      });
    }),
  );
});

test('only scans of one table are matched with each other', () => {
  fc.assert(
    fc.property(pairOfPlans, ([before, after]) => {
      for (const node of diff(before, after).nodes) {
        if (node.before && node.after) expect(node.before.relation?.name).toBe(node.after.relation?.name);
      }
    }),
  );
});

test('the other way round it is the same, mirrored', () => {
  fc.assert(
    fc.property(pairOfPlans, ([before, after]) => {
      expect(mirrored(diff(after, before))).toEqual(summary(diff(before, after)));
    }),
  );
});

test('a scan of a table that both plans scan once is never removed and added', () => {
  fc.assert(
    fc.property(pairOfPlans, ([before, after]) => {
      const scans = (plan: Plan) => [...walk(plan.root)].flatMap(({ node }) => node.relation?.name ?? []);
      const once = (names: readonly string[], name: string) => names.filter((one) => one === name).length === 1;
      const [old, now] = [scans(before), scans(after)];
      for (const { change, before: one } of diff(before, after).nodes) {
        const name = one?.relation?.name;
        if (name !== undefined && once(old, name) && once(now, name)) expect(change).not.toBe('removed');
      }
    }),
  );
});

const nested = (depth: number, type: (level: number) => string) => {
  let node: Record<string, unknown> = { 'Node Type': 'Seq Scan', 'Relation Name': 'tracks', Alias: 't' };
  for (let level = depth; level > 0; level--) {
    node = { 'Node Type': type(level), Plans: [{ ...node, 'Parent Relationship': 'Outer' }] };
  }
  return parsePlan([{ Plan: node }]);
};

test('plans a thousand nodes deep', () => {
  const before = nested(1000, (level) => (level % 2 === 0 ? 'Sort' : 'Limit'));
  const after = nested(1000, (level) => (level === 500 ? 'Unique' : level % 2 === 0 ? 'Sort' : 'Limit'));
  const changes = diff(before, after).nodes.filter(({ change }) => change !== 'same');
  expect(changes.map(({ change, before: one, after: other }) => [change, (one ?? other)?.nodeType])).toEqual([
    ['removed', 'Sort'],
    ['added', 'Unique'],
  ]);
});

test('plans that have nothing in common', () => {
  const one = parsePlan([{ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 'a', Alias: 'a' } }]);
  const other = parsePlan([{ Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 'b', Alias: 'b' } }]);
  expect(diff(one, other).nodes.map(({ change, depth }) => [change, depth])).toEqual([
    ['removed', 0],
    ['added', 0],
  ]);
});

test('removed nodes are shown where they stood', () => {
  const [before, after] = ['hash-to-merge-join', 'union-to-union-all'].map((name) => {
    const pair = checkedPairs().find((one) => one.name === name);
    if (pair === undefined) throw new Error(`no pair ${name}`);
    return diff(pair.before, pair.after).nodes.map(
      ({ change, depth, before: one, after: other }) => `${'  '.repeat(depth)}${change} ${(other ?? one)?.nodeType}`,
    );
  });
  expect(before).toMatchInlineSnapshot(`
    [
      "changed Merge Join",
      "  removed Hash",
      "  added Sort",
      "    moved Seq Scan",
      "  added Sort",
      "    moved Seq Scan",
    ]
  `);
  expect(after).toMatchInlineSnapshot(`
    [
      "removed Aggregate",
      "same Append",
      "  same Bitmap Heap Scan",
      "    same Bitmap Index Scan",
      "  same Seq Scan",
    ]
  `);
});
