import { isBlank } from './lines.js';
import { afterPrompt } from './words.js';

const EXPLAIN = /^\s*EXPLAIN(?=[\s(])/i;
const EXPLAINED = /^(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|VALUES|TABLE|EXECUTE|DECLARE|CREATE|REFRESH|\()/i;

/** What does not end after so many characters is no statement. */
const LONGEST = 1_000_000;

/** Follows the statements that stand before plans: typed at psql's prompt, echoed by it, or written down. */
export class StatementReader {
  #lines: string[] = [];
  #length = 0;
  #ended = false;

  take(text: string): void {
    const prompt = afterPrompt(text);
    const line = prompt?.rest ?? text;
    if (EXPLAIN.test(line) && (this.#lines.length === 0 || this.#ended || prompt?.begins)) this.#forget();
    else if (this.#lines.length === 0 || (this.#ended && isBlank(line))) return;
    else if (this.#ended || prompt?.begins || this.#length > LONGEST) {
      this.#forget();
      return;
    }
    this.#lines.push(line);
    this.#length += line.length;
    this.#ended = line.trimEnd().endsWith(';');
  }

  /** Whether a statement that is explained stands before the next line. */
  get isComplete(): boolean {
    return this.#ended;
  }

  /** The statement that is explained, if one was read; it is given once. */
  give(): string | undefined {
    const text = this.#ended ? this.#lines.join('\n').trim() : '';
    this.#forget();
    const statement = withoutExplain(text).trim();
    return EXPLAINED.test(statement) ? statement : undefined;
  }

  #forget(): void {
    this.#lines = [];
    this.#length = 0;
    this.#ended = false;
  }
}

/** A statement without EXPLAIN, its options and the semicolon. */
function withoutExplain(text: string): string {
  const rest = text.replace(EXPLAIN, '').trimStart();
  const end = rest.endsWith(';') ? rest.slice(0, -1) : rest;
  const close = end.indexOf(')');
  const options = end.startsWith('(') && close > 0 && !EXPLAINED.test(end.slice(1).trimStart());
  if (options) return end.slice(close + 1);
  return end.replace(/^(?:(?:ANALYZE|ANALYSE|VERBOSE)\s+)+/i, '');
}
