import type { TreeNode } from './grammar.js';

/** Whether a value of the parse tree is an object. */
export function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The node under a key, or undefined. */
export function child(node: TreeNode | undefined, key: string): TreeNode | undefined {
  const value = node?.[key];
  return isNode(value) ? value : undefined;
}

/** The nodes of a list under a key. */
export function list(node: TreeNode | undefined, key: string): readonly TreeNode[] {
  const value = node?.[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function textOf(node: TreeNode | undefined, key: string): string | undefined {
  const value = node?.[key];
  return typeof value === 'string' ? value : undefined;
}

/** The words of a list of `String` nodes: the parts of a name. */
export function strings(nodes: readonly TreeNode[]): string[] {
  return nodes.map((node) => textOf(child(node, 'String'), 'sval')).filter((word) => word !== undefined);
}

/** Where a node stands, in bytes; libpg_query leaves 0 out and gives -1 for a place it does not know. */
export function locationOf(node: TreeNode): number {
  return typeof node.location === 'number' ? node.location : 0;
}

/** Calls back for every object of a subtree with the key that it stands under; `false` leaves its children out. */
export function visit(value: unknown, callback: (key: string, node: TreeNode) => boolean, key = ''): void {
  if (Array.isArray(value)) for (const entry of value) visit(entry, callback, key);
  else if (isNode(value)) {
    if (!callback(key, value)) return;
    for (const [name, entry] of Object.entries(value)) visit(entry, callback, name);
  }
}

/** All nodes of one kind in a subtree, outermost first, subqueries included. */
export function findAll(value: unknown, kind: string): TreeNode[] {
  const found: TreeNode[] = [];
  visit(value, (key, node) => {
    if (key === kind) found.push(node);
    return true;
  });
  return found;
}
