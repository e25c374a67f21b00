import type { Queryable } from './client.js';

/** Phase one. Served by the covering index `(collaborator_user_id, status, track_id)` alone. */
export const ACCEPTED_TRACKS = `SELECT track_id
FROM track_collaborators
WHERE collaborator_user_id = $1
  AND status = 'accepted'`;

/** Ids of the tracks that the user accepted to collaborate on, none for nearly every user. */
export async function acceptedTracks(client: Queryable, userId: number): Promise<number[]> {
  const { rows } = await client.query(ACCEPTED_TRACKS, [userId]);
  return rows.map((row: { track_id: number }) => row.track_id);
}

/** The tracks of user `$1`, as they were before collaborations: an index on `owner_id` serves it. */
export const OWNED = 't.owner_id = $1';

/**
 * The tracks of user `$1` and those whose ids are in the array `parameter`. An array, not a subquery: the planner can
 * OR two bitmaps, one from an index on `owner_id` and one from an index on `track_id`.
 */
export function ownedOrIn(parameter: `$${number}`): string {
  return `(t.owner_id = $1 OR t.track_id = ANY(${parameter}))`;
}
