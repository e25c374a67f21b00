import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeHome, removeAbandonedServers } from './abandoned-servers.js';
import { startNativeServer } from './native.js';

let temporary: string;
const before = process.env.TMPDIR;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'plan-guard-test-'));
  chmodSync(temporary, 0o755);
  process.env.TMPDIR = temporary;
});

afterEach(async () => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  await rm(temporary, { recursive: true, force: true });
});

async function scalar(connection: pg.ClientConfig, sql: string): Promise<unknown> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

test('a server starts with its settings, answers, and leaves nothing behind', async () => {
  const server = await startNativeServer({ settings: { work_mem: '7MB' } });
  expect(server.version).toMatch(/^\d+\.\d+/);
  expect(await scalar(server.connection, 'SHOW work_mem')).toBe('7MB');
  expect(await scalar(server.connection, 'SHOW server_version')).toBe(server.version);
  expect(await scalar(server.connection, 'SHOW data_directory')).toBe(server.directory);
  expect(existsSync(dirname(server.directory))).toBe(true);
  await server.stop();
  await server.stop();
  expect(readdirSync(temporary)).toEqual([]);
  await expect(scalar(server.connection, 'SELECT 1')).rejects.toThrow('ENOENT');
});

test('stopping ends the connections that are open', async () => {
  const server = await startNativeServer();
  const client = new pg.Client(server.connection);
  const ended = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  await server.stop();
  expect(String(await ended)).toContain('terminating connection');
  expect(readdirSync(temporary)).toEqual([]);
});

test('a data directory that is handed in is kept, and starts again with its rows', async () => {
  const directory = join(temporary, 'cluster');
  const first = await startNativeServer({ directory });
  await scalar(first.connection, 'CREATE TABLE t AS SELECT 42 AS n');
  await first.stop();
  expect(readdirSync(temporary)).toEqual(['cluster']);
  const second = await startNativeServer({ directory });
  try {
    expect(await scalar(second.connection, 'SELECT n FROM t')).toBe(42);
  } finally {
    await second.stop();
  }
});

test("a setting that the server refuses is an error with the server's words, and nothing is left behind", async () => {
  await expect(startNativeServer({ settings: { work_mem: 'plenty' } })).rejects.toMatchObject({
    code: 'engine',
    message: expect.stringContaining('invalid value for parameter "work_mem": "plenty"'),
  });
  expect(readdirSync(temporary)).toEqual([]);
});

test("an initdb argument that is wrong is an error with initdb's words, and nothing is left behind", async () => {
  await expect(startNativeServer({ initdbArguments: ['--no-such-option'] })).rejects.toMatchObject({
    code: 'engine',
    message: expect.stringContaining('no-such-option'),
  });
  expect(readdirSync(temporary)).toEqual([]);
});

test('a process that exits without stopping its server leaves neither server nor files behind', async () => {
  const script = join(temporary, 'forgetful.ts');
  const module = JSON.stringify(join(import.meta.dirname, 'native.ts'));
  await writeFile(
    script,
    `import { readFileSync } from 'node:fs';
     import { startNativeServer } from ${module};
     startNativeServer().then(({ directory }) => {
       console.log(readFileSync(directory + '/postmaster.pid', 'utf8').split('\\n')[0]);
       process.exit(3);
     });`,
  );
  const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs');
  const failure = await promisify(execFile)(process.execPath, [jiti, script]).catch((error) => error);
  expect(failure).toMatchObject({ code: 3, stdout: expect.stringMatching(/^\d+\n$/) });
  // The server has ended by then; its process entry stays until whoever adopted it takes note.
  await vi.waitFor(() => expect(() => process.kill(Number(failure.stdout), 0)).toThrow('ESRCH'), { timeout: 10_000 });
  expect(readdirSync(temporary).filter((name) => name.startsWith('plan-guard-native-'))).toEqual([]);
});

test('a folder is told to be a killed process’s as soon as it is there', async () => {
  const module = JSON.stringify(new URL('../../dist/postgres/abandoned-servers.js', import.meta.url).href);
  const made = `import { makeHome } from ${module}; makeHome(); process.kill(process.pid, 'SIGKILL');`;
  const killed = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', made]).catch(
    (error) => error,
  );
  expect(killed).toMatchObject({ signal: 'SIGKILL' });
  const own = makeHome();
  expect(readdirSync(temporary)).toHaveLength(2);
  removeAbandonedServers();
  expect(readdirSync(temporary)).toEqual([basename(own)]);
});
