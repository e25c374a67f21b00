import { describe, expect, test } from 'vitest';
import type { Access, Catalog, IndexFacts } from '../plan/model.js';
import type { Alternative, Cause } from '../report/model.js';
import { analyseStatement } from '../sql/analyse.js';
import { findCause } from './find-cause.js';

function index(name: string, keys: readonly string[], facts: Partial<IndexFacts> = {}): IndexFacts {
  const columns = ['id', 'owner_id', 'title', 'created_at', 'is_delete', 'kind'];
  return {
    schema: 'public',
    name,
    table: 'public.tracks',
    method: 'btree',
    keys: keys.map((key) => ({ column: columns.includes(key) ? key : undefined, expression: key })),
    unique: false,
    valid: true,
    predicate: undefined,
    ...facts,
  };
}

function catalogOf(indexes: readonly IndexFacts[]): Catalog {
  const table = {
    schema: 'public',
    name: 'tracks',
    kind: 'table' as const,
    columns: ['id', 'owner_id', 'title', 'created_at', 'is_delete', 'kind'],
    parents: [],
    tuples: 2_000_000,
    pages: 100_000,
    analysed: true,
    rowSecurity: false,
    triggers: [],
  };
  return {
    tables: new Map([['public.tracks', table]]),
    indexes: new Map(indexes.map((one) => [`${one.schema}.${one.name}`, one])),
    functions: new Map(),
    searchPath: ['public'],
  };
}

const seqScan: Access = {
  kind: 'whole-table',
  how: 'serial',
  schema: 'public',
  table: 'tracks',
  alias: 't',
  ancestors: [],
  node: 'Seq Scan',
  path: '0',
  indexes: [],
  indexConditions: [],
  filters: [],
  cost: 120_000,
  rows: 10,
};

const bounded: Alternative = {
  node: 'Index Scan',
  index: 'by_owner',
  rows: 900_000,
  cost: 345_678.9,
  totalCost: 400_000,
};

const primaryKey = index('tracks_pkey', ['id']);

interface Case {
  readonly from?: string;
  readonly where: string;
  readonly indexes?: readonly IndexFacts[];
  readonly access?: Partial<Access>;
  readonly alternative?: Alternative;
}

async function causeOf({ from = 'tracks t', where, indexes = [], access = {}, alternative }: Case): Promise<Cause> {
  const text = `SELECT 1 FROM ${from}${where === '' ? '' : ` WHERE ${where}`}`;
  const analysis = await analyseStatement(text);
  if (!analysis.ok) throw new Error(analysis.message);
  const found = findCause({
    access: { ...seqScan, ...access },
    conditions: analysis.facts.conditions,
    catalog: catalogOf([primaryKey, ...indexes]),
    alternative,
  });
  if (found.condition !== undefined) {
    expect(text.slice(found.condition.start, found.condition.end)).toBe(found.condition.text);
  }
  return found;
}

describe('OR with a subquery', () => {
  const subquery = "SELECT track_id FROM track_collaborators c WHERE c.user_id = $1 AND status = 'accepted'";

  test('names the arms and the two-phase query', async () => {
    const where = `t.is_delete = false AND (t.owner_id = $1 OR t.id IN (${subquery}))`;
    expect(await causeOf({ where, indexes: [index('by_owner', ['owner_id'])], alternative: bounded })).toEqual({
      kind: 'or-with-subquery',
      why: 'OR joins tracks.owner_id with a subquery on track_collaborators; no index can serve both arms, so every row is read.',
      next: 'Use the two-phase query: first fetch the ids from track_collaborators, then ask `owner_id = $1 OR id = ANY($ids)`, and leave the second arm out when there are none.',
      condition: expect.objectContaining({ text: `(t.owner_id = $1 OR t.id IN (${subquery}))` }),
    });
  });

  test('with EXISTS', async () => {
    const where = 't.owner_id = $1 OR EXISTS (SELECT 1 FROM track_collaborators c WHERE c.track_id = t.id)';
    const found = await causeOf({ where });
    expect(found.kind).toBe('or-with-subquery');
    expect(found.next).toContain('two-phase query');
    expect(found.next).toContain('`= ANY($ids)`');
  });

  test('is not blamed on the table inside the subquery', async () => {
    const found = await causeOf({
      from: 'owners o',
      where: 'o.id = $1 OR o.id IN (SELECT t.owner_id FROM tracks t WHERE t.title = $2)',
    });
    expect(found).toMatchObject({ kind: 'no-index', condition: { text: 't.title = $2' } });
  });
});

describe('each kind', () => {
  test('or-without-index: one arm', async () => {
    expect(await causeOf({ where: 't.id = $1 OR t.owner_id = $1' })).toMatchObject({
      kind: 'or-without-index',
      why: expect.stringContaining('none begins with tracks.owner_id'),
      next: expect.stringContaining('`CREATE INDEX ON public.tracks (owner_id)`'),
      condition: { text: 't.id = $1 OR t.owner_id = $1' },
    });
  });

  test('or-without-index: over two tables', async () => {
    const found = await causeOf({
      from: 'tracks t JOIN users u ON u.id = t.owner_id',
      where: 't.id = $1 OR u.name = $2',
    });
    expect(found).toMatchObject({ kind: 'or-without-index', why: expect.stringContaining('t and u') });
    expect(found.next).toContain('UNION');
  });

  test('no-condition', async () => {
    expect(await causeOf({ where: '' })).toMatchObject({ kind: 'no-condition', condition: undefined });
  });

  test('no-condition: only a join that an index could serve', async () => {
    const found = await causeOf({ from: 'tracks t JOIN users u ON u.id = t.id', where: 'u.name = $1' });
    expect(found).toMatchObject({ kind: 'no-condition', condition: { text: 'u.id = t.id' } });
  });

  test('no-index: equality before ranges, flags left out', async () => {
    const found = await causeOf({ where: 't.created_at > $1 AND t.is_delete = false AND t.owner_id = $2' });
    expect(found).toMatchObject({
      kind: 'no-index',
      next: 'Create one: `CREATE INDEX ON public.tracks (owner_id, created_at)`.',
      condition: { text: 't.owner_id = $2' },
    });
  });

  test('no-index: names are quoted, a partition is indexed at its parent', async () => {
    const found = await causeOf({
      where: 't.owner_id = $1',
      access: { table: 'tracks', alias: 't_1', ancestors: ['public.mid', 'public.All Tracks'] },
    });
    expect(found.next).toContain('`CREATE INDEX ON public."All Tracks" (owner_id)`');
  });

  test('no-index: for a join', async () => {
    const found = await causeOf({ from: 'tracks t JOIN users u ON u.id = t.owner_id', where: 'u.name = $1' });
    expect(found).toMatchObject({ kind: 'no-index', condition: { text: 'u.id = t.owner_id' } });
    expect(found.next).toContain('(owner_id)');
  });

  test('no-index: the only one is partial', async () => {
    const indexes = [index('live_by_owner', ['owner_id'], { predicate: '(is_delete = false)' })];
    const found = await causeOf({ where: 't.owner_id = $1', indexes });
    expect(found).toMatchObject({ kind: 'no-index', why: expect.stringContaining('`(is_delete = false)`') });
  });

  test('no-index: a pattern in another collation', async () => {
    const found = await causeOf({ where: 't.title LIKE $1', indexes: [index('by_title', ['title'])] });
    expect(found).toMatchObject({ kind: 'no-index', next: expect.stringContaining('(title text_pattern_ops)') });
  });

  test('no-index: containment asks for GIN', async () => {
    const found = await causeOf({ where: 't.kind @> $1', indexes: [index('by_kind', ['kind'])] });
    expect(found).toMatchObject({ kind: 'no-index', next: expect.stringContaining('USING gin (kind)') });
  });

  test('no-index: a single value in a list is no flag', async () => {
    const found = await causeOf({ where: 't.is_delete AND t.owner_id IN (1)' });
    expect(found).toMatchObject({ kind: 'no-index', condition: { text: 't.owner_id IN (1)' } });
  });

  test('trailing-column', async () => {
    const indexes = [index('by_owner_and_time', ['owner_id', 'created_at'])];
    expect(await causeOf({ where: 't.created_at > $1', indexes })).toMatchObject({
      kind: 'trailing-column',
      why: expect.stringContaining('by_owner_and_time (owner_id, created_at)'),
      next: 'Add a condition on owner_id, or an index that begins with the column: `CREATE INDEX ON public.tracks (created_at)`.',
      condition: { text: 't.created_at > $1' },
    });
  });

  test('function-on-column', async () => {
    expect(await causeOf({ where: 'lower(t.title) = $1 AND is_delete = false' })).toMatchObject({
      kind: 'function-on-column',
      why: expect.stringContaining('tracks.title'),
      condition: { text: 'lower(t.title) = $1' },
    });
  });

  test.each([
    ['lower(t.title) = $1', '(lower(title))'],
    ['$1 < lower(t.title)', '(lower(title))'],
    ['t.owner_id + 1 = $1', '((owner_id + 1))'],
    ["coalesce(t.title, '(') = $1", '((…))'],
    ['lower(t.title) IN ($1)', '((…))'],
    ['t.title || $1 = $2', '((…))'],
    ["t.kind->>'a' = $1", '((…))'],
    ['t.kind->1 >= $1', '((kind->1))'],
    ['t.owner_id <-> 1 < 5', '((owner_id <-> 1))'],
  ])('function-on-column: %s is indexed as %s', async (where, expression) => {
    expect((await causeOf({ where })).next).toContain(`\`CREATE INDEX ON public.tracks ${expression}\``);
  });

  test('cast-on-column, as written', async () => {
    expect(await causeOf({ where: 't.id::text = $1' })).toMatchObject({
      kind: 'cast-on-column',
      condition: { text: 't.id::text = $1' },
    });
  });

  test("cast-on-column, by the parameter's type", async () => {
    const filters = ["((t.id)::numeric = '5'::numeric)"];
    expect(await causeOf({ where: 'id = $1', access: { filters } })).toMatchObject({
      kind: 'cast-on-column',
      why: expect.stringContaining('tracks.id is cast to numeric'),
      condition: { text: 'id = $1' },
    });
  });

  test('cast-on-column, whatever else an index could serve', async () => {
    const filters = ["((t.id)::numeric = '5'::numeric)", '(t.owner_id = 1)'];
    const indexes = [index('by_owner', ['owner_id'])];
    const found = await causeOf({
      where: 'id = $1 AND owner_id = $2',
      access: { filters },
      indexes,
      alternative: bounded,
    });
    expect(found).toMatchObject({ kind: 'cast-on-column', condition: { text: 'id = $1' } });
  });

  test("a varchar's cast to text is nobody's fault", async () => {
    const filters = ["((t.title)::text = '(t.id)::numeric'::text)"];
    const found = await causeOf({
      where: 't.title = $1',
      access: { filters },
      indexes: [index('by_title', ['kind', 'title'])],
    });
    expect(found.kind).toBe('trailing-column');
  });

  test.each([
    ["t.title LIKE '%x'", 'does not begin with fixed text'],
    ["t.title ILIKE 'x%'", 'ignores case'],
  ])('leading-wildcard: %s', async (where, why) => {
    const found = await causeOf({ where, indexes: [index('by_title', ['title'])] });
    expect(found).toMatchObject({
      kind: 'leading-wildcard',
      why: expect.stringContaining(why),
      condition: { text: where },
    });
    expect(found.next).toContain('gin (title gin_trgm_ops)');
  });

  test('negation', async () => {
    const found = await causeOf({ where: 't.kind <> $1', indexes: [index('by_kind', ['kind'])] });
    expect(found).toMatchObject({ kind: 'negation', condition: { text: 't.kind <> $1' } });
  });

  test('invalid-index', async () => {
    const found = await causeOf({
      where: 't.owner_id = $1',
      indexes: [index('by_owner', ['owner_id'], { valid: false })],
    });
    expect(found).toMatchObject({ kind: 'invalid-index', why: expect.stringContaining('by_owner') });
    expect(found.next).toContain('REINDEX INDEX CONCURRENTLY public.by_owner');
  });

  test('not-selective gives both costs', async () => {
    const indexes = [index('by_owner', ['owner_id'])];
    expect(await causeOf({ where: 't.owner_id = $1', indexes, alternative: bounded })).toMatchObject({
      kind: 'not-selective',
      why: 'Index by_owner can serve `t.owner_id = $1`, but the planner expects that to cost more than reading everything: 345,679 against 120,000.',
      next: expect.stringContaining('about 900,000 rows'),
    });
  });

  test('not-selective never compares a cost per loop', async () => {
    const indexes = [index('by_owner', ['owner_id'])];
    const found = await causeOf({ where: 't.owner_id = $1', indexes, alternative: { ...bounded, cost: 4 } });
    expect(found.why).toContain('the whole plan comes to 400,000 through it');
  });

  test('not-selective: an index on the expression', async () => {
    const indexes = [index('by_lower_title', ['lower((title)::text)'])];
    const found = await causeOf({
      where: 'lower(t.title) = $1',
      indexes,
      alternative: { ...bounded, index: 'by_lower_title' },
    });
    expect(found).toMatchObject({ kind: 'not-selective', why: expect.stringContaining('by_lower_title') });
  });

  test('unknown: an index that should have served', async () => {
    const found = await causeOf({ where: 't.id = $1', access: { filters: ['(t.id = 1)'] } });
    expect(found).toMatchObject({ kind: 'unknown', why: expect.stringContaining('cannot be told') });
  });

  test('unknown: conditions that the statement does not show', async () => {
    const found = await causeOf({ from: 'a_view', where: 'a_view.x = 1', access: { filters: ['(t.kind = 1)'] } });
    expect(found).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('`(t.kind = 1)`'),
      condition: undefined,
    });
  });

  test('unknown: what hides its plan', async () => {
    const found = await causeOf({
      where: 't.owner_id = $1',
      access: { kind: 'opaque', how: 'custom', node: 'Custom Scan' },
    });
    expect(found).toMatchObject({ kind: 'unknown', why: expect.stringContaining('Custom Scan') });
  });
});

describe('conditions belong to one occurrence of a table', () => {
  const from = 'tracks t JOIN tracks o ON o.id = t.owner_id';

  test('by alias', async () => {
    const where = 't.owner_id = $1 AND lower(o.title) = $2';
    expect((await causeOf({ from, where })).condition?.text).toBe('t.owner_id = $1');
    expect((await causeOf({ from, where, access: { alias: 'o' } })).condition?.text).toBe('lower(o.title) = $2');
  });

  test('through a subquery, by what the plan checks', async () => {
    const found = await causeOf({
      from: '(SELECT * FROM tracks) s',
      where: 's.owner_id = $1 AND s.kind = 1',
      access: { alias: 'tracks', filters: ['(tracks.owner_id = 1)'] },
    });
    expect(found).toMatchObject({ kind: 'no-index', condition: { text: 's.owner_id = $1' } });
  });

  test('by column, where no alias is written', async () => {
    const found = await causeOf({ from: 'tracks t, users u', where: 'name = $1 AND title = $2 AND u.x = 1' });
    expect(found.condition?.text).toBe('title = $2');
  });
});
