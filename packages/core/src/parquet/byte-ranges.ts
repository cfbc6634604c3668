import { ParquetFormatError } from "./format-error.ts";

interface Piece {
  readonly from: number;
  readonly bytes: Uint8Array;
}

/** Growing column of byte ranges: values point into the bytes of pages and dictionaries, which are not copied. */
export class ByteRanges {
  starts: Int32Array;
  ends: Int32Array;
  /** Which bytes the values from a position on point into. */
  #pieces: Piece[] = [];

  constructor(capacity: number) {
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
  }

  /** Forgets all values. */
  reset(): void {
    this.#pieces = [];
  }

  reserve(capacity: number): void {
    if (capacity <= this.starts.length) return;
    const size = Math.max(capacity, this.starts.length * 2);
    this.starts = grown(this.starts, size);
    this.ends = grown(this.ends, size);
  }

  /** The values from `at` on point into `bytes`. */
  use(bytes: Uint8Array, at: number): void {
    const last = this.#pieces.at(-1);
    if (last === undefined || last.bytes !== bytes) this.#pieces.push({ from: at, bytes });
  }

  /** The bytes that all values before `length` point into; ranges of several pages are brought together. */
  join(length: number): Uint8Array {
    const pieces = this.#pieces;
    if (pieces.length <= 1) return pieces[0]?.bytes ?? empty;
    const { starts, ends } = this;
    const used = pieces.map(({ from }, p) => {
      const to = pieces[p + 1]?.from ?? length;
      let low = 0x7fff_ffff;
      let high = 0;
      for (let i = from; i < to; i++) {
        if (ends[i] === starts[i]) continue;
        if (starts[i]! < low) low = starts[i]!;
        if (ends[i]! > high) high = ends[i]!;
      }
      return { from, to, low: Math.min(low, high), high };
    });
    const size = used.reduce((sum, range) => sum + range.high - range.low, 0);
    if (size > 0x7fff_ffff) throw new ParquetFormatError(`a batch of values has ${size} bytes`);
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const [p, { from, to, low, high }] of used.entries()) {
      bytes.set(pieces[p]!.bytes.subarray(low, high), at);
      const shift = at - low;
      for (let i = from; i < to; i++) {
        if (ends[i] === starts[i]) starts[i] = ends[i] = 0;
        else {
          starts[i] = starts[i]! + shift;
          ends[i] = ends[i]! + shift;
        }
      }
      at += high - low;
    }
    return bytes;
  }
}

const empty = new Uint8Array(0);

export function grown(array: Int32Array, size: number): Int32Array {
  const result = new Int32Array(size);
  result.set(array);
  return result;
}
