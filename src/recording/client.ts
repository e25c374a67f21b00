import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pgUtils from 'pg/lib/utils.js';
import pgTypes from 'pg-types';
import type { CallSite, FromWorker, ToWorker } from './messages.js';

interface QueryConfig {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly rowMode?: 'array';
  readonly types?: { getTypeParser(oid: number, format?: string): (text: string) => unknown };
}

interface Result {
  readonly command: string | undefined;
  readonly rowCount: number | null;
  readonly oid: null;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: unknown[];
}

type Callback = (error: Error | null, result?: Result) => void;
type Answer = Extract<ToWorker, { kind: 'result' | 'refused' }>;

interface Pending {
  readonly config: QueryConfig;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Stands in for a client or a pool of the package `pg`: every statement goes to the other thread, which runs it
 * on the seeded rows. Values are made text and rows are parsed as `pg` does it.
 */
export class RecordingClient {
  readonly #send: (message: FromWorker) => void;
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
  }

  query(
    text: string | QueryConfig,
    values?: readonly unknown[] | Callback,
    callback?: Callback,
  ): Promise<Result> | undefined {
    const config: QueryConfig = typeof text === 'string' ? { text } : text;
    const given = Array.isArray(values) ? (values as readonly unknown[]) : config.values;
    const done = typeof values === 'function' ? values : callback;
    const at = callSite(new Error());
    const promise = new Promise<Result>((resolve, reject) => {
      if (typeof config.text !== 'string') {
        throw new TypeError('plan-guard records query(text, values) and query({ text, values }) only.');
      }
      this.#last += 1;
      this.#pending.set(this.#last, { config, resolve, reject });
      const texts = (given ?? []).map(toText);
      this.#send({ kind: 'query', id: this.#last, text: config.text, values: texts, at });
    });
    if (done === undefined) return promise;
    promise.then(
      (result) => done(null, result),
      (error: Error) => done(error),
    );
    return undefined;
  }

  /** A pool's `connect` gives a client; a client's only connects. */
  async connect(): Promise<this> {
    return this;
  }

  release(): void {}

  async end(): Promise<void> {}

  on(): this {
    return this;
  }

  answer(message: Answer): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    if (message.kind === 'refused') {
      pending.reject(Object.assign(new Error(message.message), message.facts));
      return;
    }
    const parsers = message.fields.map((field) =>
      (pending.config.types ?? pgTypes).getTypeParser(field.dataTypeID as never, 'text'),
    );
    const rows = message.rows.map((row) => row.map((text, column) => (text === null ? null : parsers[column]?.(text))));
    pending.resolve({
      command: message.command,
      rowCount: message.rowCount ?? null,
      oid: null,
      fields: message.fields,
      rows: pending.config.rowMode === 'array' ? rows : rows.map((row) => toObject(message.fields, row)),
    });
  }
}

function toObject(fields: readonly { readonly name: string }[], row: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field, column) => [field.name, row[column]]));
}

function toText(value: unknown): string | null {
  const prepared: unknown = pgUtils.prepareValue(value);
  if (prepared === null || prepared === undefined) return null;
  return Buffer.isBuffer(prepared) ? `\\x${prepared.toString('hex')}` : String(prepared);
}

/** The first frame outside of this package, as source maps give it; undefined where none is a file that exists. */
export function callSite(error: Error): CallSite | undefined {
  for (const frame of (error.stack ?? '').split('\n').slice(1)) {
    const match = /\(?((?:file:\/\/)?[^\s()][^()]*):(\d+):(\d+)\)?$/.exec(frame.trim().replace(/^at /, ''));
    const place = match?.[1]?.replace(/^.*?(?=file:\/\/)/, '');
    if (place === undefined || place.startsWith('node:') || place.includes('node_modules')) continue;
    const file = place.startsWith('file://') ? fileURLToPath(place) : place;
    if (isOurs(file) || !existsSync(file)) continue;
    return { file, line: Number(match?.[2]), column: Number(match?.[3]) };
  }
  return undefined;
}

const isOurs = (file: string) => /[/\\]recording[/\\](client|worker)\.(js|ts)$/.test(file);
