import type { Queryable } from './client.js';
import {
  type MonthlyListens,
  type MonthlyListensRequest,
  monthlyListensStatement,
  monthlyListensValues,
  toMonthlyListens,
} from './monthly-listens.js';
import { type ProfileRequest, profilePage, profileStatement } from './profile.js';

/**
 * The condition of #932, right in its result and ruinous in its plan: no index serves an OR between a column and a
 * subquery on another table. What the two-phase queries must agree with, and what the guard must catch.
 */
export const OWNED_OR_SUBQUERY = `(t.owner_id = $1 OR t.track_id IN (
    SELECT tc.track_id
    FROM track_collaborators tc
    WHERE tc.collaborator_user_id = $1
      AND tc.status = 'accepted'
  ))`;

/** `profileTracks` as #932 had it. */
export async function profileTracksInOneStatement(client: Queryable, request: ProfileRequest): Promise<number[]> {
  const { shape, values } = profilePage(request);
  const { rows } = await client.query(profileStatement(shape, OWNED_OR_SUBQUERY), [...values]);
  return rows.map((row: { track_id: number }) => row.track_id);
}

/** `monthlyListens` as #932 had it. */
export async function monthlyListensInOneStatement(
  client: Queryable,
  request: MonthlyListensRequest,
): Promise<MonthlyListens[]> {
  const { rows } = await client.query(monthlyListensStatement(OWNED_OR_SUBQUERY), [...monthlyListensValues(request)]);
  return rows.map(toMonthlyListens);
}
