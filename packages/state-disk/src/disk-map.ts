/**
 * A map from bytes to bytes whose records lie in a log on disk; in memory are an index of the hashes of keys, the places of the
 * records, and a working set: what the open version has changed and what was read lately.
 *
 * An entry is a number that stands for a key as long as the key is there, also in later versions and after a restart. Changes
 * lie in the working set until they are written by {@link prepare}; nothing on disk is changed by them, so giving up a version
 * is forgetting the working set.
 */
import { assertInvariant, type EntriesMoved, PrefixIndex, type StateMap, type VisitEntry } from "millrace/engine";
import { ChunkWriter } from "./chunk-writer.ts";
import type { DiskMapCounts, DiskMapOptions } from "./disk-map-options.ts";
import { KeyHashes, KeyIndex } from "./key-index.ts";
import { LogCleaner } from "./log-cleaner.ts";
import { Places } from "./places.ts";
import { lastMark, readRecords } from "./recover-log.ts";
import { damagedRecord, forEachPlace, recordBytesAt, visitRecord } from "./scan.ts";
import { absent, copyRange, hashAt, headerBytes, keyLengthAt, padded, recordBytes, valueLengthAt } from "./record.ts";
import { ChunkCursor, chunkKinds, type Mark, type SegmentLog } from "./segment-log.ts";
import { WorkingSet } from "./working-set.ts";

/** Read at once of a record that is not in memory. */
const firstRead = 256;

export class DiskMap implements StateMap {
  readonly counts: DiskMapCounts = { hits: 0, misses: 0, readBytes: 0 };
  readonly log: SegmentLog;
  readonly places: Places = new Places();
  readonly #options: DiskMapOptions;
  readonly #working: WorkingSet = new WorkingSet();
  readonly #writer: ChunkWriter;
  #index: KeyIndex = new KeyIndex();
  readonly #hashes: KeyHashes = new KeyHashes();
  #prefixIndex: PrefixIndex | null = null;
  #entryCount = 0;
  #free: number[] = [];
  /** Entries that the open version has touched, in order of the first change. */
  #changed: Int32Array = new Int32Array(64);
  #changedCount = 0;
  #live = 0;
  /** Of the version that was committed last. */
  #committedLive = 0;
  /** Bytes on disk of the records that count, and of those that the open version replaces. */
  #liveBytes = 0;
  #replacedBytes = 0;
  // What prepare has written, by record.
  #written: { entries: number[]; slots: number[]; words: number[]; bytes: number } | null = null;
  #preparedAt: SegmentLog["end"] | null = null;
  readonly #cleaner: LogCleaner;
  /** While somebody reads the log in pieces: told of records that are replaced; nothing is moved or removed meanwhile. */
  onReplaced: ((slot: number, word: number) => void) | null = null;
  /** Who knows the entries of this memory; they keep their numbers as long as it is there. */
  #follower: EntriesMoved | null = null;
  // The record that a scan has before it.
  #scannedEntry = -1;
  #scannedPlace = 0;
  #scannedChunk: ChunkCursor | null = null;

  constructor(log: SegmentLog, options: DiskMapOptions) {
    this.log = log;
    this.#options = options;
    this.#writer = new ChunkWriter(log, options.chunkBytes);
    this.#cleaner = new LogCleaner(log, this.places, this.#writer, options.idleBytes);
  }

  get size(): number {
    return this.#live;
  }
  get changedCount(): number {
    return this.#changedCount;
  }
  get arena(): Uint8Array {
    return this.#working.arena;
  }
  get memoryBytes(): number {
    return (
      this.#index.memoryBytes +
      this.places.memoryBytes +
      this.#working.memoryBytes +
      this.#writer.memoryBytes +
      4 * this.#changed.length +
      8 * this.#free.length +
      (this.#prefixIndex?.memoryBytes ?? 0)
    );
  }
  get copiedBytes(): number {
    return this.#cleaner.copiedBytes;
  }
  /** Bytes of the records that count, headers included. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  // Looking up.

  find(bytes: Uint8Array, start: number, end: number): number {
    const entry = this.#lookUp(bytes, start, end, this.#hashes.of(bytes, start, end));
    return entry >= 0 && this.#working.valueLength(this.#foundAt) !== absent ? entry : -1;
  }
  keyStart(entry: number): number {
    return this.#resident(entry) + headerBytes;
  }
  keyEnd(entry: number): number {
    const place = this.#resident(entry);
    return place + headerBytes + this.#working.keyLength(place);
  }
  /** An entry that is gone ends before it begins. */
  valueStart(entry: number): number {
    return this.#isGone(entry) ? 0 : this.#working.valuePlace(this.#resident(entry));
  }
  valueEnd(entry: number): number {
    if (this.#isGone(entry)) return absent;
    const place = this.#resident(entry);
    return this.#working.valuePlace(place) + this.#working.valueLength(place);
  }
  /** Whether the number stands for no key, any more. */
  #isGone(entry: number): boolean {
    return this.#working.find(entry) < 0 && !this.places.has(entry);
  }

  /** Everything is looked up one by one. */
  lookAhead(): void {}
  lookAheadAt(): void {}

  /** Where the record of the entry lies that {@link #lookUp} has found. */
  #foundAt = 0;
  #lookUp(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const length = end - start;
    for (let entry = this.#index.first(hash); entry >= 0; entry = this.#index.next()) {
      const place = this.#resident(entry);
      if (this.#working.keyLength(place) !== length) continue;
      const { arena } = this.#working;
      const at = place + headerBytes;
      let same = 0;
      while (same < length && arena[at + same] === bytes[start + same]) same++;
      if (same < length) continue;
      this.#foundAt = place;
      return entry;
    }
    return -1;
  }

  /** Where the record of an entry lies in the arena; it is read when it is not there. */
  #resident(entry: number): number {
    const found = this.#working.find(entry);
    if (found >= 0) {
      this.counts.hits++;
      return found;
    }
    if (this.#scannedEntry === entry) return this.#keep(entry, this.#scannedChunk!, this.#scannedPlace);
    assertInvariant(this.places.has(entry), `the entry ${entry} of the state is nowhere`);
    this.counts.misses++;
    const slot = this.places.slot(entry);
    const word = this.places.word(entry);
    const working = this.#working;
    let place = working.reserve(firstRead);
    let read = this.log.read(slot, word, working.arena, place, firstRead);
    const bytes = read < headerBytes ? headerBytes : recordBytesAt(working.words, place);
    if (bytes > firstRead && read === firstRead) {
      place = working.reserve(bytes);
      read = this.log.read(slot, word, working.arena, place, bytes);
    }
    this.counts.readBytes += bytes;
    if (read < bytes || working.words[place >> 2] !== entry) throw damagedRecord(slot, word);
    const keyLength = working.keyLength(place);
    const kept = working.place(keyLength, padded(working.valueLength(place)));
    working.set(entry, kept);
    return kept;
  }
  #keep(entry: number, { buffer, words }: ChunkCursor, from: number): number {
    const keyLength = words[(from >> 2) + keyLengthAt]!;
    const valueLength = words[(from >> 2) + valueLengthAt]!;
    const place = this.#working.place(keyLength, padded(valueLength));
    copyRange(buffer, from, from + recordBytes(keyLength, valueLength), this.#working.arena, place);
    this.#working.set(entry, place);
    return place;
  }
  // Changing.

  put(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const hash = this.#hashes.of(key, keyStart, keyEnd);
    const entry = this.#lookUp(key, keyStart, keyEnd, hash);
    if (entry < 0) return this.#insert(hash, key, keyStart, keyEnd, value, valueStart, valueEnd);
    this.#setValue(entry, this.#foundAt, value, valueStart, valueEnd);
    return entry;
  }
  putNew(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const hash = this.#hashes.of(key, keyStart, keyEnd);
    const entry = this.#lookUp(key, keyStart, keyEnd, hash);
    if (entry < 0) return this.#insert(hash, key, keyStart, keyEnd, value, valueStart, valueEnd);
    if (this.#working.valueLength(this.#foundAt) !== absent) return -1;
    this.#setValue(entry, this.#foundAt, value, valueStart, valueEnd);
    return entry;
  }
  setValue(entry: number, value: Uint8Array, start: number, end: number): void {
    this.#setValue(entry, this.#resident(entry), value, start, end);
  }
  remove(bytes: Uint8Array, start: number, end: number): void {
    const entry = this.find(bytes, start, end);
    if (entry >= 0) this.removeEntry(entry);
  }
  removeEntry(entry: number): void {
    const place = this.#resident(entry);
    const working = this.#working;
    if (working.valueLength(place) === absent) return;
    this.#touch(entry, place);
    working.setValueLength(place, absent);
    this.#live--;
    this.#prefixIndex?.remove(entry);
  }

  #insert(
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const working = this.#working;
    const entry = this.#free.pop() ?? this.#entryCount++;
    const [keyLength, valueLength] = [keyEnd - keyStart, valueEnd - valueStart];
    const place = working.place(keyLength, padded(valueLength));
    const first = place >> 2;
    working.words[first] = entry;
    working.words[first + hashAt] = hash;
    working.words[first + keyLengthAt] = keyLength;
    working.words[first + valueLengthAt] = valueLength;
    copyRange(key, keyStart, keyEnd, working.arena, place + headerBytes);
    copyRange(value, valueStart, valueEnd, working.arena, place + headerBytes + padded(keyLength));
    working.set(entry, place);
    this.places.remove(entry);
    this.#index.add(entry, hash);
    this.#note(entry, place);
    this.#appear(entry, place);
    return entry;
  }
  #setValue(entry: number, place: number, value: Uint8Array, start: number, end: number): void {
    const working = this.#working;
    this.#touch(entry, place);
    if (working.valueLength(place) === absent) this.#appear(entry, place);
    const length = end - start;
    let at = place;
    if (padded(length) > working.capacity(place)) {
      const keyLength = working.keyLength(place);
      at = working.place(keyLength, padded(length));
      const { arena } = working;
      copyRange(arena, place, place + headerBytes + padded(keyLength), arena, at);
      working.setChanged(at, true);
      working.set(entry, at);
    }
    copyRange(value, start, end, working.arena, working.valuePlace(at));
    working.setValueLength(at, length);
  }
  /** Notes an entry that is about to be changed. */
  #touch(entry: number, place: number): void {
    const working = this.#working;
    if (working.isChanged(place)) return;
    if (this.places.has(entry)) this.#replacedBytes += recordBytesAt(working.words, place);
    this.#note(entry, place);
  }
  #note(entry: number, place: number): void {
    this.#working.setChanged(place, true);
    if (this.#changedCount === this.#changed.length) {
      const grown = new Int32Array(2 * this.#changed.length);
      grown.set(this.#changed);
      this.#changed = grown;
    }
    this.#changed[this.#changedCount++] = entry;
  }
  #appear(entry: number, place: number): void {
    this.#live++;
    this.#prefixIndex?.add(entry, this.#working.arena, place + headerBytes);
  }

  // Visiting.

  #visitAt(entry: number, place: number, visit: VisitEntry): void {
    visitRecord(this.#working.words, this.#working.arena, place, entry, visit);
  }

  /** Visits every entry. The visitor may change the visited one. */
  forEach(visit: VisitEntry): void {
    if (this.#fits) return this.#forEachInMemory(visit);
    // What was changed, then the others as they lie on disk.
    const changed = this.#changedCount;
    for (let i = 0; i < changed; i++) {
      const place = this.#working.find(this.#changed[i]!);
      if (this.#working.valueLength(place) !== absent) this.#visitAt(this.#changed[i]!, place, visit);
    }
    for (const segment of this.log.segments) {
      const cursor = new ChunkCursor(segment);
      while (cursor.next()) this.forEachRecord(cursor, visit);
    }
  }

  /** Whether all entries may lie in memory. */
  get #fits(): boolean {
    return this.#liveBytes <= this.#options.cacheBytes;
  }
  #forEachInMemory(visit: VisitEntry): void {
    for (let entry = 0, end = this.#entryCount; entry < end; entry++) {
      const place = this.#placeOf(entry);
      if (place >= 0) this.#visitAt(entry, place, visit);
    }
  }
  /** Where the record of an entry lies in the arena; -1: the entry is not there. */
  #placeOf(entry: number): number {
    const found = this.#working.find(entry);
    if (found < 0) return this.places.has(entry) ? this.#resident(entry) : -1;
    return this.#working.valueLength(found) === absent ? -1 : found;
  }

  /** All entries, as {@link forEach} goes through them; each is valid until the next one is asked for. */
  *entries(): IterableIterator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    let found: { readonly key: Uint8Array; readonly value: Uint8Array };
    const take: VisitEntry = (bytes, keyStart, keyEnd, valueStart, valueEnd) => {
      found = { key: bytes.subarray(keyStart, keyEnd), value: bytes.subarray(valueStart, valueEnd) };
    };
    if (this.#fits) {
      for (let entry = 0, end = this.#entryCount; entry < end; entry++) {
        const place = this.#placeOf(entry);
        if (place < 0) continue;
        this.#visitAt(entry, place, take);
        yield found!;
      }
      return;
    }
    const changed = this.#changed.slice(0, this.#changedCount);
    for (const entry of changed) {
      const place = this.#working.find(entry);
      if (this.#working.valueLength(place) === absent) continue;
      this.#visitAt(entry, place, take);
      yield found!;
    }
    for (const segment of this.log.segments) {
      const cursor = new ChunkCursor(segment);
      while (cursor.next()) {
        const ranges: number[] = [];
        this.forEachRecord(cursor, (_, ...range) => ranges.push(...range));
        for (let i = 0; i < ranges.length; i += 5) {
          take(cursor.buffer, ranges[i]!, ranges[i + 1]!, ranges[i + 2]!, ranges[i + 3]!, ranges[i + 4]!);
          yield found!;
        }
      }
    }
  }

  /** Visits those records of the chunk at a cursor that count and that the open version has not changed. */
  forEachRecord(cursor: ChunkCursor, visit: VisitEntry): void {
    const [entryBefore, placeBefore, chunkBefore] = [this.#scannedEntry, this.#scannedPlace, this.#scannedChunk];
    this.counts.readBytes += cursor.bytes;
    forEachPlace(cursor, (bytes, place, entry, word) => {
      if (!this.places.is(entry, cursor.segment.slot, word)) return;
      const found = this.#working.find(entry);
      if (found >= 0 && this.#working.isChanged(found)) return;
      this.#scannedEntry = entry;
      this.#scannedPlace = place;
      this.#scannedChunk = cursor;
      visitRecord(cursor.words, bytes, place, entry, visit);
    });
    this.#scannedEntry = entryBefore;
    this.#scannedPlace = placeBefore;
    this.#scannedChunk = chunkBefore;
  }
  forEachWithPrefix(row: Uint8Array, start: number, visit: VisitEntry): void {
    const index = (this.#prefixIndex ??= this.#indexedPrefixes());
    index.candidates(row, start, (entry) => {
      const place = this.#resident(entry);
      if (index.matches(row, start, this.#working.arena, place + headerBytes)) this.#visitAt(entry, place, visit);
    });
  }
  #indexedPrefixes(): PrefixIndex {
    const { keyPrefix } = this.#options;
    assertInvariant(keyPrefix !== undefined, "this state is not looked up by the beginnings of keys");
    const index = new PrefixIndex(keyPrefix);
    this.forEach((bytes, keyStart, _keyEnd, _valueStart, _valueEnd, entry) => index.add(entry, bytes, keyStart));
    return index;
  }

  /** Visits what the open version changed; a removed key has `valueEnd` -1. */
  forEachChange(visit: VisitEntry): void {
    const working = this.#working;
    for (let i = 0; i < this.#changedCount; i++) {
      const entry = this.#changed[i]!;
      const place = working.find(entry);
      if (working.valueLength(place) !== absent) this.#visitAt(entry, place, visit);
      // A key that came and went within the version never was in a file.
      else if (this.places.has(entry)) {
        const key = place + headerBytes;
        visit(working.arena, key, key + working.keyLength(place), absent, absent, entry);
      }
    }
  }

  /** See `StateStore.follow`. */
  follow(listener: EntriesMoved): boolean {
    const known = this.#follower === listener;
    this.#follower = listener;
    return known;
  }

  /** Gives back memory of what was only read, when it is more than it may be. */
  relieve(): void {
    const working = this.#working;
    if (working.usedBytes <= this.#options.cacheBytes) return;
    if (this.#changedCount === 0) working.clear(this.#options.cacheBytes);
    // Otherwise most of it may be changes, and copying those again and again is of no use.
    else if (working.usedBytes > 2 * this.#keptBytes) {
      working.keep(this.#changed, this.#changedCount);
      this.#keptBytes = working.usedBytes;
    }
  }
  #keptBytes = 0;

  // Ending a version.

  /** Writes what the open version changed behind the end of the log, where it does not count before {@link seal}. */
  prepare(version: number): void {
    this.#preparedAt = this.log.end;
    // Of a small state segments are short, so that they can soon be cleaned.
    const { segmentBytes, leastSegmentBytes } = this.#options;
    this.log.segmentLimit = Math.min(segmentBytes, Math.max(leastSegmentBytes, this.#liveBytes / 4));
    const written = { entries: [] as number[], slots: [] as number[], words: [] as number[], bytes: 0 };
    const working = this.#working;
    const placed = (entry: number, slot: number, word: number): void => {
      written.entries.push(entry);
      written.slots.push(slot);
      written.words.push(word);
    };
    for (let i = 0; i < this.#changedCount; i++) {
      const entry = this.#changed[i]!;
      const place = working.find(entry);
      const valueLength = working.valueLength(place);
      if (valueLength === absent && !this.places.has(entry)) continue;
      const keyLength = working.keyLength(place);
      const kind = chunkKinds.records;
      const bytes = this.#writer.add(working.arena, place, entry, keyLength, valueLength, kind, version, placed);
      if (valueLength !== absent) written.bytes += bytes;
    }
    this.#writer.flush(chunkKinds.records, version, placed);
    this.#written = written;
  }

  /** Makes what {@link prepare} has written the state. */
  #apply(): void {
    const { entries, slots, words, bytes } = this.#written!;
    const working = this.#working;
    if (this.onReplaced !== null) {
      for (const entry of entries) {
        if (this.places.has(entry)) this.onReplaced(this.places.slot(entry), this.places.word(entry));
      }
    }
    for (let i = 0; i < entries.length; i++) this.places.set(entries[i]!, slots[i]!, words[i]!);
    for (let i = 0; i < this.#changedCount; i++) {
      const entry = this.#changed[i]!;
      const place = working.find(entry);
      working.setChanged(place, false);
      if (working.valueLength(place) !== absent) continue;
      this.#index.remove(entry, working.words[(place >> 2) + hashAt]!);
      this.places.remove(entry);
      working.forget(entry);
      this.#free.push(entry);
    }
    this.#liveBytes += bytes - this.#replacedBytes;
    this.#committedLive = this.#live;
    this.#forgetChanges();
    if (working.usedBytes > this.#options.cacheBytes) working.clear(this.#options.cacheBytes);
  }
  #forgetChanges(): void {
    this.#changedCount = 0;
    this.#replacedBytes = 0;
    this.#written = null;
    this.#preparedAt = null;
    this.#keptBytes = 0;
    if (this.#changed.length > 65_536) this.#changed = new Int32Array(64);
  }

  /** Takes the room for the mark of the version. */
  reserveMark(): void {
    this.log.reserveMark();
  }
  /** The version is durable in the checkpoint: it counts from here on. */
  seal(mark: Omit<Mark, "oldest">): void {
    this.log.mark({ ...mark, oldest: this.#cleaner.oldest });
    const added = this.log.bytes - this.#sealedBytes;
    this.#apply();
    if (this.onReplaced === null) {
      this.#cleaner.release(mark.version);
      this.#cleaner.clean(mark, this.#liveBytes, 2 * Math.max(this.#options.chunkBytes, added));
    }
    this.#sealedBytes = this.log.bytes;
  }
  /** Length of the log when the last version was sealed. */
  #sealedBytes = 0;

  /** While state is read from files: writes what there is and makes it count, to have the memory back. */
  flush(version: number): void {
    this.prepare(version);
    this.#apply();
  }
  get workingBytes(): number {
    return this.#working.usedBytes;
  }

  /** Forgets what the open version changed. */
  abort(): void {
    if (this.#preparedAt !== null) this.log.rewind(this.#preparedAt);
    for (let i = this.#changedCount - 1; i >= 0; i--) {
      const entry = this.#changed[i]!;
      if (this.places.has(entry)) continue;
      const place = this.#working.find(entry);
      this.#index.remove(entry, this.#working.words[(place >> 2) + hashAt]!);
      this.#free.push(entry);
    }
    if (this.#changedCount > 0) {
      this.#prefixIndex = null;
      this.#working.clear(this.#options.cacheBytes);
    }
    this.#live = this.#committedLive;
    this.#forgetChanges();
  }

  // The log.

  /** Begins anew with nothing. */
  reset(): void {
    this.log.removeAll();
    this.#clear();
  }
  #clear(): void {
    this.#working.clear(this.#options.cacheBytes);
    this.#index = new KeyIndex();
    this.#prefixIndex = null;
    this.places.clear();
    this.#entryCount = 0;
    this.#free = [];
    this.#live = 0;
    this.#committedLive = 0;
    this.#liveBytes = 0;
    this.#cleaner.reset();
    this.#sealedBytes = 0;
    this.onReplaced = null;
    this.#follower = null;
    this.#forgetChanges();
  }

  /**
   * Takes up what an earlier run has left on disk: the latest version that is not after `latest`.
   * @returns its mark; null: nothing can be made of it, and the map is empty
   */
  recover(latest: number): Mark | null {
    this.#clear();
    const found = this.log.openExisting() ? lastMark(this.log, latest) : null;
    const records = found === null ? null : readRecords(this.log, found, this.places);
    if (found === null || records === null) {
      this.reset();
      return null;
    }
    const { entryCount, hashes, sizes } = records;
    this.#entryCount = entryCount;
    for (let entry = entryCount - 1; entry >= 0; entry--) {
      if (!this.places.has(entry)) {
        this.#free.push(entry);
        continue;
      }
      this.#index.add(entry, hashes[entry]!);
      this.#liveBytes += sizes[entry]!;
      this.#live++;
    }
    this.log.cut(found.segment, found.end);
    // What only versions before this one needed.
    while (this.log.segments[0]!.number < found.mark.oldest) this.log.removeFirst();
    this.#committedLive = this.#live;
    this.#sealedBytes = this.log.bytes;
    return found.mark;
  }

  close(): void {
    this.log.close();
    this.#clear();
  }
}
