const STEPS = [1, 1.5, 2, 3, 5, 7, 10];

/**
 * The number of the series 1, 1.5, 2, 3, 5, 7, 10, … that is nearest in proportion: at most 29 % away. Few enough that
 * cases which cost about the same read the same and stand in one line, and far finer than what counts as dearer.
 * @param number an estimated cost or number of rows: finite, not negative
 */
export function coarse(number: number): number {
  if (number === 0) return 0;
  const [digits = '', exponent = ''] = number.toExponential().split('e');
  const mantissa = Number(digits);
  const step = STEPS.find((low, index) => mantissa * mantissa <= low * (STEPS[index + 1] ?? Number.POSITIVE_INFINITY));
  return Number(`${step}e${exponent}`);
}

/** The largest number that a coarse one may stand for. */
export function largestOf(coarse: number): number {
  if (coarse === 0) return 0;
  const [digits = '', exponent = ''] = coarse.toExponential().split('e');
  const next = STEPS.find((step) => step > Number(digits));
  return Math.sqrt(coarse) * Math.sqrt(Number(`${next}e${exponent}`));
}
