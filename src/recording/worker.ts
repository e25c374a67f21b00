import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { callSite, RecordingClient } from './client.js';
import type { FromWorker, ToWorker, WorkerInput } from './messages.js';

/** Runs a module's function in a thread of its own: it can be stopped, and its output kept apart. */

type QueryFunction = (client: RecordingClient, values: Readonly<Record<string, unknown>>) => unknown;

const port = parentPort;
if (port === null) throw new Error('recording/worker runs as a worker thread only');
process.setSourceMapsEnabled(true);
Error.stackTraceLimit = 30;
const send = (message: FromWorker) => port.postMessage(message);
const client = new RecordingClient(send);
const input = workerData as WorkerInput;

const run = await load(input);
if (run !== undefined) {
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'run') void runOnce(run, message.values);
    else client.answer(message);
  });
  send({ kind: 'ready' });
}

async function load({ file, export: name }: WorkerInput): Promise<QueryFunction | undefined> {
  try {
    const module = /\.[cm]?tsx?$/.test(file) ? await importTypeScript(file) : await import(pathToFileURL(file).href);
    const value = (module as Record<string, unknown>)[name];
    if (typeof value === 'function') return value as QueryFunction;
    const exported = Object.keys(module as object).join(', ') || 'nothing';
    const found = value === undefined ? 'is not there' : `is of type ${typeof value}, not a function`;
    send({
      kind: 'unusable',
      message: `The export "${name}" ${found}; the module exports ${exported}.`,
      at: undefined,
    });
  } catch (error) {
    send({ kind: 'unusable', message: `The module cannot be loaded: ${describe(error)}`, at: placeOf(error) });
  }
  return undefined;
}

async function importTypeScript(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { sourceMaps: true, fsCache: false }).import(file);
}

async function runOnce(query: QueryFunction, values: Readonly<Record<string, unknown>>): Promise<void> {
  try {
    await query(client, values);
    send({ kind: 'done' });
  } catch (error) {
    send({ kind: 'threw', message: describe(error), at: placeOf(error) });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function placeOf(error: unknown) {
  return error instanceof Error ? callSite(error) : undefined;
}
