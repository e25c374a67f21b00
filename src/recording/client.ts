import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import Query, { type QueryConnection } from 'pg/lib/query.js';
import pgUtils from 'pg/lib/utils.js';
import { DatabaseError } from 'pg-protocol';
import { currentCallSite, stackOf } from './call-site.js';
import type { Answer, SentStatement } from './messages.js';

type Callback = (error: Error | null, client?: RecordingClient, release?: () => void) => void;

/**
 * Stands in for a client and for a pool of the package `pg`: every statement is handed on and answered by the seeded
 * rows. What a query is called with, the text of values, and results are read and made by `pg`'s own code.
 */
export class RecordingClient extends EventEmitter {
  readonly escapeIdentifier = pgUtils.escapeIdentifier;
  readonly escapeLiteral = pgUtils.escapeLiteral;
  readonly #send: (statement: SentStatement) => Promise<Answer>;
  readonly #statements: Record<string, string> = {};
  readonly #pending = new Set<Promise<void>>();

  constructor(send: (statement: SentStatement) => Promise<Answer>) {
    super();
    this.#send = send;
  }

  /** As `pg` has it: a text or a config, values, and a callback in place of the promise. */
  query(config: unknown, values?: unknown, callback?: unknown): Promise<unknown> | undefined {
    if (config === null || config === undefined) throw new TypeError('Client was passed a null or undefined query');
    if (typeof (config as { submit?: unknown }).submit === 'function') {
      throw new TypeError('plan-guard records query(text, values) and query({ text, values }), no cursors or streams');
    }
    const call = new Error();
    const query = new Query(config, values, callback);
    if (query.callback !== undefined) {
      this.#submit(query, call);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      query.callback = (error, result) => (error === null ? resolve(result) : reject(error));
      this.#submit(query, call);
    });
  }

  /** A pool gives a client; a client connects. */
  connect(callback?: Callback): Promise<this> | undefined {
    if (callback === undefined) return Promise.resolve(this);
    process.nextTick(() => callback(null, this, () => {}));
    return undefined;
  }

  release(): void {}

  end(callback?: (error: Error | null) => void): Promise<void> | undefined {
    if (callback === undefined) return Promise.resolve();
    process.nextTick(() => callback(null));
    return undefined;
  }

  /** Waits until every query is answered, and those that follow from the answers. */
  async idle(): Promise<void> {
    do {
      await Promise.all(this.#pending);
      // Modules may have put other timers in the place of the global ones.
      await turn();
    } while (this.#pending.size > 0);
  }

  #submit(query: Query, call: Error): void {
    const statement = { text: '', values: [] as (string | null)[] };
    const connection = this.#connection(statement);
    const fault = query.submit(connection);
    if (fault !== null) {
      process.nextTick(() => query.handleError(fault, connection));
      return;
    }
    const work = this.#send({ ...statement, at: currentCallSite() }).then((answer) => {
      // What a callback throws is the module's fault, not a failure of the query.
      process.nextTick(() => settle(query, answer, call, connection));
    });
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }

  /** Takes what `pg` would send; prepared statements are known by their names as long as the client lives. */
  #connection(statement: { text: string; values: (string | null)[] }): QueryConnection {
    const nothing = () => {};
    const names = this.#statements;
    return {
      parsedStatements: names,
      submittedNamedStatements: {},
      stream: {},
      query: (text) => {
        statement.text = text;
      },
      parse: ({ text, name }) => {
        statement.text = text;
        if (name) names[name] = text;
      },
      bind: (binding) => {
        if (binding.statement) statement.text = names[binding.statement] ?? statement.text;
        statement.values = (binding.values ?? []).map((value) => asText(binding.valueMapper(value)));
      },
      describe: nothing,
      execute: nothing,
      flush: nothing,
      sync: nothing,
      close: nothing,
    };
  }
}

/** `pg` sends a Buffer in binary form and anything else as text. */
function asText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : String(value);
}

function settle(query: Query, answer: Answer, call: Error, connection: QueryConnection): void {
  if (answer.kind === 'refused') {
    const error = Object.assign(new DatabaseError(answer.message, 0, 'error'), answer.facts);
    error.stack = `${error.name}: ${error.message}\n${stackOf(call).split('\n').slice(1).join('\n')}`;
    query.handleError(error, connection);
    return;
  }
  if (answer.fields.length + answer.rows.length > 0) query.handleRowDescription({ fields: answer.fields });
  for (const fields of answer.rows) query.handleDataRow({ fields });
  if (answer.tag !== undefined) query.handleCommandComplete({ text: answer.tag }, connection);
  query.handleReadyForQuery(connection);
}
