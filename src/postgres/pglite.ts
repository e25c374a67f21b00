import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Extension, PGlite } from '@electric-sql/pglite';
import type { serialize } from 'pg-protocol';
import { PlanGuardError } from '../errors.js';
import type { Database, Statement, TextResult, TextValue } from './database.js';
import { type ClusterOptions, dropTemplates, type Engine, type Lent, type Opening } from './engine.js';
import { type InflatedRelation, inflate } from './inflate.js';
import { openPrepared } from './prepared-directory.js';
import { namedRows, onlyResult, ResultReader } from './results.js';
import type { DirectoryStore } from './store.js';

/** The messages of the protocol that carry results, as PGlite hands them on. */
type Message =
  | { readonly name: 'rowDescription'; readonly fields: TextResult['fields'] }
  | { readonly name: 'dataRow'; readonly fields: readonly TextValue[] }
  | { readonly name: 'commandComplete'; readonly text: string }
  | { readonly name: 'error' | 'notice'; readonly message: string };

/**
 * Over PGlite's own: a small footprint, and PostgreSQL's defaults where PGlite has others. PGlite cannot run parallel
 * workers but plans with them like any server, once the setting allows it.
 */
const settings = [
  'shared_buffers=16MB',
  'max_connections=5',
  'search_path="$user", public',
  'max_parallel_workers_per_gather=2',
].flatMap((setting) => ['-c', setting]);

/** PGlite: PostgreSQL inside this process, on data directories of the store. */
export class PgliteEngine implements Engine {
  readonly name = `PGlite ${pgliteVersion()}`;
  readonly identity = this.name;
  readonly parallel = false;
  readonly #store: DirectoryStore;

  constructor(store: DirectoryStore) {
    this.#store = store;
  }

  openPrepared<Opened>(opening: Opening<Opened>): Promise<Opened> {
    return openPrepared(this.#store, this, opening);
  }

  open(data: string, cluster: ClusterOptions): Promise<Database> {
    return Pglite.open(data, cluster);
  }

  /** In memory: of the thousand files that initdb writes, most belong to the templates and never reach the disk. */
  async makeCluster(data: string, cluster: ClusterOptions): Promise<void> {
    const database = await Pglite.open('memory://', cluster);
    const save = database.saver();
    try {
      await dropTemplates(database);
    } finally {
      await database.close();
    }
    save(data);
  }

  async lend(data: string, { locale, extensions }: ClusterOptions): Promise<Lent> {
    return { address: { kind: 'pglite', data, cluster: { locale, extensions } }, end: async () => {} };
  }

  async inflate(data: string, relations: readonly InflatedRelation[]): Promise<void> {
    inflate(data, relations);
  }

  async close(): Promise<void> {}
}

/** One PGlite on one data directory. */
export class Pglite implements Database {
  readonly #pglite: PGlite;
  readonly #serialize: typeof serialize;

  private constructor(pglite: PGlite, serializer: typeof serialize) {
    this.#pglite = pglite;
    this.#serialize = serializer;
  }

  /**
   * Opens a data directory; an empty one becomes a new cluster without data checksums, which the replica's
   * pages do not carry.
   * @param extensions names of PGlite extensions that the schema uses
   * @throws {PlanGuardError} `engine` for an extension that PGlite does not have
   */
  static async open(directory: string, options: ClusterOptions): Promise<Pglite> {
    const { PGlite } = await import('@electric-sql/pglite');
    const extensions = await loadExtensions(options.extensions);
    const pglite = await PGlite.create(directory, {
      extensions,
      initDbStartParams: ['--no-data-checksums', '--wal-segsize=1', `--locale=${options.locale}`],
      startParams: [...PGlite.defaultStartParams, ...settings],
    });
    const { serialize: serializer } = await import('pg-protocol');
    return new Pglite(pglite, serializer);
  }

  async query(text: string, values: readonly TextValue[] = []): Promise<TextResult> {
    return onlyResult(await this.batch([{ text, values }]));
  }

  async rows(text: string, values: readonly TextValue[] = []): Promise<Record<string, TextValue>[]> {
    return namedRows(await this.query(text, values));
  }

  batch(statements: readonly Statement[]): Promise<readonly TextResult[]> {
    const { parse, bind, describe, execute, sync } = this.#serialize;
    const messages = statements.flatMap(({ text, values = [] }) => [
      parse({ text }),
      bind({ values: [...values] }),
      describe({ type: 'P' }),
      execute(),
    ]);
    return this.#send([...messages, sync()]);
  }

  execute(text: string): Promise<readonly TextResult[]> {
    return this.#send([this.#serialize.query(text)]);
  }

  async #send(messages: readonly Uint8Array[]): Promise<readonly TextResult[]> {
    const answer = await this.#pglite
      .runExclusive(() => this.#pglite.execProtocol(Buffer.concat(messages), { syncToFs: false, throwOnError: false }))
      .catch(broken);
    return readResults(answer.messages as unknown as readonly Message[]);
  }

  async close(): Promise<void> {
    await this.#pglite.close();
  }

  /** What writes the data directory of a PGlite in memory to a folder, once it is closed. */
  saver(): (folder: string) => void {
    const { FS } = this.#pglite.Module;
    const save = (from: string, to: string) => {
      mkdirSync(to, { recursive: true, mode: 0o700 });
      for (const name of FS.readdir(from)) {
        if (name === '.' || name === '..') continue;
        const path = `${from}/${name}`;
        if (FS.isDir(FS.stat(path).mode)) save(path, join(to, name));
        else writeFileSync(join(to, name), FS.readFile(path), { mode: 0o600 });
      }
    };
    return (folder) => save(PGDATA, folder);
  }
}

/** Where PGlite keeps the data directory in the file system that it sees. */
const PGDATA = '/pglite/data';

/** What the server refuses is among its messages: this is no answer of it. */
function broken(cause: unknown): never {
  throw new PlanGuardError('engine', `PGlite ${pgliteVersion()} failed: ${(cause as Error).message}`, {
    hint: 'Run it again with --no-cache; if it fails again, please report it with the statement that it was asked.',
    cause,
  });
}

/** @throws what the server refused, as it said it */
function readResults(messages: readonly Message[]): readonly TextResult[] {
  const reader = new ResultReader();
  for (const message of messages) {
    if (message.name === 'error') throw message;
    if (message.name === 'rowDescription') reader.describe(message.fields);
    if (message.name === 'notice') reader.notice(message.message);
    if (message.name === 'dataRow') reader.row(message.fields);
    if (message.name === 'commandComplete') reader.complete(message.text);
  }
  return reader.results;
}

function packageFolder(): string {
  return join(dirname(fileURLToPath(import.meta.resolve('@electric-sql/pglite'))), '..');
}

/** PGlite's version, which decides the layout of a data directory. */
export function pgliteVersion(): string {
  return (JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string }).version;
}

const moduleName = (extension: string) => extension.replaceAll('-', '_');

/** Whether PGlite brings the extension in its own package. */
export function hasExtension(extension: string): boolean {
  return (
    /^[\w-]+$/.test(extension) && existsSync(join(packageFolder(), 'dist', 'contrib', `${moduleName(extension)}.js`))
  );
}

async function loadExtensions(names: readonly string[]): Promise<Record<string, Extension>> {
  const loaded: Record<string, Extension> = {};
  for (const name of names) {
    if (!hasExtension(name)) {
      throw new PlanGuardError('engine', `PGlite ${pgliteVersion()} does not have the extension "${name}".`, {
        hint: 'Take it out of the schema that plan-guard loads, or plan with an engine that has it.',
      });
    }
    const module = (await import(`@electric-sql/pglite/contrib/${moduleName(name)}`)) as Record<string, Extension>;
    const extension = module[moduleName(name)];
    if (extension !== undefined) loaded[moduleName(name)] = extension;
  }
  return loaded;
}
