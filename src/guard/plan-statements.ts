import { PlanGuardError, throwAll } from '../errors.js';
import type { Plan } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import { walk } from '../plan/walk.js';
import { isServerError, type ServerError } from '../postgres/database.js';
import type { ExplainRequest, PlanningServer, PreparedStatement } from '../postgres/model.js';
import { characterOffset } from '../postgres/scripts.js';
import type { PlanMode } from '../report/model.js';
import { nameGroups, type ScenarioCase } from './scenario-cases.js';
import type { GuardedStatement } from './statements.js';

/** One case with the plan that the server chose for it. */
export interface PlannedCase {
  readonly statement: GuardedStatement;
  /** Name of the case's scenario; empty for a statement without parameters. */
  readonly scenario: string;
  /** The scenario with each combination of its matrix that binds these values to the statement. */
  readonly scenarios: readonly string[];
  readonly mode: PlanMode;
  readonly values: readonly (string | null)[];
  readonly request: ExplainRequest;
  /** EXPLAIN's JSON. Generic plans of a statement share it, but where values decide which partitions they read. */
  readonly explained: unknown;
}

const read = new WeakMap<object, Plan>();

/** The plan of a case; cases of one request share it. */
export function planOf({ explained }: Pick<PlannedCase, 'explained'>): Plan {
  const known = read.get(explained as object) ?? parsePlan(explained);
  read.set(explained as object, known);
  return known;
}

/** Combinations of one scenario's matrix that bind the same values: one case in each mode. */
interface Group {
  /** The scenario's name with what of its matrix makes a difference; empty for a statement without parameters. */
  readonly name: string;
  readonly values: readonly (string | null)[];
  readonly scenarios: readonly ScenarioCase[];
}

/** What is asked about one statement. */
interface Questions {
  readonly statement: GuardedStatement;
  readonly groups: readonly Group[];
  /** The custom plan of each group, and the generic plan with the values of the first. */
  readonly requests: readonly ExplainRequest[];
}

/** One generic plan for each group, in their order. */
interface GenericPlans {
  readonly requests: readonly ExplainRequest[];
  readonly explained: readonly unknown[];
}

/**
 * Plans every statement for every scenario, as a custom and as a generic plan. Combinations of a scenario's matrix that
 * bind the same values are one case.
 * @param groups statements that are asked about together
 * @throws {PlanGuardError | PlanGuardErrors} for all statements that the server refuses, each at its place
 */
export async function planStatements(
  server: PlanningServer,
  groups: Iterable<readonly GuardedStatement[]> | AsyncIterable<readonly GuardedStatement[]>,
  onPlanned: (cases: readonly PlannedCase[]) => void,
): Promise<PlannedCase[]> {
  const planned: PlannedCase[] = [];
  const errors: PlanGuardError[] = [];
  const note = (cases: readonly PlannedCase[]) => {
    planned.push(...cases);
    onPlanned(cases);
  };
  for await (const statements of groups) {
    try {
      note(await planTogether(server, statements));
    } catch (error) {
      if (!isServerError(error)) throw error;
      // One of them at least is refused: which of them, and for what, is told by each alone.
      for (const statement of statements) {
        await planAlone(server, statement).then(note, (one: unknown) => {
          if (!(one instanceof PlanGuardError) || one.code === 'engine') throw one;
          errors.push(one);
        });
      }
    }
  }
  throwAll(errors);
  return planned;
}

/** @throws {ServerError} where the server refuses one of them */
async function planTogether(server: PlanningServer, statements: readonly GuardedStatement[]): Promise<PlannedCase[]> {
  const prepared = await server.prepareAll(statements);
  const questions = statements.map((statement, index) => questionsOf(statement, prepared[index] as PreparedStatement));
  const explained = await server.explain(questions.flatMap(({ requests }) => requests));
  let start = 0;
  const planned: PlannedCase[] = [];
  for (const one of questions) {
    const own = explained.slice(start, start + one.requests.length);
    start += own.length;
    planned.push(...casesOf(one, own, await genericPlans(server, one, own)));
  }
  return planned;
}

/** @throws {PlanGuardError} for what the server refuses, at its place */
async function planAlone(server: PlanningServer, statement: GuardedStatement): Promise<PlannedCase[]> {
  const questions = questionsOf(statement, await prepare(server, statement));
  const explained = await explainAll(server, questions);
  return casesOf(questions, explained, await genericPlans(server, questions, explained));
}

function questionsOf(statement: GuardedStatement, prepared: PreparedStatement): Questions {
  const { only } = statement;
  const groups = groupByValues(statement, prepared.parameterTypes).filter(
    ({ scenarios }) => only === undefined || scenarios.some(({ name }) => name.includes(only)),
  );
  const [first] = groups;
  if (first === undefined) return { statement, groups, requests: [] };
  const generic = { statement: prepared, values: first.values, mode: 'generic' } as const;
  const custom = groups.map(({ values }) => ({ statement: prepared, values, mode: 'custom' as const }));
  return { statement, groups, requests: [...custom, generic] };
}

/**
 * The generic plan is one for all values, but EXPLAIN leaves out of it the partitions that its executor passes over for
 * the values at hand (`Subplans Removed`, under Append and Merge Append): such a plan is asked for with those of each
 * group.
 */
async function genericPlans(
  server: PlanningServer,
  { groups, requests }: Questions,
  explained: readonly unknown[],
): Promise<GenericPlans> {
  const request = requests.at(-1);
  const plan = explained.at(-1);
  if (request === undefined) return { requests: [], explained: [] };
  const appends = [...walk(planOf({ explained: plan }).root)].some(({ node }) => APPENDS.has(node.nodeType));
  if (!appends) return { requests: groups.map(() => request), explained: groups.map(() => plan) };
  const others = groups.slice(1).map(({ values }) => ({ ...request, values }));
  return { requests: [request, ...others], explained: [plan, ...(await server.explain(others))] };
}

const APPENDS: ReadonlySet<string> = new Set(['Append', 'Merge Append']);

function casesOf(
  { statement, groups, requests }: Questions,
  explained: readonly unknown[],
  generic: GenericPlans,
): PlannedCase[] {
  return groups.flatMap(({ name, values, scenarios }, index) =>
    (['custom', 'generic'] as const).map((mode) => ({
      statement,
      scenario: name,
      scenarios: scenarios.map(({ name }) => name),
      values,
      mode,
      request: (mode === 'custom' ? requests : generic.requests)[index] as ExplainRequest,
      explained: (mode === 'custom' ? explained : generic.explained)[index],
    })),
  );
}

/** Combinations of a scenario's matrix that bind the same values are one case; scenarios are never merged. */
function groupByValues(statement: GuardedStatement, types: readonly string[]): Group[] {
  const groups = new Map<string, { values: readonly (string | null)[]; scenarios: ScenarioCase[] }>();
  for (const { scenario, values } of statement.bindings) {
    const texts = values(types);
    const key = JSON.stringify([scenario?.scenario.name, texts]);
    const group = groups.get(key) ?? { values: texts, scenarios: [] };
    groups.set(key, group);
    if (scenario !== undefined) group.scenarios.push(scenario);
  }
  const all = [...groups.values()];
  const names = nameGroups(all.map(({ scenarios }) => scenarios));
  return all.map((group, index) => ({ ...group, name: names[index] ?? '' }));
}

async function prepare(server: PlanningServer, statement: GuardedStatement): Promise<PreparedStatement> {
  try {
    return await server.prepare(statement.text, statement.types);
  } catch (error) {
    throw isServerError(error) ? queryError(statement, error) : error;
  }
}

function queryError(statement: GuardedStatement, error: ServerError): PlanGuardError {
  const offset = error.position === undefined ? 0 : characterOffset(statement.text, Number(error.position) - 1);
  return new PlanGuardError('query', `${statement.query}: ${words(error)}`, {
    where: statement.place(offset),
    hint: error.hint || 'PostgreSQL refused to prepare the statement: correct it, or the schema that it is planned on.',
    cause: error,
  });
}

const words = ({ message, detail }: ServerError) => [message, detail].filter(Boolean).join(': ');

async function explainAll(
  server: PlanningServer,
  { statement, groups, requests }: Questions,
): Promise<readonly unknown[]> {
  try {
    return await server.explain(requests);
  } catch (error) {
    if (!isServerError(error)) throw error;
    for (const [index, request] of requests.entries()) {
      const refused = await refusal(server.explain([request]));
      if (refused === undefined) continue;
      const scenario = groups[index]?.scenarios[0];
      throw (await valueError(server, statement, request, scenario)) ?? planError(statement, scenario, refused);
    }
    throw error;
  }
}

/** What the server refused with; undefined where it did not. */
async function refusal(work: Promise<unknown>): Promise<ServerError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isServerError(error)) return error;
    throw error;
  }
}

/** The first value that is none of its parameter's type. */
async function valueError(
  server: PlanningServer,
  statement: GuardedStatement,
  { statement: { parameterTypes }, values }: ExplainRequest,
  scenario: ScenarioCase | undefined,
): Promise<PlanGuardError | undefined> {
  for (const [index, type] of parameterTypes.entries()) {
    const probe = await server.prepare('SELECT $1', [type]);
    const request = { statement: probe, values: [values[index] ?? null], mode: 'custom' } as const;
    const refused = await refusal(server.explain([request]));
    if (refused === undefined) continue;
    const isFile = statement.sql.origin === 'file';
    return new PlanGuardError(
      'parameter',
      `The parameter "${statement.parameters[index]}" of ${statement.query} has no value of its type ${type} in the scenario ${scenario?.name}: ${words(refused)}`,
      {
        where: isFile ? (scenario?.scenario.where ?? statement.place(0)) : statement.place(0),
        hint: isFile
          ? 'Correct the value in the scenario or under "defaults", or state the type that the driver sends under "types".'
          : 'The function sent this value: correct what it makes of the scenario, or the scenario.',
        cause: refused,
      },
    );
  }
  return undefined;
}

/** PostgreSQL's SQLSTATE of a role that may not read. */
const INSUFFICIENT_PRIVILEGE = '42501';

function planError(
  statement: GuardedStatement,
  scenario: ScenarioCase | undefined,
  refused: ServerError,
): PlanGuardError {
  const inScenario = scenario === undefined ? '' : ` in the scenario ${scenario.name}`;
  return new PlanGuardError('plan', `${statement.query}${inScenario}: ${words(refused)}`, {
    where: statement.place(0),
    hint:
      refused.code === INSUFFICIENT_PRIVILEGE
        ? 'Grant it to the role in the schema, or plan with another one: postgres.role in the suite file.'
        : refused.hint || 'PostgreSQL refused to plan the statement with these values: correct it, or the scenario.',
    cause: refused,
  });
}
