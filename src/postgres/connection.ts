import type { EventEmitter } from 'node:events';
import type { Client, ClientConfig, QueryConfig } from 'pg';
import type { Database } from './database.js';
import type { TextResult, TextValue } from './pglite.js';

/** A connection to a server, by the driver `pg`. */
export class Connection implements Database {
  readonly #client: Client;
  /** What the results under way brought so far; one list of notices per result. */
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
    connection.on('commandComplete', () => {
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
    return result ?? { fields: [], rows: [], command: undefined, rowCount: undefined, notices: [] };
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
    this.#notices = [[]];
    this.#rows = 0;
    const results = await this.#client.query<TextValue[]>({ ...config, rowMode: 'array', types: asText });
    return [results].flat().map(({ fields, rows, command, rowCount }, index) => ({
      fields,
      rows,
      command: command ?? undefined,
      rowCount: rowCount ?? undefined,
      notices: this.#notices[index] ?? [],
    }));
  }
}

const asText = { getTypeParser: () => (text: string) => text };
