import { Worker } from 'node:worker_threads';
import { PlanGuardError, type Where } from '../errors.js';
import type { SeededDatabase, SeededQuery } from '../postgres/seeded.js';
import type { CallSite, FromWorker, ModuleFunction, ToWorker } from './messages.js';

/** One statement that a function sent, with the values that it bound. */
export interface RecordedStatement {
  readonly text: string;
  readonly values: readonly (string | null)[];
  /** The call that sent it; undefined where the stack does not tell. */
  readonly at: CallSite | undefined;
}

export interface RecordedFunction extends ModuleFunction {
  /** Its place in the suite file. */
  readonly where: Where;
  /** How long loading the module, or one run, may take, in milliseconds. */
  readonly timeout: number;
}

/** A run of a function for one scenario. */
export interface Run {
  readonly scenario: string;
  readonly values: Readonly<Record<string, unknown>>;
}

type QueryMessage = Extract<FromWorker, { kind: 'query' }>;
type Settle = { readonly resolve: () => void; readonly reject: (error: Error) => void };

/**
 * Calls functions of modules with a client of the seeded rows and records the statements that they send. The
 * functions run in a thread of their own, so that one that hangs can be ended.
 */
export class Recorder {
  readonly #worker: Worker;
  #settle: Settle | undefined;
  #onQuery: (message: QueryMessage) => void = (message) => this.#refuseLate(message);
  #target: RecordedFunction | undefined;

  /** @param onOutput takes what the modules print */
  constructor(onOutput: (text: string) => void) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { stdout: true, stderr: true });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      stream.on('data', (chunk: Buffer) => onOutput(chunk.toString()));
    }
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#settle?.reject(this.#error(`failed: ${String(error)}`)));
    this.#worker.on('exit', () =>
      this.#settle?.reject(this.#error('ended the thread that it runs in (process.exit?)')),
    );
  }

  /**
   * Calls the function once per run, each in a transaction that is rolled back.
   * @returns the statements of each run, in the order they were sent
   * @throws {PlanGuardError} `module` where the function is not there, throws, takes too long or sends nothing
   */
  async record(
    target: RecordedFunction,
    database: SeededDatabase,
    runs: readonly Run[],
  ): Promise<readonly (readonly RecordedStatement[])[]> {
    this.#target = target;
    await this.#ask({ kind: 'load', target: { file: target.file, export: target.export } }, 'cannot be loaded');
    const recorded: (readonly RecordedStatement[])[] = [];
    for (const run of runs) {
      const statements = await database.inTransaction((query) => this.#run(run, query));
      if (statements.length === 0) throw this.#error(`sent no statement for the scenario ${run.scenario}`);
      recorded.push(statements);
    }
    return recorded;
  }

  async close(): Promise<void> {
    this.#settle = undefined;
    await this.#worker.terminate();
  }

  async #run(run: Run, query: SeededQuery): Promise<readonly RecordedStatement[]> {
    const statements: RecordedStatement[] = [];
    this.#onQuery = (message) => {
      const { text, values, at } = message;
      statements.push({ text, values, at });
      void this.#answer(message, query);
    };
    try {
      await this.#ask({ kind: 'run', values: run.values }, `failed for the scenario ${run.scenario}`);
    } finally {
      this.#onQuery = (message) => this.#refuseLate(message);
    }
    return statements;
  }

  /** Outside of a run there is no transaction to roll back. */
  #refuseLate({ id }: QueryMessage): void {
    const message = 'The function had ended when it sent this statement: await every query.';
    this.#worker.postMessage({ kind: 'refused', id, message, facts: {} } satisfies ToWorker);
  }

  /** Tells the thread to do something, and waits for its word for as long as the suite allows. */
  #ask(message: ToWorker, failure: string): Promise<void> {
    const timeout = this.#target?.timeout ?? 0;
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
      timer = setTimeout(() => reject(this.#error(`${failure}: it did not end within ${timeout / 1000} s`)), timeout);
    });
    this.#worker.postMessage(message);
    return answer
      .catch((error: unknown) => {
        if (error instanceof ModuleFailure) throw this.#error(`${failure}: ${error.message}`, error.at);
        throw error;
      })
      .finally(() => clearTimeout(timer));
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'query') this.#onQuery(message);
    else if (message.kind === 'done') this.#settle?.resolve();
    else this.#settle?.reject(new ModuleFailure(message.message, message.at));
  }

  async #answer({ id, text, values }: QueryMessage, query: SeededQuery): Promise<void> {
    let answer: ToWorker;
    try {
      const { fields, rows, command, rowCount } = await query(text, values);
      answer = { kind: 'result', id, fields, rows, command, rowCount };
    } catch (error) {
      const { message, code, position, detail, hint } = error as Error & Record<string, unknown>;
      answer = { kind: 'refused', id, message, facts: { code, position, detail, hint } };
    }
    this.#worker.postMessage(answer);
  }

  #error(message: string, at?: CallSite): PlanGuardError {
    const name = this.#target === undefined ? 'The module' : `The function ${this.#target.export}`;
    return new PlanGuardError('module', `${name} ${message}.`, {
      where: at ?? this.#target?.where ?? {},
      hint: 'plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.',
    });
  }
}

class ModuleFailure extends Error {
  readonly at: CallSite | undefined;

  constructor(message: string, at: CallSite | undefined) {
    super(message);
    this.at = at;
  }
}
