import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { takesColor, takesUnicode, widthOf } from './terminal.js';
import { Workspace } from './testing/plan-guard.js';
import { shop } from './testing/shop.js';

const workspace = Workspace.forFile();
const BIN = fileURLToPath(new URL('../../bin/plan-guard.js', import.meta.url));
const run = promisify(execFile);

test('colour: FORCE_COLOR, then NO_COLOR, then the terminal', () => {
  const [terminal, pipe] = [{ isTTY: true }, { isTTY: false }];
  expect(takesColor(terminal, {})).toBe(true);
  expect(takesColor(pipe, {})).toBe(false);
  expect(takesColor(terminal, { NO_COLOR: '1' })).toBe(false);
  expect(takesColor(terminal, { NO_COLOR: '' })).toBe(true);
  expect(takesColor(terminal, { TERM: 'dumb' })).toBe(false);
  expect(takesColor(pipe, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(true);
  expect(takesColor(terminal, { FORCE_COLOR: '0' })).toBe(false);
});

test('width: the terminal’s, else COLUMNS, else 100, never less than 40', () => {
  expect(widthOf({ columns: 72 }, { COLUMNS: '120' })).toBe(72);
  expect(widthOf({}, { COLUMNS: '120' })).toBe(120);
  expect(widthOf({}, {})).toBe(100);
  expect(widthOf({}, { COLUMNS: 'wide' })).toBe(100);
  expect(widthOf({ columns: 0 }, {})).toBe(100);
  expect(widthOf({ columns: 12 }, {})).toBe(40);
});

test('more than ASCII: where the locale does not forbid it', () => {
  expect(takesUnicode({})).toBe(true);
  expect(takesUnicode({ LANG: 'en_US.UTF-8' })).toBe(true);
  expect(takesUnicode({ LC_ALL: 'C', LANG: 'en_US.UTF-8' })).toBe(false);
  expect(takesUnicode({ TERM: 'dumb' })).toBe(false);
});

/** Runs `plan-guard …` with a terminal of its own, of `columns`, and gives what the terminal was sent. */
async function onTerminal(folder: string, args: string, columns: number, env: Readonly<Record<string, string>> = {}) {
  const command = `stty cols ${columns}; '${process.execPath}' '${BIN}' ${args}`;
  const variables = { PATH: process.env.PATH, LANG: 'C.UTF-8', TERM: 'xterm', TMPDIR: workspace.temporary };
  const { stdout } = await run('script', ['-qec', command, join(folder, 'typescript')], {
    cwd: folder,
    env: { ...variables, PLAN_GUARD_CACHE: workspace.cache, ...env },
  });
  return stdout;
}

test.skipIf(process.platform !== 'linux')(
  'on a terminal: progress while it is slow, taken away in the end',
  async () => {
    const folder = await workspace.write(shop());
    const sent = await onTerminal(folder, 'check', 70);
    expect(sent).toContain('first run: preparing PostgreSQL (some seconds)');
    const shown = sent.slice(sent.lastIndexOf('\r\u001b[2K') + '\r\u001b[2K'.length);
    expect(shown).toContain('\u001b[32m✓');
    const lines = stripVTControlCharacters(shown).trimEnd().split('\r\n');
    expect(lines[0]).toBe('✓ shop: 2 plans');
    expect(lines.every((line) => line.length <= 70)).toBe(true);
  },
);

test.skipIf(process.platform !== 'linux')('on a terminal of a CI run, or without colour, nothing moves', async () => {
  const folder = await workspace.write(shop());
  const sent = await onTerminal(folder, 'check', 70, { CI: 'true', NO_COLOR: '1' });
  expect(sent).toContain('✓ shop: 2 plans');
  expect(stripVTControlCharacters(sent)).toBe(sent);
});

test('help tells everything, and the version is the package’s', async () => {
  const folder = await workspace.write({});
  const help = await workspace.run(folder, ['--help']);
  expect(help.code).toBe(0);
  expect(help.stdout).toContain('check [options] [suite...]');
  expect(help.stdout).toContain('Exit codes: 0 clean, 1 findings');
  expect((await workspace.run(folder, ['check', '--help'])).transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check --help
    Usage: plan-guard check [options] [suite...]

    Plans the queries of a suite as if the tables had production’s size, and fails
    where a rule is broken.

    Arguments:
      suite                         suite files

    Options:
      -r, --reporter <name[=file]>  how to report: pretty, json, github; may be
                                    repeated
      -f, --filter <text>           only cases whose query, statement or scenario
                                    holds the text
      --changed-only                only how plans compare with the approved ones,
                                    without rules and known-bad queries
      -d, --database-url <url>      plan on this existing database as it is, in
                                    place of the suites’ engines
      --redact-key-file <file>      file with the key that the statistics were
                                    redacted with
      --no-cache                    prepare everything anew and keep nothing
      -v, --verbose                 every case, and whole plans
      -h, --help                    display help for command

    Examples:
      plan-guard check                               the suites of this directory
      plan-guard check db/plan-guard.yaml            one suite
      plan-guard check --filter profile              cases whose query, statement or scenario holds "profile"
      plan-guard check --changed-only                new, changed, dearer and unused plans; no rule is judged
      plan-guard check --reporter pretty --reporter json=plans.json
      plan-guard check --reporter json | jq .verdict
      plan-guard check -d postgres://reader@db/app   planned there, where nothing is ever changed

    Without a suite, plan-guard.yaml of the working directory is used, or the suites that package.json names under
    "plan-guard". Under GitHub Actions the reporters are pretty and github by default.

    Plans are compared with the approved ones where there are some: see plan-guard approve. With CI=true in the environment,
    a plan that nobody approved fails; elsewhere it is a warning.

    Environment: PLAN_GUARD_CACHE (cache folder), PLAN_GUARD_CONTAINER_IMAGE (image of the engine container), DATABASE_URL
    or PGHOST, PGDATABASE and the like (database of the engine url), PLAN_GUARD_REDACT_KEY, NO_COLOR, FORCE_COLOR, COLUMNS.
    Exit codes: 0 clean, 1 findings or something that could not be judged, 2 could not run.
    exit 0
    "
  `);
  expect((await workspace.run(folder, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.skipIf(process.platform !== 'linux')(
  'on a terminal errors break between words, elsewhere they are left whole',
  async () => {
    const folder = await workspace.write(shop({ queries: [{ file: 'orders.sq' }], protects: [] }));
    const sent = await onTerminal(folder, 'check || true', 50, { NO_COLOR: '1' });
    expect(sent.replaceAll('\r', '')).toMatchInlineSnapshot(`
      "error: plan-guard.yaml:12:11: queries[0].file:
             \`orders.sq\` does not exist
        next: Did you mean \`orders.sql\`?
      error: plan-guard.yaml:16:1: unknown key
             \`protects\`
        next: Did you mean \`protect\`?
      "
    `);
  },
);
