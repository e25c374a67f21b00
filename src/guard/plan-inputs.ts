import { createHash } from 'node:crypto';
import type { BaselineInputs } from '../baseline/model.js';
import type { Suite } from '../suite/model.js';
import type { StatisticsSet } from './statistics-sets.js';

/** Two pulls of an unchanged database differ in this line alone. */
const PULLED_AT = /^ *"pulled_at": .*\n/m;

/**
 * What the plans of a suite are made with, as identities that are the same on every machine: line endings and the order
 * of settings make no difference.
 * @param version `server_version` of the server that plans
 */
export function inputsOf(suite: Suite, sets: readonly StatisticsSet[], version: string): BaselineInputs {
  const { locale, role, settings } = suite.postgres;
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    major: Number.parseInt(version, 10),
    statistics: Object.fromEntries(
      sets.map(({ named, text }) => [named.name, identity(text.replaceAll('\r\n', '\n').replace(PULLED_AT, ''))]),
    ),
    settings: identity(JSON.stringify([locale, role ?? null, sorted])),
  };
}

function identity(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
