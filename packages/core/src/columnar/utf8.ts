/**
 * UTF-8 to JavaScript strings and back.
 *
 * Most strings of a stream are short and ASCII, where the fixed cost of `TextDecoder` and `TextEncoder` (argument checks,
 * a call out of JavaScript) is larger than the work; so these functions look first and use a plain loop for short ASCII.
 */
const encoder = new TextEncoder();
const utf8Slice: (this: Uint8Array, start: number, end: number) => string = Buffer.prototype.utf8Slice;
/** Up to this many bytes the loop beats the native decoder; `Buffer`'s is twice as fast as `TextDecoder` (Node 26). */
const shortDecode = 11;
/** Up to this many UTF-16 units the loop beats `TextEncoder`. */
const shortEncode = 48;
const fromCharCode = String.fromCharCode;

/**
 * The string of `bytes[start, end)`. Bytes that are not UTF-8 become U+FFFD as the WHATWG decoder and Spark's
 * `UTF8String.toString` make them; a byte order mark is kept.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > shortDecode) return utf8Slice.call(bytes, start, end);
  for (let i = start; i < end; i++) if (bytes[i]! > 0x7f) return utf8Slice.call(bytes, start, end);
  return decodeAscii(bytes, start, end);
}

function decodeAscii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let i = start;
  if (i + 8 <= end) {
    text = fromCharCode(
      bytes[i]!,
      bytes[i + 1]!,
      bytes[i + 2]!,
      bytes[i + 3]!,
      bytes[i + 4]!,
      bytes[i + 5]!,
      bytes[i + 6]!,
      bytes[i + 7]!,
    );
    i += 8;
  }
  if (i + 4 <= end) {
    text += fromCharCode(bytes[i]!, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!);
    i += 4;
  }
  for (; i < end; i++) text += fromCharCode(bytes[i]!);
  return text;
}

/** The UTF-8 bytes of a string; lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * Writes the UTF-8 bytes of `text` into `target` at `at` and returns the end position.
 * `target` must have room for 3 bytes per UTF-16 unit. Lone surrogates become U+FFFD.
 */
export function encodeUtf8Into(text: string, target: Uint8Array, at: number): number {
  const length = text.length;
  if (length <= shortEncode) {
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      target[at + i] = unit;
    }
    if (i === length) return at + length;
  }
  return at + encoder.encodeInto(text, target.subarray(at)).written;
}

/** Whether every byte of `bytes[start, end)` is below 0x80. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let seen = 0;
  for (let i = start; i < end; i++) seen |= bytes[i]!;
  return seen < 0x80;
}

/** Whether `bytes[start, end)` is well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
export function isValidUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  while (i < end) {
    const lead = bytes[i]!;
    if (lead < 0x80) {
      i++;
      continue;
    }
    const size =
      lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    if (size === 0 || i + size > end) return false;
    const second = bytes[i + 1]!;
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let k = 2; k < size; k++) if ((bytes[i + k]! & 0xc0) !== 0x80) return false;
    i += size;
  }
  return true;
}

/** Compares two byte ranges as unsigned bytes: the SQL order of strings and binary. Negative, 0 or positive. */
export function compareByteRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart;
  const bLength = bEnd - bStart;
  const shared = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < shared; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Compares two strings by code point, which is the order of their UTF-8 bytes (UTF-16 order differs at surrogates). */
export function compareStrings(a: string, b: string): number {
  const shared = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < shared; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates (code points above U+FFFF) sort after U+E000..U+FFFF.
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x - y;
  }
  return a.length - b.length;
}
