/**
 * Numbers for byte strings in order of appearance: the kernel of packages/core/kernels/key-table.ts with its memory.
 *
 * A batch's bytes are copied into the memory, where the kernel hashes, finds and keeps them a batch at a time. Small tables
 * are kept for the next user, since each micro-batch needs a few.
 */
import { assertInvariant } from "../errors/index.ts";
import { keyTableBinary } from "./key-table-kernel.generated.ts";
import { allPresent, clearBit } from "./validity.ts";
import type { Validity, Vector } from "./vector.ts";
import type { DataType } from "../types/data-type.ts";
import {
  byteMasks,
  compileKernel,
  instantiateKernel,
  kernelMemory,
  pageBytes,
  type KernelMemory,
  type KernelModule,
} from "./web-assembly.ts";

interface Exports {
  lay(
    slots: number,
    slotCount: number,
    entries: number,
    capacity: number,
    arena: number,
    arenaBytes: number,
    masks: number,
  ): void;
  clear(): void;
  keys(): number;
  arenaUsed(): number;
  nullNumber(): number;
  offsets(from: number, to: number, target: number): void;
  rehash(): void;
  assign(
    starts: number,
    ends: number,
    origin: number,
    validity: number,
    groups: number,
    from: number,
    to: number,
    nulls: number,
    insert: number,
  ): number;
}

/** Places in memory, in order: masks, input, slots, entries, arena. */
interface Layout {
  readonly inputBytes: number;
  readonly slotCount: number;
  readonly capacity: number;
  readonly arenaBytes: number;
}

export interface AssignOptions {
  /** NULL is a key like others, or has the number -1. */
  readonly nulls: "group" | "skip";
  readonly missing: "insert" | "find";
}

/** Slots and entry of a key, with the room that tables have. */
const bytesPerKey = 36;
const entryBytes = 16;
const first: Layout = { inputBytes: 64 << 10, slotCount: 1024, capacity: 512, arenaBytes: 16 << 10 };
/** The kernel reads up to so many bytes behind a string. */
const padding = 64;
const maximumBytes = 2 ** 31 - pageBytes;
/** Larger tables are left to the garbage collector. */
const keptBytes = 4 << 20;
const keptTables = 8;

const idle: BytesKeyTable[] = [];
let compiled: KernelModule | null = null;

export class BytesKeyTable {
  readonly #memory: KernelMemory;
  readonly #exports: Exports;
  #layout: Layout = first;

  private constructor() {
    compiled ??= compileKernel(keyTableBinary);
    this.#memory = kernelMemory(placesOf(first).end, maximumBytes);
    this.#exports = instantiateKernel(compiled, this.#memory) as Exports;
    new BigInt64Array(this.#memory.buffer, padding, byteMasks.length).set(byteMasks);
    this.#lay(first);
  }

  static acquire(): BytesKeyTable {
    const table = idle.pop() ?? new BytesKeyTable();
    table.#exports.clear();
    return table;
  }

  /** Gives the table back; nothing of it may be used any more. */
  release(): void {
    if (this.#memory.buffer.byteLength <= keptBytes && idle.length < keptTables) idle.push(this);
  }

  get count(): number {
    return this.#exports.keys();
  }

  /** What the keys take, about: a table that has been in use before may have more room. */
  get memoryBytes(): number {
    return bytesPerKey * this.#exports.keys() + 2 * this.#exports.arenaUsed();
  }

  #lay(layout: Layout): void {
    this.#layout = layout;
    const at = placesOf(layout);
    const { slotCount, capacity, arenaBytes } = layout;
    this.#exports.lay(at.slots, slotCount, at.entries, capacity, at.arena, arenaBytes, padding);
  }

  /** Makes the areas larger and moves what they hold. */
  #enlarge(layout: Layout): void {
    const from = placesOf(this.#layout);
    const to = placesOf(layout);
    const count = this.#exports.keys();
    const used = this.#exports.arenaUsed();
    assertInvariant(to.end <= maximumBytes, "the keys of a group by or join take more than 2 GB in one thread");
    const missing = to.end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    const bytes = new Uint8Array(this.#memory.buffer);
    // From the last area on, since all move up.
    bytes.copyWithin(to.arena, from.arena, from.arena + used);
    bytes.copyWithin(to.entries, from.entries, from.entries + count * entryBytes);
    const slotsMoved = layout.slotCount !== this.#layout.slotCount || from.slots !== to.slots;
    this.#lay(layout);
    if (slotsMoved) this.#exports.rehash();
  }

  /** Writes the number of each value of a column of strings or bytes to `groups`; -1 for those without one. */
  assign(column: Vector, length: number, groups: Int32Array, options: AssignOptions): void {
    if (column.kind === "null") {
      this.#assignNulls(length, groups, options);
      return;
    }
    assertInvariant(column.kind === "bytes", "a key of bytes");
    // A part at a time, so that the input area stays small.
    const { starts, ends } = column;
    for (let from = 0; from < length;) {
      const limit = Math.min(length, from + maximumPart);
      let to = from;
      // An integer from the start, so that the loop has only integers.
      let least = 0x7fff_ffff;
      let most = 0;
      let sum = 0;
      for (; to < limit && sum < maximumInput; to++) {
        const start = starts[to]!;
        const end = ends[to]!;
        if (start === end) continue;
        if (start < least) least = start;
        if (end > most) most = end;
        sum += end - start;
      }
      this.#assignPart(column, from, to, Math.min(least, most), most, sum, groups, options);
      from = to;
    }
  }

  #assignPart(
    column: Extract<Vector, { readonly kind: "bytes" }>,
    from: number,
    to: number,
    least: number,
    most: number,
    sum: number,
    groups: Int32Array,
    { nulls, missing }: AssignOptions,
  ): void {
    const rows = to - from;
    const copiesAll = most - least <= 4 * sum + 4096;
    const size = copiesAll ? most - least : sum;
    const needed = size + padding + rows * 12 + ((rows + 7) >> 3) + 64;
    if (needed > this.#layout.inputBytes) this.#enlarge({ ...this.#layout, inputBytes: 2 * needed });
    for (let done = 0; ;) {
      // Memory may have grown, and moved.
      const at = placesOf(this.#layout);
      const { buffer } = this.#memory;
      const groupsAt = at.input;
      const startsAt = groupsAt + rows * 4;
      const endsAt = startsAt + rows * 4;
      const validityAt = endsAt + rows * 4;
      const bytesAt = (validityAt + ((rows + 7) >> 3) + 15) & ~15;
      const starts = new Int32Array(buffer, startsAt, rows);
      const ends = new Int32Array(buffer, endsAt, rows);
      let origin = bytesAt;
      if (copiesAll) {
        starts.set(column.starts.subarray(from, to));
        ends.set(column.ends.subarray(from, to));
        new Uint8Array(buffer, bytesAt, size).set(column.bytes.subarray(least, most));
        origin = bytesAt - least;
      } else {
        const input = new Uint8Array(buffer, bytesAt, size);
        for (let i = 0, p = 0; i < rows; i++) {
          const start = column.starts[from + i]!;
          const end = column.ends[from + i]!;
          starts[i] = p;
          for (let q = start; q < end; q++) input[p++] = column.bytes[q]!;
          ends[i] = p;
        }
      }
      if (column.validity !== null) {
        const bits = new Uint8Array(buffer, validityAt, (rows + 7) >> 3);
        for (let i = 0; i < rows; i++) {
          const present = (column.validity[(from + i) >> 3]! >> ((from + i) & 7)) & 1;
          if ((i & 7) === 0) bits[i >> 3] = 0;
          bits[i >> 3]! |= present << (i & 7);
        }
      }
      const before = done;
      done = this.#exports.assign(
        startsAt,
        endsAt,
        origin,
        column.validity === null ? 0 : validityAt,
        groupsAt,
        before,
        rows,
        nulls === "group" ? 1 : 0,
        missing === "insert" ? 1 : 0,
      );
      groups.set(new Int32Array(buffer, groupsAt + before * 4, done - before), from + before);
      if (done === rows) return;
      this.#makeRoom(sum);
    }
  }

  /** Room for one more key and for `bytes` more in the arena. */
  #makeRoom(bytes: number): void {
    const { inputBytes, slotCount, capacity, arenaBytes } = this.#layout;
    const full = this.#exports.keys() === capacity;
    const free = arenaBytes - this.#exports.arenaUsed();
    this.#enlarge({
      inputBytes,
      slotCount: full ? slotCount * 2 : slotCount,
      capacity: full ? capacity * 2 : capacity,
      arenaBytes: free < bytes ? Math.max(arenaBytes * 2, arenaBytes + bytes) : arenaBytes,
    });
  }

  #assignNulls(length: number, groups: Int32Array, options: AssignOptions): void {
    const one = { kind: "bytes" as const, type: { kind: "binary" as const }, length: 1 };
    const none = { ...one, validity: new Uint8Array(1), bytes: new Uint8Array(0) };
    const column = { ...none, starts: new Int32Array(1), ends: new Int32Array(1) };
    const number = new Int32Array(1);
    if (length > 0) this.assign(column, 1, number, options);
    groups.fill(number[0]!, 0, length);
  }

  /** The keys with numbers [from, to) as a column that shares no memory with the table. */
  keys(type: DataType, from: number, to: number): Vector {
    const length = to - from;
    const needed = 4 * (length + 1);
    if (needed > this.#layout.inputBytes) this.#enlarge({ ...this.#layout, inputBytes: needed });
    const at = placesOf(this.#layout);
    const { buffer } = this.#memory;
    this.#exports.offsets(from, to, at.input);
    const offsets = new Int32Array(buffer, at.input, length + 1).slice();
    const base = offsets[0]!;
    const size = offsets[length]! - base;
    const bytes = new Uint8Array(size + 8);
    bytes.set(new Uint8Array(buffer, at.arena + base, size));
    for (let i = 0; i <= length; i++) offsets[i]! -= base;
    const nullNumber = this.#exports.nullNumber();
    let validity: Validity = null;
    if (nullNumber >= from && nullNumber < to) clearBit((validity = allPresent(length)), nullNumber - from);
    const starts = offsets.subarray(0, length);
    return { kind: "bytes", type, length, validity, bytes, starts, ends: offsets.subarray(1) };
  }
}

/** Rows and bytes of keys that are worked on at once. */
const maximumPart = 16 << 10;
const maximumInput = 1 << 20;

function placesOf({ inputBytes, slotCount, capacity, arenaBytes }: Layout): {
  readonly input: number;
  readonly slots: number;
  readonly entries: number;
  readonly arena: number;
  readonly end: number;
} {
  const align = (at: number): number => (at + 63) & ~63;
  const input = 256;
  const slots = align(input + inputBytes);
  const entries = slots + slotCount * 4;
  const arena = entries + capacity * entryBytes;
  return { input, slots, entries, arena, end: arena + arenaBytes + padding };
}
