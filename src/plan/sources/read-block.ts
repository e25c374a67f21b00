import { PlanGuardError } from '../../errors.js';
import type { FoundPlan, Plan } from '../model.js';
import { isObject, parsePlan } from '../parse-json.js';
import type { Block, PlanBlock } from './block.js';
import { splitContent } from './finder.js';
import { elementsOf, type PlacedJson, parsePlacedJson, valueAt } from './json.js';
import { placeOf, refusal, type SourceLine } from './lines.js';
import { looksLikePlan } from './words.js';

/**
 * Reads the plans of a block.
 * @throws {PlanGuardError} `plan`, with the line of the source
 */
export async function readBlock(block: Block): Promise<FoundPlan[]> {
  if (block.kind === 'plan') return readPlans(block);
  const parts = splitContent(block.lines);
  const second = parts[1];
  if (block.facts.duration !== undefined && second !== undefined) {
    const at = second.lines[0] as SourceLine;
    throw refusal('the end of the message', at, { hint: 'auto_explain logs each plan in a message of its own.' });
  }
  const plans: FoundPlan[] = [];
  for (const part of parts) {
    const own = await readBlock({ ...part, facts: { ...block.facts, ...part.facts } });
    if (own.length === 0) throw refusal('a plan', part.lines[0] as SourceLine);
    plans.push(...own);
  }
  return plans;
}

async function readPlans(block: PlanBlock): Promise<FoundPlan[]> {
  const { format, facts, lines } = block;
  if (format === 'json') return readJsonPlans(block);
  const plan = await atItsPlace(lines, () => parse(block));
  return [found(plan, block, lines.map(({ text }) => text).join('\n'), facts.line ?? (lines[0] as SourceLine).line)];
}

/** Parsers are told of lines by their order, and what they refuse is found again in the source. */
async function parse({ format, lines, properties }: PlanBlock): Promise<Plan> {
  const text = () => lines.map((line) => line.text).join('\n');
  if (format === 'xml') return (await import('../parse-xml.js')).parseXmlPlan(text(), 1);
  if (format === 'yaml') return (await import('../parse-yaml.js')).parseYamlPlan(text(), 1);
  const { parseTextPlan } = await import('../parse-text.js');
  const plan = parseTextPlan(lines.map((line, index) => ({ text: line.text, line: index + 1 })));
  return { ...plan, properties: { ...properties, ...plan.properties } };
}

async function atItsPlace<T>(lines: readonly SourceLine[], read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof PlanGuardError)) throw error;
    const { line = 1, column = 1 } = error.where ?? {};
    throw moved(error, placeOf(lines[Math.min(line, lines.length) - 1] as SourceLine, column - 1));
  }
}

function moved(error: PlanGuardError, where: NonNullable<PlanGuardError['where']>): PlanGuardError {
  return new PlanGuardError(error.code, error.message, {
    where,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  });
}

function found(plan: Plan, { format, facts }: PlanBlock, raw: string, line: number): FoundPlan {
  const query = plan.properties['Query Text'];
  return {
    plan,
    format,
    raw,
    statement: facts.statement ?? (typeof query === 'string' ? query : undefined),
    line,
    duration: facts.duration,
    loggedAt: facts.loggedAt,
  };
}

/** The plans of a JSON document: EXPLAIN's array, one of its elements, or a client's rows with `QUERY PLAN` in each. */
async function readJsonPlans(block: PlanBlock): Promise<FoundPlan[]> {
  const { lines, facts } = block;
  const document = joined(lines);
  const { text } = document;
  const value = parseJson(document);
  const elements = Array.isArray(value) ? value : [value];
  if (elements.every((element) => isObject(element) && ROW in element)) return readRows(block, document);
  if (!elements.some((element) => isObject(element) && 'Plan' in element)) {
    if (elements.length > 0 && !looksLikePlan(text)) return [];
    throw refusal('an object with "Plan", or an array of such, as JSON', lines[0] as SourceLine);
  }
  const texts = elementsOf(text);
  return elements.map((element, index) => {
    const { start, text: own } = texts[index] ?? { start: 0, text };
    const plan = parseElement(element, index, document);
    const line = facts.line ?? document.lineAt(elements.length === 1 ? 0 : start).line.line;
    return found(plan, block, elements.length === 1 ? text : own, line);
  });
}

const ROW = 'QUERY PLAN';

/** Lines as one text, in which characters are found again. */
interface Joined {
  readonly text: string;
  readonly lineAt: (index: number) => { readonly line: SourceLine; readonly index: number };
}

function joined(lines: readonly SourceLine[]): Joined {
  const starts: number[] = [];
  let length = 0;
  for (const { text } of lines) {
    starts.push(length);
    length += text.length + 1;
  }
  const lineAt = (index: number) => {
    let low = 0;
    for (let high = starts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= index) low = middle;
      else high = middle;
    }
    return { line: lines[low] as SourceLine, index: index - (starts[low] as number) };
  };
  return { text: lines.map(({ text }) => text).join('\n'), lineAt };
}

/** @throws {PlanGuardError} `plan` at the character that should be another one */
function parseJson(document: Joined): unknown {
  try {
    return JSON.parse(document.text);
  } catch {
    return placed(document).value;
  }
}

function placed({ text, lineAt }: Joined): PlacedJson {
  const json = parsePlacedJson(text);
  if (!('fault' in json)) return json;
  const { line, index } = lineAt(json.fault);
  throw refusal(json.expected, line, { index });
}

function parseElement(element: unknown, index: number, document: Joined): Plan {
  try {
    return parsePlan(element);
  } catch (error) {
    if (!(error instanceof PlanGuardError)) throw error;
    const { value, places } = placed(document);
    const whereOf = (object: object) => {
      const start = document.lineAt(places.get(object) ?? 0);
      return placeOf(start.line, start.index);
    };
    const again = Array.isArray(value) ? value[index] : value;
    try {
      return parsePlan(again, { get: whereOf });
    } catch (failure) {
      if (!(failure instanceof PlanGuardError) || failure.where !== undefined) throw failure;
      throw moved(failure, whereOf(isObject(again) ? again : (value as object)));
    }
  }
}

/** What a client that is no psql gave: rows of text's lines, or whole plans in one of the other formats. */
async function readRows(block: PlanBlock, document: Joined): Promise<FoundPlan[]> {
  const { value, places } = placed(document);
  const content: SourceLine[] = [];
  for (const row of (Array.isArray(value) ? value : [value]) as Record<string, unknown>[]) {
    const { line } = document.lineAt(places.get(row) ?? 0);
    const cell = row[ROW];
    const printed = typeof cell === 'string' ? cell : textOf(cell, places, document.text);
    content.push(...printed.split('\n').map((each) => ({ text: each, line: line.line, column: undefined })));
  }
  return readBlock({ kind: 'content', lines: content, facts: block.facts });
}

/** A value as the document has it. */
function textOf(value: unknown, places: PlacedJson['places'], text: string): string {
  const start = typeof value === 'object' && value !== null ? places.get(value) : undefined;
  return start === undefined ? String(value) : valueAt(text, start);
}

/** An error with the name of the source. */
export function inSource(error: unknown, file: string): unknown {
  return error instanceof PlanGuardError ? moved(error, { file, ...error.where }) : error;
}
