import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCEPTED_TRACKS, OWNED, ownedOrIn } from './collaborations.js';
import {
  monthlyListens,
  PROFILE_FILTERS,
  PROFILE_SORTS,
  type ProfileRequest,
  profileTracks,
  SORT_DIRECTIONS,
} from './index.js';
import { monthlyListensStatement } from './monthly-listens.js';
import { profileStatement } from './profile.js';
import { OWNED_OR_SUBQUERY } from './single-statement.js';
import * as suite from './suite.js';
import { caseFile, emptyCase, recording } from './testing/case.js';

// The seed's users.
const NONE = 1001;
const ONE_ACCEPTED = 1002;
const HUNDREDS_ACCEPTED = 1003;
const PENDING = 1004;
const REJECTED = 1005;
const NO_TRACKS = 1006;
const ONLY_COLLABORATIONS = 1007;
const DEACTIVATED = 1008;
const SOME_OF_EACH = 1009;
const LABEL = 5000;

const MAY = { start: '2026-05-01', end: '2026-06-01' };

const shapes = PROFILE_SORTS.flatMap((sort) =>
  SORT_DIRECTIONS.flatMap((direction) => PROFILE_FILTERS.map((filter) => ({ sort, direction, filter }))),
);

let db: PGlite;

beforeAll(async () => {
  db = await emptyCase();
  await db.exec(caseFile('seed.sql'));
});

afterAll(() => db.close());

async function sentBy(request: ProfileRequest) {
  const { client, sent } = recording(db);
  await profileTracks(client, request);
  return sent;
}

const ascending = (ids: readonly number[]) => ids.toSorted((a, b) => a - b);

describe('whose tracks a profile shows', () => {
  it('shows the tracks that the user owns, but none that is unlisted, deleted, unavailable or a stem', async () => {
    const ids = await profileTracks(db, { userId: NONE });
    expect(ascending(ids)).toEqual([100101, 100106, 100107, 100108, 100109, 100110, 100111, 100112]);
  });

  it('adds the track that the user accepted to collaborate on', async () => {
    expect(ascending(await profileTracks(db, { userId: ONE_ACCEPTED }))).toEqual([
      100107, 100201, 100206, 100207, 100208,
    ]);
  });

  it('adds hundreds of accepted ones, page by page, each once', async () => {
    const pages = await Promise.all(
      [0, 100, 200, 300].map((offset) => profileTracks(db, { userId: HUNDREDS_ACCEPTED, limit: 100, offset })),
    );
    expect(pages.map((page) => page.length)).toEqual([100, 100, 100, 2]);
    expect(new Set(pages.flat()).size).toBe(302);
  });

  it.each([
    ['pending', PENDING, [100401]],
    ['rejected', REJECTED, [100501]],
  ])('shows no track whose collaboration is %s', async (_status, userId, owned) => {
    expect(await profileTracks(db, { userId })).toEqual(owned);
  });

  it('tells a user’s accepted, pending and rejected collaborations apart', async () => {
    // Accepted are 100101, 100102 (unlisted, somebody else's) and 100801 (of a deactivated owner).
    expect(ascending(await profileTracks(db, { userId: SOME_OF_EACH }))).toEqual([100101, 100901]);
  });

  it('shows collaborations alone where the user owns nothing, and nothing where there are none either', async () => {
    expect(ascending(await profileTracks(db, { userId: ONLY_COLLABORATIONS }))).toEqual([100107, 100108, 100109]);
    expect(await profileTracks(db, { userId: NO_TRACKS })).toEqual([]);
  });

  it('shows nothing of a deactivated owner', async () => {
    expect(await profileTracks(db, { userId: DEACTIVATED, viewerId: DEACTIVATED })).toEqual([]);
  });
});

describe('who sees unlisted tracks', () => {
  const all = { userId: NONE, limit: 100 };

  it('shows them to their owner only', async () => {
    for (const viewerId of [0, ONE_ACCEPTED]) {
      expect(await profileTracks(db, { ...all, viewerId })).not.toContain(100102);
      expect(await profileTracks(db, { ...all, viewerId, filter: 'unlisted' })).toEqual([]);
    }
    expect(await profileTracks(db, { ...all, viewerId: NONE })).toContain(100102);
    expect(await profileTracks(db, { ...all, viewerId: NONE, filter: 'unlisted' })).toEqual([100102]);
  });

  it('leaves them out of the public ones for their owner too', async () => {
    const seen = await profileTracks(db, { ...all, viewerId: NONE, filter: 'public' });
    expect(seen).toEqual(await profileTracks(db, { ...all, viewerId: 0 }));
  });

  it('shows the viewer’s own unlisted track on the profile of a collaborator', async () => {
    const ids = await profileTracks(db, { userId: SOME_OF_EACH, viewerId: NONE });
    expect(ascending(ids)).toEqual([100101, 100102, 100901]);
  });
});

describe('order and pages', () => {
  it.each(SORT_DIRECTIONS)('orders by each sort key %s, ties by ascending track id', async (direction) => {
    const { rows } = await db.query<Record<string, number | string> & { track_id: number }>(
      `SELECT t.track_id, coalesce(t.release_date, t.created_at)::text AS release_date, t.title,
         coalesce(ap.count, 0) AS plays, coalesce(ag.repost_count, 0) AS reposts, coalesce(ag.save_count, 0) AS saves
       FROM tracks t
       LEFT JOIN aggregate_plays ap ON ap.play_item_id = t.track_id
       LEFT JOIN aggregate_track ag ON ag.track_id = t.track_id
       ORDER BY t.track_id`,
    );
    for (const sort of PROFILE_SORTS) {
      const ids = await profileTracks(db, { userId: LABEL, sort, direction, limit: 100 });
      const pageKeys = rows.filter((row) => ids.includes(row.track_id));
      const sign = direction === 'asc' ? 1 : -1;
      const key = (row: (typeof rows)[number]) => row[sort] ?? '';
      const sorted = pageKeys.toSorted((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : 0));
      expect(ids).toEqual(sorted.map((row) => row.track_id));
      expect(new Set(pageKeys.map(key)).size).toBeLessThan(100);
    }
  });

  it('takes twenty from the newest release by default', async () => {
    const ids = await profileTracks(db, { userId: LABEL });
    const everything = { userId: LABEL, viewerId: 0, offset: 0, sort: 'release_date', direction: 'desc' } as const;
    expect(ids).toHaveLength(20);
    expect(await profileTracks(db, { ...everything, filter: 'all', limit: 100 })).toEqual([
      ...ids,
      ...(await profileTracks(db, { ...everything, filter: 'all', offset: 20, limit: 80 })),
    ]);
  });

  it('gives an empty page beyond the end', async () => {
    expect(await profileTracks(db, { userId: NONE, offset: 5000 })).toEqual([]);
  });
});

describe('the statements sent', () => {
  it.each([
    ['none', NONE],
    ['pending ones', PENDING],
    ['rejected ones', REJECTED],
    ['none and no tracks', NO_TRACKS],
    ['none and 400 tracks', LABEL],
  ])('are the lookup and the owner-only one for a user with %s, in every shape', async (_kind, userId) => {
    for (const shape of shapes) {
      expect(await sentBy({ userId, viewerId: 7, limit: 10, offset: 30, ...shape })).toEqual([
        { text: ACCEPTED_TRACKS, values: [userId] },
        { text: profileStatement(shape, OWNED), values: [userId, 7, 10, 30] },
      ]);
    }
  });

  it('are, without collaborations, byte for byte the text from before them', async () => {
    const [, profile] = await sentBy({ userId: NONE });
    expect(profile?.text).toBe(
      positional(caseFile('queries/profile.sql'), '@', ['user_id', 'viewer_id', 'limit', 'offset']),
    );
    const { client, sent } = recording(db);
    await monthlyListens(client, { userId: NONE, ...MAY });
    expect(sent).toEqual([
      { text: ACCEPTED_TRACKS, values: [NONE] },
      {
        text: positional(caseFile('queries/monthly-listens.sql'), '@', ['user_id', 'start', 'end']),
        values: [NONE, MAY.start, MAY.end],
      },
    ]);
  });

  it('differ, with collaborations, in the owner’s condition alone', async () => {
    for (const shape of shapes) {
      const [lookup, page, ...more] = await sentBy({ userId: ONE_ACCEPTED, ...shape });
      expect(lookup).toEqual({ text: ACCEPTED_TRACKS, values: [ONE_ACCEPTED] });
      expect(page?.values).toEqual([ONE_ACCEPTED, 0, 20, 0, [100107]]);
      expect(page?.text.replace(ownedOrIn('$5'), OWNED)).toBe(profileStatement(shape, OWNED));
      expect(page?.text).not.toBe(profileStatement(shape, OWNED));
      expect(more).toEqual([]);
    }
    const { client, sent } = recording(db);
    await monthlyListens(client, { userId: ONE_ACCEPTED, ...MAY });
    expect(sent[1]?.values).toEqual([ONE_ACCEPTED, MAY.start, MAY.end, [100107]]);
    expect(sent[1]?.text).toBe(monthlyListensStatement(OWNED).replace(OWNED, ownedOrIn('$4')));
  });

  it('are thirty different ones for the page', () => {
    expect(new Set(shapes.map((shape) => profileStatement(shape, OWNED))).size).toBe(30);
  });

  it('had #932’s condition in the known-bad queries', () => {
    const shape = { sort: 'release_date', direction: 'desc', filter: 'all' } as const;
    expect(
      positional(caseFile('known-bad/profile-or-subquery.sql'), ':', ['user_id', 'viewer_id', 'limit', 'offset']),
    ).toBe(profileStatement(shape, OWNED_OR_SUBQUERY));
    expect(positional(caseFile('known-bad/monthly-listens-or-subquery.sql'), ':', ['user_id', 'start', 'end'])).toBe(
      monthlyListensStatement(OWNED_OR_SUBQUERY),
    );
  });
});

/** The one statement of an SQL file, its named parameters replaced by their positions. */
function positional(file: string, mark: string, names: readonly string[]): string {
  const text = file.replace(/^(--.*)?\n/gm, '').replace(/;\n$/, '');
  return names.reduce((sql, name, index) => sql.replaceAll(`${mark}${name}`, `$${index + 1}`), text);
}

describe('monthly listens', () => {
  it('sums over countries, per track and month, the end being excluded', async () => {
    const listens = await monthlyListens(db, { userId: ONE_ACCEPTED, start: '2026-04-01', end: '2026-06-01' });
    expect(listens.slice(0, 3)).toEqual([
      { trackId: 100107, month: '2026-04', listens: 2 * (1 + (100107 % 9)) },
      { trackId: 100107, month: '2026-05', listens: 2 * (1 + (100107 % 9)) },
      { trackId: 100201, month: '2026-04', listens: 2 * (1 + (100201 % 9)) },
    ]);
    expect(new Set(listens.map(({ month }) => month))).toEqual(new Set(['2026-04', '2026-05']));
  });

  it('counts deleted and unlisted tracks, and no pending or rejected collaboration', async () => {
    const tracks = async (userId: number) =>
      (await monthlyListens(db, { userId, ...MAY })).map(({ trackId }) => trackId);
    expect(await tracks(PENDING)).toEqual([100401, 100402, 100403, 100405]);
    expect(await tracks(REJECTED)).toEqual([100501, 100502, 100503, 100505]);
  });

  it('is empty for no tracks, and for no days', async () => {
    expect(await monthlyListens(db, { userId: NO_TRACKS, ...MAY })).toEqual([]);
    expect(await monthlyListens(db, { userId: NONE, start: MAY.start, end: MAY.start })).toEqual([]);
  });
});

describe('input that is out of range', () => {
  it.each<[string, object, RegExp]>([
    ['no user', { userId: 0 }, /^userId must be a whole number from 1 to 2147483647, not 0$/],
    ['half a user', { userId: 1.5 }, /^userId/],
    ['a user as text', { userId: '1001' }, /^userId/],
    ['a negative viewer', { viewerId: -1 }, /^viewerId must be a whole number from 0/],
    ['no limit', { limit: 0 }, /^limit must be a whole number from 1 to 100, not 0$/],
    ['a limit above 100', { limit: 101 }, /^limit/],
    ['a negative offset', { offset: -1 }, /^offset/],
    ['an offset that is no number', { offset: Number.NaN }, /^offset .* not NaN$/],
    ['an unknown sort', { sort: 'title; DROP TABLE tracks' }, /^sort must be one of release_date, title, plays/],
    ['an inherited property as sort', { sort: 'constructor' }, /^sort/],
    ['an unknown direction', { direction: 'DESC' }, /^direction must be one of asc, desc, not DESC$/],
    ['an unknown filter', { filter: 'deleted' }, /^filter must be one of all, public, unlisted, not deleted$/],
  ])('is refused before anything is sent: %s', async (_what, wrong, message) => {
    const { client, sent } = recording(db);
    const request = profileTracks(client, { userId: NONE, ...wrong } as ProfileRequest);
    await expect(request).rejects.toThrow(RangeError);
    await expect(request).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });

  it.each([
    ['a month', { start: '2026-05' }, /^start must be a date such as 2026-05-01, not 2026-05$/],
    ['a day that no month has', { end: '2026-06-31' }, /^end must be a date/],
    ['a start after the end', { start: '2026-07-01' }, /^start must not be after end: 2026-07-01, 2026-06-01$/],
    ['no user', { userId: -1 }, /^userId/],
  ])('is refused by monthly listens too: %s', async (_what, wrong, message) => {
    const { client, sent } = recording(db);
    const request = monthlyListens(client, { userId: NONE, ...MAY, ...wrong });
    await expect(request).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });
});

describe('the suite’s functions', () => {
  it('hand a scenario’s values on under the request’s names', async () => {
    const { client, sent } = recording(db);
    const values = { user_id: NONE, viewer_id: 2, limit: 3, offset: 4 };
    const ids = await suite.profileTracks(client, { ...values, sort: 'title', direction: 'asc', filter: 'public' });
    const shape = { sort: 'title', direction: 'asc', filter: 'public' } as const;
    expect(sent[1]).toEqual({ text: profileStatement(shape, OWNED), values: [NONE, 2, 3, 4] });
    expect(ids).toHaveLength(3);
  });

  it('leave what a scenario does not say to the defaults', async () => {
    const { client, sent } = recording(db);
    expect(await suite.profileTracks(client, { user_id: NONE })).toEqual(await profileTracks(db, { userId: NONE }));
    expect(sent[1]?.values).toEqual([NONE, 0, 20, 0]);
  });

  it('give the same monthly listens', async () => {
    expect(await suite.monthlyListens(db, { user_id: NONE, ...MAY })).toEqual(
      await monthlyListens(db, { userId: NONE, ...MAY }),
    );
  });
});
