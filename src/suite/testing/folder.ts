import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { formatWhere, PlanGuardError, PlanGuardErrors } from '../../errors.js';

/** Writes files into a folder of its own, which is removed when the test ends. */
export async function makeFolder(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'plan-guard-suite-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** Files that the suites of the tests name. */
export const NAMED_FILES = {
  'schema.sql': '',
  'seed.sql': '',
  'statistics/incident-day.json': '{}',
  'statistics/year-later.json': '{}',
  'queries/x.sql': '',
  'queries/y.sql': '',
  'known-bad/x.sql': '',
  'src/profile.js': '',
};

/** What a person would read: per error a line with code, place and message, and one with the hint. */
export async function transcript(folder: string, run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    const errors = error instanceof PlanGuardErrors ? error.errors : [error];
    return errors
      .map((each) => {
        if (!(each instanceof PlanGuardError)) throw each;
        return `${each.code} ${formatWhere(each.where ?? {})}: ${each.message}\n    ${each.hint}`;
      })
      .join('\n')
      .replaceAll(`${folder}/`, '')
      .replaceAll(folder, '.');
  }
  return 'no error';
}
