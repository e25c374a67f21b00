import { PlanGuardError } from '../errors.js';
import type { ExplainRequest, PlanningServer, PreparedStatement } from '../postgres/model.js';
import { isServerError, type ServerError } from '../postgres/pglite.js';
import { characterOffset } from '../postgres/scripts.js';
import type { PlanMode } from '../report/model.js';
import type { GuardedStatement } from './statements.js';

/** One case with the plan that the server chose for it. */
export interface PlannedCase {
  readonly statement: GuardedStatement;
  readonly scenario: string;
  readonly mode: PlanMode;
  readonly values: readonly (string | null)[];
  readonly request: ExplainRequest;
  /** EXPLAIN's JSON. Cases that are planned for the same values share it. */
  readonly explained: unknown;
}

/**
 * Plans every statement for every scenario, as a custom and as a generic plan. What is the same is planned once.
 * @throws {PlanGuardError} `query` or `parameter`, at the place that the server points at
 */
export async function planStatements(
  server: PlanningServer,
  statements: readonly GuardedStatement[],
  onPlanned: (count: number) => void,
): Promise<PlannedCase[]> {
  const planned: PlannedCase[] = [];
  for (const statement of statements) {
    const prepared = await prepare(server, statement);
    const cases = statement.bindings.flatMap(({ scenario, values }) => {
      const texts = values(prepared.parameterTypes);
      return (['custom', 'generic'] as const).map((mode) => ({ statement, scenario, mode, values: texts }));
    });
    const requests = new Map<string, { readonly request: ExplainRequest; readonly scenario: string }>();
    for (const { scenario, mode, values } of cases) {
      const key = requestKey(mode, values);
      if (!requests.has(key)) requests.set(key, { request: { statement: prepared, values, mode }, scenario });
    }
    const explained = await explainAll(server, statement, requests);
    for (const one of cases) {
      const made = explained.get(requestKey(one.mode, one.values));
      if (made !== undefined) planned.push({ ...one, ...made });
    }
    onPlanned(cases.length);
  }
  return planned;
}

/** A generic plan is the same for all values. */
function requestKey(mode: PlanMode, values: readonly (string | null)[]): string {
  return mode === 'generic' ? mode : JSON.stringify(values);
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
  return new PlanGuardError(
    'query',
    `${statement.query}: ${[error.message, error.detail].filter(Boolean).join(': ')}`,
    {
      where: statement.place(offset),
      hint:
        error.hint || 'PostgreSQL refused to prepare the statement: correct it, or the schema that it is planned on.',
      cause: error,
    },
  );
}

async function explainAll(
  server: PlanningServer,
  statement: GuardedStatement,
  requests: ReadonlyMap<string, { readonly request: ExplainRequest; readonly scenario: string }>,
): Promise<Map<string, { readonly request: ExplainRequest; readonly explained: unknown }>> {
  const wanted = [...requests];
  try {
    const plans = await server.explain(wanted.map(([, { request }]) => request));
    return new Map(wanted.map(([key, { request }], index) => [key, { request, explained: plans[index] }]));
  } catch (error) {
    if (!isServerError(error)) throw error;
    for (const [, { request, scenario }] of wanted) {
      await server.explain([request]).catch((refused: ServerError) => {
        throw new PlanGuardError('parameter', `${statement.query} in the scenario ${scenario}: ${refused.message}`, {
          where: statement.place(0),
          hint: `The values are ${JSON.stringify(request.values)}, for the types ${request.statement.parameterTypes.join(', ')}.`,
          cause: refused,
        });
      });
    }
    throw error;
  }
}
