import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { formatStatistics } from './format.js';
import type { Statistics } from './model.js';
import { parseStatistics } from './read.js';

const schema = JSON.parse(await readFile(new URL('statistics.schema.json', import.meta.url), 'utf8'));
const valid = new Ajv({ allErrors: true }).compile(schema);

const size = { relpages: 2, reltuples: 100, relallvisible: 1 };
const column = {
  ...{
    null_frac: 0,
    avg_width: 4,
    n_distinct: -1,
    correlation: -1,
    histogram_bounds: ['1'],
    min_max: ['1', '2'] as const,
  },
  ...{
    most_common_vals: ['x'],
    most_common_freqs: [1],
    most_common_val_hashes: ['ab'],
    redacted: 'stand-ins' as const,
  },
  ...{ most_common_elems: ['x'], most_common_elem_freqs: [1, 1, 1], most_common_elem_hashes: ['ab'] },
  ...{ elem_count_histogram: [1, 1.5], range_length_histogram: ['1'], range_empty_frac: 0, range_bounds_histogram: [] },
};
/** Everything that a file may hold. */
const whole: Statistics = {
  format: 'plan-guard statistics',
  version: 1,
  origin: 'By hand.',
  server_version: '18.4',
  pulled_at: '2026-01-01T00:00:00.000Z',
  settings: { jit: 'off' },
  search_path: 'public',
  row_security: { role: 'app', bypassed: true, tables: ['s.t'] },
  extensions: { plpgsql: '1.0' },
  unshown_ranges: { 's.t': ['period'] },
  unread_min_max: { 's.t': ['c'] },
  extended_statistics: { 's.e': { table: 's.t', kinds: ['mcv'] } },
  unreadable: { 's.t': { reason: 'no privilege', columns: ['c'], indexes: ['i'] } },
  redaction: { key_check: 'ab' },
  tables: {
    's.t': {
      ...size,
      columns: { c: column },
      inherited: { c: column },
      indexes: { i: { ...size, height: 1, valid: false, columns: { expr: column } } },
    },
  },
};

function reads(text: string): boolean {
  try {
    parseStatistics(text, 's.json');
    return true;
  } catch {
    return false;
  }
}

test('the reader and the schema take a file with everything in it', () => {
  const text = formatStatistics(whole);
  expect(parseStatistics(text, 's.json')).toEqual(whole);
  expect(valid(whole), JSON.stringify(valid.errors)).toBe(true);
});

test.each(['incident-day', 'year-later'])('the statistics of the reference case are valid: %s', async (name) => {
  const file = new URL(`../../fixtures/audius/statistics/${name}.json`, import.meta.url);
  const text = await readFile(file, 'utf8');
  expect(valid(JSON.parse(text)), JSON.stringify(valid.errors)).toBe(true);
  expect(formatStatistics(parseStatistics(text, name))).toBe(text);
});

test.each([
  ['"version": 1', '"version": 2'],
  ['"origin": "By hand."', '"orign": "By hand."'],
  ['"pulled_at": "2026', '"pulled_at": "26'],
  ['"jit": "off"', '"jit": false'],
  ['"bypassed": true', '"bypassed": "true"'],
  ['"kinds": ["mcv"]', '"kinds": "mcv"'],
  ['"no privilege"', '"bad luck"'],
  ['"key_check": "ab"', '"key": "ab"'],
  ['"stand-ins"', '"somehow"'],
  ['"s.t": {\n      "relpages"', '"t": {\n      "relpages"'],
  ['"null_frac": 0', '"null_frac": 1.5'],
  ['"avg_width": 4', '"avg_width": -4'],
  ['"most_common_vals": ["x"]', '"most_common_vals": [1]'],
  ['"correlation": -1', '"correlation": "-1"'],
  ['"min_max": ["1", "2"]', '"min_max": ["1"]'],
  ['"min_max": ["1", "2"]', '"min_max": ["1", "2", "3"]'],
  ['"min_max": ["1", "2"]', '"min_max": [1, 2]'],
  ['"unread_min_max": {\n    "s.t": ["c"]', '"unread_min_max": {\n    "s.t": "c"'],
  ['"valid": false', '"valid": true'],
  ['"height": 1', '"height": 99'],
  ['"relallvisible": 1', '"relallvisible": 1.5'],
])('neither takes %s written as %s', (before, after) => {
  const text = formatStatistics(whole);
  expect(text).toContain(before);
  const broken = text.replace(before, after);
  expect(reads(broken)).toBe(false);
  expect(valid(JSON.parse(broken))).toBe(false);
});

test('the format knows the order of every key of the schema', () => {
  const text = formatStatistics(whole);
  const keys = ['column', 'index', 'table'].map((name) => Object.keys(schema.$defs[name].properties));
  expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(schema.properties));
  for (const key of keys.flat()) expect(text).toContain(`"${key}": `);
});
