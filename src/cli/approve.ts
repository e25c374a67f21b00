import { Chalk } from 'chalk';
import { Command } from 'commander';
import type { ApprovedSuite, ApproveReport } from '../guard/approve.js';
import type { Approval } from '../guard/approve-suite.js';
import { shownPath } from '../report/context.js';
import { inline } from '../report/escape.js';
import { count, wrap } from '../report/text.js';
import { EXIT } from './exit-codes.js';
import { withProgress } from './progress.js';
import { redactKey, writeOutput } from './stats-files.js';
import { type Process, takesColor, takesUnicode, widthOf } from './terminal.js';

interface Flags {
  readonly filter?: string;
  readonly reason?: string;
  readonly databaseUrl?: string;
  readonly redactKeyFile?: string;
  readonly dryRun?: true;
  readonly cache: boolean;
}

const EXAMPLES = `
A file for each query is written to the suite's folder of plans: its key "plans", else the folder plans beside
plan-guard.yaml, or plans/NAME beside NAME.yaml. Review the files and commit them; from then on plan-guard check tells of
every plan that is not the approved one.
With a filter, cases that it leaves out keep what was approved for them. Files that were written by hand or that hold a
merge conflict are written anew from the plans of now. Approving a plan does not silence a rule that it breaks.

Examples:
  plan-guard approve                                   all plans of the suites of this directory
  plan-guard approve --filter profile --reason "index on owner_id dropped, #412"
  plan-guard approve --dry-run                         what would be approved

Exit codes: 0 done, 2 could not run.`;

export function approveCommand(process: Process, done: (exitCode: number) => void): Command {
  return new Command('approve')
    .summary('write the plans of now as the approved ones')
    .description('Plans the queries of a suite and writes their plans as the approved ones, which check compares with.')
    .argument('[suite...]', 'suite files')
    .option('-f, --filter <text>', 'only cases whose query, statement or scenario holds the text')
    .option('--reason <text>', 'why, for the files: one line')
    .option('-n, --dry-run', 'tell what would be approved, and write nothing')
    .option('-d, --database-url <url>', 'the database that plans, for suites of the engine url')
    .option('--redact-key-file <file>', 'file with the key that the statistics were redacted with')
    .option('--no-cache', 'prepare everything anew and keep nothing')
    .addHelpText('after', EXAMPLES)
    .action(async (suites: string[], flags: Flags) => done(await approveAction(process, suites, flags)));
}

async function approveAction(process: Process, suites: readonly string[], flags: Flags): Promise<number> {
  const { stdout, env } = process;
  const cwd = process.cwd();
  const secret = redactKey(process, flags.redactKeyFile);
  const { approve } = await import('../guard/approve.js');
  const report = await withProgress(process, (told) =>
    approve({
      suites,
      cwd,
      cache: flags.cache,
      dryRun: flags.dryRun ?? false,
      ...(flags.filter === undefined ? {} : { filter: flags.filter }),
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
      ...(flags.databaseUrl === undefined ? {} : { databaseUrl: flags.databaseUrl }),
      ...(secret === undefined ? {} : { redactKey: secret }),
      ...told,
    }),
  );
  const page = { width: widthOf(stdout, env), color: takesColor(stdout, env), unicode: takesUnicode(env), cwd };
  await writeOutput(process, undefined, formatApproval(report, page));
  return EXIT.clean;
}

interface Page {
  readonly width: number;
  readonly color: boolean;
  readonly unicode: boolean;
  readonly cwd: string;
}

const SIGNS: Readonly<Record<Approval['kind'], string>> = { new: '+', changed: '~', numbers: '~', removed: '-' };
/** Changes and files that are listed of each suite. */
const SHOWN = 30;

function formatApproval({ suites, dryRun }: ApproveReport, { width, color, unicode, cwd }: Page): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const lines: string[] = [];
  const prose = (lead: string, text: string, style: (text: string) => string = (same) => same) => {
    wrap(text, width - lead.length).forEach((part, index) => {
      lines.push(`${style(index === 0 ? lead : ' '.repeat(lead.length))}${style(part)}`.trimEnd());
    });
  };
  for (const suite of suites) {
    if (lines.length > 0) lines.push('');
    prose('', `${inline(suite.name)}: ${count(suite.cases, 'plan')}, ${inline(suite.engine)}`, chalk.bold);
    for (const approval of suite.approvals.slice(0, SHOWN))
      prose(`  ${SIGNS[approval.kind]} `, approvalWords(approval));
    const more = suite.approvals.length - SHOWN;
    if (more > 0) prose('  ', `and ${count(more, 'more change')}: git diff shows them all`, chalk.dim);
    for (const remark of remarks(suite)) prose('  ! ', remark, chalk.yellow);
    const folder = shownPath(suite.folder, cwd);
    for (const [names, what] of [
      [suite.written, dryRun ? 'would be written' : 'written'],
      [suite.removed, dryRun ? 'would be removed' : 'removed'],
    ] as const) {
      for (const name of names.slice(0, SHOWN)) lines.push(`  ${chalk.cyan(inline(`${folder}/${name}`))} ${what}`);
      if (names.length > SHOWN) prose('  ', `and ${count(names.length - SHOWN, 'more file')} ${what}`, chalk.dim);
    }
    if (suite.written.length + suite.removed.length === 0) prose('  ', `${inline(folder)}: nothing changes`, chalk.dim);
  }
  const changed = suites.reduce((sum, { written, removed }) => sum + written.length + removed.length, 0);
  const kept = suites.reduce((sum, { unchanged }) => sum + unchanged.length, 0);
  const mark = unicode ? '✓' : '+';
  const head = dryRun ? `${mark} dry run: ` : `${mark} approved: `;
  const next = changed === 0 ? '' : dryRun ? '; nothing was written' : '; review and commit them';
  lines.push('');
  prose(head, `${count(changed, 'file')} changed, ${kept} unchanged${next}`, chalk.green.bold);
  return `${lines.join('\n')}\n`;
}

function approvalWords({ query, kind, message, cases }: Approval): string {
  const plans = count(cases, 'plan');
  if (kind === 'new') return `${inline(query)}: ${count(cases, 'new plan')}`;
  if (kind === 'removed') return `${inline(query)}: ${plans} not planned any more`;
  return `${inline(query)}, ${plans}: ${inline(message)}`;
}

function remarks({ tied, failing, unverified, rewritten, removed }: ApprovedSuite): string[] {
  return [
    ...(tied === undefined
      ? [
          'The order of indexes of an existing database cannot be turned round: plans of the same cost are not looked for.',
        ]
      : []),
    ...(tied === undefined || tied === 0
      ? []
      : [`${count(tied, 'plan')} ${tied === 1 ? 'has' : 'have'} another of the same cost: both are approved.`]),
    ...rewritten.map((name) => {
      const what = removed.includes(name) ? 'no query has its name: it is removed' : 'it is written anew';
      return `${inline(name)} was written by hand or could not be read: ${what}.`;
    }),
    ...(failing === 0
      ? []
      : [`${count(failing, 'plan')} ${failing === 1 ? 'breaks' : 'break'} a rule; check goes on to say so.`]),
    ...(unverified === 0 ? [] : [`${count(unverified, 'plan')} could not be judged; check tells why.`]),
  ];
}
