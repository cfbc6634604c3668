/**
 * One side of a stream–stream join in one partition: its rows in the state, as Spark lays them out, and the index beside it,
 * which lives from batch to batch.
 *
 * There are two stores: `keyToNumValues` has the number of rows of each key; `keyWithIndexToValue` has, for each key and a
 * number below that, a row and whether it has found a partner. When a row leaves, the last one of its key takes its number.
 * @see Spark `SymmetricHashJoinStateManager`, state format 2
 */
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { isValid, type Vector } from "../../columnar/vector.ts";
import { MillraceError } from "../../errors/index.ts";
import type { StateJoinSide, StateStoreDescription } from "../../physical-plan/stateful.ts";
import { IndexedKey } from "../../state/indexed-key.ts";
import { hashWords } from "../../state/murmur3.ts";
import type { StateStore } from "../../state/state-store.ts";
import { createRowEncoder, type EncodedRows, type RowEncoder } from "../../state/unsafe-row.ts";
import { RowColumns } from "../../state/unsafe-row-columns.ts";
import { nullBitmapLength } from "../../state/unsafe-row-layout.ts";
import { booleanType } from "../../types/data-type.ts";
import { eventTimes } from "../operators/event-time-watermark.ts";
import { JoinIndex, type RowStore } from "./join-index.ts";

/** Rows whose keys are looked up together. */
const rowsAhead = 256;
/** Keys that are read at a stretch when the index is made. */
const keysPerStretch = 4096;

export class JoinSide implements RowStore {
  readonly plan: StateJoinSide;
  index: JoinIndex;
  readonly #description: { readonly counts: StateStoreDescription; readonly values: StateStoreDescription };
  /** Whether anybody asks if a row of this side has found a partner. */
  readonly #tracksPartners: boolean;
  readonly #rows: RowColumns;
  readonly #indexedKey: IndexedKey;
  readonly #values: RowEncoder = createRowEncoder();
  /** Where in a row the mark of a partner stands, and the time by which rows are ordered. */
  readonly #markAt: number;
  readonly #timeAt: number;
  /** The version of the state that the index belongs to; −1: none. */
  #version = -1;
  #counts!: StateStore;
  #store!: StateStore;
  // The columns of the batch whose rows are added.
  #times: Times | null = null;
  #keyTimes: Times | null = null;
  readonly #rowsMoved = (moved: Int32Array): void => this.index.rowsMoved(moved);
  readonly #keysMoved = (moved: Int32Array): void => this.index.keysMoved(moved);
  readonly #count: Uint8Array = new Uint8Array(16);
  readonly #countWords: Int32Array = new Int32Array(this.#count.buffer);
  #scratch: Uint8Array = new Uint8Array(256);
  readonly #added: NumberedKeys = new NumberedKeys();

  constructor(
    plan: StateJoinSide,
    counts: StateStoreDescription,
    values: StateStoreDescription,
    tracksPartners: boolean,
  ) {
    this.plan = plan;
    this.#description = { counts, values };
    this.#tracksPartners = tracksPartners;
    this.#rows = new RowColumns(values.value.fields.map(({ type }) => type));
    this.#indexedKey = new IndexedKey(counts.key.fields.map(({ type }) => type));
    const slots = nullBitmapLength(plan.columns + 1);
    this.#markAt = slots + 8 * plan.columns;
    this.#timeAt = (slots >> 2) + 2 * (plan.time ?? 0);
    this.index = this.#newIndex();
  }

  /** Begins a batch: makes the index when it is not that of the stores' version. */
  open(counts: StateStore, values: StateStore): void {
    this.#counts = counts;
    this.#store = values;
    const known = [counts.follow(this.#keysMoved), values.follow(this.#rowsMoved)].every(Boolean);
    const current = known && this.#version === values.version;
    this.#version = -1;
    if (!current) this.#load();
  }

  /** Ends a batch: writes how many rows the keys have. */
  close(): void {
    const counts = this.#counts;
    this.index.takeChanges((key, size) => {
      this.#countWords[2] = size;
      counts.setValue(key, this.#count, 0, 16);
    });
    this.#version = this.#store.version + 1;
  }

  get memoryBytes(): number {
    return this.index.memoryBytes;
  }

  /** The groups of these keys will be asked for. */
  lookAhead({ bytes, starts, ends }: EncodedRows, rows: number): void {
    this.#counts.lookAhead(bytes, starts, ends, 0, rows);
  }
  /** These rows of the state will be read. */
  lookAheadRows(rows: Int32Array, count: number): void {
    this.#store.lookAheadAt(rows, 0, count);
  }
  /** The group of the key in a range of bytes, −1 when it has no rows. */
  groupOf(keys: EncodedRows, row: number): number {
    return this.index.groupOf(this.#counts.find(keys.bytes, keys.starts[row]!, keys.ends[row]!));
  }

  /** The batch whose rows {@link addAll} takes. */
  bind(batch: RecordBatch): void {
    const { plan } = this;
    const mark: Vector = {
      kind: "bool",
      type: booleanType,
      length: batch.length,
      validity: null,
      values: new Uint8Array((batch.length + 7) >> 3),
    };
    this.#values.bind([...batch.columns.slice(0, plan.columns), mark]);
    this.#times = plan.time === undefined ? null : timesOf(batch.columns[plan.time]!);
    this.#keyTimes = plan.leaves.kind === "byKey" ? timesOf(batch.columns[plan.keys[plan.leaves.key]!]!) : null;
  }

  /** Whether a row of the bound batch leaves at a limit, µs. */
  leavesAt(row: number, limit: number): boolean {
    const { kind } = this.plan.leaves;
    return kind !== "never" && timeAt(kind === "byKey" ? this.#keyTimes! : this.#times!, row) <= limit;
  }

  /** Puts rows of the bound batch into the state, each under its key; `matched` says by row whether it has a partner. */
  addAll(rows: Int32Array, count: number, keys: EncodedRows, matched: Uint8Array): void {
    const words = new Int32Array(keys.bytes.buffer, keys.bytes.byteOffset, keys.bytes.length >> 2);
    for (let from = 0; from < count; from += rowsAhead) {
      const to = Math.min(count, from + rowsAhead);
      this.#counts.lookAhead(keys.bytes, keys.starts, keys.ends, rows[from]!, rows[to - 1]! + 1);
      this.#added.clear();
      for (let i = from; i < to; i++) this.#number(rows[i]!, keys, words);
      const { bytes, starts, ends, groups, indices } = this.#added;
      this.#store.lookAhead(bytes, starts, ends, 0, to - from);
      for (let i = 0; i < to - from; i++) {
        const row = rows[from + i]!;
        const valueEnd = this.#values.write(row);
        const value = this.#values.buffer;
        const mark = matched[row] === 1 && this.#tracksPartners;
        if (mark) value[this.#markAt] = 1;
        const entry = this.#store.putRange(bytes, starts[i]!, ends[i]!, value, 0, valueEnd);
        this.index.place(groups[i]!, indices[i]!, entry, this.#times === null ? 0 : timeAt(this.#times, row), mark);
      }
    }
  }

  /** Gives a row its number among those of its key. */
  #number(row: number, keys: EncodedRows, words: Int32Array): void {
    const [start, end] = [keys.starts[row]!, keys.ends[row]!];
    const counts = this.#counts;
    const { index } = this;
    let key = counts.find(keys.bytes, start, end);
    let group = index.groupOf(key);
    if (group < 0) {
      this.#countWords[2] = 0;
      key = counts.putRange(keys.bytes, start, end, this.#count, 0, 16);
      const time = this.#keyTimes === null ? 0 : timeAt(this.#keyTimes, row);
      group = index.addGroup(key, hashWords(words, start >> 2, end >> 2, 0), time);
    }
    const number = index.reserve(group);
    const length = this.#indexedKey.write(words, start >> 2, end >> 2, number);
    this.#added.add(this.#indexedKey.bytes, length, group, number);
  }

  /** Notes that a row of the state has found a partner; whether it is the first one. */
  mark(row: number): boolean {
    if (!this.#tracksPartners || this.index.matched[row] === 1) return false;
    this.index.matched[row] = 1;
    const store = this.#store;
    const [start, end] = [store.valueStart(row), store.valueEnd(row)];
    const length = end - start;
    if (length > this.#scratch.length) this.#scratch = new Uint8Array(2 * length);
    const { arena } = store;
    for (let i = 0; i < length; i++) this.#scratch[i] = arena[start + i]!;
    this.#scratch[this.#markAt] = 1;
    store.setValue(row, this.#scratch, 0, length);
    return true;
  }

  /** Columns of rows of the state; `wanted` tells which, the others are undefined. */
  columns(rows: Int32Array, count: number, wanted?: (column: number) => boolean): (Vector | undefined)[] {
    const store = this.#store;
    const starts = new Int32Array(count);
    const ends = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      starts[i] = store.valueStart(rows[i]!);
      ends[i] = store.valueEnd(rows[i]!);
    }
    const ranges = { bytes: store.arena, starts, ends, count };
    this.#rows.check(ranges);
    return Array.from({ length: this.plan.columns }, (_, column) =>
      wanted === undefined || wanted(column) ? this.#rows.column(ranges, column) : undefined,
    );
  }

  // RowStore: what the index changes when rows leave.
  timeOf(row: number): number {
    const start = this.#store.valueStart(row);
    const { arena } = this.#store;
    const isNull = ((arena[start + (this.plan.time! >> 3)]! >> (this.plan.time! & 7)) & 1) === 1;
    if (isNull) return Number.POSITIVE_INFINITY;
    const at = (start >> 2) + this.#timeAt;
    const words = this.#arenaWords(arena);
    return words[at + 1]! * 4_294_967_296 + (words[at]! >>> 0);
  }
  remove(row: number): void {
    this.#store.removeEntry(row);
  }
  move(from: number, to: number): void {
    const store = this.#store;
    const [start, end] = [store.valueStart(from), store.valueEnd(from)];
    store.setValue(to, store.arena, start, end);
    store.removeEntry(from);
  }
  removeGroup(keyEntry: number): void {
    this.#counts.removeEntry(keyEntry);
  }

  #arena: Uint8Array | null = null;
  #words: Int32Array = new Int32Array(0);
  #arenaWords(arena: Uint8Array): Int32Array {
    if (this.#arena !== arena) {
      this.#arena = arena;
      this.#words = new Int32Array(arena.buffer, arena.byteOffset, arena.length >> 2);
    }
    return this.#words;
  }

  #newIndex(): JoinIndex {
    const { time, leaves } = this.plan;
    const how = leaves.kind === "never" ? "never" : leaves.kind === "byKey" ? "together" : "each";
    return new JoinIndex(time !== undefined, how);
  }

  /** Makes the index of what the stores hold. */
  #load(): void {
    this.index = this.#newIndex();
    const stretch = new KeyStretch();
    const flush = (): void => {
      this.#loadKeys(stretch);
      stretch.clear();
      this.#store.relieve();
    };
    this.#counts.forEach((arena, keyStart, keyEnd, valueStart, _valueEnd, entry) => {
      const size =
        arena[valueStart + 8]! |
        (arena[valueStart + 9]! << 8) |
        (arena[valueStart + 10]! << 16) |
        (arena[valueStart + 11]! << 24);
      if (stretch.add(arena, keyStart, keyEnd, entry, size) === keysPerStretch) flush();
    });
    if (stretch.count > 0) flush();
    this.index.seal();
    this.index.takeChanges(() => {});
  }

  #loadKeys({ bytes, words, starts, ends, entries, sizes, count }: KeyStretch): void {
    const { leaves } = this.plan;
    const types = this.#description.counts.key.fields.map(({ type }) => type);
    const ranges = { bytes, starts, ends, count };
    const keyColumns = new RowColumns(types);
    keyColumns.check(ranges);
    const times = leaves.kind === "byKey" ? timesOf(keyColumns.column(ranges, leaves.key)) : null;
    for (let i = 0; i < count; i++) {
      const [start, end] = [starts[i]! >> 2, ends[i]! >> 2];
      const time = times === null ? 0 : timeAt(times, i);
      const group = this.index.addGroup(entries[i]!, hashWords(words, start, end, 0), time);
      this.#loadRows(group, words, start, end, sizes[i]!);
    }
  }

  #loadRows(group: number, words: Int32Array, start: number, end: number, size: number): void {
    const store = this.#store;
    const length = this.#indexedKey.write(words, start, end, 0);
    const least = this.#markAt + 8;
    for (let i = 0; i < size; i++) {
      this.#indexedKey.renumber(i);
      const row = store.find(this.#indexedKey.bytes, 0, length);
      const valueStart = row < 0 ? 0 : store.valueStart(row);
      if (row < 0 || store.valueEnd(row) - valueStart < least || (valueStart & 7) !== 0) {
        const { name } = this.#description.values;
        const reason = `${name} has no row, or a damaged one, for number ${i} of a key that has ${size}`;
        throw new MillraceError("STATE_STORE_INVALID_ROW", { reason });
      }
      const matched = this.#tracksPartners && store.arena[valueStart + this.#markAt] === 1;
      this.index.add(group, row, this.plan.time === undefined ? 0 : this.timeOf(row), matched);
    }
  }
}

/** Keys of rows with the rows' numbers. */
class NumberedKeys {
  bytes: Uint8Array = new Uint8Array(64 * rowsAhead);
  readonly starts: Int32Array = new Int32Array(rowsAhead);
  readonly ends: Int32Array = new Int32Array(rowsAhead);
  readonly groups: Int32Array = new Int32Array(rowsAhead);
  readonly indices: Int32Array = new Int32Array(rowsAhead);
  #count = 0;
  #end = 0;

  clear(): void {
    this.#count = 0;
    this.#end = 0;
  }
  add(key: Uint8Array, length: number, group: number, index: number): void {
    const [i, at, end] = [this.#count++, this.#end, this.#end + length];
    if (end > this.bytes.length) {
      const grown = new Uint8Array(2 * end);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    for (let k = 0; k < length; k++) this.bytes[at + k] = key[k]!;
    this.starts[i] = at;
    this.ends[i] = end;
    this.groups[i] = group;
    this.indices[i] = index;
    this.#end = end;
  }
}

/** Keys of the store of counts that are read at a stretch: a copy, as what a visitor sees is not there any more afterwards. */
class KeyStretch {
  bytes: Uint8Array = new Uint8Array(1 << 16);
  words: Int32Array = new Int32Array(this.bytes.buffer);
  readonly starts: Int32Array = new Int32Array(keysPerStretch);
  readonly ends: Int32Array = new Int32Array(keysPerStretch);
  readonly entries: Int32Array = new Int32Array(keysPerStretch);
  readonly sizes: Int32Array = new Int32Array(keysPerStretch);
  count = 0;
  #end = 0;

  /** Returns how many keys there are now. */
  add(source: Uint8Array, start: number, end: number, entry: number, size: number): number {
    const at = this.#end;
    this.#end += end - start;
    if (this.#end > this.bytes.length) {
      const grown = new Uint8Array(2 * this.#end);
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
      this.words = new Int32Array(grown.buffer, 0, grown.length >> 2);
    }
    this.bytes.set(source.subarray(start, end), at);
    this.starts[this.count] = at;
    this.ends[this.count] = this.#end;
    this.entries[this.count] = entry;
    this.sizes[this.count] = size;
    return ++this.count;
  }
  clear(): void {
    this.count = 0;
    this.#end = 0;
  }
}

/** Times of a column, and the column: a NULL is after all times. */
interface Times {
  readonly column: Vector;
  readonly times: Vector;
  readonly halves: Int32Array;
}

export function timesOf(column: Vector): Times {
  const times = eventTimes(column);
  return { column, times, halves: new Int32Array(times.values.buffer, times.values.byteOffset, 2 * times.length) };
}

/** µs since the epoch; Infinity for NULL. */
export function timeAt({ column, times, halves }: Times, row: number): number {
  if (!isValid(column, row) || (times !== column && !isValid(times, row))) return Number.POSITIVE_INFINITY;
  return halves[2 * row + 1]! * 4_294_967_296 + (halves[2 * row]! >>> 0);
}
