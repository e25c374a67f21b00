import { describe, expect, test } from 'vitest';
import { PlanGuardError } from '../../errors.js';
import type { FoundPlan } from '../model.js';
import { findPlans, findPlansInText } from './find-plans.js';
import { JSONS, psqlSamples, sample, samplePlans, TEXTS } from './testing/samples.js';

const [text, hardText] = TEXTS as [string, string];
const [json, hardJson] = JSONS as [string, string];
const lines = (plan: string) => plan.trimEnd().split('\n');
const everyLine = (plan: string, change: (line: string) => string) => lines(plan).map(change).join('\n');
const doubled = (plan: string) => plan.trimEnd().replaceAll('"', '""');

/** What was found, in short. */
async function found(source: string) {
  const plans = await findPlansInText(source, 'plan.txt');
  return plans.map(({ format, line }) => `${format} at ${line}`);
}

describe('samples of psql', () => {
  test.each(psqlSamples)('$name', async ({ name, format }) => {
    const plans = await findPlansInText(sample(name), name);
    expect(plans.map((each) => each.plan)).toEqual(samplePlans(format));
    expect(plans.map((each) => each.format)).toEqual([format, format]);
    const numbered = sample(name).split('\n');
    for (const { line } of plans) expect(numbered[line - 1]).toMatch(/Limit|Seq Scan|\[|explain|- Plan/);
  });

  test.each(
    ['aligned', 'aligned-border-2-unicode', 'wrapped', 'expanded', 'html'].map((layout) => `${layout}.text.txt`),
  )('%s: no line of a plan can be missing unnoticed', async (name) => {
    const all = sample(name).split('\n');
    let refused = 0;
    for (const [gone] of all.entries()) {
      const left = all.filter((_, index) => index !== gone).join('\n');
      const outcome = await findPlansInText(left, name).catch((error) => error);
      if (outcome instanceof PlanGuardError) refused += 1;
      else
        expect(
          outcome.map((each: FoundPlan) => each.plan),
          `without line ${gone + 1}`,
        ).toEqual(samplePlans('text'));
    }
    expect(refused).toBeGreaterThanOrEqual(lines(text).length + lines(hardText).length);
  });

  test('what was copied is given as it was, without its frame', async () => {
    const [first, second] = await findPlansInText(sample('aligned-border-2-unicode.text.txt'), 'x');
    expect([first?.raw, second?.raw]).toEqual([text.trimEnd(), hardText.trimEnd()]);
    const [, framed] = await findPlansInText(sample('aligned-border-2.json.txt'), 'x');
    expect(framed?.raw).toBe(hardJson.trimEnd());
  });
});

describe('pasted', () => {
  /** Ways in which plans are handed on: text and JSON come out as the trees that they are without them. */
  const ways: Readonly<Record<string, (plan: string, isText: boolean) => string>> = {
    'as it is': (plan) => plan,
    'with a byte order mark and line ends of Windows': (plan) => `\uFEFF${plan.replaceAll('\n', '\r\n')}`,
    'without a line end': (plan) => plan.trimEnd(),
    'with a semicolon or a tab behind it': (plan, isText) =>
      isText ? everyLine(plan, (line) => `"${doubled(line)}";\t`) : `${plan.trimEnd()};\t\n`,
    'from pgAdmin, a line or a cell in quotes': (plan, isText) =>
      isText ? everyLine(plan, (line) => `"${doubled(line)}"`) : `"${doubled(plan)}"`,
    'from pgAdmin, with its header': (plan, isText) =>
      `"QUERY PLAN"\r\n${isText ? everyLine(plan, (line) => `"${doubled(line)}"\r`) : `"${doubled(plan)}"`}`,
    'as one cell of a sheet': (plan) => `"${doubled(plan)}"\n`,
    'from DBeaver, as a table': (plan) =>
      `QUERY PLAN${' '.repeat(190)}|\n${'-'.repeat(200)}+\n${everyLine(plan, (line) => `${line.padEnd(200)}|`)}\n`,
    'as a table of Markdown': (plan) =>
      `| QUERY PLAN |\n| --- |\n${everyLine(plan, (line) => `| ${line} |`)}\n\nSo slow.`,
    'in a code block': (plan) => `Before:\n\n\`\`\`\n${plan}\`\`\`\n\nAfter.`,
    'in a code block with a language': (plan) => `\`\`\`json\n${plan}\`\`\``,
    'in a code block of one piece': (plan) => `\`\`\`${plan.trimEnd()}\`\`\``,
    "in Jira's block": (plan) => `{code:sql}\n${plan}{code}`,
    'in a block that is indented': (plan) => `It says:\n\n${everyLine(plan, (line) => `    ${line}`)}\n\nWhy?`,
    'with the indentation of the first line lost': (plan) => everyLine(plan, (line) => ` ${line}`).trimStart(),
    'in the answer to a mail': (plan) =>
      `On Monday she wrote:\n> Look:\n>\n${everyLine(plan, (line) => `> ${line}`)}\n>\n> Bye\n`,
    'in a comment of SQL': (plan) => `-- The plan:\n${everyLine(plan, (line) => `-- ${line}`)}\nSELECT 1;\n`,
    'with blanks that do not break': (plan) =>
      everyLine(plan, (line) =>
        line.replace(/^ +/, (blanks) => '\u00A0'.repeat(blanks.length)).replace('  (', '\u00A0 ('),
      ),
    "as rows of a client's JSON": (plan, isText) =>
      isText
        ? JSON.stringify(
            lines(plan).map((line) => ({ 'QUERY PLAN': line })),
            null,
            1,
          )
        : JSON.stringify([{ 'QUERY PLAN': JSON.parse(plan) }]),
  };

  test.each(Object.entries(ways))('%s', async (_, wrap) => {
    const [textPlan, hardTextPlan] = samplePlans('text');
    const [jsonPlan, hardJsonPlan] = samplePlans('json');
    const plansOf = async (source: string) => (await findPlansInText(source, 'x')).map(({ plan }) => plan);
    expect(await plansOf(wrap(text, true))).toEqual([textPlan]);
    expect(await plansOf(wrap(json, false))).toEqual([jsonPlan]);
    expect(await plansOf(wrap(hardJson, false))).toEqual([hardJsonPlan]);
    // A string with lines of its own, of which some are blank.
    expect(await plansOf(wrap(hardText, true))).toEqual([hardTextPlan]);
  });

  test('several at once, of any format, with the lines where they begin', async () => {
    const rows = lines(text).length;
    const source = `Two plans.\n\n${text}\n${json}${text}Time: 1.234 ms\n\n> ${JSON.stringify(JSON.parse(json))}\n`;
    expect(await found(source)).toEqual([
      'text at 3',
      `json at ${4 + rows}`,
      `text at ${4 + rows + lines(json).length}`,
      `json at ${6 + 2 * rows + lines(json).length}`,
    ]);
  });

  test('an array of several plans, as EXPLAIN gives for a statement that a rule rewrites', async () => {
    const plans = await findPlansInText(
      '[\n  {"Plan": {"Node Type": "Result"}},\n  {"Plan": {"Node Type": "Sort"}}\n]\n',
      'x',
    );
    expect(plans.map(({ plan, line, raw }) => [plan.root.nodeType, line, raw])).toEqual([
      ['Result', 2, '{"Plan": {"Node Type": "Result"}}'],
      ['Sort', 3, '{"Plan": {"Node Type": "Sort"}}'],
    ]);
  });

  test('the same as text, which EXPLAIN parts by an empty line', async () => {
    expect(
      await found(' QUERY PLAN\n------------\n Insert on a\n   ->  Result\n \n Insert on b\n   ->  Result\n(5 rows)\n'),
    ).toEqual(['text at 3', 'text at 6']);
  });

  test('a session of psql, with its prompts, in German', async () => {
    const source = [
      'shop=# EXPLAIN (ANALYZE, FORMAT TEXT)',
      'shop-# SELECT *',
      "shop-#   FROM orders WHERE note = '(x)';",
      'HINWEIS:  etwas anderes',
      '                 QUERY PLAN',
      '---------------------------------------------',
      ' Seq Scan on orders  (cost=0.00..1.00 rows=1 width=4)',
      '   Filter: (a = 1)',
      ' Planning Time: 0.120 ms',
      '(3 Zeilen)',
      '',
      'Zeit: 1,234 ms',
      'shop=*# explain verbose select 1;',
      'QUERY PLAN',
      '----------',
      ' Result',
      '(1 Zeile)',
    ].join('\n');
    const plans = await findPlansInText(source, 'x');
    expect(plans.map(({ line, statement }) => [line, statement])).toEqual([
      [7, "SELECT *\n  FROM orders WHERE note = '(x)'"],
      [16, 'select 1'],
    ]);
  });

  test('chunks may end anywhere', async () => {
    const source = `\uFEFF${sample('aligned-border-2-unicode.xml.txt').replaceAll('\n', '\r\n')}`;
    for (const size of [1, 7, 4096]) {
      const chunks = Array.from({ length: Math.ceil(source.length / size) }, (_, at) =>
        source.slice(at * size, (at + 1) * size),
      );
      const bytes: number[] = [];
      const plans = [];
      for await (const plan of findPlans(chunks, { name: 'x', onProgress: (read) => bytes.push(read) }))
        plans.push(plan.plan);
      expect(plans).toEqual(samplePlans('xml'));
      expect(bytes.length).toBe(chunks.length);
      expect(bytes.at(-1)).toBe(Buffer.byteLength(source));
    }
  });
});

describe('refused, with the place and what was expected there', () => {
  const node = 'Seq Scan on orders  (cost=0.00..1.00 rows=1 width=4)';
  test.each([
    ['no plan', 'Nothing here.\n', undefined, undefined, 'There is no plan in this text'],
    ['nothing', '', undefined, undefined, 'There is no plan in this text'],
    ['JSON that is no plan', '{\n  "a": [1]\n}\n', undefined, undefined, 'There is no plan in this text'],
    [
      'a plan in other JSON',
      `{\n  "plan": ${json}}\n`,
      1,
      1,
      'Expected an object with "Plan", or an array of such, as JSON; found {',
    ],
    ['JSON without its end', json.slice(0, 60), 5, 13, "Expected the rest of a string; found the line's end"],
    [
      'JSON without a comma',
      json.replace('"Limit",', '"Limit"'),
      5,
      7,
      'Expected "," or "}"; found "Parallel Aware": false,',
    ],
    [
      'JSON with more behind it',
      `${json.trimEnd()} x\n`,
      lines(json).length,
      2,
      "Expected the line's end behind the JSON; found x",
    ],
    [
      'a node of JSON without a type',
      json.replace('"Node Type": "Seq Scan"', '"Type": "Seq Scan"'),
      undefined,
      undefined,
      /^Node 0.*has no "Node Type"$/,
    ],
    ['XML without its end', '<explain>\n <Query>\n', 1, 1, "Expected </explain> below this; found the text's end"],
    [
      'text without its beginning',
      `  ->  ${node}\n`,
      1,
      1,
      `Expected the beginning of the plan that this line is of; found ->  ${node}`,
    ],
    [
      'the middle of JSON',
      '  "Node Type": "Seq Scan",\n',
      1,
      1,
      'Expected the beginning of the plan that this line is of; found "Node Type": "Seq Scan",',
    ],
    [
      'text that a mail wrapped',
      `Seq Scan on orders  (cost=0.00..1.00\nrows=1 width=4)\n`,
      1,
      19,
      /^Expected costs as/,
    ],
    [
      'a condition that a mail wrapped',
      `${node}\n  Filter: ((a = 1) AND\n(b = 2))\n`,
      3,
      1,
      /^Expected .*; found "\(b = 2\)\)"$/,
    ],
    [
      'a header without a plan',
      'QUERY PLAN\nnothing\n',
      2,
      1,
      'Expected a plan, as the line above says; found nothing',
    ],
    ['a table without rows', 'QUERY PLAN\n----\n(0 rows)\n', 1, 1, /^Expected the rows of a plan below QUERY PLAN/],
    [
      'a plan of which a row is missing',
      ` QUERY PLAN\n----\n ${node}\n(2 rows)\n`,
      4,
      1,
      'Expected as many rows as (2 rows) says; found 1 row above it',
    ],
    [
      'what is no plan in a table',
      ' QUERY PLAN\n----\n Utility statements have no plan structure\n(1 row)\n',
      3,
      2,
      /^Expected the beginning of a plan; found Utility/,
    ],
    ['a string without its end', `${node}\n  Filter: (a = 'x\n`, 2, 1, /^Expected the ' that ends a string/],
    [
      'a cell without its end',
      `"${node.replace('orders', '""orders"')}\n`,
      1,
      23,
      /^Expected the line's end or a separator behind the quote/,
    ],
    [
      "LaTeX's table",
      '\\begin{tabular}{l}\n\\textit{QUERY PLAN} \\\\\n\\hline\nResult  (cost=0.00..0.01 rows=1 width=4) \\\\\n',
      4,
      1,
      /^Expected another format of psql than latex/,
    ],
    [
      'a quote of pgAdmin in a plan',
      `"${node}"\n"  Filter: (a = ""x"")\n`,
      2,
      1,
      /^Expected the quote that ends this cell/,
    ],
  ])('%s', async (_, source, line, column, message) => {
    const error = await findPlansInText(source, 'plan.txt').catch((failure) => failure);
    expect(error).toMatchObject({
      name: 'PlanGuardError',
      code: 'plan',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    expect(error.hint).toMatch(/^[A-Z].*\.$/);
    if (line === undefined) expect(error.where.file).toBe('plan.txt');
    else expect(error.where).toEqual({ file: 'plan.txt', line, column });
  });

  test('what was found before is given first', async () => {
    const plans = findPlans([`${text}\n[\n  {"Plan": {"Node Type": 1}}\n]\n`], { name: 'x' });
    expect((await plans.next()).value?.plan).toEqual(samplePlans('text')[0]);
    await expect(plans.next()).rejects.toMatchObject({
      where: { file: 'x', line: lines(text).length + 3, column: 12 },
    });
  });

  test('the place in a frame, in quotes and behind prefixes is that of the source', async () => {
    const cases = [
      ['| QUERY PLAN |\n+------------+\n| Nothing on "a"  (cost=1..) |\n+--+\n(1 row)\n', 3, 3],
      [`"${node}"\n"  Filter: (a = ""x"")"\n"nothing at all"\n`, 3, 2],
      [`> ${node}\n>   Filter: (a = 1)\n> nothing at all\n`, 3, 3],
      ['-[ RECORD 1 ]\nQUERY PLAN | [           +\n           |   {"Plan": x}+\n           | ]\n', 3, 25],
    ] as const;
    for (const [source, line, column] of cases) {
      await expect(findPlansInText(source, 'x'), source).rejects.toMatchObject({ where: { line, column } });
    }
  });

  test('a file in UTF-16 is named as such', async () => {
    await expect(findPlansInText('Q\0U\0E\0R\0Y\0', 'x')).rejects.toMatchObject({
      hint: expect.stringContaining('UTF-16'),
    });
  });
});
