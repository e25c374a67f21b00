#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// V8 would optimise PGlite's WebAssembly in the background, on every core, for a process that ends before it pays.
setFlagsFromString('--wasm-tiering-budget=100000000');
const { run } = await import('../dist/cli/run.js');

process.exitCode = await run(process);
