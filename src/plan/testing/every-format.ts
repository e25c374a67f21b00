import { readdirSync, readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { accounting, workspace } from '../../fidelity/workload.js';
import { startNativeServer } from '../../postgres/native.js';
import { monthlyListens } from '../../reference/monthly-listens.js';
import { PROFILE_FILTERS, PROFILE_SORTS, profileTracks, SORT_DIRECTIONS } from '../../reference/profile.js';
import { recording, type Sent } from '../../reference/testing/case.js';
import { quoteLiteral } from '../../sql/quote.js';
import { parseQueries } from '../../sql/statements.js';
import type { PlanFormat } from '../model.js';
import { MANY_SCHEMA, MANY_STATEMENTS } from './many-plans.js';

/** A server to ask for plans. */
export interface Session {
  readonly name: string;
  readonly major: number;
  /** Runs statements by the simple protocol; gives the first column of each one's rows, as text. */
  run(sql: string): Promise<string[][]>;
  stop(): Promise<void>;
}

export async function openPglite(): Promise<Session> {
  const db = await PGlite.create({ startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'] });
  return {
    name: 'PGlite',
    major: 18,
    run: async (sql) => {
      const results = await db.exec(sql, { rowMode: 'array', parsers: { 114: (text: string) => text } });
      return results.map(({ rows }) => rows.map((row) => String((row as unknown as unknown[])[0])));
    },
    stop: () => db.close(),
  };
}

export async function openNative(version: number): Promise<Session> {
  const server = await startNativeServer({ version });
  const client = new pg.Client(server.connection);
  await client.connect();
  return {
    name: `native ${version}`,
    major: version,
    run: async (text) => {
      const types = { getTypeParser: () => (value: string) => value };
      const result = await client.query({ text, rowMode: 'array', types: types as unknown as pg.CustomTypesConfig });
      const results: pg.QueryArrayResult<string[]>[] = Array.isArray(result) ? result : [result];
      return results.map(({ rows }) => rows.map(([first]) => String(first)));
    },
    stop: async () => {
      await client.end();
      await server.stop();
    },
  };
}

const audius = new URL('../../../fixtures/audius/', import.meta.url);
const ofAudius = (path: string) => readFileSync(new URL(path, audius), 'utf8');

/** Loads a workload's schema and at most 300 rows of each series that its rows are made of, in a schema of its own. */
async function load(session: Session, name: string, schema: string, rows: readonly string[]): Promise<void> {
  const small = rows.map((text) =>
    text.replaceAll(
      /generate_series\((\d+), (\d+)\)/g,
      (_, from, to) => `generate_series(${from}, ${Math.min(to, 300)})`,
    ),
  );
  await session.run(
    `CREATE SCHEMA ${name}; SET search_path = ${name}, public; SET session_replication_role = replica;`,
  );
  await session.run(schema);
  for (const text of small) await session.run(text);
  await session.run(`RESET session_replication_role; DISCARD TEMP; ANALYZE`);
}

/** Every statement of the suites and workloads in `fixtures/`, with the schema that it is about. */
export interface FixtureStatement {
  readonly schema: string;
  readonly sql: string;
  readonly values: readonly (string | null)[];
}

export async function loadFixtures(session: Session): Promise<FixtureStatement[]> {
  const statements: FixtureStatement[] = [];
  for (const workload of [await accounting(), await workspace()]) {
    await load(session, workload.name, workload.schema.text, workload.rows);
    const first = new Map(workload.questions.toReversed().map(({ sql, values }) => [sql, values]));
    statements.push(...[...first].map(([sql, values]) => ({ schema: workload.name, sql, values })));
  }
  await load(session, 'audius', ofAudius('schema.sql'), [ofAudius('seed.sql')]);
  return [...statements, ...(await audiusStatements(session))];
}

/** Statements with nearly everything that explain.c prints. */
export async function loadMany(session: Session): Promise<FixtureStatement[]> {
  await session.run(MANY_SCHEMA);
  return MANY_STATEMENTS.map((sql) => ({ schema: 'many', sql, values: [] }));
}

async function audiusStatements(session: Session): Promise<FixtureStatement[]> {
  const sent: Sent[] = [];
  const client = recording({
    query: async (text, values = []) => {
      sent.push({ text, values });
      const literals = values.map(literal);
      const [, rows] = await session.run(
        `PREPARE asked AS SELECT to_json(r) FROM (${text}) r; EXECUTE asked${literals.length > 0 ? `(${literals})` : ''}; DEALLOCATE asked`,
      );
      return { rows: (rows ?? []).map((row) => JSON.parse(row)) };
    },
  }).client;
  for (const userId of [1001, 1003]) {
    for (const sort of PROFILE_SORTS) {
      for (const direction of SORT_DIRECTIONS) {
        for (const filter of PROFILE_FILTERS) await profileTracks(client, { userId, sort, direction, filter });
      }
    }
    await monthlyListens(client, { userId, start: '2026-05-01', end: '2026-06-01' });
  }
  const values: Readonly<Record<string, string>> = {
    ...{ user_id: '1001', viewer_id: '0', limit: '20', offset: '0', start: '2026-05-01', end: '2026-06-01' },
  };
  const files = ['queries', 'known-bad'].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, audius)).map((file) => `${folder}/${file}`),
  );
  const ofFiles = files.flatMap((file) =>
    parseQueries(ofAudius(file), file).map(({ text, parameters }) => ({
      schema: 'audius',
      sql: text,
      values: parameters.map(({ name }) => values[name ?? ''] ?? null),
    })),
  );
  const known = new Map(
    sent.map(({ text, values }) => [text, values.map((value) => (value === null ? null : plain(value)))]),
  );
  return [...[...known].map(([sql, values]) => ({ schema: 'audius', sql, values })), ...ofFiles];
}

const plain = (value: unknown) => (Array.isArray(value) ? `{${value.join(',')}}` : String(value));
const literal = (value: unknown) => (value === null ? 'NULL' : quoteLiteral(plain(value)));

/**
 * One plan in every format, each asked for in a transaction of its own that is rolled back.
 * @param options EXPLAIN's, but its format; with GENERIC_PLAN the parameters have no values
 * @param settings SQL that runs before, such as SET LOCAL
 */
export async function explainInEveryFormat(
  session: Session,
  { schema, sql, values }: FixtureStatement,
  options: string,
  settings: string,
): Promise<Record<PlanFormat, string>> {
  const isGeneric = options.includes('GENERIC_PLAN');
  const statement = isGeneric ? sql : `EXECUTE asked${values.length > 0 ? `(${values.map(literal).join(', ')})` : ''}`;
  const explain = async (format: PlanFormat) => {
    const results = await session.run(
      `BEGIN; ${settings}; EXPLAIN (${options}, FORMAT ${format}) ${statement}; ROLLBACK`,
    );
    return results.find((rows) => rows.length > 0)?.join('\n') ?? '';
  };
  await session.run(`SET search_path = ${schema}, public; PREPARE asked AS ${sql}`);
  try {
    // A first run sets hint bits and fills caches, which its figures tell.
    if (options.includes('ANALYZE')) await explain('json');
    return {
      json: await explain('json'),
      yaml: await explain('yaml'),
      xml: await explain('xml'),
      text: await explain('text'),
    };
  } finally {
    await session.run('ROLLBACK; DEALLOCATE asked');
  }
}
