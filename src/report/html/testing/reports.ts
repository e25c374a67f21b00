import { diffPlans } from '../../../diff/diff.js';
import type { Access } from '../../../plan/model.js';
import { parsePlan } from '../../../plan/parse-json.js';
import type { Comparison, DiffReport, PlanSide } from '../../diff-model.js';

type Raw = Readonly<Record<string, unknown>>;

/** A node of EXPLAIN's JSON with costs that grow with what is below it. */
export function raw(type: string, facts: Raw = {}, ...plans: Raw[]): Raw {
  const below = plans.reduce((total, plan) => total + Number(plan['Total Cost']), 0);
  const rows = Number(facts['Plan Rows'] ?? plans[0]?.['Plan Rows'] ?? 1);
  return {
    'Node Type': type,
    'Startup Cost': 0.25,
    'Total Cost': below + rows,
    'Plan Rows': rows,
    'Plan Width': 8,
    ...facts,
    ...(plans.length === 0 ? {} : { Plans: plans }),
  };
}

const tracks = { 'Relation Name': 'tracks', Schema: 'public', Alias: 't', 'Parent Relationship': 'Outer' };

/** The tracks of an owner, by an index. */
export const bounded = (owner: number, rows = 7) =>
  raw(
    'Limit',
    {},
    raw(
      'Sort',
      { 'Sort Key': ['t.created_at DESC', 't.track_id'], 'Parent Relationship': 'Outer' },
      raw('Index Scan', {
        ...tracks,
        'Index Name': 'track_owner_id_idx',
        'Index Cond': `(t.owner_id = ${owner})`,
        Filter: 't.is_current',
        'Plan Rows': rows,
        Output: ['t.track_id', 't.owner_id', 't.title', 't.created_at'],
      }),
    ),
  );

/** The same with the condition that no index can serve. */
export const whole = (owner: number, rows = 100_003) =>
  raw(
    'Limit',
    {},
    raw(
      'Gather Merge',
      { 'Workers Planned': 2, 'Parent Relationship': 'Outer' },
      raw(
        'Sort',
        { 'Sort Key': ['t.created_at DESC', 't.track_id'], 'Parent Relationship': 'Outer' },
        raw(
          'Seq Scan',
          {
            ...tracks,
            'Parallel Aware': true,
            Filter: `(t.is_current AND ((t.owner_id = ${owner}) OR (ANY (t.track_id = (hashed SubPlan 1).col1))))`,
            'Plan Rows': rows,
            Output: ['t.track_id', 't.owner_id', 't.created_at'],
          },
          raw('Index Only Scan', {
            'Relation Name': 'track_collaborators',
            Schema: 'public',
            Alias: 'tc',
            'Index Name': 'track_collaborators_idx',
            'Index Cond': `(tc.collaborator_user_id = ${owner})`,
            'Parent Relationship': 'SubPlan',
            'Subplan Name': 'SubPlan 1',
          }),
        ),
      ),
    ),
  );

const scan = (table: string, side: string, facts: Raw = {}) =>
  raw('Seq Scan', { 'Relation Name': table, Schema: 'public', Alias: table, 'Parent Relationship': side, ...facts });

/** A hash join, and with `turned` its sides exchanged. */
export const join = (turned: boolean) => {
  const [outer, inner] = turned ? ['users', 'tracks'] : ['tracks', 'users'];
  return raw(
    'Hash Join',
    { 'Join Type': 'Inner', 'Hash Cond': '(tracks.owner_id = users.user_id)' },
    scan(outer, 'Outer'),
    raw('Hash', { 'Parent Relationship': 'Inner' }, scan(inner, 'Outer')),
  );
};

/** The accesses of these plans: a table is read by its first scan. */
function accessesOf(plan: Raw, path = '0'): Access[] {
  const plans = (plan.Plans ?? []) as Raw[];
  const below = plans.flatMap((child, index) => accessesOf(child, `${path}.${index}`));
  if (typeof plan['Relation Name'] !== 'string') return below;
  const index = plan['Index Name'];
  const parallel = plan['Parallel Aware'] === true;
  return [
    {
      kind: index === undefined ? 'whole-table' : 'bounded',
      how: index !== undefined ? 'index-condition' : parallel ? 'parallel' : 'serial',
      schema: 'public',
      table: plan['Relation Name'],
      alias: String(plan.Alias),
      ancestors: [],
      node: `${parallel ? 'Parallel ' : ''}${plan['Node Type']}`,
      path,
      indexes: index === undefined ? [] : [String(index)],
      indexConditions: plan['Index Cond'] === undefined ? [] : [String(plan['Index Cond'])],
      filters: [],
      cost: Number(plan['Total Cost']),
      rows: Number(plan['Plan Rows']),
    },
    ...below,
  ];
}

const before = 'SELECT track_id\nFROM tracks t\nWHERE t.owner_id = $1\nORDER BY created_at DESC\nLIMIT 20';
const after = before.replace('= $1', '= $1 OR t.track_id IN (SELECT tc.track_id FROM track_collaborators tc)');

/** A plan with what it was made from. */
export function side(plan: Raw, source: string, inputs: Partial<PlanSide['inputs']> = {}): PlanSide {
  return {
    source,
    plan: parsePlan({ Plan: plan }),
    accesses: accessesOf(plan),
    hasCatalog: true,
    raw: JSON.stringify([{ Plan: plan }], null, 2),
    inputs: {
      statement: before,
      values: ['1001'],
      schema: '5f2a9c10',
      statistics: 'incident-day 77aa01',
      settings: { random_page_cost: '1.1', work_mem: '32MB' },
      server: 'PostgreSQL 18.6',
      ...inputs,
    },
  };
}

/** Two plans of a case, compared. */
export function compared(
  query: string,
  scenario: string,
  one: PlanSide,
  other: PlanSide,
  facts: Partial<Comparison> & { statistics?: string; mode?: 'custom' | 'generic' } = {},
): Comparison {
  const { statistics = 'incident-day', mode = 'custom', ...rest } = facts;
  const diff = diffPlans(one, other);
  return {
    name: [query, scenario, statistics, mode].join(', '),
    case: { query, statement: '1', scenario, statistics, mode },
    change: diff.equal ? 'same' : 'changed',
    before: one,
    after: other,
    diff,
    cause: undefined,
    ...rest,
  };
}

export const cause = {
  inputs: ['query'],
  why: 'OR joins tracks.owner_id with a subquery on track_collaborators; no index can serve both arms.',
  next: 'Use the two-phase query.',
} satisfies Comparison['cause'];

/** One change of one plan. */
export const incident = (owner = 1001) =>
  compared(
    'profile',
    `user-${owner}`,
    side(bounded(owner), 'main:queries/profile.sql'),
    side(whole(owner), 'HEAD:queries/profile.sql', { statement: after }),
    { cause },
  );

export function report(comparisons: readonly Comparison[]): DiffReport {
  const verdict = comparisons.every(({ change }) => change === 'same') ? 'same' : 'different';
  return { version: 1, verdict, before: 'main', after: 'HEAD', comparisons };
}

/** A report with every kind of change. */
export function every(): DiffReport {
  const dearer = [
    side(bounded(5), 'main:queries/label.sql'),
    side(bounded(5, 90_000), 'HEAD:queries/label.sql'),
  ] as const;
  return report([
    incident(1001),
    incident(1002),
    compared('profile', 'user-1001', side(bounded(1001), 'main'), side(whole(1001), 'HEAD'), {
      cause,
      mode: 'generic',
      statistics: 'year-later',
    }),
    compared('owners', 'all', side(join(false), 'main'), side(join(true), 'HEAD')),
    compared('label', 'label', ...dearer, { change: 'dearer' }),
    { ...incident(7), name: 'new query', change: 'added', before: undefined, diff: undefined, cause: undefined },
    { ...incident(8), name: 'old query', change: 'removed', after: undefined, diff: undefined, cause: undefined },
    ...[1, 2, 3].map((owner) => {
      const plan = side(bounded(owner), 'main');
      return compared('tracks of a user', `user-${owner}`, plan, plan);
    }),
  ]);
}
