import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PlanGuardError } from '../errors.js';
import { formatBaseline } from './format.js';
import type { Baseline } from './model.js';
import { parseBaseline } from './parse.js';
import { approvedCase, baseline, byOwner, byTitle, fileOf, whole } from './testing/baselines.js';

const approved = (more: Partial<Baseline> = {}) =>
  baseline(
    [
      { shapes: [byOwner, byTitle], cases: [approvedCase('a'), approvedCase('b', { mode: 'generic' })] },
      { shapes: [whole], cases: [approvedCase('c')] },
    ],
    { reason: 'the first', ...more },
  );
const text = formatBaseline(approved());

function failure(broken: string): PlanGuardError {
  try {
    parseBaseline(broken, 'plans/profile.plan');
  } catch (error) {
    if (error instanceof PlanGuardError) return error;
    throw error;
  }
  throw new Error('It was read.');
}

test('what git and editors do to line ends and to the start of a file is no edit', () => {
  for (const changed of [text.replaceAll('\n', '\r\n'), `\uFEFF${text}`, text.trimEnd(), `${text}\n\n`]) {
    expect(parseBaseline(changed, 'plans/profile.plan')).toEqual(fileOf(approved()));
  }
});

test.each<[string, (from: string) => string, number]>([
  ['a condition', (from) => from.replace('Filter: (owner_id = $1)', 'Filter: (owner_id <> $1)'), 21],
  ['an index', (from) => from.replace('track_title_idx', 'track_owner_id_idx'), 11],
  ['a cost', (from) => from.replace('cost ~30', 'cost ~50'), 11],
  ['a case that is taken out', (from) => from.replace(/ {2}1 {2}b .*\n/, ''), 11],
  ['a case that is added', (from) => from.replace(/( {2}1 {2})b( .*\n)/, '$1b$2$1x$2'), 11],
  ['a tied shape that is taken out', (from) => from.replace(/ {2}or, at .*\n.*\n.*\n/, ''), 11],
  ['the major', (from) => from.replace('postgres    18', 'postgres    17'), 9],
  ['a statistics set', (from) => from.replace('5d41402a', '5d41402b'), 9],
  ['the reason', (from) => from.replace('the first', 'the last'), 9],
  ['the checksum', (from) => from.replace(/checksum {4}./, 'checksum    x'), 9],
])('an edit is told with its place: %s', (_, edit, line) => {
  const read = parseBaseline(edit(text), 'plans/profile.plan');
  expect([edit(text) === text, read.intact, read.edits[0]]).toEqual([false, false, line]);
});

test('plans of another query are no approved ones of this', () => {
  const own = text.indexOf('\nplan ');
  const other = formatBaseline(approved({ query: 'other' }));
  const read = parseBaseline(text.slice(0, own) + other.slice(other.indexOf('\nplan ')), 'plans/profile.plan');
  expect(read.edits).toEqual(read.lines);
});

test('plans whose sections git merged cleanly are as approved as they were', () => {
  const [head = '', first = '', second = ''] = text.split(/\n(?=plan )/);
  const added = formatBaseline(baseline([{ shapes: [byTitle], cases: [approvedCase('z')] }]));
  const section = added.slice(added.indexOf('\nplan ') + 1);
  const read = parseBaseline([head, first, second, section].join('\n'), 'plans/profile.plan');
  expect([read.intact, read.plans.length]).toEqual([true, 3]);
});

test.each(['merge', 'diff3'])('a merge conflict of git is told as one, in the style %s', (style) => {
  const folder = mkdtempSync(join(tmpdir(), 'plan-guard-merge-'));
  try {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: folder, stdio: 'pipe' });
    const commit = (reason: string) => {
      writeFileSync(join(folder, 'profile.plan'), formatBaseline(approved({ reason })));
      git('add', '.');
      git('commit', '-qm', reason);
    };
    git('init', '-q', '-b', 'main');
    git('config', 'merge.conflictStyle', style);
    commit('first');
    git('checkout', '-qb', 'theirs');
    commit('theirs');
    git('checkout', '-q', 'main');
    commit('ours');
    expect(() => git('merge', '-q', 'theirs')).toThrow();
    const merged = readFileSync(join(folder, 'profile.plan'), 'utf8');
    const error = failure(merged);
    expect(error).toMatchObject({
      code: 'baseline',
      message: 'A merge conflict is not resolved: <<<<<<<',
      where: { file: 'plans/profile.plan', line: merged.split('\n').indexOf('<<<<<<< HEAD') + 1 },
      hint: 'Take either side as it is (git checkout --ours or --theirs), then run plan-guard approve.',
    });
    const halfResolved = merged.replace(/^<{7}.*\n/m, '').replace(/^\|{7}.*\n/m, '');
    expect(failure(halfResolved).message).toBe('A merge conflict is not resolved: =======');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const places: [string, string, string][] = [
  ['', '1:1', 'Expected "format", but the line ends'],
  ['hello', '1:1', 'Expected "format", but it says: hello'],
  [text.replace('format      1', 'format      one'), '3:13', 'Expected the number of the format, but it says: one'],
  [text.replace(/^query .*$/m, 'query'), '4:6', 'Expected the name of the query, but the line ends'],
  [
    text.replace(/^query .*$/m, 'query       "a'),
    '4:13',
    'Expected the name of the query, its quote closed, but it says: "a',
  ],
  [text.replace(/^query .*$/m, 'query       "a" b'), '4:16', "Expected the line's end, but it says:  b"],
  [text.replace(/^settings .*\n/m, ''), '6:1', 'Expected "settings", but it says: statistics  5d41402a  today'],
  [text.replace(/^plan /m, 'plans '), '11:1', 'Expected "plan", but it says: plans '],
  [text.replace('custom  ', 'often   '), '12:38', 'Expected custom, generic or both, but it says: often'],
  [text.replace('cost ~30', 'cost ~3x'), '12:61', 'Expected a number, but it says: 3x'],
  [
    text.replace('  Filter:', '  \\q Filter:'),
    '25:5',
    'Expected \\\\, \\n, \\r, \\t or \\u{…} after a backslash, but it says: \\q',
  ],
  [text.replace('  Seq Scan', 'Seq Scan'), '24:1', 'Expected a line of a plan, indented, but it says: Seq Scan'],
  [text.replace('Seq Scan', 'Sequential Scan'), '24:3', "Expected a node's name"],
  [text.slice(0, text.indexOf('  Seq Scan')), '24:1', 'Expected a plan, but the line ends'],
  [text.replace(/\n {2}1 {2}c .*\n/, '\n\n'), '22:1', 'Expected a case'],
];

test.each(places)(
  'what cannot be read is told with its place, and what was expected there: %#',
  (broken, place, message) => {
    const error = failure(broken);
    expect([error.code, `${error.where?.line}:${error.where?.column}`, error.where?.file]).toEqual([
      'baseline',
      place,
      'plans/profile.plan',
    ]);
    expect(error.message).toContain(message);
    expect(error.hint).toContain('plan-guard approve');
  },
);

test('a newer format asks for a newer plan-guard', () => {
  expect(failure(text.replace('format      1', 'format      2\nplans of another kind'))).toMatchObject({
    message: 'A newer plan-guard wrote this baseline: format 2, and this one reads 1',
    hint: 'Update plan-guard.',
  });
});

test('a case with two plans, as a merge may leave it, is told', () => {
  const added = formatBaseline(baseline([{ shapes: [byTitle], cases: [approvedCase('a')] }]));
  const error = failure(`${text}\n${added.slice(added.indexOf('\nplan ') + 1)}`);
  expect(error.message).toBe('The case a, custom, today has another plan in line 12: two changes of it were merged');
  expect(error.where?.line).toBe(28);
});
