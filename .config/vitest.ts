import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'fixtures/**/*.test.ts', '.config/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // As the command does: V8's optimising compiler costs PGlite's WebAssembly more than tests live to win back.
    execArgv: ['--liftoff-only'],
  },
});
