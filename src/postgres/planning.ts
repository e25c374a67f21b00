import type { Catalog } from '../plan/model.js';
import { quoteLiteral } from '../sql/quote.js';
import { readCatalogOf } from './catalog.js';
import { type Database, isServerError, type TextResult } from './database.js';
import type { ExplainRequest, PreparedStatement, StatementText, TypedValue } from './model.js';
import { applySettings, type SessionSettings } from './settings.js';

/**
 * Takes the settings and the role that plan. The catalog is read before the role is taken, which may not read all of it
 * but has a search path of its own.
 * @throws {PlanGuardError} `suite` for a setting or role that the server refuses
 */
export async function takeSession(database: Database, session: SessionSettings): Promise<Catalog> {
  await applySettings(database, { settings: session.settings, role: undefined });
  const catalog = await readCatalogOf(database);
  await applySettings(database, { settings: {}, role: session.role });
  const { rows } = await database.query('SELECT to_json(pg_catalog.current_schemas(false))');
  return { ...catalog, searchPath: JSON.parse(rows[0]?.[0] ?? '[]') as string[] };
}

/**
 * Prepares statements, each by the extended protocol and all in one message: where one is refused, all are. A position in
 * what the server refuses of a lone one counts from its first character.
 * @param first the number of the first one, which its name is made of
 */
export async function prepareStatements(
  database: Database,
  first: number,
  statements: readonly StatementText[],
): Promise<PreparedStatement[]> {
  if (statements.length === 0) return [];
  const named = statements.map(({ text, types }, index) => {
    const name = `plan_guard_${first + index}`;
    const list = types.some((type) => type !== undefined)
      ? `(${types.map((type) => type ?? 'unknown').join(', ')})`
      : '';
    return { name, prefix: `PREPARE ${name}${list} AS `, text };
  });
  const asked = `SELECT name, array_to_json(parameter_types::text[]) FROM pg_catalog.pg_prepared_statements WHERE name = ANY($1)`;
  const batch = [
    ...named.map(({ prefix, text }) => ({ text: prefix + text })),
    { text: asked, values: [`{${named.map(({ name }) => name).join()}}`] },
  ];
  const results = await database.batch(batch).catch((error: unknown) => {
    const [only, ...others] = named;
    if (only !== undefined && others.length === 0 && isServerError(error) && error.position !== undefined) {
      const position = Number(error.position) - [...only.prefix].length;
      // Before the statement stand the stated types alone.
      Object.assign(error, { position: position > 0 ? String(position) : undefined });
    }
    throw error;
  });
  const types = new Map((results.at(-1)?.rows ?? []).map(([name, list]) => [name, list]));
  return named.map(({ name }) => ({ name, parameterTypes: JSON.parse(types.get(name) ?? '[]') as string[] }));
}

/** Each value as its type prints it, in one round trip. */
export async function textForms(database: Database, values: readonly TypedValue[]): Promise<readonly string[]> {
  if (values.length === 0) return [];
  const printed = values.map(({ type, value }) => `${quoteLiteral(value)}::${type}::pg_catalog.text`);
  const { rows } = await database.query(`SELECT pg_catalog.array_to_json(ARRAY[${printed.join(', ')}])`);
  return JSON.parse(rows[0]?.[0] ?? '[]') as string[];
}

/** EXPLAIN of a prepared statement; its values stand in it as literals. */
export function explainCommand({ statement, values }: ExplainRequest): string {
  return `EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE ${statement.name}${argumentList(values)}`;
}

/** The JSON that EXPLAIN answered with. */
export function readExplained({ rows }: TextResult): unknown {
  return JSON.parse(rows[0]?.[0] ?? 'null');
}

function argumentList(values: readonly (string | null)[]): string {
  if (values.length === 0) return '';
  return `(${values.map((value) => (value === null ? 'NULL' : quoteLiteral(value))).join(', ')})`;
}
