import { dirname, relative, resolve } from 'node:path';
import { PlanGuardError, PlanGuardErrors, throwAll } from '../errors.js';
import type { Engine } from '../postgres/engine.js';
import { openEngine } from '../postgres/open-engine.js';
import type { Notice, Report } from '../report/model.js';
import { discoverSuites } from '../suite/discover.js';
import { loadSuite } from '../suite/load.js';
import type { Suite } from '../suite/model.js';
import { type CheckedSuite, checkSuite } from './check-suite.js';
import { summarize } from './summarize.js';

export interface CheckOptions {
  /** Suite files; without any they are looked for in `cwd`, as the command does. */
  readonly suites?: readonly string[];
  /** Default: the process's working directory. */
  readonly cwd?: string;
  /** Judges only cases whose query, statement or scenario holds this text. Their suites' known-bad queries always run. */
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
  /** What the age of statistics is told by. Default: the clock. */
  readonly now?: Date;
  /**
   * Told what is going on, for a progress line.
   * @param slow what follows takes seconds and blocks the thread: show it at once
   */
  readonly onProgress?: (message: string, slow: boolean) => void;
  /** Told what a query module prints. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Plans the queries of the suites on their planning replicas and judges the plans: what `plan-guard check` does.
 * @throws {PlanGuardError | PlanGuardErrors} for bad input and for an engine that fails
 */
export async function check(options: CheckOptions = {}): Promise<Report> {
  checkOptions(options);
  const cwd = resolve(options.cwd ?? '.');
  const files = options.suites?.length ? options.suites.map((file) => resolve(cwd, file)) : await discoverSuites(cwd);
  const suites = await loadAll([...new Set(files)], cwd);
  const notices: Notice[] = [];
  const onFallback = (message: string) => {
    if (notices.some((notice) => notice.message === message)) return;
    const [file = ''] = files;
    const next = 'Set PLAN_GUARD_CACHE to a folder that can be written.';
    notices.push({ suite: '', level: 'warning', message, next, file, line: 1, column: 1 });
  };
  const { filter, databaseUrl, redactKey, now = new Date(), cache = true } = options;
  const { onProgress = () => {}, onOutput = () => {} } = options;
  const checked: CheckedSuite[] = [];
  const passedOver: string[] = [];
  const engines = new Map<string, Engine>();
  try {
    for (const given of suites) {
      const suite = databaseUrl === undefined ? given : planningOn(given);
      const { engine: kind, version, binDir, image } = suite.postgres;
      const key = JSON.stringify([kind, version, binDir, image]);
      const folders = [dirname(suite.file), cwd];
      const engine = engines.get(key) ?? (await openEngine(suite.postgres, { cache, onFallback, folders }));
      engines.set(key, engine);
      const one = await checkSuite(suite, engine, { filter, databaseUrl, redactKey, now, onProgress, onOutput });
      if ('report' in one) checked.push(one);
      else passedOver.push(...one.queries);
    }
  } finally {
    for (const engine of engines.values()) await engine.close();
  }
  if (checked.length === 0) throw nothingMatched(filter ?? '', passedOver);
  return summarize(checked, notices);
}

function planningOn(suite: Suite): Suite {
  const { locale, role, extensions } = suite.postgres;
  const postgres = { locale, role, extensions, version: undefined, binDir: undefined, image: undefined, settings: {} };
  return { ...suite, statistics: [], postgres: { ...postgres, engine: 'url' } };
}

const OPTIONS: Readonly<Record<keyof CheckOptions, readonly [expected: string, test: (value: unknown) => boolean]>> = {
  suites: ['a list of paths', (value) => Array.isArray(value) && value.every((path) => typeof path === 'string')],
  cwd: ['a path', (value) => typeof value === 'string'],
  filter: ['a text', (value) => typeof value === 'string'],
  databaseUrl: ['a connection string', (value) => typeof value === 'string'],
  redactKey: ['a text', (value) => typeof value === 'string'],
  now: ['a Date', (value) => value instanceof Date && !Number.isNaN(value.getTime())],
  cache: ['true or false', (value) => typeof value === 'boolean'],
  onProgress: ['a function', (value) => typeof value === 'function'],
  onOutput: ['a function', (value) => typeof value === 'function'],
};

/** A misspelt option would be one that does nothing: callers of JavaScript have no compiler to tell them. */
function checkOptions(options: CheckOptions): void {
  const known = Object.keys(OPTIONS).join(', ');
  if (typeof options !== 'object' || options === null) {
    throw new PlanGuardError('usage', 'check() takes an object of options.', { hint: `Options are ${known}.` });
  }
  const errors = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (!Object.hasOwn(OPTIONS, name)) {
      return new PlanGuardError('usage', `check() has no option "${name}".`, { hint: `Options are ${known}.` });
    }
    const [expected, test] = OPTIONS[name as keyof CheckOptions];
    if (test(value)) return [];
    return new PlanGuardError('usage', `The option "${name}" of check() must be ${expected}.`, {
      hint: `It is ${Array.isArray(value) ? 'a list with something else' : `of type ${typeof value}`}.`,
    });
  });
  throwAll(errors);
}

async function loadAll(files: readonly string[], cwd: string): Promise<Suite[]> {
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
  throwAll([...errors, ...sharedNames(suites, cwd)]);
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

function nothingMatched(filter: string, queries: readonly string[]): PlanGuardError {
  const shown = queries.slice(0, 6).join(', ');
  const more = queries.length > 6 ? ` and ${queries.length - 6} more` : '';
  return new PlanGuardError('nothing-to-check', `No query, statement or scenario holds "${filter}".`, {
    hint: `Queries are ${shown}${more}; run without --filter and with --verbose to see all cases.`,
  });
}
