import type { Block, Capture, PlanFacts } from './block.js';
import { CellCapture, isQuotedLine, isQuotedOpening, unquoteLine } from './cells.js';
import { XmlCapture, YamlCapture } from './documents.js';
import { HtmlCapture, isHtmlOpening } from './html.js';
import { JsonCapture } from './json.js';
import { cutStart, isBlank, refusal, type SourceLine, withText } from './lines.js';
import { CsvEntryCapture, isCsvEntry, LogReader, readJsonEntry } from './logs.js';
import { StatementReader } from './statements.js';
import { ExpandedCapture, headerFrame, isExpandedOpening, isFramedOpening, isRecord, TableCapture } from './tables.js';
import { isQueryText, isYamlMessage, MessageCapture, TextCapture } from './text.js';
import { isBelowNode, isFence, isMessage, isPlainNode, isRoot, isRule, looksLikePlan, openingOf } from './words.js';

/**
 * Finds plans in lines that hold nothing else.
 * @throws {PlanGuardError} `plan` at the first line that begins no plan
 */
export function splitContent(lines: readonly SourceLine[]): Block[] {
  const blocks: Block[] = [];
  let capture: Capture | undefined;
  const close = () => {
    const block = capture?.close();
    capture = undefined;
    if (block !== undefined) blocks.push(block);
  };
  lines.forEach((line, index) => {
    const next = lines[index + 1];
    if (capture !== undefined) {
      const taken = capture.take(line, next);
      if (taken !== 'more') close();
      if (taken !== 'none') return;
    }
    if (isBlank(line.text)) return;
    capture = planCapture(line, next, { definite: true, isBare: false }) ?? quotedCapture(line, next, true);
    if (capture === undefined) {
      throw refusal('the beginning of a plan', line);
    }
    if (capture.take(line, next) === 'last') close();
  });
  close();
  return blocks;
}

interface Surroundings {
  /** There is a plan, even if it has no costs. */
  readonly definite: boolean;
  /** It stands as it was found, out of any frame. */
  readonly isBare: boolean;
}

/** What begins a plan as EXPLAIN or auto_explain print it. */
function planCapture(line: SourceLine, next: SourceLine | undefined, around: Surroundings): Capture | undefined {
  const { text } = line;
  const { definite, isBare } = around;
  switch (openingOf(text)) {
    case 'json':
      return new JsonCapture();
    case 'xml':
      return new XmlCapture();
    case 'yaml':
      return new YamlCapture();
  }
  if (isQueryText(text)) return isYamlMessage(line, next) ? new YamlCapture(true) : new MessageCapture();
  const isPlan = isRoot(text) || (isPlainNode(text) && (definite || (next !== undefined && isBelowNode(next.text))));
  return isPlan ? new TextCapture(isBare) : undefined;
}

function quotedCapture(line: SourceLine, next: SourceLine | undefined, definite: boolean): Capture | undefined {
  const isSure = definite || (next !== undefined && isBelowNode(next.text));
  if (!isQuotedOpening(line.text, isSure)) return undefined;
  const isText = isQuotedLine(line.text) && openingOf(unquoteLine(line).text) === undefined;
  return isText ? new TextCapture(false) : new CellCapture();
}

/** What quotes the lines of a text: a mail, a comment of SQL or of a script. */
const QUOTING = /^(?:(?:> ?)+|-- |# |\/\/ )/;

/** Finds plans in any text, line by line; all else in it is passed over. */
export class Finder {
  readonly #emit: (block: Block) => void;
  readonly #logs: LogReader;
  readonly #statements = new StatementReader();
  #held: SourceLine | undefined;
  /** The beginning of a line of Docker's. */
  #partial: SourceLine | undefined;
  #capture: Capture | undefined;
  #quoting = '';
  /** The present capture has blanks that do not break in the place of others. */
  #hasHardBlanks = false;
  #facts: PlanFacts = {};
  /** The header QUERY PLAN, or the line of a log, that promises a plan in the next line. */
  #promise: SourceLine | undefined;
  #afterFence = false;
  /** The format of psql, one that changes what it prints, whose table is open. */
  #foreign: string | undefined;

  /** `emit` is given what was found, in the order in which it ends. */
  constructor(emit: (block: Block) => void) {
    this.#emit = emit;
    this.#logs = new LogReader(emit);
  }

  /** @throws {PlanGuardError} `plan` where something looks like a plan and cannot be read */
  push(line: SourceLine): void {
    const next = this.#unwrapped(line);
    if (next !== undefined) this.#pushWhole(next);
  }

  #pushWhole(next: SourceLine): void {
    if (this.#held !== undefined) this.#take(this.#held, next);
    this.#held = next;
  }

  /** @throws {PlanGuardError} `plan` */
  end(): void {
    if (this.#partial !== undefined) this.#pushWhole(this.#partial);
    if (this.#held !== undefined) this.#take(this.#held, undefined);
    this.#close();
    this.#logs.end();
    if (this.#promise !== undefined) throw unkept(this.#promise);
  }

  #take(line: SourceLine, next: SourceLine | undefined): void {
    if (this.#capture !== undefined) {
      const bare = this.#unquoted(line);
      const taken = bare === undefined ? 'none' : this.#capture.take(bare, next && this.#unquoted(next));
      if (taken !== 'more') this.#close();
      if (taken !== 'none') return;
    }
    const entry = readJsonEntry(line);
    if (entry !== undefined) {
      this.#emit(entry);
      return;
    }
    const taken = this.#logs.take(line, next);
    if (taken === 'taken') return;
    if (taken !== undefined) {
      this.#facts = taken;
      this.#promise = line;
      return;
    }
    this.#begin(line, next);
  }

  #begin(line: SourceLine, next: SourceLine | undefined): void {
    this.#quoting = QUOTING.exec(line.text)?.[0] ?? '';
    const [first, second] = [line, next].map((each) => each && cutStart(each, this.#quoting.length));
    this.#hasHardBlanks = [first, second].some((each) => each !== undefined && hasHardBlanks(each));
    let bare = this.#unquoted(line) as SourceLine;
    const below = next && this.#unquoted(next);
    const isOpenFence = bare.text.startsWith('```');
    if (isOpenFence) bare = cutStart(bare, 3);
    const definite = this.#promise !== undefined || this.#afterFence || this.#statements.isComplete;
    const capture = this.#capturing(bare, below, definite);
    this.#foreign = followForeign(this.#foreign, bare.text);
    if (this.#foreign !== undefined && (capture !== undefined || looksLikePlan(bare.text))) {
      const hint = 'Use \\pset format aligned, unaligned, wrapped, csv or html.';
      throw refusal(`another format of psql than ${this.#foreign}`, bare, { hint });
    }
    if (capture === undefined) this.#passOver(bare, isOpenFence);
    else {
      this.#capture = capture;
      this.#promise = undefined;
      this.#facts = { statement: this.#statements.give(), ...this.#facts };
      if (capture.take(bare, below) === 'last') this.#close();
    }
    this.#afterFence = isOpenFence || isFence(bare.text);
  }

  #capturing(line: SourceLine, next: SourceLine | undefined, definite: boolean): Capture | undefined {
    const { text } = line;
    if (isCsvEntry(text)) return new CsvEntryCapture();
    const frame = headerFrame(text);
    if (frame !== undefined) return next !== undefined && isRule(next.text) ? new TableCapture(frame) : undefined;
    if (isExpandedOpening(text)) return new ExpandedCapture();
    if (isHtmlOpening(text)) return new HtmlCapture();
    if (isFramedOpening(text, next)) return new TableCapture(undefined);
    return quotedCapture(line, next, definite) ?? planCapture(line, next, { definite, isBare: true });
  }

  /** @throws {PlanGuardError} `plan` where the line is a part of a plan, or not the plan that was promised */
  #passOver(line: SourceLine, isOpenFence: boolean): void {
    const { text } = line;
    if (isBlank(text) && !isOpenFence) return;
    if (this.#promise !== undefined) throw unkept(line);
    if (/^"?QUERY PLAN"?[;,\t ]*$/.test(text.trim())) {
      this.#promise = line;
      return;
    }
    if (looksLikePlan(text)) {
      throw refusal('the beginning of the plan that this line is of', line);
    }
    if (!isRule(text) && !isRecord(text) && !isMessage(text)) this.#statements.take(text);
  }

  #close(): void {
    const block = this.#capture?.close();
    this.#capture = undefined;
    const facts = this.#facts;
    this.#facts = {};
    if (block !== undefined) this.#emit({ ...block, facts: { ...facts, ...block.facts } });
  }

  /** The line without what quotes the lines of the present capture; undefined where it is not quoted. */
  #unquoted(line: SourceLine): SourceLine | undefined {
    if (!line.text.startsWith(this.#quoting)) {
      return line.text.trimEnd() === this.#quoting.trimEnd() ? withText(line, '') : undefined;
    }
    const bare = cutStart(line, this.#quoting.length);
    return this.#hasHardBlanks ? softened(bare) : bare;
  }

  /** Docker's json-file driver writes each line as `{"log":"…\n","stream":…}`, long ones in several. */
  #unwrapped(line: SourceLine): SourceLine | undefined {
    const part = dockerLog(line.text);
    if (part === undefined) return line;
    const text = (this.#partial?.text ?? '') + part;
    this.#partial = text.endsWith('\n') ? undefined : { text, line: line.line, column: undefined };
    if (this.#partial !== undefined) return undefined;
    return { text: text.slice(0, text.endsWith('\r\n') ? -2 : -1), line: line.line, column: undefined };
  }
}

function dockerLog(text: string): string | undefined {
  if (!text.startsWith('{"log":"')) return undefined;
  try {
    const { log } = JSON.parse(text);
    return typeof log === 'string' ? log : undefined;
  } catch {
    return undefined;
  }
}

/** Whether blanks were replaced by such that do not break, as HTML does where it keeps several. */
function hasHardBlanks({ text }: SourceLine): boolean {
  return (
    text.includes('\u00A0') && (/^[ \t]*\u00A0/.test(text) || /\u00A0 ?\((?:cost|actual|never)| \u00A0\(/.test(text))
  );
}

function softened(line: SourceLine): SourceLine {
  return withText(line, line.text.replaceAll('\u00A0', ' '));
}

const FOREIGN: readonly (readonly [format: string, start: RegExp, end: RegExp])[] = [
  ['troff-ms', /^\.TS$/, /^\.TE$/],
  ['asciidoc', /^\|====$/, /^\|====$/],
  ['latex', /^\\begin\{(?:tabular|longtable)\}/, /^\\end\{(?:tabular|longtable)\}/],
];

function followForeign(open: string | undefined, text: string): string | undefined {
  if (open === undefined) return FOREIGN.find(([, start]) => start.test(text))?.[0];
  return FOREIGN.some(([format, , end]) => format === open && end.test(text)) ? undefined : open;
}

function unkept(line: SourceLine) {
  return refusal('a plan, as the line above says', line);
}
