/**
 * Makes room in a log: copies what counts of the oldest segments to the end, so that they can go. Only the oldest, so that the
 * record of a removal is never gone before what it removes.
 */
import { FileSystemError } from "millrace/engine";
import type { ChunkWriter } from "./chunk-writer.ts";
import type { Places } from "./places.ts";
import { keyLengthAt, valueLengthAt } from "./record.ts";
import { forEachPlace } from "./scan.ts";
import { ChunkCursor, chunkKinds, type Mark, type Segment, type SegmentLog } from "./segment-log.ts";

const mostShort = 24;

export class LogCleaner {
  copiedBytes = 0;
  readonly #log: SegmentLog;
  readonly #places: Places;
  readonly #writer: ChunkWriter;
  /** Superseded records that do not matter yet. */
  readonly #idleBytes: number;
  /** How far the oldest segment is copied. */
  #cursor: ChunkCursor | null = null;
  /** Segments that are copied and wait to be removed, at the front of the log. */
  readonly #copied: { readonly segment: Segment; readonly version: number }[] = [];

  constructor(log: SegmentLog, places: Places, writer: ChunkWriter, idleBytes: number) {
    this.#idleBytes = idleBytes;
    this.#log = log;
    this.#places = places;
    this.#writer = writer;
  }

  /** Number of the first segment that is needed, but for versions that came before its copies. */
  get oldest(): number {
    return this.#log.segments[this.#copied.length]?.number ?? 0;
  }

  /** Removes segments whose copies every version has that a restart may still ask for. */
  release(version: number): void {
    while (this.#copied.length > 0 && this.#copied[0]!.version + 2 <= version) {
      this.#copied.shift();
      this.#log.removeFirst();
    }
  }

  /**
   * Copies while less than half of the log counts, or its segments are many and short.
   * @param mark of the version that was committed
   * @param most about how many bytes to go through
   */
  clean(mark: Omit<Mark, "oldest">, liveBytes: number, most: number): void {
    const begun = this.#log.end;
    let left = most;
    while (
      left > 0 &&
      (this.#log.bytes - this.#waitingBytes() > 2 * liveBytes + this.#idleBytes || this.#hasManyShort)
    ) {
      const segment = this.#log.segments[this.#copied.length];
      // Copies would only go where they come from.
      if (segment === undefined || segment === this.#log.segments.at(-1)) break;
      const cursor = this.#cursor?.segment === segment ? this.#cursor : new ChunkCursor(segment);
      this.#cursor = cursor;
      if (!cursor.next()) {
        this.#copied.push({ segment, version: mark.version });
        this.#cursor = null;
        continue;
      }
      left -= cursor.bytes;
      if (!this.#unlessFull(() => this.#copy(cursor, mark.version))) break;
    }
    // The copies count when a mark follows them.
    if (this.#log.end.segment === begun.segment && this.#log.end.length === begun.length) return;
    this.#unlessFull(() => {
      this.#log.reserveMark();
      this.#log.mark({ ...mark, oldest: this.oldest });
    });
  }

  /** A full disk is no reason to fail a version that is committed: what counts is where it was. */
  #unlessFull(action: () => void): boolean {
    const { end } = this.#log;
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      this.#log.rewind(end);
      this.#cursor = null;
      return false;
    }
  }

  /** Copies what counts of a chunk. */
  #copy(cursor: ChunkCursor, version: number): void {
    const kind = chunkKinds.copies;
    const placed: [entry: number, slot: number, word: number][] = [];
    const note = (entry: number, slot: number, word: number): void => void placed.push([entry, slot, word]);
    forEachPlace(cursor, (bytes, place, entry, word) => {
      if (!this.#places.is(entry, cursor.segment.slot, word)) return;
      const keyLength = cursor.words[(place >> 2) + keyLengthAt]!;
      const valueLength = cursor.words[(place >> 2) + valueLengthAt]!;
      this.copiedBytes += this.#writer.add(bytes, place, entry, keyLength, valueLength, kind, version, note);
    });
    this.#writer.flush(kind, version, note);
    for (const [entry, slot, word] of placed) this.#places.set(entry, slot, word);
  }

  /** Every run begins a segment. */
  get #hasManyShort(): boolean {
    const count = this.#log.segments.length - this.#copied.length;
    return count > mostShort && 4 * this.#log.bytes < count * this.#log.segmentLimit;
  }
  #waitingBytes(): number {
    return this.#copied.reduce((sum, { segment }) => sum + segment.length, 0);
  }

  reset(): void {
    this.#cursor = null;
    this.#copied.length = 0;
  }
}
