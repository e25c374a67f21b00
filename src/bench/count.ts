import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mark } from './mark.js';
import { check } from './reference.js';
import { format, interleave, Samples } from './samples.js';
import { file, type Settings } from './settings.js';

const fixture = file('../../fixtures/audius');
/** Planned by the smallest suite: it stands for what a run costs before it plans. */
const base = 10;
const few = 100;
const half = 1_500;
const many = 3_000;

/** How a suite gets its plans: two modes of each scenario of each statement. */
const shapes = {
  'many statements': (plans: number) => ({ statements: plans / base, scenarios: base / 2 }),
  'many scenarios': (plans: number) => ({ statements: 1, scenarios: plans / 2 }),
};

/** Whether a plan costs more among many. */
export async function measureCount({ directory, quick }: Settings): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  const cache = join(directory, 'count');
  for (const [shape, sizeOf] of Object.entries(shapes)) {
    const suites = new Map<number, string>();
    for (const plans of [base, few, half, many]) {
      const folder = join(directory, `${shape} ${plans}`);
      await mkdir(folder);
      suites.set(plans, await writeSuite(folder, sizeOf(plans)));
    }
    const run = async (plans: number) => {
      const measured = await check(cache, suites.get(plans));
      const { summary } = JSON.parse(measured.stdout) as { readonly summary: { readonly cases: number } };
      if (summary.cases !== plans) throw new Error(`${summary.cases} plans were made where ${plans} were asked for.`);
      return measured;
    };
    await run(base);
    const runs = await interleave(quick ? 4 : 8, {
      base: () => run(base),
      few: () => run(few),
      half: () => run(half),
      many: () => run(many),
    });
    const time = (name: keyof typeof runs) => new Samples(runs[name].map(({ ms }) => ms));
    const peak = (name: keyof typeof runs) => new Samples(runs[name].map((one) => one.peak)).median;
    const perPlan = (least: number, most: number, from: keyof typeof runs, to: keyof typeof runs) =>
      (time(to).median - time(from).median) / (most - least);
    const [amongMany, amongFew] = [perPlan(base, many, 'base', 'many'), perPlan(base, few, 'base', 'few')];
    const [secondHalf, firstHalf] = [perPlan(half, many, 'half', 'many'), perPlan(base, half, 'base', 'half')];
    marks.push(
      {
        name: `time per plan, ${format(many)} plans : ${few} plans, ${shape}`,
        measured: amongMany / amongFew,
        most: 1.2,
        unit: '×',
        from:
          `${format(amongMany)} ms : ${format(amongFew)} ms; ${base} plans ${time('base').describe('ms')}, ` +
          `${few} plans ${time('few').describe('ms')}, ${format(many)} plans ${time('many').describe('ms')}`,
      },
      {
        name: `time per plan, second half of ${format(many)} : first half, ${shape}`,
        measured: secondHalf / firstHalf,
        most: 1.2,
        unit: '×',
        from: `${format(secondHalf)} ms : ${format(firstHalf)} ms; ${format(half)} plans ${time('half').describe('ms')}`,
      },
      {
        name: `memory per further plan, ${shape}`,
        measured: ((peak('many') - peak('few')) * 1024) / (many - few),
        most: undefined,
        unit: 'KB',
        from: `peak ${format(peak('few'))} MiB at ${few} plans, ${format(peak('many'))} MiB at ${many}`,
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
