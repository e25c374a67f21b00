import { pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';
import { callSite, RecordingClient } from './client.js';
import type { FromWorker, ModuleFunction, ToWorker } from './messages.js';

/** Runs functions of modules in a thread of its own: it can be stopped, and its output is kept apart. */

type QueryFunction = (client: RecordingClient, values: Readonly<Record<string, unknown>>) => unknown;

const port = parentPort;
if (port === null) throw new Error('recording/worker runs as a worker thread only');
process.setSourceMapsEnabled(true);
Error.stackTraceLimit = 30;
const send = (message: FromWorker) => port.postMessage(message);
const client = new RecordingClient(send);
let loaded: QueryFunction | undefined;

port.on('message', (message: ToWorker) => {
  if (message.kind === 'load') void attempt(() => load(message.target));
  else if (message.kind === 'run') void attempt(() => loaded?.(client, message.values));
  else client.answer(message);
});

async function attempt(work: () => unknown): Promise<void> {
  try {
    await work();
    send({ kind: 'done' });
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    send({ kind: 'failed', message, at: error instanceof Error ? callSite(error) : undefined });
  }
}

async function load({ file, export: name }: ModuleFunction): Promise<void> {
  const module: unknown = /\.[cm]?tsx?$/.test(file)
    ? await importTypeScript(file)
    : await import(pathToFileURL(file).href);
  const value = (module as Record<string, unknown>)[name];
  if (typeof value !== 'function') {
    const found = value === undefined ? 'is not there' : `is of type ${typeof value}, not a function`;
    const exported = Object.keys(module as object).join(', ') || 'nothing';
    throw new TypeError(`the export "${name}" ${found}; the module exports ${exported}`);
  }
  loaded = value as QueryFunction;
}

async function importTypeScript(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { sourceMaps: true, fsCache: false }).import(file);
}
