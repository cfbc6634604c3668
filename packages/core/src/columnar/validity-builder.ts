import type { Validity } from "./vector.ts";

/** A growing validity bitmap in which only nulls are written: columns without nulls cost nothing. */
export class ValidityBuilder {
  #bits: Uint8Array | null = null;

  markNull(i: number): void {
    const byte = i >> 3;
    let bits = this.#bits;
    if (bits === null || byte >= bits.length) {
      const grown = new Uint8Array(Math.max(32, (byte + 1) * 2)).fill(0xff);
      if (bits !== null) grown.set(bits);
      this.#bits = bits = grown;
    }
    bits[byte]! &= ~(1 << (i & 7));
  }

  /** The bitmap of the first `length` values, or null when no null was marked; the builder is empty afterwards. */
  finish(length: number): Validity {
    const bits = this.#bits;
    this.#bits = null;
    if (bits === null) return null;
    const size = (length + 7) >> 3;
    if (size <= bits.length) return bits.subarray(0, size);
    const grown = new Uint8Array(size).fill(0xff);
    grown.set(bits);
    return grown;
  }
}
