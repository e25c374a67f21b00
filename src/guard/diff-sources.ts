import { createReadStream, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { BaselineFile } from '../baseline/model.js';
import { parseBaseline } from '../baseline/parse.js';
import { PlanGuardError } from '../errors.js';
import { Entries, type Entry } from './diff-entries.js';
import { Repository } from './git.js';

/** A text with plans in it. */
export type PlanSource =
  | { readonly kind: 'file'; readonly name: string; readonly file: string }
  | { readonly kind: 'stdin'; readonly name: string }
  | { readonly kind: 'blob'; readonly name: string; readonly revision: string; readonly path: string };

/** What stands in a source. */
export type SourceContent =
  | { readonly kind: 'plans'; readonly name: string; readonly entries: readonly Entry[] }
  | { readonly kind: 'baseline'; readonly name: string; readonly baseline: BaselineFile };

/** The source that an operand names; a file that is there goes before what git may make of the name. */
export function sourceOf(operand: string, cwd: string): PlanSource | undefined {
  if (operand === '-') return { kind: 'stdin', name: 'standard input' };
  const file = resolve(cwd, operand);
  if (isFile(file)) return { kind: 'file', name: relative(cwd, file) || file, file };
  const [, revision, path] = /^([^:]*):(.+)$/s.exec(operand) ?? [];
  if (revision === undefined || path === undefined || path.startsWith('//')) return undefined;
  return { kind: 'blob', name: operand, revision, path };
}

export function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === false;
}

/** Whether it is named as `approve` names the approved plans of a query. */
const isBaseline = ({ name }: PlanSource) => name.endsWith('.plan');

/**
 * Reads the plans of a source.
 * @throws {PlanGuardError | PlanGuardErrors} `file` where it cannot be read, `plan` or `baseline` for what in it cannot,
 *   `usage` where there is no such revision, or no plan in it
 */
export async function readSource(
  source: PlanSource,
  { cwd, stdin, onProgress }: { cwd: string; stdin: Readable; onProgress: (message: string) => void },
): Promise<SourceContent> {
  const { name } = source;
  const stream = await streamOf(source, cwd, stdin);
  try {
    if (isBaseline(source)) {
      return { kind: 'baseline', name, baseline: parseBaseline(await text(stream), shownName(source)) };
    }
    const { findPlans } = await import('../plan/sources/find-plans.js');
    const entries = new Entries(name);
    const size = source.kind === 'file' ? ` of ${megabytes(statSync(source.file).size)}` : '';
    const told = (bytes: number) => onProgress(`${name}: ${megabytes(bytes)}${size} read`);
    for await (const plan of findPlans(stream.setEncoding('utf8'), { name: shownName(source), onProgress: told })) {
      entries.add(plan);
    }
    return { kind: 'plans', name, entries: entries.all };
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unreadable(name, error);
    throw error;
  }
}

const megabytes = (bytes: number) => `${(bytes / 1_000_000).toFixed(1)} MB`;

/** Errors name a file by its path, anything else as it was given. */
const shownName = (source: PlanSource) => (source.kind === 'file' ? source.file : source.name);

async function streamOf(source: PlanSource, cwd: string, stdin: Readable): Promise<Readable> {
  switch (source.kind) {
    case 'stdin':
      return stdin;
    case 'file':
      return createReadStream(source.file);
    case 'blob':
      return (await Repository.of(cwd)).readFile(source.revision, source.path);
  }
}

function unreadable(name: string, error: Error): PlanGuardError {
  return new PlanGuardError('file', `${name} cannot be read: ${error.message}`, {
    hint: 'Name a file that can be read, - for standard input, or REV:path of git.',
    cause: error,
  });
}
