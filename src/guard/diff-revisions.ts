import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { PlanGuardError } from '../errors.js';
import type { Comparison } from '../report/diff-model.js';
import { discoverSuites } from '../suite/discover.js';
import { loadSuite } from '../suite/load.js';
import type { Suite } from '../suite/model.js';
import { type ChangedCase, findCauses } from './diff-cause.js';
import { added, compare, removed } from './diff-compare.js';
import { type Pairable, pairCases } from './diff-pairs.js';
import { ChangeHistory } from './diff-since.js';
import {
  guarded,
  keyOf,
  namesOf,
  nothingSelected,
  type PlannedSuite,
  planSide,
  type SideCase,
  type SideOptions,
  shownFrom,
  sideOf,
} from './diff-suite.js';
import { type EngineOf, withEngines } from './engines.js';
import type { Repository, Revision } from './git.js';
import { RevisionTree } from './git-tree.js';
import { planningOn } from './run-suites.js';

export interface RevisionOptions extends SideOptions {
  readonly cwd: string;
  /** Suite files; without any they are looked for as `check` does, at each revision. */
  readonly suites: readonly string[];
  readonly filter: string | undefined;
  readonly cache: boolean;
  /** A command that makes what is built and not in git, run by the shell at the top of each revision's files. */
  readonly prepare: string | undefined;
}

/** One side of the comparison: the files of a revision, or the working tree. */
interface Place {
  readonly name: string;
  /** Top of its files. */
  readonly root: string;
  readonly shown: (file: string) => string;
  /** An error in the names that the user knows. */
  readonly located: (error: unknown) => unknown;
}

export interface Compared {
  readonly before: string;
  readonly after: string;
  readonly comparisons: readonly Comparison[];
}

/**
 * Plans the suites as they are at two places of the history, and compares case by case.
 * @param after undefined: the working tree
 * @throws {PlanGuardError | PlanGuardErrors} for what keeps one of the two from being planned
 */
export async function diffRevisions(
  repository: Repository,
  before: Revision,
  after: Revision | undefined,
  options: RevisionOptions,
): Promise<Compared> {
  const { root } = repository;
  if (root === undefined && after === undefined) {
    throw new PlanGuardError('usage', 'A bare repository has no working tree to compare with.', {
      hint: `Name two revisions: ${before.name}..HEAD.`,
    });
  }
  const open: RevisionTree[] = [];
  const place = async (revision: Revision | undefined): Promise<Place> => {
    if (revision === undefined) return workingTree(root ?? '', repository.prefix);
    options.onProgress(`reading ${revision.name} from git`, false);
    const tree = await RevisionTree.open(repository, revision);
    open.push(tree);
    if (options.prepare !== undefined) await prepare(tree, options.prepare, options);
    return {
      name: revision.name,
      root: tree.directory,
      shown: (file) => tree.shown(file),
      located: (error) => tree.located(error),
    };
  };
  try {
    const places = { before: await place(before), after: await place(after) };
    const end = (revision: Revision | undefined, { root }: Place) => ({ revision, root });
    const ends = { before: end(before, places.before), after: end(after, places.after) };
    const history = new ChangeHistory(repository, ends);
    const { comparisons, engines } = await diffPlaces(repository, places, history, options);
    // Its schema, statistics and sizes are of no revision.
    const existing = engines.has('url') ? ', both planned on one existing database as it is' : '';
    return { before: places.before.name, after: places.after.name + existing, comparisons };
  } finally {
    for (const tree of open) tree.close();
  }
}

function workingTree(root: string, prefix: string): Place {
  return { name: 'the working tree', root, shown: shownFrom(join(root, prefix)), located: (error) => error };
}

type Places = Readonly<Record<'before' | 'after', Place>>;

async function diffPlaces(
  repository: Repository,
  places: Places,
  history: ChangeHistory,
  options: RevisionOptions,
): Promise<{ readonly comparisons: readonly Comparison[]; readonly engines: ReadonlySet<string> }> {
  const suites = {
    before: await load(places.before, repository, options),
    after: await load(places.after, repository, options),
  };
  const pairs = pairSuites(suites.before, suites.after);
  if (pairs.length === 0) throw noSuite(places, repository, options);
  const { cache, databaseUrl, cwd } = options;
  const onFallback = () => {};
  const engineOptions = ({ file }: Suite) => ({ cache, onFallback, folders: [join(file, '..'), cwd] });
  return withEngines(engineOptions, async (engineOf) => {
    const comparisons: Comparison[] = [];
    const planned: PlannedSuite[] = [];
    for (const pair of pairs) {
      const plan = async (side: 'before' | 'after') => {
        const given = pair[side];
        const suite = given && databaseUrl !== undefined ? planningOn(given) : given;
        return suite && at(places[side], () => planAt(suite, places[side], engineOf, options));
      };
      const before = await plan('before');
      const after = await plan('after');
      planned.push(...[before, after].filter((one) => one !== undefined));
      comparisons.push(...(await compareSuites(before, after, history, options)));
    }
    if (comparisons.length === 0) throw nothingSelected(options.filter, planned);
    return { comparisons, engines: new Set(planned.map(({ inputs }) => inputs.suite.postgres.engine)) };
  });
}

async function at<Result>({ located }: Place, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw located(error);
  }
}

async function planAt(
  suite: Suite,
  { name, shown }: Place,
  engineOf: EngineOf,
  options: RevisionOptions,
): Promise<PlannedSuite> {
  const onProgress = (message: string, slow: boolean) => options.onProgress(`${name}: ${message}`, slow);
  const statements = guarded(options.filter);
  return planSide(suite, await engineOf(suite), { ...options, onProgress }, shown, { statements });
}

/** The suites at a place, by their paths from the top. */
async function load(place: Place, repository: Repository, options: RevisionOptions): Promise<Map<string, Suite>> {
  const files = options.suites.length > 0 ? named(place, repository, options) : await discovered(place, repository);
  const suites = new Map<string, Suite>();
  for (const file of files) suites.set(relative(place.root, file), await at(place, () => loadSuite(file)));
  return suites;
}

function named(place: Place, { root, prefix }: Repository, { suites, cwd }: RevisionOptions): string[] {
  return suites.flatMap((suite) => {
    const path = root === undefined ? suite : relative(root, resolve(root, prefix, relative(cwd, resolve(cwd, suite))));
    if (path.startsWith('..')) {
      throw new PlanGuardError('usage', `The suite ${suite} is outside of the repository.`, {
        hint: 'Run the command in the repository of the suite.',
      });
    }
    const file = join(place.root, path);
    return existsSync(file) ? [file] : [];
  });
}

type SuitePair = Readonly<Record<'before' | 'after', Suite | undefined>>;

/** By their paths; those that have no partner by their names, since a file may have been renamed, and a last one alone. */
function pairSuites(before: ReadonlyMap<string, Suite>, after: ReadonlyMap<string, Suite>): SuitePair[] {
  const left = new Map([...before].filter(([path]) => !after.has(path)));
  const alone = [...after].filter(([path]) => !before.has(path)).map(([, suite]) => suite);
  const named = (name: string, suites: Iterable<Suite>) => [...suites].filter((suite) => suite.name === name);
  const partner = (path: string, suite: Suite): Suite | undefined => {
    const same = before.get(path);
    if (same !== undefined) return same;
    const found = left.size === 1 && alone.length === 1 ? [...left.values()] : named(suite.name, left.values());
    return found.length === 1 && (alone.length === 1 || named(suite.name, alone).length === 1) ? found[0] : undefined;
  };
  const pairs = [...after].map(([path, suite]) => ({ before: partner(path, suite), after: suite }));
  const met = new Set(pairs.map(({ before: one }) => one));
  return [
    ...pairs,
    ...[...before.values()].filter((one) => !met.has(one)).map((one) => ({ before: one, after: undefined })),
  ];
}

async function discovered(place: Place, { prefix }: Repository): Promise<string[]> {
  try {
    return await discoverSuites(join(place.root, prefix));
  } catch (error) {
    // None here: the other side may have some. What else is wrong with the package.json is told.
    if (error instanceof PlanGuardError && error.where === undefined) return [];
    throw place.located(error);
  }
}

function noSuite({ before, after }: Places, { prefix }: Repository, { suites }: RevisionOptions): PlanGuardError {
  const where = prefix === '' ? '' : ` in ${prefix.replace(/\/$/, '')}`;
  const what = suites.length > 0 ? `no ${suites.join(' and no ')}` : `no suite${where}`;
  return new PlanGuardError('usage', `There is ${what} at ${before.name} nor in ${after.name}.`, {
    hint: 'Name the suite that both have: --suite db/plan-guard.yaml.',
  });
}

async function compareSuites(
  before: PlannedSuite | undefined,
  after: PlannedSuite | undefined,
  history: ChangeHistory,
  options: RevisionOptions,
): Promise<Comparison[]> {
  const suite = (after ?? before)?.inputs.suite;
  const pairs = pairCases(before?.cases ?? [], after?.cases ?? [], pairable);
  const name = namesOf([...(after?.cases ?? []), ...(before?.cases ?? [])]);
  const comparisons = pairs.map((pair): { pair: typeof pair; comparison: Comparison } => {
    const was = pair.before && before ? sideOf(pair.before, before) : undefined;
    const is = pair.after && after ? sideOf(pair.after, after) : undefined;
    const one = (pair.after ?? pair.before) as SideCase;
    const key = keyOf(one);
    if (was !== undefined && is !== undefined) {
      const dearerFactor = suite?.plans.dearerFactor ?? 1;
      return { pair, comparison: compare(name(one), was, is, { case: key, dearerFactor }) };
    }
    return {
      pair,
      comparison: is ? added(name(one), is, key) : removed(name(one), was as NonNullable<typeof was>, key),
    };
  });
  if (before === undefined || after === undefined) return comparisons.map(({ comparison }) => comparison);
  const changed = new Map<Comparison, ChangedCase>();
  for (const { pair, comparison } of comparisons) {
    if (pair.before === undefined || pair.after === undefined || comparison.diff === undefined) continue;
    if (comparison.change === 'same') continue;
    changed.set(comparison, { before: pair.before, after: pair.after, diff: comparison.diff });
  }
  const onProgress = (message: string, slow: boolean) => options.onProgress(`the cause: ${message}`, slow);
  const causes = await findCauses(before, after, [...changed.values()], { ...options, onProgress });
  return Promise.all(
    comparisons.map(async ({ comparison }) => {
      const one = changed.get(comparison);
      if (one === undefined) return comparison;
      const cause = causes.get(one);
      return { ...comparison, cause, since: await history.since(cause, one, { before, after }) };
    }),
  );
}

function pairable({ report }: SideCase): Pairable {
  const { query, statement: label, sql, scenarios, statistics, mode } = report;
  return { query, label, text: sql.text, scenarios, statistics, mode };
}

const TAIL = 2000;

/** @throws {PlanGuardError} `usage` where the command fails */
async function prepare(tree: RevisionTree, command: string, { onProgress, onOutput }: RevisionOptions): Promise<void> {
  onProgress(`${tree.revision.name}: ${command}`, true);
  // A group of its own, so that Ctrl-C ends what the command has started.
  const child = spawn(command, {
    cwd: tree.directory,
    shell: true,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  // Before the folder is removed, in which it writes.
  process.prependOnceListener('exit', end);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-TAIL);
    });
  }
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code === 0) return;
    onOutput(tree.shown(said));
    throw new PlanGuardError('usage', `${command} failed at ${tree.revision.name}: exit code ${code}.`, {
      hint: 'It runs by the shell at the top of the revision’s files, with the packages of the working tree.',
    });
  } finally {
    process.off('exit', end);
    end();
  }
}
