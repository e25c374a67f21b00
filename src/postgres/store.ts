import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir, hostname, platform, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const DAY = 86_400_000;
const KEEP_UNUSED = 14 * DAY;
const IDLE_PER_KEY = 4;

/** A directory that belongs to one process until it is given back. */
export interface Lease {
  readonly directory: string;
  /** True where the directory was made now, false where an earlier run left it. */
  readonly fresh: boolean;
  /** Gives the directory back for a later run; without a cache it is removed. */
  release(): void;
  /** Removes the directory: it was changed, damaged or not finished. */
  discard(): void;
}

const live = new Set<string>();
let hooked = false;

/** Removes what this process still holds when it ends, however it ends short of SIGKILL. */
function removeOnExit(directory: string): void {
  live.add(directory);
  if (hooked) return;
  hooked = true;
  process.on('exit', () => {
    for (const left of live) remove(left);
  });
}

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
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

  private constructor(root: string, keep: boolean) {
    this.#root = root;
    this.#keep = keep;
  }

  /**
   * Opens the cache folder: `PLAN_GUARD_CACHE`, else the platform's. A folder that cannot be written falls back
   * to a temporary one.
   * @param cache false: nothing is kept between runs
   */
  static open(cache: boolean, onFallback?: (reason: string) => void): DirectoryStore {
    const temporary = join(tmpdir(), `plan-guard-${userName()}`);
    let store = new DirectoryStore(temporary, false);
    if (cache) {
      const folder = cacheFolder();
      try {
        probe(folder);
        store = new DirectoryStore(folder, true);
      } catch (error) {
        onFallback?.(`The cache folder ${folder} cannot be written (${(error as Error).message}); nothing is kept.`);
      }
    }
    if (!store.#keep) probe(temporary);
    store.#sweep();
    return store;
  }

  /** Takes an idle directory of the key, or a new empty one. The key must be safe as a file name. */
  take(key: string): Lease {
    const folder = join(this.#root, key);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      if (!name.startsWith('idle-')) continue;
      const directory = join(folder, busyName());
      try {
        renameSync(join(folder, name), directory);
      } catch {
        continue;
      }
      return this.#lease(folder, directory, false);
    }
    const directory = join(folder, busyName());
    mkdirSync(directory, { mode: 0o700 });
    return this.#lease(folder, directory, true);
  }

  #lease(folder: string, directory: string, fresh: boolean): Lease {
    removeOnExit(directory);
    const discard = () => {
      remove(directory);
      live.delete(directory);
    };
    const release = () => {
      if (!this.#keep || countIdle(folder) >= IDLE_PER_KEY) return discard();
      renameSync(directory, join(folder, `idle-${randomBytes(6).toString('hex')}`));
      live.delete(directory);
      const now = new Date();
      utimesSync(folder, now, now);
    };
    return { directory, fresh, release, discard };
  }

  /** Removes what dead processes left, and keys that nobody used for two weeks. */
  #sweep(): void {
    for (const key of list(this.#root)) {
      const folder = join(this.#root, key);
      const names = list(folder);
      const abandoned = names.filter((name) => name.startsWith('busy-') && isAbandoned(folder, name));
      for (const name of abandoned) remove(join(folder, name));
      if (names.some((name) => name.startsWith('busy-') && !abandoned.includes(name))) continue;
      if (ageOf(folder) > KEEP_UNUSED) remove(folder);
    }
  }
}

function cacheFolder(): string {
  const { env } = process;
  if (env.PLAN_GUARD_CACHE) return env.PLAN_GUARD_CACHE;
  if (platform() === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'plan-guard');
  if (platform() === 'darwin') return join(homedir(), 'Library', 'Caches', 'plan-guard');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'plan-guard');
}

function userName(): string {
  try {
    return userInfo().username.replace(/[^\w.-]/g, '_');
  } catch {
    return String(process.getuid?.() ?? 'user');
  }
}

function probe(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `.probe-${randomBytes(6).toString('hex')}`);
  writeFileSync(file, '');
  rmSync(file);
}

function busyName(): string {
  return `busy-${hostname().replace(/[^\w.]/g, '_')}-${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** A busy directory is abandoned when its process is gone, or when it is a day old on a host that cannot be asked. */
function isAbandoned(folder: string, name: string): boolean {
  const [, host, pid] = name.split('-');
  if (host === hostname().replace(/[^\w.]/g, '_')) return !isAlive(Number(pid));
  return ageOf(join(folder, name)) > DAY;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ageOf(path: string): number {
  return existsSync(path) ? Date.now() - statSync(path).mtimeMs : 0;
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
