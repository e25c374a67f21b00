INSERT INTO track_collaborators (track_id, collaborator_user_id, status)
SELECT n * 40, CASE WHEN n % 20 = 0 THEN 1003 ELSE 10000 + n * 7919 % 40000 END,
  (ARRAY['accepted', 'accepted', 'accepted', 'pending', 'rejected'])[1 + n / 20 % 5]
FROM generate_series(1, 5000) AS n;
