-- A tenth of the reference case's rows: 100,000 users, 200,000 tracks and what belongs to them, 1.2 million monthly
-- rows. Ownership is heavy-tailed: user 5000 owns a tenth, the first users many, most none.

INSERT INTO users (user_id, txhash, blocknumber, handle, handle_lc, name, bio, wallet, created_at, updated_at)
SELECT n, '0x' || md5('user' || n), n, 'User' || n, 'user' || n, 'User ' || n, repeat('Makes music. ', 1 + n % 7),
  '0x' || md5('wallet' || n), timestamp '2021-01-01' + n * interval '20 minutes', timestamp '2026-01-01'
FROM generate_series(1, 100000) AS n;

INSERT INTO tracks (track_id, txhash, blocknumber, owner_id, title, genre, mood, tags, description, duration,
  cover_art_sizes, track_cid, route_id, field_visibility, is_unlisted, is_delete, stem_of, created_at, updated_at,
  release_date)
SELECT n, '0x' || md5('track' || n), n,
  CASE WHEN n % 10 = 0 THEN 5000 ELSE 1 + floor(power(n * 7919 % 200000 / 200000.0, 3) * 35000)::int END,
  'Track ' || n % 5000, (ARRAY['Electronic', 'Hip-Hop/Rap', 'House', 'Ambient'])[1 + n % 4],
  (ARRAY['Energizing', 'Peaceful', NULL])[1 + n % 3], 'bench,number' || n, repeat('Recorded in one take. ', 1 + n % 9),
  120 + n % 240, md5('cover' || n), 'baeaaa' || md5('cid' || n), 'user/track-' || n,
  '{"mood": true, "tags": true, "genre": true, "share": true, "play_count": true, "remixes": true}',
  n % 20 = 2, n % 50 = 3,
  CASE WHEN n % 25 = 5 THEN jsonb_build_object('category', 'VOCALS', 'parent_track_id', n - 1) END,
  timestamp '2020-01-01' + n * interval '15 minutes', timestamp '2026-01-01',
  CASE WHEN n % 3 <> 0 THEN timestamp '2020-01-01' + n * interval '14 minutes' END
FROM generate_series(1, 200000) AS n;

INSERT INTO aggregate_plays (play_item_id, count) SELECT n, n * 7919 % 10000 FROM generate_series(1, 200000) AS n;

INSERT INTO aggregate_track (track_id, repost_count, save_count, comment_count, share_count)
SELECT n, n % 50, n % 60, n % 20, n % 30 FROM generate_series(1, 200000) AS n;

INSERT INTO aggregate_monthly_plays (play_item_id, "timestamp", country, count)
SELECT n, month::date, country, 1 + n % 100
FROM generate_series(1, 200000) AS n,
  generate_series(date '2026-04-01', date '2026-06-01', interval '1 month') AS month,
  (VALUES ('US'), ('DE')) AS c (country);
