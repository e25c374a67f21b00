import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PlanGuardError, type Where } from '../errors.js';
import type { SeededDatabase } from '../postgres/seeded.js';
import type { CallSite, FromWorker, ModuleFunction, SentStatement, ToWorker } from './messages.js';

/** One statement that a function sent, with the values that it bound. */
export type RecordedStatement = SentStatement;

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

/** What the thread was told to do, and is doing. */
interface Task {
  /** What to say where it fails now. */
  readonly failure: () => string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly onRan: (statements: readonly RecordedStatement[]) => void;
}

/** How long a thread may take to leave the database as it was, in milliseconds. */
const PATIENCE = 500;

/**
 * Calls functions of modules with a client of the seeded rows and records the statements that they send. The
 * functions run in a thread of their own, so that one that hangs can be ended.
 */
export class Recorder {
  readonly #onOutput: (text: string) => void;
  #worker: Worker | undefined;
  /** The rows that the thread works on. */
  #database: SeededDatabase | undefined;
  #task: Task | undefined;
  #left: ((changed: boolean) => void) | undefined;
  #target: RecordedFunction | undefined;
  /** What a function did after it had ended, which is told at the next occasion. */
  #late: PlanGuardError | undefined;

  /** @param onOutput takes what the modules print */
  constructor(onOutput: (text: string) => void) {
    this.#onOutput = onOutput;
    this.#worker = this.#start();
  }

  /**
   * Calls the function once per run, each in a transaction that is rolled back.
   * @param database may still be opening while the module is loaded
   * @returns the statements of each run, in the order they were sent
   * @throws {PlanGuardError} `module` where the function is not there, throws, takes too long or sends nothing;
   *   `engine` where the rows cannot be reached
   */
  async record(
    target: RecordedFunction,
    database: SeededDatabase | Promise<SeededDatabase>,
    runs: readonly Run[],
  ): Promise<readonly (readonly RecordedStatement[])[]> {
    this.#throwLate();
    this.#target = target;
    try {
      return await this.#record(target, database, runs);
    } catch (error) {
      // The function may go on, or never come back: the next one gets another thread.
      await this.close();
      this.#late = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#leave();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #record(
    target: RecordedFunction,
    database: SeededDatabase | Promise<SeededDatabase>,
    runs: readonly Run[],
  ): Promise<readonly (readonly RecordedStatement[])[]> {
    const load = { kind: 'load', target: { file: target.file, export: target.export } } as const;
    await this.#ask(load, () => 'cannot be loaded');
    await this.#use(await database);
    const recorded: (readonly RecordedStatement[])[] = [];
    const scenario = () => runs[recorded.length]?.scenario ?? '';
    const run = { kind: 'run', values: runs.map(({ values }) => values) } as const;
    const failure = () => `failed for the scenario ${scenario()}`;
    await this.#ask(run, failure, (statements) => {
      if (statements.length > 0) recorded.push(statements);
      else this.#task?.reject(this.#error(`sent no statement for the scenario ${scenario()}`));
    });
    this.#throwLate();
    return recorded;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { stdout: true, stderr: true });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#onOutput(text));
    }
    const end = (message: string) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#database?.takeBack(true);
      this.#database = undefined;
      this.#left?.(true);
      this.#task?.reject(this.#error(message));
    };
    worker.on('message', (message: FromWorker) => {
      if (this.#worker === worker) this.#receive(message);
    });
    worker.on('error', (error) => end(`failed: ${String(error)}`));
    worker.on('exit', () => end('ended the thread that it runs in (process.exit?)'));
    return worker;
  }

  /** Lets the thread work on the rows, if it does not yet. */
  async #use(database: SeededDatabase): Promise<void> {
    if (this.#database === database) return;
    await this.#leave();
    const { address, transfer } = await database.lend();
    this.#database = database;
    this.#worker?.postMessage({ kind: 'open', address } satisfies ToWorker, transfer);
  }

  /** Has the thread leave the rows as they were; where it does not answer they are given up. */
  async #leave(): Promise<void> {
    const database = this.#database;
    if (database === undefined) return;
    this.#database = undefined;
    const left = new Promise<boolean>((resolve) => {
      this.#left = resolve;
      if (this.#worker === undefined) resolve(true);
      else this.#worker.postMessage({ kind: 'leave' } satisfies ToWorker);
    });
    database.takeBack(await Promise.race([left, sleep(PATIENCE, true, { ref: false })]));
    this.#left = undefined;
  }

  #throwLate(): void {
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) throw late;
  }

  /** Tells the thread to do something, and waits for its word for as long as the suite allows. */
  async #ask(
    message: ToWorker,
    failure: () => string,
    onRan: (statements: readonly RecordedStatement[]) => void = () => {},
  ): Promise<void> {
    const timeout = this.#target?.timeout ?? 0;
    this.#worker ??= this.#start();
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const late = () => reject(this.#error(`${failure()}: it did not end within ${timeout / 1000} s`));
        timer = setTimeout(late, timeout);
        this.#task = {
          failure,
          resolve,
          reject,
          onRan: (statements) => {
            timer?.refresh();
            onRan(statements);
          },
        };
        this.#worker?.postMessage(message);
      });
    } finally {
      this.#task = undefined;
      clearTimeout(timer);
    }
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'done':
        this.#task?.resolve();
        return;
      case 'ran':
        this.#task?.onRan(message.statements);
        return;
      case 'left':
        this.#left?.(message.changed);
        return;
      case 'lost':
        this.#task?.reject(
          new PlanGuardError('engine', `The seeded rows cannot be reached: ${message.message}`, {
            hint: 'Run it again; if it fails again, look at what the server wrote into its log.',
          }),
        );
        return;
      case 'late':
        this.#late ??= this.#error('sent a statement after it had ended: await every query', message.at);
        return;
      case 'failed':
        if (this.#task !== undefined) {
          this.#task.reject(this.#error(`${this.#task.failure()}: ${message.message}`, message.at));
        } else {
          this.#late ??= this.#error(`failed after it had ended: ${message.message}`, message.at);
        }
    }
  }

  #error(message: string, at?: CallSite): PlanGuardError {
    const name = this.#target === undefined ? 'The module' : `The function ${this.#target.export}`;
    return new PlanGuardError('module', `${name} ${message}.`, {
      where: at ?? this.#target?.where ?? {},
      hint: 'plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.',
    });
  }
}
