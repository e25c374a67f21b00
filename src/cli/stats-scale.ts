import { Command, InvalidArgumentError } from 'commander';
import { EXIT } from './exit-codes.js';
import { collect, readFile, writeOutput } from './stats-files.js';
import type { Process } from './terminal.js';

interface Flags {
  readonly factor: number;
  readonly table?: readonly string[];
  readonly distinct?: boolean;
  readonly output?: string;
}

const HELP = `
Scaled: rows, pages and all-visible pages of tables and of their indexes. Heights of B-trees are left out, so that they
are estimated from the new sizes.
Kept: everything that describes a column by fractions (nulls, frequencies, correlation), widths, and the bounds of
histograms. A number of distinct values that PostgreSQL takes to be fixed is kept too, unless --distinct is given: ten
times the orders of ten times the customers, instead of the same customers. It never exceeds the rows.

Examples:
  plan-guard stats scale --factor 10 production.json -o ten-times.json
  plan-guard stats scale --factor 0.1 --table orders --table public.items production.json

Exit codes: 0 done, 2 could not run.`;

export function scaleCommand(process: Process, done: (exitCode: number) => void): Command {
  return new Command('scale')
    .summary('make tables larger or smaller on paper')
    .description('Writes statistics as they would be if tables were larger or smaller, to see which plans hold.')
    .argument('<file>', 'statistics file')
    .requiredOption('-f, --factor <number>', 'what sizes are multiplied by', factor)
    .option('-t, --table <name>', 'only this table, with or without its schema; may be repeated', collect)
    .option('--distinct', 'let numbers of distinct values grow with the rows')
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .addHelpText('after', HELP)
    .action(async (file: string, flags: Flags) => {
      const [{ scaleStatistics }, { formatStatistics }] = await Promise.all([
        import('../statistics/scale.js'),
        import('../statistics/format.js'),
      ]);
      const { factor: by, table: tables, distinct } = flags;
      const scaled = scaleStatistics(await readFile(process, file), {
        factor: by,
        ...(tables === undefined ? {} : { tables }),
        ...(distinct === undefined ? {} : { distinct }),
      });
      await writeOutput(process, flags.output, formatStatistics(scaled));
      done(EXIT.clean);
    });
}

function factor(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError('It must be a number above 0, like 10 or 0.1.');
  }
  return value;
}
