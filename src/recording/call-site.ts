import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CallSite } from './messages.js';

const here = dirname(fileURLToPath(import.meta.url));
/** The folders whose code runs in the thread, as they are built, and their sources, which source maps may lead to. */
const own = new Set(
  [here, join(here, '..', 'postgres')].flatMap((folder) => [folder, folder.replace(/dist(?=[/\\]\w+$)/, 'src')]),
);

/**
 * The first frame of a stack that lies outside of this package and of installed ones, after source maps. The place
 * that a syntax error names stands before the frames.
 * @returns undefined where no frame is in a file that exists
 */
export function callSite(stack: string): CallSite | undefined {
  for (const line of stack.split('\n')) {
    const place = /^(.*?):(\d+)(?::(\d+))?\)?$/.exec(line.trim());
    if (place === null) continue;
    const file = candidates(place[1] ?? '').find(isForeign);
    if (file !== undefined) return { file, line: Number(place[2]), column: Number(place[3] ?? 1) };
  }
  return undefined;
}

/** The stack as Node writes it, whatever modules made of `Error.prepareStackTrace`; empty where there is none. */
export function stackOf(error: Error): string {
  return withStacks(() => {
    const stack: unknown = error.stack;
    return typeof stack === 'string' ? stack : '';
  });
}

/**
 * The first frame of this call that lies outside of this package and of installed ones: at its source where the source
 * map leads to a file that exists, and in the JavaScript file itself where it does not.
 * @returns undefined where no frame is in a file that exists
 */
export function currentCallSite(): CallSite | undefined {
  return withStacks(() => {
    const frames = compiledFrames();
    const key = frames.map(({ file, line, column }) => `${file}:${line}:${column}`).join('\n');
    if (!known.has(key)) known.set(key, mappedCallSite(frames));
    return known.get(key);
  });
}

/** Sites by the frames of their calls: a call is made for every scenario, and its source map takes long to read. */
const known = new Map<string, CallSite | undefined>();

function mappedCallSite(frames: readonly CallSite[]): CallSite | undefined {
  const [, , ...mapped] = stackOf(new Error()).split('\n');
  for (const [index, line] of mapped.entries()) {
    const site = callSite(line);
    if (site !== undefined) return site;
    const compiled = frames[index];
    if (compiled === undefined || leadsToFile(line)) continue;
    if (isForeign(compiled.file)) return compiled;
  }
  return undefined;
}

/** The caller's frames as they are run, without source maps. */
function compiledFrames(): CallSite[] {
  const error = new Error();
  return withStacks(
    () => {
      const [, ...sites] = error.stack as unknown as NodeJS.CallSite[];
      return sites.map((site) => {
        const [file = ''] = asPath(site.getFileName() ?? '');
        return { file, line: site.getLineNumber() ?? 1, column: site.getColumnNumber() ?? 1 };
      });
    },
    (_, sites) => sites,
  );
}

/** Frames that a stack may have. */
export const STACK_DEPTH = 30;

/** Does something with stacks as they are wanted here: modules may want them otherwise. */
function withStacks<Result>(work: () => Result, prepare?: typeof Error.prepareStackTrace): Result {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.prepareStackTrace = prepare as typeof Error.prepareStackTrace;
    Error.stackTraceLimit = STACK_DEPTH;
    return work();
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function leadsToFile(frame: string): boolean {
  const [, path = ''] = /^(.*?):\d+(?::\d+)?\)?$/.exec(frame.trim()) ?? [];
  return candidates(path).some((file) => /[/\\]/.test(file) && existsSync(file));
}

/** What may be the path in `at name (path`, `at async path` or `path`: both names and paths may hold parentheses. */
function candidates(frame: string): string[] {
  const starts = [0, ...[...frame.matchAll(/^at (?:async )?| \(/g)].map((match) => match.index + match[0].length)];
  return starts.map((start) => frame.slice(start)).flatMap(asPath);
}

function asPath(place: string): string[] {
  if (!place.startsWith('file://')) return [place];
  try {
    return [fileURLToPath(place)];
  } catch {
    return [];
  }
}

function isForeign(file: string): boolean {
  return /[/\\]/.test(file) && !/[/\\]node_modules[/\\]/.test(file) && !own.has(dirname(file)) && existsSync(file);
}
