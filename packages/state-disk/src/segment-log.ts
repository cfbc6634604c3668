/**
 * A log in files of limited length, the segments `<number>.log`: chunks of records, one after another. Chunks are only added;
 * what a segment holds that is still needed is copied to the end before the segment goes. The log is a copy of what the
 * checkpoint holds, and so nothing of it is ever synced: every chunk has a hash, and what is not whole is not believed.
 *
 * A chunk begins with 8 words: magic, kind, records, bytes, hash of its bytes, version (two words), hash of the words before.
 * A mark is a chunk that ends a version: what comes after the last mark has never been.
 * A segment begins with 8 words too: magic, format, its number, the length of the segment before it in units of 8 bytes (what
 * lies behind that was given up), and a hash.
 */
import { hashWords, type LocalFile, type LocalFiles } from "millrace/engine";
import { padded, wordsOf } from "./record.ts";

export const chunkHeaderBytes = 32;
const chunkMagic = 0x6b6e6843;
const segmentMagic = 0x6753724d;
const format = 1;
const markBytes = 32;
const word = 2 ** 32;

export const chunkKinds = { records: 1, copies: 2, mark: 3 } as const;
export type ChunkKind = (typeof chunkKinds)[keyof typeof chunkKinds];

export interface Segment {
  readonly number: number;
  /** Under which places name it. */
  readonly slot: number;
  readonly file: LocalFile;
  /** Whether this run has made it: chunks go to no other. */
  readonly own: boolean;
  /** Bytes that count. */
  length: number;
}

/** What a mark says. */
export interface Mark {
  readonly version: number;
  /** Length and hash of the delta of the version in the checkpoint. */
  readonly deltaBytes: number;
  readonly deltaHash: number;
  /** Of the run that wrote it. */
  readonly epoch: number;
  /** The first segment that this version needs. */
  readonly oldest: number;
}

/** The end of the log, to come back to. */
interface End {
  readonly segment: Segment | null;
  readonly length: number;
}

export class SegmentLog {
  readonly #files: LocalFiles;
  readonly #directory: string;
  /** A segment that is as long gets no more chunks. */
  segmentLimit: number;
  readonly #slots: (Segment | null)[] = [];
  readonly #freeSlots: number[] = [];
  /** In order of their numbers. */
  #segments: Segment[] = [];
  #nextNumber = 0;
  /** Bytes of all segments. */
  bytes = 0;
  writtenBytes = 0;
  // Where the last chunk lies.
  slot = 0;
  word = 0;
  #markAt: { readonly segment: Segment; readonly position: number } | null = null;
  readonly #mark: Uint8Array = new Uint8Array(chunkHeaderBytes + markBytes);
  readonly #markWords: Int32Array = wordsOf(this.#mark);

  constructor(files: LocalFiles, directory: string, segmentLimit: number) {
    this.#files = files;
    this.#directory = directory;
    this.segmentLimit = segmentLimit;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }
  get end(): End {
    const segment = this.#segments.at(-1) ?? null;
    return { segment, length: segment?.length ?? 0 };
  }

  /**
   * Opens what an earlier run has left.
   * @returns false when there is nothing, or nothing to be believed
   */
  openExisting(): boolean {
    this.close();
    const numbers = this.#files
      .list(this.#directory)
      .flatMap((name) => (/^\d{1,10}\.log$/.test(name) ? [Number(name.slice(0, -4))] : []))
      .sort((a, b) => a - b);
    const lengths: number[] = [];
    for (const number of numbers) {
      const file = this.#files.open(this.#path(number), "read");
      const segment = this.#added(number, file, file.size(), false);
      const header = new Int32Array(8);
      const read = file.read(new Uint8Array(header.buffer), 0, 32, 0);
      const sound =
        read === 32 &&
        header[0] === segmentMagic &&
        header[1] === format &&
        header[2] === number &&
        header[7] === hashWords(header, 0, 7, 0);
      // A run that ended before it had written anything else leaves a segment like this as its last one.
      if (!sound && number !== numbers.at(-1)) return false;
      if (!sound) {
        this.#drop(segment);
        break;
      }
      lengths.push(8 * header[3]!);
    }
    for (const [i, segment] of this.#segments.entries()) {
      const next = this.#segments[i + 1];
      if (next === undefined) continue;
      if (next.number !== segment.number + 1 || lengths[i + 1]! > segment.length) return false;
      segment.length = lengths[i + 1]!;
    }
    this.#count();
    this.#nextNumber = (numbers.at(-1) ?? -1) + 1;
    return this.#segments.length > 0;
  }

  /** Gives up what lies behind a place; the next chunk goes into a new segment. */
  cut(segment: Segment, length: number): void {
    for (const later of this.#segments.filter(({ number }) => number > segment.number)) this.#drop(later);
    segment.length = length;
    this.#nextNumber = segment.number + 1;
    this.#count();
  }

  /** Adds a chunk: `buffer` holds `bytes` of records behind room for the header. Tells where in {@link slot} and {@link word}. */
  append(
    kind: ChunkKind,
    version: number,
    buffer: Uint8Array,
    words: Int32Array,
    bytes: number,
    records: number,
  ): void {
    const segment = this.#roomFor(chunkHeaderBytes + bytes);
    fillHeader(words, kind, version, bytes, records);
    this.#write(segment, buffer, chunkHeaderBytes + bytes, segment.length);
    this.slot = segment.slot;
    this.word = (segment.length + chunkHeaderBytes) / 8;
    segment.length += chunkHeaderBytes + bytes;
    this.bytes += chunkHeaderBytes + bytes;
  }

  /** Takes the room of a mark, so that {@link mark} cannot fail for want of it. */
  reserveMark(): void {
    const bytes = this.#mark.length;
    const segment = this.#roomFor(bytes);
    this.#mark.fill(0);
    this.#write(segment, this.#mark, bytes, segment.length);
    this.#markAt = { segment, position: segment.length };
    segment.length += bytes;
    this.bytes += bytes;
  }
  mark({ version, deltaBytes, deltaHash, epoch, oldest }: Mark): void {
    const { segment, position } = this.#markAt!;
    const words = this.#markWords;
    words.fill(0);
    words[8] = deltaBytes % word;
    words[9] = Math.floor(deltaBytes / word);
    words[10] = deltaHash;
    words[11] = oldest;
    words[12] = epoch % word;
    words[13] = Math.floor(epoch / word);
    fillHeader(words, chunkKinds.mark, version, markBytes, 0);
    this.#write(segment, this.#mark, this.#mark.length, position);
    this.#markAt = null;
  }

  /** Takes back the chunks behind an end. */
  rewind({ segment, length }: End): void {
    const last = segment?.number ?? -1;
    for (const later of this.#segments.filter(({ number }) => number > last)) this.#drop(later);
    if (segment !== null) segment.length = length;
    this.#nextNumber = last + 1;
    this.#markAt = null;
    this.#count();
  }

  /** Reads bytes at a place; returns how many there were. */
  read(slot: number, at: number, target: Uint8Array, offset: number, length: number): number {
    return this.#slots[slot]!.file.read(target, offset, length, 8 * at);
  }

  /** Removes the first segment, of which nothing is needed any more. */
  removeFirst(): void {
    this.#drop(this.#segments[0]!);
    this.#count();
  }
  removeAll(): void {
    this.close();
    for (const name of this.#files.list(this.#directory)) this.#files.remove(`${this.#directory}/${name}`);
  }
  close(): void {
    for (const { file } of this.#segments) file.close();
    this.#segments = [];
    this.#slots.length = 0;
    this.#freeSlots.length = 0;
    this.#nextNumber = 0;
    this.#markAt = null;
    this.bytes = 0;
  }

  #path(number: number): string {
    return `${this.#directory}/${number}.log`;
  }
  #added(number: number, file: LocalFile, length: number, own: boolean): Segment {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const segment = { number, slot, file, own, length };
    this.#slots[slot] = segment;
    this.#segments.push(segment);
    return segment;
  }
  #drop(segment: Segment): void {
    segment.file.close();
    this.#files.remove(this.#path(segment.number));
    this.#slots[segment.slot] = null;
    this.#freeSlots.push(segment.slot);
    this.#segments = this.#segments.filter((other) => other !== segment);
  }
  #count(): void {
    this.bytes = this.#segments.reduce((sum, { length }) => sum + length, 0);
  }

  #roomFor(bytes: number): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.own && last.length + bytes <= this.segmentLimit) return last;
    if (last === undefined) this.#files.makeDirectory(this.#directory);
    const number = this.#nextNumber;
    // What a run that has ended made of this number and has not been taken for part of the log.
    this.#files.remove(this.#path(number));
    const segment = this.#added(number, this.#files.open(this.#path(number), "create"), 32, true);
    this.#nextNumber++;
    const header = new Int32Array([segmentMagic, format, number, (last?.length ?? 0) / 8, 0, 0, 0, 0]);
    header[7] = hashWords(header, 0, 7, 0);
    this.#write(segment, new Uint8Array(header.buffer), 32, 0);
    this.bytes += 32;
    return segment;
  }
  #write(segment: Segment, bytes: Uint8Array, length: number, position: number): void {
    segment.file.write(bytes, 0, length, position);
    this.writtenBytes += length;
  }
}

function fillHeader(words: Int32Array, kind: ChunkKind, version: number, bytes: number, records: number): void {
  words[0] = chunkMagic;
  words[1] = kind;
  words[2] = records;
  words[3] = bytes;
  words[4] = hashWords(words, 8, 8 + (bytes >> 2), kind);
  words[5] = version % word;
  words[6] = Math.floor(version / word);
  words[7] = hashWords(words, 0, 7, 0);
}

/** Goes through the chunks of a segment. */
export class ChunkCursor {
  readonly segment: Segment;
  /** Where the next chunk begins, and where the last one must end. */
  position: number;
  readonly limit: number;
  // The chunk.
  kind = 0;
  version = 0;
  records = 0;
  /** Where in its segment its records begin, in units of 8 bytes. */
  word = 0;
  bytes = 0;
  #hash = 0;
  #buffer: Uint8Array;
  #words: Int32Array;
  #from = 0;
  #to = 0;
  #dataAt = 0;

  constructor(segment: Segment, limit: number = segment.length, position = 32) {
    this.segment = segment;
    this.limit = limit;
    this.position = position;
    this.#buffer = new Uint8Array(Math.min(1 << 18, padded(Math.max(chunkHeaderBytes, limit - position))));
    this.#words = wordsOf(this.#buffer);
  }

  /** Memory in which {@link load} has put the records of the chunk; valid until the next call. */
  get buffer(): Uint8Array {
    return this.#buffer;
  }
  get words(): Int32Array {
    return this.#words;
  }
  /** Where in {@link buffer} the records begin. */
  get dataAt(): number {
    return this.#dataAt;
  }

  /** Goes to the next chunk; false where there is none that is whole. */
  next(): boolean {
    if (this.position + chunkHeaderBytes > this.limit) return false;
    const at = this.#bring(this.position, chunkHeaderBytes);
    if (at < 0) return false;
    const words = this.#words;
    const first = at >> 2;
    const bytes = words[first + 3]!;
    const sound =
      words[first] === chunkMagic &&
      words[first + 7] === hashWords(words, first, first + 7, 0) &&
      bytes >= 0 &&
      this.position + chunkHeaderBytes + bytes <= this.limit;
    if (!sound) return false;
    this.kind = words[first + 1]!;
    this.records = words[first + 2]!;
    this.bytes = bytes;
    this.#hash = words[first + 4]!;
    this.version = (words[first + 5]! >>> 0) + word * words[first + 6]!;
    this.word = (this.position + chunkHeaderBytes) / 8;
    this.position += chunkHeaderBytes + bytes;
    return true;
  }

  /** Reads the records of the chunk; false when they are not what was written. */
  load(): boolean {
    const at = this.#bring(8 * this.word, this.bytes);
    if (at < 0) return false;
    this.#dataAt = at;
    return hashWords(this.#words, at >> 2, (at + this.bytes) >> 2, this.kind) === this.#hash;
  }

  /** What the chunk says, when it is a mark and whole. */
  mark(): Mark | null {
    if (this.kind !== chunkKinds.mark || this.bytes !== markBytes || !this.load()) return null;
    const first = this.#dataAt >> 2;
    const words = this.#words;
    return {
      version: this.version,
      deltaBytes: (words[first]! >>> 0) + word * words[first + 1]!,
      deltaHash: words[first + 2]!,
      oldest: words[first + 3]!,
      epoch: (words[first + 4]! >>> 0) + word * words[first + 5]!,
    };
  }

  /** Brings bytes of the segment into memory; returns where they lie, -1 when the file ends before. */
  #bring(position: number, length: number): number {
    if (position < this.#from || position + length > this.#to) {
      if (length > this.#buffer.length) {
        this.#buffer = new Uint8Array(2 * padded(length));
        this.#words = wordsOf(this.#buffer);
      }
      const wanted = Math.max(length, Math.min(this.#buffer.length, this.limit - position));
      let read = 0;
      while (read < wanted) {
        const more = this.segment.file.read(this.#buffer, read, wanted - read, position + read);
        if (more === 0) break;
        read += more;
      }
      this.#from = position;
      this.#to = position + read;
      if (read < length) return -1;
    }
    return position - this.#from;
  }
}
