import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mark } from './mark.js';
import { runNode } from './node-process.js';
import { check } from './reference.js';
import { format, interleave, Samples } from './samples.js';
import { file, type Settings } from './settings.js';

const fixture = file('../../fixtures/audius');
/** Plans of the smallest suite: it stands for what a run costs before it plans. */
const base = 10;
const few = 100;
const many = 3_000;

/** How a suite gets its plans: two modes of each scenario of each statement. */
const shapes = {
  'many statements': (plans: number) => ({ statements: plans / base, scenarios: base / 2 }),
  'many scenarios': (plans: number) => ({ statements: 1, scenarios: plans / 2 }),
};

/** Whether a plan costs more among many: processor time in one warmed-up process, memory of whole processes. */
export async function measureCount({ directory, quick }: Settings): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  const cache = join(directory, 'count');
  for (const [shape, sizeOf] of Object.entries(shapes)) {
    const suites = new Map<number, string>();
    for (const plans of [base, few, many]) {
      const folder = join(directory, `${shape} ${plans}`);
      await mkdir(folder);
      suites.set(plans, await writeSuite(folder, sizeOf(plans)));
    }
    const run = async (plans: number) => {
      const measured = await check(cache, suites.get(plans));
      const { summary } = JSON.parse(measured.stdout) as { readonly summary: { readonly cases: number } };
      if (summary.cases !== plans) throw new Error(`${summary.cases} plans were made where ${plans} were asked for.`);
      return measured.peak;
    };
    await run(base);
    const peaks = await interleave(quick ? 1 : 3, { few: () => run(few), many: () => run(many) });
    const [peakOfFew, peakOfMany] = [new Samples(peaks.few).median, new Samples(peaks.many).median];
    const repetitions = (plans: number) => (plans === many ? 4 : 20) * (quick ? 1 : 2);
    const wanted = [...suites].map(([plans, suite]) => [suite, repetitions(plans)]);
    const { stdout } = await runNode([file('./probes/check-suites.js'), JSON.stringify(wanted)], {
      env: { PLAN_GUARD_CACHE: cache },
    });
    const times = JSON.parse(stdout) as Readonly<Record<string, readonly number[]>>;
    const time = (plans: number) => new Samples(times[suites.get(plans) ?? ''] ?? []);
    // A few plans are a tenth of a run's time: only runs that nothing disturbed can be told apart.
    const perPlan = (plans: number) => (time(plans).least - time(base).least) / (plans - base);
    const shown = [base, few, many].map((plans) => `${format(plans)} plans ${time(plans).describe('ms')}`).join(', ');
    marks.push(
      {
        name: `processor time per plan, ${format(many)} plans : ${few} plans, ${shape}`,
        measured: perPlan(many) / perPlan(few),
        most: 1.2,
        unit: '×',
        from: `${format(perPlan(many))} ms : ${format(perPlan(few))} ms; ${shown}`,
      },
      {
        name: `memory per further plan, ${shape}`,
        measured: ((peakOfMany - peakOfFew) * 1024) / (many - few),
        most: undefined,
        unit: 'KB',
        from: `peak ${format(peakOfFew)} MiB at ${few} plans, ${format(peakOfMany)} MiB at ${format(many)}`,
      },
    );
  }
  return marks;
}

async function writeSuite(
  folder: string,
  { statements, scenarios }: { readonly statements: number; readonly scenarios: number },
): Promise<string> {
  const sql = await readFile(join(fixture, 'queries', 'profile.sql'), 'utf8');
  const texts = Array.from({ length: statements }, (_, index) =>
    sql
      .replace('profile-before', `profile-${index}`)
      .replace('AND t.is_current = true', `AND t.is_current = true\n  AND t.duration > ${index}`),
  );
  const users = Array.from({ length: scenarios }, (_, index) => 1001 + index);
  const suite = {
    name: 'count',
    schema: [join(fixture, 'schema.sql')],
    statistics: { 'incident-day': join(fixture, 'statistics', 'incident-day.json') },
    protect: ['tracks'],
    scenarios: { visitor: { viewer_id: 0, limit: 20, offset: 0 } },
    queries: [{ file: 'queries.sql', matrix: { user_id: users } }],
  };
  await writeFile(join(folder, 'queries.sql'), texts.join('\n'));
  await writeFile(join(folder, 'plan-guard.yaml'), JSON.stringify(suite));
  return join(folder, 'plan-guard.yaml');
}
