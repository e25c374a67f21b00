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
import { type ExpandedScenario, expandScenarios } from '../suite/scenarios.js';

/** Values of one scenario for one statement. */
export interface Binding {
  readonly scenario: string;
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
  /** Undefined where the parser's grammar (PostgreSQL 16) does not know the syntax. */
  readonly facts: StatementFacts | undefined;
  readonly bindings: readonly Binding[];
  readonly sql: StatementReport;
  /** The place to open for an offset in `text`: in the SQL file, or the call that sent it. */
  readonly place: (offset: number) => { readonly file: string; readonly line: number; readonly column: number };
}

/** Name of the scenario of a statement without parameters, which is planned once. */
const NO_SCENARIO = '-';

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
  const scenarios = expandScenarios(entry, suite);
  const parsed = await parseQueries(text, file);
  return Promise.all(
    parsed.map(async (statement, index) => {
      const place = (offset: number) => ({ file, ...lineColumn(text, statement.toSource(offset)) });
      const label = statement.name ?? String(index + 1);
      const query = entry.name ?? statement.name ?? withoutExtension(file);
      const facts = await factsOf(statement.text);
      if (facts !== undefined) refuseUnplanned(facts, place(0));
      return {
        entry,
        query,
        label,
        text: statement.text,
        types: statement.parameters.map((parameter) => typeOf(parameter, entry)),
        facts,
        bindings: bindingsOf(statement, entry, scenarios, query, file, text),
        sql: { text: statement.text, ...place(0), origin: 'file' },
        place,
      } satisfies GuardedStatement;
    }),
  );
}

/** The statements that a module's function sent, one for every text at each position, with their scenarios. */
export async function statementsOfModule(
  entry: QueryEntry | KnownBadEntry,
  scenarios: readonly ExpandedScenario[],
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
        facts,
        bindings: [],
        sql: { text: statement.text, ...at, origin: 'call' as const },
        place,
      };
      found.set(key, guarded);
      guarded.bindings.push({ scenario: scenario.name, values: () => statement.values });
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

function refuseUnplanned(facts: StatementFacts, where: Where): void {
  if (isPlanned(facts)) return;
  throw new PlanGuardError('query', `${facts.command} has no plan; it was not run.`, {
    where,
    hint: 'Query files hold SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES; put anything else into the schema or the seed.',
  });
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

function bindingsOf(
  statement: SqlStatement,
  entry: QueryEntry,
  scenarios: readonly ExpandedScenario[],
  query: string,
  file: string,
  source: string,
): Binding[] {
  if (statement.parameters.length === 0) return [{ scenario: NO_SCENARIO, values: () => [] }];
  const errors: PlanGuardError[] = [];
  for (const parameter of statement.parameters) {
    const where = { file, ...lineColumn(source, parameter.span.start) };
    const name = nameOf(parameter, entry);
    if (name === undefined) {
      errors.push(
        new PlanGuardError('parameter', `The parameter $${parameter.position} of ${query} has no name.`, {
          where,
          hint: 'Name it above the statement (-- param: user_id int), or list "parameters" with the query in the suite file.',
        }),
      );
      continue;
    }
    const without = scenarios.filter(({ values }) => values[name] === undefined).map((scenario) => scenario.name);
    if (without.length === 0) continue;
    errors.push(
      new PlanGuardError('parameter', `The parameter "${name}" of ${query} has no value in ${listed(without)}.`, {
        where,
        hint: `Give it one in the scenario, or for all scenarios under "defaults" in the suite file.`,
      }),
    );
  }
  throwAll(errors);
  return scenarios.map(({ name: scenario, values }) => ({
    scenario,
    values: (types) =>
      statement.parameters.map((parameter, index) =>
        asText(values[nameOf(parameter, entry) ?? ''] ?? null, types[index] ?? ''),
      ),
  }));
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  const scenarios = names.length === 1 ? 'the scenario' : 'the scenarios';
  return `${scenarios} ${shown}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
}

/** A scenario's value in the text form of its PostgreSQL type. */
function asText(value: ScenarioValue, type: string): string | null {
  if (value === null) return null;
  if (/^jsonb?$/.test(type)) return typeof value === 'string' ? value : JSON.stringify(value);
  if (Array.isArray(value))
    return formatArrayLiteral((value as readonly ScenarioValue[]).map((item) => asText(item, '')));
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}
