import type { Access, Catalog, IndexFacts, TableFacts } from '../plan/model.js';
import type { Alternative, Cause, CauseKind } from '../report/model.js';
import type { WrittenCondition } from '../sql/model.js';

export interface CauseInput {
  readonly access: Access;
  /** All conditions of the statement, of every query level. */
  readonly conditions: readonly WrittenCondition[];
  readonly catalog: Catalog;
  readonly alternative: Alternative | undefined;
}

/** One condition as seen from the table in question. */
interface Own {
  readonly written: WrittenCondition;
  /** The table's columns in it, without repetition. */
  readonly columns: readonly string[];
  /** Whether it compares them with columns of another table. */
  readonly joins: boolean;
}

/** What every explanation works with. */
interface View extends CauseInput {
  readonly own: readonly Own[];
  readonly indexes: readonly IndexFacts[];
}

type Explain = (view: View) => Cause | undefined;

const plainName = /^[a-z_][a-z0-9_]*$/;
const quote = (name: string): string => (plainName.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
const code = (text: string): string => `\`${text.replace(/\s+/g, ' ')}\``;
const number = (value: number): string => {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 });
};

function enumerate(words: readonly string[], last: 'and' | 'or' = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

function cause(kind: CauseKind, why: string, next: string, own?: Own): Cause {
  const { text, span } = own?.written ?? {};
  return { kind, why, next, condition: text === undefined || span === undefined ? undefined : { text, ...span } };
}

/** The table as its owner would index it: the topmost parent of a partition. */
function indexedTable({ access }: CauseInput): string {
  const top = access.ancestors.at(-1);
  if (top !== undefined) return top.split('.').map(quote).join('.');
  return access.schema === undefined ? quote(access.table) : `${quote(access.schema)}.${quote(access.table)}`;
}

function createIndex(input: CauseInput, columns: readonly string[]): string {
  return `\`CREATE INDEX ON ${indexedTable(input)} (${columns.map(quote).join(', ')})\``;
}

function tableFacts({ access, catalog }: CauseInput): TableFacts | undefined {
  const schemas = access.schema === undefined ? catalog.searchPath : [access.schema];
  return schemas.map((schema) => catalog.tables.get(`${schema}.${access.table}`)).find((facts) => facts !== undefined);
}

/** The plan numbers aliases that stand twice (`t_1`), those of partitions and of inlined queries too. */
function aliasIn(access: Access, conditions: readonly WrittenCondition[]): string {
  const seen = (alias: string) => {
    return conditions.some(({ scope, columns }) => {
      return scope.includes(alias) || columns.some((column) => column.alias === alias);
    });
  };
  const numbered = access.alias.replace(/_\d+$/, '');
  return !seen(access.alias) && seen(numbered) ? numbered : access.alias;
}

function ownConditions(input: CauseInput, facts: TableFacts | undefined): Own[] {
  const alias = aliasIn(input.access, input.conditions);
  const byAlias = select(input.conditions, (column, { scope }) => {
    if (column.alias !== undefined) return column.alias === alias;
    if (!scope.includes(alias)) return false;
    return facts === undefined ? scope.length === 1 : facts.columns.includes(column.column);
  });
  if (byAlias.length > 0) return byAlias;
  // A condition on a subquery, CTE or view reaches the table under its alias in there: the plan shows its column.
  const filters = input.access.filters.join(' ').replace(/'(?:[^']|'')*'/g, '');
  return select(input.conditions, ({ column }) => {
    return facts?.columns.includes(column) === true && filters.split(/[^\w$]+/).includes(column);
  });
}

type Column = WrittenCondition['columns'][number];

function select(
  conditions: readonly WrittenCondition[],
  isOwn: (column: Column, condition: WrittenCondition) => boolean,
): Own[] {
  return conditions.flatMap((written) => {
    const own = written.columns.filter((column) => isOwn(column, written));
    const joins = written.columns.some((column) => column.alias !== undefined && !own.includes(column));
    return own.length === 0 ? [] : [{ written, columns: [...new Set(own.map(({ column }) => column))], joins }];
  });
}

/** An expression without casts, blanks, brackets and qualification, to compare what was written with an index's key. */
function bare(expression: string, alias: string): string {
  return expression
    .toLowerCase()
    .replaceAll(`${alias.toLowerCase()}.`, '')
    .replace(/::[a-z]+( varying)?/g, '')
    .replace(/[\s()"]/g, '');
}

const leads = (index: IndexFacts, column: string): boolean => index.keys[0]?.column === column;

/** Methods that serve comparisons; GIN, GiST and the like serve operators of their own. */
const compares = ({ method }: IndexFacts): boolean => method === 'btree' || method === 'hash';

/** A valid index that could serve a condition on the column, whatever its predicate. */
function serving(view: View, column: string): IndexFacts | undefined {
  const found = view.indexes.filter((index) => index.valid && compares(index) && leads(index, column));
  return found.find(({ name }) => name === view.alternative?.index) ?? found[0];
}

/** A flag, as it is compared: it tells few rows apart. */
const isFlag = ({ written, columns }: Own): boolean => {
  const text = written.text.replace(/[()]/g, ' ').trim();
  const form = /^(?:not\s+)?[\w."]+(?:\s*=\s*(?:true|false)|\s+is\s+(?:true|false|null))?$/i;
  return columns.length === 1 && form.test(text);
};

const isEquality = ({ written }: Own): boolean => {
  return /(?:^|[^<>!~=])=(?:[^>]|$)|\bin\b/i.test(written.text) && !/\bbetween\b/i.test(written.text);
};

const ofForm = (view: View, form: WrittenCondition['form']): Own | undefined => {
  return view.own.find(({ written }) => written.form === form);
};

const comparisons = (view: View): Own[] => {
  return view.own.filter(({ written, joins }) => written.form === 'comparison' && !joins);
};

const inTable = ({ access }: CauseInput, columns: readonly string[], last?: 'or'): string => {
  return enumerate(
    columns.map((column) => `${access.table}.${column}`),
    last,
  );
};

const orWithSubquery: Explain = (view) => {
  const own = ofForm(view, 'or-with-subquery');
  if (own === undefined) return undefined;
  const { text, subqueryTables } = own.written;
  const [, member] = /([\w$]+|"[^"]+")\s+in\s*\(\s*(?:select|with)\b/i.exec(text) ?? [];
  const [, compared = '', value = ''] =
    /((?:[\w$]+\.)?[\w$]+)\s*=\s*(\$\d+|\d+|'[^']*')/i.exec(text.replace(/\(\s*select\b.*/is, '')) ?? [];
  const column = compared.split('.').at(-1) ?? '';
  const direct = own.columns.filter((name) => name !== member?.replaceAll('"', ''));
  const tables = enumerate(subqueryTables) || 'a subquery';
  const widened =
    member === undefined || !own.columns.includes(column)
      ? 'put those ids into the query as an array (`= ANY($ids)`) in the place of the subquery'
      : `ask \`${column} = ${value} OR ${member} = ANY($ids)\``;
  return cause(
    'or-with-subquery',
    `OR joins ${inTable(view, direct.length > 0 ? direct : own.columns)} with a subquery${
      subqueryTables.length > 0 ? ` on ${tables}` : ''
    }; no index can serve both arms, so every row is read.`,
    `Use the two-phase query: first fetch the ids from ${tables}, then ${widened}, and leave the second arm out when there are none.`,
    own,
  );
};

const trailingColumn: Explain = (view) => {
  const { access, indexes } = view;
  const walked = access.how === 'trailing-column' ? access.indexes : [];
  for (const own of comparisons(view)) {
    const [column = ''] = own.columns;
    if (serving(view, column) !== undefined) continue;
    const index = indexes.find(({ name, valid, method, keys }) => {
      if (walked.length > 0 && !walked.includes(name)) return false;
      return valid && method === 'btree' && keys.slice(1).some((key) => key.column === column);
    });
    if (index === undefined) continue;
    const keys = index.keys.map((key) => key.column ?? key.expression);
    const before = keys.slice(0, keys.indexOf(column));
    return cause(
      'trailing-column',
      `The condition is on ${view.access.table}.${column} alone, a later column of ${index.name} (${keys.join(', ')}): such an index has to be read from end to end.`,
      `Add a condition on ${enumerate(before)}, or an index that begins with the column: ${createIndex(view, [column])}.`,
      own,
    );
  }
  return undefined;
};

function notSelective(view: View, own: Own, index: IndexFacts, alternative: Alternative): Cause {
  const { access } = view;
  const comparable = alternative.cost !== undefined && access.cost !== undefined && alternative.cost > access.cost;
  const costs = comparable
    ? `: ${number(alternative.cost ?? 0)} against ${number(access.cost ?? 0)}`
    : alternative.totalCost === undefined
      ? ''
      : `: the whole plan comes to ${number(alternative.totalCost)} through it`;
  const rows = alternative.rows === undefined ? 'too many' : `about ${number(alternative.rows)}`;
  return cause(
    'not-selective',
    `Index ${index.name} can serve ${code(own.written.text)}, but the planner expects that to cost more than reading everything${costs}.`,
    `The condition matches ${rows} rows of ${access.table}: narrow it, add a LIMIT with a matching ORDER BY, or let a covering index (INCLUDE) answer without the table.`,
    own,
  );
}

/** The index through which the alternative goes, where a condition on these columns lets it. */
function alternativeIndex(view: View, columns: readonly string[]): IndexFacts | undefined {
  const name = view.alternative?.index;
  return columns
    .map((column) => serving(view, column))
    .find((index) => index !== undefined && (name === undefined || name === index.name));
}

const notSelectiveComparison: Explain = (view) => {
  if (view.alternative === undefined) return undefined;
  for (const own of comparisons(view)) {
    const index = alternativeIndex(view, own.columns);
    if (index !== undefined && !isFlag(own)) return notSelective(view, own, index, view.alternative);
  }
  return undefined;
};

const castInPlan: Explain = (view) => {
  const found = implicitCast(view);
  if (found === undefined) return undefined;
  const own = view.own.find(({ columns }) => columns.includes(found.column));
  return cast(view, found.column, `to ${found.type} `, own);
};

const castOnColumn: Explain = (view) => {
  const own = ofForm(view, 'cast-on-column');
  return own === undefined ? undefined : cast(view, own.columns[0] ?? '', '', own);
};

function cast(view: View, column: string, type: string, own: Own | undefined): Cause {
  return cause(
    'cast-on-column',
    `${view.access.table}.${column} is cast ${type}before it is compared, so an index on the column cannot serve it.`,
    "Compare with a value of the column's own type: bind or cast the parameter to it, not the column.",
    own,
  );
}

/**
 * A cast that the planner put around a column (`id = 5::numeric`); it shows only in the plan. Casts to text are left
 * out: every `varchar` has one, and they keep no index from being used.
 */
function implicitCast(view: View): { column: string; type: string } | undefined {
  for (const filter of view.access.filters) {
    const code = filter.replace(/'(?:[^']|'')*'/g, "''");
    for (const [, name = '', type = ''] of code.matchAll(/\(([\w$."]+)\)::([a-z]\w*(?: (?:precision|varying))?)/g)) {
      const column = (name.split('.').at(-1) ?? '').replaceAll('"', '');
      const known = view.indexes.some((index) => index.keys.some((key) => key.column === column));
      if (known && !/^(?:text|bpchar|character|regclass)/.test(type)) return { column, type };
    }
  }
  return undefined;
}

/** The side of a comparison that stands on the table's columns alone, as an index would name it. */
function expressionIn({ written: { text, columns: all }, columns }: Own, alias: string): string | undefined {
  let depth = 0;
  const comparison = [...text.matchAll(comparisonOrBracket)].find(([mark]) => {
    if (mark === '(') depth++;
    else if (mark === ')') depth--;
    else return depth === 0;
    return false;
  });
  if (comparison === undefined || all.length !== columns.length) return undefined;
  const sides = [text.slice(0, comparison.index), text.slice(comparison.index + comparison[0].length)];
  const side = sides.map((one) => one.trim()).find((one) => one.includes(columns[0] ?? ''));
  if (side === undefined || /[$'"]/.test(side) || /\s(?:in|like|any)\b/i.test(side)) return undefined;
  const unqualified = side.replaceAll(`${alias}.`, '').replace(/\s+/g, ' ');
  return /^\w+\([^()]*\)$/.test(unqualified) ? unqualified : `(${unqualified})`;
}

/** `=`, `<`, `<=`, `>`, `>=` that are no part of a longer operator. */
const comparisonOrBracket = /[()]|(?<![-+*/<>=~!@#%^&|?])(?:[<>]=?|=)(?![-+*/<>=~!@#%^&|?])/g;

const functionOnColumn: Explain = (view) => {
  const own = view.own.find(
    ({ written, joins }) => written.form === 'function-on-column' && !joins && written.clause !== 'HAVING',
  );
  if (own === undefined) return undefined;
  const condition = bare(own.written.text, view.access.alias);
  const index = view.indexes.find(({ valid, keys: [key] }) => {
    return (
      valid &&
      key?.column === undefined &&
      key !== undefined &&
      condition.includes(bare(key.expression, view.access.alias))
    );
  });
  if (index !== undefined) {
    return view.alternative === undefined ? undefined : notSelective(view, own, index, view.alternative);
  }
  return cause(
    'function-on-column',
    `${code(own.written.text)} compares the result of an expression over ${inTable(view, own.columns)}; an index on the bare column cannot serve it.`,
    `Create an index on the expression, \`CREATE INDEX ON ${indexedTable(view)} (${expressionIn(own, view.access.alias) ?? '(…)'})\`, or rewrite the condition so that the column stands alone on one side.`,
    own,
  );
};

const leadingWildcard: Explain = (view) => {
  const own = ofForm(view, 'leading-wildcard');
  if (own === undefined) return undefined;
  const how = /\bilike\b|~\*|~~\*/i.test(own.written.text) ? 'ignores case' : 'does not begin with fixed text';
  return cause(
    'leading-wildcard',
    `The pattern in ${code(own.written.text)} ${how}, so a B-tree has nowhere to begin.`,
    `Use a trigram index: \`CREATE EXTENSION pg_trgm\`, then \`CREATE INDEX ON ${indexedTable(view)} USING gin (${own.columns.map(quote).join(', ')} gin_trgm_ops)\`.`,
    own,
  );
};

const invalidIndex: Explain = (view) => {
  for (const own of comparisons(view)) {
    for (const column of own.columns) {
      const broken = view.indexes.find((index) => !index.valid && leads(index, column));
      if (broken === undefined || serving(view, column) !== undefined) continue;
      const name = `${quote(broken.schema)}.${quote(broken.name)}`;
      return cause(
        'invalid-index',
        `Index ${broken.name} on ${view.access.table}.${column} is invalid (a CREATE INDEX CONCURRENTLY that failed or has not ended), so the planner never uses it.`,
        `Rebuild it: \`REINDEX INDEX CONCURRENTLY ${name}\`.`,
        own,
      );
    }
  }
  return undefined;
};

const orWithoutIndex: Explain = (view) => {
  const own = ofForm(view, 'or');
  if (own === undefined) return undefined;
  if (own.joins) {
    const others = new Set(own.written.columns.map(({ alias }) => alias).filter((alias) => alias !== undefined));
    return cause(
      'or-without-index',
      `${code(own.written.text)} joins columns of several tables (${enumerate([...others])}) with OR; no index covers two tables.`,
      'Write one query for each arm, each with its own index, and combine them with UNION.',
      own,
    );
  }
  const unserved = own.columns.filter((column) => serving(view, column) === undefined);
  if (unserved.length === 0) return undefined;
  const one = unserved.length === 1;
  return cause(
    'or-without-index',
    `An OR can use indexes only where every arm has one, and none begins with ${inTable(view, unserved, 'or')}.`,
    `Add an index for ${one ? 'that arm' : 'each of these arms'}, ${enumerate(
      unserved.map((column) => createIndex(view, [column])),
    )}, or write one query for each arm and combine them with UNION.`,
    own,
  );
};

const noIndex: Explain = (view) => {
  const unserved = comparisons(view).filter(({ columns }) => {
    return !columns.some((column) => view.indexes.some((index) => index.valid && leads(index, column)));
  });
  const rank = (own: Own) => (isFlag(own) ? 2 : isEquality(own) ? 0 : 1);
  const [first, ...others] = unserved.toSorted((a, b) => rank(a) - rank(b));
  if (first === undefined) return undefined;
  const together = isEquality(first) ? others.filter((own) => !isFlag(own)) : [];
  const columns = [...new Set([first, ...together].flatMap((own) => own.columns.slice(0, 1)))].slice(0, 3);
  return cause(
    'no-index',
    `No index begins with ${inTable(view, columns, 'or')}, so nothing can serve the condition.`,
    `Create one: ${createIndex(view, columns)}.`,
    first,
  );
};

const partialIndex: Explain = (view) => {
  for (const own of comparisons(view)) {
    for (const column of own.columns) {
      const found = view.indexes.filter((index) => index.valid && compares(index) && leads(index, column));
      const [index] = found;
      if (index === undefined || found.some(({ predicate }) => predicate === undefined)) continue;
      return cause(
        'no-index',
        `Index ${index.name} on ${view.access.table}.${column} holds only the rows where ${code(index.predicate ?? '')}, and the statement does not imply that.`,
        `Add the index's own condition to the statement, or create an index without it: ${createIndex(view, [column])}.`,
        own,
      );
    }
  }
  return undefined;
};

const patternWithoutIndex: Explain = (view) => {
  for (const own of comparisons(view)) {
    const [column = ''] = own.columns;
    const index = serving(view, column);
    if (index === undefined || !/\blike\b|~/i.test(own.written.text)) continue;
    return cause(
      'no-index',
      `A B-tree serves a pattern only in the collation "C" or with text_pattern_ops, and only a pattern that is known when the statement is planned; ${index.name} does not serve ${code(own.written.text)}.`,
      `Create an index for patterns: \`CREATE INDEX ON ${indexedTable(view)} (${quote(column)} text_pattern_ops)\`${
        own.written.text.includes('$') ? ', and plan with the value (`plan_cache_mode = force_custom_plan`)' : ''
      }.`,
      own,
    );
  }
  return undefined;
};

/** Operators of arrays, JSON, ranges, text search and distances, which no B-tree serves. */
const containment = /@>|<@|&&|@@|@\?|\?[|&]?|<->/;

const noContainmentIndex: Explain = (view) => {
  for (const own of comparisons(view)) {
    const [column = ''] = own.columns;
    const [operator] = containment.exec(own.written.text.replace(/'(?:[^']|'')*'/g, '')) ?? [];
    if (operator === undefined) continue;
    if (view.indexes.some((index) => index.valid && !compares(index) && leads(index, column))) continue;
    return cause(
      'no-index',
      `No index serves the operator \`${operator}\` on ${inTable(view, [column])}; a B-tree cannot.`,
      `Create one: \`CREATE INDEX ON ${indexedTable(view)} USING gin (${quote(column)})\` (for ranges and geometry, \`USING gist\`).`,
      own,
    );
  }
  return undefined;
};

const negation: Explain = (view) => {
  const own = ofForm(view, 'negation');
  if (own === undefined) return undefined;
  return cause(
    'negation',
    `${code(own.written.text)} says which rows are not wanted; an index finds only those that are.`,
    'Say which values are wanted (`=`, `IN`), or create a partial index with this condition as its WHERE.',
    own,
  );
};

const joinOnly: Explain = (view) => {
  const joining = view.own.filter(
    ({ joins, written: { form } }) => (joins && form === 'comparison') || form === 'subquery',
  );
  const [first] = joining;
  if (first === undefined) return undefined;
  const [column = ''] = first.columns;
  const index = serving(view, column);
  if (index === undefined) {
    return cause(
      'no-index',
      `The table is reached through ${code(first.written.text)}, and no index begins with ${inTable(view, [column])}.`,
      `Create one: ${createIndex(view, [column])}.`,
      first,
    );
  }
  if (view.alternative !== undefined && alternativeIndex(view, [column]) !== undefined) {
    return notSelective(view, first, index, view.alternative);
  }
  return cause(
    'no-condition',
    `Only ${code(first.written.text)} ties ${view.access.table} to the rest, and no condition narrows it, so every row is read to be joined.`,
    `Add a condition on ${view.access.table}, or narrow the other side of the join until its index ${index.name} pays.`,
    first,
  );
};

const noCondition: Explain = (view) => {
  if (view.own.length > 0 || view.access.filters.length > 0 || view.access.indexConditions.length > 0) return undefined;
  const { table } = view.access;
  return cause(
    'no-condition',
    `The statement has no condition on ${table}, so every row is read.`,
    `Add a condition on ${table} that an index can serve, or a LIMIT with an ORDER BY that an index provides.`,
  );
};

const opaque: Explain = ({ access }) => {
  if (access.kind !== 'opaque') return undefined;
  return cause(
    'unknown',
    `${access.node} hides how ${access.table} is read, so it cannot be told which index serves it.`,
    'Guard the SQL inside it as a query of its own.',
  );
};

/** In order: what is certain stands before what is likely, what names a culprit before what misses something. */
const explanations: readonly Explain[] = [
  opaque,
  orWithSubquery,
  castInPlan,
  notSelectiveComparison,
  castOnColumn,
  functionOnColumn,
  leadingWildcard,
  invalidIndex,
  orWithoutIndex,
  trailingColumn,
  partialIndex,
  patternWithoutIndex,
  noContainmentIndex,
  noIndex,
  negation,
  joinOnly,
  noCondition,
];

/**
 * Why no index bounded an access, for a developer, and what to do about it. It explains from what the statement says,
 * what the catalog holds and what the plan shows; it judges nothing. Where the evidence names no cause, the kind is
 * `unknown` and the text says so.
 */
export function findCause(input: CauseInput): Cause {
  const facts = tableFacts(input);
  const key = facts === undefined ? `${input.access.schema}.${input.access.table}` : `${facts.schema}.${facts.name}`;
  const indexes = [...input.catalog.indexes.values()].filter(({ table }) => table === key);
  const view: View = { ...input, own: ownConditions(input, facts), indexes };
  for (const explain of explanations) {
    const found = explain(view);
    if (found !== undefined) return found;
  }
  const [filter] = input.access.filters;
  const checked = filter === undefined ? '' : ` It checks ${code(filter)} on every row.`;
  return cause(
    'unknown',
    `It cannot be told from the statement why no index bounds ${input.access.table}.${checked}`,
    'Compare the conditions on the table with its indexes; a view or function may add conditions that the statement does not show.',
    view.own[0],
  );
}
