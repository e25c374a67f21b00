import type { Queryable } from './client.js';
import * as listens from './monthly-listens.js';
import * as profile from './profile.js';

/** What a scenario of the suite says about a profile request, under the suite's names. */
export interface ProfileValues {
  readonly user_id: number;
  readonly viewer_id?: number;
  readonly limit?: number;
  readonly offset?: number;
  readonly sort?: profile.ProfileSort;
  readonly direction?: profile.SortDirection;
  readonly filter?: profile.ProfileFilter;
}

/** What a scenario of the suite says about monthly listens, under the suite's names. */
export interface MonthlyListensValues {
  readonly user_id: number;
  readonly start: string;
  readonly end: string;
}

/** The profile for a scenario: plan-guard records the statements that it sends. */
export function profileTracks(client: Queryable, values: ProfileValues): Promise<number[]> {
  const { user_id: userId, viewer_id: viewerId, limit, offset, sort, direction, filter } = values;
  return profile.profileTracks(client, { userId, viewerId, limit, offset, sort, direction, filter });
}

/** Monthly listens for a scenario: plan-guard records the statements that it sends. */
export function monthlyListens(
  client: Queryable,
  { user_id: userId, start, end }: MonthlyListensValues,
): Promise<listens.MonthlyListens[]> {
  return listens.monthlyListens(client, { userId, start, end });
}
