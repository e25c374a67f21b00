import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PlanGuardError } from '../errors.js';
import { didYouMean } from '../suite/nearest.js';
import { replaceFile } from './replace-file.js';
import { type Process, print } from './terminal.js';

/** One `--reporter NAME[=FILE]`. */
export interface Target<Name extends string> {
  readonly name: Name;
  /** Absolute path; undefined: standard output. */
  readonly file: string | undefined;
}

/**
 * Reads what `--reporter` was given.
 * @param names the reporters that there are
 * @throws {PlanGuardError} `usage` or `file`, before anything is planned
 */
export function readTargets<Name extends string>(
  given: readonly string[],
  names: readonly Name[],
  cwd: string,
): readonly Target<Name>[] {
  const targets = given.map((text) => readTarget(text, names, cwd));
  const shown = targets.filter(({ file }) => file === undefined);
  const alone = shown.find(({ name }) => ALONE.has(name));
  if (shown.length > 1 && alone !== undefined) {
    throw new PlanGuardError('usage', `The ${alone.name} reporter must have standard output to itself.`, {
      hint: `Give one of the reporters a file: --reporter ${alone.name}=plans.${alone.name}.`,
    });
  }
  for (const [index, { name, file }] of targets.entries()) {
    const first = targets.findIndex((target) => target.file === file && (file !== undefined || target.name === name));
    if (first === index) continue;
    throw new PlanGuardError('usage', `--reporter ${given[first]} and --reporter ${given[index]} write to one place.`, {
      hint: 'Leave one of them out, or name another file.',
    });
  }
  return targets;
}

/** What a program or a browser reads. */
const ALONE: ReadonlySet<string> = new Set(['json', 'html']);

function readTarget<Name extends string>(text: string, names: readonly Name[], cwd: string): Target<Name> {
  const end = text.indexOf('=');
  const written = end === -1 ? text : text.slice(0, end);
  const name = names.find((one) => one === written);
  if (name === undefined) {
    throw new PlanGuardError('usage', `There is no reporter "${written}".`, { hint: didYouMean(written, names) });
  }
  if (end === -1) return { name, file: undefined };
  const path = text.slice(end + 1);
  if (path === '') {
    throw new PlanGuardError('usage', `--reporter ${text} names no file.`, {
      hint: `Write --reporter ${name}=FILE, or --reporter ${name} for standard output.`,
    });
  }
  const file = resolve(cwd, path);
  refuseUnwritable(file);
  return { name, file };
}

/** A person should not wait for a report that has nowhere to go. */
function refuseUnwritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
    if (existsSync(file) && statSync(file).isDirectory()) throw new Error('it is a folder');
  } catch (error) {
    throw unwritable(file, error as Error);
  }
}

/**
 * Writes a report to its file, whose readers see the old text or the new one, never a part; or to standard output.
 * @throws {PlanGuardError} `file`
 */
export async function writeReport({ stdout, pid }: Process, file: string | undefined, text: string): Promise<void> {
  if (file === undefined) {
    const error = await print(stdout, text);
    if (error !== undefined) throw cutShort(error);
    return;
  }
  try {
    replaceFile(file, text, pid);
  } catch (error) {
    throw unwritable(file, error as Error);
  }
}

function cutShort(error: Error): PlanGuardError {
  return new PlanGuardError('file', `Standard output takes no more of the report: ${error.message}`, {
    hint: 'Make room, or write the report elsewhere: --reporter NAME=FILE.',
    cause: error,
  });
}

function unwritable(file: string, error: Error): PlanGuardError {
  return new PlanGuardError('file', `The report cannot be written: ${error.message}`, {
    where: { file },
    hint: 'Name a file in a folder that exists and can be written.',
    cause: error,
  });
}
