/** Repeated measurements of one thing. The worst one is dropped where there are three or more. */
export class Samples {
  readonly #kept: readonly number[];

  constructor(values: readonly number[]) {
    const sorted = [...values].sort((a, b) => a - b);
    this.#kept = sorted.length < 3 ? sorted : sorted.slice(0, -1);
  }

  get median(): number {
    const middle = (this.#kept.length - 1) / 2;
    return ((this.#kept[Math.floor(middle)] ?? Number.NaN) + (this.#kept[Math.ceil(middle)] ?? Number.NaN)) / 2;
  }

  get least(): number {
    return this.#kept[0] ?? Number.NaN;
  }

  /** `612 ms (590–660)`: the median, the least and the most of those kept. */
  describe(unit: string): string {
    const most = this.#kept.at(-1) ?? Number.NaN;
    return `${format(this.median)} ${unit} (${format(this.least)}–${format(most)})`;
  }
}

/** Runs each of the steps so many times, by turns, so that what disturbs the machine disturbs all of them. */
export async function interleave<Name extends string, Result>(
  times: number,
  steps: Readonly<Record<Name, () => Promise<Result>>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(steps) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let time = 0; time < times; time += 1) {
    for (const name of names) results[name].push(await steps[name]());
  }
  return results;
}

export function format(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
