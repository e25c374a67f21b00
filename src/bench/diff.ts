import { performance } from 'node:perf_hooks';
import { diffPlans, type ReadPlan } from '../diff/diff.js';
import { accessesInPlan } from '../plan/accesses.js';
import { parsePlan } from '../plan/parse-json.js';
import type { Mark } from './mark.js';
import { format, Samples } from './samples.js';
import type { Settings } from './settings.js';

type Raw = Readonly<Record<string, unknown>>;

const nodes = 2_000;
/** Two nodes to a join below it: the join and the hash of its inner side, and the scan. */
const tables = Math.ceil(nodes / 3);

const scan = (table: number, whole: boolean): Raw => ({
  'Node Type': whole ? 'Seq Scan' : 'Index Scan',
  'Relation Name': `table_${table}`,
  Alias: `t${table}`,
  'Total Cost': whole ? 9_000 : 8.5,
  'Plan Rows': whole ? 100_000 : 7,
  ...(whole
    ? { Filter: `((t${table}.owner_id = 1001) OR (ANY (t${table}.id = (hashed SubPlan 1).col1)))` }
    : { 'Index Name': `table_${table}_owner_idx`, 'Index Cond': `(t${table}.owner_id = 1001)` }),
});

const join = (outer: Raw, inner: Raw, condition: string): Raw => ({
  'Node Type': 'Hash Join',
  'Join Type': 'Inner',
  'Hash Cond': condition,
  'Total Cost': 10_000,
  'Plan Rows': 50,
  Plans: [
    { ...outer, 'Parent Relationship': 'Outer' },
    { 'Node Type': 'Hash', 'Parent Relationship': 'Inner', Plans: [{ ...inner, 'Parent Relationship': 'Outer' }] },
  ],
});

/** Joins of all tables: one below the other, as deep as they are many, or halves of halves. */
const shapes = {
  deep: (order: (at: number) => number, whole: (at: number) => boolean): Raw => {
    let plan = scan(order(0), whole(0));
    for (let at = 1; at < tables; at++) {
      plan = join(plan, scan(order(at), whole(at)), `(t${order(at - 1)}.id = t${order(at)}.id)`);
    }
    return plan;
  },
  bushy: (order: (at: number) => number, whole: (at: number) => boolean): Raw => {
    const halves = (from: number, to: number): Raw => {
      if (to - from === 1) return scan(order(from), whole(from));
      const middle = Math.floor((from + to) / 2);
      return join(halves(from, middle), halves(middle, to), `(t${order(from)}.id = t${order(middle)}.id)`);
    };
    return halves(0, tables);
  },
};

const asWritten = (at: number) => at;
const shuffled = (at: number) => (at * 271 + 13) % tables;

/** What happened to the plan: little, everything, everything in another order. */
const changes = {
  'one scan': [asWritten, (at: number) => at === Math.floor(tables / 2)],
  'every scan': [asWritten, () => true],
  'every scan, joined in another order': [shuffled, () => true],
} as const;

/** How long it takes to tell what became of 2,000 nodes, against reading the two plans. */
export async function measureDiff({ quick }: Settings): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  for (const [shape, make] of Object.entries(shapes)) {
    for (const [change, [order, whole]] of Object.entries(changes)) {
      const texts = [make(asWritten, () => false), make(order, whole)].map((Plan) => JSON.stringify([{ Plan }]));
      const read = () =>
        texts.map((text): ReadPlan => {
          const plan = parsePlan(text);
          return { plan, accesses: accessesInPlan(plan) };
        });
      const [before, after] = read();
      if (before === undefined || after === undefined) throw new Error('no plans');
      const times = { read: [] as number[], diff: [] as number[] };
      for (let time = 0; time < (quick ? 3 : 7); time++) {
        times.read.push(milliseconds(read));
        times.diff.push(milliseconds(() => diffPlans(before, after)));
      }
      const [reading, diffing] = [new Samples(times.read), new Samples(times.diff)];
      const from = `${diffing.describe('ms')} : ${reading.describe('ms')} to read both`;
      const name = `two ${shape} plans of ${format(nodes)} nodes, changed: ${change}`;
      marks.push(
        { name: `diff of ${name}`, measured: diffing.median / 1000, most: 1, unit: 's', from },
        {
          name: `diff : reading, ${name}`,
          measured: diffing.median / reading.median,
          most: undefined,
          unit: '×',
          from,
        },
      );
    }
  }
  return marks;
}

function milliseconds(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
