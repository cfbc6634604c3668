/** Keys or values of entries of a state store as columns. */
import type { Vector } from "../../columnar/vector.ts";
import type { StateStore } from "../../state/state-store.ts";
import { RowColumns } from "../../state/unsafe-row-columns.ts";
import type { StructType } from "../../types/data-type.ts";

export class EntryColumns {
  readonly #part: "key" | "value";
  readonly #columns: number;
  readonly #rows: RowColumns;

  constructor(part: "key" | "value", schema: StructType) {
    this.#part = part;
    this.#columns = schema.fields.length;
    this.#rows = new RowColumns(schema.fields.map(({ type }) => type));
  }

  /** Of `entries[from, from + count)`. @throws MillraceError STATE_STORE_INVALID_ROW */
  of(store: StateStore, entries: ArrayLike<number>, from: number, count: number): Vector[] {
    const starts = new Int32Array(count);
    const ends = new Int32Array(count);
    const isKey = this.#part === "key";
    for (let i = 0; i < count; i++) {
      const entry = entries[from + i]!;
      starts[i] = isKey ? store.keyStart(entry) : store.valueStart(entry);
      ends[i] = isKey ? store.keyEnd(entry) : store.valueEnd(entry);
    }
    const ranges = { bytes: store.arena, starts, ends, count };
    this.#rows.check(ranges);
    return Array.from({ length: this.#columns }, (_, column) => this.#rows.column(ranges, column));
  }
}

/** All entries, in the order of the store. */
export function allEntries(store: StateStore): number[] {
  const all: number[] = [];
  store.forEach((_arena, _keyStart, _keyEnd, _valueStart, _valueEnd, entry) => void all.push(entry));
  return all;
}
