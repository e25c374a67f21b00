import { readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mark } from './mark.js';
import { type Measured, runNode } from './node-process.js';
import { format, interleave, Samples } from './samples.js';
import { file, type Settings } from './settings.js';

/** What the report tells of one case, as `src/report/report.schema.json` describes it. */
export interface ReportedCase {
  readonly query: string;
  readonly statistics: string;
  readonly mode: string;
  readonly sql: { readonly text: string };
  readonly values: readonly (string | null)[];
}

/** Runs the command in a process of its own. */
export function check(cache: string, suite?: string): Promise<Measured> {
  const parameters = [file('../../bin/plan-guard.js'), 'check', ...(suite === undefined ? [] : [suite])];
  return runNode([...parameters, '--reporter', 'json'], { env: { PLAN_GUARD_CACHE: cache }, codes: [0, 1] });
}

export const openPglite = (directory: string) => runNode([file('./probes/open-pglite.js'), directory]);

/** The data directories of a kind in a cache that no run holds. */
export function idleIn(cache: string, kind: 'replica' | 'seeded'): readonly string[] {
  const found = readdirSync(cache)
    .filter((key) => key.startsWith(`${kind}-`))
    .flatMap((key) => {
      const idle = readdirSync(join(cache, key)).filter((name) => name.startsWith('idle-'));
      return idle.map((name) => join(cache, key, name, 'data'));
    });
  if (found.length === 0) throw new Error(`There is no ${kind} in ${cache}.`);
  return found;
}

export interface ReferenceRun {
  readonly marks: readonly Mark[];
  readonly cases: readonly ReportedCase[];
  /** Medians in milliseconds. */
  readonly warm: number;
  readonly cold: number;
}

/** The reference suite, warm and cold, beside a process that only opens PGlite. */
export async function measureReference({ directory, quick }: Settings): Promise<ReferenceRun> {
  const own = join(directory, 'warm');
  const other = join(directory, 'bare');
  const first = await check(own);
  await check(other);
  const { cases } = JSON.parse(first.stdout) as { readonly cases: readonly ReportedCase[] };
  const [replica = ''] = idleIn(other, 'replica');
  const warm = await interleave(quick ? 4 : 10, {
    bare: () => openPglite(replica),
    check: () => check(own),
  });
  const cold = await interleave(quick ? 2 : 5, {
    bare: () => inEmpty(join(directory, 'boot'), openPglite),
    check: () => inEmpty(join(directory, 'cold'), (cache) => check(cache)),
  });
  const time = (runs: readonly Measured[]) => new Samples(runs.map(({ ms }) => ms));
  const processor = (runs: { readonly check: readonly Measured[]; readonly bare: readonly Measured[] }) => {
    const [own, bare] = [runs.check, runs.bare].map((some) => new Samples(some.map((run) => run.processor)).median);
    return `processor time ${format(own ?? Number.NaN)} ms : ${format(bare ?? Number.NaN)} ms`;
  };
  const peak = (runs: readonly Measured[]) => new Samples(runs.map((run) => run.peak));
  const beside = (one: Samples, bare: Samples, unit: string) =>
    `check ${one.describe(unit)}, bare ${bare.describe(unit)}`;
  const [warmCheck, reopen, coldCheck, boot] = [time(warm.check), time(warm.bare), time(cold.check), time(cold.bare)];
  const [warmPeak, reopenPeak, coldPeak, bootPeak] = [
    peak(warm.check),
    peak(warm.bare),
    peak(cold.check),
    peak(cold.bare),
  ];
  return {
    cases,
    warm: warmCheck.median,
    cold: coldCheck.median,
    marks: [
      {
        name: 'warm check : 1.6 × PGlite reopened + 2 ms per plan',
        measured: warmCheck.median / (1.6 * reopen.median + 2 * cases.length),
        most: 1,
        unit: '×',
        from: `${beside(warmCheck, reopen, 'ms')}, ${cases.length} plans; ${processor(warm)}`,
      },
      {
        name: 'cold check : first boot of PGlite',
        measured: coldCheck.median / boot.median,
        most: 1.5,
        unit: '×',
        from: `${beside(coldCheck, boot, 'ms')}; ${processor(cold)}`,
      },
      {
        name: 'peak memory, warm : PGlite reopened',
        measured: warmPeak.median / reopenPeak.median,
        most: 1.4,
        unit: '×',
        from: beside(warmPeak, reopenPeak, 'MiB'),
      },
      {
        name: 'peak memory, cold : first boot of PGlite',
        measured: coldPeak.median / bootPeak.median,
        most: 1.4,
        unit: '×',
        from: beside(coldPeak, bootPeak, 'MiB'),
      },
    ],
  };
}

/** Makes the directory for the work and removes it afterwards. */
export async function inEmpty<Result>(
  directory: string,
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(directory);
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
