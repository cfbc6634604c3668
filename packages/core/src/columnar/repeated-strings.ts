/**
 * Strings of a column that come again and again (kinds, codes, keys of small sets): a value with the bytes of one that
 * was read lately is the same JavaScript string, neither decoded nor allocated again. A column whose values differ is
 * noticed, and decoded without looking for most of its rows.
 */
import { decodeUtf8 } from "./utf8.ts";

const slots = 2048;
/** Longer strings are decoded; a multiple of 4. */
const longest = 48;
/** Words of a slot: those of the value, then its last four bytes. */
const slotWords = longest / 4 + 1;
/** Hits and misses are compared after so many values … */
const trial = 1024;
/** … and when fewer than a quarter were hits, so many values are decoded without looking. */
const pause = 32_768;

export class RepeatedStrings {
  readonly #texts = new Array<string>(slots).fill("");
  readonly #lengths = new Uint8Array(slots);
  readonly #words = new Int32Array(slots * slotWords);
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #tried = 0;
  #hits = 0;
  #pause = 0;

  /** The string of `bytes[start, end)`, as `decodeUtf8` makes it. */
  read(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (this.#pause > 0) {
      this.#pause--;
      return decodeUtf8(bytes, start, end);
    }
    if (length < 4 || length > longest) return decodeUtf8(bytes, start, end);
    if (++this.#tried === trial) {
      if (this.#hits * 4 < trial) this.#pause = pause;
      this.#tried = 0;
      this.#hits = 0;
    }
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const view = this.#view;
    const words = this.#words;
    const last = view.getInt32(end - 4, true);
    const first = view.getInt32(start, true);
    const hash = Math.imul(first ^ length, 0x9e3779b1) ^ Math.imul(last, 0x85ebca6b);
    const slot = ((hash ^ (hash >>> 15)) >>> 5) & (slots - 1);
    const base = slot * slotWords;
    const size = length >> 2;
    if (this.#lengths[slot] === length && words[base + size] === last && words[base] === first) {
      let i = 1;
      while (i < size && words[base + i] === view.getInt32(start + 4 * i, true)) i++;
      if (i === size) {
        this.#hits++;
        return this.#texts[slot]!;
      }
    }
    const text = decodeUtf8(bytes, start, end);
    for (let i = 0; i < size; i++) words[base + i] = view.getInt32(start + 4 * i, true);
    words[base + size] = last;
    this.#lengths[slot] = length;
    this.#texts[slot] = text;
    return text;
  }
}
