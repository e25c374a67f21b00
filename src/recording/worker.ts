import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { type MessagePort, workerData } from 'node:worker_threads';
import { PlanGuardError } from '../errors.js';
import type { TextResult } from '../postgres/database.js';
import { borrow } from '../postgres/lend.js';
import type { Loan } from '../postgres/seeded.js';
import { type SeededQuery, SeededSession } from '../postgres/seeded-session.js';
import { callSite, STACK_DEPTH, stackOf } from './call-site.js';
import { RecordingClient } from './client.js';
import type { Answer, FromWorker, ModuleFunction, SentStatement, ToWorker, Values } from './messages.js';

/** Runs functions of modules in a thread of its own: it can be stopped, and its output is kept apart. */

type QueryFunction = (client: RecordingClient, values: Values) => unknown;

/** Not the thread's own port, which a module that is made for threads listens to. */
const port = workerData as MessagePort;
process.setSourceMapsEnabled(true);
Error.stackTraceLimit = STACK_DEPTH;
const send = (message: FromWorker) => port.postMessage(message);
let session: SeededSession;
let closing = false;

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'open':
      open(message).catch(broken);
      return;
    case 'record':
      record(message.target, message.values).catch(fail);
      return;
    case 'close':
      void close();
  }
});
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error) => {
    // That a statement came too late is told already; nobody waited for it.
    if (!(error instanceof Error && error.message === LATE)) fail(error);
  });
}

function fail(error: unknown): void {
  if (error instanceof PlanGuardError) {
    broken(error);
  } else if (error instanceof Error) {
    // The errors of `pg` are called "error".
    const message = error.name === 'error' ? error.message : `${error.name}: ${error.message}`;
    send({ kind: 'failed', message, at: callSite(stackOf(error)) });
  } else {
    send({ kind: 'failed', message: String(error), at: undefined });
  }
}

function broken(error: Error): void {
  const { code, hint } = error instanceof PlanGuardError ? error : {};
  send({ kind: 'broken', message: error.message, code, hint });
}

async function open({ address, session: settings }: Loan): Promise<void> {
  session = new SeededSession(await borrow(address, settings));
  send({ kind: 'opened' });
}

async function record(target: ModuleFunction, runs: readonly Values[]): Promise<void> {
  const call = await load(target);
  send({ kind: 'loaded' });
  for (const values of runs) {
    if (closing) return;
    const statements = await session.inTransaction((query) => run(call, values, query, target));
    send({ kind: 'ran', statements });
  }
  send({ kind: 'done' });
}

async function run(
  call: QueryFunction,
  values: Values,
  query: SeededQuery,
  target: ModuleFunction,
): Promise<readonly SentStatement[]> {
  const statements: SentStatement[] = [];
  let ended = false;
  const client = new RecordingClient((statement) => {
    if (ended) return refuseLate(statement, target);
    statements.push(statement);
    return answerTo(statement, query);
  });
  await call(client, values);
  await client.idle();
  ended = true;
  return statements;
}

const LATE = 'The function sent a statement after it had ended: await every query';

/** Outside of its run a function has no transaction to be rolled back. */
async function refuseLate({ at }: SentStatement, target: ModuleFunction): Promise<Answer> {
  send({ kind: 'late', target, at });
  return { kind: 'refused', message: LATE, facts: {} };
}

/** What the server says to a statement, never an error. */
async function answerTo({ text, values }: SentStatement, query: SeededQuery): Promise<Answer> {
  try {
    const result = await query(text, values);
    return { kind: 'result', fields: result.fields, rows: result.rows, tag: tagOf(result) };
  } catch (error) {
    // A function that takes no answer for an answer would send other statements than it does.
    if (error instanceof PlanGuardError) broken(error);
    const { message, length: _, name: __, ...facts } = error as Error & Record<string, unknown>;
    const texts = Object.entries(facts).filter((fact): fact is [string, string] => typeof fact[1] === 'string');
    return { kind: 'refused', message, facts: Object.fromEntries(texts) };
  }
}

function tagOf({ command, rowCount }: TextResult): string | undefined {
  if (command === undefined || rowCount === undefined) return command;
  return command === 'INSERT' ? `INSERT 0 ${rowCount}` : `${command} ${rowCount}`;
}

async function close(): Promise<void> {
  closing = true;
  const changed = await session.close().catch(() => true);
  send({ kind: 'closed', changed });
}

async function load({ file, export: name }: ModuleFunction): Promise<QueryFunction> {
  const module: unknown = /\.[cm]?tsx?$/.test(file) ? await importTypeScript(file) : await importJavaScript(file);
  const value = (module as Record<string, unknown>)[name];
  if (typeof value !== 'function') {
    const found = value === undefined ? 'is not there' : `is of type ${typeof value}, not a function`;
    const exported = Object.keys(module as object).join(', ') || 'nothing';
    throw new TypeError(`the export "${name}" ${found}; the module exports ${exported}`);
  }
  return value as QueryFunction;
}

async function importJavaScript(file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    // Node tells the place of a syntax error to the terminal alone.
    if (error instanceof SyntaxError) {
      error.stack = `${spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' }).stderr}\n${error.stack}`;
    }
    throw error;
  }
}

async function importTypeScript(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { sourceMaps: true, fsCache: false }).import(file);
}
