import { PlanGuardError } from '../../errors.js';
import type { FoundPlan } from '../model.js';
import type { Block } from './block.js';
import { Finder } from './finder.js';
import { LineSplitter } from './lines.js';
import { inSource, readBlock } from './read-block.js';

export interface FindOptions {
  /** Names the source in errors: a path as it was given, `-`. */
  readonly name: string;
  /** Told after each chunk how many bytes of UTF-8 were read by then. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Finds the plans in any text: EXPLAIN's output in its four formats as it is, as psql prints it in its formats, borders
 * and line styles, quoted by pgAdmin, DBeaver, a mail or a code block, and auto_explain's messages in logs (stderr,
 * csvlog, jsonlog, syslog, through Docker or Kubernetes). What is no plan is passed over. The text is read as a stream:
 * no more than one plan is held at a time.
 * @throws {PlanGuardError} `plan`, with file and line, where something looks like a plan and cannot be read, or where the
 *   text has no plan at all. Plans that stand before have been given by then.
 */
export async function* findPlans(
  source: AsyncIterable<string> | Iterable<string>,
  options: FindOptions,
): AsyncGenerator<FoundPlan> {
  const blocks = new BlockReader();
  let found = 0;
  let bytes = 0;
  let hasNul = false;
  const plansOf = async (block: Block) => {
    const plans = await readBlock(block);
    found += plans.length;
    return plans;
  };
  try {
    for await (const chunk of source) {
      for (const block of blocks.push(chunk)) yield* await plansOf(block);
      hasNul ||= chunk.includes('\0');
      bytes += Buffer.byteLength(chunk);
      options.onProgress?.(bytes);
    }
    for (const block of blocks.end()) yield* await plansOf(block);
  } catch (error) {
    throw inSource(error, options.name);
  }
  if (found === 0) throw noPlan(options.name, hasNul);
}

/** The plans in one text, with their places in it: {@link findPlans} for what is in memory already. */
export async function findPlansInText(text: string, name: string): Promise<FoundPlan[]> {
  const plans: FoundPlan[] = [];
  for await (const plan of findPlans([text], { name })) plans.push(plan);
  return plans;
}

/** From chunks of text to blocks of lines. What was found before something that cannot be read is given first. */
class BlockReader {
  readonly #splitter = new LineSplitter();
  #found: Block[] = [];
  readonly #finder = new Finder((block) => this.#found.push(block));

  *push(chunk: string): Generator<Block> {
    for (const line of this.#splitter.push(chunk)) yield* this.#step(() => this.#finder.push(line));
  }

  *end(): Generator<Block> {
    for (const line of this.#splitter.end()) yield* this.#step(() => this.#finder.push(line));
    yield* this.#step(() => this.#finder.end());
  }

  *#step(step: () => void): Generator<Block> {
    let failure: unknown;
    try {
      step();
    } catch (error) {
      failure = error;
    }
    if (this.#found.length > 0) {
      const found = this.#found;
      this.#found = [];
      yield* found;
    }
    if (failure !== undefined) throw failure;
  }
}

function noPlan(file: string, hasNul: boolean): PlanGuardError {
  return new PlanGuardError('plan', 'There is no plan in this text', {
    where: { file },
    hint: hasNul
      ? 'It has NUL characters: save it as UTF-8, not as UTF-16.'
      : "Give EXPLAIN's output (text, JSON, YAML or XML) as psql, pgAdmin or DBeaver show it, or a server log with plans of auto_explain.",
  });
}
