import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { KEYS } from './keys.js';
import { loadSuite } from './load.js';
import { makeFolder, NAMED_FILES, transcript } from './testing/folder.js';

interface Described {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly description?: string;
  readonly examples?: readonly unknown[];
}

const text = await readFile(new URL('suite.schema.json', import.meta.url), 'utf8');
const schema = JSON.parse(text);
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictTypes: false });
const validate = ajv.compile(schema);

const objects: Record<keyof Omit<typeof KEYS, 'changes'>, Described> = {
  suite: schema,
  postgres: schema.properties.postgres,
  rules: schema.definitions.rules,
  indexOnly: schema.definitions.indexOnly.anyOf[1],
  onlyIndexes: schema.definitions.onlyIndexes,
  query: schema.properties.queries.items,
  knownBad: schema.properties['known-bad'].items,
  plans: schema.definitions.plans,
  waiver: schema.definitions.waiver,
};

const resolved = (described: Described): Described => {
  if (described.$ref === undefined) return described;
  const name = described.$ref.replace('#/definitions/', '');
  return { ...resolved(schema.definitions[name]), ...described };
};

describe.each(Object.entries(objects))('%s', (name, { properties = {} }) => {
  const keys = KEYS[name as keyof typeof KEYS];

  test('the schema and the loader know the same keys', () => {
    expect(Object.keys(properties).sort()).toEqual([...keys].sort());
  });

  test('every key is described, with examples that are valid', () => {
    for (const [key, property] of Object.entries(properties)) {
      const { description, examples = [] } = resolved(property);
      expect(description, key).toMatch(/\.$/);
      expect(examples.length, key).toBeGreaterThan(0);
      const validExample = ajv.compile({ definitions: schema.definitions, ...property });
      for (const example of examples) {
        expect(validExample(example), `${key}: ${JSON.stringify(example)}`).toBe(true);
      }
    }
  });
});

const base = { schema: 'schema.sql', protect: 'tracks', queries: [{ file: 'queries/x.sql' }] };
const waiver = { rule: 'protect', query: 'x', owner: 'us', reason: 'a reason', until: '2026-12-31' };
const load = async (suite: unknown) => {
  const folder = await makeFolder({ ...NAMED_FILES, 'plan-guard.yaml': JSON.stringify(suite) });
  return transcript(folder, () => loadSuite(join(folder, 'plan-guard.yaml')));
};

test.each([
  ['the least', {}],
  ['a schema address', { $schema: 'x.json' }],
  [
    'settings of every kind',
    { postgres: { settings: { jit: false, random_page_cost: 1.1, work_mem: '32MB', 'a.b': '' } } },
  ],
  [
    'an engine and extensions',
    { postgres: { engine: 'pglite', locale: 'de_DE.UTF-8', role: 'app', extensions: ['pg_trgm', 'vector'] } },
  ],
  ['a native server', { postgres: { engine: 'native', version: 15, binDir: '/usr/lib/postgresql/15/bin' } }],
  ['a container of a version', { postgres: { engine: 'container', version: 14 } }],
  ['a container of an image', { postgres: { engine: 'container', image: 'registry.example:5000/team/postgres:15-x' } }],
  ['an existing database', { postgres: { engine: 'url', role: 'app' } }],
  ['an existing database without a schema', { schema: undefined, postgres: { engine: 'url' } }],
  ['one statistics file', { statistics: 'statistics/incident-day.json' }],
  ['statistics with names', { statistics: { a: 'statistics/incident-day.json', b: 'statistics/year-later.json' } }],
  [
    'every rule',
    {
      rules: {
        protect: ['a', 'b.c', '"d.e"'],
        'no-seq-scan': 'x',
        'index-only': ['y', { table: 'z' }, { table: 'w', index: 'i' }],
        'only-indexes': { table: 't', indexes: 'i' },
      },
    },
  ],
  [
    'scenarios and values of every kind',
    { defaults: { a: null }, scenarios: { x: { b: [1, { c: true }] }, y: {}, z: null } },
  ],
  [
    'types',
    {
      types: {
        a: 'int',
        b: 'int[]',
        c: 'numeric(10, 2)',
        d: 'timestamp(3) with time zone',
        e: 'public."Mood"[]',
        f: 'double precision',
      },
    },
  ],
  [
    'a module with a matrix',
    { queries: [{ module: 'src/profile.js', export: 'x', matrix: { sort: ['a', 1, null] } }] },
  ],
  [
    'parameters',
    { queries: [{ file: 'queries/x.sql', parameters: ['a', 'a'], types: { a: 'int' }, rules: { protect: 'x' } }] },
  ],
  [
    'a known-bad query',
    { 'known-bad': [{ file: 'known-bad/x.sql', name: 'x', scenarios: 'all', 'must-fail': 'protect' }] },
  ],
  [
    'the rest',
    {
      name: 'x y',
      seed: ['seed.sql'],
      unverified: 'warn',
      'trusted-functions': ['f', 's.g'],
      'module-timeout': '1.5s',
    },
  ],
  ['a folder of plans', { plans: '../plans/x' }],
  ['plans', { plans: { missing: 'warn', changed: 'fail', dearer: 'warn', unused: 'fail', edited: 'warn' } }],
  ['how much dearer a plan may be', { plans: { folder: 'approved', 'dearer-factor': 1.5 } }],
  [
    'waivers',
    {
      waivers: [
        { rule: 'protect', table: 'a.b', owner: 'us', reason: 'x y', until: '2026-12-31' },
        { rule: 'dearer', query: 'x', statement: 2, scenario: 's', owner: 'us', reason: 'x', until: '2028-02-29' },
      ],
    },
  ],
  ['an age of statistics', { statistics: 'statistics/year-later.json', 'max-age': '90d' }],
])('both accept %s', async (_, part) => {
  const suite = JSON.parse(JSON.stringify({ ...base, ...part }));
  expect(validate(suite), JSON.stringify(validate.errors)).toBe(true);
  expect(await load(suite)).toBe('no error');
});

test.each([
  ['a list', []],
  ['nothing', null],
  ['no schema', { ...base, schema: undefined }],
  ['no queries', { ...base, queries: undefined }],
  ['an empty list of queries', { ...base, queries: [] }],
  ['an unknown key', { ...base, seeds: 'seed.sql' }],
  ['an empty name', { ...base, name: '' }],
  ['a name of two lines', { ...base, name: 'a\nb' }],
  ['a name of blanks', { ...base, name: ' ' }],
  ['a number as a name', { ...base, name: 5 }],
  ['no text as a schema address', { ...base, $schema: 1 }],
  ['an unknown engine', { ...base, postgres: { engine: 'oracle' } }],
  ['an unknown key of postgres', { ...base, postgres: { engin: 'pglite' } }],
  ['a version of PGlite', { ...base, postgres: { version: 15 } }],
  ['a version that is too old', { ...base, postgres: { engine: 'native', version: 13 } }],
  ['a version as text', { ...base, postgres: { engine: 'native', version: '15' } }],
  ['a minor version', { ...base, postgres: { engine: 'native', version: 15.4 } }],
  ['a folder of programs of a container', { ...base, postgres: { engine: 'container', binDir: '/bin' } }],
  ['an image of a native server', { ...base, postgres: { engine: 'native', image: 'postgres:15' } }],
  ['an image that is an option', { ...base, postgres: { engine: 'container', image: '--privileged' } }],
  [
    'statistics of an existing database',
    { ...base, postgres: { engine: 'url' }, statistics: 'statistics/incident-day.json' },
  ],
  ['a locale that is not one', { ...base, postgres: { locale: 'C --x' } }],
  ['an extension that is a path', { ...base, postgres: { extensions: ['../x'] } }],
  ['a setting that has no name', { ...base, postgres: { settings: { 'a b': 1 } } }],
  ['a setting that is a list', { ...base, postgres: { settings: { a: [1] } } }],
  ['a setting that is null', { ...base, postgres: { settings: { a: null } } }],
  ['no schema file', { ...base, schema: [] }],
  ['a schema file twice', { ...base, schema: ['schema.sql', 'schema.sql'] }],
  ['statistics as a list', { ...base, statistics: ['statistics/incident-day.json'] }],
  ['no statistics', { ...base, statistics: {} }],
  ['a table with its database', { ...base, protect: 'a.b.c' }],
  ['a table with a blank', { ...base, protect: 'a b' }],
  ['no table', { ...base, protect: [] }],
  ['a switch for a rule', { ...base, rules: { 'no-seq-scan': true } }],
  ['an unknown rule', { ...base, rules: { 'no-seqscan': 'a' } }],
  ['index-only without a table', { ...base, rules: { 'index-only': { index: 'i' } } }],
  ['index-only with an unknown key', { ...base, rules: { 'index-only': { table: 't', indexes: 'i' } } }],
  ['only-indexes without indexes', { ...base, rules: { 'only-indexes': { table: 't' } } }],
  ['only-indexes without a table', { ...base, rules: { 'only-indexes': { indexes: 'i' } } }],
  ['only-indexes as text', { ...base, rules: { 'only-indexes': 't' } }],
  ['a default with a sign', { ...base, defaults: { '@a': 1 } }],
  ['defaults that are a list', { ...base, defaults: [1] }],
  ['a type that ends the statement', { ...base, types: { a: 'int); drop table x' } }],
  ['a type that is a number', { ...base, types: { a: 5 } }],
  ['a scenario named all', { ...base, scenarios: { all: {} } }],
  ['a scenario with =', { ...base, scenarios: { 'a=b': {} } }],
  ['a scenario that is a list', { ...base, scenarios: { a: [1] } }],
  ['no scenario', { ...base, scenarios: {} }],
  ['a query that is text', { ...base, queries: ['queries/x.sql'] }],
  ['a query with file and module', { ...base, queries: [{ file: 'queries/x.sql', module: 'src/profile.js' }] }],
  ['a query without either', { ...base, queries: [{ name: 'x' }] }],
  ['an export without a module', { ...base, queries: [{ file: 'queries/x.sql', export: 'x' }] }],
  ['parameters of a module', { ...base, queries: [{ module: 'src/profile.js', parameters: ['x'] }] }],
  ['a parameter with a sign', { ...base, queries: [{ file: 'queries/x.sql', parameters: [':x'] }] }],
  ['an empty matrix', { ...base, queries: [{ file: 'queries/x.sql', matrix: {} }] }],
  ['a matrix of values', { ...base, queries: [{ file: 'queries/x.sql', matrix: { a: 1 } }] }],
  ['a matrix with a value twice', { ...base, queries: [{ file: 'queries/x.sql', matrix: { a: [1, 1] } }] }],
  ['all among scenarios', { ...base, queries: [{ file: 'queries/x.sql', scenarios: ['all'] }] }],
  ['must-fail of a query', { ...base, queries: [{ file: 'queries/x.sql', 'must-fail': 'protect' }] }],
  ['known-bad without must-fail', { ...base, 'known-bad': [{ file: 'known-bad/x.sql' }] }],
  ['known-bad with an unknown rule', { ...base, 'known-bad': [{ file: 'known-bad/x.sql', 'must-fail': 'x' }] }],
  ['no known-bad query', { ...base, 'known-bad': [] }],
  ['an unknown word for unverified', { ...base, unverified: 'pass' }],
  ['a function with arguments', { ...base, 'trusted-functions': 'f(a int)' }],
  ['a timeout without a unit', { ...base, 'module-timeout': 10 }],
  ['an age without a unit', { ...base, statistics: 'statistics/year-later.json', 'max-age': 90 }],
  ['an age of nothing', { ...base, statistics: 'statistics/year-later.json', 'max-age': '0d' }],
  ['an age without statistics', { ...base, 'max-age': '90d' }],
  ['no plans', { ...base, plans: {} }],
  ['plans as a switch', { ...base, plans: true }],
  ['an unknown key of plans', { ...base, plans: { dir: 'x' } }],
  ['an unknown word for missing', { ...base, plans: { missing: 'error' } }],
  ['a factor of one', { ...base, plans: { 'dearer-factor': 1 } }],
  ['a factor as text', { ...base, plans: { 'dearer-factor': '3' } }],
  ['no waiver', { ...base, waivers: [] }],
  ['a waiver without an owner', { ...base, waivers: [{ ...waiver, owner: undefined }] }],
  ['a waiver without a reason', { ...base, waivers: [{ ...waiver, reason: undefined }] }],
  ['a waiver without an end', { ...base, waivers: [{ ...waiver, until: undefined }] }],
  ['a waiver of everything', { ...base, waivers: [{ ...waiver, query: undefined }] }],
  ['a waiver of an unknown rule', { ...base, waivers: [{ ...waiver, rule: 'seq-scan' }] }],
  ['a waiver until some time', { ...base, waivers: [{ ...waiver, until: 'summer' }] }],
  ['a waiver until a day of another calendar', { ...base, waivers: [{ ...waiver, until: '2026-13-01' }] }],
  ['a waiver of a change of a table', { ...base, waivers: [{ ...waiver, rule: 'changed', table: 'orders' }] }],
  ['a waiver with an unknown key', { ...base, waivers: [{ ...waiver, expires: '2026-12-31' }] }],
  ['a timeout in hours', { ...base, 'module-timeout': '1h' }],
])('both refuse %s', async (_, suite) => {
  expect(validate(JSON.parse(JSON.stringify(suite)))).toBe(false);
  expect(await load(suite)).toMatch(/^suite plan-guard\.yaml:1:\d+: /);
});
