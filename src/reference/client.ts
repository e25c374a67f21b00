/** The part of a `pg`-compatible client that the queries need: node-postgres, PGlite and others have it. */
export interface Queryable {
  // biome-ignore lint/suspicious/noExplicitAny: drivers type their rows as any
  query(text: string, values?: unknown[]): Promise<{ rows: any[] }>;
}
