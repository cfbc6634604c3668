/** 64-bit integers ↔ numbers through one shared buffer: `BigInt(n)` and `Number(b)` call out of compiled code. */

const wide = new BigInt64Array(1);
const halves = new Int32Array(wide.buffer);
// The low half stands first in little-endian memory; Node runs on no other.

/** The BIGINT of a whole number within ±2^63; NaN gives 0. */
export function int64OfNumber(value: number): bigint {
  halves[0] = value;
  halves[1] = Math.floor(value / 4294967296);
  return wide[0]!;
}

/** The nearest DOUBLE of a 64-bit integer. */
export function numberOfInt64(value: bigint): number {
  wide[0] = value;
  return halves[1]! * 4294967296 + (halves[0]! >>> 0);
}
