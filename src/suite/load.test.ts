import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadSuite } from './load.js';
import { makeFolder, NAMED_FILES, transcript } from './testing/folder.js';

/** Loads a suite; the folder's path reads as `.` in the result. */
async function load(yaml: string) {
  const folder = await makeFolder({ ...NAMED_FILES, 'plan-guard.yaml': yaml });
  const suite = await loadSuite(join(folder, 'plan-guard.yaml'));
  return JSON.parse(JSON.stringify(suite).replaceAll(folder, '.')) as typeof suite;
}

async function fails(yaml: string | Uint8Array, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await makeFolder({ ...NAMED_FILES, ...files, 'plan-guard.yaml': yaml });
  return transcript(folder, () => loadSuite(join(folder, 'plan-guard.yaml')));
}

const WHOLE = await readFile(new URL('testing/whole.yaml', import.meta.url), 'utf8');
const LEAST = 'schema: schema.sql\nprotect: tracks\nqueries: [{ file: queries/x.sql }]\n';
/** Fails with the least suite and more, whose first line is line 4. */
const failsWith = (yaml: string) => fails(`${LEAST}${yaml}`);
const values = async (yaml: string) => (await load(`${LEAST}defaults: ${yaml}`)).scenarios[0]?.values;

describe('a suite that is right', () => {
  test('everything that can be said', async () => {
    const suite = await load(WHOLE);
    const table = (name: string, line: number, column: number, schema?: string) => ({
      ...(schema === undefined ? {} : { schema }),
      name,
      where: { file: './plan-guard.yaml', line, column },
    });
    const none = { protect: [], noSeqScan: [], indexOnly: [], onlyIndexes: [] };
    const where = (line: number, column: number) => ({ file: './plan-guard.yaml', line, column });
    expect(suite).toEqual({
      name: 'audius',
      file: './plan-guard.yaml',
      postgres: {
        engine: 'pglite',
        locale: 'C',
        role: 'app',
        extensions: ['pg_trgm'],
        settings: {
          random_page_cost: '1.1',
          work_mem: '32MB',
          jit: 'off',
          enable_hashjoin: 'off',
          enable_sort: 'on',
        },
      },
      schema: ['./schema.sql'],
      seed: ['./seed.sql'],
      statistics: [
        { name: 'incident-day', file: './statistics/incident-day.json', where: where(11, 3) },
        { name: 'year-later', file: './statistics/year-later.json', where: where(12, 3) },
      ],
      rules: {
        protect: [
          table('tracks', 13, 11),
          table('tab', 13, 19, 'other_schema'),
          table('a "quoted" name', 15, 12, 'odd.schema'),
        ],
        noSeqScan: [table('tracks', 16, 17)],
        indexOnly: [
          { table: table('track_collaborators', 17, 25), index: 'lookup' },
          { table: table('users', 17, 63) },
        ],
        onlyIndexes: [{ table: table('tracks', 18, 26), indexes: ['by_owner', 'by_id'] }],
      },
      scenarios: [
        { name: 'no-collaborations', values: { viewer_id: 0, limit: 20, user_id: 1001 }, where: where(22, 3) },
        { name: 'owner', values: { viewer_id: 5, limit: 20, user_id: 5 }, where: where(23, 3) },
        { name: 'signed-out', values: { viewer_id: 0, limit: 20 }, where: where(24, 3) },
      ],
      queries: [
        {
          name: 'profileTracks',
          source: { kind: 'module', file: './src/profile.js', export: 'profileTracks' },
          scenarios: ['no-collaborations', 'owner', 'signed-out'],
          matrix: { sort: ['title', 'plays'] },
          types: { user_id: 'int', ids: 'int[]' },
          parameters: [],
          rules: { ...none, protect: [table('users', 26, 106)] },
          where: where(26, 5),
        },
        {
          source: { kind: 'file', file: './queries/x.sql' },
          scenarios: ['no-collaborations', 'owner'],
          matrix: {},
          types: { user_id: 'int', ids: 'text' },
          parameters: ['user_id', 'start'],
          rules: none,
          where: where(27, 5),
        },
        {
          name: 'profile',
          source: { kind: 'module', file: './src/profile.js', export: 'default' },
          scenarios: ['owner'],
          matrix: {},
          types: { user_id: 'int', ids: 'int[]' },
          parameters: [],
          rules: none,
          where: where(28, 5),
        },
      ],
      knownBad: [
        {
          name: 'bad',
          source: { kind: 'file', file: './known-bad/x.sql' },
          scenarios: ['no-collaborations', 'owner', 'signed-out'],
          matrix: {},
          types: { user_id: 'int', ids: 'int[]' },
          parameters: [],
          rules: none,
          where: where(30, 5),
          mustFail: 'no-seq-scan',
        },
      ],
      unverified: 'warn',
      trustedFunctions: ['now_utc'],
      moduleTimeout: 1500,
      maxAge: 84,
      plans: {
        folder: expect.stringMatching(/[/\\]plans$/),
        stated: true,
        missing: 'warn',
        unused: 'warn',
        changed: 'warn',
        dearer: 'fail',
        edited: 'fail',
        dearerFactor: 10,
      },
      waivers: [
        {
          rule: 'protect',
          query: 'profile',
          statement: '2',
          scenario: 'owner',
          table: table('tracks', 37, 76),
          owner: 'us',
          reason: 'why',
          until: '2026-12-31',
          where: where(37, 5),
        },
        {
          rule: 'dearer',
          query: 'profile',
          owner: 'them',
          reason: 'why not',
          until: '2028-02-29',
          where: where(38, 5),
        },
      ],
    });
  });

  test('the least: the folder names it, one scenario has the defaults, what is not said has its default', async () => {
    const folder = await makeFolder({ 'db/plan-guard.yaml': LEAST, 'db/schema.sql': '', 'db/queries/x.sql': '' });
    const suite = await loadSuite(join(folder, 'db/plan-guard.yaml'));
    expect(suite).toMatchObject({
      name: 'db',
      postgres: {
        engine: 'pglite',
        version: undefined,
        binDir: undefined,
        image: undefined,
        locale: 'en_US.UTF-8',
        extensions: [],
        role: undefined,
        settings: {},
      },
      schema: [join(folder, 'db/schema.sql')],
      seed: [],
      statistics: [],
      scenarios: [{ name: 'default', values: {} }],
      queries: [{ name: undefined, scenarios: ['default'] }],
      knownBad: [],
      unverified: 'fail',
      trustedFunctions: [],
      moduleTimeout: 10_000,
      maxAge: undefined,
    });
  });

  test('one statistics file alone is named after itself', async () => {
    const { statistics } = await load(`${LEAST}statistics: statistics/incident-day.json`);
    expect(statistics).toMatchObject([{ name: 'incident-day', file: './statistics/incident-day.json' }]);
  });

  test('a scenario that only a known-bad query uses is used', async () => {
    const suite = await load(
      'schema: schema.sql\nprotect: t\nscenarios: { a: {}, b: {} }\n' +
        'queries: [{ file: queries/x.sql, scenarios: a }]\n' +
        'known-bad: [{ file: known-bad/x.sql, scenarios: b, must-fail: protect }]',
    );
    expect(suite.knownBad[0]?.scenarios).toEqual(['b']);
  });

  test('JSON is YAML', async () => {
    const suite = await load(
      '{\n\t"schema": "schema.sql",\n\t"protect": ["t"],\n\t"queries": [{"file": "queries/x.sql"}]\n}',
    );
    expect(suite.schema).toEqual(['./schema.sql']);
  });

  test('a byte order mark, Windows line ends and document marks are read over', async () => {
    const suite = await load(`\uFEFF---\r\n${LEAST.replaceAll('\n', '\r\n')}...\r\n`);
    expect(suite.queries[0]?.where).toEqual({ file: './plan-guard.yaml', line: 4, column: 11 });
  });

  test('anchors and aliases', async () => {
    const suite = await load(
      'schema: schema.sql\nprotect: t\nscenarios:\n  a: &a { user_id: 1, ids: &ids [1, 2] }\n  b: *a\n  c: { ids: *ids }\n' +
        'queries:\n  - { file: queries/x.sql, rules: &rules { protect: x } }\n  - { file: queries/y.sql, rules: *rules }\n',
    );
    expect(suite.scenarios.map((scenario) => scenario.values)).toEqual([
      { user_id: 1, ids: [1, 2] },
      { user_id: 1, ids: [1, 2] },
      { ids: [1, 2] },
    ]);
    expect(suite.queries[1]?.rules).toEqual(suite.queries[0]?.rules);
  });
});

describe('values of scenarios', () => {
  test('a date, a time, yes and off are the text that they are', async () => {
    expect(await values('{ a: 2026-05-01, b: 2026-05-01T10:00:00Z, c: yes, d: off, e: 12:30 }')).toEqual({
      a: '2026-05-01',
      b: '2026-05-01T10:00:00Z',
      c: 'yes',
      d: 'off',
      e: '12:30',
    });
  });

  test('so they are under %YAML 1.1', async () => {
    const suite = await load(`%YAML 1.1\n---\n${LEAST}defaults: { a: 2026-05-01, b: no, c: 0o17 }`);
    expect(suite.scenarios[0]?.values).toEqual({ a: '2026-05-01', b: 'no', c: 15 });
  });

  test('numbers, booleans, null, lists and mappings', async () => {
    expect(
      await values('{ a: 1, b: -1.5, c: true, d: null, e: ~, f: [1, [x]], g: { h: 1e3 }, i: "", j: 0x10, k: 0.0 }'),
    ).toEqual({ a: 1, b: -1.5, c: true, d: null, e: null, f: [1, ['x']], g: { h: 1000 }, i: '', j: 16, k: 0 });
  });

  test('a number that JavaScript would round stays as it is written', async () => {
    expect(
      await values(
        '{ a: 9007199254740991, b: 9007199254740993, c: -12345678901234567890, d: 0.1234567890123456789, e: 1e400, f: 1e-400, g: .inf, h: -.inf, i: .nan }',
      ),
    ).toEqual({
      a: 9007199254740991,
      b: '9007199254740993',
      c: '-12345678901234567890',
      d: '0.1234567890123456789',
      e: '1e400',
      f: '1e-400',
      g: 'Infinity',
      h: '-Infinity',
      i: 'NaN',
    });
  });

  test('a value named like a part of every object is a value', async () => {
    const own = (await values('{ __proto__: { a: 1 }, constructor: 2 }')) ?? {};
    expect(Object.entries(own)).toEqual([
      ['__proto__', { a: 1 }],
      ['constructor', 2],
    ]);
  });
});

describe('errors', () => {
  test('all of them at once, in the order of the file', async () => {
    expect(
      await fails(`nam: audius
postgres: { engine: pg, role: 5, extensions: ['../x'], settings: { 'a b': 1.1, work_mem: [1] } }
schema: [schem.sql, queries]
seed: []
statistics: { a: statistics/incident-day.json, a: statistics/x.json }
protect: [a.b.c, t, t]
rules:
  no-seqscan: [tracks]
types: { user_id: int); drop, $1: int }
defaults: { a: 1, a: 2 }
scenarios:
  no-collaborations: { user_id: 1001 }
queries:
  - { name: profile, module: src/profile.js, file: queries/x.sql, scenarios: [no-colaborations] }
  - { name: profile }
  - x
known-bad:
  - { name: bad, file: known-bad/x.sql }
  - { name: bad, file: known-bad/x.sql, must-fail: noseqscan }
unverified: no
module-timeout: 10
`),
    ).toBe(
      `
suite plan-guard.yaml:1:1: unknown key \`nam\`
    Did you mean \`name\`?
suite plan-guard.yaml:2:21: postgres.engine: expected one of pglite, native, container, url, found \`pg\`
    Known here: pglite, native, container, url.
suite plan-guard.yaml:2:31: postgres.role: expected a role's name, found the number 5
    Write it in quotes: '5'.
suite plan-guard.yaml:2:47: postgres.extensions[0]: expected the name of an extension, found \`../x\`
    Write the name as CREATE EXTENSION has it, such as pg_trgm.
suite plan-guard.yaml:2:68: postgres.settings: expected the name of a setting, found \`a b\`
    Write it as in postgresql.conf, such as random_page_cost.
suite plan-guard.yaml:2:90: postgres.settings.work_mem: expected the value of a setting, found a list
    Write it as in postgresql.conf: 1.1, 32MB, on.
suite plan-guard.yaml:3:10: schema[0]: \`schem.sql\` does not exist
    Did you mean \`schema.sql\`?
suite plan-guard.yaml:3:21: schema[1]: expected an SQL file, found the folder \`queries\`
    Name the file inside the folder.
suite plan-guard.yaml:4:7: seed: expected an SQL file or a list of them, found an empty list
    Fill it, or leave the key out.
suite plan-guard.yaml:5:48: statistics: the key \`a\` stands twice, first in line 5
    Keep one of them, or rename one.
suite plan-guard.yaml:6:11: protect[0]: expected a table, found \`a.b.c\`
    Write \`table\` or \`schema.table\`, spelt as in the catalog; a name with a dot or a blank goes in double quotes.
suite plan-guard.yaml:6:21: protect[2]: the table stands twice in the list
    Remove one of the two.
suite plan-guard.yaml:8:3: rules: unknown key \`no-seqscan\`
    Did you mean \`no-seq-scan\`?
suite plan-guard.yaml:9:19: types.user_id: expected a type, found \`int); drop\`
    Write it as SQL does, in quotes where it has brackets: int, 'int[]', 'numeric(10,2)'.
suite plan-guard.yaml:9:31: types: expected the name of a parameter, found \`$1\`
    Name it: \`parameters: [user_id]\` in the query names $1, $2, … in order.
suite plan-guard.yaml:10:19: defaults: the key \`a\` stands twice, first in line 10
    Keep one of them, or rename one.
suite plan-guard.yaml:14:30: queries[0].module: expected either \`file\` or \`module\`, found both
    Keep one, and make a query of its own of the other.
suite plan-guard.yaml:14:79: queries[0].scenarios[0]: there is no scenario \`no-colaborations\`
    Did you mean \`no-collaborations\`?
suite plan-guard.yaml:15:5: queries[1]: expected \`file\` or \`module\`, found neither
    Name an SQL file (\`file: queries/x.sql\`) or a function (\`module: x.js\`, \`export: name\`).
suite plan-guard.yaml:15:13: queries[1].name: two queries have the name \`profile\`, the first in line 14
    Give each its own \`name\`.
suite plan-guard.yaml:16:5: queries[2]: expected a query such as \`{ file: queries/profile.sql }\`, found \`x\`
    Write \`key: value\` pairs.
suite plan-guard.yaml:18:5: known-bad[0]: \`must-fail\` is missing
    Name the rule that must catch it: protect, no-seq-scan, index-only, only-indexes.
suite plan-guard.yaml:19:13: known-bad[1].name: two queries have the name \`bad\`, the first in line 18
    Give each its own \`name\`.
suite plan-guard.yaml:19:52: known-bad[1].must-fail: expected one of protect, no-seq-scan, index-only, only-indexes, found \`noseqscan\`
    Did you mean \`no-seq-scan\`?
suite plan-guard.yaml:20:13: unverified: expected one of fail, warn, found \`no\`
    Known here: fail, warn.
suite plan-guard.yaml:21:17: module-timeout: expected a time between 1ms and 60m, found the number 10
    Write a number and its unit (ms, s or m): 500ms, 10s.`.trim(),
    );
  });

  test('a file that is missing, a folder, unreadable, huge or not text', async () => {
    const folder = await makeFolder({
      'a/x': '',
      'big.yaml': ' '.repeat((1 << 20) + 1),
      'latin.yaml': Uint8Array.of(0xe9),
    });
    const load = (name: string) => transcript(folder, () => loadSuite(resolve(folder, name)));
    expect(await load('/dev/null')).toBe(
      'file /dev/null: Expected a suite file, found a device or a pipe\n    Name a file.',
    );
    expect(await load('no.yaml')).toBe('file no.yaml: The suite file does not exist\n    Check the path.');
    expect(await load('a/x/y')).toBe('file a/x/y: The suite file does not exist\n    Check the path.');
    expect(await load('a')).toBe('file a: Expected a suite file, found a folder\n    Name the file inside the folder.');
    expect(await load('big.yaml')).toBe(
      'file big.yaml: Expected a suite file of at most 1 MiB, found 1048577 bytes\n    Check that this is the suite file.',
    );
    expect(await load('latin.yaml')).toBe('file latin.yaml: The suite file is not UTF-8 text\n    Save it as UTF-8.');
  });

  test.skipIf(process.getuid?.() === 0)('a file without permission to read', async () => {
    const folder = await makeFolder({ 'plan-guard.yaml': LEAST });
    await chmod(join(folder, 'plan-guard.yaml'), 0);
    expect(await transcript(folder, () => loadSuite(join(folder, 'plan-guard.yaml')))).toBe(
      'file plan-guard.yaml: The suite file cannot be read: permission denied\n    Make the file readable.',
    );
  });

  test('a path that the system refuses', async () => {
    expect(await failsWith(`seed: ${'x'.repeat(300)}`)).toMatch(
      /^suite plan-guard\.yaml:4:7: seed: `x+` cannot be read: ENAMETOOLONG.*\n {4}Make the file readable\.$/,
    );
  });

  test('every mistake in the YAML itself', async () => {
    const hint = 'Write `key: value`, indented with spaces; quote text that starts with a sign such as @, * or `.';
    expect(await fails('schema: @x\n\tname: x\nqueries: [1, 2\nseed: {')).toBe(
      [
        'suite plan-guard.yaml:1:9: Not valid YAML: Plain value cannot start with reserved character @',
        `    ${hint}`,
        'suite plan-guard.yaml:2:1: Not valid YAML: Tabs are not allowed as indentation',
        `    ${hint}`,
        'suite plan-guard.yaml:4:1: Not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
        `    ${hint}`,
        'suite plan-guard.yaml:4:8: Not valid YAML: Flow map in block collection must be sufficiently indented and end with a }',
        `    ${hint}`,
      ].join('\n'),
    );
  });

  test('tags make nothing but text', async () => {
    expect(await failsWith('defaults: { a: !!timestamp 2026-05-01, b: !js/function x }')).toBe(
      [
        'suite plan-guard.yaml:4:16: Not valid YAML: Unresolved tag: tag:yaml.org,2002:timestamp',
        '    Write `key: value`, indented with spaces; quote text that starts with a sign such as @, * or `.',
        'suite plan-guard.yaml:4:43: Not valid YAML: Unresolved tag: !js/function',
        '    Write `key: value`, indented with spaces; quote text that starts with a sign such as @, * or `.',
      ].join('\n'),
    );
  });

  test('a second document', async () => {
    expect(await failsWith('---\nname: x\n')).toBe(
      'suite plan-guard.yaml:4:1: Expected one YAML document, found a second one\n    Keep one document per file.',
    );
  });

  test.each(['', '# nothing yet\n', '---\n', '{}', '~'])('an empty file: %j', async (yaml) => {
    expect(await fails(yaml)).toMatch(
      /^suite plan-guard\.yaml:1:\d: The suite file is empty\n {4}Write at least `schema`, `protect` and `queries`\.$/,
    );
  });

  test('something else than a suite', async () => {
    expect(await fails('SELECT 1')).toBe(
      [
        'suite plan-guard.yaml:1:1: expected a suite: a mapping with keys such as schema, protect and queries, found `SELECT 1`',
        '    Write `key: value` pairs.',
      ].join('\n'),
    );
  });

  test('what a suite cannot do without', async () => {
    expect(await fails('name: x')).toBe(
      [
        'suite plan-guard.yaml:1:1: The key `schema` is missing',
        '    Name the SQL files that create the tables: `schema: [schema.sql]`.',
        'suite plan-guard.yaml:1:1: The key `queries` is missing: there is nothing to check',
        '    List what to guard: `queries: [{ file: queries/profile.sql }]`.',
      ].join('\n'),
    );
    expect(await fails('schema: schema.sql\nqueries: []\nprotect: t\n')).toBe(
      'suite plan-guard.yaml:2:10: queries: expected a list of queries, found an empty list\n    Fill it, or leave the key out.',
    );
  });

  test('a suite, or a query, of which nothing is asked', async () => {
    expect(await fails('schema: schema.sql\nqueries: [{ file: queries/x.sql }]\n')).toBe(
      [
        'suite plan-guard.yaml:1:1: No rule names a table: a suite that asks nothing could never fail',
        '    Name the tables that must never be read whole: `protect: [tracks]`; or have plans approved: `plans: plans`.',
      ].join('\n'),
    );
    expect(
      await fails(
        'schema: schema.sql\nqueries:\n  - { file: queries/x.sql, rules: { protect: t } }\n  - file: queries/y.sql\n',
      ),
    ).toBe(
      [
        'suite plan-guard.yaml:4:5: queries[1]: no rule names a table for this query, so it could never fail',
        '    Give it `rules`, or name the tables for the whole suite: `protect: [tracks]`.',
      ].join('\n'),
    );
  });

  test('approved plans can fail without any rule', async () => {
    const { plans, rules } = await load('schema: schema.sql\nqueries: [{ file: queries/x.sql }]\nplans: plans\n');
    expect([plans.stated, plans.changed, rules.protect]).toEqual([true, 'fail', []]);
  });

  test('a known-bad query that could never fail', async () => {
    expect(
      await failsWith(
        'known-bad:\n  - { file: known-bad/x.sql, must-fail: index-only }\n' +
          '  - { name: y, file: known-bad/x.sql, must-fail: index-only, rules: { index-only: t } }\n',
      ),
    ).toBe(
      [
        'suite plan-guard.yaml:5:41: known-bad[0].must-fail: index-only names no table for this query, so it could never fail',
        "    Name its tables under the suite's `rules` or this entry's.",
      ].join('\n'),
    );
  });

  test('a scenario that nobody uses', async () => {
    expect(
      await fails(
        'schema: schema.sql\nprotect: t\nscenarios:\n  used: {}\n  idle: {}\nqueries: [{ file: queries/x.sql, scenarios: used }]\n',
      ),
    ).toBe(
      [
        'suite plan-guard.yaml:5:3: No query uses the scenario `idle`',
        '    Add it to the `scenarios` of a query, or remove it.',
      ].join('\n'),
    );
  });

  test('a scenario that is not there, where there are none', async () => {
    expect(await fails('schema: schema.sql\nprotect: t\nqueries: [{ file: queries/x.sql, scenarios: [label] }]')).toBe(
      [
        'suite plan-guard.yaml:3:46: queries[0].scenarios[0]: there is no scenario `label`',
        '    Known here: default.',
      ].join('\n'),
    );
  });

  test('files that are not there, each with its place', async () => {
    expect(
      await fails(
        'schema: schema.sql\nprotect: t\nseed: sed.sql\nstatistics: { a: statistics/incidentday.json }\nqueries:\n' +
          '  - file: queries/*.sql\n  - file: nowhere/x.sql\n  - module: src/other.js\n  - file: src/profile.js\n  - module: queries/x.sql\n',
      ),
    ).toBe(
      `
suite plan-guard.yaml:3:7: seed: \`sed.sql\` does not exist
    Did you mean \`seed.sql\`?
suite plan-guard.yaml:4:18: statistics.a: \`statistics/incidentday.json\` does not exist
    Did you mean \`incident-day.json\`?
suite plan-guard.yaml:6:11: queries[0].file: \`queries/*.sql\` does not exist
    Patterns are not read: list every file.
suite plan-guard.yaml:7:11: queries[1].file: \`nowhere/x.sql\` does not exist
    The folder nowhere is not there: check the path, or run the build that makes it.
suite plan-guard.yaml:8:13: queries[2].module: \`src/other.js\` does not exist
    Paths are relative to the suite file; where a build makes the module, run the build first.
suite plan-guard.yaml:9:11: queries[3].file: expected an SQL file, found \`src/profile.js\`
    Write \`module\` in place of \`file\` for a JS or TS module.
suite plan-guard.yaml:10:13: queries[4].module: expected a JS or TS module, found \`queries/x.sql\`
    Write \`file\` in place of \`module\` for an SQL file.`.trim(),
    );
  });

  test('the same file twice without names', async () => {
    expect(
      await fails(
        'schema: schema.sql\nprotect: t\nqueries:\n  - file: queries/x.sql\n  - file: queries/../queries/x.sql\n',
      ),
    ).toBe(
      'suite plan-guard.yaml:5:5: queries[1]: the same file stands in line 4\n    Remove one, or give each its own `name`.',
    );
  });

  test('a parameter with a sign, and a merge key', async () => {
    expect(await failsWith("defaults: { '@user_id': 1, ':b': 2, <<: { c: 1 } }")).toBe(
      [
        'suite plan-guard.yaml:4:13: defaults: expected the name of a parameter, found `@user_id`',
        '    Write the name alone, of letters, digits and _: `user_id`, not `@user_id` or `:user_id`.',
        'suite plan-guard.yaml:4:28: defaults: expected the name of a parameter, found `:b`',
        '    Write the name alone, of letters, digits and _: `user_id`, not `@user_id` or `:user_id`.',
        'suite plan-guard.yaml:4:37: defaults: expected the name of a parameter, found `<<`',
        '    Merge keys are not read: put shared values under `defaults`.',
      ].join('\n'),
    );
  });

  test('keys that are no names', async () => {
    expect(await failsWith('statistics: { ? [a] : statistics/year-later.json, ~: x, "": y, "a\\nb": z }')).toBe(
      ['17', '51', '57', '64']
        .map(
          (column) =>
            `suite plan-guard.yaml:4:${column}: statistics: expected a name as the key\n    Write a name of one line before the colon.`,
        )
        .join('\n'),
    );
  });

  test('a matrix of more cases than anyone means', async () => {
    const ten = '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]';
    expect(
      await fails(
        `schema: schema.sql\nprotect: t\nqueries: [{ file: queries/x.sql, matrix: { a: ${ten}, b: ${ten}, c: ${ten}, d: ${ten}, e: [1, 2] } }]`,
      ),
    ).toBe(
      [
        'suite plan-guard.yaml:3:42: queries[0].matrix: expected at most 10000 cases, found 20000: every scenario with every combination',
        '    Take keys or values out of the matrix, or scenarios out of the query.',
      ].join('\n'),
    );
  });

  test('text that PostgreSQL cannot store', async () => {
    expect(await failsWith('defaults: { a: "x\\0", b: ["\\ud800"] }')).toBe(
      [
        'suite plan-guard.yaml:4:16: defaults.a: expected text, found a character that PostgreSQL cannot store',
        '    Remove the character.',
        'suite plan-guard.yaml:4:27: defaults.b[0]: expected text, found a character that PostgreSQL cannot store',
        '    Remove the character.',
      ].join('\n'),
    );
  });

  test('one setting in two spellings', async () => {
    expect(await failsWith('postgres: { settings: { work_mem: 1MB, WORK_MEM: 2MB } }')).toBe(
      'suite plan-guard.yaml:4:40: postgres.settings: the setting work_mem stands twice\n    Keep one of the two; case makes no difference.',
    );
  });

  test.each(['0ms', '61m', '-1s', '10 seconds', '1e3s', ''])('a timeout of %j', async (timeout) => {
    expect(await failsWith(`module-timeout: '${timeout}'`)).toBe(
      [
        `suite plan-guard.yaml:4:17: module-timeout: expected a time between 1ms and 60m, found ${timeout === '' ? 'empty text' : `\`${timeout}\``}`,
        '    Write a number and its unit (ms, s or m): 500ms, 10s.',
      ].join('\n'),
    );
  });

  test.each(['0d', '90', '3m', '1.5w', '-1d'])('an age of %j', async (age) => {
    expect(await failsWith(`statistics: statistics/year-later.json\nmax-age: '${age}'`)).toBe(
      [
        `suite plan-guard.yaml:5:10: max-age: expected an age of at least 1d, found \`${age}\``,
        '    Write a number and its unit (d or w): 90d, 12w.',
      ].join('\n'),
    );
  });

  test('an age where there are no statistics', async () => {
    expect(await failsWith('max-age: 90d')).toBe(
      [
        'suite plan-guard.yaml:4:10: max-age: there are no statistics that could be too old',
        '    Name a file under `statistics`, or remove it.',
      ].join('\n'),
    );
  });

  test('plans and waivers', async () => {
    expect(
      await failsWith(
        [
          'plans: { foldr: x, missing: error, dearer-factor: 0.5 }',
          'waivers:',
          '  - { rule: protect, query: x, owner: us, reason: why, until: 2026-02-30 }',
          '  - { rule: chnged, query: x, owner: us, reason: why, until: 2026-12-31 }',
          '  - { rule: protect, reason: why }',
          '  - { rule: missing, query: x, table: t, owner: us, reason: why, until: 2026-12-31 }',
        ].join('\n'),
      ),
    ).toMatchInlineSnapshot(`
      "suite plan-guard.yaml:4:10: plans: unknown key \`foldr\`
          Did you mean \`folder\`?
      suite plan-guard.yaml:4:29: plans.missing: expected one of fail, warn, found \`error\`
          Known here: fail, warn.
      suite plan-guard.yaml:4:51: plans.dearer-factor: expected a number above 1, found the number 0.5
          Write how many times dearer a plan may become: 3.
      suite plan-guard.yaml:6:63: waivers[0].until: expected a day, found \`2026-02-30\`
          Write it as 2026-12-31.
      suite plan-guard.yaml:7:13: waivers[1].rule: expected one of protect, no-seq-scan, index-only, only-indexes, missing, changed, dearer, found \`chnged\`
          Did you mean \`changed\`?
      suite plan-guard.yaml:8:5: waivers[2]: \`owner\`, \`until\` are missing
          A waiver says which finding is accepted (rule), by whom (owner), why (reason) and until which day (until).
      suite plan-guard.yaml:8:5: waivers[2]: expected \`query\` or \`table\`, found neither
          Name the query, or the table, that is let off.
      suite plan-guard.yaml:9:39: waivers[3].table: \`table\` belongs to rules, and missing is about a plan
          Name the query instead."
    `);
  });

  test('a column counts characters, not their halves', async () => {
    expect(await fails(`${LEAST}rules: { "🎵é": x }`)).toMatch(
      /^suite plan-guard\.yaml:4:10: rules: unknown key `🎵é`/,
    );
    expect(await fails(`${LEAST}defaults: { a: "🎵", "@b": 1 }`)).toMatch(/^suite plan-guard\.yaml:4:21: /);
  });

  test('what an anchor holds is found fault with once, where it is written', async () => {
    expect(
      await fails(
        'schema: schema.sql\nqueries:\n  - { file: queries/x.sql, rules: &r { protect: a.b.c } }\n  - { file: queries/y.sql, rules: *r }\n',
      ),
    ).toMatch(/^suite plan-guard\.yaml:3:49: queries\[0\]\.rules\.protect: expected a table, found `a\.b\.c`\n.*$/);
  });
});

test('whatever a suite is damaged into, it loads or says what is wrong', async () => {
  const folder = await makeFolder(NAMED_FILES);
  const file = join(folder, 'plan-guard.yaml');
  await writeFile(file, WHOLE);
  expect(await transcript(folder, () => loadSuite(file))).toBe('no error');
  const damage = fc.constantFrom(
    '',
    ' ',
    '\n',
    '\t',
    ':',
    '-',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '!!set ',
    '? ',
    '~',
    '"',
    "'",
    '|',
    '#',
    '0',
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(WHOLE.length), fc.nat(8), damage, async (start, length, inserted) => {
      await writeFile(file, WHOLE.slice(0, start) + inserted + WHOLE.slice(start + length));
      // transcript throws whatever is not an expected failure.
      expect(await transcript(folder, () => loadSuite(file))).toMatch(/^(no error$|suite plan-guard\.yaml:\d+:\d+: )/);
    }),
    { numRuns: 300 },
  );
});

describe('aliases that lead astray', () => {
  test('to nothing', async () => {
    expect(await failsWith('defaults: { a: *x }')).toBe(
      [
        'suite plan-guard.yaml:4:16: The alias `*x` has no anchor above it',
        '    Quote the value where it is text, or anchor one with `&x`.',
      ].join('\n'),
    );
    expect(await failsWith('defaults: { a: &values 1, b: *value }')).toBe(
      'suite plan-guard.yaml:4:30: The alias `*value` has no anchor above it\n    Did you mean `values`?',
    );
  });

  test('into themselves', async () => {
    expect(await failsWith('defaults: { a: &x [1, *x] }')).toBe(
      'suite plan-guard.yaml:4:23: The alias `*x` stands inside its own anchor\n    Write the value out.',
    );
  });

  test('to billions of values', async () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inner = level === 0 ? '1' : `*a${level - 1}`;
      return `  a${level}: &a${level} [${Array(9).fill(inner).join(', ')}]`;
    });
    expect(await failsWith(`defaults:\n${levels.join('\n')}`)).toBe(
      'suite plan-guard.yaml:1:1: The aliases unfold to more than 100000 values\n    Use fewer aliases inside anchored values.',
    );
  });

  test('deeper and deeper', async () => {
    const levels = Array.from(
      { length: 200 },
      (_, level) => `  a${level}: &a${level} [${level === 0 ? 1 : `*a${level - 1}`}]`,
    );
    expect(await failsWith(`defaults:\n${levels.join('\n')}`)).toBe(
      'suite plan-guard.yaml:1:1: The aliases unfold to more than 128 levels\n    Use fewer aliases inside anchored values.',
    );
  });

  test.each([
    ['[', '['.repeat(20_000)],
    ['- ', '- '.repeat(20_000)],
    ['{a: ', '{a: '.repeat(20_000)],
  ])('values nested without end: %s', async (_, yaml) => {
    expect(await fails(yaml)).toMatch(
      /^suite plan-guard\.yaml:1:\d+: Nested deeper than 64 levels\n {4}Flatten the value\.$/,
    );
  });
});
