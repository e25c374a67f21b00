import type { Statistics } from './model.js';

type Rows = (text: string, values?: readonly unknown[]) => Promise<readonly unknown[]>;

export type Environment = Pick<Statistics, 'settings' | 'row_security' | 'extensions'>;

/** What the planner goes by (https://www.postgresql.org/docs/current/runtime-config-query.html). */
const settingsQuery = `
  SELECT name, current_setting(name) AS value FROM pg_settings
  WHERE setting IS DISTINCT FROM boot_val AND source NOT IN ('client', 'session', 'interactive')
    AND (category LIKE 'Query Tuning%' AND name <> 'default_statistics_target' OR name IN ('work_mem',
      'hash_mem_multiplier', 'max_parallel_workers', 'max_parallel_workers_per_gather', 'parallel_leader_participation'))
  ORDER BY name COLLATE "C"`;

const facts = `
  SELECT current_user::text AS role,
    (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS bypassed`;

/** What the session's role and server bring to planning beside statistics and the search path. */
export async function readEnvironment(rows: Rows, protectedTables: readonly string[]): Promise<Environment> {
  const settings = (await rows(settingsQuery)) as { name: string; value: string }[];
  const extensions = (await rows('SELECT extname::text AS name, extversion AS value FROM pg_extension')) as {
    name: string;
    value: string;
  }[];
  const [session] = (await rows(facts)) as { role: string; bypassed: boolean }[];
  if (session === undefined) throw new Error('a query without FROM gave no row');
  const { role, bypassed } = session;
  return {
    settings: byName(settings),
    ...(protectedTables.length === 0 ? {} : { row_security: { role, bypassed, tables: protectedTables } }),
    extensions: byName(extensions),
  };
}

function byName(rows: readonly { readonly name: string; readonly value: string }[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
