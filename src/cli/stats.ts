import { Command } from 'commander';
import { diffCommand } from './stats-diff.js';
import { importCommand } from './stats-import.js';
import { pullCommand } from './stats-pull.js';
import { scaleCommand } from './stats-scale.js';
import { showCommand } from './stats-show.js';
import type { Process } from './terminal.js';

const EXAMPLES = `
Examples:
  plan-guard stats pull --database-url postgres://reader@db/app --no-redact -o production.json
  plan-guard stats show production.json
  plan-guard stats diff last-month.json production.json
  plan-guard stats scale --factor 10 production.json -o ten-times.json
  plan-guard stats import dump.sql -o production.json

Name the file under "statistics" in the suite file, and plan-guard check plans with it.
plan-guard stats COMMAND --help tells more of each.`;

export function statsCommand(process: Process, done: (exitCode: number) => void): Command {
  const command = new Command('stats')
    .summary('take, look at and compare the statistics that plans are made with')
    .description('Takes the planner’s statistics of a database into a file, and works with such files.')
    .addHelpText('after', EXAMPLES);
  for (const make of [pullCommand, importCommand, scaleCommand, showCommand, diffCommand]) {
    // What is wrong on the command line is told by whoever runs it.
    command.addCommand(
      make(process, done)
        .exitOverride()
        .configureOutput({ writeErr: () => {} }),
    );
  }
  return command;
}
