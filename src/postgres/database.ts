import type { TextResult, TextValue } from './pglite.js';

/** One session of a database. Everything goes in and out as text. */
export interface Database {
  /** One statement by the extended protocol: the server refuses a second one behind a semicolon. */
  query(text: string, values?: readonly TextValue[]): Promise<TextResult>;
  /** The same, with rows as objects of text. */
  rows(text: string, values?: readonly TextValue[]): Promise<Record<string, TextValue>[]>;
  /** Any number of statements by the simple protocol; only for text that is our own or a person's schema. */
  execute(text: string): Promise<readonly TextResult[]>;
  close(): Promise<void>;
}
