import { Chalk } from 'chalk';
import { formatWhere, PlanGuardError, PlanGuardErrors, type Where } from '../errors.js';
import { shownPath } from '../report/context.js';
import { commandData, commandProperty, inline } from '../report/escape.js';
import { wrap } from '../report/text.js';

export interface ErrorStyle {
  readonly color: boolean;
  readonly cwd: string;
  /** Columns of the terminal; undefined, where the text goes elsewhere: lines are left whole. */
  readonly width: number | undefined;
}

/** Expected failures, each with its place and the next step; `undefined` for anything else, which is a bug. */
export function expectedErrors(error: unknown): readonly PlanGuardError[] | undefined {
  if (error instanceof PlanGuardErrors) return error.errors;
  return error instanceof PlanGuardError ? [error] : undefined;
}

function relative(where: Where, cwd: string): Where {
  return where.file === undefined ? where : { ...where, file: shownPath(where.file, cwd) };
}

export function formatError(error: PlanGuardError, { color, cwd, width }: ErrorStyle): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const place = error.where === undefined ? '' : `${inline(formatWhere(relative(error.where, cwd)))}:`;
  const [first = '', ...rest] = fold(`${place} ${inline(error.message)}`.trim(), 'error: '.length, width);
  const head = first.startsWith(place) ? chalk.bold(place) + first.slice(place.length) : first;
  const lines = [`${chalk.red.bold('error:')} ${head}`, ...rest];
  if (error.hint !== undefined) {
    const [hint = '', ...more] = fold(inline(error.hint), '  next: '.length, width);
    lines.push(`  ${chalk.cyan('next:')} ${hint}`, ...more);
  }
  return `${lines.join('\n')}\n`;
}

/** Lines of text that stands `indent` columns from the left. */
function fold(text: string, indent: number, width: number | undefined): string[] {
  if (width === undefined) return [text];
  return wrap(text, width - indent).map((line, index) => (index === 0 ? line : ' '.repeat(indent) + line));
}

/** The same as an annotation of GitHub Actions. */
export function formatAnnotation(error: PlanGuardError, repository: string): string {
  const where = error.where === undefined ? {} : relative(error.where, repository);
  const properties = Object.entries({ file: where.file, line: where.line, col: where.column, title: 'plan-guard' })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${commandProperty(String(value))}`);
  return `::error ${properties.join(',')}::${commandData([error.message, error.hint].filter(Boolean).join('\n'))}\n`;
}

/** Anything that nobody foresaw. */
export function formatBug(error: unknown, version: string): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `This is a bug in plan-guard ${version}; please report it with what you did:\n${stack}\n`;
}
