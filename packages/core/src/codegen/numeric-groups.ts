/**
 * A partial aggregation whose loop is WebAssembly (`wasm-aggregate.ts`). Rows that the loop leaves out, because they are
 * errors or not exact in machine numbers, go to generated JavaScript: to groups of their own, into which the loop's are merged
 * in the end.
 */
import { sliceBatch } from "../columnar/gather.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { sequenceOf } from "../columnar/sequence.ts";
import { allPresent, clearBit, setBit } from "../columnar/validity.ts";
import type { Validity, Vector } from "../columnar/vector.ts";
import { numberArray } from "../columnar/vector.ts";
import {
  compileModule,
  instantiateKernel,
  kernelMemory,
  type KernelMemory,
  type KernelModule,
  pageBytes,
} from "../columnar/web-assembly.ts";
import { assertInvariant, MillraceError } from "../errors/index.ts";
import type { DataType, StructType } from "../types/data-type.ts";
import type { AggregatePlan } from "./aggregate-plan.ts";
import {
  AverageStore,
  type AggregateStore,
  CountStore,
  ExtremeStore,
  sumOverflow,
  SumDoubleStore,
  SumLongStore,
} from "./aggregate-stores.ts";
import { AverageDecimalStore, AverageShortDecimalStore, SumDecimalStore } from "./decimal-stores.ts";
import {
  type AggregatePlace,
  type EntryField,
  type KeyPlace,
  nextEntryAt,
  type NumericExports,
  type NumericProgram,
} from "./wasm-aggregate.ts";
import { chunkRows, type ColumnPlace, stop, stopShift } from "./wasm-context.ts";

/** Columns of one length. */
export interface Rows {
  readonly length: number;
  readonly columns: readonly Vector[];
}

/** The groups of one partition, which the final aggregation merges with others. */
export interface PartialAggregation {
  readonly groups: number;
  /** What keys and aggregates take, about; without strings, lists and maps that aggregates collect. */
  readonly memoryBytes: number;
  add(batch: RecordBatch): void;
  /** Keys, then the buffers of each aggregate; a row for each group. The aggregation must not be added to afterwards. */
  partials(): Rows;
}

/** Groups of the rows that the loop leaves out. */
export interface OtherGroups {
  readonly groups: PartialAggregation;
  /** Adds partial results. */
  merge(rows: RecordBatch): void;
}

const initialEntries = 256;
const maximumBytes = 2 ** 31 - pageBytes;
/** Memories that are kept for the next use, and the bytes up to which they are. */
const keptMemories = 4;
const keptBytes = 4 << 20;
/** So many rows of a batch may leave the loop one by one; then JavaScript takes the rest of the batch. */
const mostLeft = 64;
/** After so many batches of which JavaScript took the rest it gets all others. */
const mostGivenUp = 8;

/** Memories with the functions of one program. */
export class NumericRuntime {
  readonly #program: NumericProgram;
  readonly #module: KernelModule;
  readonly #idle: NumericTable[] = [];

  constructor(program: NumericProgram) {
    this.#program = program;
    this.#module = compileModule(program.binary);
  }

  acquire(): NumericTable {
    return this.#idle.pop() ?? new NumericTable(this.#program, this.#module);
  }

  release(table: NumericTable): void {
    if (table.memorySize > keptBytes || this.#idle.length >= keptMemories) return;
    table.clear();
    this.#idle.push(table);
  }
}

/** Columns and entries in a memory. In order: the next entry's address, columns, entries, slots. */
class NumericTable {
  readonly #program: NumericProgram;
  readonly #memory: KernelMemory;
  readonly #exports: NumericExports;
  readonly #first: number;
  #capacity = initialEntries;

  constructor(program: NumericProgram, module: KernelModule) {
    this.#program = program;
    this.#first = (program.places.end + 7) & ~7;
    this.#memory = kernelMemory(this.#end, maximumBytes);
    this.#exports = instantiateKernel(module, this.#memory) as NumericExports;
    this.#next = this.#first;
  }

  get memorySize(): number {
    return this.#memory.buffer.byteLength;
  }

  get #next(): number {
    return new Int32Array(this.#memory.buffer, nextEntryAt, 1)[0]!;
  }
  set #next(address: number) {
    new Int32Array(this.#memory.buffer, nextEntryAt, 1)[0] = address;
  }
  get #slots(): number {
    return this.#first + this.#capacity * this.#program.layout.bytes;
  }
  get #end(): number {
    return this.#slots + 2 * this.#capacity * 4;
  }
  get #shift(): bigint {
    return BigInt(64 - Math.log2(2 * this.#capacity));
  }

  /** Groups with a key; without keys there is one. */
  get count(): number {
    const { keys, bytes } = this.#program.layout;
    return keys.length === 0 ? 1 : (this.#next - this.#first) / bytes;
  }

  clear(): void {
    new Uint8Array(this.#memory.buffer).fill(0, this.#first, this.#end);
    this.#capacity = initialEntries;
    this.#next = this.#first;
  }

  /** Copies rows `[from, to)` of the columns that the loop reads. */
  take(columns: readonly Vector[], from: number, to: number): boolean {
    const target = new Uint8Array(this.#memory.buffer);
    const nullable =
      columns.length > 0 && this.#program.places.columns.some(({ ordinal }) => columns[ordinal]!.validity !== null);
    const bits = (source: Uint8Array, at: number): void => target.set(source.subarray(from >> 3, (to + 7) >> 3), at);
    for (const place of this.#program.places.columns) {
      const column = columns[place.ordinal]!;
      const sequence = sequenceOf(column);
      if (sequence === undefined) takeValues(column, place, from, to, target, bits);
      else {
        const first = sequence.first + BigInt(from) * sequence.step;
        this.#exports.sequence(place.values, to - from, first, sequence.step);
      }
      if (!nullable) continue;
      if (column.validity === null) target.fill(0xff, place.validity, place.validity + ((to - from + 7) >> 3));
      else bits(column.validity, place.validity);
    }
    return nullable;
  }

  /** Adds rows of what was taken; see {@link NumericExports}. */
  add(from: number, rows: number, nullable: boolean): number {
    const keyless = this.#program.layout.keys.length === 0;
    const slots = keyless ? this.#first : this.#slots;
    const add = nullable ? this.#exports.add : this.#exports.addPresent;
    return add(from, rows, slots, 2 * this.#capacity - 1, this.#shift, this.#slots);
  }

  grow(): void {
    const used = this.#next;
    this.#capacity *= 2;
    assertInvariant(this.#end <= maximumBytes, "the groups of a partial aggregation take more than 2 GB in one thread");
    const missing = this.#end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    // New entries and slots lie where the old slots were.
    new Uint8Array(this.#memory.buffer).fill(0, used, this.#end);
    this.#exports.rehash(this.#first, used, this.#slots, 2 * this.#capacity - 1, this.#shift);
  }

  /** The values of a field for all entries, through a typed array over the memory. */
  read<A extends { [i: number]: unknown }>({ machine, offset }: EntryField, into: A): A {
    const { buffer } = this.#memory;
    const memory = {
      u8: () => new Uint8Array(buffer),
      i32: () => new Int32Array(buffer),
      i64: () => new BigInt64Array(buffer),
      f64: () => new Float64Array(buffer),
    }[machine]();
    const step = this.#program.layout.bytes / memory.BYTES_PER_ELEMENT;
    let at = (this.#first + offset) / memory.BYTES_PER_ELEMENT;
    const { count } = this;
    for (let i = 0; i < count; i++, at += step) into[i] = memory[at];
    return into;
  }
}

function takeValues(
  column: Vector,
  { values, width }: ColumnPlace,
  from: number,
  to: number,
  target: Uint8Array,
  bits: (source: Uint8Array, at: number) => void,
): void {
  switch (column.kind) {
    case "bool":
      bits(column.values, values);
      return;
    case "i8":
    case "i16":
    case "i32":
    case "i64":
    case "f32":
    case "f64":
    case "decimal": {
      const { buffer, byteOffset } = column.values;
      target.set(new Uint8Array(buffer, byteOffset + from * width, (to - from) * width), values);
      return;
    }
    default:
      assertInvariant(false, "a numeric loop reads columns of numbers");
  }
}

export class NumericAggregation implements PartialAggregation {
  readonly #runtime: NumericRuntime;
  readonly #program: NumericProgram;
  readonly #plans: readonly AggregatePlan[];
  readonly #partial: StructType;
  readonly #table: NumericTable;
  readonly #startOther: () => OtherGroups;
  /** What the loop left out. */
  #other: OtherGroups | undefined;
  #givenUp = 0;

  /**
   * @param partial keys and buffers
   * @param startOther aggregates rows that the loop leaves out
   */
  constructor(
    runtime: NumericRuntime,
    program: NumericProgram,
    plans: readonly AggregatePlan[],
    partial: StructType,
    startOther: () => OtherGroups,
  ) {
    this.#runtime = runtime;
    this.#program = program;
    this.#plans = plans;
    this.#partial = partial;
    this.#startOther = startOther;
    this.#table = runtime.acquire();
  }

  get groups(): number {
    return this.#table.count + (this.#other?.groups.groups ?? 0);
  }

  get memoryBytes(): number {
    return this.#table.count * (this.#program.layout.bytes + 16) + (this.#other?.groups.memoryBytes ?? 0);
  }

  add(batch: RecordBatch): void {
    const table = this.#table;
    let left = this.#givenUp < mostGivenUp ? 0 : mostLeft;
    for (let from = 0; from < batch.length; from += chunkRows) {
      if (left === mostLeft) {
        this.#leave(batch, from, batch.length);
        return;
      }
      const rows = Math.min(chunkRows, batch.length - from);
      const nullable = table.take(batch.columns, from, from + rows);
      for (let row = 0; row < rows;) {
        const stopped = table.add(row, rows, nullable);
        row = stopped & ((1 << stopShift) - 1);
        switch (stopped >> stopShift) {
          case stop.tableFull:
            table.grow();
            break;
          case stop.sumOverflow:
            sumOverflow();
          // eslint-disable-next-line no-fallthrough -- it throws
          case stop.forJavaScript:
            if (++left === mostLeft) {
              this.#givenUp++;
              this.#leave(batch, from + row, from + rows);
              row = rows;
            } else {
              this.#leave(batch, from + row, from + row + 1);
              row++;
            }
        }
      }
    }
  }

  #leave(batch: RecordBatch, from: number, to: number): void {
    this.#other ??= this.#startOther();
    this.#other.groups.add(sliceBatch(batch, from, to));
  }

  partials(): Rows {
    const table = this.#table;
    const { layout } = this.#program;
    const { count } = table;
    const keys = layout.keys.map((key, k) => keyColumn(table, key, this.#partial.fields[k]!.type, count));
    const buffers = this.#plans.flatMap((plan, k) => {
      const store = plan.create();
      store.ensure(count);
      fillStore(store, table, layout.aggregates[k]!, count);
      return store.buffers(count);
    });
    this.#runtime.release(table);
    const own = { length: count, columns: [...keys, ...buffers] };
    const other = this.#other;
    if (other === undefined) return own;
    other.merge({ schema: this.#partial, ...own });
    return other.groups.partials();
  }
}

function keyColumn(table: NumericTable, { kind, value, isNull }: KeyPlace, type: DataType, length: number): Vector {
  const validity = isNull === undefined ? null : validityOf(table.read(isNull, new Uint8Array(length)));
  switch (kind) {
    case "bool": {
      const flags = table.read(value, new Uint8Array(length));
      const values = new Uint8Array((length + 7) >> 3);
      for (let i = 0; i < length; i++) if (flags[i] === 1) setBit(values, i);
      return { kind, type, length, validity, values };
    }
    case "f32":
    case "f64": {
      const doubles = new Float64Array(table.read(value, new BigInt64Array(length)).buffer);
      return kind === "f64"
        ? { kind, type, length, validity, values: doubles }
        : { kind, type, length, validity, values: Float32Array.from(doubles) };
    }
    case "i8":
    case "i16":
    case "i32":
    case "i64":
      return { kind, type, length, validity, values: table.read(value, numberArray(kind, length)) } as Vector;
    default:
      throw new MillraceError("INTERNAL_ERROR", { message: `a key of numbers has a column of ${kind}` });
  }
}

function validityOf(nulls: Uint8Array): Validity {
  let bits: Uint8Array | null = null;
  for (let i = 0; i < nulls.length; i++) if (nulls[i] === 1) clearBit((bits ??= allPresent(nulls.length)), i);
  return bits;
}

/** Fills the store of an aggregate with the entries' fields; its buffers are the columns that the merge takes. */
function fillStore(store: AggregateStore, table: NumericTable, place: AggregatePlace, count: number): void {
  const { value, seen, count: counts, carried } = place;
  if (store instanceof CountStore) table.read(value, store.values);
  else if (store instanceof SumLongStore || store instanceof SumDoubleStore || store instanceof ExtremeStore) {
    table.read(value, store.values as { [i: number]: unknown });
    table.read(seen!, store.seen);
  } else if (store instanceof AverageStore || store instanceof AverageShortDecimalStore) {
    table.read(value, store.sums);
    table.read(counts!, store.counts);
  } else if (store instanceof SumDecimalStore || store instanceof AverageDecimalStore) {
    const low = table.read(value, new BigInt64Array(count));
    const high = table.read(carried!, new BigInt64Array(count));
    for (let g = 0; g < count; g++) store.sums.add(g, low[g]! + (high[g]! << 64n));
    if (store instanceof SumDecimalStore) table.read(seen!, store.seen);
    else table.read(counts!, store.counts);
  } else assertInvariant(false, "a numeric aggregate has a store of numbers");
}
