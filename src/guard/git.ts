import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, type Writable } from 'node:stream';
import { PlanGuardError } from '../errors.js';
import type { Commit } from '../report/diff-model.js';
import { nearest } from '../suite/nearest.js';

/** A commit, and the name that the user has for it. */
export interface Revision {
  /** `main`, `HEAD~2`, `1a2b3c4 (merge base of main and HEAD)`. */
  readonly name: string;
  readonly commit: string;
}

/** What a commit holds at one path. */
export interface TreeEntry {
  /** `100644`, `100755`, `120000` (a symbolic link), `160000` (a submodule). */
  readonly mode: string;
  readonly object: string;
  /** From the top of the repository, with forward slashes. */
  readonly path: string;
}

/** What makes git look at another repository than that of the folder it runs in: hooks run with these set. */
const LOCAL_VARIABLES = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_PREFIX',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
];

function environment(): NodeJS.ProcessEnv {
  const env = { ...process.env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
  return Object.fromEntries(Object.entries(env).filter(([name]) => !LOCAL_VARIABLES.includes(name)));
}

type Git = ChildProcessByStdio<Writable, Readable, Readable>;

/** Commands that read objects alone: no hook, filter, textconv or file monitor of a configuration takes part in them. */
function start(cwd: string, args: readonly string[]): Git {
  return spawn('git', ['--no-pager', ...args], { cwd, env: environment(), stdio: ['pipe', 'pipe', 'pipe'] });
}

/** @throws {PlanGuardError} `usage` where there is no git */
async function ended(child: Git): Promise<{ readonly code: number | null; readonly stderr: string }> {
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // A child that could not be started takes no input either.
  child.stdin.on('error', () => {});
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stderr };
  } catch (error) {
    throw new PlanGuardError('usage', `git cannot be run: ${(error as Error).message}`, {
      hint: 'Install git, or compare files.',
      cause: error,
    });
  }
}

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function git(cwd: string, args: readonly string[], input = ''): Promise<Answer> {
  const child = start(cwd, args);
  child.stdin.end(input);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { code, stderr } = await ended(child);
  return { code, stdout: Buffer.concat(chunks).toString(), stderr };
}

const firstLine = (text: string) => (text.trim().split('\n')[0] ?? '').replace(/^fatal: /, '');

/** The git repository of a folder, read and never changed. */
export class Repository {
  /** The top of the working tree; undefined in a bare repository. */
  readonly root: string | undefined;
  /** The folder that was asked for, from the top with forward slashes; empty at the top. */
  readonly prefix: string;
  readonly #cwd: string;
  readonly #shallow: boolean;

  private constructor(cwd: string, facts: Pick<Repository, 'root' | 'prefix'>, shallow: boolean) {
    this.#cwd = cwd;
    this.root = facts.root;
    this.prefix = facts.prefix;
    this.#shallow = shallow;
  }

  /** @throws {PlanGuardError} `usage` where the folder is in no repository, or git refuses to read it */
  static async of(cwd: string): Promise<Repository> {
    const { code, stdout, stderr } = await git(cwd, ['rev-parse', '--is-shallow-repository', '--is-inside-work-tree']);
    if (code !== 0) throw refused(cwd, stderr);
    const [shallow, inside] = stdout.split('\n');
    const places = inside === 'true' ? (await git(cwd, ['rev-parse', '--show-prefix', '--show-toplevel'])).stdout : '';
    const [prefix = '', root] = places.split('\n');
    const facts = { root: root ? realpathSync(root) : undefined, prefix: prefix.replace(/\/$/, '') };
    return new Repository(cwd, facts, shallow === 'true');
  }

  /** @throws {PlanGuardError} `usage` where no commit has that name */
  async resolve(name: string): Promise<Revision> {
    const commit = await this.find(name);
    if (commit !== undefined) return { name, commit };
    throw new PlanGuardError('usage', `There is no revision "${name}" in this repository.`, {
      hint: await this.#hintFor(name),
    });
  }

  /** The commit of a name; undefined where there is none. */
  async find(name: string): Promise<string | undefined> {
    if (name === '' || name.startsWith('-')) return undefined;
    const { code, stdout } = await git(this.#cwd, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
    return code === 0 ? stdout.trim() : undefined;
  }

  /** @throws {PlanGuardError} `usage` where the two have no ancestor in common */
  async mergeBase(one: Revision, other: Revision): Promise<Revision> {
    const { code, stdout } = await git(this.#cwd, ['merge-base', one.commit, other.commit]);
    const [commit = ''] = stdout.split('\n');
    if (code === 0 && commit !== '') {
      const name =
        commit === one.commit ? one.name : `${commit.slice(0, 9)} (merge base of ${one.name} and ${other.name})`;
      return { name, commit };
    }
    throw new PlanGuardError('usage', `${one.name} and ${other.name} have no commit in common.`, {
      hint: this.#shallow ? DEEPEN : `Compare the two themselves: ${one.name}..${other.name}.`,
    });
  }

  /** @throws {PlanGuardError} `file` where the commit cannot be read */
  async entries({ name, commit }: Revision): Promise<TreeEntry[]> {
    const { code, stdout, stderr } = await git(this.#cwd, ['ls-tree', '-r', '-z', '--full-tree', commit]);
    if (code !== 0) throw unreadable(name, stderr, this.#shallow);
    return stdout
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => {
        const tab = line.indexOf('\t');
        const [mode = '', , object = ''] = line.slice(0, tab).split(' ');
        return { mode, object, path: line.slice(tab + 1) };
      });
  }

  /**
   * Reads objects one after the other, as they are stored.
   * @throws {PlanGuardError} `file` where one cannot be read
   */
  async readObjects(
    { name }: Revision,
    objects: readonly string[],
    visit: (content: Buffer, index: number) => void,
  ): Promise<void> {
    const child = start(this.#cwd, ['cat-file', '--batch']);
    const end = ended(child);
    // Awaited below; a failure to start must not be taken for one that nobody handles.
    end.catch(() => {});
    Readable.from(objects.map((object) => `${object}\n`)).pipe(child.stdin);
    let index = 0;
    try {
      for await (const content of batch(child.stdout)) {
        visit(content, index);
        index += 1;
      }
    } finally {
      child.kill();
    }
    const { stderr } = await end;
    if (index < objects.length) throw unreadable(name, stderr, this.#shallow);
  }

  /**
   * The content of a file at a revision, as it is stored; of a file in Git LFS, the content that it stands for.
   * @param path from the top of the repository; `./x` from the working directory
   * @throws {PlanGuardError} `usage` where there is no such revision, `file` where it has no such file
   */
  async readFile(revision: string, path: string): Promise<Readable> {
    // `:path` is the index, as git has it.
    if (revision !== '') await this.resolve(revision);
    const source = `${revision}:${path}`;
    const found = await git(this.#cwd, ['rev-parse', '--verify', source]);
    const object = found.stdout.trim();
    if (found.code !== 0) throw await this.#noFile(revision, path, found.stderr);
    const type = (await git(this.#cwd, ['cat-file', '-t', object])).stdout.trim();
    if (type !== 'blob') {
      throw new PlanGuardError('file', `${source} is a folder, not a file with a plan.`, {
        hint: `Name a file in it: ${source.replace(/\/$/, '')}/…`,
      });
    }
    const size = Number((await git(this.#cwd, ['cat-file', '-s', object])).stdout);
    if (size <= LFS_LIMIT) {
      const pointer = lfsPointer((await git(this.#cwd, ['cat-file', 'blob', object])).stdout);
      const file = pointer === undefined ? undefined : await this.lfsFile(pointer);
      if (file !== undefined) return createReadStream(file);
      if (pointer !== undefined) {
        throw new PlanGuardError('file', `${source} is kept in Git LFS, and its content is not in this clone.`, {
          hint: FETCH_LFS,
        });
      }
    }
    return this.#stream(object, revision);
  }

  #stream(object: string, revision: string): Readable {
    const child = start(this.#cwd, ['cat-file', 'blob', object]);
    child.stdin.end();
    // Node drains the output of a child that has ended before anyone reads it.
    const content = new PassThrough();
    child.stdout.pipe(content, { end: false });
    content.once('close', () => child.kill());
    ended(child).then(
      ({ code, stderr }) => {
        if (code === 0) content.end();
        else content.destroy(unreadable(revision || 'the index', stderr, this.#shallow));
      },
      (error: Error) => content.destroy(error),
    );
    return content;
  }

  /**
   * The paths, from the top, at which two commits do not hold the same.
   * @throws {PlanGuardError} `file` where one cannot be read
   */
  async changedPaths(before: Revision, after: Revision): Promise<ReadonlySet<string>> {
    const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', before.commit, after.commit];
    const { code, stdout, stderr } = await git(this.#cwd, args);
    if (code !== 0) throw unreadable(`${before.name} and ${after.name}`, stderr, this.#shallow);
    return new Set(stdout.split('\0').filter((path) => path !== ''));
  }

  /**
   * The commits that changed one of the files, the newest first. Undefined where this clone does not tell for certain
   * which they are: its history ends before them, or what the two differ in was changed on the side of `from` too.
   * @param from only commits that are not in its history
   * @param paths from the top
   * @param most ends the search
   */
  async commitsOf(
    paths: readonly string[],
    to: string,
    { from, most }: { readonly from?: string; readonly most?: number },
  ): Promise<readonly Commit[] | undefined> {
    const args = ['rev-list', '--date-order', '--left-right', '--encoding=UTF-8', '--format=%m%n%H%n%P%n%at%n%s'];
    const limit = most === undefined ? [] : [`--max-count=${most}`];
    const range = from === undefined ? to : `${from}...${to}`;
    const input = ['--', ...paths.map((path) => `:(top,literal)${path}`), ''].join('\n');
    const { code, stdout } = await git(this.#cwd, [...args, ...limit, '--stdin', range], input);
    if (code !== 0) return undefined;
    const lines = stdout.split('\n');
    const commits: Commit[] = [];
    for (let at = 0; at + RECORD <= lines.length; at += RECORD) {
      const [, side, hash = '', parents, seconds = '', subject = ''] = lines.slice(at, at + RECORD);
      // Where a shallow clone ends, a commit has no parents, and seems to have made all of its files.
      if (side === '<' || (this.#shallow && parents === '')) return undefined;
      commits.push({ hash, date: dateOf(Number(seconds)), subject });
    }
    return commits;
  }

  /** The file that holds an object of Git LFS; undefined where this clone does not have it. */
  async lfsFile(id: string): Promise<string | undefined> {
    const { stdout } = await git(this.#cwd, ['rev-parse', '--path-format=absolute', '--git-common-dir']);
    const file = join(stdout.trim(), 'lfs', 'objects', id.slice(0, 2), id.slice(2, 4), id);
    return existsSync(file) ? file : undefined;
  }

  async #hintFor(name: string): Promise<string> {
    if (this.#shallow) return DEEPEN;
    const { stdout } = await git(this.#cwd, ['for-each-ref', '--format=%(refname:short)']);
    const names = stdout.split('\n').filter((one) => one !== '');
    const near = names.find((one) => one.endsWith(`/${name}`)) ?? nearest(name, ['HEAD', ...names]);
    return near === undefined
      ? 'Name a branch, a tag or a commit; or fetch it first: git fetch.'
      : `Did you mean ${near}?`;
  }

  async #noFile(revision: string, path: string, stderr: string): Promise<PlanGuardError> {
    if (stderr.includes('outside repository')) {
      return new PlanGuardError('file', `${path} is outside of the repository.`, {
        hint: 'Name a file of the repository, from its top.',
      });
    }
    const at = revision === '' ? 'in the index' : `at ${revision}`;
    const commit = revision === '' ? undefined : await this.find(revision);
    const files =
      commit === undefined ? [] : (await this.entries({ name: revision, commit })).map((entry) => entry.path);
    const below = files.find((file) => file.endsWith(`/${path.replace(/^\.\//, '')}`)) ?? nearest(path, files);
    return new PlanGuardError('file', `There is no file "${path}" ${at}.`, {
      hint:
        below === undefined
          ? 'Paths are from the top of the repository; ./x is from the working directory.'
          : `Did you mean ${revision}:${below}? Paths are from the top of the repository.`,
    });
  }
}

/** Lines of one commit: `commit <hash>`, and those of the format. */
const RECORD = 6;

/** The day in UTC; undefined beyond what the calendar of the web knows. */
function dateOf(seconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace(/T.*/, '');
}

const DEEPEN =
  'The clone is shallow and may not reach that far: git fetch --unshallow, or fetch-depth: 0 of actions/checkout.';

function refused(cwd: string, stderr: string): PlanGuardError {
  if (stderr.includes('not a git repository')) {
    return new PlanGuardError('usage', `${cwd} is not in a git repository.`, {
      hint: 'Revisions are those of the repository of the working directory: run it there, or compare files.',
    });
  }
  return new PlanGuardError('usage', `git cannot read the repository of ${cwd}: ${firstLine(stderr)}`, {
    hint: stderr.includes('dubious ownership')
      ? `It belongs to another user: git config --global --add safe.directory ${cwd}`
      : 'Run git status there to see what is wrong.',
  });
}

function unreadable(name: string, stderr: string, shallow: boolean): PlanGuardError {
  return new PlanGuardError('file', `git cannot read all of ${name}: ${firstLine(stderr) || 'objects are missing'}`, {
    hint: shallow ? DEEPEN : 'Fetch what is missing: git fetch; git fsck shows what is broken.',
  });
}

export const FETCH_LFS = 'Fetch it: git lfs fetch --all.';

/** A pointer of Git LFS is shorter than this, in bytes (its specification's limit). */
export const LFS_LIMIT = 1024;

/** The identity of the object that a pointer of Git LFS stands for; undefined for what is no pointer. */
export function lfsPointer(text: string): string | undefined {
  if (!text.startsWith('version https://git-lfs.github.com/spec/')) return undefined;
  return /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
}

/** What `git cat-file --batch` answers with: `<object> <type> <size>`, the content, a line feed. */
async function* batch(stdout: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let held = 0;
  let wanted: number | undefined;
  for await (const chunk of stdout) {
    parts.push(chunk);
    held += chunk.length;
    if (wanted !== undefined && held < wanted + 1) continue;
    let buffer: Buffer = Buffer.concat(parts);
    for (;;) {
      if (wanted === undefined) {
        const end = buffer.indexOf(0x0a);
        if (end === -1) break;
        const size = Number(buffer.subarray(0, end).toString().split(' ')[2]);
        // `<object> missing`: the caller counts what came.
        if (Number.isNaN(size)) return;
        wanted = size;
        buffer = buffer.subarray(end + 1);
      }
      if (buffer.length < wanted + 1) break;
      yield buffer.subarray(0, wanted);
      buffer = buffer.subarray(wanted + 1);
      wanted = undefined;
    }
    parts = [buffer];
    held = buffer.length;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The revision that a change is based on, as the CI that runs this tells it: the target branch of a pull request, or what
 * a push was made on.
 * @throws {PlanGuardError} `usage` where none is told
 */
export async function baseOfCi(repository: Repository, env: Environment): Promise<Revision> {
  const target = env.GITHUB_BASE_REF || env.CI_MERGE_REQUEST_TARGET_BRANCH_NAME;
  if (target) {
    const remote = `origin/${target}`;
    return repository.resolve((await repository.find(remote)) === undefined ? target : remote);
  }
  const pushed = env.CI_COMMIT_BEFORE_SHA || beforePush(env.GITHUB_EVENT_PATH);
  if (pushed && !/^0+$/.test(pushed)) return repository.resolve(pushed);
  throw new PlanGuardError('usage', '--base names no revision, and the environment tells none.', {
    hint: 'Name one: --base origin/main. In CI it is taken from GITHUB_BASE_REF, the push of GITHUB_EVENT_PATH, or GitLab’s CI_MERGE_REQUEST_TARGET_BRANCH_NAME.',
  });
}

/** `before` of a push event: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push */
function beforePush(file: string | undefined): string | undefined {
  if (!file) return undefined;
  try {
    const { before } = JSON.parse(readFileSync(file, 'utf8')) as { readonly before?: unknown };
    return typeof before === 'string' ? before : undefined;
  } catch {
    return undefined;
  }
}
