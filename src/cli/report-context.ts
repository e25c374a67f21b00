import type { ReportContext } from '../report/context.js';
import { type Process, takesColor, takesUnicode, widthOf } from './terminal.js';

/** What a reporter is told of the terminal; a file takes no colours. */
export function contextOf(
  { stdout, env, cwd }: Process,
  version: string,
  { file, verbose }: { readonly file: string | undefined; readonly verbose: boolean },
): ReportContext {
  return {
    color: file === undefined && takesColor(stdout, env),
    width: widthOf(stdout, env),
    unicode: takesUnicode(env),
    cwd: cwd(),
    version,
    verbose,
    durationMs: undefined,
  };
}
