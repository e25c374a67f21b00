/**
 * Characters that steer a terminal or hide what stands there: controls (C0, DEL, C1), format characters
 * (bidirectional overrides, zero-width), line and paragraph separators, lone surrogates.
 */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Where GitHub's runner looks for its older form of commands, anywhere in a line (`ActionCommand.TryParse`). */
const olderCommand = /##\[/g;

function visible(text: string): string {
  return text
    .replace(steering, (character) => {
      const code = character.codePointAt(0) ?? 0;
      if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
      return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
    })
    .replace(olderCommand, '##\\x5b');
}

/** Foreign text for one line: white space collapsed to single spaces, steering characters made visible. */
export function inline(text: string): string {
  return visible(text.replace(/[\t\n\v\f\r ]+/g, ' ').trim());
}

/** One line of foreign text that keeps its columns: tabs become four spaces, steering characters are made visible. */
export function sourceLine(text: string): string {
  return visible(text.replace(/\t/g, '    '));
}

/**
 * Keeps GitHub's runner from reading a line of plain output as a workflow command: a line that begins, after white
 * space, with `::` is written `: :`. The width stays, as such a line is indented by at least one space.
 */
export function defuse(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: chalk's own colour codes stand before the text
  return output.replace(/^((?:\x1b\[[\d;]*m|[^\S\n])*?)[^\S\n]?((?:\x1b\[[\d;]*m)*)::/gm, '$1$2: :');
}

/**
 * The message of a GitHub workflow command, newlines kept.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions; the runner's `ActionCommand.cs`
 * undoes exactly these.
 */
export function commandData(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => sourceLine(line))
    .join('\n')
    .replace(/%/g, '%25')
    .replace(/\r/g, '%0D')
    .replace(/\n/g, '%0A');
}

/** A property (`file=`, `title=`) of a GitHub workflow command. */
export function commandProperty(text: string): string {
  return commandData(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}

/** Foreign text inside a line of GitHub's Markdown, a table's cell included: never markup, HTML or a link, one line. */
export function markdown(text: string): string {
  return inline(text)
    .replace(/[\\`*_[\]|~#]/g, '\\$&')
    .replace(/^[-+=]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@/g, '&#64;')
    .replace(/:\/\//g, '&#58;//')
    .replace(/\bwww\./gi, (start) => `${start.slice(0, 3)}&#46;`);
}

/** A fenced block of Markdown; the fence is longer than any run of backticks within. */
export function codeBlock(lines: readonly string[], language: string): string {
  const longest =
    lines
      .join('\n')
      .match(/`+/g)
      ?.reduce((most, run) => Math.max(most, run.length), 0) ?? 0;
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return [`${fence}${language}`, ...lines, fence].join('\n');
}

/**
 * Foreign text inside an element of HTML or an attribute in double quotes: never markup, and nothing steers. Line breaks
 * and tabs stay; other steering characters become JSON's `\u202e`, so that JSON stays the same JSON.
 */
export function html(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, units)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/** JSON in which no character of a string can steer a terminal or GitHub's runner. */
export function json(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent)
    .replace(/[\u007f-\u009f\p{Cf}\u2028\u2029]/gu, units)
    .replace(olderCommand, '##\\u005b');
}

function units(character: string): string {
  return Array.from({ length: character.length }, (_, index) => unit(character, index)).join('');
}

function unit(character: string, index: number): string {
  return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
}
