import type { Plan, PlanNode } from '../plan/model.js';

// Until src/plan prints and reads EXPLAIN's text.
export function formatPlanText(plan: Plan, _options: { costs: boolean }): string[] {
  const lines: string[] = [];
  const print = (node: PlanNode, depth: number) => {
    const indent = '  '.repeat(depth);
    const words = [
      node.nodeType,
      node.indexName && `using ${node.indexName}`,
      node.relation && `on ${node.relation.name}`,
    ];
    lines.push(`${indent}${words.filter(Boolean).join(' ')}`);
    for (const { label, text } of node.conditions) lines.push(`${indent}  ${label}: ${text}`);
    for (const child of node.children) print(child, depth + 1);
  };
  print(plan.root, 0);
  return lines;
}

export function parseTextPlan(lines: readonly { text: string; line: number }[]): Plan {
  type Open = { -readonly [K in keyof PlanNode]: PlanNode[K] } & {
    children: PlanNode[];
    conditions: PlanNode['conditions'][number][];
  };
  const stack: Open[] = [];
  for (const { text } of lines) {
    const depth = (/^ */.exec(text)?.[0].length ?? 0) / 2;
    const condition = /^ *([A-Z][\w ]*): (.*)$/s.exec(text);
    if (condition !== null) {
      stack[depth - 1]?.conditions.push({ label: condition[1] ?? '', text: condition[2] ?? '' });
      continue;
    }
    const [, type = '', index, relation] = /^ *(.*?)(?: using (.*?))?(?: on (.*))?$/.exec(text) ?? [];
    const parent = stack[depth - 1];
    const node: Open = {
      nodeType: type,
      path: parent === undefined ? '0' : `${parent.path}.${parent.children.length}`,
      parentRelationship: undefined,
      subplanName: undefined,
      relation: relation === undefined ? undefined : { schema: undefined, name: relation },
      alias: undefined,
      indexName: index,
      parallelAware: false,
      startupCost: undefined,
      totalCost: undefined,
      planRows: undefined,
      planWidth: undefined,
      conditions: [],
      children: [],
      properties: {},
    };
    parent?.children.push(node);
    stack.length = depth;
    stack.push(node);
  }
  return { root: stack[0] as PlanNode, properties: {} };
}
