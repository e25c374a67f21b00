import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PlanGuardError, PlanGuardErrors } from '../errors.js';
import { baselineFileName, hasBaselines, readBaselines, writeBaselines } from './folder.js';
import { formatBaseline } from './format.js';
import { anyName, approvedCase, baseline, byOwner } from './testing/baselines.js';

const writer = join(import.meta.dirname, 'testing', 'write.ts');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-guard-plans-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const textOf = (query: string) =>
  formatBaseline(baseline([{ shapes: [byOwner], cases: [approvedCase('label')] }], { query }));
const written = (...queries: string[]) => new Map(queries.map((query) => [baselineFileName(query), textOf(query)]));

test.each([
  ['profile', 'profile.plan'],
  ['monthly_listens-2', 'monthly_listens-2.plan'],
  ['Profile', /^profile-[0-9a-f]{8}\.plan$/],
  ['profile, every statement', /^profile-every-statement-[0-9a-f]{8}\.plan$/],
  ['../../etc/passwd', /^etc-passwd-[0-9a-f]{8}\.plan$/],
  ['Müller', /^muller-[0-9a-f]{8}\.plan$/],
  ['профиль', /^query-[0-9a-f]{8}\.plan$/],
  ['', /^query-[0-9a-f]{8}\.plan$/],
  ['con', /^con-[0-9a-f]{8}\.plan$/],
  ['lpt1', /^lpt1-[0-9a-f]{8}\.plan$/],
  ['x'.repeat(300), /^x{60}-[0-9a-f]{8}\.plan$/],
])('the file of %j', (query, expected) => {
  expect(baselineFileName(query)).toMatch(expected);
});

test('no two queries share a file, even where case does not count, and no name says what another becomes', () => {
  fc.assert(
    fc.property(anyName, anyName, (a, b) => {
      const [x, y] = [baselineFileName(a), baselineFileName(b)];
      expect(x).toMatch(/^[a-z0-9_][a-z0-9_-]*\.plan$/);
      expect(x === y).toBe(a === b);
      expect(baselineFileName(x.replace('.plan', '')) === x).toBe(x === `${a}.plan`);
    }),
  );
});

test('what was written is read, and other files are left alone', async () => {
  writeFileSync(join(folder, 'README.md'), 'plans');
  const plans = join(folder, 'not', 'there', 'yet');
  expect([hasBaselines(plans), await readBaselines(plans)]).toEqual([false, new Map()]);
  await writeBaselines(plans, written('profile', 'Say "no"'));
  expect([hasBaselines(plans), [...(await readBaselines(plans)).keys()]]).toEqual([true, ['profile', 'Say "no"']]);
  expect((await readBaselines(folder)).size).toBe(0);
});

test('a file that has its text already is not touched, with Windows line endings neither', async () => {
  await writeBaselines(folder, written('a', 'b', 'c'));
  writeFileSync(join(folder, 'b.plan'), textOf('b').replaceAll('\n', '\r\n'));
  writeFileSync(join(folder, 'c.plan'), textOf('c').replace('30', '50'));
  for (const name of ['a.plan', 'b.plan']) utimesSync(join(folder, name), 1, 1);
  expect(await writeBaselines(folder, written('a', 'b', 'c'))).toEqual({
    written: ['c.plan'],
    removed: [],
    unchanged: ['a.plan', 'b.plan'],
  });
  expect(['a.plan', 'b.plan'].map((name) => statSync(join(folder, name)).mtimeMs)).toEqual([1000, 1000]);
  expect(readFileSync(join(folder, 'c.plan'), 'utf8')).toBe(textOf('c'));
});

test('a file whose text is undefined is removed, where it is there', async () => {
  await writeBaselines(folder, written('a', 'b'));
  const files = new Map([
    ['a.plan', undefined],
    ['gone.plan', undefined],
  ]);
  expect(await writeBaselines(folder, files)).toEqual({ written: [], removed: ['a.plan'], unchanged: [] });
  expect(readdirSync(folder)).toEqual(['b.plan']);
});

test('all files that cannot be read are told at once', async () => {
  await writeBaselines(folder, written('a', 'b', 'good'));
  writeFileSync(join(folder, 'a.plan'), `<<<<<<< HEAD\n${textOf('a')}`);
  writeFileSync(join(folder, 'b.plan'), 'plans of b\n');
  writeFileSync(join(folder, 'copy.plan'), textOf('good'));
  const error = await readBaselines(folder).catch((one: unknown) => one);
  expect(error).toBeInstanceOf(PlanGuardErrors);
  const told = (error as PlanGuardErrors).errors.map(({ code, message, where }) => [
    code,
    where?.file,
    where?.line,
    message,
  ]);
  expect(told).toEqual([
    ['baseline', join(folder, 'a.plan'), 1, 'A merge conflict is not resolved: <<<<<<<'],
    ['baseline', join(folder, 'b.plan'), 1, 'Expected "format", but it says: plans of b'],
    ['baseline', join(folder, 'copy.plan'), 1, 'The baseline of "good" belongs into good.plan'],
  ]);
});

test('a folder that is a file is told, for reading and for writing', async () => {
  const file = join(folder, 'plans');
  writeFileSync(file, '');
  for (const work of [readBaselines(file), writeBaselines(file, written('a'))]) {
    const error = await work.catch((one: unknown) => one);
    expect(error).toBeInstanceOf(PlanGuardError);
    expect(error).toMatchObject({ code: 'file', where: { file }, message: expect.stringContaining('ENOTDIR') });
  }
});

test.skipIf(process.platform === 'win32')('a folder that cannot be written is told, and nothing changes', async () => {
  await writeBaselines(folder, written('a'));
  chmodSync(folder, 0o555);
  const output = execFileSync(process.execPath, [jiti(), writer, folder, 'once'], { encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual({
    code: 'file',
    message: expect.stringMatching(/^The approved plans cannot be written: (EACCES|EPERM|EROFS)/),
    hint: 'The folder of the plans must be one that can be written.',
    where: { file: join(folder, 'a.plan') },
  });
  expect(readdirSync(folder)).toEqual(['a.plan']);
  expect(readFileSync(join(folder, 'a.plan'), 'utf8')).toBe(textOf('a'));
});

test('a process that is killed while it writes leaves whole files, and the next removes the rest', async () => {
  const leftovers = () => readdirSync(folder).filter((name) => name.endsWith('.tmp'));
  for (let round = 0; round < 5 || (leftovers().length === 0 && round < 100); round++) {
    const child = spawn(process.execPath, [jiti(), writer, folder, 'forever'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 5 * (round % 7)));
    child.kill('SIGKILL');
    await ended;
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.plan'))) {
      expect(readFileSync(join(folder, name), 'utf8')).toMatch(/^(.)\1{199999}\n$/);
    }
  }
  expect(leftovers()).not.toEqual([]);
  writeFileSync(join(folder, `.plan-guard-${'0'.repeat(8)}-1-abc.tmp`), 'another machine is writing');
  await writeBaselines(folder, written('a'));
  expect(leftovers()).toEqual(['.plan-guard-00000000-1-abc.tmp']);
  utimesSync(join(folder, '.plan-guard-00000000-1-abc.tmp'), 1, 1);
  await writeBaselines(folder, written('a'));
  expect(leftovers()).toEqual([]);
});

function jiti(): string {
  return join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs');
}
