/** Strings and integers of the fields that the JSON kernel found; see json-scan.ts. */

import { BACKSLASH, isDigit, KIND_STRING, KIND_ESCAPED, KIND_INTEGER, KIND_NULL } from "./json-syntax";
import { highBytes, lowBytes } from "./string-words";

let starts: i32 = 0;
let ends: i32 = 0;
let kinds: i32 = 0;
let capacity: i32 = 0;
let masks: i32 = 0;
/** Where `lay` of json-scan.ts was told that they lie. */
export function layValues(startsAt: i32, endsAt: i32, kindsAt: i32, rowCapacity: i32, masksAt: i32): void {
  starts = startsAt;
  ends = endsAt;
  kinds = kindsAt;
  capacity = rowCapacity;
  masks = masksAt;
}

/** The ASCII character that the escape at `p` stands for, or -1. */
function escaped(p: i32): i32 {
  const c = <i32>load<u8>(p, 1);
  if (c == 98) return 8;
  if (c == 102) return 12;
  if (c == 110) return 10;
  if (c == 114) return 13;
  if (c == 116) return 9;
  if (c != 117) return c;
  let code: i32 = 0;
  for (let i = 2; i < 6; i++) {
    const digit = <i32>load<u8>(p + i);
    code = (code << 4) | (isDigit(digit) ? digit - 48 : (digit | 32) - 87);
  }
  return code < 0x80 ? code : -1;
}

/** Copies [p, end) to `at` without its escapes; returns where the copy ends, or -1. */
function copyEscaped(p: i32, end: i32, at: i32): i32 {
  while (p < end) {
    const c = <i32>load<u8>(p);
    if (c != BACKSLASH) {
      store<u8>(at++, c);
      p++;
      continue;
    }
    const character = escaped(p);
    if (character < 0) return -1;
    store<u8>(at++, character);
    p += load<u8>(p, 1) == 117 ? 6 : 2;
  }
  return at;
}

let copiedHigh: i32 = 0;
let copiedMissing: i32 = 0;
/** Whether a value was absent or null in what `copyStrings` or `viewStrings` met last. */
export function copyMissing(): i32 {
  return copiedMissing;
}
/** Whether a byte above 0x7f is in what `copyStrings` copied last. */
export function copyHigh(): i32 {
  return copiedHigh;
}

/**
 * Copies the values of a field for the rows at `rowsAt` one behind the other to `to`, and where each ends to `endsAt`;
 * nothing for values that are absent or null. Returns the number of bytes, or -1 when a value is of another kind or has
 * an escape beyond ASCII. Up to 15 bytes behind the last are overwritten.
 */
export function copyStrings(field: i32, rowsAt: i32, count: i32, to: i32, endsAt: i32, origin: i32): i32 {
  const column = field * capacity;
  let at = to;
  let all = i64x2.splat(0);
  let missing: i32 = 0;
  for (let i = 0; i < count; i++) {
    const cell = column + load<i32>(rowsAt + (i << 2));
    const kind = load<u8>(kinds + cell);
    if (kind == KIND_STRING || kind == KIND_ESCAPED) {
      let p = load<i32>(starts + (cell << 2)) + origin;
      const length = load<i32>(ends + (cell << 2)) + origin - p;
      let end = at + length;
      if (kind == KIND_ESCAPED) {
        end = copyEscaped(p, p + length, at);
        if (end < 0) return -1;
        p = at;
      }
      // Only a value's own bytes may show whether it is ASCII: its last part is masked.
      for (; at + 16 <= end; at += 16, p += 16) {
        const part = v128.load(p);
        all = v128.or(all, part);
        v128.store(at, part);
      }
      if (at < end) {
        const left = end - at;
        const low = lowBytes(p, left, masks);
        const rest = highBytes(p, left, masks);
        store<u64>(at, low);
        store<u64>(at, rest, 8);
        all = v128.or(all, i64x2.splat(low | rest));
      }
      at = end;
    } else if (kind == 0 || kind == KIND_NULL) {
      missing = 1;
    } else {
      return -1;
    }
    store<i32>(endsAt + (i << 2), at - to);
  }
  copiedHigh = i8x16.bitmask(all);
  copiedMissing = missing;
  return at - to;
}

/**
 * Where the values of a field lie in memory, for the rows at `rowsAt`: first bytes to `startsAt`, ends to `endsAt`. Values
 * with escapes are written without them to `to`, and lie there; absent and null ones are empty. Returns the number of
 * bytes written to `to`, or -1 when a value is of another kind, has an escape beyond ASCII, or there is no room for it.
 */
export function viewStrings(
  field: i32,
  rowsAt: i32,
  count: i32,
  startsAt: i32,
  endsAt: i32,
  to: i32,
  room: i32,
  origin: i32,
): i32 {
  const column = field * capacity;
  let at = to;
  let missing: i32 = 0;
  for (let i = 0; i < count; i++) {
    const cell = column + load<i32>(rowsAt + (i << 2));
    const kind = load<u8>(kinds + cell);
    let start = 0;
    let end = 0;
    if (kind == KIND_STRING) {
      start = load<i32>(starts + (cell << 2)) + origin;
      end = load<i32>(ends + (cell << 2)) + origin;
    } else if (kind == KIND_ESCAPED) {
      const p = load<i32>(starts + (cell << 2)) + origin;
      const stop = load<i32>(ends + (cell << 2)) + origin;
      if (at - to + stop - p > room) return -1;
      start = at;
      end = copyEscaped(p, stop, at);
      if (end < 0) return -1;
      at = end;
    } else if (kind == 0 || kind == KIND_NULL) {
      missing = 1;
    } else {
      return -1;
    }
    store<i32>(startsAt + (i << 2), start);
    store<i32>(endsAt + (i << 2), end);
  }
  copiedMissing = missing;
  return at - to;
}

/** Eight digits at `p` as a number. */
@inline
function eightDigits(word: u64): u64 {
  word = (word & 0x0f0f0f0f0f0f0f0f) * 2561;
  word = ((word >> 8) & 0x00ff00ff00ff00ff) * 6553601;
  return (((word >> 16) & 0x0000ffff0000ffff) * 42949672960001) >> 32;
}

/**
 * Writes field `field`, integers of at most 18 digits, for the rows at `rowsAt` as 64-bit integers to `to`. Returns the
 * number of rows written: `count`, or fewer when the next one is something else.
 */
export function readLongs(field: i32, rowsAt: i32, from: i32, count: i32, to: i32, origin: i32): i32 {
  const column = field * capacity;
  for (let i = from; i < count; i++) {
    const cell = column + load<i32>(rowsAt + (i << 2));
    if (load<u8>(kinds + cell) != KIND_INTEGER) return i;
    let p = load<i32>(starts + (cell << 2)) + origin;
    const end = load<i32>(ends + (cell << 2)) + origin;
    const negative = load<u8>(p) == 45;
    if (negative) p++;
    let digits = end - p;
    if (digits > 18) return i;
    let value: u64 = 0;
    while (digits >= 8) {
      value = value * 100000000 + eightDigits(load<u64>(p));
      p += 8;
      digits -= 8;
    }
    for (; p < end; p++) value = value * 10 + (load<u8>(p) - 48);
    store<i64>(to + (i << 3), negative ? -(<i64>value) : <i64>value);
  }
  return count;
}
