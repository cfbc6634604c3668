/** Gathers records into chunks and adds these to a log. */
import { copyRange, recordBytes, wordsOf } from "./record.ts";
import { type ChunkKind, chunkHeaderBytes, type SegmentLog } from "./segment-log.ts";

const leastBuffer = 1 << 14;

/** Says where the record of an entry has come to lie. */
export type Placed = (entry: number, slot: number, word: number) => void;

export class ChunkWriter {
  readonly #log: SegmentLog;
  readonly #chunkBytes: number;
  #buffer: Uint8Array;
  #words: Int32Array;
  #end = chunkHeaderBytes;
  #entries: Int32Array = new Int32Array(256);
  /** By record: where it lies in the chunk, in units of 8 bytes. */
  #offsets: Int32Array = new Int32Array(256);
  #count = 0;

  constructor(log: SegmentLog, chunkBytes: number) {
    this.#log = log;
    this.#chunkBytes = chunkBytes;
    this.#buffer = new Uint8Array(Math.min(leastBuffer, chunkBytes));
    this.#words = wordsOf(this.#buffer);
  }

  get memoryBytes(): number {
    return this.#buffer.length + 8 * this.#entries.length;
  }

  /** Adds a record that lies at a place; of a removed key without its key. */
  add(
    source: Uint8Array,
    place: number,
    entry: number,
    keyLength: number,
    valueLength: number,
    kind: ChunkKind,
    version: number,
    placed: Placed,
  ): number {
    const bytes = recordBytes(keyLength, valueLength);
    if (this.#count > 0 && this.#end + bytes > this.#chunkBytes) this.flush(kind, version, placed);
    if (this.#end + bytes > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(2 * this.#buffer.length, this.#end + bytes));
      grown.set(this.#buffer.subarray(0, this.#end));
      this.#buffer = grown;
      this.#words = wordsOf(grown);
    }
    if (this.#count === this.#entries.length) {
      const [entries, offsets] = [this.#entries, this.#offsets];
      this.#entries = new Int32Array(2 * entries.length);
      this.#entries.set(entries);
      this.#offsets = new Int32Array(2 * offsets.length);
      this.#offsets.set(offsets);
    }
    copyRange(source, place, place + bytes, this.#buffer, this.#end);
    // What a removed key does not keep.
    if (valueLength < 0) this.#words[(this.#end >> 2) + 2] = 0;
    this.#entries[this.#count] = entry;
    this.#offsets[this.#count++] = (this.#end - chunkHeaderBytes) / 8;
    this.#end += bytes;
    return bytes;
  }

  /** Adds what has been gathered to the log. */
  flush(kind: ChunkKind, version: number, placed: Placed): void {
    const count = this.#count;
    if (count === 0) return;
    const bytes = this.#end - chunkHeaderBytes;
    this.#end = chunkHeaderBytes;
    this.#count = 0;
    this.#log.append(kind, version, this.#buffer, this.#words, bytes, count);
    const { slot, word } = this.#log;
    for (let i = 0; i < count; i++) placed(this.#entries[i]!, slot, word + this.#offsets[i]!);
    // A single record may be larger than a chunk.
    if (this.#buffer.length > 4 * this.#chunkBytes) {
      this.#buffer = new Uint8Array(this.#chunkBytes);
      this.#words = wordsOf(this.#buffer);
    }
  }
}
