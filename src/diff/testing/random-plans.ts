import fc from 'fast-check';
import type { Plan } from '../../plan/model.js';
import { parsePlan } from '../../plan/parse-json.js';

/** A node of EXPLAIN's JSON. */
export type Raw = {
  readonly 'Node Type': string;
  readonly Plans?: readonly Raw[];
  readonly [property: string]: unknown;
};

const tables = ['tracks', 'users', 'plays', 'tags'];
const aliases = ['t', 't_1', 't_2', 'u'];
const cost = fc.integer({ min: 1, max: 1000 });

const scan: fc.Arbitrary<Raw> = fc.oneof(
  fc.record({
    'Node Type': fc.constantFrom('Seq Scan', 'Index Scan', 'Index Only Scan'),
    'Relation Name': fc.constantFrom(...tables),
    Alias: fc.constantFrom(...aliases),
    'Total Cost': cost,
    Filter: fc.constantFrom('(t.id = 1)', '(t_1.id = $0)', '(id = (InitPlan 1).col1)', "(name ~~ 'x%'::text)"),
  }),
  fc.record({ 'Node Type': fc.constant('Result'), 'Total Cost': cost }),
  fc.record({ 'Node Type': fc.constant('CTE Scan'), 'CTE Name': fc.constantFrom('x', 'y'), Alias: fc.constant('x') }),
);

const below = (relationship: string, child: Raw): Raw => ({ ...child, 'Parent Relationship': relationship });

const { tree } = fc.letrec<{ tree: Raw; over: Raw; join: Raw; append: Raw; filtered: Raw }>((tie) => ({
  tree: fc.oneof({ maxDepth: 5, depthSize: 'medium' }, scan, tie('over'), tie('join'), tie('append'), tie('filtered')),
  over: fc
    .record({
      type: fc.constantFrom('Sort', 'Incremental Sort', 'Aggregate', 'Limit', 'Gather', 'Hash', 'Materialize'),
      child: tie('tree'),
    })
    .map(({ type, child }) => ({ 'Node Type': type, 'Total Cost': 5, Plans: [below('Outer', child)] })),
  join: fc
    .record({
      type: fc.constantFrom('Nested Loop', 'Hash Join', 'Merge Join'),
      outer: tie('tree'),
      inner: tie('tree'),
      condition: fc.constantFrom('(t.id = u.id)', '(u.id = t.id)', '(t_1.id = u.id)'),
    })
    .map(({ type, outer, inner, condition }) => ({
      'Node Type': type,
      'Hash Cond': condition,
      Plans: [below('Outer', outer), below('Inner', inner)],
    })),
  append: fc
    .array(tie('tree'), { minLength: 1, maxLength: 4 })
    .map((members) => ({ 'Node Type': 'Append', Plans: members.map((member) => below('Member', member)) })),
  filtered: fc
    .record({ scan, number: fc.integer({ min: 1, max: 2 }), subplan: tie('tree') })
    .map(({ scan: outer, number, subplan }) => ({
      ...outer,
      Filter: `(SubPlan ${number})`,
      Plans: [{ ...below('SubPlan', subplan), 'Subplan Name': `SubPlan ${number}` }],
    })),
}));

/** Plans of a few tables, with subplans, as no planner would make them. */
export const randomPlan: fc.Arbitrary<Plan> = tree.map((Plan) => parsePlan([{ Plan }]));

/** Two plans that have much in common: one tree, and the same with a part of it replaced. */
export const similarPlans: fc.Arbitrary<readonly [Plan, Plan]> = fc
  .record({ one: tree, other: tree, part: fc.nat() })
  .map(({ one, other, part }) => {
    const parts: Raw[] = [];
    const collect = (node: Raw): void => {
      parts.push(node);
      node.Plans?.forEach(collect);
    };
    collect(one);
    const chosen = parts[part % parts.length];
    const replace = (node: Raw): Raw => {
      if (node === chosen) return below(String(node['Parent Relationship'] ?? 'Outer'), other);
      return node.Plans === undefined ? node : { ...node, Plans: node.Plans.map(replace) };
    };
    return [parsePlan([{ Plan: one }]), parsePlan([{ Plan: replace(one) }])] as const;
  });
