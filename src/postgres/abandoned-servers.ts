import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { host, isAlive } from './processes.js';

/** Begins the name of the temporary folder that a native server has for its socket and its log. */
export const HOME_PREFIX = 'plan-guard-native-';

const OWNER = 'owner.json';
const DAY = 86_400_000;
/** How long a server may take to stop, in milliseconds. */
const PATIENCE = 5000;

interface Owner {
  readonly host: string;
  readonly pid: number;
  /** The data directory of the server. */
  readonly data: string;
}

/** Notes in a server's folder whose it is, for the case that this process is killed. */
export function writeOwner(home: string, data: string): void {
  writeFileSync(join(home, OWNER), JSON.stringify({ host: host(), pid: process.pid, data } satisfies Owner));
}

/**
 * Stops the servers that killed processes left running, and removes their folders. Data directories stay: they belong to
 * the store, or lie in the folder.
 */
export function removeAbandonedServers(): void {
  for (const name of list(tmpdir())) {
    if (!name.startsWith(HOME_PREFIX)) continue;
    const home = join(tmpdir(), name);
    try {
      const owner = readOwner(home);
      if (owner === undefined ? ageOf(home) < DAY : owner.host !== host() || isAlive(owner.pid)) continue;
      if (owner !== undefined) stopServer(owner.data);
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Another user's, or another run is at it.
    }
  }
}

function readOwner(home: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(home, OWNER), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

/** `postmaster.pid`: the process first, then the data directory (src/include/utils/pidfile.h). */
function stopServer(data: string): void {
  let lines: readonly string[];
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return;
  }
  const pid = Number(lines[0]);
  if (!(pid > 0) || !isServer(pid, data)) return;
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    process.kill(pid, signal);
    const deadline = Date.now() + PATIENCE;
    while (isAlive(pid) && Date.now() < deadline) pause(10);
    if (!isAlive(pid)) return;
  }
}

/** The number may be another process's by now. */
function isServer(pid: number, data: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command.split('\0').includes(data);
  } catch {
    const { stdout } = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return (stdout ?? '').includes(data);
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function ageOf(path: string): number {
  return Date.now() - statSync(path).mtimeMs;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
