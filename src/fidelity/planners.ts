import { open } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Catalog, Plan } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import { readCatalogOf } from '../postgres/catalog.js';
import type { Database } from '../postgres/database.js';
import type { Engine } from '../postgres/engine.js';
import type { PlanCacheMode, PlanningServer, PreparedStatement } from '../postgres/model.js';
import { explainCommand, prepareStatements, readExplained } from '../postgres/planning.js';
import { openReplica } from '../postgres/replica.js';
import { applySettings } from '../postgres/settings.js';
import { formatArrayLiteral } from '../statistics/arrays.js';
import { readBtreeHeight } from '../statistics/btree-height.js';
import { formatStatistics } from '../statistics/format.js';
import type { Statistics } from '../statistics/model.js';
import { pullStatistics, type StatisticsClient } from '../statistics/pull.js';
import type { Question, Workload } from './workload.js';

export const LOCALE = 'en_US.UTF-8';
const cluster = { locale: LOCALE, extensions: [] };

/** How the planner is asked. */
export interface Asking {
  /** `max_parallel_workers_per_gather` */
  readonly workers: 0 | 2;
  readonly mode: PlanCacheMode;
}

/** Something that plans a workload: a server with rows, or a replica without. */
export interface Planner {
  /** `server_version` */
  readonly version: string;
  readonly catalog: Catalog;
  plan(questions: readonly Question[], asking: Asking): Promise<readonly Plan[]>;
}

type Explainer = Pick<PlanningServer, 'prepare' | 'explain'>;

async function planAll(
  server: Explainer,
  prepared: Map<string, PreparedStatement>,
  questions: readonly Question[],
  mode: PlanCacheMode,
): Promise<readonly Plan[]> {
  const requests = [];
  for (const { sql, values } of questions) {
    const statement = prepared.get(sql) ?? (await server.prepare(sql, []));
    prepared.set(sql, statement);
    requests.push({ statement, values, mode });
  }
  const explained = await server.explain(requests);
  return explained.map((json) => parsePlan(json));
}

const settingsOf = ({ settings }: Workload, workers: number) => ({
  ...settings,
  max_parallel_workers_per_gather: `${workers}`,
});

/** A server that holds the workload's rows. */
export class Loaded implements Planner {
  readonly version: string;
  readonly catalog: Catalog;
  readonly statistics: Statistics;
  readonly bytes: number;
  readonly #database: Database;
  readonly #workload: Workload;
  readonly #prepared = new Map<string, PreparedStatement>();

  private constructor(
    database: Database,
    workload: Workload,
    facts: { readonly catalog: Catalog; readonly statistics: Statistics; readonly bytes: number },
  ) {
    this.#database = database;
    this.#workload = workload;
    this.catalog = facts.catalog;
    this.statistics = facts.statistics;
    this.version = facts.statistics.server_version;
    this.bytes = facts.bytes;
  }

  /** @param data a folder that does not exist yet */
  static async open(engine: Engine, data: string, workload: Workload): Promise<Loaded> {
    const database = await engine.open(data, cluster);
    try {
      await database.execute(workload.schema.text);
      // Rows keep to the foreign keys; checking each of them would take most of the time.
      await database.execute('SET session_replication_role = replica');
      for (const rows of workload.rows) await database.execute(rows);
      await database.execute('RESET session_replication_role');
      await database.execute('VACUUM (ANALYZE)');
      await database.execute('CHECKPOINT');
      const statistics = await pullStatistics(clientOf(database), {
        schemas: ['public'],
        origin: `the rows of ${workload.name}`,
        heights: ({ relfilenodePath }) => heightIn(join(data, relfilenodePath)),
        minMax: true,
      });
      const [size] = await database.rows('SELECT pg_database_size(current_database()) AS bytes');
      const catalog = await readCatalogOf(database);
      return new Loaded(database, workload, { catalog, statistics, bytes: Number(size?.bytes) });
    } catch (error) {
      await database.close().catch(() => {});
      throw error;
    }
  }

  async plan(questions: readonly Question[], { workers, mode }: Asking): Promise<readonly Plan[]> {
    const database = this.#database;
    await applySettings(database, { settings: settingsOf(this.#workload, workers), role: undefined });
    const server: Explainer = {
      prepare: async (text, types) => {
        const [statement] = await prepareStatements(database, this.#prepared.size, [{ text, types }]);
        return statement as PreparedStatement;
      },
      explain: async (requests) => {
        const explained = requests.map((request) => `${explainCommand(request)};`).join('\n');
        const results = await database.execute(`DISCARD PLANS; SET plan_cache_mode = force_${mode}_plan; ${explained}`);
        return results.filter(({ fields }) => fields[0]?.name === 'QUERY PLAN').map(readExplained);
      },
    };
    return planAll(server, this.#prepared, questions, mode);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

/** A replica of statistics; it is opened anew where other settings are asked for. */
export class Hollow implements Planner {
  readonly version: string;
  readonly catalog: Catalog;
  readonly #open: (workers: number) => Promise<PlanningServer>;
  #server: PlanningServer;
  #workers: number;
  #prepared = new Map<string, PreparedStatement>();

  private constructor(open: (workers: number) => Promise<PlanningServer>, server: PlanningServer, workers: number) {
    this.#open = open;
    this.#server = server;
    this.#workers = workers;
    this.catalog = server.catalog;
    this.version = server.name;
  }

  static async open(engine: Engine, workload: Workload, statistics: Statistics): Promise<Hollow> {
    const source = {
      schema: [workload.schema],
      statistics: { file: 'statistics.json', text: formatStatistics(statistics), parse: () => statistics },
      cluster,
    };
    const openWith = (workers: number) =>
      openReplica(engine, { ...source, session: { settings: settingsOf(workload, workers), role: undefined } });
    return new Hollow(openWith, await openWith(0), 0);
  }

  async plan(questions: readonly Question[], { workers, mode }: Asking): Promise<readonly Plan[]> {
    if (workers !== this.#workers) {
      await this.#server.close({ reuse: true });
      this.#server = await this.#open(workers);
      this.#workers = workers;
      this.#prepared = new Map();
    }
    return planAll(this.#server, this.#prepared, questions, mode);
  }

  async close(): Promise<void> {
    await this.#server.close({ reuse: false });
  }
}

/** The same statistics as if they had been pulled without the ends of columns. */
export function withoutEnds(statistics: Statistics): Statistics {
  return JSON.parse(JSON.stringify(statistics, (key, value) => (key === 'min_max' ? undefined : value)));
}

/** A client whose rows have the types of their columns, as `pg` gives them. */
export function clientOf(database: Database): StatisticsClient {
  return {
    query: async (sql, values = []) => {
      const texts = values.map((value) => (value === null ? null : textOf(value)));
      const { fields, rows } = await database.query(sql, texts);
      const parsers = fields.map(({ dataTypeID }) => pg.types.getTypeParser(dataTypeID, 'text'));
      const parsed = rows.map((row) =>
        Object.fromEntries(
          row.map((text, column) => [fields[column]?.name, text === null ? null : parsers[column]?.(text)]),
        ),
      );
      return { rows: parsed };
    },
  };
}

/** A parameter as the protocol takes it. */
function textOf(value: unknown): string {
  return Array.isArray(value) ? formatArrayLiteral(value.map(String)) : String(value);
}

export async function heightIn(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(8192), 0, 8192, 0);
    return readBtreeHeight(buffer);
  } finally {
    await file.close();
  }
}
