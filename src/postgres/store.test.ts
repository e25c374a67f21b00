import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DirectoryStore } from './store.js';

const KEY = `replica-${'a'.repeat(32)}`;
const OTHER = `cluster-${'b'.repeat(32)}`;
const DAY = 86_400_000;
const nothing = () => {};

let home: string;
let cache: string;
const VARIABLES = ['PLAN_GUARD_CACHE', 'TMPDIR'] as const;
const before = VARIABLES.map((name) => process.env[name]);

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'plan-guard-store-'));
  cache = join(home, 'cache');
  process.env.PLAN_GUARD_CACHE = cache;
  process.env.TMPDIR = join(home, 'tmp');
  mkdirSync(process.env.TMPDIR, { mode: 0o777 });
});

afterEach(() => {
  for (const [index, name] of VARIABLES.entries()) {
    const value = before[index];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  rmSync(home, { recursive: true, force: true });
});

const names = (key = KEY) => (existsSync(join(cache, key)) ? readdirSync(join(cache, key)) : []);
const everything = (folder: string) => readdirSync(folder, { recursive: true }).map(String).sort();

/** A process of its own that does as it is told: `take`, `release`, `discard`, `exit`. */
class Runner {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor({ keep = true } = {}) {
    const store = pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', 'postgres', 'store.js')).href;
    const script = `
      import { writeFileSync } from 'node:fs';
      import { createInterface } from 'node:readline';
      import { DirectoryStore } from ${JSON.stringify(store)};
      for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(2));
      const store = DirectoryStore.open(${keep});
      let lease;
      console.log('ready');
      for await (const line of createInterface(process.stdin)) {
        if (line === 'take') {
          lease = store.take('${KEY}');
          writeFileSync(lease.directory + '/file-' + process.pid, 'x');
          console.log(lease.directory);
        } else if (line === 'release') console.log(lease.release(() => {}) ?? 'ok');
        else if (line === 'exit') process.exit(0);
        else if (line === 'throw') throw new Error('a bug');
      }`;
    this.process = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    if (this.process.stdout === null) throw new Error('no output');
    this.#lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value } = await this.#lines.next();
    return value as string;
  }

  tell(command: string): void {
    this.process.stdin?.write(`${command}\n`);
  }

  async ask(command: string): Promise<string> {
    this.tell(command);
    return this.line();
  }

  /** Sends a signal, if any, and waits for the end. */
  async ended(signal?: NodeJS.Signals): Promise<void> {
    const exit = new Promise((resolve) => this.process.once('exit', resolve));
    if (signal !== undefined) this.process.kill(signal);
    await exit;
  }
}

test('a directory that is given back is taken again, one that is discarded is not', () => {
  const store = DirectoryStore.open(true);
  const first = store.take(KEY);
  writeFileSync(join(first.directory, 'content'), 'kept');
  expect(first.fresh).toBe(true);
  expect(names()).toEqual([basename(first.directory)]);
  expect(basename(first.directory)).toMatch(/^busy-/);
  const second = store.take(KEY);
  expect(second).toMatchObject({ fresh: true });
  expect(second.directory).not.toBe(first.directory);
  first.release(nothing);
  expect(names().filter((name) => name.startsWith('idle-'))).toHaveLength(1);
  const third = DirectoryStore.open(true).take(KEY);
  expect(third.fresh).toBe(false);
  expect(readdirSync(third.directory)).toEqual(['content']);
  expect(store.take(OTHER).fresh).toBe(true);
  third.discard();
  second.discard();
  expect(names()).toEqual([]);
});

test('a directory that cannot be certified, or has gone, is not given back', () => {
  const store = DirectoryStore.open(true);
  const first = store.take(KEY);
  first.release(() => {
    throw new Error('a file is missing');
  });
  expect(names()).toEqual([]);
  const second = store.take(KEY);
  rmSync(cache, { recursive: true });
  second.release(nothing);
  expect(existsSync(cache)).toBe(false);
});

test('no more than four wait for their next run', () => {
  const store = DirectoryStore.open(true);
  const leases = Array.from({ length: 6 }, () => store.take(KEY));
  for (const lease of leases) lease.release(nothing);
  expect(names()).toHaveLength(4);
});

test('processes at once never share a directory', async () => {
  const store = DirectoryStore.open(true);
  const leases = Array.from({ length: 2 }, () => store.take(KEY));
  for (const lease of leases) lease.release(nothing);
  const runners = Array.from({ length: 4 }, () => new Runner());
  expect(await Promise.all(runners.map((runner) => runner.line()))).toEqual(Array(4).fill('ready'));
  for (let round = 0; round < 5; round += 1) {
    const taken = await Promise.all(runners.map((runner) => runner.ask('take')));
    expect(new Set(taken).size).toBe(4);
    for (const directory of taken) expect(existsSync(directory)).toBe(true);
    await Promise.all(runners.map((runner) => runner.ask('release')));
  }
  for (const runner of runners) runner.tell('exit');
  await Promise.all(runners.map((runner) => runner.ended()));
  expect(names().filter((name) => name.startsWith('idle-'))).toHaveLength(4);
  expect(names()).toHaveLength(4);
});

test('what a killed process leaves is removed by the next run, what a living one holds is not', async () => {
  const killed = new Runner();
  const living = new Runner();
  await Promise.all([killed.line(), living.line()]);
  const left = await killed.ask('take');
  const held = await living.ask('take');
  await killed.ended('SIGKILL');
  expect(existsSync(left)).toBe(true);
  const lease = DirectoryStore.open(true).take(KEY);
  expect(lease.fresh).toBe(true);
  expect(existsSync(left)).toBe(false);
  expect(existsSync(held)).toBe(true);
  lease.discard();
  await living.ended('SIGTERM');
  expect(names()).toEqual([]);
});

test.each([
  ['SIGINT', true],
  ['SIGTERM', false],
  ['exit', true],
  ['exit', false],
  ['throw', true],
])('%s leaves nothing behind (cache: %s)', async (way, keep) => {
  const runner = new Runner({ keep });
  await runner.line();
  expect(existsSync(await runner.ask('take'))).toBe(true);
  if (way.startsWith('SIG')) await runner.ended(way as NodeJS.Signals);
  else {
    runner.tell(way);
    await runner.ended();
  }
  expect(everything(cache.replace(/cache$/, 'tmp'))).toEqual([]);
  if (existsSync(cache)) expect(everything(cache)).toEqual([KEY]);
});

test('keys that nobody used for two weeks are removed, and nothing that is not a key', () => {
  const store = DirectoryStore.open(true);
  for (const key of [KEY, OTHER]) store.take(key).release(nothing);
  const foreign = join(cache, 'holiday-pictures');
  mkdirSync(join(foreign, 'idle-hands'), { recursive: true });
  for (const folder of [join(cache, KEY), foreign]) {
    const old = new Date(Date.now() - 15 * DAY);
    utimesSync(folder, old, old);
  }
  DirectoryStore.open(true);
  expect(readdirSync(cache).sort()).toEqual([OTHER, 'holiday-pictures']);
  expect(readdirSync(foreign)).toEqual(['idle-hands']);
});

test('an old key that a run holds stays, and is young again when it is given back', () => {
  const lease = DirectoryStore.open(true).take(KEY);
  const old = new Date(Date.now() - 15 * DAY);
  utimesSync(join(cache, KEY), old, old);
  const store = DirectoryStore.open(true);
  expect(existsSync(lease.directory)).toBe(true);
  lease.release(nothing);
  utimesSync(join(cache, KEY), new Date(), new Date());
  expect(store.take(KEY).fresh).toBe(false);
});

test('only the sixty keys that were used last are kept', () => {
  const store = DirectoryStore.open(true);
  for (let number = 0; number < 63; number += 1) {
    const key = `replica-${String(number).padStart(32, '0')}`;
    store.take(key).release(nothing);
    const used = new Date(Date.now() - (100 - number) * 1000);
    utimesSync(join(cache, key), used, used);
  }
  DirectoryStore.open(true);
  expect(readdirSync(cache)).toHaveLength(60);
  expect(existsSync(join(cache, `replica-${'0'.repeat(32)}`))).toBe(false);
  expect(existsSync(join(cache, `replica-${'62'.padStart(32, '0')}`))).toBe(true);
});

test('a busy directory of another machine is left alone for a day', () => {
  const store = DirectoryStore.open(true);
  store.take(KEY).release(nothing);
  const directories = ['busy-elsewhere.1-1-aa', 'busy-elsewhere.1-1-bb'].map((name) => join(cache, KEY, name));
  for (const directory of directories) mkdirSync(directory);
  const old = new Date(Date.now() - 2 * DAY);
  utimesSync(directories[1] ?? '', old, old);
  DirectoryStore.open(true);
  expect(directories.map((directory) => existsSync(directory))).toEqual([true, false]);
  expect(hostname()).not.toBe('elsewhere');
});

test.each([
  ['a file', () => writeFileSync(cache, 'a file')],
  [
    'a folder that nobody can make',
    () => {
      cache = '/proc/plan-guard/cache';
      process.env.PLAN_GUARD_CACHE = cache;
    },
  ],
])('a cache folder that cannot be written (%s) falls back to a temporary one, and says so', (_, spoil) => {
  spoil();
  const reasons: string[] = [];
  const store = DirectoryStore.open(true, (reason) => reasons.push(reason));
  expect(reasons).toEqual([expect.stringContaining(`The cache folder ${cache} cannot be written (`)]);
  const lease = store.take(KEY);
  expect(lease.directory.startsWith(process.env.TMPDIR ?? '-')).toBe(true);
  lease.release(nothing);
  expect(everything(process.env.TMPDIR ?? '')).toEqual([]);
});

test('without a cache nothing is kept but a spare for this process', () => {
  const store = DirectoryStore.open(false);
  store.take(KEY).release(nothing);
  expect(store.take(KEY).fresh).toBe(true);
  const spare = store.take(OTHER, { spare: true });
  spare.release(nothing);
  const again = DirectoryStore.open(false).take(OTHER, { spare: true });
  expect(again).toMatchObject({ fresh: false, directory: spare.directory });
  expect(existsSync(again.directory)).toBe(true);
  again.discard();
  expect(existsSync(cache)).toBe(false);
});

test('a temporary folder that somebody else made is not used', () => {
  const root = process.env.TMPDIR ?? '';
  const mine = dirname(dirname(DirectoryStore.open(false).take(KEY).directory));
  expect(dirname(mine)).toBe(root);
  const trapped = () => {
    const lease = DirectoryStore.open(false).take(KEY);
    const used = dirname(dirname(lease.directory));
    lease.discard();
    expect(dirname(used)).toBe(root);
    expect(used).not.toBe(mine);
    expect(everything(home).some((path) => path.startsWith('trap/'))).toBe(false);
  };
  chmodSync(mine, 0o777);
  trapped();
  chmodSync(mine, 0o700);
  if (process.getuid?.() === 0) {
    chownSync(mine, 65534, 65534);
    trapped();
  }
  rmSync(mine, { recursive: true });
  mkdirSync(join(home, 'trap'));
  symlinkSync(join(home, 'trap'), mine);
  trapped();
  rmSync(mine);
  writeFileSync(mine, 'a file');
  trapped();
});

test('no folder at all is an error', () => {
  process.env.TMPDIR = join(home, 'file');
  writeFileSync(process.env.TMPDIR, '');
  expect(() => DirectoryStore.open(false)).toThrow('No temporary folder can be written');
});
