import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PlanGuardError, PlanGuardErrors } from '../errors.js';
import {
  type Built,
  type ClusterOptions,
  dropTemplates,
  type Engine,
  type Opening,
  type PreparedDirectory,
  using,
} from './engine.js';
import type { DirectoryStore, Lease } from './store.js';

/** Raised whenever a prepared directory is made differently from before. */
const FORMAT = 6;

/** An engine whose data directories are files of this machine. */
export interface FileEngine extends Engine {
  /** Gives a directory and all in it to the account that the server runs as, where that is another one. */
  adopt?(directory: string): Promise<void>;
  /** Makes an empty cluster in a shorter way than to open an empty directory. */
  makeCluster?(data: string, cluster: ClusterOptions): Promise<void>;
}

const MANIFEST = 'plan-guard.json';

/** The cache key of what a directory is made of. */
export function keyOf(engine: Pick<Engine, 'identity'>, kind: string, parts: Opening<unknown>['parts']): string {
  const hash = createHash('sha256');
  for (const part of [['format', String(FORMAT)], ['engine', engine.identity], ...parts]) {
    for (const text of part) hash.update(`${Buffer.byteLength(text)}:`).update(text);
  }
  return `${kind}-${hash.digest('hex').slice(0, 32)}`;
}

/**
 * Opens a prepared directory from the store, or builds one on a copy of an empty cluster. A directory whose files are
 * not as they were left, or that the server does not open, is removed and built again.
 * @throws {PlanGuardError | PlanGuardErrors} what `build` and `open` throw of these; `engine` for anything else
 */
export async function openPrepared<Opened>(
  store: DirectoryStore,
  engine: FileEngine,
  { kind, parts, cluster, build, open }: Opening<Opened>,
): Promise<Opened> {
  const key = keyOf(engine, kind, parts);
  try {
    for (;;) {
      const prepared = await prepare(store.take(key), async (data) => {
        await copyEmptyCluster(store, engine, cluster, data);
        return build(data);
      });
      if (prepared === undefined) continue;
      try {
        return await open(prepared);
      } catch (error) {
        if (isInput(error)) prepared.release();
        else prepared.discard();
        if (isInput(error) || prepared.fresh) throw error;
      }
    }
  } catch (error) {
    throw asExpected(engine, error);
  }
}

/** An expected error as it is, anything else as a fault of the engine. */
export function asExpected(engine: Engine, error: unknown): unknown {
  const isExpected = error instanceof PlanGuardError || error instanceof PlanGuardErrors;
  return isExpected ? error : engineFault(engine, error);
}

/** What a person can mend; anything else may be the directory's fault. */
function isInput(error: unknown): boolean {
  const errors = error instanceof PlanGuardErrors ? error.errors : [error];
  return errors.every((one) => one instanceof PlanGuardError && one.code !== 'engine');
}

function engineFault(engine: Engine, error: unknown): PlanGuardError {
  const message = error instanceof Error ? error.message : String(error);
  if (typeof (error as NodeJS.ErrnoException | undefined)?.syscall === 'string') {
    return new PlanGuardError('engine', `The replica's files cannot be written: ${message}`, {
      hint: 'Make room, or set PLAN_GUARD_CACHE to a folder that can be written.',
      cause: error,
    });
  }
  return new PlanGuardError('engine', `${engine.name} failed: ${message}`, {
    hint: 'Run it again with --no-cache; if it fails again, please report it with the schema that you used.',
    cause: error,
  });
}

/** @returns undefined where the directory was found damaged and is removed */
async function prepare(
  lease: Lease,
  build: (data: string) => Promise<Built>,
): Promise<(PreparedDirectory & { readonly fresh: boolean }) | undefined> {
  const data = join(lease.directory, 'data');
  const { fresh } = lease;
  try {
    let manifest: Manifest | undefined;
    if (fresh) {
      mkdirSync(data, { mode: 0o700 });
      manifest = writeManifest(lease.directory, (await build(data)).facts);
    } else {
      manifest = readManifest(lease.directory);
    }
    if (manifest === undefined) {
      lease.discard();
      return undefined;
    }
    const { facts } = manifest;
    const release = () => lease.release(() => writeManifest(lease.directory, facts));
    return { data, facts, fresh, release, discard: lease.discard };
  } catch (error) {
    lease.discard();
    throw error;
  }
}

/** What copies an empty cluster at the moment, by its key: who wants the same one then waits, and makes no other. */
const copying = new Map<string, Promise<void>>();

/** initdb takes seconds and a copy of its result a tenth of one, so the empty cluster is kept as well. */
function copyEmptyCluster(
  store: DirectoryStore,
  engine: FileEngine,
  cluster: ClusterOptions,
  target: string,
): Promise<void> {
  const key = keyOf(engine, 'cluster', [['locale', cluster.locale]]);
  const work = () => copyCluster(store, engine, key, cluster, target);
  const copy = (copying.get(key) ?? Promise.resolve()).then(work, work);
  copying.set(key, copy);
  return copy;
}

async function copyCluster(
  store: DirectoryStore,
  engine: FileEngine,
  key: string,
  { locale, onInitdb }: ClusterOptions,
  target: string,
): Promise<void> {
  let empty: PreparedDirectory | undefined;
  while (empty === undefined) {
    empty = await prepare(store.take(key, { spare: true }), async (data) => {
      onInitdb?.();
      await engine.adopt?.(data);
      if (engine.makeCluster) await engine.makeCluster(data, { locale, extensions: [] });
      else await using(engine, data, { locale, extensions: [] }, dropTemplates);
      return { facts: {} };
    });
  }
  try {
    rmSync(target, { recursive: true });
    await copyTree(empty.data, target);
    await engine.adopt?.(target);
  } finally {
    empty.release();
  }
}

/** Files that are copied at once. A process that is interrupted can only remove the folder when no thread writes to it. */
const COPIES = 8;

/** Copies folders and files, on the threads that Node keeps for them. */
async function copyTree(source: string, target: string): Promise<void> {
  const entries = readdirSync(source, { recursive: true, withFileTypes: true });
  const pathsOf = (wanted: boolean) =>
    entries
      .filter((entry) => entry.isDirectory() === wanted)
      .map((entry) => relative(source, join(entry.parentPath, entry.name)));
  for (const folder of ['', ...pathsOf(true)]) mkdirSync(join(target, folder), { recursive: true, mode: 0o700 });
  const files = pathsOf(false);
  const copyNext = async (): Promise<void> => {
    for (let file = files.pop(); file !== undefined; file = files.pop()) {
      await copyFile(join(source, file), join(target, file));
    }
  };
  await Promise.all(Array.from({ length: COPIES }, copyNext));
}

interface Manifest extends Built {
  /** A hash of the paths, sizes and times of writing of every lasting file of the data directory. */
  readonly files: string;
}

/** Notes how the files are now. */
function writeManifest(directory: string, facts: unknown): Manifest {
  const manifest = { facts, files: hashFiles(join(directory, 'data')) };
  const text = JSON.stringify(manifest);
  writeFileSync(join(directory, MANIFEST), `${sha1(text)}\n${text}`);
  return manifest;
}

/**
 * The manifest, where nobody wrote to a file since; undefined where anything is not as it says. Hashing the contents
 * would take longer than the plans do.
 */
function readManifest(directory: string): Manifest | undefined {
  try {
    const [hash, text = ''] = readFileSync(join(directory, MANIFEST), 'utf8').split('\n');
    if (hash !== sha1(text)) return undefined;
    const manifest = JSON.parse(text) as Manifest;
    return hashFiles(join(directory, 'data')) === manifest.files ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** The write-ahead log is renewed by every session; a server refuses to start on a damaged one. */
const TRANSIENT = /^pg_wal\/|postmaster\.(pid|opts)$/;

function hashFiles(data: string): string {
  const states = listFiles(data).map((file) => {
    const { size, mtimeMs } = statSync(`${data}/${file}`);
    return `${file} ${size} ${mtimeMs}`;
  });
  return sha1(states.sort().join('\n'));
}

/** Paths of the lasting files below a folder. Node's own way into folders within takes several times longer. */
function listFiles(data: string): string[] {
  const files: string[] = [];
  const list = (folder: string) => {
    for (const entry of readdirSync(`${data}/${folder}`, { withFileTypes: true })) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory()) list(`${path}/`);
      else if (entry.isFile() && !TRANSIENT.test(path)) files.push(path);
    }
  };
  list('');
  return files;
}

const sha1 = (content: string) => createHash('sha1').update(content).digest('base64');
