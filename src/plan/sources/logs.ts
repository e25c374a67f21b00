import type { Block, Capture, ContentBlock, PlanFacts } from './block.js';
import { cellsOf, countQuotes } from './cells.js';
import { cutStart, isBlank, refusal, type SourceLine, TEXT_END, withText } from './lines.js';

const MARKER = /(?:^|: {1,2})duration: (\d+(?:\.\d+)?) ms {2}plan:[ \t]*/;
const TIME =
  /\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d(?::?\d\d)?| (?:[A-Z]{2,5}|[+-]\d\d(?::?\d\d)?)(?![\w]))?|\b\d{10}\.\d{3}\b/;

/** Whether a line can be auto_explain's first one, in a log of any destination. */
export function hasMarker(text: string): boolean {
  return text.includes(' ms  plan:');
}

interface Beginning {
  readonly facts: PlanFacts;
  /** How many characters the message's first line has up to the plan. */
  readonly length: number;
}

/** auto_explain's `duration: 12.345 ms  plan:` (contrib/auto_explain/auto_explain.c), behind any `log_line_prefix`. */
function beginningOf(text: string): Beginning | undefined {
  if (!hasMarker(text)) return undefined;
  const match = MARKER.exec(text);
  if (match === null) return undefined;
  const loggedAt = TIME.exec(text.slice(0, match.index))?.[0];
  return { facts: { duration: Number(match[1]), loggedAt }, length: match.index + match[0].length };
}

/** What carries the lines of a log: syslog, Docker, Kubernetes, a mail; each line has it before the server's own prefix. */
interface Transport {
  /** What lines of one writer have in common; '' where nothing tells. */
  readonly writer: string;
  readonly message: SourceLine;
  /** Which message of the writer, and which part of it, where syslog numbers them. */
  readonly sequence: string | undefined;
  readonly isFirst: boolean;
  /** The line goes on in the next one (`P` in Kubernetes' CRI format). */
  readonly isPartial: boolean;
}

const SYSLOG =
  /^(?:<\d+>)?(?:\w{3} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (\S+ [^\s[]+\[\d+\]): (?:\[(\d+)-(\d+)\] )?/;
const CRI = /^\d{4}-\d\d-\d\dT\S+ (stdout|stderr) ([FP]) /;
const PREFIX = /^(?:\[pod\/\S+\] |[\w.-]+ +\| |(?:> ?)+)/;

function transportOf(line: SourceLine): Transport {
  const { text } = line;
  const plain = { message: line, sequence: undefined, isFirst: true, isPartial: false };
  const syslog = SYSLOG.exec(text);
  if (syslog !== null) {
    const [prefix, writer = '', sequence, part] = syslog;
    const message = cutStart(line, prefix.length);
    const unescaped = withText(message, message.text.replaceAll('#011', '\t'));
    return { ...plain, writer, message: unescaped, sequence, isFirst: part === undefined || part === '1' };
  }
  const cri = CRI.exec(text);
  if (cri !== null) {
    const [prefix, writer = '', part] = cri;
    return { ...plain, writer, message: cutStart(line, prefix.length), isPartial: part === 'P' };
  }
  const prefix = PREFIX.exec(text)?.[0] ?? '';
  return { ...plain, writer: prefix.trimEnd(), message: cutStart(line, prefix.length) };
}

interface Entry {
  readonly facts: PlanFacts;
  readonly at: SourceLine;
  readonly sequence: string | undefined;
  readonly lines: SourceLine[];
  /** What stands before each line of the message: a tab as the server writes it, blanks where it was copied. */
  indent: string | undefined;
  blank: SourceLine[];
  isPartial: boolean;
  /** Its latest line, as it came. */
  latest: string;
}

/** `PG_SYSLOG_LIMIT` in elog.c, in bytes. */
const SYSLOG_LIMIT = 900;

/**
 * Whether a part of a message in syslog goes on with the line of the part before it, which was too long. Such lines are
 * cut before a blank, or, without any, at the limit (`write_syslog` in elog.c). Lines of their own begin with a tab, or,
 * as CONTEXT does, with the prefix of the log.
 */
function isCutLine(before: string, text: string): boolean {
  const length = Buffer.byteLength(before);
  const word = /^\s\S*/.exec(text)?.[0];
  return length > SYSLOG_LIMIT - 4 || (word !== undefined && length + Buffer.byteLength(word) > SYSLOG_LIMIT);
}

/**
 * Reads auto_explain's messages out of a log on stderr or in syslog, in which every line of a message but the first
 * begins with a tab (`append_with_tabs` in elog.c). Messages of several writers may stand among each other.
 */
export class LogReader {
  readonly #open = new Map<string, Entry>();
  readonly #emit: (block: Block) => void;

  constructor(emit: (block: Block) => void) {
    this.#emit = emit;
  }

  /**
   * `taken` where the line is a part of such a message; the facts of one where its plan follows without an indentation,
   * as psql shows a message of the server.
   */
  take(line: SourceLine, next: SourceLine | undefined): 'taken' | PlanFacts | undefined {
    if (this.#open.size === 0 && !hasMarker(line.text)) return undefined;
    const transport = transportOf(line);
    const entry = this.#open.get(transport.writer);
    if (entry !== undefined && this.#goesOn(entry, transport)) return 'taken';
    if (entry !== undefined) this.#close(transport.writer, entry);
    const { message } = transport;
    const beginning = beginningOf(message.text);
    if (beginning === undefined) return undefined;
    const facts = { ...beginning.facts, line: line.line };
    const rest = cutStart(message, beginning.length);
    const isShown = transport.writer === '' && next !== undefined && /^(?:Query Text:|[[{<-])/.test(next.text);
    if (isShown && isBlank(rest.text)) return facts;
    this.#open.set(transport.writer, {
      facts,
      at: line,
      sequence: transport.sequence,
      lines: isBlank(rest.text) ? [] : [rest],
      indent: undefined,
      blank: [],
      isPartial: transport.isPartial,
      latest: message.text,
    });
    return 'taken';
  }

  end(): void {
    for (const [writer, entry] of this.#open) this.#close(writer, entry);
  }

  #goesOn(entry: Entry, { message, sequence, isFirst, isPartial }: Transport): boolean {
    const { text } = message;
    const { isPartial: wasPartial, latest } = entry;
    if (sequence !== entry.sequence || (sequence !== undefined && isFirst)) return false;
    entry.isPartial = isPartial;
    entry.latest = text;
    const last = entry.lines.at(-1);
    if (
      last !== undefined &&
      (wasPartial || (sequence !== undefined && !text.startsWith('\t') && isCutLine(latest, text)))
    ) {
      entry.lines[entry.lines.length - 1] = withText(last, last.text + text);
      return true;
    }
    entry.indent ??= /^(?:\t| +)/.exec(text)?.[0];
    if (entry.indent === undefined) return false;
    if (text.startsWith(entry.indent)) {
      entry.lines.push(...entry.blank, cutStart(message, entry.indent.length));
      entry.blank = [];
      return true;
    }
    if (!isBlank(text)) return false;
    entry.blank.push(withText(message, ''));
    return true;
  }

  #close(writer: string, { facts, at, lines }: Entry): void {
    this.#open.delete(writer);
    if (lines.length === 0) throw refusal('a plan below this line of the log', at, { index: at.text.length });
    this.#emit({ kind: 'content', lines, facts });
  }
}

/**
 * auto_explain's message in a line of JSON: PostgreSQL's jsonlog, or a log that something else collected. Undefined
 * where there is none.
 */
export function readJsonEntry(line: SourceLine): ContentBlock | undefined {
  const { text } = line;
  if (!text.startsWith('{') || !hasMarker(text)) return undefined;
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const value of Object.values(entry)) {
    const beginning = typeof value === 'string' ? beginningOf(value) : undefined;
    if (beginning === undefined) continue;
    const time = [entry.timestamp, entry.time].find((known) => typeof known === 'string') as string | undefined;
    const texts = (value as string).slice(beginning.length).split('\n');
    if (isBlank(texts[0] as string)) texts.shift();
    const indent = /^\t/.test(texts[0] ?? '') ? 1 : 0;
    if (texts.length === 0) throw refusal('a plan in this line of the log', line, { index: text.length });
    return {
      kind: 'content',
      lines: texts.map((each) => ({ text: each.slice(indent), line: line.line, column: undefined })),
      facts: { ...beginning.facts, loggedAt: beginning.facts.loggedAt ?? time, line: line.line },
    };
  }
  return undefined;
}

/** Whether a line begins a record of csvlog: its first field is the time, without quotes. */
export function isCsvEntry(text: string): boolean {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [^\s,"]+,/.test(text);
}

/** `message` in the table that PostgreSQL's documentation of csvlog gives, from 0. */
const MESSAGE = 13;

/** A record of csvlog, whose quoted fields may have line breaks. */
export class CsvEntryCapture implements Capture {
  readonly #lines: SourceLine[] = [];
  #quotes = 0;
  #hasMarker = false;

  take(line: SourceLine): 'more' | 'last' {
    this.#lines.push(line);
    this.#quotes += countQuotes(line.text);
    this.#hasMarker ||= hasMarker(line.text);
    return this.#quotes % 2 === 0 ? 'last' : 'more';
  }

  close(): ContentBlock | undefined {
    const [first] = this.#lines as [SourceLine];
    if (this.#quotes % 2 === 1) throw refusal('the quote that ends this record of the log', first, TEXT_END);
    if (!this.#hasMarker) return undefined;
    const fields = cellsOf(this.#lines, ',');
    const [head, ...body] = fields[MESSAGE] ?? [];
    const beginning = beginningOf(head?.text ?? '');
    if (head === undefined || beginning === undefined) return undefined;
    const rest = cutStart(head, beginning.length);
    const lines = isBlank(rest.text) ? body : [rest, ...body];
    if (lines.length === 0) throw refusal('a plan in this record of the log', head, { index: head.text.length });
    return { kind: 'content', lines, facts: { ...beginning.facts, loggedAt: fields[0]?.[0]?.text, line: first.line } };
  }
}
