import { tokenAt } from '../sql/scan.js';
import { type Database, isServerError, type TextResult, type TextValue } from './database.js';
import { onlyResult } from './results.js';

export type SeededQuery = (text: string, values: readonly TextValue[]) => Promise<TextResult>;

/** Runs work on the seeded rows, which it leaves as they were. */
export class SeededSession {
  readonly #database: Database;
  #changed = false;
  /** What ran last, whose transaction is still open. */
  #session: Session | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Runs the work in a transaction that is rolled back, so that every run sees the seeded rows alone. To the work it
   * looks like a session of its own, in which it may begin and end transactions.
   */
  async inTransaction<Result>(work: (query: SeededQuery) => Promise<Result>): Promise<Result> {
    // The work begins meanwhile: its queries wait.
    const begun = this.#endAnd(BEGIN);
    begun.catch(() => {});
    const session = new Session(this.#database, begun);
    this.#session = session;
    try {
      return await work((text, values) => session.query(text, values));
    } finally {
      await begun;
      await session.end();
    }
  }

  /**
   * Ends what still runs, rolls it back, and closes the database.
   * @returns whether the files of the database may be other than before
   */
  async close(): Promise<boolean> {
    await this.#session?.end();
    await this.#endAnd('');
    await this.#database.close();
    return this.#changed;
  }

  /** Rolls back what the last work did, looks whether the files may be other than before, and goes on in one message. */
  async #endAnd(next: string): Promise<void> {
    const ended = this.#session;
    this.#session = undefined;
    if (ended === undefined) {
      if (next !== '') await this.#database.execute(next);
      return;
    }
    const back = `ROLLBACK; DEALLOCATE ALL; ${next}`;
    try {
      const results = await this.#database.execute([...ended.unsent, CHANGED, back].join('; '));
      this.#changed ||= results[ended.unsent.length]?.rows[0]?.[0] !== 'f';
    } catch (error) {
      if (!isServerError(error)) throw error;
      await this.#database.execute(back);
      this.#changed = true;
    }
  }
}

/** Always set: where the transaction that the work began, or its next statement outside of such, goes back to. */
const SAVEPOINT = 'plan_guard';
/** A setting that lasts as long as the transaction around all. */
const MARK = 'plan_guard.transaction';

const BEGIN = `BEGIN; SET LOCAL ${MARK} = 'open'; SAVEPOINT ${SAVEPOINT}`;
const KEEP: readonly string[] = [`RELEASE SAVEPOINT ${SAVEPOINT}`, `SAVEPOINT ${SAVEPOINT}`];
const GO_BACK: readonly string[] = [`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`];
const CHANGED = `SELECT pg_current_xact_id_if_assigned() IS NOT NULL OR current_setting('${MARK}', true) <> 'open'`;

/** What looks like a session of its own inside one transaction: its transactions are savepoints. */
class Session {
  readonly #database: Database;
  /** Queries run one after the other, as on a connection. */
  #queue: Promise<unknown>;
  #inTransaction = false;
  #ended = false;
  #unsent: readonly string[] = [];

  /** @param begun its transaction has begun */
  constructor(database: Database, begun: Promise<void>) {
    this.#database = database;
    this.#queue = begun;
  }

  /** What follows from the last statement and goes out with the next one. */
  get unsent(): readonly string[] {
    return this.#unsent;
  }

  query(text: string, values: readonly TextValue[]): Promise<TextResult> {
    return this.#inTurn(() => {
      if (this.#ended) throw new Error('The session has ended.');
      return this.#run(text, values);
    });
  }

  async end(): Promise<void> {
    await this.#inTurn(async () => {
      this.#ended = true;
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #run(text: string, values: readonly TextValue[]): Promise<TextResult> {
    switch (transactionControl(text)) {
      case 'begin':
        this.#inTransaction = true;
        return tagged('BEGIN');
      case 'commit':
        return tagged(this.#inTransaction ? await this.#commit() : 'COMMIT');
      case 'rollback':
        if (this.#inTransaction) this.#rollBack();
        return tagged('ROLLBACK');
      case 'set':
        return tagged('SET');
      default:
        return this.#inTransaction ? this.#send(text, values) : this.#runAlone(text, values);
    }
  }

  /** Outside of a transaction a statement that fails leaves the others as they are. */
  async #runAlone(text: string, values: readonly TextValue[]): Promise<TextResult> {
    try {
      const result = await this.#send(text, values);
      this.#unsent = KEEP;
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  async #send(text: string, values: readonly TextValue[]): Promise<TextResult> {
    const before = this.#unsent;
    this.#unsent = [];
    const results = await this.#database.batch([...before.map((control) => ({ text: control })), { text, values }]);
    return onlyResult(results.slice(before.length));
  }

  /** A transaction that failed is rolled back instead, which is what the tag says then. */
  async #commit(): Promise<'COMMIT' | 'ROLLBACK'> {
    this.#inTransaction = false;
    try {
      await this.#database.execute([...this.#unsent, ...KEEP].join('; '));
      this.#unsent = [];
      return 'COMMIT';
    } catch (error) {
      if (!isServerError(error)) throw error;
      this.#rollBack();
      return 'ROLLBACK';
    }
  }

  #rollBack(): void {
    this.#inTransaction = false;
    this.#unsent = GO_BACK;
  }
}

function tagged(command: string): TextResult {
  return { fields: [], rows: [], command, rowCount: undefined };
}

/**
 * What a statement does to the transaction. The characteristics of one cannot be set in a savepoint and make no
 * difference to what is recorded.
 */
function transactionControl(text: string): 'begin' | 'commit' | 'rollback' | 'set' | undefined {
  const [first, second, third] = firstWords(text, 3);
  switch (first) {
    case 'begin':
      return 'begin';
    case 'start':
      return second === 'transaction' ? 'begin' : undefined;
    case 'commit':
    case 'end':
      return second === 'prepared' ? undefined : 'commit';
    case 'abort':
      return 'rollback';
    case 'rollback':
      return second === 'prepared' || second === 'to' || third === 'to' ? undefined : 'rollback';
    case 'set':
      return second === 'transaction' || (second === 'session' && third === 'characteristics') ? 'set' : undefined;
    default:
      return undefined;
  }
}

/** The words that a statement begins with, in lower case, whatever comments and semicolons stand before them. */
function firstWords(text: string, count: number): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length && words.length < count; ) {
    const token = tokenAt(text, at);
    at = token.end;
    if (token.kind === 'identifier') words.push(text.slice(token.start, token.end).toLowerCase());
    else if (words.length > 0 && token.kind !== 'whitespace' && !token.kind.endsWith('comment')) break;
    else if (token.kind === 'punctuation' && text[token.start] !== ';') break;
  }
  return words;
}
