import { encodeUtf8 } from "../../columnar/utf8.ts";

const wordMasks: readonly number[] = [0, 0xff, 0xffff, 0xffffff, -1];

/**
 * Looks up field names in bytes: a small open hash table over the length and the first four bytes of a name, then a
 * comparison four bytes at a time.
 */
export class KeyTable {
  readonly #byText: ReadonlyMap<string, number>;
  readonly #lengths: Int32Array;
  readonly #offsets: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #slots: Int32Array;
  readonly #mask: number;

  /** Names must be distinct. */
  constructor(names: readonly string[]) {
    this.#byText = new Map(names.map((name, i) => [name, i]));
    const encoded = names.map(encodeUtf8);
    this.#lengths = Int32Array.from(encoded, (bytes) => bytes.length);
    this.#offsets = new Int32Array(names.length);
    // Room to read a whole word at the last byte.
    this.#bytes = new Uint8Array(encoded.reduce((sum, bytes) => sum + bytes.length, 4));
    this.#view = new DataView(this.#bytes.buffer);
    let size = 4;
    while (size < names.length * 2) size *= 2;
    this.#slots = new Int32Array(size).fill(-1);
    this.#mask = size - 1;
    let at = 0;
    for (let i = 0; i < encoded.length; i++) {
      this.#bytes.set(encoded[i]!, at);
      this.#offsets[i] = at;
      const length = encoded[i]!.length;
      let slot = this.#hash(this.#view.getInt32(at, true) & wordMasks[length < 4 ? length : 4]!, length);
      at += length;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = i;
    }
  }

  #hash(word: number, length: number): number {
    const h = Math.imul(word ^ Math.imul(length, 0x85ebca6b), 0x9e3779b1);
    return (h ^ (h >>> 15)) & this.#mask;
  }

  /** Position of the name `bytes[start, end)`, or -1. `view` shows the same bytes, four of which follow `end`. */
  find(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const length = end - start;
    const word = view.getInt32(start, true) & wordMasks[length < 4 ? length : 4]!;
    for (let slot = this.#hash(word, length); ; slot = (slot + 1) & this.#mask) {
      const i = this.#slots[slot]!;
      if (i < 0) return -1;
      if (this.#lengths[i] === length && this.#equals(bytes, view, start, length, this.#offsets[i]!)) return i;
    }
  }

  findText(name: string): number {
    return this.#byText.get(name) ?? -1;
  }

  #equals(bytes: Uint8Array, view: DataView, start: number, length: number, at: number): boolean {
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (view.getInt32(start + i, true) !== this.#view.getInt32(at + i, true)) return false;
    }
    for (; i < length; i++) if (bytes[start + i] !== this.#bytes[at + i]) return false;
    return true;
  }
}
