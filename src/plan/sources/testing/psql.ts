import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NativeServer } from '../../../postgres/native.js';

/** Whether there is a psql to ask. */
export const hasPsql = spawnSync('psql', ['--version']).status === 0;

/** How psql prints: its `\pset` settings. */
export interface Layout {
  readonly format: string;
  readonly linestyle: 'ascii' | 'old-ascii' | 'unicode';
  readonly border: 0 | 1 | 2;
  readonly expanded: 'on' | 'off';
  readonly tuples_only: 'on' | 'off';
  /** The width at which `wrapped` wraps. */
  readonly columns: number;
}

/** psql's formats, line styles and borders, with headers and without, expanded and not. */
export const LAYOUTS: readonly Layout[] = (['on', 'off'] as const).flatMap((expanded) =>
  (['on', 'off'] as const).flatMap((tuples_only) => [
    ...(['ascii', 'old-ascii', 'unicode'] as const).flatMap((linestyle) =>
      ([0, 1, 2] as const).flatMap((border) => [
        { format: 'aligned', linestyle, border, expanded, tuples_only, columns: 80 },
        { format: 'wrapped', linestyle, border, expanded, tuples_only, columns: 40 },
        { format: 'wrapped', linestyle, border, expanded, tuples_only, columns: 76 },
      ]),
    ),
    ...['unaligned', 'csv', 'html', 'asciidoc', 'latex', 'troff-ms'].map(
      (format) => ({ format, linestyle: 'ascii', border: 1, expanded, tuples_only, columns: 80 }) as const,
    ),
  ]),
);

export const nameOf = (layout: Layout) =>
  Object.entries(layout)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

/** What psql prints for the statements, one text for each layout. One psql does it all. */
export async function printed(
  { connection }: NativeServer,
  layouts: readonly Layout[],
  statements: readonly string[],
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'plan-guard-psql-'));
  try {
    const script = layouts.flatMap((layout, index) => [
      `\\o ${join(folder, String(index))}`,
      ...Object.entries(layout).map(([name, value]) => `\\pset ${name} ${value}`),
      ...statements.map((statement) => `${statement};`),
    ]);
    await writeFile(join(folder, 'script.sql'), script.join('\n'));
    const { host, port, user, database, password } = connection;
    const target = ['-h', host, '-p', String(port), '-U', user, '-d', database];
    await promisify(execFile)(
      'psql',
      ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...target, '-f', join(folder, 'script.sql')],
      {
        env: { ...process.env, PGPASSWORD: password, PGCLIENTENCODING: 'UTF8', LC_ALL: 'C.UTF-8' },
      },
    );
    return await Promise.all(layouts.map((_, index) => readFile(join(folder, String(index)), 'utf8')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
