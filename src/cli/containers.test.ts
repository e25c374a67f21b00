import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { getContainerRuntimeClient } from 'testcontainers';
import { describe, expect, test } from 'vitest';
import { Workspace } from './testing/plan-guard.js';
import { shop } from './testing/shop.js';

const client = await getContainerRuntimeClient().catch(() => undefined);
const workspace = Workspace.forFile();
const suite = shop({ postgres: { engine: 'container', version: 15 } });

const env = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && /^(DOCKER_|TESTCONTAINERS_|PLAN_GUARD_CONTAINER_IMAGE|HOME)/.test(name)
      ? [[name, value]]
      : [],
  ),
);

/** The process of the last run. */
let pid: number | undefined;

/** States of the containers that the last run made. */
async function containers(): Promise<string[]> {
  const filters = { label: ['plan-guard.owner'] };
  const listed = (await client?.container.dockerode.listContainers({ all: true, filters })) ?? [];
  return listed
    .filter(({ Labels }) => Labels['plan-guard.owner']?.split(' ')[1] === String(pid))
    .map(({ State }) => State);
}

/** testcontainers keeps a lock of its own, which is shared by all that use it. */
const leftBehind = (transcript: string) =>
  [...transcript.matchAll(/left behind: (.*)/g)].filter(([, name]) => !name?.startsWith('testcontainers-node'));

test.skipIf(client !== undefined)('without a container engine', async () => {
  const { code, transcript } = await workspace.check(suite);
  expect(transcript).toContain('error: There is no container engine.\n  next: Start Docker or Podman');
  expect(code).toBe(2);
});

describe.runIf(client !== undefined)(
  `container${client === undefined ? ' (skipped: no container engine)' : ''}`,
  () => {
    test('a suite is judged, and nothing is left behind', async () => {
      const onStart = (child: ChildProcess) => {
        pid = child.pid;
      };
      const { code, stdout, transcript } = await workspace.check(suite, [], { env, onStart });
      expect(stdout).toMatch(/container \S+\s+\(PostgreSQL 15\./);
      expect(leftBehind(transcript)).toEqual([]);
      expect(code).toBe(0);
      await expect.poll(containers).toEqual([]);
    });

    const whenSeen = (state: string, signal: NodeJS.Signals, later: number) => async (child: ChildProcess) => {
      pid = child.pid;
      while (!(await containers()).includes(state) && child.exitCode === null) await pause(10);
      await pause(later);
      child.kill(signal);
    };

    test.each([
      ['SIGINT', 0],
      ['SIGTERM', 1500],
    ] as const)('%s, %i ms after the container runs, removes it', async (signal, later) => {
      const { code, transcript } = await workspace.check(suite, [], {
        env,
        onStart: whenSeen('running', signal, later),
      });
      expect(transcript).toContain(`Interrupted by ${signal}; nothing is left behind.`);
      expect(code).toBe(2);
      await expect.poll(containers).toEqual([]);
    });

    test('after SIGKILL the next run removes the container', async () => {
      const { code } = await workspace.check(suite, [], { env, onStart: whenSeen('running', 'SIGKILL', 0) });
      expect(code).toBeNull();
      expect(await containers()).toEqual(['running']);
      const next = await workspace.check(suite, [], { env });
      expect(next.code).toBe(0);
      await expect.poll(containers).toEqual([]);
    });
  },
);
