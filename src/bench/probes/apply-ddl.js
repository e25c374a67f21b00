// Boots PGlite in the empty directory that it is given, applies the statements of a JSON file (`[text, …]`) and closes it.
// Prints `{ boot, ddl }` in milliseconds.
import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

const [directory, file] = process.argv.slice(2);
const started = performance.now();
const database = await PGlite.create(directory);
const booted = performance.now();
for (const statement of JSON.parse(readFileSync(file, 'utf8'))) await database.exec(statement);
const applied = performance.now();
await database.close();
process.stdout.write(JSON.stringify({ boot: booted - started, ddl: applied - booted }));
