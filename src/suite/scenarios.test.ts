import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Scenario } from './model.js';
import { expandScenarios, formatValue } from './scenarios.js';

const scenario = (name: string, values: Scenario['values']): Scenario => ({ name, values, where: {} });
const scenarios = [scenario('label', { user_id: 7, sort: 'date' }), scenario('nobody', { user_id: 9 })];

test('without a matrix, the scenarios that apply in the order of the suite', () => {
  expect(expandScenarios({ scenarios: ['nobody', 'label'], matrix: {} }, { scenarios })).toEqual([
    { name: 'label', values: { user_id: 7, sort: 'date' } },
    { name: 'nobody', values: { user_id: 9 } },
  ]);
});

test('a matrix is crossed with each scenario, its last key varying fastest, its values before the scenario’s', () => {
  const matrix = { sort: ['title', 'plays'], direction: ['asc', 'desc'] };
  expect(expandScenarios({ scenarios: ['label'], matrix }, { scenarios })).toEqual([
    { name: 'label sort=title direction=asc', values: { user_id: 7, sort: 'title', direction: 'asc' } },
    { name: 'label sort=title direction=desc', values: { user_id: 7, sort: 'title', direction: 'desc' } },
    { name: 'label sort=plays direction=asc', values: { user_id: 7, sort: 'plays', direction: 'asc' } },
    { name: 'label sort=plays direction=desc', values: { user_id: 7, sort: 'plays', direction: 'desc' } },
  ]);
});

test('values read as they are written where they cannot be mistaken, else as JSON', () => {
  const values = ['title', '2026-05-01', '1', 1, 'true', true, null, 'null', '', 'a b', 'a=b', [1, 'x'], { a: 1 }];
  expect(values.map(formatValue)).toEqual([
    'title',
    '2026-05-01',
    '"1"',
    '1',
    '"true"',
    'true',
    'null',
    '"null"',
    '""',
    '"a b"',
    '"a=b"',
    '[1,"x"]',
    '{"a":1}',
  ]);
});

test('different values never read alike', () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer()));
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(formatValue(a) === formatValue(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});
