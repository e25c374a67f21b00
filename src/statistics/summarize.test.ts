import { expect, test } from 'vitest';
import type { Statistics } from './model.js';
import { summarizeStatistics } from './summarize.js';

const statistics: Statistics = {
  format: 'plan-guard statistics',
  version: 1,
  origin: 'By hand.',
  server_version: '15.18',
  pulled_at: '2026-01-01T12:00:00.000Z',
  settings: { work_mem: '8MB' },
  extended_statistics: { 's.both': { table: 's.big', kinds: ['mcv'] } },
  unreadable: {
    's.closed': { reason: 'no privilege' },
    's.big': { reason: 'no privilege', columns: ['a', 'b'], indexes: ['big_lower'] },
    's.new': { reason: 'never analysed' },
  },
  unread_min_max: { 's.big': ['at', 'id'] },
  tables: {
    's.small': { relpages: -1, reltuples: -1, relallvisible: 0, columns: {}, indexes: {} },
    's.big': {
      relpages: 10,
      reltuples: 100,
      relallvisible: 0,
      columns: {
        x: { null_frac: 0, avg_width: 4, n_distinct: 1, redacted: 'left-out' },
        y: { null_frac: 0, avg_width: 4, n_distinct: 1, redacted: 'stand-ins' },
      },
      indexes: { big_pkey: { relpages: 2, reltuples: 100, relallvisible: 0, height: 1, valid: false } },
    },
  },
};

test('sizes, the age, and what is not in the file', () => {
  expect(summarizeStatistics(statistics, new Date('2026-01-15T11:00:00Z'))).toEqual({
    origin: 'By hand.',
    server_version: '15.18',
    pulled_at: '2026-01-01T12:00:00.000Z',
    age_days: 13,
    bytes: 12 * 8192,
    settings: { work_mem: '8MB' },
    tables: [
      {
        ...{ name: 's.big', rows: 100, pages: 10, bytes: 81920, columns: 2, redacted: 2 },
        indexes: [{ name: 'big_pkey', pages: 2, bytes: 16384, height: 1, valid: false }],
      },
      { name: 's.small', rows: -1, pages: -1, bytes: 0, columns: 0, redacted: 0, indexes: [] },
    ],
    missing: [
      's.closed: the role may not read them.',
      's.big: columns a, b; expressions of big_lower: the role may not read them.',
      's.new: never analysed, there are no statistics of its columns.',
      's.big: columns at, id: their smallest and largest values (--min-max) could not be read.',
      's.both on s.big (CREATE STATISTICS: mcv): cannot be restored before PostgreSQL 19.',
      's.big: columns x: values were left out when redacted.',
    ],
  });
});

test('a file without a date has no age', () => {
  const { pulled_at, ...undated } = statistics;
  expect(summarizeStatistics(undated, new Date())).toMatchObject({ pulled_at: undefined, age_days: undefined });
});
