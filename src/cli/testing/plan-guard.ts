import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

const BIN = fileURLToPath(new URL('../../../bin/plan-guard.js', import.meta.url));

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Told the running process, to send it signals. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Nobody reads standard output. */
  readonly unread?: boolean;
  /** A file that takes standard output. */
  readonly stdoutTo?: string;
  /** What stands on standard input. */
  readonly input?: string;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The command, what it said on standard output and on standard error, its exit code, and what it left behind. */
  readonly transcript: string;
}

/** Folders of one test file: the cache that its runs share, their temporary folder, and their suites. */
export class Workspace {
  #root = '';
  #suites = 0;

  /** Made before the tests of the file that calls this, removed after them. */
  static forFile(): Workspace {
    const workspace = new Workspace();
    beforeAll(() => workspace.#make());
    afterAll(() => rm(workspace.#root, { recursive: true, force: true }));
    return workspace;
  }

  async #make(): Promise<void> {
    this.#root = await realpath(await mkdtemp(join(tmpdir(), 'plan-guard-cli-')));
    for (const folder of [this.cache, this.temporary]) await mkdir(folder);
  }

  get cache(): string {
    return join(this.#root, 'cache');
  }

  get temporary(): string {
    return join(this.#root, 'tmp');
  }

  /** Writes files into a folder of their own. */
  async write(files: Readonly<Record<string, string>>): Promise<string> {
    this.#suites += 1;
    const folder = join(this.#root, `suite-${this.#suites}`);
    await mkdir(folder);
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return folder;
  }

  /** Runs `plan-guard …` in a folder. */
  async run(folder: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const env = {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      TMPDIR: this.temporary,
      PLAN_GUARD_CACHE: this.cache,
      ...options.env,
    };
    const stdout = options.stdoutTo === undefined ? 'pipe' : openSync(options.stdoutTo, 'w');
    const stdin = options.input === undefined ? 'ignore' : 'pipe';
    const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env, stdio: [stdin, stdout, 'pipe'] });
    child.stdin?.end(options.input);
    if (options.unread) child.stdout?.destroy();
    const said = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk: Buffer) => {
      said.stdout += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said.stderr += chunk.toString();
    });
    options.onStart?.(child);
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    const plain = (text: string) => steady(text.replaceAll(`${folder}/`, '').replaceAll(this.#root, '<workspace>'));
    const ending = [`exit ${code}`, ...this.leftBehind().map((file) => `left behind: ${file}`)].join('\n');
    const transcript = `\n$ ${['plan-guard', ...args].join(' ')}\n${plain(said.stdout)}${plain(said.stderr)}${ending}\n`;
    return { code, stdout: said.stdout, stderr: said.stderr, transcript };
  }

  /** Writes a suite and runs `plan-guard check` beside it. */
  async check(files: Readonly<Record<string, string>>, args: readonly string[] = [], options: RunOptions = {}) {
    return this.run(await this.write(files), ['check', ...args], options);
  }

  /** Directories of the cache that some run still holds, and everything in the temporary folder. */
  leftBehind(): string[] {
    const below = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
    const busy = below(this.cache).flatMap((key) =>
      below(join(this.cache, key)).filter((name) => !name.startsWith('idle-')),
    );
    return [...busy, ...below(this.temporary)];
  }
}

/** Leaves out what differs from run to run. */
function steady(text: string): string {
  return text.replace(/\d+(\.\d+)? (s|ms)$/gm, '<time>').replace(/PGlite \d+\.\d+\.\d+/g, 'PGlite <version>');
}
