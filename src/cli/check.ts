import { appendFileSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { PlanGuardError } from '../errors.js';
import { type ReportContext, type ReporterName, reporters, stepSummary } from '../report/index.js';
import { EXIT } from './exit-codes.js';
import { withProgress } from './progress.js';
import { collect, redactKey } from './stats-files.js';
import { readTargets, type Target, writeReport } from './targets.js';
import { type Process, takesColor, takesUnicode, widthOf } from './terminal.js';

interface Flags {
  readonly reporter?: readonly string[];
  readonly filter?: string;
  readonly databaseUrl?: string;
  readonly redactKeyFile?: string;
  readonly changedOnly?: true;
  readonly cache: boolean;
  readonly verbose?: true;
}

const EXAMPLES = `
Examples:
  plan-guard check                               the suites of this directory
  plan-guard check db/plan-guard.yaml            one suite
  plan-guard check --filter profile              cases whose query, statement or scenario holds "profile"
  plan-guard check --changed-only                new, changed, dearer and unused plans; no rule is judged
  plan-guard check --reporter pretty --reporter json=plans.json
  plan-guard check --reporter json | jq .verdict
  plan-guard check -d postgres://reader@db/app   planned there, where nothing is ever changed

Without a suite, plan-guard.yaml of the working directory is used, or the suites that package.json names under
"plan-guard". Under GitHub Actions the reporters are pretty and github by default.

Plans are compared with the approved ones where there are some: see plan-guard approve. With CI=true in the environment,
a plan that nobody approved fails; elsewhere it is a warning.

Environment: PLAN_GUARD_CACHE (cache folder), PLAN_GUARD_CONTAINER_IMAGE (image of the engine container), DATABASE_URL
or PGHOST, PGDATABASE and the like (database of the engine url), PLAN_GUARD_REDACT_KEY, NO_COLOR, FORCE_COLOR, COLUMNS.
Exit codes: 0 clean, 1 findings or something that could not be judged, 2 could not run.`;

export function checkCommand(process: Process, version: string, done: (exitCode: number) => void): Command {
  return new Command('check')
    .summary('plan the queries of a suite at production size and judge the plans')
    .description(
      'Plans the queries of a suite as if the tables had production’s size, and fails where a rule is broken.',
    )
    .argument('[suite...]', 'suite files')
    .option(
      '-r, --reporter <name[=file]>',
      `how to report: ${Object.keys(reporters).join(', ')}; may be repeated`,
      collect,
    )
    .option('-f, --filter <text>', 'only cases whose query, statement or scenario holds the text')
    .option('--changed-only', 'only how plans compare with the approved ones, without rules and known-bad queries')
    .option('-d, --database-url <url>', 'plan on this existing database as it is, in place of the suites’ engines')
    .option('--redact-key-file <file>', 'file with the key that the statistics were redacted with')
    .option('--no-cache', 'prepare everything anew and keep nothing')
    .option('-v, --verbose', 'every case, and whole plans')
    .addHelpText('after', EXAMPLES)
    .action(async (suites: string[], flags: Flags) => done(await checkAction(process, version, suites, flags)));
}

async function checkAction(
  process: Process,
  version: string,
  suites: readonly string[],
  flags: Flags,
): Promise<number> {
  const { stdout, env } = process;
  const cwd = process.cwd();
  const targets = targetsOf(flags.reporter ?? [], cwd, env.GITHUB_ACTIONS === 'true');
  const secret = redactKey(process, flags.redactKeyFile);
  const started = performance.now();
  const { check } = await import('../guard/check.js');
  const report = await withProgress(process, (told) =>
    check({
      suites,
      cwd,
      cache: flags.cache,
      changedOnly: flags.changedOnly ?? false,
      ...(flags.filter === undefined ? {} : { filter: flags.filter }),
      ...(flags.databaseUrl === undefined ? {} : { databaseUrl: flags.databaseUrl }),
      ...(secret === undefined ? {} : { redactKey: secret }),
      ...told,
    }),
  );
  const context: ReportContext = {
    color: takesColor(stdout, env),
    width: widthOf(stdout, env),
    unicode: takesUnicode(env),
    cwd,
    version,
    verbose: flags.verbose ?? false,
    durationMs: performance.now() - started,
    readSource,
    ...(env.GITHUB_WORKSPACE === undefined ? {} : { repository: env.GITHUB_WORKSPACE }),
  };
  for (const { name, file } of targets) {
    const text = reporters[name](report, file === undefined ? context : { ...context, color: false });
    await writeReport(process, file, text);
  }
  if (env.GITHUB_STEP_SUMMARY && targets.some(({ name }) => name === 'github'))
    appendSummary(env.GITHUB_STEP_SUMMARY, stepSummary(report, context));
  return report.verdict === 'pass' ? EXIT.clean : EXIT.findings;
}

/** @throws {PlanGuardError} `usage` or `file`, before anything is planned */
function targetsOf(given: readonly string[], cwd: string, underGitHub: boolean): readonly Target<ReporterName>[] {
  if (given.length > 0) return readTargets(given, Object.keys(reporters) as ReporterName[], cwd);
  const names: readonly ReporterName[] = underGitHub ? ['pretty', 'github'] : ['pretty'];
  return names.map((name) => ({ name, file: undefined }));
}

function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function appendSummary(file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch (error) {
    throw new PlanGuardError('file', `The step summary cannot be written: ${(error as Error).message}`, {
      hint: 'GITHUB_STEP_SUMMARY must name a file in a folder that exists and can be written.',
      cause: error,
    });
  }
}
