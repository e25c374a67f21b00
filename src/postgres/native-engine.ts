import { existsSync, lchownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PlanGuardError } from '../errors.js';
import { type Account, serverAccount } from './account.js';
import { Connection } from './connection.js';
import type { Database } from './database.js';
import type { ClusterOptions, Opening } from './engine.js';
import { type InflatedRelation, inflate } from './inflate.js';
import { type NativeServer, startNativeServer } from './native.js';
import { type FileEngine, openPrepared } from './prepared-directory.js';
import { findServer, type ServerBinaries, type ServerRequest } from './servers.js';
import { DirectoryStore } from './store.js';

/** A real server that is installed here, on data directories of the store. */
export class NativeEngine implements FileEngine {
  readonly name: string;
  readonly identity: string;
  readonly #binaries: ServerBinaries;
  readonly #account: Account | undefined;
  readonly #store: DirectoryStore;

  private constructor(binaries: ServerBinaries, account: Account | undefined, store: DirectoryStore) {
    this.#binaries = binaries;
    this.#account = account;
    this.#store = store;
    this.name = 'native server';
    this.identity = `native ${binaries.version} ${binaries.folder}`;
  }

  /** @throws {PlanGuardError} `engine` where no such server is installed */
  static async create(
    request: ServerRequest,
    cache: boolean,
    onFallback?: (reason: string) => void,
  ): Promise<NativeEngine> {
    const binaries = await findServer(request);
    const account = await serverAccount();
    return new NativeEngine(binaries, account, DirectoryStore.open(cache, onFallback, account !== undefined));
  }

  openPrepared<Opened>(opening: Opening<Opened>): Promise<Opened> {
    return openPrepared(this.#store, this, opening);
  }

  async open(data: string, { locale }: ClusterOptions): Promise<Database> {
    const server = await this.#start(data, locale);
    try {
      return new ServerDatabase(await Connection.open(server.connection), server);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async inflate(data: string, relations: readonly InflatedRelation[]): Promise<void> {
    inflate(data, relations, this.#account);
  }

  async adopt(directory: string): Promise<void> {
    if (this.#account === undefined) return;
    const { uid, gid } = this.#account;
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    for (const name of ['', ...names]) lchownSync(join(directory, name), uid, gid);
  }

  async close(): Promise<void> {}

  async #start(directory: string, locale: string): Promise<NativeServer> {
    const { major } = this.#binaries;
    const options = { binaries: this.#binaries, directory, settings: settingsFor(major) };
    if (existsSync(join(directory, 'PG_VERSION'))) return startNativeServer(options);
    const checksums = major >= 18 ? ['--no-data-checksums'] : [];
    const attempts = localeArguments(locale, major);
    for (const [index, arguments_] of attempts.entries()) {
      try {
        const initdbArguments = ['--wal-segsize=1', ...checksums, ...arguments_];
        return await startNativeServer({ ...options, initdbArguments });
      } catch (error) {
        const isUnknown = error instanceof PlanGuardError && /invalid locale name|not supported/.test(error.message);
        if (!isUnknown || index === attempts.length - 1) throw error;
      }
    }
    throw new Error('no locale was tried');
  }
}

/** A connection and the server that is stopped with it. */
class ServerDatabase implements Database {
  readonly #connection: Connection;
  readonly #server: NativeServer;

  constructor(connection: Connection, server: NativeServer) {
    this.#connection = connection;
    this.#server = server;
  }

  query: Database['query'] = (text, values) => this.#connection.query(text, values);
  rows: Database['rows'] = (text, values) => this.#connection.rows(text, values);
  execute: Database['execute'] = (text) => this.#connection.execute(text);

  async close(): Promise<void> {
    await this.#connection.close().catch(() => {});
    await this.#server.stop();
  }
}

/** Few processes and little memory; nothing here changes a plan. */
function settingsFor(major: number): Record<string, string> {
  return {
    shared_buffers: '16MB',
    max_connections: '5',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_logical_replication_workers: '0',
    jit: 'off',
    ...(major >= 18 ? { io_method: 'sync' } : {}),
  };
}

/**
 * A locale of the C library that is not installed is taken from ICU, whose order is nearly the same, and else stands for
 * one that is not C: whether it is C decides whether LIKE can use an ordinary index.
 */
function localeArguments(locale: string, major: number): readonly (readonly string[])[] {
  const attempts = [[`--locale=${locale}`]];
  const language = /^([a-z]{2,3})(?:_([A-Z]{2}))?\b/.exec(locale);
  if (language !== null && major >= 15) {
    const icu = language.slice(1).filter(Boolean).join('-');
    attempts.push(['--locale=C', '--locale-provider=icu', `--icu-locale=${icu}`]);
  }
  if (!/^(C|POSIX)$/.test(locale)) attempts.push(['--locale=C.UTF-8'], ['--locale=en_US.UTF-8']);
  return attempts;
}
