import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PlanGuardError, PlanGuardErrors, throwAll } from '../errors.js';
import type { Catalog } from '../plan/model.js';
import { belongsTo, resolveTable } from '../plan/names.js';
import type { PlanningServer } from '../postgres/model.js';
import { openReplica, type ReplicaSource } from '../postgres/replica.js';
import { extensionsIn, readScripts } from '../postgres/scripts.js';
import { SeededDatabase } from '../postgres/seeded.js';
import { DirectoryStore } from '../postgres/store.js';
import { Recorder } from '../recording/recorder.js';
import type { CaseReport, KnownBadReport, Notice, Report, SuiteReport } from '../report/model.js';
import { parseStatistics } from '../statistics/read.js';
import { discoverSuites } from '../suite/discover.js';
import { loadSuite } from '../suite/load.js';
import type {
  KnownBadEntry,
  ModuleSource,
  NamedFile,
  QueryEntry,
  RuleSettings,
  Suite,
  TableName,
} from '../suite/model.js';
import { expandScenarios } from '../suite/scenarios.js';
import { judgeCases } from './judge.js';
import { planStatements } from './plan-statements.js';
import { type GuardedStatement, statementsOfFile, statementsOfModule } from './statements.js';
import { summarize } from './summarize.js';

export interface CheckOptions {
  /** Suite files; without any they are looked for in `cwd`, as the command does. */
  readonly suites?: readonly string[];
  /** Default: the process's working directory. */
  readonly cwd?: string;
  /** Judges only cases whose query, statement or scenario holds this text. Known-bad queries always run. */
  readonly filter?: string;
  /** false: nothing is kept between runs. Default: true. */
  readonly cache?: boolean;
  /** Told what is going on, for a progress line. */
  readonly onProgress?: (message: string) => void;
  /** Told what a query module prints. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Plans the queries of the suites on their planning replicas and judges the plans: what `plan-guard check` does.
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function check(options: CheckOptions = {}): Promise<Report> {
  const cwd = options.cwd ?? process.cwd();
  const files = options.suites?.length ? options.suites.map((file) => resolve(cwd, file)) : await discoverSuites(cwd);
  const suites = await loadAll(files);
  const notices: Notice[] = [];
  const store = DirectoryStore.open(options.cache ?? true, (message) => {
    const [file = ''] = files;
    const next = 'Set PLAN_GUARD_CACHE to a folder that can be written.';
    notices.push({ suite: '', level: 'warning', message, next, file, line: 1, column: 1 });
  });
  const checked: CheckedSuite[] = [];
  for (const suite of suites) checked.push(await checkSuite(suite, store, options));
  if (checked.every(({ cases }) => cases.length === 0)) throw nothingToCheck(options, files);
  return summarize(checked, notices);
}

export interface CheckedSuite {
  readonly suite: Suite;
  readonly report: SuiteReport;
  readonly cases: readonly CaseReport[];
  readonly knownBad: readonly KnownBadReport[];
  readonly notices: readonly Notice[];
}

async function loadAll(files: readonly string[]): Promise<Suite[]> {
  const suites: Suite[] = [];
  const errors: PlanGuardError[] = [];
  for (const file of files) {
    try {
      suites.push(await loadSuite(file));
    } catch (error) {
      if (error instanceof PlanGuardErrors) errors.push(...error.errors);
      else if (error instanceof PlanGuardError) errors.push(error);
      else throw error;
    }
  }
  throwAll(errors);
  return suites;
}

function nothingToCheck({ filter }: CheckOptions, files: readonly string[]): PlanGuardError {
  const [file] = files;
  return filter === undefined
    ? new PlanGuardError('nothing-to-check', 'No query matched: there is nothing to check.', {
        where: { ...(file === undefined ? {} : { file }) },
        hint: 'List queries in the suite file.',
      })
    : new PlanGuardError('nothing-to-check', `No query, statement or scenario holds "${filter}".`, {
        hint: 'Take --filter away to see all of them with --verbose.',
      });
}

async function checkSuite(suite: Suite, store: DirectoryStore, options: CheckOptions): Promise<CheckedSuite> {
  const progress = options.onProgress ?? (() => {});
  const schema = await readScripts(suite.schema, 'schema');
  const source: Omit<ReplicaSource, 'statistics'> = {
    schema,
    cluster: {
      locale: suite.postgres.locale,
      extensions: [...new Set([...suite.postgres.extensions, ...extensionsIn(schema)])],
    },
    session: { settings: suite.postgres.settings, role: suite.postgres.role },
  };
  const statements = await collectStatements(suite, source, store, options);
  const queries = statements.filter(({ entry }) => !isKnownBad(entry));
  const selected = applyFilter(queries, options.filter);
  const bad = statements.filter(({ entry }) => isKnownBad(entry));
  const sets: readonly (NamedFile | undefined)[] = suite.statistics.length > 0 ? suite.statistics : [undefined];
  const cases: CaseReport[] = [];
  const knownBad: KnownBadReport[] = [];
  const notices: Notice[] = [];
  const coverage: SuiteReport['coverage'][number][] = [];
  let engine = '';
  if (selected.length > 0) {
    for (const set of sets) {
      const name = set?.name ?? 'none';
      progress(`${suite.name}: preparing the replica (${name})`);
      const statistics = set === undefined ? undefined : await readStatisticsText(set);
      const server = await openReplica(store, { ...source, statistics });
      await withServer(server, async () => {
        engine = server.name;
        checkNames(suite, server.catalog);
        let count = 0;
        const counted = (planned: number) => {
          count += planned;
          progress(`${suite.name}: ${count} plans (${name})`);
        };
        const judging = { suite, statistics: name };
        const judged = await judgeCases(server, await planStatements(server, selected, counted), judging);
        const badCases = await judgeCases(server, await planStatements(server, bad, counted), judging);
        cases.push(...judged);
        knownBad.push(...judgeKnownBad(suite, name, bad, badCases));
        coverage.push(...coverageOf(suite, name, server.catalog, judged));
        notices.push(...server.remarks.map((message) => remark(suite, message, set)));
      });
    }
    if (options.filter === undefined) notices.push(...suiteNotices(suite, coverage));
  }
  const report: SuiteReport = {
    name: suite.name,
    file: suite.file,
    engine,
    unverified: suite.unverified,
    statistics: sets.map((set) => set?.name ?? 'none'),
    scenarios: new Set(cases.map(({ scenario }) => scenario)).size,
    queries: new Set(selected.map(({ query }) => query)).size,
    statements: selected.length,
    coverage,
  };
  return { suite, report, cases, knownBad, notices };
}

const isKnownBad = (entry: QueryEntry | KnownBadEntry): entry is KnownBadEntry => 'mustFail' in entry;

async function withServer(server: PlanningServer, work: () => Promise<void>): Promise<void> {
  let reuse = false;
  try {
    await work();
    reuse = true;
  } catch (error) {
    // Bad input leaves the replica as it was; anything else may not have.
    reuse = error instanceof PlanGuardError || error instanceof PlanGuardErrors;
    throw error;
  } finally {
    await server.close({ reuse });
  }
}

async function readStatisticsText(set: NamedFile): Promise<NonNullable<ReplicaSource['statistics']>> {
  try {
    const text = await readFile(set.file, 'utf8');
    return { file: set.file, text, parse: () => parseStatistics(text, set.file) };
  } catch (error) {
    throw new PlanGuardError('file', `The statistics file cannot be read: ${(error as Error).message}`, {
      where: set.where,
      hint: `Correct the path of "${set.name}" under "statistics".`,
      cause: error,
    });
  }
}

/** Reads the SQL files, and records what the modules send on the seeded rows. */
async function collectStatements(
  suite: Suite,
  source: Omit<ReplicaSource, 'statistics'>,
  store: DirectoryStore,
  options: CheckOptions,
): Promise<GuardedStatement[]> {
  const errors: PlanGuardError[] = [];
  const statements: GuardedStatement[][] = [];
  const modules = new ModuleStatements(suite, source, store, options);
  try {
    for (const entry of [...suite.queries, ...suite.knownBad]) {
      try {
        statements.push(
          entry.source.kind === 'file' ? await statementsOfFile(entry, suite) : await modules.of(entry, entry.source),
        );
      } catch (error) {
        errors.push(...inputErrors(error));
      }
    }
  } finally {
    await modules.close();
  }
  throwAll([...errors, ...duplicateNames(statements)]);
  return statements.flat();
}

/** What is wrong with the input goes on being collected; anything else is thrown again. */
function inputErrors(error: unknown): readonly PlanGuardError[] {
  if (error instanceof PlanGuardErrors) return error.errors;
  if (error instanceof PlanGuardError && !['engine', 'schema', 'seed', 'suite'].includes(error.code)) return [error];
  throw error;
}

/** Runs the functions of a suite's modules; the seeded rows and the thread are made for the first one. */
class ModuleStatements {
  readonly #suite: Suite;
  readonly #open: () => Promise<SeededDatabase>;
  readonly #onOutput: (text: string) => void;
  #seeded: SeededDatabase | undefined;
  #recorder: Recorder | undefined;

  constructor(suite: Suite, source: Omit<ReplicaSource, 'statistics'>, store: DirectoryStore, options: CheckOptions) {
    this.#suite = suite;
    this.#onOutput = options.onOutput ?? (() => {});
    this.#open = async () => {
      options.onProgress?.(`${suite.name}: preparing the seeded rows`);
      return SeededDatabase.open(store, { ...source, seed: await readScripts(suite.seed, 'seed') });
    };
  }

  async of(entry: QueryEntry | KnownBadEntry, source: ModuleSource): Promise<GuardedStatement[]> {
    this.#recorder ??= new Recorder(this.#onOutput);
    this.#seeded ??= await this.#open();
    const scenarios = expandScenarios(entry, this.#suite);
    const target = { file: source.file, export: source.export, where: entry.where, timeout: this.#suite.moduleTimeout };
    const runs = scenarios.map(({ name, values }) => ({ scenario: name, values }));
    return statementsOfModule(entry, scenarios, await this.#recorder.record(target, this.#seeded, runs));
  }

  async close(): Promise<void> {
    await this.#recorder?.close();
    await this.#seeded?.close();
  }
}

/** Names that the suite file states are checked with it; those that SQL files state can only be checked here. */
function duplicateNames(statements: readonly (readonly GuardedStatement[])[]): PlanGuardError[] {
  const owner = new Map<string, GuardedStatement>();
  const errors: PlanGuardError[] = [];
  for (const statement of statements.flatMap((group) => uniqueByQuery(group))) {
    const first = owner.get(statement.query);
    if (first === undefined) {
      owner.set(statement.query, statement);
      continue;
    }
    errors.push(
      new PlanGuardError('query', `Two queries are called "${statement.query}".`, {
        where: statement.entry.where,
        hint: 'Name each query differently: "name" in the suite file, or -- name: x above the statement.',
      }),
    );
  }
  return errors;
}

function uniqueByQuery(group: readonly GuardedStatement[]): GuardedStatement[] {
  return [...new Map(group.map((statement) => [statement.query, statement])).values()];
}

function applyFilter(statements: readonly GuardedStatement[], filter: string | undefined): GuardedStatement[] {
  if (filter === undefined) return [...statements];
  return statements.flatMap((statement) => {
    if (`${statement.query} ${statement.label}`.includes(filter)) return [statement];
    const bindings = statement.bindings.filter(({ scenario }) => scenario.includes(filter));
    return bindings.length > 0 ? [{ ...statement, bindings }] : [];
  });
}

/**
 * Every table and index that a rule names must exist.
 * @throws {PlanGuardError | PlanGuardErrors} `suite`, at the name
 */
function checkNames(suite: Suite, catalog: Catalog): void {
  const errors: PlanGuardError[] = [];
  const reported = new Set<string>();
  const rules = [suite.rules, ...[...suite.queries, ...suite.knownBad].map((entry) => entry.rules)];
  for (const { table, indexes } of rules.flatMap(ruledNames)) {
    const key = resolveTable(table, catalog);
    const name = table.schema === undefined ? table.name : `${table.schema}.${table.name}`;
    const add = (message: string, hint: string) => {
      if (reported.has(`${JSON.stringify(table.where)} ${message}`)) return;
      reported.add(`${JSON.stringify(table.where)} ${message}`);
      errors.push(new PlanGuardError('suite', message, { where: table.where, hint }));
    };
    if (key === undefined) {
      add(
        `A rule names the table "${name}", which the schema does not have.`,
        `The schema has ${some([...catalog.tables.keys()])}.`,
      );
      continue;
    }
    const known = [...catalog.indexes.values()].filter((index) => index.table === key).map((index) => index.name);
    for (const index of indexes) {
      if (known.includes(index)) continue;
      add(`A rule names the index "${index}", which the table "${name}" does not have.`, `It has ${some(known)}.`);
    }
  }
  throwAll(errors);
}

function ruledNames(rules: RuleSettings): { readonly table: TableName; readonly indexes: readonly string[] }[] {
  return [
    ...rules.protect.map((table) => ({ table, indexes: [] })),
    ...rules.noSeqScan.map((table) => ({ table, indexes: [] })),
    ...rules.indexOnly.map(({ table, index }) => ({ table, indexes: index === undefined ? [] : [index] })),
    ...rules.onlyIndexes,
  ];
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ') || 'none';
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

/** A known-bad query is caught where its rule finds fault with a plan of it, in each statistics set. */
function judgeKnownBad(
  suite: Suite,
  statistics: string,
  statements: readonly GuardedStatement[],
  cases: readonly CaseReport[],
): KnownBadReport[] {
  return uniqueByQuery(statements).flatMap(({ query, entry }) => {
    if (!isKnownBad(entry)) return [];
    const own = cases.filter((one) => one.query === query);
    const failing = own.filter(({ findings }) => findings.some(({ rule }) => rule === entry.mustFail));
    return {
      suite: suite.name,
      query,
      statistics,
      mustFail: entry.mustFail,
      caught: failing.length > 0,
      failing: failing.length,
      cases: own.length,
      example: failing[0] ?? own[0],
      file: entry.where.file ?? suite.file,
      line: entry.where.line ?? 1,
      column: entry.where.column ?? 1,
    };
  });
}

function coverageOf(
  suite: Suite,
  statistics: string,
  catalog: Catalog,
  cases: readonly CaseReport[],
): SuiteReport['coverage'][number][] {
  const rules = [suite.rules, ...suite.queries.map((entry) => entry.rules)];
  const tables = new Set(rules.flatMap(ruledNames).flatMap(({ table }) => resolveTable(table, catalog) ?? []));
  return [...tables].sort().map((table) => {
    const facts = catalog.tables.get(table);
    const plans = cases.filter(({ accesses }) => accesses.some((access) => belongsTo(access, table))).length;
    return { table, rows: facts?.tuples ?? -1, pages: facts?.pages ?? 0, plans, statistics };
  });
}

function remark(suite: Suite, message: string, set: NamedFile | undefined): Notice {
  const next = 'Make the statistics again once the index is in production.';
  return { suite: suite.name, level: 'warning', message, next, file: set?.file ?? suite.file, line: 1, column: 1 };
}

function suiteNotices(suite: Suite, coverage: SuiteReport['coverage']): Notice[] {
  const notices: Notice[] = [];
  const at = { suite: suite.name, file: suite.file, line: 1, column: 1 };
  const untouched = new Set(coverage.map(({ table }) => table));
  for (const { table, plans } of coverage) if (plans > 0) untouched.delete(table);
  for (const table of untouched) {
    notices.push({
      ...at,
      level: 'unverified',
      message: `No plan touches ${table}, which a rule speaks of: nothing was checked.`,
      next: 'Add a query that reads the table, or take it out of the rules.',
    });
  }
  if (suite.knownBad.length === 0) {
    notices.push({
      ...at,
      level: 'warning',
      message: 'The suite has no known-bad query: nothing proves that it bites.',
      next: 'Add a query that must fail under "known-bad", such as the one of your last incident.',
    });
  }
  return notices;
}
