import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { PlanGuardError } from '../errors.js';
import { approveCommand } from './approve.js';
import { checkCommand } from './check.js';
import { diffCommand } from './diff.js';
import { expectedErrors, formatAnnotation, formatBug, formatError } from './errors.js';
import { EXIT } from './exit-codes.js';
import { explainCommand } from './explain.js';
import { statsCommand } from './stats.js';
import { clearLine, type Process, print, takesColor, widthOf } from './terminal.js';

/**
 * Runs the command line of `process` and gives the exit code.
 * @throws never: what fails is printed
 */
export async function run(process: Process): Promise<number> {
  const version = readVersion();
  // What cannot be written is told by the write itself; a stream without a listener would end the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      clearLine(process.stderr);
      report(interrupted(signal), process, version);
      process.exit(EXIT.couldNotRun);
    });
  }
  let code: number = EXIT.clean;
  const program = new Command('plan-guard')
    .description('Stops a PostgreSQL query plan from getting worse unnoticed.')
    .usage('<command> [options]')
    .version(version)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addCommand(
      checkCommand(process, version, (result) => {
        code = result;
      }),
    )
    .addCommand(
      diffCommand(process, version, (result) => {
        code = result;
      }),
    )
    .addCommand(
      approveCommand(process, (result) => {
        code = result;
      }),
    )
    .addCommand(
      explainCommand(process, version, (result) => {
        code = result;
      }),
    )
    .addCommand(
      statsCommand(process, (result) => {
        code = result;
      }),
    )
    .addHelpText(
      'after',
      `
Examples:
  plan-guard check            plan the queries of this directory's suite and judge the plans
  plan-guard approve          write the plans of now as the approved ones
  plan-guard diff main..HEAD  what changed between two revisions, and why
  plan-guard explain profile  the plans of one query
  plan-guard check --help     every option of a command

Exit codes: 0 clean, 1 findings or something that could not be judged, 2 could not run.`,
    );
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync(process.argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.clean;
    report(
      error instanceof CommanderError ? usageError(error, commandOf(program, process.argv.slice(2))) : error,
      process,
      version,
    );
    return EXIT.couldNotRun;
  }
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function interrupted(signal: string): PlanGuardError {
  return new PlanGuardError('interrupted', `Interrupted by ${signal}; nothing is left behind.`, {
    hint: 'Run it again.',
  });
}

/** The command that the arguments ask for, as it is called: `plan-guard stats pull`. */
function commandOf(program: Command, words: readonly string[]): string {
  const names = [program.name()];
  let command: Command | undefined = program;
  for (const word of words) {
    command = command.commands.find((one) => one.name() === word);
    if (command === undefined) break;
    names.push(word);
  }
  return names.join(' ');
}

/** Commander's errors in our words: `error: unknown option '--filtr'\n(Did you mean --filter?)`. */
function usageError({ code, message }: CommanderError, command: string): PlanGuardError {
  const hint = `${command} --help shows what it takes.`;
  if (code === 'commander.help') {
    const next = command === 'plan-guard' ? 'Run plan-guard check, or plan-guard --help.' : `Run ${command} --help.`;
    return new PlanGuardError('usage', 'No command is given.', { hint: next });
  }
  const [what = '', guess] = message.replace(/^error: /, '').split('\n');
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1).replace(/\.$/, '')}.`;
  return new PlanGuardError('usage', sentence, {
    hint: guess === undefined ? hint : guess.replace(/^\((.*)\)$/, '$1'),
  });
}

function report(error: unknown, { stderr, env, cwd }: Process, version: string): void {
  const errors = expectedErrors(error);
  if (errors === undefined) {
    print(stderr, formatBug(error, version));
    return;
  }
  for (const one of errors) {
    const width = stderr.isTTY && stderr.columns > 0 ? widthOf(stderr, env) : undefined;
    print(stderr, formatError(one, { color: takesColor(stderr, env), cwd: cwd(), width }));
    // GitHub Actions reads commands from both streams, and standard output belongs to the report.
    if (env.GITHUB_ACTIONS === 'true') print(stderr, formatAnnotation(one, env.GITHUB_WORKSPACE ?? cwd()));
  }
}
