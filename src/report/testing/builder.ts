import type { Access, AccessKind } from '../../plan/model.js';
import type { Doubt } from '../../rules/model.js';
import type { ReportContext } from '../context.js';
import type {
  AcceptedBy,
  Alternative,
  CaseReport,
  Cause,
  Finding,
  KnownBadReport,
  Notice,
  PlanChange,
  PlanMode,
  Report,
  StatementReport,
  SuiteReport,
  Verdict,
} from '../model.js';

export const cwd = '/repo';

/** A context of a wide terminal without colour; what a test is about is given. */
export function context(over: Partial<ReportContext> = {}): ReportContext {
  return {
    color: false,
    width: 100,
    unicode: true,
    cwd,
    version: '0.1.0',
    verbose: false,
    durationMs: 1234,
    ...over,
  };
}

/** What EXPLAIN (FORMAT JSON, VERBOSE) says of the profile query with the OR, at two million tracks. */
export const orPlan = {
  Plan: {
    'Node Type': 'Limit',
    'Startup Cost': 301_112.4,
    'Total Cost': 301_114.73,
    'Plan Rows': 20,
    Plans: [
      {
        'Node Type': 'Gather Merge',
        'Parent Relationship': 'Outer',
        'Total Cost': 398_342.11,
        'Plan Rows': 833_367,
        Plans: [
          {
            'Node Type': 'Sort',
            'Parent Relationship': 'Outer',
            'Total Cost': 301_154.1,
            'Plan Rows': 416_683,
            'Sort Key': ['(COALESCE(t.release_date, t.created_at)) DESC', 't.track_id'],
            Plans: [
              {
                'Node Type': 'Nested Loop',
                'Parent Relationship': 'Outer',
                'Join Type': 'Inner',
                'Total Cost': 289_066.3,
                'Plan Rows': 416_683,
                Plans: [
                  {
                    'Node Type': 'Hash Join',
                    'Parent Relationship': 'Outer',
                    'Join Type': 'Left',
                    'Total Cost': 251_066.3,
                    'Plan Rows': 416_683,
                    'Hash Cond': '(t.track_id = aggregate_plays.play_item_id)',
                    Plans: [
                      {
                        'Node Type': 'Seq Scan',
                        'Parent Relationship': 'Outer',
                        'Parallel Aware': true,
                        'Relation Name': 'tracks',
                        Schema: 'public',
                        Alias: 't',
                        'Total Cost': 198_611.17,
                        'Plan Rows': 416_683,
                        Filter:
                          '((NOT t.is_delete) AND t.is_available AND (t.stem_of IS NULL) AND ((t.owner_id = 1001) OR (hashed SubPlan 1)))',
                        Plans: [
                          {
                            'Node Type': 'Index Only Scan',
                            'Parent Relationship': 'SubPlan',
                            'Subplan Name': 'SubPlan 1',
                            'Relation Name': 'track_collaborators',
                            Schema: 'public',
                            Alias: 'track_collaborators',
                            'Index Name': 'track_collaborators_user_idx',
                            'Index Cond':
                              "((track_collaborators.collaborator_user_id = 1001) AND (track_collaborators.status = 'accepted'::text))",
                            'Total Cost': 4.32,
                            'Plan Rows': 1,
                          },
                        ],
                      },
                      {
                        'Node Type': 'Hash',
                        'Parent Relationship': 'Inner',
                        'Total Cost': 28_850,
                        'Plan Rows': 2_000_000,
                        Plans: [
                          {
                            'Node Type': 'Seq Scan',
                            'Parent Relationship': 'Outer',
                            'Relation Name': 'aggregate_plays',
                            Schema: 'public',
                            Alias: 'aggregate_plays',
                            'Total Cost': 28_850,
                            'Plan Rows': 2_000_000,
                          },
                        ],
                      },
                    ],
                  },
                  {
                    'Node Type': 'Index Scan',
                    'Parent Relationship': 'Inner',
                    'Relation Name': 'users',
                    Schema: 'public',
                    Alias: 'u',
                    'Index Name': 'users_user_id_is_deactivated_is_available_is_current_idx',
                    'Index Cond': '(u.user_id = t.owner_id)',
                    'Total Cost': 0.44,
                    'Plan Rows': 1,
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
  },
} as const;

/** The path of the scan at fault in `orPlan`. */
export const orPath = '0.0.0.0.0.0';

/** What EXPLAIN says of the owner-only query. */
export const ownerPlan = {
  Plan: {
    'Node Type': 'Limit',
    'Total Cost': 95.2,
    'Plan Rows': 20,
    Plans: [
      {
        'Node Type': 'Index Scan',
        'Parent Relationship': 'Outer',
        'Relation Name': 'tracks',
        Schema: 'public',
        Alias: 't',
        'Index Name': 'tracks_owner_id_idx',
        'Index Cond': '(t.owner_id = 1001)',
        'Total Cost': 95.01,
        'Plan Rows': 24,
      },
    ],
  },
} as const;

/** The file as it is written, with named parameters. */
export const profileSource = `-- name: profile
SELECT t.track_id
  FROM tracks t
  JOIN users u ON u.user_id = t.owner_id
  LEFT JOIN aggregate_plays ON t.track_id = aggregate_plays.play_item_id
 WHERE NOT t.is_delete AND t.is_available AND t.stem_of IS NULL
   AND (t.owner_id = :user_id OR t.track_id IN (SELECT track_id FROM track_collaborators WHERE collaborator_user_id = :user_id AND status = 'accepted'))
 ORDER BY coalesce(t.release_date, t.created_at) DESC, t.track_id
 LIMIT :limit;
`;

export const condition =
  "(t.owner_id = $1 OR t.track_id IN (SELECT track_id FROM track_collaborators WHERE collaborator_user_id = $1 AND status = 'accepted'))";

const profileText = profileSource
  .replace('-- name: profile\n', '')
  .replaceAll(':user_id', '$1')
  .replace(':limit', '$2')
  .replace(/;\n$/, '');

export function statement(over: Partial<StatementReport> = {}): StatementReport {
  return {
    text: profileText,
    file: `${cwd}/fixtures/audius/queries/profile.sql`,
    line: 2,
    column: 1,
    origin: 'file',
    ...over,
  };
}

export function access(over: Partial<Access> = {}): Access {
  return {
    kind: 'bounded',
    how: 'index-condition',
    schema: 'public',
    table: 'tracks',
    alias: 't',
    ancestors: [],
    node: 'Index Scan',
    path: '0.0',
    indexes: ['tracks_owner_id_idx'],
    indexConditions: ['(t.owner_id = 1001)'],
    filters: [],
    cost: 95.01,
    rows: 24,
    ...over,
  };
}

export function scan(over: Partial<Access> = {}): Access {
  return access({
    kind: 'whole-table' satisfies AccessKind,
    how: 'parallel',
    node: 'Parallel Seq Scan',
    path: orPath,
    indexes: [],
    indexConditions: [],
    filters: [orPlan.Plan.Plans[0].Plans[0].Plans[0].Plans[0].Plans[0].Filter],
    cost: 198_611.17,
    rows: 416_683,
    ...over,
  });
}

export function cause(over: Partial<Cause> = {}): Cause {
  const start = profileText.indexOf(condition);
  return {
    kind: 'or-with-subquery',
    why: 'an OR between a column of tracks and a subquery on track_collaborators has no index path, so PostgreSQL tests the whole condition on every row of tracks.',
    next: 'Rewrite it as a two-phase query: fetch the accepted track ids first; if there are none, run the owner-only statement, else compare with = ANY($ids), an array, so that two bitmaps can be ORed.',
    condition: { text: condition, start, end: start + condition.length },
    ...over,
  };
}

export const alternative: Alternative = {
  node: 'Index Scan',
  index: 'tracks_owner_id_idx',
  rows: 24,
  cost: 95.01,
  totalCost: 142.35,
};

export function finding(over: Partial<Finding> = {}): Finding {
  return {
    rule: 'no-seq-scan',
    schema: 'public',
    table: 'tracks',
    alias: 't',
    path: orPath,
    node: 'Parallel Seq Scan',
    message: 'Parallel Seq Scan on tracks reads the whole table.',
    access: scan(),
    tableRows: 2_000_000,
    tablePages: 153_847,
    cause: cause(),
    alternative,
    waiver: undefined,
    file: `${cwd}/fixtures/audius/queries/profile.sql`,
    line: 7,
    column: 8,
    ...over,
  };
}

export function caseReport(over: Partial<CaseReport> = {}): CaseReport {
  return {
    suite: 'audius',
    query: 'profile',
    statement: 'profile',
    scenario: 'no-collaborations',
    scenarios: [over.scenario ?? 'no-collaborations'],
    statistics: 'incident-day',
    mode: 'custom',
    verdict: 'pass',
    accesses: [access()],
    findings: [],
    doubts: [],
    change: undefined,
    cost: 95.2,
    plan: ownerPlan,
    sql: statement(),
    values: ['1001', '20'],
    ...over,
  };
}

/** The case with the OR, at fault. */
export function badCase(over: Partial<CaseReport> = {}): CaseReport {
  return caseReport({
    verdict: 'fail',
    accesses: [scan()],
    findings: [finding()],
    cost: 301_114.73,
    plan: orPlan,
    ...over,
  });
}

export function unverifiedCase(doubt: Doubt, over: Partial<CaseReport> = {}): CaseReport {
  return caseReport({ verdict: 'unverified', doubts: [doubt], ...over });
}

export const waiver: AcceptedBy = {
  owner: 'the music team',
  reason: 'runs at night, until tracks is partitioned',
  until: '2026-12-31',
  file: `${cwd}/fixtures/audius/plan-guard.yaml`,
  line: 40,
  column: 5,
};

const approvedAt = { file: `${cwd}/plans/audius/profile.plan`, line: 11, column: 1, waiver: undefined };

export const changed: PlanChange = {
  kind: 'changed',
  severity: 'fail',
  message: 'tracks t: bounded by tracks_owner_id_idx → whole table (Parallel Seq Scan).',
  next: 'See both with plan-guard diff --filter profile; mend it, or approve it: plan-guard approve --filter profile.',
  approved: [
    'Limit',
    '  ->  Index Scan using tracks_owner_id_idx on public.tracks t',
    '        Index Cond: (t.owner_id = $1)',
    '        Filter: (t.is_current AND (NOT t.is_delete) AND t.is_available AND (t.stem_of IS NULL) AND (NOT t.is_unlisted))',
  ],
  ...approvedAt,
};

export const dearer: PlanChange = {
  kind: 'dearer',
  severity: 'fail',
  message: 'The plan has the approved shape and is dearer: cost ~40 → 12,076 (× 302), rows ~7 → 100,003 (× 14,286).',
  next: 'See both with plan-guard diff --filter profile; mend it, or approve it: plan-guard approve --filter profile.',
  before: { cost: 40, rows: 7 },
  now: { cost: 12_076.4, rows: 100_003 },
  ...approvedAt,
};

export const missing: PlanChange = {
  kind: 'missing',
  severity: 'warn',
  message: 'No plan is approved for it yet.',
  next: 'Approve it with plan-guard approve --filter profile, and commit the file.',
  ...approvedAt,
  file: `${cwd}/fixtures/audius/queries/profile.sql`,
};

/** One case for each scenario × mode × statistics set. */
export function crossed(
  scenarios: readonly string[],
  statistics: readonly string[],
  make: (over: Pick<CaseReport, 'scenario' | 'mode' | 'statistics'>) => CaseReport,
): CaseReport[] {
  return statistics.flatMap((set) =>
    scenarios.flatMap((scenario) =>
      (['custom', 'generic'] satisfies PlanMode[]).map((mode) => make({ scenario, mode, statistics: set })),
    ),
  );
}

export function knownBadReport(over: Partial<KnownBadReport> = {}): KnownBadReport {
  return {
    suite: 'audius',
    query: 'profile-or-subquery',
    statistics: 'incident-day',
    mustFail: 'no-seq-scan',
    caught: true,
    failing: 2,
    cases: 2,
    example: badCase({ query: 'profile-or-subquery' }),
    file: `${cwd}/fixtures/audius/plan-guard.yaml`,
    line: 31,
    column: 5,
    ...over,
  };
}

export function notice(over: Partial<Notice> = {}): Notice {
  return {
    kind: 'note',
    suite: 'audius',
    level: 'warning',
    message: 'The schema has extended statistics (users_stat), which the replica cannot carry.',
    next: 'Judge queries on users with care, or use PostgreSQL 19.',
    file: `${cwd}/fixtures/audius/schema.sql`,
    line: 120,
    column: 1,
    ...over,
  };
}

export function suite(over: Partial<SuiteReport> = {}): SuiteReport {
  return {
    name: 'audius',
    file: `${cwd}/fixtures/audius/plan-guard.yaml`,
    engine: 'PGlite 0.5.16 (PostgreSQL 18.6)',
    unverified: 'fail',
    statistics: ['incident-day', 'year-later'],
    scenarios: 4,
    queries: 2,
    statements: 2,
    plans: undefined,
    coverage: [
      { table: 'public.tracks', rows: 2_000_000, pages: 153_847, plans: 16, statistics: 'incident-day' },
      { table: 'public.tracks', rows: 2_000_000, pages: 153_847, plans: 16, statistics: 'year-later' },
      { table: 'public.track_collaborators', rows: 0, pages: 1, plans: 8, statistics: 'incident-day' },
      { table: 'public.track_collaborators', rows: 50_000, pages: 368, plans: 8, statistics: 'year-later' },
    ],
    ...over,
  };
}

/** A report around its parts, counted. */
export function report(
  cases: readonly CaseReport[],
  over: { suites?: SuiteReport[]; knownBad?: KnownBadReport[]; notices?: Notice[] } = {},
): Report {
  const suites = over.suites ?? [suite()];
  const knownBad = over.knownBad ?? [
    knownBadReport(),
    knownBadReport({ statistics: 'year-later' }),
    knownBadReport({ query: 'monthly-or-subquery', line: 33 }),
    knownBadReport({ query: 'monthly-or-subquery', line: 33, statistics: 'year-later' }),
  ];
  const notices = over.notices ?? [];
  const verdicts = (verdict: Verdict) => cases.filter((item) => item.verdict === verdict).length;
  const changes = (kind: string) =>
    cases.filter(({ change }) => change?.kind === kind && change.waiver === undefined).length;
  const isWaived = ({ findings, change }: CaseReport) =>
    findings.some(({ waiver }) => waiver !== undefined) || change?.waiver !== undefined;
  const missed = knownBad.filter((one) => !one.caught).length;
  const red =
    verdicts('fail') > 0 ||
    missed > 0 ||
    notices.some((one) => one.level === 'fail') ||
    (verdicts('unverified') > 0 && suites.some((one) => one.unverified === 'fail'));
  return {
    version: 1,
    scope: 'all',
    verdict: red ? 'fail' : 'pass',
    summary: {
      suites: suites.length,
      queries: new Set(cases.map((item) => item.query)).size,
      statements: new Set(cases.map((item) => `${item.query} ${item.statement}`)).size,
      cases: cases.length,
      passed: verdicts('pass'),
      failed: verdicts('fail'),
      unverified: verdicts('unverified'),
      missing: changes('missing'),
      changed: changes('changed'),
      dearer: changes('dearer'),
      waived: cases.filter(isWaived).length,
      knownBadCaught: knownBad.length - missed,
      knownBadMissed: missed,
    },
    suites,
    cases,
    knownBad,
    notices,
  };
}

const scenarios = ['no-collaborations', 'one-accepted', 'hundreds-accepted', 'label'];
const sets = ['incident-day', 'year-later'];

/** A run in which everything is fine. */
export function goodReport(): Report {
  return report([
    ...crossed(scenarios, sets, (over) => caseReport(over)),
    ...crossed(scenarios, sets, (over) =>
      caseReport({ ...over, query: 'monthly-listens', statement: 'monthly-listens' }),
    ),
  ]);
}

/** #932: the OR in the profile, everywhere. */
export function badReport(): Report {
  const both = [finding(), finding({ rule: 'protect' })];
  return report([
    ...crossed(scenarios, sets, (over) => badCase({ ...over, findings: both })),
    ...crossed(scenarios, sets, (over) =>
      caseReport({ ...over, query: 'monthly-listens', statement: 'monthly-listens' }),
    ),
  ]);
}

export const rowSecurity: Doubt = {
  kind: 'row-security',
  message: 'Row-level security is on for tracks, and a superuser plans without its policies.',
  next: 'State the role that production uses under postgres.role.',
};

/** Plans that are not the approved ones, findings that are waived, and what is wrong with the files. */
export function changedReport(): Report {
  const monthly = { query: 'monthly-listens', statement: '2' };
  return report(
    [
      ...crossed(scenarios, sets, (over) =>
        over.scenario === 'label' ? caseReport({ ...over, verdict: 'fail', change: changed }) : caseReport(over),
      ),
      ...crossed(scenarios, sets, (over) =>
        caseReport({ ...over, ...monthly, ...(over.mode === 'custom' ? { verdict: 'fail', change: dearer } : {}) }),
      ),
      ...crossed(['one-accepted'], sets, (over) => caseReport({ ...over, query: 'new', change: missing })),
      badCase({ query: 'report', verdict: 'pass', findings: [finding({ waiver })] }),
      caseReport({ query: 'report', scenario: 'label', change: { ...changed, waiver } }),
    ],
    {
      suites: [suite({ plans: { folder: `${cwd}/plans/audius`, approved: 30 } })],
      notices: [
        notice({ kind: 'unused-plan', level: 'fail', message: 'No query is called old.', ...at('old.plan', 1) }),
        notice({ kind: 'edited-plans', level: 'fail', message: 'Written by hand.', ...at('profile.plan', 8) }),
        notice({ kind: 'expired-waiver', level: 'fail', message: 'The waiver of protect ended on 2026-06-30.' }),
      ],
    },
  );
}

const at = (name: string, line: number) => ({ file: `${cwd}/plans/audius/${name}`, line, column: 1 });

/** A bit of everything: fail, unverified, notices, a known-bad query that passes. */
export function mixedReport(): Report {
  return report(
    [
      ...crossed(scenarios, sets, (over) =>
        over.mode === 'generic' || over.scenario === 'label' ? badCase(over) : caseReport(over),
      ),
      ...crossed(scenarios, sets, (over) =>
        unverifiedCase(rowSecurity, { ...over, query: 'monthly-listens', statement: '2' }),
      ),
    ],
    {
      knownBad: [
        knownBadReport(),
        knownBadReport({ statistics: 'year-later' }),
        knownBadReport({
          query: 'monthly-or-subquery',
          statistics: 'year-later',
          caught: false,
          failing: 0,
          line: 33,
          example: caseReport({ query: 'monthly-or-subquery', statistics: 'year-later' }),
        }),
      ],
      notices: [notice()],
    },
  );
}
