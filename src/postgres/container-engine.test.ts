import { getContainerRuntimeClient } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statistics } from '../cli/testing/shop.js';
import { parseStatistics } from '../statistics/read.js';
import { ContainerEngine } from './container-engine.js';
import type { Engine } from './engine.js';
import { borrow } from './lend.js';
import { NativeEngine } from './native-engine.js';
import { openReplica, type ReplicaSource } from './replica.js';
import { SeededDatabase } from './seeded.js';
import { SeededSession } from './seeded-session.js';

const { PLAN_GUARD_CONTAINER_IMAGE: image } = process.env;
const client = await getContainerRuntimeClient().catch(() => undefined);

test.skipIf(client !== undefined)('without a container engine that is what the error says', async () => {
  await expect(ContainerEngine.create({ version: 15, image: undefined })).rejects.toMatchObject({
    code: 'engine',
    message: 'There is no container engine.',
  });
});

describe.runIf(client !== undefined)(
  `container${client === undefined ? ' (skipped: no container engine)' : ''}`,
  () => {
    const schema = [
      {
        file: 'schema.sql',
        text: `CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
        CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, status text NOT NULL, total numeric NOT NULL);
        CREATE INDEX orders_customer_idx ON orders (customer_id);`,
      },
    ];
    const source = (text: string): ReplicaSource => ({
      schema,
      statistics: { file: 'statistics.json', text, parse: () => parseStatistics(text, 'statistics.json') },
      cluster: { locale: 'C', extensions: [] },
      session: { settings: { random_page_cost: '1.1' }, role: undefined },
    });
    let engine: Engine;

    beforeAll(async () => {
      engine = await ContainerEngine.create({ version: 15, image: undefined });
    });

    afterAll(() => engine?.close());

    const statements = [
      'SELECT * FROM orders WHERE customer_id = 7',
      `SELECT * FROM orders WHERE status = 'open'`,
      'SELECT * FROM orders WHERE id BETWEEN 5 AND 5000 ORDER BY id LIMIT 3',
      'SELECT * FROM orders WHERE id > 1000002',
      `SELECT c.email, sum(total) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = 'done' GROUP BY 1`,
    ];

    async function plans(on: Engine, text: string): Promise<unknown> {
      const server = await openReplica(on, source(text));
      try {
        const explained: unknown[] = [];
        for (const sql of statements) {
          const statement = await server.prepare(sql, []);
          explained.push(...(await server.explain([{ statement, values: [], mode: 'custom' }])));
        }
        return { explained, catalog: server.catalog.tables };
      } finally {
        await server.close({ reuse: true });
      }
    }

    test('its replica plans like that of a native server, in every cost', async () => {
      const native = await NativeEngine.create({ version: 15 }, false);
      const given = JSON.parse(statistics());
      const { id } = given.tables['public.orders'].columns;
      id.min_max = ['1', '1000003'];
      const planned = await plans(engine, JSON.stringify(given));
      expect(planned).toEqual(await plans(native, JSON.stringify(given)));
      // The index holds the ends.
      expect(planned).not.toEqual(await plans(engine, statistics()));
      await native.close();
    });

    test('a table of 2 TiB is planned', async () => {
      const text = statistics({ relpages: 268_435_456, reltuples: 1e10 });
      const server = await openReplica(engine, source(text));
      expect(server.name).toMatch(/^container .+ \(PostgreSQL 15\./);
      expect(server.catalog.tables.get('public.orders')).toMatchObject({ pages: 268_435_456 });
      await server.close({ reuse: true });
    });

    test('seeded rows are there to execute on, beside a replica', async () => {
      const seed = [{ file: 'seed.sql', text: `INSERT INTO customers VALUES (1, 'a@example.org')` }];
      const own = source('');
      const replica = await openReplica(engine, source(statistics()));
      let session: SeededSession | undefined;
      const seeded = await SeededDatabase.open(engine, { ...own, schema, seed }, async (loan) => {
        session = new SeededSession(await borrow(loan.address, loan.session));
      });
      const rows = await session?.inTransaction(async (query) => (await query('SELECT email FROM customers', [])).rows);
      expect(rows).toEqual([['a@example.org']]);
      await seeded.close({ changed: (await session?.close()) ?? true });
      await replica.close({ reuse: true });
    });

    test('a schema that fails is an error at its place', async () => {
      const broken = [{ file: 'broken.sql', text: 'CREATE TABLE t (id nosuch)' }];
      await expect(openReplica(engine, { ...source(statistics()), schema: broken })).rejects.toMatchObject({
        code: 'schema',
        message: 'type "nosuch" does not exist',
      });
    });

    test('an image of another major, and one that cannot be had', async () => {
      await expect(ContainerEngine.create({ version: 17, image: image ?? 'postgres:15' })).rejects.toMatchObject({
        code: 'engine',
        message: expect.stringMatching(/ is PostgreSQL 15, not 17\.$/),
      });
      await expect(
        ContainerEngine.create({ version: undefined, image: 'localhost:1/nowhere:none' }),
      ).rejects.toMatchObject({
        code: 'engine',
        message: expect.stringContaining('A container of the image localhost:1/nowhere:none cannot be started: '),
      });
    });

    test('nothing is left when it is closed', async () => {
      await engine.close();
      const left = async () => {
        const filters = { label: ['plan-guard.owner'] };
        const listed = (await client?.container.dockerode.listContainers({ all: true, filters })) ?? [];
        return listed.filter(({ Labels }) => Labels['plan-guard.owner']?.split(' ')[1] === String(process.pid));
      };
      await expect.poll(left).toEqual([]);
    });
  },
);
