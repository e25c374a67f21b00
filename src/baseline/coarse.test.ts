import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coarse, largestOf } from './coarse.js';

test.each([
  [0, 0],
  [0.004, 0.005],
  [1, 1],
  [2.37, 2],
  [25.93, 30],
  [27.06, 30],
  [134.99, 150],
  [98, 100],
  [19_773.68, 20_000],
])('%d is about %d', (number, expected) => {
  expect(coarse(number)).toBe(expected);
});

test('stays within 30 %, keeps the order of numbers, and leaves a coarse number as it is', () => {
  const positive = fc.double({ min: 1e-300, max: 1e300, noNaN: true });
  fc.assert(
    fc.property(positive, positive, (a, b) => {
      expect(Math.max(coarse(a) / a, a / coarse(a))).toBeLessThan(1.3);
      expect(coarse(Math.min(a, b))).toBeLessThanOrEqual(coarse(Math.max(a, b)));
      expect(coarse(coarse(a))).toBe(coarse(a));
    }),
  );
});

test('the largest number that a coarse one stands for is the last that rounds to it', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (number) => {
      const largest = largestOf(coarse(number));
      expect(number).toBeLessThanOrEqual(largest * (1 + 1e-12));
      expect([coarse(largest * (1 - 1e-9)), coarse(largest * (1 + 1e-9)) > coarse(number)]).toEqual([
        coarse(number),
        true,
      ]);
    }),
  );
  expect([largestOf(0), Math.round(largestOf(50)), Math.round(largestOf(70))]).toEqual([0, 59, 84]);
});
