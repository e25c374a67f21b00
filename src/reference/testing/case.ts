import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import type { Queryable } from '../client.js';

const fixtures = new URL('../../../fixtures/audius/', import.meta.url);

/** Text of a file of the reference case. */
export function caseFile(path: string): string {
  return readFileSync(new URL(path, fixtures), 'utf8');
}

/** An in-memory database with the reference case's schema and no rows. */
export async function emptyCase(): Promise<PGlite> {
  const db = await PGlite.create({ startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'] });
  await db.exec(caseFile('schema.sql'));
  return db;
}

export interface Sent {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Passes everything on to a client and keeps what was sent. */
export function recording(client: Queryable): { readonly client: Queryable; readonly sent: Sent[] } {
  const sent: Sent[] = [];
  return {
    sent,
    client: {
      query(text, values = []) {
        sent.push({ text, values });
        return client.query(text, values);
      },
    },
  };
}
