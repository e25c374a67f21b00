import { PlanGuardError } from '../errors.js';
import { type Database, isServerError } from './database.js';

export interface SessionSettings {
  /** Planner settings by name, as `postgresql.conf` writes their values. */
  readonly settings: Readonly<Record<string, string>>;
  /** Role that plans. */
  readonly role: string | undefined;
}

/**
 * Applies settings that production is known to have.
 * @returns those that this server refuses, as `name = value`: a server of another major version may not know them
 */
export async function applyRecorded(
  database: Database,
  settings: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    try {
      await database.query('SELECT set_config($1, $2, false)', [name, value]);
    } catch (error) {
      if (!isServerError(error)) throw error;
      refused.push(`${name} = ${value}`);
    }
  }
  return refused;
}

/** @throws {PlanGuardError} `suite` for a setting or role that the server refuses */
export async function applySettings(database: Database, session: SessionSettings): Promise<void> {
  const settings = Object.entries(session.settings);
  if (session.role !== undefined) settings.push(['role', session.role]);
  for (const [name, value] of settings) {
    try {
      await database.query('SELECT set_config($1, $2, false)', [name, value]);
    } catch (error) {
      if (!isServerError(error)) throw error;
      throw new PlanGuardError('suite', `PostgreSQL refused the setting ${name} = ${value}: ${error.message}`, {
        hint: error.hint || 'Correct it under "postgres" in the suite file.',
        cause: error,
      });
    }
  }
}
