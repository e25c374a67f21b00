import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir, platform, tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PlanGuardError } from '../errors.js';
import { removeAbandonedServers } from './abandoned-servers.js';
import { closedFolder } from './account.js';
import { host, isAlive } from './processes.js';

const DAY = 86_400_000;
const KEEP_UNUSED = 14 * DAY;
/** Every change of a schema or of statistics makes a new key of about 14 MB: the latest used are kept. */
const KEEP_KEYS = 60;
const IDLE_PER_KEY = 4;

/** A directory that belongs to one process until it is given back. */
export interface Lease {
  readonly directory: string;
  /** True where the directory was made now, false where it was used before. */
  readonly fresh: boolean;
  /**
   * Gives the directory back for later use; without a cache it is removed.
   * @param certify called before anyone else can take it; the directory is removed where it throws
   */
  release(certify: () => void): void;
  /** Removes the directory: it was changed, damaged or not finished. */
  discard(): void;
}

/** Directories of this process that must not outlive it, each with how many folders above it go when empty. */
const live = new Map<string, number>();
/** Directories of runs without a cache that this process uses again, by the folder of their key. */
const spares = new Map<string, string>();
let hooked = false;

/** Removes what this process still holds when it ends, however it ends short of a signal that nobody handles. */
function removeOnExit(directory: string, above: number): void {
  live.set(directory, above);
  if (hooked) return;
  hooked = true;
  process.on('exit', () => {
    for (const left of live.keys()) {
      for (let round = 0; round < ROUNDS && !attempt(() => drop(left)); round += 1) pause();
    }
  });
}

const ROUNDS = 100;

/** Threads that copy files may not have noticed yet that the process ends: what they add stands in the way of rmdir. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes a directory that this process holds. */
function drop(directory: string): void {
  remove(directory);
  let folder = directory;
  for (let above = live.get(directory) ?? 0; above > 0; above -= 1) {
    folder = dirname(folder);
    if (!attempt(() => rmdirSync(folder))) break;
  }
  live.delete(directory);
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/**
 * Prepared data directories, kept between runs. A directory is either idle (`idle-…`) or busy in one process
 * (`busy-<host>-<pid>-…`); taking and giving back is a rename, which only one process can win, so two runs
 * never share one. A directory becomes idle only when it is whole: what a crash leaves behind is busy under a
 * dead process and is removed by the next run.
 */
export class DirectoryStore {
  readonly #root: string;
  readonly #keep: boolean;
  readonly #mode: number;

  private constructor(root: string, keep: boolean, mode: number) {
    this.#root = root;
    this.#keep = keep;
    this.#mode = mode;
  }

  /**
   * Opens the cache folder: `PLAN_GUARD_CACHE`, else the platform's. A folder that cannot be written falls back
   * to a temporary one.
   * @param cache false: nothing is kept between runs
   * @param shared another account must be able to reach the directories, though not to list them: a server that root
   *   starts runs as one
   * @throws {PlanGuardError} `engine` where there is no folder at all that can be written
   */
  static open(cache: boolean, onFallback?: (reason: string) => void, shared = false): DirectoryStore {
    const mode = shared ? 0o711 : 0o700;
    const store = (cache ? openCache(onFallback, shared) : undefined) ?? { root: temporaryFolder(), keep: false };
    if (shared) chmodSync(store.root, mode);
    removeAbandonedServers();
    for (const root of new Set([cacheFolder(false), cacheFolder(shared), temporaryName()])) removeAbandoned(root);
    const opened = new DirectoryStore(store.root, store.keep, mode);
    opened.#sweep();
    return opened;
  }

  /**
   * Takes an idle directory of the key, or a new empty one.
   * @param key `<kind>-<32 hexadecimal digits>`
   * @param spare without a cache: this process may take it again
   */
  take(key: string, { spare = false } = {}): Lease {
    const folder = join(this.#root, key);
    const idle = this.#keep ? claimIdle(folder) : claimSpare(folder);
    const directory = idle ?? join(folder, busyName());
    mkdirSync(directory, { recursive: true, mode: this.#mode });
    removeOnExit(directory, this.#keep ? 0 : 2);
    const discard = () => drop(directory);
    const release = (certify: () => void) => {
      const wanted = this.#keep ? countIdle(folder) < IDLE_PER_KEY : spare && !spares.has(folder);
      const given = wanted && attempt(certify) && (this.#keep ? giveBack(directory) : spares.set(folder, directory));
      if (!given) discard();
    };
    return { directory, fresh: idle === undefined, release, discard };
  }

  /** Removes keys that nobody used for long. */
  #sweep(): void {
    const folders = list(this.#root)
      .filter((name) => KEY.test(name))
      .map((name) => join(this.#root, name))
      .map((folder) => ({ folder, age: ageOf(folder) }))
      .sort((a, b) => a.age - b.age);
    for (const [rank, { folder, age }] of folders.entries()) {
      if (age < KEEP_UNUSED && rank < KEEP_KEYS) continue;
      for (let idle = claimIdle(folder); idle !== undefined; idle = claimIdle(folder)) remove(idle);
      attempt(() => rmdirSync(folder));
    }
  }
}

/** Removes what dead processes left, with a cache or without one. */
function removeAbandoned(root: string): void {
  for (const key of list(root).filter((name) => KEY.test(name))) {
    const folder = join(root, key);
    for (const name of list(folder)) {
      if (name.startsWith('busy-') && isAbandoned(folder, name)) attempt(() => remove(join(folder, name)));
    }
  }
}

const KEY = /^[a-z]+-[0-9a-f]{32}$/;

/** Renames an idle directory to a busy one of this process. */
function claimIdle(folder: string): string | undefined {
  for (const name of list(folder)) {
    if (!name.startsWith('idle-')) continue;
    const directory = join(folder, busyName());
    if (attempt(() => renameSync(join(folder, name), directory))) return directory;
  }
  return undefined;
}

function claimSpare(folder: string): string | undefined {
  const directory = spares.get(folder);
  spares.delete(folder);
  return directory;
}

function giveBack(directory: string): boolean {
  const folder = dirname(directory);
  const idle = join(folder, `idle-${randomBytes(6).toString('hex')}`);
  if (!attempt(() => renameSync(directory, idle))) return false;
  live.delete(directory);
  const now = new Date();
  attempt(() => utimesSync(folder, now, now));
  return true;
}

function openCache(
  onFallback: ((reason: string) => void) | undefined,
  shared: boolean,
): { readonly root: string; readonly keep: boolean } | undefined {
  const folder = cacheFolder(shared);
  try {
    probe(folder);
  } catch (error) {
    onFallback?.(`The cache folder ${folder} cannot be written (${(error as Error).message}); nothing is kept.`);
    return undefined;
  }
  const closed = shared ? closedFolder(dirname(resolve(folder))) : undefined;
  if (closed === undefined) return { root: folder, keep: true };
  onFallback?.(
    `The cache folder ${folder} cannot be used: ${closed} is closed to the server's account; nothing is kept.`,
  );
  return undefined;
}

/** @param shared root's home is closed to others, so the system's cache takes its place */
function cacheFolder(shared: boolean): string {
  const { env } = process;
  if (env.PLAN_GUARD_CACHE) return env.PLAN_GUARD_CACHE;
  if (shared) return '/var/cache/plan-guard';
  if (platform() === 'win32') return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'plan-guard');
  if (platform() === 'darwin') return join(homedir(), 'Library', 'Caches', 'plan-guard');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'plan-guard');
}

/** A folder of this user's alone below the temporary one: where others may write too, the name may be taken. */
function temporaryFolder(): string {
  const folder = temporaryName();
  try {
    attempt(() => mkdirSync(folder, { mode: 0o700 }));
    if (isPrivate(folder)) {
      probe(folder);
      return folder;
    }
    const own = mkdtempSync(`${folder}-`);
    removeOnExit(own, 0);
    return own;
  } catch (error) {
    throw new PlanGuardError('engine', `No temporary folder can be written: ${(error as Error).message}`, {
      hint: 'Set TMPDIR, or PLAN_GUARD_CACHE, to a folder that can be written.',
      cause: error,
    });
  }
}

function temporaryName(): string {
  return join(tmpdir(), `plan-guard-${userName()}`);
}

function isPrivate(folder: string): boolean {
  const state = lstatSync(folder, { throwIfNoEntry: false });
  if (state?.isDirectory() !== true) return false;
  const { getuid } = process;
  return getuid === undefined || (state.uid === getuid.call(process) && (state.mode & 0o022) === 0);
}

function userName(): string {
  try {
    return userInfo().username.replace(/[^\w.-]/g, '_');
  } catch {
    return String(process.getuid?.() ?? 'user');
  }
}

/** Node's own recursive mkdir never returns where the file system answers ENOENT for a parent that exists (/proc). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function probe(folder: string): void {
  makeFolder(folder);
  const file = join(folder, `.probe-${randomBytes(6).toString('hex')}`);
  writeFileSync(file, '');
  rmSync(file);
}

function busyName(): string {
  return `busy-${host()}-${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** A busy directory is abandoned when its process is gone, or when it is a day old where that cannot be asked. */
function isAbandoned(folder: string, name: string): boolean {
  const [, where, pid] = name.split('-');
  if (where === host()) return !isAlive(Number(pid));
  return ageOf(join(folder, name)) > DAY;
}

/** Milliseconds since the last change; 0 for what is gone. */
function ageOf(path: string): number {
  const state = statSync(path, { throwIfNoEntry: false });
  return state === undefined ? 0 : Date.now() - state.mtimeMs;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function countIdle(folder: string): number {
  return list(folder).filter((name) => name.startsWith('idle-')).length;
}
