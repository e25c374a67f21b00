import type { Engine } from '../postgres/engine.js';
import type { PlanningServer } from '../postgres/model.js';
import type { Suite } from '../suite/model.js';
import { checkNames } from './check-names.js';
import type { Collecting } from './collect-statements.js';
import { isKnownBad } from './known-bad.js';
import { type PlannedCase, planStatements } from './plan-statements.js';
import type { GuardedStatement } from './statements.js';
import type { PlannedStatistics, StatisticsSet } from './statistics-sets.js';
import { collect, readFiles, withPlanner } from './suite-inputs.js';

export interface SuiteOptions {
  readonly filter: string | undefined;
  /** The database that plans where the suite's engine is `url`; undefined: the environment names it. */
  readonly databaseUrl: string | undefined;
  /** The key of redacted statistics. */
  readonly redactKey: string | undefined;
  /** What the age of statistics and the end of waivers are told by. */
  readonly now: Date;
  /** false: an existing database plans in place of the suite's engine, whose plans were approved. */
  readonly ownEngine: boolean;
  readonly onProgress: (message: string, slow: boolean) => void;
  readonly onOutput: (text: string) => void;
}

/** The statements of a suite. */
export interface SuiteStatements {
  /** Those that are asked about: what the filter leaves. */
  readonly selected: readonly GuardedStatement[];
  readonly knownBad: readonly GuardedStatement[];
  /** Names of all queries but the known-bad ones. */
  readonly queries: readonly string[];
  readonly sets: readonly StatisticsSet[];
}

/** What a suite's statements are planned with: one of its statistics sets. */
export interface PlannedSet {
  /** The set's name; `none` without one, `database` where an existing one plans. */
  readonly name: string;
  readonly set: StatisticsSet | undefined;
  readonly statistics: PlannedStatistics | undefined;
  readonly server: PlanningServer;
  /** Of the selected statements and of the known-bad ones. */
  readonly cases: readonly PlannedCase[];
}

/**
 * Plans the statements of one suite with each of its statistics sets. The server of a set is open while `visit` has it.
 * Where servers run beside this process, all of them plan while statements are still being recorded.
 * @param visit called for one set after the other
 * @param meanwhile told of cases of a set as they are planned, while others still are
 * @returns the statements; none is visited where the filter leaves none
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function planSuite(
  suite: Suite,
  engine: Engine,
  { filter, databaseUrl, redactKey, onProgress, onOutput }: SuiteOptions,
  visit: (planned: PlannedSet, statements: SuiteStatements) => Promise<void>,
  meanwhile: (planned: PlannedSet) => void = () => {},
): Promise<SuiteStatements> {
  const files = await readFiles(suite, { onProgress });
  const { byQuery, all, made } = collect(files, engine, { onProgress, onOutput });
  const statements = all.then((collected) => ({ ...select(collected, filter), sets: files.sets }));
  const inputs = { ...files, statements: all };
  const planSet = (set: StatisticsSet | undefined, previous: Promise<void>, visited: () => void) =>
    withPlanner(inputs, engine, set, { databaseUrl, redactKey, onProgress }, async (planner) => {
      const { name, server, planned: statistics } = planner;
      checkNames(suite, server.catalog);
      let count = 0;
      const onPlanned = (more: readonly PlannedCase[]) => {
        count += more.length;
        onProgress(`${suite.name}: ${count} plans (${name})`, false);
        meanwhile({ name, set, statistics, server, cases: more });
      };
      const cases = await planStatements(server, selectEach(byQuery, filter), onPlanned);
      await previous;
      const selection = await statements;
      if (selection.selected.length > 0) await visit({ name, set, statistics, server, cases }, selection);
      visited();
    });
  // Recording takes longest: what it needs goes first.
  await made;
  const works: Promise<void>[] = [];
  let turn = Promise.resolve();
  for (const set of files.sets.length > 0 ? files.sets : [undefined]) {
    if (!engine.parallel && works.length > 0) {
      await works.at(-1);
      if ((await statements).selected.length === 0) break;
    }
    const previous = turn;
    // The server of a set may still be closing when the next one has its turn.
    turn = new Promise((resolve, reject) => {
      const work = planSet(set, previous, resolve);
      work.catch(reject);
      works.push(work);
    });
    turn.catch(() => {});
  }
  // Whatever fails, nothing runs any more; what is wrong with the statements goes before what came of it.
  await Promise.allSettled([statements, ...works]);
  const selection = await statements;
  if (selection.selected.length > 0) for (const work of works) await work;
  return selection;
}

function select(
  statements: readonly GuardedStatement[],
  filter: string | undefined,
): Pick<SuiteStatements, 'selected' | 'knownBad' | 'queries'> {
  const good = statements.filter(({ entry }) => !isKnownBad(entry));
  return {
    selected: applyFilter(good, filter),
    knownBad: statements.filter(({ entry }) => isKnownBad(entry)),
    queries: [...new Set(good.map(({ query }) => query))],
  };
}

/** Those that are planned, as soon as they are there. */
async function* selectEach(
  byQuery: Collecting['byQuery'],
  filter: string | undefined,
): AsyncGenerator<readonly GuardedStatement[]> {
  for (const query of byQuery) {
    const { selected, knownBad } = select(await query, filter);
    yield [...selected, ...knownBad];
  }
}

/** Whether a filter leaves every case of a query. */
export function isWhole(query: string, filter: string | undefined): boolean {
  return filter === undefined || query.includes(filter);
}

/** The statements, each with those of its scenarios, that hold the text in the name of query, statement or scenario. */
export function applyFilter(statements: readonly GuardedStatement[], filter: string | undefined): GuardedStatement[] {
  if (filter === undefined) return [...statements];
  return statements.flatMap((statement) => {
    if (isWhole(statement.query, filter) || statement.label.includes(filter)) return [statement];
    const isNamed = statement.bindings.some(({ scenario }) => scenario?.name.includes(filter));
    return isNamed ? [{ ...statement, only: filter }] : [];
  });
}
