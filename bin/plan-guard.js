#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// V8's second compilers would spend more time, on PGlite's WebAssembly and on JavaScript that is only warm, than the
// process lives to win back. --liftoff-only would say the same of WebAssembly, but newer versions of V8 draw what follows
// from it when they start, and not here.
setFlagsFromString('--no-wasm-tier-up');
setFlagsFromString('--no-wasm-dynamic-tiering');
// Later versions of V8 count in another way and print that they do not know it.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=500000');
const { run } = await import('../dist/command/run.js');

process.exitCode = await run(process);
