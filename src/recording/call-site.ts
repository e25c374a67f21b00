import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CallSite } from './messages.js';

/** This folder as it is built, and its sources, which source maps may lead to. */
const here = dirname(fileURLToPath(import.meta.url));
const own = new Set([here, here.replace(/dist(?=[/\\]recording$)/, 'src')]);

/**
 * The first frame of a stack that lies outside of this package and of installed ones, after source maps. The place
 * that a syntax error names stands before the frames.
 * @returns undefined where no frame is in a file that exists
 */
export function callSite(stack: string | undefined): CallSite | undefined {
  for (const line of (stack ?? '').split('\n')) {
    const place = /^(.*?):(\d+)(?::(\d+))?\)?$/.exec(line.trim());
    if (place === null) continue;
    const file = candidates(place[1] ?? '').find(isForeign);
    if (file !== undefined) return { file, line: Number(place[2]), column: Number(place[3] ?? 1) };
  }
  return undefined;
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
