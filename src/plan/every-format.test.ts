import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatPlanText } from './format-text.js';
import type { Plan } from './model.js';
import { parsePlan } from './parse-json.js';
import { parseTextPlan } from './parse-text.js';
import { parseXmlPlan } from './parse-xml.js';
import { parseYamlPlan } from './parse-yaml.js';
import {
  explainInEveryFormat,
  type FixtureStatement,
  loadFixtures,
  loadMany,
  openNative,
  openPglite,
  type Session,
} from './testing/every-format.js';
import { MANY_SETTINGS, ONE_WORKER } from './testing/many-plans.js';
import { differences, withoutOmitted, withoutTimes, withoutUsage } from './testing/omitted.js';

const numbered = (lines: readonly string[]) => lines.map((text, index) => ({ text, line: index + 1 }));
const ANALYZE = 'ANALYZE, VERBOSE, BUFFERS, WAL, TIMING OFF, SUMMARY OFF, SETTINGS';
const changesRows = (sql: string) => /^(?:INSERT|UPDATE|DELETE|MERGE|WITH gone)/.test(sql);

/**
 * What is not the same in all formats, one line a difference. The plan of each format is a run of its own where ANALYZE
 * runs the statement, so what JSON's run measured goes through text once more, which must lose nothing of it.
 */
async function findDifferences(
  session: Session,
  statement: FixtureStatement,
  options: string,
  settings: string,
): Promise<string[]> {
  const formats = await explainInEveryFormat(session, statement, options, settings);
  const verbose = options.includes('VERBOSE');
  const json = parsePlan(formats.json);
  const comparable = (plan: Plan) => {
    const timed = options.includes('ANALYZE')
      ? withoutTimes(withoutOmitted(plan, verbose))
      : withoutOmitted(plan, verbose);
    return changesRows(statement.sql) ? withoutUsage(timed) : timed;
  };
  const expected = comparable(json);
  const printed = formatPlanText(json, { costs: !options.includes('COSTS OFF') });
  const found = {
    yaml: differences(comparable(parseYamlPlan(formats.yaml, 1)), expected),
    xml: differences(comparable(await parseXmlPlan(formats.xml, 1)), expected),
    text: differences(comparable(parseTextPlan(numbered(formats.text.split('\n')))), expected),
    printed: differences(withoutOmitted(parseTextPlan(numbered(printed)), verbose), withoutOmitted(json, verbose)),
    // Without ANALYZE, nothing of a plan is left to the moment: the printed lines are the server's own.
    lines: options === 'VERBOSE' ? differences(printed, formats.text.split('\n')) : [],
  };
  return Object.entries(found).flatMap(([format, all]) =>
    all.map((one) => `${options}; ${statement.sql}; ${format}${one}`),
  );
}

describe.each([
  ['PGlite', openPglite],
  ['PostgreSQL 15', () => openNative(15)],
  ['PostgreSQL 18', () => openNative(18)],
] as const)('%s prints the same plan in every format', (name, open) => {
  const isNative = name !== 'PGlite';
  let session: Session;
  let fixtures: readonly FixtureStatement[];
  let many: readonly FixtureStatement[];
  beforeAll(async () => {
    session = await open();
    fixtures = await loadFixtures(session);
    many = await loadMany(session);
  });
  afterAll(() => session?.stop());

  const compare = async (statements: readonly FixtureStatement[], options: string, settings: string) => {
    const found: string[] = [];
    for (const statement of statements) found.push(...(await findDifferences(session, statement, options, settings)));
    expect(found).toEqual([]);
    expect(statements.length).toBeGreaterThan(0);
  };

  test.each([
    ['VERBOSE', ''],
    ['COSTS OFF', ''],
    [ANALYZE, ONE_WORKER],
  ])('for the fixtures, with %s', (options, settings) => compare(fixtures, options, settings));

  test.each(isNative ? Object.keys(MANY_SETTINGS) : ['as they are'])('for many kinds of plans, %s', async (key) => {
    const settings = MANY_SETTINGS[key] ?? '';
    await compare(many, 'VERBOSE', settings);
    await compare(many, ANALYZE, settings);
  });

  test('with times, without VERBOSE, and with what newer majors can tell', async () => {
    await compare(many, 'COSTS OFF', '');
    await compare(many, 'ANALYZE, BUFFERS OFF', '');
    if (session.major < 17) return;
    await compare(many, 'ANALYZE, COSTS OFF, MEMORY, SERIALIZE TEXT', 'SET LOCAL track_io_timing = on');
    await compare(fixtures, 'GENERIC_PLAN', '');
  });

  test('the times are there', async () => {
    const statement = many[0] as FixtureStatement;
    const options = `ANALYZE, VERBOSE${session.major < 17 ? '' : ', SERIALIZE, MEMORY'}`;
    await session.run('SET compute_query_id = on');
    const { text } = await explainInEveryFormat(session, statement, options, '');
    const { root, properties } = parseTextPlan(numbered(text.split('\n')));
    const time = expect.closeTo(0, -4);
    expect(root.properties).toMatchObject({ 'Actual Startup Time': time, 'Actual Total Time': time });
    expect(properties).toMatchObject({ 'Planning Time': time, 'Execution Time': time });
    expect(properties['Query Identifier']).toBeTypeOf('number');
    if (session.major >= 17) {
      expect(properties.Serialization).toEqual({ Time: time, 'Output Volume': 1, Format: 'text' });
      expect(properties.Planning).toMatchObject({ 'Memory Used': expect.closeTo(0, -6) });
    }
  });
});
