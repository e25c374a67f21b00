import { expect, test } from 'vitest';
import { diffPlans } from '../diff/diff.js';
import { accessesInPlan } from '../plan/accesses.js';
import { parseTextPlan } from '../plan/parse-text.js';
import { changeWords, dearerWords, growthWords } from './change-words.js';

function words(before: string, after: string): string {
  const read = (text: string) => {
    const lines = text.split('\n').map((line, index) => ({ text: line, line: index + 1 }));
    const plan = parseTextPlan(lines);
    return { plan, accesses: accessesInPlan(plan) };
  };
  return changeWords(diffPlans(read(before), read(after)));
}

const SEQ = 'Seq Scan on public.orders o\n  Filter: (o.id = $1)';
const JOIN = (join: string, inner: string) => `${join}
  ->  Seq Scan on public.orders o
  ->  ${inner}
        ->  Seq Scan on public.users u`;

const below = (head: string, text: string) => `${head}\n  ->  ${text.replace('\n', '\n      ')}`;

test.each([
  [
    'Index Scan using orders_pkey on public.orders o\n  Index Cond: (o.id = $1)',
    SEQ,
    'orders o: through orders_pkey, which is gone → whole table (Seq Scan).',
  ],
  [
    'Tid Scan on public.orders o\n  TID Cond: (o.ctid = $1)',
    'Tid Scan on public.orders o\n  TID Cond: (o.ctid = $2)',
    'orders o: bounded (Tid Scan) as before, but for (o.ctid = $1) → (o.ctid = $2).',
  ],
  ['Result', SEQ, 'orders o: not read → whole table (Seq Scan).'],
  [SEQ, 'Result', 'orders o: whole table (Seq Scan) → not read.'],
  [
    JOIN('Nested Loop', 'Materialize'),
    JOIN('Nested Loop', 'Memoize'),
    'The tables are reached as before, the plan around them is another: Materialize → Memoize.',
  ],
  [
    SEQ,
    below('Sort\n  Sort Key: o.id', SEQ),
    'The tables are reached as before, the plan around them is another: with Sort.',
  ],
  [below('Unique', SEQ), SEQ, 'The tables are reached as before, the plan around them is another: without Unique.'],
  [SEQ, SEQ.replace('o.id = $1', 'o.id > $1'), 'Seq Scan on orders: Filter (o.id = $1) → (o.id > $1).'],
  [SEQ, SEQ.replace(/\n.*$/, ''), 'Seq Scan on orders: Filter (o.id = $1) → none.'],
])('%j → %j', (before, after, sentence) => {
  expect(words(before, after)).toBe(sentence);
});

test('numbers that grew', () => {
  expect(dearerWords({ cost: 40, rows: 7 }, { cost: 12_076.4, rows: 100_003 })).toBe(
    'The plan has the approved shape and is dearer: cost ~40 → 12,076 (× 302), rows ~7 → 100,003 (× 14,286).',
  );
  expect(dearerWords({ cost: 40, rows: 0 }, { cost: 30, rows: 500 })).toBe(
    'The plan has the approved shape and is dearer: rows ~0 → 500.',
  );
  expect(growthWords({ cost: 40, rows: undefined }, { cost: 3, rows: 5 })).toBe('cost ~40 → 3 (× 0.075).');
  expect(growthWords({ cost: 40, rows: 5 }, { cost: 40, rows: 5 })).toBe('');
});
