import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { check, type Report } from 'plan-guard';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNativeServer } from '../postgres/native.js';
import { formatStatistics } from './format.js';
import type { Statistics } from './model.js';
import { pullStatistics } from './pull.js';
import { readStatistics } from './read.js';
import { RedactionKey } from './redaction-key.js';
import { restoreStatistics } from './testing/restore.js';

const fixture = resolve(import.meta.dirname, '../../fixtures/audius');
const redactKey = 'a key for tests, of some length';
let folder: string;
let redacted: Statistics;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plan-guard-redacted-'));
  const server = await startNativeServer();
  const client = new pg.Client(server.connection);
  try {
    await client.connect();
    await client.query(await readFile(join(fixture, 'schema.sql'), 'utf8'));
    const statistics = await readStatistics(join(fixture, 'statistics/year-later.json'));
    expect(await restoreStatistics(client, statistics)).toEqual([]);
    redacted = await pullStatistics(client, {
      schemas: ['public'],
      origin: '-',
      redact: { key: new RedactionKey(redactKey), keep: [] },
    });
    // The server's indexes are empty: their heights are those of the fixture.
    for (const [name, table] of Object.entries(redacted.tables)) {
      for (const [index, facts] of Object.entries(table.indexes)) {
        Object.assign(facts, { height: statistics.tables[name]?.indexes[index]?.height });
      }
    }
  } finally {
    await client.end();
    await server.stop();
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Checks the reference suite with one set of statistics. */
async function checkWith(statistics: string): Promise<Report> {
  const suite = await readFile(join(fixture, 'plan-guard.yaml'), 'utf8');
  const changed = suite
    .replace(/^statistics:\n( .*\n)+/m, `statistics:\n  year-later: ${statistics}\n`)
    .replaceAll(
      /(\s|\[)((?:\.\.?\/)*[\w./-]+\.(?:sql|js))\b/g,
      (_, before, path) => `${before}${resolve(fixture, path)}`,
    );
  expect(changed).not.toBe(suite);
  const file = join(folder, 'plan-guard.yaml');
  await writeFile(file, changed);
  return check({ suites: [file], cwd: folder, cache: false, redactKey });
}

/** Plans without what statistics are called, by case. */
function plansOf(report: Report): Record<string, unknown> {
  return Object.fromEntries(
    report.cases.map(({ query, statement, scenario, mode, plan, verdict }) => [
      JSON.stringify([query, statement, scenario, mode]),
      { plan, verdict },
    ]),
  );
}

test('the plans of the reference suite are the same with redacted statistics', async () => {
  const clear = await checkWith(join(fixture, 'statistics/year-later.json'));
  expect(clear.cases.length).toBeGreaterThan(100);
  const file = join(folder, 'redacted.json');
  await writeFile(file, formatStatistics(redacted));
  const plans = plansOf(await checkWith(file));
  const differing = Object.entries(plansOf(clear)).filter(
    ([name, plan]) => JSON.stringify(plans[name]) !== JSON.stringify(plan),
  );
  expect(differing.map(([name]) => name)).toEqual([]);
});
