import { expect, test } from 'vitest';
import type { QueryEntry, Suite } from '../suite/model.js';
import { nameGroups, type ScenarioCase, scenarioCases } from './scenario-cases.js';

const suite = {
  scenarios: ['label', 'nobody'].map((name, id) => ({ name, values: { user_id: id }, where: {} })),
} as unknown as Suite;
const entry = { scenarios: ['label', 'nobody'], matrix: { sort: ['title', 'plays'], limit: [10] }, where: { line: 7 } };
const all = scenarioCases(entry as unknown as QueryEntry, suite);
const groups = (...names: readonly (readonly string[])[]) =>
  nameGroups(names.map((group) => group.map((name) => all.find((one) => one.name === name) as ScenarioCase)));

test('scenarios are crossed with the matrix', () => {
  expect(all.map(({ name, choices }) => `${name} | ${choices.join(', ')}`)).toEqual([
    'label sort=title limit=10 | sort=title, limit=10',
    'label sort=plays limit=10 | sort=plays, limit=10',
    'nobody sort=title limit=10 | sort=title, limit=10',
    'nobody sort=plays limit=10 | sort=plays, limit=10',
  ]);
});

test('a query without scenarios is refused, at its place', () => {
  const run = () => scenarioCases({ ...entry, scenarios: [] } as unknown as QueryEntry, suite);
  expect(run).toThrow(expect.objectContaining({ code: 'suite', where: { line: 7 } }));
});

test('a group is named without the choices that make no difference to it', () => {
  const [title, plays] = ['label sort=title limit=10', 'label sort=plays limit=10'];
  expect(groups([title, plays])).toEqual(['label limit=10']);
  expect(groups([title], [plays])).toEqual([title, plays]);
});

test('two groups never share a name', () => {
  const names = groups(
    ['label sort=title limit=10', 'label sort=plays limit=10'],
    ['label sort=plays limit=10', 'label sort=title limit=10'],
  );
  expect(names).toEqual(['label sort=title limit=10', 'label sort=plays limit=10']);
});
