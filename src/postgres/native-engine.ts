import { existsSync, lchownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PlanGuardError } from '../errors.js';
import { type Account, serverAccount } from './account.js';
import { initdbAttempts, isUnknownLocale, serverSettings } from './cluster.js';
import { Connection, type ServedDatabase, servedBy } from './connection.js';
import type { ClusterOptions, Lent, Opening } from './engine.js';
import { type InflatedRelation, inflate } from './inflate.js';
import { lendServer } from './lend.js';
import { type NativeServer, startNativeServer } from './native.js';
import { type FileEngine, openPrepared } from './prepared-directory.js';
import { findServer, type ServerBinaries, type ServerRequest } from './servers.js';
import { DirectoryStore } from './store.js';

/** A real server that is installed here, on data directories of the store. */
export class NativeEngine implements FileEngine {
  readonly name: string;
  readonly identity: string;
  readonly parallel = true;
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

  async open(data: string, { locale }: ClusterOptions): Promise<ServedDatabase> {
    const server = await this.#start(data, locale);
    try {
      return servedBy(await Connection.open(server.connection), server.connection, () => server.stop());
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async lend(data: string, cluster: ClusterOptions): Promise<Lent> {
    return lendServer(await this.open(data, cluster));
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
    const options = { binaries: this.#binaries, directory, settings: serverSettings(major) };
    if (existsSync(join(directory, 'PG_VERSION'))) return startNativeServer(options);
    const [first, ...others] = initdbAttempts(locale, major);
    let attempt = startNativeServer({ ...options, initdbArguments: first });
    for (const initdbArguments of others) {
      attempt = attempt.catch((error: unknown) => {
        if (!(error instanceof PlanGuardError) || !isUnknownLocale(error.message)) throw error;
        return startNativeServer({ ...options, initdbArguments });
      });
    }
    return attempt;
  }
}
