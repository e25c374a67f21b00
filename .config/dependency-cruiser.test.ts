import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const config = resolve(import.meta.dirname, 'dependency-cruiser.cjs');
const depcruise = resolve(import.meta.dirname, '../node_modules/.bin/depcruise');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-guard-imports-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Cruises a tree of these files with the project's rules; gives the rules that were broken. */
function broken(files: Readonly<Record<string, string>>): string[] {
  for (const [name, text] of Object.entries({ 'src/errors.ts': '', 'dist/errors.js': '', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const args = ['--config', config, '--output-type', 'json', 'src', 'dist'];
  const { stdout } = spawnSync(depcruise, args, { cwd: folder, encoding: 'utf8' });
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
  return summary.violations.map(({ rule }) => rule.name);
}

test('a room imports what it may', () => {
  expect(
    broken({
      'src/rules/a.ts': `import { b } from '../plan/b.js';\nimport type { C } from '../suite/c.js';\nexport const a: C = b;`,
      'src/plan/b.ts': `import { e } from '../errors.js';\nexport const b = e;`,
      'src/suite/c.ts': 'export type C = number;',
    }),
  ).toEqual([]);
});

test('a room that imports what it may not, be it a type, is found', () => {
  expect(
    broken({
      'src/plan/a.ts': `import type { B } from '../guard/b.js';\nexport type A = B;`,
      'src/guard/b.ts': 'export type B = number;',
    }),
  ).toEqual(['plan-imports']);
});

test('a room that imports more than types where only types are allowed is found', () => {
  expect(
    broken({
      'dist/rules/a.js': `import { c } from '../suite/c.js';\nexport const a = c;`,
      'dist/suite/c.js': 'export const c = 1;',
    }),
  ).toEqual(['rules-imports-for-more-than-types']);
});

test('a cycle and an import that leads nowhere are found', () => {
  expect(
    broken({
      'dist/plan/a.js': `import { b } from './b.js';\nexport const a = b;`,
      'dist/plan/b.js': `import { a } from './a.js';\nimport { x } from './x.js';\nexport const b = a + x;`,
    }),
  ).toEqual(expect.arrayContaining(['no-cycles', 'resolvable']));
});

test('the parser and PGlite are imported in one room each', () => {
  const pack = (name: string) => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
    [`node_modules/${name}/index.js`]: 'module.exports = 1;',
  });
  expect(
    broken({
      ...pack('pg-query-emscripten'),
      ...pack('@electric-sql/pglite'),
      'package.json': JSON.stringify({ dependencies: { 'pg-query-emscripten': '1', '@electric-sql/pglite': '1' } }),
      'dist/sql/a.js': `import 'pg-query-emscripten';`,
      'dist/postgres/b.js': `import '@electric-sql/pglite';`,
      'dist/guard/c.js': `import 'pg-query-emscripten';\nimport '@electric-sql/pglite';`,
    }),
  ).toEqual(expect.arrayContaining(['one-parser', 'one-pglite']));
});
