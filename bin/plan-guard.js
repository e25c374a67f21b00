#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// V8's second compiler would spend more time on PGlite's WebAssembly than the process lives to win back.
setFlagsFromString } from 'node:v8';

// V8 would optimise PGlite's WebAssembly in the background, on every core, for a process that ends before it pays.
setFlagsFromString('--liftoff-only');
const { run } = await import('../dist/cli/run.js');

process.exitCode = await run(process);
