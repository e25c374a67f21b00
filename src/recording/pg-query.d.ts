declare module 'pg/lib/query.js' {
  import type { EventEmitter } from 'node:events';

  /** What a query does to its connection when it is submitted. */
  export interface QueryConnection {
    readonly parsedStatements: Record<string, string>;
    readonly submittedNamedStatements: Record<string, string>;
    readonly stream: object;
    query(text: string): void;
    parse(statement: { readonly text: string; readonly name?: string }): void;
    bind(binding: {
      readonly statement?: string;
      readonly values?: readonly unknown[];
      readonly valueMapper: (value: unknown) => unknown;
    }): void;
    describe(): void;
    execute(): void;
    flush(): void;
    sync(): void;
    close(): void;
  }

  /** One query of `pg`: it reads what `query()` is called with, and makes results and rows of the server's messages. */
  export default class Query extends EventEmitter {
    constructor(config: unknown, values?: unknown, callback?: unknown);
    callback: ((error: Error | null, result?: unknown) => void) | undefined;
    submit(connection: QueryConnection): Error | null;
    handleRowDescription(message: { readonly fields: readonly object[] }): void;
    handleDataRow(message: { readonly fields: readonly (string | null)[] }): void;
    handleCommandComplete(message: { readonly text: string }, connection: QueryConnection): void;
    handleError(error: Error, connection: QueryConnection): void;
    handleReadyForQuery(connection: QueryConnection): void;
  }
}

declare module 'pg/lib/utils.js' {
  const utils: {
    escapeIdentifier(name: string): string;
    escapeLiteral(text: string): string;
  };
  export default utils;
}
