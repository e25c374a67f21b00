import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

type Files = Readonly<Record<string, string | undefined>>;

/** Of nobody's configuration: no hooks, signatures or templates of the machine. */
const ENVIRONMENT = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_AUTHOR_DATE: '2026-06-01T12:00:00Z',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_COMMITTER_DATE: '2026-06-01T12:00:00Z',
};

/** A real repository in a temporary folder, which goes when the tests of its file are over. */
export class TestRepository {
  readonly folder: string;

  constructor(folder = temporaryFolder()) {
    this.folder = folder;
    this.git('init', '--quiet', '--initial-branch=main');
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', args, { cwd: this.folder, env: ENVIRONMENT, encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  /** Writes files of the working tree; an undefined one is removed. */
  write(files: Files): this {
    for (const [name, content] of Object.entries(files)) {
      const file = join(this.folder, name);
      if (content === undefined) {
        rmSync(file);
        continue;
      }
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    return this;
  }

  /** Commits files, with whatever else the working tree holds. */
  commit(files: Files = {}, message = 'change'): string {
    this.write(files);
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return this.git('rev-parse', 'HEAD');
  }
}

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Removed when the tests of the file are over. */
/** The runs of the test file that calls this share a cache of its own. */
export function cacheForFile(): void {
  const { env } = process;
  const saved = env.PLAN_GUARD_CACHE;
  const cache = join(temporaryFolder(), 'cache');
  beforeAll(() => {
    env.PLAN_GUARD_CACHE = cache;
  });
  afterAll(() => {
    if (saved === undefined) delete env.PLAN_GUARD_CACHE;
    else env.PLAN_GUARD_CACHE = saved;
  });
}

export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'plan-guard-git-')));
  folders.push(folder);
  return folder;
}
