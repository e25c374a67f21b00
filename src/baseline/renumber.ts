import type { ApprovedCase, ApprovedPlan, BaselineFile, CaseKey, PlannedNow } from './model.js';
import { sameShape } from './shape.js';

/** A statement that has no name is called by its place: an approved one, with the plans of its cases. */
interface ApprovedStatement {
  readonly number: number;
  readonly cases: readonly { readonly one: ApprovedCase; readonly plan: ApprovedPlan }[];
}

interface StatementNow {
  readonly number: number;
  readonly cases: readonly PlannedNow[];
}

/**
 * The baseline with the numbers that statements without a name have now. Where one was put before others or taken away,
 * all behind it have another number: each is found again by its plans, in order, so that none is compared with what was
 * approved for its neighbour. What lies between two that were found is paired in order. Approved statements that are
 * gone are called `N as approved` where their number is another's now.
 * @param now every case of the query's statistics sets that is planned; of other sets nothing is renumbered
 */
export function renumbered(file: BaselineFile, now: readonly PlannedNow[]): BaselineFile {
  const approved = file.plans.flatMap((plan) => plan.cases.map((one) => ({ one, plan })));
  const current = bySequence(now, (one) => one);
  const labels = new Map<ApprovedCase, string>();
  for (const [id, before] of bySequence(approved, ({ one }) => one)) {
    const after = current.get(id);
    if (after === undefined || sameNumbers(before, after)) continue;
    const pairs = align(before, after);
    const taken = new Set(after.map(({ number }) => number));
    for (const { number, cases } of before) {
      const other = pairs.get(number);
      const label = other !== undefined ? String(other) : taken.has(number) ? `${number} as approved` : String(number);
      for (const { one } of cases) labels.set(one, label);
    }
  }
  if (labels.size === 0) return file;
  const plans = file.plans.map((plan) => ({
    ...plan,
    cases: plan.cases.map((one) => ({ ...one, statement: labels.get(one) ?? one.statement })),
  }));
  return { ...file, plans };
}

/** Numbered statements in order, of each scenario and statistics set. */
function bySequence<Case>(
  cases: readonly Case[],
  keyOf: (one: Case) => CaseKey,
): Map<string, { number: number; cases: Case[] }[]> {
  const sequences = new Map<string, { number: number; cases: Case[] }[]>();
  for (const one of cases) {
    const { statement, scenario, statistics } = keyOf(one);
    if (!/^\d+$/.test(statement)) continue;
    const id = JSON.stringify([scenario, statistics]);
    const sequence = sequences.get(id) ?? [];
    sequences.set(id, sequence);
    const number = Number(statement);
    const found = sequence.find((other) => other.number === number);
    if (found === undefined) sequence.push({ number, cases: [one] });
    else found.cases.push(one);
  }
  for (const sequence of sequences.values()) sequence.sort((a, b) => a.number - b.number);
  return sequences;
}

function sameNumbers(a: readonly { number: number }[], b: readonly { number: number }[]): boolean {
  return a.length === b.length && a.every(({ number }, index) => number === b[index]?.number);
}

/** The number of now for each approved one that has one: the longest common subsequence, and what lies between. */
function align(before: readonly ApprovedStatement[], after: readonly StatementNow[]): Map<number, number> {
  const same = before.map((one) => after.map((other) => isApproved(one, other)));
  const length = before.map(() => after.map(() => 0));
  const at = (row: number, column: number) => length[row]?.[column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      (length[row] as number[])[column] = same[row]?.[column]
        ? at(row + 1, column + 1) + 1
        : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs = new Map<number, number>();
  let gap: { before: ApprovedStatement[]; after: StatementNow[] } = { before: [], after: [] };
  const closeGap = () => {
    gap.before.forEach(({ number }, index) => {
      const other = gap.after[index];
      if (other !== undefined) pairs.set(number, other.number);
    });
    gap = { before: [], after: [] };
  };
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [one, other] = [before[row], after[column]];
    if (one !== undefined && other !== undefined && same[row]?.[column]) {
      closeGap();
      pairs.set(one.number, other.number);
      row += 1;
      column += 1;
    } else if (one !== undefined && (other === undefined || at(row + 1, column) >= at(row, column + 1))) {
      gap.before.push(one);
      row += 1;
    } else if (other !== undefined) {
      gap.after.push(other);
      column += 1;
    }
  }
  closeGap();
  return pairs;
}

/** Whether every plan of a statement is one that was approved for the other. */
function isApproved({ cases }: ApprovedStatement, now: StatementNow): boolean {
  return now.cases.every(({ mode, plan: current }) =>
    cases.some(({ one, plan }) => one.mode === mode && plan.shapes.some((shape) => sameShape(shape, current))),
  );
}
