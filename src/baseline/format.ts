import { createHash } from 'node:crypto';
import { arrange } from './arrange.js';
import type { ApprovedCase, ApprovedPlan, Baseline } from './model.js';
import { shapeLines } from './shape.js';
import { compareNames, lineText, nameText } from './words.js';

/** The version of the format that is written, and the newest that is read. */
export const FORMAT = 1;

/** Between the shapes of plans that are tied in cost. */
export const TIED = 'or, at the same cost:';

const COMMENT = [
  '# The approved plans of one query. `plan-guard approve` alone writes this file: review it, do not edit it.',
  '# A case: statement, scenario, plan modes, estimated cost and rows (rounded), statistics sets.',
];

/** Columns that a field takes at least; a longer one moves what follows it in its own line alone, by whole steps. */
const WIDTH = { key: 10, scenario: 30, modes: 15, number: 12, step: 20 };

/**
 * Writes a baseline as the text of its file: the same baseline gives the same bytes, in whatever order its plans and
 * cases are. One line for each scenario of a statement; statistics sets and modes with equal numbers share it. Nothing
 * in a line depends on another line, but for the checksum in the heading of each plan.
 */
export function formatBaseline(baseline: Baseline): string {
  const { query, inputs, reason } = baseline;
  const statistics = Object.entries(inputs.statistics).sort(([a], [b]) => compareNames(a, b));
  const header = [
    ...COMMENT,
    entry('format', String(FORMAT)),
    entry('query', lineText(query)),
    entry('postgres', String(inputs.major)),
    entry('settings', lineText(inputs.settings)),
    ...statistics.map(([name, identity]) => entry('statistics', `${nameText(identity)}  ${lineText(name)}`)),
    ...(reason === undefined ? [] : [entry('reason', lineText(reason))]),
  ];
  const sections = arrange(baseline.plans).map((plan) => {
    const section = [...caseLines(plan.cases), '', ...treeLines(plan)];
    return ['', `plan ${checksum(query, section)}`, ...section];
  });
  return `${[...header, entry('checksum', checksum(query, header)), ...sections.flat()].join('\n')}\n`;
}

/** What tells a part of a baseline that was approved from one that someone edited, or took from another query. */
export function checksum(query: string, lines: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([query, ...lines]))
    .digest('hex')
    .slice(0, 12);
}

function entry(key: string, value: string): string {
  return `${key.padEnd(WIDTH.key)}  ${value}`;
}

function treeLines({ shapes }: ApprovedPlan): string[] {
  return shapes.flatMap((shape, index) => [
    ...(index === 0 ? [] : [`  ${TIED}`]),
    ...shapeLines(shape).map((line) => `  ${line}`),
  ]);
}

function caseLines(cases: readonly ApprovedCase[]): string[] {
  const scenarios = new Map<string, ApprovedCase[]>();
  for (const approved of cases) {
    const id = JSON.stringify([approved.statement, approved.scenario]);
    scenarios.set(id, [...(scenarios.get(id) ?? []), approved]);
  }
  return [...scenarios.values()].flatMap((ofScenario) => folded(ofScenario).map(caseLine));
}

/** Cases of one scenario with equal cost and rows: each of the modes with each of the statistics sets. */
interface FoldedCases extends Pick<ApprovedCase, 'statement' | 'scenario' | 'cost' | 'rows'> {
  readonly modes: string[];
  readonly statistics: readonly string[];
}

function folded(cases: readonly ApprovedCase[]): FoldedCases[] {
  const byMode = groupBy(cases, ({ mode, cost, rows }) => JSON.stringify([mode, cost, rows]));
  const lines = groupBy(byMode, (group) =>
    JSON.stringify([group[0]?.cost, group[0]?.rows, group.map(({ statistics }) => statistics)]),
  );
  return lines
    .map((groups) => {
      const [first] = groups as [ApprovedCase[]];
      const { statement, scenario, cost, rows } = first[0] as ApprovedCase;
      const modes = groups.map(([one]) => one?.mode ?? '').sort();
      return { statement, scenario, cost, rows, modes, statistics: first.map(({ statistics }) => statistics) };
    })
    .sort(
      (a, b) =>
        compareNames(a.modes.join(), b.modes.join()) || compareNames(a.statistics[0] ?? '', b.statistics[0] ?? ''),
    );
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function caseLine({ statement, scenario, modes, cost, rows, statistics }: FoldedCases): string {
  const fields = [
    nameText(statement),
    padded(nameText(scenario), WIDTH.scenario),
    modes.join(', ').padEnd(WIDTH.modes),
    ...numberField('cost', cost),
    ...numberField('rows', rows),
    statistics.map(nameText).join(', '),
  ];
  return `  ${fields.join('  ')}`;
}

/** Pads to the width, a longer text in steps, so that names of about the same length end in one column. */
function padded(text: string, width: number): string {
  return text.padEnd(width + Math.ceil(Math.max(0, text.length - width) / WIDTH.step) * WIDTH.step);
}

function numberField(label: string, value: number | undefined): string[] {
  return value === undefined ? [] : [`${label} ~${numberText(value)}`.padEnd(WIDTH.number)];
}

/** Digits before the point in groups of three. */
function numberText(value: number): string {
  const [whole = '', ...rest] = String(value).split(/(?=[.e])/);
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + rest.join('');
}
