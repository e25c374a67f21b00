import type { Plan, PlanNode } from '../plan/model.js';
import { walk } from '../plan/walk.js';
import { mapTexts } from './shape.js';
import { type Group, type Literal, readTerms, type Term } from './terms.js';

/** A value that is bound to a parameter. */
export interface BoundParameter {
  /** As PostgreSQL prints it (`SELECT $1::type::text`); null is SQL's null. */
  readonly literal: string | null;
  /** As `format_type` names it: `integer`, `timestamp without time zone`. */
  readonly type: string;
}

/** Properties that hold deparsed expressions, beside a node's conditions. */
const EXPRESSIONS: ReadonlySet<string> = new Set([
  'Sort Key',
  'Presorted Key',
  'Group Key',
  'Group Keys',
  'Hash Key',
  'Hash Keys',
  'Grouping Sets',
  'Order By',
  'Function Call',
  'Table Function Call',
  'Sampling Parameters',
  'Repeatable Seed',
  'Remote SQL',
  'Window',
]);

/**
 * The plan with `$n` in its conditions in place of the values that are bound, so that plans of several scenarios and of
 * both modes can be told to be the same.
 *
 * The statement's generic plan, which has its parameters still, is the pattern: where a condition, or a part of one in
 * brackets, has the same form there, it is taken as it stands there, folded expressions (`lower($1)`) and the constants
 * of the SQL included. What has no pattern is told by value: a literal that is the text of a parameter's value becomes
 * that parameter, of the same type before others and of the lowest number among several.
 * @param parameters in the order of their numbers
 */
export function parameterForm(plan: Plan, parameters: readonly BoundParameter[], generic: Plan | undefined): Plan {
  if (parameters.length === 0) return plan;
  const writer = new ParameterWriter(
    parameters,
    generic === undefined ? NO_PATTERNS : patternsOf(generic, parameters.length),
  );
  const rewrite = (node: PlanNode): PlanNode => ({
    ...node,
    conditions: node.conditions.map(({ label, text }) => ({ label, text: writer.write(text, label) })),
    properties: Object.fromEntries(
      Object.entries(node.properties).map(([name, value]) => [
        name,
        EXPRESSIONS.has(name) ? mapTexts(value, (text) => writer.write(text, name)) : value,
      ]),
    ),
    children: node.children.map(rewrite),
  });
  return { ...plan, root: rewrite(plan.root) };
}

/** A group of terms of the generic plan. */
interface Pattern {
  readonly text: string;
  readonly label: string;
  readonly group: Group;
}

interface Patterns {
  /** By the first name in them, in the order of the plan; equal texts once for each label. */
  readonly byName: ReadonlyMap<string | undefined, readonly Pattern[]>;
  /** Literals that the statement has without any value. */
  readonly constants: ReadonlySet<string | null>;
}

const NO_PATTERNS: Patterns = { byName: new Map(), constants: new Set() };
const known = new WeakMap<Plan, Patterns>();

function patternsOf(generic: Plan, parameters: number): Patterns {
  const found = known.get(generic) ?? collectPatterns(generic, parameters);
  known.set(generic, found);
  return found;
}

function collectPatterns(generic: Plan, parameters: number): Patterns {
  const byName = new Map<string | undefined, Pattern[]>();
  const constants = new Set<string | null>();
  const seen = new Set<string>();
  const collect = (text: string, label: string, group: Group): void => {
    const id = `${label}\n${group.bracket}\n${text.slice(group.start, group.end)}`;
    if (seen.has(id)) return;
    seen.add(id);
    const named = byName.get(group.name) ?? [];
    named.push({ text, label, group });
    byName.set(group.name, named);
    for (const term of group.terms) {
      if (term.kind === 'group') collect(text, label, term);
      else if (term.kind === 'literal') constants.add(term.value);
    }
  };
  for (const { label, text } of expressionsOf(generic)) collect(text, label, readTerms(text, parameters));
  return { byName, constants };
}

function expressionsOf(plan: Plan): { label: string; text: string }[] {
  const expressions: { label: string; text: string }[] = [];
  for (const { node } of walk(plan.root)) {
    expressions.push(...node.conditions);
    for (const [label, value] of Object.entries(node.properties)) {
      if (!EXPRESSIONS.has(label)) continue;
      mapTexts(value, (text) => {
        expressions.push({ label, text });
        return text;
      });
    }
  }
  return expressions;
}

/** A part of the custom plan's text, and what takes its place. */
interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Match {
  readonly replacements: readonly Replacement[];
  /** How many literals stand for an expression whose value is not known here. */
  readonly unproved: number;
}

class ParameterWriter {
  readonly #parameters: readonly BoundParameter[];
  readonly #patterns: Patterns;
  readonly #written = new Map<string, string>();

  constructor(parameters: readonly BoundParameter[], patterns: Patterns) {
    this.#parameters = parameters;
    this.#patterns = patterns;
  }

  /** A condition or key with this label, in parameter form. */
  write(text: string, label: string): string {
    const id = `${label}\n${text}`;
    const written = this.#written.get(id) ?? this.#replaced(text, label);
    this.#written.set(id, written);
    return written;
  }

  #replaced(text: string, label: string): string {
    const replacements = this.#inGroup(readTerms(text, 0), label);
    let written = '';
    let at = 0;
    for (const { start, end, text: replacement } of replacements) {
      written += text.slice(at, start) + replacement;
      at = end;
    }
    return written + text.slice(at);
  }

  #inGroup(group: Group, label: string): readonly Replacement[] {
    const matched = this.#bestMatch(group, label);
    if (matched !== undefined) return matched;
    return group.terms.flatMap((term, index) => {
      if (term.kind === 'group') return isSubscript(group.terms, index) ? [] : this.#inGroup(term, label);
      const text = term.kind === 'literal' ? this.#byValue(term) : undefined;
      return text === undefined ? [] : [{ start: term.start, end: term.end, text }];
    });
  }

  /** The pattern with the fewest unproved literals, one under the same label before others. */
  #bestMatch(group: Group, label: string): readonly Replacement[] | undefined {
    let best: { match: Match; rank: readonly number[] } | undefined;
    for (const pattern of this.#patterns.byName.get(group.name) ?? []) {
      if ((pattern.group.bracket === '') !== (group.bracket === '')) continue;
      const match = matchTerms(group.terms, pattern.group.terms, pattern.text, this.#parameters);
      if (match === undefined) continue;
      const rank = [match.unproved, Number(pattern.label !== label)];
      if (best === undefined || isBefore(rank, best.rank)) best = { match, rank };
    }
    return best?.match.replacements;
  }

  /** The parameter whose value a literal is, by the literal alone. */
  #byValue({ value, type, form }: Literal): string | undefined {
    if (value === null || form === 'word') return undefined;
    const own = type ?? (value.includes('.') ? 'numeric' : 'integer');
    const same = this.#parameters.map(({ literal }) => literal === value);
    const typed = this.#parameters.findIndex((parameter, index) => same[index] && parameter.type === own);
    if (typed >= 0) return `$${typed + 1}`;
    const other = same.indexOf(true);
    if (other >= 0) return type === undefined ? `$${other + 1}` : `($${other + 1})::${type}`;
    if (form !== 'string' || this.#patterns.constants.has(value)) return undefined;
    const start = this.#parameters.findIndex(({ literal }) => literal !== null && boundsStartOf(literal, value));
    return start < 0 ? undefined : `$${start + 1}`;
  }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((one, index) => one !== b[index]);
  return at >= 0 && (a[at] as number) < (b[at] as number);
}

function isSubscript(terms: readonly Term[], index: number): boolean {
  const [before, term] = [terms[index - 1], terms[index]];
  if (term?.kind !== 'group' || term.bracket !== '[' || before === undefined) return false;
  return before.kind !== 'token' || (before.token.kind === 'word' && before.token.text !== 'ARRAY');
}

/**
 * Whether a text is the start that a LIKE pattern fixes, or the first text behind all that have it: the planner makes a
 * range of these two (`like_support.c`).
 */
function boundsStartOf(pattern: string, text: string): boolean {
  const prefix = pattern.slice(0, /[%_]|$/.exec(pattern)?.index);
  if (text === '' || prefix === '' || prefix === pattern) return false;
  const last = text.length - 1;
  const isBehind =
    text.slice(0, last) === prefix.slice(0, last) && text.charCodeAt(last) === prefix.charCodeAt(last) + 1;
  return text === prefix || isBehind;
}

/**
 * Matches terms with values against terms with parameters, from left to right. A literal matches the same literal, the
 * parameter whose value it is, or an expression of parameters which the planner folded into it.
 */
function matchTerms(
  terms: readonly Term[],
  pattern: readonly Term[],
  text: string,
  parameters: readonly BoundParameter[],
): Match | undefined {
  const replacements: Replacement[] = [];
  let unproved = 0;
  let to = 0;
  for (const term of terms) {
    const other = pattern[to];
    if (other === undefined) return undefined;
    if (term.kind === 'group') {
      if (other.kind !== 'group' || other.bracket !== term.bracket) return undefined;
      const inner = matchTerms(term.terms, other.terms, text, parameters);
      if (inner === undefined) return undefined;
      replacements.push(...inner.replacements);
      unproved += inner.unproved;
      to += 1;
    } else if (sameTerm(term, other)) {
      to += 1;
    } else {
      const end = term.kind === 'literal' ? operandEnd(pattern, to) : to;
      const operand = pattern.slice(to, end);
      const last = operand.at(-1);
      if (term.kind !== 'literal' || last === undefined || !operand.some(hasParameter)) return undefined;
      if (operand.length === 1 && other.kind === 'parameter') {
        if (!isValue(term, parameters[other.number - 1])) return undefined;
      } else unproved += 1;
      replacements.push({ start: term.start, end: term.end, text: text.slice(other.start, last.end) });
      to = end;
    }
  }
  return to === pattern.length ? { replacements, unproved } : undefined;
}

/**
 * Where the operand ends that begins here; here, where none does that could fold into a literal. Operators stand in
 * brackets with their operands, so that an operand is a parameter, a group, a call, an ARRAY or a CASE, and its casts.
 */
function operandEnd(terms: readonly Term[], start: number): number {
  const first = terms[start];
  let end = start + 1;
  if (isWord(first, 'CASE')) {
    for (let open = 1; open > 0 && end < terms.length; end++) {
      open += Number(isWord(terms[end], 'CASE')) - Number(isWord(terms[end], 'END'));
    }
  } else if (first?.kind === 'token' && first.token.kind === 'word') {
    while (isDot(terms[end])) end += 2;
    if (terms[end]?.kind !== 'group') return start;
    end += 1;
  } else if (first?.kind !== 'parameter' && first?.kind !== 'group') return start;
  while (terms[end]?.kind === 'cast') end += 1;
  return hasColumn(terms.slice(start, end)) ? start : end;
}

/** A column is written behind its table's alias; what stands before a bracket is a function behind its schema. */
function hasColumn(terms: readonly Term[]): boolean {
  return terms.some((term, at) => {
    if (term.kind === 'group') return hasColumn(term.terms);
    return isDot(term) && terms[at + 2]?.kind !== 'group';
  });
}

function isWord(term: Term | undefined, word: string): boolean {
  return term?.kind === 'token' && !term.token.quoted && term.token.text === word;
}

function isDot(term: Term | undefined): boolean {
  return term?.kind === 'token' && term.token.kind === 'mark' && term.token.text === '.';
}

function sameTerm(a: Term, b: Term): boolean {
  if (a.kind === 'literal')
    return b.kind === 'literal' && a.value === b.value && a.type === b.type && a.form === b.form;
  if (a.kind === 'cast') return b.kind === 'cast' && a.type === b.type;
  // Before 17, the value of an InitPlan is written `$0` or `$1`, in a plan of any mode.
  if (a.kind === 'token' && b.kind === 'parameter') return a.token.text === `$${b.number}`;
  if (a.kind !== 'token' || b.kind !== 'token') return false;
  return a.token.text === b.token.text && a.token.kind === b.token.kind;
}

function hasParameter(term: Term): boolean {
  return term.kind === 'parameter' || (term.kind === 'group' && term.terms.some(hasParameter));
}

/** `character(n)` is printed with its padding in a condition, and without it as text. */
function isValue({ value }: Literal, parameter: BoundParameter | undefined): boolean {
  if (value === null || parameter === undefined || parameter.literal === null) return value === parameter?.literal;
  return value === parameter.literal || value.trimEnd() === parameter.literal.trimEnd();
}
