import { expect, test } from 'vitest';
import * as build from '../report/testing/builder.js';
import { loadSuite } from '../suite/load.js';
import type { Suite } from '../suite/model.js';
import { makeFolder, NAMED_FILES } from '../suite/testing/folder.js';
import { Waivers } from './waivers.js';

const NOW = new Date('2026-06-15T12:00:00Z');

async function suiteWith(...waivers: readonly Readonly<Record<string, unknown>>[]): Promise<Suite> {
  const base = { owner: 'us', reason: 'why', until: '2026-12-31', rule: 'no-seq-scan', query: 'profile' };
  const suite = {
    schema: 'schema.sql',
    protect: 'tracks',
    queries: [{ file: 'queries/x.sql' }],
    waivers: waivers.map((waiver) => ({ ...base, ...waiver })),
  };
  const folder = await makeFolder({ ...NAMED_FILES, 'plan-guard.yaml': JSON.stringify(suite) });
  return loadSuite(`${folder}/plan-guard.yaml`);
}

async function verdictWith(waiver: Readonly<Record<string, unknown>>, one = build.badCase()): Promise<string> {
  return new Waivers(await suiteWith(waiver), NOW).settle(one).verdict;
}

test.each([
  ['its query', {}, 'pass'],
  ['another query', { query: 'profiles' }, 'fail'],
  ['its statement', { statement: 'profile' }, 'pass'],
  ['another statement', { statement: 2 }, 'fail'],
  ['its scenario', { scenario: 'no-collaborations' }, 'pass'],
  ['another scenario', { scenario: 'label' }, 'fail'],
  ['its table', { query: undefined, table: 'tracks' }, 'pass'],
  ['its table with the schema', { table: 'public.tracks' }, 'pass'],
  ['the table of another schema', { table: 'old.tracks' }, 'fail'],
  ['another table', { table: 'track' }, 'fail'],
  ['another rule', { rule: 'protect' }, 'fail'],
  ['a change', { rule: 'changed' }, 'fail'],
])('a waiver of %s', async (_, waiver, verdict) => {
  expect(await verdictWith(waiver)).toBe(verdict);
});

test('a combination of the matrix that a case stands for', async () => {
  const one = build.badCase({ scenario: 'label', scenarios: ['label sort=title', 'label sort=plays'] });
  expect(await verdictWith({ scenario: 'label sort=plays' }, one)).toBe('pass');
});

test('a partition is of its table', async () => {
  const part = build.finding({ table: 'tracks_2026', access: build.scan({ ancestors: ['public.tracks'] }) });
  const one = build.badCase({ findings: [part] });
  expect(await verdictWith({ table: 'tracks' }, one)).toBe('pass');
  expect(await verdictWith({ table: 'public.tracks' }, one)).toBe('pass');
  expect(await verdictWith({ table: 'racks' }, one)).toBe('fail');
});

test('one of two findings that is not waived fails still, and so does a doubt', async () => {
  const both = [build.finding(), build.finding({ rule: 'protect' })];
  expect(await verdictWith({}, build.badCase({ findings: both }))).toBe('fail');
  expect(await verdictWith({}, build.badCase({ doubts: [build.rowSecurity] }))).toBe('unverified');
});

test('a change that only warns does not fail, waived or not', async () => {
  expect(await verdictWith({}, build.caseReport({ change: build.changed }))).toBe('fail');
  expect(await verdictWith({ rule: 'changed' }, build.caseReport({ change: build.changed }))).toBe('pass');
  expect(await verdictWith({}, build.caseReport({ change: { ...build.changed, severity: 'warn' } }))).toBe('pass');
});

test('it holds through its last day, in UTC', async () => {
  const suite = await suiteWith({ until: '2026-06-30' });
  const at = (time: string) => {
    const waivers = new Waivers(suite, new Date(time));
    const { verdict } = waivers.settle(build.badCase());
    return [verdict, waivers.notices(false).map(({ kind, level }) => `${kind} ${level}`)];
  };
  expect(at('2026-06-30T23:59:59.999Z')).toEqual(['pass', []]);
  expect(at('2026-07-01T00:00:00Z')).toEqual(['fail', ['expired-waiver fail']]);
});

test('what waives nothing is told, unless a filter hides what it is for', async () => {
  const waivers = new Waivers(await suiteWith({ table: 'tracks', statement: 2 }), NOW);
  expect(waivers.notices(true)).toEqual([]);
  const [notice] = waivers.notices(false);
  expect(notice).toMatchObject({
    kind: 'unused-waiver',
    level: 'warning',
    message: 'The waiver of no-seq-scan on tracks in profile, statement 2 waives nothing.',
    line: 1,
  });
});

test('of two that cover a finding the first is told, and neither waives nothing', async () => {
  const waivers = new Waivers(await suiteWith({ owner: 'them' }, { table: 'tracks' }, { query: 'other' }), NOW);
  const { findings } = waivers.settle(build.badCase());
  expect(findings.map(({ waiver }) => waiver?.owner)).toEqual(['them']);
  expect(waivers.notices(false).map(({ message }) => message)).toEqual([
    'The waiver of no-seq-scan in other waives nothing.',
  ]);
});
