import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names where this process's number means something: the machine and, on Linux, the container. */
export function host(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not on Linux.
  }
  return `${hostname()}.${namespace}`.replace(/[^\w.]/g, '_');
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process that has ended stays listed on Linux until its parent takes note, which in a container may be never. */
function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
