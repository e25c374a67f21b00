import { describe, expect, test } from 'vitest';
import { findPlansInText } from '../plan/sources/find-plans.js';
import type { Comparison } from '../report/diff-model.js';
import { Entries } from './diff-entries.js';
import { diffSources } from './diff-plans.js';
import { causeInTexts } from './diff-text-cause.js';

interface Written {
  readonly plan: string;
  readonly statement?: string;
}

async function compared(before: readonly Written[], after: readonly Written[]): Promise<Comparison[]> {
  const content = async (name: string, plans: readonly Written[]) => {
    const entries = new Entries(name);
    for (const [index, { plan, statement }] of plans.entries()) {
      const [found] = await findPlansInText(plan, name);
      if (found !== undefined) entries.add({ ...found, statement, line: index + 1 });
    }
    return { kind: 'plans' as const, name, entries: entries.all };
  };
  return diffSources(await content('before', before), await content('after', after));
}

const names = (comparisons: readonly Comparison[]) => comparisons.map(({ name, change }) => `${name}: ${change}`);

const index = (
  id: number | string,
) => ` Index Scan using orders_customer_idx on orders  (cost=0.42..16.60 rows=10 width=13)
   Index Cond: (customer_id = ${id})
`;
const whole = (filter: string) => ` Seq Scan on orders  (cost=0.00..21500.00 rows=10 width=13)
   Filter: ${filter}
`;

describe('statements', () => {
  const of = (statement: string, plan = index(1)): Written => ({ statement, plan });

  test('are the same whatever their literals, blanks, comments and case', async () => {
    const one = [of('SELECT id FROM orders WHERE customer_id = 1'), of("SELECT 'a' FROM orders")];
    const other = [
      of('select ID -- all\n  from orders\nwhere customer_id = 24;', index(24)),
      of("SELECT 'b' FROM orders"),
    ];
    expect(names(await compared(one, other))).toEqual([
      'select ID -- all from orders where customer_id = 24;: same',
      "SELECT 'b' FROM orders: same",
    ]);
  });

  test('lists of any length are one', async () => {
    const one = [of('SELECT id FROM orders WHERE id IN (1, 2)'), of('SELECT 1')];
    const other = [of('SELECT id FROM orders WHERE id IN (3)'), of('SELECT 1')];
    expect((await compared(one, other)).map(({ change }) => change)).toEqual(['same', 'same']);
  });

  test('that were edited are paired with what they are most like', async () => {
    const one = [of('SELECT id, total FROM orders WHERE customer_id = 1'), of('SELECT count(*) FROM gifts')];
    const other = [of('DELETE FROM notes'), of('SELECT id, total FROM orders WHERE customer_id = 1 AND total > 0')];
    expect(names(await compared(one, other))).toEqual([
      'DELETE FROM notes: added',
      'SELECT id, total FROM orders WHERE customer_id = 1 AND total…: same',
      'SELECT count(*) FROM gifts: removed',
    ]);
  });

  test('that share no table are two, however alike their words', async () => {
    const products =
      ' Index Scan using products_pkey on products  (cost=0.28..8.30 rows=1 width=4)\n   Index Cond: (id = 3)\n';
    const one = [of('SELECT id FROM orders WHERE customer_id = 3'), of('SELECT 1')];
    const other = [of('SELECT id FROM products WHERE id = 3', products), of('SELECT 1')];
    expect(names(await compared(one, other))).toEqual([
      'SELECT id FROM products WHERE id = 3: added',
      'SELECT id FROM orders WHERE customer_id = 3: removed',
      'SELECT 1: same',
    ]);
  });

  test('that grew by half are one', async () => {
    const one = [of('SELECT * FROM orders WHERE customer_id = 7'), of('SELECT 1')];
    const grown = 'SELECT * FROM orders WHERE customer_id = 8 OR id IN (SELECT order_id FROM gifts WHERE to_id = 8)';
    const [first] = await compared(one, [
      of(grown, whole('((customer_id = 8) OR (hashed SubPlan 1))')),
      of('SELECT 1'),
    ]);
    expect(first).toMatchObject({ change: 'changed', diff: { accesses: [{ direction: 'worse' }] } });
  });

  test('with several shapes: those that both have, then the others', async () => {
    const orders = 'SELECT id FROM orders WHERE customer_id = 1';
    const one = [of(orders), of(orders, whole('(customer_id = 2)')), of(orders, index(3))];
    expect(names(await compared(one, one.slice(0, 1)))).toEqual([`${orders}: same`, `${orders}: removed`]);
    expect(names(await compared(one, one))).toEqual([`${orders} (2 plans): same`, `${orders}: same`]);
  });
});

describe('the cause, from the plans alone', () => {
  const cause = async (filter: string, statements: { before?: string; after?: string } = {}) => {
    const of = (plan: string, statement: string | undefined) => ({
      plan,
      ...(statement === undefined ? {} : { statement }),
    });
    const [one] = await compared([of(index(1), statements.before)], [of(whole(filter), statements.after)]);
    return one === undefined ? undefined : (await causeInTexts(one))?.why;
  };
  const PLAIN = 'SELECT id FROM orders WHERE customer_id = 1';
  const WITH_OR = `${PLAIN} OR id IN (SELECT g.order_id FROM gifts g)`;

  test.each([
    ['after 17', '((customer_id = 1) OR (ANY (id = (hashed SubPlan 1).col1)))'],
    ['before 17', '((customer_id = 1) OR (hashed SubPlan 1))'],
    ['the other way round', '((alternatives: SubPlan 1 or hashed SubPlan 2) OR (customer_id = 1))'],
    ['among others', "((status = ') OR (') AND ((customer_id = 1) OR (hashed SubPlan 1)))"],
  ])('an OR with a subquery, %s', async (_, filter) => {
    expect(await cause(filter)).toMatch(/^The condition's OR joins `customer_id`, .*, with a subquery/);
  });

  test.each([
    ['no OR', '(customer_id = 1)', undefined],
    ['a subquery beside the OR', '(((customer_id = 1) OR (id = 2)) AND (hashed SubPlan 1))', /with another condition/],
    ['an OR in a string', "((note = 'x) OR (SubPlan 1') AND (id = 1))", /No condition on `customer_id` is left/],
  ])('nothing that is not certain: %s', async (_, filter, told) => {
    if (told === undefined) expect(await cause(filter)).toBeUndefined();
    else expect(await cause(filter)).toMatch(told);
  });

  test('the statements tell more', async () => {
    const filter = '((customer_id = 1) OR (hashed SubPlan 1))';
    expect(await cause(filter, { before: PLAIN, after: WITH_OR })).toMatch(
      /OR joins .*customer_id with a subquery on gifts/,
    );
  });

  test('what was asked before is no cause', async () => {
    const filter = '((customer_id = 1) AND ((status = 1) OR (hashed SubPlan 1)))';
    const both = index(1).replace(/$/, '   Filter: ((status = 1) OR (hashed SubPlan 1))\n');
    const statement = `${PLAIN} AND (status = 1 OR id IN (SELECT g.order_id FROM gifts g))`;
    for (const known of [{}, { statement }]) {
      const [one] = await compared([{ plan: both, ...known }], [{ plan: whole(filter), ...known }]);
      expect(one && (await causeInTexts(one))).toBeUndefined();
    }
  });

  test('an index that a statement might lack is not told: nobody knows the schema', async () => {
    expect(await cause('(customer_id = 1)', { before: PLAIN, after: PLAIN })).toBeUndefined();
  });
});
