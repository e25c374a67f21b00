import pg from 'pg';
import { startNativeServer } from '../../postgres/native.js';
import { SCHEMA } from './shop.js';

/** A database of PostgreSQL 15 with the shop's tables, 60,000 orders in them, analysed. */
export interface ExistingShop {
  readonly url: string;
  /** It stands in the URL, and must stand nowhere else. */
  readonly password: string;
  readonly stop: () => Promise<void>;
}

export async function startExistingShop(): Promise<ExistingShop> {
  const server = await startNativeServer({ version: 15, tcp: true });
  const { port, password } = server.connection;
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const client = new pg.Client(url);
  await client.connect();
  await client.query(SCHEMA);
  await client.query(`INSERT INTO orders SELECT i, i % 5000, 'open', i FROM generate_series(1, 60000) AS i`);
  await client.query('ANALYZE');
  await client.end();
  return { url, password, stop: () => server.stop() };
}
