import { Command } from 'commander';
import type { StatisticsSummary } from '../statistics/summarize.js';
import { EXIT } from './exit-codes.js';
import { bytes, count, plain, readFile, wrap, writeOutput } from './stats-files.js';
import type { Process } from './terminal.js';

const HELP = `
Examples:
  plan-guard stats show production.json
  plan-guard stats show --json production.json | jq '.tables[0]'

Exit codes: 0 done, 2 could not run.`;

export function showCommand(process: Process, done: (exitCode: number) => void): Command {
  return new Command('show')
    .summary('tell what a statistics file holds, and what it does not')
    .description('Tells the tables, rows, sizes, indexes and the age of a statistics file, and what it does not carry.')
    .argument('<file>', 'statistics file')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (file: string, flags: { readonly json?: boolean }) => {
      const { summarizeStatistics } = await import('../statistics/summarize.js');
      const summary = summarizeStatistics(await readFile(process, file), new Date());
      await writeOutput(
        process,
        undefined,
        flags.json === true ? `${JSON.stringify(summary, null, 2)}\n` : render(summary),
      );
      done(EXIT.clean);
    });
}

const NAME = 39;
const ROWS = 16;

function render(summary: StatisticsSummary): string {
  const { origin, pulled_at, age_days, server_version, tables, settings, missing } = summary;
  const age = pulled_at === undefined ? 'of unknown age' : `pulled ${pulled_at.slice(0, 10)}, ${days(age_days ?? 0)}`;
  const head = `${count(tables.length)} ${tables.length === 1 ? 'table' : 'tables'}, ${bytes(summary.bytes)} with indexes; PostgreSQL ${server_version}; ${age}`;
  const lines = [wrap(plain(head), ''), wrap(plain(origin), ''), '', row('table', 'rows', 'pages', 'size')];
  for (const table of tables) {
    const rows = table.rows < 0 ? 'unknown' : count(table.rows);
    const pages = table.pages < 0 ? '-' : count(table.pages);
    lines.push(row(table.name, rows, pages, table.pages < 0 ? '-' : bytes(table.bytes)));
    for (const index of table.indexes) {
      const height = index.height === undefined ? '' : ` (height ${index.height})`;
      const name = `  ${index.name}${index.valid ? '' : ' (invalid)'}${height}`;
      lines.push(row(name, '', count(index.pages), bytes(index.bytes)));
    }
  }
  const named = Object.entries(settings);
  if (named.length > 0) {
    lines.push('', wrap(plain(`Settings: ${named.map(([name, value]) => `${name} = ${value}`).join(', ')}`), '  '));
  }
  if (missing.length > 0) lines.push('', 'Not in the file:', ...missing.map((text) => wrap(plain(`- ${text}`), '  ')));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** One line of 80 columns; a name that is too long gets a line of its own. */
function row(name: string, rows: string, pages: string, size: string): string {
  const numbers = `${rows.padStart(ROWS)} ${pages.padStart(13)} ${size.padStart(9)}`;
  const label = plain(name);
  const room = rows === '' ? NAME + ROWS : NAME;
  if (label.length > room) return `${label}\n${''.padEnd(NAME)}${numbers}`;
  return `${label.padEnd(NAME)}${numbers.slice(Math.max(0, label.length - NAME))}`;
}

function days(age: number): string {
  return age === 0 ? 'today' : `${age} ${age === 1 ? 'day' : 'days'} ago`;
}
