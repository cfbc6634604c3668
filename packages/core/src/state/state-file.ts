/**
 * The content of Spark's HDFS-backed state files: `int32 key size, key, int32 value size, value` big-endian, a removed key
 * with value size -1 (deltas only), key size -1 at the end; all of it in LZ4 blocks.
 */
import { MillraceError } from "../errors/index.ts";
import { blockSize, decodeLz4Blocks, Lz4BlockWriter, Lz4FormatError } from "./lz4-block.ts";
import type { VisitEntry } from "./versioned-map.ts";

/** So much is written before it is compressed; a multiple of a block. */
const pieceBytes = 4 * blockSize;

/** The memory of the last file, for the next one. */
let spare: Uint8Array = new Uint8Array(pieceBytes + 4096);
const largestSpare = 1 << 20;

/** Writes records. Keys and values that are UnsafeRows are whole words, and so all places are. */
class RecordWriter {
  readonly #blocks = new Lz4BlockWriter();
  #bytes: Uint8Array = spare;
  #words: Int32Array = new Int32Array(this.#bytes.buffer);
  #end = 0;
  #source: Uint8Array | null = null;
  #sourceWords: Int32Array = new Int32Array(0);

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }
  range(source: Uint8Array, start: number, end: number): void {
    this.int32(end - start);
    const length = end - start;
    const at = this.#reserve(length);
    if (length > 128) return this.#bytes.set(source.subarray(start, end), at);
    if (((start | length | at) & 3) === 0) {
      const [from, words, target] = [start >> 2, this.#wordsOf(source), this.#words];
      for (let i = 0, to = at >> 2, count = length >> 2; i < count; i++) target[to + i] = words[from + i]!;
      return;
    }
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) bytes[at + i] = source[start + i]!;
  }
  /** @param last whether the file ends here */
  finish(last = true): Uint8Array {
    if (last) this.int32(-1);
    this.#compress(1);
    if (this.#bytes.length <= largestSpare) spare = this.#bytes;
    return this.#blocks.finish(last);
  }
  #wordsOf(source: Uint8Array): Int32Array {
    if (this.#source !== source) {
      this.#source = source;
      this.#sourceWords = new Int32Array(source.buffer, source.byteOffset, source.length >> 2);
    }
    return this.#sourceWords;
  }
  #reserve(length: number): number {
    if (this.#end >= pieceBytes) this.#compress(blockSize);
    const at = this.#end;
    this.#end += length;
    if (this.#end > this.#bytes.length) {
      const grown = new Uint8Array((Math.max(this.#end, 2 * this.#bytes.length) + 3) & ~3);
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#words = new Int32Array(grown.buffer);
    }
    return at;
  }
  /** Compresses what was written, but for a last block of less than `least` bytes. */
  #compress(least: number): void {
    let start = 0;
    for (; this.#end - start >= least; start = Math.min(this.#end, start + blockSize)) {
      this.#blocks.block(this.#bytes, start, Math.min(this.#end, start + blockSize));
    }
    this.#bytes.copyWithin(0, start, this.#end);
    this.#end -= start;
  }
}

/** The delta of the open version of a map: what it changed, in order of the first change. */
export function encodeDelta(map: { forEachChange(visit: VisitEntry): void }): Uint8Array {
  const writer = new RecordWriter();
  map.forEachChange((arena, keyStart, keyEnd, valueStart, valueEnd) => {
    writer.range(arena, keyStart, keyEnd);
    if (valueEnd < 0) writer.int32(-1);
    else writer.range(arena, valueStart, valueEnd);
  });
  return writer.finish();
}

/** All of a map, or one of the pieces of a snapshot: `ends` is asked in the end whether the file ends with it. */
export function encodeSnapshot(
  map: { forEach(visit: VisitEntry): void },
  ends: () => boolean = () => true,
): Uint8Array {
  const writer = new RecordWriter();
  map.forEach((arena, keyStart, keyEnd, valueStart, valueEnd) => {
    writer.range(arena, keyStart, keyEnd);
    writer.range(arena, valueStart, valueEnd);
  });
  return writer.finish(ends());
}

/** A key and its value in a file; null: the key is removed (deltas only). */
export interface StateRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** A file of records, in their order. */
export function encodeStateRecords(records: Iterable<StateRecord>): Uint8Array {
  const writer = new RecordWriter();
  for (const { key, value } of records) {
    writer.range(key, 0, key.length);
    if (value === null) writer.int32(-1);
    else writer.range(value, 0, value.length);
  }
  return writer.finish();
}

/** The records of a file. Throws as {@link readStateFile}. */
export function decodeStateRecords(path: string, kind: "delta" | "snapshot", content: Uint8Array): StateRecord[] {
  const records: StateRecord[] = [];
  readStateFile(path, kind, content, (bytes, keyStart, keyEnd, valueStart, valueEnd) => {
    const value = valueEnd < 0 ? null : bytes.subarray(valueStart, valueEnd);
    records.push({ key: bytes.subarray(keyStart, keyEnd), value });
  });
  return records;
}

export type StateRecordVisitor = (
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  /** -1: the key is removed. */
  valueEnd: number,
) => void;

/**
 * Visits the records of a delta or snapshot file, every byte of which must make sense.
 * @throws MillraceError CANNOT_LOAD_STATE_STORE.…
 */
export function readStateFile(
  path: string,
  kind: "delta" | "snapshot",
  content: Uint8Array,
  visit: StateRecordVisitor,
): void {
  const damaged = (reason: string): MillraceError =>
    new MillraceError("CANNOT_LOAD_STATE_STORE.CORRUPTED_FILE", { fileToRead: path, reason });
  let bytes: Uint8Array;
  try {
    bytes = decodeLz4Blocks(content);
  } catch (error) {
    if (error instanceof Lz4FormatError) throw damaged(error.message);
    throw error;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const size = (): number => {
    if (bytes.length - at < 4) throw damaged("it ends without its end mark");
    at += 4;
    return view.getInt32(at - 4);
  };
  for (;;) {
    const keySize = size();
    if (keySize === -1) break;
    if (keySize < 0) {
      throw new MillraceError(
        kind === "delta"
          ? "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_KEY_SIZE"
          : "CANNOT_LOAD_STATE_STORE.CANNOT_READ_SNAPSHOT_FILE_KEY_SIZE",
        { fileToRead: path, keySize: String(keySize) },
      );
    }
    const keyStart = at;
    if (keySize > bytes.length - at) throw damaged("a key runs over the end");
    at += keySize;
    const valueSize = size();
    if (valueSize < 0) {
      if (kind === "snapshot") {
        throw new MillraceError("CANNOT_LOAD_STATE_STORE.CANNOT_READ_SNAPSHOT_FILE_VALUE_SIZE", {
          fileToRead: path,
          valueSize: String(valueSize),
        });
      }
      if (valueSize !== -1) throw damaged(`a value has size ${valueSize}`);
      visit(bytes, keyStart, keyStart + keySize, -1, -1);
      continue;
    }
    if (valueSize > bytes.length - at) throw damaged("a value runs over the end");
    visit(bytes, keyStart, keyStart + keySize, at, at + valueSize);
    at += valueSize;
  }
  if (at !== bytes.length) throw damaged("bytes follow its end mark");
}
