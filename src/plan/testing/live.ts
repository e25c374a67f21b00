import pg from 'pg';
import { readCatalog } from '../../postgres/catalog.js';
import { startNativeServer } from '../../postgres/native.js';
import { accessesOf } from '../accesses.js';
import type { Access, Catalog, Plan } from '../model.js';
import { parsePlan } from '../parse-json.js';

/** A plan, what it accesses, and the catalog as it was when it was made. */
export interface LivePlan {
  readonly plan: Plan;
  readonly accesses: readonly Access[];
  readonly catalog: Catalog;
}

/** A session on a real PostgreSQL 18 server of the test's own. */
export interface LiveServer {
  readonly client: pg.Client;
  /**
   * EXPLAIN (VERBOSE, FORMAT JSON) of a statement, or an EXPLAIN as it is written. `before` is SQL that runs first, in
   * a transaction that is rolled back afterwards: planner settings, changes of the catalog.
   */
  explain(statement: string, before?: string): Promise<LivePlan>;
  /** The accesses of that plan. */
  accesses(statement: string, before?: string): Promise<readonly Access[]>;
  stop(): Promise<void>;
}

/** Starts a server and runs the schema's SQL on it. */
export async function startLiveServer(schema: string): Promise<LiveServer> {
  const server = await startNativeServer();
  const client = new pg.Client(server.connection);
  const stop = async () => {
    await client.end();
    await server.stop();
  };
  try {
    await client.connect();
    await client.query(schema);
  } catch (error) {
    await stop();
    throw error;
  }
  const explain: LiveServer['explain'] = async (statement, before = '') => {
    await client.query('BEGIN');
    try {
      if (before !== '') await client.query(before);
      const text = statement.startsWith('EXPLAIN') ? statement : `EXPLAIN (VERBOSE, FORMAT JSON) ${statement}`;
      const { rows } = await client.query(text);
      const plan = parsePlan(rows[0]['QUERY PLAN']);
      const catalog = await readCatalog((query) => client.query(query));
      return { plan, catalog, accesses: accessesOf(plan, catalog, { trustedFunctions: [] }) };
    } finally {
      await client.query('ROLLBACK');
    }
  };
  return {
    client,
    explain,
    accesses: async (statement, before) => (await explain(statement, before)).accesses,
    stop,
  };
}

/** Planner settings as SQL for `before`. */
export function set(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `SET LOCAL ${name} = '${value}';`)
    .join(' ');
}

/** SQL for `before` that hides all indexes of a table but one. */
export function onlyIndex(table: string, index: string): string {
  return `UPDATE pg_index SET indisvalid = false
          WHERE indrelid = '${table}'::regclass AND indexrelid <> '${index}'::regclass;`;
}
