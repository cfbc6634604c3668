/**
 * String and binary kernels on byte ranges, for generated code: no JavaScript string is made. Strings are UTF-8; where a
 * kernel has to know characters it takes a fast path while the bytes are ASCII.
 */
import { decodeUtf8, encodeUtf8, encodeUtf8Into } from "../../columnar/utf8.ts";

export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const n = aEnd - aStart;
  if (n !== bEnd - bStart) return false;
  for (let i = 0; i < n; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

export function startsWithBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const n = bEnd - bStart;
  return aEnd - aStart >= n && equalBytes(a, aStart, aStart + n, b, bStart, bEnd);
}
export function endsWithBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const n = bEnd - bStart;
  return aEnd - aStart >= n && equalBytes(a, aEnd - n, aEnd, b, bStart, bEnd);
}

/** Position in `a` of the first occurrence of `b`, or −1. */
export function indexOfBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const n = bEnd - bStart;
  if (n === 0) return aStart;
  const first = b[bStart]!;
  const last = aEnd - n;
  for (let i = aStart; i <= last; i++) {
    if (a[i] !== first) continue;
    let j = 1;
    while (j < n && a[i + j] === b[bStart + j]) j++;
    if (j === n) return i;
  }
  return -1;
}

/** Characters (code points) of a range: all bytes but continuation bytes. */
export function countCharacters(bytes: Uint8Array, start: number, end: number): number {
  let n = 0;
  for (let i = start; i < end; i++) if ((bytes[i]! & 0xc0) !== 0x80) n++;
  return n;
}

/** Byte position after skipping `count` characters from `start`, at most `end`. */
export function skipCharacters(bytes: Uint8Array, start: number, end: number, count: number): number {
  let i = start;
  for (let n = count; n > 0 && i < end; n--) {
    i++;
    while (i < end && (bytes[i]! & 0xc0) === 0x80) i++;
  }
  return i;
}

/** First position that is not a space (U+0020), as SQL's TRIM. */
export function trimStartOf(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && bytes[i] === 0x20) i++;
  return i;
}
export function trimEndOf(bytes: Uint8Array, start: number, end: number): number {
  let i = end;
  while (i > start && bytes[i - 1] === 0x20) i--;
  return i;
}

/**
 * The bytes that a kernel makes for one row; each call site owns one, and the range is valid until the site is evaluated
 * again. When a result equals its input, the range points into the input.
 */
export class ByteResult {
  bytes: Uint8Array = new Uint8Array(64);
  start = 0;
  end = 0;
  #own: Uint8Array = this.bytes;
  #parts = 0;

  /** Makes room for a result of `size` bytes at the start of this site's buffer. */
  reserve(size: number): Uint8Array {
    if (this.#own.length < size) this.#own = new Uint8Array(Math.max(size, this.#own.length * 2));
    this.bytes = this.#own;
    this.start = 0;
    this.end = size;
    return this.#own;
  }
  point(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
  text(value: string): void {
    const bytes = encodeUtf8(value);
    this.point(bytes, 0, bytes.length);
  }

  lower(bytes: Uint8Array, start: number, end: number): void {
    this.#mapAscii(bytes, start, end, 0x41, 0x5a, lowerText);
  }
  upper(bytes: Uint8Array, start: number, end: number): void {
    this.#mapAscii(bytes, start, end, 0x61, 0x7a, upperText);
  }
  /** Flips bit 5 of the ASCII letters from `low` to `high`; any other byte above 0x7f sends the range through a string. */
  #mapAscii(
    bytes: Uint8Array,
    start: number,
    end: number,
    low: number,
    high: number,
    slow: (text: string) => string,
  ): void {
    let i = start;
    while (i < end) {
      const c = bytes[i]!;
      if (c >= 0x80) return this.text(slow(decodeUtf8(bytes, start, end)));
      if (c >= low && c <= high) break;
      i++;
    }
    if (i === end) return this.point(bytes, start, end);
    const out = this.reserve(end - start);
    for (let k = start; k < end; k++) {
      const c = bytes[k]!;
      if (c >= 0x80) return this.text(slow(decodeUtf8(bytes, start, end)));
      out[k - start] = c >= low && c <= high ? c ^ 0x20 : c;
    }
  }

  /** Starts a concatenation: `append` adds pieces. */
  begin(): void {
    this.reserve(0);
    this.#parts = 0;
  }
  /** Adds a piece behind a separator, unless it is the first one added so. */
  appendPart(
    separator: Uint8Array,
    separatorStart: number,
    separatorEnd: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (this.#parts++ > 0) this.append(separator, separatorStart, separatorEnd);
    this.append(bytes, start, end);
  }
  append(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    const at = this.end;
    this.#grow(at + size);
    const out = this.#own;
    for (let i = 0; i < size; i++) out[at + i] = bytes[start + i]!;
    this.end = at + size;
  }

  /** Adds a text. */
  appendText(text: string): void {
    const at = this.end;
    this.#grow(at + text.length * 3);
    this.end = encodeUtf8Into(text, this.#own, at);
  }
  appendByte(byte: number): void {
    this.#grow(this.end + 1);
    this.#own[this.end++] = byte;
  }
  /** Adds an INT that is not negative, with zeros before it up to a width. */
  appendDigits(value: number, width: number): void {
    let rest = value | 0;
    let size = 1;
    for (let bound = 10; size < 10 && rest >= bound; bound *= 10) size++;
    if (size < width) size = width;
    const at = this.end;
    this.#grow(at + size);
    const out = this.#own;
    for (let i = at + size - 1; i >= at; i--) {
      const next = (rest / 10) | 0;
      out[i] = 0x30 + rest - next * 10;
      rest = next;
    }
    this.end = at + size;
  }
  #grow(size: number): void {
    if (this.#own.length >= size) return;
    const grown = new Uint8Array(Math.max(size, this.#own.length * 2));
    grown.set(this.#own.subarray(0, this.end));
    this.#own = grown;
    this.bytes = grown;
  }

  /** Spark's `substring`: positions count from 1, from the end when negative, 0 is 1. */
  substring(bytes: Uint8Array, start: number, end: number, position: number, length: number): void {
    const size = end - start;
    let ascii = true;
    for (let i = start; i < end; i++)
      if (bytes[i]! >= 0x80) {
        ascii = false;
        break;
      }
    const count = ascii ? size : countCharacters(bytes, start, end);
    let from = position > 0 ? position - 1 : position < 0 ? count + position : 0;
    const until = Math.min(count, from + length);
    from = Math.max(0, from);
    if (from >= until) return this.point(bytes, start, start);
    if (ascii) return this.point(bytes, start + from, start + until);
    const low = skipCharacters(bytes, start, end, from);
    this.point(bytes, low, skipCharacters(bytes, low, end, until - from));
  }
}

const lowerText = (text: string): string => text.toLowerCase();
const upperText = (text: string): string => text.toUpperCase();
