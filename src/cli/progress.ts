import { type Process, Progress, takesUnicode } from './terminal.js';

/** Runs the work with a progress line on standard error; what modules print goes there too. */
export async function withProgress<Result>(
  { stderr, env }: Process,
  work: (told: {
    readonly onProgress: (message: string, slow: boolean) => void;
    readonly onOutput: (text: string) => void;
  }) => Promise<Result>,
): Promise<Result> {
  const progress = new Progress(stderr, {
    shown: stderr.isTTY === true && env.CI === undefined,
    unicode: takesUnicode(env),
  });
  try {
    return await work({
      onProgress: (message, slow) => progress.update(message, slow),
      onOutput: (text) => {
        progress.end();
        stderr.write(text);
      },
    });
  } finally {
    progress.end();
  }
}
