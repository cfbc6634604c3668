/**
 * Keys with a number behind them: the UnsafeRow of (key fields …, BIGINT) of the UnsafeRow of (key fields …), without
 * decoding either. The fixed part grows by a slot, and the variable part behind it moves.
 */
import { isInSlot, nullBitmapLength } from "./unsafe-row-layout.ts";
import type { DataType } from "../types/data-type.ts";

export class IndexedKey {
  /** The bytes of the last row that was written. */
  bytes: Uint8Array = new Uint8Array(128);
  #words: Int32Array = new Int32Array(this.bytes.buffer);
  readonly #bitmapWords: number;
  readonly #fields: number;
  /** Words that the variable part moves by. */
  readonly #shift: number;
  /** Fields that refer to the variable part. */
  readonly #variable: readonly number[];

  constructor(types: readonly DataType[]) {
    this.#fields = types.length;
    this.#bitmapWords = nullBitmapLength(types.length) >> 2;
    this.#shift = (nullBitmapLength(types.length + 1) >> 2) - this.#bitmapWords + 2;
    this.#variable = types.flatMap((type, field) => (isInSlot(type) ? [] : [field]));
  }

  /**
   * Writes the key in `words[start, end)` (positions of words) with a number.
   * @returns the length in bytes
   */
  write(words: Int32Array, start: number, end: number, index: number): number {
    const length = end - start + this.#shift;
    if (4 * length > this.bytes.length) {
      this.bytes = new Uint8Array(8 * length);
      this.#words = new Int32Array(this.bytes.buffer);
    }
    const target = this.#words;
    const fixed = 2 * this.#fields;
    const growth = this.#shift - 2;
    const bitmap = this.#bitmapWords;
    for (let i = 0; i < bitmap; i++) target[i] = words[start + i]!;
    for (let i = 0; i < growth; i++) target[bitmap + i] = 0;
    const slots = bitmap + growth;
    for (let i = 0; i < fixed; i++) target[slots + i] = words[start + bitmap + i]!;
    for (const field of this.#variable) {
      // NULL has no offset, but a wide decimal keeps its place.
      const at = slots + 2 * field + 1;
      if (target[at] !== 0) target[at] = target[at]! + 4 * this.#shift;
    }
    target[slots + fixed] = index;
    target[slots + fixed + 1] = 0;
    for (let i = start + bitmap + fixed, at = slots + fixed + 2; i < end; i++, at++) target[at] = words[i]!;
    return 4 * length;
  }

  /** The same with another number, of the row that was written last. */
  renumber(index: number): void {
    this.#words[this.#bitmapWords + this.#shift - 2 + 2 * this.#fields] = index;
  }
}
