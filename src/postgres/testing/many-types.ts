/** A schema whose columns have statistics of every kind that ANALYZE makes. */
export const SCHEMA = `
  CREATE TYPE mood AS ENUM ('sad', 'fair', 'glad');
  CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
  CREATE DOMAIN tags AS text[];
  CREATE TYPE pair AS (a int, b text);
  CREATE TABLE things (
    id bigint PRIMARY KEY, small smallint, name varchar(40), code char(3), sort_key text COLLATE "C", mood mood,
    share percent, price numeric(10, 2), ratio float8, made timestamptz, day date, gap interval, flag boolean,
    address inet, network cidr, key uuid, label name, labels text[], numbers int[], tags tags, moods mood[],
    words tsvector, span int4range, spans int4multirange, period tstzrange, document jsonb, plain json, point point,
    box box, boxes box[], bits bit varying(8), pair pair, transaction xid, empty text
  );
  CREATE INDEX things_lower ON things (lower(name), (share * 2));
  CREATE INDEX things_words ON things USING gin (to_tsvector('simple', name));
  CREATE INDEX things_labels ON things USING gin ((labels || 'x'::text));
  CREATE INDEX things_span ON things USING gist (span, (int4range(small, small + 5)));
  CREATE INDEX things_made ON things (made) WHERE flag;
  CREATE INDEX things_name ON things (name, price);
  CREATE TABLE events (id bigint, at date NOT NULL, kind text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2025-01-01');
  CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2030-01-01');
  CREATE INDEX events_kind ON events (kind, at);
  CREATE TABLE animals (id int PRIMARY KEY, legs int);
  CREATE TABLE dogs (bark text) INHERITS (animals);
`;

export const FILL = `
  INSERT INTO things
  SELECT id, id % 7, 'name ' || (id % 900), chr(65 + (id % 20)::int) || 'x', md5(id::text), (ARRAY['sad', 'fair', 'glad'])[1 + id % 3]::mood,
    id % 101, (id % 500) / 7.0, sin(id), timestamptz '2024-01-01' + id * interval '1 hour', date '2020-01-01' + (id % 400)::int,
    (id % 90) * interval '1 minute', id % 5 = 0, ('10.0.' || id % 200 || '.' || id % 250)::inet, ('10.' || id % 100 || '.0.0/16')::cidr,
    md5(id::text)::uuid, ('label' || id % 10)::name,
    ARRAY['tag ' || id % 5, 'quoted "' || id % 50 || '" \\ and, comma'], ARRAY[id % 3, id % 40, id % 300]::int[],
    ARRAY['a' || id % 4, 'b' || id % 60], ARRAY['sad', 'glad']::mood[],
    to_tsvector('simple', 'word' || id % 30 || ' other' || id % 7),
    CASE WHEN id % 11 = 0 THEN 'empty'::int4range ELSE int4range((id % 1000)::int, (id % 1000 + id % 17 + 1)::int) END,
    int4multirange(int4range((id % 100)::int, (id % 100 + 5)::int), int4range((id % 100 + 50)::int, (id % 100 + 60)::int)),
    tstzrange(timestamptz '2024-01-01' + id * interval '1 hour', timestamptz '2024-01-02' + id * interval '2 hours'),
    jsonb_build_object('n', id % 25), '{"n": 1}', point(id, id), box(point(id, id), point(id + 1, id + 1)),
    ARRAY[box(point(0, 0), point(id % 3, 1))], (id % 8)::int::bit(3)::varbit, ROW(id % 9, 'b')::pair, (id % 4 + 3)::text::xid, NULL
  FROM generate_series(1::bigint, 4000) AS id;
  INSERT INTO events
  SELECT id, date '2021-01-01' + (id % 3000)::int, (ARRAY['view', 'click', 'buy'])[1 + id % 2 + (id % 50 = 0)::int]
  FROM generate_series(1, 6000) AS id;
  INSERT INTO animals SELECT id, id % 3 FROM generate_series(1, 500) AS id;
  INSERT INTO dogs SELECT id + 500, 4, 'wuff ' || id FROM generate_series(1, 700) AS id;
`;

/** Statements whose estimates rest on every kind of statistics. */
export const STATEMENTS: readonly string[] = [
  'SELECT id FROM things WHERE small = 3',
  'SELECT id FROM things WHERE id BETWEEN 100 AND 300',
  `SELECT id FROM things WHERE name = 'name 17' AND price > 20`,
  `SELECT id FROM things WHERE name LIKE 'name 1%'`,
  `SELECT id FROM things WHERE lower(name) = 'name 3'`,
  'SELECT id FROM things WHERE share * 2 < 30',
  `SELECT id FROM things WHERE sort_key < '5'`,
  `SELECT id FROM things WHERE mood = 'glad' AND flag`,
  'SELECT share, count(*) FROM things GROUP BY share ORDER BY share',
  `SELECT id FROM things WHERE labels @> ARRAY['tag 3']`,
  `SELECT id FROM things WHERE labels || 'x'::text @> ARRAY['tag 2']`,
  'SELECT id FROM things WHERE numbers && ARRAY[1, 2]',
  `SELECT id FROM things WHERE words @@ 'word3 & other4'::tsquery`,
  `SELECT id FROM things WHERE to_tsvector('simple', name) @@ 'name'::tsquery`,
  'SELECT id FROM things WHERE span && int4range(10, 40)',
  'SELECT id FROM things WHERE span @> 17',
  'SELECT id FROM things WHERE int4range(small, small + 5) && int4range(2, 4)',
  'SELECT id FROM things WHERE spans && int4multirange(int4range(10, 12))',
  `SELECT id FROM things WHERE period && tstzrange('2024-02-01', '2024-02-02')`,
  `SELECT id FROM things WHERE address << '10.0.3.0/24'`,
  `SELECT * FROM things WHERE made > '2024-05-01' AND flag ORDER BY made LIMIT 5`,
  `SELECT * FROM events WHERE kind = 'buy'`,
  `SELECT * FROM events WHERE at > '2026-05-01' AND kind = 'click'`,
  'SELECT * FROM animals WHERE legs = 4',
  'SELECT * FROM animals a JOIN dogs d USING (legs) WHERE a.id < 40',
  'SELECT t.id FROM things t JOIN events e ON e.id = t.id WHERE t.small = 2 ORDER BY e.at LIMIT 10',
];
