import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { formatWhere, PlanGuardError, PlanGuardErrors } from '../errors.js';
import { DirectoryStore, type Lease } from '../postgres/store.js';
import { FETCH_LFS, LFS_LIMIT, lfsPointer, Repository, type Revision, type TreeEntry } from './git.js';

/** All of one name: a tree is never used again. */
const KEY = `tree-${'0'.repeat(32)}`;
const [SYMLINK, SUBMODULE] = ['120000', '160000'];

/**
 * The files of a revision in a private temporary folder, which goes with this process, or with the next run where this
 * one is killed. They are as git stores them: no filter, hook or attribute changes them, and nothing is written in the
 * repository or its working tree.
 */
export class RevisionTree {
  readonly revision: Revision;
  /** Absolute path of the folder. */
  readonly directory: string;
  readonly #lease: Lease;
  /** Why files of the revision are not there, by their paths, which end in a slash for a folder. */
  readonly #absent = new Map<string, string>();

  private constructor(revision: Revision, lease: Lease) {
    this.revision = revision;
    this.#lease = lease;
    this.directory = realpathSync(lease.directory);
  }

  /**
   * Writes the files of a revision, and links the packages of the working tree: `node_modules` is in no repository. A
   * package that is linked to a folder of the working tree (a workspace) is linked to the same folder of the revision.
   * @throws {PlanGuardError} `file` where git cannot read them, `engine` where there is no folder to write to
   */
  static async open(repository: Repository, revision: Revision): Promise<RevisionTree> {
    const tree = new RevisionTree(revision, DirectoryStore.open(false).take(KEY));
    try {
      const entries = await tree.#write(repository, revision, '');
      if (repository.root !== undefined) linkPackages(repository.root, tree.directory, entries);
      return tree;
    } catch (error) {
      tree.close();
      throw error instanceof Error && 'syscall' in error ? unwritable(revision, error) : error;
    }
  }

  /** Removes the folder. */
  close(): void {
    this.#lease.discard();
  }

  /** What the user calls a file of the folder: `main:db/schema.sql`. */
  shown(file: string): string {
    const { commit, name } = this.revision;
    const short = /[\s:]/.test(name) ? commit.slice(0, 9) : name;
    return file === this.directory
      ? short
      : file.replaceAll(`${this.directory}${sep}`, `${short}:`).replaceAll(this.directory, short);
  }

  /** An error that speaks of the folder, in the user's names. Anything but an expected failure stays as it is. */
  located(error: unknown): unknown {
    if (error instanceof PlanGuardErrors) return new PlanGuardErrors(error.errors.map((one) => this.#located(one)));
    return error instanceof PlanGuardError ? this.#located(error) : error;
  }

  #located(error: PlanGuardError): PlanGuardError {
    const { code, message, hint, where, cause } = error;
    const file = where?.file === undefined ? {} : { file: this.shown(where.file) };
    const text = `${where === undefined ? '' : formatWhere(where)} ${message}`;
    // Suites name files from their own folder.
    const from = where?.file === undefined ? this.directory : dirname(where.file);
    const named = (path: string) => [path, `\`${relative(from, join(this.directory, path))}`];
    const said = text.replaceAll('`./', '`');
    const reason = [...this.#absent].find(([path]) => named(path).some((name) => said.includes(name)))?.[1];
    const next = reason ?? (code === 'suite' && / does not exist$/.test(message) ? this.#notInGit() : hint);
    return new PlanGuardError(code, this.shown(message), {
      ...(where === undefined ? {} : { where: { ...where, ...file } }),
      ...(next === undefined ? {} : { hint: this.shown(next) }),
      cause,
    });
  }

  #notInGit(): string {
    return `git has no such file at ${this.revision.name}. What a build makes, let --prepare make: --prepare 'npm run build'.`;
  }

  async #write(repository: Repository, revision: Revision, prefix: string): Promise<readonly TreeEntry[]> {
    const entries = (await repository.entries(revision)).filter(({ path }) => isSafe(path));
    const files = entries.filter(({ mode }) => mode !== SUBMODULE && mode !== SYMLINK);
    const links = entries.filter(({ mode }) => mode === SYMLINK);
    const place = (path: string) => join(this.directory, prefix, path);
    for (const folder of new Set(entries.map(({ path }) => dirname(path))))
      mkdirSync(place(folder), { recursive: true });
    const pointers: { readonly entry: TreeEntry; readonly id: string }[] = [];
    const contents = [...files, ...links].map(({ object }) => object);
    await repository.readObjects(revision, contents, (content, index) => {
      const file = files[index];
      if (file === undefined) {
        // Links come last, so that nothing is written through one.
        const link = links[index - files.length];
        if (link !== undefined) symlinkSync(content.toString(), place(link.path));
        return;
      }
      const id = content.length > LFS_LIMIT ? undefined : lfsPointer(content.toString());
      if (id !== undefined) pointers.push({ entry: file, id });
      else writeFileSync(place(file.path), content, { flag: 'wx', mode: file.mode === '100755' ? 0o700 : 0o600 });
    });
    for (const { entry, id } of pointers) {
      const stored = await repository.lfsFile(id);
      if (stored !== undefined) copyFileSync(stored, place(entry.path));
      else this.#absent.set(join(prefix, entry.path), `It is kept in Git LFS, and not in this clone. ${FETCH_LFS}`);
    }
    for (const entry of entries.filter(({ mode }) => mode === SUBMODULE))
      await this.#writeSubmodule(repository, entry, prefix);
    return entries;
  }

  /** The working tree has the submodule's repository, where it was fetched. */
  async #writeSubmodule(repository: Repository, { path, object }: TreeEntry, prefix: string): Promise<void> {
    mkdirSync(join(this.directory, prefix, path), { recursive: true });
    const folder = repository.root === undefined ? undefined : join(repository.root, path);
    const own = folder !== undefined && existsSync(join(folder, '.git')) ? await Repository.of(folder) : undefined;
    const commit = await own?.find(object);
    if (own !== undefined && commit !== undefined) {
      await this.#write(own, { name: `${this.revision.name}:${path}`, commit }, join(prefix, path));
    } else {
      this.#absent.set(
        join(prefix, path, sep),
        `${path} is a submodule that is not here: git submodule update --init.`,
      );
    }
  }
}

function unwritable({ name }: Revision, error: Error): PlanGuardError {
  return new PlanGuardError('file', `The files of ${name} cannot be written: ${error.message}`, {
    hint: 'They go to the temporary folder: make room there, or set TMPDIR to another one.',
    cause: error,
  });
}

/** git refuses to make such trees; one that was made by hand must not write elsewhere. */
const isSafe = (path: string) =>
  path.split('/').every((part) => !['', '.', '..'].includes(part) && part.toLowerCase() !== '.git');

function linkPackages(root: string, directory: string, entries: readonly TreeEntry[]): void {
  const packages = entries.filter(({ path }) => path === 'package.json' || path.endsWith('/package.json'));
  for (const folder of packages.map(({ path }) => dirname(path))) {
    const from = join(root, folder, 'node_modules');
    const to = join(directory, folder, 'node_modules');
    if (!existsSync(from) || lstatSync(to, { throwIfNoEntry: false }) !== undefined) continue;
    // Links to the packages, not to the folder: what is installed at the revision stays there.
    linkEntries(from, to, { root, directory });
  }
}

function linkEntries(from: string, to: string, trees: { readonly root: string; readonly directory: string }): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    const source = join(from, name);
    if (name.startsWith('@')) {
      linkEntries(source, join(to, name), trees);
      continue;
    }
    symlinkSync(sameInTree(source, trees) ?? source, join(to, name));
  }
}

/** For a package that is a folder of the working tree itself: that folder at the revision. */
function sameInTree(source: string, trees: { readonly root: string; readonly directory: string }): string | undefined {
  if (!lstatSync(source).isSymbolicLink() || !existsSync(source)) return undefined;
  const path = relative(trees.root, realpathSync(source));
  if (path.startsWith('..') || path.split(sep).includes('node_modules')) return undefined;
  return join(trees.directory, path);
}
