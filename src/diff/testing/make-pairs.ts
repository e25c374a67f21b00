// Makes the plans of pairs/*.plans anew: npx jiti src/diff/testing/make-pairs.ts [NAME …]. What must become of their
// nodes stands in pairs/*.txt, written and checked by hand: look at every one of those whose plans change.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { startNativeServer } from '../../postgres/native.js';
import { type Pair, pairs, type Recipe, schema } from './recipes.js';

type Explained = readonly Readonly<Record<string, unknown>>[];
type Explain = (recipe: Recipe) => Promise<Explained>;

const folder = new URL('pairs/', import.meta.url);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const wanted = process.argv.slice(2);

function statements({ set = {}, sql, options = 'VERBOSE' }: Recipe): string[] {
  const settings = Object.entries(set).map(([name, value]) => `SET LOCAL ${name} = '${value}'`);
  return ['BEGIN', ...settings, `EXPLAIN (${options}, FORMAT JSON) ${sql}`, 'ROLLBACK'];
}

/** What no node is recognised by and what is at its default, so that the files stay small. */
function trim(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(trim);
  if (typeof value !== 'object' || value === null) return value;
  const left = Object.entries(value).filter(([name, held]) => {
    return held !== false && !['Output', 'Startup Cost', 'Plan Width', 'Inner Unique'].includes(name);
  });
  return Object.fromEntries(left.map(([name, held]) => [name, trim(held)]));
}

async function make(pair: Pair, explain: Explain, older: Explain): Promise<void> {
  const plan = (recipe: Recipe) => (recipe.major === 15 ? older(recipe) : explain(recipe));
  const lines = [await plan(pair.before), await plan(pair.after)].map((one) => JSON.stringify(trim(one)));
  await writeFile(new URL(`${pair.name}.plans`, folder), `${lines.join('\n')}\n`);
}

/** The reference case: an approved query and the known-bad form of it, on the day of the incident. */
async function makeIncidents(): Promise<void> {
  const { stdout } = await promisify(execFile)('node', ['bin/plan-guard.js', 'check', '--reporter', 'json'], {
    cwd: root,
    maxBuffer: 1e9,
  });
  const report = JSON.parse(stdout);
  for (const [name, query, bad] of [
    ['incident-profile', 'profile-before', 'profile with an OR-ed subquery'],
    ['incident-monthly-listens', 'monthly-listens-before', 'monthly listens with an OR-ed subquery'],
  ]) {
    const is = (one: { query: string; statistics: string }) => one.query === query && one.statistics === 'incident-day';
    const good = report.cases.find(is);
    const known = report.knownBad.find(
      (one: { query: string; statistics: string }) => one.query === bad && one.statistics === 'incident-day',
    );
    const lines = [[good.plan], [known.example.plan]].map((one) => JSON.stringify(trim(one)));
    await writeFile(new URL(`${name}.plans`, folder), `${lines.join('\n')}\n`);
  }
}

const chosen = pairs.filter(({ name }) => wanted.length === 0 || wanted.includes(name));

async function withOlderServer(use: (explain: Explain) => Promise<void>): Promise<void> {
  const server = await startNativeServer({ version: 15 });
  const client = new pg.Client(server.connection);
  try {
    await client.connect();
    await client.query(schema);
    await use(async (recipe) => {
      const results = [];
      for (const sql of statements(recipe)) results.push(await client.query(sql));
      return results.at(-2)?.rows[0]['QUERY PLAN'];
    });
  } finally {
    await client.end();
    await server.stop();
  }
}

const lite = await PGlite.create({ startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'] });
await lite.exec(schema);
const explain: Explain = async (recipe) => {
  const results = [];
  for (const sql of statements(recipe)) results.push(await lite.query<{ 'QUERY PLAN': Explained }>(sql));
  return results.at(-2)?.rows[0]?.['QUERY PLAN'] ?? [];
};
const isOlder = ({ before, after }: Pair) => before.major === 15 || after.major === 15;
for (const pair of chosen.filter((one) => !isOlder(one))) await make(pair, explain, explain);
if (chosen.some(isOlder)) {
  await withOlderServer(async (older) => {
    for (const pair of chosen.filter(isOlder)) await make(pair, explain, older);
  });
}
await lite.close();
if (wanted.length === 0 || wanted.includes('incidents')) await makeIncidents();
