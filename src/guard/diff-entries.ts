import { shapeText } from '../baseline/shape.js';
import { accessesInPlan } from '../plan/accesses.js';
import type { FoundPlan, Plan } from '../plan/model.js';
import type { PlanInputs, PlanSide } from '../report/diff-model.js';
import { isBlank, scan } from '../sql/scan.js';
import { type Words, wordsOf } from './diff-pairs.js';

/** Plans of one statement and of one shape in a text: a log may hold thousands, of which the first is kept. */
export interface Entry {
  readonly side: PlanSide;
  readonly count: number;
  /** The statement without its literals; undefined where the text does not tell it. */
  readonly statement: string | undefined;
  readonly words: Words;
  /** The shape without the values in its conditions. */
  readonly shape: string;
  readonly line: number;
}

/** Takes the plans of one text, one after the other. */
export class Entries {
  readonly #name: string;
  readonly #entries = new Map<string, Entry>();

  /** @param name what the text is called */
  constructor(name: string) {
    this.#name = name;
  }

  add(found: FoundPlan): void {
    const statement = found.statement === undefined ? undefined : withoutLiterals(found.statement);
    const shape = withoutValues(shapeText(found.plan));
    // Without a statement, two plans of one shape may be of two queries.
    const key = statement === undefined ? `${this.#entries.size}` : JSON.stringify([statement, shape]);
    const known = this.#entries.get(key);
    this.#entries.set(key, known ? { ...known, count: known.count + 1 } : this.#entryOf(found, statement, shape));
  }

  get all(): readonly Entry[] {
    const entries = [...this.#entries.values()];
    const [only] = entries;
    // A plan alone is called as its text is.
    if (entries.length !== 1 || only?.count !== 1) return entries;
    return [{ ...only, side: { ...only.side, source: this.#name } }];
  }

  #entryOf({ plan, raw, line, ...found }: FoundPlan, statement: string | undefined, shape: string): Entry {
    const side: PlanSide = {
      source: `${this.#name}:${line}`,
      plan,
      accesses: accessesInPlan(plan),
      hasCatalog: false,
      raw,
      inputs: { ...UNKNOWN_INPUTS, statement: found.statement, settings: settingsOf(plan) },
    };
    return { side, count: 1, statement, words: wordsOf(found.statement ?? ''), shape, line };
  }
}

export const UNKNOWN_INPUTS: PlanInputs = {
  statement: undefined,
  values: undefined,
  schema: undefined,
  statistics: undefined,
  settings: undefined,
  server: undefined,
};

/** EXPLAIN's option SETTINGS: those that are not at their defaults. */
function settingsOf({ properties }: Plan): Readonly<Record<string, string>> | undefined {
  const { Settings: settings } = properties;
  if (typeof settings !== 'object' || settings === null) return undefined;
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
}

/** A statement in one spelling, with `?` for each literal and for each list of them. */
function withoutLiterals(statement: string): string {
  const words = scan(statement).flatMap(({ kind, start, end }) => {
    if (isBlank(kind)) return [];
    if (kind === 'string' || kind === 'dollar-string' || kind === 'number' || kind === 'parameter') return '?';
    return statement.slice(start, end).toLowerCase();
  });
  return words
    .join(' ')
    .replace(/( ;)+$/, '')
    .replace(/\?( , \?)+/g, '?');
}

/** A shape with `?` for each value in it. */
export function withoutValues(shape: string): string {
  return shape.replace(/'(?:[^']|'')*'/g, '?').replace(/(?<![\w$])\$?\d+(?:\.\d+)?\b/g, '?');
}
