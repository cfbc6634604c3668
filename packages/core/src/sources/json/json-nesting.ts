/** Passes over nested values of plain JSON records. */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import { isUnicodeEscape } from "./json-cursor.ts";
import { isSimpleEscape, stringStop } from "./json-token.ts";

/** Words as the four bytes that they are. */
export const wordTrue: number = wordOf("true");
export const wordAlse: number = wordOf("alse");
export const wordNull: number = wordOf("null");

function wordOf(text: string): number {
  return new DataView(encodeUtf8(text).buffer as ArrayBuffer).getInt32(0, true);
}

/**
 * End of the object or array that starts at `p`, or -1 when it is not plainly well-formed within its line (then the
 * complete reader decides). One bit of a 32-bit word per level says which bracket is open, so plain nesting is at most
 * 31 levels deep.
 */
export function skipNested(bytes: Uint8Array, view: DataView, from: number): number {
  let p = from;
  // Bit 0 is the innermost level: 1 an object, 0 an array. The leading 1 marks the bottom.
  let open = 1;
  for (;;) {
    let c = blank(bytes, p);
    p = blankEnd;
    // A value.
    if (c === 34) {
      p = stringEnd(bytes, view, p + 1);
      if (p < 0) return -1;
    } else if (c === 123 || c === 91) {
      if (open < 0 || open >= 0x40000000) return -1;
      open = (open << 1) | (c === 123 ? 1 : 0);
      c = blank(bytes, p + 1);
      p = blankEnd;
      if (c === (open & 1 ? 125 : 93)) {
        p++;
        open >>= 1;
        if (open === 1) return p;
      } else if (open & 1) {
        p = keyEnd(bytes, view, p);
        if (p < 0) return -1;
        continue;
      } else {
        continue;
      }
    } else {
      p = scalarEnd(bytes, view, p, c);
      if (p < 0) return -1;
    }
    // What follows it.
    for (;;) {
      c = blank(bytes, p);
      p = blankEnd + 1;
      if (c === 44) {
        if (open & 1) {
          p = keyEnd(bytes, view, p);
          if (p < 0) return -1;
        }
        break;
      }
      if (c !== (open & 1 ? 125 : 93)) return -1;
      open >>= 1;
      if (open === 1) return p;
    }
  }
}

let blankEnd = 0;
/** The first byte at or after `p` that is neither blank nor tab; its position is left in `blankEnd`. */
function blank(bytes: Uint8Array, p: number): number {
  let c = bytes[p]!;
  while (c === 32 || c === 9) c = bytes[++p]!;
  blankEnd = p;
  return c;
}

/** Behind the quote that ends a string, or -1. */
function stringEnd(bytes: Uint8Array, view: DataView, from: number): number {
  let p = stringStop(view, from);
  let c: number;
  while ((c = bytes[p]!) !== 34) {
    if (c !== 92) return -1;
    c = bytes[p + 1]!;
    if (isSimpleEscape(c)) p += 2;
    else if (c === 117 && isUnicodeEscape(bytes, p)) p += 6;
    else return -1;
    p = stringStop(view, p);
  }
  return p + 1;
}

/** Behind the colon of a key, or -1. */
function keyEnd(bytes: Uint8Array, view: DataView, from: number): number {
  if (blank(bytes, from) !== 34) return -1;
  const p = stringEnd(bytes, view, blankEnd + 1);
  if (p < 0 || blank(bytes, p) !== 58) return -1;
  return blankEnd + 1;
}

/** End of the number or word that starts at `p` with byte `c`, or -1. */
function scalarEnd(bytes: Uint8Array, view: DataView, from: number, c: number): number {
  let p = from;
  if (c === 116) return view.getInt32(p, true) === wordTrue ? p + 4 : -1;
  if (c === 102) return view.getInt32(p + 1, true) === wordAlse ? p + 5 : -1;
  if (c === 110) return view.getInt32(p, true) === wordNull ? p + 4 : -1;
  if (c === 45) c = bytes[++p]!;
  if (c === 48) c = bytes[++p]!;
  else {
    if (!(c >= 49 && c <= 57)) return -1;
    do c = bytes[++p]!;
    while (c >= 48 && c <= 57);
  }
  if (c === 46) {
    c = bytes[++p]!;
    if (!(c >= 48 && c <= 57)) return -1;
    do c = bytes[++p]!;
    while (c >= 48 && c <= 57);
  }
  if (c === 101 || c === 69) {
    c = bytes[++p]!;
    if (c === 43 || c === 45) c = bytes[++p]!;
    if (!(c >= 48 && c <= 57)) return -1;
    do c = bytes[++p]!;
    while (c >= 48 && c <= 57);
  }
  return p;
}
