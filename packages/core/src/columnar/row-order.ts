/**
 * The order of rows by columns: numbers of {@link StageEncoder} sorted by radix from the most significant bits, short
 * ranges by insertion; rows with equal numbers are sorted by the next stage. Stable: rows that compare equal keep their
 * order. Nothing is compared value by value but ties of few rows and what has no number.
 */
import { leavesOf, type Stage, StageEncoder } from "./sort-prefix.ts";
import { lexicographic, mergeSort, type RowComparator, rowComparator, type SortDirection } from "./sort.ts";
import type { Vector } from "./vector.ts";

const firstStage: Stage = { leaf: 0, skip: 0 };
/** Ties of so few rows are compared directly. */
const fewRows = 12;
/** Ranges up to this length are sorted by insertion. */
const insertionRows = 24;

export interface RowOrder {
  readonly order: Int32Array;
  /** The first stage's numbers in that order, low word first. */
  readonly keys: Uint32Array;
}

/**
 * @param columns        sort keys, most significant first, all of one length
 * @param alwaysNullable numbers that can be compared with those of other batches
 */
export function orderRows(
  columns: readonly Vector[],
  directions: readonly SortDirection[],
  length: number,
  alwaysNullable = false,
): RowOrder {
  const encoder = new StageEncoder(leavesOf(columns, directions, alwaysNullable));
  const keys = new Uint32Array(2 * length);
  encoder.encode(firstStage, null, 0, length, keys);
  const order = new Int32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  const compare = lexicographic(columns.map((column, k) => rowComparator(column, directions[k]!)));
  const sorter = new RowSorter(encoder, compare, order, keys);
  sorter.sort(0, length);
  sorter.breakTies(firstStage, 0, length);
  return { order, keys };
}

/** Row numbers in the order of the columns, stable: rows that compare equal keep their order. */
export function sortIndices(columns: readonly Vector[], directions: readonly SortDirection[]): Int32Array {
  return orderRows(columns, directions, columns[0]?.length ?? 0).order;
}

/** The numbers of all rows as they are, for merging sorted batches. */
export function sortNumbers(
  columns: readonly Vector[],
  directions: readonly SortDirection[],
  length: number,
): Uint32Array {
  const keys = new Uint32Array(2 * length);
  new StageEncoder(leavesOf(columns, directions, true)).encode(firstStage, null, 0, length, keys);
  return keys;
}

class RowSorter {
  readonly #encoder: StageEncoder;
  readonly #compare: RowComparator;
  readonly #order: Int32Array;
  readonly #words: Uint32Array;
  readonly #keys: BigInt64Array;
  #otherOrder: Int32Array = new Int32Array(0);
  #otherKeys: BigInt64Array = new BigInt64Array(0);

  constructor(encoder: StageEncoder, compare: RowComparator, order: Int32Array, keys: Uint32Array) {
    this.#encoder = encoder;
    this.#compare = compare;
    this.#order = order;
    this.#words = keys;
    this.#keys = new BigInt64Array(keys.buffer, keys.byteOffset, order.length);
  }

  /** Sorts rows `[from, to)` of the order by their numbers. */
  sort(from: number, to: number): void {
    if (to - from <= insertionRows) this.#insertion(from, to);
    else if (!this.#isSorted(from, to)) this.#radix(from, to);
  }

  #isSorted(from: number, to: number): boolean {
    const words = this.#words;
    for (let i = from + 1; i < to; i++) {
      const high = words[2 * i + 1]!;
      const before = words[2 * i - 1]!;
      if (high < before || (high === before && words[2 * i]! < words[2 * i - 2]!)) return false;
    }
    return true;
  }

  #insertion(from: number, to: number): void {
    const words = this.#words;
    const order = this.#order;
    for (let i = from + 1; i < to; i++) {
      const low = words[2 * i]!;
      const high = words[2 * i + 1]!;
      const row = order[i]!;
      let k = i - 1;
      while (k >= from) {
        const otherHigh = words[2 * k + 1]!;
        if (otherHigh < high || (otherHigh === high && words[2 * k]! <= low)) break;
        words[2 * k + 2] = words[2 * k]!;
        words[2 * k + 3] = otherHigh;
        order[k + 1] = order[k]!;
        k--;
      }
      words[2 * k + 2] = low;
      words[2 * k + 3] = high;
      order[k + 1] = row;
    }
  }

  #radix(from: number, to: number): void {
    const words = this.#words;
    const firstLow = words[2 * from]!;
    const firstHigh = words[2 * from + 1]!;
    let lowBits = 0;
    let highBits = 0;
    for (let i = from; i < to; i++) {
      lowBits |= words[2 * i]! ^ firstLow;
      highBits |= words[2 * i + 1]! ^ firstHigh;
    }
    if ((lowBits | highBits) === 0) return;
    const top = highBits === 0 ? 31 - Math.clz32(lowBits) : 63 - Math.clz32(highBits);
    const digitBits = to - from > 1 << 15 ? 11 : 8;
    const shift = Math.max(0, top + 1 - digitBits);
    const size = 1 << Math.min(digitBits, top + 1);
    const ends = new Int32Array(size + 1);
    if (shift >= 32) {
      const [down, mask] = [shift - 32, size - 1];
      for (let i = from; i < to; i++) ends[((words[2 * i + 1]! >>> down) & mask) + 1]!++;
    } else {
      const digit = digitOf(words, shift, size - 1);
      for (let i = from; i < to; i++) ends[digit(i) + 1]!++;
    }
    ends[0] = from;
    for (let d = 0; d < size; d++) ends[d + 1]! += ends[d]!;
    this.#scatter(from, to, shift, size - 1, ends);
    // Afterwards ends[d] is the end of bucket d.
    if (shift === 0) return;
    for (let d = 0, start = from; d < size; d++) {
      const end = ends[d]!;
      const rows = end - start;
      if (rows > insertionRows) this.#radix(start, end);
      else if (rows > 1) this.#insertion(start, end);
      start = end;
    }
  }

  #scatter(from: number, to: number, shift: number, mask: number, next: Int32Array): void {
    if (this.#otherOrder.length < to - from) {
      this.#otherOrder = new Int32Array(to - from);
      this.#otherKeys = new BigInt64Array(to - from);
    }
    const keys = this.#keys;
    const order = this.#order;
    const otherKeys = this.#otherKeys;
    const otherOrder = this.#otherOrder;
    const words = this.#words;
    if (shift >= 32) {
      const down = shift - 32;
      for (let i = from; i < to; i++) {
        const at = next[(words[2 * i + 1]! >>> down) & mask]!++ - from;
        otherKeys[at] = keys[i]!;
        otherOrder[at] = order[i]!;
      }
    } else {
      const digit = digitOf(words, shift, mask);
      for (let i = from; i < to; i++) {
        const at = next[digit(i)]!++ - from;
        otherKeys[at] = keys[i]!;
        otherOrder[at] = order[i]!;
      }
    }
    if (to - from < 256) {
      for (let i = from; i < to; i++) {
        keys[i] = otherKeys[i - from]!;
        order[i] = otherOrder[i - from]!;
      }
    } else {
      keys.set(otherKeys.subarray(0, to - from), from);
      order.set(otherOrder.subarray(0, to - from), from);
    }
  }

  /** Sorts rows of equal numbers by what the stage did not cover. */
  breakTies(stage: Stage, from: number, to: number): void {
    const words = this.#words;
    for (let start = from; start < to;) {
      const low = words[2 * start]!;
      const high = words[2 * start + 1]!;
      let end = start + 1;
      while (end < to && words[2 * end]! === low && words[2 * end + 1]! === high) end++;
      if (end - start > 1) this.#breakTie(stage, start, end, low, high);
      start = end;
    }
  }

  #breakTie(stage: Stage, from: number, to: number, low: number, high: number): void {
    const next = this.#encoder.tie(stage, low, high);
    if (next === "equal") return;
    if (next === "unknown" || to - from <= fewRows) {
      mergeSort(this.#order.subarray(from, to), this.#compare);
      return;
    }
    this.#encoder.encode(next, this.#order, from, to, this.#words);
    this.sort(from, to);
    this.breakTies(next, from, to);
    if (stage === firstStage) {
      // The first stage's numbers are what merging compares.
      for (let i = from; i < to; i++) {
        this.#words[2 * i] = low;
        this.#words[2 * i + 1] = high;
      }
    }
  }
}

/** The bits of a row's number from `shift` on. */
function digitOf(words: Uint32Array, shift: number, mask: number): (i: number) => number {
  if (shift >= 32) return (i) => (words[2 * i + 1]! >>> (shift - 32)) & mask;
  if (shift === 0) return (i) => words[2 * i]! & mask;
  return (i) => ((words[2 * i]! >>> shift) | (words[2 * i + 1]! << (32 - shift))) & mask;
}
