/**
 * The JSON kernel, written in AssemblyScript and compiled to WebAssembly with SIMD by `npm run kernels`.
 *
 * It finds the wanted fields of plain records 64 bytes at a time. What it accepts and what it gives up on is what
 * JsonScanner in sources/json does without it; a property test holds the two together. All memory is laid out by the
 * caller (JsonKernel); positions that are written are relative to `base`.
 */

import {
  BACKSLASH,
  isDigit,
  KIND_ARRAY,
  KIND_ESCAPED,
  KIND_FALSE,
  KIND_FLOAT,
  KIND_INTEGER,
  KIND_NULL,
  KIND_OBJECT,
  KIND_STRING,
  KIND_TRUE,
  QUOTE,
} from "./json-syntax";
import { layValues } from "./json-values";
import { highBytes, lowBytes } from "./string-words";

export { copyHigh, copyMissing, copyStrings, readLongs, viewStrings } from "./json-values";

/** Three bytes, as a number: `":"` and `","`. */
const QUOTE_COLON_QUOTE: i32 = 0x223a22;
const QUOTE_COMMA_QUOTE: i32 = 0x222c22;

const WORD_TRUE: i32 = 0x65757274;
const WORD_ALSE: i32 = 0x65736c61;
const WORD_NULL: i32 = 0x6c6c756e;

// One entry of the table of names: first 16 bytes (zero behind the end), length (-1: empty), field, address of the rest.
const ENTRY: i32 = 32;

/** Rows, lines and whether a line was given up: results of `scan`. */
let resultRows: i32 = 0;
let resultLines: i32 = 0;
let resultGaveUp: i32 = 0;
let resultHigh: i32 = 0;
export function rows(): i32 {
  return resultRows;
}
export function lines(): i32 {
  return resultLines;
}
export function gaveUp(): i32 {
  return resultGaveUp;
}
/** Whether a byte above 0x7f may be in a key or a string of the last call of `scan`. */
export function high(): i32 {
  return resultHigh;
}

let starts: i32 = 0;
let ends: i32 = 0;
let kinds: i32 = 0;
let recordStarts: i32 = 0;
let recordEnds: i32 = 0;
let recordLines: i32 = 0;
let capacity: i32 = 0;
let table: i32 = 0;
let tableMask: i32 = 0;

/** Where things lie; `masks` are 9 words of 64 bits, of which the n-th has its n lowest bytes set. */
let masks: i32 = 0;
/** Bit n is set when a name is n bytes long; bit 63 for all longer ones. */
let lengths: u64 = 0;
export function lay(
  startsAt: i32,
  endsAt: i32,
  kindsAt: i32,
  recordStartsAt: i32,
  recordEndsAt: i32,
  recordLinesAt: i32,
  rowCapacity: i32,
  tableAt: i32,
  tableEntries: i32,
  masksAt: i32,
): void {
  lengths = 0;
  for (let entry = tableAt; entry < tableAt + tableEntries * ENTRY; entry += ENTRY) {
    const length = load<i32>(entry, 16);
    if (length >= 0) lengths |= (<u64>1) << (length < 63 ? length : 63);
  }
  starts = startsAt;
  ends = endsAt;
  kinds = kindsAt;
  recordStarts = recordStartsAt;
  recordEnds = recordEndsAt;
  recordLines = recordLinesAt;
  capacity = rowCapacity;
  table = tableAt;
  tableMask = (tableEntries - 1) * ENTRY;
  masks = masksAt;
  layValues(startsAt, endsAt, kindsAt, rowCapacity, masksAt);
}

/** All bytes that `stops` looked at since `scan` began, one over the other. */
let seen: v128 = i64x2.splat(0);

/** A bit for each of the 64 bytes at `p` that may end a string: a quote, a backslash, a byte below 0x20. */
@inline
function stops(p: i32): u64 {
  const quote = i8x16.splat(34);
  const backslash = i8x16.splat(92);
  const control = i8x16.splat(0x1f);
  const a = v128.load(p);
  const b = v128.load(p, 16);
  const c = v128.load(p, 32);
  const d = v128.load(p, 48);
  seen = v128.or(v128.or(seen, v128.or(a, b)), v128.or(c, d));
  const ma = i8x16.bitmask(v128.or(v128.or(i8x16.eq(a, quote), i8x16.eq(a, backslash)), i8x16.le_u(a, control)));
  const mb = i8x16.bitmask(v128.or(v128.or(i8x16.eq(b, quote), i8x16.eq(b, backslash)), i8x16.le_u(b, control)));
  const mc = i8x16.bitmask(v128.or(v128.or(i8x16.eq(c, quote), i8x16.eq(c, backslash)), i8x16.le_u(c, control)));
  const md = i8x16.bitmask(v128.or(v128.or(i8x16.eq(d, quote), i8x16.eq(d, backslash)), i8x16.le_u(d, control)));
  return <u64>(<u32>(ma | (mb << 16))) | ((<u64>(<u32>(mc | (md << 16)))) << 32);
}

@inline
function hash(word: u64, length: i32): i32 {
  return <i32>(((word ^ <u64>length) * 0x9e3779b97f4a7c15) >> 40) & tableMask;
}

/** Behind a number that starts at `p` with byte `c`, or -1; `numberKind` tells which. */
let numberKind: u8 = 0;
function numberEnd(p: i32, c: i32): i32 {
  if (c == 45) c = load<u8>(++p);
  if (c == 48) {
    c = load<u8>(++p);
  } else {
    if (!isDigit(c)) return -1;
    do c = load<u8>(++p);
    while (isDigit(c));
  }
  numberKind = KIND_INTEGER;
  if (c == 46) {
    numberKind = KIND_FLOAT;
    c = load<u8>(++p);
    if (!isDigit(c)) return -1;
    do c = load<u8>(++p);
    while (isDigit(c));
  }
  if (c == 101 || c == 69) {
    numberKind = KIND_FLOAT;
    c = load<u8>(++p);
    if (c == 43 || c == 45) c = load<u8>(++p);
    if (!isDigit(c)) return -1;
    do c = load<u8>(++p);
    while (isDigit(c));
  }
  return p;
}

function isHex(c: i32): bool {
  const lower = c | 32;
  return isDigit(c) || (lower >= 97 && lower <= 102);
}

/** Behind the escape at `p`, or -1. */
function escapeEnd(p: i32): i32 {
  const c = <i32>load<u8>(p, 1);
  if (c == 34 || c == 92 || c == 47 || c == 98 || c == 102 || c == 110 || c == 114 || c == 116) return p + 2;
  if (c != 117) return -1;
  return isHex(load<u8>(p, 2)) && isHex(load<u8>(p, 3)) && isHex(load<u8>(p, 4)) && isHex(load<u8>(p, 5)) ? p + 6 : -1;
}

/** Behind the quote that ends the string whose first byte is at `p`, or -1. */
function stringEnd(p: i32): i32 {
  for (;;) {
    const mask = stops(p);
    if (mask == 0) {
      p += 64;
      continue;
    }
    p += <i32>ctz(mask);
    const c = <i32>load<u8>(p);
    if (c == QUOTE) return p + 1;
    if (c != BACKSLASH) return -1;
    p = escapeEnd(p);
    if (p < 0) return -1;
  }
  return -1;
}

@inline
function pastBlanks(p: i32): i32 {
  let c = <i32>load<u8>(p);
  while (c == 32 || c == 9) c = load<u8>(++p);
  return p;
}

/** Behind the colon of the key at `p`, or -1. */
function keyEnd(p: i32): i32 {
  p = pastBlanks(p);
  if (load<u8>(p) != QUOTE) return -1;
  p = stringEnd(p + 1);
  if (p < 0) return -1;
  p = pastBlanks(p);
  return load<u8>(p) == 58 ? p + 1 : -1;
}

function scalarEnd(p: i32, c: i32): i32 {
  if (c == 116) return load<i32>(p) == WORD_TRUE ? p + 4 : -1;
  if (c == 102) return load<i32>(p + 1) == WORD_ALSE ? p + 5 : -1;
  if (c == 110) return load<i32>(p) == WORD_NULL ? p + 4 : -1;
  return numberEnd(p, c);
}

/** End of the object or array at `p`, or -1; one bit per level says which bracket is open. */
function nestedEnd(p: i32): i32 {
  let open: i32 = 1;
  for (;;) {
    p = pastBlanks(p);
    let c = <i32>load<u8>(p);
    if (c == QUOTE) {
      p = stringEnd(p + 1);
      if (p < 0) return -1;
    } else if (c == 123 || c == 91) {
      if (open < 0 || open >= 0x40000000) return -1;
      open = (open << 1) | (c == 123 ? 1 : 0);
      p = pastBlanks(p + 1);
      c = load<u8>(p);
      if (c == (open & 1 ? 125 : 93)) {
        p++;
        open >>= 1;
        if (open == 1) return p;
      } else if (open & 1) {
        p = keyEnd(p);
        if (p < 0) return -1;
        continue;
      } else {
        continue;
      }
    } else {
      p = scalarEnd(p, c);
      if (p < 0) return -1;
    }
    for (;;) {
      p = pastBlanks(p);
      c = load<u8>(p);
      p++;
      if (c == 44) {
        if (open & 1) {
          p = keyEnd(p);
          if (p < 0) return -1;
        }
        break;
      }
      if (c != (open & 1 ? 125 : 93)) return -1;
      open >>= 1;
      if (open == 1) return p;
    }
  }
  return -1;
}

function sameRest(p: i32, rest: i32, length: i32): bool {
  for (let i = 16; i < length; i++) if (load<u8>(p + i) != load<u8>(rest + i)) return false;
  return true;
}

/**
 * Reads lines of memory [from, end) from row `row` and line `line` on, until the end, `maxRows` rows or a line that is
 * not a plain record. The byte at `end - 1` or `end` is a line end. Returns where it stopped; for a line that is given up
 * that is the line's start.
 */
export function scan(from: i32, end: i32, origin: i32, row: i32, line: i32, maxRows: i32): i32 {
  const rowStarts = recordStarts;
  const rowEnds = recordEnds;
  const rowLines = recordLines;
  const rowCapacity = capacity;
  const names = table;
  const firstBytes = masks;
  const wanted = lengths;
  let p = from;
  // The block of 64 bytes whose stops are known.
  let block = from - 64;
  let known: u64 = 0;
  seen = i64x2.splat(0);
  while (p < end && row < maxRows) {
    const lineStart = p;
    let plain = false;
    if (load<u8>(p) == 123) {
      let c = <i32>load<u8>(++p);
      if (c == 125) {
        p++;
        plain = true;
      } else {
        while (c == 32 || c == 9) c = load<u8>(++p);
        // A record whose first key is no plain string is not read further; `p` then stands at the first byte of a key.
        let more = c == QUOTE;
        p++;
        while (more) {
          more = false;
          const keyStart = p;
          let distance = p - block;
          if (distance >= 64) {
            block = p;
            known = stops(p);
            distance = 0;
          }
          let mask = known >> distance;
          while (mask == 0) {
            block += 64;
            p = block;
            mask = known = stops(block);
          }
          p += <i32>ctz(mask);
          if (load<u8>(p) != QUOTE) break;
          const length = p - keyStart;
          let field = -1;
          if ((wanted >> (length < 63 ? length : 63)) & 1) {
            const low = lowBytes(keyStart, length, firstBytes);
            const high = highBytes(keyStart, length, firstBytes);
            let slot = hash(low, length);
            for (;;) {
              const entry = names + slot;
              const entryLength = load<i32>(entry, 16);
              if (entryLength < 0) break;
              if (
                entryLength == length &&
                load<u64>(entry) == low &&
                load<u64>(entry, 8) == high &&
                (length <= 16 || sameRest(keyStart, load<i32>(entry, 24), length))
              ) {
                field = load<i32>(entry, 20);
                break;
              }
              slot = (slot + ENTRY) & tableMask;
            }
          }
          let valueStart: i32 = 0;
          let valueEnd: i32 = 0;
          let kind: u8 = 0;
          // Most often the value is a string right behind the colon, and another key follows right behind a comma.
          let isString = (load<i32>(p) & 0xffffff) == QUOTE_COLON_QUOTE;
          if (isString) {
            p += 3;
          } else {
            c = load<u8>(++p);
            while (c == 32 || c == 9) c = load<u8>(++p);
            if (c != 58) break;
            c = load<u8>(++p);
            while (c == 32 || c == 9) c = load<u8>(++p);
            if (c == QUOTE) {
              isString = true;
              p++;
            }
          }
          valueStart = p;
          if (isString) {
            kind = KIND_STRING;
            for (;;) {
              distance = p - block;
              if (distance >= 64) {
                block = p;
                known = stops(p);
                distance = 0;
              }
              mask = known >> distance;
              while (mask == 0) {
                block += 64;
                p = block;
                mask = known = stops(block);
              }
              p += <i32>ctz(mask);
              c = load<u8>(p);
              if (c != BACKSLASH) break;
              kind = KIND_ESCAPED;
              const after = escapeEnd(p);
              if (after < 0) {
                c = 0;
                break;
              }
              p = after;
            }
            if (c != QUOTE) break;
            valueEnd = p;
          } else {
            if (isDigit(c) || c == 45) {
              p = numberEnd(p, c);
              if (p < 0) break;
              kind = numberKind;
            } else if (c == 123 || c == 91) {
              kind = c == 123 ? KIND_OBJECT : KIND_ARRAY;
              p = nestedEnd(p);
              if (p < 0) break;
            } else if (c == 116) {
              if (load<i32>(p) != WORD_TRUE) break;
              kind = KIND_TRUE;
              p += 4;
            } else if (c == 102) {
              if (load<i32>(p + 1) != WORD_ALSE) break;
              kind = KIND_FALSE;
              p += 5;
            } else if (c == 110) {
              if (load<i32>(p) != WORD_NULL) break;
              kind = KIND_NULL;
              p += 4;
            } else {
              break;
            }
            valueEnd = p;
          }
          if (field >= 0) {
            const cell = field * rowCapacity + row;
            store<i32>(starts + (cell << 2), valueStart - origin);
            store<i32>(ends + (cell << 2), valueEnd - origin);
            store<u8>(kinds + cell, kind);
          }
          if (isString) {
            if ((load<i32>(p) & 0xffffff) == QUOTE_COMMA_QUOTE) {
              p += 3;
              more = true;
              continue;
            }
            p++;
          }
          c = load<u8>(p);
          while (c == 32 || c == 9) c = load<u8>(++p);
          p++;
          if (c == 44) {
            c = load<u8>(p);
            while (c == 32 || c == 9) c = load<u8>(++p);
            if (c != QUOTE) break;
            p++;
            more = true;
            continue;
          }
          plain = c == 125;
        }
      }
    }
    if (!plain) {
      resultRows = row;
      resultLines = line;
      resultGaveUp = 1;
      resultHigh = i8x16.bitmask(seen);
      return lineStart;
    }
    store<i32>(rowStarts + (row << 2), lineStart - origin);
    store<i32>(rowLines + (row << 2), line++);
    let c = <i32>load<u8>(p);
    while (c != 10 && c != 13) c = load<u8>(++p);
    store<i32>(rowEnds + (row << 2), p - origin);
    p += c == 13 && load<u8>(p, 1) == 10 ? 2 : 1;
    row++;
  }
  resultRows = row;
  resultLines = line;
  resultGaveUp = 0;
  resultHigh = i8x16.bitmask(seen);
  return p;
}
