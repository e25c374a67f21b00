import { describe, expect, test } from 'vitest';
import { diffMarkdown } from './diff-markdown.js';
import type { Since } from './diff-model.js';
import { diffPretty } from './diff-pretty.js';
import { sinceLines } from './diff-since.js';
import { diffHtml } from './html/diff.js';
import * as diffs from './testing/diffs.js';
import { hostile } from './testing/hostile.js';

const [changed] = diffs.suiteReport().comparisons;
if (changed?.case === undefined) throw new Error('no case');
const { case: key } = changed;

const of = (query: string, since: Since | undefined) => ({ ...changed, case: { ...key, query }, since });
const lines = (...sinces: readonly Since[]) => sinceLines(sinces.map((since) => of('profile', since)));
const one = diffs.sinceOf(['Profile shows collaborations']);

describe('in words', () => {
  test.each<[string, Since]>([
    ['1f2c1d011, 2026-06-01: Profile shows collaborations', one],
    ['one of 2 commits: 2f2c1d012, 2026-06-02: b; 1f2c1d011, 2026-06-01: a', diffs.sinceOf(['b', 'a'])],
    ['one of 9 commits: 1f2c1d011, 2026-06-01: a; and 8 more', { ...diffs.sinceOf(['a']), more: 8 }],
    ['1f2c1d011, 2026-06-01: a; or the working tree, not committed', { ...diffs.sinceOf(['a']), uncommitted: true }],
    [
      'one of 2 commits or the working tree: 2f2c1d012, 2026-06-02: b; 1f2c1d011, 2026-06-01: a; the working tree, not committed',
      { ...diffs.sinceOf(['b', 'a']), uncommitted: true },
    ],
    ['the working tree, not committed', { ...diffs.sinceOf([]), uncommitted: true }],
    ['1f2c1d011, 2026-06-01', diffs.sinceOf([''])],
    [`1f2c1d011, 2026-06-01: ${'x'.repeat(71)}…`, diffs.sinceOf(['x'.repeat(100)])],
  ])('%s', (text, since) => {
    expect(lines(since)).toEqual([{ label: 'since', text }]);
  });

  test('approved plans', () => {
    expect(lines(diffs.sinceOf(['a'], 'approved'))).toEqual([{ label: 'approved', text: '1f2c1d011, 2026-06-01: a' }]);
    const open = { ...diffs.sinceOf([], 'approved'), uncommitted: true };
    expect(lines(open)).toEqual([{ label: 'approved', text: 'not committed yet' }]);
  });
});

describe('of plans that changed alike', () => {
  const texts = (...all: Parameters<typeof of>[]) => sinceLines(all.map((two) => of(...two))).map(({ text }) => text);
  const two = diffs.sinceOf(['b']);

  test('the same for all is told once', () => {
    expect(texts(['profile', one], ['listens', { ...one }])).toHaveLength(1);
    expect(texts(['profile', undefined])).toEqual([]);
  });

  test('else with the queries that it is of', () => {
    expect(texts(['profile', one], ['listens', two])).toEqual([
      'profile: 1f2c1d011, 2026-06-01: Profile shows collaborations',
      'listens: 1f2c1d011, 2026-06-01: b',
    ]);
    expect(texts(['profile', two], ['listens', undefined])).toEqual(['profile: 1f2c1d011, 2026-06-01: b']);
  });

  test('three of many', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((name): [string, Since] => [name, diffs.sinceOf([name])]);
    expect(texts(...many).slice(2)).toEqual(['c: 1f2c1d011, 2026-06-01: c', 'and 2 more']);
  });
});

test('a hostile subject steers nothing', () => {
  const report = diffs.report([of('profile', diffs.sinceOf([hostile, `${'&'.repeat(60)}<b>`]))]);
  const pretty = diffPretty(report, { color: false, width: 60, unicode: true, verbose: false });
  expect(pretty).toContain('\\x1b[2J');
  expect(pretty).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]|^\s*::/mu);
  const since = (text: string) => text.split('\n').find((line) => /Since/.test(line)) ?? '';
  const comment = since(diffMarkdown(report, { verbose: false }));
  expect(comment).toContain('**Since:** one of 2 commits: 2f2c1d012, 2026-06-02: \\\\x1b\\[2J');
  const page = since(diffHtml(report, { version: '0' }));
  expect(page).toContain('<b>Since</b> one of 2 commits: 2f2c1d012, 2026-06-02: ');
  for (const text of [comment, page]) expect(text).not.toMatch(/<b>;|<script|\p{Cc}|\p{Cf}|&&/u);
});
