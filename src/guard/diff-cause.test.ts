import { describe, expect, test } from 'vitest';
import type { InputName } from '../report/diff-model.js';
import { type Ask, decide, decidePair } from './diff-cause.js';

const TWO: readonly InputName[] = ['query', 'schema'];
const THREE: readonly InputName[] = ['query', 'schema', 'statistics'];

/** Which inputs of after must be there, all of one list, for its plan to be made; `needs`: what cannot be alone. */
function planner(
  candidates: readonly InputName[],
  enough: readonly (readonly InputName[])[],
  needs: Partial<Record<InputName, InputName>> = {},
): Ask {
  return (inputs, from) => {
    const taken = from === 'after' ? inputs : candidates.filter((input) => !inputs.includes(input));
    const lacking = taken.some((input) => {
      const needed = needs[input];
      return needed !== undefined && !taken.includes(needed);
    });
    if (lacking) return 'refused';
    return enough.some((all) => all.every((input) => taken.includes(input))) ? 'after' : 'before';
  };
}

describe('single inputs', () => {
  test.each(THREE)('%s alone', (input) => {
    expect(decide(THREE, planner(THREE, [[input]]))).toEqual({ inputs: [input], each: false });
  });

  test('two, each of which is enough', () => {
    expect(decide(THREE, planner(THREE, [['query'], ['statistics']]))).toEqual({
      inputs: ['query', 'statistics'],
      each: true,
    });
  });

  test('two that it takes together', () => {
    expect(decide(THREE, planner(THREE, [['query', 'statistics']]))).toEqual({
      inputs: ['query', 'statistics'],
      each: false,
    });
  });

  test('a query of a new table is the cause, the table is not', () => {
    expect(decide(TWO, planner(TWO, [['query']], { query: 'schema' }))).toEqual({ inputs: ['query'], each: false });
  });

  test('a third plan in between tells nothing', () => {
    expect(decide(THREE, () => 'neither')).toBeUndefined();
  });
});

describe('pairs', () => {
  test('the two that make the new plan', () => {
    const ask: Ask = (inputs, from) =>
      from === 'after' && inputs.join() === 'schema,statistics' ? 'after' : 'neither';
    expect(decide(THREE, ask)).toBeUndefined();
    expect(decidePair(THREE, ask)).toEqual({ inputs: ['schema', 'statistics'], each: false });
  });

  test('all, where no two do', () => {
    expect(decidePair(THREE, () => 'neither')).toEqual({ inputs: THREE, each: false });
  });
});
