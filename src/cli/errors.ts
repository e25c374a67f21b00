import { Chalk } from 'chalk';
import { formatWhere, PlanGuardError, PlanGuardErrors, type Where } from '../errors.js';
import { shownPath } from '../report/context.js';
import { commandData, commandProperty, inline } from '../report/escape.js';

export interface ErrorStyle {
  readonly color: boolean;
  readonly cwd: string;
}

/** Expected failures, each with its place and the next step; `undefined` for anything else, which is a bug. */
export function expectedErrors(error: unknown): readonly PlanGuardError[] | undefined {
  if (error instanceof PlanGuardErrors) return error.errors;
  return error instanceof PlanGuardError ? [error] : undefined;
}

function relative(where: Where, cwd: string): Where {
  return where.file === undefined ? where : { ...where, file: shownPath(where.file, cwd) };
}

export function formatError(error: PlanGuardError, { color, cwd }: ErrorStyle): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const place = error.where === undefined ? '' : formatWhere(relative(error.where, cwd));
  const head = `${chalk.red.bold('error:')} ${place === '' ? '' : `${chalk.bold(inline(place))}: `}${inline(error.message)}`;
  return error.hint === undefined ? `${head}\n` : `${head}\n  ${chalk.cyan('next:')} ${inline(error.hint)}\n`;
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
