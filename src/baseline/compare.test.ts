import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Plan } from '../plan/model.js';
import { compareCase } from './compare.js';
import { mergeBaseline } from './merge.js';
import {
  approvedCase,
  baseline,
  byOwner,
  byTitle,
  estimated,
  fileOf,
  freshCase,
  inputs,
  key,
  whole,
} from './testing/baselines.js';

const approved = fileOf(
  baseline([
    { shapes: [whole], cases: [approvedCase('a'), approvedCase('a', { mode: 'generic' })] },
    { shapes: [byOwner, byTitle], cases: [approvedCase('label', { cost: 0.5, rows: 1 }), approvedCase('owner')] },
  ]),
);

const verdict = (scenario: string, plan: Plan, dearer = 3) =>
  compareCase(approved, { ...key(scenario), plan }, { dearer });

test('a case that was approved, with any of the tied shapes', () => {
  expect(verdict('owner', estimated(byOwner, 30, 20))).toEqual({ kind: 'approved' });
  expect(verdict('owner', estimated(byTitle, 30, 20))).toEqual({ kind: 'approved' });
});

test('a case without an entry, by any part of its key, or without a baseline', () => {
  const missing = { kind: 'missing' };
  expect(compareCase(undefined, freshCase('owner', byOwner), { dearer: 3 })).toEqual(missing);
  for (const more of [{ statement: '2' }, { scenario: 'x' }, { statistics: 'x' }, { mode: 'generic' as const }]) {
    expect(compareCase(approved, freshCase('owner', byOwner, more), { dearer: 3 })).toEqual(missing);
  }
});

test('another shape, told with what was approved and its place', () => {
  const [, plan] = approved.plans;
  expect(verdict('owner', estimated(whole, 30, 20))).toEqual({
    kind: 'changed',
    approved: plan,
    line: approved.lines[1],
  });
  expect(verdict('a', estimated(byOwner, 30, 20))).toMatchObject({ kind: 'changed', line: approved.lines[0] });
});

test('the same shape, many times dearer', () => {
  const [, plan] = approved.plans;
  expect(verdict('owner', estimated(byOwner, 1500, 20))).toEqual({
    kind: 'dearer',
    approved: plan,
    line: approved.lines[1],
    before: { cost: 30, rows: 20 },
    now: { cost: 1500, rows: 20 },
  });
});

test.each<[string, string, number | undefined, number | undefined, number, 'approved' | 'dearer']>([
  ['a drift of 3 %', 'owner', 30.9, 20.6, 3, 'approved'],
  ['three times the most that "~30" stands for', 'owner', 116, 20, 3, 'approved'],
  ['more than that', 'owner', 116.2, 20, 3, 'dearer'],
  ['more than a factor of its own', 'owner', 77.5, 20, 2, 'dearer'],
  ['many times a cost next to nothing, which is next to nothing still', 'label', 10.5, 1, 3, 'approved'],
  ['many times a cost next to nothing', 'label', 10.6, 1, 3, 'dearer'],
  ['a few rows in place of one', 'label', 0.5, 101, 3, 'approved'],
  ['many rows at the same cost', 'label', 0.5, 102, 3, 'dearer'],
  ['cheaper by as much', 'owner', 0.3, 1, 3, 'approved'],
  ['numbers that the plan does not tell', 'owner', undefined, undefined, 3, 'approved'],
])('%s', (_, scenario, cost, rows, factor, kind) => {
  expect(verdict(scenario, estimated(byOwner, cost, rows), factor).kind).toBe(kind);
});

test('what was approved is never dearer than itself, however narrow the factor', () => {
  const number = fc.double({ min: 0, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(number, number, (cost, rows) => {
      const now = freshCase('a', estimated(byOwner, cost, rows));
      const fresh = { query: 'q', inputs, reason: undefined, cases: [now] };
      const written = fileOf(mergeBaseline(undefined, fresh, () => true, { dearer: 1.01 }));
      expect(compareCase(written, now, { dearer: 1.01 })).toEqual({ kind: 'approved' });
    }),
  );
});
