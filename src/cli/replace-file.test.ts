import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { replaceFile } from './replace-file.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-guard-replace-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a file is replaced whole, and nothing is left beside it', () => {
  const file = join(folder, 'report.txt');
  replaceFile(file, 'one', 1);
  replaceFile(file, 'two', 1);
  expect(readFileSync(file, 'utf8')).toBe('two');
  expect(() => replaceFile(join(folder, 'none', 'x'), 'x', 1)).toThrow('ENOENT');
  expect(readdirSync(folder)).toEqual(['report.txt']);
});

test.skipIf(process.platform === 'win32')('a pipe is written to, and stays a pipe', () => {
  const pipe = join(folder, 'pipe');
  const script = 'mkfifo "$0" && cat "$0" > "$0.read" & while [ ! -p "$0" ]; do sleep 0.01; done';
  execFileSync('bash', ['-c', script, pipe], { stdio: 'ignore' });
  replaceFile(pipe, 'through the pipe', 1);
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

test.skipIf(process.platform === 'win32')('a link stays a link: the file that it names is replaced', () => {
  const file = join(folder, 'linked.txt');
  const link = join(folder, 'link.txt');
  writeFileSync(file, 'old');
  symlinkSync(file, link);
  replaceFile(link, 'new', 1);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('new');
});
