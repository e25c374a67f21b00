import { openQuote } from '../text-lines.js';
import type { Capture, Footer, PlanBlock } from './block.js';
import { unquoteLine } from './cells.js';
import { cutStart, indentOf, isBlank, refusal, type SourceLine, TEXT_END, trimEndOf, withText } from './lines.js';
import { checkFooter, joinUnframed, widestOf } from './rows.js';
import { endsText, footerRows, isPlainNode, isRoot, isRule, openingOf } from './words.js';
import { refuseWrapped } from './wrapping.js';

/** Lines at the margin of EXPLAIN's text that stand behind the tree (`ExplainPrintPlan` and what follows it). */
const TRAILER = /^(?:Planning|Execution|Total|Settings|JIT|Trigger|Query|Serialization)\b/;

/** EXPLAIN's text, as it is, indented, in quotes line by line, or with psql's marks where lines were wrapped. */
export class TextCapture implements Capture {
  readonly #lines: SourceLine[] = [];
  readonly #mayBeWrapped: boolean;
  #open: "'" | '"' | undefined;
  /** Lines stand in quotes, some or all. */
  #isQuoted = false;
  #footer: Footer | undefined;

  /** `mayBeWrapped`: psql may have printed it as it stands, without a frame that shows where a line was wrapped. */
  constructor(mayBeWrapped: boolean) {
    this.#mayBeWrapped = mayBeWrapped;
  }

  take(given: SourceLine, next: SourceLine | undefined): 'more' | 'last' | 'none' {
    if (this.#open !== undefined && !this.#isQuoted) return this.#push(given);
    const line = unquoteLine(given);
    this.#isQuoted ||= line !== given;
    const rows = this.#open === undefined ? footerRows(line.text) : undefined;
    if (rows !== undefined && this.#lines.length > 0) {
      this.#footer = { rows, at: line };
      return 'last';
    }
    if (this.#open === undefined && this.#lines.length > 0 && this.#endsBefore(line, next)) return 'none';
    return this.#push(line);
  }

  #push(line: SourceLine): 'more' | 'last' {
    const bare = line.text.trimEnd().endsWith('```') ? line.text.trimEnd().slice(0, -3) : line.text;
    const open = openQuote(bare, this.#open);
    const isEnd = bare !== line.text && open === undefined;
    this.#lines.push(isEnd ? withText(line, bare) : line);
    this.#open = open;
    return isEnd ? 'last' : 'more';
  }

  #endsBefore({ text }: SourceLine, next: SourceLine | undefined): boolean {
    if (isBlank(text) || endsText(text) || isRoot(text) || openingOf(text) !== undefined) return true;
    const margin = indentOf((this.#lines[0] as SourceLine).text);
    if (indentOf(text) <= margin + 1 && isPlainNode(text)) return true;
    return next !== undefined && isRule(next.text) && indentOf(text) <= 1 && !TRAILER.test(text.trimStart());
  }

  close(): PlanBlock {
    if (this.#open !== undefined) {
      const last = this.#lines.at(-1) as SourceLine;
      throw refusal(`the ${this.#open} that ends a ${this.#open === '"' ? 'name' : 'string'}`, last, TEXT_END);
    }
    const rows = joinUnframed(this.#lines, true);
    checkFooter(rows, this.#footer);
    if (this.#mayBeWrapped) refuseWrapped(rows.lines, { format: 'text', limit: widestOf(rows.lines), mark: /[.…]$/ });
    return { kind: 'plan', format: 'text', lines: withMargin(rows.lines), facts: {}, footer: this.#footer };
  }
}

/**
 * Lines whose first one lost its indentation when it was copied: the others lose as much. What stands below the root is
 * indented by two, what stands behind the tree is not indented.
 */
function withMargin(lines: readonly SourceLine[]): SourceLine[] {
  let open: "'" | '"' | undefined;
  let excess = Number.POSITIVE_INFINITY;
  const opened = lines.map((line, index) => {
    const before = open;
    open = openQuote(line.text, before);
    const depth = TRAILER.test(line.text.trimStart()) ? 0 : 2;
    if (before === undefined && index > 0) excess = Math.min(excess, indentOf(line.text) - depth);
    return { before, after: open };
  });
  const surplus = Number.isFinite(excess) && excess > 0 ? excess : 0;
  return lines.map((line, index) => {
    const cut = index === 0 ? line : cutStart(line, Math.min(surplus, indentOf(line.text)));
    return opened[index]?.after === undefined ? withText(cut, trimEndOf(cut.text, ' \t')) : cut;
  });
}

const QUERY_TEXT = /^Query Text:(?: |$)/;
const QUERY_PARAMETERS = 'Query Parameters: ';

export function isQueryText(text: string): boolean {
  return QUERY_TEXT.test(text);
}

/** auto_explain's message in the formats text and YAML, which begin with the query. */
export class MessageCapture implements Capture {
  readonly #query: SourceLine[] = [];
  #plan: TextCapture | undefined;

  take(line: SourceLine, next: SourceLine | undefined): 'more' | 'last' | 'none' {
    if (this.#plan !== undefined) return this.#plan.take(line, next);
    if (this.#query.length > 0 && isRoot(line.text) && indentOf(line.text) === 0) {
      this.#plan = new TextCapture(false);
      return this.#plan.take(line, next);
    }
    this.#query.push(line);
    return 'more';
  }

  close(): PlanBlock {
    const first = this.#query[0] as SourceLine;
    if (this.#plan === undefined) throw refusal('a plan below this query', first, TEXT_END);
    const lines = this.#query.map((line) => line.text);
    const split = lines.findLastIndex((text) => text.startsWith(`${QUERY_PARAMETERS}$1 = `));
    const query = lines.slice(0, split < 0 ? undefined : split).join('\n');
    const properties: Record<string, string> = { 'Query Text': query.replace(/^Query Text: ?/, '') };
    if (split >= 0) {
      properties['Query Parameters'] = lines.slice(split).join('\n').slice(QUERY_PARAMETERS.length);
    }
    return { ...this.#plan.close(), properties, facts: { statement: properties['Query Text'] } };
  }
}

/** Whether auto_explain's message is YAML: the query in quotes, and keys behind it. */
export function isYamlMessage(line: SourceLine, next: SourceLine | undefined): boolean {
  return (
    /^Query Text: ".*"\s*$/.test(line.text) &&
    next !== undefined &&
    /^(?:Plan:\s*$|Query Parameters: ")/.test(next.text)
  );
}
