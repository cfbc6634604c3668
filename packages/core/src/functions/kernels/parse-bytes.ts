/** Readers of the common forms of numbers and timestamps straight from bytes; undefined sends the caller to the full grammar. */
import { daysFromCivil, daysInMonth } from "../calendar.ts";
import { int64OfNumber } from "./int64.ts";

/** `[-]digits`, up to 15 of them. */
export function parseLongBytes(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  let i = start;
  const negative = bytes[i] === 0x2d;
  if (negative) i++;
  if (i >= end || end - i > 15) return undefined;
  let value = 0;
  for (; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return int64OfNumber(negative ? -value : value);
}

/** Digits of a fixed width, or −1. */
function digits(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = at; i < at + width; i++) {
    const digit = bytes[i]! - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * `yyyy-MM-dd[T ]HH:mm:ss[.fraction][Z|±HH:mm]` as microseconds since the epoch.
 * @param offsetSeconds the session's fixed offset, for texts without a zone
 */
export function parseTimestampBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  offsetSeconds: number,
): bigint | undefined {
  if (end - start < 19) return undefined;
  const year = digits(bytes, start, 4);
  const month = digits(bytes, start + 5, 2);
  const day = digits(bytes, start + 8, 2);
  const hour = digits(bytes, start + 11, 2);
  const minute = digits(bytes, start + 14, 2);
  const second = digits(bytes, start + 17, 2);
  const separator = bytes[start + 10]!;
  if (bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d || (separator !== 0x54 && separator !== 0x20))
    return undefined;
  if (bytes[start + 13] !== 0x3a || bytes[start + 16] !== 0x3a) return undefined;
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return undefined;
  let at = start + 19;
  let micros = 0;
  if (at < end && bytes[at] === 0x2e) {
    at++;
    let scale = 100_000;
    for (; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) break;
      micros += digit * scale;
      scale = Math.floor(scale / 10);
    }
  }
  let offset = offsetSeconds;
  if (at < end) {
    const sign = bytes[at]!;
    if (sign === 0x5a && at + 1 === end) offset = 0;
    else if ((sign === 0x2b || sign === 0x2d) && at + 6 === end && bytes[at + 3] === 0x3a) {
      const hours = digits(bytes, at + 1, 2);
      const minutes = digits(bytes, at + 4, 2);
      if (hours < 0 || minutes < 0 || minutes > 59 || hours > 17) return undefined;
      offset = (sign === 0x2d ? -1 : 1) * (hours * 3600 + minutes * 60);
    } else return undefined;
  }
  const seconds = daysFromCivil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
  // The microseconds of years 0 to 2255 are whole numbers that a double holds.
  const total = seconds * 1e6 + micros;
  return Number.isSafeInteger(total) ? int64OfNumber(total) : undefined;
}
