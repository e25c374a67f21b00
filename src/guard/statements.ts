import { readFile } from 'node:fs/promises';
import { PlanGuardError, throwAll, type Where } from '../errors.js';
import type { RecordedStatement } from '../recording/recorder.js';
import type { StatementReport } from '../report/model.js';
import { analyseStatement } from '../sql/analyse.js';
import type { Parameter, SqlStatement, StatementFacts } from '../sql/model.js';
import { lineColumn } from '../sql/positions.js';
import { parseQueries } from '../sql/statements.js';
import { formatArrayLiteral } from '../statistics/arrays.js';
import type { KnownBadEntry, QueryEntry, ScenarioValue, Suite } from '../suite/model.js';
import { type ScenarioCase, scenarioCases } from './scenario-cases.js';
import { some } from './some.js';

/** Values of one scenario for one statement. */
export interface Binding {
  /** Undefined for a statement without parameters, which is planned once. */
  readonly scenario: ScenarioCase | undefined;
  /** @param types the parameters' types as the server resolved them */
  readonly values: (types: readonly string[]) => readonly (string | null)[];
}

/** One statement that is to be planned, for the scenarios that apply to it. */
export interface GuardedStatement {
  readonly entry: QueryEntry | KnownBadEntry;
  readonly query: string;
  /** Its name, or its number (from 1) among those of its query. */
  readonly label: string;
  readonly text: string;
  readonly types: readonly (string | undefined)[];
  /** Names of the parameters in order, for messages; `$1` where there is none. */
  readonly parameters: readonly string[];
  /** Undefined where the parser's grammar (PostgreSQL 16) does not know the syntax. */
  readonly facts: StatementFacts | undefined;
  readonly bindings: readonly Binding[];
  /** Only cases are planned with a scenario whose name holds this text; they are called as if all were planned. */
  readonly only?: string;
  readonly sql: StatementReport;
  /** The place to open for an offset in `text`: in the SQL file, or the call that sent it. */
  readonly place: (offset: number) => { readonly file: string; readonly line: number; readonly column: number };
}

/**
 * The statements of an entry that names an SQL file.
 * @throws {PlanGuardError | PlanGuardErrors} `file`, `query` or `parameter`, at their places in the SQL file
 */
export async function statementsOfFile(entry: QueryEntry | KnownBadEntry, suite: Suite): Promise<GuardedStatement[]> {
  const { file } = entry.source;
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new PlanGuardError('file', `The query file cannot be read: ${error.message}`, {
      where: entry.where,
      hint: 'Correct the path of the query in the suite file.',
    });
  });
  const scenarios = scenarioCases(entry, suite);
  const statements: GuardedStatement[] = [];
  const errors: PlanGuardError[] = [];
  for (const [index, statement] of (await parseQueries(text, file)).entries()) {
    const place = (offset: number) => ({ file, ...lineColumn(text, statement.toSource(offset)) });
    const query = entry.name ?? statement.name ?? withoutExtension(file);
    const facts = await factsOf(statement.text);
    const wrong = [
      ...(facts === undefined ? [] : unplanned(facts, place(0))),
      ...parametersWithoutValue(statement, entry, scenarios, query, (offset) => ({
        file,
        ...lineColumn(text, offset),
      })),
    ];
    errors.push(...wrong);
    statements.push({
      entry,
      query,
      label: statement.name ?? String(index + 1),
      text: statement.text,
      types: statement.parameters.map((parameter) => typeOf(parameter, entry)),
      parameters: statement.parameters.map((parameter) => nameOf(parameter, entry) ?? `$${parameter.position}`),
      facts,
      bindings: bindingsOf(statement, entry, scenarios),
      sql: { text: statement.text, ...place(0), origin: 'file' },
      place,
    });
  }
  throwAll(errors);
  return statements;
}

/** The statements that a module's function sent, one for every text at each position, with their scenarios. */
export async function statementsOfModule(
  entry: QueryEntry | KnownBadEntry,
  scenarios: readonly ScenarioCase[],
  recorded: readonly (readonly RecordedStatement[])[],
): Promise<GuardedStatement[]> {
  const found = new Map<string, GuardedStatement & { readonly bindings: Binding[] }>();
  const query = entry.name ?? entry.source.file;
  for (const [index, scenario] of scenarios.entries()) {
    let number = 0;
    for (const statement of recorded[index] ?? []) {
      const at = statement.at ?? { file: entry.source.file, line: 1, column: 1 };
      const place = () => at;
      const facts = await factsOf(statement.text);
      if (facts !== undefined && !isPlanned(facts)) continue;
      number += 1;
      const label = String(number);
      const key = JSON.stringify([label, statement.text]);
      const guarded = found.get(key) ?? {
        entry,
        query,
        label,
        text: statement.text,
        types: statement.values.map(() => undefined),
        parameters: statement.values.map((_, position) => `$${position + 1}`),
        facts,
        bindings: [],
        sql: { text: statement.text, ...at, origin: 'call' as const },
        place,
      };
      found.set(key, guarded);
      guarded.bindings.push({ scenario, values: () => statement.values });
    }
    if (number > 0) continue;
    throw new PlanGuardError('module', `${query} sent nothing that is planned for the scenario ${scenario.name}.`, {
      where: entry.where,
      hint: 'The function must send a SELECT, INSERT, UPDATE, DELETE or MERGE through the client that it is given.',
    });
  }
  return [...found.values()];
}

const isPlanned = (facts: StatementFacts) => facts.kind !== 'other';

async function factsOf(text: string): Promise<StatementFacts | undefined> {
  const analysis = await analyseStatement(text);
  return analysis.ok ? analysis.facts : undefined;
}

function unplanned(facts: StatementFacts, where: Where): PlanGuardError[] {
  if (isPlanned(facts)) return [];
  return [
    new PlanGuardError('query', `${facts.command} has no plan; it was not run.`, {
      where,
      hint: 'Query files hold SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES; put anything else into the schema or the seed.',
    }),
  ];
}

function withoutExtension(file: string): string {
  return file.replace(/^.*[/\\]/, '').replace(/\.sql$/i, '');
}

function typeOf(parameter: Parameter, entry: QueryEntry): string | undefined {
  const name = nameOf(parameter, entry);
  return parameter.type ?? (name === undefined ? undefined : entry.types[name]);
}

function nameOf(parameter: Parameter, entry: QueryEntry): string | undefined {
  return parameter.name ?? entry.parameters[parameter.position - 1];
}

function parametersWithoutValue(
  statement: SqlStatement,
  entry: QueryEntry,
  scenarios: readonly ScenarioCase[],
  query: string,
  place: (offset: number) => Where,
): PlanGuardError[] {
  return statement.parameters.flatMap((parameter) => {
    const where = place(parameter.span.start);
    const name = nameOf(parameter, entry);
    if (name === undefined) {
      return new PlanGuardError('parameter', `The parameter $${parameter.position} of ${query} has no name.`, {
        where,
        hint: 'Name it above the statement (-- param: user_id int), or list "parameters" with the query in the suite file.',
      });
    }
    const without = scenarios.filter(({ values }) => !Object.hasOwn(values, name)).map((scenario) => scenario.name);
    if (without.length === 0) return [];
    return new PlanGuardError('parameter', `The parameter "${name}" of ${query} has no value in ${listed(without)}.`, {
      where,
      hint: 'Give it one in the scenario, or for all scenarios under "defaults" in the suite file.',
    });
  });
}

function bindingsOf(statement: SqlStatement, entry: QueryEntry, scenarios: readonly ScenarioCase[]): Binding[] {
  if (statement.parameters.length === 0) return [{ scenario: undefined, values: () => [] }];
  return scenarios.map((scenario) => ({
    scenario,
    values: (types) =>
      statement.parameters.map((parameter, index) =>
        asText(scenario.values[nameOf(parameter, entry) ?? ''] ?? null, types[index] ?? ''),
      ),
  }));
}

function listed(names: readonly string[]): string {
  return `${names.length === 1 ? 'the scenario' : 'the scenarios'} ${some(names)}`;
}

/** A scenario's value in the text form of its PostgreSQL type. */
function asText(value: ScenarioValue, type: string): string | null {
  if (value === null) return null;
  if (/^jsonb?$/.test(type)) return typeof value === 'string' ? value : JSON.stringify(value);
  if (Array.isArray(value)) return arrayText(value, type.replace(/(\[\])+$/, ''));
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** An array of arrays is one PostgreSQL array of more dimensions. */
function arrayText(values: readonly ScenarioValue[], type: string): string {
  const elements = values.map((value) =>
    Array.isArray(value) ? arrayText(value, type) : formatArrayLiteral([asText(value, type)]).slice(1, -1),
  );
  return `{${elements.join(',')}}`;
}
