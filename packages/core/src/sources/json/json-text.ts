/** Strings inside JSON: unescaping, and JSON text as it stands. */
import { decodeUtf8 } from "../../columnar/utf8.ts";
import { hexDigit } from "./json-token.ts";

const plain: Readonly<Record<number, number>> = { 98: 8, 102: 12, 110: 10, 114: 13, 116: 9 };

function unicodeAt(bytes: Uint8Array, p: number): number {
  return (
    (hexDigit(bytes[p + 2]!) << 12) |
    (hexDigit(bytes[p + 3]!) << 8) |
    (hexDigit(bytes[p + 4]!) << 4) |
    hexDigit(bytes[p + 5]!)
  );
}

/**
 * Writes the value of the escaped string `bytes[start, end)` as UTF-8 into `target` at `at` and returns the end. The
 * value is never longer than its escaped form. A surrogate without its partner becomes U+FFFD.
 */
export function unescapeInto(bytes: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let p = start;
  let to = at;
  while (p < end) {
    const c = bytes[p]!;
    if (c !== 92) {
      target[to++] = c;
      p++;
      continue;
    }
    const escaped = bytes[p + 1]!;
    if (escaped !== 117) {
      target[to++] = plain[escaped] ?? escaped;
      p += 2;
      continue;
    }
    let code = unicodeAt(bytes, p);
    p += 6;
    if (code >= 0xd800 && code <= 0xdfff) {
      const low = code < 0xdc00 && p + 6 <= end && bytes[p] === 92 && bytes[p + 1] === 117 ? unicodeAt(bytes, p) : 0;
      if (low >= 0xdc00 && low <= 0xdfff) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        p += 6;
      } else {
        code = 0xfffd;
      }
    }
    to = writeCodePoint(code, target, to);
  }
  return to;
}

function writeCodePoint(code: number, target: Uint8Array, to: number): number {
  if (code < 0x80) {
    target[to++] = code;
  } else if (code < 0x800) {
    target[to++] = 0xc0 | (code >> 6);
    target[to++] = 0x80 | (code & 63);
  } else if (code < 0x10000) {
    target[to++] = 0xe0 | (code >> 12);
    target[to++] = 0x80 | ((code >> 6) & 63);
    target[to++] = 0x80 | (code & 63);
  } else {
    target[to++] = 0xf0 | (code >> 18);
    target[to++] = 0x80 | ((code >> 12) & 63);
    target[to++] = 0x80 | ((code >> 6) & 63);
    target[to++] = 0x80 | (code & 63);
  }
  return to;
}

/** The string value of `bytes[start, end)`, which may hold escapes; bytes that are not UTF-8 become U+FFFD. */
export function decodeJsonString(bytes: Uint8Array, start: number, end: number): string {
  if (bytes.subarray(start, end).indexOf(92) < 0) return decodeUtf8(bytes, start, end);
  const target = new Uint8Array(end - start);
  return decodeUtf8(target, 0, unescapeInto(bytes, start, end, target, 0));
}
