import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Comparison, DiffCause, InputName, Since } from '../report/diff-model.js';
import type { ChangedCase } from './diff-cause.js';
import type { PlannedSuite, SideCase } from './diff-suite.js';
import { LFS_LIMIT, lfsPointer, Repository, type Revision } from './git.js';

/** Where the files of one side are. */
export interface End {
  /** Undefined: the working tree. */
  readonly revision: Revision | undefined;
  /** Top of its files. */
  readonly root: string;
}

type Sides<Of> = Readonly<Record<'before' | 'after', Of>>;

/** A case as one side planned it. */
interface Planned {
  readonly one: SideCase;
  readonly suite: PlannedSuite['inputs']['suite'];
  readonly cluster: PlannedSuite['inputs']['source']['cluster'];
}

/** Commits that are named. */
const SHOWN = 3;

/** Tells which commits between two places of the history changed what a plan was made from. */
export class ChangeHistory {
  readonly #repository: Repository;
  readonly #ends: Sides<End>;
  /** By the paths that it is about. */
  readonly #found = new Map<string, Promise<Since | undefined>>();
  readonly #contents = new Map<string, string | undefined>();
  #range: Promise<Range | undefined> | undefined;

  constructor(repository: Repository, ends: Sides<End>) {
    this.#repository = repository;
    this.#ends = ends;
  }

  /**
   * The commits that changed the files of the inputs that a cause names. Undefined where no commit of the range tells all
   * of what differs in them: nothing is guessed.
   */
  async since(
    cause: DiffCause | undefined,
    changed: ChangedCase,
    suites: Sides<PlannedSuite>,
  ): Promise<Since | undefined> {
    if (cause === undefined || cause.inputs.length === 0) return undefined;
    const planned = (side: 'before' | 'after'): Planned => {
      const { suite, source } = suites[side].inputs;
      return { one: changed[side], suite, cluster: source.cluster };
    };
    const sides = { before: planned('before'), after: planned('after') };
    const paths = new Set<string>();
    for (const input of cause.inputs) {
      const differing = this.#paths(filesOf(input, sides)).filter((path) => this.#differs(path));
      if (differing.length === 0) return undefined;
      if (input === 'query' && isSent(sides) && !this.#isSource(sides)) return undefined;
      for (const path of differing) paths.add(path);
    }
    const all = [...paths].sort();
    const key = JSON.stringify(all);
    const found = this.#found.get(key) ?? this.#find(all);
    this.#found.set(key, found);
    return found;
  }

  async #find(paths: readonly string[]): Promise<Since | undefined> {
    // git takes one path a line.
    if (paths.some((path) => path.startsWith('../') || path.includes('\n'))) return undefined;
    this.#range ??= this.#readRange();
    const range = await this.#range;
    if (range === undefined) return undefined;
    const { from, to, changed } = range;
    const uncommitted = this.#ends.after.revision === undefined ? await this.#uncommitted(paths, to) : [];
    if (uncommitted === undefined) return undefined;
    const committed = paths.filter((path) => changed.has(path));
    // What is built, and in no commit.
    const isTold = (path: string) => changed.has(path) || uncommitted.includes(path);
    if (!paths.every(isTold)) return undefined;
    const commits =
      committed.length === 0 ? [] : await this.#repository.commitsOf(committed, to.commit, { from: from.commit });
    if (commits === undefined || commits.length + uncommitted.length === 0) return undefined;
    return sinceOf('changed', commits, uncommitted.length > 0);
  }

  async #readRange(): Promise<Range | undefined> {
    const { before, after } = this.#ends;
    const head = after.revision ?? (await headOf(this.#repository));
    if (before.revision === undefined || head === undefined) return undefined;
    return {
      from: before.revision,
      to: head,
      changed: await this.#repository.changedPaths(before.revision, head),
    };
  }

  /** Those of the files that HEAD does not hold as the working tree does; undefined where that cannot be told. */
  async #uncommitted(paths: readonly string[], head: Revision): Promise<readonly string[] | undefined> {
    const committed = await contentsAt(this.#repository, head, paths);
    if (committed === undefined) return undefined;
    const changed = (await this.#range)?.changed;
    // git has it on neither side, and yet both have it: something makes it.
    const isMade = (path: string) =>
      !committed.has(path) && !changed?.has(path) && this.#content('before', path) !== undefined;
    if (paths.some(isMade)) return undefined;
    return paths.filter((path) => !isSame(committed.get(path), join(this.#ends.after.root, path)));
  }

  /** The files of both sides, from the top. */
  #paths(files: Sides<readonly string[]>): string[] {
    const of = (side: 'before' | 'after') => files[side].map((file) => fromTop(this.#ends[side].root, file));
    return [...new Set([...of('before'), ...of('after')])];
  }

  #differs(path: string): boolean {
    return this.#content('before', path) !== this.#content('after', path);
  }

  #content(side: 'before' | 'after', path: string): string | undefined {
    const file = join(this.#ends[side].root, path);
    if (!this.#contents.has(file)) this.#contents.set(file, read(file));
    return this.#contents.get(file);
  }

  /**
   * Whether the file of the call that sent a statement has changed in words in which the statement has: another file may
   * have made its text.
   */
  #isSource({ before, after }: Sides<Planned>): boolean {
    const content = (side: 'before' | 'after', { one }: Planned) =>
      this.#content(side, fromTop(this.#ends[side].root, one.statement.sql.file)) ?? '';
    const source = wordChanges(content('before', before), content('after', after));
    const statement = wordChanges(before.one.statement.text, after.one.statement.text);
    return [...statement].some(([word, change]) => Math.sign(source.get(word) ?? 0) === Math.sign(change));
  }
}

interface Range {
  readonly from: Revision;
  /** HEAD, for the working tree. */
  readonly to: Revision;
  /** What the two commits do not hold alike. */
  readonly changed: ReadonlySet<string>;
}

const isSent = ({ before, after }: Sides<Planned>) =>
  [before, after].some(({ one }) => one.statement.sql.origin === 'call');

/** The files that an input is made of, as far as they may be what differs in it. */
function filesOf(input: InputName, sides: Sides<Planned>): Sides<readonly string[]> {
  const { before, after } = sides;
  const differs = (view: (side: Planned) => unknown) => JSON.stringify(view(before)) !== JSON.stringify(view(after));
  const both = (files: (side: Planned) => readonly string[]) => ({ before: files(before), after: files(after) });
  const own = ({ suite }: Planned) => suite.file;
  const statistics = ({ one: { set } }: Planned) => (set === undefined ? [] : [set.named.file]);
  // Files are named from the suite, so that those of both sides can be compared.
  const named = (side: Planned, files: readonly string[]) => files.map((file) => relative(join(own(side), '..'), file));
  switch (input) {
    case 'query': {
      const text = differs(({ one }) => one.statement.text) || differs(({ one }) => one.statement.types);
      // What a function binds is made by its code.
      const values = !isSent(sides) && differs(({ one }) => [one.report.values, one.statement.types]);
      const sql = ({ one }: Planned) => one.statement.sql.file;
      const chosen = differs((side) => named(side, [sql(side)]));
      return both((side) => [...(text ? [sql(side)] : []), ...(values || chosen ? [own(side)] : [])]);
    }
    case 'schema': {
      const stated = differs((side) => {
        const { locale, extensions } = side.suite.postgres;
        return [locale, extensions, named(side, side.suite.schema)];
      });
      return both((side) => [...side.suite.schema, ...(stated ? [own(side)] : [])]);
    }
    case 'statistics': {
      const stated = differs((side) => named(side, statistics(side)));
      return both((side) => [...statistics(side), ...(stated ? [own(side)] : [])]);
    }
    case 'settings': {
      const recorded = differs(({ one: { set } }) => [set?.head.settings, set?.head.search_path]);
      const stated = differs((side) => [side.suite.postgres.settings, side.suite.postgres.role]);
      const chosen = recorded && differs((side) => named(side, statistics(side)));
      return both((side) => [...(recorded ? statistics(side) : []), ...(stated || chosen ? [own(side)] : [])]);
    }
    case 'major':
      return both((side) => [own(side)]);
  }
}

/** How many times more, or fewer, each word stands in a text. */
function wordChanges(before: string, after: string): Map<string, number> {
  const changes = new Map<string, number>();
  const add = (text: string, by: number) => {
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}_]+/gu))
      changes.set(word, (changes.get(word) ?? 0) + by);
  };
  add(before, -1);
  add(after, 1);
  return new Map([...changes].filter(([, change]) => change !== 0));
}

const fromTop = (root: string, file: string) => relative(root, file).split(sep).join('/');

/** Without regard to line ends; undefined where there is no such file. */
function read(file: string): string | undefined {
  try {
    return lines(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

const lines = (text: string) => text.replaceAll('\r\n', '\n');

async function headOf(repository: Repository): Promise<Revision | undefined> {
  const commit = await repository.find('HEAD');
  return commit === undefined ? undefined : { name: 'HEAD', commit };
}

/** What a commit holds at some paths; undefined where one of them is no plain file. */
async function contentsAt(
  repository: Repository,
  revision: Revision,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const entries = (await repository.entries(revision)).filter(({ path }) => paths.includes(path));
  if (entries.some(({ mode }) => !mode.startsWith('100'))) return undefined;
  const contents = new Map<string, string>();
  const objects = entries.map(({ object }) => object);
  await repository.readObjects(revision, objects, (content, index) => {
    contents.set(entries[index]?.path ?? '', lines(content.toString()));
  });
  return contents;
}

/** Whether a file is what a commit holds, be it as a pointer of Git LFS. */
function isSame(committed: string | undefined, file: string): boolean {
  const id = committed === undefined || committed.length > LFS_LIMIT ? undefined : lfsPointer(committed);
  if (id === undefined || !existsSync(file)) return committed === read(file);
  return createHash('sha256').update(readFileSync(file)).digest('hex') === id || committed === read(file);
}

function sinceOf(kind: Since['kind'], commits: readonly Since['commits'][number][], uncommitted: boolean): Since {
  const more = Math.max(0, commits.length - SHOWN);
  return { kind, commits: commits.slice(0, SHOWN), more, uncommitted };
}

/** Tells when files of approved plans were last changed. */
export class ApprovalHistory {
  readonly #repository: Promise<Repository | undefined>;
  readonly #found = new Map<string, Promise<Since | undefined>>();

  /** @param cwd a folder; nothing is told where it is in no repository */
  constructor(cwd: string) {
    this.#repository = Repository.of(cwd).catch(() => undefined);
  }

  /**
   * The comparisons that differ from what was approved, with the commit that last changed the file of that.
   * @param fileOf the file of approved plans of a query
   */
  async told(
    comparisons: readonly Comparison[],
    fileOf: (query: string) => string | undefined,
  ): Promise<readonly Comparison[]> {
    return Promise.all(
      comparisons.map(async (one) => {
        const file = one.change === 'same' || one.before === undefined ? undefined : fileOf(one.case?.query ?? '');
        if (file === undefined) return one;
        const found = this.#found.get(file) ?? this.#find(realpathSync(file));
        this.#found.set(file, found);
        return { ...one, since: await found };
      }),
    );
  }

  async #find(file: string): Promise<Since | undefined> {
    const repository = await this.#repository;
    if (repository?.root === undefined) return undefined;
    const path = fromTop(repository.root, file);
    if (path.startsWith('../') || path.includes('\n')) return undefined;
    const head = await headOf(repository);
    const committed = head === undefined ? new Map<string, string>() : await contentsAt(repository, head, [path]);
    if (committed === undefined) return undefined;
    if (head === undefined || !isSame(committed.get(path), file)) return sinceOf('approved', [], true);
    const commits = await repository.commitsOf([path], head.commit, { most: 1 });
    return commits === undefined || commits.length === 0 ? undefined : sinceOf('approved', commits, false);
  }
}
