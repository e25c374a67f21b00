import type { Queryable } from './client.js';
import { acceptedTracks, OWNED, ownedOrIn } from './collaborations.js';
import { day, wholeNumber } from './input.js';

export interface MonthlyListensRequest {
  readonly userId: number;
  /** First day, as `2026-05-01`. */
  readonly start: string;
  /** The day after the last one, as `2026-06-01`. */
  readonly end: string;
}

export interface MonthlyListens {
  readonly trackId: number;
  /** As `2026-05`. */
  readonly month: string;
  readonly listens: number;
}

/**
 * SQL text of the listens per track and month. Parameters: `$1` user, `$2` start, `$3` end, and what the condition
 * adds.
 * @param belongs the condition that makes a track one of the user's, the only part that the statements differ in
 */
export function monthlyListensStatement(belongs: string): string {
  return `SELECT t.track_id,
  to_char(p."timestamp"::timestamp, 'YYYY-MM') AS month,
  sum(p.count) AS listens
FROM tracks t
JOIN aggregate_monthly_plays p ON p.play_item_id = t.track_id
WHERE ${belongs}
  AND t.is_current = true
  AND p."timestamp" >= $2
  AND p."timestamp" < $3
GROUP BY t.track_id, month
ORDER BY t.track_id, month`;
}

/**
 * Values of `$1` to `$3`.
 * @throws {RangeError} where a value is out of its range.
 */
export function monthlyListensValues(request: MonthlyListensRequest): readonly [number, string, string] {
  const userId = wholeNumber('userId', request.userId, 1);
  const start = day('start', request.start);
  const end = day('end', request.end);
  if (start > end) throw new RangeError(`start must not be after end: ${start}, ${end}`);
  return [userId, start, end];
}

/** Reads a row of the statement; drivers give a `bigint` sum as text, number or bigint. */
export function toMonthlyListens(row: { track_id: number; month: string; listens: unknown }): MonthlyListens {
  return { trackId: row.track_id, month: row.month, listens: Number(row.listens) };
}

/**
 * Listens per track and month, from `start` until before `end`, over the tracks that the user owns or accepted to
 * collaborate on, ordered by track id and month. Deleted and unlisted tracks count: they were listened to.
 *
 * Two phases, like the profile.
 * @throws {RangeError} where a value of the request is out of its range; what the client throws passes through.
 */
export async function monthlyListens(client: Queryable, request: MonthlyListensRequest): Promise<MonthlyListens[]> {
  const values = monthlyListensValues(request);
  const accepted = await acceptedTracks(client, values[0]);
  const { rows } =
    accepted.length === 0
      ? await client.query(monthlyListensStatement(OWNED), [...values])
      : await client.query(monthlyListensStatement(ownedOrIn('$4')), [...values, accepted]);
  return rows.map(toMonthlyListens);
}
