// How true replicas are: npm run fidelity [-- --quick] [-- --json] [-- --only WORKLOAD]

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runNode } from '../bench/node-process.js';
import type { Engine } from '../postgres/engine.js';
import { openEngine } from '../postgres/open-engine.js';
import { loadSuite } from '../suite/load.js';
import type { Suite } from '../suite/model.js';
import { type Measured, measure } from './measure.js';
import { formatDifferences, formatTable, isMissed, type Tally } from './table.js';
import { accounting, type Question, reference, type Workload, workspace } from './workload.js';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Every statement of the reference suite with its values, known-bad ones too. */
async function readReference(suite: Suite): Promise<Workload> {
  const { stdout } = await runNode([file('../../bin/plan-guard.js'), 'check', suite.file, '--reporter', 'json'], {
    codes: [0, 1],
  });
  const { cases } = JSON.parse(stdout) as {
    readonly cases: readonly { readonly sql: { readonly text: string }; readonly values: readonly (string | null)[] }[];
  };
  const questions = new Map<string, Question>();
  for (const { sql, values } of cases) {
    questions.set(JSON.stringify([sql.text, values]), { sql: sql.text, values, atEnd: false });
  }
  return reference([...questions.values()], suite.postgres.settings);
}

/** The sweep proves nothing where it is short, or where nothing flips. */
function sweepMarks(tallies: readonly Tally[], least: number): Tally[] {
  const swept = tallies.filter(({ part }) => part.startsWith('sweep'));
  const sum = (what: string) =>
    swept
      .flatMap(({ counts }) => counts.filter((count) => count.what === what))
      .reduce((all, { count }) => all + count, 0);
  const statements = swept.reduce((all, one) => all + one.statements, 0);
  return [
    {
      part: 'marks of the sweep',
      name: 'all',
      statements,
      plans: statements,
      counts: [
        { what: 'statements', count: statements, least },
        { what: 'sweeps that flip', count: sum('that flip'), least: Math.ceil(sum('sweeps') * 0.75) },
      ],
    },
  ];
}

interface Options {
  readonly quick: boolean;
  /** Names one workload; all of them where left out. */
  readonly only: string | undefined;
}

async function run(directory: string, { quick, only }: Options): Promise<Measured[]> {
  const progress = (text: string) => process.stderr.write(`${Math.round(performance.now() / 1000)} s: ${text}\n`);
  const suite = await loadSuite(file('../../fixtures/audius/plan-guard.yaml'));
  const engines: Engine[] = [];
  const open = async (engine: Suite['postgres']['engine'], version?: number) => {
    const opened = await openEngine(
      { ...suite.postgres, engine, version },
      { cache: true, onFallback: (reason) => progress(reason), folders: [] },
    );
    engines.push(opened);
    return opened;
  };
  try {
    const all = {
      pglite: await open('pglite'),
      native18: await open('native', 18),
      native15: quick ? undefined : await open('native', 15),
    };
    const results: Measured[] = [];
    const workloads = { reference: () => readReference(suite), accounting, workspace };
    if (only !== undefined && !Object.hasOwn(workloads, only)) throw new Error(`There is no workload ${only}.`);
    for (const [name, read] of Object.entries(workloads)) {
      if (only !== undefined && only !== name) continue;
      const workload = await read();
      results.push(await measure(workload, { engines: all, directory, steps: quick ? 8 : 24, progress }));
    }
    return results;
  } finally {
    for (const engine of engines) await engine.close();
  }
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const directory = mkdtempSync(join(tmpdir(), 'plan-guard-fidelity-'));
// A server that root starts runs as another account.
chmodSync(directory, 0o711);
process.env.PLAN_GUARD_CACHE = join(directory, 'cache');
process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));
const results = await run(directory, { quick: values.quick, only: values.only });
const tallies = results.flatMap((one) => one.tallies);
const marks = sweepMarks(tallies, values.quick || values.only !== undefined ? 0 : 500);
const table = [...tallies, ...marks];
const differences = results.flatMap((one) => one.differences);
const facts = results.map((one) => one.facts);
const missed = table.flatMap(({ counts }) => counts).filter(isMissed).length;
if (values.json) {
  process.stdout.write(`${JSON.stringify({ facts, table, differences, missed }, undefined, 2)}\n`);
} else {
  process.stdout.write(
    `node ${process.version}, ${availableParallelism()} processors, ${Math.round(performance.now() / 1000)} s\n` +
      `${facts.join('\n')}\n\n${formatTable(table)}\n${formatDifferences(differences)}\n` +
      `${missed === 0 ? 'every mark is met' : `${missed} marks are missed`}\n`,
  );
}
process.exitCode = missed === 0 ? 0 : 1;
