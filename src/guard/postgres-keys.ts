import { PlanGuardError, type Where } from '../errors.js';
import { hasExtension, pgliteVersion } from '../postgres/pglite.js';
import type { Script } from '../postgres/scripts.js';
import { lineColumn } from '../sql/positions.js';
import type { Suite } from '../suite/model.js';
import { readYaml } from '../suite/yaml.js';

/**
 * Opens a server with the suite's `postgres` settings, and gives what the server refuses of them its place in the suite.
 * @throws {PlanGuardError | PlanGuardErrors} what `open` throws
 */
export async function withSettingsPlaced<Opened>(suite: Suite, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof PlanGuardError) || error.code !== 'suite' || error.where !== undefined) throw error;
    const { message, hint, cause } = error;
    const where = await placeOfSetting(suite, message);
    throw new PlanGuardError('suite', message, { where, cause, ...(hint === undefined ? {} : { hint }) });
  }
}

async function placeOfSetting(suite: Suite, message: string): Promise<Where> {
  const postgres = (await readYaml(suite.file, 'suite file', 'suite')).pick('postgres');
  const name = Object.keys(suite.postgres.settings).find((setting) => message.includes(` ${setting} `));
  const settings = postgres?.pick('settings');
  const value = name === undefined ? postgres?.pick('role') : (settings?.pick(name) ?? settings);
  return (value ?? postgres)?.where ?? { file: suite.file };
}

/**
 * The engine must have the extensions that the suite and its schema name.
 * @throws {PlanGuardError} `schema`, where one is named that it does not have
 */
export async function checkExtensions(
  suite: Suite,
  schema: readonly Script[],
  names: readonly string[],
): Promise<void> {
  const unknown = names.find((name) => !hasExtension(name));
  if (unknown === undefined) return;
  throw new PlanGuardError('schema', `PGlite ${pgliteVersion()} does not have the extension "${unknown}".`, {
    where: placeInSchema(schema, unknown) ?? (await placeInSuite(suite)),
    hint: 'Leave it out of the schema that plan-guard loads, with what needs it.',
  });
}

function placeInSchema(schema: readonly Script[], extension: string): Where | undefined {
  const statement = new RegExp(`\\bcreate\\s+extension\\s[^;]*?\\b${extension}\\b`, 'i');
  for (const { file, text } of schema) {
    const match = statement.exec(text);
    if (match !== null) return { file, ...lineColumn(text, match.index) };
  }
  return undefined;
}

async function placeInSuite({ file }: Suite): Promise<Where> {
  const root = await readYaml(file, 'suite file', 'suite');
  return root.pick('postgres')?.pick('extensions')?.where ?? { file };
}
