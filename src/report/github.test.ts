import { expect, test } from 'vitest';
import { github, stepSummary } from './github.js';
import * as build from './testing/builder.js';
import { hostile } from './testing/hostile.js';

const readSource = (file: string) => (file.endsWith('profile.sql') ? build.profileSource : undefined);
const context = build.context({ readSource });

/** What GitHub's runner reads out of a line (`ActionCommand.TryParseV2`). */
function commands(output: string) {
  return output
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^::(\w+) ([^:]*)::(.*)$/.exec(line);
      if (match === null) throw new Error(`no workflow command: ${line}`);
      const undo = (text: string) =>
        text
          .replaceAll('%0D', '\r')
          .replaceAll('%0A', '\n')
          .replaceAll('%3A', ':')
          .replaceAll('%2C', ',')
          .replaceAll('%25', '%');
      const properties = Object.fromEntries(
        (match[2] ?? '')
          .split(',')
          .map((pair) => pair.split('='))
          .map(([name, value]) => [name, undo(value ?? '')]),
      );
      return { level: match[1], ...properties, message: undo(match[3] ?? '') } as Record<string, string>;
    });
}

test('nothing to say where all is fine', () => {
  expect(github(build.goodReport(), context)).toBe('');
});

test('one annotation for each place, the most important first', () => {
  const all = commands(github(build.mixedReport(), context));
  expect(all.map(({ level, file, line, col, title }) => [level, `${file}:${line}:${col}`, title])).toEqual([
    ['error', 'fixtures/audius/plan-guard.yaml:33:5', 'plan-guard: the guard is blind'],
    ['error', 'fixtures/audius/queries/profile.sql:7:8', 'profile: no-seq-scan on tracks t'],
    ['error', 'fixtures/audius/queries/profile.sql:2:1', 'unverified: row-security'],
    ['warning', 'fixtures/audius/schema.sql:120:1', 'plan-guard: audius'],
  ]);
  expect(all[1]?.message).toBe(
    [
      'Parallel Seq Scan on tracks reads the whole table.',
      'In 10 of 16 plans: generic: all 4 scenarios, both statistics sets; custom: scenario label, both statistics sets',
      'Chosen: Parallel Seq Scan: 2,000,000 rows, cost 198,611, whole plan 301,115',
      'Bounded: Index Scan using tracks_owner_id_idx: 24 rows, cost 95.01, whole plan 142.35, 2,115 times cheaper',
      'Table: tracks: 2.0 M rows, 153,847 pages (1.2 GB)',
      `Why: ${build.cause().why}`,
      `Next: ${build.cause().next}`,
    ].join('\n'),
  );
});

test('unverified cases and notices warn where the suite allows them', () => {
  const report = build.report([build.unverifiedCase(build.rowSecurity)], {
    suites: [build.suite({ unverified: 'warn' })],
    notices: [build.notice({ level: 'unverified' }), build.notice({ level: 'fail', line: 1 })],
  });
  expect(commands(github(report, context)).map(({ level }) => level)).toEqual(['error', 'warning', 'warning']);
});

test('what stands at one place is one annotation', () => {
  const report = build.report([
    build.badCase({
      findings: [build.finding(), build.finding({ table: 'users', alias: 'u', message: 'Users too.' })],
    }),
  ]);
  const all = commands(github(report, context));
  expect(all).toHaveLength(1);
  expect(all[0]?.message).toContain('\n\nprofile: no-seq-scan on users u\nUsers too.\n');
});

test('an annotation does not grow without bound', () => {
  const cases = Array.from({ length: 400 }, (_, index) => build.badCase({ query: `q${index}` }));
  const all = commands(github(build.report(cases), context));
  expect(all).toHaveLength(1);
  expect(all[0]?.message).toContain('\n\n395 more findings at this place, told by the step summary.');
  expect(Buffer.byteLength(all[0]?.message ?? '')).toBeLessThan(64 * 1024);
});

test('at most ten of a kind, and it says what is left out', () => {
  const cases = Array.from({ length: 14 }, (_, index) =>
    build.badCase({ query: `q${index}`, findings: [build.finding({ line: index + 1 })] }),
  );
  const all = commands(github(build.report(cases), context));
  expect(all.filter(({ level }) => level === 'error')).toHaveLength(10);
  expect(all.at(-1)).toEqual({
    level: 'notice',
    title: 'plan-guard',
    message: '4 more errors left out: GitHub shows 10 of a kind per step. The step summary has them all.',
  });
});

test('paths are relative to the repository', () => {
  const inside = build.context({ cwd: '/repo/fixtures/audius', repository: '/repo' });
  expect(commands(github(build.badReport(), inside))[0]?.file).toBe('fixtures/audius/queries/profile.sql');
});

const nasty = () =>
  build.report(
    [
      build.badCase({
        query: hostile,
        scenario: hostile,
        findings: [build.finding({ table: hostile, message: hostile, file: `/repo/${hostile}` })],
        plan: { Plan: { 'Node Type': 'Seq Scan', 'Relation Name': hostile } },
        sql: build.statement({ text: hostile }),
      }),
    ],
    { notices: [build.notice({ message: hostile })], knownBad: [build.knownBadReport({ query: hostile })] },
  );

test('a known-bad query is told by what its own rule found', () => {
  const findings = [build.finding({ rule: 'protect', table: 'plays' }), build.finding({ rule: 'no-seq-scan' })];
  const example = build.badCase({ findings });
  const summary = stepSummary(build.report([], { knownBad: [build.knownBadReport({ example })] }), context);
  expect(summary).toContain('✅ catches profile-or-subquery: Parallel Seq Scan on tracks in 2 of 2 plans');
});

test('changes are annotations at the approved plans, those that warn as warnings; what is waived is none', () => {
  const found = commands(github(build.changedReport(), context));
  expect(found.map(({ level, file, line, title }) => `${level} ${file}:${line} ${title}`)).toMatchInlineSnapshot(`
    [
      "error plans/audius/old.plan:1 plan-guard: audius",
      "error plans/audius/profile.plan:8 plan-guard: audius",
      "error fixtures/audius/schema.sql:120 plan-guard: audius",
      "error plans/audius/profile.plan:11 4 plans changed since they were approved",
      "warning fixtures/audius/queries/profile.sql:11 4 plans not approved yet",
    ]
  `);
});

test('hostile text stays inside its command', () => {
  const output = github(nasty(), context);
  expect(commands(output).map(({ level }) => level)).toEqual(['error', 'warning']);
  expect(output).not.toContain('##[');
  expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test.each([
  ['good', build.goodReport()],
  ['mixed', build.mixedReport()],
  ['changed', build.changedReport()],
  ['hostile', nasty()],
])('the step summary: %s', async (name, report) => {
  await expect(stepSummary(report, context)).toMatchFileSnapshot(`testing/summary-${name}.md.txt`);
});

test('hostile text is no markup in the step summary', () => {
  const output = stepSummary(nasty(), context);
  const outside = output.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');
  expect(output).toMatch(/^`{4}text$/m);
  expect(outside).not.toMatch(/<script|(?<!\\)[`\]]|@all/);
  expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}]/u);
  expect(outside.split('\n').filter((line) => /^\| ❌/.test(line))).toHaveLength(1);
});

test('the step summary stays below 1 MiB and says what it leaves out', () => {
  const cases = Array.from({ length: 3000 }, (_, index) =>
    build.badCase({ query: `q${index}`, statement: `q${index}`, findings: [build.finding({ line: index + 1 })] }),
  );
  const output = stepSummary(build.report(cases), context);
  expect(Buffer.byteLength(output)).toBeLessThanOrEqual(1024 * 1024);
  expect(Buffer.byteLength(output)).toBeGreaterThan(1000 * 1024);
  expect(output).toMatch(/_[\d,]+ parts left out: GitHub shows at most 1 MiB per step/);
  expect(output.match(/^```/gm)?.length).toSatisfy((fences: number) => fences % 2 === 0);
});
