import { Command, Option } from 'commander';
import type { ReportContext } from '../report/context.js';
import type { ExplainReport } from '../report/diff-model.js';
import type { PlanMode } from '../report/model.js';
import { targetsOf } from './diff.js';
import { EXIT } from './exit-codes.js';
import { withProgress } from './progress.js';
import { contextOf } from './report-context.js';
import { collect, redactKey } from './stats-files.js';
import { writeReport } from './targets.js';
import type { Process } from './terminal.js';

interface Flags {
  readonly scenario?: string;
  readonly statistics?: string;
  readonly mode?: PlanMode;
  readonly suite?: readonly string[];
  readonly reporter?: readonly string[];
  readonly html?: string;
  readonly databaseUrl?: string;
  readonly redactKeyFile?: string;
  readonly cache: boolean;
}

const REPORTERS = ['pretty', 'json', 'html'] as const;
type Name = (typeof REPORTERS)[number];

const EXAMPLES = `
Examples:
  plan-guard explain profile                             all plans of the query, those of one shape once
  plan-guard explain profile --scenario label            the plans for one scenario
  plan-guard explain profile --scenario label --statistics incident-day --mode generic
  plan-guard explain profile --html profile.html         the same as a page that needs nothing else

The query is planned as check plans it. A finding changes no exit code: that is what check is for.

Exit codes: 0 shown, 2 could not run.`;

export function explainCommand(process: Process, version: string, done: (exitCode: number) => void): Command {
  return new Command('explain')
    .summary('show the plans of a query, and how they reach their tables')
    .description('Shows the plans of a query of a suite: how they reach their tables, findings and doubts.')
    .argument('<query>', "name of the query, as check shows it; a known-bad one's too")
    .option('--scenario <name>', 'only the plans for this scenario')
    .option('--statistics <name>', 'only the plans with this statistics set')
    .addOption(new Option('--mode <mode>', 'only custom or only generic plans').choices(['custom', 'generic']))
    .option('-s, --suite <file>', 'suite file; may be repeated', collect)
    .option('-r, --reporter <name[=file]>', `how to report: ${REPORTERS.join(', ')}; may be repeated`, collect)
    .option('--html <file>', 'the same as --reporter html=FILE, beside the others')
    .option('-d, --database-url <url>', "plan on this existing database as it is, in place of the suites' engines")
    .option('--redact-key-file <file>', 'file with the key that the statistics were redacted with')
    .option('--no-cache', 'prepare everything anew and keep nothing')
    .addHelpText('after', EXAMPLES)
    .action(async (query: string, flags: Flags) => done(await explainAction(process, version, query, flags)));
}

async function explainAction(process: Process, version: string, query: string, flags: Flags): Promise<number> {
  const cwd = process.cwd();
  const targets = targetsOf(flags, cwd, REPORTERS);
  const secret = redactKey(process, flags.redactKeyFile);
  const { explain } = await import('../guard/explain.js');
  const report = await withProgress(process, (told) =>
    explain({
      query,
      cwd,
      cache: flags.cache,
      ...(flags.scenario === undefined ? {} : { scenario: flags.scenario }),
      ...(flags.statistics === undefined ? {} : { statistics: flags.statistics }),
      ...(flags.mode === undefined ? {} : { mode: flags.mode }),
      ...(flags.suite === undefined ? {} : { suites: flags.suite }),
      ...(flags.databaseUrl === undefined ? {} : { databaseUrl: flags.databaseUrl }),
      ...(secret === undefined ? {} : { redactKey: secret }),
      ...told,
    }),
  );
  for (const { name, file } of targets) {
    await writeReport(process, file, await render(report, name, contextOf(process, version, { file, verbose: true })));
  }
  return EXIT.clean;
}

async function render(report: ExplainReport, name: Name, context: ReportContext): Promise<string> {
  switch (name) {
    case 'pretty':
      return (await import('../report/explain-pretty.js')).explainPretty(report, context);
    case 'json':
      // What is not known is null.
      return `${JSON.stringify(report, (_, value: unknown) => (value === undefined ? null : value), 2)}\n`;
    case 'html':
      return (await import('../report/html/explain.js')).explainHtml(report, context);
  }
}
