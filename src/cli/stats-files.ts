import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PlanGuardError, systemReason } from '../errors.js';
import { replaceFile } from './replace-file.js';
import { type Process, print } from './terminal.js';

/** Reads a statistics file named on the command line. */
export async function readFile(process: Process, file: string) {
  const { readStatistics } = await import('../statistics/read.js');
  return readStatistics(resolve(process.cwd(), file));
}

/** The key of redacted statistics: what the file holds, else PLAN_GUARD_REDACT_KEY. */
export function redactKey(process: Process, file: string | undefined): string | undefined {
  return (file === undefined ? process.env.PLAN_GUARD_REDACT_KEY : readKey(resolve(process.cwd(), file))) || undefined;
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PlanGuardError('file', `The key cannot be read: ${systemReason(error as Error)}`, {
      where: { file },
      hint: 'Name the file that holds the key of --redact.',
      cause: error,
    });
  }
}

/** Writes to the file, or to standard output where none is named. A reader sees the old text or the new one. */
export async function writeOutput(process: Process, file: string | undefined, text: string): Promise<void> {
  if (file === undefined) {
    const error = await print(process.stdout, text);
    if (error !== undefined) throw unwritable(error, undefined);
    return;
  }
  const target = resolve(process.cwd(), file);
  try {
    replaceFile(target, text, process.pid);
  } catch (error) {
    throw unwritable(error as Error, target);
  }
}

function unwritable(cause: Error, file: string | undefined): PlanGuardError {
  return new PlanGuardError('file', `The output cannot be written: ${systemReason(cause)}`, {
    ...(file === undefined ? {} : { where: { file } }),
    hint: 'Name a file in a folder that exists and can be written.',
    cause,
  });
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

const WIDTH = 80;

/** Breaks text into lines of at most 80 columns; `indent` stands before each but the first. */
export function wrap(text: string, indent: string): string {
  const [start = ''] = /^ */.exec(text) ?? [];
  const lines: string[] = [];
  let line = start;
  for (const word of text.slice(start.length).split(' ')) {
    const first = line.trim() === '';
    if (!first && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line += first ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Replaces characters that would move a terminal's cursor or colour its text. */
export function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '�');
}

/** `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `1.9 GB`, in units of 1024 as PostgreSQL's `pg_size_pretty`. */
export function bytes(value: number): string {
  let size = value;
  let unit = 0;
  for (; size >= 1000 && unit < UNITS.length - 1; unit += 1) size /= 1024;
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}
