import { readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../postgres/engine.js';
import { type NativeServer, startNativeServer } from '../postgres/native.js';
import type { SeedSource } from '../postgres/seeded.js';
import type { RecordedFunction, Recorder, Run } from './recorder.js';
import { dist, Modules } from './testing/modules.js';

const built = <Module>(path: string) => import(pathToFileURL(join(dist, path)).href) as Promise<Module>;

const modules = new Modules();
const cacheBefore = process.env.PLAN_GUARD_CACHE;
let cache: string;
let engine: Engine;
let seededModule: typeof import('../postgres/seeded.js');
let recorderModule: typeof import('./recorder.js');
let recorder: Recorder;
let output = '';
let server: NativeServer;

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE TABLE notes (
    id int PRIMARY KEY, body text NOT NULL, big bigint, price numeric(10, 2), ratio float8, flag bool,
    day date, at timestamp, zoned timestamptz, span interval, doc jsonb, raw bytea, tags text[], numbers int[],
    feeling mood, key uuid
  );
  CREATE TABLE children (id int PRIMARY KEY, note int REFERENCES notes);`;
const SEED = `
  INSERT INTO notes VALUES
    (1, 'Größe “eins” 🙂', 9007199254740993, 12.50, 0.1, true, '2024-02-29', '2024-02-29 12:34:56.789',
     '2024-02-29 12:34:56+02', '1 day 02:03:04', '{"a": [1, null, "x"]}', '\\x00ff10', '{a,NULL,"b,\\"c"}', '{1,2}',
     'happy', '00000000-0000-0000-0000-000000000001'),
    (2, '', NULL, NULL, 'NaN', false, 'infinity', NULL, NULL, NULL, 'null', '', '{}', NULL, NULL, NULL);
  INSERT INTO children VALUES (1, 1);`;

const source = {
  schema: [{ file: 'schema.sql', text: SCHEMA }],
  seed: [{ file: 'seed.sql', text: SEED }],
  cluster: { locale: 'en_US.UTF-8', extensions: [] },
  session: { settings: { TimeZone: 'Europe/Berlin' }, role: undefined },
};

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'plan-guard-cache-'));
  process.env.PLAN_GUARD_CACHE = cache;
  seededModule = await built('postgres/seeded.js');
  recorderModule = await built('recording/recorder.js');
  const { DirectoryStore } = await built<typeof import('../postgres/store.js')>('postgres/store.js');
  const { PgliteEngine } = await built<typeof import('../postgres/pglite.js')>('postgres/pglite.js');
  engine = new PgliteEngine(DirectoryStore.open(true));
  recorder = recorderOf(source);
  server = await startNativeServer();
  const client = new pg.Client(server.connection);
  await client.connect();
  await client.query(SCHEMA);
  await client.query(SEED);
  await client.end();
});

afterAll(async () => {
  await recorder?.close();
  await server?.stop();
  if (cacheBefore === undefined) delete process.env.PLAN_GUARD_CACHE;
  else process.env.PLAN_GUARD_CACHE = cacheBefore;
  await rm(cache, { recursive: true, force: true });
  modules.remove();
});

const recorderOf = (of: SeedSource, on = engine) =>
  new recorderModule.Recorder(
    (openIn) => seededModule.SeededDatabase.open(on, of, openIn),
    (text) => {
      output += text;
    },
  );

let written = 0;

/** A module whose function `run(client, values)` has the given body. */
function fn(body: string, { extension = 'mjs', before = '', timeout = 20_000 } = {}): RecordedFunction {
  written += 1;
  const text = `${before}\nexport async function run(client, values) {\n${body}\n}\n`;
  const file = modules.write(`module-${written}.${extension}`, text);
  return { file, export: 'run', where: { file: 'suite.yaml', line: 7, column: 3 }, timeout };
}

const once: readonly Run[] = [{ scenario: 'one', values: { id: 1 } }];

const record = (target: RecordedFunction, runs = once) => recorder.record(target, runs);

async function texts(target: RecordedFunction, runs = once): Promise<string[][]> {
  return (await record(target, runs)).map((statements) => statements.map(({ text }) => text));
}

/** What the body prints: with the recording client, and with a real one on a real server. */
async function printed(body: string, before = ''): Promise<{ recorded: string; real: string }> {
  const target = fn(`await client.query('BEGIN');\n${body}\nawait client.query('ROLLBACK');\nconsole.log('END');`, {
    before,
  });
  output = '';
  await record(target);
  // What a thread prints and what it says travel on different ways.
  await expect.poll(() => output).toContain('END');
  const lines: string[] = [];
  const client = new pg.Client(server.connection);
  await client.connect();
  const log = console.log;
  try {
    await client.query(`SET TimeZone = 'Europe/Berlin'`);
    const { run } = (await import(pathToFileURL(target.file).href)) as {
      run(client: unknown, values: unknown): Promise<void>;
    };
    console.log = (...parts: unknown[]) => void lines.push(`${parts.join(' ')}\n`);
    await run(client, { id: 1 });
  } finally {
    console.log = log;
    await client.end();
  }
  return { recorded: output, real: lines.join('') };
}

const show = `
  import { inspect } from 'node:util';
  const show = (value) => console.log(inspect(value, { depth: 9, maxArrayLength: null }));
  const facts = ({ command, rowCount, oid, rows, fields }) =>
    ({ command, rowCount, oid, rows, fields: fields.map(({ name, dataTypeID }) => [name, dataTypeID]) });`;

test('every form of a call gives what pg gives', async () => {
  const { recorded, real } = await printed(
    `
    const promised = (call) => new Promise((resolve, reject) => call((error, result) => error ? reject(error) : resolve(result)));
    show(facts(await client.query('SELECT * FROM notes ORDER BY id')));
    show(facts(await client.query('SELECT id FROM notes WHERE id = $1', [1])));
    show(facts(await client.query({ text: 'SELECT id, body FROM notes WHERE id = $1', values: [2], rowMode: 'array' })));
    show(facts(await client.query({ name: 'n', text: 'SELECT $1::int + 1 AS next', values: [1] })));
    show(facts(await client.query({ name: 'n', text: 'SELECT $1::int + 1 AS next', values: [2] })));
    show(facts(await client.query({ name: 'n', values: [3] })));
    show(facts(await client.query({ text: 'SELECT $1::int AS n' }, [5])));
    show(facts(await client.query({ text: 'SELECT 1::int8 AS n, 2 AS n', types: { getTypeParser: () => (text) => 'own ' + text } })));
    show(facts(await promised((done) => client.query('SELECT 1 AS one', done))));
    show(facts(await promised((done) => client.query('SELECT $1::text AS one', ['x'], done))));
    show(facts(await promised((done) => client.query({ text: 'SELECT $1::text AS one', values: ['y'] }, done))));
    show(facts(await client.query('')));
    show(facts(await client.query('INSERT INTO children VALUES (7, 1), (8, NULL)')));
    show(facts(await client.query('UPDATE children SET note = NULL RETURNING id')));
    show(facts(await client.query('CREATE TABLE made (id int)')));
    show(facts(await client.query('SELECT FROM notes')));
    console.log(client.escapeIdentifier('a"b'), client.escapeLiteral("it's"));`,
    show,
  );
  expect(recorded).toBe(real);
  expect(recorded).toContain("big: '9007199254740993'");
  expect(recorded).toContain('day: 2024-02-2');
});

test('values are bound as pg binds them', async () => {
  const { recorded, real } = await printed(
    `
    const pairs = [
      [null, 'text'], [undefined, 'text'], [true, 'bool'], [12.5, 'numeric'], [12345678901234567890n, 'numeric'],
      ["it's \\\\ {} \\" 🙂", 'text'], [new Date(1709202896789), 'timestamptz'], [new Date(1709202896789), 'timestamp'],
      [Buffer.from([0, 255, 16]), 'bytea'], [new Uint8Array([1, 2]), 'bytea'],
      [{ a: [1, { b: null }] }, 'jsonb'], [JSON.stringify([1, 2]), 'jsonb'],
      [[1, 2, null], 'int[]'], [['a', null, 'b,"c"', 'd\\\\e'], 'text[]'], [[[1, 2], [3, 4]], 'int[]'], [[], 'text[]'],
      [[Buffer.from([7])], 'bytea[]'], [{ toPostgres: () => 'custom' }, 'text'],
    ];
    for (const [value, type] of pairs) {
      show((await client.query('SELECT $1::' + type + ' AS value, $1::' + type + '::text AS text', [value])).rows);
    }`,
    show,
  );
  expect(recorded).toBe(real);
});

test("errors are the server's, as pg throws them, and are told where the call stands", async () => {
  const { recorded, real } = await printed(
    `
    for (const [text, values] of [
      ['SELECT nothing FROM notes'], ['SELEC 1'], ["SELECT '🙂', nothing"], ['SELECT 1; SELECT 2', [1]],
      ['INSERT INTO notes (id, body) VALUES ($1, $2)', [1, 'x']], ['INSERT INTO children VALUES (9, 99)'],
      ['INSERT INTO notes (id) VALUES (5)'], ['SELECT $1::int', ['x']],
    ]) {
      await client.query('SAVEPOINT own');
      const error = await client.query(text, values).catch((error) => error);
      const { code, position, detail, hint, schema, table, column, constraint, severity } = error;
      show([error.name, error.constructor.name, error.message, error instanceof Error]);
      show({ code, position, detail, hint, schema, table, column, constraint, severity });
      await client.query('ROLLBACK TO SAVEPOINT own');
    }
    await client.query({ text: 'SELECT 1', values: 'none' }).catch((error) => show(error.message));
    await client.query({}).catch((error) => show(error.message));
    try { client.query(null); } catch (error) { show(error.message); }`,
    show,
  );
  expect(recorded).toBe(real);
  expect(recorded).toContain("code: '23505'");
  expect(recorded).toContain("constraint: 'children_note_fkey'");
});

test('an error that nobody handles is told at the call that caused it', async () => {
  const target = fn(`  await client.query('SELECT 1');\n  await client.query('SELECT nothing FROM notes');`);
  await expect(record(target)).rejects.toMatchObject({
    code: 'module',
    message: 'The function run failed for the scenario one: column "nothing" does not exist.',
    where: { file: target.file, line: 4, column: 16 },
  });
});

test('transactions of the function: committed, rolled back, failed, and none at all', async () => {
  const target = fn(
    `
    const count = async () => (await client.query('SELECT count(*)::int AS n FROM children')).rows[0].n;
    const seen = [await count()];
    await client.query('BEGIN');
    await client.query('INSERT INTO children VALUES (2, 1)');
    await client.query('/* app */ ROLLBACK');
    seen.push(await count());
    await client.query('start transaction isolation level repeatable read');
    await client.query('SET TRANSACTION READ WRITE');
    await client.query('INSERT INTO children VALUES (2, 1)');
    const committed = await client.query('-- the end\\nCOMMIT AND NO CHAIN;');
    seen.push(await count());
    await client.query('BEGIN');
    await client.query('SELECT nothing').catch(() => {});
    const refused = await client.query('SELECT 1').catch((error) => error.code);
    const failed = await client.query('COMMIT');
    seen.push(await count());
    await client.query('INSERT INTO children VALUES (2, 1)').catch(() => {});
    seen.push(await count());
    await client.query('ROLLBACK');
    await client.query('COMMIT');
    seen.push(await count());
    console.log(seen.join(), refused, committed.command, failed.command, 'END');`,
  );
  output = '';
  const [first = []] = await texts(target, [...once, { scenario: 'two', values: {} }]);
  await expect.poll(() => output.match(/END/g)?.length).toBe(2);
  const line = '1,1,2,2,2,2 25P02 COMMIT ROLLBACK END\n';
  expect(output).toBe(line + line);
  expect(first).toContain('/* app */ ROLLBACK');
});

test('what a function does to its session is gone in the next run', async () => {
  const target = fn(`
    await client.query("SET search_path = nowhere");
    await client.query("PREPARE own AS SELECT 1");
    await client.query("CREATE TEMPORARY TABLE passing (id int)");
    await client.query({ name: 'named', text: 'SELECT 1' });`);
  const recorded = await texts(target, [...once, { scenario: 'two', values: {} }]);
  expect(recorded).toHaveLength(2);
  expect((await texts(fn(`await client.query('SELECT id FROM notes');`)))[0]).toEqual(['SELECT id FROM notes']);
});

test('queries at once, of a pool, and such that nobody waits for, are recorded in order', async () => {
  const target = fn(`
    const own = await client.connect();
    await Promise.all([1, 2, 3].map((n) => own.query('SELECT ' + n)));
    own.release();
    client.query('SELECT 4').then(() => client.query('SELECT 5'));
    await client.end();`);
  expect(await texts(target)).toEqual([['SELECT 1', 'SELECT 2', 'SELECT 3', 'SELECT 4', 'SELECT 5']]);
});

test('values, scenario values and call sites are those of the call', async () => {
  const target = fn(`  await client.query('SELECT $1::int, $2::text[]', [values.id, ['a', null]]);`);
  expect(await record(target)).toEqual([
    [
      {
        text: 'SELECT $1::int, $2::text[]',
        values: ['1', '{"a",NULL}'],
        at: { file: target.file, line: 3, column: 16 },
      },
    ],
  ]);
});

test('TypeScript runs as it stands, and places are those of its source', async () => {
  written += 1;
  const file = modules.write(
    `typed (copy) ${written}.ts`,
    `interface Client {\n  query(text: string): Promise<unknown>;\n}\n\n\nexport const run = async (client: Client): Promise<void> => {\n  await client.query('SELECT 1');\n};\n\nexport async function broken(client: Client): Promise<void> {\n  throw new Error('no');\n}\n`,
  );
  const target = { file, export: 'run', where: {}, timeout: 20_000 };
  expect((await record(target))[0]?.[0]?.at).toMatchObject({ file, line: 7 });
  await expect(record({ ...target, export: 'broken' })).rejects.toMatchObject({ where: { file, line: 11 } });
});

test('compiled code is told at its source', async () => {
  modules.write('mapped.src.ts', `export const run = (client) =>\n\n  client.query('SELECT 1');\n`);
  const map = { version: 3, sources: ['mapped.src.ts'], names: [], mappings: ';AAEE' };
  const encoded = Buffer.from(JSON.stringify(map)).toString('base64');
  const file = modules.write(
    'mapped.mjs',
    `export const run = (client) =>\n client.query('SELECT 1');\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`,
  );
  const [statements] = await record({ file, export: 'run', where: {}, timeout: 20_000 });
  expect(statements?.[0]?.at).toMatchObject({ file: join(modules.folder, 'mapped.src.ts'), line: 3 });
});

test('compiled code whose sources are missing is told where it stands', async () => {
  const map = { version: 3, sources: ['gone.src.ts'], names: [], mappings: ';AAEE' };
  const encoded = Buffer.from(JSON.stringify(map)).toString('base64');
  const file = modules.write(
    'unmapped.mjs',
    `export const run = (client) =>\n client.query('SELECT 1');\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`,
  );
  const [statements] = await record({ file, export: 'run', where: {}, timeout: 20_000 });
  expect(statements?.[0]?.at).toMatchObject({ file, line: 2, column: 9 });
});

test.each([
  ['throws', `throw new Error('out of luck')`, 'failed for the scenario one: Error: out of luck'],
  ['throws no error', `throw 'luck'`, 'failed for the scenario one: luck'],
  ['sends nothing', '', 'sent no statement for the scenario one'],
  ['ends the process', 'process.exit(0)', 'ended the thread that it runs in (process.exit?)'],
  ['never ends', 'await new Promise(() => {})', 'failed for the scenario one: it did not end within 0.5 s'],
  ['runs in circles', 'while (true) {}', 'failed for the scenario one: it did not end within 0.5 s'],
  [
    'leaves a failure unhandled',
    `client.query('SELECT nothing'); await client.query('SELECT 1')`,
    'failed for the scenario one: column "nothing" does not exist',
  ],
  [
    'fails in a callback',
    `client.query('SELECT 1', () => { throw new Error('in the callback') }); await new Promise(() => {})`,
    'failed for the scenario one: Error: in the callback',
  ],
  [
    'asks for a cursor',
    `client.query({ submit() {} })`,
    'failed for the scenario one: TypeError: plan-guard records query(text, values) and query({ text, values }), no cursors or streams',
  ],
])('a function that %s is an error, and the next one works', async (_, body, message) => {
  const timeout = message.includes('0.5 s') ? 500 : 20_000;
  await expect(record(fn(body, { timeout }))).rejects.toMatchObject({
    code: 'module',
    message: `The function run ${message}.`,
    where: { line: expect.any(Number) },
  });
  expect(await texts(fn(`await client.query('SELECT 1')`))).toEqual([['SELECT 1']]);
});

test('a module that cannot be loaded is told at its place', async () => {
  const broken = fn('const = 1;');
  await expect(record(broken)).rejects.toMatchObject({
    code: 'module',
    message: expect.stringContaining('The function run cannot be loaded: SyntaxError: '),
    where: { file: broken.file, line: 3 },
  });
  const absent = { ...fn(''), export: 'other' };
  await expect(record(absent)).rejects.toMatchObject({
    message: 'The function other cannot be loaded: TypeError: the export "other" is not there; the module exports run.',
  });
  const constant = { ...fn('', { before: 'export const other = 1;' }), export: 'other' };
  await expect(record(constant)).rejects.toMatchObject({
    message: expect.stringContaining('the export "other" is of type number, not a function'),
  });
  const missing = { ...absent, file: join(modules.folder, 'missing.mjs') };
  await expect(record(missing)).rejects.toMatchObject({ message: expect.stringContaining('Cannot find module') });
  const throws = fn('', { before: `throw new Error('at the top');` });
  await expect(record(throws)).rejects.toMatchObject({
    message: 'The function run cannot be loaded: Error: at the top.',
    where: { file: throws.file, line: 1 },
  });
});

test('what functions do after they have ended is told once for each in the end, and keeps no other from recording', async () => {
  const own = recorderOf(source);
  const late = fn(
    `  await client.query('SELECT 1');\n  setTimeout(() => client.query('SELECT 2').catch(() => console.log('LATE')), 50);`,
  );
  const again = {
    ...fn(`  await client.query('SELECT 3');\n  setTimeout(() => client.query('SELECT 4'), 50);`),
    where: {},
  };
  const throws = fn(`  await client.query('SELECT 5');\n  setTimeout(() => { throw new Error('later'); }, 50);`);
  const waits = fn(`await new Promise((resolve) => setTimeout(resolve, 300)); await client.query('SELECT 6');`);
  output = '';
  for (const [target, runs] of [
    [late, [...once, ...once]],
    [again, once],
    [waits, once],
    [throws, once],
  ] as const) {
    expect(await own.record(target, runs)).toHaveLength(runs.length);
  }
  await expect.poll(() => output).toBe('LATE\nLATE\n');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const message = 'The function run sent a statement after it had ended: await every query.';
  await expect(own.close()).rejects.toMatchObject({
    errors: [
      { message, where: { file: late.file, line: 4 } },
      { message, where: { file: again.file, line: 4 } },
      { message: expect.stringContaining('failed after it had ended: Error: later'), where: { file: throws.file } },
    ],
  });
  await own.close();
});

test('a thread that ends after its last function is told, and the next function gets another one', async () => {
  const own = recorderOf(source);
  await own.record(fn(`await client.query('SELECT 1'); setTimeout(() => process.exit(), 20);`), once);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await own.record(fn(`await client.query('SELECT 2')`), once)).toHaveLength(1);
  await expect(own.close()).rejects.toMatchObject({
    message: 'The function run ended the thread that it runs in (process.exit?).',
  });
});

test('a function that ends in time is not taken for a slow one where this thread was at work itself', async () => {
  const target = fn(
    `await client.query('SELECT 1'); await new Promise((resolve) => setTimeout(resolve, 300)); await client.query('SELECT 2');`,
    { before: 'await new Promise((resolve) => setTimeout(resolve, 300));', timeout: 1000 },
  );
  const recorded = record(target, [...once, ...once, ...once]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  expect(await recorded).toHaveLength(3);
});

test('what a module makes of errors, timers and the port of its thread changes nothing', async () => {
  const own = recorderOf(source);
  const before = `
    import { parentPort } from 'node:worker_threads';
    Error.prepareStackTrace = (_, sites) => sites;
    globalThis.setTimeout = globalThis.setImmediate = () => 0;
    parentPort.on('message', () => { throw new Error('not for me'); });
    parentPort.postMessage(null);
    parentPort.postMessage({ kind: 'done' });`;
  const target = fn(
    `  delete Error.stackTraceLimit;\n  await client.query('SELECT 1');\n  await client.query('SELECT nothing').catch(() => {});`,
    {
      before,
    },
  );
  const [statements] = await own.record(target, once);
  expect(statements?.map(({ at }) => at)).toEqual([
    { file: target.file, line: 10, column: 16 },
    { file: target.file, line: 11, column: 16 },
  ]);
  const throws = fn(`  Error.stackTraceLimit = 10;\n  throw new Error('no');`, { before });
  await expect(own.record(throws, once)).rejects.toMatchObject({ where: { file: throws.file, line: 10 } });
  await own.close();
});

test("what a module makes of the driver `pg` changes nothing, and a connection that is lost is not the function's fault", async () => {
  const { NativeEngine } = await built<typeof import('../postgres/native-engine.js')>('postgres/native-engine.js');
  const own = recorderOf(source, await NativeEngine.create({}, false));
  const before = `
    import { createRequire } from 'node:module';
    const pg = createRequire(${JSON.stringify(join(dist, 'index.js'))})('pg');
    for (const name of ['connect', 'query']) pg.Client.prototype[name] = () => { throw new Error('no database here'); };
    Object.assign(pg.defaults, { host: 'nowhere', port: 1, ssl: true, query_timeout: 1, statement_timeout: 1 });`;
  const patching = fn(`await client.query('SELECT pg_sleep(0.1)'); await client.query('SELECT 1')`, { before });
  expect(await own.record(patching, once)).toHaveLength(1);
  const losing = fn(`
    await client.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});
    await client.query('SELECT 1').catch(() => {});
    await client.query('SELECT 2').catch(() => {});`);
  await expect(own.record(losing, once)).rejects.toMatchObject({
    code: 'engine',
    message: expect.stringContaining('The connection to the server was lost: '),
  });
  expect(await own.record(fn(`await client.query('SELECT 1')`), once)).toHaveLength(1);
  await own.close();
});

test('rows that a run wrote are not seen by the next one, nor by the next process', async () => {
  const directories = () =>
    readdirSync(cache)
      .filter((name) => name.startsWith('seeded-'))
      .flatMap((key) => readdirSync(join(cache, key)));
  const own = { ...source, seed: [...source.seed, { file: 'more.sql', text: 'INSERT INTO children VALUES (50, 1)' }] };
  const others = directories();
  const reading = recorderOf(own);
  await reading.record(fn(`await client.query('SELECT id FROM children')`), once);
  await reading.close();
  const left = directories().filter((name) => !others.includes(name));
  expect(left).toEqual([expect.stringMatching(/^idle-/)]);
  const writing = recorderOf(own);
  const target = fn(`
    console.log((await client.query('SELECT count(*) FROM children')).rows[0].count, 'END');
    await client.query('BEGIN');
    await client.query('DELETE FROM children');
    await client.query('/* for good */ COMMIT');`);
  output = '';
  await writing.record(target, [...once, ...once]);
  await expect.poll(() => output.match(/END/g)?.length).toBe(2);
  expect(output).toBe('2 END\n2 END\n');
  await writing.close();
  expect(directories()).toEqual(others);
});

test('rows that cannot be opened are told to every function, and leave nothing open', async () => {
  const session = { settings: { work_mem: 'plenty' }, role: undefined };
  const refused = {
    code: 'suite',
    message: 'PostgreSQL refused the setting work_mem = plenty: invalid value for parameter "work_mem": "plenty"',
  };
  const one = recorderOf({ ...source, session });
  await expect(one.record(fn(''), once)).rejects.toMatchObject(refused);
  await expect(one.record(fn(''), once)).rejects.toMatchObject(refused);
  await one.close();
  const text = '-- Größe 🙂\nSELECT 1;\nINSERT INTO notes (id, body)\n  VALUES (1, wrong);';
  const other = recorderOf({ ...source, seed: [{ file: 'seed.sql', text }] });
  await expect(other.record(fn(''), once)).rejects.toMatchObject({
    code: 'seed',
    message: expect.stringContaining('column "wrong" does not exist'),
    where: { file: 'seed.sql', line: 4, column: 14 },
  });
  await other.close();
  const busy = readdirSync(cache)
    .flatMap((key) => readdirSync(join(cache, key)))
    .filter((name) => name.startsWith('busy-'));
  expect(busy).toHaveLength(1);
});

test('a client that a module kept from an earlier run is told at once, at the call', async () => {
  const own = recorderOf(source);
  const target = fn(`  kept ??= client;\n  await kept.query('SELECT 1');`, { before: 'let kept;' });
  const where = { file: target.file, line: 4 };
  await expect(own.record(target, [...once, { scenario: 'two', values: {} }])).rejects.toMatchObject({
    message:
      'The function run failed for the scenario two: The function sent a statement after it had ended: await every query.',
    where,
  });
  await expect(own.close()).rejects.toMatchObject({
    message: 'The function run sent a statement after it had ended: await every query.',
    where,
  });
});

test('a module that hangs while it is loaded keeps nothing from being opened for the next one', async () => {
  const own = recorderOf(source);
  const hanging = fn('', { before: 'while (true) {}', timeout: 500 });
  for (let time = 0; time < 2; time += 1) {
    await expect(own.record(hanging, once)).rejects.toMatchObject({
      code: 'module',
      message: 'The function run cannot be loaded: it did not end within 0.5 s.',
    });
  }
  expect(await own.record(fn(`await client.query('SELECT 1')`), once)).toHaveLength(1);
  await own.close();
});

test('a query that hangs is ended with its function', async () => {
  const endless = `
    await client.query('WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n');`;
  await expect(recorder.record(fn(endless, { timeout: 1000 }), once)).rejects.toMatchObject({
    message: 'The function run failed for the scenario one: it did not end within 1 s.',
  });
  expect(await texts(fn(`await client.query('SELECT 1')`))).toEqual([['SELECT 1']]);
});

test('a directory that the database does not open is made again', async () => {
  const own = { ...source, seed: [{ file: 'other.sql', text: 'INSERT INTO notes (id, body) VALUES (3, $$x$$)' }] };
  const target = fn(`console.log((await client.query('SELECT id FROM notes')).rows[0].id, 'END');`);
  const others = readdirSync(cache);
  const first = recorderOf(own);
  await first.record(target, once);
  await first.close();
  const [made = ''] = readdirSync(cache).filter((name) => !others.includes(name));
  const [idle = ''] = readdirSync(join(cache, made));
  // What the write-ahead log holds is not in the manifest, as every session renews it.
  for (const name of readdirSync(join(cache, made, idle, 'data', 'pg_wal'))) {
    rmSync(join(cache, made, idle, 'data', 'pg_wal', name), { recursive: true });
  }
  output = '';
  const second = recorderOf(own);
  await second.record(target, once);
  await second.close();
  await expect.poll(() => output).toBe('3 END\n');
  expect(readdirSync(join(cache, made))).not.toEqual([idle]);
});
