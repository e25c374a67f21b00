import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ExistingShop, startExistingShop } from './testing/existing.js';
import { Workspace } from './testing/plan-guard.js';
import { GOOD, SCHEMA, shop, statistics } from './testing/shop.js';

const workspace = Workspace.forFile();
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const CI = { env: { CI: 'true' } };

// The account that root's servers run as must get in.
beforeAll(() => {
  const root = dirname(workspace.cache);
  for (const folder of [root, workspace.cache, workspace.temporary]) chmodSync(folder, 0o755);
});

type Files = Readonly<Record<string, string>>;

/** A folder with the shop's suite, its plans approved. */
async function approved(files: Files = shop()): Promise<string> {
  const folder = await workspace.write(files);
  expect((await workspace.run(folder, ['approve'])).transcript).toMatch(/\nexit 0\n$/);
  return folder;
}

async function change(folder: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

const plansIn = (folder: string) =>
  Object.fromEntries(
    readdirSync(join(folder, 'plans'), { withFileTypes: true }).map((entry) => {
      const text = entry.isFile() ? readFileSync(join(folder, 'plans', entry.name), 'utf8') : '';
      return [entry.name, text];
    }),
  );

/** Three in four orders are of a few customers: more rows by the same way. */
const manyOrders = (distinct: number) =>
  statistics({
    columns: {
      customer_id: {
        null_frac: 0,
        avg_width: 4,
        n_distinct: distinct,
        histogram_bounds: ['1', '250000', '500000', '750000', '1000000'],
        correlation: 0.02,
      },
    },
  });

describe('approve', () => {
  test('writes a file for each query, which reads as EXPLAIN does; again it changes nothing', async () => {
    const folder = await workspace.write(shop());
    const dry = await workspace.run(folder, ['approve', '--dry-run']);
    expect(existsSync(join(folder, 'plans'))).toBe(false);
    const first = await workspace.run(folder, ['approve', '--reason', 'the first plans']);
    const file = plansIn(folder);
    const again = await workspace.run(folder, ['approve', '--reason', 'another']);
    const check = await workspace.run(folder, ['check'], CI);
    expect(plansIn(folder)).toEqual(file);
    expect(Object.values(file).join('\n')).toMatchInlineSnapshot(`
      "# The approved plans of one query. \`plan-guard approve\` alone writes this file: review it, do not edit it.
      # A case: statement, scenario, plan modes, estimated cost and rows (rounded), statistics sets.
      format      1
      query       orders_of_customer
      postgres    18
      settings    846b4f61e724
      statistics  0a55af29380a  production
      reason      the first plans
      checksum    35087b2d7f71

      plan 2f41d7790b91
        orders_of_customer  regular                         custom, generic  cost ~50      rows ~10      production

        Bitmap Heap Scan on public.orders
          Recheck Cond: (orders.customer_id = $1)
          ->  Bitmap Index Scan on orders_customer_idx
                Index Cond: (orders.customer_id = $1)
      "
    `);
    expect([dry, first, again, check].map(({ transcript }) => transcript).join('')).toMatchInlineSnapshot(`
      "
      $ plan-guard approve --dry-run
      shop: 2 plans, PGlite <version> (PostgreSQL 18.6)
        + orders_of_customer: 2 new plans
        plans/orders_of_customer.plan would be written

      ✓ dry run: 1 file changed, 0 unchanged; nothing was written
      exit 0

      $ plan-guard approve --reason the first plans
      shop: 2 plans, PGlite <version> (PostgreSQL 18.6)
        + orders_of_customer: 2 new plans
        plans/orders_of_customer.plan written

      ✓ approved: 1 file changed, 0 unchanged; review and commit them
      exit 0

      $ plan-guard approve --reason another
      shop: 2 plans, PGlite <version> (PostgreSQL 18.6)
        plans: nothing changes

      ✓ approved: 0 files changed, 1 unchanged
      exit 0

      $ plan-guard check
      ✓ shop: 2 plans
        1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
        orders (1.0 M rows, 70 MB) in 2 plans
        2 of 2 plans as approved in plans
        ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans

      ✓ pass: 2 of 2 plans pass, 1 of 1 known-bad caught, <time>
      exit 0
      "
    `);
  });

  test('with a filter, the other cases keep what was approved for them', async () => {
    const scenarios = { regular: { customer_id: 7 }, other: { customer_id: 8 } };
    const folder = await approved(shop({ scenarios }));
    const before = plansIn(folder);
    await change(folder, { 'schema.sql': SCHEMA.replace(/^CREATE INDEX .*;$/gm, '') });
    const { transcript } = await workspace.run(folder, ['approve', '--filter', 'other']);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard approve --filter other
      shop: 2 plans, PGlite <version> (PostgreSQL 18.6)
        ~ orders_of_customer, 2 plans: orders: through orders_customer_idx, which is gone → whole table
          (Parallel Seq Scan).
        ! 2 plans break a rule; check goes on to say so.
        plans/orders_of_customer.plan written

      ✓ approved: 1 file changed, 0 unchanged; review and commit them
      exit 0
      "
    `);
    const kept = await workspace.run(folder, ['check', '--changed-only', '--filter', 'regular']);
    const taken = await workspace.run(folder, ['check', '--changed-only', '--filter', 'other']);
    expect([kept.code, taken.code]).toEqual([1, 0]);
    await change(folder, { 'schema.sql': SCHEMA });
    expect((await workspace.run(folder, ['approve', '--filter', 'other'])).code).toBe(0);
    expect(plansIn(folder)).toEqual(before);
  });

  test('a generic plan reads the partitions that the values of its own scenario leave, be the others planned or not', async () => {
    const scenarios = { recent: { from: '2026-02-01' }, ever: { from: '2025-02-01' } };
    const folder = await approved(
      shop(
        { scenarios, 'known-bad': undefined, protect: ['events'], unverified: 'warn' },
        {
          'schema.sql': `${SCHEMA}CREATE TABLE events (customer_id int, at date) PARTITION BY RANGE (at);
            CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
            CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');`,
          'orders.sql': '-- name: events_since\nSELECT customer_id FROM events WHERE at >= :from::date',
        },
      ),
    );
    const { cases } = JSON.parse((await workspace.run(folder, ['check', '--reporter', 'json'])).stdout);
    const read = (scenario: string) =>
      cases
        .filter((one: { scenario: string; mode: string }) => one.scenario === scenario && one.mode === 'generic')
        .flatMap(({ accesses }: { accesses: { table: string }[] }) => accesses.map(({ table }) => table));
    expect([read('recent'), read('ever')]).toEqual([['events_2026'], ['events_2025', 'events_2026']]);
    const alone = await workspace.run(folder, ['check', '--changed-only', '--filter', 'ever']);
    expect([alone.code, alone.transcript]).toEqual([0, expect.stringContaining('2 of 2 plans as approved')]);
  });

  test('files that nothing uses are removed, and other files left alone', async () => {
    const folder = await approved(shop({}, { 'plans/README.md': 'Approved plans.' }));
    await change(folder, { 'orders.sql': GOOD.replace('orders_of_customer', 'orders_by_customer') });
    const { transcript } = await workspace.run(folder, ['approve']);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard approve
      shop: 2 plans, PGlite <version> (PostgreSQL 18.6)
        + orders_by_customer: 2 new plans
        - orders_of_customer: 2 plans not planned any more
        plans/orders_by_customer.plan written
        plans/orders_of_customer.plan removed

      ✓ approved: 2 files changed, 0 unchanged; review and commit them
      exit 0
      "
    `);
    expect(Object.keys(plansIn(folder))).toEqual(['README.md', 'orders_by_customer.plan']);
  });

  test('it says that a rule is still broken, and by whom a filter matches nothing', async () => {
    const folder = await workspace.write(shop({}, { 'schema.sql': SCHEMA.replace(/^CREATE INDEX .*;$/gm, '') }));
    expect((await workspace.run(folder, ['approve'])).transcript).toContain('2 plans break a rule; check goes on to');
    expect((await workspace.run(folder, ['approve', '--filter', 'nobody'])).transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard approve --filter nobody
      error: No query, statement or scenario holds "nobody".
        next: Queries are orders_of_customer; run without --filter and with --verbose to see all cases.
      exit 2
      "
    `);
    expect((await workspace.run(folder, ['approve', '--reason', 'two\nlines'])).transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard approve --reason two
      lines
      error: The option "reason" of approve() must be a text of one line.
        next: It is of type string.
      exit 2
      "
    `);
  });

  test('plans that could not be judged, and a file of no query that cannot be read', async () => {
    const files = shop({}, { 'statistics.json': statistics({ relpages: 20 }), 'plans/mine.plan': 'hello' });
    const folder = await workspace.write(files);
    expect((await workspace.run(folder, ['approve'])).transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard approve
      shop: 2 plans, PGlite <version> (PostgreSQL 18.6)
        + orders_of_customer: 2 new plans
        ! mine.plan was written by hand or could not be read: no query has its name: it is removed.
        ! 2 plans could not be judged; check tells why.
        plans/orders_of_customer.plan written
        plans/mine.plan removed

      ✓ approved: 2 files changed, 0 unchanged; review and commit them
      exit 0
      "
    `);
  });

  test('suites that share a folder are told', async () => {
    const files = shop();
    const suite = files['plan-guard.yaml'] as string;
    const folder = await workspace.write({
      ...files,
      'second.yaml': `plans: plans\n${suite.replace('name: shop', 'name: second')}`,
    });
    const { transcript } = await workspace.run(folder, ['approve', 'plan-guard.yaml', 'second.yaml']);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard approve plan-guard.yaml second.yaml
      error: second.yaml: Two suites keep their approved plans in plans; the first is plan-guard.yaml.
        next: Give each a folder of its own: plans: plans/second.
      exit 2
      "
    `);
  });

  test('suites of one folder that say nothing of their plans do not remove those of each other', async () => {
    const files = shop();
    const suite = files['plan-guard.yaml'] as string;
    const second = suite.replace('name: shop', 'name: second').replace('orders.sql', 'second.sql');
    const folder = await approved({ ...files, 'second.yaml': second, 'second.sql': named('another_query') });
    const before = await workspace.run(folder, ['check', 'second.yaml'], CI);
    const { transcript } = await workspace.run(folder, ['approve', 'second.yaml']);
    expect([before.code, transcript]).toEqual([0, expect.stringContaining('plans/second/another_query.plan written')]);
    expect(Object.keys(plansIn(folder)).sort()).toEqual(['orders_of_customer.plan', 'second']);
    expect((await workspace.run(folder, ['check', 'plan-guard.yaml', 'second.yaml'], CI)).code).toBe(0);
  });

  test('an interruption leaves all files as they were, or all of them written', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `orders_${index}`);
    const folder = await workspace.write(shop({}, { 'orders.sql': names.map(named).join(';\n') }));
    const interrupted = (seen: () => boolean) =>
      workspace.run(folder, ['approve'], {
        onStart: async (child) => {
          while (!seen() && child.exitCode === null) await pause(1);
          child.kill('SIGINT');
        },
      });
    expect((await interrupted(isPlanning)).transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard approve
      error: Interrupted by SIGINT; nothing is left behind.
        next: Run it again.
      exit 2
      "
    `);
    expect(existsSync(join(folder, 'plans'))).toBe(false);
    await interrupted(() => existsSync(join(folder, 'plans')));
    expect(Object.keys(plansIn(folder))).toEqual(names.map((name) => `${name}.plan`).sort());
    expect((await workspace.run(folder, ['check'], CI)).code).toBe(0);
  });
});

/** Whether a run holds a replica. */
function isPlanning(): boolean {
  return readdirSync(workspace.cache)
    .filter((key) => key.startsWith('replica'))
    .some((key) => readdirSync(join(workspace.cache, key)).some((name) => name.startsWith('busy-')));
}

const named = (name: string) => GOOD.replace('orders_of_customer', name);

describe('check against the approved plans', () => {
  test('a plan that nobody approved: a warning, and in CI a failure', async () => {
    const folder = await approved();
    await change(folder, { 'orders.sql': `${GOOD};\n${named('a_new_one')}` });
    const here = await workspace.run(folder, ['check', '--changed-only']);
    const there = await workspace.run(folder, ['check', '--changed-only', '--reporter', 'github'], CI);
    expect(here.transcript + there.transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard check --changed-only
      ✓ shop: 4 plans
        2 queries, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
        orders (1.0 M rows, 70 MB) in 4 plans
        2 of 4 plans as approved in plans

      ! 2 plans not approved yet
        in       a_new_one, in all 2 plans: custom and generic
        next     Approve it with plan-guard approve --filter a_new_one, and commit the file.

      ✓ pass: 4 of 4 plans pass, 2 not approved yet, rules and known-bad queries left out, <time>
      exit 0

      $ plan-guard check --changed-only --reporter github
      ::error file=orders.sql,line=7,col=1,title=2 plans not approved yet::No plan is approved for it yet.%0Aa_new_one: in all 2 plans: custom and generic%0ANext: Approve it with plan-guard approve --filter a_new_one, and commit the file.
      exit 1
      "
    `);
  });

  test('a changed plan', async () => {
    const folder = await approved();
    await change(folder, { 'schema.sql': SCHEMA.replace('(customer_id)', '(customer_id) INCLUDE (id, total)') });
    const { transcript } = await workspace.run(folder, ['check', '--changed-only']);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard check --changed-only
      ✗ shop: 2 plans, 2 fail
        1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
        orders (1.0 M rows, 70 MB) in 2 plans
        0 of 2 plans as approved in plans

      ✗ 2 plans changed since they were approved
        orders: bounded by orders_customer_idx (Bitmap Heap Scan) → bounded by orders_customer_idx (Index
        Only Scan).
        in       orders_of_customer, in all 2 plans: custom and generic
        approved plans/orders_of_customer.plan:10:1

        approved plan
          Bitmap Heap Scan on public.orders
            Recheck Cond: (orders.customer_id = $1)
            ->  Bitmap Index Scan on orders_customer_idx
                  Index Cond: (orders.customer_id = $1)
        plan of now: regular, custom, production               rows  cost
          Index Only Scan using orders_customer_idx on orders    10  4.60
             Index Cond: (orders.customer_id = 7)

        next     See both with plan-guard diff --filter orders_of_customer; mend it, or approve it:
                 plan-guard approve --filter orders_of_customer.

      ✗ fail: 2 of 2 plans fail (1 change), 2 changed, rules and known-bad queries left out, <time>
      exit 1
      "
    `);
  });

  test('a statement without a name that was put before others is the only one that is new', async () => {
    const [first, second, new_] = [
      'customer_id = :customer_id',
      'id = :customer_id',
      'customer_id = :customer_id AND id > 5',
    ];
    const sql = (...conditions: string[]) =>
      conditions.map((condition) => `SELECT id, total FROM orders WHERE ${condition};`).join('\n');
    const folder = await approved(shop({}, { 'orders.sql': sql(first as string, second as string) }));
    await change(folder, { 'orders.sql': sql(new_ as string, first as string, second as string) });
    const check = await workspace.run(folder, ['check', '--changed-only', '--filter', 'orders'], CI);
    const { comparisons } = JSON.parse((await workspace.run(folder, ['diff', '--reporter', 'json'])).stdout);
    const told = comparisons.map(({ change }: { change: string }) => change);
    expect(told.sort()).toEqual(['added', 'added', 'same', 'same', 'same', 'same']);
    const approve = await workspace.run(folder, ['approve', '--filter', 'orders']);
    await change(folder, { 'orders.sql': sql(second as string) });
    const gone = await workspace.run(folder, ['check', '--changed-only'], CI);
    const removed = await workspace.run(folder, ['approve', '--filter', 'orders']);
    expect([check, approve, gone, removed].map(({ transcript }) => transcript).join('')).toMatchInlineSnapshot(`
      "
      $ plan-guard check --changed-only --filter orders
      ✗ shop: 6 plans, 2 fail
        1 query, 3 statements, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
        orders (1.0 M rows, 70 MB) in 6 plans
        4 of 6 plans as approved in plans

      ✗ 2 plans not approved yet
        in       orders, statement 1, in all 2 plans: custom and generic
        next     Approve it with plan-guard approve --filter orders, and commit the file.

      ✗ fail: 2 of 6 plans fail (1 change), 2 not approved yet, rules and known-bad queries left out,
        <time>
      exit 1

      $ plan-guard approve --filter orders
      shop: 6 plans, PGlite <version> (PostgreSQL 18.6)
        + orders: 2 new plans
        plans/orders.plan written

      ✓ approved: 1 file changed, 0 unchanged; review and commit them
      exit 0

      $ plan-guard check --changed-only
      ✗ shop: 2 plans
        1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
        orders (1.0 M rows, 70 MB) in 2 plans
        2 of 2 plans as approved in plans
        ✗ orders has 4 approved cases that nothing plans any more: statement 1 as approved, regular,
          production, custom; statement 1 as approved, regular, production, generic; statement 2, regular,
          production, custom and 1 more.
          plans/orders.plan:10:1
          next: Remove what is not used: plan-guard approve.

      ✗ fail: 2 of 2 plans pass, 1 more finding, rules and known-bad queries left out, <time>
      exit 1

      $ plan-guard approve --filter orders
      shop: 2 plans, PGlite <version> (PostgreSQL 18.6)
        - orders: 4 plans not planned any more
        plans/orders.plan written

      ✓ approved: 1 file changed, 0 unchanged; review and commit them
      exit 0
      "
    `);
    expect((await workspace.run(folder, ['check', '--changed-only'], CI)).code).toBe(0);
  });

  test('a dearer plan, with the statistics that make it so; and one within what the suite allows', async () => {
    const folder = await approved(shop({}, { 'statistics.json': manyOrders(4000) }));
    await change(folder, { 'statistics.json': manyOrders(250) });
    const { transcript } = await workspace.run(folder, ['check', '--changed-only']);
    expect(transcript.replaceAll(/[0-9a-f]{12}/g, '<identity>')).toMatchInlineSnapshot(`
      "
      $ plan-guard check --changed-only
      ✗ shop: 2 plans, 2 fail
        1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
        orders (1.0 M rows, 70 MB) in 2 plans
        0 of 2 plans as approved in plans

      ✗ 2 plans dearer than approved
        The plan has the approved shape and is dearer: cost ~1,000 → 7,296 (× 7.3), rows ~300 → 4,000
        (× 13). It was approved with other statistics (production: <identity> → <identity>).
        in       orders_of_customer, in all 2 plans: custom and generic
        approved plans/orders_of_customer.plan:10:1
        next     See both with plan-guard diff --filter orders_of_customer; mend it, or approve it:
                 plan-guard approve --filter orders_of_customer.

      ✗ fail: 2 of 2 plans fail (1 change), 2 dearer, rules and known-bad queries left out, <time>
      exit 1
      "
    `);
    await change(folder, { 'plan-guard.yaml': shop({ plans: { 'dearer-factor': 100 } })['plan-guard.yaml'] as string });
    expect((await workspace.run(folder, ['check', '--changed-only'])).code).toBe(0);
    await change(folder, { 'plan-guard.yaml': shop({ plans: { dearer: 'warn' } })['plan-guard.yaml'] as string });
    const warned = await workspace.run(folder, ['check']);
    expect([warned.code, warned.stdout.includes('! 2 plans dearer than approved')]).toEqual([0, true]);
  });

  test('approved plans that nothing uses: a query that went, a scenario that went; a filter hides them', async () => {
    const scenarios = { regular: { customer_id: 7 }, other: { customer_id: 8 } };
    const folder = await approved(shop({ scenarios }, { 'orders.sql': `${GOOD};\n${named('another')}` }));
    await change(folder, { 'orders.sql': GOOD, 'plan-guard.yaml': shop()['plan-guard.yaml'] as string });
    const { transcript } = await workspace.run(folder, ['check', '--changed-only'], CI);
    const filtered = await workspace.run(folder, ['check', '--filter', 'orders_of'], CI);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard check --changed-only
      ✗ shop: 2 plans
        1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
        orders (1.0 M rows, 70 MB) in 2 plans
        2 of 2 plans as approved in plans
        ✗ No query is called another: its approved plans are not used.
          plans/another.plan:1:1
          next: Remove what is not used: plan-guard approve.
        ✗ orders_of_customer has 2 approved cases that nothing plans any more: other, production, custom;
          other, production, generic.
          plans/orders_of_customer.plan:10:1
          next: Remove what is not used: plan-guard approve.

      ✗ fail: 2 of 2 plans pass, 2 more findings, rules and known-bad queries left out, <time>
      exit 1
      "
    `);
    expect(filtered.code).toBe(0);
    expect((await workspace.run(folder, ['check'])).code).toBe(0);
    await change(folder, { 'orders.sql': `${GOOD};\n${named('third')}` });
    const renamed = shop({ statistics: { live: 'statistics.json' } })['plan-guard.yaml'] as string;
    expect((await workspace.run(folder, ['approve'])).code).toBe(0);
    await change(folder, { 'plan-guard.yaml': renamed });
    const { stdout } = await workspace.run(folder, ['check', '--changed-only']);
    expect(stdout).toContain('2 queries have 4 approved cases that nothing plans any more: orders_of_customer, third.');
  });

  test('a file that was written by hand', async () => {
    const folder = await approved();
    const file = join(folder, 'plans', 'orders_of_customer.plan');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/cost ~\S+/, 'cost ~99'));
    const { transcript } = await workspace.run(folder, ['check', '--changed-only']);
    const repaired = await workspace.run(folder, ['approve']);
    expect(transcript + repaired.transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard check --changed-only
      ✗ shop: 2 plans
        1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
        orders (1.0 M rows, 70 MB) in 2 plans
        2 of 2 plans as approved in plans
        ✗ The approved plans of orders_of_customer were written by hand: nobody approved what stands
          there.
          plans/orders_of_customer.plan:10:1
          next: Write them from the plans of now: plan-guard approve --filter orders_of_customer.

      ✗ fail: 2 of 2 plans pass, 1 more finding, rules and known-bad queries left out, <time>
      exit 1

      $ plan-guard approve
      shop: 2 plans, PGlite <version> (PostgreSQL 18.6)
        ~ orders_of_customer, 2 plans: cost ~99 → 50 (× 0.51).
        ! orders_of_customer.plan was written by hand or could not be read: it is written anew.
        plans/orders_of_customer.plan written

      ✓ approved: 1 file changed, 0 unchanged; review and commit them
      exit 0
      "
    `);
    expect((await workspace.run(folder, ['check', '--changed-only'])).code).toBe(0);
  });

  test('a merge conflict in a file ends the run; approve writes the file anew, with a filter only where it must not', async () => {
    const folder = await approved();
    const file = join(folder, 'plans', 'orders_of_customer.plan');
    const whole = await readFile(file, 'utf8');
    await writeFile(file, whole.replace(/^plan .*$/m, '<<<<<<< ours\n$&\n=======\n$&\n>>>>>>> theirs'));
    const check = await workspace.run(folder, ['check']);
    const filtered = await workspace.run(folder, ['approve', '--filter', 'orders_of']);
    const resolved = await workspace.run(folder, ['approve']);
    expect(check.transcript + filtered.transcript + resolved.transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard check
      error: plans/orders_of_customer.plan:10:1: A merge conflict is not resolved: <<<<<<<
        next: Take either side as it is (git checkout --ours or --theirs), then run plan-guard approve.
      exit 2

      $ plan-guard approve --filter orders_of
      error: plans/orders_of_customer.plan:10:1: A merge conflict is not resolved: <<<<<<<
        next: Run plan-guard approve without --filter: it writes the whole file anew.
      exit 2

      $ plan-guard approve
      shop: 2 plans, PGlite <version> (PostgreSQL 18.6)
        + orders_of_customer: 2 new plans
        ! orders_of_customer.plan was written by hand or could not be read: it is written anew.
        plans/orders_of_customer.plan written

      ✓ approved: 1 file changed, 0 unchanged; review and commit them
      exit 0
      "
    `);
    expect(await readFile(file, 'utf8')).toBe(whole);
  });

  test('plans of another major version are not compared, and the run says so', async () => {
    const folder = await approved();
    const native = shop({ postgres: { engine: 'native', version: 15 } });
    await change(folder, { 'plan-guard.yaml': native['plan-guard.yaml'] as string });
    const { transcript } = await workspace.run(folder, ['check', '--changed-only']);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard check --changed-only
      ? shop: 2 plans
        1 query, 1 scenario, statistics production, native server (PostgreSQL 15.18)
        orders (1.0 M rows, 70 MB) in 2 plans
        0 of 2 plans as approved in plans
        ? The plans were approved on PostgreSQL 18, and native server (PostgreSQL 15.18) plans now: the
          plans of 1 query are not compared with them.
          plans/orders_of_customer.plan:1:1
          next: Plan with the version that they were approved on, or approve the plans of this one:
          plan-guard approve.

      ✗ fail: 2 of 2 plans pass, not compared with the approved plans, rules and known-bad queries left
        out, <time>
      exit 1
      "
    `);
  });

  test('a suite of which nothing was compared is unverified beside one that was', async () => {
    const folder = await approved(shop({}, { 'other.yaml': shop({ name: 'other' })['plan-guard.yaml'] ?? '' }));
    const both = ['plan-guard.yaml', 'other.yaml'];
    const check = await workspace.run(folder, ['check', '--changed-only', ...both]);
    expect(check.stdout).toContain('? No plan of this suite is approved yet: nothing was compared.');
    expect(check.code, check.transcript).toBe(1);
    const diff = await workspace.run(folder, ['diff', ...both.flatMap((file) => ['--suite', file])]);
    expect(diff.stdout).toContain('the approved plans (none are approved of other) → the plans of now');
    expect(diff.code, diff.transcript).toBe(0);
  });

  test('without approved plans there is nothing that could have changed', async () => {
    const { transcript } = await workspace.check(shop(), ['--changed-only']);
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard check --changed-only
      error: No plans are approved yet, so that none can have changed.
        next: Write them with plan-guard approve, and commit them.
      exit 2
      "
    `);
  });
});

describe('waivers', () => {
  const waiver = { rule: 'protect', query: 'orders_of_customer', owner: 'sales', reason: 'soon gone' };
  const dropped = SCHEMA.replace(/^CREATE INDEX .*;$/gm, '');

  test('what is waived does not fail and is shown; what waives nothing is a warning', async () => {
    const waivers = [
      { ...waiver, table: 'orders', until: '9999-12-31' },
      { ...waiver, rule: 'dearer', statement: 5, until: '9999-12-31' },
    ];
    const { transcript } = await workspace.check(shop({ waivers }, { 'schema.sql': dropped }));
    expect(transcript).toMatchInlineSnapshot(`
      "
      $ plan-guard check
      ✓ shop: 2 plans
        1 query, 1 scenario, statistics production, PGlite <version> (PostgreSQL 18.6)
        orders (1.0 M rows, 70 MB) in 2 plans
        no approved plans to compare with: plan-guard approve writes them
        ✓ catches bad: Parallel Seq Scan on orders in 2 of 2 plans
        ! The statistics know the index orders_customer_idx of public.orders, which the schema does not
          have: it is planned without.
          statistics.json:1:1
        ! The waiver of dearer in orders_of_customer, statement 5 waives nothing.
          plan-guard.yaml:23:5
          next: Remove it, or correct the names in it.

      - waived until 9999-12-31 by sales, protect on orders: soon gone
        in       orders_of_customer, in all 2 plans: custom and generic

      ✓ pass: 2 of 2 plans pass, 2 waived, 1 of 1 known-bad caught, <time>
      exit 0
      "
    `);
  });

  test('a changed plan that is waived', async () => {
    const folder = await approved();
    const waivers = [
      { ...waiver, until: '9999-12-31' },
      { ...waiver, rule: 'changed', scenario: 'regular', until: '9999-12-31' },
    ];
    const suite = shop({ waivers })['plan-guard.yaml'] as string;
    await change(folder, { 'schema.sql': dropped, 'plan-guard.yaml': suite });
    const check = await workspace.run(folder, ['check'], CI);
    expect([check.code, check.stdout.match(/^- waived until .*$/gm)]).toMatchInlineSnapshot(`
      [
        0,
        [
          "- waived until 9999-12-31 by sales, protect on orders: soon gone",
          "- waived until 9999-12-31 by sales, changed: soon gone",
        ],
      ]
    `);
  });

  test('after its last day it waives no more, and is a finding itself', async () => {
    const waivers = [{ ...waiver, until: '2020-02-29' }];
    const { transcript } = await workspace.check(shop({ waivers }, { 'schema.sql': dropped }));
    expect(transcript).toContain(
      '✗ The waiver of protect in orders_of_customer ended on 2020-02-29: soon gone (sales).',
    );
    expect(transcript).toContain('✗ orders_of_customer: protect on orders');
    const mended = await workspace.check(shop({ waivers }));
    expect(mended.code).toBe(1);
    expect(mended.transcript).toContain('✗ fail: 2 of 2 plans pass, 1 more finding, 1 of 1 known-bad caught');
  });

  test('a known-bad query must be caught, whatever is waived', async () => {
    const waivers = [{ rule: 'protect', table: 'orders', owner: 'sales', reason: 'soon gone', until: '9999-12-31' }];
    const { transcript } = await workspace.check(shop({ waivers }));
    expect(transcript).toContain('✓ catches bad');
    expect(transcript).toContain('! The waiver of protect on orders waives nothing.');
  });
});

describe('plans of the same cost', () => {
  const TIED = [
    'CREATE INDEX orders_customer_idx ON orders (customer_id);',
    'CREATE INDEX orders_customer_too ON orders (customer_id);',
  ];
  const schema = (indexes: readonly string[]) => SCHEMA.replace(/^CREATE INDEX .*;$/m, indexes.join('\n'));

  test.each([
    ['PGlite', {}],
    ['native 15', { postgres: { engine: 'native', version: 15 } }],
    ['native 18', { postgres: { engine: 'native', version: 18 } }],
  ])('%s: both are approved, whichever comes first', async (_, keys) => {
    const folder = await workspace.write(shop(keys, { 'schema.sql': schema(TIED) }));
    const { stdout } = await workspace.run(folder, ['approve']);
    expect(stdout).toContain('2 plans have another of the same cost: both are approved.');
    const file = plansIn(folder)['orders_of_customer.plan'] ?? '';
    expect(file).toMatch(/orders_customer_too[\s\S]*or, at the same cost:[\s\S]*orders_customer_idx/);
    await change(folder, { 'schema.sql': schema([...TIED].reverse()) });
    const check = await workspace.run(folder, ['check', '--verbose'], CI);
    expect(check.code, check.transcript).toBe(0);
    expect(check.stdout).toMatch(/Scan (using|on) orders_customer_idx/);
    expect(check.stdout).not.toMatch(/Scan (using|on) orders_customer_too/);
  });
});

describe('an existing database', () => {
  let existing: ExistingShop;
  let url: string;

  beforeAll(async () => {
    existing = await startExistingShop();
    url = existing.url;
  });

  afterAll(() => existing?.stop());

  test('its own plans are approved and compared, one shape of each', async () => {
    const files = shop({ postgres: { engine: 'url' }, schema: undefined, statistics: undefined, seed: undefined });
    const folder = await workspace.write(files);
    const approve = await workspace.run(folder, ['approve', '--database-url', url]);
    const check = await workspace.run(folder, ['check'], { env: { CI: 'true', DATABASE_URL: url } });
    expect(approve.stdout).toContain(
      'The order of indexes of an existing database cannot be turned round: plans of the same cost are',
    );
    expect(check.stdout).toContain('2 of 2 plans as approved in plans');
    expect(check.code).toBe(0);
  });

  test('in place of the suite’s engine it is not compared, and its plans are not approved', async () => {
    const folder = await approved();
    const check = await workspace.run(folder, ['check', '--database-url', url], CI);
    expect(check.stdout).toContain('! Plans of an existing database are not compared with the approved ones');
    expect(check.stdout).not.toContain('no approved plans');
    expect(check.code).toBe(0);
    const alone = await workspace.run(folder, ['check', '--changed-only', '--database-url', url], CI);
    expect(alone.stderr).toContain('error: Plans of an existing database are not compared with the approved ones');
    expect(alone.stderr).toContain('next: Run it without --database-url to compare them.');
    expect(alone.code).toBe(2);
    const approve = await workspace.run(folder, ['approve', '--database-url', url]);
    expect(approve.stderr).toContain(
      'Approved plans are those of the suite’s own engine, and this suite’s is another.',
    );
    expect(approve.code).toBe(2);
  });
});

test('the approved plans of the reference suite are those of PGlite and of a native server, to the byte', async () => {
  const folder = await workspace.write({});
  await cp(join(REPOSITORY, 'fixtures/audius'), folder, { recursive: true });
  const suite = (await readFile(join(folder, 'plan-guard.yaml'), 'utf8'))
    .replaceAll('../../dist', join(REPOSITORY, 'dist'))
    .replace('../../plans/audius', './approved');
  await cp(join(REPOSITORY, 'plans/audius'), join(folder, 'approved'), { recursive: true });
  for (const engine of ['engine: pglite', 'engine: native\n  version: 18']) {
    await writeFile(join(folder, 'plan-guard.yaml'), suite.replace('engine: pglite', engine));
    const { stdout, transcript } = await workspace.run(folder, ['approve', '--dry-run']);
    expect(stdout, transcript).toContain('0 files changed, 8 unchanged');
  }
});
