import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { formatWhere, PlanGuardError, throwAll } from '../errors.js';
import type { Loan, SeededDatabase } from '../postgres/seeded.js';
import type { CallSite, FromWorker, ModuleFunction, SentStatement, ToWorker, Values } from './messages.js';

/** One statement that a function sent, with the values that it bound. */
export type RecordedStatement = SentStatement;

export interface RecordedFunction extends ModuleFunction {
  /** How long loading the module, or one run, may take, in milliseconds. */
  readonly timeout: number;
}

/** A run of a function for one scenario. */
export interface Run {
  readonly scenario: string;
  readonly values: Values;
}

/** What a thread is asked. */
interface Question {
  readonly message: ToWorker;
  /** How long it may say nothing, in milliseconds. */
  readonly patience: number;
  /** Takes what it says, and tells whether that is the answer. */
  readonly hear: (message: FromWorker) => boolean;
  /** What to say of a function that fails meanwhile; left out where none runs. */
  readonly failed?: (message: string, at: CallSite | undefined) => Error;
  /** What to say where it says nothing for too long. */
  readonly silent: () => Error;
}

/** A question that waits for its answer. */
interface Asked extends Pick<Question, 'failed'> {
  readonly hear: (message: FromWorker) => void;
  readonly reject: (error: Error) => void;
}

/** A thread, with the rows that are open in it. */
interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly hear: (message: FromWorker) => void;
  readonly database: Promise<SeededDatabase>;
  asked: Asked | undefined;
  /** Why it can be asked nothing any more. */
  ended: Error | undefined;
}

/** Opens the seeded rows in a thread, by way of its argument. */
export type OpenSeeded = (openIn: (loan: Loan) => Promise<void>) => Promise<SeededDatabase>;

/** How long a thread may take to open the database, and to close it or to end, in milliseconds. */
const OPENING = 60_000;
const CLOSING = 1000;

/**
 * Calls functions of modules with a client of the seeded rows and records the statements that they send. The functions
 * and their database run in a thread of their own, so that one that hangs can be ended, in a query or out of it.
 */
export class Recorder {
  readonly #open: OpenSeeded;
  readonly #onOutput: (text: string) => void;
  #thread: Thread | undefined;
  /** The function that runs, or ran last. */
  #target: ModuleFunction | undefined;
  /** What functions did after they had ended. */
  readonly #late: PlanGuardError[] = [];

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
   *   nothing; `engine` where the database fails; whatever the rows cannot be opened for, then for every function
   */
  async record(target: RecordedFunction, runs: readonly Run[]): Promise<readonly (readonly RecordedStatement[])[]> {
    const thread = await this.#opened();
    this.#target = target;
    try {
      return await this.#record(thread, target, runs);
    } catch (error) {
      // The function may go on, or never come back: the next one gets another thread.
      const { length } = this.#late;
      await this.#end();
      this.#late.length = length;
      throw error;
    }
  }

  /** @throws {PlanGuardError | PlanGuardErrors} `module` for what functions did after they had ended */
  async close(): Promise<void> {
    await this.#end();
    throwAll(this.#late.splice(0));
  }

  async #opened(): Promise<Thread> {
    this.#thread ??= this.#start();
    const thread = this.#thread;
    await thread.database;
    if (thread.ended === undefined) return thread;
    await this.#end();
    return this.#opened();
  }

  #start(): Thread {
    const { port1: port, port2: workerData } = new MessageChannel();
    // The bundled command stands in another folder beside this one.
    const worker = new Worker(new URL('../recording/worker.js', import.meta.url), {
      stdout: true,
      stderr: true,
      workerData,
      transferList: [workerData],
    });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#onOutput(text));
    }
    const openIn = (loan: Loan) =>
      ask(thread, {
        message: { kind: 'open', ...loan },
        patience: OPENING,
        hear: ({ kind }) => kind === 'opened',
        silent: () => new Error(`it did not open within ${OPENING / 1000} s`),
      });
    const hear = (message: FromWorker) => this.#hear(thread, message);
    const thread: Thread = { worker, port, hear, database: this.#open(openIn), asked: undefined, ended: undefined };
    thread.database.catch(() => {});
    const end = (message: string) => {
      receive(thread);
      if (thread.ended !== undefined) return;
      const error = errorOf(this.#target, message);
      thread.ended = error;
      if (thread.asked === undefined) this.#tellLate(error);
      else thread.asked.reject(error);
    };
    port.on('message', hear);
    worker.on('error', (error) => end(`failed: ${String(error)}`));
    worker.on('exit', () => end('ended the thread that it runs in (process.exit?)'));
    return thread;
  }

  #hear({ asked }: Thread, message: FromWorker): void {
    switch (message.kind) {
      case 'broken': {
        const { code, hint } = message;
        const facts = hint === undefined ? {} : { hint };
        asked?.reject(
          code === undefined ? new Error(message.message) : new PlanGuardError(code, message.message, facts),
        );
        return;
      }
      case 'failed':
        if (asked?.failed) asked.reject(asked.failed(message.message, message.at));
        else this.#tellLate(errorOf(this.#target, `failed after it had ended: ${message.message}`, message.at));
        return;
      case 'late':
        this.#tellLate(errorOf(message.target, 'sent a statement after it had ended: await every query', message.at));
        return;
      default:
        asked?.hear(message);
    }
  }

  /** The same is told once, though every run may do it. */
  #tellLate(error: PlanGuardError): void {
    const text = ({ where, message }: PlanGuardError) => `${formatWhere(where ?? {})} ${message}`;
    if (!this.#late.some((other) => text(other) === text(error))) this.#late.push(error);
  }

  /** Has the thread close the database, which is given up where it does not answer, and ends it. */
  async #end(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    const database = await thread.database.catch(() => undefined);
    const changed = database === undefined || (await closeIn(thread));
    thread.ended ??= new Error('The thread was ended.');
    await terminate(thread);
    await database?.close({ changed });
  }

  async #record(
    thread: Thread,
    { timeout, ...target }: RecordedFunction,
    runs: readonly Run[],
  ): Promise<readonly (readonly RecordedStatement[])[]> {
    const recorded: (readonly RecordedStatement[])[] = [];
    let isLoaded = false;
    const scenario = (run: number) => `the scenario ${runs[run]?.scenario ?? ''}`;
    const failed = (message: string, at?: CallSite) => {
      const when = isLoaded ? `failed for ${scenario(recorded.length)}` : 'cannot be loaded';
      return errorOf(target, `${when}: ${message}`, at);
    };
    await ask(thread, {
      message: { kind: 'record', target, values: runs.map(({ values }) => values) },
      patience: timeout,
      hear: (message) => {
        if (message.kind === 'loaded') isLoaded = true;
        if (message.kind === 'ran') recorded.push(message.statements);
        return message.kind === 'done';
      },
      failed,
      silent: () => failed(`it did not end within ${timeout / 1000} s`),
    });
    const without = recorded.findIndex((statements) => statements.length === 0);
    if (without >= 0) throw errorOf(target, `sent no statement for ${scenario(without)}`);
    return recorded;
  }
}

/** Asks a thread that has answered what it was asked before, or never will. */
function ask(thread: Thread, { message, patience, hear, failed, silent }: Question): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (thread.ended !== undefined) {
      reject(thread.ended);
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const settle = (how: () => void) => {
      clearTimeout(timer);
      thread.asked = undefined;
      how();
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        // While this thread is at work itself it hears nothing.
        if (!receive(thread)) settle(() => reject(silent()));
        else if (thread.asked === asked) wait();
      }, patience);
    };
    const asked: Asked = {
      hear: (said) => (hear(said) ? settle(resolve) : wait()),
      reject: (error) => settle(() => reject(error)),
      ...(failed && { failed }),
    };
    thread.asked = asked;
    wait();
    thread.port.postMessage(message);
  });
}

/**
 * Hears what was said and waits to be heard.
 * @returns whether there was anything
 */
function receive({ port, hear }: Thread): boolean {
  let any = false;
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    any = true;
    hear(next.message);
  }
  return any;
}

/** @returns whether the files of the database may be other than before */
async function closeIn(thread: Thread): Promise<boolean> {
  let changed = true;
  const closed = ask(thread, {
    message: { kind: 'close' },
    patience: CLOSING,
    hear: (message) => {
      if (message.kind === 'closed') ({ changed } = message);
      return message.kind === 'closed';
    },
    silent: () => new Error('It does not close.'),
  });
  await closed.catch(() => {});
  return changed;
}

/** Ends a thread, but for one that waits in a call of the system: Node ends that with the call, and waits for it. */
async function terminate({ worker, port }: Thread): Promise<void> {
  if (await Promise.race([worker.terminate().then(() => true), sleep(CLOSING, false, { ref: false })])) return;
  worker.unref();
  port.unref();
  // Who listens to what it prints would be kept as well.
  for (const stream of [worker.stdout, worker.stderr]) stream.on('error', () => {}).push(null);
  // After everything that there is to do, this process would wait for it.
  const kill = () => process.kill(process.pid, 'SIGKILL');
  process.on('exit', kill);
  worker.once('exit', () => process.off('exit', kill));
}

function errorOf(target: ModuleFunction | undefined, message: string, at?: CallSite): PlanGuardError {
  const name = target === undefined ? 'The module' : `The function ${target.export}`;
  return new PlanGuardError('module', `${name} ${message}.`, {
    where: at ?? target?.where ?? {},
    hint: 'plan-guard calls it as (client, values) once per scenario, on the seeded rows; its SQL goes through the client.',
  });
}
