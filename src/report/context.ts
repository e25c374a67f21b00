import path from 'node:path';
import type { Where } from '../errors.js';
import type { Report } from './model.js';

/** Everything a reporter may know beside the report. Reporters read nothing from the process. */
export interface ReportContext {
  /** Whether to colour (ANSI escapes). */
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Whether more than ASCII can be shown. Text from the report itself is shown as it is. */
  readonly unicode: boolean;
  /** Absolute path that files are shown relative to. */
  readonly cwd: string;
  /** Version of plan-guard. */
  readonly version: string;
  readonly verbose: boolean;
  /** How long the run took, in milliseconds; undefined leaves it out. */
  readonly durationMs: number | undefined;
  /** Text of a file, for excerpts with the names that the author wrote; undefined where it cannot be read. */
  readonly readSource?: (file: string) => string | undefined;
  /** Absolute path of the repository, which GitHub's annotations are relative to; left out: `cwd`. */
  readonly repository?: string;
}

/** Renders a report as one string, which ends in a newline. Pure. */
export type Reporter = (report: Report, context: ReportContext) => string;

/** A file's path relative to a directory, with forward slashes. */
export function shownPath(file: string, directory: string): string {
  return path.relative(directory, path.resolve(directory, file)).split(path.sep).join('/') || '.';
}

/** `file:line:column` relative to the working directory. */
export function shownPlace(where: Required<Where>, context: ReportContext): string {
  return `${shownPath(where.file, context.cwd)}:${where.line}:${where.column}`;
}
