import type { EventEmitter } from 'node:events';
import type { Client, ClientConfig, Submittable } from 'pg';
import { PlanGuardError } from '../errors.js';
import { type Database, isServerError, type Statement, type TextResult, type TextValue } from './database.js';
import { driver } from './driver.js';
import { namedRows, onlyResult, ResultReader } from './results.js';

/** What `pg` sends messages with. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  query(text: string): void;
  parse(message: { readonly text: string }): void;
  bind(message: { readonly values: readonly TextValue[] }): void;
  describe(message: { readonly type: 'P' }): void;
  execute(message: object): void;
  sync(): void;
  sendCopyFail(message: string): void;
}

/** A connection to a server, by the driver `pg`. */
export class Connection implements Database {
  readonly #client: Client;
  /** Modules that run in this thread may put another one in its place. */
  readonly #query: Client['query'];
  #exchange: Exchange | undefined;

  /** @param client connected, with a listener for its errors */
  constructor(client: Client) {
    this.#client = client;
    this.#query = client.query.bind(client);
    const { connection } = client as unknown as { connection: EventEmitter };
    connection.on('notice', ({ message }: { message: string }) => this.#exchange?.reader.notice(message));
  }

  /** @throws what `pg` throws where the server cannot be reached or refuses */
  static async open(config: ClientConfig): Promise<Connection> {
    const { Client } = driver();
    const client = new Client(config);
    // The query that is under way reports a lost connection; without a listener the process would end.
    client.on('error', () => {});
    await client.connect();
    return new Connection(client);
  }

  async query(text: string, values: readonly TextValue[] = []): Promise<TextResult> {
    return onlyResult(await this.batch([{ text, values }]));
  }

  async rows(text: string, values: readonly TextValue[] = []): Promise<Record<string, TextValue>[]> {
    return namedRows(await this.query(text, values));
  }

  batch(statements: readonly Statement[]): Promise<readonly TextResult[]> {
    return this.#send((wire) => {
      for (const { text, values = [] } of statements) {
        wire.parse({ text });
        wire.bind({ values });
        wire.describe({ type: 'P' });
        wire.execute({});
      }
      wire.sync();
    });
  }

  execute(text: string): Promise<readonly TextResult[]> {
    return this.#send((wire) => wire.query(text));
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  #send(write: (wire: Wire) => void): Promise<readonly TextResult[]> {
    return new Promise<readonly TextResult[]>((resolve, reject) => {
      const exchange = new Exchange(resolve, reject, (wire) => {
        this.#exchange = exchange;
        write(wire);
      });
      this.#query(exchange as unknown as Submittable);
    }).catch(connectionLost);
  }
}

/** Messages that go out at once, and what they are answered: it stands where `pg` has its queries. */
class Exchange {
  readonly reader = new ResultReader();
  /** `pg` wants a query to have one. */
  readonly callback = () => {};
  readonly handleError: (error: Error) => void;
  readonly #resolve: (results: readonly TextResult[]) => void;
  readonly #write: (wire: Wire) => void;

  constructor(
    resolve: (results: readonly TextResult[]) => void,
    reject: (error: Error) => void,
    write: (wire: Wire) => void,
  ) {
    this.#resolve = resolve;
    this.handleError = reject;
    this.#write = write;
  }

  submit(wire: Wire): void {
    wire.stream.cork();
    this.#write(wire);
    wire.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: TextResult['fields'] }): void {
    this.reader.describe(fields);
  }

  handleDataRow({ fields }: { readonly fields: readonly TextValue[] }): void {
    this.reader.row(fields);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.reader.complete(text);
  }

  handleEmptyQuery(): void {}

  handleReadyForQuery(): void {
    this.#resolve(this.reader.results);
  }

  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('There is nothing to copy from.');
  }

  handleCopyData(): void {}
}

function connectionLost(error: unknown): never {
  if (isServerError(error)) throw error;
  throw new PlanGuardError('engine', `The connection to the server was lost: ${(error as Error).message}`, {
    hint: 'Run it again; if it fails again, look at what the server wrote into its log.',
    cause: error,
  });
}

/** A database of a server of our own. Closing it ends the server as well. */
export interface ServedDatabase extends Database {
  /** How further connections reach it. */
  readonly server: ClientConfig;
}

export function servedBy(connection: Connection, server: ClientConfig, stop: () => Promise<void>): ServedDatabase {
  return {
    server,
    query: (text, values) => connection.query(text, values),
    rows: (text, values) => connection.rows(text, values),
    batch: (statements) => connection.batch(statements),
    execute: (text) => connection.execute(text),
    close: async () => {
      await connection.close().catch(() => {});
      await stop();
    },
  };
}
