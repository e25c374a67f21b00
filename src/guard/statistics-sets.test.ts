import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CheckOptions, check, formatStatistics, type Notice, RedactionKey, type Report } from 'plan-guard';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCHEMA, shop, statistics } from '../cli/testing/shop.js';

type Json = Record<string, unknown>;

let folder: string;
let suites = 0;
const cacheBefore = process.env.PLAN_GUARD_CACHE;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plan-guard-statistics-'));
  process.env.PLAN_GUARD_CACHE = join(folder, 'cache');
});
afterAll(async () => {
  if (cacheBefore === undefined) delete process.env.PLAN_GUARD_CACHE;
  else process.env.PLAN_GUARD_CACHE = cacheBefore;
  await rm(folder, { recursive: true, force: true });
});

/** Checks the shop with keys of its suite, with keys of its statistics file, and with files over its own. */
async function checkShop(
  { keys = {}, facts = {}, files = {} }: { keys?: Json; facts?: Json; files?: Record<string, string> },
  options: CheckOptions = {},
): Promise<Report> {
  suites += 1;
  const cwd = join(folder, String(suites));
  await mkdir(cwd);
  const text = formatStatistics({ ...JSON.parse(statistics()), ...facts });
  for (const [name, content] of Object.entries(shop(keys, { 'statistics.json': text, ...files }))) {
    await writeFile(join(cwd, name), content);
  }
  return check({ cwd, now: new Date('2026-03-31T12:00:00Z'), ...options });
}

const said = ({ notices }: Report) => notices.map(({ level, message, next }: Notice) => `${level}: ${message} ${next}`);
const costs = ({ cases }: Report) => cases.map(({ cost }) => cost);

describe('settings', () => {
  test('those of the file are applied, the suite’s stand above them', async () => {
    const plain = await checkShop({});
    const cheap = await checkShop({ facts: { settings: { random_page_cost: '1.1' } } });
    const above = await checkShop({
      keys: { postgres: { settings: { random_page_cost: 4 } } },
      facts: { settings: { random_page_cost: '1.1' } },
    });
    expect(costs(cheap)[0]).toBeLessThan(costs(plain)[0] ?? 0);
    expect(costs(above)).toEqual(costs(plain));
    expect(said(cheap)).toEqual([]);
  });

  test('the search path is production’s', async () => {
    const moved = `CREATE SCHEMA app; SET search_path = app; ${SCHEMA}`;
    const facts = JSON.parse(statistics().replaceAll('"public.', '"app.')) as Json;
    const report = await checkShop({
      facts: { ...facts, search_path: 'app, public' },
      files: { 'schema.sql': moved, 'seed.sql': '' },
    });
    expect(report.verdict).toBe('pass');
  });

  test('one that the server does not know is told, and the others hold', async () => {
    const report = await checkShop({ facts: { settings: { random_page_cost: '1.1', enable_magic: 'off' } } });
    expect(report.verdict).toBe('pass');
    expect(said(report)).toEqual([
      expect.stringMatching(/^warning: PostgreSQL 18\.\d+ refuses settings of .*: enable_magic = off\./),
    ]);
  });

  test('another major version is told', async () => {
    expect(said(await checkShop({ facts: { server_version: '15.4 (Debian 15.4-1)' } }))).toEqual([
      expect.stringMatching(
        /^warning: The statistics are of PostgreSQL 15, and the plans of PGlite .*: \{ engine: native, version: 15 \}\.$/,
      ),
    ]);
  });
});

describe('age', () => {
  const keys = { 'max-age': '90d' };

  test.each([
    ['as old as it may be', '2025-12-31T12:00:00Z', []],
    [
      'a day older',
      '2025-12-30T12:00:00Z',
      ['warning: The statistics are 91 days old; max-age allows 90 days. Pull them again: plan-guard stats pull.'],
    ],
    ['from a clock ahead of ours', '2027-01-01T00:00:00Z', []],
  ])('%s', async (_, pulled_at, notices) => {
    expect(said(await checkShop({ keys, facts: { pulled_at } }))).toEqual(notices);
  });

  test('a file that does not tell when it was made has none', async () => {
    expect(said(await checkShop({ keys }))).toEqual([]);
  });
});

describe('what statistics do not carry', () => {
  test('one notice for each kind', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const report = await checkShop({
      facts: {
        extended_statistics: { 'public.orders_ext': { table: 'public.orders', kinds: ['mcv'] } },
        unreadable: Object.fromEntries(names.map((name) => [`public.${name}`, { reason: 'no privilege' }])),
      },
    });
    const next = 'Plans that rest on them may differ. plan-guard stats show lists all.';
    expect(said(report)).toEqual([
      `warning: The statistics do not carry everything: public.a: the role may not read them. public.b: the role may not read them. public.c: the role may not read them. And 2 more. ${next}`,
      `warning: The statistics do not carry everything: public.orders_ext on public.orders (CREATE STATISTICS: mcv): cannot be restored before PostgreSQL 19. ${next}`,
    ]);
  });

  test('extended statistics that the schema has too are told once', async () => {
    const files = { 'schema.sql': `${SCHEMA}CREATE STATISTICS orders_ext (mcv) ON customer_id, status FROM orders;\n` };
    const extended_statistics = { 'public.orders_ext': { table: 'public.orders', kinds: ['mcv'] } };
    const notices = said(await checkShop({ facts: { extended_statistics }, files }));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('public.orders_ext');
  });

  test('indexes that the planner looks into, of tables that a rule speaks of', async () => {
    const brin = (table: string) => `${SCHEMA}CREATE INDEX ${table}_brin ON ${table} USING brin (id);\n`;
    const of = async (table: string) =>
      said(await checkShop({ files: { 'schema.sql': brin(table) } })).filter((notice) => notice.includes('looks into'));
    expect(await of('customers')).toEqual([]);
    expect(await of('orders')).toEqual([expect.stringContaining('indexes of the kind brin (orders_brin)')]);
  });

  test('policies of production that the schema does not have leave it unverified', async () => {
    const row_security = { role: 'reader', bypassed: true, tables: ['public.customers', 'public.orders'] };
    const report = await checkShop({ facts: { row_security } });
    expect(report.verdict).toBe('fail');
    expect(said(report)).toEqual([
      expect.stringMatching(
        /^unverified: Production has row-level security on public\.orders, and the schema does not/,
      ),
    ]);
  });
});

describe('redacted statistics', () => {
  const redactKey = 'a key for tests, of some length';
  const key = new RedactionKey(redactKey);
  const shopFacts = JSON.parse(statistics()) as { tables: Record<string, Json & { columns: Json }> };
  const orders = shopFacts.tables['public.orders'];
  const status = {
    null_frac: 0,
    avg_width: 5,
    n_distinct: 2,
    redacted: 'stand-ins',
    most_common_vals: ['00000001', '00000002'],
    most_common_val_hashes: [key.hash('done'), key.hash('open')],
    most_common_freqs: [0.99, 0.01],
  };
  const facts = {
    redaction: { key_check: key.check },
    tables: { ...shopFacts.tables, 'public.orders': { ...orders, columns: { ...orders?.columns, status } } },
  };
  const asking = (condition: string) => ({
    keys: { scenarios: { regular: { customer_id: 7, status: 'open' } }, 'known-bad': undefined },
    files: { 'orders.sql': `SELECT id FROM orders WHERE customer_id = :customer_id AND ${condition}\n` },
  });
  const rowsOf = ({ cases }: Report) => (cases[0]?.plan.Plan as Record<string, unknown> | undefined)?.['Plan Rows'];
  const doubts = ({ cases }: Report) =>
    cases.map(({ mode, doubts }) => [mode, ...doubts.map(({ message, next }) => `${message} ${next}`)]);

  test.each([
    ['a constant', `status = 'done'`],
    ['a scenario', 'status = :status'],
  ])('with the key, what %s names is found', async (_, condition) => {
    const report = await checkShop({ ...asking(condition), facts }, { redactKey });
    expect(report.verdict).toBe('pass');
    expect(rowsOf(report)).toBe(rowsOf(await checkShop(asking(condition))));
    expect(said(report)).toEqual(said(await checkShop(asking(condition))));
  });

  test('without the key, a condition that names a value leaves its plan unverified', async () => {
    const report = await checkShop({ ...asking('status = :status'), facts });
    expect(report.verdict).toBe('fail');
    expect(doubts(report)).toEqual([
      [
        'custom',
        'How many rows match status = $2 is a guess: the values of public.orders.status are redacted. Set PLAN_GUARD_REDACT_KEY to the key of the pull, so that the values that queries name are recognised.',
      ],
      ['generic'],
    ]);
    expect(said(report)[0]).toMatch(/^warning: The statistics are redacted and no key is given/);
  });

  test('without the key, such a plan is not compared with the approved one either: it is a guess', async () => {
    const { keys, files } = asking('status = :status');
    const given = { keys: { ...keys, plans: { missing: 'warn' } }, files, facts };
    const report = await checkShop(given, { changedOnly: true });
    expect([report.verdict, ...report.cases.map(({ verdict }) => verdict)]).toEqual(['fail', 'unverified', 'pass']);
    expect((await checkShop(given, { changedOnly: true, redactKey })).verdict).toBe('pass');
  });

  test('without the key, plans that name no redacted value are judged', async () => {
    const report = await checkShop({ ...asking('status IS NOT NULL'), facts });
    expect(doubts(report)).toEqual([['custom'], ['generic']]);
    expect(report.verdict).toBe('pass');
  });

  test('what a view asks is judged with the key alone', async () => {
    const { keys } = asking('true');
    const files = {
      'schema.sql': `${SCHEMA}CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';\n`,
      'orders.sql': 'SELECT id FROM open_orders WHERE customer_id = :customer_id\n',
    };
    const kinds = ({ cases }: Report) => cases.map(({ doubts }) => doubts.map(({ kind }) => kind));
    expect(kinds(await checkShop({ keys, files, facts }))).toEqual([['redacted'], ['redacted']]);
    expect(kinds(await checkShop({ keys, files, facts }, { redactKey }))).toEqual([[], []]);
  });

  test('an order among stand-ins is none among values, with the key too', async () => {
    const report = await checkShop({ ...asking(`status LIKE 'op%'`), facts }, { redactKey });
    expect(doubts(report)[1]).toEqual([
      'generic',
      `How many rows match status LIKE 'op%' is a guess: the values of public.orders.status are redacted. Keep them in the next pull (--keep orders.status), or judge the plan by hand.`,
    ]);
    expect(report.verdict).toBe('fail');
  });

  test('another key is an error', async () => {
    const wrong = checkShop({ ...asking('true'), facts }, { redactKey: 'another key, of some length' });
    await expect(wrong).rejects.toMatchObject({
      message: 'The redaction key is not the one that the statistics were redacted with.',
      where: { file: expect.stringMatching(/statistics\.json$/) },
    });
  });
});
