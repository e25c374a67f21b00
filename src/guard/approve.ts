import { planWriting, writeBaselines } from '../baseline/folder.js';
import { type Approval, approveSuite, type SuiteApproval } from './approve-suite.js';
import { sharedFolders } from './plans-folder.js';
import {
  aSwitch,
  aText,
  checkOptions,
  nothingMatched,
  type OptionTests,
  RUN_OPTIONS,
  type RunOptions,
  runSuites,
} from './run-suites.js';

export interface ApproveOptions extends RunOptions {
  /** Why the plans are approved, for the files: one line. */
  readonly reason?: string;
  /** Writes nothing; the report tells what would be written. */
  readonly dryRun?: boolean;
}

/** What became of the approved plans of one suite. */
export interface ApprovedSuite {
  readonly name: string;
  /** The suite file. */
  readonly file: string;
  /** Absolute path of the folder of approved plans. */
  readonly folder: string;
  readonly engine: string;
  /** How many cases were planned. */
  readonly cases: number;
  /** How many have another plan of the same cost, which is approved too; undefined: it cannot be found out. */
  readonly tied: number | undefined;
  /** How many break a rule: `check` goes on to say so. */
  readonly failing: number;
  /** How many could not be judged: `check` tells why. */
  readonly unverified: number;
  readonly approvals: readonly Approval[];
  /** Names of files in the folder. */
  readonly written: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
  /** Those that were written by hand, or could not be read. */
  readonly rewritten: readonly string[];
}

export interface ApproveReport {
  readonly dryRun: boolean;
  readonly suites: readonly ApprovedSuite[];
}

const OPTIONS: OptionTests<ApproveOptions> = {
  ...RUN_OPTIONS,
  reason: ['a text of one line', (value) => aText(value) && !/[\r\n]/.test(value as string)],
  dryRun: ['true or false', aSwitch],
};

/**
 * Plans the suites and writes their plans as the approved ones: what `plan-guard approve` does. Nothing is written before
 * everything is planned; each file is replaced at once.
 * @throws {PlanGuardError | PlanGuardErrors} for bad input, an engine that fails and files that cannot be written
 */
export async function approve(options: ApproveOptions = {}): Promise<ApproveReport> {
  checkOptions('approve', options, OPTIONS);
  const { reason, dryRun = false, ...run } = options;
  const { results } = await runSuites(
    run,
    (suite, engine, given) => approveSuite(suite, engine, { ...given, reason }),
    sharedFolders,
  );
  const planned = results.flatMap((one) => ('files' in one ? [one] : []));
  if (planned.length === 0) {
    const queries = results.flatMap((one) => ('queries' in one ? one.queries : []));
    throw nothingMatched(options.filter ?? '', queries);
  }
  const suites: ApprovedSuite[] = [];
  for (const one of planned) suites.push(await write(one, dryRun));
  return { dryRun, suites };
}

async function write({ suite, files, ...rest }: SuiteApproval, dryRun: boolean): Promise<ApprovedSuite> {
  const { folder } = suite.plans;
  const writing = await (dryRun ? planWriting : writeBaselines)(folder, files);
  return { name: suite.name, file: suite.file, folder, ...rest, ...writing };
}
