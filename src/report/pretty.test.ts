import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Report } from './model.js';
import { pretty } from './pretty.js';
import * as build from './testing/builder.js';
import { hostile } from './testing/hostile.js';
import { columns } from './text.js';

const readSource = (file: string) => (file.endsWith('profile.sql') ? build.profileSource : undefined);
const show = (report: Report, over: Parameters<typeof build.context>[0] = {}) =>
  pretty(report, build.context({ readSource, ...over }));

describe('transcripts', () => {
  test.each([
    ['good', build.goodReport(), { width: 100 }],
    ['good-60', build.goodReport(), { width: 60 }],
    ['bad', build.badReport(), { width: 100 }],
    ['bad-40-ascii', build.badReport(), { width: 40, unicode: false }],
    ['bad-60', build.badReport(), { width: 60 }],
    ['bad-160', build.badReport(), { width: 160 }],
    ['mixed-120-ascii', build.mixedReport(), { width: 120, unicode: false }],
    ['mixed-colour', build.mixedReport(), { width: 80, color: true }],
    ['verbose', build.report([build.badCase(), build.caseReport({ scenario: 'label' })]), { verbose: true }],
    ['call', callReport(), {}],
    ['partitions', partitionReport(), {}],
    ['changed', build.changedReport(), {}],
    ['changed-60', build.changedReport(), { width: 60 }],
    ['hostile', hostileReport(), { width: 80 }],
  ] as const)('%s', async (name, report, over) => {
    await expect(show(report, over)).toMatchFileSnapshot(`testing/pretty-${name}.txt`);
  });
});

/** The statement comes from code; no bounded path was found. */
function callReport(): Report {
  const place = { file: '/repo/src/profile.ts', line: 88, column: 20 };
  return build.report([
    build.badCase({
      statement: '2',
      sql: build.statement({ ...place, origin: 'call' }),
      findings: [build.finding({ ...place, alternative: undefined })],
    }),
    build.caseReport({ statement: '1', sql: build.statement({ ...place, origin: 'call' }) }),
  ]);
}

function partitionReport(): Report {
  const parts = Array.from({ length: 30 }, (_, index) => ({
    table: `events_2024_${String(index + 1).padStart(2, '0')}`,
    alias: `e_${index + 1}`,
    path: `0.${index}`,
  }));
  const findings = parts.map((part) =>
    build.finding({
      ...part,
      node: 'Seq Scan',
      rule: 'protect',
      message: `Seq Scan on ${part.table} reads the whole table.`,
      access: build.scan({ ...part, node: 'Seq Scan', ancestors: ['public.events'], cost: 1000 }),
      tableRows: 100_000,
      tablePages: 2_000,
      cause: build.cause({
        kind: 'no-condition',
        why: 'The statement has no condition on events.',
        next: 'Bound it by a range of its key.',
        condition: undefined,
      }),
      alternative: undefined,
    }),
  );
  const plan = {
    Plan: {
      'Node Type': 'Append',
      'Total Cost': 30_000,
      'Plan Rows': 3_000_000,
      Plans: parts.map((part) => ({
        'Node Type': 'Seq Scan',
        'Parent Relationship': 'Member',
        'Relation Name': part.table,
        Schema: 'public',
        Alias: part.alias,
        'Total Cost': 1000,
        'Plan Rows': 100_000,
      })),
    },
  };
  return build.report([build.badCase({ findings, plan, cost: 30_000 })]);
}

function hostileReport(): Report {
  const nasty = build.badCase({
    query: hostile,
    statement: hostile,
    scenario: hostile,
    sql: build.statement({ text: `SELECT 1 -- ${hostile}`, line: 1 }),
    findings: [
      build.finding({
        table: hostile,
        alias: hostile,
        message: hostile,
        cause: build.cause({ why: hostile, next: hostile, condition: { text: '1', start: 7, end: 8 } }),
        alternative: { ...build.alternative, index: hostile },
      }),
    ],
    plan: { Plan: { 'Node Type': hostile, Alias: hostile, Filter: hostile, 'Total Cost': 1, 'Plan Rows': 1 } },
  });
  return build.report(
    [nasty, build.unverifiedCase({ kind: 'opaque', message: hostile, next: hostile }, { query: hostile })],
    {
      notices: [build.notice({ message: hostile, next: hostile, file: `/repo/${hostile}` })],
      knownBad: [build.knownBadReport({ query: hostile, caught: false, failing: 0 })],
      suites: [build.suite({ engine: hostile })],
    },
  );
}

const reports = {
  good: build.goodReport(),
  bad: build.badReport(),
  mixed: build.mixedReport(),
  call: callReport(),
  partitions: partitionReport(),
  changed: build.changedReport(),
  hostile: hostileReport(),
};

test.each(Object.entries(reports))(
  '%s fits every width, without trailing blanks or control characters',
  (_, report) => {
    for (const verbose of [false, true]) {
      for (let width = 40; width <= 200; width += 4) {
        const output = show(report, { width, verbose });
        expect(output.endsWith('\n')).toBe(true);
        for (const line of output.split('\n')) {
          expect(line).not.toMatch(/\s$|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          if (!line.includes('/')) expect(columns(line), `${width}: ${line}`).toBeLessThanOrEqual(width);
        }
      }
    }
  },
);

test.each(Object.entries(reports))('%s says the same with and without colour', (_, report) => {
  const coloured = show(report, { color: true });
  const lines = stripVTControlCharacters(coloured).split('\n');
  expect(lines.map((line) => line.trimEnd()).join('\n')).toBe(show(report));
});

test('draws with ASCII alone where it must', () => {
  expect(show(build.mixedReport(), { unicode: false, verbose: true })).not.toMatch(/[^\n -~]/);
});

test('no line of it is a workflow command', () => {
  for (let width = 40; width <= 120; width += 1) {
    expect(show(hostileReport(), { width })).not.toMatch(/^\s*::|##\[/m);
  }
});

test('carets stand below the condition, in the file as it is written', () => {
  const lines = show(build.badReport(), { width: 200 }).split('\n');
  const at = lines.findIndex((line) => line.startsWith('  → 7 │'));
  const line = lines[at] ?? '';
  const carets = lines[at + 1] ?? '';
  expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe(
    build.condition.replaceAll('$1', ':user_id'),
  );
});

test('without the file, the statement is shown as it was planned', () => {
  const output = pretty(build.badReport(), build.context({ width: 200 }));
  expect(output).toContain(`→ 7 │   AND ${build.condition}`);
  const stale = show(build.badReport(), { width: 200, readSource: () => 'select 1\n'.repeat(20) });
  expect(stale).toContain(`→ 7 │   AND ${build.condition}`);
});

test('a condition far to the right on a long line is scrolled into view', () => {
  const text = `SELECT ${'a_column, '.repeat(60)} 1 FROM tracks t WHERE lower(t.title) = $1 AND t.genre = $2`;
  const start = text.indexOf('lower(');
  const place = { text: 'lower(t.title) = $1', start, end: start + 19 };
  const report = build.report([
    build.badCase({
      sql: build.statement({ text, line: 1 }),
      findings: [build.finding({ cause: build.cause({ condition: place }) })],
    }),
  ]);
  for (const width of [40, 80, 200]) {
    const lines = show(report, { width, readSource: () => undefined }).split('\n');
    const at = lines.findIndex((line) => /^ {2}→ 1 │/.test(line));
    const carets = lines[at + 1] ?? '';
    expect(lines[at]?.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('lower(t.title) = $1');
  }
});

test('one fault of a statement is shown once', () => {
  const output = show(build.badReport());
  expect(output.match(/^✗ profile: /gm)).toHaveLength(1);
  expect(output).toContain('in all 16 plans: all 4 scenarios, custom and generic, both statistics sets');
});

test('says which cases are hit', () => {
  const scenarios = ['a', 'b', 'c'];
  const say = (bad: (over: { scenario: string; mode: string; statistics: string }) => boolean) =>
    show(
      build.report(
        build.crossed(scenarios, ['s1', 's2'], (over) => (bad(over) ? build.badCase(over) : build.caseReport(over))),
      ),
      { width: 200 },
    ).match(/^ {2}plans {4}(.*)$/m)?.[1];
  expect(say(() => true)).toBe('in all 12 plans: all 3 scenarios, custom and generic, both statistics sets');
  expect(say((one) => one.mode === 'generic')).toBe(
    'in 6 of 12 plans: all 3 scenarios, generic only, both statistics sets',
  );
  expect(say((one) => one.scenario !== 'a' && one.statistics === 's2')).toBe(
    'in 4 of 12 plans: scenarios b and c, custom and generic, only with s2',
  );
  expect(say((one) => one.mode === 'generic' || one.scenario === 'b')).toBe(
    'in 8 of 12 plans: generic: all 3 scenarios, both statistics sets; custom: scenario b, both statistics sets',
  );
  expect(say((one) => one.scenario === 'a' && one.mode === 'custom' && one.statistics === 's1')).toBe(
    'in 1 of 12 plans: scenario a, custom only, only with s1',
  );
});

test('two faults of one statement are two blocks, the dearer first', () => {
  const other = build.scan({ alias: 't2', path: '0.1', cost: 900_000 });
  const report = build.report([
    build.badCase({ findings: [build.finding(), build.finding({ alias: 't2', path: '0.1', access: other })] }),
  ]);
  expect(show(report).match(/^✗ profile: .*/gm)).toEqual([
    '✗ profile: no-seq-scan on tracks t2',
    '✗ profile: no-seq-scan on tracks t',
  ]);
});

test('many faults: the first ones in full, the others in short, all of them verbose', () => {
  const cases = Array.from({ length: 20 }, (_, index) => build.badCase({ query: `q${index}`, statement: `q${index}` }));
  const plans = (verbose: boolean) => show(build.report(cases), { verbose }).match(/^ {2}plan of /gm)?.length;
  expect([plans(false), plans(true)]).toEqual([6, 20]);
  expect(show(build.report(cases)).match(/^ {2}next /gm)).toHaveLength(20);
});

test('a large plan is elided far from the fault, and shown whole when verbose', () => {
  const nest = (depth: number): Record<string, unknown> => ({
    'Node Type': 'Nested Loop',
    'Join Type': 'Inner',
    'Total Cost': 10,
    'Plan Rows': 1,
    Plans: depth === 0 ? [] : [nest(depth - 1), { 'Node Type': 'Index Scan', Alias: `x${depth}`, 'Total Cost': 1 }],
  });
  const path = `0${'.0'.repeat(30)}`;
  const report = build.report([
    build.badCase({ plan: { Plan: nest(40) }, findings: [build.finding({ path, access: build.scan({ path }) })] }),
  ]);
  const brief = show(report, { width: 60 });
  expect(brief.match(/Nested Loop|Index Scan/g)?.length).toBeLessThan(20);
  expect(brief).toMatch(/… \d+ more nodes/);
  expect(brief).toMatch(/^ {2}→ .*Nested Loop/m);
  const hidden = [...brief.matchAll(/… (\d+) more nodes?/g)].reduce((total, match) => total + Number(match[1]), 0);
  expect(hidden + 16).toBe(81);
  expect(show(report, { verbose: true })).not.toMatch(/more nodes/);
});

test('a suite that lets unverified cases pass says so', () => {
  const cases = [build.unverifiedCase(build.rowSecurity)];
  const report = build.report(cases, { suites: [build.suite({ unverified: 'warn' })] });
  expect(report.verdict).toBe('pass');
  expect(show(report)).toContain('? 1 plan unverified: row-security, which the suite allows');
});

test('a notice of no suite is shown', () => {
  const report = build.report([build.caseReport()], { notices: [build.notice({ suite: '', level: 'fail' })] });
  expect(show(report)).toContain('  ✗ The schema has extended statistics');
});

test('no known-bad query: nothing proves that the guard bites', () => {
  expect(show(build.report([build.caseReport()], { knownBad: [] }))).toContain(
    'no known-bad query to prove that the guard bites',
  );
});

test('5,000 failing cases of one statement are one block', () => {
  const scenarios = Array.from({ length: 1250 }, (_, index) => `s${index}`);
  const output = show(
    build.report(
      build.crossed(scenarios, ['a', 'b'], (over) =>
        over.scenario.endsWith('7') && over.mode === 'custom' ? build.caseReport(over) : build.badCase(over),
      ),
    ),
  );
  expect(output.split('\n').length).toBeLessThan(60);
  expect(output).toContain('in 4,750 of 5,000 plans');
});
