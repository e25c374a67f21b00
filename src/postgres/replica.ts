import { PlanGuardError } from '../errors.js';
import type { Catalog } from '../plan/model.js';
import { quoteLiteral } from '../sql/quote.js';
import { applyStatistics, type StatisticsFile } from './apply-statistics.js';
import { readCatalog } from './catalog.js';
import { inflate } from './inflate.js';
import type { ExplainRequest, PlanCacheMode, PlanningServer, PreparedStatement } from './model.js';
import { isServerError, Pglite, pgliteVersion, type TextResult } from './pglite.js';
import { type ClusterOptions, keyOf, type PreparedDirectory, prepareDirectory } from './prepared-directory.js';
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
  for (let attempt = 1; ; attempt += 1) {
    const prepared = await prepareDirectory(store, key, source.cluster, build);
    try {
      return await Replica.open(prepared, source);
    } catch (error) {
      prepared.lease.discard();
      if (error instanceof PlanGuardError) throw error;
      if (prepared.lease.fresh || attempt > 3) throw engineFault(error);
    }
  }
}

interface ReplicaFacts {
  readonly remarks: readonly string[];
}

async function buildReplica(data: string, source: ReplicaSource): Promise<ReplicaFacts> {
  const database = await Pglite.open(data, source.cluster);
  let applied: Awaited<ReturnType<typeof applyStatistics>> = { inflated: [], remarks: [] };
  try {
    await runScripts(database, source.schema, 'schema');
    await database.execute('RESET ALL');
    if (source.statistics !== undefined) {
      const { file, text, parse } = source.statistics;
      applied = await applyStatistics(database, { file, text, statistics: parse() });
    }
    await database.execute('CHECKPOINT');
  } finally {
    await database.close();
  }
  inflate(data, applied.inflated);
  return { remarks: applied.remarks };
}

function engineFault(error: unknown): PlanGuardError {
  return new PlanGuardError('engine', `PGlite failed: ${error instanceof Error ? error.message : String(error)}`, {
    hint: 'Run it again with --no-cache; if it fails again, please report it with the schema that you used.',
    cause: error,
  });
}

class Replica implements PlanningServer {
  readonly name = `PGlite ${pgliteVersion()}`;
  readonly catalog: Catalog;
  readonly remarks: readonly string[];
  readonly #database: Pglite;
  readonly #prepared: PreparedDirectory;
  #statements = 0;

  private constructor(database: Pglite, prepared: PreparedDirectory, catalog: Catalog) {
    this.#database = database;
    this.#prepared = prepared;
    this.catalog = catalog;
    this.remarks = (prepared.facts as ReplicaFacts).remarks;
  }

  static async open(prepared: PreparedDirectory, source: ReplicaSource): Promise<Replica> {
    const database = await Pglite.open(prepared.data, source.cluster);
    try {
      await applySettings(database, source.session);
      const catalog = await readCatalog((text, values) => database.objects(text, values));
      return new Replica(database, prepared, catalog);
    } catch (error) {
      await database.close();
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
        Object.assign(error, { position: String(Number(error.position) - prefix.length) });
      }
      throw error;
    });
    const { rows } = await this.#database.query(
      `SELECT array_to_json(parameter_types::text[]) FROM pg_prepared_statements WHERE name = '${name}'`,
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
    await this.#database.close();
    if (reuse) this.#prepared.lease.release();
    else this.#prepared.lease.discard();
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

