import { Worker } from 'node:worker_threads';
import { PlanGuardError, type Where } from '../errors.js';
import type { SeededDatabase, SeededQuery } from '../postgres/seeded.js';
import type { CallSite, FromWorker, ToWorker, WorkerInput } from './messages.js';

/** One statement that a function sent, with the values that it bound. */
export interface RecordedStatement {
  readonly text: string;
  readonly values: readonly (string | null)[];
  /** The call that sent it; undefined where the stack does not tell. */
  readonly at: CallSite | undefined;
}

export interface RecordOptions extends WorkerInput {
  /** How long loading, or one run, may take, in milliseconds. */
  readonly timeout: number;
  /** The query's place in the suite file. */
  readonly where: Where;
  /** Text that the module prints. */
  readonly onOutput: (text: string) => void;
}

/** A run of the function for one scenario. */
export interface Run {
  readonly scenario: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Calls a module's function once per run with a client of the seeded rows, each in a transaction that is rolled
 * back, and returns the statements that each run sent, in order.
 * @throws {PlanGuardError} `module` where the function is not there, throws, takes too long or sends nothing
 */
export async function recordStatements(
  database: SeededDatabase,
  options: RecordOptions,
  runs: readonly Run[],
): Promise<readonly (readonly RecordedStatement[])[]> {
  const thread = new RecordingThread(options);
  try {
    await thread.ready();
    const recorded: (readonly RecordedStatement[])[] = [];
    for (const run of runs) {
      const statements = await database.inTransaction((query) => thread.run(run, query));
      if (statements.length === 0) {
        throw new PlanGuardError('module', `${options.export} sent no statement for the scenario ${run.scenario}.`, {
          where: options.where,
          hint: 'The function must send its SQL through the client that it is given as the first argument.',
        });
      }
      recorded.push(statements);
    }
    return recorded;
  } finally {
    await thread.end();
  }
}

class RecordingThread {
  readonly #worker: Worker;
  readonly #options: RecordOptions;
  #receive: (message: FromWorker) => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor(options: RecordOptions) {
    this.#options = options;
    const { file, export: name } = options;
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { file, export: name } satisfies WorkerInput,
      stdout: true,
      stderr: true,
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      stream.on('data', (chunk: Buffer) => options.onOutput(chunk.toString()));
    }
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(this.#error(`The module failed: ${String(error)}`, undefined)));
    this.#worker.on('exit', () => this.#fail(this.#error('The module ended its thread (process.exit?).', undefined)));
  }

  ready(): Promise<void> {
    return this.#within('The module did not load', (message, resolve, reject) => {
      if (message.kind === 'ready') resolve();
      if (message.kind === 'unusable') reject(this.#error(message.message, message.at));
    });
  }

  run(run: Run, query: SeededQuery): Promise<readonly RecordedStatement[]> {
    const statements: RecordedStatement[] = [];
    const name = `${this.#options.export} (scenario ${run.scenario})`;
    const finished = this.#within<readonly RecordedStatement[]>(
      `${name} did not finish`,
      (message, resolve, reject) => {
        if (message.kind === 'query') {
          const { text, values, at } = message;
          statements.push({ text, values, at });
          void this.#answer(message, query);
        }
        if (message.kind === 'done') resolve(statements);
        if (message.kind === 'threw') reject(this.#error(`${name} threw ${message.message}`, message.at));
      },
    );
    this.#tell({ kind: 'run', values: run.values });
    return finished;
  }

  async end(): Promise<void> {
    this.#fail = () => {};
    await this.#worker.terminate();
  }

  async #answer({ id, text, values }: Extract<FromWorker, { kind: 'query' }>, query: SeededQuery): Promise<void> {
    try {
      const { fields, rows, command, rowCount } = await query(text, values);
      this.#tell({ kind: 'result', id, fields, rows, command, rowCount });
    } catch (error) {
      const { message, code, position, detail, hint } = error as Error & Record<string, unknown>;
      this.#tell({ kind: 'refused', id, message, facts: { code, position, detail, hint } });
    }
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Waits for the thread's word, for as long as the suite allows. */
  #within<Result>(
    late: string,
    receive: (message: FromWorker, resolve: (result: Result) => void, reject: (error: Error) => void) => void,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const { timeout } = this.#options;
      const timer = setTimeout(() => reject(this.#error(`${late} within ${timeout / 1000} s.`, undefined)), timeout);
      const settle =
        <Value>(then: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer);
          then(value);
        };
      this.#fail = settle(reject);
      this.#receive = (message) => receive(message, settle(resolve), settle(reject));
    });
  }

  #error(message: string, at: CallSite | undefined): PlanGuardError {
    const { export: name, file, where } = this.#options;
    return new PlanGuardError('module', message, {
      where: at ?? where,
      hint: `plan-guard calls ${name}(client, values) of ${file} once per scenario, on the seeded rows.`,
    });
  }
}
