import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { PlanGuardError, systemReason } from '../errors.js';
import type { SqlText } from '../statistics/import-dump.js';
import { EXIT } from './exit-codes.js';
import { collect, writeOutput } from './stats-files.js';
import type { Process } from './terminal.js';

interface Flags {
  readonly schema?: readonly string[];
  readonly output?: string;
}

const HELP = `
A dump of statistics alone does not say which table an index belongs to. Let the dump hold the schema too, or name a
file that does; nothing of it is executed.

Examples:
  pg_dump --no-data --statistics app > dump.sql && plan-guard stats import dump.sql -o production.json
  pg_dump --statistics-only app > stats.sql && plan-guard stats import stats.sql --schema schema.sql -o production.json

Exit codes: 0 done, 2 could not run.`;

export function importCommand(process: Process, done: (exitCode: number) => void): Command {
  return new Command('import')
    .summary('read the statistics that pg_dump of PostgreSQL 18 writes')
    .description('Makes a statistics file of what pg_dump --statistics-only (PostgreSQL 18) writes as plain SQL.')
    .argument('<dump>', 'file that pg_dump wrote')
    .option('--schema <file>', 'SQL file that makes the tables and indexes; may be repeated', collect)
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .addHelpText('after', HELP)
    .action(async (dump: string, flags: Flags) => done(await importAction(process, dump, flags)));
}

async function importAction(process: Process, dump: string, flags: Flags): Promise<number> {
  const [{ importDump }, { formatStatistics }, { missingFrom }] = await Promise.all([
    import('../statistics/import-dump.js'),
    import('../statistics/format.js'),
    import('../statistics/summarize.js'),
  ]);
  const schemas = (flags.schema ?? []).map((file) => readSql(process, file));
  const { statistics, unplaced } = importDump(readSql(process, dump), schemas);
  for (const sentence of missingFrom(statistics)) process.stderr.write(`warning: ${sentence}\n`);
  if (unplaced.length > 0) {
    process.stderr.write(`warning: it is not known whose these are, and they were left out: ${unplaced.join(', ')}\n`);
    process.stderr.write('  next: name the file that creates them with --schema FILE\n');
  }
  await writeOutput(process, flags.output, formatStatistics(statistics));
  return EXIT.clean;
}

function readSql(process: Process, name: string): SqlText {
  const file = resolve(process.cwd(), name);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PlanGuardError('file', `The file cannot be read: ${systemReason(error as Error)}`, {
      where: { file },
      hint: 'Name a file that pg_dump wrote as plain SQL.',
      cause: error,
    });
  }
  if (text.startsWith('PGDMP')) {
    throw new PlanGuardError('statistics', 'This is a dump in pg_dump’s custom format.', {
      where: { file },
      hint: 'Turn it into SQL with: pg_restore --statistics-only --file=stats.sql, or dump with --format=plain.',
    });
  }
  return { file, text };
}
