import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * The driver `pg`, loaded when it is first wanted. It asks for a navigator to learn whether it runs at Cloudflare; where
 * there is none, as on Node 20, it makes a Response to learn it, for which Node loads all that it has for `fetch`: longer
 * than the driver takes itself.
 */
export function driver(): typeof import('pg') {
  if ('navigator' in globalThis) return require('pg');
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Node.js' }, configurable: true });
  try {
    return require('pg');
  } finally {
    Reflect.deleteProperty(globalThis, 'navigator');
  }
}

/**
 * What a connection to a server of our own states beside its address: `pg` takes what is left out from the environment
 * (PGSSLMODE, PGOPTIONS, …), which means another server.
 */
export const OWN_SERVER = {
  ssl: false,
  sslnegotiation: 'postgres',
  replication: 'false',
  options: '-c application_name=plan-guard-own',
} as const;
