/**
 * Numbers written in ASCII, read from bytes. The range is known to be a number of the right grammar (the scanners have
 * seen to that); what is checked here is the size.
 */
import { decodeUtf8 } from "../../columnar/utf8.ts";

/** Returned by {@link readSafeInteger} when the value may not be exact as a double. */
export const notSafe: number = Number.NaN;

/** An optional minus sign and digits as a number when it is at most 2^53 - 1 in size, otherwise {@link notSafe}. */
export function readSafeInteger(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  const negative = bytes[p] === 45;
  if (negative || bytes[p] === 43) p++;
  if (end - p > 16) {
    while (p < end - 1 && bytes[p] === 48) p++;
    if (end - p > 16) return notSafe;
  }
  // Two parts of at most eight digits each stay in 32-bit integers.
  const middle = end - 8;
  let high = 0;
  let low = 0;
  for (; p < middle; p++) high = (high * 10 + bytes[p]! - 48) | 0;
  for (; p < end; p++) low = (low * 10 + bytes[p]! - 48) | 0;
  const value = high * 1e8 + low;
  if (value > Number.MAX_SAFE_INTEGER) return notSafe;
  return negative ? -value : value;
}

const smallestLong = -(2n ** 63n);
const largestLong = 2n ** 63n - 1n;

/** An optional sign and digits as a 64-bit integer; undefined when it does not fit. */
export function readLong(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  // Longer texts (with many leading zeros) exist, absurdly long ones are cut off before BigInt has to look at them.
  if (end - start > 4096) return undefined;
  const text = decodeUtf8(bytes, start, end);
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return value < smallestLong || value > largestLong ? undefined : value;
}

const powersOfTen = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * A decimal number as the nearest double. Up to 15 significant digits with a power of ten up to 22 the result is one
 * correctly rounded operation on exact doubles (Clinger 1990); everything else goes through `Number`.
 */
export function readDouble(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  const negative = bytes[p] === 45;
  if (negative || bytes[p] === 43) p++;
  let value = 0;
  let digits = 0;
  let exponent = 0;
  let c = 0;
  for (; p < end && (c = bytes[p]! - 48) >= 0 && c <= 9; p++) {
    value = value * 10 + c;
    if (value !== 0) digits++;
  }
  if (p < end && bytes[p] === 46) {
    for (p++; p < end && (c = bytes[p]! - 48) >= 0 && c <= 9; p++) {
      value = value * 10 + c;
      if (value !== 0) digits++;
      exponent--;
    }
  }
  if (digits > 15) return Number(decodeUtf8(bytes, start, end));
  if (p < end && (bytes[p]! | 32) === 101) {
    p++;
    const down = bytes[p] === 45;
    if (down || bytes[p] === 43) p++;
    if (end - p > 4) return Number(decodeUtf8(bytes, start, end));
    let e = 0;
    for (; p < end; p++) e = e * 10 + (bytes[p]! - 48);
    exponent += down ? -e : e;
  }
  if (exponent < -22 || exponent > 22) return Number(decodeUtf8(bytes, start, end));
  if (exponent < 0) value /= powersOfTen[-exponent]!;
  else if (exponent > 0) value *= powersOfTen[exponent]!;
  return negative ? -value : value;
}

/** Writes an integer of at most 2^53 - 1 in size as entry `i` of a 64-bit column, seen as its 32-bit halves. */
export function writeSafeInteger(halves: Int32Array, i: number, value: number): void {
  halves[2 * i] = value | 0;
  halves[2 * i + 1] = Math.floor(value / 4294967296);
}
