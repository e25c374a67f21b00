import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Workspace } from './testing/plan-guard.js';
import { shop } from './testing/shop.js';

const workspace = Workspace.forFile();

/** Sends a signal once something is seen of the run, and some milliseconds later. */
const when =
  (seen: () => boolean, signal: NodeJS.Signals, later = 0) =>
  async (child: ChildProcess) => {
    while (!seen() && child.exitCode === null) await pause(5);
    await pause(later);
    child.kill(signal);
  };

const busy = (kind: string) => () =>
  existsSync(workspace.cache) &&
  readdirSync(workspace.cache).some(
    (key) =>
      key.startsWith(kind) &&
      readdirSync(join(workspace.cache, key)).some((directory) => directory.startsWith('busy-')),
  );

test('Ctrl-C during initdb', async () => {
  const { transcript } = await workspace.check(shop(), [], { onStart: when(busy('cluster'), 'SIGINT') });
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: Interrupted by SIGINT; nothing is left behind.
      next: Run it again.
    exit 2
    "
  `);
});

test('SIGTERM while the replica is made', async () => {
  const { transcript } = await workspace.check(shop(), [], { onStart: when(busy('replica'), 'SIGTERM') });
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: Interrupted by SIGTERM; nothing is left behind.
      next: Run it again.
    exit 2
    "
  `);
});

test('Ctrl-C while plans are made', async () => {
  const scenarios = Object.fromEntries(
    Array.from({ length: 3000 }, (_, id) => [`customer-${id}`, { customer_id: id }]),
  );
  const files = shop({ scenarios });
  await workspace.check(shop());
  const { transcript } = await workspace.check(files, [], { onStart: when(busy('replica'), 'SIGINT', 400) });
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: Interrupted by SIGINT; nothing is left behind.
      next: Run it again.
    exit 2
    "
  `);
});

test('Ctrl-C while a module runs, under GitHub Actions', async () => {
  const orders = "export const orders = () => { console.log('working'); for (;;); };\n";
  const files = shop({ queries: [{ module: 'orders.js', export: 'orders' }] }, { 'orders.js': orders });
  const { transcript } = await workspace.check(files, [], {
    env: { GITHUB_ACTIONS: 'true' },
    onStart: (child) => void child.stderr?.once('data', () => child.kill('SIGINT')),
  });
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    working
    error: Interrupted by SIGINT; nothing is left behind.
      next: Run it again.
    ::error title=plan-guard::Interrupted by SIGINT; nothing is left behind.%0ARun it again.
    exit 2
    "
  `);
});

test('a second Ctrl-C does not cut the cleaning up short', async () => {
  const { transcript } = await workspace.check(shop({}, { 'seed.sql': '' }), [], {
    onStart: async (child) => {
      await when(busy('replica'), 'SIGINT')(child);
      for (let again = 0; again < 20 && child.exitCode === null; again += 1) {
        child.kill('SIGINT');
        await pause(5);
      }
    },
  });
  expect(transcript).toMatchInlineSnapshot(`
    "
    $ plan-guard check
    error: Interrupted by SIGINT; nothing is left behind.
      next: Run it again.
    exit 2
    "
  `);
});

test('a run without a cache leaves nothing behind', async () => {
  const { code, transcript } = await workspace.check(shop(), ['--no-cache']);
  expect(code).toBe(0);
  expect(transcript).not.toContain('left behind');
});
