const MAX_INT4 = 2_147_483_647;

/** @throws {RangeError} where the value is not a whole number from `min` to `max`. */
export function wholeNumber(name: string, value: number, min: number, max: number = MAX_INT4): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be a whole number from ${min} to ${max}, not ${String(value)}`);
  }
  return value;
}

/** @throws {RangeError} where the value is none of the choices. */
export function oneOf<T extends string>(name: string, value: T, choices: readonly T[]): T {
  if (!choices.includes(value)) {
    throw new RangeError(`${name} must be one of ${choices.join(', ')}, not ${String(value)}`);
  }
  return value;
}

/** @throws {RangeError} where the value is not a day of the calendar, written as `2026-05-01`. */
export function day(name: string, value: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== value) {
    throw new RangeError(`${name} must be a date such as 2026-05-01, not ${String(value)}`);
  }
  return value;
}
