import type { PlanNode } from '../../plan/model.js';
import type { Comparison } from '../diff-model.js';

/** The words of a node as EXPLAIN's text form has them. */
export function nodeText(node: PlanNode): string {
  const words = [node.parallelAware ? 'Parallel' : '', node.nodeType];
  if (node.indexName !== undefined) words.push(node.nodeType === 'Bitmap Index Scan' ? 'on' : 'using', node.indexName);
  if (node.relation !== undefined) words.push('on', node.relation.name);
  if (node.alias !== undefined && node.alias !== node.relation?.name) words.push(node.alias);
  return words.filter((word) => word !== '').join(' ');
}

export function answer(comparison: Comparison): string {
  return comparison.name;
}
