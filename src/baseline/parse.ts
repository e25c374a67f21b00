import { PlanGuardError } from '../errors.js';
import type { Plan } from '../plan/model.js';
import { caseId, compareCases } from './arrange.js';
import { checksum, FORMAT, TIED } from './format.js';
import type { ApprovedCase, ApprovedPlan, BaselineFile } from './model.js';
import { readShape, writtenShape } from './shape.js';
import { unescapeText } from './words.js';

/** Columns before the lines of a plan. */
const INDENT = 2;
const MODES = ['custom', 'generic'] as const;

/**
 * Reads the text of a baseline's file. Windows line endings and a byte order mark, which git and editors add, are no
 * edits.
 * @throws {PlanGuardError} `baseline`: a merge conflict, a newer format, or anything else that cannot be read, with its
 *   line and column and what was expected there
 */
export function parseBaseline(text: string, file: string): BaselineFile {
  const lines = `${text}\n`
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => new Line(line.trimEnd(), index + 1, file));
  refuseConflict(lines);
  return new BaselineReader(lines, file).read();
}

/** Git's conflict markers, and the one that its style `diff3` adds. */
function refuseConflict(lines: readonly Line[]): void {
  const marker = lines.find(({ text }) => /^(<{7}|\|{7}|={7}|>{7})( |$)/.test(text));
  if (marker === undefined) return;
  throw marker.error(1, `A merge conflict is not resolved: ${marker.text.slice(0, 7)}`, {
    hint: 'Take either side as it is (git checkout --ours or --theirs), then run plan-guard approve.',
  });
}

class BaselineReader {
  readonly #lines: readonly Line[];
  readonly #file: string;
  readonly #edits: number[] = [];
  #at = 0;

  constructor(lines: readonly Line[], file: string) {
    this.#lines = lines;
    this.#file = file;
  }

  read(): BaselineFile {
    while (this.#line.text.startsWith('#')) this.#at++;
    const format = this.#entry('format').digits('the number of the format');
    if (format > FORMAT) {
      throw this.#previous.error(
        1,
        `A newer plan-guard wrote this baseline: format ${format}, and this one reads ${FORMAT}`,
        {
          hint: 'Update plan-guard.',
        },
      );
    }
    const query = this.#entry('query').rest('the name of the query');
    const major = this.#entry('postgres').digits('a major version of PostgreSQL');
    const settings = this.#entry('settings').rest('the identity of the settings');
    const statistics: [string, string][] = [];
    while (this.#line.key === 'statistics') {
      const entry = this.#entry('statistics');
      const identity = entry.name('the identity of a statistics set');
      entry.gap('the name of the statistics set');
      statistics.push([entry.rest('the name of a statistics set'), identity]);
    }
    const reason = this.#line.key === 'reason' ? this.#entry('reason').rest('a reason') : undefined;
    const header = this.#lines.slice(0, this.#at).map((line) => line.text);
    this.#check(this.#entry('checksum').rest('a checksum'), query, header);

    const plans: ApprovedPlan[] = [];
    const headings: number[] = [];
    const seen = new Map<string, number>();
    for (this.#skipBlank(); !this.#atEnd; this.#skipBlank()) {
      headings.push(this.#line.number);
      plans.push(this.#plan(query, seen));
    }
    const inputs = { major, statistics: Object.fromEntries(statistics), settings };
    const edits = this.#edits;
    return { query, inputs, reason, plans, file: this.#file, intact: edits.length === 0, edits, lines: headings };
  }

  #plan(query: string, seen: Map<string, number>): ApprovedPlan {
    const heading = this.#next();
    heading.keyword('plan');
    const sum = heading.rest('a checksum');
    const start = this.#at;
    const cases: ApprovedCase[] = [];
    while (!this.#atBlank) {
      for (const approved of this.#next().cases()) {
        this.#once(approved, seen);
        cases.push(approved);
      }
    }
    this.#needs(cases, 'a case: statement, scenario, modes, cost, rows and statistics sets');
    if (!this.#atEnd) this.#at++;
    const trees: Line[][] = [];
    let tree: Line[] = [];
    const close = () => {
      this.#needs(tree, 'a plan');
      trees.push(tree);
      tree = [];
    };
    while (!this.#atBlank) {
      const line = this.#next();
      if (line.text === `  ${TIED}`) close();
      else tree.push(line);
    }
    close();
    const section = this.#lines.slice(start, this.#at).map((line) => line.text);
    const intact = this.#check(sum, query, section, heading);
    // What approve wrote can be read, and need not be as long as it is the plan of now.
    const shapes = trees.map((lines) => {
      if (!intact) return this.#shape(lines);
      return writtenShape(
        lines.map(({ text }) => text.slice(INDENT)),
        () => this.#shape(lines),
      );
    });
    return { shapes, cases: cases.sort(compareCases) };
  }

  #shape(lines: readonly Line[]): Plan {
    try {
      return readShape(lines.map((line) => ({ text: line.planText(), line: line.number })));
    } catch (error) {
      if (!(error instanceof PlanGuardError) || error.code !== 'plan') throw error;
      throw new PlanGuardError('baseline', error.message, {
        where: {
          line: lines[0]?.number ?? 1,
          ...error.where,
          column: (error.where?.column ?? 1) + 2,
          file: this.#file,
        },
        hint: UNREADABLE,
        cause: error,
      });
    }
  }

  #once(approved: ApprovedCase, seen: Map<string, number>): void {
    const line = this.#previous;
    const other = seen.get(caseId(approved));
    seen.set(caseId(approved), line.number);
    if (other === undefined) return;
    const { scenario, statistics, mode } = approved;
    const words = [scenario, mode, statistics].filter((word) => word !== '').join(', ');
    throw line.error(3, `The case ${words} has another plan in line ${other}: two changes of it were merged`, {
      hint: 'Take either side of the merge as it is, then run plan-guard approve.',
    });
  }

  #check(sum: string, query: string, lines: readonly string[], line = this.#previous): boolean {
    const intact = sum === checksum(query, lines);
    if (!intact) this.#edits.push(line.number);
    return intact;
  }

  #needs(found: readonly unknown[], what: string): void {
    if (found.length === 0) throw this.#line.expected(what);
  }

  #entry(key: string): Line {
    const line = this.#next();
    line.keyword(key);
    return line;
  }

  #skipBlank(): void {
    while (!this.#atEnd && this.#line.text === '') this.#at++;
  }

  get #atEnd(): boolean {
    return this.#at >= this.#lines.length - 1;
  }

  get #atBlank(): boolean {
    return this.#line.text === '';
  }

  get #line(): Line {
    return (this.#lines[this.#at] ?? this.#lines.at(-1)) as Line;
  }

  get #previous(): Line {
    return this.#lines[this.#at - 1] as Line;
  }

  #next(): Line {
    const line = this.#line;
    this.#at++;
    return line;
  }
}

const UNREADABLE =
  'Restore the file as plan-guard approve wrote it (git checkout), or remove it and run plan-guard approve.';

/** One line, read from left to right. */
class Line {
  readonly text: string;
  readonly number: number;
  readonly #file: string;
  #at = 0;

  constructor(text: string, number: number, file: string) {
    this.text = text;
    this.number = number;
    this.#file = file;
  }

  get key(): string {
    return /^\w*/.exec(this.text)?.[0] ?? '';
  }

  keyword(word: string): void {
    if (this.key !== word) throw this.expected(`"${word}"`);
    this.#at = word.length;
    this.#at += /^ */.exec(this.#left)?.[0].length ?? 0;
  }

  /** The rest of the line, which must not be empty. */
  rest(what: string): string {
    if (this.#left === '') throw this.expected(what);
    if (!this.#left.startsWith('"')) return this.#take(this.#left);
    const quoted = this.#quoted(what);
    if (this.#left !== '') throw this.expected("the line's end");
    return quoted;
  }

  digits(what: string): number {
    const number = /^\d{1,9}$/.exec(this.#left)?.[0];
    if (number === undefined) throw this.expected(what);
    return Number(this.#take(number));
  }

  gap(what: string): void {
    const gap = /^ {2,}/.exec(this.#left)?.[0];
    if (gap === undefined) throw this.expected(`two spaces and ${what}`);
    this.#take(gap);
  }

  name(what: string, end = / {2}|$/): string {
    if (this.#left.startsWith('"')) return this.#quoted(what);
    const name = this.#left.slice(0, end.exec(this.#left)?.index);
    if (name === '') throw this.expected(what);
    this.#take(name);
    return name === '-' ? '' : name;
  }

  names(what: string): string[] {
    const names = [this.name(what, / {2}|, |$/)];
    while (this.#left.startsWith(', ')) {
      this.#take(', ');
      names.push(this.name(what, / {2}|, |$/));
    }
    return names;
  }

  cases(): ApprovedCase[] {
    this.gap('a case');
    const statement = this.name('the name of a statement');
    this.gap('a scenario');
    const scenario = this.name('a scenario');
    this.gap('plan modes');
    const modes = this.#modes();
    this.gap('statistics sets');
    const cost = this.#number('cost');
    const rows = this.#number('rows');
    const statistics = this.names('the name of a statistics set');
    if (this.#left !== '') throw this.expected("the line's end");
    return statistics.flatMap((set) =>
      modes.map((mode) => ({ statement, scenario, statistics: set, mode, cost, rows })),
    );
  }

  #modes(): (typeof MODES)[number][] {
    const at = this.#at;
    return this.names('a plan mode').map((name) => {
      const mode = MODES.find((one) => one === name);
      if (mode !== undefined) return mode;
      this.#at = at;
      throw this.expected('custom, generic or both');
    });
  }

  #number(label: string): number | undefined {
    if (!this.#left.startsWith(`${label} ~`)) return undefined;
    this.#take(`${label} ~`);
    const number = /^\d[\d,.]*(e[+-]\d+)?(?= {2})/.exec(this.#left)?.[0];
    const value = Number(number?.replaceAll(',', ''));
    if (number === undefined || Number.isNaN(value)) throw this.expected('a number');
    this.#take(number);
    this.gap('statistics sets');
    return value;
  }

  /** A line of a plan, without the indent of its section; its escapes are read with the plan. */
  planText(): string {
    if (!this.text.startsWith('  ')) throw this.expected('a line of a plan, indented');
    this.#at = 2;
    const text = this.#left;
    this.#unescaped(text);
    return text;
  }

  #quoted(what: string): string {
    const quoted = /^"((?:[^"\\]|\\.)*)"/u.exec(this.#left);
    if (quoted === null) throw this.expected(`${what}, its quote closed`);
    this.#at++;
    const name = this.#unescaped(quoted[1] ?? '');
    this.#at += quoted[0].length - 1;
    return name;
  }

  #unescaped(text: string): string {
    const read = unescapeText(text);
    if (typeof read === 'string') return read;
    this.#at += read.wrongAt;
    throw this.expected('\\\\, \\n, \\r, \\t or \\u{…} after a backslash');
  }

  get #left(): string {
    return this.text.slice(this.#at);
  }

  #take(text: string): string {
    this.#at += text.length;
    return text;
  }

  expected(what: string): PlanGuardError {
    const left = [...this.#left];
    const found = left.length > 40 ? `${left.slice(0, 40).join('')}…` : left.join('');
    const words = found === '' ? 'the line ends' : `it says: ${found}`;
    return this.error([...this.text.slice(0, this.#at)].length + 1, `Expected ${what}, but ${words}`, {
      hint: UNREADABLE,
    });
  }

  error(column: number, message: string, { hint }: { hint: string }): PlanGuardError {
    return new PlanGuardError('baseline', message, { where: { file: this.#file, line: this.number, column }, hint });
  }
}
