import { PlanGuardError, type Where } from '../errors.js';
import type { Plan } from './model.js';
import { parsePlan } from './parse-json.js';
import { figureOf, LIST_GROUPS, LISTS, type Properties, REPEATED } from './properties.js';

/** A mapping or a list whose lines are being read. */
interface Open {
  /** Column of its keys or dashes, from 0. */
  readonly column: number;
  readonly value: Properties | unknown[];
}

const ENTRY = /^([^\s"[-][^:]*):(?: (.*))?$/;

/**
 * Reads EXPLAIN (FORMAT YAML) into the tree that {@link parsePlan} reads from JSON. explain.c prints a narrow part of
 * YAML: one property a line, strings as JSON writes them, what belongs to a property below it and further right
 * (`ExplainProperty`, `ExplainOpenGroup`). Nothing else is read, and not by the package `yaml`: its parser overflows the
 * stack on plans that are 1,200 nodes deep, what builds on that on shallower ones, and 10,000 nodes take it a second.
 * @param firstLine the line that the text begins in, from 1
 * @throws {PlanGuardError} `plan`, with line and column
 */
export function parseYamlPlan(text: string, firstLine: number): Plan {
  const places = new WeakMap<object, Where>();
  return parsePlan(readYaml(text, firstLine, places), places);
}

function readYaml(text: string, firstLine: number, places: WeakMap<object, Where>): unknown {
  const lines = text.split(/\r?\n/);
  const open: Open[] = [];
  /** A property whose value is to follow below. */
  let awaiting: { readonly owner: Properties; readonly key: string } | undefined;

  const unexpected = (index: number, column: number, expected: string) => {
    const found = (lines[index] as string).slice(column).trimEnd();
    const shown = found.length > 60 ? `${found.slice(0, 60)}…` : found;
    return new PlanGuardError('plan', `Expected ${expected}; found ${shown === '' ? "the line's end" : shown}`, {
      hint: "Give EXPLAIN's output whole, with its indentation, as FORMAT YAML prints it, or use FORMAT JSON.",
      where: { line: firstLine + index, column: column + 1 },
    });
  };
  const begin = (value: Open['value'], index: number, column: number) => {
    places.set(value, { line: firstLine + index, column: column + 1 });
    open.push({ column, value });
    return value;
  };
  const scalar = (written: string, index: number, column: number): unknown => {
    const value = written.startsWith('"') || written.startsWith('[') ? jsonOf(written) : figureOf(written);
    if (value === undefined) throw unexpected(index, column, 'a text in quotes, a number, true or false');
    return value;
  };

  let root: unknown;
  for (const [index, line] of lines.entries()) {
    const content = line.trim();
    if (content === '') continue;
    const column = line.length - line.trimStart().length;
    while (open.length > 1 && (open.at(-1) as Open).column > column) open.pop();
    const isItem = content.startsWith('- ');
    if (root === undefined) root = begin(isItem ? [] : {}, index, column);
    else if (awaiting !== undefined && column > (open.at(-1) as Open).column) {
      awaiting.owner[awaiting.key] = begin(isItem ? [] : {}, index, column);
    } else if (awaiting !== undefined) awaiting.owner[awaiting.key] = emptyOf(awaiting.key);
    awaiting = undefined;

    let { value } = open.at(-1) as Open;
    if ((open.at(-1) as Open).column !== column || Array.isArray(value) !== isItem) {
      const columns = [...new Set(open.map((one) => one.column + 1))].slice(-3).join(' or ');
      throw unexpected(index, column, `a property or "- ", as the lines above begin, in column ${columns}`);
    }
    const entryColumn = isItem ? column + 2 : column;
    const [, key, written] = ENTRY.exec(isItem ? content.slice(2) : content) ?? [];
    if (Array.isArray(value)) {
      if (key === undefined) {
        value.push(scalar(content.slice(2), index, entryColumn));
        continue;
      }
      const item: Properties = {};
      value.push(item);
      value = begin(item, index, entryColumn);
    }
    if (key === undefined) throw unexpected(index, entryColumn, 'a property, such as Node Type: "Seq Scan"');
    const owner = value as Properties;
    if (Object.hasOwn(owner, key) && !REPEATED.has(key)) {
      throw unexpected(index, entryColumn, `another property, for "${key}" is told above`);
    }
    if (written === undefined || written === '') awaiting = { owner, key };
    else owner[key] = scalar(written, index, entryColumn + key.length + 2);
  }
  if (awaiting !== undefined) awaiting.owner[awaiting.key] = emptyOf(awaiting.key);
  return root;
}

/** What a property without lines of its own holds: texts are in quotes even where they are empty. */
function emptyOf(key: string): unknown {
  return LISTS.has(key) || LIST_GROUPS.has(key) ? [] : {};
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
