import fc from 'fast-check';
import type { Plan } from '../../plan/model.js';
import { arrange, caseId } from '../arrange.js';
import { coarse } from '../coarse.js';
import { formatBaseline } from '../format.js';
import type { ApprovedCase, Baseline, BaselineFile, CaseKey, FreshCase } from '../model.js';
import { parseBaseline } from '../parse.js';
import { readShape } from '../shape.js';

/** A plan of EXPLAIN's text. */
export function planOf(text: string): Plan {
  return readShape(text.split('\n').map((line, index) => ({ text: line, line: index + 1 })));
}

/** The plan with the estimates that a planner would have made. */
export function estimated(plan: Plan, cost: number | undefined, rows: number | undefined): Plan {
  return { ...plan, root: { ...plan.root, totalCost: cost, planRows: rows } };
}

export const byOwner = planOf('Index Scan using track_owner_id_idx on tracks\n  Index Cond: (owner_id = $1)');
export const byTitle = planOf('Index Scan using track_title_idx on tracks\n  Index Cond: (owner_id = $1)');
export const whole = planOf('Seq Scan on tracks\n  Filter: (owner_id = $1)');

export const key = (scenario: string, more: Partial<CaseKey> = {}): CaseKey => ({
  statement: '1',
  scenario,
  statistics: 'today',
  mode: 'custom',
  ...more,
});

export const approvedCase = (scenario: string, more: Partial<ApprovedCase> = {}): ApprovedCase => ({
  ...key(scenario),
  cost: 30,
  rows: 20,
  ...more,
});

export const freshCase = (scenario: string, plan: Plan, more: Partial<FreshCase> = {}): FreshCase => ({
  ...key(scenario),
  plan: plan.root.totalCost === undefined ? estimated(plan, 30, 20) : plan,
  tied: [],
  ...more,
});

export const inputs = { major: 18, statistics: { today: '5d41402a' }, settings: '7d793037' };

export const baseline = (plans: Baseline['plans'], more: Partial<Baseline> = {}): Baseline => ({
  query: 'profile',
  inputs,
  reason: undefined,
  plans,
  ...more,
});

/** The baseline as it is read after it was written. */
export function fileOf(written: Baseline): BaselineFile {
  return parseBaseline(formatBaseline(written), 'plans/profile.plan');
}

/** Names of any characters, those that a format trips over among them. */
export const anyName = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      '-',
      ' ',
      'a  b',
      ' a',
      'a ',
      'a, b',
      'a,',
      '"',
      'a"b',
      '\\',
      'a\\n',
      '#',
      '# a',
      'cost ~5',
      'rows ~',
      'plan x',
    ],
    ...[
      'a\nb',
      'a\r\nb',
      '\t',
      '\u00a0',
      '\u202eabc',
      '\ufeff',
      '\u2028',
      '\ud800',
      'é',
      'e\u0301',
      '👩‍💻',
      '__proto__',
    ],
    ...['<<<<<<< HEAD', '=======', '->', '$1', '10', '9', '007', 'or, at the same cost:'],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'::text`;

/** Conditions as they are deparsed, with literals of any text. */
const anyCondition = fc
  .tuple(fc.constantFrom('Filter', 'Index Cond'), fc.constantFrom('=', '~', '>='), anyName)
  .map(([label, operator, literal]) => `${label}: (name ${operator} ${quoted(literal.replaceAll('\0', ''))})`);

const anyScan = fc
  .tuple(fc.constantFrom('Seq Scan on tracks', 'Index Scan using i on users u'), fc.option(anyCondition))
  .map(([node, condition]) => (condition === null ? [node] : [node, `  ${condition}`]));

/** Plans as they are read: a scan, or a join or a sort of such. */
export const anyPlan: fc.Arbitrary<Plan> = fc
  .letrec<{ tree: string[] }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      anyScan,
      tie('tree').map((child) => ['Limit', ...below(child)]),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ['Nested Loop', ...below(a), ...below(b)]),
    ),
  }))
  .tree.map((lines) => readShape(lines.map((text, index) => ({ text, line: index + 1 }))));

function below(child: readonly string[]): string[] {
  return child.map((line, index) => (index === 0 ? `  ->  ${line}` : `      ${line}`));
}

const anyNumber = fc.option(fc.double({ min: 0, max: 1e300, noNaN: true }).map(coarse), { nil: undefined });

/** Baselines as they are read: in order, each case once, numbers coarse. */
export const anyBaseline: fc.Arbitrary<Baseline> = fc
  .record({
    query: anyName,
    inputs: fc.record({
      major: fc.integer({ min: 9, max: 30 }),
      statistics: fc.uniqueArray(fc.tuple(anyName, anyName), { selector: ([name]) => name }).map(Object.fromEntries),
      settings: anyName,
    }),
    reason: fc.option(anyName, { nil: undefined }),
    plans: fc.array(
      fc.record({
        shapes: fc.array(anyPlan, { minLength: 1, maxLength: 3 }),
        cases: fc.array(
          fc.record({
            statement: fc.oneof(fc.constantFrom('1', '2'), anyName),
            scenario: anyName,
            statistics: anyName,
            mode: fc.constantFrom('custom' as const, 'generic' as const),
            cost: anyNumber,
            rows: anyNumber,
          }),
          { minLength: 1, maxLength: 6 },
        ),
      }),
      { maxLength: 4 },
    ),
  })
  .map((one) => ({ ...one, plans: arrange(eachOnce(one.plans)) }));

function eachOnce(plans: Baseline['plans']): Baseline['plans'] {
  const seen = new Set<string>();
  const isNew = (one: CaseKey) => !seen.has(caseId(one)) && seen.add(caseId(one));
  return plans.map(({ shapes, cases }) => ({ shapes, cases: cases.filter(isNew) }));
}
