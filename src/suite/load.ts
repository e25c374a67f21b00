import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { DEFAULT_DEARER_FACTOR, KEYS } from './keys.js';
import type {
  FileSource,
  KnownBadEntry,
  ModuleSource,
  NamedFile,
  PlansSettings,
  QueryEntry,
  RuleName,
  RuleSettings,
  Scenario,
  ScenarioValue,
  Suite,
  TableName,
  Waiver,
} from './model.js';
import { didYouMean, nearest } from './nearest.js';
import { formatValue } from './scenarios.js';
import { readYaml, type YamlEntry, type YamlValue } from './yaml.js';

/** More cases than this from one query are a mistake in its matrix. */
const MAX_CASES = 10_000;
/** One hour, in milliseconds. */
const MAX_TIMEOUT = 3_600_000;
const DEFAULT_TIMEOUT = 10_000;
const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

const PARAMETER = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const SETTING = /^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)*$/;
const ENGINES = ['pglite', 'native', 'container', 'url'] as const;
const VERSIONS = [14, 15, 16, 17, 18] as const;
const IMAGE = /^[\w][\w./:@-]*$/;
const LOCALE = /^[\w.@-]+$/;
const DEFAULT_LOCALE = 'en_US.UTF-8';
const EXTENSION = /^[A-Za-z0-9_-]+$/;
/** A type as SQL writes it: words, a modifier, more words, array brackets. Nothing that could end a statement. */
const TYPE = /^[\p{L}_"][\p{L}\p{N}_$." ]*(\( *\d+( *, *-?\d+)? *\))?[\p{L} ]*(\[\d*\])*$/u;
/** `name` or `schema.name`; a part that holds a dot, a quote or a blank stands in double quotes, as in SQL. */
const QUALIFIED = /^(?:(?:"((?:[^"]|"")+)"|([^\s."]+))\.)?(?:"((?:[^"]|"")+)"|([^\s."]+))$/;
const SEVERITIES = ['fail', 'warn'] as const;
const WAIVABLE = [...KEYS.rules, ...KEYS.changes] as const;
const MODULE_FILE = /\.[cm]?[jt]sx?$/i;

/** An entry of `queries` or `known-bad`, with what in it was read without an error. */
interface Draft<Entry extends QueryEntry> {
  readonly item: YamlValue;
  readonly nameValue: YamlValue | undefined;
  readonly entry: Entry;
  readonly scenariosSound: boolean;
  readonly rulesSound: boolean;
}

interface Read<Result> {
  readonly result: Result;
  /** Whether it was read without an error, so that conclusions may rest on it. */
  readonly sound: boolean;
}

/**
 * Reads and validates a suite file. Paths in it are relative to the file, and absolute in the result.
 * @throws {PlanGuardError} `file` where it cannot be read
 * @throws {PlanGuardError | PlanGuardErrors} `suite` for what is wrong in it, every error at once, each with its place
 */
export async function loadSuite(file: string): Promise<Suite> {
  const path = resolve(file);
  const root = await readYaml(path, 'suite file', 'suite');
  const reader = new SuiteReader(path);
  const suite = reader.read(root);
  await reader.filesChecked();
  root.throwErrors();
  return suite;
}

/**
 * Where plans are approved to, beside the suite file: of a file with a name of its own, into a folder of its own. Suites
 * that shared one would remove each other's plans.
 */
function defaultPlans(suite: string): string {
  const name = basename(suite, extname(suite));
  return resolve(dirname(suite), 'plans', name === 'plan-guard' ? '' : name);
}

class SuiteReader {
  readonly #path: string;
  readonly #checks: Promise<void>[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  async filesChecked(): Promise<void> {
    await Promise.all(this.#checks);
  }

  read(root: YamlValue): Suite {
    if (root.isEmpty) {
      root.fail('The suite file is empty', 'Write at least `schema`, `protect` and `queries`.');
    } else if (!root.isMapping) {
      root.expected('a suite: a mapping with keys such as schema, protect and queries', 'Write `key: value` pairs.');
    }
    const filled = root.isMapping && !root.isEmpty;
    const fields = filled ? root.fields('a suite', KEYS.suite) : {};
    fields.$schema?.text('the address of a JSON Schema');
    const postgres = fields.postgres?.fields('a mapping such as `{ engine: pglite }`', KEYS.postgres) ?? {};
    const engine = postgres.engine?.oneOf(ENGINES) ?? 'pglite';
    checkEngineKeys(engine, postgres);
    if (engine === 'url') {
      fields.statistics?.fail(
        'an existing database plans with its own statistics',
        'Remove `statistics`, or take another engine.',
      );
    }

    if (filled && !fields.schema && engine !== 'url') {
      root.fail('The key `schema` is missing', 'Name the SQL files that create the tables: `schema: [schema.sql]`.');
    }
    if (filled && !fields.queries) {
      root.fail(
        'The key `queries` is missing: there is nothing to check',
        'List what to guard: `queries: [{ file: queries/profile.sql }]`.',
      );
    }

    const rules = sound(root, () => suiteRules(fields.protect, fields.rules));
    const scenarios = readScenarios(root, fields.scenarios, fields.defaults);
    const types = readTypes(fields.types);
    const queries = this.#queries(fields.queries, scenarios, types);
    const knownBad = this.#knownBad(fields['known-bad'], scenarios, types, rules);
    checkNames(queries);
    checkNames(knownBad);
    // A plan that is not the approved one fails, whatever the rules.
    if (rules.sound && !fields.plans) checkEveryQueryIsAsked(root, rules.result, queries);
    if (fields.scenarios) checkScenariosAreUsed(root, scenarios, [...queries, ...knownBad]);

    return {
      name: fields.name?.text("the suite's name") ?? (basename(dirname(this.#path)) || 'suite'),
      file: this.#path,
      postgres: {
        engine,
        version: postgres.version?.oneOf(VERSIONS),
        binDir: this.#folder(postgres.binDir),
        image: postgres.image?.match(IMAGE, 'the name of an image', 'Write it as `docker pull` takes it: postgres:15.'),
        extensions: names(postgres.extensions, 'the name of an extension', (value, what) =>
          value.match(EXTENSION, what, 'Write the name as CREATE EXTENSION has it, such as pg_trgm.'),
        ),
        locale:
          postgres.locale?.match(
            LOCALE,
            'the name of a locale',
            'Write it as the server shows it: en_US.UTF-8 or C.',
          ) ?? DEFAULT_LOCALE,
        role: postgres.role?.text("a role's name"),
        settings: readSettings(postgres.settings),
      },
      schema: this.#files(fields.schema, 'an SQL file'),
      seed: this.#files(fields.seed, 'an SQL file'),
      statistics: this.#statistics(fields.statistics),
      rules: rules.result,
      scenarios,
      queries: queries.map(({ entry }) => entry),
      knownBad: knownBad.map(({ entry }) => entry),
      unverified: fields.unverified?.oneOf(['fail', 'warn']) ?? 'fail',
      trustedFunctions: names(fields['trusted-functions'], 'the name of a function', (value, what) =>
        value.match(QUALIFIED, what, 'Write `name` or `schema.name`, without arguments.'),
      ),
      moduleTimeout: readTimeout(fields['module-timeout']),
      maxAge: readAge(fields['max-age'], fields.statistics),
      plans: this.#plans(fields.plans),
      waivers: readWaivers(fields.waivers),
    };
  }

  #files(value: YamlValue | undefined, what: string): string[] {
    return names(value, what, (each) => this.#file(each, what));
  }

  /** Resolves a path, and notes an error later where no file is there. */
  #file(value: YamlValue, what: string): string | undefined {
    const written = value.text(`the path of ${what}`);
    if (written === undefined) return undefined;
    const file = resolve(dirname(this.#path), written);
    this.#checks.push(checkFile(value, written, file, what));
    return file;
  }

  #folder(value: YamlValue | undefined): string | undefined {
    const written = value?.text('the path of a folder');
    return written === undefined ? undefined : resolve(dirname(this.#path), written);
  }

  #plans(value: YamlValue | undefined): PlansSettings {
    const isFolder = value?.plainText !== undefined;
    const fields = isFolder
      ? {}
      : (value?.fields('a folder, or a mapping such as `{ changed: fail }`', KEYS.plans) ?? {});
    const missing = fields.missing?.oneOf(SEVERITIES);
    return {
      folder: this.#folder(isFolder ? value : fields.folder) ?? defaultPlans(this.#path),
      stated: value !== undefined,
      missing,
      unused: fields.unused?.oneOf(SEVERITIES) ?? missing,
      changed: fields.changed?.oneOf(SEVERITIES) ?? 'fail',
      dearer: fields.dearer?.oneOf(SEVERITIES) ?? 'fail',
      edited: fields.edited?.oneOf(SEVERITIES) ?? 'fail',
      dearerFactor: readFactor(fields['dearer-factor']),
    };
  }

  #statistics(value: YamlValue | undefined): NamedFile[] {
    if (value === undefined) return [];
    const what = 'a statistics file';
    if (value.plainText !== undefined) {
      const file = this.#file(value, what);
      return file === undefined ? [] : [{ name: basename(file, extname(file)), file, where: value.where }];
    }
    return value
      .entries('a statistics file, or a mapping of names to statistics files')
      .flatMap(({ name, value: each, where }) => {
        const file = this.#file(each, what);
        return file === undefined ? [] : [{ name, file, where }];
      });
  }

  #queries(
    value: YamlValue | undefined,
    scenarios: readonly Scenario[],
    types: Readonly<Record<string, string>>,
  ): Draft<QueryEntry>[] {
    return (value?.list('a list of queries') ?? []).map((item) => {
      const fields = item.fields('a query such as `{ file: queries/profile.sql }`', KEYS.query);
      return this.#entry(item, fields, scenarios, types);
    });
  }

  #knownBad(
    value: YamlValue | undefined,
    scenarios: readonly Scenario[],
    types: Readonly<Record<string, string>>,
    suiteWide: Read<RuleSettings>,
  ): Draft<KnownBadEntry>[] {
    return (value?.list('a list of known-bad queries') ?? []).map((item) => {
      const fields = item.fields('a query such as `{ file: known-bad/x.sql, must-fail: protect }`', KEYS.knownBad);
      const draft = this.#entry(item, fields, scenarios, types);
      const mustFail = fields['must-fail']?.oneOf(KEYS.rules);
      if (item.isMapping && !fields['must-fail']) {
        item.fail('`must-fail` is missing', `Name the rule that must catch it: ${KEYS.rules.join(', ')}.`);
      }
      if (mustFail !== undefined && suiteWide.sound && draft.rulesSound) {
        if (!namesATable(mustFail, suiteWide.result) && !namesATable(mustFail, draft.entry.rules)) {
          fields['must-fail']?.fail(
            `${mustFail} names no table for this query, so it could never fail`,
            "Name its tables under the suite's `rules` or this entry's.",
          );
        }
      }
      return { ...draft, entry: { ...draft.entry, mustFail: mustFail ?? 'protect' } };
    });
  }

  #entry(
    item: YamlValue,
    fields: { readonly [key in (typeof KEYS.query)[number]]?: YamlValue },
    scenarios: readonly Scenario[],
    types: Readonly<Record<string, string>>,
  ): Draft<QueryEntry> {
    const source = this.#source(item, fields);
    const stated = fields.name?.text("the query's name");
    const used = sound(item, () => readUsedScenarios(fields.scenarios, scenarios));
    const rules = sound(item, () => readRules(fields.rules));
    const matrix = readMatrix(fields.matrix);
    const cases = Object.values(matrix).reduce((count, choices) => count * choices.length, used.result.length);
    if (cases > MAX_CASES) {
      fields.matrix?.fail(
        `expected at most ${MAX_CASES} cases, found ${cases}: every scenario with every combination`,
        'Take keys or values out of the matrix, or scenarios out of the query.',
      );
    }
    const entry = {
      name: stated ?? (source.kind === 'module' ? moduleName(source) : undefined),
      source,
      scenarios: used.result,
      matrix,
      types: { ...types, ...readTypes(fields.types) },
      parameters: readParameters(fields.parameters, fields.module),
      rules: rules.result,
      where: item.where,
    };
    return { item, nameValue: fields.name, entry, scenariosSound: used.sound, rulesSound: rules.sound };
  }

  #source(
    item: YamlValue,
    { file, module, export: exported }: { readonly [key in 'file' | 'module' | 'export']?: YamlValue },
  ): FileSource | ModuleSource {
    if (file && module) {
      module.fail(
        'expected either `file` or `module`, found both',
        'Keep one, and make a query of its own of the other.',
      );
    } else if (item.isMapping && !file && !module) {
      item.fail(
        'expected `file` or `module`, found neither',
        'Name an SQL file (`file: queries/x.sql`) or a function (`module: x.js`, `export: name`).',
      );
    }
    if (exported && !module) {
      exported.fail('`export` belongs to `module`', 'Name the module that exports the function, or remove `export`.');
    }
    const sqlPath = file && this.#file(file, 'an SQL file');
    const modulePath = module && this.#file(module, 'a module');
    if (file && sqlPath && MODULE_FILE.test(sqlPath)) {
      file.expected('an SQL file', 'Write `module` in place of `file` for a JS or TS module.');
    }
    if (module && modulePath && !MODULE_FILE.test(modulePath)) {
      module.expected('a JS or TS module', 'Write `file` in place of `module` for an SQL file.');
    }
    return module
      ? { kind: 'module', file: modulePath ?? '', export: exported?.text('the name of an export') ?? 'default' }
      : { kind: 'file', file: sqlPath ?? '' };
  }
}

/** Keys that say something about one engine mean nothing to the others. */
function checkEngineKeys(
  engine: (typeof ENGINES)[number],
  fields: { readonly [key in (typeof KEYS.postgres)[number]]?: YamlValue },
): void {
  const owners = { version: ['native', 'container'], binDir: ['native'], image: ['container'] } as const;
  for (const [key, engines] of Object.entries(owners)) {
    if ((engines as readonly string[]).includes(engine)) continue;
    fields[key as keyof typeof owners]?.fail(
      `\`${key}\` belongs to the engine ${engines.join(' or ')}, and this one is ${engine}`,
      `Write \`engine: ${engines[0]}\`, or remove \`${key}\`.`,
    );
  }
}

function sound<Result>(value: YamlValue, read: () => Result): Read<Result> {
  const before = value.errorCount;
  const result = read();
  return { result, sound: value.errorCount === before };
}

async function checkFile(value: YamlValue, written: string, file: string, what: string): Promise<void> {
  try {
    const facts = await stat(file);
    if (facts.isDirectory()) {
      value.fail(`expected ${what}, found the folder \`${written}\``, 'Name the file inside the folder.');
    }
    await access(file, constants.R_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      value.fail(`\`${written}\` does not exist`, await missingHint(written, file));
    } else {
      const reason = code === 'EACCES' ? 'permission denied' : message;
      value.fail(`\`${written}\` cannot be read: ${reason}`, 'Make the file readable.');
    }
  }
}

async function missingHint(written: string, file: string): Promise<string> {
  if (/[*?{]/.test(written)) return 'Patterns are not read: list every file.';
  const folder = dirname(file);
  const neighbours = await readdir(folder).catch(() => undefined);
  if (neighbours === undefined)
    return `The folder ${dirname(written)} is not there: check the path, or run the build that makes it.`;
  const near = nearest(basename(file), neighbours);
  if (near !== undefined) return `Did you mean \`${near}\`?`;
  return MODULE_FILE.test(file)
    ? 'Paths are relative to the suite file; where a build makes the module, run the build first.'
    : 'Paths are relative to the suite file.';
}

/** The texts of a list (or of one value alone), each once. */
function names(
  value: YamlValue | undefined,
  what: string,
  read: (value: YamlValue, what: string) => string | undefined,
): string[] {
  if (value === undefined) return [];
  const found = new Set<string>();
  for (const each of value.oneOrMore(`${what} or a list of them`)) {
    const name = read(each, what);
    if (name !== undefined && found.has(name)) each.fail('it stands twice in the list', 'Remove one of the two.');
    if (name !== undefined) found.add(name);
  }
  return [...found];
}

/** Keys and values of a mapping whose keys are parameters. */
function parameterEntries(value: YamlValue | undefined, what: string): YamlEntry[] {
  return (value?.entries(what) ?? []).filter((entry) => isParameter(entry.name, entry.fail));
}

function isParameter(name: string, fail: YamlEntry['fail']): boolean {
  if (PARAMETER.test(name)) return true;
  const hint = /^\$\d+$/.test(name)
    ? 'Name it: `parameters: [user_id]` in the query names $1, $2, … in order.'
    : name === '<<'
      ? 'Merge keys are not read: put shared values under `defaults`.'
      : 'Write the name alone, of letters, digits and _: `user_id`, not `@user_id` or `:user_id`.';
  fail(`expected the name of a parameter, found \`${name}\``, hint);
  return false;
}

function readScenarios(root: YamlValue, scenarios: YamlValue | undefined, defaults: YamlValue | undefined): Scenario[] {
  const shared = readValues(defaults, 'a mapping of parameters to values');
  if (scenarios === undefined) return [{ name: 'default', values: shared, where: (defaults ?? root).where }];
  return scenarios.entries('a mapping of scenarios').map(({ name, value, where, fail }) => {
    if (name === 'all') fail('`all` means every scenario and cannot name one', 'Choose another name.');
    if (name.includes('=')) fail('the name of a scenario has no `=`', 'Choose another name.');
    const own = value.isEmpty ? {} : readValues(value, 'a mapping of parameters to values');
    return { name, values: { ...shared, ...own }, where };
  });
}

function readValues(value: YamlValue | undefined, what: string): Record<string, ScenarioValue> {
  return Object.fromEntries(parameterEntries(value, what).map((entry) => [entry.name, entry.value.data()]));
}

function readMatrix(value: YamlValue | undefined): Record<string, ScenarioValue[]> {
  const entries = parameterEntries(value, 'a mapping of parameters to lists of values').map((entry) => {
    const seen = new Set<string>();
    const choices = entry.value.list('a list of values').map((each) => {
      const choice = each.data();
      const name = formatValue(choice);
      if (seen.has(name)) each.fail('it stands twice in the list', 'Remove one of the two.');
      seen.add(name);
      return choice;
    });
    return [entry.name, choices] as const;
  });
  return Object.fromEntries(entries);
}

function readTypes(value: YamlValue | undefined): Record<string, string> {
  const entries = parameterEntries(value, 'a mapping of parameters to types').flatMap((entry) => {
    const type = entry.value.match(
      TYPE,
      'a type',
      "Write it as SQL does, in quotes where it has brackets: int, 'int[]', 'numeric(10,2)'.",
    );
    return type === undefined ? [] : [[entry.name, type] as const];
  });
  return Object.fromEntries(entries);
}

function readParameters(value: YamlValue | undefined, module: YamlValue | undefined): string[] {
  if (value && module) {
    value.fail(
      '`parameters` names the $1, $2, … of an SQL file, and this query is a module',
      'Remove it: the module receives the values by name.',
    );
  }
  return (value?.list('a list of names for $1, $2, …') ?? []).flatMap((each) => {
    const name = each.text('the name of a parameter');
    return name !== undefined && isParameter(name, each.fail.bind(each)) ? [name] : [];
  });
}

function readUsedScenarios(value: YamlValue | undefined, scenarios: readonly Scenario[]): string[] {
  const known = scenarios.map(({ name }) => name);
  if (value === undefined || value.plainText === 'all') return known;
  const used = names(value, 'the name of a scenario', (each, what) => {
    const name = each.text(what);
    if (name === 'all') each.fail('`all` stands alone', 'Write `scenarios: all`, or list the scenarios.');
    else if (name !== undefined && known.length > 0 && !known.includes(name)) {
      each.fail(`there is no scenario \`${name}\``, didYouMean(name, known));
    }
    return name;
  });
  return known.filter((name) => used.includes(name));
}

function readSettings(value: YamlValue | undefined): Record<string, string> {
  const settings = new Map<string, string>();
  for (const entry of value?.entries('a mapping of settings to values') ?? []) {
    const name = entry.name.toLowerCase();
    if (!SETTING.test(name)) {
      entry.fail(
        `expected the name of a setting, found \`${entry.name}\``,
        'Write it as in postgresql.conf, such as random_page_cost.',
      );
    } else if (settings.has(name)) {
      entry.fail(`the setting ${name} stands twice`, 'Keep one of the two; case makes no difference.');
    }
    settings.set(name, readSetting(entry.value) ?? '');
  }
  return Object.fromEntries(settings);
}

function readSetting(value: YamlValue): string | undefined {
  const data = value.isScalar ? value.data() : null;
  if (typeof data === 'boolean') return data ? 'on' : 'off';
  if (typeof data === 'number') return String(data);
  if (typeof data === 'string') return data;
  value.expected('the value of a setting', 'Write it as in postgresql.conf: 1.1, 32MB, on.');
  return undefined;
}

function readTimeout(value: YamlValue | undefined): number {
  if (value === undefined) return DEFAULT_TIMEOUT;
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(ms|s|m)$/.exec(value.plainText ?? '') ?? [];
  const milliseconds = Number(amount) * (TIME_UNITS[unit ?? ''] ?? Number.NaN);
  if (milliseconds >= 1 && milliseconds <= MAX_TIMEOUT) return milliseconds;
  value.expected('a time between 1ms and 60m', 'Write a number and its unit (ms, s or m): 500ms, 10s.');
  return DEFAULT_TIMEOUT;
}

function readAge(value: YamlValue | undefined, statistics: YamlValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (statistics === undefined) {
    value.fail('there are no statistics that could be too old', 'Name a file under `statistics`, or remove it.');
  }
  const [, amount, unit] = /^(\d{1,5}) ?([dw])$/.exec(value.plainText ?? '') ?? [];
  const days = Number(amount) * (unit === 'w' ? 7 : 1);
  if (days >= 1) return days;
  value.expected('an age of at least 1d', 'Write a number and its unit (d or w): 90d, 12w.');
  return undefined;
}

function readFactor(value: YamlValue | undefined): number {
  if (value === undefined) return DEFAULT_DEARER_FACTOR;
  const factor = value.isScalar ? value.data() : null;
  if (typeof factor === 'number' && factor > 1 && Number.isFinite(factor)) return factor;
  value.expected('a number above 1', 'Write how many times dearer a plan may become: 3.');
  return DEFAULT_DEARER_FACTOR;
}

/** A day that the calendar has. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function readWaivers(value: YamlValue | undefined): Waiver[] {
  return (value?.list('a list of waivers') ?? []).flatMap((item) => {
    const fields = item.fields('a waiver such as `{ rule: protect, query: profile, owner: … }`', KEYS.waiver);
    const required = (['rule', 'owner', 'reason', 'until'] as const).filter((key) => item.isMapping && !fields[key]);
    if (required.length > 0) {
      item.fail(
        `${required.map((key) => `\`${key}\``).join(', ')} ${required.length === 1 ? 'is' : 'are'} missing`,
        'A waiver says which finding is accepted (rule), by whom (owner), why (reason) and until which day (until).',
      );
    }
    if (item.isMapping && !fields.query && !fields.table) {
      item.fail('expected `query` or `table`, found neither', 'Name the query, or the table, that is let off.');
    }
    const rule = fields.rule?.oneOf(WAIVABLE);
    if (fields.table && KEYS.changes.some((kind) => kind === rule)) {
      fields.table.fail(`\`table\` belongs to rules, and ${rule} is about a plan`, 'Name the query instead.');
    }
    const table = fields.table && readTable(fields.table, 'a table');
    const query = fields.query?.text("a query's name");
    const until = fields.until?.text('a day');
    if (until !== undefined && !isDay(until)) fields.until?.expected('a day', 'Write it as 2026-12-31.');
    const owner = fields.owner?.text('who accepts it') ?? '';
    const reason = fields.reason?.text('why it is accepted') ?? '';
    const number = fields.statement?.isScalar ? fields.statement.data() : undefined;
    const statement = typeof number === 'number' ? String(number) : fields.statement?.text("a statement's name");
    const scenario = fields.scenario?.text("a scenario's name");
    if (rule === undefined || until === undefined) return [];
    return { rule, query, statement, scenario, table, owner, reason, until, where: item.where };
  });
}

const NO_RULES: RuleSettings = { protect: [], noSeqScan: [], indexOnly: [], onlyIndexes: [] };

function suiteRules(protect: YamlValue | undefined, rules: YamlValue | undefined): RuleSettings {
  const settings = readRules(rules);
  return { ...settings, protect: [...readTables(protect), ...settings.protect] };
}

function readRules(value: YamlValue | undefined): RuleSettings {
  if (value === undefined) return NO_RULES;
  const fields = value.fields('a mapping of rules to tables', KEYS.rules);
  return {
    protect: readTables(fields.protect),
    noSeqScan: readTables(fields['no-seq-scan']),
    indexOnly: eachTable(fields['index-only'], 'a table, or `{ table: tracks, index: name }`', (value, what) => {
      if (!value.isMapping) return withTable(readTable(value, what), { index: undefined });
      const { table, index } = value.fields(what, KEYS.indexOnly);
      if (!table) value.fail('`table` is missing', 'Write `{ table: tracks, index: name }`.');
      return withTable(table && readTable(table, 'a table'), { index: index?.text("an index's name") });
    }),
    onlyIndexes: eachTable(fields['only-indexes'], '`{ table: tracks, indexes: [name] }`', (value, what) => {
      const { table, indexes } = value.fields(what, KEYS.onlyIndexes);
      if (value.isMapping && !(table && indexes)) {
        value.fail(`\`${table ? 'indexes' : 'table'}\` is missing`, 'Write `{ table: tracks, indexes: [name] }`.');
      }
      const allowed = names(indexes, "an index's name", (each, what) => each.text(what));
      return withTable(table && readTable(table, 'a table'), { indexes: allowed });
    }),
  };
}

function readTables(value: YamlValue | undefined): TableName[] {
  return eachTable(value, 'a table', (each, what) => withTable(readTable(each, what), {})).map(({ table }) => table);
}

function withTable<Rest extends object>(table: TableName | undefined, rest: Rest) {
  return table && { table, ...rest };
}

/** The elements of a rule's list (or the one alone); no table stands twice. */
function eachTable<Item extends { readonly table: TableName }>(
  value: YamlValue | undefined,
  what: string,
  read: (value: YamlValue, what: string) => Item | undefined,
): Item[] {
  const items = new Map<string, Item>();
  for (const each of value?.oneOrMore(`${what}, or a list of them`) ?? []) {
    const item = read(each, what);
    if (item === undefined) continue;
    const name = JSON.stringify([item.table.schema, item.table.name]);
    if (items.has(name)) each.fail('the table stands twice in the list', 'Remove one of the two.');
    items.set(name, item);
  }
  return [...items.values()];
}

function readTable(value: YamlValue, what: string): TableName | undefined {
  const text = value.text(what);
  if (text === undefined) return undefined;
  const parts = QUALIFIED.exec(text);
  if (parts === null) {
    value.expected(
      what,
      'Write `table` or `schema.table`, spelt as in the catalog; a name with a dot or a blank goes in double quotes.',
    );
    return undefined;
  }
  const [, quotedSchema, plainSchema, quotedName, plainName] = parts;
  return {
    schema: quotedSchema?.replaceAll('""', '"') ?? plainSchema,
    name: quotedName?.replaceAll('""', '"') ?? plainName ?? '',
    where: value.where,
  };
}

function namesATable(rule: RuleName, rules: RuleSettings): boolean {
  const tables: Readonly<Record<RuleName, readonly unknown[]>> = {
    protect: rules.protect,
    'no-seq-scan': rules.noSeqScan,
    'index-only': rules.indexOnly,
    'only-indexes': rules.onlyIndexes,
  };
  return tables[rule].length > 0;
}

function moduleName({ file, export: exported }: ModuleSource): string {
  return exported === 'default' ? basename(file, extname(file)) : exported;
}

/** Queries are told apart by their names, and files without a stated one by their paths. */
function checkNames(queries: readonly Draft<QueryEntry>[]): void {
  const first = new Map<string, QueryEntry>();
  for (const { item, nameValue, entry } of queries) {
    const key = entry.name === undefined ? `file ${entry.source.file}` : `name ${entry.name}`;
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, entry);
    } else if (entry.name !== undefined) {
      (nameValue ?? item).fail(
        `two queries have the name \`${entry.name}\`, the first in line ${before.where.line}`,
        'Give each its own `name`.',
      );
    } else if (entry.source.file !== '') {
      item.fail(`the same file stands in line ${before.where.line}`, 'Remove one, or give each its own `name`.');
    }
  }
}

function checkEveryQueryIsAsked(root: YamlValue, suiteWide: RuleSettings, queries: readonly Draft<QueryEntry>[]): void {
  const asks = (rules: RuleSettings) => KEYS.rules.some((rule) => namesATable(rule, rules));
  if (asks(suiteWide)) return;
  const unasked = queries.filter(({ entry, rulesSound }) => rulesSound && !asks(entry.rules));
  if (unasked.length > 0 && unasked.length === queries.length) {
    root.fail(
      'No rule names a table: a suite that asks nothing could never fail',
      'Name the tables that must never be read whole: `protect: [tracks]`; or have plans approved: `plans: plans`.',
    );
    return;
  }
  for (const { item } of unasked) {
    item.fail(
      'no rule names a table for this query, so it could never fail',
      'Give it `rules`, or name the tables for the whole suite: `protect: [tracks]`.',
    );
  }
}

function checkScenariosAreUsed(
  root: YamlValue,
  scenarios: readonly Scenario[],
  queries: readonly Draft<QueryEntry>[],
): void {
  if (queries.length === 0 || queries.some(({ scenariosSound }) => !scenariosSound)) return;
  for (const { name, where } of scenarios) {
    if (queries.some(({ entry }) => entry.scenarios.includes(name))) continue;
    root.failAt(where, `No query uses the scenario \`${name}\``, 'Add it to the `scenarios` of a query, or remove it.');
  }
}
