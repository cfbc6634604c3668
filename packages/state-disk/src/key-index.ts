/**
 * Which entries have a hash: an open-addressing table of pairs (entry + 1, hash). Keys themselves are compared by the caller.
 *
 * The table consists of parts that grow one after another, each at a load of its own, so that a batch that adds a few keys to
 * many never pays for all of them: 11 to 30 bytes for each entry.
 */
import { hashBytes, hashWords } from "millrace/engine";
import { wordsOf } from "./record.ts";

const partBits = 6;
const partCount = 1 << partBits;
const leastPairs = 8;

export class KeyIndex {
  readonly #parts: Int32Array[] = Array.from({ length: partCount }, () => new Int32Array(2 * leastPairs));
  readonly #counts: Int32Array = new Int32Array(partCount);
  /** Where the search for a hash is: set by {@link first}, moved by {@link next}. */
  #part: Int32Array = this.#parts[0]!;
  #hash = 0;
  #at = 0;
  #bytes = partCount * 8 * leastPairs;

  /** Memory held, in bytes. */
  get memoryBytes(): number {
    return this.#bytes;
  }

  /** The first entry with a hash, or -1. */
  first(hash: number): number {
    const part = this.#parts[hash >>> (32 - partBits)]!;
    this.#part = part;
    this.#hash = hash;
    this.#at = placeOf(hash, part.length);
    return this.#seek();
  }
  /** The next one after the entry that was found last. */
  next(): number {
    this.#at = (this.#at + 2) & (this.#part.length - 1);
    return this.#seek();
  }
  #seek(): number {
    const part = this.#part;
    const mask = part.length - 1;
    const hash = this.#hash;
    for (let at = this.#at; ; at = (at + 2) & mask) {
      const entry = part[at]! - 1;
      if (entry >= 0 && part[at + 1] !== hash) continue;
      this.#at = at;
      return entry;
    }
  }

  /** Adds an entry that is not there. */
  add(entry: number, hash: number): void {
    const number = hash >>> (32 - partBits);
    let part = this.#parts[number]!;
    const count = ++this.#counts[number]!;
    // Between a half and three quarters full, each part at another load: count / pairs > 1/2 + number / 256.
    if (512 * count > part.length * (128 + number)) part = this.#grow(number, part);
    insert(part, entry, hash);
  }

  /** Removes an entry that is there. */
  remove(entry: number, hash: number): void {
    const number = hash >>> (32 - partBits);
    const part = this.#parts[number]!;
    const mask = part.length - 1;
    let hole = placeOf(hash, part.length);
    while (part[hole] !== entry + 1) hole = (hole + 2) & mask;
    this.#counts[number]!--;
    // What lies behind moves up where its search would end at the hole.
    for (let at = (hole + 2) & mask; part[at] !== 0; at = (at + 2) & mask) {
      const home = placeOf(part[at + 1]!, part.length);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      part[hole] = part[at]!;
      part[hole + 1] = part[at + 1]!;
      hole = at;
    }
    part[hole] = 0;
  }

  #grow(number: number, part: Int32Array): Int32Array {
    const grown = new Int32Array(2 * part.length);
    for (let at = 0; at < part.length; at += 2) if (part[at] !== 0) insert(grown, part[at]! - 1, part[at + 1]!);
    this.#parts[number] = grown;
    this.#bytes += 4 * part.length;
    return grown;
  }
}

/** Where in a part the search for a hash begins. Its first bits have chosen the part. */
function placeOf(hash: number, length: number): number {
  return ((hash ^ (hash >>> 15)) << 1) & (length - 1);
}

function insert(part: Int32Array, entry: number, hash: number): void {
  const mask = part.length - 1;
  let at = placeOf(hash, part.length);
  while (part[at] !== 0) at = (at + 2) & mask;
  part[at] = entry + 1;
  part[at + 1] = hash;
}

/** Hashes of keys. They mostly come from the same array again and again, and consist of whole words. */
export class KeyHashes {
  #bytes: Uint8Array | null = null;
  #words: Int32Array | null = null;

  of(bytes: Uint8Array, start: number, end: number): number {
    if (((start | end) & 3) !== 0) return hashBytes(bytes, start, end, 0);
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#words = (bytes.byteOffset & 3) === 0 ? wordsOf(bytes) : null;
    }
    const words = this.#words;
    return words === null ? hashBytes(bytes, start, end, 0) : hashWords(words, start >> 2, end >> 2, 0);
  }
}
