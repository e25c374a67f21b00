/** Where the parts of a JSON text stand. Offsets count characters from 0. */
export interface JsonPlaces {
  /** Offsets of a member's key (or an element's value) and of its value, by {@link pathKey}. */
  readonly places: ReadonlyMap<string, { readonly key: number; readonly value: number }>;
  /** The first place where the text stops being JSON. */
  readonly error: { readonly offset: number; readonly message: string } | undefined;
}

export type JsonPath = readonly (string | number)[];

export function pathKey(path: JsonPath): string {
  return JSON.stringify(path);
}

const token =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in texts
  /([ \t\n\r]*)(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|$)/y;

class Malformed extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Finds the place of every member and element of a JSON text, up to its first error. JSON.parse is the fast way to
 * the values; this is the slow way to their places, for when something has to be pointed at.
 */
export function locateJson(text: string): JsonPlaces {
  const places = new Map<string, { key: number; value: number }>();
  let end = 0;
  let start = 0;
  let current = '';
  const advance = () => {
    token.lastIndex = end;
    const match = token.exec(text);
    if (match === null) {
      const offset = end + text.slice(end).search(/[^ \t\n\r]/);
      throw new Malformed(offset, `expected JSON, found ${text.slice(offset, offset + 12).split(/\s/)[0]}`);
    }
    start = end + (match[1]?.length ?? 0);
    end = token.lastIndex;
    current = match[2] ?? match[3] ?? match[4] ?? '';
  };
  const fail = (expected: string): never => {
    throw new Malformed(start, `expected ${expected}, found ${current === '' ? 'the end of the file' : current}`);
  };
  const members = (close: string, member: (index: number) => void) => {
    advance();
    if (current === close) return;
    for (let index = 0; ; index += 1) {
      member(index);
      advance();
      if (current === close) return;
      if (current !== ',') fail(`a comma or ${close}`);
      advance();
    }
  };
  const value = (path: JsonPath, key: number | undefined) => {
    places.set(pathKey(path), { key: key ?? start, value: start });
    if (current === '{') {
      members('}', () => {
        if (!current.startsWith('"')) fail('a key in double quotes');
        const name = JSON.parse(current) as string;
        const keyStart = start;
        advance();
        if (current !== ':') fail('a colon');
        advance();
        value([...path, name], keyStart);
      });
    } else if (current === '[') {
      members(']', (index) => value([...path, index], undefined));
    } else if (current === '' || '}],:'.includes(current)) {
      fail('a value');
    }
  };
  try {
    advance();
    value([], undefined);
    advance();
    if (current !== '') fail('the end of the file');
    return { places, error: undefined };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { places, error: { offset: error.offset, message: error.message } };
  }
}
