import type { TextResult, TextValue } from './database.js';

/** Puts the messages that carry results together: one result for each command that is complete. */
export class ResultReader {
  readonly results: TextResult[] = [];
  #fields: TextResult['fields'] = [];
  #rows: (readonly TextValue[])[] = [];
  #notices: { readonly message: string; readonly row: number }[] = [];

  describe(fields: TextResult['fields']): void {
    this.#fields = fields;
  }

  row(values: readonly TextValue[]): void {
    this.#rows.push(values);
  }

  notice(message: string): void {
    this.#notices.push({ message, row: this.#rows.length });
  }

  /** @param tag what the server says of the command: `INSERT 0 12`, `CREATE TABLE` */
  complete(tag: string): void {
    const count = / (\d+)$/.exec(tag)?.[1];
    this.results.push({
      fields: this.#fields,
      rows: this.#rows,
      command: tag.replace(/( \d+)+$/, ''),
      rowCount: count === undefined ? undefined : Number(count),
      notices: this.#notices,
    });
    this.#fields = [];
    this.#rows = [];
    this.#notices = [];
  }
}

/** The result of a lone statement; an empty one has none. */
export function onlyResult([result]: readonly TextResult[]): TextResult {
  return result ?? { fields: [], rows: [], command: undefined, rowCount: undefined };
}

/** Rows as objects of text. */
export function namedRows({ fields, rows }: TextResult): Record<string, TextValue>[] {
  return rows.map((row) => Object.fromEntries(fields.map(({ name }, column) => [name, row[column] ?? null])));
}
