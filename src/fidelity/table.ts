import type { PlanCacheMode } from '../postgres/model.js';

export interface Count {
  readonly what: string;
  readonly count: number;
  /** The mark, where there is one. */
  readonly least?: number;
  readonly most?: number;
}

/** One line of the table. */
export interface Tally {
  readonly part: string;
  readonly name: string;
  readonly statements: number;
  readonly plans: number;
  readonly counts: readonly Count[];
}

/** Two plans of one question that are not what was hoped for. */
export interface Difference {
  readonly part: string;
  readonly workload: string;
  readonly sql: string;
  readonly values: readonly (string | null)[];
  readonly workers: number;
  readonly mode: PlanCacheMode;
  readonly what: string;
  /** Total costs of both. */
  readonly costs: readonly (number | undefined)[];
  /** Nodes that only the one has, and only the other. */
  readonly nodes: readonly [readonly string[], readonly string[]];
}

export const isMissed = ({ count, least = 0, most = Number.POSITIVE_INFINITY }: Count) => count < least || count > most;

/** Groups of lines under what they measure, with sums where there are several lines. */
export function formatTable(tallies: readonly Tally[]): string {
  const lines: string[] = [];
  for (const part of new Set(tallies.map((tally) => tally.part))) {
    const own = tallies.filter((tally) => tally.part === part);
    const names = own[0]?.counts.map(({ what }) => what) ?? [];
    const cells = own.map((tally) => [
      tally.name,
      `${tally.statements}`,
      `${tally.plans}`,
      ...tally.counts.map((count) => formatCount(count, tally.plans)),
    ]);
    lines.push(part, ...align([['', 'statements', 'plans', ...names], ...cells]), '');
  }
  return lines.join('\n');
}

function formatCount(count: Count, plans: number): string {
  const isShare = count.what.startsWith('same') || count.what.startsWith('every');
  const share = isShare ? ` ${percentage(count.count / plans)}` : '';
  const marked = count.least !== undefined || count.most !== undefined;
  return `${count.count}${share}${marked ? (isMissed(count) ? ' MISSED' : ' ok') : ''}`;
}

/** Never rounded up to 100. */
const percentage = (share: number) => `${Math.floor(share * 1000) / 10} %`;

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd(),
  );
}

/** Differences by statement: how many plans of it differ, and the first of them. */
export function formatDifferences(differences: readonly Difference[]): string {
  const groups = new Map<string, Difference[]>();
  for (const difference of differences) {
    const key = [difference.part, difference.workload, difference.what, difference.sql].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), difference]);
  }
  const blocks = [...groups.values()].map((group) => {
    const [first] = group as [Difference];
    const askings = [...new Set(group.map(({ mode, workers }) => `${mode}, ${workers} workers`))].join('; ');
    const values = first.values.length === 0 ? '' : ` ${shorten(JSON.stringify(first.values))}`;
    return [
      `${first.part}: ${first.workload}: ${first.what} in ${group.length} plans (${askings})`,
      `  ${shorten(first.sql.replace(/\s+/g, ' '))}${values}`,
      `  costs ${first.costs.join(' : ')}`,
      ...first.nodes[0].slice(0, 4).map((line) => `  - ${line}`),
      ...first.nodes[1].slice(0, 4).map((line) => `  + ${line}`),
    ].join('\n');
  });
  return blocks.map((block) => `${block}\n`).join('');
}

const shorten = (text: string) => (text.length > 160 ? `${text.slice(0, 160)}…` : text);
