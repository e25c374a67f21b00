import { columnsOf, conjuncts, formOf } from './conditions.js';
import { parse, type TreeNode } from './grammar.js';
import type { Span, StatementFacts, TableReference, WrittenCondition } from './model.js';
import { isBlank, scan, type Token } from './scan.js';
import { splitScript } from './split.js';
import { child, findAll, isNode, list, locationOf, strings, textOf, visit } from './tree.js';

export type Analysis =
  | { readonly ok: true; readonly facts: StatementFacts }
  | { readonly ok: false; readonly message: string; readonly offset: number };

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', case: 'end' };
const openers: Readonly<Record<string, string>> = { ')': '(', ']': '[', end: 'case' };
/** Words that end a condition which is not inside brackets. */
const terminators = new Set(
  `, ; and or where group having window order limit offset fetch for union intersect except returning join left right
   full inner cross natural on when then set do`.split(/\s+/),
);

/** A statement's tokens without blanks, to find where an expression of the tree begins and ends. */
class Tokens {
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private readonly words: readonly string[];

  constructor(text: string) {
    this.text = text;
    this.tokens = scan(text).filter(({ kind }) => !isBlank(kind));
    this.words = this.tokens.map(({ start, end, kind }) => {
      return kind === 'identifier' || kind === 'punctuation' ? text.slice(start, end).toLowerCase() : '';
    });
  }

  /** The first two or three words, without what stands between CREATE and the kind of object. */
  get command(): string {
    const names = this.words.filter((word) => /^[a-z]/.test(word));
    const [first = '', ...rest] = names;
    const skipped = /^(?:or|replace|temp|temporary|local|global|unlogged|unique|recursive|constraint)$/;
    const object = /^(?:create|drop|alter)$/.test(first) ? rest.find((word) => !skipped.test(word)) : undefined;
    const long = object === 'materialized' || object === 'foreign' || object === 'event';
    const tail = object === undefined ? '' : ` ${object}${long ? ` ${rest[rest.indexOf(object) + 1]}` : ''}`;
    return `${first}${tail}`.toUpperCase();
  }

  /** Where the first token begins that does not begin before an offset. */
  startAfter(offset: number): number | undefined {
    return this.tokens.find(({ start }) => start >= offset)?.start;
  }

  private indexAt(offset: number): number {
    let low = 0;
    let high = this.tokens.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tokens[middle]?.start ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private span(first: number, last: number): Span {
    return { start: this.tokens[first]?.start ?? 0, end: this.tokens[last]?.end ?? this.text.length };
  }

  /** A name with its qualification, from its first part on. */
  name(offset: number): Span {
    const first = this.indexAt(offset);
    let last = first;
    while (this.words[last + 1] === '.') last += 2;
    return this.span(first, last);
  }

  /** An expression, from the places of its leftmost and rightmost nodes: whole brackets, all of its last term. */
  expression(leftmost: number, rightmost: number): Span {
    let first = this.indexAt(leftmost);
    let last = this.indexAt(rightmost);
    const open: string[] = [];
    let unopened = 0;
    for (let at = first; at <= last; at++) {
      const word = this.words[at] ?? '';
      if (word in closers) open.push(word);
      else if (word in openers && open.pop() === undefined) unopened++;
    }
    for (let depth = unopened; depth > 0 && first > 0; ) {
      const word = this.words[--first] ?? '';
      if (word in openers) depth++;
      else if (word in closers) depth--;
    }
    for (let at = last + 1; at < this.tokens.length; at++) {
      const word = this.words[at] ?? '';
      if (word in openers ? open.pop() === undefined : open.length === 0 && terminators.has(word)) break;
      if (word in closers) open.push(word);
      last = at;
    }
    while (this.words[first - 1] === '(' && this.words[last + 1] === ')') {
      first--;
      last++;
    }
    return this.span(first, last);
  }
}

/** What a query level sees: names of CTEs, and the aliases of its FROM clause. */
interface Level {
  readonly ctes: ReadonlySet<string>;
  readonly scope: readonly string[];
}

const kinds: Readonly<Record<string, StatementFacts['kind']>> = {
  SelectStmt: 'select',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  MergeStmt: 'merge',
};

/** Keys under which libpg_query puts a table without the wrapper `{ RangeVar: … }`. */
const bareTables = new Set(['relation', 'rel', 'view', 'sequence', 'pktable']);

class Analyser {
  readonly tables: TableReference[] = [];
  readonly conditions: WrittenCondition[] = [];
  readonly functions: StatementFacts['functions'][number][] = [];
  private readonly text: string;
  private readonly tokens: Tokens;
  private readonly toOffset: (bytes: number) => number;

  constructor(text: string, tokens: Tokens, toOffset: (bytes: number) => number) {
    this.text = text;
    this.tokens = tokens;
    this.toOffset = toOffset;
  }

  /** Walks any part of the tree; statements with a FROM clause open a level of their own. */
  walk(value: unknown, level: Level, key = ''): void {
    if (Array.isArray(value)) {
      for (const entry of value) this.walk(entry, level, key);
      return;
    }
    if (!isNode(value)) return;
    switch (key) {
      case 'SelectStmt':
      case 'larg':
      case 'rarg':
        if (key !== 'SelectStmt' && !('op' in value)) break;
        this.query(value, level, list(value, 'fromClause'));
        return;
      case 'UpdateStmt':
        this.query(value, level, [{ RangeVar: value.relation }, ...list(value, 'fromClause')]);
        return;
      case 'DeleteStmt':
        this.query(value, level, [{ RangeVar: value.relation }, ...list(value, 'usingClause')]);
        return;
      case 'MergeStmt':
        this.query(value, level, [{ RangeVar: value.relation }, { source: value.sourceRelation }]);
        return;
      case 'InsertStmt':
        this.query(value, level, [{ RangeVar: value.relation }]);
        return;
      case 'JoinExpr':
        this.walkConditions(child(value, 'quals'), level, 'ON');
        break;
      case 'RangeVar':
        this.table(value, level.ctes);
        return;
      case 'FuncCall':
        this.call(value);
        break;
      case 'LockingClause':
        return;
    }
    for (const [name, entry] of Object.entries(value)) {
      if (bareTables.has(name) && isNode(entry) && 'relname' in entry) this.table(entry, new Set());
      else this.walk(entry, level, name);
    }
  }

  private query(node: TreeNode, outer: Level, from: readonly TreeNode[]): void {
    const ctes = this.commonTables(child(node, 'withClause'), outer);
    const level: Level = { ctes, scope: from.flatMap(aliasesOf) };
    this.walkConditions(child(node, 'whereClause'), level, 'WHERE');
    this.walkConditions(child(node, 'havingClause'), level, 'HAVING');
    this.walkConditions(child(node, 'joinCondition'), level, 'ON');
    for (const [name, entry] of Object.entries(node)) {
      if (name === 'withClause') continue;
      if (name === 'relation' && isNode(entry)) this.table(entry, new Set());
      else this.walk(entry, level, name);
    }
  }

  /** Walks the CTEs of a WITH clause and gives the names that the query below it sees. */
  private commonTables(clause: TreeNode | undefined, outer: Level): ReadonlySet<string> {
    const expressions = list(clause, 'ctes').map((entry) => child(entry, 'CommonTableExpr'));
    const names = expressions.map((expression) => textOf(expression, 'ctename') ?? '');
    const visible = new Set(outer.ctes);
    if (clause?.recursive === true) for (const name of names) visible.add(name);
    for (const [index, expression] of expressions.entries()) {
      this.walk(child(expression, 'ctequery'), { ctes: new Set(visible), scope: [] });
      visible.add(names[index] ?? '');
    }
    return visible;
  }

  private table(node: TreeNode, ctes: ReadonlySet<string>): void {
    const name = textOf(node, 'relname') ?? '';
    const schema = textOf(node, 'schemaname');
    if (schema === undefined && ctes.has(name)) return;
    const alias = textOf(child(node, 'alias'), 'aliasname') ?? name;
    this.tables.push({ schema, name, alias, span: this.tokens.name(this.toOffset(locationOf(node))) });
  }

  private call(node: TreeNode): void {
    const parts = strings(list(node, 'funcname'));
    const name = parts.at(-1) ?? '';
    const schema = parts.at(-2);
    if (!this.functions.some((known) => known.name === name && known.schema === schema)) {
      this.functions.push({ schema, name });
    }
  }

  private walkConditions(expression: TreeNode | undefined, level: Level, clause: WrittenCondition['clause']): void {
    if (expression === undefined) return;
    for (const conjunct of conjuncts(expression)) {
      const columns = columnsOf(conjunct);
      const subqueries = findAll(conjunct, 'subselect');
      if (columns.length === 0 && subqueries.length === 0) continue;
      const span = this.spanOf(conjunct);
      this.conditions.push({
        columns,
        form: formOf(conjunct, new Set(level.scope)),
        subqueryTables: this.subqueryTables(subqueries, level),
        text: this.text.slice(span.start, span.end),
        span,
        clause,
        scope: level.scope,
      });
    }
  }

  private subqueryTables(subqueries: readonly TreeNode[], level: Level): string[] {
    const inner = new Analyser(this.text, this.tokens, this.toOffset);
    for (const subquery of subqueries) inner.walk(subquery, { ctes: level.ctes, scope: [] });
    return [...new Set(inner.tables.map(({ schema, name }) => (schema === undefined ? name : `${schema}.${name}`)))];
  }

  private spanOf(expression: TreeNode): Span {
    let leftmost = Number.POSITIVE_INFINITY;
    let rightmost = 0;
    visit(expression, (_key, node) => {
      if (typeof node.location === 'number' && node.location >= 0) {
        leftmost = Math.min(leftmost, node.location);
        rightmost = Math.max(rightmost, node.location);
      }
      return true;
    });
    return this.tokens.expression(this.toOffset(leftmost), this.toOffset(rightmost));
  }
}

function aliasesOf(item: TreeNode): string[] {
  const [[kind, value] = ['', undefined]] = Object.entries(item);
  if (!isNode(value)) return [];
  if (kind === 'source') return aliasesOf(value);
  const alias = textOf(child(value, 'alias'), 'aliasname');
  switch (kind) {
    case 'RangeVar':
      return [alias ?? textOf(value, 'relname') ?? ''];
    case 'JoinExpr': {
      const sides = [child(value, 'larg'), child(value, 'rarg')].filter((side) => side !== undefined);
      return [...sides.flatMap(aliasesOf), ...(alias === undefined ? [] : [alias])];
    }
    case 'RangeTableSample': {
      const relation = child(value, 'relation');
      return relation === undefined ? [] : aliasesOf(relation);
    }
    case 'RangeFunction':
      return [alias ?? strings(findAll(value, 'FuncCall').flatMap((call) => list(call, 'funcname'))).at(-1) ?? ''];
    default:
      return alias === undefined ? [] : [alias];
  }
}

const byPlace = (a: { readonly span: Span }, b: { readonly span: Span }): number => a.span.start - b.span.start;

async function analyse(text: string): Promise<Analysis> {
  if (splitScript(text).statements.length === 0) return { ok: false, message: 'there is no statement', offset: 0 };
  const tokens = new Tokens(text);
  const parsed = await parse(text);
  if (!parsed.ok) return parsed;
  const [statement, second] = parsed.statements;
  if (second !== undefined) {
    const offset = tokens.startAfter(second.start) ?? second.start;
    return { ok: false, message: 'several statements where one is expected', offset };
  }
  const analyser = new Analyser(text, tokens, parsed.toOffset);
  analyser.walk(statement.stmt, { ctes: new Set(), scope: [] });
  const [type = ''] = Object.keys(statement.stmt);
  const into = child(child(statement.stmt, 'SelectStmt'), 'intoClause') !== undefined;
  const kind = into ? 'other' : (kinds[type] ?? 'other');
  return {
    ok: true,
    facts: {
      kind,
      command: into ? 'SELECT INTO' : kind === 'other' ? tokens.command : kind.toUpperCase(),
      tables: analyser.tables.toSorted(byPlace),
      conditions: analyser.conditions.toSorted(byPlace),
      functions: analyser.functions,
    },
  };
}

const mostKept = 1_000;
const kept = new Map<string, Promise<Analysis>>();

/**
 * What PostgreSQL 16's grammar tells about the one statement of a text. `ok: false` where the grammar refuses it, as bad
 * SQL or as syntax newer than PostgreSQL 16 (the server decides which), and where the text is not exactly one statement.
 * Conditions are those of every query level, each ON, WHERE and HAVING split at its ANDs. Answers are kept by text.
 */
export function analyseStatement(text: string): Promise<Analysis> {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const analysis = analyse(text);
  kept.set(text, analysis);
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
  return analysis;
}
