import { Worker } from 'node:worker_threads';
import { PlanGuardError, type Where } from '../errors.js';
import type { TextResult } from '../postgres/database.js';
import type { SeededDatabase, SeededQuery } from '../postgres/seeded.js';
import type { Answer, CallSite, FromWorker, ModuleFunction, SentStatement, ToWorker } from './messages.js';

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

type QueryMessage = Extract<FromWorker, { kind: 'query' }>;
type Settle = { readonly resolve: () => void; readonly reject: (error: Error) => void };

/**
 * Calls functions of modules with a client of the seeded rows and records the statements that they send. The
 * functions run in a thread of their own, so that one that hangs can be ended.
 */
export class Recorder {
  readonly #onOutput: (text: string) => void;
  #worker: Worker | undefined;
  #settle: Settle | undefined;
  #target: RecordedFunction | undefined;
  #runs = 0;
  #onQuery: ((message: QueryMessage) => void) | undefined;
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
   * @throws {PlanGuardError} `module` where the function is not there, throws, takes too long or sends nothing
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
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #record(
    target: RecordedFunction,
    database: SeededDatabase | Promise<SeededDatabase>,
    runs: readonly Run[],
  ): Promise<readonly (readonly RecordedStatement[])[]> {
    await this.#ask({ kind: 'load', target: { file: target.file, export: target.export } }, 'cannot be loaded');
    const seeded = await database;
    const recorded: (readonly RecordedStatement[])[] = [];
    for (const run of runs) {
      const statements = await seeded.inTransaction((query) => this.#run(run, query));
      if (statements.length === 0) throw this.#error(`sent no statement for the scenario ${run.scenario}`);
      recorded.push(statements);
    }
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
      this.#settle?.reject(this.#error(message));
    };
    worker.on('message', (message: FromWorker) => {
      if (this.#worker === worker) this.#receive(message, worker);
    });
    worker.on('error', (error) => end(`failed: ${String(error)}`));
    worker.on('exit', () => end('ended the thread that it runs in (process.exit?)'));
    return worker;
  }

  async #run(run: Run, query: SeededQuery): Promise<readonly RecordedStatement[]> {
    const statements: RecordedStatement[] = [];
    const answers: Promise<void>[] = [];
    this.#runs += 1;
    this.#onQuery = ({ id, text, values, at }) => {
      statements.push({ text, values, at });
      const worker = this.#worker;
      answers.push(answerTo({ text, values, at }, id, query).then((answer) => worker?.postMessage(answer)));
    };
    try {
      const message = { kind: 'run', run: this.#runs, values: run.values } as const;
      await this.#ask(message, `failed for the scenario ${run.scenario}`);
    } finally {
      this.#onQuery = undefined;
      await Promise.all(answers);
    }
    return statements;
  }

  /** Outside of its run a function has no transaction to be rolled back. */
  #refuseLate({ id, at }: QueryMessage, worker: Worker): void {
    const message = 'sent a statement after it had ended: await every query';
    this.#late ??= this.#error(message, at);
    const refusal: Answer = { kind: 'refused', id, message: `The function ${message}.`, facts: {} };
    worker.postMessage(refusal);
  }

  #throwLate(): void {
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) throw late;
  }

  /** Tells the thread to do something, and waits for its word for as long as the suite allows. */
  async #ask(message: ToWorker, failure: string): Promise<void> {
    const timeout = this.#target?.timeout ?? 0;
    this.#worker ??= this.#start();
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject };
        const late = `${failure}: it did not end within ${timeout / 1000} s`;
        timer = setTimeout(() => reject(this.#error(late)), timeout);
        this.#worker?.postMessage(message);
      });
    } catch (error) {
      if (error instanceof ModuleFailure) throw this.#error(`${failure}: ${error.message}`, error.at);
      throw error;
    } finally {
      this.#settle = undefined;
      clearTimeout(timer);
    }
  }

  #receive(message: FromWorker, worker: Worker): void {
    if (message.kind === 'query') {
      if (message.run === this.#runs && this.#onQuery !== undefined) this.#onQuery(message);
      else this.#refuseLate(message, worker);
    } else if (message.kind === 'done') {
      this.#settle?.resolve();
    } else if (this.#settle !== undefined) {
      this.#settle.reject(new ModuleFailure(message.message, message.at));
    } else {
      this.#late ??= this.#error(`failed after it had ended: ${message.message}`, message.at);
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

/** What the server says to a statement, never an error. */
async function answerTo({ text, values }: SentStatement, id: number, query: SeededQuery): Promise<Answer> {
  try {
    const result = await query(text, values);
    return { kind: 'result', id, fields: result.fields, rows: result.rows, tag: tagOf(result) };
  } catch (error) {
    const { message, length: _, name: __, ...facts } = error as Error & Record<string, unknown>;
    const texts = Object.entries(facts).filter((fact): fact is [string, string] => typeof fact[1] === 'string');
    return { kind: 'refused', id, message, facts: Object.fromEntries(texts) };
  }
}

function tagOf({ command, rowCount }: TextResult): string | undefined {
  if (command === undefined || rowCount === undefined) return command;
  return command === 'INSERT' ? `INSERT 0 ${rowCount}` : `${command} ${rowCount}`;
}

class ModuleFailure extends Error {
  readonly at: CallSite | undefined;

  constructor(message: string, at: CallSite | undefined) {
    super(message);
    this.at = at;
  }
}
