import type { ServedDatabase } from './connection.js';
import type { Database } from './database.js';
import type { Address, Lent } from './engine.js';
import { applySettings, type SessionSettings } from './settings.js';

/** Lets other threads connect to a server of our own. */
export function lendServer(database: ServedDatabase): Lent {
  return { address: { kind: 'server', config: database.server }, end: () => database.close() };
}

/**
 * Opens what was lent, in the thread that it was lent to.
 * @throws {PlanGuardError} `suite` for a setting or role that the server refuses; whatever the engine throws where the
 *   directory cannot be opened
 */
export async function borrow(address: Address, session: readonly SessionSettings[]): Promise<Database> {
  const database = await open(address);
  try {
    for (const settings of session) await applySettings(database, settings);
    return database;
  } catch (error) {
    await database.close().catch(() => {});
    throw error;
  }
}

async function open(address: Address): Promise<Database> {
  if (address.kind === 'server') {
    const { Connection } = await import('./connection.js');
    return Connection.open(address.config);
  }
  const { Pglite } = await import('./pglite.js');
  return Pglite.open(address.data, address.cluster);
}
