import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { ClientConfig } from 'pg';
import type { Database, Statement, TextResult } from './database.js';
import type { SessionDatabase } from './seeded-session.js';
import { applySettings, type SessionSettings } from './settings.js';

/** How another thread reaches a database. */
export type Address =
  | { readonly kind: 'server'; readonly config: ClientConfig; readonly session: readonly SessionSettings[] }
  /** A database of one thread: it answers {@link Request}s. */
  | { readonly kind: 'port'; readonly port: MessagePort };

type Request = { readonly id: number } & (
  | { readonly kind: 'batch'; readonly statements: readonly Statement[] }
  | { readonly kind: 'execute'; readonly text: string }
);

type Reply =
  | { readonly kind: 'results'; readonly id: number; readonly results: readonly TextResult[] }
  | ({ readonly kind: 'refused'; readonly id: number } & ErrorFacts);

/** An error as it goes from one thread to another. */
export interface ErrorFacts {
  readonly message: string;
  /** The other fields of the server's error, by the names that `pg` gives them. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface Lent {
  /** To be posted together with `transfer`. */
  readonly address: Address;
  readonly transfer: readonly MessagePort[];
  /** Nothing that is asked from now on reaches the database. */
  end(): void;
}

/**
 * Lets another thread use a database: by a connection of its own, or over this one's, which keeps to this thread.
 * @param session what a connection of its own is set to
 */
export async function lend(database: Database, session: readonly SessionSettings[]): Promise<Lent> {
  if (database.server !== undefined) {
    return { address: { kind: 'server', config: database.server, session }, transfer: [], end: () => {} };
  }
  // A thread that was ended may have left a transaction open.
  await database.execute('ROLLBACK; DEALLOCATE ALL');
  const { port1, port2 } = new MessageChannel();
  let ended = false;
  port1.on('message', async (request: Request) => {
    if (!ended) port1.postMessage(await replyTo(request, database));
  });
  const end = () => {
    ended = true;
    port1.close();
  };
  return { address: { kind: 'port', port: port2 }, transfer: [port2], end };
}

async function replyTo(request: Request, database: Database): Promise<Reply> {
  const { id } = request;
  try {
    const results =
      request.kind === 'batch' ? await database.batch(request.statements) : await database.execute(request.text);
    return { kind: 'results', id, results };
  } catch (error) {
    return { kind: 'refused', id, ...errorFacts(error as Error) };
  }
}

export function errorFacts(error: Error): ErrorFacts {
  const { message, length: _, name: __, ...facts } = error as Error & Record<string, unknown>;
  const texts = Object.entries(facts).filter((fact): fact is [string, string] => typeof fact[1] === 'string');
  return { message, facts: Object.fromEntries(texts) };
}

/**
 * Opens what was lent, in the thread that it was lent to.
 * @throws {PlanGuardError} `engine` where the server cannot be reached
 */
export async function borrow(address: Address): Promise<SessionDatabase> {
  if (address.kind === 'port') return new PortDatabase(address.port);
  const { Connection } = await import('./connection.js');
  const connection = await Connection.open(address.config);
  for (const settings of address.session) await applySettings(connection, settings);
  return connection;
}

/** A database of another thread. */
class PortDatabase implements SessionDatabase {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #last = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (reply: Reply) => {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
  }

  batch(statements: readonly Statement[]): Promise<readonly TextResult[]> {
    this.#last += 1;
    return this.#ask({ kind: 'batch', id: this.#last, statements });
  }

  execute(text: string): Promise<readonly TextResult[]> {
    this.#last += 1;
    return this.#ask({ kind: 'execute', id: this.#last, text });
  }

  async #ask(request: Request): Promise<readonly TextResult[]> {
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(request.id, resolve);
      this.#port.postMessage(request);
    });
    if (reply.kind === 'results') return reply.results;
    throw Object.assign(new Error(reply.message), reply.facts);
  }
}
