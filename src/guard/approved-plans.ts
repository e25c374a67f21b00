import { caseId } from '../baseline/arrange.js';
import { compareCase } from '../baseline/compare.js';
import { readBaselines } from '../baseline/folder.js';
import type { BaselineFile, BaselineInputs, CaseKey, PlannedNow } from '../baseline/model.js';
import { renumbered } from '../baseline/renumber.js';
import { shapeLines } from '../baseline/shape.js';
import type { Catalog, Plan } from '../plan/model.js';
import type { CaseReport, Notice, PlanChange } from '../report/model.js';
import type { Severity, Suite } from '../suite/model.js';
import { accessesOfApproved } from './approved-accesses.js';
import { changeWords, dearerWords } from './change-words.js';
import { parameterForms } from './parameter-forms.js';
import { inputsOf } from './plan-inputs.js';
import { isWhole, type PlannedSet, type SuiteStatements } from './plan-suite.js';
import { some } from './some.js';

export interface ApprovedPlansOptions {
  /** Whether a case without an approved plan fails where the suite does not say. */
  readonly ci: boolean;
  readonly filter: string | undefined;
}

/** The approved plans of a suite, which its cases are compared with. */
export class ApprovedPlans {
  readonly #suite: Suite;
  readonly #ci: boolean;
  readonly #filter: string | undefined;
  readonly #baselines: Map<string, BaselineFile>;
  /** Approved cases that are planned now, by query. */
  readonly #used = new Map<string, Set<string>>();
  /** Queries whose plans were approved on another major version. */
  readonly #otherMajor = new Set<string>();
  #server = '';
  #approved = 0;

  private constructor(suite: Suite, { ci, filter }: ApprovedPlansOptions, baselines: Map<string, BaselineFile>) {
    this.#suite = suite;
    this.#ci = ci;
    this.#filter = filter;
    this.#baselines = baselines;
  }

  /**
   * Reads them.
   * @throws {PlanGuardError | PlanGuardErrors} `baseline`, `file` for files that cannot be read, such as one with the marks
   *   of a merge conflict
   */
  static async read(suite: Suite, options: ApprovedPlansOptions): Promise<ApprovedPlans> {
    return new ApprovedPlans(suite, options, await readBaselines(suite.plans.folder));
  }

  /** How many cases have the plan that was approved for them. */
  get approved(): number {
    return this.#approved;
  }

  /** The cases that were planned with one statistics set, each with what it is against its approved plan. */
  async compare(
    planned: PlannedSet,
    reports: readonly CaseReport[],
    sets: SuiteStatements['sets'],
  ): Promise<CaseReport[]> {
    const { server, cases } = planned;
    this.#server = server.name;
    const inputs = inputsOf(this.#suite, sets, server.version);
    const plans = await parameterForms(server, cases);
    this.#renumber(reports, plans);
    const compared: CaseReport[] = [];
    for (const [index, report] of reports.entries()) {
      const change = await this.#changeOf(report, plans[index] as Plan, inputs, server.catalog);
      compared.push({ ...report, change });
    }
    return compared;
  }

  /** Statements without a name are found again by their plans, where all of a query's are planned. */
  #renumber(reports: readonly CaseReport[], plans: readonly Plan[]): void {
    const now = new Map<string, PlannedNow[]>();
    for (const [index, { query, statement, scenario, statistics, mode }] of reports.entries()) {
      if (!isWhole(query, this.#filter)) continue;
      const one = { statement, scenario, statistics, mode, plan: plans[index] as Plan };
      now.set(query, [...(now.get(query) ?? []), one]);
    }
    for (const [query, cases] of now) {
      const baseline = this.#baselines.get(query);
      if (baseline !== undefined) this.#baselines.set(query, renumbered(baseline, cases));
    }
  }

  async #changeOf(
    report: CaseReport,
    plan: Plan,
    inputs: BaselineInputs,
    catalog: Catalog,
  ): Promise<PlanChange | undefined> {
    const { query, statement, scenario, statistics, mode } = report;
    const key = { statement, scenario, statistics, mode };
    this.#use(query, key);
    const baseline = this.#baselines.get(query);
    if (baseline !== undefined && baseline.inputs.major !== inputs.major) {
      this.#otherMajor.add(query);
      return undefined;
    }
    const { plans } = this.#suite;
    const verdict = compareCase(baseline, { ...key, plan }, { dearer: plans.dearerFactor });
    const only = `--filter ${quoted(query)}`;
    const at = (line: number) => ({ file: baseline?.file ?? '', line, column: 1, waiver: undefined });
    switch (verdict.kind) {
      case 'approved':
        this.#approved += 1;
        return undefined;
      case 'missing': {
        const { file, line, column } = report.sql;
        const message = 'No plan is approved for it yet.';
        const next = `Approve it with plan-guard approve ${only}, and commit the file.`;
        return { kind: 'missing', severity: this.#missing, message, next, file, line, column, waiver: undefined };
      }
      case 'dearer': {
        const { before, now, line } = verdict;
        const message = dearerWords(before, now) + otherInputs(baseline, inputs, statistics);
        const next = `See both with plan-guard diff ${only}; mend it, or approve it: plan-guard approve ${only}.`;
        return { kind: 'dearer', severity: plans.dearer, message, next, ...at(line), before, now };
      }
      case 'changed': {
        const { approved, line } = verdict;
        const shape = nearest(approved.shapes, plan);
        const { diffPlans } = await import('../diff/diff.js');
        const { trustedFunctions } = this.#suite;
        const read = (one: Plan) => ({ plan: one, accesses: accessesOfApproved(one, catalog, trustedFunctions) });
        const message = changeWords(diffPlans(read(shape), read(plan))) + otherInputs(baseline, inputs, statistics);
        const next = `See both with plan-guard diff ${only}; mend it, or approve it: plan-guard approve ${only}.`;
        return { kind: 'changed', severity: plans.changed, message, next, ...at(line), approved: shapeLines(shape) };
      }
    }
  }

  /**
   * What is to be said of the files themselves.
   * @param statements what was planned; a filter hides what is not used
   */
  notices({ queries }: SuiteStatements): Notice[] {
    const filtered = this.#filter !== undefined;
    const files = [...this.#baselines.values()];
    return [
      ...this.#majors(),
      ...files.filter(({ intact }) => !intact).map((file) => this.#edited(file)),
      ...(filtered ? [] : this.#unused(files, queries)),
    ];
  }

  get #missing(): Severity {
    return this.#suite.plans.missing ?? (this.#ci ? 'fail' : 'warn');
  }

  #use(query: string, key: CaseKey): void {
    const used = this.#used.get(query) ?? new Set();
    this.#used.set(query, used.add(caseId(key)));
  }

  #majors(): Notice[] {
    const [query] = this.#otherMajor;
    if (query === undefined) return [];
    const majors = [...new Set([...this.#otherMajor].map((name) => this.#baselines.get(name)?.inputs.major))];
    const message = `The plans were approved on PostgreSQL ${majors.sort().join(' and ')}, and ${this.#server} plans now: the plans of ${counted(this.#otherMajor.size, 'query', 'queries')} are not compared with them.`;
    const next =
      'Plan with the version that they were approved on, or approve the plans of this one: plan-guard approve.';
    return [{ ...this.#at(this.#baselines.get(query)), kind: 'unverified-plans', level: 'unverified', message, next }];
  }

  #edited(file: BaselineFile): Notice {
    const message = `The approved plans of ${file.query} were written by hand: nobody approved what stands there.`;
    const next = `Write them from the plans of now: plan-guard approve --filter ${quoted(file.query)}.`;
    const level = levelOf(this.#suite.plans.edited);
    return { ...this.#at(file, file.edits[0]), kind: 'edited-plans', level, message, next };
  }

  /** Approved plans of queries that are gone, and approved cases of the others that are. */
  #unused(files: readonly BaselineFile[], queries: readonly string[]): Notice[] {
    const level = levelOf(this.#suite.plans.unused ?? (this.#ci ? 'fail' : 'warn'));
    const told = { kind: 'unused-plan', level, next: 'Remove what is not used: plan-guard approve.' } as const;
    const gone = files.filter(({ query }) => !queries.includes(query));
    const stale = files
      .filter(({ query }) => queries.includes(query))
      .map((file) => ({ file, cases: this.#unusedCases(file) }))
      .filter(({ cases }) => cases.length > 0);
    const [[first], [query]] = [stale, gone];
    const notices: Notice[] = [];
    if (query !== undefined) {
      const names = some(gone.map((file) => file.query));
      const message = `No query is called ${names}: ${gone.length === 1 ? 'its' : 'their'} approved plans are not used.`;
      notices.push({ ...this.#at(query), ...told, message });
    }
    if (first !== undefined) {
      const { file, cases } = first;
      const count = counted(
        stale.reduce((sum, each) => sum + each.cases.length, 0),
        'approved case',
      );
      const names = [...new Set(cases.map(({ one }) => nameOf(one, file.query)))];
      const staleQueries = stale.map((each) => each.file.query);
      const message =
        stale.length === 1
          ? `${file.query} has ${count} that nothing plans any more: ${some(names, 3, '; ')}.`
          : `${stale.length} queries have ${count} that nothing plans any more: ${some(staleQueries)}.`;
      notices.push({ ...this.#at(file, cases[0]?.line), ...told, message });
    }
    return notices;
  }

  #unusedCases(file: BaselineFile): { one: CaseKey; line: number | undefined }[] {
    const used = this.#used.get(file.query);
    return file.plans.flatMap(({ cases }, index) =>
      cases.filter((one) => !used?.has(caseId(one))).map((one) => ({ one, line: file.lines[index] })),
    );
  }

  #at(baseline: BaselineFile | undefined, line = 1): Pick<Notice, 'suite' | 'file' | 'line' | 'column'> {
    return { suite: this.#suite.name, file: baseline?.file ?? this.#suite.plans.folder, line, column: 1 };
  }
}

const levelOf = (severity: Severity) => (severity === 'fail' ? 'fail' : 'warning');
const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** `statement 2, label, incident-day, custom`; a statement with a name of its own is the query. */
function nameOf({ statement, scenario, statistics, mode }: CaseKey, query: string): string {
  return [statement === query ? '' : `statement ${statement}`, scenario, statistics, mode].filter(Boolean).join(', ');
}

/** A text as a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The approved shape that has the most lines of the plan. */
function nearest(shapes: readonly Plan[], plan: Plan): Plan {
  const lines = new Set(shapeLines(plan));
  const shared = (shape: Plan) => shapeLines(shape).filter((line) => lines.has(line)).length;
  return shapes.reduce((best, shape) => (shared(shape) > shared(best) ? shape : best));
}

/** What a plan was approved with, where that is not what it is planned with now. */
function otherInputs(baseline: BaselineFile | undefined, inputs: BaselineInputs, set: string): string {
  const [before, now] = [baseline?.inputs.statistics[set], inputs.statistics[set]];
  const parts = [
    ...(before === undefined || before === now ? [] : [`other statistics (${set}: ${before} → ${now})`]),
    ...(baseline?.inputs.settings === inputs.settings ? [] : ['other settings']),
  ];
  return parts.length === 0 ? '' : ` It was approved with ${parts.join(' and ')}.`;
}
