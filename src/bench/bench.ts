// The marks of speed, memory and disk, as ratios within one run: npm run bench [-- --quick]

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCount } from './count.js';
import { measureDisk } from './disk.js';
import { measureLoaded } from './loaded.js';
import { isMissed, type Mark } from './mark.js';
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

async function measure(settings: Settings): Promise<readonly Mark[]> {
  const progress = (text: string) => process.stderr.write(`${text}\n`);
  progress('the reference suite, warm and cold');
  const reference = await measureReference(settings);
  progress('the disk of replicas');
  const disk = await measureDisk(settings);
  progress('many plans');
  const count = await measureCount(settings);
  progress('rows loaded instead');
  const loaded = await measureLoaded(settings, reference);
  return [...reference.marks, ...disk, ...count, ...loaded];
}

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const directory = mkdtempSync(join(tmpdir(), 'plan-guard-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));
const before = loadavg()[0] ?? Number.NaN;
const marks = await measure({ directory, quick: values.quick });
process.stdout.write(
  `node ${process.version}, ${availableParallelism()} processors, load ${format(before)} before and ` +
    `${format(loadavg()[0] ?? Number.NaN)} after\n\n${table(marks)}`,
);
const missed = marks.filter(isMissed).length;
process.stdout.write(missed === 0 ? '\nevery mark is met\n' : `\n${missed} marks are missed\n`);
process.exitCode = missed === 0 ? 0 : 1;
