/** A value as the protocol carries it in text format; null is SQL's null. */
export type TextValue = string | null;

export interface TextResult {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (readonly TextValue[])[];
  /** The command tag's words: `SELECT`, `CREATE TABLE`; undefined for an empty statement. */
  readonly command: string | undefined;
  readonly rowCount: number | undefined;
  /** Notices and warnings, each with the number of rows that came before it. */
  readonly notices?: readonly { readonly message: string; readonly row: number }[];
}

/** An error that the server answered with; `position` counts characters from 1 into the statement. */
export interface ServerError extends Error {
  readonly severity: string;
  /** SQLSTATE */
  readonly code: string;
  readonly position?: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Tells a server's answer from a fault of the engine. SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error &&
    typeof (error as Partial<ServerError>).severity === 'string' &&
    /^[0-9A-Z]{5}$/.test((error as ServerError).code)
  );
}

/** One statement and the values of its parameters. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly TextValue[];
}

/** One session of a database. Everything goes in and out as text. */
export interface Database {
  /** One statement by the extended protocol: the server refuses a second one behind a semicolon. */
  query(text: string, values?: readonly TextValue[]): Promise<TextResult>;
  /** The same, with rows as objects of text. */
  rows(text: string, values?: readonly TextValue[]): Promise<Record<string, TextValue>[]>;
  /**
   * Several statements by the extended protocol in one message: outside of a transaction they are one. The first that is
   * refused ends it.
   */
  batch(statements: readonly Statement[]): Promise<readonly TextResult[]>;
  /** Any number of statements by the simple protocol; only for text that is our own or a person's schema. */
  execute(text: string): Promise<readonly TextResult[]>;
  close(): Promise<void>;
}
