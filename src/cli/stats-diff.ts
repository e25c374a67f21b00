import { Command, InvalidArgumentError } from 'commander';
import type { StatisticsChange, StatisticsComparison } from '../statistics/compare.js';
import { EXIT } from './exit-codes.js';
import { count, plain, readFile, wrap, writeOutput } from './stats-files.js';
import type { Process } from './terminal.js';

interface Flags {
  readonly threshold: number;
  readonly json?: boolean;
}

const HELP = `
Every ANALYZE looks at other rows, so numbers differ a little each time. Rows, pages, widths and numbers of distinct
values count from the threshold on; fractions of rows (nulls, how common a value is) from a tenth of it on, the
correlation from twice it on. --threshold 0 counts every difference.

Examples:
  plan-guard stats diff last-month.json production.json
  plan-guard stats diff --threshold 50 last-month.json production.json
  plan-guard stats diff --json last-month.json production.json | jq .changes

Exit codes: 0 the same, 1 different, 2 could not run.`;

export function diffCommand(process: Process, done: (exitCode: number) => void): Command {
  return new Command('diff')
    .summary('tell what grew and what changed shape between two statistics files')
    .description('Tells what grew and what changed shape between two statistics files.')
    .argument('<before>', 'statistics file')
    .argument('<after>', 'statistics file')
    .option('--threshold <percent>', 'what a number has to change by to count', percent, 10)
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (before: string, after: string, { threshold, json }: Flags) => {
      const { compareStatistics } = await import('../statistics/compare.js');
      const [old, current] = [await readFile(process, before), await readFile(process, after)];
      const comparison = compareStatistics(old, current, threshold / 100);
      await writeOutput(
        process,
        undefined,
        json === true ? `${JSON.stringify(comparison, null, 2)}\n` : render(comparison, threshold),
      );
      const same = comparison.changes.length === 0 && (threshold > 0 || comparison.small === 0);
      done(same ? EXIT.clean : EXIT.findings);
    });
}

function percent(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100)) {
    throw new InvalidArgumentError('It must be a number from 0 to 100.');
  }
  return value;
}

function render({ changes, small }: StatisticsComparison, threshold: number): string {
  const lines: string[] = [];
  let heading = '';
  for (const change of changes) {
    const group = 'table' in change ? change.table : 'server';
    if (group !== heading) lines.push(...(heading === '' ? [] : ['']), plain(group));
    heading = group;
    lines.push(wrap(plain(`  ${describe(change)}`), '    '));
  }
  if (changes.length === 0) lines.push(small === 0 ? 'The same.' : `The same within ${threshold} %.`);
  if (small > 0) {
    const what = `${count(small)} ${small === 1 ? 'difference' : 'differences'} below ${threshold} %`;
    lines.push(...(changes.length === 0 ? [] : ['']), `${what} (--threshold 0 counts them)`);
  }
  return `${lines.join('\n')}\n`;
}

function describe(change: StatisticsChange): string {
  switch (change.kind) {
    case 'table-added':
      return 'new table';
    case 'table-removed':
      return 'is gone';
    case 'index-added':
      return `new index ${change.index}`;
    case 'index-removed':
      return `index ${change.index} is gone`;
    case 'column-added':
      return `${change.column}: has statistics now`;
    case 'column-removed':
      return `${change.column}: has no statistics any more`;
    case 'rows':
    case 'pages':
      return `${change.kind}: ${growth(change.before, change.after)}`;
    case 'index-pages':
      return `${change.index}: pages ${growth(change.before, change.after)}`;
    case 'index-height':
      return `${change.index}: height ${change.before} → ${change.after}`;
    case 'distinct':
      return `${change.column}: distinct values ${distinct(change.before)} → ${distinct(change.after)}`;
    case 'null-fraction':
      return `${change.column}: nulls ${share(change.before)} → ${share(change.after)}`;
    case 'width':
      return `${change.column}: width ${growth(change.before, change.after)} bytes`;
    case 'correlation':
      return `${change.column}: correlation ${change.before.toFixed(2)} → ${change.after.toFixed(2)}`;
    case 'common-value':
      return `${change.column}: ${quote(change.value)} ${share(change.before)} → ${share(change.after)}`;
    case 'common-value-came':
      return `${change.column}: ${quote(change.value)} became common (${share(change.frequency)})`;
    case 'common-value-went':
      return `${change.column}: ${quote(change.value)} is common no more (was ${share(change.frequency)})`;
    case 'setting':
    case 'server-version':
    case 'index-validity':
      return `${change.name}: ${change.before ?? 'default'} → ${change.after ?? 'default'}`;
  }
}

function growth(before: number, after: number): string {
  const factor = before > 0 && after > 0 ? ` (× ${(after / before).toPrecision(3)})` : '';
  return `${sized(before)} → ${sized(after)}${factor}`;
}

function sized(value: number): string {
  return value < 0 ? 'unknown' : count(value);
}

function distinct(value: number): string {
  return value < 0 ? `${share(-value)} of the rows` : count(value);
}

function share(value: number): string {
  return `${Number((value * 100).toPrecision(3))} %`;
}

const LONGEST = 40;

function quote(value: string): string {
  return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
}
