import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlanGuardError } from '../errors.js';
import { makeHome, noteData } from './abandoned-servers.js';
import { type Account, requireOpen, serverAccount } from './account.js';
import { OWN_SERVER } from './driver.js';
import { findServer, type ServerBinaries } from './servers.js';

export interface NativeServerOptions {
  /** Server settings, over {@link nativeDefaults}. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly initdbArguments?: readonly string[];
  /**
   * Data directory to use and to keep: started where it holds a cluster, initialised where it does not.
   * Without it the cluster lives in a private temporary directory that `stop` removes.
   */
  readonly directory?: string;
  /** Major version; the newest that is installed where it is left out. */
  readonly version?: number;
  /** The server itself, in place of its version. */
  readonly binaries?: ServerBinaries;
  /**
   * Listens on a port of 127.0.0.1 and asks for a password. Default: only where there is no Unix socket to be had, as on
   * Windows or below a folder whose name is too long.
   */
  readonly tcp?: boolean;
}

export interface NativeServer {
  /** What a `pg` client needs to connect; `host` is the directory of the Unix socket, where there is one. */
  readonly connection: typeof OWN_SERVER & {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
    readonly password: string;
  };
  /** As its program tells it. */
  readonly version: string;
  /** The data directory. */
  readonly directory: string;
  /** Shuts the server down (fast) and removes what `startNativeServer` made. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Settings of a server whose data nobody will miss: nothing is flushed to disk, and no autovacuum or autoanalyze
 * changes statistics behind a test's back.
 */
export const nativeDefaults: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  max_connections: '20',
  shared_buffers: '64MB',
};

/** How long a server may take to start, and to stop, in milliseconds. */
const patience = 60_000;

/** Kept in the data directory, for servers that are connected to by TCP. */
const PASSWORD = 'plan-guard.password';
/** A longer path cannot be bound (`sun_path` in unix(7)). */
const LONGEST_SOCKET = 100;

/**
 * Starts a real PostgreSQL server. The server and its files are gone after `stop`, when the start fails, and when this
 * process exits; after a SIGKILL the next run of plan-guard stops it.
 * @throws {PlanGuardError} `engine` where there are no binaries, or initdb or the server fails; with the log's end.
 */
export async function startNativeServer(options: NativeServerOptions = {}): Promise<NativeServer> {
  const binaries = options.binaries ?? (await findServer({ version: options.version }));
  const account = await serverAccount();
  if (account !== undefined) requireOpen(account, [tmpdir(), binaries.folder, dirname(options.directory ?? tmpdir())]);
  // A signal between its making and the listener below would leave it behind.
  const home = makeHome();
  const directory = options.directory ?? join(home, 'data');
  let server: ChildProcess | undefined;
  let initdb: ChildProcess | undefined;
  const cleanUp = () => {
    if (initdb !== undefined) killGroup(initdb);
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      spawnSync(binaries.pgCtl, ['stop', '-D', directory, '-m', 'immediate', '-w'], { stdio: 'ignore', ...account });
      // One that has just been started is not known to pg_ctl yet.
      killGroup(server);
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  // Before the store removes the data directory.
  process.prependListener('exit', cleanUp);
  const stop = async () => {
    if (server !== undefined) await terminate(server);
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
    process.off('exit', cleanUp);
  };

  try {
    noteData(home, directory);
    if (account !== undefined) chownSync(home, account.uid, account.gid);
    if (!existsSync(join(directory, 'PG_VERSION'))) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      if (account !== undefined) chownSync(directory, account.uid, account.gid);
      const given = options.initdbArguments ?? ['--no-locale'];
      const onStart = (child: ChildProcess) => {
        initdb = child;
      };
      await initialise(binaries, { home, directory, arguments: given, account, onStart });
    }
    const log = join(home, 'log');
    const tcp = options.tcp ?? (process.platform === 'win32' || join(home, '.s.PGSQL.5432').length > LONGEST_SOCKET);
    const port = tcp ? await freePort() : 5432;
    const password = await readFile(join(directory, PASSWORD), 'utf8').catch(() => '');
    const host = tcp ? '127.0.0.1' : home;
    const connection = { ...OWN_SERVER, host, port, user: 'postgres', database: 'postgres', password };
    const own = {
      listen_addresses: tcp ? '127.0.0.1' : '',
      unix_socket_directories: tcp ? '' : home,
      port: String(port),
    };
    const settings = { ...nativeDefaults, ...options.settings, ...own };
    const arguments_ = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    server = launch(binaries.postgres, ['-D', directory, ...arguments_], log, account);
    await started(server, binaries.postgres, account);
    await readiness(server, directory, log);
    return { connection, version: binaries.version, directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Initialisation {
  readonly home: string;
  readonly directory: string;
  readonly arguments: readonly string[];
  readonly account: Account | undefined;
  readonly onStart: (child: ChildProcess) => void;
}

/** initdb runs servers of its own, which write until they are gone. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

async function initialise({ initdb: binary }: ServerBinaries, init: Initialisation): Promise<void> {
  const { home, directory, account } = init;
  const password = randomBytes(18).toString('hex');
  const file = join(home, 'password');
  await writeFile(file, password, { mode: 0o600 });
  if (account !== undefined) chownSync(file, account.uid, account.gid);
  const auth = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${file}`];
  const arguments_ = ['-D', directory, '-U', 'postgres', ...auth, '--encoding=UTF8', '--no-sync', ...init.arguments];
  // A process group of its own, which can be ended as one.
  const child = spawn(binary, arguments_, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    detached: true,
    ...account,
  });
  init.onStart(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(notRunnable(binary, account, error)));
    child.once('close', resolve);
  });
  if (code !== 0) {
    throw new PlanGuardError('engine', `PostgreSQL's initdb failed:\n${lastLines(output)}`, {
      hint: 'Read the message above; the initdb arguments in use may be wrong',
    });
  }
  await writeFile(join(directory, PASSWORD), password, { mode: 0o600 });
}

function launch(
  binary: string,
  arguments_: readonly string[],
  log: string,
  account: Account | undefined,
): ChildProcess {
  const output = openSync(log, 'a');
  try {
    // A process group of its own: Ctrl-C reaches this process alone, which then stops the server in order.
    const child = spawn(binary, arguments_, {
      stdio: ['ignore', output, output],
      cwd: '/',
      detached: true,
      ...account,
    });
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}

async function started(child: ChildProcess, binary: string, account: Account | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(notRunnable(binary, account, error)));
  });
}

/** The line of `postmaster.pid` that tells the server's state (`LOCK_FILE_LINE_PM_STATUS` in src/include/utils/pidfile.h). */
const STATE_LINE = 8;

/** Waits until the server takes connections, which it says in its data directory. */
async function readiness(server: ChildProcess, directory: string, log: string): Promise<void> {
  const deadline = Date.now() + patience;
  for (;;) {
    const ended = server.exitCode !== null || server.signalCode !== null;
    if (!ended) {
      const lines = (await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
      // A server that crashed here before may have left its file.
      if (Number(lines[0]) === server.pid && lines[STATE_LINE - 1]?.trim() === 'ready') return;
    }
    if (ended || Date.now() > deadline) {
      const text = await readFile(log, 'utf8').catch(() => '');
      throw new PlanGuardError('engine', `The PostgreSQL server did not start:\n${lastLines(text)}`, {
        hint: "Read the server's message above; a setting may be unknown or out of its range",
      });
    }
    await sleep(5);
  }
}

/** Fast shutdown (SIGINT), and an immediate one (SIGQUIT) where that takes too long. */
async function terminate(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.ref();
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  const impatient = setTimeout(() => server.kill('SIGQUIT'), patience);
  await ended;
  clearTimeout(impatient);
}

function notRunnable(binary: string, account: Account | undefined, cause: NodeJS.ErrnoException): PlanGuardError {
  const who = account === undefined ? 'this user' : `the user ${account.name} (PostgreSQL refuses to run as root)`;
  return new PlanGuardError('engine', `PostgreSQL cannot be run by ${who}: ${binary}: ${cause.code ?? cause.message}`, {
    hint: 'Make the file executable and the folders above it traversable for that user',
    cause,
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-15).join('\n');
}
