/** Goes through the records of chunks. */
import { MillraceError, type VisitEntry } from "millrace/engine";
import { absent, headerBytes, keyLengthAt, padded, recordBytes, valueLengthAt } from "./record.ts";
import { type ChunkCursor, chunkKinds } from "./segment-log.ts";

/** Bytes of the record at a place. */
export function recordBytesAt(words: Int32Array, place: number): number {
  return recordBytes(words[(place >> 2) + keyLengthAt]!, words[(place >> 2) + valueLengthAt]!);
}

/** Shows a visitor the record at a place. */
export function visitRecord(
  words: Int32Array,
  bytes: Uint8Array,
  place: number,
  entry: number,
  visit: VisitEntry,
): void {
  const key = place + headerBytes;
  const keyLength = words[(place >> 2) + keyLengthAt]!;
  const value = key + padded(keyLength);
  visit(bytes, key, key + keyLength, value, value + words[(place >> 2) + valueLengthAt]!, entry);
}

/** Visits the records of the chunk at a cursor that hold a value, whether they count or not; `word` is where they lie on disk. */
export function forEachPlace(
  cursor: ChunkCursor,
  visit: (bytes: Uint8Array, place: number, entry: number, word: number) => void,
): void {
  if (cursor.kind === chunkKinds.mark) return;
  if (!cursor.load()) throw damagedRecord(cursor.segment.slot, cursor.word);
  const { words, buffer, dataAt, records, word } = cursor;
  for (let i = 0, at = dataAt; i < records; i++) {
    const bytes = recordBytesAt(words, at);
    if (words[(at >> 2) + valueLengthAt] !== absent) visit(buffer, at, words[at >> 2]!, word + (at - dataAt) / 8);
    at += bytes;
  }
}

export function damagedRecord(slot: number, word: number): MillraceError {
  return new MillraceError("CANNOT_LOAD_STATE_STORE.CORRUPTED_FILE", {
    fileToRead: `segment ${slot} of the copy of the state on the local disk`,
    reason: `there is no record at byte ${8 * word}; the next start makes the copy anew`,
  });
}
