import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlanGuardError } from '../../errors.js';
import { type NativeServer, startNativeServer } from '../../postgres/native.js';
import type { Plan, PlanFormat } from '../model.js';
import { parsePlan } from '../parse-json.js';
import { parseTextPlan } from '../parse-text.js';
import { findPlansInText } from './find-plans.js';
import { hasPsql, LAYOUTS, type Layout, nameOf, printed } from './testing/psql.js';
import { SCHEMA, STATEMENTS, WIDE_STATEMENT } from './testing/statements.js';

const FORMATS: readonly PlanFormat[] = ['text', 'json', 'yaml', 'xml'];

/** What this layout prints for a string that it wraps is, to the byte, what it prints for one with line breaks. */
function isAmbiguous({ format, linestyle, border, expanded, tuples_only }: Layout): boolean {
  return format === 'wrapped' && linestyle === 'old-ascii' && border < 2 && expanded === 'off' && tuples_only === 'on';
}

/** Layouts that lose something, or change what they print: these may be refused, but not misread. */
function isLossy(explain: PlanFormat, { format, linestyle, border, expanded, tuples_only }: Layout): boolean {
  if (['asciidoc', 'latex', 'troff-ms'].includes(format)) return true;
  // The longest line may have been wrapped in its string.
  if (explain === 'xml' && linestyle === 'old-ascii') return true;
  if (explain === 'text' && border === 2 && linestyle !== 'unicode' && tuples_only === 'on') return true;
  if (format !== 'wrapped') return false;
  return linestyle === 'old-ascii' || (border === 0 && tuples_only === 'on' && expanded === 'off');
}

describe.skipIf(!hasPsql)(`what psql prints${hasPsql ? '' : ' (skipped: no psql)'}`, () => {
  let server: NativeServer;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startNativeServer();
    client = new pg.Client(server.connection);
    await client.connect();
    await client.query(SCHEMA);
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  /** The plan as a client gets it, without psql. */
  async function planned(format: PlanFormat, options: string, statement: string): Promise<Plan> {
    const { rows } = await client.query(
      `EXPLAIN (${options}, FORMAT ${format === 'text' ? 'text' : 'json'}) ${statement}`,
    );
    const lines = rows.map((row) => row['QUERY PLAN']);
    return format === 'text'
      ? parseTextPlan(lines.map((text, index) => ({ text, line: index + 1 })))
      : parsePlan(lines[0]);
  }

  /** The layouts whose plans were read, and those that were refused; a plan that was misread fails the test. */
  async function outcomes(format: PlanFormat, options: string, statements: readonly string[]) {
    const expected: Plan[] = [];
    for (const statement of statements) expected.push(await planned(format, options, statement));
    const explains = statements.map((statement) => `EXPLAIN (${options}, FORMAT ${format}) ${statement}`);
    const layouts = LAYOUTS.filter((layout) => !isAmbiguous(layout));
    const texts = await printed(server, layouts, explains);
    const refused: Layout[] = [];
    for (const [index, layout] of layouts.entries()) {
      try {
        const found = await findPlansInText(texts[index] as string, 'psql.txt');
        expect(
          found.map(({ plan }) => plan),
          nameOf(layout),
        ).toEqual(expected);
        expect(found.every((each) => each.format === format)).toBe(true);
      } catch (error) {
        if (!(error instanceof PlanGuardError)) throw error;
        expect(error, `${nameOf(layout)}: ${error.message}`).toMatchObject({
          code: 'plan',
          where: { file: 'psql.txt' },
        });
        refused.push(layout);
      }
    }
    return refused;
  }

  test.each(FORMATS)('%s: every layout gives the tree that EXPLAIN gives without psql', async (format) => {
    const refused = await outcomes(format, 'COSTS ON', STATEMENTS);
    expect(refused.filter((layout) => !isLossy(format, layout)).map(nameOf)).toEqual([]);
  });

  test.each(FORMATS)('%s without costs, with VERBOSE: the same', async (format) => {
    const refused = await outcomes(format, 'COSTS OFF, VERBOSE', STATEMENTS.slice(1));
    const isHeaderless = ({ format, tuples_only, expanded }: Layout) =>
      format === 'html' && tuples_only === 'on' && expanded === 'off';
    expect(refused.filter((layout) => !isLossy(format, layout) && !isHeaderless(layout)).map(nameOf)).toEqual([]);
  });

  test.each(FORMATS)('%s: wide characters are never misread, and read where lines are not wrapped', async (format) => {
    const refused = await outcomes(format, 'COSTS ON', [WIDE_STATEMENT]);
    expect(refused.filter((layout) => !isLossy(format, layout) && layout.format !== 'wrapped').map(nameOf)).toEqual([]);
  });

  test('a plan of which a part was not copied is refused by the number of rows', async () => {
    const layout = LAYOUTS.find(({ format, tuples_only }) => format === 'aligned' && tuples_only === 'off') as Layout;
    const [text = ''] = await printed(
      server,
      [{ ...layout, border: 1, expanded: 'off' }],
      [`EXPLAIN ${STATEMENTS[1]}`],
    );
    const lines = text.trimEnd().split('\n');
    lines.splice(6, 1);
    await expect(findPlansInText(lines.join('\n'), 'cut.txt')).rejects.toMatchObject({
      message: expect.stringMatching(/^Expected as many rows as \(\d+ rows\) says; found \d+ rows above it$/),
      where: { file: 'cut.txt', line: lines.length, column: 1 },
    });
  });
});
