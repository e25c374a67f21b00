import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { jsonReport } from './json.js';
import * as build from './testing/builder.js';
import { hostile } from './testing/hostile.js';

const schema = JSON.parse(readFileSync(new URL('report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, strictRequired: false }).compile(
  schema,
);
// biome-ignore lint/suspicious/noExplicitAny: tests break the output on purpose
const output = (report = build.mixedReport(), over = {}): any => JSON.parse(jsonReport(report, build.context(over)));

test.each([
  ['good', build.goodReport()],
  ['bad', build.badReport()],
  ['mixed', build.mixedReport()],
  ['changed', build.changedReport()],
  ['empty', build.report([], { suites: [], knownBad: [] })],
  [
    'without an example or what is not known',
    build.report(
      [
        build.badCase({
          cost: undefined,
          values: [null, '1'],
          findings: [
            build.finding({
              schema: undefined,
              cause: build.cause({ condition: undefined }),
              alternative: undefined,
              tableRows: undefined,
              tablePages: undefined,
            }),
            build.finding({ cause: undefined }),
          ],
          accesses: [build.scan({ schema: undefined, cost: undefined, rows: undefined })],
        }),
      ],
      { knownBad: [build.knownBadReport({ example: undefined })] },
    ),
  ],
])('validates: %s', (_name, report) => {
  const parsed = JSON.parse(jsonReport(report, build.context()));
  validate(parsed);
  expect(validate.errors).toBeNull();
});

test('tells the contract', () => {
  const parsed = output();
  expect(Object.keys(parsed)).toEqual([
    'version',
    'tool',
    'scope',
    'verdict',
    'durationMs',
    'summary',
    'suites',
    'cases',
    'knownBad',
    'notices',
  ]);
  expect(parsed.summary).toEqual({
    suites: 1,
    queries: 2,
    statements: 2,
    cases: 32,
    passed: 6,
    failed: 10,
    unverified: 16,
    missing: 0,
    changed: 0,
    dearer: 0,
    waived: 0,
    knownBadCaught: 2,
    knownBadMissed: 1,
  });
  const failing = parsed.cases[1];
  expect(failing.accesses).toMatchObject([
    { schema: 'public', table: 'tracks', alias: 't', access: 'whole-table', node: 'Parallel Seq Scan', index: null },
  ]);
  expect(failing.findings).toMatchObject([
    {
      rule: 'no-seq-scan',
      table: 'tracks',
      alias: 't',
      path: build.orPath,
      message: 'Parallel Seq Scan on tracks reads the whole table.',
      file: 'fixtures/audius/queries/profile.sql',
      line: 7,
      column: 8,
    },
  ]);
  expect(failing.plan).toEqual(build.orPlan);
  expect(parsed.cases[0].accesses[0].index).toBe('tracks_owner_id_idx');
});

test('files are relative to the working directory', () => {
  expect(output(build.badReport(), { cwd: '/repo/fixtures' }).cases[0].sql.file).toBe('audius/queries/profile.sql');
  expect(output(build.badReport(), { cwd: '/repo/other' }).cases[0].sql.file).toBe(
    '../fixtures/audius/queries/profile.sql',
  );
});

test('carries hostile text as it is, without letting it steer', () => {
  const text = jsonReport(build.report([build.caseReport({ query: hostile })]), build.context());
  expect(JSON.parse(text).cases[0].query).toBe(hostile);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test.each([
  ['an unknown member', (out) => Object.assign(out, { extra: 1 })],
  ['no verdict', (out) => delete out.verdict],
  ['another version', (out) => Object.assign(out, { version: 2 })],
  ['an unverified run', (out) => Object.assign(out, { verdict: 'unverified' })],
  ['a negative count', (out) => Object.assign(out.summary, { passed: -1 })],
  ['a count that is a text', (out) => Object.assign(out.summary, { cases: '32' })],
  ['a case without a plan', (out) => delete out.cases[0].plan],
  ['a failing case without a finding', (out) => Object.assign(out.cases[1], { findings: [] })],
  ['a passing case with a finding', (out) => Object.assign(out.cases[0], { findings: out.cases[1].findings })],
  ['an unverified case without a doubt', (out) => Object.assign(out.cases[16], { doubts: [] })],
  ['an unknown access', (out) => Object.assign(out.cases[0].accesses[0], { access: 'fast' })],
  ['an index that is no name', (out) => Object.assign(out.cases[0].accesses[0], { index: 7 })],
  ['a path that is none', (out) => Object.assign(out.cases[1].findings[0], { path: '1.x' })],
  ['line 0', (out) => Object.assign(out.cases[1].findings[0], { line: 0 })],
  ['an unknown rule', (out) => Object.assign(out.cases[1].findings[0], { rule: 'no-luck' })],
  ['a cause without a next step', (out) => delete out.cases[1].findings[0].cause.next],
  ['a finding without its cause', (out) => delete out.cases[1].findings[0].cause],
  ['an unknown notice level', (out) => Object.assign(out.notices[0], { level: 'info' })],
  ['a known-bad query that may or may not be caught', (out) => Object.assign(out.knownBad[0], { caught: null })],
  // biome-ignore lint/suspicious/noExplicitAny: tests break the output on purpose
] satisfies [string, (out: any) => unknown][])('the schema rejects %s', (_name, breakIt) => {
  const broken = output();
  expect(validate(broken)).toBe(true);
  breakIt(broken);
  expect(validate(broken)).toBe(false);
});
