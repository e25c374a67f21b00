import { expect, test } from 'vitest';
import { compareStatistics } from './compare.js';
import type { ColumnStatistics, Statistics } from './model.js';

const column: ColumnStatistics = {
  ...{ null_frac: 0.1, avg_width: 8, n_distinct: 100, correlation: 0.5 },
  ...{ most_common_vals: ['x', 'y'], most_common_freqs: [0.4, 0.2] },
};
const size = { relpages: 100, reltuples: 1000, relallvisible: 0 };

function statistics(change: Partial<ColumnStatistics> = {}, more: Partial<Statistics> = {}, pages = 100): Statistics {
  return {
    format: 'plan-guard statistics',
    version: 1,
    origin: '-',
    server_version: '18.4',
    tables: {
      's.t': {
        ...size,
        relpages: pages,
        columns: { c: { ...column, ...change } },
        indexes: { i: { ...size, height: 1, columns: { expr: column } } },
      },
    },
    ...more,
  };
}

const changes = (after: Statistics, threshold = 0.1) => compareStatistics(statistics(), after, threshold);
const place = { table: 's.t', column: 'c' };

test('the same statistics are the same, whenever they were pulled', () => {
  const pulled = statistics({}, { origin: 'other', pulled_at: '2026-01-01T00:00:00.000Z' });
  expect(changes(pulled, 0)).toEqual({ changes: [], small: 0 });
});

test('what grows by less than the threshold is small', () => {
  expect(changes(statistics({}, {}, 105))).toEqual({ changes: [], small: 1 });
  expect(changes(statistics({}, {}, 105), 0).changes).toEqual([
    { kind: 'pages', table: 's.t', before: 100, after: 105 },
  ]);
  expect(changes(statistics({}, {}, 200)).changes).toEqual([{ kind: 'pages', table: 's.t', before: 100, after: 200 }]);
});

test.each<[Partial<ColumnStatistics>, unknown[]]>([
  [{ null_frac: 0.105 }, []],
  [{ null_frac: 0.12 }, [{ kind: 'null-fraction', ...place, before: 0.1, after: 0.12 }]],
  [{ n_distinct: 105 }, []],
  [{ n_distinct: 300 }, [{ kind: 'distinct', ...place, before: 100, after: 300 }]],
  // The same number of 1000 rows, told as a share of them.
  [{ n_distinct: -0.1 }, []],
  [{ n_distinct: -1 }, [{ kind: 'distinct', ...place, before: 100, after: -1 }]],
  [{ avg_width: 16 }, [{ kind: 'width', ...place, before: 8, after: 16 }]],
  [{ correlation: 0.6 }, []],
  [{ correlation: 0 }, [{ kind: 'correlation', ...place, before: 0.5, after: 0 }]],
  [{ most_common_freqs: [0.1, 0.2] }, [{ kind: 'common-value', ...place, value: 'x', before: 0.4, after: 0.1 }]],
  [
    { most_common_vals: ['x', 'z'] },
    [
      { kind: 'common-value-went', ...place, value: 'y', frequency: 0.2 },
      { kind: 'common-value-came', ...place, value: 'z', frequency: 0.2 },
    ],
  ],
  [{ most_common_vals: ['x', 'y', 'z'], most_common_freqs: [0.4, 0.2, 0.001] }, []],
])('a column with %j', (change, expected) => {
  expect(changes(statistics(change)).changes).toEqual(expected);
});

test('other ends of a column are a small difference', () => {
  expect(changes(statistics({ min_max: ['a', 'z'] }), 0)).toEqual({ changes: [], small: 1 });
});

test('tables, indexes, columns, settings and the server', () => {
  const after = statistics({}, { server_version: '19.0', settings: { work_mem: '8MB' } });
  const table = after.tables['s.t'];
  if (table === undefined) throw new Error('there is a table');
  const other = {
    ...after,
    tables: {
      's.t': {
        ...table,
        columns: { d: column },
        indexes: { i: { ...size, height: 2, valid: false as const, columns: { expr: column } }, j: size },
      },
      's.u': table,
    },
  };
  expect(compareStatistics(statistics({}, { settings: { jit: 'off' } }), other, 0.1).changes).toEqual([
    { kind: 'server-version', name: 'server_version', before: '18.4', after: '19.0' },
    { kind: 'setting', name: 'jit', before: 'off', after: undefined },
    { kind: 'setting', name: 'work_mem', before: undefined, after: '8MB' },
    { kind: 'index-height', table: 's.t', index: 'i', before: 1, after: 2 },
    { kind: 'index-validity', name: 's.t i', before: 'valid', after: 'invalid' },
    { kind: 'index-added', table: 's.t', index: 'j' },
    { kind: 'column-removed', table: 's.t', column: 'c' },
    { kind: 'column-added', table: 's.t', column: 'd' },
    { kind: 'table-added', table: 's.u' },
  ]);
  expect(compareStatistics(other, statistics(), 0.1).changes).toContainEqual({ kind: 'table-removed', table: 's.u' });
});

test('redacted values are told apart by their hashes, and not compared across keys', () => {
  const redacted = (values: string[], hashes: string[], key: string) =>
    statistics(
      { redacted: 'stand-ins', most_common_vals: values, most_common_val_hashes: hashes },
      { redaction: { key_check: key } },
    );
  const before = redacted(['00000001', '00000002'], ['aa', 'bb'], 'k');
  expect(compareStatistics(before, redacted(['00000005', '00000006'], ['aa', 'bb'], 'k'), 0.1).changes).toEqual([]);
  expect(compareStatistics(before, redacted(['00000001', '00000002'], ['aa', 'cc'], 'k'), 0.1).changes).toHaveLength(2);
  expect(compareStatistics(before, redacted(['00000001', '00000002'], ['dd', 'ee'], 'l'), 0.1).changes).toEqual([]);
});
