import { PlanGuardError, throwAll, type Where } from '../errors.js';
import { quoteLiteral } from '../sql/quote.js';
import type { JsonPath } from '../statistics/locate.js';
import { readEntries } from './btree.js';
import { type Database, isServerError } from './database.js';

/** What makes index tuples of the same values the same. */
export interface KeyForm {
  /** Type of the leading key, as SQL writes it. */
  readonly type: string;
  /** Collation of the leading key, qualified and quoted; undefined where its type has none. */
  readonly collation: string | undefined;
  /** Whether there are columns beside the leading one. */
  readonly wide: boolean;
}

/** The ends of an index: what the planner would find at its first and its last entry. */
export interface WantedEnds {
  /** Names the index. */
  readonly key: string;
  readonly form: KeyForm;
  readonly min_max: readonly [string, string];
  /** Whether every server has the values in the same order, whatever its collations are. */
  readonly sameEverywhere: boolean;
  /** Whether the index begins with the largest value. */
  readonly descending: boolean;
  /** For messages: the column, and where its `min_max` stand in the file. */
  readonly column: string;
  readonly path: JsonPath;
}

/** First and last entry of each index, as index tuples, by its key. */
export type EndEntries = ReadonlyMap<string, readonly [Uint8Array, Uint8Array]>;

/**
 * Has the server itself make the index tuples: it indexes the values in a table of its own, which is gone afterwards.
 * An index whose ends this server's collations order the other way round gets none.
 * @param locate where an entry stands in the statistics file
 * @throws {PlanGuardError | PlanGuardErrors} `statistics`, at each `min_max` that holds a value that its type refuses, or
 *   whose largest value is below the smallest
 */
export async function endEntries(
  database: Database,
  wanted: readonly WantedEnds[],
  locate: () => (path: JsonPath) => Where,
): Promise<EndEntries> {
  const groups = new Map<string, WantedEnds[]>();
  for (const one of wanted) {
    const key = JSON.stringify([one.form.type, one.form.collation, one.form.wide]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const entries = new Map<string, readonly [Uint8Array, Uint8Array]>();
  const faults = new Map<string, { readonly path: JsonPath; readonly message: string }>();
  const refuse = ({ column, path }: WantedEnds, why: string) =>
    faults.set(JSON.stringify(path), { path, message: `The min_max of ${column} cannot be: ${why}.` });
  const add = (some: readonly WantedEnds[], formed: readonly Formed[]) => {
    for (const [index, one] of some.entries()) {
      const [smallest, largest] = formed.slice(index * 2, index * 2 + 2) as [Formed, Formed];
      if (smallest.rank <= largest.rank) {
        const ends = [smallest.tuple, largest.tuple] as const;
        entries.set(one.key, one.descending ? [ends[1], ends[0]] : ends);
      } else if (one.sameEverywhere) {
        refuse(one, one.min_max.map((value) => JSON.stringify(value)).join(' is above '));
      }
    }
  };
  for (const group of groups.values()) {
    try {
      add(group, await form(database, group));
    } catch (error) {
      if (!isServerError(error)) throw error;
      // One by one tells which it was.
      for (const one of group) {
        try {
          add([one], await form(database, [one]));
        } catch (refused) {
          if (!isServerError(refused)) throw refused;
          refuse(one, refused.message);
        }
      }
    }
  }
  if (faults.size === 0) return entries;
  const places = locate();
  throwAll(
    [...faults.values()].map(
      ({ path, message }) =>
        new PlanGuardError('statistics', message, {
          where: places(path),
          hint: 'min_max holds the smallest and the largest value of the column, in that order.',
        }),
    ),
  );
  return entries;
}

interface Formed {
  readonly tuple: Uint8Array;
  /** Place of its value in the type's order, the same for equal values. */
  readonly rank: number;
}

/**
 * The index tuples of both values of each, which are of one form. Columns beside the leading one are null: a tuple has
 * the same bitmap of nulls for any number of columns (`IndexAttributeBitMapData` in src/include/access/itup.h). An index
 * is built straight into its file, past the buffers, so it can be read at once.
 */
async function form(database: Database, some: readonly WantedEnds[]): Promise<readonly Formed[]> {
  const [first] = some;
  if (first === undefined) return [];
  const { type, collation, wide } = first.form;
  const collate = collation === undefined ? '' : `COLLATE ${collation}`;
  const numbered = some
    .flatMap(({ min_max }) => min_max)
    .map((value, index) => `(${index + 1}, ${quoteLiteral(value)})`);
  const results = await database.batch([
    // Event triggers of the schema have no say here.
    { text: 'SET LOCAL session_replication_role = replica' },
    { text: `CREATE TEMP TABLE plan_guard_ends (number int, value ${type} ${collate}, rest int)` },
    // Literals, which the type's input function reads: a cast from text need not mean the same.
    { text: `INSERT INTO pg_temp.plan_guard_ends (number, value) VALUES ${numbered.join(', ')}` },
    {
      text: `CREATE INDEX plan_guard_ends_value ON pg_temp.plan_guard_ends (value${wide ? ', rest' : ''})
        WITH (deduplicate_items = off)`,
    },
    {
      text: `SELECT ctid, dense_rank() OVER (ORDER BY value),
          CASE number WHEN 1 THEN encode(pg_read_binary_file(pg_relation_filepath('pg_temp.plan_guard_ends_value')), 'base64') END
        FROM pg_temp.plan_guard_ends ORDER BY number`,
    },
    { text: 'DROP TABLE pg_temp.plan_guard_ends' },
  ]);
  const rows = results[4]?.rows ?? [];
  const entries = readEntries(Buffer.from(rows[0]?.[2] ?? '', 'base64'));
  return rows.map(([place, rank]) => {
    const tuple = entries.get(place ?? '');
    if (tuple === undefined) throw new Error(`the index has no entry of the row at ${place}`);
    return { tuple, rank: Number(rank) };
  });
}
