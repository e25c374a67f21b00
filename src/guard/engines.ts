import type { Engine } from '../postgres/engine.js';
import { type EngineOptions, openEngine } from '../postgres/open-engine.js';
import type { Suite } from '../suite/model.js';

/** Gives the engine that a suite asks for; the same one for suites that ask for the same. */
export type EngineOf = (suite: Suite) => Promise<Engine>;

/** What tells one engine from another. */
export function engineKey({ postgres: { engine, version, binDir, image } }: Suite): string {
  return JSON.stringify([engine, version, binDir, image]);
}

/** Opens engines for the work as it asks for them, and closes them all, whatever becomes of the work. */
export async function withEngines<Result>(
  options: (suite: Suite) => EngineOptions,
  work: (engineOf: EngineOf) => Promise<Result>,
): Promise<Result> {
  const engines = new Map<string, Engine>();
  try {
    return await work(async (suite) => {
      const key = engineKey(suite);
      const engine = engines.get(key) ?? (await openEngine(suite.postgres, options(suite)));
      engines.set(key, engine);
      return engine;
    });
  } finally {
    for (const engine of engines.values()) await engine.close();
  }
}
