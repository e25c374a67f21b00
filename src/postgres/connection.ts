import type { EventEmitter } from 'node:events';
import type { Client, ClientConfig, QueryConfig } from 'pg';
import { PlanGuardError } from '../errors.js';
import { type Database, isServerError, type TextResult, type TextValue } from './database.js';

/** A connection to a server, by the driver `pg`. */
export class Connection implements Database {
  readonly #client: Client;
  /** Tags of the commands that are complete, and the notices of each and of the one under way. */
  #tags: string[] = [];
  #notices: { readonly message: string; readonly row: number }[][] = [];
  #rows = 0;

  private constructor(client: Client) {
    this.#client = client;
    const { connection } = client as unknown as { connection: EventEmitter };
    connection.on('dataRow', () => {
      this.#rows += 1;
    });
    connection.on('notice', ({ message }: { message: string }) => {
      this.#notices.at(-1)?.push({ message, row: this.#rows });
    });
    connection.on('commandComplete', ({ text }: { text: string }) => {
      this.#tags.push(text.replace(/( \d+)+$/, ''));
      this.#notices.push([]);
      this.#rows = 0;
    });
  }

  /** @throws what `pg` throws where the server cannot be reached or refuses */
  static async open(config: ClientConfig): Promise<Connection> {
    const { default: pg } = await import('pg');
    const client = new pg.Client(config);
    // The query that is under way reports a lost connection; without a listener the process would end.
    client.on('error', () => {});
    await client.connect();
    return new Connection(client);
  }

  async query(text: string, values: readonly TextValue[] = []): Promise<TextResult> {
    const [result] = await this.#send({ text, values: [...values], queryMode: 'extended' });
    return result ?? { fields: [], rows: [], command: undefined, rowCount: undefined };
  }

  async rows(text: string, values: readonly TextValue[] = []): Promise<Record<string, TextValue>[]> {
    const { fields, rows } = await this.query(text, values);
    return rows.map((row) => Object.fromEntries(fields.map(({ name }, column) => [name, row[column] ?? null])));
  }

  async execute(text: string): Promise<readonly TextResult[]> {
    return this.#send({ text });
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  async #send(config: QueryConfig & { readonly queryMode?: 'extended' }): Promise<TextResult[]> {
    this.#tags = [];
    this.#notices = [[]];
    this.#rows = 0;
    const request = { ...config, rowMode: 'array' as const, types: asText };
    const results = [await this.#client.query<TextValue[]>(request).catch(connectionLost)].flat();
    return this.#tags.map((command, index) => ({
      fields: results[index]?.fields ?? [],
      rows: results[index]?.rows ?? [],
      command,
      rowCount: results[index]?.rowCount ?? undefined,
      ...(this.#notices[index]?.length ? { notices: this.#notices[index] } : {}),
    }));
  }
}

function connectionLost(error: unknown): never {
  if (isServerError(error)) throw error;
  throw new PlanGuardError('engine', `The connection to the server was lost: ${(error as Error).message}`, {
    hint: 'Run it again; if it fails again, look at what the server wrote into its log.',
    cause: error,
  });
}

/** A connection whose closing ends its server as well. */
export function endingWith(connection: Connection, stop: () => Promise<void>): Database {
  return {
    query: (text, values) => connection.query(text, values),
    rows: (text, values) => connection.rows(text, values),
    execute: (text) => connection.execute(text),
    close: async () => {
      await connection.close().catch(() => {});
      await stop();
    },
  };
}

const asText = { getTypeParser: () => (text: string) => text };
