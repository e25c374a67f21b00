import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';
import { callSite } from './call-site.js';
import { RecordingClient } from './client.js';
import type { Answer, FromWorker, ModuleFunction, SentStatement, ToWorker } from './messages.js';

/** Runs functions of modules in a thread of its own: it can be stopped, and its output is kept apart. */

type QueryFunction = (client: RecordingClient, values: Readonly<Record<string, unknown>>) => unknown;

const port = parentPort;
if (port === null) throw new Error('recording/worker runs as a worker thread only');
process.setSourceMapsEnabled(true);
Error.stackTraceLimit = 30;
const send = (message: FromWorker) => port.postMessage(message);
const waiting = new Map<number, (answer: Answer) => void>();
let loaded: QueryFunction | undefined;
let last = 0;

port.on('message', (message: ToWorker) => {
  if (message.kind === 'load') void attempt(() => load(message.target));
  else if (message.kind === 'run') void attempt(() => run(message.run, message.values));
  else {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  }
});
for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, fail);

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    send({ kind: 'done' });
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  if (error instanceof Error) {
    // The errors of `pg` are called "error".
    const message = error.name === 'error' ? error.message : `${error.name}: ${error.message}`;
    send({ kind: 'failed', message, at: callSite(error.stack) });
  } else {
    send({ kind: 'failed', message: String(error), at: undefined });
  }
}

async function run(number: number, values: Readonly<Record<string, unknown>>): Promise<void> {
  const ask = (statement: SentStatement) =>
    new Promise<Answer>((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      send({ kind: 'query', run: number, id: last, ...statement });
    });
  const client = new RecordingClient(ask);
  await loaded?.(client, values);
  await client.idle();
}

async function load({ file, export: name }: ModuleFunction): Promise<void> {
  const module: unknown = /\.[cm]?tsx?$/.test(file) ? await importTypeScript(file) : await importJavaScript(file);
  const value = (module as Record<string, unknown>)[name];
  if (typeof value !== 'function') {
    const found = value === undefined ? 'is not there' : `is of type ${typeof value}, not a function`;
    const exported = Object.keys(module as object).join(', ') || 'nothing';
    throw new TypeError(`the export "${name}" ${found}; the module exports ${exported}`);
  }
  loaded = value as QueryFunction;
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
