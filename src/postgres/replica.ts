import type { Catalog } from '../plan/model.js';
import { quoteLiteral } from '../sql/quote.js';
import { applyStatistics, type StatisticsFile } from './apply-statistics.js';
import { readCatalog } from './catalog.js';
import { inflate } from './inflate.js';
import type { ExplainRequest, PlanCacheMode, PlanningServer, PreparedStatement } from './model.js';
import { isServerError, Pglite, pgliteVersion, type TextResult } from './pglite.js';
import { type Built, type ClusterOptions, keyOf, openPrepared, type PreparedDirectory } from './prepared-directory.js';
import { hashScripts, runScripts, type Script } from './scripts.js';
import { applySettings, type SessionSettings } from './settings.js';
import type { DirectoryStore } from './store.js';

export interface ReplicaSource {
  readonly schema: readonly Script[];
  /** Undefined: the tables stay empty and never analysed. */
  readonly statistics:
    | { readonly file: string; readonly text: string; readonly parse: () => StatisticsFile['statistics'] }
    | undefined;
  readonly cluster: ClusterOptions;
  readonly session: SessionSettings;
}

/**
 * Opens the planning replica: a PGlite whose tables are empty and that plans as if they had the size and the
 * values that the statistics tell.
 * @throws {PlanGuardError | PlanGuardErrors} `schema`, `statistics`, `suite` (a setting or role) or `engine`
 */
export async function openReplica(store: DirectoryStore, source: ReplicaSource): Promise<PlanningServer> {
  const key = keyOf('replica', [
    ['locale', source.cluster.locale],
    ['extensions', source.cluster.extensions.join()],
    ['schema', hashScripts(source.schema)],
    ['statistics', source.statistics?.text ?? ''],
  ]);
  const build = (data: string) => buildReplica(data, source);
  return openPrepared(store, key, source.cluster, build, (prepared) => Replica.open(prepared, source));
}

interface ReplicaFacts {
  readonly remarks: readonly string[];
}

async function buildReplica(data: string, source: ReplicaSource): Promise<Built> {
  const { inflated, remarks } = await Pglite.using(data, source.cluster, async (database) => {
    await runScripts(database, source.schema, 'schema');
    if (source.statistics === undefined) return { inflated: [], remarks: [] };
    const { file, text, parse } = source.statistics;
    const applied = await applyStatistics(database, { file, text, statistics: parse() });
    await database.execute('CHECKPOINT');
    return applied;
  });
  inflate(data, inflated);
  return { facts: { remarks } satisfies ReplicaFacts, hollow: inflated.map(({ path }) => path) };
}

class Replica implements PlanningServer {
  readonly name: string;
  readonly catalog: Catalog;
  readonly remarks: readonly string[];
  readonly #database: Pglite;
  readonly #prepared: PreparedDirectory;
  #statements = 0;

  private constructor(database: Pglite, prepared: PreparedDirectory, version: string, catalog: Catalog) {
    this.#database = database;
    this.#prepared = prepared;
    this.name = `PGlite ${pgliteVersion()} (PostgreSQL ${version})`;
    this.catalog = catalog;
    this.remarks = (prepared.facts as ReplicaFacts).remarks;
  }

  static async open(prepared: PreparedDirectory, { cluster, session }: ReplicaSource): Promise<Replica> {
    const database = await Pglite.open(prepared.data, cluster);
    try {
      const { rows } = await database.query('SHOW server_version');
      // The catalog is read before the role is taken, which may not read all of it but has a search path of its own.
      await applySettings(database, { settings: session.settings, role: undefined });
      const catalog = await readCatalog((text, values) => database.objects(text, values));
      await applySettings(database, { settings: {}, role: session.role });
      const path = await database.query('SELECT to_json(pg_catalog.current_schemas(false))');
      const searchPath = JSON.parse(path.rows[0]?.[0] ?? '[]') as string[];
      return new Replica(database, prepared, rows[0]?.[0] ?? '', { ...catalog, searchPath });
    } catch (error) {
      await database.close().catch(() => {});
      throw error;
    }
  }

  async prepare(text: string, types: readonly (string | undefined)[]): Promise<PreparedStatement> {
    this.#statements += 1;
    const name = `s${this.#statements}`;
    const list = types.some((type) => type !== undefined)
      ? `(${types.map((type) => type ?? 'unknown').join(', ')})`
      : '';
    const prefix = `PREPARE ${name}${list} AS `;
    await this.#database.query(prefix + text).catch((error: unknown) => {
      if (isServerError(error) && error.position !== undefined) {
        const position = Number(error.position) - [...prefix].length;
        // Before the statement stand the stated types alone.
        Object.assign(error, { position: position > 0 ? String(position) : undefined });
      }
      throw error;
    });
    const { rows } = await this.#database.query(
      `SELECT array_to_json(parameter_types::text[]) FROM pg_catalog.pg_prepared_statements WHERE name = '${name}'`,
    );
    return { name, parameterTypes: JSON.parse(rows[0]?.[0] ?? '[]') as string[] };
  }

  explain(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    return this.#explain(requests, '', '');
  }

  explainWithoutSeqScan(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    const on = 'BEGIN; SET LOCAL enable_seqscan = off; DISCARD PLANS;';
    return this.#explain(requests, on, 'ROLLBACK; DISCARD PLANS;');
  }

  async close({ reuse }: { readonly reuse: boolean }): Promise<void> {
    try {
      await this.#database.close();
    } catch (error) {
      this.#prepared.discard();
      throw error;
    }
    if (reuse) this.#prepared.release();
    else this.#prepared.discard();
  }

  async #explain(requests: readonly ExplainRequest[], before: string, after: string): Promise<readonly unknown[]> {
    let mode: PlanCacheMode | undefined;
    const commands = requests.map((request) => {
      const set = request.mode === mode ? '' : `SET plan_cache_mode = force_${request.mode}_plan;`;
      mode = request.mode;
      return `${set} EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE ${request.statement.name}${argumentList(request.values)};`;
    });
    let results: readonly TextResult[];
    try {
      results = await this.#database.execute(`${before} ${commands.join('\n')}`);
    } finally {
      if (after !== '') await this.#database.execute(after);
    }
    const plans = results.filter((result) => result.fields[0]?.name === 'QUERY PLAN');
    return plans.map((result) => JSON.parse(result.rows[0]?.[0] ?? 'null') as unknown);
  }
}

function argumentList(values: readonly (string | null)[]): string {
  if (values.length === 0) return '';
  return `(${values.map((value) => (value === null ? 'NULL' : quoteLiteral(value))).join(', ')})`;
}
