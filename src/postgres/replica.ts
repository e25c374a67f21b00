import { setImmediate as turn } from 'node:timers/promises';
import type { Catalog } from '../plan/model.js';
import type { StatisticsFile } from './apply-statistics.js';
import type { Database } from './database.js';
import { type Built, type ClusterOptions, type Engine, type PreparedDirectory, using } from './engine.js';
import { reversedIndexOrder } from './index-order.js';
import type {
  ExplainRequest,
  PlanCacheMode,
  PlanningServer,
  PreparedStatement,
  StatementText,
  TypedValue,
} from './model.js';
import { explainCommand, prepareStatements, readExplained, takeSession, textForms } from './planning.js';
import { hashScripts, runScripts, type Script } from './scripts.js';
import { applyRecorded, type SessionSettings } from './settings.js';

export interface ReplicaSource {
  readonly schema: readonly Script[];
  /** Undefined: the tables stay empty and never analysed. */
  readonly statistics:
    | {
        readonly file: string;
        readonly text: string;
        readonly parse: () => StatisticsFile['statistics'];
        /** Settings of the server that the statistics are of, which the session's stand above. */
        readonly settings?: Readonly<Record<string, string>>;
      }
    | undefined;
  readonly cluster: ClusterOptions;
  readonly session: SessionSettings;
}

/**
 * Opens the planning replica: a database whose tables are empty and that plans as if they had the size and the
 * values that the statistics tell.
 * @throws {PlanGuardError | PlanGuardErrors} `schema`, `statistics`, `suite` (a setting or role) or `engine`
 */
export async function openReplica(engine: Engine, source: ReplicaSource): Promise<PlanningServer> {
  return engine.openPrepared({
    kind: 'replica',
    parts: [
      ['locale', source.cluster.locale],
      ['extensions', source.cluster.extensions.join()],
      ['schema', hashScripts(source.schema)],
      ['statistics', source.statistics?.text ?? ''],
    ],
    cluster: source.cluster,
    build: (data) => buildReplica(engine, data, source),
    open: (prepared) => Replica.open(engine, prepared, source),
  });
}

function describeRefused(settings: readonly string[], version: string): string {
  return `PostgreSQL ${version} refuses settings of the server that the statistics are of: ${settings.join(', ')}.`;
}

interface ReplicaFacts {
  readonly remarks: readonly string[];
}

async function buildReplica(engine: Engine, data: string, source: ReplicaSource): Promise<Built> {
  const { inflated, remarks } = await using(engine, data, source.cluster, async (database) => {
    await runScripts(database, source.schema, 'schema');
    if (source.statistics === undefined) return { inflated: [], remarks: [] };
    const { applyStatistics } = await import('./apply-statistics.js');
    const { file, text, parse } = source.statistics;
    const applied = await applyStatistics(database, { file, text, statistics: parse() });
    await database.execute('CHECKPOINT');
    return applied;
  });
  await engine.inflate(data, inflated);
  return { facts: { remarks } satisfies ReplicaFacts };
}

/** Plans that are asked for at once. */
const BATCH = 100;

class Replica implements PlanningServer {
  readonly name: string;
  readonly version: string;
  readonly catalog: Catalog;
  readonly remarks: readonly string[];
  readonly #database: Database;
  readonly #prepared: PreparedDirectory;
  #statements = 0;

  private constructor(
    { name, version, catalog, remarks }: Pick<PlanningServer, 'name' | 'version' | 'catalog' | 'remarks'>,
    database: Database,
    prepared: PreparedDirectory,
  ) {
    this.#database = database;
    this.#prepared = prepared;
    this.name = name;
    this.version = version;
    this.catalog = catalog;
    this.remarks = [...(prepared.facts as ReplicaFacts).remarks, ...remarks];
  }

  static async open(
    engine: Engine,
    prepared: PreparedDirectory,
    { cluster, session, statistics }: ReplicaSource,
  ): Promise<Replica> {
    const database = await engine.open(prepared.data, cluster);
    try {
      const { rows } = await database.query('SHOW server_version');
      const version = rows[0]?.[0] ?? '';
      const refused = await applyRecorded(database, statistics?.settings ?? {});
      const catalog = await takeSession(database, session);
      const facts = {
        name: `${engine.name} (PostgreSQL ${version})`,
        version,
        catalog,
        remarks: refused.length === 0 ? [] : [describeRefused(refused, version)],
      };
      return new Replica(facts, database, prepared);
    } catch (error) {
      await database.close().catch(() => {});
      throw error;
    }
  }

  async prepare(text: string, types: StatementText['types']): Promise<PreparedStatement> {
    const [statement] = await this.prepareAll([{ text, types }]);
    return statement as PreparedStatement;
  }

  prepareAll(statements: readonly StatementText[]): Promise<readonly PreparedStatement[]> {
    const first = this.#statements + 1;
    this.#statements += statements.length;
    return prepareStatements(this.#database, first, statements);
  }

  textForms(values: readonly TypedValue[]): Promise<readonly string[]> {
    return textForms(this.#database, values);
  }

  explain(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    return this.#explain(requests, '', '');
  }

  explainWithoutSeqScan(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    const on = 'BEGIN; SET LOCAL enable_seqscan = off; DISCARD PLANS;';
    return this.#explain(requests, on, 'ROLLBACK; DISCARD PLANS;');
  }

  async explainWithIndexesReversed(requests: readonly ExplainRequest[]): Promise<readonly unknown[]> {
    const reversed = await reversedIndexOrder(this.#database);
    if (reversed === undefined) return this.explain(requests);
    return this.#explain(requests, `BEGIN; ${reversed}; DISCARD PLANS;`, 'ROLLBACK; DISCARD PLANS;');
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
    const explained: unknown[] = [];
    let mode: PlanCacheMode | undefined;
    try {
      if (before !== '') await this.#database.execute(before);
      for (let start = 0; start < requests.length; start += BATCH) {
        const commands = requests.slice(start, start + BATCH).map((request) => {
          const set = request.mode === mode ? '' : `SET plan_cache_mode = force_${request.mode}_plan;`;
          mode = request.mode;
          return `${set} ${explainCommand(request)};`;
        });
        const results = await this.#database.execute(commands.join('\n'));
        explained.push(...results.filter(({ fields }) => fields[0]?.name === 'QUERY PLAN').map(readExplained));
        // An engine of this process keeps its thread: signals and timers have their turn in between.
        await turn();
      }
    } finally {
      if (after !== '') await this.#database.execute(after);
    }
    return explained;
  }
}
