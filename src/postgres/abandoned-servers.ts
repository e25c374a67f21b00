import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { host, isAlive } from './processes.js';

/** Names where this process's number means something, in few characters: a socket's path must be short. */
const HOST = createHash('sha256').update(host()).digest('hex').slice(0, 6);
const PREFIX = 'plan-guard-native-';
/** How the name of a folder tells whose it is: it is there as soon as the folder is, however soon its owner is killed. */
const OWNED = new RegExp(`^${PREFIX}(?<host>[0-9a-f]+)-(?<pid>\\d+)-`);

const DATA = 'data-directory';
/** How long a server may take to stop, in milliseconds. */
const PATIENCE = 5000;

/** Makes the temporary folder that a native server has for its socket and its log. */
export function makeHome(): string {
  return mkdtempSync(join(tmpdir(), `${PREFIX}${HOST}-${process.pid}-`));
}

/** Notes the data directory of a server in its folder, before it is started, for the case that this process is killed. */
export function noteData(home: string, data: string): void {
  writeFileSync(join(home, DATA), data);
}

/**
 * Stops the servers that killed processes left running, and removes their folders. Data directories stay: they belong to
 * the store, or lie in the folder.
 */
export function removeAbandonedServers(): void {
  for (const name of list(tmpdir())) {
    const owner = OWNED.exec(name)?.groups;
    if (owner === undefined || owner.host !== HOST || isAlive(Number(owner.pid))) continue;
    const home = join(tmpdir(), name);
    try {
      const data = readData(home);
      if (data !== undefined) stopServer(data);
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Another user's, or another run is at it.
    }
  }
}

/** Undefined where no server was started yet. */
function readData(home: string): string | undefined {
  try {
    return readFileSync(join(home, DATA), 'utf8') || undefined;
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

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
