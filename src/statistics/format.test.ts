import { expect, test } from 'vitest';
import { formatStatistics } from './format.js';
import type { Statistics } from './model.js';
import { parseStatistics } from './read.js';

const size = { reltuples: 10.5, relallvisible: 1, relpages: 2 };
const column = { n_distinct: -1, avg_width: 4, null_frac: 1 / 3 };
const statistics: Statistics = {
  tables: {
    'public.b': { indexes: {}, columns: {}, ...size },
    'public.a': {
      indexes: {
        b_lower: { ...size, columns: { lower: column }, valid: false, height: 1 },
        a_pkey: { ...size },
      },
      columns: {
        version: {
          ...column,
          most_common_freqs: [0.5, 1e-9],
          most_common_vals: ['"', 'é\n'],
          histogram_bounds: ['1'],
          min_max: ['0', '2'],
        },
        columns: column,
      },
      inherited: { z: column, a: column },
      ...size,
    },
  },
  server_version: '18.4',
  origin: 'by hand, for a test',
  version: 1,
  format: 'plan-guard statistics',
};

test('the text has one line for each fact, in a fixed order, names sorted', () => {
  expect(formatStatistics(statistics)).toMatchInlineSnapshot(`
    "{
      "format": "plan-guard statistics",
      "version": 1,
      "origin": "by hand, for a test",
      "server_version": "18.4",
      "tables": {
        "public.a": {
          "relpages": 2,
          "reltuples": 10.5,
          "relallvisible": 1,
          "columns": {
            "columns": {
              "null_frac": 0.3333333333333333,
              "avg_width": 4,
              "n_distinct": -1
            },
            "version": {
              "null_frac": 0.3333333333333333,
              "avg_width": 4,
              "n_distinct": -1,
              "most_common_vals": ["\\"", "é\\n"],
              "most_common_freqs": [0.5, 1e-9],
              "histogram_bounds": ["1"],
              "min_max": ["0", "2"]
            }
          },
          "inherited": {
            "a": {
              "null_frac": 0.3333333333333333,
              "avg_width": 4,
              "n_distinct": -1
            },
            "z": {
              "null_frac": 0.3333333333333333,
              "avg_width": 4,
              "n_distinct": -1
            }
          },
          "indexes": {
            "a_pkey": {
              "relpages": 2,
              "reltuples": 10.5,
              "relallvisible": 1
            },
            "b_lower": {
              "relpages": 2,
              "reltuples": 10.5,
              "relallvisible": 1,
              "height": 1,
              "valid": false,
              "columns": {
                "lower": {
                  "null_frac": 0.3333333333333333,
                  "avg_width": 4,
                  "n_distinct": -1
                }
              }
            }
          }
        },
        "public.b": {
          "relpages": 2,
          "reltuples": 10.5,
          "relallvisible": 1,
          "columns": {},
          "indexes": {}
        }
      }
    }
    "
  `);
});

test('reading and formatting again gives the same bytes and the same facts', () => {
  const text = formatStatistics(statistics);
  const read = parseStatistics(text, 's.json');
  expect(read).toEqual(statistics);
  expect(formatStatistics(read)).toBe(text);
});
