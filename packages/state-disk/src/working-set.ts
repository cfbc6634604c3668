/**
 * The entries that lie in memory: those that the open version has changed, and those that were read and may be asked for again.
 * Records lie in one arena, each behind two words: the room for its value, and whether it was changed.
 */
import { copyRange, headerBytes, keyLengthAt, padded, valueLengthAt, wordsOf } from "./record.ts";

const prefixBytes = 8;
/** No record lies here: the place of an entry that has left. */
const nowhere = 0;
const firstRecord = 16;
const leastArena = 1 << 16;
const leastTable = 256;

export class WorkingSet {
  arena: Uint8Array = new Uint8Array(leastArena);
  words: Int32Array = wordsOf(this.arena);
  #end = firstRecord;
  /** Pairs of entry + 1 and place / 8. */
  #table: Int32Array = new Int32Array(2 * leastTable);
  #count = 0;

  /** Memory held, in bytes. */
  get memoryBytes(): number {
    return this.arena.length + 4 * this.#table.length;
  }
  /** Bytes of the records, those included that others have replaced. */
  get usedBytes(): number {
    return this.#end;
  }

  /** Where the record of an entry lies in the arena, or -1. */
  find(entry: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = placeOf(entry, mask); ; at = (at + 2) & mask) {
      const found = table[at]!;
      if (found === entry + 1) return table[at + 1] === nowhere ? -1 : 8 * table[at + 1]!;
      if (found === 0) return -1;
    }
  }
  /** Says where the record of an entry lies. */
  set(entry: number, place: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = placeOf(entry, mask);
    while (table[at] !== 0 && table[at] !== entry + 1) at = (at + 2) & mask;
    if (table[at] === 0) this.#count++;
    table[at] = entry + 1;
    table[at + 1] = place / 8;
    if (4 * this.#count > table.length) this.#growTable();
  }
  forget(entry: number): void {
    if (this.find(entry) >= 0) this.set(entry, nowhere);
  }

  capacity(place: number): number {
    return this.words[(place >> 2) - 2]!;
  }
  isChanged(place: number): boolean {
    return this.words[(place >> 2) - 1] === 1;
  }
  setChanged(place: number, changed: boolean): void {
    this.words[(place >> 2) - 1] = changed ? 1 : 0;
  }
  keyLength(place: number): number {
    return this.words[(place >> 2) + keyLengthAt]!;
  }
  valueLength(place: number): number {
    return this.words[(place >> 2) + valueLengthAt]!;
  }
  setValueLength(place: number, length: number): void {
    this.words[(place >> 2) + valueLengthAt] = length;
  }
  valuePlace(place: number): number {
    return place + headerBytes + padded(this.keyLength(place));
  }

  /** A place for a record with so much room for its key and its value; the header is not written. */
  place(keyLength: number, capacity: number): number {
    const place = this.reserve(headerBytes + padded(keyLength) + capacity);
    this.words[(place >> 2) - 2] = capacity;
    this.words[(place >> 2) - 1] = 0;
    this.#end = place + headerBytes + padded(keyLength) + capacity;
    return place;
  }
  /** Where the next record would lie; so many bytes are there behind it. */
  reserve(bytes: number): number {
    const place = this.#end + prefixBytes;
    if (place + bytes > this.arena.length) {
      const grown = new Uint8Array(Math.max(padded(place + bytes), 2 * this.arena.length));
      grown.set(this.arena.subarray(0, this.#end));
      this.#lay(grown);
    }
    return place;
  }

  /** Forgets everything. */
  clear(largest: number): void {
    if (this.arena.length > Math.max(leastArena, 2 * largest)) this.#lay(new Uint8Array(leastArena));
    this.#table = new Int32Array(2 * leastTable);
    this.#count = 0;
    this.#end = firstRecord;
  }

  /** Forgets all but the records of some entries. */
  keep(entries: Int32Array, count: number): void {
    const before = { arena: this.arena, places: Array.from(entries.subarray(0, count), (entry) => this.find(entry)) };
    const words = this.words;
    this.#lay(new Uint8Array(leastArena));
    this.clear(0);
    for (let i = 0; i < count; i++) {
      const from = before.places[i]!;
      if (from < 0) continue;
      const capacity = words[(from >> 2) - 2]!;
      const keyLength = words[(from >> 2) + keyLengthAt]!;
      const to = this.place(keyLength, capacity);
      const bytes = headerBytes + padded(keyLength) + capacity;
      copyRange(before.arena, from, from + bytes, this.arena, to);
      this.setChanged(to, words[(from >> 2) - 1] === 1);
      this.set(entries[i]!, to);
    }
  }

  #lay(arena: Uint8Array): void {
    this.arena = arena;
    this.words = wordsOf(arena);
  }
  #growTable(): void {
    const before = this.#table;
    const table = new Int32Array(2 * before.length);
    const mask = table.length - 1;
    this.#count = 0;
    for (let from = 0; from < before.length; from += 2) {
      if (before[from] === 0 || before[from + 1] === nowhere) continue;
      let at = placeOf(before[from]! - 1, mask);
      while (table[at] !== 0) at = (at + 2) & mask;
      table[at] = before[from]!;
      table[at + 1] = before[from + 1]!;
      this.#count++;
    }
    this.#table = table;
  }
}

/** Entries are numbers from zero on: neighbours are often asked for together. */
function placeOf(entry: number, mask: number): number {
  return ((Math.imul(entry, 0x9e3779b1) >>> 4) << 1) & mask;
}
