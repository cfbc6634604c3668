/** The RLE / bit-packed hybrid: levels, dictionary positions, booleans. Can be read in pieces of any size. */
import { ParquetFormatError } from "./format-error.ts";

/**
 * Unpacks `count` values of `width` bits, least significant bit first, that begin `bit` bits after byte `base`. `view` is
 * of `bytes`. Bits behind the end are 0.
 */
export function unpackBits(
  bytes: Uint8Array,
  view: DataView,
  base: number,
  bit: number,
  width: number,
  target: Int32Array | Uint8Array,
  at: number,
  count: number,
): void {
  let position = bit;
  let i = at;
  const end = at + count;
  const mask = width === 32 ? -1 : (1 << width) - 1;
  if (width <= 25 && width > 0) {
    // One word holds any value (small ones several), as long as four bytes can be read.
    const bits = (bytes.length - base - 4) * 8 - position;
    const safe = bits < 0 ? 0 : Math.min(count, Math.floor(bits / width) + 1);
    if (target instanceof Int32Array) {
      const stop = i + safe;
      if (width <= 6) {
        for (; i + 4 <= stop; i += 4, position += 4 * width) {
          const word = view.getInt32(base + (position >>> 3), true) >>> (position & 7);
          target[i] = word & mask;
          target[i + 1] = (word >>> width) & mask;
          target[i + 2] = (word >>> (2 * width)) & mask;
          target[i + 3] = (word >>> (3 * width)) & mask;
        }
      } else if (width <= 12) {
        for (; i + 2 <= stop; i += 2, position += 2 * width) {
          const word = view.getInt32(base + (position >>> 3), true) >>> (position & 7);
          target[i] = word & mask;
          target[i + 1] = (word >>> width) & mask;
        }
      }
      for (; i < stop; i++, position += width) {
        target[i] = (view.getInt32(base + (position >>> 3), true) >>> (position & 7)) & mask;
      }
    } else {
      for (const stop = i + safe; i < stop; i++, position += width) {
        target[i] = (view.getInt32(base + (position >>> 3), true) >>> (position & 7)) & mask;
      }
    }
  }
  for (; i < end; i++, position += width) {
    const first = base + (position >>> 3);
    const shift = position & 7;
    let value = 0;
    for (let k = 0, have = -shift; have < width; k++, have += 8) {
      const byte = bytes[first + k] ?? 0;
      value |= have < 0 ? byte >>> -have : byte << have;
    }
    target[i] = value & mask;
  }
}

export class RleDecoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  readonly #end: number;
  readonly #width: number;
  /** Values left in the run. */
  #left = 0;
  /** Value of a repeated run; −1 for a packed run. */
  #value = -1;
  #repeated = false;
  /** First byte of a packed run, and the bit of its next value. */
  #base = 0;
  #bit = 0;

  /** @param width bits of a value, 0 to 32 */
  constructor(bytes: Uint8Array, from: number, end: number, width: number) {
    if (width > 32) throw new ParquetFormatError(`values of ${width} bits cannot be`);
    this.#bytes = end === bytes.length ? bytes : bytes.subarray(0, end);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    this.#at = from;
    this.#end = end;
    this.#width = width;
  }

  #nextRun(): void {
    let header = 0;
    let factor = 1;
    for (let i = 0; ; i++) {
      if (this.#at >= this.#end || i === 5) throw new ParquetFormatError("a run of values is missing");
      const byte = this.#bytes[this.#at++]!;
      header += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
    }
    const count = Math.floor(header / 2);
    const width = this.#width;
    if (header % 2 === 0) {
      this.#repeated = true;
      this.#left = count;
      let value = 0;
      for (let k = 0; k < width; k += 8) {
        if (this.#at >= this.#end) throw new ParquetFormatError("a run of values is cut off");
        value |= this.#bytes[this.#at++]! << k;
      }
      this.#value = width < 32 ? value & ((1 << width) - 1) : value;
    } else {
      this.#repeated = false;
      this.#base = this.#at;
      this.#bit = 0;
      // The last group may be cut off; its missing values are padding.
      const bytes = Math.min(count * width, this.#end - this.#at);
      this.#left = width === 0 ? count * 8 : Math.floor((bytes * 8) / width);
      this.#at += bytes;
    }
    if (this.#left === 0 && this.#at >= this.#end) throw new ParquetFormatError("a run of values is missing");
  }

  /** If the next `count` values are one repeated run: takes them and returns the value, else −1. Below 32 bits. */
  uniform(count: number): number {
    if (this.#left === 0) this.#nextRun();
    if (!this.#repeated || this.#left < count) return -1;
    this.#left -= count;
    return this.#value;
  }

  read(target: Int32Array | Uint8Array, from: number, count: number): void {
    let at = from;
    let rest = count;
    while (rest > 0) {
      if (this.#left === 0) this.#nextRun();
      const take = Math.min(rest, this.#left);
      if (this.#repeated) target.fill(this.#value, at, at + take);
      else {
        unpackBits(this.#bytes, this.#view, this.#base, this.#bit, this.#width, target, at, take);
        this.#bit += take * this.#width;
      }
      this.#left -= take;
      at += take;
      rest -= take;
    }
  }

  skip(count: number): void {
    let rest = count;
    while (rest > 0) {
      if (this.#left === 0) this.#nextRun();
      const take = Math.min(rest, this.#left);
      if (!this.#repeated) this.#bit += take * this.#width;
      this.#left -= take;
      rest -= take;
    }
  }
}

/** The deprecated level encoding BIT_PACKED: most significant bit first, without runs. */
export function readBitPackedLevels(
  bytes: Uint8Array,
  from: number,
  width: number,
  target: Uint8Array,
  count: number,
): void {
  if (from + Math.ceil((count * width) / 8) > bytes.length) throw new ParquetFormatError("the levels are cut off");
  let bit = from * 8;
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let k = 0; k < width; k++, bit++) value = (value << 1) | ((bytes[bit >> 3]! >> (7 - (bit & 7))) & 1);
    target[i] = value;
  }
}
