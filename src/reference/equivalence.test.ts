import type { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { monthlyListens, PROFILE_FILTERS, PROFILE_SORTS, profileTracks, SORT_DIRECTIONS } from './index.js';
import { monthlyListensInOneStatement, profileTracksInOneStatement } from './single-statement.js';
import { emptyCase } from './testing/case.js';

const USERS = 4;
const TRACKS = 40;

const user = fc.integer({ min: 1, max: USERS });
const count = fc.integer({ min: 0, max: 2 });
const rarely = fc.integer({ min: 1, max: 12 }).map((die) => die === 7);
const often = rarely.map((rare) => !rare);
const date = fc.constantFrom('2026-04-30', '2026-05-01', '2026-05-02', '2026-05-31', '2026-06-01', '2026-07-01');

const users = fc.array(fc.record({ is_deactivated: rarely, is_current: often }), {
  minLength: USERS,
  maxLength: USERS,
});

const tracks = fc.array(
  fc.record({
    owner_id: user,
    title: fc.constantFrom('a', 'B', 'b', null),
    is_current: often,
    is_delete: rarely,
    is_unlisted: fc.boolean(),
    is_available: often,
    is_stem: rarely,
    created_at: date,
    release_date: fc.option(date),
    plays: fc.option(count),
    saves: fc.option(count),
    reposts: count,
  }),
  { minLength: TRACKS / 2, maxLength: TRACKS, size: 'max' },
);

const collaborations = fc.uniqueArray(
  fc.record({
    track_id: fc.integer({ min: 1, max: TRACKS }),
    collaborator_user_id: user,
    status: fc.constantFrom('accepted', 'accepted', 'pending', 'rejected'),
  }),
  { maxLength: 60, size: 'max', selector: (row) => `${row.track_id} ${row.collaborator_user_id}` },
);

const listens = fc.uniqueArray(
  fc.record({
    play_item_id: fc.integer({ min: 1, max: TRACKS }),
    timestamp: date,
    country: fc.constantFrom('', 'DE', 'US'),
    count: fc.integer({ min: 0, max: 9 }),
  }),
  { maxLength: 100, size: 'max', selector: (row) => `${row.play_item_id} ${row.timestamp} ${row.country}` },
);

const profileRequests = fc.array(
  fc.record({
    userId: user,
    viewerId: fc.integer({ min: 0, max: USERS }),
    limit: fc.oneof(fc.constant(100), fc.integer({ min: 1, max: 10 })),
    offset: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5 })),
    sort: fc.constantFrom(...PROFILE_SORTS),
    direction: fc.constantFrom(...SORT_DIRECTIONS),
    filter: fc.constantFrom(...PROFILE_FILTERS),
  }),
  { minLength: 10, maxLength: 10 },
);

const listensRequests = fc.array(
  fc.record({ userId: user, days: fc.tuple(date, date) }).map(({ userId, days }) => {
    const [start = '', end = ''] = days.toSorted();
    return { userId, start, end };
  }),
  { minLength: 4, maxLength: 4 },
);

type Rows<T> = T extends fc.Arbitrary<infer Value> ? Value : never;

interface World {
  readonly users: Rows<typeof users>;
  readonly tracks: Rows<typeof tracks>;
  readonly collaborations: Rows<typeof collaborations>;
  readonly listens: Rows<typeof listens>;
}

const worlds: fc.Arbitrary<World> = fc.record({ users, tracks, collaborations, listens });

let db: PGlite;

beforeAll(async () => {
  db = await emptyCase();
});

afterAll(() => db.close());

/** Hands a database that holds the world's rows to `judge`, and takes the rows away again. */
async function within(world: World, judge: () => Promise<void>): Promise<void> {
  await db.exec('BEGIN');
  try {
    await db.query(
      `INSERT INTO users (user_id, is_deactivated, is_current, created_at, updated_at)
       SELECT n, (row->>'is_deactivated')::boolean, (row->>'is_current')::boolean, now(), now()
       FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS r (row, n)`,
      [JSON.stringify(world.users)],
    );
    await db.query(
      `INSERT INTO tracks (track_id, owner_id, title, is_current, is_delete, is_unlisted, is_available, stem_of,
         created_at, updated_at, release_date)
       SELECT n, (row->>'owner_id')::int, row->>'title', (row->>'is_current')::boolean, (row->>'is_delete')::boolean,
         (row->>'is_unlisted')::boolean, (row->>'is_available')::boolean,
         CASE WHEN (row->>'is_stem')::boolean THEN '{"category": "DRUMS"}'::jsonb END,
         (row->>'created_at')::timestamp, now(), (row->>'release_date')::timestamp
       FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS r (row, n)`,
      [JSON.stringify(world.tracks)],
    );
    await db.query(
      `INSERT INTO aggregate_plays (play_item_id, count)
       SELECT n, (row->>'plays')::bigint
       FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS r (row, n)
       WHERE row->>'plays' IS NOT NULL`,
      [JSON.stringify(world.tracks)],
    );
    await db.query(
      `INSERT INTO aggregate_track (track_id, repost_count, save_count)
       SELECT n, (row->>'reposts')::int, (row->>'saves')::int
       FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS r (row, n)
       WHERE row->>'saves' IS NOT NULL`,
      [JSON.stringify(world.tracks)],
    );
    for (const [table, rows] of [
      [
        'track_collaborators',
        world.collaborations.map((row) => ({ ...row, created_at: '2026-05-01', updated_at: '2026-05-01' })),
      ],
      ['aggregate_monthly_plays', world.listens],
    ] as const) {
      await db.query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`, [
        JSON.stringify(rows),
      ]);
    }
    await judge();
  } finally {
    await db.exec('ROLLBACK');
  }
}

/** Whether a user owns a track or accepted to collaborate on it. */
function belongs(world: World, userId: number, trackId: number): boolean {
  return (
    world.tracks[trackId - 1]?.owner_id === userId ||
    world.collaborations.some(
      (row) => row.track_id === trackId && row.collaborator_user_id === userId && row.status === 'accepted',
    )
  );
}

it('a profile in two phases is the profile in one statement, without pending and rejected collaborations', async () => {
  let shown = 0;
  let collaborated = 0;
  const property = fc.asyncProperty(worlds, profileRequests, (world, requests) =>
    within(world, async () => {
      for (const request of requests) {
        const ids = await profileTracks(db, request);
        expect(ids).toEqual(await profileTracksInOneStatement(db, request));
        for (const id of ids) expect(belongs(world, request.userId, id)).toBe(true);
        shown += ids.length;
        collaborated += ids.filter((id) => world.tracks[id - 1]?.owner_id !== request.userId).length;
      }
    }),
  );
  await fc.assert(property, { numRuns: 100 });
  // The worlds must not be so barren that nothing is compared.
  expect(shown).toBeGreaterThan(500);
  expect(collaborated).toBeGreaterThan(50);
});

it('monthly listens in two phases are those in one statement, without pending and rejected ones', async () => {
  let shown = 0;
  const property = fc.asyncProperty(worlds, listensRequests, (world, requests) =>
    within(world, async () => {
      for (const request of requests) {
        const rows = await monthlyListens(db, request);
        expect(rows).toEqual(await monthlyListensInOneStatement(db, request));
        for (const { trackId } of rows) expect(belongs(world, request.userId, trackId)).toBe(true);
        shown += rows.length;
      }
    }),
  );
  await fc.assert(property, { numRuns: 60 });
  expect(shown).toBeGreaterThan(100);
});
