/** Kernels of text functions on byte ranges; each leaves its text in the ByteResult that it gets first. Texts are UTF-8. */
import { isAscii } from "../../columnar/utf8.ts";
import { type ByteResult, countCharacters, indexOfBytes, skipCharacters } from "./bytes.ts";

/** Position of the last occurrence that begins at or before `last`, or −1. */
function lastIndexOfBytes(
  a: Uint8Array,
  aStart: number,
  last: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const n = bEnd - bStart;
  for (let i = last; i >= aStart; i--) {
    let j = 0;
    while (j < n && a[i + j] === b[bStart + j]) j++;
    if (j === n) return i;
  }
  return -1;
}

/** What stands before the count-th delimiter, or behind it counted from the end; occurrences may overlap. */
export function substringIndex(
  result: ByteResult,
  bytes: Uint8Array,
  start: number,
  end: number,
  delimiter: Uint8Array,
  delimiterStart: number,
  delimiterEnd: number,
  count: number,
): void {
  const size = delimiterEnd - delimiterStart;
  if (size === 0 || count === 0) return result.point(bytes, start, start);
  if (count > 0) {
    let at = start - 1;
    for (let n = 0; n < count; n++) {
      at = indexOfBytes(bytes, at + 1, end, delimiter, delimiterStart, delimiterEnd);
      if (at < 0) return result.point(bytes, start, end);
    }
    return result.point(bytes, start, at);
  }
  let at = end - size + 1;
  for (let n = 0; n > count; n--) {
    at = lastIndexOfBytes(bytes, start, at - 1, delimiter, delimiterStart, delimiterEnd);
    if (at < 0) return result.point(bytes, start, end);
  }
  result.point(bytes, at + size, end);
}

/** One part between delimiters, from 1 or from −1 at the end; empty when there is none. Part 0 must not come. */
export function splitPart(
  result: ByteResult,
  bytes: Uint8Array,
  start: number,
  end: number,
  delimiter: Uint8Array,
  delimiterStart: number,
  delimiterEnd: number,
  part: number,
): void {
  const size = delimiterEnd - delimiterStart;
  if (size === 0)
    return part === 1 || part === -1 ? result.point(bytes, start, end) : result.point(bytes, start, start);
  let wanted = part;
  if (part < 0) {
    let parts = 1;
    for (let at = start; ; parts++) {
      at = indexOfBytes(bytes, at, end, delimiter, delimiterStart, delimiterEnd);
      if (at < 0) break;
      at += size;
    }
    wanted = parts + 1 + part;
    if (wanted < 1) return result.point(bytes, start, start);
  }
  let from = start;
  for (let n = 1; ; n++) {
    const at = indexOfBytes(bytes, from, end, delimiter, delimiterStart, delimiterEnd);
    if (n === wanted) return result.point(bytes, from, at < 0 ? end : at);
    if (at < 0) return result.point(bytes, start, start);
    from = at + size;
  }
}

const nothing = new Uint8Array(0);

/** Every occurrence of a part replaced. */
export function replaceAll(
  result: ByteResult,
  bytes: Uint8Array,
  start: number,
  end: number,
  part: Uint8Array,
  partStart: number,
  partEnd: number,
  other: Uint8Array = nothing,
  otherStart: number = 0,
  otherEnd: number = other.length,
): void {
  let at = partStart === partEnd ? -1 : indexOfBytes(bytes, start, end, part, partStart, partEnd);
  if (at < 0) return result.point(bytes, start, end);
  result.begin();
  let from = start;
  while (at >= 0) {
    result.append(bytes, from, at);
    result.append(other, otherStart, otherEnd);
    from = at + partEnd - partStart;
    at = indexOfBytes(bytes, from, end, part, partStart, partEnd);
  }
  result.append(bytes, from, end);
}

const spaces = Uint8Array.of(0x20);

function pad(
  result: ByteResult,
  atLeft: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
  fill: Uint8Array,
  fillStart: number,
  fillEnd: number,
): void {
  const count = countCharacters(bytes, start, end);
  if (size <= count) return result.point(bytes, start, size <= 0 ? start : skipCharacters(bytes, start, end, size));
  if (fillStart === fillEnd) return result.point(bytes, start, end);
  result.begin();
  if (!atLeft) result.append(bytes, start, end);
  const unit = countCharacters(fill, fillStart, fillEnd);
  let missing = size - count;
  for (; missing >= unit; missing -= unit) result.append(fill, fillStart, fillEnd);
  result.append(fill, fillStart, skipCharacters(fill, fillStart, fillEnd, missing));
  if (atLeft) result.append(bytes, start, end);
}
export function padLeft(
  result: ByteResult,
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
  fill: Uint8Array = spaces,
  fillStart: number = 0,
  fillEnd: number = 1,
): void {
  pad(result, true, bytes, start, end, size, fill, fillStart, fillEnd);
}
export function padRight(
  result: ByteResult,
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
  fill: Uint8Array = spaces,
  fillStart: number = 0,
  fillEnd: number = 1,
): void {
  pad(result, false, bytes, start, end, size, fill, fillStart, fillEnd);
}

/** The text so many times. */
export function repeat(result: ByteResult, bytes: Uint8Array, start: number, end: number, times: number): void {
  if (times <= 0 || start === end) return result.point(bytes, start, start);
  const size = end - start;
  const out = result.reserve(size * times);
  for (let i = 0; i < size; i++) out[i] = bytes[start + i]!;
  // Doubles what is there until all is filled.
  for (let have = size; have < size * times; have *= 2) out.copyWithin(have, 0, Math.min(have, size * times - have));
}

export function reverse(result: ByteResult, bytes: Uint8Array, start: number, end: number): void {
  const out = result.reserve(end - start);
  if (isAscii(bytes, start, end)) {
    for (let i = start, to = end - start - 1; i < end; i++, to--) out[to] = bytes[i]!;
    return;
  }
  let to = end - start;
  for (let i = start; i < end;) {
    const next = skipCharacters(bytes, i, end, 1);
    to -= next - i;
    for (let k = i; k < next; k++) out[to + k - i] = bytes[k]!;
    i = next;
  }
}

/** The text without bytes of a set at its ends. The set holds ASCII only. */
export function trimSet(
  result: ByteResult,
  bytes: Uint8Array,
  start: number,
  end: number,
  set: Uint8Array,
  left: boolean,
  right: boolean,
): void {
  let from = start;
  let to = end;
  if (left) while (from < to && set[bytes[from]!] === 1) from++;
  if (right) while (to > from && set[bytes[to - 1]!] === 1) to--;
  result.point(bytes, from, to);
}

/** Each byte by a table of what stands for it; −1 drops it. Bytes beyond ASCII stay. */
export function translate(result: ByteResult, bytes: Uint8Array, start: number, end: number, table: Int16Array): void {
  const out = result.reserve(end - start);
  let at = 0;
  for (let i = start; i < end; i++) {
    const c = table[bytes[i]!]!;
    if (c >= 0) out[at++] = c;
  }
  result.end = at;
}

/** Words with a capital first letter and small others, words between spaces; `slow` does it for text beyond ASCII. */
export function capitalize(
  result: ByteResult,
  bytes: Uint8Array,
  start: number,
  end: number,
  slow: (bytes: Uint8Array, start: number, end: number) => string,
): void {
  if (!isAscii(bytes, start, end)) return result.text(slow(bytes, start, end));
  const out = result.reserve(end - start);
  let first = true;
  for (let i = start; i < end; i++) {
    const c = bytes[i]!;
    if (first) out[i - start] = c >= 0x61 && c <= 0x7a ? c ^ 0x20 : c;
    else out[i - start] = c >= 0x41 && c <= 0x5a ? c ^ 0x20 : c;
    first = c === 0x20;
  }
}

/** The first characters. */
export function left(result: ByteResult, bytes: Uint8Array, start: number, end: number, count: number): void {
  result.point(bytes, start, count <= 0 ? start : skipCharacters(bytes, start, end, count));
}
/** The last characters. */
export function right(result: ByteResult, bytes: Uint8Array, start: number, end: number, count: number): void {
  let from = end;
  for (let n = 0; n < count && from > start; n++) {
    from--;
    while (from > start && (bytes[from]! & 0xc0) === 0x80) from--;
  }
  result.point(bytes, from, end);
}
