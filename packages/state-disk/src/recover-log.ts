/** Reads what an earlier run has left of a log. Nothing of it was synced, so everything is checked. */
import type { Places } from "./places.ts";
import { absent, hashAt, recordBytes, keyLengthAt, valueLengthAt } from "./record.ts";
import { ChunkCursor, chunkKinds, type Mark, type Segment, type SegmentLog } from "./segment-log.ts";

/** The end of a version in the log. */
export interface MarkPlace {
  readonly mark: Mark;
  readonly segment: Segment;
  /** Where in the segment the mark ends. */
  readonly end: number;
}

/** The latest version up to one that the log has; null: there is none. */
export function lastMark(log: SegmentLog, latest: number): MarkPlace | null {
  let found: MarkPlace | null = null;
  for (const segment of log.segments) {
    const cursor = new ChunkCursor(segment);
    while (cursor.next()) {
      const mark = cursor.mark();
      if (mark !== null && mark.version <= latest) found = { mark, segment, end: cursor.position };
    }
  }
  // More segments than it needs may be left of a run that ended before it had removed them.
  return found !== null && log.segments[0]!.number <= found.mark.oldest ? found : null;
}

export interface Records {
  /** Entries are numbers below it. */
  readonly entryCount: number;
  /** By entry: the hash of its key, and the bytes of its record. */
  readonly hashes: Int32Array;
  readonly sizes: Int32Array;
}

/** Reads all records up to the end of a version, and notes where they lie; null when they are not what was written. */
export function readRecords(log: SegmentLog, last: MarkPlace, places: Places): Records | null {
  let [hashes, sizes] = [new Int32Array(1024), new Int32Array(1024)];
  let entryCount = 0;
  for (const segment of log.segments) {
    if (segment.number > last.segment.number) break;
    const limit = segment === last.segment ? last.end : segment.length;
    const cursor = new ChunkCursor(segment, limit);
    while (cursor.next()) {
      if (cursor.kind === chunkKinds.mark) continue;
      if (!cursor.load()) return null;
      const { words, dataAt, records, word } = cursor;
      for (let i = 0, at = dataAt; i < records; i++) {
        const first = at >> 2;
        const entry = words[first]!;
        const valueLength = words[first + valueLengthAt]!;
        const bytes = recordBytes(words[first + keyLengthAt]!, valueLength);
        if (entry >= hashes.length) [hashes, sizes] = [longer(hashes, entry), longer(sizes, entry)];
        if (entry >= entryCount) entryCount = entry + 1;
        if (valueLength === absent) places.remove(entry);
        else places.set(entry, segment.slot, word + (at - dataAt) / 8);
        hashes[entry] = words[first + hashAt]!;
        sizes[entry] = bytes;
        at += bytes;
      }
    }
    // Something follows that is no chunk.
    if (cursor.position !== limit) return null;
  }
  return { entryCount, hashes, sizes };
}

function longer(numbers: Int32Array<ArrayBuffer>, index: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(Math.max(index + 1, numbers.length + (numbers.length >> 1)));
  grown.set(numbers);
  return grown;
}
