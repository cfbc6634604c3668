/**
 * Finds entries by the first columns of their keys. Keys are UnsafeRows, and the row of some columns is not the beginning of
 * the row of more columns: null bits, slots and the variable part move. So columns are compared one by one.
 *
 * The index is a chained hash table over entry numbers in typed arrays, 12 to 16 bytes per entry. It holds present entries
 * only: a key that comes and goes leaves no trail that later lookups would have to walk.
 */
import type { StructType } from "../types/data-type.ts";
import { hashBytes } from "./murmur3.ts";
import { isInSlot, nullBitmapLength } from "./unsafe-row-layout.ts";

/** What must be known of keys to compare their first columns. */
export interface KeyPrefix {
  /** Where the slots of a whole key begin, and those of a row of the first columns alone. */
  readonly keySlots: number;
  readonly prefixSlots: number;
  /** For each of the first columns whether its value lies in its slot; otherwise the slot says where. */
  readonly inSlot: readonly boolean[];
}

/** The first `columns` columns of a key; undefined for none: there is nothing to look up by. */
export function keyPrefix(key: StructType, columns: number): KeyPrefix | undefined {
  if (columns === 0) return undefined;
  return {
    keySlots: nullBitmapLength(key.fields.length),
    prefixSlots: nullBitmapLength(columns),
    inSlot: key.fields.slice(0, columns).map(({ type }) => isInSlot(type)),
  };
}

export class PrefixIndex {
  readonly #prefix: KeyPrefix;
  /** First entry of each chain, plus one; a power of two of them. */
  #heads: Int32Array = new Int32Array(128);
  /** By entry: the next one of its chain, plus one, and the hash of its prefix. */
  #next: Int32Array = new Int32Array(64);
  #hashes: Int32Array = new Int32Array(64);
  #count = 0;

  constructor(prefix: KeyPrefix) {
    this.#prefix = prefix;
  }

  /** Memory held, in bytes. */
  get memoryBytes(): number {
    return 4 * (this.#heads.length + 2 * this.#next.length);
  }

  /** Adds an entry, whose key begins at `start`. */
  add(entry: number, bytes: Uint8Array, start: number): void {
    if (entry >= this.#next.length) this.#growEntries(entry + 1);
    if (this.#count >= this.#heads.length) this.#rehash();
    const hash = this.#hash(bytes, start, this.#prefix.keySlots);
    this.#hashes[entry] = hash;
    this.#link(entry, hash);
    this.#count++;
  }

  remove(entry: number): void {
    const heads = this.#heads;
    const next = this.#next;
    const bucket = this.#hashes[entry]! & (heads.length - 1);
    if (heads[bucket] === entry + 1) heads[bucket] = next[entry]!;
    else {
      let at = heads[bucket]! - 1;
      while (next[at] !== entry + 1) at = next[at]! - 1;
      next[at] = next[entry]!;
    }
    this.#count--;
  }

  /**
   * Calls back with the entries whose keys may begin with the columns of the row at `start`: those whose hash is that of the
   * row. Each may be removed meanwhile.
   */
  candidates(bytes: Uint8Array, start: number, found: (entry: number) => void): void {
    const hash = this.#hash(bytes, start, this.#prefix.prefixSlots);
    let entry = this.#heads[hash & (this.#heads.length - 1)]! - 1;
    while (entry >= 0) {
      const next = this.#next[entry]! - 1;
      if (this.#hashes[entry] === hash) found(entry);
      entry = next;
    }
  }

  #link(entry: number, hash: number): void {
    const bucket = hash & (this.#heads.length - 1);
    this.#next[entry] = this.#heads[bucket]!;
    this.#heads[bucket] = entry + 1;
  }

  /** Slots of NULLs are zero, so that they need not be told from other zeros here. */
  #hash(bytes: Uint8Array, start: number, slots: number): number {
    const { inSlot } = this.#prefix;
    let hash = 42;
    for (let column = 0; column < inSlot.length; column++) {
      const slot = start + slots + 8 * column;
      if (inSlot[column] === true) hash = hashBytes(bytes, slot, slot + 8, hash);
      else {
        const at = start + wordAt(bytes, slot + 4);
        hash = hashBytes(bytes, at, at + wordAt(bytes, slot), hash);
      }
    }
    return hash ^ (hash >>> 15);
  }

  /** Whether the key at `keyStart` begins with the columns of the row at `start`. */
  matches(bytes: Uint8Array, start: number, arena: Uint8Array, keyStart: number): boolean {
    const { inSlot, keySlots, prefixSlots } = this.#prefix;
    for (let column = 0; column < inSlot.length; column++) {
      const bit = 1 << (column & 7);
      if (((bytes[start + (column >> 3)]! ^ arena[keyStart + (column >> 3)]!) & bit) !== 0) return false;
      const slot = start + prefixSlots + 8 * column;
      const keySlot = keyStart + keySlots + 8 * column;
      if (inSlot[column] === true) {
        if (!sameBytes(bytes, slot, arena, keySlot, 8)) return false;
        continue;
      }
      const size = wordAt(bytes, slot);
      if (size !== wordAt(arena, keySlot)) return false;
      const at = start + wordAt(bytes, slot + 4);
      if (!sameBytes(bytes, at, arena, keyStart + wordAt(arena, keySlot + 4), size)) return false;
    }
    return true;
  }

  #growEntries(least: number): void {
    const length = Math.max(least, 2 * this.#next.length);
    const [next, hashes] = [new Int32Array(length), new Int32Array(length)];
    next.set(this.#next);
    hashes.set(this.#hashes);
    this.#next = next;
    this.#hashes = hashes;
  }

  #rehash(): void {
    const before = this.#heads;
    this.#heads = new Int32Array(2 * before.length);
    for (const head of before) {
      let entry = head - 1;
      while (entry >= 0) {
        const next = this.#next[entry]! - 1;
        this.#link(entry, this.#hashes[entry]!);
        entry = next;
      }
    }
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function sameBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  let same = 0;
  while (same < length && a[aStart + same] === b[bStart + same]) same++;
  return same === length;
}
