import { expect, test } from 'vitest';
import { diffPlans } from '../diff/diff.js';
import type { AlignedNode, PlanDiff } from '../diff/model.js';
import { walk } from '../plan/walk.js';
import { diffRows, planRows } from './diff-rows.js';
import { bounded, incident, join, raw, side, whole } from './html/testing/reports.js';

/** The lines as text: depth, what changed, the node, and the number of the line that it leads to. */
function drawn(diff: PlanDiff): string[] {
  return diffRows(diff).map(({ depth, change, before, after, partner }) => {
    const name = before?.nodeType ?? after?.nodeType;
    return `${'  '.repeat(depth)}${change} ${name}${partner === undefined ? '' : ` → ${partner}`}`;
  });
}

const diff = (one: Record<string, unknown>, other: Record<string, unknown>) =>
  diffPlans(side(one, 'a'), side(other, 'b'));

test('every node of both plans stands in one line, besides those where a moved node was', () => {
  for (const one of [incident().diff, diff(join(false), join(true)), diff(whole(1), bounded(1))]) {
    const rows = diffRows(one as PlanDiff).filter((row) => row.change !== 'left');
    const paths = (which: 'before' | 'after') => rows.flatMap((row) => row[which]?.path ?? []).sort();
    expect(paths('before')).toEqual(Array.from(walk((one as PlanDiff).before.root), ({ node }) => node.path).sort());
    expect(paths('after')).toEqual(Array.from(walk((one as PlanDiff).after.root), ({ node }) => node.path).sort());
  }
});

test('sides that were exchanged lead to where they were, and back', () => {
  const rows = diffRows(diff(join(false), join(true)));
  const moved = rows.flatMap((row, index) => (row.change === 'moved' ? [{ row, index }] : []));
  expect(moved.length).toBeGreaterThan(0);
  for (const { row, index } of moved) {
    const left = rows[row.partner ?? -1];
    expect(left).toMatchObject({ change: 'left', before: row.before, after: undefined, partner: index });
  }
});

/** Trees by hand: a node that hangs elsewhere, below a parent that stays. */
function aligned(nodes: readonly (readonly [AlignedNode['change'], number, string | undefined, string | undefined])[]) {
  const node = (path: string | undefined) =>
    path === undefined ? undefined : ({ nodeType: path, path } as unknown as AlignedNode['before']);
  return {
    nodes: nodes.map(([change, depth, before, after]) => ({
      change,
      depth,
      before: node(before),
      after: node(after),
      fields: [],
      numbers: [],
    })),
  } as unknown as PlanDiff;
}

test('a moved node leaves a line below its former parent, after the child that stood before it', () => {
  expect(
    drawn(
      aligned([
        ['same', 0, '0', '0'],
        ['same', 1, '0.0', '0.0'],
        ['moved', 2, '0.1.1', '0.0.0'],
        ['same', 1, '0.1', '0.1'],
        ['same', 2, '0.1.0', '0.1.0'],
        ['removed', 2, '0.1.2', undefined],
      ]),
    ),
  ).toEqual([
    'same 0',
    '  same 0.0',
    '    moved 0.1.1 → 5',
    '  same 0.1',
    '    same 0.1.0',
    '    left 0.1.1 → 2',
    '    removed 0.1.2',
  ]);
});

test('a node below a new parent stands where it stood', () => {
  expect(
    drawn(
      aligned([
        ['same', 0, '0', '0'],
        ['added', 1, undefined, '0.0'],
        ['moved', 2, '0.0', '0.0.0'],
      ]),
    ),
  ).toEqual(['same 0', '  added 0.0', '    moved 0.0']);
});

test('lines tell what changed below them', () => {
  const rows = diffRows(diff(raw('Limit', {}, bounded(1)), raw('Limit', {}, bounded(2))));
  expect(rows.map(({ change, changesBelow }) => [change, changesBelow])).toEqual([
    ['same', true],
    ['same', true],
    ['same', true],
    ['changed', false],
  ]);
});

test('one plan of a thousand levels', () => {
  let plan = bounded(1);
  for (let level = 0; level < 1000; level++) plan = raw('Limit', { 'Parent Relationship': 'Outer' }, plan);
  const rows = planRows(side(plan, 'a').plan);
  expect(rows.map((row) => row.depth)).toEqual(Array.from({ length: 1003 }, (_, depth) => depth));
});
