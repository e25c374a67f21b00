import { PlanGuardError, throwAll } from '../errors.js';
import type { Parameter, Span, SqlStatement } from './model.js';
import { findPlaceholders, type Placeholder } from './parameters.js';
import { lineColumn } from './positions.js';
import { scan, type Token } from './scan.js';
import { splitScript } from './split.js';

interface Annotation {
  readonly key: 'name' | 'param';
  readonly value: string;
  readonly span: Span;
}

const annotationForm = /^--\s*(name|param):\s*(.*?)\s*$/;
/** sqlc writes what a query returns behind its name (`-- name: GetUser :one`). */
const sqlcCommand = /\s+:(?:one|many|exec|execrows|execresult|execlastid|copyfrom|batch\w+)$/;

/** Whether nothing but blanks stands before an offset on its line. */
function standsAlone(text: string, offset: number): boolean {
  return text.slice(text.lastIndexOf('\n', offset) + 1, offset).trim() === '';
}

/** Annotations have a line to themselves: behind code they are comments. */
function annotationsAmong(tokens: readonly Token[], text: string): Annotation[] {
  const annotations: Annotation[] = [];
  for (const { kind, start, end } of tokens) {
    if (kind !== 'line-comment' || !standsAlone(text, start)) continue;
    const [, key, value = ''] = annotationForm.exec(text.slice(start, end)) ?? [];
    if (key === 'name') annotations.push({ key, value: value.replace(sqlcCommand, ''), span: { start, end } });
    if (key === 'param') annotations.push({ key, value, span: { start, end } });
  }
  return annotations;
}

/** Puts `$n` in the place of each placeholder and maps offsets of the new text back. */
function rewrite(source: string, span: Span, placeholders: readonly Placeholder[], positions: readonly number[]) {
  const pieces: { readonly at: number; readonly source: number; readonly width: number }[] = [];
  let text = '';
  let from = span.start;
  for (const [index, { span: place }] of placeholders.entries()) {
    pieces.push({ at: text.length, source: from, width: place.start - from });
    text += source.slice(from, place.start);
    pieces.push({ at: text.length, source: place.start, width: 0 });
    text += `$${positions[index]}`;
    from = place.end;
  }
  pieces.push({ at: text.length, source: from, width: span.end - from });
  text += source.slice(from, span.end);
  const toSource = (offset: number): number => {
    const piece = pieces.findLast(({ at }) => at <= offset);
    return piece === undefined ? span.start : piece.source + Math.min(offset - piece.at, piece.width);
  };
  return { text, toSource };
}

class Reader {
  readonly errors: PlanGuardError[] = [];
  private readonly text: string;
  private readonly file: string;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
  }

  fail(offset: number, message: string, hint: string): void {
    const where = { file: this.file, ...lineColumn(this.text, offset) };
    this.errors.push(new PlanGuardError('query', message, { hint, where }));
  }

  statement(span: Span, tokens: readonly Token[], annotations: readonly Annotation[]): SqlStatement {
    const [name, again] = annotations.filter(({ key }) => key === 'name');
    if (again !== undefined) {
      this.fail(again.span.start, 'A statement has two names', 'Leave one `-- name:` above each statement.');
    }
    if (name?.value === '') this.fail(name.span.start, '`-- name:` gives no name', 'Write `-- name: x`.');
    const placeholders = findPlaceholders(this.text, tokens);
    const stated = annotations.filter(({ key }) => key === 'param');
    const parameters = this.parameters(placeholders, stated);
    const positions = placeholders.map(({ key }) => {
      return typeof key === 'number' ? key : parameters.findIndex((parameter) => parameter.name === key) + 1;
    });
    return { name: name?.value, parameters, span, ...rewrite(this.text, span, placeholders, positions) };
  }

  private parameters(placeholders: readonly Placeholder[], stated: readonly Annotation[]): Parameter[] {
    const named = placeholders.find(({ key }) => typeof key === 'string');
    const numbered = placeholders.find(({ key }) => typeof key === 'number');
    if (named !== undefined && numbered !== undefined) {
      const first = [named, numbered].map(({ span: place }) => this.text.slice(place.start, place.end));
      this.fail(
        Math.max(named.span.start, numbered.span.start),
        `A statement mixes named and numbered parameters (${first.join(' and ')})`,
        'Use one kind in a statement.',
      );
      return [];
    }
    const types = stated.map((annotation) => {
      const [, name = '', type] = /^(\S+)(?:\s+(.+))?$/.exec(annotation.value) ?? [];
      if (name === '') this.fail(annotation.span.start, '`-- param:` gives no name', 'Write `-- param: user_id int`.');
      return { name, type, span: annotation.span };
    });
    const duplicate = types.find(({ name }, index) => types.findIndex((other) => other.name === name) < index);
    if (duplicate !== undefined) {
      this.fail(duplicate.span.start, `Parameter ${duplicate.name} is stated twice`, 'Leave one `-- param:` for it.');
    }
    return numbered === undefined ? this.named(placeholders, types) : this.numbered(placeholders, types);
  }

  private named(placeholders: readonly Placeholder[], types: readonly Stated[]): Parameter[] {
    const parameters: Parameter[] = [];
    for (const { key, span } of placeholders) {
      if (parameters.some(({ name }) => name === key)) continue;
      const type = types.find(({ name }) => name === key)?.type;
      parameters.push({ position: parameters.length + 1, name: String(key), type, span });
    }
    for (const { name, span } of types) {
      if (name === '' || parameters.some((parameter) => parameter.name === name)) continue;
      const known = parameters.map((parameter) => parameter.name).join(', ') || 'none';
      this.fail(span.start, `The statement has no parameter ${name}`, `Its parameters: ${known}.`);
    }
    return parameters;
  }

  private numbered(placeholders: readonly Placeholder[], types: readonly Stated[]): Parameter[] {
    const count = placeholders.reduce((most, { key }) => Math.max(most, Number(key)), 0);
    const zero = placeholders.find(({ key }) => key === 0);
    if (zero !== undefined) this.fail(zero.span.start, 'There is no parameter $0', 'Parameters count from $1.');
    const parameters: Parameter[] = [];
    for (const { key, span: place } of placeholders.toSorted((a, b) => Number(a.key) - Number(b.key))) {
      if (key === 0 || parameters.at(-1)?.position === key) continue;
      const missing = parameters.length + 1;
      if (key !== missing) {
        this.fail(place.start, `The statement uses $${count} but not $${missing}`, 'Number parameters without gaps.');
        return [];
      }
      const { name, type } = types[missing - 1] ?? {};
      parameters.push({ position: missing, name, type, span: place });
    }
    const extra = types[count];
    if (extra !== undefined) {
      const uses = `the statement uses ${count === 1 ? '$1 alone' : `$1 to $${count}`}`;
      this.fail(extra.span.start, `\`-- param: ${extra.name}\` is one too many: ${uses}`, 'State one for each.');
    }
    return parameters;
  }
}

interface Stated {
  readonly name: string;
  readonly type: string | undefined;
  readonly span: Span;
}

function nameOf(kind: Token['kind']): string {
  if (kind === 'block-comment') return 'A comment';
  return kind === 'quoted-identifier' ? 'A quoted name' : 'A string';
}

/**
 * Reads a query file: one statement or many, each with `-- name: x` and `-- param: name type` lines above it. Named
 * parameters are numbered in the order of their first occurrence; `-- param:` lines name and type `$1`, `$2`, … in order.
 * What the statements mean is not looked at: see {@link analyseStatement}.
 * @throws {PlanGuardError | PlanGuardErrors} code `query`, with file, line and column, for all that is wrong at once
 */
export function parseQueries(text: string, file: string): SqlStatement[] {
  const reader = new Reader(text, file);
  const { statements, metaCommands, copies, unterminated } = splitScript(text);
  if (unterminated !== undefined) {
    reader.fail(unterminated.start, `${nameOf(unterminated.kind)} that starts here never ends`, 'Close it.');
    throwAll(reader.errors);
  }
  for (const { start, end } of metaCommands) {
    const command = text.slice(start, end).trimEnd();
    reader.fail(start, `\`${command}\` is a command of psql, not SQL`, 'Remove it from the query file.');
  }
  for (const { statement } of copies) {
    reader.fail(statement.start, 'COPY … FROM stdin cannot be planned', 'Remove it from the query file.');
  }
  throwAll(reader.errors);
  const tokens = scan(text);
  const found: SqlStatement[] = [];
  let next = 0;
  const tokensUntil = (offset: number): Token[] => {
    const from = next;
    while ((tokens[next]?.start ?? Number.POSITIVE_INFINITY) < offset) next++;
    return tokens.slice(from, next);
  };
  for (const span of statements) {
    const annotations = annotationsAmong(tokensUntil(span.start), text);
    const statement = reader.statement(span, tokensUntil(span.end), annotations);
    const twin = found.find(({ name }) => name !== undefined && name === statement.name);
    const place = annotations.find(({ key }) => key === 'name')?.span ?? span;
    if (twin !== undefined) {
      const { line } = lineColumn(text, twin.span.start);
      reader.fail(place.start, `Two statements are named ${statement.name}`, `The other stands at line ${line}.`);
    }
    found.push(statement);
  }
  for (const { key, span } of annotationsAmong(tokensUntil(text.length), text)) {
    reader.fail(span.start, `\`-- ${key}:\` has no statement below it`, 'Put the statement below, or remove the line.');
  }
  if (found.length === 0 && reader.errors.length === 0) {
    reader.fail(0, 'The file holds no statement', 'Write at least one SQL statement into it.');
  }
  throwAll(reader.errors);
  return found;
}
