import type { Properties } from './properties.js';

/**
 * What EXPLAIN's text names behind a node's name, after ` on `: a relation, which `optional-relation` may lack (joins
 * that were pushed down); a function, whose name is left out where there are several; a name that needs no schema and
 * the property that holds it; an alias alone; nothing. `index` stands for ` using INDEX on RELATION`.
 */
export type Target =
  | 'none'
  | 'relation'
  | 'optional-relation'
  | 'index'
  | 'bitmap-index'
  | 'function'
  | 'CTE Name'
  | 'Table Function Name'
  | 'alias';

/** A name in the first line of a node, and what JSON says of such a node. */
export interface NamedNode {
  readonly properties: Readonly<Properties>;
  readonly target: Target;
}

const JOIN_TYPES = ['Inner', 'Left', 'Full', 'Right', 'Semi', 'Anti', 'Right Semi', 'Right Anti'];
const STRATEGIES = { Plain: 'Aggregate', Sorted: 'GroupAggregate', Hashed: 'HashAggregate', Mixed: 'MixedAggregate' };
const PARTIAL_MODES = ['Simple', 'Partial', 'Finalize'];
const SET_OPERATIONS = ['Intersect', 'Intersect All', 'Except', 'Except All'];
const OPERATIONS = ['Insert', 'Update', 'Delete', 'Merge'];

const TARGETS: Readonly<Partial<Record<string, Target>>> = {
  'Seq Scan': 'relation',
  'Sample Scan': 'relation',
  'Index Scan': 'index',
  'Index Only Scan': 'index',
  'Bitmap Index Scan': 'bitmap-index',
  'Bitmap Heap Scan': 'relation',
  'Tid Scan': 'relation',
  'Tid Range Scan': 'relation',
  'Subquery Scan': 'alias',
  'Values Scan': 'alias',
  'Function Scan': 'function',
  'Table Function Scan': 'Table Function Name',
  'CTE Scan': 'CTE Name',
  'WorkTable Scan': 'CTE Name',
  'Foreign Scan': 'optional-relation',
  'Custom Scan': 'optional-relation',
  ModifyTable: 'relation',
};

/** Nodes that have one name in every format, beside those of `TARGETS`. */
const WITHOUT_TARGET = [
  'Result',
  'ProjectSet',
  'Append',
  'Merge Append',
  'Recursive Union',
  'BitmapAnd',
  'BitmapOr',
  'Gather',
  'Gather Merge',
  'Named Tuplestore Scan',
  'Materialize',
  'Memoize',
  'Sort',
  'Incremental Sort',
  'Group',
  'WindowAgg',
  'Unique',
  'LockRows',
  'Limit',
  'Hash',
];

/** What EXPLAIN's text names behind a node of this type; nothing for types that are not known. */
export function targetOf(nodeType: string): Target {
  return TARGETS[nodeType] ?? 'none';
}

const NODES: readonly Properties[] = [
  ...[...Object.keys(TARGETS), ...WITHOUT_TARGET]
    .filter((type) => type !== 'ModifyTable' && type !== 'Foreign Scan')
    .map((type) => ({ 'Node Type': type })),
  ...['Nested Loop', 'Merge Join', 'Hash Join'].flatMap((type) =>
    JOIN_TYPES.map((join) => ({ 'Node Type': type, 'Join Type': join })),
  ),
  ...Object.keys(STRATEGIES).flatMap((strategy) =>
    PARTIAL_MODES.map((mode) => ({ 'Node Type': 'Aggregate', Strategy: strategy, 'Partial Mode': mode })),
  ),
  ...['Sorted', 'Hashed'].flatMap((strategy) =>
    SET_OPERATIONS.map((command) => ({ 'Node Type': 'SetOp', Strategy: strategy, Command: command })),
  ),
  ...OPERATIONS.map((operation) => ({ 'Node Type': 'ModifyTable', Operation: operation })),
  ...['Select', ...OPERATIONS].map((operation) => ({ 'Node Type': 'Foreign Scan', Operation: operation })),
];

/** Every node that PostgreSQL 9.6 to 18 prints, except a Custom Scan with its provider: `ExplainNode` in explain.c. */
export const NAMED_NODES: ReadonlyMap<string, NamedNode> = new Map(
  NODES.map((properties) => {
    const type = String(properties['Node Type']);
    return [nodeName(type, properties), { properties, target: targetOf(type) }];
  }),
);

/**
 * A node's name in EXPLAIN's text, without what it reads: `Hash Left Join`, `Partial HashAggregate`, `Insert`. A type
 * that is not known keeps its own.
 * @param properties what JSON says of the node
 */
export function nodeName(nodeType: string, properties: Readonly<Properties>): string {
  const text = (name: string) => {
    const value = properties[name];
    return typeof value === 'string' ? value : undefined;
  };
  switch (nodeType) {
    case 'Nested Loop': {
      const join = text('Join Type') ?? 'Inner';
      return join === 'Inner' ? nodeType : `${nodeType} ${join} Join`;
    }
    case 'Merge Join':
    case 'Hash Join': {
      const join = text('Join Type') ?? 'Inner';
      return join === 'Inner' ? nodeType : nodeType.replace(' Join', ` ${join} Join`);
    }
    case 'Aggregate': {
      const name = (STRATEGIES as Readonly<Record<string, string>>)[text('Strategy') ?? ''] ?? nodeType;
      const mode = text('Partial Mode') ?? 'Simple';
      return mode === 'Simple' ? name : `${mode} ${name}`;
    }
    case 'SetOp':
      return `${text('Strategy') === 'Hashed' ? 'HashSetOp' : 'SetOp'} ${text('Command') ?? ''}`.trimEnd();
    case 'ModifyTable':
      return text('Operation') ?? nodeType;
    case 'Foreign Scan': {
      const operation = text('Operation') ?? 'Select';
      return operation === 'Select' ? nodeType : `Foreign ${operation}`;
    }
    case 'Custom Scan': {
      const provider = text('Custom Plan Provider');
      return provider === undefined ? nodeType : `${nodeType} (${provider})`;
    }
    default:
      return nodeType;
  }
}
