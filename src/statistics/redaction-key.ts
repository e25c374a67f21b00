import { createHmac } from 'node:crypto';
import { PlanGuardError } from '../errors.js';

const PURPOSE = 'plan-guard statistics';
const SHORTEST = 16;
const BLOCK = 64;
/** Bytes of a hash that are kept. */
export const HASH_BYTES = 8;

/** Hashes the values that stand-ins stand for, so that whoever has the key can recognise a value that they know. */
export class RedactionKey {
  readonly #key: Buffer;

  /**
   * @param secret what the user keeps: at least 16 bytes, better 32 random ones; space around it does not count
   * @throws {PlanGuardError} `usage` for a secret that is too short
   */
  constructor(secret: string) {
    const text = secret.trim();
    if (Buffer.byteLength(text) < SHORTEST) {
      throw new PlanGuardError('usage', `The redaction key is shorter than ${SHORTEST} bytes.`, {
        hint: 'Make one with: openssl rand -hex 32 > plan-guard.key, and keep it out of the repository.',
      });
    }
    this.#key = createHmac('sha256', text).update(PURPOSE).digest();
  }

  /** Tells this key from others, and nothing about it. */
  get check(): string {
    return this.hash(`${PURPOSE} key check`);
  }

  /** @param value a value in its type's output form; of `char(n)` without padding, of `citext` in lower case */
  hash(value: string): string {
    return createHmac('sha256', this.#key)
      .update(value)
      .digest('hex')
      .slice(0, HASH_BYTES * 2);
  }

  /** The blocks with which a server makes the same hashes (RFC 2104): the derived key, never the secret. */
  get pads(): { readonly inner: Buffer; readonly outer: Buffer } {
    const pad = (byte: number) => {
      const block = Buffer.alloc(BLOCK, byte);
      for (const [index, part] of this.#key.entries()) block[index] = part ^ byte;
      return block;
    };
    return { inner: pad(0x36), outer: pad(0x5c) };
  }
}
