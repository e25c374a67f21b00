// What a person would do without plan-guard: loads rows, analyses them and explains the statements of a JSON file
// (`{ schema, rows, collaborations, settings, statements: [{ text, values }] }`), on the day of the incident and a year
// later. Prints `{ load, explain }` in milliseconds.
import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

const task = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const literal = (value) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`);
const database = await PGlite.create();
let load = 0;
let explain = 0;

async function fill(...texts) {
  const started = performance.now();
  for (const text of texts) await database.exec(text);
  await database.exec('ANALYZE');
  load += performance.now() - started;
}

async function explainAll() {
  const started = performance.now();
  for (const { text, values } of task.statements) {
    await database.exec(`PREPARE guarded AS ${text}`);
    for (const mode of ['custom', 'generic']) {
      await database.exec(`SET plan_cache_mode = force_${mode}_plan`);
      for (const list of mode === 'custom' ? values : values.slice(0, 1)) {
        const given = list.length === 0 ? '' : `(${list.map(literal).join(', ')})`;
        await database.query(`EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE guarded${given}`);
      }
    }
    await database.exec('DEALLOCATE guarded');
  }
  explain += performance.now() - started;
}

for (const [name, value] of Object.entries(task.settings)) await database.exec(`SET ${name} = ${literal(value)}`);
await fill(task.schema, task.rows);
await explainAll();
await fill(task.collaborations);
await explainAll();
await database.close();
process.stdout.write(JSON.stringify({ load, explain }));
