import { PlanGuardError, throwAll } from '../errors.js';
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
  /** EXPLAIN's JSON. Generic plans of a statement share it. */
  readonly explained: unknown;
}

/** Combinations of one scenario's matrix that bind the same values: one case in each mode. */
interface Group {
  /** The scenario's name with what of its matrix makes a difference; empty for a statement without parameters. */
  readonly name: string;
  readonly values: readonly (string | null)[];
  readonly scenarios: readonly ScenarioCase[];
}

/**
 * Plans every statement for every scenario, as a custom and as a generic plan. Combinations of a scenario's matrix that
 * bind the same values are one case.
 * @throws {PlanGuardError | PlanGuardErrors} for all statements that the server refuses, each at its place
 */
export async function planStatements(
  server: PlanningServer,
  statements: Iterable<GuardedStatement> | AsyncIterable<GuardedStatement>,
  onPlanned: (count: number) => void,
): Promise<PlannedCase[]> {
  const planned: PlannedCase[] = [];
  const errors: PlanGuardError[] = [];
  for await (const statement of statements) {
    try {
      const cases = await planStatement(server, statement);
      planned.push(...cases);
      onPlanned(cases.length);
    } catch (error) {
      if (!(error instanceof PlanGuardError) || error.code === 'engine') throw error;
      errors.push(error);
    }
  }
  throwAll(errors);
  return planned;
}

async function planStatement(server: PlanningServer, statement: GuardedStatement): Promise<PlannedCase[]> {
  const prepared = await prepare(server, statement);
  const { only } = statement;
  const groups = groupByValues(statement, prepared.parameterTypes).filter(
    ({ scenarios }) => only === undefined || scenarios.some(({ name }) => name.includes(only)),
  );
  const [first] = groups;
  if (first === undefined) return [];
  const generic = { statement: prepared, values: first.values, mode: 'generic' } as const;
  const requests = [...groups.map(({ values }) => ({ statement: prepared, values, mode: 'custom' as const })), generic];
  const explained = await explainAll(server, statement, groups, requests);
  const of = (index: number, mode: PlanMode) => {
    const at = mode === 'custom' ? index : groups.length;
    return { mode, request: requests[at] ?? generic, explained: explained[at] };
  };
  return groups.flatMap(({ name, values, scenarios }, index) =>
    (['custom', 'generic'] as const).map((mode) => ({
      statement,
      scenario: name,
      scenarios: scenarios.map(({ name }) => name),
      values,
      ...of(index, mode),
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
  statement: GuardedStatement,
  groups: readonly Group[],
  requests: readonly ExplainRequest[],
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
