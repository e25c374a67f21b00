import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Extension, PGlite } from '@electric-sql/pglite';
import type { serialize } from 'pg-protocol';
import { PlanGuardError } from '../errors.js';

/** A value as the protocol carries it in text format; null is SQL's null. */
export type TextValue = string | null;

export interface TextResult {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (readonly TextValue[])[];
  /** The command tag's words: `SELECT`, `CREATE TABLE`; undefined for an empty statement. */
  readonly command: string | undefined;
  readonly rowCount: number | undefined;
  /** Notices and warnings, each with the number of rows that came before it. */
  readonly notices?: readonly { readonly message: string; readonly row: number }[];
}

/** An error that the server answered with; `position` counts characters from 1 into the statement. */
export interface ServerError extends Error {
  readonly severity: string;
  /** SQLSTATE */
  readonly code: string;
  readonly position?: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Tells a server's answer from a fault of the engine. SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error &&
    typeof (error as Partial<ServerError>).severity === 'string' &&
    /^[0-9A-Z]{5}$/.test((error as ServerError).code)
  );
}

/** The messages of the protocol that carry results, as PGlite hands them on. */
type Message =
  | { readonly name: 'rowDescription'; readonly fields: TextResult['fields'] }
  | { readonly name: 'dataRow'; readonly fields: readonly TextValue[] }
  | { readonly name: 'commandComplete'; readonly text: string }
  | { readonly name: 'error' | 'notice'; readonly message: string };

/**
 * Over PGlite's own: a small footprint, and PostgreSQL's defaults where PGlite has others. PGlite cannot run parallel
 * workers but plans with them like any server, once the setting allows it.
 */
const settings = [
  'shared_buffers=16MB',
  'max_connections=5',
  'search_path="$user", public',
  'max_parallel_workers_per_gather=2',
].flatMap((setting) => ['-c', setting]);

/** One PGlite on one data directory. Everything goes in and out as text. */
export class Pglite {
  readonly #pglite: PGlite;
  readonly #serialize: typeof serialize;

  private constructor(pglite: PGlite, serializer: typeof serialize) {
    this.#pglite = pglite;
    this.#serialize = serializer;
  }

  /**
   * Opens a data directory; an empty one becomes a new cluster without data checksums, which the replica's
   * pages do not carry.
   * @param extensions names of PGlite extensions that the schema uses
   * @throws {PlanGuardError} `engine` for an extension that PGlite does not have
   */
  static async open(directory: string, options: { locale: string; extensions: readonly string[] }): Promise<Pglite> {
    const { PGlite } = await import('@electric-sql/pglite');
    const extensions = await loadExtensions(options.extensions);
    const pglite = await PGlite.create(directory, {
      extensions,
      initDbStartParams: ['--no-data-checksums', '--wal-segsize=1', `--locale=${options.locale}`],
      startParams: [...PGlite.defaultStartParams, ...settings],
    });
    const { serialize: serializer } = await import('pg-protocol');
    return new Pglite(pglite, serializer);
  }

  /** Opens a data directory for the work and closes it, whatever becomes of the work. */
  static async using<Result>(
    directory: string,
    options: { locale: string; extensions: readonly string[] },
    work: (database: Pglite) => Promise<Result>,
  ): Promise<Result> {
    const database = await Pglite.open(directory, options);
    let result: Result;
    try {
      result = await work(database);
    } catch (error) {
      await database.close().catch(() => {});
      throw error;
    }
    await database.close();
    return result;
  }

  /** One statement by the extended protocol: the server refuses a second one behind a semicolon. */
  async query(text: string, values: readonly TextValue[] = []): Promise<TextResult> {
    const { parse, bind, describe, execute, sync } = this.#serialize;
    const results = await this.#send([
      parse({ text }),
      bind({ values: [...values] }),
      describe({ type: 'P' }),
      execute(),
      sync(),
    ]);
    return results[0] ?? { fields: [], rows: [], command: undefined, rowCount: undefined };
  }

  /** The same, with rows as objects of text. */
  async rows(text: string, values: readonly TextValue[] = []): Promise<Record<string, TextValue>[]> {
    const { fields, rows } = await this.query(text, values);
    return rows.map((row) => Object.fromEntries(fields.map(({ name }, column) => [name, row[column] ?? null])));
  }

  /** The same, with values parsed by PGlite. */
  async objects(text: string, values: readonly unknown[] = []): Promise<{ rows: Record<string, unknown>[] }> {
    return this.#pglite.query<Record<string, unknown>>(text, [...values]);
  }

  /** Any number of statements by the simple protocol; only for text that is our own or a person's schema. */
  async execute(text: string): Promise<readonly TextResult[]> {
    return this.#send([this.#serialize.query(text)]);
  }

  async #send(messages: readonly Uint8Array[]): Promise<TextResult[]> {
    const answer = await this.#pglite.runExclusive(() =>
      this.#pglite.execProtocol(Buffer.concat(messages), { syncToFs: false, throwOnError: false }),
    );
    return readResults(answer.messages as unknown as readonly Message[]);
  }

  async close(): Promise<void> {
    await this.#pglite.close();
  }
}

/** @throws what the server refused, as it said it */
function readResults(messages: readonly Message[]): TextResult[] {
  const results: TextResult[] = [];
  let fields: TextResult['fields'] = [];
  let rows: (readonly TextValue[])[] = [];
  let notices: { message: string; row: number }[] = [];
  for (const message of messages) {
    if (message.name === 'error') throw message;
    if (message.name === 'rowDescription') fields = message.fields;
    if (message.name === 'notice') notices.push({ message: message.message, row: rows.length });
    if (message.name === 'dataRow') rows.push(message.fields);
    if (message.name !== 'commandComplete') continue;
    const count = / (\d+)$/.exec(message.text)?.[1];
    const command = message.text.replace(/( \d+)+$/, '');
    results.push({ fields, rows, command, rowCount: count === undefined ? undefined : Number(count), notices });
    fields = [];
    rows = [];
    notices = [];
  }
  return results;
}

function packageFolder(): string {
  return join(dirname(fileURLToPath(import.meta.resolve('@electric-sql/pglite'))), '..');
}

/** PGlite's version, which decides the layout of a data directory. */
export function pgliteVersion(): string {
  return (JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string }).version;
}

const moduleName = (extension: string) => extension.replaceAll('-', '_');

/** Whether PGlite brings the extension in its own package. */
export function hasExtension(extension: string): boolean {
  return (
    /^[\w-]+$/.test(extension) && existsSync(join(packageFolder(), 'dist', 'contrib', `${moduleName(extension)}.js`))
  );
}

async function loadExtensions(names: readonly string[]): Promise<Record<string, Extension>> {
  const loaded: Record<string, Extension> = {};
  for (const name of names) {
    if (!hasExtension(name)) {
      throw new PlanGuardError('engine', `PGlite ${pgliteVersion()} does not have the extension "${name}".`, {
        hint: 'Take it out of the schema that plan-guard loads, or plan with an engine that has it.',
      });
    }
    const module = (await import(`@electric-sql/pglite/contrib/${moduleName(name)}`)) as Record<string, Extension>;
    const extension = module[moduleName(name)];
    if (extension !== undefined) loaded[moduleName(name)] = extension;
  }
  return loaded;
}
