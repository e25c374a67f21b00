import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { checkCommand } from './check.js';
import { expectedErrors, formatAnnotation, formatBug, formatError } from './errors.js';
import { EXIT } from './exit-codes.js';
import { type Process, takesColor } from './terminal.js';

/**
 * Runs the command line of `process` and gives the exit code.
 * @throws never: what fails is printed
 */
export async function run(process: Process): Promise<number> {
  const version = readVersion();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      process.stderr.write(`\nerror: interrupted by ${signal}; nothing was left behind\n  next: run it again\n`);
      process.exit(EXIT.couldNotRun);
    });
  }
  let code: number = EXIT.clean;
  const program = new Command('plan-guard')
    .description('Stops a PostgreSQL query plan from getting worse unnoticed.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(plan-guard --help shows what there is)')
    .addCommand(
      checkCommand(process, version, (result) => {
        code = result;
      }),
    )
    .addHelpText('after', '\nExit codes: 0 clean, 1 findings or something that could not be judged, 2 could not run.');
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync(process.argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.clean : EXIT.couldNotRun;
    report(error, process, version);
    return EXIT.couldNotRun;
  }
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function report(error: unknown, { stderr, stdout, env, cwd }: Process, version: string): void {
  const errors = expectedErrors(error);
  if (errors === undefined) {
    stderr.write(formatBug(error, version));
    return;
  }
  for (const one of errors) {
    stderr.write(formatError(one, { color: takesColor(stderr, env), cwd: cwd() }));
    if (env.GITHUB_ACTIONS === 'true') stdout.write(formatAnnotation(one, env.GITHUB_WORKSPACE ?? cwd()));
  }
}
