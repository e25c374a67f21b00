import { html as escapeHtml } from '../escape.js';

/** HTML that is safe to write as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text is escaped, markup is not, and what is not there leaves nothing. */
export type Part = Markup | string | number | undefined | false | readonly Part[];

/** A template of HTML. Attributes stand in double quotes. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0] ?? '';
  parts.forEach((part, index) => {
    text += written(part) + (strings[index + 1] ?? '');
  });
  return new Markup(text);
}

function written(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (part === undefined || part === false) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return part.map(written).join('');
}
