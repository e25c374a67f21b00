import type { Question } from './workload.js';

/** A condition that is widened from a few rows to all of them. */
interface Sweep {
  readonly workload: string;
  readonly sql: string;
  /** @param share of the rows, above 0 and at most 1 */
  readonly values: (share: number) => readonly string[];
}

/** Narrowest share that is asked for; each step is wider by the same factor, up to all rows. */
const NARROWEST = 0.005;

/** The middle of a range: `[low, high]` narrowed to the share around its middle. */
const middle = (low: number, high: number, share: number): readonly [number, number] => {
  const half = ((high - low) * share) / 2;
  const center = (high + low) / 2;
  return [center - half, center + half];
};

const integers = (low: number, high: number) => (share: number) =>
  middle(low, high, share).map((n) => `${Math.round(n)}`);

const times = (low: string, high: string) => (share: number) =>
  middle(Date.parse(low), Date.parse(high), share).map((ms) => new Date(ms).toISOString());

const days = (low: string, high: string) => (share: number) => times(low, high)(share).map((time) => time.slice(0, 10));

/** Ids that are spread evenly over the table, as an array literal. */
const ids = (rows: number, most: number) => (share: number) => {
  const count = Math.max(1, Math.round(most * share));
  return [`{${Array.from({ length: count }, (_, index) => 1 + Math.floor((index * rows) / count)).join(',')}}`];
};

/** All rows handed on, which workers do not pay for, and one value made of them, which they do. */
const range = (workload: string, table: string, column: string, values: Sweep['values']): readonly Sweep[] =>
  ['*', 'max(t::text)'].map((result) => ({
    workload,
    sql: `SELECT ${result} FROM ${table} t WHERE ${column} >= $1 AND ${column} < $2`,
    values,
  }));

const sweeps: readonly Sweep[] = [
  ...range('reference', 'tracks', 'created_at', times('2020-01-01', '2025-09-14')),
  ...range('reference', 'tracks', 'blocknumber', integers(1, 200_000)),
  ...range('reference', 'tracks', 'owner_id', integers(1, 35_000)),
  ...range('reference', 'tracks', 'track_id', integers(1, 200_000)),
  ...range('reference', 'users', 'user_id', integers(1, 100_000)),
  ...range('reference', 'aggregate_monthly_plays', 'play_item_id', integers(1, 200_000)),
  { workload: 'reference', sql: 'SELECT * FROM tracks WHERE track_id = ANY($1)', values: ids(200_000, 80_000) },
  {
    workload: 'reference',
    sql: 'SELECT * FROM tracks WHERE owner_id = 1001 OR track_id = ANY($1)',
    values: ids(200_000, 80_000),
  },
  {
    workload: 'reference',
    sql: 'SELECT t.track_id, u.name FROM tracks t JOIN users u ON u.user_id = t.owner_id WHERE t.created_at >= $1 AND t.created_at < $2',
    values: times('2020-01-01', '2025-09-14'),
  },
  ...range('accounting', 'sales_order', 'ordered_on', days('2022-01-01', '2025-12-30')),
  ...range('accounting', 'sales_order', 'id', integers(1, 120_000)),
  ...range('accounting', 'sales_order', 'partner_id', integers(1, 40_000)),
  ...range('accounting', 'sales_order_line', 'product_id', integers(1, 20_000)),
  ...range('accounting', 'sales_order_line', 'order_id', integers(1, 120_000)),
  ...range('accounting', 'invoice', 'total', integers(0, 20_000)),
  ...range('accounting', 'invoice', 'issued_on', days('2022-01-02', '2025-12-26')),
  ...range('accounting', 'payment', 'paid_at', times('2022-01-10', '2025-11-17')),
  ...range('accounting', 'journal_line', 'account_id', integers(1, 8_000)),
  ...range('accounting', 'stock_move', 'moved_at', times('2022-01-01', '2025-10-21')),
  ...range('accounting', 'stock_move', 'product_id', integers(1, 20_000)),
  { workload: 'accounting', sql: 'SELECT * FROM sales_order WHERE id = ANY($1)', values: ids(120_000, 20_000) },
  {
    workload: 'accounting',
    sql: `SELECT o.id, sum(l.quantity * l.price) FROM sales_order o JOIN sales_order_line l ON l.order_id = o.id
          WHERE o.ordered_on >= $1 AND o.ordered_on < $2 GROUP BY o.id`,
    values: days('2022-01-01', '2025-12-30'),
  },
  ...range('workspace', 'task', 'project_id', integers(1, 12_000)),
  ...range('workspace', 'event', 'member_id', integers(1, 60_000)),
  ...range('workspace', 'event', 'tenant_id', integers(1, 2_000)),
  ...range('workspace', 'session', 'member_id', integers(1, 60_000)),
  ...range('workspace', 'usage_daily', 'tenant_id', integers(1, 2_000)),
  ...range('workspace', 'delivery', 'webhook_id', integers(1, 3_000)),
  ...range('workspace', 'audit', 'actor_id', integers(1, 60_000)),
  { workload: 'workspace', sql: 'SELECT * FROM comment WHERE task_id = ANY($1)', values: ids(150_000, 20_000) },
];

export interface Sweeping {
  readonly sql: string;
  readonly questions: readonly Question[];
}

/** The statements of a workload's sweeps, each from its narrowest to its widest. */
export function sweepsOf(workload: string, steps: number): readonly Sweeping[] {
  const factor = NARROWEST ** (-1 / (steps - 1));
  return sweeps
    .filter((sweep) => sweep.workload === workload)
    .map(({ sql, values }) => ({
      sql,
      questions: Array.from({ length: steps }, (_, step) => ({
        sql,
        values: values(Math.min(1, NARROWEST * factor ** step)),
        atEnd: false,
      })),
    }));
}
