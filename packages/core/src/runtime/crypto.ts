import { decryptGcm, encryptGcm, tagSize } from "./aes.ts";
import type { Random } from "./random.ts";

export const keyBytes = 32;
export const nonceBytes = 12;
/** What sealing adds to the length. */
export const tagBytes: number = tagSize;

/** AES-256-GCM under one key. */
export interface Cipher {
  /**
   * `plain` encrypted, with the tag behind it.
   * @param nonce 12 bytes that never come again under this key
   * @param associated what {@link open} must be given too: part of what the tag vouches for, but not of the result
   */
  seal(nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Uint8Array;
  /** What was sealed; null when bytes, nonce, associated data or key are not those of then. */
  open(nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | null;
}

export interface Crypto {
  /** @param key 32 bytes */
  cipher(key: Uint8Array): Cipher;
}

/** A new key. As unpredictable as the numbers are: in `runtime/node` those of the operating system. */
export function randomBytes(random: Random, length: number): Uint8Array {
  const words = Int32Array.from({ length: Math.ceil(length / 4) }, () => random.int32());
  return new Uint8Array(words.buffer, 0, length);
}

/** AES in TypeScript, for runtimes without `node:crypto`. */
export class PortableCrypto implements Crypto {
  cipher(key: Uint8Array): Cipher {
    const own = key.slice();
    return {
      seal: (nonce, plain, associated) => encryptGcm(own, nonce, plain, associated),
      open: (nonce, sealed, associated) => decryptGcm(own, nonce, sealed, associated) ?? null,
    };
  }
}
