export type { Queryable } from './client.js';
export { type MonthlyListens, type MonthlyListensRequest, monthlyListens } from './monthly-listens.js';
export {
  PROFILE_FILTERS,
  PROFILE_SORTS,
  type ProfileFilter,
  type ProfileRequest,
  type ProfileSort,
  profileTracks,
  SORT_DIRECTIONS,
  type SortDirection,
} from './profile.js';
