import { Command, InvalidArgumentError } from 'commander';
import { PlanGuardError } from '../errors.js';
import type { PullOptions } from '../statistics/pull.js';
import { EXIT } from './exit-codes.js';
import { collect, redactKey, writeOutput } from './stats-files.js';
import { type Process, Progress, takesUnicode } from './terminal.js';

interface Flags {
  readonly databaseUrl?: string;
  readonly schema?: readonly string[];
  readonly table?: readonly string[];
  readonly output?: string;
  readonly redact?: boolean;
  readonly redactKeyFile?: string;
  readonly keep?: readonly string[];
  readonly minMax?: boolean;
  readonly statementTimeout: number;
}

const DESCRIPTION =
  'Reads sizes and column statistics of a database’s tables and indexes, as the planner has them, into a file. ' +
  'It is one read-only snapshot that keeps nobody waiting; without --min-max everything is read from the catalogs, and ' +
  'no table is touched. ' +
  'The role needs no more than the right to SELECT from the tables; what it may not read is listed. The statistics ' +
  'of expression indexes are shown to the table’s owner and to members of pg_read_all_data alone.';

const HELP = `
The statistics of a column hold some of its values: the most common ones, and bounds of a histogram. So you must choose:
  --no-redact   keeps them, which gives the truest plans: fit for data that everyone with the file may see
  --redact      text, addresses, uuid, bytea and jsonb never leave the database in clear: the server itself replaces
                them by stand-ins in the same order. Numbers, dates, booleans and enums stay.
--redact takes a key, from --redact-key-file or PLAN_GUARD_REDACT_KEY. With the same key, plan-guard recognises the
values that your scenarios and queries name. Without it nobody can. Make one with: openssl rand -hex 32 > plan-guard.key

For a condition like created_at > now(), beyond the last bound of a histogram, the planner looks the column’s true end
up in an index. --min-max reads both ends of columns that have a histogram and lead a B-tree, with one look into the
index for each, and no sort or scan; the replica then plans such conditions, and merge joins, as the database does. Two
values of each column come into the file. With --redact, ends of columns whose values are replaced are not read. Code of
other roles is not run: tables whose indexes or extended statistics call such are left out. Rows that were deleted at an
end and not vacuumed yet have to be passed over, for 5 seconds at most. What cannot be read so is listed.

Examples:
  plan-guard stats pull --database-url postgres://reader@db.internal/app --no-redact -o production.json
  plan-guard stats pull --redact --redact-key-file plan-guard.key --keep orders.status -o production.json
  plan-guard stats pull --no-redact --min-max --statement-timeout 5 -o production.json
  PGHOST=db.internal PGUSER=reader PGDATABASE=app plan-guard stats pull --schema shop --no-redact | less

Environment: DATABASE_URL, else PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE, …; PLAN_GUARD_REDACT_KEY.
Exit codes: 0 done, 2 could not run.`;

export function pullCommand(process: Process, done: (exitCode: number) => void): Command {
  return new Command('pull')
    .summary('read the statistics of a database into a file')
    .description(DESCRIPTION)
    .option('--database-url <url>', 'postgres://user@host/database (default: DATABASE_URL, or PG* variables)')
    .option('-s, --schema <name>', 'only this schema; may be repeated (default: all but PostgreSQL’s own)', collect)
    .option('-t, --table <name>', 'only this table, with or without its schema; may be repeated', collect)
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .option('--redact', 'replace text-like values by stand-ins')
    .option('--no-redact', 'keep all values')
    .option('--redact-key-file <file>', 'file with the key for --redact')
    .option('--keep <table.column>', 'with --redact: keep the values of this column; may be repeated', collect)
    .option('--min-max', 'read the smallest and the largest value of indexed columns too, from their B-trees')
    .option('--statement-timeout <seconds>', 'how long one query may take', seconds, 60)
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => done(await pull(process, flags)));
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError('It must be a number of seconds above 0.');
  return value;
}

async function pull(process: Process, flags: Flags): Promise<number> {
  const { stderr, env } = process;
  const redact = await redaction(process, flags);
  const [{ connect }, { pullStatistics }, { formatStatistics }, { missingFrom }] = await Promise.all([
    import('../statistics/connect.js'),
    import('../statistics/pull.js'),
    import('../statistics/format.js'),
    import('../statistics/summarize.js'),
  ]);
  const shown = stderr.isTTY === true && env.CI === undefined;
  const progress = new Progress(stderr, { shown, unicode: takesUnicode(env) });
  try {
    const connection = await connect(flags.databaseUrl ?? (env.DATABASE_URL || undefined), env);
    try {
      const statistics = await pullStatistics(connection.client, {
        ...(flags.schema === undefined ? {} : { schemas: flags.schema }),
        ...(flags.table === undefined ? {} : { tables: flags.table }),
        ...(redact === undefined ? {} : { redact }),
        ...(flags.minMax === true ? { minMax: true } : {}),
        origin: originOf(connection.database, flags),
        heights: 'pageinspect',
        environment: true,
        pulledAt: new Date(),
        statementTimeout: flags.statementTimeout * 1000,
        onProgress: (message) => progress.update(message, false),
      });
      progress.end();
      for (const sentence of missingFrom(statistics)) stderr.write(`warning: ${sentence}\n`);
      await writeOutput(process, flags.output, formatStatistics(statistics));
    } finally {
      await connection.close();
    }
  } finally {
    progress.end();
  }
  return EXIT.clean;
}

/** The command that makes the file again, without what is secret or of one machine. */
function originOf(database: string, { schema = [], table = [], redact, keep = [], minMax }: Flags): string {
  const words = [
    ...schema.map((name) => `--schema ${name}`),
    ...table.map((name) => `--table ${name}`),
    redact === true ? '--redact' : '--no-redact',
    ...keep.map((name) => `--keep ${name}`),
    ...(minMax === true ? ['--min-max'] : []),
  ];
  return `Made by plan-guard stats pull ${words.join(' ')} from the database "${database}".`;
}

async function redaction(process: Process, flags: Flags): Promise<PullOptions['redact']> {
  const { redact, redactKeyFile, keep = [] } = flags;
  if (redact === undefined) {
    throw new PlanGuardError('usage', 'Choose --redact or --no-redact: statistics hold values of your columns.', {
      hint:
        '--no-redact keeps the values; with --redact text-like values never leave the database in clear. ' +
        'See plan-guard stats pull --help.',
    });
  }
  if (!redact) {
    if (keep.length === 0 && redactKeyFile === undefined) return undefined;
    throw new PlanGuardError('usage', '--keep and --redact-key-file go with --redact.', {
      hint: 'Write --redact, or leave them out.',
    });
  }
  const secret = redactKey(process, redactKeyFile);
  if (secret === undefined) {
    throw new PlanGuardError('usage', '--redact needs a key, so that values you name can be recognised later.', {
      hint:
        'Make one with: openssl rand -hex 32 > plan-guard.key, keep it out of the repository, and give ' +
        '--redact-key-file plan-guard.key or set PLAN_GUARD_REDACT_KEY.',
    });
  }
  const { RedactionKey } = await import('../statistics/redaction-key.js');
  return { key: new RedactionKey(secret), keep };
}
