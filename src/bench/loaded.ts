import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadSuite } from '../suite/load.js';
import type { Mark } from './mark.js';
import { runNode } from './node-process.js';
import type { ReferenceRun, ReportedCase } from './reference.js';
import { format } from './samples.js';
import { file, type Settings } from './settings.js';

/** What a person would do otherwise: load rows into PGlite, analyse them, explain the same statements. */
export async function measureLoaded(
  { directory }: Settings,
  { cases, warm, cold }: ReferenceRun,
): Promise<readonly Mark[]> {
  const suite = await loadSuite(file('../../fixtures/audius/plan-guard.yaml'));
  const task = join(directory, 'loaded.json');
  await writeFile(
    task,
    JSON.stringify({
      schema: await readFile(file('../../fixtures/audius/schema.sql'), 'utf8'),
      rows: await readFile(file('./rows.sql'), 'utf8'),
      collaborations: await readFile(file('./collaborations.sql'), 'utf8'),
      settings: suite.postgres.settings,
      statements: statementsOf(cases),
    }),
  );
  const { ms, stdout, peak } = await runNode([file('./probes/load-rows.js'), task]);
  const { load, explain } = JSON.parse(stdout) as { readonly load: number; readonly explain: number };
  const seconds = (time: number) => `${format(time / 1000)} s`;
  const from = `loaded and explained ${seconds(ms)} (load ${seconds(load)}, explain ${seconds(explain)}, ${format(peak)} MiB)`;
  const mark = (name: string, time: number): Mark => ({
    name: `loading 200,000 tracks and explaining : ${name} check`,
    measured: ms / time,
    most: undefined,
    unit: '×',
    from: `${from}, ${name} check ${seconds(time)}`,
  });
  return [mark('warm', warm), mark('cold', cold)];
}

/** Every statement of the suite, with the different lists of values that it is planned for. */
function statementsOf(cases: readonly ReportedCase[]): { text: string; values: readonly (string | null)[][] }[] {
  const statements = new Map<string, Map<string, (string | null)[]>>();
  for (const { sql, values } of cases) {
    const lists = statements.get(sql.text) ?? new Map<string, (string | null)[]>();
    statements.set(sql.text, lists.set(JSON.stringify(values), [...values]));
  }
  return [...statements].map(([text, lists]) => ({ text, values: [...lists.values()] }));
}
