import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PlanGuardError } from '../errors.js';

/** The account that owns a cluster: PostgreSQL refuses to run as root, so root hands over to an unprivileged one. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** The account that servers run as: undefined where it is this process's own. */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(accounts);
  return { name: 'nobody', uid: Number(nobody?.[1] ?? 65534), gid: Number(nobody?.[2] ?? 65534) };
}

/** The first of a folder and those above it that other accounts cannot pass through; undefined where they can. */
export function closedFolder(folder: string): string | undefined {
  const path = resolve(folder);
  if ((statSync(path).mode & 0o001) === 0) return path;
  return dirname(path) === path ? undefined : closedFolder(dirname(path));
}

/** @throws {PlanGuardError} `engine` for a folder that the account cannot enter */
export function requireOpen({ name }: Account, folders: readonly string[]): void {
  const closed = folders.map(closedFolder).find((folder) => folder !== undefined);
  if (closed === undefined) return;
  throw new PlanGuardError(
    'engine',
    `PostgreSQL refuses to run as root, and the account ${name} cannot enter ${closed}.`,
    {
      hint: `Let others pass through it (chmod o+x ${closed}), or run plan-guard as an ordinary user.`,
    },
  );
}
