import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const usage = fileURLToPath(new URL('./probes/usage.cjs', import.meta.url));

/** One whole process, from its start to its end. */
export interface Measured {
  readonly ms: number;
  /** Processor time of all its threads, in milliseconds. */
  readonly processor: number;
  /** Peak of its resident memory, in MiB. */
  readonly peak: number;
  readonly stdout: string;
}

/**
 * Runs a script in a node process of its own and measures it.
 * @param codes exit codes that are no failure
 */
export async function runNode(
  parameters: readonly string[],
  {
    env = {},
    codes = [0],
  }: { readonly env?: Readonly<Record<string, string>>; readonly codes?: readonly number[] } = {},
): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--require', usage, ...parameters], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const kill = () => child.kill();
  process.once('exit', kill);
  const texts = ['', '', '', ''];
  for (const descriptor of [1, 2, 3] as const) {
    child.stdio[descriptor]?.on('data', (chunk: Buffer) => {
      texts[descriptor] += chunk.toString();
    });
  }
  const ended = new Promise<number>((resolve) => child.once('exit', () => resolve(performance.now() - started)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  process.off('exit', kill);
  if (code === null || !codes.includes(code)) {
    throw new Error(`node ${parameters.join(' ')} ended with ${code}:\n${texts[2]}${texts[1]}`);
  }
  const { peak, processor } = JSON.parse(texts[3] ?? '') as { readonly peak: number; readonly processor: number };
  return { ms: await ended, processor: processor / 1000, peak: peak / 1024, stdout: texts[1] ?? '' };
}
