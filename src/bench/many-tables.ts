import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverSettings } from '../postgres/cluster.js';
import { Connection } from '../postgres/connection.js';
import { startNativeServer } from '../postgres/native.js';
import type { Mark } from './mark.js';
import { type Measured, runNode } from './node-process.js';
import { check, inEmpty } from './reference.js';
import { format, interleave, Samples } from './samples.js';
import { file, type Settings } from './settings.js';

const tables = 1_000;
const columnsPerTable = 10;
/** Enough for histograms and common values of the full length that the default of 100 allows. */
const rows = 300;

const nameOf = (table: number) => `orders_${table}`;
const createTable = (name: string) =>
  `CREATE TABLE ${name} (id bigint PRIMARY KEY, customer_id integer NOT NULL, state text NOT NULL, title text, ` +
  'note text, amount numeric(12, 2), weight double precision, is_paid boolean NOT NULL, created_at timestamptz, due date)';
const createIndex = (name: string) => `CREATE INDEX ${name}_customer_idx ON ${name} (customer_id, created_at)`;
const fill = (name: string) =>
  `INSERT INTO ${name} SELECT n, n * 7919 % 120, (ARRAY['open', 'paid', 'sent', 'gone'])[1 + n % 4], 'Order ' || n, ` +
  "md5('note' || n), n * 1.25, n / 7.0, n % 3 = 0, timestamptz '2026-01-01' + n * interval '1 hour', " +
  `date '2026-01-01' + n % 90 FROM generate_series(1, ${rows}) AS n`;

const names = Array.from({ length: tables }, (_, table) => nameOf(table));
const ddl = names.flatMap((name) => [createTable(name), createIndex(name)]);
const size = `${format(tables)} tables, ${format(tables * columnsPerTable)} columns`;
const seconds = (runs: readonly Measured[]) => new Samples(runs.map(({ ms }) => ms / 1000));

/** Statistics of many tables read from a server, and a replica made of them beside their DDL alone. */
export async function measureManyTables({ directory, quick }: Settings): Promise<readonly Mark[]> {
  const folder = join(directory, 'many-tables');
  await mkdir(folder);
  const statistics = join(folder, 'statistics.json');
  const pulls = await pullAll(statistics, quick ? 1 : 3);
  await requireAll(statistics);
  const pulled = seconds(pulls);
  const suite = await writeSuite(folder);
  const cold = await interleave(quick ? 1 : 3, {
    bare: () => inEmpty(join(folder, 'bare'), (data) => applyDdl(data, join(folder, 'ddl.json'))),
    check: () => inEmpty(join(folder, 'cache'), (cache) => check(cache, suite)),
  });
  const [bare, checked] = [seconds(cold.bare), seconds(cold.check)];
  const parts = cold.bare.map(({ stdout }) => JSON.parse(stdout) as { readonly boot: number; readonly ddl: number });
  const part = (name: 'boot' | 'ddl') => new Samples(parts.map((one) => one[name] / 1000)).median;
  const peak = (runs: readonly Measured[]) => format(new Samples(runs.map((run) => run.peak)).median);
  return [
    {
      name: `stats pull, ${size}`,
      measured: pulled.median,
      most: 10,
      unit: 's',
      from: `whole process ${pulled.describe('s')}, ${processor(pulls)} s of its own processor time, ${peak(pulls)} MiB`,
    },
    {
      name: `cold check of one statement : first boot of PGlite and DDL, ${size}`,
      measured: checked.median / bare.median,
      most: 2,
      unit: '×',
      from:
        `check ${checked.describe('s')} (processor ${processor(cold.check)} s, ${peak(cold.check)} MiB), ` +
        `bare ${bare.describe('s')} (processor ${processor(cold.bare)} s, ${peak(cold.bare)} MiB; ` +
        `boot ${format(part('boot'))} s, DDL ${format(part('ddl'))} s)`,
    },
    {
      name: 'the same, less the boot on both sides',
      measured: (checked.median - part('boot')) / (bare.median - part('boot')),
      most: undefined,
      unit: '×',
      from: `${format(checked.median - part('boot'))} s : ${format(bare.median - part('boot'))} s`,
    },
  ];
}

const processor = (runs: readonly Measured[]) => format(new Samples(runs.map((run) => run.processor / 1000)).median);

/** Loads a server and reads its statistics, so many times. */
async function pullAll(output: string, times: number): Promise<readonly Measured[]> {
  const server = await startNativeServer({ version: 18, settings: serverSettings(18) });
  try {
    const connection = await Connection.open(server.connection);
    for (const name of names) await connection.execute([createTable(name), createIndex(name), fill(name)].join(';\n'));
    await connection.execute('ANALYZE');
    await connection.close();
    const { host, port, user, database, password } = server.connection;
    const env = {
      DATABASE_URL: '',
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: database,
      PGPASSWORD: password,
    };
    const parameters = [file('../../bin/plan-guard.js'), 'stats', 'pull', '--no-redact', '--output', output];
    const { pull } = await interleave(times, { pull: () => runNode(parameters, { env }) });
    return pull;
  } finally {
    await server.stop();
  }
}

async function requireAll(statistics: string): Promise<void> {
  const pulled = JSON.parse(await readFile(statistics, 'utf8')) as {
    readonly tables: Readonly<Record<string, { readonly columns: object }>>;
  };
  const columns = Object.values(pulled.tables).reduce((sum, table) => sum + Object.keys(table.columns).length, 0);
  if (columns !== tables * columnsPerTable) throw new Error(`Statistics of ${columns} columns only were pulled.`);
}

const applyDdl = (data: string, statements: string) => runNode([file('./probes/apply-ddl.js'), data, statements]);

async function writeSuite(folder: string): Promise<string> {
  const suite = {
    name: 'many tables',
    schema: ['schema.sql'],
    statistics: { pulled: 'statistics.json' },
    protect: [nameOf(0)],
    queries: [{ file: 'query.sql' }],
  };
  const files = {
    'schema.sql': `${ddl.join(';\n')};\n`,
    'ddl.json': JSON.stringify(ddl),
    'query.sql': `-- name: one\nSELECT title FROM ${nameOf(0)} WHERE id = 17;`,
    'plan-guard.yaml': JSON.stringify(suite),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return join(folder, 'plan-guard.yaml');
}
