import { PlanGuardError } from '../errors.js';
import type { Plan } from './model.js';
import { NAMED_NODES, type NamedNode } from './node-names.js';
import { CONDITION_LABELS, parsePlan } from './parse-json.js';
import { figureOf, isNumber, LIST_GROUPS, LISTS, type Properties, typedValue } from './properties.js';
import { COMPOUND_BY_LABEL, FIRST_LINE, openQuote, splitList } from './text-lines.js';

/** A line of a plan, without frames and prefixes of what it was copied from. */
export interface TextLine {
  readonly text: string;
  /** Where it stands in the source, from 1. */
  readonly line: number;
}

/**
 * Reads one plan as EXPLAIN's text format prints it, into the tree that {@link parsePlan} reads from its JSON. The lines
 * may be indented together. What text leaves out stays unknown: counters of zero, `Async Capable: false` and the like.
 *
 * Two things that text cannot tell are read as they mostly are: a function's alias that stands alone is its name too,
 * and the one child of an INSERT, UPDATE, DELETE or MERGE is its `Outer`, though JSON calls it `Member` before 14.
 * @throws {PlanGuardError} `plan`, with line and column: what PostgreSQL 9.6 to 18 do not print.
 */
export function parseTextPlan(lines: readonly TextLine[]): Plan {
  return parsePlan(new TextReader(lines).read());
}

/** Something that the lines at one column belong to. */
interface Level {
  /** Column of its lines, from 0. */
  readonly column: number;
  readonly kind: 'plan' | 'node' | 'worker' | 'grouping set' | 'JIT' | 'block' | 'subplan';
  readonly target: Properties;
  /** Of a subplan: its name. */
  readonly name?: string;
  /** Of a node: how many children without a name it has so far. */
  members: number;
}

const HEADING = /^(?:CTE .+|InitPlan \d+(?: \(returns .+\))?|SubPlan \d+(?: \(returns .+\))?)$/;
const ARROW = '->  ';
const NAME = new RegExp(
  `^(?:${[...NAMED_NODES.keys()].sort((a, b) => b.length - a.length || (a < b ? -1 : 1)).join('|')})(?= |$)`,
);
const CUSTOM_SCAN = /^Custom Scan \((.*?)\)(?= on | {2}\(cost=| \(actual | \(never executed\)|$)/;
const IDENTIFIER = /(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")*")/y;
/** A hook may give an index a name of its own, which majors before 13 print without quotes. */
const INDEX = /(?:[^\s"]+|"(?:[^"]|"")*")/y;
const N = String.raw`(\d+(?:\.\d+)?)`;
const FIGURES = new RegExp(
  String.raw`^(?:  \(cost=${N}\.\.${N} rows=(\d+) width=(\d+)\))?` +
    String.raw`(?: \(actual (?:time=${N}\.\.${N} )?rows=${N} loops=(\d+)\)|( \(never executed\)))?$`,
);
const WORKER_FIGURES = new RegExp(`^actual (?:time=${N}\\.\\.${N} )?rows=${N} loops=(\\d+)$`);
const TARGET_TABLE = /^(?:Foreign )?(?:Insert|Update|Delete|Merge) on /;
const TRIGGER =
  /^Trigger(?: (.+?))??(?: for constraint (.+?))?(?: on (.+?))?: (?:time=(\d+\.\d+)(?: ms)? )?calls=(\d+)$/;
const SERIALIZATION = /^(?:time=(\d+\.\d+) ms {2})?output=(\d+)kB {2}format=(.+)$/;
/** Lines about the plan that JSON has in another form, or, from 9.6 and 10, under another name. */
const PLAN_LINES: ReadonlySet<string> = new Set(['Settings', 'Serialization', 'Planning time', 'Execution time']);
/** Labels that stand alone, above lines of their own. */
const BLOCKS: ReadonlySet<string> = new Set(['JIT', 'Planning']);
/** Labels of expressions, whose strings and quoted names may hold line breaks. */
const EXPRESSIONS: ReadonlySet<string> = new Set([
  ...CONDITION_LABELS,
  ...['Output', 'Sort Key', 'Presorted Key', 'Group Key', 'Hash Key', 'Params Evaluated', 'Sampling', 'Window'],
  ...['Function Call', 'Table Function Call', 'Remote SQL', 'Relations'],
]);
/** Labels of texts that are printed as they are, unlike expressions: a quote in them opens nothing. */
const PLAIN_TEXTS: ReadonlySet<string> = new Set(['Conflict Arbiter Indexes', 'Foreign File', 'Foreign Program']);

class TextReader {
  readonly #lines: readonly TextLine[];
  readonly #base: number;
  readonly #plan: Properties = {};
  readonly #levels: Level[];
  /** Grouping sets of each Aggregate, and its group keys, which look the same. */
  readonly #sets = new Map<Properties, Properties[]>();
  #at = 0;
  /** The line that the one being read began in. */
  #from = 0;

  constructor(lines: readonly TextLine[]) {
    const first = lines.findIndex(({ text }) => text.trim() !== '');
    const last = lines.findLastIndex(({ text }) => text.trim() !== '');
    this.#lines = lines.slice(Math.max(first, 0), last + 1);
    this.#base = indentation(this.#lines[0]?.text ?? '');
    this.#levels = [{ column: this.#base, kind: 'plan', target: this.#plan, members: 0 }];
  }

  read(): Properties {
    if (this.#lines.length === 0) {
      throw new PlanGuardError('plan', "EXPLAIN's output holds no plan", { hint: HINT });
    }
    for (; this.#at < this.#lines.length; this.#at++) this.#readLine();
    for (const [node, sets] of this.#sets) finishGroups(node, sets);
    return this.#plan;
  }

  #readLine(): void {
    this.#from = this.#at;
    const text = this.#text(this.#at);
    if (text.trim() === '') throw this.#unexpected(0, 'the rest of the plan; two plans are to be given one by one');
    const column = indentation(text);
    const content = text.slice(column);
    if (this.#plan.Plan === undefined) this.#openNode(undefined, content, column);
    else if (content.startsWith(ARROW)) this.#readChild(content, column);
    else this.#readProperty(content, column);
  }

  /** Text of a line, with its indentation. */
  #text(index: number): string {
    return this.#lines[index]?.text ?? '';
  }

  #top(): Level {
    return this.#levels.at(-1) as Level;
  }

  /** Leaves everything whose lines stand further to the right. */
  #leave(column: number): Level {
    while (this.#levels.length > 1 && this.#top().column > column) this.#levels.pop();
    return this.#top();
  }

  #push(kind: Level['kind'], column: number, target: Properties, name?: string): void {
    this.#levels.push({ kind, column, target, members: 0, ...(name === undefined ? {} : { name }) });
  }

  #readChild(content: string, column: number): void {
    const level = this.#leave(column);
    if (level.column !== column || (level.kind !== 'node' && level.kind !== 'subplan')) {
      throw this.#unexpected(column, this.#columns('a node that hangs below one of those above it'));
    }
    if (level.kind === 'subplan') this.#levels.pop();
    this.#openNode(level, content.slice(ARROW.length), column + ARROW.length);
  }

  #openNode(parent: Level | undefined, content: string, column: number): void {
    const { properties, end } = this.#readNode(this.#joinNames(content), column);
    const figures = FIGURES.exec(end.rest);
    if (figures === null) throw this.#unexpected(end.column, 'costs as (cost=0.00..1.00 rows=1 width=4), or nothing');
    setFigures(properties, figures);
    if (parent === undefined) this.#plan.Plan = properties;
    else {
      append(parent.target, 'Plans', properties);
      if (parent.name === undefined) relate(parent);
      else {
        properties['Parent Relationship'] = parent.name.startsWith('SubPlan ') ? 'SubPlan' : 'InitPlan';
        properties['Subplan Name'] = parent.name;
      }
    }
    this.#push('node', column + 2, properties);
  }

  /** Reads the name of a node and what it reads: everything before its figures. */
  #readNode(text: string, column: number): { properties: Properties; end: { rest: string; column: number } } {
    let at = 0;
    const skip = (words: string): boolean => {
      if (!text.startsWith(words, at)) return false;
      at += words.length;
      return true;
    };
    const parallel = skip('Parallel ');
    const async = skip('Async ');
    const custom = CUSTOM_SCAN.exec(text.slice(at));
    const name = custom?.[0] ?? NAME.exec(text.slice(at))?.[0];
    const named: NamedNode | undefined = NAMED_NODES.get(custom === null ? (name ?? '') : 'Custom Scan');
    if (name === undefined || named === undefined) {
      throw this.#unexpected(column + at, "a node's name, such as Seq Scan, Hash Left Join or Custom Scan (X)");
    }
    const properties: Properties = { ...named.properties, 'Parallel Aware': parallel };
    if (async) properties['Async Capable'] = true;
    if (custom !== null) properties['Custom Plan Provider'] = custom[1];
    at += name.length;
    const identifier = (pattern: RegExp, what: string): string => {
      pattern.lastIndex = at;
      const found = pattern.exec(text)?.[0];
      if (found === undefined) throw this.#unexpected(column + at, what);
      at += found.length;
      return unquote(found);
    };
    if (named.target === 'index') {
      properties['Scan Direction'] = skip(' Backward') ? 'Backward' : 'Forward';
      if (!skip(' using ')) throw this.#unexpected(column + at, '" using " and an index');
      properties['Index Name'] = identifier(INDEX, 'the name of an index');
    }
    if (skip(' on ')) {
      if (named.target === 'bitmap-index') properties['Index Name'] = identifier(INDEX, 'the name of an index');
      else {
        const first = identifier(IDENTIFIER, 'a name, in quotes where it is not plain');
        const second = skip('.') ? identifier(IDENTIFIER, "a relation's name") : undefined;
        const hasAlias = /^ (?=[a-z_"])/.test(text.slice(at)) && skip(' ');
        const alias = hasAlias ? identifier(IDENTIFIER, 'an alias') : undefined;
        Object.assign(properties, targetProperties(named, { first, second, alias }));
      }
    } else if (named.target !== 'none' && named.target !== 'optional-relation') {
      throw this.#unexpected(column + at, '" on " and what is read');
    }
    return { properties, end: { rest: text.slice(at), column: column + at } };
  }

  /** Appends the lines that a quoted name goes on in. */
  #joinNames(content: string): string {
    let text = content;
    while ((text.split('"').length - 1) % 2 === 1) text += `\n${this.#continued('the closing quote of a name')}`;
    return text.trimEnd();
  }

  /** Appends the lines that a string or a quoted name of an expression goes on in. */
  #joinExpression(content: string): string {
    const parts = [content];
    for (let open = openQuote(content, undefined); open !== undefined; ) {
      const next = this.#continued(`the closing ${open} of a string or a name`);
      parts.push(next);
      open = openQuote(next, open);
    }
    return parts.join('\n').trimEnd();
  }

  /** The next line, without what all lines are indented by. */
  #continued(expected: string): string {
    if (this.#at + 1 >= this.#lines.length) {
      this.#from = this.#at;
      throw this.#unexpected(this.#text(this.#at).length, expected);
    }
    this.#at++;
    const next = this.#text(this.#at);
    return next.slice(Math.min(this.#base, indentation(next)));
  }

  #readProperty(content: string, column: number): void {
    const level = this.#leave(column);
    if (level.column !== column || level.kind === 'subplan') {
      throw this.#unexpected(column, this.#columns('a property of a node, or a node after "->  "'));
    }
    const isHeading = level.kind === 'node' && HEADING.test(content);
    if (isHeading && this.#text(this.#at + 1).startsWith(`${' '.repeat(column + 2)}${ARROW}`)) {
      this.#push('subplan', column + 2, level.target, content.trimEnd());
    } else this.#add(level, content, column);
  }

  #add(level: Level, content: string, column: number): void {
    const { kind, target } = level;
    if (kind === 'node' && target['Node Type'] === 'ModifyTable' && TARGET_TABLE.test(content)) {
      this.#addTargetTable(target, content, column);
    } else if (kind === 'plan' && content.startsWith('Trigger ')) {
      this.#addTrigger(content.trimEnd(), column);
    } else if (kind === 'worker' && content.startsWith('actual ')) {
      const figures = WORKER_FIGURES.exec(content.trimEnd());
      if (figures === null) throw this.#unexpected(column, 'actual rows=1 loops=1');
      setActual(target, figures.slice(1));
    } else this.#addLabelled(level, content, column);
  }

  #addLabelled(level: Level, content: string, column: number): void {
    const colon = content.indexOf(':');
    const label = content.slice(0, Math.max(colon, 0));
    const worker = level.kind === 'node' ? /^Worker (\d+)$/.exec(label) : null;
    if (label === '' || !/^\s/.test(`${content.slice(colon + 1)} `)) {
      throw this.#unexpected(column, this.#expectedAt(level));
    }
    if (worker !== null) this.#addWorker(level.target, Number(worker[1]), content.slice(colon + 1), column);
    else if (content.trimEnd().length === colon + 1) this.#openBlock(level, label, column);
    else {
      const whole = EXPRESSIONS.has(label) ? this.#joinExpression(content) : content.trimEnd();
      this.#addProperty(level, label, whole.slice(colon + 2), column);
    }
  }

  #addProperty(level: Level, label: string, value: string, column: number): void {
    const { target } = level;
    const valueColumn = column + label.length + 2;
    const compound = COMPOUND_BY_LABEL.get(label);
    this.#requireNew(target, label, column);
    if (level.kind === 'JIT') this.#addJit(target, label, value, valueColumn);
    else if (isGroupLine(level, label)) this.#addGroup(level, label, value, column);
    else if (level.kind === 'plan' && PLAN_LINES.has(label)) this.#addToPlan(label, value, column);
    else if (compound !== undefined) {
      const found = compound.read(`${label}: ${value}`);
      if (found === undefined) throw this.#unexpected(column, `a line such as "${compound.example}"`);
      for (const name of Object.keys(found)) this.#requireNew(target, name, column);
      Object.assign(target, found);
    } else if (LISTS.has(label)) {
      target[label] = PLAIN_TEXTS.has(label) ? value.split(', ') : splitList(value);
    } else {
      target[label] = this.#value(label, value, valueColumn);
      // With VERBOSE a function has its schema before it: a name alone is an alias.
      if (label === 'Function Call' && target.Schema === undefined) delete target['Function Name'];
    }
  }

  /** A property that is told twice is a sign of a line that was lost, as one is that text tells in another way. */
  #requireNew(target: Properties, name: string, column: number): void {
    const isElsewhere = FIRST_LINE.has(name) || LIST_GROUPS.has(name) || BLOCKS.has(name) || name === 'Plan';
    if (isElsewhere || Object.hasOwn(target, name)) {
      throw this.#unexpected(column, `another property, for "${name}" is told above`);
    }
  }

  #addTargetTable(node: Properties, content: string, column: number): void {
    const { properties, end } = this.#readNode(this.#joinNames(content), column);
    if (end.rest !== '') throw this.#unexpected(end.column, "the line's end");
    const { 'Relation Name': name, Schema, Alias } = properties;
    const table: Properties = { 'Relation Name': name, ...(Schema === undefined ? {} : { Schema }), Alias };
    append(node, 'Target Tables', table);
    this.#push('block', column + 2, table);
  }

  #value(label: string, value: string, column: number): unknown {
    const typed = typedValue(label, isNumber(label) ? value.replace(/ (?:ms|kB|b)$/, '') : value);
    if (typed === undefined) throw this.#unexpected(column, isNumber(label) ? 'a number' : 'true or false');
    const isPlain = EXPRESSIONS.has(label) || PLAIN_TEXTS.has(label) || typeof typed !== 'string';
    if (!isPlain && openQuote(value, undefined) !== undefined) {
      throw this.#unexpected(column, 'a text whose quotes end in its line');
    }
    return typed;
  }

  /** One of `PLAN_LINES`. */
  #addToPlan(label: string, value: string, column: number): void {
    const valueColumn = column + label.length + 2;
    if (label === 'Settings') {
      const settings = readSettings(value);
      if (settings === undefined) throw this.#unexpected(valueColumn, "settings as work_mem = '4MB', jit = 'off'");
      this.#plan.Settings = settings;
    } else if (label === 'Serialization') {
      const match = SERIALIZATION.exec(value);
      if (match === null) throw this.#unexpected(valueColumn, 'time=0.012 ms  output=1kB  format=text');
      const [, time, output, format] = match;
      const target: Properties = { 'Output Volume': Number(output), Format: format };
      if (time !== undefined) target.Time = Number(time);
      this.#plan.Serialization = target;
      this.#push('block', column + 2, target);
    } else {
      const name = label.replace('time', 'Time');
      this.#plan[name] = this.#value(name, value, valueColumn);
    }
  }

  #addTrigger(content: string, column: number): void {
    const match = TRIGGER.exec(content);
    const words = content.slice(0, content.lastIndexOf(': ')).match(/ for constraint | on /g) ?? [];
    if (match === null || new Set(words).size < words.length) {
      throw this.#unexpected(column, 'Trigger NAME for constraint NAME on RELATION: time=0.120 calls=1');
    }
    const [, name, constraint, relation, time, calls] = match;
    const trigger: Properties = {};
    if (name !== undefined) trigger['Trigger Name'] = name;
    if (constraint !== undefined) trigger['Constraint Name'] = constraint;
    if (relation !== undefined) trigger.Relation = relation;
    if (time !== undefined) trigger.Time = Number(time);
    trigger.Calls = Number(calls);
    append(this.#plan, 'Triggers', trigger);
  }

  #addWorker(node: Properties, number: number, rest: string, column: number): void {
    this.#push('worker', column + 2, workerOf(node, number));
    const content = rest.trimStart();
    if (content !== '') this.#add(this.#top(), content, column);
  }

  /** A label alone: a block of lines, or a text that is empty. */
  #openBlock(level: Level, label: string, column: number): void {
    // As 12 prints it, beside the workers.
    const worker = /^JIT for worker (\d+)$/.exec(label);
    const owner = worker === null ? level.target : workerOf(level.target, Number(worker[1]));
    const isJit = label === 'JIT' || worker !== null;
    if (isJit ? !Object.hasOwn(owner, 'JIT') : label === 'Planning' && level.kind === 'plan') {
      const target: Properties = {};
      owner[isJit ? 'JIT' : label] = target;
      // What a worker's first line opens stands as deep as what its second does.
      this.#push(isJit ? 'JIT' : 'block', (level.kind === 'worker' ? level.column : column) + 2, target);
    } else if (level.kind === 'plan' || level.kind === 'JIT' || typedValue(label, '') !== '' || LISTS.has(label)) {
      throw this.#unexpected(column, this.#expectedAt(level));
    } else {
      this.#requireNew(level.target, label, column);
      level.target[label] = '';
    }
  }

  #addJit(target: Properties, label: string, value: string, column: number): void {
    if (label === 'Options' || label === 'Timing') {
      const group: Properties = {};
      for (const part of splitList(value)) {
        const [, name, text, inner] = /^(\w+) (true|false|\d+\.\d+ ms)(?: \((.*)\))?$/.exec(part) ?? [];
        if (name === undefined || text === undefined) {
          throw this.#unexpected(column, 'names with true, false or milliseconds');
        }
        const figure = figureOf(text.replace(' ms', ''));
        const deform = /^Deform (\d+\.\d+) ms$/.exec(inner ?? '')?.[1];
        group[name] = deform === undefined ? figure : { Deform: Number(deform), Total: figure };
      }
      target[label] = group;
      return;
    }
    const figure = figureOf(value.replace(/ ms$/, ''));
    if (figure === undefined) throw this.#unexpected(column, 'a number, true or false');
    target[label] = figure;
  }

  #addGroup(level: Level, label: string, value: string, column: number): void {
    const keys = value === '()' ? [] : splitList(value);
    const name = `${label}s`;
    if (level.kind === 'grouping set') {
      append(level.target, name, keys);
      return;
    }
    const sets = this.#sets.get(level.target) ?? [];
    this.#sets.set(level.target, sets);
    if (label === 'Sort Key') {
      const set: Properties = { 'Sort Key': keys };
      sets.push(set);
      this.#push('grouping set', column + 2, set);
      return;
    }
    const last = sets.at(-1);
    const goesOn = label === 'Group Key' && last?.['Sort Key'] === undefined && Array.isArray(last?.[name]);
    if (goesOn) (last[name] as string[][]).push(keys);
    else sets.push({ [name]: [keys] });
  }

  #expectedAt(level: Level): string {
    switch (level.kind) {
      case 'plan':
        return "a line about the plan, such as 'Planning Time: 0.120 ms'";
      case 'JIT':
        return "a line about JIT, such as 'Functions: 4'";
      default:
        return "a property, such as 'Filter: (x = 1)', or a node after '->  '";
    }
  }

  #columns(what: string): string {
    const columns = [...new Set(this.#levels.map(({ column }) => column + 1))];
    return `${what}, beginning in column ${columns.length > 6 ? `${columns.at(-1)} or further left` : orList(columns)}`;
  }

  #unexpected(column: number, expected: string): PlanGuardError {
    const { text, line } = this.#lines[this.#from] as TextLine;
    const found = shorten(text.slice(column));
    return new PlanGuardError('plan', `Expected ${expected}; found ${found === '' ? "the line's end" : found}`, {
      hint: HINT,
      where: { line, column: column + 1 },
    });
  }
}

const HINT =
  "Give EXPLAIN's output whole and with its indentation, as PostgreSQL 9.6 to 18 print it; FORMAT JSON survives any copying.";

function indentation(text: string): number {
  return text.length - text.trimStart().length;
}

function orList(items: readonly number[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}

function shorten(text: string): string {
  const quoted = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  return text === '' ? '' : quoted;
}

function unquote(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

function targetProperties(
  { target }: NamedNode,
  names: { readonly first: string; readonly second: string | undefined; readonly alias: string | undefined },
): Properties {
  const { first, second, alias } = names;
  const schema = second === undefined ? {} : { Schema: first };
  const name = second ?? first;
  const Alias = alias ?? name;
  switch (target) {
    case 'alias':
      return { Alias };
    case 'CTE Name':
    case 'Table Function Name':
      return { [target]: name, Alias };
    case 'function':
      return { 'Function Name': name, ...schema, Alias };
    default:
      return { 'Relation Name': name, ...schema, Alias };
  }
}

function setFigures(properties: Properties, figures: RegExpExecArray): void {
  const [, startup, total, rows, width, ...actual] = figures;
  if (startup !== undefined) {
    properties['Startup Cost'] = Number(startup);
    properties['Total Cost'] = Number(total);
    properties['Plan Rows'] = Number(rows);
    properties['Plan Width'] = Number(width);
  }
  const never = actual.pop();
  if (never !== undefined) Object.assign(properties, { 'Actual Rows': 0, 'Actual Loops': 0 });
  else if (actual.at(-1) !== undefined) setActual(properties, actual);
}

function setActual(properties: Properties, [startup, total, rows, loops]: readonly (string | undefined)[]): void {
  if (startup !== undefined) {
    properties['Actual Startup Time'] = Number(startup);
    properties['Actual Total Time'] = Number(total);
  }
  properties['Actual Rows'] = Number(rows);
  properties['Actual Loops'] = Number(loops);
}

/** Gives the last sibling the relationship that ExplainNode gives a child without a heading. */
function relate(parent: Level): void {
  const siblings = parent.target.Plans as Properties[];
  const several = SEVERAL[String(parent.target['Node Type'])];
  const [alone, beside] = several ?? ['Outer', 'Inner'];
  const child = siblings.at(-1) as Properties;
  child['Parent Relationship'] = parent.members === 0 ? alone : beside;
  if (several !== undefined && parent.members === 1) {
    for (const sibling of siblings) {
      if (sibling['Subplan Name'] === undefined) sibling['Parent Relationship'] = beside;
    }
  }
  parent.members++;
}

/** Relationships of a node's only child, and of each of several. */
const SEVERAL: Readonly<Record<string, readonly [alone: string, each: string]>> = {
  Append: ['Member', 'Member'],
  'Merge Append': ['Member', 'Member'],
  BitmapAnd: ['Member', 'Member'],
  BitmapOr: ['Member', 'Member'],
  'Subquery Scan': ['Subquery', 'Subquery'],
  'Custom Scan': ['child', 'children'],
  ModifyTable: ['Outer', 'Member'],
};

/** Adds to a property that is a list. */
function append(target: Properties, name: string, item: unknown): void {
  const list = target[name];
  if (Array.isArray(list)) list.push(item);
  else target[name] = [item];
}

function workerOf(node: Properties, number: number): Properties {
  const workers = (node.Workers ?? []) as Properties[];
  const known = workers.find((worker) => worker['Worker Number'] === number);
  if (known !== undefined) return known;
  const worker: Properties = { 'Worker Number': number };
  append(node, 'Workers', worker);
  return worker;
}

function isGroupLine(level: Level, label: string): boolean {
  if (level.kind === 'grouping set') return label === 'Group Key';
  return (
    level.target['Node Type'] === 'Aggregate' && (label === 'Group Key' || label === 'Hash Key' || label === 'Sort Key')
  );
}

/** One list of keys is a plain GROUP BY; more, an empty one or a hashed one are grouping sets. */
function finishGroups(node: Properties, sets: readonly Properties[]): void {
  const [first] = sets;
  const [keys, ...others] = (first?.['Group Keys'] ?? []) as string[][];
  const isPlain = sets.length === 1 && first?.['Sort Key'] === undefined && keys !== undefined && others.length === 0;
  if (isPlain && keys.length > 0) node['Group Key'] = keys;
  else node['Grouping Sets'] = sets;
}

const SETTING = /([A-Za-z_][\w.$]*) = (?:'(.*?)'|(NULL))(?:, (?=[A-Za-z_][\w.$]* = (?:'|NULL))|$)/sy;

/** Values are printed between quotes as they are; a setting ends where the next begins. */
function readSettings(text: string): Record<string, string | null> | undefined {
  const settings: Record<string, string | null> = {};
  SETTING.lastIndex = 0;
  for (let end = 0; end < text.length; end = SETTING.lastIndex) {
    const match = SETTING.exec(text);
    if (match === null) return undefined;
    settings[match[1] as string] = match[3] === undefined ? (match[2] ?? '') : null;
  }
  return settings;
}
