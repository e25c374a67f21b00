import { dirname, relative, resolve } from 'node:path';
import { PlanGuardError, PlanGuardErrors, throwAll } from '../errors.js';
import type { Engine } from '../postgres/engine.js';
import type { Notice } from '../report/model.js';
import { discoverSuites } from '../suite/discover.js';
import { loadSuite } from '../suite/load.js';
import type { Suite } from '../suite/model.js';
import { withEngines } from './engines.js';
import type { SuiteOptions } from './plan-suite.js';
import { some } from './some.js';

/** What every run over suites takes. */
export interface RunOptions {
  /** Suite files; without any they are looked for in `cwd`, as the command does. */
  readonly suites?: readonly string[];
  /** Default: the process's working directory. */
  readonly cwd?: string;
  /** Only cases whose query, statement or scenario holds this text. Known-bad queries are always planned. */
  readonly filter?: string;
  /** false: nothing is kept between runs. Default: true. */
  readonly cache?: boolean;
  /**
   * Plans every suite on this existing database as it is, whatever engine the suite states. Suites whose engine is `url`
   * take DATABASE_URL or PGHOST and the like without it.
   */
  readonly databaseUrl?: string;
  /** The key that the suites' statistics were redacted with: `stats pull --redact`. */
  readonly redactKey?: string;
  /** What the age of statistics and the end of waivers are told by. Default: the clock. */
  readonly now?: Date;
  /**
   * Told what is going on, for a progress line.
   * @param slow what follows takes seconds and blocks the thread: show it at once
   */
  readonly onProgress?: (message: string, slow: boolean) => void;
  /** Told what a query module prints. */
  readonly onOutput?: (text: string) => void;
}

/** What an option must be, in words, and whether a value is that. */
export type OptionTests<Options> = Readonly<
  Record<keyof Options, readonly [expected: string, test: (value: unknown) => boolean]>
>;

export const aText = (value: unknown) => typeof value === 'string';
export const aSwitch = (value: unknown) => typeof value === 'boolean';
const aFunction = (value: unknown) => typeof value === 'function';

export const RUN_OPTIONS: OptionTests<RunOptions> = {
  suites: ['a list of paths', (value) => Array.isArray(value) && value.every(aText)],
  cwd: ['a path', aText],
  filter: ['a text', aText],
  databaseUrl: ['a connection string', aText],
  redactKey: ['a text', aText],
  now: ['a Date', (value) => value instanceof Date && !Number.isNaN(value.getTime())],
  cache: ['true or false', aSwitch],
  onProgress: ['a function', aFunction],
  onOutput: ['a function', aFunction],
};

/**
 * A misspelt option would be one that does nothing: callers of JavaScript have no compiler to tell them.
 * @throws {PlanGuardError | PlanGuardErrors} `usage`
 */
export function checkOptions<Options extends object>(
  name: string,
  options: Options,
  tests: OptionTests<Options>,
): void {
  const known = Object.keys(tests).join(', ');
  if (typeof options !== 'object' || options === null) {
    throw new PlanGuardError('usage', `${name}() takes an object of options.`, { hint: `Options are ${known}.` });
  }
  const errors = Object.entries(options).flatMap(([option, value]) => {
    if (value === undefined) return [];
    if (!Object.hasOwn(tests, option)) {
      return new PlanGuardError('usage', `${name}() has no option "${option}".`, { hint: `Options are ${known}.` });
    }
    const [expected, test] = tests[option as keyof Options];
    if (test(value)) return [];
    return new PlanGuardError('usage', `The option "${option}" of ${name}() must be ${expected}.`, {
      hint: `It is ${Array.isArray(value) ? 'a list with something else' : `of type ${typeof value}`}.`,
    });
  });
  throwAll(errors);
}

/**
 * Loads the suites, opens the engines that plan them, and does the work for each suite.
 * @param check what must hold of the suites together, as errors
 * @returns what the work gave, and what is to be said of the run as a whole
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function runSuites<Result>(
  options: RunOptions,
  work: (suite: Suite, engine: Engine, options: SuiteOptions) => Promise<Result>,
  check: (suites: readonly Suite[], cwd: string) => readonly PlanGuardError[] = () => [],
): Promise<{ readonly results: readonly Result[]; readonly notices: readonly Notice[] }> {
  const cwd = resolve(options.cwd ?? '.');
  const files = options.suites?.length ? options.suites.map((file) => resolve(cwd, file)) : await discoverSuites(cwd);
  const suites = await loadAll([...new Set(files)], (loaded) => [...sharedNames(loaded, cwd), ...check(loaded, cwd)]);
  const notices: Notice[] = [];
  const onFallback = (message: string) => {
    if (notices.some((notice) => notice.message === message)) return;
    const [file = ''] = files;
    const next = 'Set PLAN_GUARD_CACHE to a folder that can be written.';
    notices.push({ kind: 'note', suite: '', level: 'warning', message, next, file, line: 1, column: 1 });
  };
  const { filter, databaseUrl, redactKey, now = new Date(), cache = true } = options;
  const { onProgress = () => {}, onOutput = () => {} } = options;
  const results: Result[] = [];
  const engineOptions = (suite: Suite) => ({ cache, onFallback, folders: [dirname(suite.file), cwd] });
  await withEngines(engineOptions, async (engineOf) => {
    for (const given of suites) {
      const suite = databaseUrl === undefined ? given : planningOn(given);
      const engine = await engineOf(suite);
      const ownEngine = databaseUrl === undefined || given.postgres.engine === 'url';
      const suiteOptions = { filter, databaseUrl, redactKey, now, ownEngine, onProgress, onOutput };
      results.push(await work(suite, engine, suiteOptions));
    }
  });
  return { results, notices };
}

/** The suite, planned on an existing database as it is. */
export function planningOn(suite: Suite): Suite {
  const { locale, role, extensions } = suite.postgres;
  const postgres = { locale, role, extensions, version: undefined, binDir: undefined, image: undefined, settings: {} };
  return { ...suite, statistics: [], postgres: { ...postgres, engine: 'url' } };
}

async function loadAll(
  files: readonly string[],
  check: (suites: readonly Suite[]) => readonly PlanGuardError[],
): Promise<Suite[]> {
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
  throwAll([...errors, ...check(suites)]);
  return suites;
}

/** Reports tell suites apart by their names. */
function sharedNames(suites: readonly Suite[], cwd: string): PlanGuardError[] {
  return suites.flatMap((suite, index) => {
    const first = suites.slice(0, index).find(({ name }) => name === suite.name);
    if (first === undefined) return [];
    const other = relative(cwd, first.file);
    return new PlanGuardError('suite', `Two suites are called "${suite.name}"; the first is ${other}.`, {
      where: { file: suite.file },
      hint: 'Give each a name of its own: name: x. Without one, a suite is called as its folder.',
    });
  });
}

/** What a filter that leaves no case of any suite ends in. */
export function nothingMatched(filter: string, queries: readonly string[]): PlanGuardError {
  return new PlanGuardError('nothing-to-check', `No query, statement or scenario holds "${filter}".`, {
    hint: `Queries are ${some(queries, 6)}; run without --filter and with --verbose to see all cases.`,
  });
}
