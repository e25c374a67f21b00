import { Command } from 'commander';
import { PlanGuardError } from '../errors.js';
import type { ReportContext } from '../report/context.js';
import type { DiffReport } from '../report/diff-model.js';
import { EXIT } from './exit-codes.js';
import { withProgress } from './progress.js';
import { contextOf } from './report-context.js';
import { collect, redactKey } from './stats-files.js';
import { readTargets, type Target, writeReport } from './targets.js';
import type { Process } from './terminal.js';

interface Flags {
  readonly reporter?: readonly string[];
  readonly html?: string;
  readonly suite?: readonly string[];
  readonly filter?: string;
  readonly base?: string | true;
  readonly prepare?: string;
  readonly databaseUrl?: string;
  readonly redactKeyFile?: string;
  readonly cache: boolean;
  readonly verbose?: true;
}

const REPORTERS = ['pretty', 'markdown', 'json', 'html'] as const;
type Name = (typeof REPORTERS)[number];

const EXAMPLES = `
What is compared:
  plan-guard diff before.json after.txt          two files: EXPLAIN's JSON, YAML, XML or text, as psql shows it, as
                                                 pgAdmin copies it, or a server's log with auto_explain
  psql -XqAt -f explain.sql | plan-guard diff before.json -
  plan-guard diff main:plan.json plan.json       a file as it is at a revision of git
  plan-guard diff main:plans/profile.plan plans/profile.plan
                                                 approved plans of two revisions, case by case

  plan-guard diff                                every case of the suites that differs from its approved plan
  plan-guard diff --filter profile               of the cases whose query, statement or scenario holds "profile"
  plan-guard diff plans/profile.plan             the cases of one query against its approved plans

  plan-guard diff main..HEAD                     the suites as they were at two revisions: queries, schema, statistics
                                                 and settings of each, planned on replicas of their own
  plan-guard diff main...HEAD                    the same, from the merge base of the two
  plan-guard diff main                           a revision and the working tree
  plan-guard diff --base origin/main             the merge base with a revision, and the working tree
  plan-guard diff --base                         the same in CI, which tells the target of the pull request
  plan-guard diff main..HEAD --prepare 'npm run build'

A name of a file that is there is taken for the file. Plans in two texts are paired by their statements, else by order;
what has no partner is shown as added or removed. Where both sides can be planned, the cause is found by taking one input
at a time (query, schema, statistics, settings, server) from the other side.

A revision is read into a temporary folder; the repository and its working tree are not touched, and no hook or filter
of git is run. Modules are run as they were, with the packages (node_modules) of the working tree; what is built and not
in git, --prepare makes at each revision.

Exit codes: 0 the plans are the same, 1 they differ, 2 could not be compared.`;

export function diffCommand(process: Process, version: string, done: (exitCode: number) => void): Command {
  return new Command('diff')
    .summary('show what changed between two plans, two revisions, or since the plans were approved')
    .description('Compares plans, and tells what changed in them, and why.')
    .usage('[options] [A B | A..B | REVISION | FILE.plan]')
    .argument('[sources...]', 'files, - for standard input, REV:path, revisions or a range of them')
    .option('-s, --suite <file>', 'suite file, at both revisions; may be repeated', collect)
    .option('-f, --filter <text>', 'only cases whose query, statement or scenario holds the text')
    .option('--base [revision]', 'compare the working tree with its merge base with the revision')
    .option('--prepare <command>', "build what is not in git, at the top of each revision's files")
    .option('-r, --reporter <name[=file]>', `how to report: ${REPORTERS.join(', ')}; may be repeated`, collect)
    .option('--html <file>', 'the same as --reporter html=FILE, beside the others')
    .option('-d, --database-url <url>', "plan on this existing database as it is, in place of the suites' engines")
    .option('--redact-key-file <file>', 'file with the key that the statistics were redacted with')
    .option('--no-cache', 'prepare everything anew and keep nothing')
    .option('-v, --verbose', 'whole plans, and those that are the same too')
    .addHelpText('after', EXAMPLES)
    .action(async (sources: string[], flags: Flags) => done(await diffAction(process, version, sources, flags)));
}

async function diffAction(
  process: Process,
  version: string,
  sources: readonly string[],
  flags: Flags,
): Promise<number> {
  const cwd = process.cwd();
  const targets = targetsOf(flags, cwd, REPORTERS);
  if (sources.length > 2) {
    throw new PlanGuardError('usage', `Two are compared, and ${sources.length} are named.`, {
      hint: 'Name two sources, or one range: main..HEAD.',
    });
  }
  const secret = redactKey(process, flags.redactKeyFile);
  const { diff } = await import('../guard/diff.js');
  const report = await withProgress(process, (told) =>
    diff({
      sources,
      cwd,
      cache: flags.cache,
      stdin: process.stdin,
      ...(flags.suite === undefined ? {} : { suites: flags.suite }),
      ...(flags.filter === undefined ? {} : { filter: flags.filter }),
      ...(flags.base === undefined ? {} : { base: flags.base }),
      ...(flags.prepare === undefined ? {} : { prepare: flags.prepare }),
      ...(flags.databaseUrl === undefined ? {} : { databaseUrl: flags.databaseUrl }),
      ...(secret === undefined ? {} : { redactKey: secret }),
      ...told,
    }),
  );
  for (const { name, file } of targets) {
    const context = contextOf(process, version, { file, verbose: flags.verbose ?? false });
    await writeReport(process, file, await render(report, name, context));
  }
  return report.verdict === 'same' ? EXIT.clean : EXIT.findings;
}

/** `--html FILE` is one more reporter; the others are pretty where none is named. */
export function targetsOf<Own extends Name>(
  { reporter = [], html }: Pick<Flags, 'reporter' | 'html'>,
  cwd: string,
  names: readonly Own[],
): readonly Target<Own>[] {
  const given = reporter.length > 0 ? reporter : ['pretty'];
  return readTargets(html === undefined ? given : [...given, `html=${html}`], names, cwd);
}

/** Each reporter is loaded where it is asked for: `--help` and the other commands need none. */
async function render(report: DiffReport, name: Name, context: ReportContext): Promise<string> {
  switch (name) {
    case 'pretty':
      return (await import('../report/diff-pretty.js')).diffPretty(report, context);
    case 'markdown':
      return (await import('../report/diff-markdown.js')).diffMarkdown(report, context);
    case 'json':
      return (await import('../report/diff-json.js')).diffJson(report, context);
    case 'html':
      return (await import('../report/html/diff.js')).diffHtml(report, context);
  }
}
