import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mark } from './mark.js';
import { type Measured, runNode } from './node-process.js';
import { check, idleIn } from './reference.js';
import { format, interleave, Samples } from './samples.js';
import { file, type Settings } from './settings.js';

const major = 18;

/** The reference suite on a real server, warm, beside a process that only starts and stops that server. */
export async function measureNative({ directory, quick }: Settings): Promise<readonly Mark[]> {
  const suite = await writeSuite(join(directory, 'native'));
  const own = join(directory, 'native-warm');
  const other = join(directory, 'native-bare');
  const first = await check(own, suite);
  await check(other, suite);
  const { cases } = JSON.parse(first.stdout) as { readonly cases: readonly unknown[] };
  const [replica = ''] = idleIn(other, 'replica');
  const all = [...idleIn(other, 'replica'), ...idleIn(other, 'seeded')];
  const start = (directories: readonly string[]) =>
    runNode([file('./probes/start-servers.js'), String(major), ...directories]);
  const runs = await interleave(quick ? 4 : 10, {
    bare: () => start([replica]),
    every: () => start(all),
    check: () => check(own, suite),
  });
  const time = (some: readonly Measured[]) => new Samples(some.map(({ ms }) => ms));
  const processor = (some: readonly Measured[]) => format(new Samples(some.map((run) => run.processor)).median);
  const [warm, bare, every] = [time(runs.check), time(runs.bare), time(runs.every)];
  const plans = 1.5 * cases.length;
  const checked = `check ${warm.describe('ms')}, ${processor(runs.check)} ms of its own processor time`;
  return [
    {
      name: `warm native check : 1.5 × server started and stopped + 1.5 ms per plan`,
      measured: warm.median / (1.5 * bare.median + plans),
      most: 1,
      unit: '×',
      from:
        `${checked}; one server ${bare.describe('ms')}, ${processor(runs.bare)} ms of the process that starts it; ` +
        `${cases.length} plans; the check starts ${all.length} servers`,
    },
    {
      name: `the same, beside its ${all.length} servers started and stopped at once`,
      measured: warm.median / (1.5 * every.median + plans),
      most: undefined,
      unit: '×',
      from: `${checked}; ${all.length} servers ${every.describe('ms')}`,
    },
  ];
}

/** A copy of the reference suite that plans on a real server. */
async function writeSuite(folder: string): Promise<string> {
  const target = join(folder, 'fixtures', 'audius');
  await mkdir(folder);
  await cp(file('../../fixtures/audius'), target, { recursive: true });
  await symlink(file('../../dist'), join(folder, 'dist'), 'junction');
  const suite = join(target, 'plan-guard.yaml');
  const text = await readFile(suite, 'utf8');
  const native = text.replace('engine: pglite', `engine: native\n  version: ${major}`).replace(/^plans: .*$/m, '');
  if (native === text) throw new Error('The reference suite does not name its engine any more.');
  await writeFile(suite, native);
  return suite;
}
