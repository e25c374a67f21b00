import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/**
 * Writes a file whose readers see the old text or the new one, never a part. A link is followed; what is no ordinary
 * file (a device, a pipe) is written to, not replaced.
 * @throws the system's error; nothing is left behind
 */
export function replaceFile(file: string, text: string, pid: number): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) {
    writeFileSync(file, text);
    return;
  }
  const target = stats === undefined ? file : realpathSync(file);
  const temporary = `${target}.${pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
