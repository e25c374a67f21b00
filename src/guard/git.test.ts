import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { PlanGuardError } from '../errors.js';
import { baseOfCi, Repository } from './git.js';
import { RevisionTree } from './git-tree.js';
import { TestRepository, temporaryFolder } from './testing/repository.js';

const example = new TestRepository();
const first = example.commit({ 'a.txt': 'one\n', 'db/b.txt': 'b\r\n', 'link.txt': 'x' });
example.git('tag', 'v1');
example.git('switch', '--quiet', '--create', 'work');
const second = example.commit({ 'a.txt': 'two\n' });
example.git('switch', '--quiet', 'main');
const third = example.commit({ 'c.txt': 'c\n' });
example.git('switch', '--quiet', 'work');

/** What is thrown, as a user reads it. */
async function refused(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PlanGuardError)) throw error;
  return `${error.message}\n${error.hint}`.replaceAll(example.folder, '<repository>');
}

describe('revisions', () => {
  test.each([
    ['main', third],
    ['work', second],
    ['HEAD~1', first],
    ['v1', first],
    [second.slice(0, 10), second],
  ])('%s', async (name, commit) => {
    const repository = await Repository.of(example.folder);
    expect(await repository.resolve(name)).toEqual({ name, commit });
  });

  test('the merge base of two branches', async () => {
    const repository = await Repository.of(join(example.folder, 'db'));
    const [main, work] = [await repository.resolve('main'), await repository.resolve('work')];
    const base = { name: `${first.slice(0, 9)} (merge base of main and work)`, commit: first };
    expect(await repository.mergeBase(main, work)).toEqual(base);
    expect(repository.prefix).toBe('db');
  });

  test('a name that is not there: the nearest one', async () => {
    const repository = await Repository.of(example.folder);
    expect(await refused(repository.resolve('mian'))).toBe(
      'There is no revision "mian" in this repository.\nDid you mean main?',
    );
    expect(await refused(repository.resolve('--output=x'))).toContain('There is no revision "--output=x"');
  });

  test('branches without a commit in common', async () => {
    example.git('checkout', '--quiet', '--orphan', 'alone');
    example.commit();
    example.git('checkout', '--quiet', 'work');
    const repository = await Repository.of(example.folder);
    const [main, alone] = [await repository.resolve('main'), await repository.resolve('alone')];
    expect(await refused(repository.mergeBase(main, alone))).toBe(
      'main and alone have no commit in common.\nCompare the two themselves: main..alone.',
    );
  });

  test('a folder in no repository', async () => {
    const folder = temporaryFolder();
    expect((await refused(Repository.of(folder))).replace(folder, '<folder>')).toBe(
      '<folder> is not in a git repository.\nRevisions are those of the repository of the working directory: run it there, or compare files.',
    );
  });

  test('a shallow clone says that it is one', async () => {
    const folder = join(temporaryFolder(), 'clone');
    example.git('clone', '--quiet', '--depth=1', '--branch=work', `file://${example.folder}`, folder);
    const repository = await Repository.of(folder);
    expect(await refused(repository.resolve('main'))).toMatch(
      /no revision "main".*\nThe clone is shallow.*fetch-depth: 0/,
    );
  });
});

describe('files of a revision', () => {
  const read = async (revision: string, path: string, cwd = example.folder) =>
    text(await (await Repository.of(cwd)).readFile(revision, path));

  test('as they were', async () => {
    expect(await read('main', 'a.txt')).toBe('one\n');
    expect(await read('work', 'a.txt')).toBe('two\n');
    expect(await read('main', 'db/b.txt')).toBe('b\r\n');
    expect(await read('main', './b.txt', join(example.folder, 'db'))).toBe('b\r\n');
  });

  test('of the index', async () => {
    example.write({ 'a.txt': 'staged\n' });
    example.git('add', 'a.txt');
    example.git('restore', '--worktree', '--source=HEAD', 'a.txt');
    expect(await read('', 'a.txt')).toBe('staged\n');
    example.git('reset', '--quiet', '--hard');
  });

  test('of a bare repository', async () => {
    const folder = join(temporaryFolder(), 'bare.git');
    example.git('clone', '--quiet', '--bare', example.folder, folder);
    expect(await read('work', 'a.txt', folder)).toBe('two\n');
    expect((await Repository.of(folder)).root).toBeUndefined();
  });

  test.each([
    ['nowhere', 'a.txt', 'There is no revision "nowhere" in this repository.'],
    ['main', 'd.txt', 'There is no file "d.txt" at main.\nDid you mean main:a.txt?'],
    ['main', 'b.txt', 'There is no file "b.txt" at main.\nDid you mean main:db/b.txt?'],
    ['main', 'db', 'main:db is a folder, not a file with a plan.\nName a file in it: main:db/…'],
    ['main', '../x.txt', '../x.txt'],
  ])('%s:%s', async (revision, path, message) => {
    expect(await refused((await Repository.of(example.folder)).readFile(revision, path))).toContain(message);
  });
});

describe('a tree of a revision', () => {
  const open = async (repository: TestRepository, name: string) => {
    const own = await Repository.of(repository.folder);
    return RevisionTree.open(own, await own.resolve(name));
  };
  const state = ({ folder }: TestRepository): Record<string, string> => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      files.map(({ parentPath, name }) => {
        const { mtimeMs, size } = lstatSync(join(parentPath, name));
        return [join(parentPath, name), `${mtimeMs} ${size}`];
      }),
    );
  };

  test('its files, links and modes; the repository and its working tree stay as they are', async () => {
    const repository = new TestRepository();
    repository.write({ 'bin/run': '#!/bin/sh\n', 'données/ü x.sql': 'SELECT 1;\r\n', '.gitignore': 'dist\n' });
    chmodSync(join(repository.folder, 'bin/run'), 0o755);
    symlinkSync('données/ü x.sql', join(repository.folder, 'link.sql'));
    repository.commit({ '.gitattributes': '*.sql export-ignore text eol=lf\n' });
    repository.git('sparse-checkout', 'set', 'bin');
    const before = state(repository);
    const tree = await open(repository, 'HEAD');
    try {
      expect(readFileSync(join(tree.directory, 'données/ü x.sql'), 'utf8')).toMatch(/^SELECT 1;\r?\n$/);
      expect(readlinkSync(join(tree.directory, 'link.sql'))).toBe('données/ü x.sql');
      expect(lstatSync(join(tree.directory, 'bin/run')).mode & 0o777).toBe(0o700);
      expect(lstatSync(tree.directory).mode & 0o777).toBe(0o700);
      expect(tree.shown(join(tree.directory, 'bin/run'))).toBe('HEAD:bin/run');
      expect(state(repository)).toEqual(before);
    } finally {
      tree.close();
    }
    expect(existsSync(tree.directory)).toBe(false);
  });

  test('nothing of the configuration is run', async () => {
    const repository = new TestRepository();
    const marker = join(temporaryFolder(), 'ran');
    repository.commit({ 'a.sql': 'SELECT 1;\n', '.gitattributes': '*.sql filter=evil diff=evil\n' });
    const command = `touch ${marker}; cat`;
    for (const [name, value] of Object.entries({
      'filter.evil.smudge': command,
      'filter.evil.process': command,
      'diff.evil.textconv': command,
      'core.fsmonitor': `touch ${marker}`,
      'core.pager': command,
      'core.hooksPath': 'hooks',
    })) {
      repository.git('config', name, value);
    }
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction']) {
      repository.write({ [`hooks/${hook}`]: `#!/bin/sh\ntouch ${marker}\n` });
      chmodSync(join(repository.folder, 'hooks', hook), 0o755);
    }
    const tree = await open(repository, 'HEAD');
    tree.close();
    const own = await Repository.of(repository.folder);
    expect(await text(await own.readFile('HEAD', 'a.sql'))).toBe('SELECT 1;\n');
    expect(existsSync(marker)).toBe(false);
    repository.git('checkout', 'HEAD', '--', 'a.sql');
    expect(existsSync(marker), 'git itself runs it').toBe(true);
  });

  test('packages are those of the working tree; a workspace is that of the revision', async () => {
    const repository = new TestRepository();
    repository.commit({
      'package.json': '{}',
      '.gitignore': 'node_modules\n',
      'packages/db/package.json': '{}',
      'packages/db/sql.js': 'old',
    });
    repository.write({ 'node_modules/left/index.js': 'left', 'packages/db/sql.js': 'new' });
    mkdirSync(join(repository.folder, 'node_modules/@shop'));
    symlinkSync('../../packages/db', join(repository.folder, 'node_modules/@shop/db'));
    const tree = await open(repository, 'HEAD');
    try {
      expect(readFileSync(join(tree.directory, 'node_modules/left/index.js'), 'utf8')).toBe('left');
      expect(readFileSync(join(tree.directory, 'node_modules/@shop/db/sql.js'), 'utf8')).toBe('old');
    } finally {
      tree.close();
    }
    expect(readFileSync(join(repository.folder, 'node_modules/left/index.js'), 'utf8')).toBe('left');
  });

  test('files in Git LFS: from the clone where it has them, else it says so', async () => {
    const repository = new TestRepository();
    const [here, gone] = ['a'.repeat(64), 'b'.repeat(64)];
    const pointer = (id: string) => `version https://git-lfs.github.com/spec/v1\noid sha256:${id}\nsize 4\n`;
    repository.commit({ 'here.json': pointer(here), 'gone.json': pointer(gone), 'db/far.json': pointer(gone) });
    const stored = join(repository.folder, '.git/lfs/objects/aa/aa');
    mkdirSync(stored, { recursive: true });
    writeFileSync(join(stored, here), 'real');
    const tree = await open(repository, 'HEAD');
    try {
      expect(readFileSync(join(tree.directory, 'here.json'), 'utf8')).toBe('real');
      const missing = new PlanGuardError('file', 'The statistics file cannot be read.', {
        where: { file: join(tree.directory, 'gone.json'), line: 1 },
        hint: 'Correct the path.',
      });
      expect(tree.located(missing)).toMatchObject({
        where: { file: 'HEAD:gone.json', line: 1 },
        hint: 'It is kept in Git LFS, and not in this clone. Fetch it: git lfs fetch --all.',
      });
      for (const name of ['far.json', './far.json']) {
        const unnamed = new PlanGuardError('suite', `statistics: \`${name}\` does not exist`, {
          where: { file: join(tree.directory, 'db/plan-guard.yaml'), line: 2 },
        });
        expect(tree.located(unnamed)).toMatchObject({ hint: expect.stringContaining('It is kept in Git LFS') });
      }
    } finally {
      tree.close();
    }
    const own = await Repository.of(repository.folder);
    expect(await text(await own.readFile('HEAD', 'here.json'))).toBe('real');
    expect(await refused(own.readFile('HEAD', 'gone.json'))).toContain('HEAD:gone.json is kept in Git LFS');
  });

  test('a submodule, where its commit is here', async () => {
    const module = new TestRepository();
    module.commit({ 'schema.sql': 'CREATE TABLE a (i int);\n' });
    const repository = new TestRepository();
    repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', module.folder, 'db');
    repository.commit();
    module.commit({ 'schema.sql': 'CREATE TABLE b (i int);\n' });
    const tree = await open(repository, 'HEAD');
    try {
      expect(readFileSync(join(tree.directory, 'db/schema.sql'), 'utf8')).toBe('CREATE TABLE a (i int);\n');
    } finally {
      tree.close();
    }
  });
});

describe('the base in CI', () => {
  const base = async (env: Record<string, string>) => baseOfCi(await Repository.of(example.folder), env);

  test('of a pull request on GitHub, of a merge request on GitLab', async () => {
    expect(await base({ GITHUB_BASE_REF: 'main' })).toEqual({ name: 'main', commit: third });
    example.git('update-ref', 'refs/remotes/origin/main', first);
    expect(await base({ GITHUB_BASE_REF: 'main' })).toEqual({ name: 'origin/main', commit: first });
    expect(await base({ CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main' })).toMatchObject({ commit: first });
  });

  test('of a push', async () => {
    const event = join(temporaryFolder(), 'event.json');
    writeFileSync(event, JSON.stringify({ before: first }));
    expect(await base({ GITHUB_EVENT_PATH: event })).toEqual({ name: first, commit: first });
    writeFileSync(event, JSON.stringify({ before: '0'.repeat(40) }));
    expect(await refused(base({ GITHUB_EVENT_PATH: event }))).toContain('the environment tells none');
  });

  test('nowhere else', async () => {
    expect(await refused(base({}))).toContain('--base names no revision, and the environment tells none.');
  });
});
