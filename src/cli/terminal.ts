/** What the command needs of `process`. */
export type Process = NodeJS.Process;

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a stream takes colours: FORCE_COLOR, then NO_COLOR (https://no-color.org), then whether it is a terminal. */
export function takesColor(stream: { readonly isTTY?: boolean }, env: Environment): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.NO_COLOR) return false;
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Whether the locale lets more than ASCII be shown; where no locale is stated, UTF-8 is assumed. */
export function takesUnicode(env: Environment): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  if (env.TERM === 'dumb') return false;
  return !locale || /utf-?8/i.test(locale);
}

const DEFAULT_WIDTH = 100;
const NARROWEST = 40;

/** Columns to fill: the terminal's, else COLUMNS, else 100. */
export function widthOf(stream: { readonly columns?: number }, env: Environment): number {
  const columns = stream.columns || Number(env.COLUMNS) || DEFAULT_WIDTH;
  return Math.max(NARROWEST, columns);
}

/**
 * Writes text and waits until it is out. A reader that has gone away (`| head`) wants no more, which is no error.
 * @returns what went wrong, where something did
 */
export function print(stream: NodeJS.WritableStream, text: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    stream.write(text, (error?: NodeJS.ErrnoException | null) => {
      resolve(error === null || error?.code === 'EPIPE' ? undefined : error);
    });
  });
}

const CLEAR_LINE = '\r\u001b[2K';

/** Takes a progress line away. */
export function clearLine(stream: NodeJS.WriteStream): void {
  if (stream.isTTY) stream.write(CLEAR_LINE);
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const PATIENCE = 300;
const REFRESH = 80;

/** One line on a terminal that tells what is going on, once it takes longer than a moment. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #shown: boolean;
  readonly #unicode: boolean;
  readonly #started = performance.now();
  #last = 0;
  #frame = 0;
  #drawn = false;

  constructor(stream: NodeJS.WriteStream, options: { readonly shown: boolean; readonly unicode: boolean }) {
    this.#stream = stream;
    this.#shown = options.shown;
    this.#unicode = options.unicode;
  }

  /** @param slow draws at once: what follows blocks the thread, and no later update could */
  update(message: string, slow: boolean): void {
    const now = performance.now();
    if (!this.#shown) return;
    if (!slow && (now - this.#started < PATIENCE || now - this.#last < REFRESH)) return;
    this.#last = now;
    this.#frame += 1;
    const mark = this.#unicode ? FRAMES[this.#frame % FRAMES.length] : '-';
    const line = `${mark} ${message}`.slice(0, Math.max(1, (this.#stream.columns || DEFAULT_WIDTH) - 1));
    this.#stream.write(`${CLEAR_LINE}${line}`);
    this.#drawn = true;
  }

  end(): void {
    if (this.#drawn) clearLine(this.#stream);
    this.#drawn = false;
  }
}
