import { expect, test } from 'vitest';
import { formatStatistics } from '../statistics/format.js';
import type { Statistics } from '../statistics/model.js';
import type { Suite } from '../suite/model.js';
import { inputsOf } from './plan-inputs.js';
import type { StatisticsSet } from './statistics-sets.js';

const suite = { postgres: { locale: 'C', role: undefined, settings: {} } } as unknown as Suite;

function identityOf(over: Partial<Statistics>): string | undefined {
  const text = formatStatistics({ format: 'plan-guard statistics', version: 1, tables: {}, ...over } as Statistics);
  const set = { named: { name: 'production' }, text } as StatisticsSet;
  return inputsOf(suite, [set], '18.4').statistics.production;
}

test('two pulls of an unchanged database are the same statistics', () => {
  const pulled = { origin: 'the database "shop"', pulled_at: '2026-01-01T00:00:00.000Z', server_version: '15.2' };
  const again = identityOf({ ...pulled, pulled_at: '2026-02-01T00:00:00.000Z' });
  expect(again).toBe(identityOf(pulled));
  expect(again).not.toBe(identityOf({ ...pulled, server_version: '16.1' }));
});
