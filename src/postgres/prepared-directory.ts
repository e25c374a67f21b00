import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Pglite, pgliteVersion } from './pglite.js';
import type { DirectoryStore, Lease } from './store.js';

/** Raised whenever a prepared directory is made differently from before. */
const FORMAT = 1;

const MANIFEST = 'plan-guard.json';

export interface ClusterOptions {
  readonly locale: string;
  readonly extensions: readonly string[];
}

/** A data directory held by this run, whole and verified. */
export interface PreparedDirectory {
  readonly data: string;
  /** What `build` returned when the directory was made. */
  readonly facts: unknown;
  readonly lease: Lease;
}

/** The cache key of what a directory is made of. */
export function keyOf(kind: string, parts: readonly (readonly [name: string, content: string])[]): string {
  const hash = createHash('sha256');
  for (const part of [['format', String(FORMAT)], ['pglite', pgliteVersion()], ...parts]) {
    for (const text of part) hash.update(`${Buffer.byteLength(text)}:`).update(text);
  }
  return `${kind}-${hash.digest('hex').slice(0, 32)}`;
}

/**
 * Takes a prepared directory of the key from the store, or builds it on a copy of an empty cluster. A directory
 * whose files are not as its manifest says is removed and built again.
 */
export async function prepareDirectory(
  store: DirectoryStore,
  key: string,
  cluster: ClusterOptions,
  build: (data: string) => Promise<unknown>,
): Promise<PreparedDirectory> {
  return prepare(store, key, async (data) => {
    await copyEmptyCluster(store, cluster, data);
    return build(data);
  });
}

async function prepare(
  store: DirectoryStore,
  key: string,
  build: (data: string) => Promise<unknown>,
): Promise<PreparedDirectory> {
  let lease = store.take(key);
  for (; !lease.fresh; lease = store.take(key)) {
    const manifest = readManifest(lease.directory);
    if (manifest !== undefined) return { data: join(lease.directory, 'data'), facts: manifest.facts, lease };
    lease.discard();
  }
  const data = join(lease.directory, 'data');
  try {
    mkdirSync(data, { mode: 0o700 });
    const facts = await build(data);
    writeManifest(lease.directory, facts);
    return { data, facts, lease };
  } catch (error) {
    lease.discard();
    throw error;
  }
}

/** initdb takes seconds and a copy of its result a tenth of one, so the empty cluster is kept as well. */
async function copyEmptyCluster(store: DirectoryStore, options: ClusterOptions, target: string): Promise<void> {
  const key = keyOf('cluster', [['locale', options.locale]]);
  const empty = await prepare(store, key, async (data) => {
    const database = await Pglite.open(data, { locale: options.locale, extensions: [] });
    await database.execute(`UPDATE pg_database SET datistemplate = false WHERE datname LIKE 'template%'`);
    for (const template of ['template0', 'template1']) await database.execute(`DROP DATABASE ${template}`);
    await database.execute('CHECKPOINT');
    await database.close();
    return {};
  });
  rmSync(target, { recursive: true });
  cpSync(empty.data, target, { recursive: true });
  empty.lease.release();
}

interface Manifest {
  /** Size in bytes of every lasting file of the data directory, by path. */
  readonly files: Readonly<Record<string, number>>;
  readonly facts: unknown;
}

function writeManifest(directory: string, facts: unknown): void {
  const data = join(directory, 'data');
  const files: Record<string, number> = {};
  for (const file of listFiles(data)) files[relative(data, file)] = statSync(file).size;
  writeFileSync(join(directory, MANIFEST), JSON.stringify({ files, facts } satisfies Manifest));
}

/** The manifest, where every file is there and none is shorter than it was: PostgreSQL's own catalogs may grow. */
function readManifest(directory: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(directory, MANIFEST), 'utf8')) as Manifest;
    const whole = Object.entries(manifest.files).every(
      ([file, size]) => statSync(join(directory, 'data', file)).size >= size,
    );
    return whole ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** Write-ahead log, caches and process files come and go with every session. */
const TRANSIENT = /^(pg_wal|pg_stat|pg_stat_tmp|pg_logical)[/\\]|pg_internal\.init$|postmaster\.(pid|opts)$/;

function listFiles(data: string): string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !TRANSIENT.test(relative(data, file)));
}
