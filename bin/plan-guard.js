#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// V8's second compiler would spend more time on PGlite's WebAssembly than the process lives to win back.
setFlagsFromString('--liftoff-only');
const { run } = await import('../dist/cli/run.js');

process.exitCode = await run(process);
