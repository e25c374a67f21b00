import type { TreeNode } from './grammar.js';
import type { ConditionForm } from './model.js';
import { child, findAll, list, strings, textOf, visit } from './tree.js';

/** Splits an expression at its ANDs. */
export function conjuncts(expression: TreeNode): TreeNode[] {
  const bool = child(expression, 'BoolExpr');
  return bool?.boolop === 'AND_EXPR' ? list(bool, 'args').flatMap(conjuncts) : [expression];
}

/** Columns that an expression names itself, not those inside its subqueries. */
export function columnsOf(expression: unknown): { alias: string | undefined; column: string }[] {
  const columns = new Map<string, { alias: string | undefined; column: string }>();
  visit(expression, (key, node) => {
    if (key !== 'ColumnRef') return key !== 'subselect';
    const parts = list(node, 'fields').map((field) => ('A_Star' in field ? '*' : (strings([field])[0] ?? '')));
    const column = parts.at(-1) ?? '';
    const alias = parts.at(-2);
    columns.set(JSON.stringify([alias, column]), { alias, column });
    return false;
  });
  return [...columns.values()];
}

const isColumn = (node: TreeNode | undefined): boolean => node !== undefined && 'ColumnRef' in node;

/** A column, or a row of columns. */
function isPlain(node: TreeNode | undefined): boolean {
  return isColumn(node) || list(child(node, 'RowExpr'), 'args').some(isColumn);
}

function formOfOperand(node: TreeNode | undefined): ConditionForm | undefined {
  if (node === undefined || columnsOf(node).length === 0) return undefined;
  if (isPlain(node)) return 'comparison';
  const cast = child(node, 'TypeCast');
  if (cast !== undefined && isColumn(child(cast, 'arg'))) return 'cast-on-column';
  const collate = child(node, 'CollateClause');
  return collate === undefined ? 'function-on-column' : formOfOperand(child(collate, 'arg'));
}

/** The constant text that a pattern begins with, where it is written in the statement. */
function patternStart(node: TreeNode | undefined): string | undefined {
  const constant = child(node, 'A_Const');
  if (constant !== undefined) return textOf(child(constant, 'sval'), 'sval');
  const cast = child(node, 'TypeCast');
  if (cast !== undefined) return patternStart(child(cast, 'arg'));
  const operation = child(node, 'A_Expr');
  if (operation !== undefined && strings(list(operation, 'name'))[0] === '||')
    return patternStart(child(operation, 'lexpr'));
  const [firstArgument] = list(child(node, 'FuncCall'), 'args');
  return firstArgument === undefined ? undefined : patternStart(firstArgument);
}

const negations = new Set(['<>', '!=', '!~', '!~*', '!~~', '!~~*']);
const negativeKinds = new Set(['AEXPR_DISTINCT', 'AEXPR_NOT_BETWEEN', 'AEXPR_NOT_BETWEEN_SYM']);

function formOfOperation(operation: TreeNode): ConditionForm {
  const kind = textOf(operation, 'kind') ?? '';
  const operator = strings(list(operation, 'name')).at(-1) ?? '';
  const left = formOfOperand(child(operation, 'lexpr'));
  const right = formOfOperand(child(operation, 'rexpr'));
  if (negativeKinds.has(kind) || negations.has(operator)) return 'negation';
  const start = patternStart(child(operation, 'rexpr'));
  if (operator === '~~*' || operator === '~*') return 'leading-wildcard';
  if (operator === '~~' && start !== undefined && /^[%_]/.test(start)) return 'leading-wildcard';
  if (operator === '~' && start !== undefined && !/^(?:\^|\*\*\*)/.test(start)) return 'leading-wildcard';
  if (left === 'comparison' || right === 'comparison') return 'comparison';
  return left ?? right ?? 'other';
}

/** Whether a subquery names a column of the level around it. */
function isCorrelated(link: TreeNode, scope: ReadonlySet<string>): boolean {
  return findAll(child(link, 'subselect'), 'ColumnRef').some((column) => {
    const alias = strings(list(column, 'fields')).at(-2);
    return alias !== undefined && scope.has(alias);
  });
}

/** Subqueries that are run or joined per row; an uncorrelated `= (SELECT …)` or `ARRAY(SELECT …)` is a constant instead. */
function joinsSubquery(expression: TreeNode, scope: ReadonlySet<string>): boolean {
  let joins = false;
  visit(expression, (key, node) => {
    if (key !== 'SubLink') return key !== 'subselect';
    const constant = node.subLinkType === 'EXPR_SUBLINK' || node.subLinkType === 'ARRAY_SUBLINK';
    if (!constant || isCorrelated(node, scope)) joins = true;
    return true;
  });
  return joins;
}

/** How a conjunct is written, as far as it decides whether an index can serve it. */
export function formOf(expression: TreeNode, scope: ReadonlySet<string>): ConditionForm {
  const bool = child(expression, 'BoolExpr');
  if (bool?.boolop === 'OR_EXPR') {
    return list(bool, 'args').some((arm) => joinsSubquery(arm, scope)) ? 'or-with-subquery' : 'or';
  }
  if (bool?.boolop === 'NOT_EXPR') {
    const [argument] = list(bool, 'args');
    if (isColumn(argument)) return 'comparison';
    return child(argument, 'SubLink')?.subLinkType === 'EXISTS_SUBLINK' ? 'subquery' : 'negation';
  }
  const nullTest = child(expression, 'NullTest');
  if (nullTest?.nulltesttype === 'IS_NOT_NULL') return 'negation';
  if (nullTest !== undefined) return formOfOperand(child(nullTest, 'arg')) ?? 'other';
  const booleanTest = child(expression, 'BooleanTest');
  if (booleanTest !== undefined) {
    const positive = booleanTest.booltesttype === 'IS_TRUE' || booleanTest.booltesttype === 'IS_FALSE';
    return positive ? (formOfOperand(child(booleanTest, 'arg')) ?? 'other') : 'negation';
  }
  if (joinsSubquery(expression, scope)) return 'subquery';
  const operation = child(expression, 'A_Expr');
  if (operation !== undefined) return formOfOperation(operation);
  return formOfOperand(expression) ?? 'other';
}
