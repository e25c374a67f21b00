import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../plan/model.js';
import { parsePlan } from '../plan/parse-json.js';
import { diffJson } from './diff-json.js';
import { diffMarkdown } from './diff-markdown.js';
import type { DiffReport, ExplainReport, PlanSide } from './diff-model.js';
import { diffPretty } from './diff-pretty.js';
import type { DiffContext } from './diff-words.js';
import { explainPretty } from './explain-pretty.js';
import * as build from './testing/builder.js';
import * as diffs from './testing/diffs.js';
import { hostile } from './testing/hostile.js';
import { columns } from './text.js';

const context = (over: Partial<DiffContext> = {}): DiffContext => ({
  color: false,
  width: 100,
  unicode: true,
  verbose: false,
  ...over,
});

const explained: ExplainReport = {
  version: 1,
  cases: [
    {
      name: 'profile, no-collaborations, incident-day, custom',
      side: diffs.provenSide(diffs.pair('incident-profile').after, {
        inputs: {
          statement: 'SELECT 1',
          values: ['1001', null],
          schema: 'ab12',
          statistics: 'incident-day',
          settings: { work_mem: '4MB' },
          server: 'PGlite 0.5.16 (PostgreSQL 18.6)',
        },
      }),
      findings: [build.finding({ path: '0.0.0.0.0' })],
      doubts: [],
    },
    {
      name: 'orders',
      side: diffs.side(diffs.pair('partitions-read-whole').before),
      findings: [],
      doubts: [build.rowSecurity],
    },
  ],
};

const reports = {
  incident: diffs.filesReport('incident-profile'),
  monthly: diffs.filesReport('incident-monthly-listens'),
  partitions: diffs.filesReport('partitions-read-whole'),
  order: diffs.filesReport('order-of-five-tables'),
  same: diffs.filesReport('words-of-15-and-18'),
  suite: diffs.suiteReport(),
  analysed: diffs.analysedReport(),
  hostile: diffs.hostileReport(),
  nothing: diffs.report([]),
} satisfies Record<string, DiffReport>;

describe('transcripts', () => {
  test.each([
    ['incident-60', reports.incident, { width: 60 }],
    ['incident-80-ascii', reports.incident, { width: 80, unicode: false }],
    ['incident-100-colour', reports.incident, { color: true }],
    ['incident-160', reports.incident, { width: 160 }],
    ['incident-160-colour', reports.incident, { width: 160, color: true }],
    ['order-140-ascii', reports.order, { width: 140, unicode: false }],
    ['suite', reports.suite, {}],
    ['suite-verbose-140', reports.suite, { verbose: true, width: 140 }],
    ['analysed', reports.analysed, {}],
    ['analysed-130', reports.analysed, { width: 130 }],
    ['same', reports.same, {}],
    ['hostile', reports.hostile, { width: 80 }],
  ] as const)('%s', async (name, report, over) => {
    await expect(diffPretty(report, context(over))).toMatchFileSnapshot(`testing/diff-${name}.txt`);
  });

  test.each([
    ['incident', reports.incident],
    ['suite', reports.suite],
    ['hostile', reports.hostile],
  ])('markdown of %s', async (name, report) => {
    await expect(diffMarkdown(report, { verbose: false })).toMatchFileSnapshot(`testing/diff-${name}.md.txt`);
  });

  test.each([
    ['60', { width: 60 }],
    ['100', {}],
    ['80-ascii', { width: 80, unicode: false }],
  ])('explain %s', async (name, over) => {
    await expect(explainPretty(explained, context(over))).toMatchFileSnapshot(`testing/explain-${name}.txt`);
  });
});

describe.each(Object.entries(reports))('%s', (_, report) => {
  test('fits every width, without trailing blanks or control characters', () => {
    for (const verbose of [false, true]) {
      for (let width = 40; width <= 200; width += 8) {
        const output = diffPretty(report, context({ width, verbose }));
        for (const line of output.split('\n')) {
          expect(line).not.toMatch(/\s$|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          if (!line.includes('/')) expect(columns(line), `${width}: ${line}`).toBeLessThanOrEqual(width);
        }
        expect(output).not.toMatch(/^\s*::|##\[/m);
      }
    }
  });

  test('says the same with and without colour', () => {
    for (const width of [80, 140]) {
      const lines = stripVTControlCharacters(diffPretty(report, context({ width, color: true }))).split('\n');
      expect(lines.map((line) => line.trimEnd()).join('\n')).toBe(diffPretty(report, context({ width })));
    }
  });

  test('validates as JSON, and no character of it steers', () => {
    for (const verbose of [false, true]) {
      const output = diffJson(report, { version: '0.1.0', verbose });
      validate(JSON.parse(output));
      expect(validate.errors).toBeNull();
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  });

  test('fits a comment', () => {
    expect(diffMarkdown(report, { verbose: true }).length).toBeLessThan(65_536);
  });
});

const schema = JSON.parse(readFileSync(new URL('diff.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  strictRequired: false,
  strictTypes: false,
}).compile(schema);

test.each(['incident', 'suite', 'analysed', 'order'] as const)('draws with ASCII alone where it must: %s', (name) => {
  for (const width of [60, 100, 140]) {
    expect(diffPretty(reports[name], context({ width, unicode: false, verbose: true }))).not.toMatch(/[^\n -~]/);
  }
});

test('the answer comes first', () => {
  const [, , answer] = diffPretty(
    diffs.report([{ ...diffs.suiteReport().comparisons[0] } as never]),
    context({ width: 400 }),
  ).split('\n');
  expect(answer).toBe(
    '✗ tracks t: bounded by track_owner_id_idx → whole table (parallel). 15 → 335,489 rows per worker, cost 22.81 → 186,002 (× 8,154).',
  );
});

test('JSON holds the plans that differ; those that are the same with verbose alone', () => {
  const plans = (verbose: boolean) =>
    JSON.parse(diffJson(reports.suite, { version: '0.1.0', verbose })).comparisons.map(
      (one: Record<string, { raw: unknown } | null>) => [
        one.change,
        one.diff !== null,
        [one.before, one.after].some((side) => side !== null && side?.raw !== null),
      ],
    );
  const all = reports.suite.comparisons;
  const both = all.map(({ change, diff }) => [change, diff !== undefined, true]);
  expect(plans(true)).toEqual(both);
  expect(plans(false)).toEqual(both.map((one) => (one[0] === 'same' ? ['same', false, false] : one)));
});

test('comparisons that changed alike are told once, with what they are', () => {
  const output = diffPretty(reports.suite, context());
  expect(output.match(/^✗ tracks t: /gm)).toHaveLength(1);
  expect(output).toContain('profile, in all 12 plans: all 3 scenarios, custom and generic, both statistics sets');
  expect(output).toContain('monthly-listens, in 6 of 12 plans: all 3 scenarios, generic only, both statistics sets');
  expect(output).toContain('✗ 25 of 39 plans differ, in 6 ways');
});

const scanned = (node: string, rest: string) => parsePlan([{ Plan: { 'Node Type': node, ...JSON.parse(rest) } }]);

function firstLines(before: Partial<PlanSide> & { plan: Plan }, after: Partial<PlanSide> & { plan: Plan }): string[] {
  const one = diffs.comparison(diffs.side(before.plan, before), diffs.side(after.plan, after));
  return diffPretty(diffs.report([one]), context({ width: 300 }))
    .split('\n')
    .slice(2);
}

const orders = (over: object) => JSON.stringify({ 'Relation Name': 'orders', Alias: 'o', ...over });

test('numbers of an access that a LIMIT ends are not told: they are those of reading to the end', () => {
  const limited = parsePlan([
    {
      Plan: {
        'Node Type': 'Limit',
        'Total Cost': 0.83,
        Plans: [
          {
            'Node Type': 'Index Scan',
            'Parent Relationship': 'Outer',
            'Index Name': 'orders_created',
            ...JSON.parse(orders({ 'Total Cost': 12_089, 'Plan Rows': 300_000 })),
          },
        ],
      },
    },
  ]);
  const whole = scanned('Seq Scan', orders({ 'Total Cost': 7_286, 'Plan Rows': 300_000 }));
  expect(firstLines({ plan: limited }, { plan: whole })[0]).toBe(
    '✗ orders o: orders_created in order, up to a LIMIT → whole table. 300,000 rows, cost 7,286.',
  );
  expect(firstLines({ plan: whole }, { plan: limited })[0]).toBe(
    '~ orders o: whole table → orders_created in order, up to a LIMIT.',
  );
});

test('rows of one worker are told as such on either side', () => {
  const parallel = scanned('Seq Scan', orders({ 'Parallel Aware': true, 'Total Cost': 5_903, 'Plan Rows': 250 }));
  const serial = scanned('Seq Scan', orders({ 'Total Cost': 8_111, 'Plan Rows': 250 }));
  expect(firstLines({ plan: parallel }, { plan: serial })[0]).toContain('. 250 per worker → 250 rows, cost');
  expect(firstLines({ plan: serial }, { plan: parallel })[0]).toContain('. 250 rows per worker, cost');
});

test('another value is no other condition', () => {
  const served = (cond: string) => scanned('Index Scan', orders({ 'Index Name': 'orders_user', 'Index Cond': cond }));
  const between = (before: string, after: string) => firstLines({ plan: served(before) }, { plan: served(after) })[0];
  expect(between('(user_id = 5)', '(user_id = 6)')).toContain('orders_user, for another value.');
  expect(between('(user_id = 5)', '(user_id > 5)')).toContain('orders_user, by another condition.');
});

test('settings that differ are told, where they are no cause that was found', () => {
  const [serial, index] = [scanned('Seq Scan', orders({})), scanned('Index Scan', orders({ 'Index Name': 'i' }))];
  const inputs = (settings: Record<string, string> | undefined) => ({
    inputs: { ...diffs.side(serial).inputs, settings },
  });
  const between = (before: Record<string, string> | undefined, after: Record<string, string> | undefined) =>
    firstLines({ plan: serial, ...inputs(before) }, { plan: index, ...inputs(after) }).join('\n');
  const told = between({ work_mem: '4MB', jit: 'off' }, { work_mem: '64kB' });
  expect(told).toContain('  settings jit off → default, work_mem 4MB → 64kB\n');
  expect(told).toContain('not told for certain: the settings differ');
  expect(between(undefined, { work_mem: '64kB' })).toContain('  settings work_mem not told → 64kB\n');
  expect(between({ work_mem: '4MB' }, { work_mem: '4MB' })).not.toContain('settings');
  const one = diffs.comparison(diffs.side(serial, inputs({})), diffs.side(index, inputs({ work_mem: '64kB' })));
  expect(diffMarkdown(diffs.report([one]), { verbose: false })).toContain('- **Settings:** work\\_mem default → 64kB');
  const cause = { inputs: ['settings'] as const, why: 'work_mem default → 64kB.', next: undefined };
  expect(diffPretty(diffs.report([{ ...one, cause }]), context())).not.toContain('  settings ');
});

test('a cause that several findings have is told once, below the last of them', () => {
  const [one] = explained.cases;
  if (one === undefined) throw new Error('no case');
  const findings = ['protect', 'no-seq-scan'].map((rule) => build.finding({ rule: rule as 'protect' }));
  const output = explainPretty({ version: 1, cases: [{ ...one, findings }] }, context());
  expect(output.match(/^ {2}(fault|why|next)/gm)?.map((label) => label.trim())).toEqual([
    'fault',
    'fault',
    'why',
    'next',
  ]);
});

test('where nobody knows the cause, nothing is made up', () => {
  expect(diffPretty(reports.incident, context())).toContain('not told: nobody knows what the plans were made from');
  const known = (statement: string) => ({ ...diffs.side(diffs.pair('incident-profile').before).inputs, statement });
  const { before, after } = diffs.pair('incident-profile');
  const between = (one: string, other: string) =>
    diffPretty(
      diffs.report([
        diffs.comparison(diffs.side(before, { inputs: known(one) }), diffs.side(after, { inputs: known(other) })),
      ]),
      context({ width: 200 }),
    );
  expect(between('SELECT 1', 'SELECT 1')).toContain('not told: the statement is the same');
  expect(between('SELECT 1', 'SELECT 2')).toContain('not told: the statements differ');
});

test('a long plan shows what differs and what is near, and counts the rest', () => {
  const chain = (last: string) => {
    let node: Record<string, unknown> = { 'Node Type': last, 'Relation Name': 'tracks', Alias: 't', 'Total Cost': 1 };
    for (let level = 0; level < 200; level++) {
      node = {
        'Node Type': level % 2 ? 'Sort' : 'Limit',
        'Total Cost': 1,
        Plans: [{ ...node, 'Parent Relationship': 'Outer' }],
      };
    }
    return parsePlan([{ Plan: node }]);
  };
  const report = diffs.report([diffs.comparison(diffs.side(chain('Seq Scan')), diffs.side(chain('Sample Scan')))]);
  for (const width of [60, 140]) {
    const brief = diffPretty(report, context({ width }));
    expect(brief).toMatch(/~ .*(Sample|Seq) Scan on tracks/);
    const hidden = Number(/… (\d+) more nodes/.exec(brief)?.[1]);
    const drawn = brief.split('\n').filter((line) => /^ {4}\S* *(│ +)*[└├]?─? ?(Sort|Limit)/.test(line)).length;
    expect(hidden + drawn + 1).toBe(201);
    expect(diffPretty(report, context({ width, verbose: true }))).not.toContain('more nodes');
  }
});

test('a thousand changed nodes are not all drawn', () => {
  const append = (type: string) =>
    parsePlan([
      {
        Plan: {
          'Node Type': 'Append',
          Plans: Array.from({ length: 1000 }, (_, index) => ({
            'Node Type': type,
            'Parent Relationship': 'Member',
            'Relation Name': `events_${index}`,
            Alias: `e_${index}`,
            'Total Cost': 1,
          })),
        },
      },
    ]);
  const report = diffs.report([diffs.comparison(diffs.side(append('Index Scan')), diffs.side(append('Seq Scan')))]);
  const output = diffPretty(report, context());
  expect(output.split('\n').length).toBeLessThan(100);
  expect(output).toContain('… 977 more nodes, all different');
  expect(output).toContain('and 999 more like it');
});

describe('markdown', () => {
  test('what does not fit a comment is left out, and it says so', () => {
    const one = diffs.suiteReport().comparisons[0];
    if (one === undefined) throw new Error('no comparison');
    const many = Array.from({ length: 60 }, (_, index) => ({
      ...one,
      name: `query ${index}`,
      case: { query: `q${index}`, statement: '1', scenario: 's', statistics: 'd', mode: 'custom' as const },
      cause: { inputs: [], why: `because of ${index}`, next: undefined },
    }));
    const output = diffMarkdown(diffs.report(many), { verbose: false });
    expect(output.length).toBeLessThan(65_536);
    expect(output.match(/because of \d+/g)).toHaveLength(60);
    expect(output).toMatch(/the plans of \d+ changes left out: a comment holds 65,536 characters/);
    expect(output.match(/<details>/g)?.length).toBe(output.match(/<\/details>/g)?.length);
  });

  test('hostile text is text', () => {
    const output = diffMarkdown(reports.hostile, { verbose: true });
    const outside = output.replace(/^(`{3,})\w+\n[\s\S]*?\n\1$/gm, '');
    expect(outside).not.toMatch(/<script|@all|https:\/\/|\*b\*|\[a\]\(/);
    expect(outside.replace(/\\`/g, '')).not.toContain('`');
    expect(output).not.toContain(hostile);
  });

  test('added and removed lines begin with their sign', () => {
    expect(diffMarkdown(reports.incident, { verbose: false })).toMatch(/^\+ .*Gather Merge/m);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: tests break the output on purpose
const json = (): any => JSON.parse(diffJson(reports.suite, { version: '0.1.0', verbose: false }));

test.each([
  ['an unknown member', (out) => Object.assign(out, { extra: 1 })],
  ['another verdict', (out) => Object.assign(out, { verdict: 'pass' })],
  ['a change without a diff', (out) => Object.assign(out.comparisons[0], { diff: null })],
  [
    'something new that was there',
    (out) => Object.assign(out.comparisons.at(-2), { before: out.comparisons[0].before }),
  ],
  ['an unknown input', (out) => out.comparisons[0].cause.inputs.push('weather')],
  ['an unknown unit', (out) => Object.assign(out.comparisons[0].diff.nodes[0].numbers[0], { unit: 'apples' })],
  ['a node without its change', (out) => delete out.comparisons[0].diff.nodes[0].change],
  // biome-ignore lint/suspicious/noExplicitAny: tests break the output on purpose
] satisfies [string, (out: any) => unknown][])('the schema rejects %s', (_, breakIt) => {
  const broken = json();
  expect(validate(broken)).toBe(true);
  breakIt(broken);
  expect(validate(broken)).toBe(false);
});
