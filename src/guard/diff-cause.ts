import { shapeText } from '../baseline/shape.js';
import type { AccessChange, PlanDiff } from '../diff/model.js';
import { PlanGuardError, PlanGuardErrors } from '../errors.js';
import type { Access } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import { hashScripts } from '../postgres/scripts.js';
import type { DiffCause, InputName } from '../report/diff-model.js';
import { causeWords, inputFacts } from './diff-cause-words.js';
import { groupBy } from './diff-pairs.js';
import { type PlannedSuite, planWithSet, type SideCase, settingsOf } from './diff-suite.js';
import { engineKey } from './engines.js';
import type { StatisticsSet } from './statistics-sets.js';
import type { PlannerOptions, SuiteInputs } from './suite-inputs.js';

/** A case whose plans differ. */
export interface ChangedCase {
  readonly before: SideCase;
  readonly after: SideCase;
  readonly diff: PlanDiff;
}

type Side = 'before' | 'after';
/** From which side each input is taken. */
type Mix = Readonly<Record<InputName, Side>>;

/** What came of a plan that was made with inputs of both sides. `refused`: they do not go together. */
type Outcome = Side | 'neither' | 'refused';

const INPUTS: readonly InputName[] = ['query', 'schema', 'statistics', 'settings', 'major'];

/**
 * Which inputs it takes to turn the plan of before into that of after. Where one alone differs, it is that one; else
 * cases are planned with one input of the other side, both ways, and with two where no single one decides.
 * @throws {PlanGuardError} `engine` where one fails
 */
export async function findCauses(
  before: PlannedSuite,
  after: PlannedSuite,
  changed: readonly ChangedCase[],
  options: PlannerOptions,
): Promise<Map<ChangedCase, DiffCause>> {
  const sides = { before, after };
  const compareInputs = inputComparer(sides);
  const open = changed.map((one) => ({ one, candidates: compareInputs(one) }));
  const several = open.filter(({ candidates }) => candidates.length > 1);
  const trials = several.flatMap(({ one, candidates }) =>
    candidates.flatMap((input) => [
      mixed(one, candidates, [input], 'after'),
      mixed(one, candidates, [input], 'before'),
    ]),
  );
  const outcomes = await runTrials(sides, trials, options);
  const singles = new Map(several.map(({ one, candidates }) => [one, decide(candidates, of(outcomes, one))]));
  const undecided = several.filter(({ one, candidates }) => singles.get(one) === undefined && candidates.length > 2);
  const pairTrials = undecided.flatMap(({ one, candidates }) =>
    pairsOf(candidates).flatMap((pair) => [
      mixed(one, candidates, pair, 'after'),
      mixed(one, candidates, pair, 'before'),
    ]),
  );
  const pairOutcomes = await runTrials(sides, pairTrials, options);
  return new Map(
    open.map(({ one, candidates }) => {
      const decision =
        candidates.length < 2
          ? together(candidates)
          : (singles.get(one) ?? decidePair(candidates, of(pairOutcomes, one)));
      const facts = inputFacts(one, (side) => settingsOf((side === one.before ? before : after).inputs, side));
      return [one, causeWords(decision, facts)];
    }),
  );
}

/** A case to be planned with some inputs of one side, the others of the other side. */
interface Trial {
  readonly one: ChangedCase;
  readonly mix: Mix;
  readonly inputs: readonly InputName[];
  readonly from: Side;
}

/** `inputs` from one side, everything else that differs from the other. What does not differ is taken from before. */
function mixed(one: ChangedCase, candidates: readonly InputName[], inputs: readonly InputName[], from: Side): Trial {
  const rest: Side = from === 'after' ? 'before' : 'after';
  const take = (input: InputName): Side =>
    !candidates.includes(input) ? 'before' : inputs.includes(input) ? from : rest;
  const mix = Object.fromEntries(INPUTS.map((input) => [input, take(input)])) as Mix;
  return { one, mix, inputs, from };
}

type Outcomes = ReadonlyMap<Trial, Outcome>;
/** What came of the inputs of one side among those of the other. */
export type Ask = (inputs: readonly InputName[], from: Side) => Outcome;

function of(outcomes: Outcomes, one: ChangedCase): Ask {
  const own = [...outcomes].filter(([trial]) => trial.one === one);
  return (inputs, from) =>
    own.find(([trial]) => trial.from === from && trial.inputs.join() === inputs.join())?.[1] ?? 'refused';
}

/** Which inputs decide. */
export interface Decision {
  readonly inputs: readonly InputName[];
  /** Each of them does it alone; else it takes all of them. */
  readonly each: boolean;
}

const together = (inputs: readonly InputName[]): Decision => ({ inputs, each: false });

/**
 * The inputs that decide, as far as swapping single ones tells: one that alone makes the new plan, or whose return alone
 * brings the old one back; several, where each one does the first, or each one's return the second. Undefined where
 * single ones do not tell.
 */
export function decide(candidates: readonly InputName[], ask: Ask): Decision | undefined {
  const makes = candidates.filter((input) => ask([input], 'after') === 'after');
  const restores = candidates.filter((input) => ask([input], 'before') === 'before');
  const both = makes.filter((input) => restores.includes(input));
  if (both.length > 0) return together(both.slice(0, 1));
  if (makes.length > 0) return { inputs: makes, each: true };
  const [only, ...others] = restores;
  if (only === undefined) return undefined;
  if (others.length > 0) return together(restores);
  // What cannot be planned among the old inputs (a query of a new table) needs them changed, but they change nothing.
  const idle = candidates.every((input) => input === only || ask([input], 'after') === 'before');
  return ask([only], 'after') === 'refused' && idle ? together(restores) : undefined;
}

/** Two inputs that together decide; all of them, where no two do. */
export function decidePair(candidates: readonly InputName[], ask: Ask): Decision {
  const pairs = pairsOf(candidates);
  const found =
    pairs.find((pair) => ask(pair, 'after') === 'after' && ask(pair, 'before') === 'before') ??
    pairs.find((pair) => ask(pair, 'after') === 'after' || ask(pair, 'before') === 'before');
  return together(found ?? candidates);
}

function pairsOf(inputs: readonly InputName[]): (readonly [InputName, InputName])[] {
  return inputs.flatMap((first, index) => inputs.slice(index + 1).map((second) => [first, second] as const));
}

interface Sides {
  readonly before: PlannedSuite;
  readonly after: PlannedSuite;
}

/** Plans each trial; those that differ in nothing but the case share a server. */
async function runTrials(sides: Sides, trials: readonly Trial[], options: PlannerOptions): Promise<Outcomes> {
  const outcomes = new Map<Trial, Outcome>();
  const setKey = ({ one }: Trial) => [one.before.set?.named.name, one.after.set?.named.name];
  const key = (trial: Trial) => JSON.stringify([trial.mix, ...setKey(trial)]);
  for (const group of groupBy(trials, key).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { inputs, set } = mixInputs(sides, first);
    const { engine } = sides[first.mix.major];
    for (const batch of await planTogether(inputs, engine, set, group, options)) outcomes.set(...batch);
  }
  return outcomes;
}

/** What is refused together is planned one by one: a statement that does not fit must not hide the others. */
async function planTogether(
  inputs: SuiteInputs,
  engine: PlannedSuite['engine'],
  set: StatisticsSet | undefined,
  trials: readonly Trial[],
  options: PlannerOptions,
): Promise<[Trial, Outcome][]> {
  try {
    const statements = [...new Set(trials.map(statementOf))];
    const cases = await planWithSet(inputs, engine, set, statements, options);
    return trials.map((trial) => {
      const wanted = trial.one[trial.mix.query].report;
      const found = cases.find(
        ({ statement, report }) =>
          statement === statementOf(trial) && report.mode === wanted.mode && report.scenario === wanted.scenario,
      );
      return [trial, found === undefined ? 'refused' : outcomeOf(trial.one, found)];
    });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (trials.length === 1) return trials.map((trial) => [trial, 'refused']);
    const outcomes: [Trial, Outcome][] = [];
    for (const group of groupBy(trials, (trial) => statementOf(trial).text).values()) {
      if (group.length === trials.length) return trials.map((trial) => [trial, 'refused']);
      outcomes.push(...(await planTogether(inputs, engine, set, group, options)));
    }
    return outcomes;
  }
}

const statementOf = ({ one, mix }: Trial) => one[mix.query].statement;

function isRefusal(error: unknown): boolean {
  const errors = error instanceof PlanGuardErrors ? error.errors : [error];
  return errors.every((one) => one instanceof PlanGuardError && one.code !== 'engine' && one.code !== 'interrupted');
}

function mixInputs(sides: Sides, { one, mix }: Trial): { inputs: SuiteInputs; set: StatisticsSet | undefined } {
  const suiteOf = (input: InputName) => sides[mix[input]].inputs;
  const { engine, version, binDir, image } = suiteOf('major').suite.postgres;
  const { settings, role } = suiteOf('settings').suite.postgres;
  const { locale, extensions } = suiteOf('schema').suite.postgres;
  const postgres = {
    ...suiteOf('major').suite.postgres,
    engine,
    version,
    binDir,
    image,
    settings,
    role,
    locale,
    extensions,
  };
  const { schema, cluster } = suiteOf('schema').source;
  const { session } = suiteOf('settings').source;
  const inputs: SuiteInputs = {
    suite: { ...suiteOf('query').suite, postgres },
    statements: suiteOf('query').statements,
    sets: [],
    source: { schema, cluster, session },
  };
  return { inputs, set: mixSets(one[mix.statistics].set, one[mix.settings].set) };
}

/** The tables of one statistics set with the settings of another: settings are an input of their own. */
function mixSets(tables: StatisticsSet | undefined, settings: StatisticsSet | undefined): StatisticsSet | undefined {
  if (tables === undefined) return undefined;
  const { settings: _, search_path: __, ...head } = tables.head;
  const { settings: own, search_path: path } = settings?.head ?? {};
  return {
    ...tables,
    head: {
      ...head,
      ...(own === undefined ? {} : { settings: own }),
      ...(path === undefined ? {} : { search_path: path }),
    },
  };
}

/**
 * What a plan is like, seen from the change that is to be explained: where tables are reached worse than before, how
 * these are reached; else how all tables are; else the shape; else the cost.
 */
function outcomeOf({ before, after, diff }: ChangedCase, { report }: SideCase): Outcome {
  const of = (view: (one: CaseReport) => string): Outcome | undefined => {
    const [was, is, now] = [view(before.report), view(after.report), view(report)];
    return was === is ? undefined : now === is ? 'after' : now === was ? 'before' : 'neither';
  };
  const worse = new Set(diff.accesses.filter(isWorse).flatMap(({ before, after }) => tablesOf(before, after)));
  const kinds = (one: CaseReport) =>
    waysOf(
      one.accesses.filter((access) => worse.has(tableOf(access))),
      ({ kind }) => kind,
    );
  const ways = (one: CaseReport) =>
    waysOf(one.accesses, ({ kind, how, node, indexes }) => [kind, how, node, ...indexes].join(' '));
  return of(kinds) ?? of(ways) ?? of((one) => shapeText(planOf(one))) ?? nearer(before.report, after.report, report);
}

type CaseReport = SideCase['report'];

const planOf = ({ plan }: CaseReport) => parsePlan([plan]);
const isWorse = ({ direction }: AccessChange) => direction === 'worse';
const tableOf = ({ schema, table }: Access) => `${schema}.${table}`;
const tablesOf = (...accesses: readonly (Access | undefined)[]) =>
  accesses.flatMap((one) => (one ? [tableOf(one)] : []));

function waysOf(accesses: readonly Access[], way: (access: Access) => string): string {
  return accesses
    .map((access) => `${tableOf(access)} ${way(access)}`)
    .sort()
    .join('\n');
}

/** Plans of one shape: the side whose cost is the nearer one. */
function nearer(before: CaseReport, after: CaseReport, now: CaseReport): Outcome {
  const distance = (one: CaseReport) => Math.abs(Math.log((now.cost ?? 1) / (one.cost ?? 1)));
  return distance(before) < distance(after) ? 'before' : 'after';
}

/** Which inputs of a case are not the same on both sides, in bytes; line ends make no difference. */
function inputComparer({ before, after }: Sides): (one: ChangedCase) => readonly InputName[] {
  const existing = [before, after].some(({ inputs }) => inputs.suite.postgres.engine === 'url');
  const schema = !existing && schemaKey(before.inputs) !== schemaKey(after.inputs);
  const major = engineKey(before.inputs.suite) !== engineKey(after.inputs.suite);
  const statistics = new Map<string, boolean>();
  return (one) => {
    const key = JSON.stringify([one.before.set?.named.name, one.after.set?.named.name]);
    if (!statistics.has(key)) statistics.set(key, !existing && tablesKey(one.before.set) !== tablesKey(one.after.set));
    const differs: Readonly<Record<InputName, boolean>> = {
      query: queryKey(one.before) !== queryKey(one.after),
      schema,
      statistics: statistics.get(key) ?? false,
      settings: settingsKey(before.inputs, one.before) !== settingsKey(after.inputs, one.after),
      major,
    };
    return INPUTS.filter((input) => differs[input]);
  };
}

const lines = (text: string) => text.replaceAll('\r\n', '\n');

function queryKey({ statement, report }: SideCase): string {
  return JSON.stringify([lines(statement.text), statement.types, report.mode === 'custom' ? report.values : []]);
}

function schemaKey({ source: { schema, cluster } }: SuiteInputs): string {
  const scripts = schema.map(({ file, text }) => ({ file, text: lines(text) }));
  return JSON.stringify([hashScripts(scripts), cluster.locale, cluster.extensions]);
}

/** What in a statistics file is no size and no value: it says where they are from, or is the settings. */
const BESIDE_TABLES = new Set(['settings', 'search_path', 'origin', 'pulled_at', 'server_version']);

function tablesKey(set: StatisticsSet | undefined): string {
  if (set === undefined) return '';
  const all = Object.entries(JSON.parse(set.text) as Record<string, unknown>);
  return JSON.stringify(all.filter(([name]) => !BESIDE_TABLES.has(name)));
}

function settingsKey(inputs: SuiteInputs, one: SideCase): string {
  return JSON.stringify([Object.entries(settingsOf(inputs, one)).sort(), inputs.suite.postgres.role]);
}
