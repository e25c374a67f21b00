import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PlanGuardError } from '../errors.js';
import type { Span } from '../sql/model.js';
import { lineColumn } from '../sql/positions.js';
import { splitScript } from '../sql/split.js';
import { type Database, isServerError, type ServerError } from './database.js';

/** An SQL file that makes or fills a database. */
export interface Script {
  readonly file: string;
  readonly text: string;
}

/** @throws {PlanGuardError} of the given code for a file that cannot be read */
export async function readScripts(files: readonly string[], code: 'schema' | 'seed'): Promise<Script[]> {
  return Promise.all(
    files.map(async (file) => {
      try {
        return { file, text: await readFile(file, 'utf8') };
      } catch (error) {
        throw new PlanGuardError(code, `The ${code} file cannot be read: ${(error as Error).message}`, {
          where: { file },
          hint: `Correct the path under "${code}" in the suite file.`,
          cause: error,
        });
      }
    }),
  );
}

export function hashScripts(scripts: readonly Script[]): string {
  const hash = createHash('sha256');
  for (const { text } of scripts) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex');
}

/** Names in CREATE EXTENSION, which PGlite has to load before the statement runs. */
export function extensionsIn(scripts: readonly Script[]): string[] {
  const names = scripts.flatMap(({ text }) =>
    [...text.matchAll(/\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?([\w-]+)"?/gi)].map((match) => match[1] ?? ''),
  );
  return [...new Set(names)].filter((name) => name.toLowerCase() !== 'plpgsql');
}

/**
 * Runs the statements of the scripts one by one, in order, and leaves the session as a new one is.
 * @throws {PlanGuardError} of the given code, at the statement (or the place in it) that failed
 */
export async function runScripts(
  database: Database,
  scripts: readonly Script[],
  code: 'schema' | 'seed',
): Promise<void> {
  for (const script of scripts) {
    const { statements, metaCommands, copies } = splitScript(script.text);
    refuse(
      script,
      code,
      metaCommands,
      copies.map((copy) => copy.statement),
    );
    for (const { start, end } of statements) {
      const text = script.text.slice(start, end);
      try {
        await database.execute(text);
      } catch (error) {
        throw isServerError(error) ? failure(script, code, start, text, error) : error;
      }
    }
  }
  await database.execute('DISCARD ALL').catch((error: unknown) => {
    if (!isServerError(error) || error.code !== ACTIVE_TRANSACTION) throw error;
    throw new PlanGuardError(code, `The ${code} ends inside a transaction: it has a BEGIN without a COMMIT.`, {
      where: { file: scripts.at(-1)?.file ?? '' },
      hint: 'Write the COMMIT; or take the BEGIN out, which is not needed here.',
      cause: error,
    });
  });
}

/** SQLSTATE `active_sql_transaction` */
const ACTIVE_TRANSACTION = '25001';

const HARMLESS_META_COMMAND = /^\\(restrict|unrestrict|echo|timing|pset|set|unset|encoding|qecho|x|a|t|H|C|f|o)\b/;

function refuse(script: Script, code: 'schema' | 'seed', metaCommands: readonly Span[], copies: readonly Span[]): void {
  for (const { start, end } of metaCommands) {
    const text = script.text.slice(start, end).trim();
    if (HARMLESS_META_COMMAND.test(text)) continue;
    throw new PlanGuardError(code, `psql's command ${text.split(/\s/)[0]} cannot be run here.`, {
      where: { file: script.file, ...lineColumn(script.text, start) },
      hint: 'Take it out: plan-guard sends SQL to the server, without psql.',
    });
  }
  const [copy] = copies;
  if (copy === undefined) return;
  throw new PlanGuardError(code, 'COPY … FROM stdin cannot be run here.', {
    where: { file: script.file, ...lineColumn(script.text, copy.start) },
    hint:
      code === 'schema'
        ? 'Dump the schema alone: pg_dump --schema-only.'
        : 'Write the rows as INSERT statements: pg_dump --data-only --inserts.',
  });
}

function failure(
  script: Script,
  code: 'schema' | 'seed',
  start: number,
  text: string,
  error: ServerError,
): PlanGuardError {
  const offset = error.position === undefined ? 0 : characterOffset(text, Number(error.position) - 1);
  return new PlanGuardError(code, [error.message, error.detail].filter(Boolean).join(': '), {
    where: { file: script.file, ...lineColumn(script.text, start + offset) },
    hint: error.hint || hintFor(error),
    cause: error,
  });
}

/** PostgreSQL counts characters where JavaScript counts UTF-16 units. */
export function characterOffset(text: string, characters: number): number {
  return [...text.slice(0, characters * 2)].slice(0, characters).join('').length;
}

function hintFor({ code, message }: ServerError): string {
  switch (code) {
    case '42704':
      if (message.startsWith('role ')) {
        return 'A dump names roles: pg_dump --no-owner --no-privileges leaves them out. Else create it in the schema.';
      }
      if (message.startsWith('collation ')) {
        return 'The engine lacks it: PGlite has few collations of ICU, a native server has them (postgres: { engine: native }). Else leave COLLATE out.';
      }
      return 'Something that the statement names does not exist: correct the name, or create it before.';
    case '0A000':
    case '58P01':
      return 'An extension must be one that the engine has; list it under postgres.extensions in the suite file.';
    case '42P07':
    case '42710':
      return 'The object exists already: is a file listed twice, or do two files create it?';
    case '42P01':
      return 'Files run in the order of the suite file: list the one that creates it first.';
    default:
      return 'Correct the statement; it is run as it stands, in the order of the suite file.';
  }
}
