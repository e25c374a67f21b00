import type { Suite } from '../suite/model.js';
import type { Engine } from './engine.js';
import { PgliteEngine } from './pglite.js';
import { DirectoryStore } from './store.js';

export interface EngineOptions {
  /** false: nothing is kept between runs. */
  readonly cache: boolean;
  /** Told why nothing can be kept. */
  readonly onFallback: (reason: string) => void;
  /** Folders whose npm packages may bring a server. */
  readonly folders: readonly string[];
}

/**
 * Opens the engine that makes the databases of a suite. Where an existing database plans, PGlite makes the seeded one.
 * @throws {PlanGuardError} `engine` where it cannot be had
 */
export async function openEngine(wanted: Suite['postgres'], options: EngineOptions): Promise<Engine> {
  const { cache, onFallback, folders } = options;
  switch (wanted.engine) {
    case 'native': {
      const { NativeEngine } = await import('./native-engine.js');
      return NativeEngine.create({ version: wanted.version, binDir: wanted.binDir, folders }, cache, onFallback);
    }
    case 'container': {
      const { ContainerEngine } = await import('./container-engine.js');
      return ContainerEngine.create(wanted);
    }
    default:
      return new PgliteEngine(DirectoryStore.open(cache, onFallback));
  }
}
