import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatWhere, type PlanGuardError, PlanGuardErrors } from '../errors.js';
import { formatStatistics } from './format.js';
import type { Statistics } from './model.js';
import { parseStatistics, readStatistics } from './read.js';

const size = { relpages: 2, reltuples: 100, relallvisible: 1 };
const good: Statistics = {
  format: 'plan-guard statistics',
  version: 1,
  origin: 'by hand, for a test',
  server_version: '18.4',
  tables: {
    'public.t': {
      ...size,
      columns: {
        a: {
          null_frac: 0,
          avg_width: 4,
          n_distinct: -1,
          most_common_vals: ['1', '2'],
          most_common_freqs: [0.5, 0.25],
          correlation: 1,
        },
      },
      indexes: { t_pkey: { ...size, height: 1 } },
    },
  },
};
const text = formatStatistics(good);

/** Each error as `line:column message`. */
function faults(broken: string): string[] {
  try {
    parseStatistics(broken, 's.json');
  } catch (error) {
    const errors = error instanceof PlanGuardErrors ? error.errors : [error as PlanGuardError];
    return errors.map(({ code, where, message, hint }) => {
      expect(code).toBe('statistics');
      expect(where?.file).toBe('s.json');
      expect(hint).toBeTruthy();
      return `${formatWhere({ ...where, file: '' }).slice(1)} ${message}`;
    });
  }
  return [];
}

/** The text with one change, which must change something. */
function change(before: string, after: string, of = text): string {
  expect(of).toContain(before);
  return of.replace(before, () => after);
}

test('a file is read as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plan-guard-test-'));
  try {
    const file = join(folder, 's.json');
    await writeFile(file, text);
    expect(await readStatistics(file)).toEqual(good);
    await expect(readStatistics(join(folder, 'none.json'))).rejects.toMatchObject({
      code: 'file',
      message: 'The statistics file cannot be read: there is no such file',
      where: { file: join(folder, 'none.json') },
    });
    await expect(readStatistics(folder)).rejects.toMatchObject({ code: 'file' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  ['"null_frac": 0,', '"null_frac": 2,', '13:24', 'null_frac: expected a number from 0 to 1, found 2'],
  ['"null_frac": 0,', '"null_frac": "0",', '13:24', 'null_frac: expected a number from 0 to 1, found "0"'],
  ['"null_frac": 0,', '"null_frac": null,', '13:24', 'null_frac: expected a number from 0 to 1, found null'],
  ['"null_frac": 0,', '"null_frac": 1e999,', '13:24', 'null_frac: expected a number from 0 to 1, found null'],
  ['"avg_width": 4', '"avg_width": 4.5', '14:24', 'avg_width: expected an integer from 0 to 2147483647, found 4.5'],
  ['"n_distinct": -1', '"n_distinct": -2', '15:25', 'n_distinct: expected a number of at least -1, found -2'],
  ['[0.5, 0.25]', '[0.5, 1.25]', '17:38', 'most_common_freqs: 1: expected a number from 0 to 1, found 1.25'],
  ['"2"]', '2]', '16:37', 'most_common_vals: 1: expected a text, found 2'],
  ['["1", "2"]', '"{1,2}"', '16:31', 'most_common_vals: expected an array, found "{1,2}"'],
  ['"correlation"', '"corelation"', '18:11', 'corelation: unknown key'],
  ['"avg_width": 4,', '', '12:9', 'avg_width is missing'],
  ['[0.5, 0.25]', '[0.5]', '12:9', 'most_common_vals: 2 values and 1 frequencies do not go together'],
  ['"relpages": 2', '"relpages": -7', '8:19', 'relpages: expected an integer from -1 to 2147483647, found -7'],
  ['"reltuples": 100', '"reltuples": -2', '9:20', 'reltuples: expected a number of at least -1, found -2'],
  ['"height": 1', '"height": 40', '26:21', 'height: expected an integer from 0 to 31, found 40'],
  ['"public.t"', '"t"', '7:5', 't: expected a name with its schema: schema.name'],
  ['plan-guard statistics', 'pg_dump', '2:13', 'format: expected "plan-guard statistics", found "pg_dump"'],
])('%s written as %s is found at its place', (before, after, where, message) => {
  const found = faults(change(before, after));
  expect(found).toHaveLength(1);
  expect(found[0]?.split(' ')[0]).toBe(where);
  expect(found[0]).toContain(message);
});

test('element frequencies are two or three more than the elements', () => {
  const withElements = (frequencies: string) =>
    change('"correlation": 1', `"most_common_elems": ["x"], "most_common_elem_freqs": ${frequencies}`);
  expect(faults(withElements('[0.1, 0.1, 0.1]'))).toEqual([]);
  expect(faults(withElements('[0.1, 0.1, 0.1, 0]'))).toEqual([]);
  expect(faults(withElements('[0.1]'))).toHaveLength(1);
});

test('everything that is wrong is told at once, with the way to it', () => {
  const broken = change('"relallvisible": 1,', '', change('"null_frac": 0', '"null_frac": -1'));
  expect(faults(change('"origin"', '"orign"', broken))).toEqual([
    '1:1 origin is missing',
    '7:5 tables: public.t: relallvisible is missing',
    '13:24 tables: public.t: columns: a: null_frac: expected a number from 0 to 1, found -1',
    '4:3 orign: unknown key',
  ]);
});

test('a file of a newer version asks for a newer plan-guard, and for nothing else', () => {
  const newer = change('"version": 1', '"version": 2', change('"correlation"', '"something_new"'));
  expect(faults(newer)).toEqual([
    '3:14 version: this plan-guard reads version 1 of statistics files, and this is version 2',
  ]);
});

test.each([
  ['', '1:1 The statistics file is not JSON: expected a value, found the end of the file'],
  ['{"a": [1, 2,]}', '1:13 The statistics file is not JSON: expected a value, found ]'],
  ['{\n  "a": 1,\n}', '3:1 The statistics file is not JSON: expected a key in double quotes, found }'],
  ['{"a" 1}', '1:6 The statistics file is not JSON: expected a colon, found 1'],
  ['{"a": 1\n "b": 2}', '2:2 The statistics file is not JSON: expected a comma or }, found "b"'],
  ['{"é🎉": nul}', '1:8 The statistics file is not JSON: expected JSON, found nul}'],
  ['{"a": "x\ny"}', '1:7 The statistics file is not JSON: expected JSON, found "x'],
  ['{"a": 1} more', '1:10 The statistics file is not JSON: expected JSON, found more'],
  ['<<<<<<< HEAD', '1:1 The statistics file is not JSON: expected JSON, found <<<<<<<'],
])('%j is no JSON, and the place is told', (broken, message) => {
  expect(faults(broken)).toEqual([message]);
});

test.each(['[]', 'null', '3', '"x"'])('%s is JSON and no statistics', (broken) => {
  expect(faults(broken)).toEqual([`1:1 expected an object, found ${broken}`]);
});
