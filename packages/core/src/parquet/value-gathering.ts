/** Moving values of any kind: out of dictionaries, and apart where nulls stand between them. */
import { ByteRanges } from "./byte-ranges.ts";
import { ParquetFormatError } from "./format-error.ts";
import type { LogicalValues } from "./leaf-conversion.ts";

/** The same memory as integers of the same size, so that floats are moved bit by bit. */
function asIntegers(
  values: Exclude<LogicalValues, ByteRanges>,
): Uint8Array | Int8Array | Int16Array | Int32Array | BigInt64Array {
  if (values instanceof Float32Array) return new Int32Array(values.buffer, values.byteOffset, values.length);
  if (values instanceof Float64Array) return new BigInt64Array(values.buffer, values.byteOffset, values.length);
  return values;
}

/**
 * Writes the dictionary's values at `indices[0 … count)` to `target` from `at` on.
 * @param size values in the dictionary
 * @throws ParquetFormatError for a position outside of it
 */
export function gatherValues(
  dictionary: LogicalValues,
  size: number,
  decimal: boolean,
  indices: Int32Array,
  target: LogicalValues,
  at: number,
  count: number,
): void {
  if (dictionary instanceof ByteRanges) {
    gatherRanges(dictionary, size, indices, target as ByteRanges, at, count);
    return;
  }
  const from = asIntegers(dictionary);
  const to = asIntegers(target as Exclude<LogicalValues, ByteRanges>);
  if (from instanceof BigInt64Array) {
    if (decimal) gatherPairs(from, size, indices, to as BigInt64Array, at, count);
    else gather64(from, size, indices, to as BigInt64Array, at, count);
  } else if (from instanceof Int32Array) gather32(from, size, indices, to as Int32Array, at, count);
  else gatherSmall(from, size, indices, to as typeof from, at, count);
}

function outside(): ParquetFormatError {
  return new ParquetFormatError("a value points outside of the dictionary of its column");
}

function gatherRanges(
  from: ByteRanges,
  size: number,
  indices: Int32Array,
  to: ByteRanges,
  at: number,
  count: number,
): void {
  const { starts, ends } = from;
  const targetStarts = to.starts;
  const targetEnds = to.ends;
  for (let i = 0; i < count; i++) {
    const k = indices[i]!;
    if (k >>> 0 >= size) throw outside();
    targetStarts[at + i] = starts[k]!;
    targetEnds[at + i] = ends[k]!;
  }
}

function gatherPairs(
  from: BigInt64Array,
  size: number,
  indices: Int32Array,
  to: BigInt64Array,
  at: number,
  count: number,
): void {
  for (let i = 0, out = 2 * at; i < count; i++, out += 2) {
    const k = indices[i]!;
    if (k >>> 0 >= size) throw outside();
    to[out] = from[2 * k]!;
    to[out + 1] = from[2 * k + 1]!;
  }
}

function gather64(
  from: BigInt64Array,
  size: number,
  indices: Int32Array,
  to: BigInt64Array,
  at: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const k = indices[i]!;
    if (k >>> 0 >= size) throw outside();
    to[at + i] = from[k]!;
  }
}

function gather32(
  from: Int32Array,
  size: number,
  indices: Int32Array,
  to: Int32Array,
  at: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const k = indices[i]!;
    if (k >>> 0 >= size) throw outside();
    to[at + i] = from[k]!;
  }
}

function gatherSmall<T extends Uint8Array | Int8Array | Int16Array>(
  from: T,
  size: number,
  indices: Int32Array,
  to: T,
  at: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const k = indices[i]!;
    if (k >>> 0 >= size) throw outside();
    to[at + i] = from[k]!;
  }
}

/**
 * Moves the `present` values that lie from `at` on to the slots of `levels` that are full (`levels[i] === full`) among
 * `count` slots, last one first.
 */
export function spreadValues(
  values: LogicalValues,
  decimal: boolean,
  levels: Uint8Array,
  full: number,
  at: number,
  present: number,
  count: number,
): void {
  if (values instanceof ByteRanges) {
    spread(values.starts, levels, full, at, present, count, 0);
    spread(values.ends, levels, full, at, present, count, 0);
    return;
  }
  const array = asIntegers(values);
  if (!(array instanceof BigInt64Array)) spread(array, levels, full, at, present, count, 0);
  else if (!decimal) spread64(array, levels, full, at, present, count);
  else {
    for (let i = count - 1, from = at + present - 1; i >= 0 && from < at + i; i--) {
      if (levels[i] !== full) continue;
      const to = 2 * (at + i);
      array[to] = array[2 * from]!;
      array[to + 1] = array[2 * from + 1]!;
      from--;
    }
  }
}

function spread(
  array: Uint8Array | Int8Array | Int16Array | Int32Array,
  levels: Uint8Array,
  full: number,
  at: number,
  present: number,
  count: number,
  empty: number,
): void {
  for (let i = count - 1, from = at + present - 1; i >= 0 && from < at + i; i--) {
    if (levels[i] === full) array[at + i] = array[from--]!;
    else array[at + i] = empty;
  }
}

function spread64(
  array: BigInt64Array,
  levels: Uint8Array,
  full: number,
  at: number,
  present: number,
  count: number,
): void {
  for (let i = count - 1, from = at + present - 1; i >= 0 && from < at + i; i--) {
    if (levels[i] === full) array[at + i] = array[from--]!;
  }
}
