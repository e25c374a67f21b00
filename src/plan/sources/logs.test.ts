import { chmodSync, mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { startNativeServer } from '../../postgres/native.js';
import type { FoundPlan } from '../model.js';
import { parsePlan } from '../parse-json.js';
import { findPlansInText } from './find-plans.js';
import { sample } from './testing/samples.js';
import { SCHEMA, STATEMENTS } from './testing/statements.js';

const FIRST = `SELECT o.id,
	-- a comment
  "note" FROM orders o
 WHERE o.status = 'ünpaid, "odd"' AND note <> 'a

  b, "c"' LIMIT 2;`;

const summary = (plans: readonly FoundPlan[]) =>
  plans.map(({ format, line, duration, loggedAt, plan }) => [line, loggedAt, duration, format, plan.root.nodeType]);

/** All that a log tells of a plan, but where and when. */
const told = ({ plan, format, statement, raw }: FoundPlan) => ({ plan, format, statement, raw });

describe('logs of real servers', () => {
  test('stderr of 18: every format, nested statements, parameters, lines of other kinds', async () => {
    const plans = await findPlansInText(sample('auto-explain-18.log'), 'x');
    expect(summary(plans)).toEqual([
      [3, '2026-11-22 14:45:21.630 UTC', 0.023, 'text', 'Limit'],
      [19, '2026-11-22 14:45:21.632 UTC', 0.117, 'text', 'Result'],
      [33, '2026-11-22 14:45:21.632 UTC', 0.863, 'text', 'Result'],
      [38, '2026-11-22 14:45:21.632 UTC', 0.083, 'text', 'Bitmap Heap Scan'],
      [53, '2026-11-22 14:45:21.633 UTC', 0.013, 'json', 'Limit'],
      [98, '2026-11-22 14:45:21.633 UTC', 0.01, 'yaml', 'Limit'],
      [140, '2026-11-22 14:45:21.634 UTC', 0.009, 'xml', 'Limit'],
    ]);
    expect(plans[0]?.statement).toBe(FIRST);
    expect(plans[0]?.plan.properties).toEqual({ 'Query Text': FIRST, Settings: { work_mem: '8MB' } });
    expect(plans[0]?.raw).toMatch(/^Limit {2}\(cost=.*\nSettings: work_mem = '8MB'$/s);
    expect(plans[1]?.statement).toBe('(SELECT count(*) FROM gifts WHERE receiver_id = $1)');
    expect(plans[3]?.plan.properties['Query Parameters']).toBe("$1 = '7', $2 = 'x\ny'");
    const [json, yaml, xml] = plans.slice(4).map(({ plan }) => plan.properties);
    expect([yaml, xml]).toEqual([json, json]);
  });

  test.each(['csvlog', 'jsonlog'])('%s of 18 tells the same', async (kind) => {
    const plans = await findPlansInText(sample(`auto-explain-18.${kind}`), 'x');
    const same = await findPlansInText(sample('auto-explain-18.log'), 'x');
    expect(plans.map(told)).toEqual(same.map(told));
    expect(plans.map((plan) => [plan.duration, plan.loggedAt])).toEqual(
      same.map((plan) => [plan.duration, plan.loggedAt]),
    );
    const lines = sample(`auto-explain-18.${kind}`).split('\n');
    for (const { line, duration } of plans)
      expect(lines[line - 1]).toContain(`duration: ${duration?.toFixed(3)} ms  plan:`);
  });

  test('syslog of 18: tabs as #011, lines cut at 900 bytes, CONTEXT in the same message', async () => {
    const plans = await findPlansInText(sample('auto-explain-18.syslog'), 'x');
    expect(plans.map(({ format }) => format)).toEqual(['text', 'text', 'text', 'text', 'json', 'yaml', 'xml', 'text']);
    expect(plans[0]?.statement).toBe(FIRST);
    expect(plans[0]?.loggedAt).toBe('2026-11-22 15:25:38.605 UTC');
    const ids = Array.from({ length: 400 }, (_, id) => id);
    expect(plans[7]?.statement).toContain(`id in (${ids.join(', ')}) and note <> 'x\ty'`);
    expect(plans[7]?.plan.root.children[0]?.conditions).toEqual([
      { label: 'Index Cond', text: `(id = ANY ('{${ids.join(',')}}'::bigint[]))` },
      { label: 'Filter', text: "(note <> 'x\ty'::text)" },
    ]);
  });

  test('stderr of 15', async () => {
    const plans = await findPlansInText(sample('auto-explain-15.log'), 'x');
    expect(plans.map(({ format }) => format)).toEqual(['text', 'text', 'text', 'text', 'json', 'yaml', 'xml']);
    const [json, yaml, xml] = plans.slice(4).map(({ plan }) => plan.root.children[0]?.conditions);
    expect([yaml, xml]).toEqual([json, json]);
  });

  test.each([15, 18])('a server of %d logs the plans that EXPLAIN gives, to all destinations', async (version) => {
    const folder = await mkdtemp(join(tmpdir(), 'plan-guard-logs-'));
    mkdirSync(join(folder, 'logs'));
    for (const open of [folder, join(folder, 'logs')]) chmodSync(open, 0o777);
    const server = await startNativeServer({
      version,
      settings: {
        shared_preload_libraries: 'auto_explain',
        logging_collector: 'on',
        log_destination: 'stderr,csvlog,jsonlog',
        log_directory: join(folder, 'logs'),
        log_filename: 'server.log',
        log_line_prefix: '%t:%r:%u@%d:[%p]:',
      },
    });
    const client = new pg.Client(server.connection);
    try {
      await client.connect();
      await client.query(SCHEMA);
      const expected = [];
      for (const format of ['text', 'json', 'yaml', 'xml']) {
        for (const statement of STATEMENTS) {
          await client.query('SET auto_explain.log_min_duration = -1');
          const { rows } = await client.query(`EXPLAIN (FORMAT JSON) ${statement}`);
          await client.query(`SET auto_explain.log_format = ${format}; SET auto_explain.log_min_duration = 0`);
          await client.query(statement);
          expected.push({ plan: parsePlan(rows[0]['QUERY PLAN']), statement, format });
        }
      }
      await client.end();
      await server.stop();
      const [stderr = [], csv = [], json = []] = await Promise.all(
        ['log', 'csv', 'json'].map(async (kind) =>
          findPlansInText(await readFile(join(folder, 'logs', `server.${kind}`), 'utf8'), kind),
        ),
      );
      expect(stderr.map(({ statement, format }) => ({ statement, format }))).toEqual(
        expected.map(({ statement, format }) => ({ statement, format })),
      );
      for (const [index, { format, plan }] of expected.entries()) {
        if (format !== 'text') expect(stderr[index]?.plan.root).toEqual(plan.root);
        else expect(stderr[index]?.plan.root.totalCost).toBe(plan.root.totalCost);
      }
      expect(csv.map(told)).toEqual(stderr.map(told));
      expect(json.map(told)).toEqual(stderr.map(told));
    } finally {
      await client.end().catch(() => {});
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('carried by something else', () => {
  const log = sample('auto-explain-18.log').trimEnd().split('\n');
  const expected = async () =>
    (await findPlansInText(log.join('\n'), 'x')).map((plan) => ({ ...told(plan), line: plan.line }));
  const wrapped = (each: (line: string, index: number) => string) => `${log.map(each).join('\n')}\n`;

  test.each<[string, (line: string, index: number) => string]>([
    ['docker compose', (line) => `db-1  | ${line}`],
    ['kubectl --prefix', (line) => `[pod/db-0/postgres] ${line}`],
    ['the files of Kubernetes', (line) => `2026-11-22T14:45:22.123456789Z stderr F ${line}`],
    [
      'the files of Docker',
      (line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-11-22T14:45:22Z' }),
    ],
    ['journald', (line) => `Nov 22 14:45:21 db1 postgres[17568]: ${line}`],
    ['a mail', (line) => `> ${line}`],
    ['a console that shows tabs as blanks', (line) => line.replace(/^\t/, '        ')],
  ])('%s', async (_, each) => {
    const plans = await findPlansInText(wrapped(each), 'x');
    expect(plans.map((plan) => ({ ...told(plan), line: plan.line }))).toEqual(await expected());
    expect(plans[0]?.loggedAt).toBe('2026-11-22 14:45:21.630 UTC');
  });

  test('a line in parts, as Kubernetes and Docker cut long ones', async () => {
    const cut = (line: string) => [line.slice(0, Math.ceil(line.length / 2)), line.slice(Math.ceil(line.length / 2))];
    const cri = log.flatMap((line) =>
      line.startsWith('\t') && line.length > 40
        ? [`2026-11-22T14:45:22Z stderr P ${cut(line)[0]}`, `2026-11-22T14:45:22Z stderr F ${cut(line)[1]}`]
        : [`2026-11-22T14:45:22Z stderr F ${line}`],
    );
    const docker = log.flatMap((line) => [
      JSON.stringify({ log: cut(line)[0], stream: 'stderr' }),
      JSON.stringify({ log: `${cut(line)[1]}\n`, stream: 'stderr' }),
    ]);
    const plans = (await expected()).map(({ line: _, ...plan }) => plan);
    expect((await findPlansInText(cri.join('\n'), 'x')).map(told)).toEqual(plans);
    expect((await findPlansInText(docker.join('\n'), 'x')).map(told)).toEqual(plans);
  });

  test('lines of other containers between', async () => {
    const mixed = log.flatMap((line) => [`db-1  | ${line}`, 'web-1 | GET / 200', `db-2  | ${line}`]);
    const plans = await findPlansInText(mixed.join('\n'), 'x');
    const twice = (await expected()).flatMap(({ line: _, ...plan }) => [plan, plan]);
    expect(plans.map(told)).toEqual(twice);
  });

  test.each([
    ['[%p]', '[123] '],
    ['%m [%p] %q%u@%d/%a', '2026-06-01 12:00:00.123 CEST [123] user@shop/[app] '],
    ['%n', '1780308000.123 '],
    ["Amazon's", '2026-06-01 12:00:00 UTC:10.0.0.1(5432):user@shop:[123]:'],
    ['nothing', ''],
    ['a prefix that looks like JSON', '{"pid": 123} '],
  ])('log_line_prefix: %s', async (_, prefix) => {
    const other = log.map((line) => line.replace(/^2026-11-22 \S+ UTC \[\d+\] \S* ?/, prefix));
    const plans = await findPlansInText(other.join('\n'), 'x');
    expect(plans.map(told)).toEqual((await expected()).map(({ line: _, ...plan }) => plan));
    expect(plans[0]?.loggedAt).toBe(/^(?:2026-\S+ [\d:.]+ [A-Z]+|1\d+\.\d+)/.exec(prefix)?.[0]);
  });

  test("JSON of a log collector, whose lines are the server's own", async () => {
    const entry = `${log.slice(2, 18).join('\n')}`;
    const [plan] = await findPlansInText(`${JSON.stringify({ severity: 'INFO', textPayload: entry })}\n`, 'x');
    expect(plan && told(plan)).toEqual((await expected()).map(({ line: _, ...first }) => first)[0]);
    expect(plan?.line).toBe(1);
  });

  test('messages to the client, as psql shows them', async () => {
    const source = [
      'psql:x.sql:3: LOG:  duration: 0.012 ms  plan:',
      'Query Text: SELECT 1',
      ' FROM generate_series(1, 2);',
      'Function Scan on generate_series  (cost=0.00..0.02 rows=2 width=4)',
      ' ?column? ',
      '----------',
      '        1',
      '(1 row)',
      '',
      'NOTICE:  duration: 0.015 ms  plan:',
      '{',
      '  "Query Text": "SELECT 2",',
      '  "Plan": {"Node Type": "Result"}',
      '}',
      ' ?column? ',
    ].join('\n');
    const plans = await findPlansInText(source, 'x');
    expect(plans.map(({ line, duration, statement }) => [line, duration, statement])).toEqual([
      [1, 0.012, 'SELECT 1\n FROM generate_series(1, 2);'],
      [10, 0.015, 'SELECT 2'],
    ]);
  });
});

describe('refused in logs', () => {
  const start = '2026-06-01 12:00:00.123 UTC [1] LOG:  duration: 1.000 ms  plan:';
  const node = 'Seq Scan on orders  (cost=0.00..1.00 rows=1 width=4)';
  const csv = (message: string) =>
    `2026-06-01 12:00:00.123 UTC,"u","d",1,"[local]",1.1,1,"SELECT",2026-06-01 12:00:00 UTC,1/1,0,LOG,00000,"${message}",,,,,,,,,"psql"\n`;
  test.each([
    [
      'a message without a plan',
      `${start}\n${start}\n\tQuery Text: x\n\t${node}\n`,
      1,
      64,
      "Expected a plan below this line of the log; found the line's end",
    ],
    [
      'a query without a plan',
      `${start}\n\tQuery Text: SELECT\n\t1\n`,
      2,
      2,
      "Expected a plan below this query; found the text's end",
    ],
    [
      'a log that begins within a plan',
      `\t  ->  ${node}\n\t        Filter: (a = 1)\n${start}\n`,
      1,
      1,
      /^Expected the beginning of the plan that this line is of/,
    ],
    [
      'a line of a plan that is none',
      `${start}\n\tQuery Text: x\n\t${node}\n\t  Filter\n`,
      4,
      4,
      /; found "?Filter"?$/,
    ],
    [
      'a message with two plans',
      `${start}\n\tQuery Text: x\n\t${node}\n\t${node}\n`,
      4,
      2,
      /^Expected the end of the message; found Seq Scan/,
    ],
    [
      'JSON that was cut',
      `${start}\n\t{\n\t  "Query Text": "x",\n\t  "Plan": {\nother\n`,
      4,
      13,
      /^Expected a name in quotes or "}"/,
    ],
    [
      'csvlog: a line of a plan',
      csv(`duration: 1.000 ms  plan:\nQuery Text: x\n${node}\n  Filter: (""a"" = 1)\n  Filter`),
      5,
      3,
      /; found "?Filter"?$/,
    ],
    [
      'csvlog: a record without its end',
      csv(`duration: 1.000 ms  plan:\nQuery Text: x\n${node}`).slice(0, -20),
      1,
      1,
      /^Expected the quote that ends this record/,
    ],
    [
      'jsonlog: a line of a plan',
      `{}\n${JSON.stringify({ message: `duration: 1.0 ms  plan:\nQuery Text: x\n${node}\n  Filter` })}\n`,
      2,
      undefined,
      /; found "?Filter"?$/,
    ],
  ])('%s', async (_, source, line, column, message) => {
    const error = await findPlansInText(source, 'server.log').catch((failure) => failure);
    expect(error).toMatchObject({
      name: 'PlanGuardError',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    expect(error.where).toEqual({ file: 'server.log', line, ...(column === undefined ? {} : { column }) });
  });
});
