import { PlanGuardError, type Where } from '../errors.js';
import type { Plan } from './model.js';
import { parsePlan } from './parse-json.js';
import {
  figureOf,
  isNumber,
  LIST_GROUPS,
  LISTS,
  nameOfElement,
  type Properties,
  REPEATED,
  typedValue,
} from './properties.js';

/** An element that is being read. */
interface Open {
  readonly element: string;
  readonly name: string;
  readonly where: Where;
  text: string;
  readonly children: { readonly name: string; readonly value: unknown }[];
}

/**
 * Reads EXPLAIN (FORMAT XML) into the tree that {@link parsePlan} reads from JSON. XML has no types: those of JSON are
 * put back by the property's name, so that what an extension adds is text. It also has dashes for blanks and slashes
 * (`ExplainXMLTag` in explain_format.c), and the type of a group for its name.
 * @param firstLine the line that the text begins in, from 1
 * @throws {PlanGuardError} `plan`, with line and column
 */
export async function parseXmlPlan(text: string, firstLine: number): Promise<Plan> {
  const { default: sax } = await import('sax');
  const parser = sax.parser(true, {});
  const places = new WeakMap<object, Where>();
  const open: Open[] = [];
  let root: unknown;

  const here = (): Where => ({
    line: firstLine + parser.line,
    column: Math.max(1, parser.column - (parser.position - parser.startTagPosition)),
  });
  parser.onopentag = ({ name: element }) => {
    if (open.length === 0 && element !== 'explain') {
      throw unexpected(`the element <explain>; found <${element}>`, here());
    }
    open.push({ element, name: nameOfElement(element), where: here(), text: '', children: [] });
  };
  parser.ontext = (part) => {
    const top = open.at(-1);
    if (top !== undefined) top.text += part;
  };
  parser.onclosetag = () => {
    const done = open.pop() as Open;
    const value = readValue(done, open);
    if (typeof value === 'object' && value !== null) places.set(value, done.where);
    const parent = open.at(-1);
    if (parent === undefined) root = value;
    else parent.children.push({ name: done.name, value });
  };
  parser.onerror = ({ message }) => {
    throw unexpected(`XML as EXPLAIN prints it: ${message.split('\n')[0]}`, here());
  };
  parser.write(text).close();
  return parsePlan(root, places);
}

function readValue(done: Open, ancestors: readonly Open[]): unknown {
  const { name, children, text } = done;
  if (name === 'explain') {
    // auto_explain prints one plan without a group around it.
    const queries = children.filter((child) => child.name === 'Query');
    return queries.length > 0 ? queries.map(({ value }) => value) : groupOf(done);
  }
  if (LIST_GROUPS.has(name) || LISTS.has(name)) return children.map(({ value }) => value);
  if (children.length > 0) return groupOf(done);
  if (name === 'Settings') return {};
  if (name === 'Item' || ancestors.at(-1)?.name === 'Settings') return text;
  const isOfJit = ancestors.slice(-3).some((ancestor) => ancestor.name === 'JIT');
  const value = isOfJit ? figureOf(text) : typedValue(name, text);
  if (value === undefined) {
    const type = isOfJit ? 'a number, true or false' : isNumber(name) ? 'a number' : 'true or false';
    throw unexpected(`${type} in <${done.element}>; found ${JSON.stringify(text)}`, done.where);
  }
  return value;
}

function groupOf({ children, element, where }: Open): Properties {
  const group: Properties = {};
  for (const child of children) {
    const name = nameInGroup(child.name, group);
    if (Object.hasOwn(group, name) && !REPEATED.has(name)) throw unexpected(`one "${name}" in <${element}>`, where);
    group[name] = child.value;
  }
  return group;
}

/**
 * The name that JSON gives a group of which XML tells the type alone. `show_incremental_sort_group_info`: full groups
 * come first; space in memory comes before space on disk, and there is some where a method was used that sorts there.
 */
function nameInGroup(name: string, before: Readonly<Properties>): string {
  if (name === 'Incremental Sort Groups') {
    return before['Full-sort Groups'] === undefined ? 'Full-sort Groups' : 'Pre-sorted Groups';
  }
  if (name === 'Sort Space') {
    const methods = (before['Sort Methods Used'] ?? []) as readonly string[];
    const inMemory = methods.some((method) => !method.startsWith('external'));
    return inMemory && before['Sort Space Memory'] === undefined ? 'Sort Space Memory' : 'Sort Space Disk';
  }
  return name;
}

function unexpected(expected: string, where: Where): PlanGuardError {
  return new PlanGuardError('plan', `Expected ${expected}`, {
    hint: "Give EXPLAIN's output whole, as FORMAT XML prints it, or use FORMAT JSON.",
    where,
  });
}
