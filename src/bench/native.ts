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
  const suite = await writeSuite(join(directory, 'native'), plansFolder);
  const noPlans = await writeSuite(join(directory, 'native-no-plans'), undefined);
  const own = join(directory, 'native-warm');
  const other = join(directory, 'native-bare');
  const first = await check(own, suite);
  await check(other, suite);
  const { cases, suites } = JSON.parse(first.stdout) as Checked;
  const approved = suites[0]?.plans?.approved;
  if (approved !== cases.length) throw new Error(`${approved} of ${cases.length} plans are the approved ones.`);
  const [replica = ''] = idleIn(other, 'replica');
  const all = [...idleIn(other, 'replica'), ...idleIn(other, 'seeded')];
  const start = (directories: readonly string[]) =>
    runNode([file('./probes/start-servers.js'), String(major), ...directories]);
  const runs = await interleave(quick ? 4 : 10, {
    bare: () => start([replica]),
    every: () => start(all),
    check: () => check(own, suite),
    without: () => check(own, noPlans),
  });
  const time = (some: readonly Measured[]) => new Samples(some.map(({ ms }) => ms));
  const processor = (some: readonly Measured[]) => format(new Samples(some.map((run) => run.processor)).median);
  const [warm, without, bare, every] = [time(runs.check), time(runs.without), time(runs.bare), time(runs.every)];
  const plans = 1.5 * cases.length;
  const checked = `check ${warm.describe('ms')}, ${processor(runs.check)} ms of its own processor time`;
  const started =
    `one server ${bare.describe('ms')}, ${processor(runs.bare)} ms of the process that starts it; ` +
    `${cases.length} plans; the check starts ${all.length} servers`;
  return [
    {
      name: 'warm native check, plans approved : 1.5 × server started and stopped + 1.5 ms per plan',
      measured: warm.median / (1.5 * bare.median + plans),
      most: 1,
      unit: '×',
      from: `${checked}; ${started}`,
    },
    {
      name: 'the same, without approved plans',
      measured: without.median / (1.5 * bare.median + plans),
      most: 1,
      unit: '×',
      from: `check ${without.describe('ms')}, ${processor(runs.without)} ms of its own processor time; ${started}`,
    },
    {
      name: `the first, beside its ${all.length} servers started and stopped at once`,
      measured: warm.median / (1.5 * every.median + plans),
      most: undefined,
      unit: '×',
      from: `${checked}; ${all.length} servers ${every.describe('ms')}`,
    },
  ];
}

/** What the report tells, as `src/report/report.schema.json` describes it. */
interface Checked {
  readonly cases: readonly unknown[];
  readonly suites: readonly { readonly plans?: { readonly approved: number } }[];
}

const plansFolder = file('../../plans/audius');

/**
 * A copy of the reference suite that plans on a real server.
 * @param plans folder of its approved plans; undefined: there are none
 */
async function writeSuite(folder: string, plans: string | undefined): Promise<string> {
  const target = join(folder, 'fixtures', 'audius');
  await mkdir(folder);
  await cp(file('../../fixtures/audius'), target, { recursive: true });
  await symlink(file('../../dist'), join(folder, 'dist'), 'junction');
  const suite = join(target, 'plan-guard.yaml');
  const text = await readFile(suite, 'utf8');
  const native = text
    .replace('engine: pglite', `engine: native\n  version: ${major}`)
    .replace(/^plans: .*$/m, plans === undefined ? '' : `plans: ${JSON.stringify(plans)}`);
  if (native === text) throw new Error('The reference suite does not name its engine any more.');
  await writeFile(suite, native);
  return suite;
}
