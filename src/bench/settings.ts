import { fileURLToPath } from 'node:url';

export interface Settings {
  /** A folder of this run's own, removed at its end. */
  readonly directory: string;
  /** Fewer repetitions. */
  readonly quick: boolean;
}

/** Absolute path of a file that is named from this folder. */
export const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
