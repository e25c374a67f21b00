import { nodeText } from '../plan/format-text.js';
import type { PlanNode } from '../plan/model.js';

/** A node in EXPLAIN's words, without the schema `public`, with the name of the subplan that it is. */
export function nodeWords(node: PlanNode): string {
  const { relation, subplanName, properties } = node;
  const known = relation?.schema === 'public' ? { ...node, relation: { ...relation, schema: undefined } } : node;
  const words = nodeText(
    properties.Schema === 'public' ? { ...known, properties: { ...properties, Schema: undefined } } : known,
  );
  return subplanName === undefined ? words : `[${subplanName}] ${words}`;
}
