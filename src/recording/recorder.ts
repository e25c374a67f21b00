import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PlanGuardError, type Where } from '../errors.js';
import type { SeededDatabase } from '../postgres/seeded.js';
import type { CallSite, FromWorker, ModuleFunction, SentStatement, ToWorker, Values } from './messages.js';

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
  readonly values: Values;
}

/** What the thread is doing. */
interface Task {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** What to say where it fails now. */
  readonly failure: () => string;
  readonly onMessage: (message: FromWorker) => void;
}

/** How long a thread may take to leave the database as it was, in milliseconds. */
const PATIENCE = 500;

/**
 * Calls functions of modules with a client of the seeded rows and records the statements that they send. The
 * functions run in a thread of their own, so that one that hangs can be ended.
 */
export class Recorder {
  readonly #database: Promise<SeededDatabase>;
  readonly #onOutput: (text: string) => void;
  #worker: Worker | undefined;
  /** The rows, once the thread works on them. */
  #lent: SeededDatabase | undefined;
  #task: Task | undefined;
  #onLeft: ((changed: boolean) => void) | undefined;
  #target: RecordedFunction | undefined;
  /** What a function did after it had ended, which is told at the next occasion. */
  #late: PlanGuardError | undefined;

  /**
   * @param database may still be opening while modules are loaded
   * @param onOutput takes what the modules print
   */
  constructor(database: Promise<SeededDatabase>, onOutput: (text: string) => void) {
    this.#database = database;
    this.#onOutput = onOutput;
    this.#worker = this.#start();
  }

  /**
   * Calls the function once per run, each in a transaction that is rolled back.
   * @returns the statements of each run, in the order they were sent
   * @throws {PlanGuardError} `module` where the function is not there, throws, takes too long or sends nothing;
   *   `engine` where the rows cannot be reached; whatever `database` is rejected with
   */
  async record(target: RecordedFunction, runs: readonly Run[]): Promise<readonly (readonly RecordedStatement[])[]> {
    this.#throwLate();
    this.#target = target;
    try {
      const recorded = await this.#record(target, runs);
      this.#throwLate();
      return recorded;
    } catch (error) {
      // The function may go on, or never come back: the next one gets another thread.
      await this.#end();
      this.#late = undefined;
      throw error;
    }
  }

  /** @throws {PlanGuardError} `module` for what the last function did after it had ended */
  async close(): Promise<void> {
    await this.#end();
    this.#throwLate();
  }

  async #end(): Promise<void> {
    await this.#leave();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    // The bundled command stands in another folder beside this one.
    const worker = new Worker(new URL('../recording/worker.js', import.meta.url), { stdout: true, stderr: true });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#onOutput(text));
    }
    const end = (message: string) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#onLeft?.(true);
      this.#lent?.takeBack(true);
      this.#lent = undefined;
      this.#task?.reject(this.#error(message));
    };
    worker.on('message', (message: FromWorker) => {
      if (this.#worker === worker) this.#receive(message);
    });
    worker.on('error', (error) => end(`failed: ${String(error)}`));
    worker.on('exit', () => end('ended the thread that it runs in (process.exit?)'));
    this.#lend(worker).catch((error) => this.#task?.reject(error));
    return worker;
  }

  async #lend(worker: Worker): Promise<void> {
    const database = await this.#database;
    const { address, transfer } = await database.lend();
    if (this.#worker !== worker) return;
    this.#lent = database;
    worker.postMessage({ kind: 'open', address } satisfies ToWorker, transfer);
  }

  /** Has the thread leave the rows as they were; where it does not answer they are given up. */
  async #leave(): Promise<void> {
    const lent = this.#lent;
    if (lent === undefined) return;
    this.#lent = undefined;
    const left = new Promise<boolean>((resolve) => {
      this.#onLeft = resolve;
      this.#worker?.postMessage({ kind: 'leave' } satisfies ToWorker);
    });
    lent.takeBack(await Promise.race([left, sleep(PATIENCE, true, { ref: false })]));
    this.#onLeft = undefined;
  }

  #throwLate(): void {
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) throw late;
  }

  /** Has the thread record, and waits for each of its words for as long as the suite allows. */
  async #record(target: RecordedFunction, runs: readonly Run[]): Promise<readonly (readonly RecordedStatement[])[]> {
    this.#worker ??= this.#start();
    const recorded: (readonly RecordedStatement[])[] = [];
    let isLoaded = false;
    let timer: NodeJS.Timeout | undefined;
    const scenario = () => runs[recorded.length]?.scenario ?? '';
    const failure = () => (isLoaded ? `failed for the scenario ${scenario()}` : 'cannot be loaded');
    try {
      await new Promise<void>((resolve, reject) => {
        // Where it failed before this, nothing else tells.
        this.#database.catch(reject);
        const late = () => reject(this.#error(`${failure()}: it did not end within ${target.timeout / 1000} s`));
        const wait = () => {
          clearTimeout(timer);
          timer = setTimeout(late, target.timeout);
        };
        const onMessage = (message: FromWorker) => {
          if (message.kind === 'loaded') {
            isLoaded = true;
            clearTimeout(timer);
          } else if (message.kind === 'begun') {
            wait();
          } else if (message.kind === 'ran') {
            if (message.statements.length === 0)
              reject(this.#error(`sent no statement for the scenario ${scenario()}`));
            recorded.push(message.statements);
            wait();
          }
        };
        this.#task = { resolve, reject, failure, onMessage };
        wait();
        const values = runs.map((run) => run.values);
        const message: ToWorker = { kind: 'record', target: { file: target.file, export: target.export }, values };
        this.#worker?.postMessage(message);
      });
      return recorded;
    } finally {
      this.#task = undefined;
      clearTimeout(timer);
    }
  }

  #receive(message: FromWorker): void {
    const task = this.#task;
    switch (message.kind) {
      case 'done':
        task?.resolve();
        return;
      case 'left':
        this.#onLeft?.(message.changed);
        return;
      case 'lost':
        task?.reject(
          new PlanGuardError('engine', `The seeded rows cannot be reached: ${message.message}`, {
            hint: 'Run it again; if it fails again, look at what the server wrote into its log.',
          }),
        );
        return;
      case 'late':
        this.#late ??= this.#error('sent a statement after it had ended: await every query', message.at);
        return;
      case 'failed':
        if (task !== undefined) task.reject(this.#error(`${task.failure()}: ${message.message}`, message.at));
        else this.#late ??= this.#error(`failed after it had ended: ${message.message}`, message.at);
        return;
      default:
        task?.onMessage(message);
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
