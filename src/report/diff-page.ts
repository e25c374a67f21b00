import { Chalk, type ChalkInstance } from 'chalk';
import type { DiffContext } from './diff-words.js';
import { defuse } from './escape.js';
import { columns, padEnd, wrap } from './text.js';

export type Style = (text: string) => string;

/** Below this width labels stand before their text, not in a column. */
const narrow = 60;

/** Lines for a terminal, wrapped to its width. */
export class DiffPage {
  readonly width: number;
  readonly chalk: ChalkInstance;
  readonly glyph: Readonly<Record<'ok' | 'bad' | 'more' | 'bar' | 'arrow', string>>;
  readonly lines: string[] = [];

  constructor(readonly context: DiffContext) {
    this.width = Math.max(24, context.width);
    this.chalk = new Chalk({ level: context.color ? 1 : 0 });
    this.glyph = context.unicode
      ? { ok: '✓', bad: '✗', more: '…', bar: '│', arrow: '→' }
      : { ok: '+', bad: 'x', more: '...', bar: '|', arrow: '->' };
  }

  /** An empty line, but not at the beginning and not twice. */
  blank(): void {
    if (this.lines.length > 0 && this.lines.at(-1) !== '') this.lines.push('');
  }

  /** Wrapped text, the first line behind `lead`, the others indented by as much or by `hang` columns. */
  prose(lead: string, text: string, style: Style = plain, leadStyle: Style = style, hang = columns(lead)): void {
    const parts = wrap(`${'\0'.repeat(Math.max(0, columns(lead) - hang))}${text}`, this.width - hang);
    parts.forEach((part, index) => {
      const shown = part.replaceAll('\0', '');
      this.lines.push(index === 0 ? leadStyle(lead) + style(shown) : ' '.repeat(hang) + style(shown));
    });
  }

  labelled(label: string, text: string, style: Style = plain): void {
    const { dim } = this.chalk;
    if (this.width < narrow) this.prose(`  ${label}: `, text, style, dim, 4);
    else this.prose(`  ${padEnd(label, 9)}`, text, style, dim);
  }

  /** All of it, without trailing blanks; no line of it is a command to GitHub's runner. */
  text(): string {
    const texts = this.lines.map((line) => line.trimEnd());
    // Only ASCII where no more can be shown: signs of ours, not text of the report.
    const shown = this.context.unicode ? texts : texts.map((line) => line.replaceAll('×', 'x').replaceAll('÷', '/'));
    return defuse(`${shown.join('\n')}\n`);
  }
}

export const plain: Style = (text) => text;
