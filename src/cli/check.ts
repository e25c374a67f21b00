import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { PlanGuardError } from '../errors.js';
import { type ReportContext, type ReporterName, reporters, stepSummary } from '../report/index.js';
import type { Report } from '../report/model.js';
import { didYouMean } from '../suite/nearest.js';
import { EXIT } from './exit-codes.js';
import { redactKey } from './stats-files.js';
import { type Process, Progress, print, takesColor, takesUnicode, widthOf } from './terminal.js';

interface Flags {
  readonly reporter?: readonly string[];
  readonly filter?: string;
  readonly databaseUrl?: string;
  readonly redactKeyFile?: string;
  readonly cache: boolean;
  readonly verbose?: true;
}

interface Target {
  readonly name: ReporterName;
  /** Absolute path; undefined: standard output. */
  readonly file: string | undefined;
}

const EXAMPLES = `
Examples:
  plan-guard check                               the suites of this directory
  plan-guard check db/plan-guard.yaml            one suite
  plan-guard check --filter profile              cases whose query, statement or scenario holds "profile"
  plan-guard check --reporter pretty --reporter json=plans.json
  plan-guard check --reporter json | jq .verdict
  plan-guard check -d postgres://reader@db/app   planned there, where nothing is ever changed

Without a suite, plan-guard.yaml of the working directory is used, or the suites that package.json names under
"plan-guard". Under GitHub Actions the reporters are pretty and github by default.

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
    .option('-d, --database-url <url>', 'plan on this existing database as it is, in place of the suites’ engines')
    .option('--redact-key-file <file>', 'file with the key that the statistics were redacted with')
    .option('--no-cache', 'prepare everything anew and keep nothing')
    .option('-v, --verbose', 'every case, and whole plans')
    .addHelpText('after', EXAMPLES)
    .action(async (suites: string[], flags: Flags) => done(await checkAction(process, version, suites, flags)));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function checkAction(
  process: Process,
  version: string,
  suites: readonly string[],
  flags: Flags,
): Promise<number> {
  const { stdout, stderr, env } = process;
  const cwd = process.cwd();
  const targets = readTargets(flags.reporter ?? [], cwd, env.GITHUB_ACTIONS === 'true');
  const secret = redactKey(process, flags.redactKeyFile);
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
      cwd,
      cache: flags.cache,
      ...(flags.filter === undefined ? {} : { filter: flags.filter }),
      ...(flags.databaseUrl === undefined ? {} : { databaseUrl: flags.databaseUrl }),
      ...(secret === undefined ? {} : { redactKey: secret }),
      onProgress: (message, slow) => progress.update(message, slow),
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
    cwd,
    version,
    verbose: flags.verbose ?? false,
    durationMs: performance.now() - started,
    readSource,
    ...(env.GITHUB_WORKSPACE === undefined ? {} : { repository: env.GITHUB_WORKSPACE }),
  };
  for (const { name, file } of targets) {
    const text = reporters[name](report, file === undefined ? context : { ...context, color: false });
    if (file !== undefined) writeAtomically(file, text);
    else {
      const error = await print(stdout, text);
      if (error !== undefined) throw cutShort(error);
    }
  }
  if (env.GITHUB_STEP_SUMMARY && targets.some(({ name }) => name === 'github'))
    appendSummary(env.GITHUB_STEP_SUMMARY, stepSummary(report, context));
  return report.verdict === 'pass' ? EXIT.clean : EXIT.findings;
}

/** @throws {PlanGuardError} `usage` or `file`, before anything is planned */
function readTargets(given: readonly string[], cwd: string, underGitHub: boolean): readonly Target[] {
  if (given.length === 0) {
    const names: readonly ReporterName[] = underGitHub ? ['pretty', 'github'] : ['pretty'];
    return names.map((name) => ({ name, file: undefined }));
  }
  const targets = given.map((text) => readTarget(text, cwd));
  const shown = targets.filter(({ file }) => file === undefined);
  if (shown.length > 1 && shown.some(({ name }) => name === 'json')) {
    throw new PlanGuardError('usage', 'The json reporter must have standard output to itself.', {
      hint: 'Give one of the reporters a file: --reporter json=plans.json.',
    });
  }
  for (const [index, { name, file }] of targets.entries()) {
    const first = targets.findIndex((target) => target.file === file && (file !== undefined || target.name === name));
    if (first === index) continue;
    throw new PlanGuardError('usage', `--reporter ${given[first]} and --reporter ${given[index]} write to one place.`, {
      hint: 'Leave one of them out, or name another file.',
    });
  }
  return targets;
}

function readTarget(text: string, cwd: string): Target {
  const names = Object.keys(reporters) as ReporterName[];
  const end = text.indexOf('=');
  const written = end === -1 ? text : text.slice(0, end);
  const name = names.find((one) => one === written);
  if (name === undefined) {
    throw new PlanGuardError('usage', `There is no reporter "${written}".`, { hint: didYouMean(written, names) });
  }
  if (end === -1) return { name, file: undefined };
  const path = text.slice(end + 1);
  if (path === '') {
    throw new PlanGuardError('usage', `--reporter ${text} names no file.`, {
      hint: `Write --reporter ${name}=FILE, or --reporter ${name} for standard output.`,
    });
  }
  const file = resolve(cwd, path);
  refuseUnwritable(file);
  return { name, file };
}

/** A person should not wait for a report that has nowhere to go. */
function refuseUnwritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
    if (existsSync(file) && statSync(file).isDirectory()) throw new Error('it is a folder');
  } catch (error) {
    throw unwritable(file, error as Error);
  }
}

function cutShort(error: Error): PlanGuardError {
  return new PlanGuardError('file', `Standard output takes no more of the report: ${error.message}`, {
    hint: 'Make room, or write the report elsewhere: --reporter NAME=FILE.',
    cause: error,
  });
}

function unwritable(file: string, error: Error): PlanGuardError {
  return new PlanGuardError('file', `The report cannot be written: ${error.message}`, {
    where: { file },
    hint: 'Name a file in a folder that exists and can be written.',
    cause: error,
  });
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
    throw unwritable(file, error as Error);
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
