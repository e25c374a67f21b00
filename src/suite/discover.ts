import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PlanGuardError } from '../errors.js';
import { readYaml } from './yaml.js';

const NAMES = ['plan-guard.yaml', 'plan-guard.yml'];

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/**
 * Finds the suites of a folder: its `plan-guard.yaml` (or `.yml`), and those that its `package.json` names under
 * `"plan-guard"` as one path or a list of paths, relative to it. Absolute paths, each once.
 * @throws {PlanGuardError} `usage` where there is none, `file` where the `package.json` cannot be read
 * @throws {PlanGuardError | PlanGuardErrors} `usage` where its `"plan-guard"` is not that, or names a file that is not there
 */
export async function discoverSuites(cwd: string): Promise<string[]> {
  const found = new Set<string>();
  for (const name of NAMES) {
    const file = resolve(cwd, name);
    if (await exists(file)) found.add(file);
  }
  for (const file of await suitesOfPackage(resolve(cwd, 'package.json'))) found.add(file);
  if (found.size === 0) {
    throw new PlanGuardError('usage', `No suite given, and none found in ${cwd}`, {
      hint: 'Write a `plan-guard.yaml` here, name suites in package.json under "plan-guard", or pass the path of one.',
    });
  }
  return [...found];
}

async function suitesOfPackage(file: string): Promise<string[]> {
  if (!(await exists(file))) return [];
  const root = await readYaml(file, 'package.json', 'usage');
  const suites: string[] = [];
  const what = 'the path of a suite file';
  for (const value of root.pick('plan-guard')?.oneOrMore(`${what}, or a list of them`) ?? []) {
    const path = value.text(what);
    if (path === undefined) continue;
    const suite = resolve(file, '..', path);
    if (await exists(suite)) suites.push(suite);
    else value.fail(`there is no suite \`${path}\``, 'Mend the path; it is relative to the package.json.');
  }
  root.throwErrors();
  return suites;
}
