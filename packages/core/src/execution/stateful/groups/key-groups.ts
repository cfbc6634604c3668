/** The rows of a batch by their keys: which keys there are, in the order of their first rows, and the rows of each. */
import type { Vector } from "../../../columnar/vector.ts";
import { hashWords } from "../../../state/murmur3.ts";
import { RowsEncoder } from "../../../state/unsafe-row.ts";

/** Rows that are encoded, and looked up, at a stretch. */
const rowsPerStretch = 128;

export class KeyGroups {
  /** Number of keys. */
  count = 0;
  /** Keys as UnsafeRows; those of group `g` in `bytes[starts[g], starts[g + 1])`. */
  bytes: Uint8Array = new Uint8Array(4096);
  starts: Int32Array = new Int32Array(65);
  /** Rows of group `g`: `order[offsets[g] … offsets[g + 1])`, in the order in which they came. */
  readonly order: Int32Array;
  readonly offsets: Int32Array;
  #words: Int32Array = new Int32Array(this.bytes.buffer);
  #hashes: Int32Array = new Int32Array(64);
  #slots: Int32Array = new Int32Array(256);
  /** Of `#readAhead`: what it reads is written somewhere, or V8 would not read it. */
  readonly #ahead: Int32Array = new Int32Array(rowsPerStretch);

  /** @param expected about how many keys there will be */
  constructor(keys: Vector, length: number, expected = 0) {
    if (expected > 64) {
      this.bytes = new Uint8Array(16 * expected);
      this.#words = new Int32Array(this.bytes.buffer);
      this.starts = new Int32Array(expected + 1);
      this.#hashes = new Int32Array(expected);
      this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * expected)));
    }
    const encoder = new RowsEncoder();
    encoder.bind([keys]);
    const groups = new Int32Array(length);
    const hashes = new Int32Array(rowsPerStretch);
    for (let from = 0; from < length; from += rowsPerStretch) {
      const count = Math.min(rowsPerStretch, length - from);
      const { bytes, starts, ends } = encoder.encode(from, from + count);
      const words = new Int32Array(bytes.buffer);
      for (let i = 0; i < count; i++) hashes[i] = hashWords(words, starts[i]! >> 2, ends[i]! >> 2, 0);
      this.#readAhead(hashes, count);
      for (let i = 0; i < count; i++) {
        groups[from + i] = this.#groupOf(words, starts[i]! >> 2, (ends[i]! - starts[i]!) >> 2, hashes[i]!);
      }
    }
    const offsets = new Int32Array(this.count + 1);
    for (let i = 0; i < length; i++) offsets[groups[i]! + 1]!++;
    for (let g = 0; g < this.count; g++) offsets[g + 1]! += offsets[g]!;
    const next = offsets.slice(0, this.count);
    const order = new Int32Array(length);
    for (let i = 0; i < length; i++) order[next[groups[i]!]!++] = i;
    this.order = order;
    this.offsets = offsets;
  }

  /** Whether a key of other groups is among these. */
  has(other: KeyGroups, group: number): boolean {
    const [start, end] = [other.starts[group]! >> 2, other.starts[group + 1]! >> 2];
    return this.#slots[this.#slotOf(other.#words, start, end - start, other.#hashes[group]!)] !== 0;
  }

  /** Reads the slots and the keys of these hashes, so that the memory waits for none of them. */
  #readAhead(hashes: Int32Array, count: number): void {
    const [slots, starts, keyWords, ahead] = [this.#slots, this.starts, this.#words, this.#ahead];
    const mask = slots.length - 1;
    for (let i = 0; i < count; i++) ahead[i] = slots[(hashes[i]! ^ (hashes[i]! >>> 15)) & mask]!;
    for (let i = 0; i < count; i++) ahead[i] = ahead[i] === 0 ? 0 : starts[ahead[i]! - 1]!;
    for (let i = 0; i < count; i++) ahead[i] = keyWords[ahead[i]! >> 2]!;
  }

  /** The group whose key is `words[from, from + count)`. */
  #groupOf(words: Int32Array, from: number, count: number, hash: number): number {
    const slot = this.#slotOf(words, from, count, hash);
    const group = this.#slots[slot]! - 1;
    return group < 0 ? this.#insert(slot, hash, words, from, count) : group;
  }

  /** The slot that the key has, or would have. */
  #slotOf(words: Int32Array, from: number, count: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const group = slots[slot]! - 1;
      if (group < 0 || (this.#hashes[group] === hash && this.#isKey(group, words, from, count))) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isKey(group: number, words: Int32Array, from: number, count: number): boolean {
    const at = this.starts[group]! >> 2;
    if (this.starts[group + 1]! >> 2 !== at + count) return false;
    let i = 0;
    while (i < count && this.#words[at + i] === words[from + i]) i++;
    return i === count;
  }

  #insert(slot: number, hash: number, words: Int32Array, from: number, count: number): number {
    const group = this.count++;
    if (group === this.#hashes.length) this.#grow();
    const at = this.starts[group]!;
    const end = at + 4 * count;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.bytes.length, (end + 7) & ~7));
      grown.set(this.bytes);
      this.bytes = grown;
      this.#words = new Int32Array(grown.buffer);
    }
    for (let i = 0; i < count; i++) this.#words[(at >> 2) + i] = words[from + i]!;
    this.starts[group + 1] = end;
    this.#hashes[group] = hash;
    this.#slots[slot] = group + 1;
    if (2 * this.count > this.#slots.length) this.#rehash();
    return group;
  }

  #grow(): void {
    const hashes = new Int32Array(2 * this.#hashes.length);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const starts = new Int32Array(hashes.length + 1);
    starts.set(this.starts);
    this.starts = starts;
  }

  #rehash(): void {
    const slots = new Int32Array(4 * this.#slots.length);
    const mask = slots.length - 1;
    for (let group = 0; group < this.count; group++) {
      const hash = this.#hashes[group]!;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = group + 1;
    }
    this.#slots = slots;
  }
}
