import { expect, test } from 'vitest';
import type { Statistics } from './model.js';
import { scaleStatistics } from './scale.js';

const column = { null_frac: 0.25, avg_width: 4 };
const statistics: Statistics = {
  format: 'plan-guard statistics',
  version: 1,
  origin: 'By hand.',
  server_version: '18.4',
  tables: {
    'a.t': {
      relpages: 100,
      reltuples: 1000,
      relallvisible: 90,
      columns: {
        id: { ...column, n_distinct: -1, histogram_bounds: ['1', '1000'], min_max: ['1', '1200'] },
        owner: { ...column, n_distinct: 300, most_common_vals: ['7'], most_common_freqs: [0.1] },
        status: { ...column, n_distinct: 2, most_common_vals: ['x', 'y'], most_common_freqs: [0.5, 0.5] },
      },
      indexes: {
        t_pkey: { relpages: 5, reltuples: 1000, relallvisible: 0, height: 1 },
        t_lower: {
          ...{ relpages: 5, reltuples: 1000, relallvisible: 0, height: 1, valid: false },
          columns: { lower: { ...column, n_distinct: 10 } },
        },
      },
    },
    'b.t': { relpages: -1, reltuples: 50, relallvisible: 0, columns: {}, inherited: {}, indexes: {} },
    'b.never': { relpages: 0, reltuples: -1, relallvisible: 0, columns: {}, indexes: {} },
  },
};

test('sizes grow, heights go, fractions and bounds stay', () => {
  const scaled = scaleStatistics(statistics, { factor: 10 });
  const table = scaled.tables['a.t'];
  expect(table).toMatchObject({ relpages: 1000, reltuples: 10_000, relallvisible: 900 });
  expect(table?.columns).toEqual(statistics.tables['a.t']?.columns);
  expect(table?.indexes.t_pkey).toEqual({ relpages: 50, reltuples: 10_000, relallvisible: 0 });
  expect(table?.indexes.t_lower).toMatchObject({ relpages: 50, valid: false, columns: { lower: { n_distinct: 10 } } });
  expect(scaled.tables['b.t']).toMatchObject({ relpages: -1, reltuples: 500 });
  expect(scaled.tables['b.never']).toEqual(statistics.tables['b.never']);
  expect(scaled.origin).toBe('By hand. Scaled by 10.');
});

test('numbers of distinct values grow where it is asked for and not all are known', () => {
  const columns = scaleStatistics(statistics, { factor: 10, distinct: true }).tables['a.t']?.columns;
  expect(columns).toMatchObject({ id: { n_distinct: -1 }, owner: { n_distinct: 3000 }, status: { n_distinct: 2 } });
});

test('a smaller table has no more distinct values than rows, and never no page', () => {
  const table = scaleStatistics(statistics, { factor: 0.001 }).tables['a.t'];
  expect(table).toMatchObject({ relpages: 1, reltuples: 1, columns: { owner: { n_distinct: 1 } } });
  expect(table?.indexes.t_pkey?.relpages).toBe(1);
});

test('some tables alone', () => {
  const scaled = scaleStatistics(statistics, { factor: 2, tables: ['t'] });
  expect(scaled.tables['a.t']?.reltuples).toBe(2000);
  expect(scaled.tables['b.t']?.reltuples).toBe(100);
  expect(scaled.origin).toBe('By hand. Scaled by 2 (a.t, b.t).');
  expect(scaleStatistics(statistics, { factor: 2, tables: ['a.t'] }).tables['b.t']?.reltuples).toBe(50);
  expect(() => scaleStatistics(statistics, { factor: 2, tables: ['u'] })).toThrow('The statistics have no table u.');
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('%d is no factor', (factor) => {
  expect(() => scaleStatistics(statistics, { factor })).toThrow('The factor must be a number above 0');
});
