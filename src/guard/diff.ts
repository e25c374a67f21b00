import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { PlanGuardError } from '../errors.js';
import type { Comparison, DiffReport } from '../report/diff-model.js';
import { diffApproved } from './diff-approved.js';
import { type Compared, diffRevisions } from './diff-revisions.js';
import { isFile, type PlanSource, readSource, sourceOf } from './diff-sources.js';
import { baseOfCi, Repository, type Revision } from './git.js';
import { aSwitch, aText, checkOptions, type OptionTests, RUN_OPTIONS, type RunOptions } from './run-suites.js';

export interface DiffOptions extends Omit<RunOptions, 'now'> {
  /**
   * What is compared, as `plan-guard diff` takes it: two sources of plans (files, `-`, `REV:path`, `.plan` files of
   * approved plans); two revisions, or one range (`main..HEAD`, `main...HEAD`), of which the suites are planned; one
   * revision, which is compared with the working tree; one `.plan`, which is compared with the plans of now. None: the
   * cases of the suites against their approved plans.
   */
  readonly sources?: readonly string[];
  /**
   * Compares the working tree with its merge base with this revision; true: with what the CI's environment tells
   * (GitHub, GitLab).
   */
  readonly base?: string | true;
  /** A command that is run, by the shell, at the top of each revision's files, for what is built and not in git. */
  readonly prepare?: string;
  /** What `-` reads. Default: nothing. */
  readonly stdin?: Readable;
}

const { now: _, ...SHARED } = RUN_OPTIONS;

const OPTIONS: OptionTests<DiffOptions> = {
  ...SHARED,
  sources: ['a list of at most two texts', (value) => Array.isArray(value) && value.length < 3 && value.every(aText)],
  base: ['a revision, or true', (value) => aText(value) || (aSwitch(value) && value === true)],
  prepare: ['a command', aText],
  stdin: ['a readable stream', (value) => value instanceof Readable],
};

/**
 * Compares plans: of two texts, of the suites at two revisions of git, or of the suites with what was approved. What
 * `plan-guard diff` does. Nothing is written in the repository, and git runs no hook or filter for it.
 * @throws {PlanGuardError | PlanGuardErrors} for what cannot be read or planned
 */
export async function diff(options: DiffOptions = {}): Promise<DiffReport> {
  checkOptions('diff', options, OPTIONS);
  const { before, after, comparisons } = await compared(options);
  if (comparisons.length === 0) {
    throw new PlanGuardError('nothing-to-check', `Neither ${before} nor ${after} has a plan.`, {
      hint: 'Name something with plans in it: nothing is no proof that nothing changed.',
    });
  }
  const verdict = comparisons.every(({ change }) => change === 'same') ? 'same' : 'different';
  return { version: 1, verdict, before, after, comparisons };
}

async function compared(options: DiffOptions): Promise<Compared> {
  const { sources = [], base, filter } = options;
  const cwd = resolve(options.cwd ?? '.');
  if (base !== undefined) {
    if (sources.length === 0) return diffBase(base, cwd, options);
    throw new PlanGuardError('usage', '--base stands alone: it names what the working tree is compared with.', {
      hint: 'Leave it out, or leave out what else is named.',
    });
  }
  const [first, second] = sources;
  if (first === undefined) {
    refuse(options, ['prepare'], 'The working tree is planned as it is');
    return diffApproved(cwd, options);
  }
  const named = sources.map((operand) => sourceOf(operand, cwd));
  const [one, other] = named;
  if (second === undefined) return one === undefined ? diffRange(first, cwd, options) : diffOne(one, cwd, options);
  if (one === undefined && other === undefined && !sources.some(looksLikeFile)) {
    const repository = await Repository.of(cwd);
    return suites(repository, await repository.resolve(first), await repository.resolve(second), cwd, options);
  }
  if (one === undefined || other === undefined) throw await noSource(one === undefined ? first : second, cwd);
  if (one.kind === 'stdin' && other.kind === 'stdin') {
    throw new PlanGuardError('usage', 'Standard input can be read once.', { hint: 'Name a file for one of the two.' });
  }
  refuse(options, ['suites', 'prepare', 'databaseUrl'], 'Texts are compared as they are');
  const result = await diffTexts(one, other, cwd, options);
  return { ...result, comparisons: filtered(result.comparisons, filter) };
}

const FLAGS = { suites: '--suite', prepare: '--prepare', databaseUrl: '--database-url' } as const;

/** An option that would do nothing is a misunderstanding. */
function refuse(options: DiffOptions, names: readonly (keyof typeof FLAGS)[], why: string): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw new PlanGuardError('usage', `${why}: ${FLAGS[given]} has no part in that.`, {
    hint: 'Leave it out, or name a revision of git to plan the suites at.',
  });
}

/** An operand that is no source of plans. */
async function noSource(operand: string, cwd: string): Promise<PlanGuardError> {
  const repository = await Repository.of(cwd).catch(() => undefined);
  const isRevision = (await repository?.find(operand)) !== undefined;
  return new PlanGuardError('file', `There is no file "${operand}".`, {
    hint: isRevision
      ? `It is a revision: name a file in it, ${operand}:path.`
      : 'Name a file, - for standard input, or REV:path of git.',
  });
}

/** Whether an operand that is no file is more likely meant as one than as a revision. */
const looksLikeFile = (operand: string) => /\.(json|ya?ml|xml|txt|log|csv|plan|sql)$/i.test(operand);

async function diffTexts(before: PlanSource, after: PlanSource, cwd: string, options: DiffOptions): Promise<Compared> {
  const { diffSources } = await import('./diff-plans.js');
  const { causeInTexts } = await import('./diff-text-cause.js');
  const { stdin = Readable.from([]), onProgress = () => {} } = options;
  const reading = { cwd, stdin, onProgress: (message: string) => onProgress(message, false) };
  const contents = [await readSource(before, reading), await readSource(after, reading)] as const;
  const comparisons: Comparison[] = [];
  for (const one of diffSources(...contents)) {
    comparisons.push(one.change === 'changed' ? { ...one, cause: await causeInTexts(one) } : one);
  }
  return { before: before.name, after: after.name, comparisons };
}

/** One source alone: a file of git against that of the working tree, approved plans against those of now. */
async function diffOne(source: PlanSource, cwd: string, options: DiffOptions): Promise<Compared> {
  if (source.kind === 'blob') {
    const { root } = await Repository.of(cwd);
    const path = source.path.startsWith('./') ? join(cwd, source.path) : join(root ?? cwd, source.path);
    const now = sourceOf(path, cwd);
    if (now !== undefined && isFile(path)) return diffTexts(source, now, cwd, options);
  }
  if (source.kind === 'file' && source.name.endsWith('.plan')) return diffApproved(cwd, options, source.file);
  throw new PlanGuardError('usage', `${source.name} is to be compared, and nothing is named to compare it with.`, {
    hint: `Name the other: plan-guard diff ${source.kind === 'stdin' ? '-' : source.name} after.json`,
  });
}

/** `A..B`, `A...B` or a revision that the working tree is compared with. */
async function diffRange(operand: string, cwd: string, options: DiffOptions): Promise<Compared> {
  if (looksLikeFile(operand)) throw await noSource(operand, cwd);
  const repository = await Repository.of(cwd);
  const [, from, dots, to] = /^(.*?)(\.{2,3})(.*)$/s.exec(operand) ?? [];
  if (dots === undefined) return suites(repository, await repository.resolve(operand), undefined, cwd, options);
  const before = await repository.resolve(from || 'HEAD');
  const after = await repository.resolve(to || 'HEAD');
  const base = dots === '...' ? await repository.mergeBase(before, after) : before;
  return suites(repository, base, after, cwd, options);
}

async function diffBase(base: string | true, cwd: string, options: DiffOptions): Promise<Compared> {
  const repository = await Repository.of(cwd);
  const target = base === true ? await baseOfCi(repository, process.env) : await repository.resolve(base);
  const head = await repository.resolve('HEAD');
  return suites(repository, await repository.mergeBase(target, head), undefined, cwd, options);
}

function suites(
  repository: Repository,
  before: Revision,
  after: Revision | undefined,
  cwd: string,
  options: DiffOptions,
): Promise<Compared> {
  const { suites: files = [], filter, cache = true, databaseUrl, redactKey, prepare } = options;
  const { onProgress = () => {}, onOutput = () => {} } = options;
  const shared = { filter, cache, databaseUrl, redactKey, prepare, onProgress, onOutput };
  return diffRevisions(repository, before, after, { ...shared, cwd, suites: files });
}

/** The comparisons that a text names: in the names of their cases, or in their statements. */
function filtered(comparisons: readonly Comparison[], filter: string | undefined): readonly Comparison[] {
  if (filter === undefined) return comparisons;
  const left = comparisons.filter(({ name, before, after }) =>
    [name, before?.inputs.statement, after?.inputs.statement].some((text) => text?.includes(filter)),
  );
  if (left.length > 0) return left;
  throw new PlanGuardError('nothing-to-check', `No plan's name or statement holds "${filter}".`, {
    hint: 'Run it without --filter to see all.',
  });
}
