import { expect, test } from 'vitest';
import { accessesInPlan } from '../plan/accesses.js';
import { parsePlan } from '../plan/parse-json.js';
import { causeOf } from './cause.js';
import { diffPlans } from './diff.js';
import { checkedPairs } from './testing/pairs.js';

const index = (condition: string, over = {}) => ({
  'Node Type': 'Index Scan',
  'Relation Name': 'tracks',
  Alias: 't',
  'Index Name': 'by_owner',
  'Index Cond': condition,
  ...over,
});
const whole = (filter?: string, over = {}) => ({
  'Node Type': 'Seq Scan',
  'Relation Name': 'tracks',
  Alias: 't',
  ...(filter === undefined ? {} : { Filter: filter }),
  ...over,
});
const why = (before: object, after: object) => {
  const [one, other] = [before, after].map((Plan) => {
    const plan = parsePlan([{ Plan }]);
    return { plan, accesses: accessesInPlan(plan) };
  });
  return one && other && causeOf(diffPlans(one, other))?.why;
};

test.each([
  ['incident-profile', 'owner_id'],
  ['incident-monthly-listens', 'owner_id'],
  ['or-with-subquery', 'customer_id'],
])('an OR with a subquery: %s', (name, column) => {
  const pair = checkedPairs().find((one) => one.name === name);
  if (pair === undefined) throw new Error(`no pair ${name}`);
  const read = (plan: typeof pair.before) => ({ plan, accesses: accessesInPlan(plan) });
  const cause = causeOf(diffPlans(read(pair.before), read(pair.after)));
  expect(cause?.why).toMatch(new RegExp(`^The condition's OR joins \`${column}\`, which .* served, with a subquery;`));
  expect(cause?.next).toContain('= ANY($ids)');
});

test.each<[string, object, object, RegExp | undefined]>([
  [
    'an OR with another condition',
    index('(t.owner_id = 1)'),
    whole("(t.is_current AND ((t.owner_id = 2) OR (t.title = 'x'::text)))"),
    /^The condition's OR joins `owner_id`, which `by_owner` served, with another condition/,
  ],
  [
    'a function',
    index('(t.handle = $1)'),
    whole('(lower(t.handle) = $1)'),
    /^The condition is on an expression of `handle` now/,
  ],
  [
    'a cast',
    index('(t.id = 5)'),
    whole("((t.id)::numeric = '5'::numeric)"),
    /^The condition is on an expression of `id` now/,
  ],
  ['a cast that was there', index("((t.h)::text = 'x'::text)"), whole("((t.h)::text = 'x'::text)"), undefined],
  [
    'gone',
    index('(t.owner_id = 1)'),
    whole('t.is_current'),
    /^No condition on `owner_id` is left, which `by_owner` served/,
  ],
  ['the same condition', index('(t.owner_id = 1)'), whole('(t.owner_id = 1)'), undefined],
  ['an OR of the same column', index('(t.owner_id = 1)'), whole('((t.owner_id = 1) OR (t.owner_id = 2))'), undefined],
  [
    'an OR that does not name the column',
    index('(t.owner_id = 1)'),
    whole('((t.a = 1) OR (t.b = 2))'),
    /^No condition/,
  ],
  ['OR in a text', index('(t.a = 1)'), whole("(t.a = ' OR '::text)"), undefined],
  [
    'an OR that was there before',
    index('(t.owner_id = 1)', { Filter: '((NOT t.hidden) OR (t.owner_id = 0))' }),
    whole('((t.owner_id > 1) AND ((NOT t.hidden) OR (t.owner_id = 0)))'),
    undefined,
  ],
  ['better', whole('((t.owner_id = 1) OR (hashed SubPlan 1))'), index('(t.owner_id = 1)'), undefined],
  [
    'the condition went up to a join',
    index('(t.owner_id = u.id)'),
    {
      'Node Type': 'Hash Join',
      'Hash Cond': '(t.owner_id = u.id)',
      Plans: [whole(undefined, { 'Parent Relationship': 'Outer' })],
    },
    undefined,
  ],
])('%s', (_, before, after, expected) => {
  if (expected === undefined) expect(why(before, after)).toBeUndefined();
  else expect(why(before, after)).toMatch(expected);
});
