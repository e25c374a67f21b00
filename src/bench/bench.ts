// The marks of speed, memory and disk, as ratios within one run: npm run bench [-- --quick --only NAME …]

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCount } from './count.js';
import { measureDiff } from './diff.js';
import { measureDisk } from './disk.js';
import { measureLoaded } from './loaded.js';
import { measureManyTables } from './many-tables.js';
import { isMissed, type Mark } from './mark.js';
import { measureNative } from './native.js';
import { measureReference } from './reference.js';
import { format } from './samples.js';
import type { Settings } from './settings.js';

function table(marks: readonly Mark[]): string {
  const widest = Math.max(...marks.map(({ name }) => name.length));
  const lines = marks.flatMap((mark) => {
    const most = mark.most === undefined ? '' : `at most ${mark.most} ${mark.unit}`;
    const verdict = mark.most === undefined ? '' : isMissed(mark) ? 'OVER' : 'ok';
    const measured = `${format(mark.measured)} ${mark.unit}`.padStart(10);
    return [`${mark.name.padEnd(widest)} ${measured}  ${most.padEnd(14)} ${verdict}`.trimEnd(), `    ${mark.from}`];
  });
  return `${lines.join('\n')}\n`;
}

/** Marks that can be measured alone, by the names that --only takes. */
const groups: Readonly<Record<string, (settings: Settings) => Promise<readonly Mark[]>>> = {
  reference: async (settings) => {
    const reference = await measureReference(settings);
    return [...reference.marks, ...(await measureLoaded(settings, reference))];
  },
  disk: measureDisk,
  count: measureCount,
  native: measureNative,
  'many-tables': measureManyTables,
  diff: measureDiff,
};

async function measure(settings: Settings, wanted: readonly string[]): Promise<readonly Mark[]> {
  const unknown = wanted.filter((name) => groups[name] === undefined);
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}, only ${Object.keys(groups).join(', ')}.`);
  const marks: Mark[] = [];
  for (const [name, measureGroup] of Object.entries(groups)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stderr.write(`${name}\n`);
    marks.push(...(await measureGroup(settings)));
  }
  return marks;
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', multiple: true, default: [] } },
});
const directory = mkdtempSync(join(tmpdir(), 'plan-guard-bench-'));
// Where root runs this, servers run as another account.
chmodSync(directory, 0o711);
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));
const before = loadavg()[0] ?? Number.NaN;
const marks = await measure({ directory, quick: values.quick }, values.only);
process.stdout.write(
  `node ${process.version}, ${availableParallelism()} processors, load ${format(before)} before and ` +
    `${format(loadavg()[0] ?? Number.NaN)} after\n\n${table(marks)}`,
);
const missed = marks.filter(isMissed).length;
process.stdout.write(missed === 0 ? '\nevery mark is met\n' : `\n${missed} marks are missed\n`);
process.exitCode = missed === 0 ? 0 : 1;
