/** Comparators on row numbers that read typed arrays, and a stable merge sort over them; `row-order.ts` sorts faster. */
import { compareDoubles, comparatorOf } from "./compare.ts";
import { compareByteRanges } from "./utf8.ts";
import { bitAt } from "./validity.ts";
import { valueReader } from "./value-at.ts";
import type { Vector } from "./vector.ts";

export interface SortDirection {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** Spark's defaults: ascending with nulls first, descending with nulls last. */
export const ascending: SortDirection = { descending: false, nullsFirst: true };
export const descending: SortDirection = { descending: true, nullsFirst: false };

export type RowComparator = (i: number, j: number) => number;

/**
 * The order of row `i` of `left` against row `j` of `right` (by default the same vector), in SQL order, nulls where
 * `direction` puts them.
 */
export function rowComparator(left: Vector, direction: SortDirection, right: Vector = left): RowComparator {
  const present = presentRowComparator(left, right);
  const directed: RowComparator = direction.descending ? (i, j) => present(j, i) : present;
  // For a descending order over two vectors the arguments cannot change places; the sign does.
  const compare: RowComparator = direction.descending && left !== right ? (i, j) => -present(i, j) : directed;
  const a = left.validity;
  const b = right.validity;
  if (a === null && b === null) return compare;
  const nullSide = direction.nullsFirst ? -1 : 1;
  return (i, j) => {
    const hasLeft = a === null || bitAt(a, i);
    const hasRight = b === null || bitAt(b, j);
    if (hasLeft && hasRight) return compare(i, j);
    return hasLeft === hasRight ? 0 : hasLeft ? -nullSide : nullSide;
  };
}

function presentRowComparator(left: Vector, right: Vector): RowComparator {
  switch (left.kind) {
    case "null":
      return () => 0;
    case "i8":
    case "i16":
    case "i32": {
      const a = left.values;
      const b = (right as typeof left).values;
      return (i, j) => a[i]! - b[j]!;
    }
    case "i64": {
      const a = left.values;
      const b = (right as typeof left).values;
      return (i, j) => (a[i]! < b[j]! ? -1 : a[i]! > b[j]! ? 1 : 0);
    }
    case "f32":
    case "f64": {
      const a = left.values;
      const b = (right as typeof left).values;
      return (i, j) => compareDoubles(a[i]!, b[j]!);
    }
    case "decimal": {
      const a = left.values;
      const b = (right as typeof left).values;
      return (i, j) => {
        const x = a[2 * i + 1]!;
        const y = b[2 * j + 1]!;
        if (x !== y) return x < y ? -1 : 1;
        const low = BigInt.asUintN(64, a[2 * i]!);
        const otherLow = BigInt.asUintN(64, b[2 * j]!);
        return low < otherLow ? -1 : low > otherLow ? 1 : 0;
      };
    }
    case "bytes": {
      const other = right as typeof left;
      const { bytes, starts, ends } = left;
      return (i, j) => compareByteRanges(bytes, starts[i]!, ends[i]!, other.bytes, other.starts[j]!, other.ends[j]!);
    }
    case "bool":
    case "list":
    case "map":
    case "struct": {
      const compare = comparatorOf(left.type);
      const readLeft = valueReader(left);
      const readRight = left === right ? readLeft : valueReader(right);
      return (i, j) => compare(readLeft(i), readRight(j));
    }
  }
}

/** Compares by the first comparator, then by the next while rows are equal. */
export function lexicographic(comparators: readonly RowComparator[]): RowComparator {
  const [first, second] = comparators;
  if (first === undefined) return () => 0;
  if (second === undefined) return first;
  if (comparators.length === 2) return (i, j) => first(i, j) || second(i, j);
  return (i, j) => {
    for (let k = 0; k < comparators.length; k++) {
      const order = comparators[k]!(i, j);
      if (order !== 0) return order;
    }
    return 0;
  };
}

const runLength = 16;

/** Sorts row numbers in place, stable: insertion sort on short runs, then merges from the bottom up. */
export function mergeSort(indices: Int32Array, compare: RowComparator): void {
  const length = indices.length;
  for (let from = 0; from < length; from += runLength) {
    insertionSort(indices, from, Math.min(from + runLength, length), compare);
  }
  let source = indices;
  let target = length > runLength ? new Int32Array(length) : indices;
  for (let width = runLength; width < length; width *= 2) {
    for (let from = 0; from < length; from += 2 * width) {
      const middle = Math.min(from + width, length);
      const to = Math.min(middle + width, length);
      if (middle === to || compare(source[middle - 1]!, source[middle]!) <= 0) {
        target.set(source.subarray(from, to), from);
      } else {
        merge(source, target, from, middle, to, compare);
      }
    }
    [source, target] = [target, source];
  }
  if (source !== indices) indices.set(source);
}

function insertionSort(indices: Int32Array, from: number, to: number, compare: RowComparator): void {
  for (let i = from + 1; i < to; i++) {
    const row = indices[i]!;
    let k = i - 1;
    while (k >= from && compare(indices[k]!, row) > 0) {
      indices[k + 1] = indices[k]!;
      k--;
    }
    indices[k + 1] = row;
  }
}

function merge(
  source: Int32Array,
  target: Int32Array,
  from: number,
  middle: number,
  to: number,
  compare: RowComparator,
): void {
  let left = from;
  let right = middle;
  for (let at = from; at < to; at++) {
    if (left < middle && (right >= to || compare(source[left]!, source[right]!) <= 0)) target[at] = source[left++]!;
    else target[at] = source[right++]!;
  }
}
