import type { Catalog } from '../plan/model.js';
import { resolveTable } from '../plan/names.js';
import type { Script } from '../postgres/scripts.js';
import type { PlanMode } from '../report/model.js';
import type { Doubt } from '../rules/model.js';
import type { StatementFacts, WrittenCondition } from '../sql/model.js';
import { scan } from '../sql/scan.js';
import { parseArrayLiteral } from '../statistics/arrays.js';
import type { ColumnStatistics, Statistics } from '../statistics/model.js';
import type { ScenarioValue, Suite } from '../suite/model.js';
import type { GuardedStatement } from './statements.js';

type State = NonNullable<ColumnStatistics['redacted']>;

/** Which columns of a statistics set are redacted. */
export interface Redaction {
  /** Whether values that the suite names were put back. */
  readonly keyed: boolean;
  /** By `schema.table`, then by column. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, State>>;
}

export function redactionOf(statistics: Statistics, keyed: boolean): Redaction {
  const tables = Object.entries(statistics.tables).map(([name, table]) => {
    const columns = Object.entries({ ...table.inherited, ...table.columns }).flatMap(([column, { redacted }]) =>
      redacted === undefined ? [] : [[column, redacted] as const],
    );
    return [name, new Map(columns)] as const;
  });
  return { keyed, columns: new Map(tables) };
}

/** Values that a suite names: in scenarios, in what its modules send, and as constants in its SQL. */
export function namedValues(
  suite: Suite,
  statements: readonly GuardedStatement[],
  schema: readonly Script[],
): Set<string> {
  const values = new Set<string>();
  for (const { values: own } of suite.scenarios) addValue(values, own);
  for (const { matrix } of [...suite.queries, ...suite.knownBad]) addValue(values, matrix);
  for (const { entry, bindings, text } of statements) {
    addConstants(values, text);
    // What a file's parameters are bound to, the scenarios say.
    if (entry.source.kind === 'module') for (const binding of bindings) addValue(values, binding.values([]));
  }
  for (const { text } of schema) addConstants(values, text);
  return values;
}

type Nested = ScenarioValue | readonly Nested[] | { readonly [key: string]: Nested };

function addValue(values: Set<string>, value: Nested): void {
  if (value === null) return;
  if (typeof value === 'object') {
    for (const part of Object.values(value)) addValue(values, part);
    return;
  }
  const text = String(value);
  values.add(text);
  if (!/^\{.*\}$/s.test(text)) return;
  try {
    for (const element of parseArrayLiteral(text)) if (element !== null) values.add(element);
  } catch {
    // Braces alone make no array.
  }
}

/** String constants, those in the bodies of functions too. */
function addConstants(values: Set<string>, sql: string): void {
  for (const { kind, start, end } of scan(sql)) {
    const text = sql.slice(start, end);
    if (kind === 'string') addValue(values, constantOf(text));
    if (kind !== 'dollar-string') continue;
    const tag = text.indexOf('$', 1) + 1;
    const body = text.slice(tag, -tag);
    addValue(values, body);
    addConstants(values, body);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

function constantOf(token: string): string {
  const body = token.slice(token.indexOf("'") + 1, -1).replaceAll("''", "'");
  return /^e/i.test(token) ? body.replace(/\\(.)/gs, (_, escaped: string) => ESCAPES[escaped] ?? escaped) : body;
}

/**
 * Conditions whose share of the rows the redacted statistics do not tell: with the key, those that compare stand-ins by
 * order or by pattern; without it, all that name a value.
 */
export function redactionDoubts(
  { facts }: Pick<GuardedStatement, 'facts'>,
  mode: PlanMode,
  redaction: Redaction | undefined,
  catalog: Catalog,
): Doubt[] {
  if (redaction === undefined || facts === undefined) return [];
  return [...viewDoubts(facts, redaction, catalog), ...conditionDoubts(facts, mode, redaction, catalog)];
}

/** What a view asks is not in the statement; with the key, the constants of the schema are put back. */
function viewDoubts({ tables }: StatementFacts, { keyed }: Redaction, catalog: Catalog): Doubt[] {
  if (keyed) return [];
  const names = tables.flatMap((table) => resolveTable(table, catalog) ?? []);
  const views = names.filter((name) => catalog.tables.get(name)?.kind === 'view');
  return [...new Set(views)].map((view) => ({
    kind: 'redacted',
    message: `The values in the statistics are redacted, and what the view ${view} asks of them is not known.`,
    next: GIVE_KEY,
  }));
}

const GIVE_KEY =
  'Set PLAN_GUARD_REDACT_KEY to the key of the pull, so that the values that queries name are recognised.';

function conditionDoubts(facts: StatementFacts, mode: PlanMode, redaction: Redaction, catalog: Catalog): Doubt[] {
  return facts.conditions.flatMap((condition) => {
    if (!namesValue(condition.text, mode)) return [];
    const guessed = condition.columns.flatMap(({ alias, column }) =>
      facts.tables.flatMap((table) => {
        const within = alias === undefined ? condition.scope.includes(table.alias) : table.alias === alias;
        const key = within ? resolveTable(table, catalog) : undefined;
        const state = key === undefined ? undefined : redaction.columns.get(key)?.get(column);
        if (state === undefined || (state === 'stand-ins' && redaction.keyed && !isOrdered(condition))) return [];
        return [`${key}.${column}`];
      }),
    );
    const [column] = guessed;
    if (column === undefined) return [];
    return [
      {
        kind: 'redacted',
        message: `How many rows match ${shortened(condition.text)} is a guess: the values of ${column} are redacted.`,
        next: redaction.keyed
          ? `Keep them in the next pull (--keep ${column.slice(column.indexOf('.') + 1)}), or judge the plan by hand.`
          : GIVE_KEY,
      },
    ];
  });
}

/** A generic plan does not know its parameters, so that their values decide nothing. */
function namesValue(text: string, mode: PlanMode): boolean {
  if (/\bis\s+(not\s+)?null\b/i.test(text) && !/\b(and|or)\b/i.test(text)) return false;
  return mode === 'generic' ? text.includes("'") : /'|\$\d/.test(text);
}

/** Whether values are compared by their order or by a pattern, which stand-ins have no part in. */
function isOrdered({ text }: WrittenCondition): boolean {
  const operators = text.replace(/'(?:[^']|'')*'/g, '').replace(/<>|!=|@>|<@|->>?|#>>?|&&/g, '');
  return /\b(i?like|similar|between|starts_with)\b|[<>~%]|@@/i.test(operators);
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
