/**
 * The JSON kernel: WebAssembly with SIMD that finds fields 64 bytes at a time, copies strings and reads integers
 * (packages/core/kernels/json-scan.ts). A kernel has a memory of fixed size, in which the buffers lie that a file is read
 * into; memory never grows, so a read may be under way while the kernel works. Kernels are kept for the next reader.
 */
import type { BatchMemory } from "../../columnar/batch-memory.ts";
import { encodeUtf8 } from "../../columnar/utf8.ts";
import {
  byteMasks,
  compileKernel,
  instantiateKernel,
  kernelMemory,
  type KernelMemory,
  type KernelModule,
} from "../../columnar/web-assembly.ts";
import type { ChunkBuffers } from "../files/line-chunks.ts";
import { chunkPadding } from "../files/line-chunks.ts";
import { entryBytes, tableEntries, writeNames } from "./json-kernel-names.ts";
import { jsonKernelBinary } from "./json-kernel.generated.ts";

interface Exports {
  lay(
    cells: number,
    recordStarts: number,
    recordEnds: number,
    recordLines: number,
    capacity: number,
    fields: number,
    table: number,
    tableEntries: number,
    tableMultiplier: bigint,
    masks: number,
    constants: number,
    stops: number,
  ): void;
  scan(from: number, end: number, origin: number, row: number, line: number, maxRows: number): number;
  rows(): number;
  lines(): number;
  gaveUp(): number;
  high(): number;
  copyStrings(field: number, rows: number, count: number, to: number, ends: number, origin: number): number;
  viewStrings(
    field: number,
    rows: number,
    count: number,
    starts: number,
    ends: number,
    to: number,
    room: number,
    origin: number,
  ): number;
  copyHigh(): number;
  copyMissing(): number;
  readLongs(field: number, rows: number, from: number, count: number, to: number, origin: number): number;
}

/** A little more than a scan is asked for, lest the columns fall on each other in the processor's cache. */
const maximumRows = 8240;
/** Cells that a scan has room for; with more fields it stops at fewer rows. The kernel is made for this number. */
const maximumCells = 131_600;
/** With more fields than this the kernel would stop every few rows. */
const maximumFields = 1024;
const maximumChunkBytes = 16 << 20;
const nameBytes = 64 << 10;
/** Room for what views show without escapes. */
const textBytes = 256 << 10;
/** Bytes that the kernel may look at behind the end of a buffer, at most. */
const scannedAhead = 1024;
/** Kernels that are kept for the next reader, of a thread. */
const keptKernels = 2;

const idle: JsonKernel[] = [];
let compiled: KernelModule | null = null;

export class JsonKernel implements ChunkBuffers {
  readonly chunkBytes: number;
  readonly #memory: KernelMemory;
  readonly #exports: Exports;
  readonly #masksAt: number;
  readonly #tableAt: number;
  readonly #namesAt: number;
  readonly #cellsAt: number;
  readonly #rowsAt: number;
  readonly #startsAt: number;
  readonly #endsAt: number;
  readonly #textAt: number;
  readonly #outAt: number;
  readonly #buffersAt: readonly number[];
  readonly #whole: Uint8Array;
  readonly #constantsAt: number;
  readonly #stopsAt: number;
  #free: number[] = [];
  /** Bytes taken by values that views show without their escapes. */
  #textUsed = 0;
  /** Views of what `scan` writes; field `f` of row `r` at index `f * capacity + r`. */
  capacity = 0;
  starts: Int32Array = new Int32Array(0);
  ends: Int32Array = new Int32Array(0);
  kinds: Uint8Array = new Uint8Array(0);
  recordStarts: Int32Array = new Int32Array(0);
  recordEnds: Int32Array = new Int32Array(0);
  recordLines: Int32Array = new Int32Array(0);

  constructor(chunkBytes: number) {
    this.chunkBytes = chunkBytes;
    let size = 64;
    const take = (bytes: number): number => {
      const at = size;
      size = (size + bytes + 63) & ~63;
      return at;
    };
    this.#masksAt = take(byteMasks.byteLength);
    this.#constantsAt = take(5 * 16);
    this.#tableAt = take(tableEntries(maximumFields) * entryBytes);
    this.#namesAt = take(nameBytes);
    this.#cellsAt = take(maximumCells * 9 + maximumRows * 12);
    this.#rowsAt = take(maximumRows * 4);
    this.#startsAt = take(maximumRows * 4);
    this.#endsAt = take(maximumRows * 4);
    this.#textAt = take(textBytes);
    this.#outAt = take(Math.max(chunkBytes, maximumRows * 8) + chunkPadding);
    this.#buffersAt = [take(chunkBytes + chunkPadding), take(chunkBytes + chunkPadding)];
    // A bit per byte, also for those that the kernel looks at ahead.
    this.#stopsAt = take((size + scannedAhead) / 8);
    this.#memory = kernelMemory(size);
    this.#whole = new Uint8Array(this.#memory.buffer);
    compiled ??= compileKernel(jsonKernelBinary);
    this.#exports = instantiateKernel(compiled, this.#memory) as Exports;
    new BigInt64Array(this.#memory.buffer, this.#masksAt, byteMasks.length).set(byteMasks);
  }

  /** A kernel that looks for `names`; null when there are too many, or the chunks are too large. */
  static acquire(names: readonly string[], chunkBytes: number): JsonKernel | null {
    if (chunkBytes > maximumChunkBytes) return null;
    const encoded = names.map(encodeUtf8);
    if (names.length > maximumFields || encoded.reduce((sum, name) => sum + name.length, 0) > nameBytes) return null;
    const at = idle.findIndex((kernel) => kernel.chunkBytes === chunkBytes);
    const kernel = at < 0 ? new JsonKernel(chunkBytes) : idle.splice(at, 1)[0]!;
    kernel.#lay(encoded);
    return kernel;
  }

  /** Gives the kernel back. None of its memory may be in use any more, by a read either. */
  release(): void {
    idle.unshift(this);
    idle.length = Math.min(idle.length, keptKernels);
  }

  #lay(names: readonly Uint8Array[]): void {
    const fields = names.length;
    // One column more takes what is not wanted.
    const rows = Math.min(maximumRows, Math.floor(maximumCells / (fields + 1)));
    const { buffer } = this.#memory;
    const startsAt = this.#cellsAt;
    const endsAt = startsAt + maximumCells * 4;
    const kindsAt = endsAt + maximumCells * 4;
    const recordsAt = kindsAt + maximumCells;
    this.capacity = rows;
    this.starts = new Int32Array(buffer, startsAt, fields * rows);
    this.ends = new Int32Array(buffer, endsAt, fields * rows);
    this.kinds = new Uint8Array(buffer, kindsAt, fields * rows);
    this.recordStarts = new Int32Array(buffer, recordsAt, rows);
    this.recordEnds = new Int32Array(buffer, recordsAt + rows * 4, rows);
    this.recordLines = new Int32Array(buffer, recordsAt + rows * 8, rows);
    const entries = tableEntries(fields);
    const multiplier = writeNames(names, rows, buffer, this.#tableAt, entries, this.#namesAt);
    this.#exports.lay(
      startsAt,
      recordsAt,
      recordsAt + rows * 4,
      recordsAt + rows * 8,
      rows,
      fields,
      this.#tableAt,
      entries,
      multiplier,
      this.#masksAt,
      this.#constantsAt,
      this.#stopsAt,
    );
    this.#free = [...this.#buffersAt];
  }

  takeBuffer(): Uint8Array | null {
    const at = this.#free.pop();
    return at === undefined ? null : new Uint8Array(this.#memory.buffer, at, this.chunkBytes + chunkPadding);
  }

  /** Whether the kernel can work on the bytes. */
  holds(bytes: Uint8Array): boolean {
    return bytes.buffer === this.#memory.buffer;
  }

  /**
   * Reads lines of `bytes[start, end)`, one of the kernel's buffers; the last is ended by a line end. Stops at the end, at
   * `maxRows` rows or at a line that it gives up, whose start is then the result.
   */
  scan(bytes: Uint8Array, start: number, end: number, row: number, line: number, maxRows: number): KernelScan {
    const origin = bytes.byteOffset;
    this.#textUsed = 0;
    const position = this.#exports.scan(origin + start, origin + end, origin, row, line, maxRows) - origin;
    const { rows, lines, gaveUp, high } = this.#exports;
    return { position, rows: rows(), lines: lines(), gaveUp: gaveUp() !== 0, ascii: high() === 0 };
  }

  /**
   * Where the strings of a field lie in the kernel's memory, for some rows and until the next scan; null when the kernel
   * cannot tell. Null and absent ones are empty.
   */
  viewStrings(
    bytes: Uint8Array,
    field: number,
    rows: Int32Array,
    count: number,
    memory: BatchMemory,
  ): ViewedStrings | null {
    const rowsAt = this.#putRows(rows, count);
    const at = this.#textAt + this.#textUsed;
    const room = textBytes - this.#textUsed;
    const { viewStrings, copyMissing } = this.#exports;
    const size = viewStrings(field, rowsAt, count, this.#startsAt, this.#endsAt, at, room, bytes.byteOffset);
    if (size < 0) return null;
    this.#textUsed += size;
    const { buffer } = this.#memory;
    const [starts, ends] = [memory.int32(count), memory.int32(count)];
    starts.set(new Int32Array(buffer, this.#startsAt, count));
    ends.set(new Int32Array(buffer, this.#endsAt, count));
    return { bytes: this.#whole, starts, ends, missing: copyMissing() !== 0 };
  }

  /** Strings of a field for some rows, nothing for null and absent ones; null when the kernel cannot copy them. */
  copyStrings(
    bytes: Uint8Array,
    field: number,
    rows: Int32Array,
    count: number,
    memory: BatchMemory,
  ): CopiedStrings | null {
    const rowsAt = this.#putRows(rows, count);
    const size = this.#exports.copyStrings(field, rowsAt, count, this.#outAt, this.#endsAt, bytes.byteOffset);
    if (size < 0) return null;
    const { buffer } = this.#memory;
    // Eight bytes more than are used, as readers of whole words expect.
    const copy = memory.bytes(size + 8);
    copy.set(new Uint8Array(buffer, this.#outAt, size));
    const offsets = memory.int32(count + 1);
    offsets[0] = 0;
    offsets.set(new Int32Array(buffer, this.#endsAt, count), 1);
    const { copyHigh, copyMissing } = this.#exports;
    return { bytes: copy, size, offsets, ascii: copyHigh() === 0, missing: copyMissing() !== 0 };
  }

  /** Integers of a field for some rows, up to the first that is something else or has more than 18 digits. */
  readLongs(
    bytes: Uint8Array,
    field: number,
    rows: Int32Array,
    from: number,
    count: number,
    to: BigInt64Array,
  ): number {
    const rowsAt = this.#putRows(rows, count);
    const read = this.#exports.readLongs(field, rowsAt, from, count, this.#outAt, bytes.byteOffset);
    to.set(new BigInt64Array(this.#memory.buffer, this.#outAt + from * 8, read - from), from);
    return read;
  }

  #putRows(rows: Int32Array, count: number): number {
    new Int32Array(this.#memory.buffer, this.#rowsAt, count).set(rows.subarray(0, count));
    return this.#rowsAt;
  }
}

export interface KernelScan {
  readonly position: number;
  readonly rows: number;
  readonly lines: number;
  readonly gaveUp: boolean;
  /** No byte of a string that was met is above 0x7f. */
  readonly ascii: boolean;
}

export interface ViewedStrings {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** A value is absent or null. */
  readonly missing: boolean;
}

export interface CopiedStrings {
  readonly bytes: Uint8Array;
  readonly size: number;
  /** Where value `i` begins, and at `i + 1` where it ends. */
  readonly offsets: Int32Array;
  readonly ascii: boolean;
  /** A value is absent or null. */
  readonly missing: boolean;
}
