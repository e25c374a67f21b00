import { join } from 'node:path';
import { accessesOf } from '../plan/accesses.js';
import type { AccessKind, Catalog, Plan } from '../plan/model.js';
import { walk } from '../plan/walk.js';
import type { Engine } from '../postgres/engine.js';
import { differingTables, isBounded, isSamePlan, isSameShape, onlyIn, verdictOf } from './compare.js';
import { type Asking, Hollow, Loaded, type Planner, withoutEnds } from './planners.js';
import { sweepsOf } from './sweeps.js';
import type { Difference, Tally } from './table.js';
import type { Question, Workload } from './workload.js';

export interface Engines {
  readonly pglite: Engine;
  readonly native18: Engine;
  /** Undefined: what concerns it is not measured. */
  readonly native15: Engine | undefined;
}

export interface Settings {
  readonly engines: Engines;
  /** A folder of this run's own that servers can enter. */
  readonly directory: string;
  /** Statements of each sweep. */
  readonly steps: number;
  readonly progress: (text: string) => void;
}

export interface Measured {
  readonly tallies: readonly Tally[];
  readonly differences: readonly Difference[];
  /** What was measured, in words. */
  readonly facts: string;
}

const ASKINGS: readonly Asking[] = [
  { workers: 0, mode: 'custom' },
  { workers: 0, mode: 'generic' },
  { workers: 2, mode: 'custom' },
  { workers: 2, mode: 'generic' },
];

/** The plans of one planner for every question, by how they were asked for. */
type Plans = ReadonlyMap<Asking, readonly Plan[]>;

async function planEach(planner: Planner, questions: readonly Question[]): Promise<Plans> {
  const plans = new Map<Asking, readonly Plan[]>();
  for (const asking of ASKINGS) plans.set(asking, await planner.plan(questions, asking));
  return plans;
}

interface Pair {
  readonly question: Question;
  readonly asking: Asking;
  readonly a: Plan;
  readonly b: Plan;
}

function pairs(questions: readonly Question[], a: Plans, b: Plans, workers?: number): Pair[] {
  return ASKINGS.filter((asking) => workers === undefined || asking.workers === workers).flatMap((asking) =>
    questions.map((question, index) => {
      const [first, second] = [a.get(asking)?.[index], b.get(asking)?.[index]];
      if (first === undefined || second === undefined) throw new Error(`A plan is missing: ${question.sql}`);
      return { question, asking, a: first, b: second };
    }),
  );
}

/** Methods other than B-tree of the indexes that a plan uses. */
function otherMethods(plan: Plan, catalog: Catalog): string[] {
  const methods = new Map([...catalog.indexes.values()].map(({ name, method }) => [name, method]));
  const used = [...walk(plan.root)].flatMap(({ node }) => methods.get(node.indexName ?? '') ?? []);
  return used.filter((method) => method !== 'btree');
}

/** A merge join is costed by where its two columns begin and end. */
const mergesJoins = ({ root }: Plan) => [...walk(root)].some(({ node }) => node.nodeType === 'Merge Join');

const BTREE = 'B-tree';

const statementsIn = (some: readonly { readonly question: Question }[]) =>
  new Set(some.map(({ question }) => question.sql)).size;

function differenceOf({ question, asking, a, b }: Pair, part: string, workload: Workload, what: string): Difference {
  return {
    part,
    workload: workload.name,
    sql: question.sql,
    values: question.values,
    workers: asking.workers,
    mode: asking.mode,
    what,
    costs: [a.root.totalCost, b.root.totalCost],
    nodes: onlyIn(a, b),
  };
}

/**
 * Replica against the rows that its statistics were made of. The mark is for plans of B-trees alone. Where the statistics
 * do not tell the ends of columns, only these plans are compared, and those that depend on ends stand in lines of their
 * own.
 */
function compareWithRows(
  workload: Workload,
  [major, ends]: readonly [major: number, ends: 'ends' | 'no ends'],
  all: readonly Pair[],
  [catalogA, catalogB]: readonly [Catalog, Catalog],
): Pick<Measured, 'tallies' | 'differences'> {
  const part = `replica against loaded rows, native ${major}${ends === 'ends' ? '' : ', pulled without --min-max'}`;
  const methodsOf = ({ a, b }: Pair) => [...new Set([...otherMethods(a, catalogA), ...otherMethods(b, catalogB)])];
  const some = ends === 'ends' ? all : all.filter((pair) => methodsOf(pair).length === 0);
  const groupOf = (pair: Pair) => {
    const { question, a, b } = pair;
    const methods = methodsOf(pair);
    if (methods.length > 0) return methods.sort().join(' and ');
    if (ends === 'ends') return BTREE;
    if (question.atEnd) return 'end of a column';
    return [a, b].some(mergesJoins) ? 'merge join' : BTREE;
  };
  const names = [...new Set(some.map(groupOf))].sort((a, b) => Number(b === BTREE) - Number(a === BTREE));
  const tallies = names.map((name): Tally => {
    const group = some.filter((pair) => groupOf(pair) === name);
    const least = name === BTREE ? { least: group.length } : {};
    const count = (what: string, test: (pair: Pair) => boolean) => ({
      what,
      count: group.filter(test).length,
      ...least,
    });
    return {
      part,
      name: `${workload.name}, ${name}`,
      statements: statementsIn(group),
      plans: group.length,
      counts: [
        count('same shape', ({ a, b }) => isSameShape(a, b)),
        count('every cost', ({ a, b }) => isSamePlan(a, b)),
        count('same verdict', ({ a, b }) => {
          const verdicts = [judge(a, catalogA, workload), judge(b, catalogB, workload)] as const;
          return differingTables(...verdicts).length === 0;
        }),
      ],
    };
  });
  const differences = some
    .filter(({ a, b }) => !isSamePlan(a, b))
    .map((pair) => differenceOf(pair, part, workload, isSameShape(pair.a, pair.b) ? 'costs differ' : 'shapes differ'));
  return { tallies, differences };
}

const judge = (plan: Plan, catalog: Catalog, workload: Workload): Readonly<Record<string, AccessKind>> =>
  verdictOf(accessesOf(plan, catalog, { trustedFunctions: [] }), workload.protect);

/** Two planners on the same statistics. */
function compareVerdicts(
  workload: Workload,
  part: string,
  some: readonly Pair[],
  [catalogA, catalogB]: readonly [Catalog, Catalog],
  marks: { readonly verdicts: boolean; readonly shapes: number | undefined },
): Pick<Measured, 'tallies' | 'differences'> {
  const differing = some.flatMap((pair) => {
    const verdicts = [judge(pair.a, catalogA, workload), judge(pair.b, catalogB, workload)] as const;
    const tables = differingTables(...verdicts);
    if (tables.length === 0) return [];
    const told = tables.map((name) => `${name} ${verdicts.map((verdict) => verdict[name] ?? 'not read').join(' : ')}`);
    return [differenceOf(pair, part, workload, `verdicts differ (${told.join(', ')})`)];
  });
  const shapes = some.filter(({ a, b }) => isSameShape(a, b)).length;
  const tally: Tally = {
    part,
    name: workload.name,
    statements: statementsIn(some),
    plans: some.length,
    counts: [
      {
        what: 'same shape',
        count: shapes,
        ...(marks.shapes === undefined ? {} : { least: Math.ceil(marks.shapes * some.length) }),
      },
      { what: 'every cost', count: some.filter(({ a, b }) => isSamePlan(a, b)).length },
      {
        what: 'same verdict',
        count: some.length - differing.length,
        ...(marks.verdicts ? { least: some.length } : {}),
      },
    ],
  };
  return {
    tallies: [tally],
    differences: differing,
  };
}

interface Sweepers {
  readonly rows: Loaded;
  readonly server: Hollow;
  readonly pglite: Hollow;
}

const PARALLEL: Asking = { workers: 2, mode: 'custom' };

/** Conditions that are widened until an index is not worth it any more, with workers. */
async function sweep(workload: Workload, planners: Sweepers, steps: number) {
  const part = 'sweep over selectivity, workers on';
  const swept = sweepsOf(workload.name, steps);
  const questions = swept.flatMap((one) => one.questions);
  const plans = {
    rows: await planners.rows.plan(questions, PARALLEL),
    server: await planners.server.plan(questions, PARALLEL),
    pglite: await planners.pglite.plan(questions, PARALLEL),
    serial: await planners.pglite.plan(questions, { workers: 0, mode: 'custom' }),
  };
  const bounded = (some: readonly Plan[], { catalog }: Planner) =>
    some.map((plan) => isBounded(judge(plan, catalog, workload)));
  const server = bounded(plans.server, planners.server);
  const rows = bounded(plans.rows, planners.rows);
  const pglite = bounded(plans.pglite, planners.pglite);
  const serial = bounded(plans.serial, planners.pglite);
  const count = (test: (index: number) => boolean) => questions.filter((_, index) => test(index)).length;
  const missed = (says: readonly boolean[], truth: readonly boolean[]) =>
    count((index) => says[index] === true && truth[index] === false);
  const flips = swept.filter((_, number) => {
    const own = server.slice(number * steps, (number + 1) * steps);
    return own.includes(true) && own.includes(false);
  }).length;
  const tally: Tally = {
    part,
    name: workload.name,
    statements: questions.length,
    plans: questions.length,
    counts: [
      { what: 'sweeps', count: swept.length },
      { what: 'that flip', count: flips },
      { what: 'unbounded on 18', count: count((index) => server[index] === false) },
      {
        what: 'PGlite same shape',
        count: count((index) => isSameShape(plans.pglite[index] as Plan, plans.server[index] as Plan)),
      },
      { what: 'silent misses', count: missed(pglite, server), most: 0 },
      { what: 'against the rows', count: missed(pglite, rows), most: 0 },
      { what: 'false alarms', count: missed(rows, pglite) },
      { what: 'misses without workers', count: missed(serial, server) },
    ],
  };
  const differences = questions.flatMap((question, index) => {
    if (pglite[index] === rows[index] && pglite[index] === server[index]) return [];
    const pair = { question, asking: PARALLEL, a: plans.rows[index] as Plan, b: plans.pglite[index] as Plan };
    return [differenceOf(pair, part, workload, pglite[index] === true ? 'a silent miss' : 'a false alarm')];
  });
  return { tallies: [tally], differences };
}

/** Everything that is measured on one workload. Servers and folders are gone when it ends. */
export async function measure(workload: Workload, settings: Settings): Promise<Measured> {
  const { engines, directory, steps, progress } = settings;
  const opened: { close(): Promise<void> }[] = [];
  const keep = <Opened extends { close(): Promise<void> }>(one: Opened): Opened => {
    opened.push(one);
    return one;
  };
  const load = async (engine: Engine, major: number) =>
    keep(await Loaded.open(engine, join(directory, `${workload.name}-${major}`), workload));
  const hollow = async (engine: Engine, { statistics }: Loaded) =>
    keep(await Hollow.open(engine, workload, statistics));
  const tallies: Tally[] = [];
  const differences: Difference[] = [];
  const add = (part: Pick<Measured, 'tallies' | 'differences'>) => {
    tallies.push(...part.tallies);
    differences.push(...part.differences);
  };
  const { questions } = workload;
  const versions: string[] = [];
  const compareWithoutEnds = async (engine: Engine, major: number, loaded: Loaded, loadedPlans: Plans) => {
    const replica = keep(await Hollow.open(engine, workload, withoutEnds(loaded.statistics)));
    const compared = pairs(questions, loadedPlans, await planEach(replica, questions));
    add(compareWithRows(workload, [major, 'no ends'], compared, [loaded.catalog, replica.catalog]));
  };
  try {
    progress(`${workload.name}: loading rows`);
    const [rows, rows15] = await settled([
      load(engines.native18, 18),
      engines.native15 === undefined ? undefined : load(engines.native15, 15),
    ]);
    if (rows === undefined) throw new Error('native 18 is always measured');
    progress(`${workload.name}: native 18`);
    const plans = await planEach(rows, questions);
    const server = await hollow(engines.native18, rows);
    const serverPlans = await planEach(server, questions);
    add(compareWithRows(workload, [18, 'ends'], pairs(questions, plans, serverPlans), [rows.catalog, server.catalog]));
    await compareWithoutEnds(engines.native18, 18, rows, plans);
    progress(`${workload.name}: PGlite`);
    const pglite = await hollow(engines.pglite, rows);
    versions.push(`native ${rows.version}`, pglite.version);
    const pglitePlans = await planEach(pglite, questions);
    const catalogs = [pglite.catalog, server.catalog] as const;
    for (const workers of [0, 2]) {
      const part = `PGlite against a native 18 replica, workers ${workers === 0 ? 'off' : 'on'}`;
      const marks = workers === 0 ? { verdicts: true, shapes: 0.95 } : { verdicts: false, shapes: undefined };
      add(compareVerdicts(workload, part, pairs(questions, pglitePlans, serverPlans, workers), catalogs, marks));
    }
    progress(`${workload.name}: the sweep`);
    add(await sweep(workload, { rows, server, pglite }, steps));
    if (rows15 !== undefined && engines.native15 !== undefined) {
      progress(`${workload.name}: native 15`);
      versions.push(`native ${rows15.version}`);
      const own = await hollow(engines.native15, rows15);
      const ownPlans = await planEach(own, questions);
      const loadedPlans = await planEach(rows15, questions);
      const compared = pairs(questions, loadedPlans, ownPlans);
      add(compareWithRows(workload, [15, 'ends'], compared, [rows15.catalog, own.catalog]));
      await compareWithoutEnds(engines.native15, 15, rows15, loadedPlans);
      const older = await hollow(engines.native15, rows);
      const olderPlans = await planEach(older, questions);
      const part = 'native 15 against 18, replicas of the same statistics';
      const marks = { verdicts: false, shapes: undefined };
      const both = [older.catalog, server.catalog] as const;
      add(compareVerdicts(workload, part, pairs(questions, olderPlans, serverPlans), both, marks));
    }
    const tables = Object.values(rows.statistics.tables);
    const tuples = tables.reduce(
      (sum, { reltuples, relpages }) => sum + (relpages >= 0 ? Math.max(0, reltuples) : 0),
      0,
    );
    const facts =
      `${workload.name}: ${new Set(questions.map(({ sql }) => sql)).size} statements, ${questions.length} sets of values, ` +
      `${tables.length} tables, ${(tuples / 1e6).toFixed(1)} M rows, ${Math.round(rows.bytes / 1e6)} MB; ${versions.join(', ')}`;
    return { tallies, differences, facts };
  } finally {
    for (const one of opened.reverse()) await one.close();
  }
}

/** Waits for all of them even where one fails, so that nothing is left running. */
async function settled<A, B>([a, b]: readonly [Promise<A>, Promise<B> | undefined]): Promise<[A, B | undefined]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}
