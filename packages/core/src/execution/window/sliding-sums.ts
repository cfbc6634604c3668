/**
 * Sums over frames. Whole numbers have an inverse: a frame's sum is the difference of two prefix sums, exact in 64 bits
 * whatever overflows on the way. Doubles have none (`(1e308 + x) − 1e308`): the queue of two stacks keeps sums of
 * everything from a row to the middle and from the middle to the end, and never subtracts.
 */
import { bitAt } from "../../columnar/validity.ts";
import type { Vector } from "../../columnar/vector.ts";
import type { Frames } from "./frames.ts";

/** Below this many rows a frame is added up anew for each row, first to last: the same digits as without any cleverness. */
export const narrowFrame = 64;

/** Prefix sums of 64-bit values at `stride · i`, modulo 2⁶⁴; NULL counts 0. */
function prefixSums(values: BigInt64Array, stride: number, rows: number, validity: Uint8Array | null): BigInt64Array {
  const sums = new BigInt64Array(rows + 1);
  for (let i = 0; i < rows; i++) {
    sums[i + 1] =
      validity === null || bitAt(validity, i) ? BigInt.asIntN(64, sums[i]! + values[stride * i]!) : sums[i]!;
  }
  return sums;
}

/** Whether the magnitudes of all values together could leave 64 bits; looks at the high halves only. */
export function mayOverflow(values: BigInt64Array, stride: number, rows: number): boolean {
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * stride * rows);
  let total = 0;
  for (let i = 0; i < rows; i++) total += Math.abs(halves[2 * stride * i + 1]!) + 1;
  return total >= 2 ** 31;
}

/**
 * Sums of a column of 64-bit values, or of decimals that fit 64 bits, per frame. The caller has excluded overflow or
 * wants it to wrap.
 */
export function sumLongs({ from, to }: Frames, column: Vector & { readonly kind: "i64" | "decimal" }): BigInt64Array {
  const sums = prefixSums(column.values, column.kind === "decimal" ? 2 : 1, column.length, column.validity);
  const result = new BigInt64Array(from.length);
  for (let i = 0; i < result.length; i++) result[i] = BigInt.asIntN(64, sums[to[i]!]! - sums[from[i]!]!);
  return result;
}

/** Sums of a DOUBLE column per frame. */
export function sumDoubles(frames: Frames, column: Vector & { readonly kind: "f64" }): Float64Array {
  const values = withoutNulls(column);
  return !frames.growing && frames.widest <= narrowFrame ? addedAnew(frames, values) : byTwoStacks(frames, values);
}

function withoutNulls({ values, validity, length }: Vector & { readonly kind: "f64" }): Float64Array {
  if (validity === null) return values;
  const result = values.slice(0, length);
  for (let i = 0; i < length; i++) if (!bitAt(validity, i)) result[i] = 0;
  return result;
}

function addedAnew({ from, to }: Frames, values: Float64Array): Float64Array {
  const result = new Float64Array(from.length);
  for (let i = 0; i < result.length; i++) {
    let sum = 0;
    for (let k = from[i]!, end = to[i]!; k < end; k++) sum += values[k]!;
    result[i] = sum;
  }
  return result;
}

function byTwoStacks({ from, to }: Frames, values: Float64Array): Float64Array {
  const result = new Float64Array(from.length);
  /** Sums from a row to `middle`. */
  const front = new Float64Array(values.length);
  let middle = 0;
  let next = 0;
  let back = 0;
  for (let i = 0; i < result.length; i++) {
    const start = from[i]!;
    if (start >= next) {
      // Nothing of the last frame is in this one.
      middle = next = start;
      back = 0;
    }
    for (const end = to[i]!; next < end; next++) back += values[next]!;
    if (start > middle) {
      let sum = 0;
      for (let k = next - 1; k >= start; k--) front[k] = sum = values[k]! + sum;
      middle = next;
      back = 0;
    }
    result[i] = start < middle ? front[start]! + back : back;
  }
  return result;
}
