import { spawn } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlanGuardError } from '../../errors.js';
import type { PlanNode } from '../model.js';
import { findPlansInText } from './find-plans.js';
import { psqlSamples, sample } from './testing/samples.js';

const SOURCES = [
  ...psqlSamples.map(({ name }) => name),
  ...['log', 'csvlog', 'jsonlog', 'syslog'].map((kind) => `auto-explain-18.${kind}`),
].map(sample);

/** Plans, or a refusal with its line; anything else that is thrown fails the test. */
async function isPlansOrRefusal(source: string): Promise<true> {
  try {
    for (const { plan, line, raw } of await findPlansInText(source, 'fuzz.txt')) {
      expect(plan.root.nodeType).not.toBe('');
      expect(raw).not.toBe('');
      expect(line).toBeGreaterThan(0);
      expect(line).toBeLessThanOrEqual(source.split('\n').length);
    }
  } catch (error) {
    if (!(error instanceof PlanGuardError)) throw error;
    expect(error.code).toBe('plan');
    expect(error.where?.file).toBe('fuzz.txt');
    if (error.message !== 'There is no plan in this text') {
      expect(error.where?.line, error.message).toBeGreaterThan(0);
      expect(error.where?.line).toBeLessThanOrEqual(source.split('\n').length);
    }
  }
  return true;
}

describe('whatever is given, there are plans or a refusal with its line', () => {
  const source = fc.constantFrom(...SOURCES);
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const at = (text: string, where: number) => Math.floor(where * text.length);
  const hold = (property: fc.IAsyncProperty<unknown>, numRuns = 150) => fc.assert(property, { numRuns });

  test('cut at any place', () =>
    hold(
      fc.asyncProperty(source, place, place, (text, from, to) =>
        isPlansOrRefusal(text.slice(at(text, Math.min(from, to)), at(text, Math.max(from, to)))),
      ),
    ));

  test('lines taken out, doubled, exchanged', () =>
    hold(
      fc.asyncProperty(
        source,
        fc.array(fc.tuple(fc.constantFrom('out', 'double', 'exchange'), place, place)),
        (text, changes) => {
          const lines = text.split('\n');
          for (const [change, one, other] of changes) {
            const first = Math.floor(one * lines.length);
            const second = Math.floor(other * lines.length);
            const line = lines[first] ?? '';
            if (change === 'out') lines.splice(first, 1);
            else if (change === 'double') lines.splice(second, 0, line);
            else [lines[first], lines[second]] = [lines[second] ?? '', line];
          }
          return isPlansOrRefusal(lines.join('\n'));
        },
      ),
    ));

  test('characters exchanged and put in', () =>
    hold(
      fc.asyncProperty(
        source,
        fc.array(fc.tuple(place, fc.constantFrom('', ...'\'"`|│+.…↵()[]{}<>-:;, \t\n\r\0\u00A0\\ax1日')), {
          minLength: 1,
          maxLength: 20,
        }),
        (text, changes) => {
          let changed = text;
          for (const [where, character] of changes) {
            const index = at(changed, where);
            changed = changed.slice(0, index) + character + changed.slice(index + 1);
          }
          return isPlansOrRefusal(changed);
        },
      ),
    ));

  test('two sources shuffled together', () =>
    hold(
      fc.asyncProperty(
        source,
        source,
        fc.array(fc.boolean(), { minLength: 20, maxLength: 200 }),
        (one, other, picks) => {
          const [first, second] = [one.split('\n'), other.split('\n')];
          return isPlansOrRefusal(picks.map((pick) => (pick ? first : second).shift() ?? '').join('\n'));
        },
      ),
    ));

  test('pieces of all kinds in any order', () => {
    const pieces = [
      ...[
        'QUERY PLAN',
        '"QUERY PLAN"',
        '| QUERY PLAN |',
        'QUERY PLAN | ',
        '-----',
        '+---+',
        '(1 row)',
        '-[ RECORD 1 ]',
        '* Record 1',
      ],
      ...[
        '[',
        '{',
        '"Plan": {',
        '"Node Type": "Result"',
        '}',
        ']',
        '- Plan:',
        '    Node Type: "Result"',
        '<explain>',
        '</explain>',
      ],
      ...[
        'Result  (cost=0.00..0.01 rows=1 width=4)',
        '  ->  Sort',
        "  Filter: (a = 'x",
        "b')",
        'Limit',
        '```',
        '> ',
        '-- ',
        '"',
        '""',
      ],
      ...[
        'LOG:  duration: 1.0 ms  plan:',
        '\tQuery Text: SELECT 1',
        '\tResult  (cost=0.00..0.01 rows=1 width=4)',
        'db=# EXPLAIN SELECT 1;',
      ],
      ...[
        '<th align="center">QUERY PLAN</th>',
        '<td align="left">',
        '</td>',
        '</table>',
        '.TS',
        '|====',
        '{"log":"x',
        '{"QUERY PLAN": 1}',
      ],
      ...['2026-06-01 12:00:00.000 UTC,', ' ', '\n', '\n', '\n', '+', '.', '…', ' |', '\t'],
    ];
    return hold(
      fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), (parts) =>
        isPlansOrRefusal(parts.join('')),
      ),
      1000,
    );
  });

  test('any characters', () => hold(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), isPlansOrRefusal)));
});

describe('size', () => {
  const pieces = [
    ...[
      ' ',
      '\t',
      '"',
      "'",
      '`',
      '>',
      '> ',
      '[',
      '{',
      '(',
      '|',
      '| ',
      '-',
      '->  ',
      '+',
      '.',
      '…',
      '\\',
      '\u00A0',
      'a',
      'A',
      '1',
      '=#',
    ],
    ...[
      'QUERY PLAN',
      'QUERY PLAN |',
      '"Node Type"',
      '<explain',
      '<th',
      '<td align="left">',
      '  (cost=',
      '  (cost=0.00..',
      ' ms  plan:',
      '#011',
    ],
    ...[
      'duration: 1.0 ms  plan:',
      'Query Text: ',
      '"QUERY PLAN" ',
      '{"log":"',
      '[pod/',
      '2026-',
      'A: ',
      '\\n',
      '<Query-Text>',
      'Limit ',
    ],
  ];

  test.each(pieces)('%j, 200,000 times in one line, and in many lines', async (piece) => {
    await isPlansOrRefusal(piece.repeat(200_000));
    await isPlansOrRefusal(`Result  (cost=0.00..0.01 rows=1 width=4)\n  Filter: ${piece.repeat(200_000)}\n`);
    await isPlansOrRefusal(`${piece}\n`.repeat(30_000));
    await isPlansOrRefusal(`[\n{"a": "${piece.repeat(200_000)}`);
  });

  test('a plan of 10,000 nodes, and one that is 1,000 deep, in a frame, in quotes, in a log', async () => {
    const wide = {
      Plan: { 'Node Type': 'Append', Plans: Array.from({ length: 10_000 }, () => ({ 'Node Type': 'Result' })) },
    };
    let deep: Record<string, unknown> = { 'Node Type': 'Result' };
    for (let depth = 1; depth < 1000; depth += 1) deep = { 'Node Type': 'Limit', Plans: [deep] };
    for (const [document, nodes] of [
      [wide, 10_001],
      [{ Plan: deep }, 1000],
    ] as const) {
      const lines = JSON.stringify([document], null, 2).split('\n');
      const width = Math.max(...lines.map((line) => line.length));
      const framed = lines.map((line, at) => ` ${line.padEnd(width)}${at < lines.length - 1 ? '+' : ''}`);
      const bare = JSON.stringify(document, null, 2).split('\n');
      const sources = [
        `${'QUERY PLAN'.padStart(width / 2)}\n${'-'.repeat(width + 2)}\n${framed.join('\n')}\n(1 row)\n`,
        `"${lines.join('\n').replaceAll('"', '""')}"`,
        `LOG:  duration: 1.000 ms  plan:\n${bare.map((line) => `\t${line}`).join('\n')}\n`,
        JSON.stringify([{ 'QUERY PLAN': [document] }]),
      ];
      for (const source of sources) {
        const [found] = await findPlansInText(source, 'x');
        expect(count(found?.plan.root as PlanNode)).toBe(nodes);
      }
    }
  });

  test('a log of 50 MB is read by a process that may not hold it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plan-guard-log-'));
    try {
      const file = join(folder, 'server.log');
      const plans = Buffer.from(sample('auto-explain-18.log'));
      const other = Buffer.from('2026-06-01 12:00:00.123 UTC [1] u@d LOG:  statement: SELECT 1,\n\t2\n'.repeat(10_000));
      const handle = await open(file, 'w');
      let size = 0;
      let rounds = 0;
      while (size < 50_000_000) {
        for (const part of [plans, other, plans]) size += (await handle.write(part)).bytesWritten;
        rounds += 1;
      }
      await handle.close();
      const script = `
        import { createReadStream } from 'node:fs';
        import { findPlans } from ${JSON.stringify(new URL('../../../dist/plan/sources/find-plans.js', import.meta.url).href)};
        let plans = 0, bytes = 0, calls = 0;
        const onProgress = (read) => { calls += read > bytes ? 1 : 0; bytes = read; };
        for await (const plan of findPlans(createReadStream(${JSON.stringify(file)}, 'utf8'), { name: 'x', onProgress })) plans += 1;
        console.log(JSON.stringify({ plans, bytes, isTold: calls > 100 }));
      `;
      const child = spawn(process.execPath, ['--max-old-space-size=24', '--input-type=module', '-e', script], {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (data) => (stdout += data));
      child.stderr.on('data', (data) => (stderr += data));
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({ plans: 14 * rounds, bytes: size, isTold: true });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

function count(root: PlanNode): number {
  let nodes = 0;
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    nodes += 1;
    open.push(...node.children);
  }
  return nodes;
}
