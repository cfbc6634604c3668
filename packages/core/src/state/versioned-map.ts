/**
 * A hash map from bytes to bytes with cheap rollback, the memory form of one state partition.
 *
 * Keys and values lie in one growing byte array; everything about entries is in typed arrays, so that a million keys are
 * not a million objects. Every commit seals an undo log: for each entry that the version touched first, the value it had
 * before. Rolling back applies the logs backwards; the newest logs are kept, older ones are dropped. The entries of the
 * current log, in order of their first change, are also what a delta file has to hold.
 */
import { assertInvariant } from "../errors/index.ts";
import { type KeyPrefix, PrefixIndex } from "./key-prefix.ts";
import { hashBytes, hashWords } from "./murmur3.ts";

const absent = -1;

// Fields of an entry: of its key the hash and the place, of its value the place and how long it may get there.
const hashAt = 0;
const keyStartAt = 1;
const keyLengthAt = 2;
const valueStartAt = 3;
/** {@link absent}: the key has no value. */
const valueLengthAt = 4;
const capacityAt = 5;
/** Serial number of the undo log that holds the entry's latest old value. */
const stampAt = 6;

/** What one version changed: entries in order of their first change and the values they had before. */
class UndoLog {
  entries: Int32Array = new Int32Array(64);
  /** Length of the old value, or -1 when the key was absent. */
  lengths: Int32Array = new Int32Array(64);
  bytes: Uint8Array = new Uint8Array(1024);
  #words: Int32Array = wordsOf(this.bytes);
  count = 0;
  end = 0;

  /** The log for another version, in the same memory unless that is very large for what was in it. */
  emptied(): UndoLog {
    if (this.entries.length > 8 * this.count + 1024 || this.bytes.length > 8 * this.end + 65_536) return new UndoLog();
    this.count = 0;
    this.end = 0;
    return this;
  }

  record(entry: number, arena: Uint8Array, arenaWords: Int32Array, start: number, length: number): void {
    const i = this.count++;
    if (i === this.entries.length) {
      this.entries = grownInts(this.entries, 2 * i);
      this.lengths = grownInts(this.lengths, 2 * i);
    }
    this.entries[i] = entry;
    this.lengths[i] = length;
    if (length <= 0) return;
    if (this.end + length > this.bytes.length) {
      this.bytes = grownBytes(this.bytes, this.end + length, this.end);
      this.#words = wordsOf(this.bytes);
    }
    copyWords(arena, arenaWords, start, length, this.bytes, this.#words, this.end);
    this.end += length;
  }
}

function grownInts(source: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length);
  grown.set(source);
  return grown;
}
function grownBytes(source: Uint8Array, needed: number, used: number): Uint8Array {
  const grown = new Uint8Array(Math.max(needed, 2 * source.length));
  grown.set(source.subarray(0, used));
  return grown;
}
/** Copies between two memories whose words are known, when both ranges consist of whole words. */
function copyWords(
  source: Uint8Array,
  words: Int32Array,
  start: number,
  length: number,
  target: Uint8Array,
  targetWords: Int32Array,
  at: number,
): void {
  if (length > wordwise || ((start | length | at) & 3) !== 0) return copyBytes(source, start, length, target, at);
  const [from, to, count] = [start >> 2, at >> 2, length >> 2];
  for (let i = 0; i < count; i++) targetWords[to + i] = words[from + i]!;
}
function copyBytes(source: Uint8Array, start: number, length: number, target: Uint8Array, at: number): void {
  if (length <= 32) for (let i = 0; i < length; i++) target[at + i] = source[start + i]!;
  else target.set(source.subarray(start, start + length), at);
}
function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}

/** Words of the arrays that keys and values come from: mostly the same buffer again and again. */
class SourceWords {
  #bytes: Uint8Array | null = null;
  #words: Int32Array | null = null;

  /** Null when the range does not consist of whole words of the array. UnsafeRows do. */
  of(bytes: Uint8Array, start: number, end: number): Int32Array | null {
    if (((start | end) & 3) !== 0) return null;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#words = (bytes.byteOffset & 3) === 0 ? wordsOf(bytes) : null;
    }
    return this.#words;
  }
}
/** Keys, or entries, of which each loop of a look ahead reads one thing. */
const keysAhead = 128;

/** Longer ranges are faster copied as a whole. */
const wordwise = 128;

function hashOf(bytes: Uint8Array, words: Int32Array | null, start: number, end: number): number {
  return words === null ? hashBytes(bytes, start, end, 0) : hashWords(words, start >> 2, end >> 2, 0);
}

export type VisitEntry = (
  arena: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
  entry: number,
) => void;

/** Entries have other numbers now: `moved[old]` is the new one, −1 when the entry is gone. */
export type EntriesMoved = (moved: Int32Array) => void;

export class VersionedMap {
  /** Called when sealing gives entries other numbers. */
  #follower: EntriesMoved | null = null;
  #arena: Uint8Array = new Uint8Array(4096);
  /** The same memory. */
  #arenaWords: Int32Array = wordsOf(this.#arena);
  readonly #keyWords: SourceWords = new SourceWords();
  readonly #valueWords: SourceWords = new SourceWords();
  #end = 0;
  /** Bytes of the arena that no entry needs any more. */
  #garbage = 0;
  #slots: Int32Array = new Int32Array(128);
  /** Of entry `e` the fields at `8 * e`: a cache line has all that must be known of two of them. */
  #fields: Int32Array = new Int32Array(8 * 64);
  /** Of {@link lookAhead}: what it reads is written somewhere, or V8 would not read it. */
  readonly #ahead: Int32Array = new Int32Array(keysAhead);
  #entryCount = 0;
  #liveCount = 0;
  #serial = 1;
  #undo: UndoLog = new UndoLog();
  /** Logs of the latest sealed versions, oldest first. */
  #sealed: UndoLog[] = [];
  readonly #keptVersions: number;
  readonly #prefix: KeyPrefix | undefined;
  /** Present entries by the first columns of their keys: made by the first look, and again after a compaction. */
  #index: PrefixIndex | null = null;

  /**
   * @param keptVersions how many sealed versions can be rolled back
   * @param prefix       by which first columns of keys {@link forEachWithPrefix} finds them
   */
  constructor(keptVersions = 2, prefix?: KeyPrefix) {
    this.#keptVersions = keptVersions;
    this.#prefix = prefix;
  }

  /** Where keys and values lie; another array after growth. */
  get arena(): Uint8Array {
    return this.#arena;
  }
  /** Number of keys. */
  get size(): number {
    return this.#liveCount;
  }
  /** Number of sealed versions that {@link rollback} can undo. */
  get rollbackDepth(): number {
    return this.#sealed.length;
  }
  /** Number of entries that the open version has touched. */
  get changedCount(): number {
    return this.#undo.count;
  }
  /** Memory held, in bytes. */
  get memoryBytes(): number {
    const logs = [this.#undo, ...this.#sealed];
    return (
      this.#arena.length +
      4 * (this.#slots.length + this.#fields.length) +
      (this.#index?.memoryBytes ?? 0) +
      logs.reduce((sum, log) => sum + log.bytes.length + 8 * log.entries.length, 0)
    );
  }

  /** Bytes of the keys and values alone, about: some that were removed are still there. */
  get contentBytes(): number {
    return this.#end - this.#garbage;
  }

  /** The entry of a key, or -1. Handles stay valid until the next commit, and longer for who listens to {@link follow}. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const words = this.#keyWords.of(bytes, start, end);
    const entry = this.#probe(bytes, words, start, end, hashOf(bytes, words, start, end));
    return entry >= 0 && this.#fields[(entry << 3) + valueLengthAt] !== absent ? entry : -1;
  }
  keyStart(entry: number): number {
    return this.#fields[(entry << 3) + keyStartAt]!;
  }
  keyEnd(entry: number): number {
    return this.#fields[(entry << 3) + keyStartAt]! + this.#fields[(entry << 3) + keyLengthAt]!;
  }
  valueStart(entry: number): number {
    return this.#fields[(entry << 3) + valueStartAt]!;
  }
  valueEnd(entry: number): number {
    return this.#fields[(entry << 3) + valueStartAt]! + this.#fields[(entry << 3) + valueLengthAt]!;
  }

  /** See `StateStore.lookAhead`. Each loop reads what the next one needs of all keys, so that the memory waits for none of them. */
  lookAhead(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, from: number, to: number): void {
    const words = this.#keyWords.of(bytes, starts[from] ?? 0, ends[from] ?? 0);
    if (words === null) return;
    const [slots, fields, arenaWords, ahead] = [this.#slots, this.#fields, this.#arenaWords, this.#ahead];
    const mask = slots.length - 1;
    for (let first = from; first < to; first += keysAhead) {
      const count = Math.min(keysAhead, to - first);
      for (let i = 0; i < count; i++) {
        const hash = hashWords(words, starts[first + i]! >> 2, ends[first + i]! >> 2, 0);
        ahead[i] = (hash ^ (hash >>> 15)) & mask;
      }
      for (let i = 0; i < count; i++) ahead[i] = slots[ahead[i]!]!;
      for (let i = 0; i < count; i++) ahead[i] = ahead[i] === 0 ? 0 : fields[((ahead[i]! - 1) << 3) + keyStartAt]!;
      for (let i = 0; i < count; i++) ahead[i] = arenaWords[ahead[i]! >> 2]!;
    }
  }

  /** See `StateStore.lookAheadAt`. */
  lookAheadAt(entries: Int32Array, from: number, to: number): void {
    const [fields, arenaWords, ahead] = [this.#fields, this.#arenaWords, this.#ahead];
    for (let first = from; first < to; first += keysAhead) {
      const count = Math.min(keysAhead, to - first);
      for (let i = 0; i < count; i++) ahead[i] = fields[(entries[first + i]! << 3) + keyStartAt]!;
      for (let i = 0; i < count; i++) ahead[i] = arenaWords[ahead[i]! >> 2]!;
    }
  }

  /** Entry (perhaps removed) of a key, or -1 - slot of the empty place where it belongs. */
  #probe(bytes: Uint8Array, words: Int32Array | null, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const fields = this.#fields;
    const mask = slots.length - 1;
    const length = end - start;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (entry < 0) return -1 - slot;
      const field = entry << 3;
      if (fields[field + hashAt] !== hash || fields[field + keyLengthAt] !== length) continue;
      const at = fields[field + keyStartAt]!;
      let same = 0;
      if (words !== null && (at & 3) === 0) {
        const arenaWords = this.#arenaWords;
        const [from, here, count] = [start >> 2, at >> 2, length >> 2];
        while (same < count && arenaWords[here + same] === words[from + same]) same++;
        if (same === count) return entry;
        continue;
      }
      const arena = this.#arena;
      while (same < length && arena[at + same] === bytes[start + same]) same++;
      if (same === length) return entry;
    }
  }

  #touch(entry: number): void {
    if (this.#fields[(entry << 3) + stampAt] === this.#serial) return;
    this.#fields[(entry << 3) + stampAt] = this.#serial;
    this.#undo.record(
      entry,
      this.#arena,
      this.#arenaWords,
      this.#fields[(entry << 3) + valueStartAt]!,
      this.#fields[(entry << 3) + valueLengthAt]!,
    );
  }

  /** Sets the value of a key. The ranges may lie in the arena itself. Returns the entry. */
  put(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const entry = this.#entryOf(key, keyStart, keyEnd);
    this.setValue(entry, value, valueStart, valueEnd);
    return entry;
  }

  /** Sets the value of a key that is not there. Returns its entry, or -1 when there is one already. */
  putNew(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const entry = this.#entryOf(key, keyStart, keyEnd);
    if (this.#fields[(entry << 3) + valueLengthAt] !== absent) return -1;
    this.setValue(entry, value, valueStart, valueEnd);
    return entry;
  }

  /** The entry of a key; a new one has no value yet. */
  #entryOf(key: Uint8Array, start: number, end: number): number {
    const words = this.#keyWords.of(key, start, end);
    const hash = hashOf(key, words, start, end);
    const entry = this.#probe(key, words, start, end, hash);
    return entry < 0 ? this.#insert(-1 - entry, key, words, start, end, hash) : entry;
  }

  #insert(slot: number, key: Uint8Array, words: Int32Array | null, start: number, end: number, hash: number): number {
    const entry = this.#entryCount++;
    if (entry << 3 === this.#fields.length) this.#fields = grownInts(this.#fields, 16 * entry);
    const length = end - start;
    this.#reserve(length);
    this.#copyIn(key, words, start, length, this.#end);
    this.#fields[(entry << 3) + hashAt] = hash;
    this.#fields[(entry << 3) + keyStartAt] = this.#end;
    this.#fields[(entry << 3) + keyLengthAt] = length;
    this.#end += length;
    this.#fields[(entry << 3) + valueStartAt] = this.#end;
    this.#fields[(entry << 3) + valueLengthAt] = absent;
    this.#fields[(entry << 3) + capacityAt] = 0;
    this.#fields[(entry << 3) + stampAt] = 0;
    this.#slots[slot] = entry + 1;
    if (2 * this.#entryCount > this.#slots.length) this.#rehash(4 * this.#entryCount);
    return entry;
  }

  /** Sets the value of an entry that {@link find} or {@link put} gave. */
  setValue(entry: number, value: Uint8Array, start: number, end: number): void {
    this.#touch(entry);
    const length = end - start;
    if (this.#fields[(entry << 3) + valueLengthAt] === absent) this.#appear(entry);
    if (length > this.#fields[(entry << 3) + capacityAt]!) {
      const capacity = (length + 7) & ~7;
      this.#reserve(capacity);
      this.#garbage += this.#fields[(entry << 3) + capacityAt]!;
      this.#fields[(entry << 3) + valueStartAt] = this.#end;
      this.#fields[(entry << 3) + capacityAt] = capacity;
      this.#end += capacity;
    }
    this.#copyIn(
      value,
      this.#valueWords.of(value, start, end),
      start,
      length,
      this.#fields[(entry << 3) + valueStartAt]!,
    );
    this.#fields[(entry << 3) + valueLengthAt] = length;
  }
  /** Copies a range, which may lie in the arena itself, to a place in the arena. */
  #copyIn(source: Uint8Array, words: Int32Array | null, start: number, length: number, at: number): void {
    if (words === null || length > wordwise || (at & 3) !== 0) return copyBytes(source, start, length, this.#arena, at);
    const arenaWords = this.#arenaWords;
    const [from, to, count] = [start >> 2, at >> 2, length >> 2];
    for (let i = 0; i < count; i++) arenaWords[to + i] = words[from + i]!;
  }

  /** Removes a key; false when it was not there. */
  remove(bytes: Uint8Array, start: number, end: number): boolean {
    const entry = this.find(bytes, start, end);
    if (entry < 0) return false;
    this.removeEntry(entry);
    return true;
  }
  removeEntry(entry: number): void {
    if (this.#fields[(entry << 3) + valueLengthAt] === absent) return;
    this.#touch(entry);
    this.#disappear(entry);
  }
  #appear(entry: number): void {
    this.#liveCount++;
    this.#index?.add(entry, this.#arena, this.#fields[(entry << 3) + keyStartAt]!);
  }
  #disappear(entry: number): void {
    this.#fields[(entry << 3) + valueLengthAt] = absent;
    this.#liveCount--;
    this.#index?.remove(entry);
  }

  /** Visits every key in the order of its first insertion. The visitor may change or remove the visited entry. */
  forEach(visit: VisitEntry): void {
    const count = this.#entryCount;
    for (let entry = 0; entry < count; entry++) this.#visit(entry, visit);
  }
  #visit(entry: number, visit: VisitEntry): void {
    const length = this.#fields[(entry << 3) + valueLengthAt]!;
    if (length === absent) return;
    const key = this.#fields[(entry << 3) + keyStartAt]!;
    const value = this.#fields[(entry << 3) + valueStartAt]!;
    visit(this.#arena, key, key + this.#fields[(entry << 3) + keyLengthAt]!, value, value + length, entry);
  }

  /** See `StateStore.entries`. */
  *entries(): IterableIterator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    for (let entry = 0; entry < this.#entryCount; entry++) {
      const end = this.valueEnd(entry);
      const start = this.valueStart(entry);
      if (end < start) continue;
      const key = this.#arena.subarray(this.keyStart(entry), this.keyEnd(entry));
      yield { key, value: this.#arena.subarray(start, end) };
    }
  }

  /**
   * Visits the keys whose first columns are those of a row of them, in no particular order. The visitor may change or remove
   * the visited entry. The time grows with what is found, but for the first look, which goes through all keys.
   */
  forEachWithPrefix(row: Uint8Array, start: number, visit: VisitEntry): void {
    const index = (this.#index ??= this.#indexed());
    index.candidates(row, start, (entry) => {
      if (index.matches(row, start, this.#arena, this.keyStart(entry))) this.#visit(entry, visit);
    });
  }
  #indexed(): PrefixIndex {
    assertInvariant(this.#prefix !== undefined, "this state is not looked up by the beginnings of keys");
    const index = new PrefixIndex(this.#prefix);
    this.forEach((arena, keyStart, _keyEnd, _valueStart, _valueEnd, entry) => index.add(entry, arena, keyStart));
    return index;
  }

  /** Visits what the open version changed, in order of the first change; a removed key has `valueEnd` -1. */
  forEachChange(visit: VisitEntry): void {
    const { entries, lengths, count } = this.#undo;
    for (let i = 0; i < count; i++) {
      // Changes are all over the memory.
      if (i % keysAhead === 0) this.lookAheadAt(entries, i, Math.min(count, i + keysAhead));
      const entry = entries[i]!;
      const key = this.keyStart(entry);
      if (this.#fields[(entry << 3) + valueLengthAt] !== absent) this.#visit(entry, visit);
      // A key that came and went within the version never was in a file.
      else if (lengths[i] !== absent) visit(this.#arena, key, this.keyEnd(entry), absent, absent, entry);
    }
  }

  /** See `StateStore.follow`. */
  follow(listener: EntriesMoved): boolean {
    const known = this.#follower === listener;
    this.#follower = listener;
    return known;
  }
  /** Nothing here was only read. */
  relieve(): void {}

  /** Ends the open version: it can now be rolled back as a whole. */
  seal(): void {
    this.#sealed.push(this.#undo);
    const dropped = this.#sealed.length > this.#keptVersions ? this.#sealed.shift() : undefined;
    this.#undo = dropped?.emptied() ?? new UndoLog();
    this.#serial++;
    const removed = this.#entryCount - this.#liveCount;
    if (this.#garbage > 65_536 && 2 * this.#garbage > this.#end) this.#compact();
    else if (removed > 4096 && 2 * removed > this.#entryCount) this.#compact();
  }

  /** Gives up rolling back what was sealed so far. */
  forgetSealed(): void {
    this.#sealed = [];
  }

  /** Forgets the changes of the open version. */
  abort(): void {
    this.#apply(this.#undo);
    this.#undo = new UndoLog();
    this.#serial++;
  }

  /** Undoes the latest sealed version; nothing may have been changed since. */
  rollback(): void {
    const log = this.#sealed.pop();
    if (log !== undefined) this.#apply(log);
    this.#serial++;
  }

  #apply(log: UndoLog): void {
    let at = log.end;
    for (let i = log.count - 1; i >= 0; i--) {
      const entry = log.entries[i]!;
      const length = log.lengths[i]!;
      const wasLive = this.#fields[(entry << 3) + valueLengthAt] !== absent;
      if (length === absent) {
        if (wasLive) this.#disappear(entry);
        continue;
      }
      at -= length;
      if (!wasLive) this.#appear(entry);
      // The entry's place held this value before and places never shrink.
      copyBytes(log.bytes, at, length, this.#arena, this.#fields[(entry << 3) + valueStartAt]!);
      this.#fields[(entry << 3) + valueLengthAt] = length;
    }
  }

  #reserve(length: number): void {
    if (this.#end + length > this.#arena.length) this.#lay(grownBytes(this.#arena, this.#end + length, this.#end));
  }
  #lay(arena: Uint8Array): void {
    this.#arena = arena;
    this.#arenaWords = wordsOf(arena);
  }

  #rehash(minimum: number): void {
    const length = 2 ** Math.ceil(Math.log2(Math.max(128, minimum)));
    const slots = new Int32Array(length);
    const mask = length - 1;
    for (let entry = 0; entry < this.#entryCount; entry++) {
      const hash = this.#fields[(entry << 3) + hashAt]!;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
  }

  /** Moves what is needed into a new arena: live entries, and removed ones that a kept undo log may bring back. */
  #compact(): void {
    const needed = new Uint8Array(this.#entryCount);
    for (const log of this.#sealed) for (let i = 0; i < log.count; i++) needed[log.entries[i]!] = 1;
    const moved = new Int32Array(this.#entryCount).fill(-1);
    const source = this.#arena;
    let size = 0;
    for (let entry = 0; entry < this.#entryCount; entry++) {
      if (this.#fields[(entry << 3) + valueLengthAt] !== absent) needed[entry] = 1;
      if (needed[entry] === 1)
        size += this.#fields[(entry << 3) + keyLengthAt]! + this.#fields[(entry << 3) + capacityAt]!;
    }
    const target = new Uint8Array(Math.max(4096, Math.ceil(size * 1.25)));
    const [sourceWords, targetWords] = [this.#arenaWords, wordsOf(target)];
    let end = 0;
    let kept = 0;
    for (let entry = 0; entry < this.#entryCount; entry++) {
      if (needed[entry] === 0) continue;
      const keyLength = this.#fields[(entry << 3) + keyLengthAt]!;
      const capacity = this.#fields[(entry << 3) + capacityAt]!;
      copyWords(source, sourceWords, this.#fields[(entry << 3) + keyStartAt]!, keyLength, target, targetWords, end);
      this.#fields[(kept << 3) + keyStartAt] = end;
      end += keyLength;
      copyWords(source, sourceWords, this.#fields[(entry << 3) + valueStartAt]!, capacity, target, targetWords, end);
      this.#fields[(kept << 3) + valueStartAt] = end;
      end += capacity;
      this.#fields[(kept << 3) + hashAt] = this.#fields[(entry << 3) + hashAt]!;
      this.#fields[(kept << 3) + keyLengthAt] = keyLength;
      this.#fields[(kept << 3) + valueLengthAt] = this.#fields[(entry << 3) + valueLengthAt]!;
      this.#fields[(kept << 3) + capacityAt] = capacity;
      this.#fields[(kept << 3) + stampAt] = this.#fields[(entry << 3) + stampAt]!;
      moved[entry] = kept++;
    }
    for (const log of this.#sealed) {
      for (let i = 0; i < log.count; i++) log.entries[i] = moved[log.entries[i]!]!;
    }
    this.#lay(target);
    this.#end = end;
    this.#garbage = 0;
    this.#index = null;
    this.#entryCount = kept;
    this.#rehash(4 * kept);
    this.#follower?.(moved);
  }
}
