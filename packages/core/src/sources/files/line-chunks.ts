/**
 * Bytes of whole lines, a few megabytes at a time.
 *
 * The next read is under way while a chunk is worked on. The bytes of a chunk are reused for the chunk after the next
 * one unless the consumer keeps them (`retain`). A line longer than the buffer makes the buffer grow, up to the limit for
 * records; a still longer one is reported with its place and length and passed over.
 */
import type { ByteInput } from "./byte-input.ts";

export interface LineChunk {
  /** Followed by at least {@link chunkPadding} readable bytes after `end`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Position of `start` in the (decompressed) file. */
  readonly offset: number;
  /** Length of a line over the limit, of which this chunk holds the beginning; 0 for whole lines. */
  readonly oversized: number;
  /** Keeps the bytes of this chunk from being reused. */
  retain(): void;
}

/** Buffers of a fixed size that a consumer has ready. */
export interface ChunkBuffers {
  /** Bytes that one holds, without the padding. */
  readonly chunkBytes: number;
  /** A buffer of `chunkBytes` and the padding; null when none is left. */
  takeBuffer(): Uint8Array | null;
}

export interface LineChunkOptions {
  /** Bytes per read. */
  readonly chunkBytes?: number;
  /** Used for chunks, while there are some. They are in use until the iteration has ended. */
  readonly buffers?: ChunkBuffers | null;
  /** Longest line, in bytes. */
  readonly maxRecordBytes: number;
  /** What ends a line; undefined for LF, CRLF and CR. */
  readonly separator?: Uint8Array | undefined;
  /** Lines that begin in [from, to) of the file are read. */
  readonly from?: number;
  readonly to?: number;
}

/** Scanners look up to so many bytes ahead. */
export const chunkPadding = 64;
export const defaultChunkBytes: number = 1 << 20;
/** How much of an oversized line is kept, to show it. */
const oversizedKept = 1024;

/** Chunks of whole lines of an input that begins at position `from - 1` of the file (or 0). */
export async function* lineChunks(input: ByteInput, options: LineChunkOptions): AsyncGenerator<LineChunk, void, void> {
  const { separator, maxRecordBytes } = options;
  const from = options.from ?? 0;
  const to = options.to ?? Infinity;
  // Room for a line end and one byte more, or a read could have no room.
  const least = (separator?.length ?? 2) + 1;
  const buffers = (options.buffers?.chunkBytes ?? 0) >= least ? options.buffers : null;
  const chunkBytes = buffers?.chunkBytes ?? Math.max(least, options.chunkBytes ?? defaultChunkBytes);
  const allocate = (size: number): Uint8Array =>
    (size <= chunkBytes ? buffers?.takeBuffer() : null) ?? new Uint8Array(size + chunkPadding);
  const room = (buffer: Uint8Array): number => buffer.length - chunkPadding;

  let current = allocate(chunkBytes);
  let spare: Uint8Array | null = null;
  // `current` holds the file's bytes from `base` on: `filled` of them.
  let base = Math.max(0, from - 1);
  let filled = await input.read(current, 0, room(current));
  let finished = filled === 0;
  let start = 0;
  // Where looking for line ends goes on, so that a long line is not searched again from its start.
  let searched = 0;
  // The line that is under way began before `from`, or is over the limit: drop it through its end.
  let skipping = from > 0;
  let oversized: { readonly offset: number; readonly kept: Uint8Array } | null = null;

  for (;;) {
    if (skipping) {
      const lineEnd = firstLineEnd(current, start, filled, separator, finished);
      if (lineEnd < 0) {
        if (!finished) {
          // Nothing of the line is needed but the bytes that may be half a separator.
          const kept = Math.min(filled - start, (separator?.length ?? 2) - 1);
          current.copyWithin(0, filled - kept, filled);
          base += filled - kept;
          const read = await input.read(current, kept, room(current) - kept);
          finished = read === 0;
          filled = kept + read;
          start = 0;
          continue;
        }
        if (oversized !== null) yield oversizedChunk(oversized, base + contentEnd(current, start, filled, separator));
        return;
      }
      start = lineEnd;
      searched = start;
      skipping = false;
      if (oversized !== null) {
        yield oversizedChunk(oversized, base + contentEnd(current, 0, start, separator));
        oversized = null;
      }
    }
    if (base + start >= to) return;

    // The end of the last whole line here; with an end of the range, the end of the line that covers its last byte.
    let cut: number;
    const last = to - base - 1;
    let ranged = false;
    if (last < filled) {
      cut = firstLineEnd(current, Math.max(start, last - ((separator?.length ?? 1) - 1)), filled, separator, finished);
      ranged = cut >= 0;
    } else {
      cut = lastLineEnd(current, Math.max(start, searched - (separator?.length ?? 2)), filled, separator, finished);
    }
    if (cut < 0 && finished) {
      cut = filled;
      ranged = true;
    }
    if (cut < 0) {
      if (filled - start > maxRecordBytes + (separator?.length ?? 2)) {
        oversized = { offset: base + start, kept: current.slice(start, start + oversizedKept) };
        skipping = true;
        continue;
      }
      searched = filled;
      if (start > 0) {
        current.copyWithin(0, start, filled);
        base += start;
        filled -= start;
        searched -= start;
        start = 0;
      }
      if (filled === room(current)) {
        const larger = allocate(Math.max(chunkBytes, room(current) * 2));
        larger.set(current.subarray(0, filled));
        current = larger;
      }
      const read = await input.read(current, filled, room(current) - filled);
      finished = read === 0;
      filled += read;
      continue;
    }

    const carry = filled - cut;
    const chunkBuffer = current;
    const chunkStart = start;
    const done = ranged || base + cut >= to || (finished && carry === 0);
    let retained = false;
    let next: Uint8Array | null = null;
    let reading: Promise<number> | null = null;
    if (!done) {
      // Half a buffer free is worth a read.
      const needed = Math.max(chunkBytes, carry + (chunkBytes >> 1));
      next = spare !== null && room(spare) >= needed ? spare : allocate(needed);
      spare = null;
      next.set(current.subarray(cut, filled));
      if (!finished) {
        reading = input.read(next, carry, room(next) - carry);
        // A consumer that stops early never awaits it.
        reading.catch(() => undefined);
      }
    }
    try {
      const retain = (): void => {
        retained = true;
      };
      let wholeFrom = chunkStart;
      if (cut - chunkStart > maxRecordBytes) {
        // Lines over the limit may be among them.
        for (let p = chunkStart; p < cut;) {
          const next = firstLineEnd(chunkBuffer, p, cut, separator, true);
          const lineEnd = next < 0 ? cut : next;
          const content = contentEnd(chunkBuffer, p, lineEnd, separator);
          if (content - p > maxRecordBytes) {
            if (p > wholeFrom)
              yield { bytes: chunkBuffer, start: wholeFrom, end: p, offset: base + wholeFrom, oversized: 0, retain };
            yield oversizedChunk({ offset: base + p, kept: chunkBuffer.slice(p, p + oversizedKept) }, base + content);
            wholeFrom = lineEnd;
          }
          p = lineEnd;
        }
      }
      if (cut > wholeFrom)
        yield { bytes: chunkBuffer, start: wholeFrom, end: cut, offset: base + wholeFrom, oversized: 0, retain };
    } finally {
      // The input must not be closed under a read.
      if (reading !== null) await reading.catch(() => undefined);
    }
    if (next === null) return;
    const read: number = reading === null ? 0 : await reading;
    finished ||= read === 0;
    if (!retained) spare = chunkBuffer;
    current = next;
    base += cut;
    filled = carry + read;
    start = 0;
    searched = 0;
  }
}

function oversizedChunk(line: { readonly offset: number; readonly kept: Uint8Array }, end: number): LineChunk {
  return {
    bytes: line.kept,
    start: 0,
    end: line.kept.length,
    offset: line.offset,
    oversized: end - line.offset,
    retain: () => undefined,
  };
}

/** End of a line without its line end. */
function contentEnd(bytes: Uint8Array, start: number, lineEnd: number, separator: Uint8Array | undefined): number {
  if (separator !== undefined) {
    const at = lineEnd - separator.length;
    return at >= start && indexOfBytes(bytes, separator, at, lineEnd) === at ? at : lineEnd;
  }
  let end = lineEnd;
  if (end > start && bytes[end - 1] === 10) end--;
  if (end > start && bytes[end - 1] === 13) end--;
  return end;
}

/** Behind the first line end at or after `start`, or -1. A CR at the very end waits for what follows, unless `last`. */
export function firstLineEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
  separator: Uint8Array | undefined,
  last: boolean,
): number {
  if (separator !== undefined) {
    const at = indexOfBytes(bytes, separator, start, end);
    return at < 0 ? -1 : at + separator.length;
  }
  for (let p = start; p < end; p++) {
    const c = bytes[p]!;
    if (c === 10) return p + 1;
    if (c === 13) {
      if (p + 1 < end) return bytes[p + 1] === 10 ? p + 2 : p + 1;
      return last ? p + 1 : -1;
    }
  }
  return -1;
}

/** Behind the last line end in `bytes[start, end)`, or -1. CR alone counts only where there is no LF. */
function lastLineEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
  separator: Uint8Array | undefined,
  last: boolean,
): number {
  if (separator !== undefined) {
    let found = -1;
    // From the left: separators that overlap with themselves must be found as a reader from the start finds them.
    for (let at = indexOfBytes(bytes, separator, start, end); at >= 0;) {
      found = at + separator.length;
      at = indexOfBytes(bytes, separator, found, end);
    }
    return found;
  }
  const from = Math.max(0, start);
  const view = bytes.subarray(from, end);
  const lineFeed = view.lastIndexOf(10);
  if (lineFeed >= 0) return from + lineFeed + 1;
  let carriageReturn = view.lastIndexOf(13);
  if (carriageReturn === view.length - 1 && !last && carriageReturn >= 0) {
    carriageReturn = carriageReturn === 0 ? -1 : view.lastIndexOf(13, carriageReturn - 1);
  }
  return carriageReturn < 0 ? -1 : from + carriageReturn + 1;
}

/** Position of `pattern` in `bytes[start, end)`, or -1. */
export function indexOfBytes(bytes: Uint8Array, pattern: Uint8Array, start: number, end: number): number {
  const first = pattern[0]!;
  const stop = end - pattern.length;
  for (let p = start; p <= stop; p++) {
    if (bytes[p] !== first) continue;
    let k = 1;
    while (k < pattern.length && bytes[p + k] === pattern[k]) k++;
    if (k === pattern.length) return p;
  }
  return -1;
}
