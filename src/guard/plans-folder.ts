import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PlanGuardError } from '../errors.js';
import type { Suite } from '../suite/model.js';

/** Whether a suite's plans are compared with approved ones: it says so, or there are some. */
export function hasApprovedPlans({ plans: { stated, folder } }: Suite): boolean {
  return stated || existsSync(folder);
}

/** Suites that share a folder would take each other's plans for unused ones. */
export function sharedFolders(suites: readonly Suite[], cwd: string): PlanGuardError[] {
  return suites.flatMap((suite, index) => {
    const first = suites.slice(0, index).find(({ plans }) => plans.folder === suite.plans.folder);
    if (first === undefined) return [];
    const message = `Two suites keep their approved plans in ${relative(cwd, suite.plans.folder) || '.'}; the first is ${relative(cwd, first.file)}.`;
    return new PlanGuardError('suite', message, {
      where: { file: suite.file },
      hint: `Give each a folder of its own: plans: ${join('plans', suite.name)}.`,
    });
  });
}
