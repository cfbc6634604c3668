/**
 * Lines of text and parts of strings, found by the kernel of packages/core/kernels/text-scan.ts. A thread has one kernel:
 * nothing stays in its memory between calls, into which text is copied a piece at a time, so that it stays in the cache.
 */
import { textKernelBinary } from "./text-kernel.generated.ts";
import { bitAt, sliceBits } from "./validity.ts";
import type { BytesVector } from "./vector.ts";
import { compileKernel, instantiateKernel, kernelMemory, pageBytes, type KernelMemory } from "./web-assembly.ts";

interface Exports {
  resume(start: number, behindReturn: number): void;
  lines(from: number, to: number, origin: number, starts: number, ends: number, capacity: number): number;
  lineStarted(): number;
  isAfterReturn(): number;
  isHigh(): number;
  split(
    from: number,
    to: number,
    rows: number,
    origin: number,
    validity: number,
    separator: number,
    size: number,
    starts: number,
    ends: number,
    counts: number,
  ): number;
}

/** Bytes of text that are worked on at once, when no single string is longer. */
const pieceBytes = 128 << 10;
const maximumRows = 8192;
/** Between strings that lie apart, so much is copied along for each byte of them, and the least for a piece. */
const sparseness = 4;
const sparseBytes = 4096;
/** The kernel reads up to so many bytes behind the text. */
const padding = 64;
const maximumBytes = 2 ** 32 - pageBytes;
/** What a kernel with more memory has been used for is rare: it is left to the garbage collector. */
const keptBytes = 8 << 20;

class TextKernel {
  readonly memory: KernelMemory;
  readonly exports: Exports;
  ints: Int32Array = new Int32Array(0);
  bytes: Uint8Array = new Uint8Array(0);

  constructor() {
    this.memory = kernelMemory(pageBytes, maximumBytes);
    this.exports = instantiateKernel(compileKernel(textKernelBinary), this.memory) as Exports;
  }

  /** Makes the memory at least so large, and the views of it valid. */
  ensure(bytes: number): void {
    const missing = bytes - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / pageBytes));
    if (this.ints.buffer === this.memory.buffer) return;
    this.ints = new Int32Array(this.memory.buffer);
    this.bytes = new Uint8Array(this.memory.buffer);
  }

  /** A copy of what was written as `count` integers from `at` on. */
  written(at: number, count: number): Int32Array {
    return this.ints.slice(at >> 2, (at >> 2) + count);
  }
}

let idle: TextKernel | null = null;

function withKernel<T>(use: (kernel: TextKernel) => T): T {
  const kernel = idle ?? new TextKernel();
  const result = use(kernel);
  idle = kernel.memory.buffer.byteLength <= keptBytes ? kernel : null;
  return result;
}

/** Some lines: places in the bytes, without the line ends. */
export interface Lines {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly rows: number;
  /** All bytes of the lines are below 0x80; false when that is not known. */
  readonly ascii: boolean;
}

/** The lines of `bytes[start, end)`, which end with LF, CR or CRLF, and the last one perhaps with nothing. */
export function* linesOf(bytes: Uint8Array, start: number, end: number): Generator<Lines, void, void> {
  let lineStart = start;
  let behindReturn = 0;
  let position = start;
  // Whether the line under way may have a byte above 0x7f.
  let high = false;
  while (position < end) {
    const from = position;
    const to = Math.min(end, from + pieceBytes);
    const found = withKernel((kernel) => {
      const { exports } = kernel;
      const [startsAt, endsAt] = [0, maximumRows * 4];
      const textAt = endsAt + maximumRows * 4;
      kernel.ensure(textAt + pieceBytes + padding);
      kernel.bytes.set(bytes.subarray(from, to), textAt);
      exports.resume(lineStart, behindReturn);
      const rows = exports.lines(textAt, textAt + to - from, textAt - from, startsAt, endsAt, maximumRows);
      lineStart = exports.lineStarted();
      behindReturn = exports.isAfterReturn();
      position = rows === maximumRows ? lineStart : to;
      const isHigh = exports.isHigh() !== 0;
      const ascii = !high && !isHigh;
      high = isHigh || (high && rows === 0);
      return { starts: kernel.written(startsAt, rows), ends: kernel.written(endsAt, rows), rows, ascii };
    });
    if (found.rows > 0) yield found;
  }
  if (lineStart < end) yield { starts: Int32Array.of(lineStart), ends: Int32Array.of(end), rows: 1, ascii: !high };
}

/** The parts of the strings of a column, in order. The arrays may be longer than needed. */
export interface ColumnParts {
  /** Number of parts. */
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Parts of each string. */
  readonly counts: Int32Array;
}

const noParts: Pick<ColumnParts, "starts" | "ends"> = { starts: new Int32Array(0), ends: new Int32Array(0) };

/**
 * Splits all strings of a column at a plain separator: places in the same bytes, nothing is copied. A string without the
 * separator is its own only part, NULL has none.
 * @param room arrays that nobody needs any more
 */
export function splitColumn(
  column: BytesVector,
  length: number,
  separator: Uint8Array,
  room: Pick<ColumnParts, "starts" | "ends"> = noParts,
): ColumnParts {
  const counts = new Int32Array(length);
  let { starts, ends } = room;
  let count = 0;
  for (let from = 0; from < length;) {
    const piece = nextPiece(column, from, length);
    withKernel((kernel) => {
      const found = splitPiece(kernel, column, from, piece, separator);
      if (starts.length < count + found.count) {
        // What is missing is guessed from what was found, in the first piece mostly all of it.
        const size = Math.ceil(((count + found.count) * length) / piece.to);
        starts = enlarged(starts, count, size);
        ends = enlarged(ends, count, size);
      }
      starts.set(kernel.ints.subarray(found.startsAt >> 2, (found.startsAt >> 2) + found.count), count);
      ends.set(kernel.ints.subarray(found.endsAt >> 2, (found.endsAt >> 2) + found.count), count);
      counts.set(kernel.ints.subarray(found.countsAt >> 2, (found.countsAt >> 2) + piece.to - from), from);
      count += found.count;
    });
    from = piece.to;
  }
  return { count, starts, ends, counts };
}

function enlarged(values: Int32Array, used: number, size: number): Int32Array {
  const larger = new Int32Array(size);
  larger.set(values.subarray(0, used));
  return larger;
}

/** Strings up to `to` lie in `bytes[least, most)`, and have so many bytes together. */
interface Piece {
  readonly to: number;
  readonly least: number;
  readonly most: number;
  readonly sum: number;
}

/** As many strings as lie close together, at least one. */
function nextPiece({ starts, ends, validity }: BytesVector, from: number, length: number): Piece {
  let least = 0;
  let most = 0;
  let sum = 0;
  let to = from;
  for (const limit = Math.min(length, from + maximumRows); to < limit; to++) {
    const start = starts[to]!;
    const end = ends[to]!;
    if (start === end || (validity !== null && !bitAt(validity, to))) continue;
    const first = sum === 0 || start < least ? start : least;
    const last = sum === 0 || end > most ? end : most;
    const all = sum + end - start;
    if (sum > 0 && Math.max(all, last - first) > Math.min(pieceBytes, sparseness * all + sparseBytes)) break;
    least = first;
    most = last;
    sum = all;
  }
  return { to, least, most, sum };
}

function splitPiece(
  kernel: TextKernel,
  { bytes, starts, ends, validity }: BytesVector,
  from: number,
  { to, least, most, sum }: Piece,
  separator: Uint8Array,
): { readonly count: number; readonly startsAt: number; readonly endsAt: number; readonly countsAt: number } {
  const rows = to - from;
  let size = 0;
  const take = (length: number): number => {
    const at = size;
    size = (size + length + 63) & ~63;
    return at;
  };
  const [fromAt, toAt, countsAt] = [take(4 * rows), take(4 * rows), take(4 * rows)];
  const separatorAt = take(separator.length);
  const validityAt = take((rows + 7) >> 3);
  const textAt = take(most - least + padding);
  // Room for as many parts as there can be; what is not written to takes no memory.
  const startsAt = take(4 * (sum + rows));
  const endsAt = take(4 * (sum + rows));
  kernel.ensure(size);
  kernel.ints.set(starts.subarray(from, to), fromAt >> 2);
  kernel.ints.set(ends.subarray(from, to), toAt >> 2);
  kernel.bytes.set(separator, separatorAt);
  if (validity !== null) kernel.bytes.set(sliceBits(validity, from, to), validityAt);
  kernel.bytes.set(bytes.subarray(least, most), textAt);
  const count = kernel.exports.split(
    fromAt,
    toAt,
    rows,
    textAt - least,
    validity === null ? 0 : validityAt,
    separatorAt,
    separator.length,
    startsAt,
    endsAt,
    countsAt,
  );
  return { count, startsAt, endsAt, countsAt };
}
