import type { Span } from './model.js';
import { isBlank, type Token } from './scan.js';

/** One place where a statement takes a value: `$1`, `:name` or `@name`. */
export interface Placeholder {
  readonly span: Span;
  /** A number for `$1`, a name for `:name` and `@name`. */
  readonly key: number | string;
}

/** Operators that a name may follow without a blank: `a=@name`. Longer ones that end in `@` (`<@`, `@@`) are themselves. */
const gluedOperators = new Set('= > <= >= <> != + - * / % || ~ ~* !~ !~* -> ->>'.split(' '));

/**
 * Finds the placeholders among a statement's tokens. Not placeholders: casts (`::`), `:=`, operators that hold an `@`,
 * `@ -5` (the absolute value needs a blank before a name: `@ balance`), and a colon directly inside the brackets of a
 * subscript, where it makes a slice (`a[1:n]`, `a[:n]`): write `@n` or `(:n)` there. In `ARRAY[:a, :b]` they are.
 */
export function findPlaceholders(text: string, tokens: readonly Token[]): Placeholder[] {
  const placeholders: Placeholder[] = [];
  const brackets: ('parenthesis' | 'subscript' | 'array')[] = [];
  let previous = '';
  for (const [index, token] of tokens.entries()) {
    if (isBlank(token.kind)) continue;
    const written = text.slice(token.start, token.end);
    const next = tokens[index + 1];
    const name = next?.kind === 'identifier' ? text.slice(next.start, next.end) : undefined;
    const named = (start: number) => {
      if (next !== undefined && name !== undefined) placeholders.push({ span: { start, end: next.end }, key: name });
    };
    if (token.kind === 'parameter') {
      placeholders.push({ span: { start: token.start, end: token.end }, key: Number(written.slice(1)) });
    } else if (token.kind === 'operator' && written.endsWith('@')) {
      if (written === '@' || gluedOperators.has(written.slice(0, -1))) named(token.end - 1);
    } else if (written === ':') {
      if (brackets.at(-1) !== 'subscript') named(token.start);
    } else if (written === '(') brackets.push('parenthesis');
    else if (written === '[') {
      const nested = brackets.at(-1) === 'array' && (previous === '[' || previous === ',');
      brackets.push(nested || previous.toLowerCase() === 'array' ? 'array' : 'subscript');
    } else if (written === ')' || written === ']') brackets.pop();
    previous = written;
  }
  return placeholders;
}
