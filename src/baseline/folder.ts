import { createHash, randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { PlanGuardError, systemReason, throwAll } from '../errors.js';
import type { BaselineFile } from './model.js';
import { parseBaseline } from './parse.js';

const EXTENSION = '.plan';
const LONGEST = 60;
const DAY = 86_400_000;

/** Names that Windows keeps for devices, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/;
const HASH = /-[0-9a-f]{8}$/;

/**
 * The name of the file that holds a query's baseline: the query's name where it is a safe file name on every system,
 * else what can be kept of it and a short hash of it.
 */
export function baselineFileName(query: string): string {
  const slug = query
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^-+|-+$/g, '');
  if (slug === query && slug !== '' && !DEVICE.test(slug) && !HASH.test(slug)) return slug + EXTENSION;
  const hash = createHash('sha256').update(query).digest('hex').slice(0, 8);
  return `${slug || 'query'}-${hash}${EXTENSION}`;
}

/** Whether there is a folder of baselines at all: none differs from an empty one in what a user is to do. */
export function hasBaselines(folder: string): boolean {
  return existsSync(folder);
}

/**
 * Reads every baseline in a folder, by the name of its query; none where the folder does not exist. Other files in it
 * are left alone.
 * @throws {PlanGuardError | PlanGuardErrors} `file`, `baseline`: all files that cannot be read, that stand under a name
 *   that is not their query's, at once
 */
export async function readBaselines(folder: string): Promise<Map<string, BaselineFile>> {
  const baselines = new Map<string, BaselineFile>();
  const errors: PlanGuardError[] = [];
  for (const [name, found] of await readBaselineFiles(folder)) {
    if (found instanceof PlanGuardError) errors.push(found);
    else if (name !== baselineFileName(found.query)) errors.push(misplaced(found));
    else baselines.set(found.query, found);
  }
  throwAll(errors);
  return baselines;
}

/**
 * Every file of baselines in a folder by its name, or why it cannot be read; none where the folder does not exist.
 * @throws {PlanGuardError} `file`: the folder cannot be read
 */
export async function readBaselineFiles(folder: string): Promise<Map<string, BaselineFile | PlanGuardError>> {
  const files = new Map<string, BaselineFile | PlanGuardError>();
  for (const name of (await namesIn(folder)).filter((one) => one.endsWith(EXTENSION)).sort()) {
    const file = join(folder, name);
    try {
      files.set(name, parseBaseline(await readText(file), file));
    } catch (error) {
      if (!(error instanceof PlanGuardError)) throw error;
      files.set(name, error);
    }
  }
  return files;
}

/** Names of files. */
export interface Writing {
  readonly written: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
}

/**
 * What `writeBaselines` would do. Files that have their text already, be it with Windows line endings, are not touched.
 * @param files texts by file name; undefined: the file is to be removed
 * @throws {PlanGuardError} `file`: a file cannot be read
 */
export async function planWriting(folder: string, files: ReadonlyMap<string, string | undefined>): Promise<Writing> {
  const written: string[] = [];
  const removed: string[] = [];
  const unchanged: string[] = [];
  for (const [name, text] of files) {
    const file = join(folder, name);
    const present = existsSync(file) ? await readText(file) : undefined;
    if (text === undefined) removed.push(...(present === undefined ? [] : [name]));
    else (present?.replaceAll('\r\n', '\n') === text ? unchanged : written).push(name);
  }
  return { written, removed, unchanged };
}

/**
 * Writes baselines into a folder, which is made where there is none, and removes those whose text is undefined. Each
 * file is replaced at once: a reader sees its old text or its new one, and what ends this process leaves no half file. A
 * signal ends it before all of them or after all of them.
 * @param files texts by file name
 * @throws {PlanGuardError} `file`: the folder cannot be made, or a file cannot be written or removed
 */
export async function writeBaselines(folder: string, files: ReadonlyMap<string, string | undefined>): Promise<Writing> {
  await removeLeftovers(folder);
  const writing = await planWriting(folder, files);
  const { written, removed } = writing;
  if (written.length > 0) await makeFolder(folder).catch((error: unknown) => refuse('written', folder, error));
  // In one go: a signal has its turn before the first file or behind the last.
  for (const name of [...written, ...removed]) {
    const file = join(folder, name);
    const text = files.get(name);
    try {
      if (text === undefined) rmSync(file);
      else replace(file, text);
    } catch (error) {
      refuse(text === undefined ? 'removed' : 'written', file, error);
    }
  }
  return writing;
}

function replace(file: string, text: string): void {
  const temporary = join(dirname(file), temporaryName());
  try {
    writeFileSync(temporary, text, { flag: 'wx', flush: true });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

const TEMPORARY = /^\.plan-guard-([0-9a-f]{8})-(\d+)-[0-9a-f]+\.tmp$/;

function temporaryName(): string {
  return `.plan-guard-${hostId()}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
}

/** Processes of another machine cannot be asked for; containers share folders. */
function hostId(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

/** Removes temporary files of processes that ended before they could. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const [, host, pid] = TEMPORARY.exec(name) ?? [];
    if (host === undefined) continue;
    const file = join(folder, name);
    const isOver = host === hostId() ? !isAlive(Number(pid)) : (await ageOf(file)) > DAY;
    if (isOver) await rm(file, { force: true }).catch((error: unknown) => refuse('removed', file, error));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Milliseconds since the last change; 0 for what is gone. */
async function ageOf(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
}

/** Folder by folder: where the file system does not know the parent that it shows (/proc), Node's own never returns. */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(folder, error as Error);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error as Error);
  }
}

function misplaced({ file, query }: BaselineFile): PlanGuardError {
  return new PlanGuardError('baseline', `The baseline of "${query}" belongs into ${baselineFileName(query)}`, {
    where: { file, line: 1 },
    hint: 'Rename it back, or remove it and run plan-guard approve.',
  });
}

function unreadable(file: string, cause: Error): PlanGuardError {
  return new PlanGuardError('file', `The approved plans cannot be read: ${systemReason(cause)}`, {
    where: { file },
    hint: 'Name a folder that can be read.',
    cause,
  });
}

function refuse(what: 'written' | 'removed', file: string, cause: unknown): never {
  throw new PlanGuardError('file', `The approved plans cannot be ${what}: ${systemReason(cause as Error)}`, {
    where: { file },
    hint: 'The folder of the plans must be one that can be written.',
    cause,
  });
}
