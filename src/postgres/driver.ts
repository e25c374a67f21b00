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
