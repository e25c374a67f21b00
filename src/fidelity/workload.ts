import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Script } from '../postgres/scripts.js';

/** One statement with one set of values. */
export interface Question {
  readonly sql: string;
  readonly values: readonly (string | null)[];
  /** It compares with a value in the first or last part of a column's histogram, or beyond it. */
  readonly atEnd: boolean;
}

/** A schema, its rows and what is asked of them. */
export interface Workload {
  readonly name: string;
  readonly schema: Script;
  /** SQL that fills the tables: the same rows in every run. */
  readonly rows: readonly string[];
  /** Planner settings. */
  readonly settings: Readonly<Record<string, string>>;
  readonly questions: readonly Question[];
  /** Large tables whose accesses are judged, in the schema `public`. */
  readonly protect: readonly string[];
}

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string) => readFile(at(path), 'utf8');

const VALUES = '-- values ';
const AT_END = '-- at the end of a column';

/**
 * Statements of a file, each between blank lines and ended by a semicolon. A comment `-- values ["1", null]` before a
 * statement is a set of values for its parameters; several are several sets. Another, `-- at the end of a column`, says so.
 */
export function readQuestions(text: string): Question[] {
  const questions: Question[] = [];
  for (const part of text.split(/\n{2,}/)) {
    const lines = part.trim().split('\n');
    const sql = lines.filter((line) => !line.startsWith('--')).join('\n');
    if (sql === '') continue;
    const sets = lines.filter((line) => line.startsWith(VALUES)).map((line) => JSON.parse(line.slice(VALUES.length)));
    for (const values of sets.length > 0 ? sets : [[]]) {
      questions.push({ sql: sql.replace(/;\s*$/, ''), values, atEnd: lines.includes(AT_END) });
    }
  }
  return questions;
}

async function ownWorkload(name: string, protect: readonly string[]): Promise<Workload> {
  const folder = `fixtures/${name}`;
  const [schema, rows, queries] = await Promise.all(
    ['schema.sql', 'rows.sql', 'queries.sql'].map((file) => read(join(folder, file))),
  );
  return {
    name,
    schema: { file: at(`${folder}/schema.sql`), text: schema ?? '' },
    rows: [rows ?? ''],
    settings: {},
    questions: readQuestions(queries ?? ''),
    protect,
  };
}

export const accounting = () =>
  ownWorkload('accounting', [
    'sales_order',
    'sales_order_line',
    'invoice',
    'payment',
    'journal_entry',
    'journal_line',
    'stock_move',
    'partner',
  ]);

export const workspace = () =>
  ownWorkload('workspace', ['member', 'task', 'comment', 'session', 'usage_daily', 'delivery', 'event', 'audit']);

/** The reference case with a tenth of its rows. */
export async function reference(
  questions: readonly Question[],
  settings: Readonly<Record<string, string>>,
): Promise<Workload> {
  return {
    name: 'reference',
    schema: { file: at('fixtures/audius/schema.sql'), text: await read('fixtures/audius/schema.sql') },
    rows: [await read('src/bench/rows.sql'), await read('src/bench/collaborations.sql')],
    settings,
    questions,
    protect: ['tracks', 'users', 'aggregate_monthly_plays', 'aggregate_plays', 'aggregate_track'],
  };
}
