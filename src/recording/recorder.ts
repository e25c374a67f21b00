import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PlanGuardError, type Where } from '../errors.js';
import type { Loan, SeededDatabase } from '../postgres/seeded.js';
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

/** A thread, with the rows that are open in it. */
interface Thread {
  readonly worker: Worker;
  readonly database: Promise<SeededDatabase>;
  isOpen: boolean;
  /** Why it has ended, where it has. */
  ended: PlanGuardError | undefined;
}

/** Opens the seeded rows in a thread, by way of its argument. */
export type OpenSeeded = (openIn: (loan: Loan) => Promise<void>) => Promise<SeededDatabase>;

/** How long a thread may take to close the database, in milliseconds. */
const PATIENCE = 1000;

/**
 * Calls functions of modules with a client of the seeded rows and records the statements that they send. The functions
 * and their database run in a thread of their own, so that one that hangs can be ended, in a query or out of it.
 */
export class Recorder {
  readonly #open: OpenSeeded;
  readonly #onOutput: (text: string) => void;
  #thread: Thread | undefined;
  /** Why the rows cannot be opened. */
  #unopened: Error | undefined;
  #opening: Pick<Task, 'resolve' | 'reject'> | undefined;
  #task: Task | undefined;
  #onClosed: ((changed: boolean) => void) | undefined;
  #target: RecordedFunction | undefined;
  /** What a function did after it had ended, which is told at the next occasion. */
  #late: PlanGuardError | undefined;

  /**
   * @param open is called for the first function, and for the next one after one that failed
   * @param onOutput takes what the modules print
   */
  constructor(open: OpenSeeded, onOutput: (text: string) => void) {
    this.#open = open;
    this.#onOutput = onOutput;
  }

  /**
   * Calls the function once per run, each in a transaction that is rolled back.
   * @returns the statements of each run, in the order they were sent
   * @throws {PlanGuardError | PlanGuardErrors} `module` where the function is not there, throws, takes too long or sends
   *   nothing; whatever the rows cannot be opened for
   */
  async record(target: RecordedFunction, runs: readonly Run[]): Promise<readonly (readonly RecordedStatement[])[]> {
    this.#throwLate();
    if (this.#unopened !== undefined) throw this.#unopened;
    this.#target = target;
    this.#thread ??= this.#start();
    try {
      const recorded = await this.#record(this.#thread, target, runs);
      this.#throwLate();
      return recorded;
    } catch (error) {
      // The function may go on, or never come back: the next one gets another thread.
      await this.#end();
      this.#late = undefined;
      throw error;
    }
  }

  /**
   * @throws {PlanGuardError | PlanGuardErrors} whatever the rows could not be opened for; `module` for what the last
   *   function did after it had ended
   */
  async close(): Promise<void> {
    await this.#end();
    if (this.#unopened !== undefined) throw this.#unopened;
    this.#throwLate();
  }

  #start(): Thread {
    // The bundled command stands in another folder beside this one.
    const worker = new Worker(new URL('../recording/worker.js', import.meta.url), { stdout: true, stderr: true });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#onOutput(text));
    }
    const openIn = (loan: Loan) =>
      new Promise<void>((resolve, reject) => {
        this.#opening = { resolve, reject };
        if (thread.ended !== undefined) reject(thread.ended);
        else worker.postMessage({ kind: 'open', ...loan } satisfies ToWorker);
      });
    const thread: Thread = { worker, database: this.#open(openIn), isOpen: false, ended: undefined };
    thread.database.catch(() => {});
    const end = (message: string) => {
      thread.ended ??= this.#error(message);
      if (this.#thread !== thread) return;
      this.#opening?.reject(thread.ended);
      this.#task?.reject(thread.ended);
      this.#onClosed?.(true);
    };
    worker.on('message', (message: FromWorker) => {
      if (this.#thread === thread) this.#receive(message);
    });
    worker.on('error', (error) => end(`failed: ${String(error)}`));
    worker.on('exit', () => end('ended the thread that it runs in (process.exit?)'));
    return thread;
  }

  /** Has the thread close the database, which is given up where it does not answer, and ends it. */
  async #end(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    const changed = thread.isOpen && thread.ended === undefined ? await this.#closeIn(thread) : true;
    this.#thread = undefined;
    await thread.worker.terminate();
    thread.ended ??= this.#error('was ended');
    this.#opening?.reject(thread.ended);
    const database = await thread.database.catch((error: Error) => {
      if (error !== thread.ended) this.#unopened = error;
    });
    await database?.close({ changed });
  }

  /** @returns whether the files of the database may be other than before */
  #closeIn({ worker }: Thread): Promise<boolean> {
    const closed = new Promise<boolean>((resolve) => {
      this.#onClosed = resolve;
      worker.postMessage({ kind: 'close' } satisfies ToWorker);
    });
    return Promise.race([closed, sleep(PATIENCE, true, { ref: false })]);
  }

  #throwLate(): void {
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) throw late;
  }

  /** Has the thread record, and waits for each of its words for as long as the suite allows. */
  async #record(
    { worker, database }: Thread,
    target: RecordedFunction,
    runs: readonly Run[],
  ): Promise<readonly (readonly RecordedStatement[])[]> {
    const recorded: (readonly RecordedStatement[])[] = [];
    let isLoaded = false;
    let timer: NodeJS.Timeout | undefined;
    const scenario = () => runs[recorded.length]?.scenario ?? '';
    const failure = () => (isLoaded ? `failed for the scenario ${scenario()}` : 'cannot be loaded');
    try {
      await new Promise<void>((resolve, reject) => {
        database.catch(reject);
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
        worker.postMessage(message);
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
      case 'opened':
        if (this.#thread !== undefined) this.#thread.isOpen = true;
        this.#opening?.resolve();
        return;
      case 'unopened': {
        const { code, hint } = message;
        const facts = hint === undefined ? {} : { hint };
        const error =
          code === undefined ? new Error(message.message) : new PlanGuardError(code, message.message, facts);
        this.#opening?.reject(error);
        return;
      }
      case 'done':
        task?.resolve();
        return;
      case 'closed':
        this.#onClosed?.(message.changed);
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
