import { diffPlans } from '../../diff/diff.js';
import { checkedPairs } from '../../diff/testing/pairs.js';
import { accessesInPlan } from '../../plan/accesses.js';
import type { Access, Plan } from '../../plan/model.js';
import { parsePlan } from '../../plan/parse-json.js';
import type { ComparedCase, Comparison, DiffCause, DiffReport, PlanInputs, PlanSide, Since } from '../diff-model.js';
import { hostile } from './hostile.js';

const nothing: PlanInputs = {
  statement: undefined,
  values: undefined,
  schema: undefined,
  statistics: undefined,
  settings: undefined,
  server: undefined,
};

/** A side of a plan alone. */
export function side(plan: Plan, over: Partial<PlanSide> = {}): PlanSide {
  return {
    source: 'before.json',
    plan,
    accesses: accessesInPlan(plan),
    hasCatalog: false,
    raw: JSON.stringify(plan.root.nodeType),
    inputs: nothing,
    ...over,
  };
}

/** The same with a catalog in which every index condition is on a leading column. */
export function provenSide(plan: Plan, over: Partial<PlanSide> = {}): PlanSide {
  const prove = (access: Access): Access =>
    access.kind === 'partly-bounded' && (access.how === 'index-condition' || access.how === 'bitmap')
      ? { ...access, kind: 'bounded' }
      : access;
  return side(plan, { accesses: accessesInPlan(plan).map(prove), hasCatalog: true, ...over });
}

export function comparison(
  before: PlanSide | undefined,
  after: PlanSide | undefined,
  over: Partial<Comparison> = {},
): Comparison {
  const diff = before && after && diffPlans(before, after);
  return {
    name: after?.source ?? before?.source ?? '',
    change: before === undefined ? 'added' : after === undefined ? 'removed' : diff?.equal ? 'same' : 'changed',
    before,
    after,
    diff,
    cause: undefined,
    ...over,
  };
}

export function report(comparisons: readonly Comparison[], over: Partial<DiffReport> = {}): DiffReport {
  const same = comparisons.every(({ change }) => change === 'same');
  return {
    version: 1,
    verdict: same ? 'same' : 'different',
    before: 'main',
    after: 'HEAD',
    comparisons,
    ...over,
  };
}

/** The plans of a hand-checked pair. */
export function pair(name: string): { readonly before: Plan; readonly after: Plan } {
  const found = checkedPairs().find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no pair ${name}`);
  return found;
}

/** Two files, each with one plan, of a pair. */
export function filesReport(name: string): DiffReport {
  const { before, after } = pair(name);
  return report([comparison(side(before), side(after, { source: 'after.txt' }))], {
    before: 'before.json',
    after: 'after.txt',
  });
}

export const cause: DiffCause = {
  inputs: ['query'],
  why: "The condition's OR joins an indexed column with a subquery; no index can serve both arms, so every row is read.",
  next: 'Use the two-phase query: fetch the ids first, and leave the second arm out where there are none.',
};

function caseOf(over: Partial<ComparedCase>): ComparedCase {
  return {
    query: 'profile',
    statement: 'profile',
    scenario: 'visitor',
    statistics: 'incident-day',
    mode: 'custom',
    ...over,
  };
}

const named = ({ query, scenario, statistics, mode }: ComparedCase) => [query, scenario, statistics, mode].join(', ');

/** A suite at two revisions: the incident in two queries, partitions, a plan that is dearer, one new, one gone. */
export function suiteReport(): DiffReport {
  const statistics = ['incident-day', 'year-later'];
  const scenarios = ['visitor', 'owner', 'label'];
  const modes = ['custom', 'generic'] as const;
  const crossed = (query: string, make: (key: ComparedCase) => Comparison) =>
    statistics.flatMap((set) =>
      scenarios.flatMap((scenario) =>
        modes.map((mode) => {
          const key = caseOf({ query, statement: query, scenario, statistics: set, mode });
          return { ...make(key), case: key, name: named(key) };
        }),
      ),
    );
  const compare = (name: string, over: Partial<Comparison> = {}) => {
    const { before, after } = pair(name);
    return comparison(provenSide(before), provenSide(after), over);
  };
  const same = pair('index-to-sequential-scan').before;
  const dear = { ...same, root: { ...same.root, totalCost: 90_000, planRows: 40_000 } };
  return report([
    ...crossed('profile', () =>
      compare('incident-profile', { cause, since: sinceOf(['Profile shows collaborations']) }),
    ),
    ...crossed('monthly-listens', ({ mode }) =>
      mode === 'generic'
        ? compare('incident-monthly-listens', { cause: { ...cause, inputs: ['query', 'statistics'] } })
        : comparison(provenSide(same), provenSide(same)),
    ),
    ...crossed('events', ({ scenario }) =>
      scenario === 'label' ? compare('partitions-read-whole') : comparison(provenSide(same), provenSide(same)),
    ),
    comparison(provenSide(same), provenSide(dear), {
      change: 'dearer',
      name: 'orders, visitor',
      case: caseOf({ query: 'orders' }),
    }),
    comparison(undefined, provenSide(same), { name: 'gifts, visitor', case: caseOf({ query: 'gifts' }) }),
    comparison(provenSide(same), undefined, { name: 'tags, visitor', case: caseOf({ query: 'tags' }) }),
  ]);
}

/** Commits of the days of June, the newest first. */
export function sinceOf(subjects: readonly string[], kind: Since['kind'] = 'changed'): Since {
  const commits = subjects.map((subject, index) => {
    const day = subjects.length - index;
    return { hash: `${day}f2c1d01`.repeat(5), date: `2026-06-0${day}`, subject };
  });
  return { kind, commits, more: 0, uncommitted: false };
}

/** With ANALYZE and BUFFERS on both sides. */
export function analysedReport(): DiffReport {
  const measured = (plan: Plan, times: number): Plan => {
    const measure = (node: Plan['root']): Plan['root'] => ({
      ...node,
      properties: {
        ...node.properties,
        'Actual Rows': times * 7,
        'Actual Total Time': times * 0.4,
        'Actual Loops': 1,
        'Shared Hit Blocks': times * 3,
        'Shared Read Blocks': times * 2 - 2,
      },
      children: node.children.map(measure),
    });
    return { root: measure(plan.root), properties: { 'Execution Time': times * 0.5, 'Planning Time': 0.3 } };
  };
  const { before, after } = pair('index-to-parallel-scan');
  return report([comparison(side(measured(before, 1)), side(measured(after, 900), { source: 'after.txt' }))]);
}

/** Every text is hostile. */
export function hostileReport(): DiffReport {
  const plan = (condition: string) =>
    parsePlan([
      {
        Plan: {
          'Node Type': hostile,
          Plans: [
            {
              'Node Type': 'Index Scan',
              'Parent Relationship': 'Outer',
              'Relation Name': hostile,
              Schema: hostile,
              Alias: `a${hostile}`,
              'Index Name': hostile,
              'Index Cond': `(${hostile} = ${condition})`,
              'Subplan Name': hostile,
            },
          ],
        },
      },
    ]);
  return report(
    [
      comparison(side(plan('1')), side(plan('2')), {
        name: hostile,
        cause: { inputs: ['query'], why: hostile, next: hostile },
        since: { ...sinceOf([hostile]), uncommitted: true },
        case: caseOf({ query: hostile, statement: hostile, scenario: hostile, statistics: hostile }),
      }),
      comparison(undefined, side(plan('3'), { source: hostile }), { name: hostile }),
    ],
    { before: hostile, after: hostile },
  );
}
