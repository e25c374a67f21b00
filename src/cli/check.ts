import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { PlanGuardError } from '../errors.js';
import { type ReportContext, type ReporterName, reporters, stepSummary } from '../report/index.js';
import type { Report } from '../report/model.js';
import { EXIT } from './exit-codes.js';
import { type Process, Progress, takesColor, takesUnicode, widthOf } from './terminal.js';

interface Flags {
  readonly reporter: readonly string[];
  readonly filter?: string;
  readonly cache: boolean;
  readonly verbose: boolean;
}

interface Target {
  readonly name: ReporterName;
  /** Undefined: standard output. */
  readonly file: string | undefined;
}

const EXAMPLES = `
Examples:
  plan-guard check                               the suites of this directory
  plan-guard check db/plan-guard.yaml            one suite
  plan-guard check --filter profile              cases whose query, statement or scenario holds "profile"
  plan-guard check --reporter pretty --reporter json=plans.json
  plan-guard check --reporter json | jq .verdict

Without a suite, plan-guard.yaml of the working directory is used, or the suites that package.json names under
"plan-guard". Under GitHub Actions the reporters are pretty and github by default.

Environment: PLAN_GUARD_CACHE (cache folder), NO_COLOR, FORCE_COLOR, COLUMNS.
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
      [],
    )
    .option('-f, --filter <text>', 'only cases whose query, statement or scenario holds the text')
    .option('--no-cache', 'prepare everything anew and keep nothing')
    .option('-v, --verbose', 'every case, and whole plans', false)
    .addHelpText('after', EXAMPLES)
    .action(async (suites: string[], flags: Flags) => done(await checkAction(process, version, suites, flags)));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function checkAction(
  process: Process,
  version: string,
  suites: readonly string[],
  flags: Flags,
): Promise<number> {
  const { stdout, stderr, env } = process;
  const targets = readTargets(flags.reporter, env.GITHUB_ACTIONS === 'true');
  const started = performance.now();
  const progress = new Progress(stderr, {
    shown: stderr.isTTY === true && env.CI === undefined,
    unicode: takesUnicode(env),
  });
  let report: Report;
  try {
    const { check } = await import('../guard/check.js');
    report = await check({
      suites,
      cwd: process.cwd(),
      cache: flags.cache,
      ...(flags.filter === undefined ? {} : { filter: flags.filter }),
      onProgress: (message) => progress.update(message),
      onOutput: (text) => {
        progress.end();
        stderr.write(text);
      },
    });
  } finally {
    progress.end();
  }
  const context: ReportContext = {
    color: takesColor(stdout, env),
    width: widthOf(stdout, env),
    unicode: takesUnicode(env),
    cwd: process.cwd(),
    version,
    verbose: flags.verbose,
    durationMs: performance.now() - started,
    readSource,
    ...(env.GITHUB_WORKSPACE === undefined ? {} : { repository: env.GITHUB_WORKSPACE }),
  };
  for (const { name, file } of targets) {
    const render = reporters[name];
    if (file === undefined) stdout.write(render(report, context));
    else writeAtomically(resolve(process.cwd(), file), render(report, { ...context, color: false }));
    if (name === 'github' && env.GITHUB_STEP_SUMMARY)
      appendFileSync(env.GITHUB_STEP_SUMMARY, stepSummary(report, context));
  }
  return report.verdict === 'pass' ? EXIT.clean : EXIT.findings;
}

function readTargets(given: readonly string[], underGitHub: boolean): readonly Target[] {
  const names = Object.keys(reporters) as ReporterName[];
  if (given.length === 0)
    return (underGitHub ? ['pretty', 'github'] : ['pretty']).map((name) => ({
      name: name as ReporterName,
      file: undefined,
    }));
  const targets = given.map((text) => {
    const [name = '', ...rest] = text.split('=');
    const file = rest.length === 0 ? undefined : rest.join('=');
    if (!names.includes(name as ReporterName)) {
      throw new PlanGuardError('usage', `There is no reporter "${name}".`, { hint: `There are ${names.join(', ')}.` });
    }
    if (file === '') {
      throw new PlanGuardError('usage', `--reporter ${text} names no file.`, {
        hint: `Write --reporter ${name}=FILE, or --reporter ${name} for standard output.`,
      });
    }
    return { name: name as ReporterName, file };
  });
  const shown = targets.filter(({ file }) => file === undefined);
  if (shown.length > 1 && shown.some(({ name }) => name === 'json')) {
    throw new PlanGuardError('usage', 'The json reporter must have standard output to itself.', {
      hint: 'Give one of the reporters a file: --reporter json=plans.json.',
    });
  }
  return targets;
}

function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** A reader of the file sees the old text or the new one, never a part. */
function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new PlanGuardError('file', `The report cannot be written: ${(error as Error).message}`, {
      where: { file },
      hint: 'Name a file in a folder that exists and can be written.',
      cause: error,
    });
  }
}
