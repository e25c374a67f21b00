import type { Queryable } from './client.js';
import { acceptedTracks, OWNED, ownedOrIn } from './collaborations.js';
import { oneOf, wholeNumber } from './input.js';

const SORT_KEYS = {
  release_date: 'coalesce(t.release_date, t.created_at)',
  title: "coalesce(t.title, '')",
  plays: 'coalesce(ap.count, 0)',
  reposts: 'coalesce(ag.repost_count, 0)',
  saves: 'coalesce(ag.save_count, 0)',
} as const;

const DIRECTIONS = { asc: 'ASC', desc: 'DESC' } as const;

const FILTERS = {
  all: '',
  public: '\n  AND t.is_unlisted = false',
  unlisted: '\n  AND t.is_unlisted = true',
} as const;

export type ProfileSort = keyof typeof SORT_KEYS;
export type SortDirection = keyof typeof DIRECTIONS;
export type ProfileFilter = keyof typeof FILTERS;

export const PROFILE_SORTS = Object.keys(SORT_KEYS) as readonly ProfileSort[];
export const SORT_DIRECTIONS = Object.keys(DIRECTIONS) as readonly SortDirection[];
export const PROFILE_FILTERS = Object.keys(FILTERS) as readonly ProfileFilter[];

export interface ProfileRequest {
  /** The profile's user. */
  readonly userId: number;
  /** Who looks at the profile; 0, the default, is nobody signed in. */
  readonly viewerId?: number | undefined;
  /** Tracks per page, 1 to 100; 20 by default. */
  readonly limit?: number | undefined;
  /** Tracks to skip; none by default. */
  readonly offset?: number | undefined;
  /** By default `release_date`, which falls back to the date of creation. */
  readonly sort?: ProfileSort | undefined;
  /** `desc` by default. Equal sort keys are ordered by ascending track id in both directions. */
  readonly direction?: SortDirection | undefined;
  /**
   * `all` by default. An unlisted track is seen by its owner alone, whatever the filter: `unlisted` therefore shows
   * the viewer's own unlisted tracks, and nothing to anybody else; `public` leaves them out for their owner too.
   */
  readonly filter?: ProfileFilter | undefined;
}

export interface ProfileShape {
  readonly sort: ProfileSort;
  readonly direction: SortDirection;
  readonly filter: ProfileFilter;
}

/**
 * SQL text of a page of a profile. Parameters: `$1` user, `$2` viewer, `$3` limit, `$4` offset, and what the condition
 * adds. The rule about unlisted tracks stands apart from the filter: `owner_id = $2` as a conjunct of its own would
 * contradict `owner_id = $1` for every foreign viewer, and the planner would fold the scan away.
 * @param belongs the condition that makes a track one of the user's, the only part that the statements differ in
 */
export function profileStatement(shape: ProfileShape, belongs: string): string {
  return `SELECT t.track_id
FROM tracks t
JOIN users u ON u.user_id = t.owner_id
LEFT JOIN aggregate_plays ap ON ap.play_item_id = t.track_id
LEFT JOIN aggregate_track ag ON ag.track_id = t.track_id
WHERE ${belongs}
  AND u.is_current = true
  AND u.is_deactivated = false
  AND t.is_current = true
  AND t.is_delete = false
  AND t.is_available = true
  AND t.stem_of IS NULL
  AND (t.is_unlisted = false OR t.owner_id = $2)${FILTERS[shape.filter]}
ORDER BY ${SORT_KEYS[shape.sort]} ${DIRECTIONS[shape.direction]}, t.track_id
LIMIT $3 OFFSET $4`;
}

/** A request with its defaults filled in and its values checked. */
export interface ProfilePage {
  readonly shape: ProfileShape;
  /** Values of `$1` to `$4`. */
  readonly values: readonly [userId: number, viewerId: number, limit: number, offset: number];
}

/** @throws {RangeError} where a value is out of its range. */
export function profilePage(request: ProfileRequest): ProfilePage {
  const { userId, viewerId = 0, limit = 20, offset = 0 } = request;
  const { sort = 'release_date', direction = 'desc', filter = 'all' } = request;
  return {
    shape: {
      sort: oneOf('sort', sort, PROFILE_SORTS),
      direction: oneOf('direction', direction, SORT_DIRECTIONS),
      filter: oneOf('filter', filter, PROFILE_FILTERS),
    },
    values: [
      wholeNumber('userId', userId, 1),
      wholeNumber('viewerId', viewerId, 0),
      wholeNumber('limit', limit, 1, 100),
      wholeNumber('offset', offset, 0),
    ],
  };
}

/**
 * Ids of the tracks on a page of a user's profile: those that the user owns, and those of others that the user
 * accepted to collaborate on, as the viewer may see them. Left out are tracks that are deleted, unavailable or a stem,
 * and the tracks of a deactivated owner.
 *
 * Two phases: the ids of accepted collaborations first; the page then with the owner's condition alone where there
 * are none, byte for byte the statement from before collaborations, and widened by those ids where there are some.
 * @throws {RangeError} where a value of the request is out of its range; what the client throws passes through.
 */
export async function profileTracks(client: Queryable, request: ProfileRequest): Promise<number[]> {
  const { shape, values } = profilePage(request);
  const accepted = await acceptedTracks(client, values[0]);
  const { rows } =
    accepted.length === 0
      ? await client.query(profileStatement(shape, OWNED), [...values])
      : await client.query(profileStatement(shape, ownedOrIn('$5')), [...values, accepted]);
  return rows.map((row: { track_id: number }) => row.track_id);
}
