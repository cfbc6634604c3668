/**
 * The JSON kernel, written in AssemblyScript and compiled to WebAssembly with SIMD by `npm run kernels`.
 *
 * It finds the wanted fields of plain records. What it accepts and what it gives up on is what JsonScanner in
 * sources/json does without it; a property test holds the two together. All memory is laid out by the caller
 * (JsonKernel); positions that are written are relative to `base`.
 *
 * The bytes are looked at 64 at a time, a few kilobytes ahead: that leaves a bitmap of all bytes at which a string may
 * end. From any byte one unaligned word of it then shows how far the next strings reach, whatever their lengths are. So
 * records cost about the same in every order of their fields: little that differs from record to record is decided by a
 * branch, which the processor would guess wrong.
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

// One entry of the table of names: first 16 bytes (zero behind the end), length (-1: empty), column (its first cell; of
// an empty entry the one for unwanted fields), address of the name, and 1 when the 16 bytes alone do not decide: the name
// is longer, ends with a zero byte, or another one has its place here too.
const ENTRY: i32 = 32;

// Arrays of cells: where the values start, behind them where they end, and their kinds. JsonKernel knows the number too.
const CELLS: i32 = 131600;
const ENDS: i32 = 4 * CELLS;
const KINDS: i32 = 8 * CELLS;

/** Bytes that are looked at ahead. */
const TILE: i32 = 8192;
/** The same for a line that goes on behind the end. */
const LAST_TILE: i32 = 512;

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

let cells: i32 = 0;
let recordStarts: i32 = 0;
let recordEnds: i32 = 0;
let recordLines: i32 = 0;
/** The column behind the last: unwanted fields are written there. */
let unwanted: i32 = 0;
let table: i32 = 0;
let tableMask: i32 = 0;
let multiplier: u64 = 0;
let masks: i32 = 0;

/**
 * Where things lie. `masks` are sixteen bytes 0xff and sixteen bytes 0; at `stopsAt` is room for a bit for each byte of the
 * memory before it.
 */
export function lay(
  cellsAt: i32,
  recordStartsAt: i32,
  recordEndsAt: i32,
  recordLinesAt: i32,
  rowCapacity: i32,
  fields: i32,
  tableAt: i32,
  tableEntries: i32,
  tableMultiplier: u64,
  masksAt: i32,
  constantsAt: i32,
  stopsAt: i32,
): void {
  cells = cellsAt;
  recordStarts = recordStartsAt;
  recordEnds = recordEndsAt;
  recordLines = recordLinesAt;
  unwanted = fields * rowCapacity;
  table = tableAt;
  tableMask = (tableEntries - 1) * ENTRY;
  multiplier = tableMultiplier;
  masks = masksAt;
  constants = constantsAt;
  v128.store(constantsAt, i8x16.splat(2));
  v128.store(constantsAt, i8x16.splat(32), 16);
  v128.store(constantsAt, i8x16.splat(92), 32);
  v128.store(constantsAt, i8x16.splat(48), 48);
  v128.store(constantsAt, i8x16.splat(10), 64);
  stops = stopsAt;
  layValues(cellsAt, cellsAt + ENDS, cellsAt + KINDS, rowCapacity, masksAt);
}

let constants: i32 = 0;
/** A bit for each byte of the memory that may end a string: a quote, a backslash, a byte below 0x20. */
let stops: i32 = 0;
/** Bits are known up to here; those of 64 bytes more are 0. */
let tileEnd: i32 = 0;
/** Where lines need no longer begin. */
let scanEnd: i32 = 0;
/** All bytes that were looked at since `scan` began, one over the other. */
let seen: v128 = i64x2.splat(0);

@inline
function stopBits(bytes: v128, two: v128, blank: v128, backslash: v128): i32 {
  // With bit 1 turned over, a quote follows the bytes below 0x20 directly.
  const low = i8x16.le_u(v128.xor(bytes, two), blank);
  return i8x16.bitmask(v128.or(low, i8x16.eq(bytes, backslash)));
}

/** Looks at the bytes from `from` on. */
function lookAhead(from: i32): void {
  const left = scanEnd - from;
  const to = from + (left <= 0 ? LAST_TILE : left < TILE ? left : TILE);
  // In memory: V8 would make a constant anew wherever it is used.
  const two = v128.load(constants);
  const blank = v128.load(constants, 16);
  const backslash = v128.load(constants, 32);
  let all = seen;
  let p = from & ~63;
  let at = stops + (p >>> 3);
  for (; p < to; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    all = v128.or(v128.or(all, v128.or(a, b)), v128.or(c, d));
    const low = stopBits(a, two, blank, backslash) | (stopBits(b, two, blank, backslash) << 16);
    const high = stopBits(c, two, blank, backslash) | (stopBits(d, two, blank, backslash) << 16);
    store<u64>(at, <u64>(<u32>low) | (<u64>(<u32>high) << 32));
    at += 8;
  }
  store<u64>(at, 0);
  seen = all;
  tileEnd = p;
}

/** Stops from `p` on, at least 57 of them where they are known: bit n for the byte at p + n. */
@inline
function stopsFrom(p: i32): u64 {
  return p < tileEnd ? load<u64>(stops + (p >>> 3)) >> (<u64>(p & 7)) : 0;
}

/** The first stop at or behind `p`, in a string: the line's end is one. */
function stopFrom(p: i32): i32 {
  for (;;) {
    if (p >= tileEnd) lookAhead(p);
    const word = stopsFrom(p);
    if (word != 0) return p + <i32>ctz(word);
    p = p + 57 < tileEnd ? p + 57 : tileEnd;
  }
  return p;
}

/** Behind the digits at `p`. */
@inline
function digitsEnd(p: i32): i32 {
  for (;;) {
    const digits = i8x16.lt_u(i8x16.sub(v128.load(p), v128.load(constants, 48)), v128.load(constants, 64));
    const count = <i32>ctz(~i8x16.bitmask(digits));
    p += count;
    if (count < 16) break;
  }
  return p;
}

/** Behind the fraction and exponent that follow at `p`, or -1. */
function fractionEnd(p: i32): i32 {
  let c = <i32>load<u8>(p);
  if (c == 46) {
    if (!isDigit(load<u8>(++p))) return -1;
    p = digitsEnd(p);
    c = load<u8>(p);
  }
  if ((c | 32) == 101) {
    c = load<u8>(++p);
    if (c == 43 || c == 45) c = load<u8>(++p);
    if (!isDigit(c)) return -1;
    p = digitsEnd(p);
  }
  return p;
}

/** Behind a number that starts at `p` with byte `c`, or -1; `numberKind` tells which. */
let numberKind: u8 = 0;
@inline
function numberEnd(p: i32, c: i32): i32 {
  if (c == 45) c = load<u8>(++p);
  if (!isDigit(c)) return -1;
  p++;
  if (isDigit(load<u8>(p))) {
    if (c == 48) return -1;
    p = digitsEnd(p);
  }
  numberKind = KIND_INTEGER;
  c = load<u8>(p);
  if (c == 46 || (c | 32) == 101) {
    numberKind = KIND_FLOAT;
    p = fractionEnd(p);
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

/** The quote that ends the string of which the first stop is at `p`, or -1. */
function closingQuote(p: i32): i32 {
  for (;;) {
    const c = <i32>load<u8>(p);
    if (c == QUOTE) return p;
    if (c != BACKSLASH) return -1;
    p = escapeEnd(p);
    if (p < 0) return -1;
    p = stopFrom(p);
  }
  return -1;
}

/** Behind the blanks and tabs at `p`. */
@inline
function pastBlanks(p: i32): i32 {
  return load<u8>(p) <= 32 ? blanksEnd(p) : p;
}

function blanksEnd(p: i32): i32 {
  for (;;) {
    const c = load<u8>(p);
    if (c != 32 && c != 9) return p;
    p++;
  }
  return p;
}

@inline
function scalarEnd(p: i32, c: i32): i32 {
  if (c == 116) return load<i32>(p) == WORD_TRUE ? p + 4 : -1;
  if (c == 102) return load<i32>(p + 1) == WORD_ALSE ? p + 5 : -1;
  if (c == 110) return load<i32>(p) == WORD_NULL ? p + 4 : -1;
  return numberEnd(p, c);
}

/** End of the object or array at `p`, or -1; one bit per level says which bracket is open. */
function nestedEnd(p: i32): i32 {
  let open: i32 = 1;
  let hasKey = false;
  for (;;) {
    p = pastBlanks(p);
    let c = <i32>load<u8>(p);
    let isString = c == QUOTE;
    if (hasKey) {
      if (!isString) return -1;
      const keyStart = ++p;
      let word = stopsFrom(p);
      p = word != 0 ? p + <i32>ctz(word) : stopFrom(p);
      if (load<u8>(p) != QUOTE) {
        p = closingQuote(p);
        if (p < 0) return -1;
        word = 0;
      }
      if ((load<i32>(p) & 0xffffff) == QUOTE_COLON_QUOTE) {
        // The stops behind the quotes of the key's end and of the value's start.
        word &= word - 1;
        word &= word - 1;
        p = word != 0 ? keyStart + <i32>ctz(word) : stopFrom(p + 3);
      } else {
        p = pastBlanks(p + 1);
        if (load<u8>(p) != 58) return -1;
        p = pastBlanks(p + 1);
        c = load<u8>(p);
        isString = c == QUOTE;
        if (isString) p = stopFrom(p + 1);
      }
    } else if (isString) {
      p = stopFrom(p + 1);
    }
    if (isString) {
      if (load<u8>(p) != QUOTE) {
        p = closingQuote(p);
        if (p < 0) return -1;
      }
      p++;
    } else if ((c | 32) == 123) {
      if (open < 0 || open >= 0x40000000) return -1;
      hasKey = c == 123;
      open = (open << 1) | <i32>hasKey;
      p = pastBlanks(p + 1);
      if (<i32>load<u8>(p) != c + 2) continue;
      p++;
      open >>= 1;
      if (open == 1) return p;
    } else {
      p = scalarEnd(p, c);
      if (p < 0) return -1;
    }
    for (;;) {
      p = pastBlanks(p);
      c = load<u8>(p);
      p++;
      hasKey = (open & 1) != 0;
      if (c == 44) break;
      if (c != (hasKey ? 125 : 93)) return -1;
      open >>= 1;
      if (open == 1) return p;
    }
  }
  return -1;
}

@inline
function place(low: u64, high: u64): i32 {
  return <i32>(((low ^ rotl<u64>(high, 23)) * multiplier) >> 40) & tableMask;
}

/** The column of a key, by comparing all of it. */
function find(keyStart: i32, length: i32): i32 {
  const low = lowBytes(keyStart, length, masks);
  const high = highBytes(keyStart, length, masks);
  let slot = place(low, high);
  for (;;) {
    const entry = table + slot;
    const entryLength = load<i32>(entry, 16);
    if (entryLength < 0) return unwanted;
    if (
      entryLength == length &&
      load<u64>(entry) == low &&
      load<u64>(entry, 8) == high &&
      (length <= 16 || sameRest(keyStart, load<i32>(entry, 24), length))
    ) {
      return load<i32>(entry, 20);
    }
    slot = (slot + ENTRY) & tableMask;
  }
  return unwanted;
}

function sameRest(p: i32, rest: i32, length: i32): bool {
  for (let i = 16; i < length; i++) if (load<u8>(p + i) != load<u8>(rest + i)) return false;
  return true;
}

/** The column of the key at `keyStart`. */
@inline
function columnOf(keyStart: i32, length: i32): i32 {
  if (length > 16) return find(keyStart, length);
  const mask = masks + 16 - length;
  const low = load<u64>(keyStart) & load<u64>(mask);
  const high = load<u64>(keyStart, 8) & load<u64>(mask, 8);
  const entry = table + place(low, high);
  if (load<i32>(entry, 28) != 0) return find(keyStart, length);
  const differs = (load<u64>(entry) ^ low) | (load<u64>(entry, 8) ^ high);
  return select<i32>(load<i32>(entry, 20), unwanted, differs == 0);
}

@inline
function putCell(cell: i32, start: i32, end: i32, kind: u8): void {
  const at = cells + (cell << 2);
  store<i32>(at, start);
  store<i32>(at, end, ENDS);
  store<u8>(cells + cell, kind, KINDS);
}

/**
 * Reads lines of memory [from, end) from row `row` and line `line` on, until the end, `maxRows` rows or a line that is
 * not a plain record. Every line that begins before `end` has a line end, at `end` or later for the last one. Returns
 * where it stopped; for a line that is given up that is the line's start.
 */
export function scan(from: i32, end: i32, origin: i32, row: i32, line: i32, maxRows: i32): i32 {
  let p = from;
  seen = i64x2.splat(0);
  scanEnd = end;
  tileEnd = from;
  while (p < end && row < maxRows) {
    const lineStart = p;
    let plain = false;
    if (load<u8>(p) == 123) {
      p = pastBlanks(p + 1);
      let c = <i32>load<u8>(p++);
      plain = c == 125;
      // A record with a key that is no plain string is not read further; `p` then stands at the first byte of a key.
      let more = c == QUOTE;
      while (more) {
        more = false;
        const keyStart = p;
        let word = stopsFrom(p);
        p = word != 0 ? p + <i32>ctz(word) : stopFrom(p);
        const cell = columnOf(keyStart, p - keyStart) + row;
        // Most often the value is a string right behind the colon, and another key follows right behind a comma.
        if ((load<i32>(p) & 0xffffff) == QUOTE_COLON_QUOTE) {
          const valueStart = p + 3;
          // The third stop: behind the quotes of the key's end and of the value's start.
          word &= word - 1;
          word &= word - 1;
          p = word != 0 ? keyStart + <i32>ctz(word) : stopFrom(valueStart);
          let kind = KIND_STRING;
          if (load<u8>(p) != QUOTE) {
            p = closingQuote(p);
            if (p < 0) break;
            kind = KIND_ESCAPED;
          }
          putCell(cell, valueStart - origin, p - origin, kind);
          if ((load<i32>(p) & 0xffffff) == QUOTE_COMMA_QUOTE) {
            p += 3;
            more = true;
            continue;
          }
          p++;
        } else {
          if (load<u8>(p) != QUOTE) break;
          p = pastBlanks(p + 1);
          if (load<u8>(p) != 58) break;
          p = pastBlanks(p + 1);
          c = load<u8>(p);
          let valueStart = p;
          let valueEnd: i32;
          let kind: u8;
          if (isDigit(c) || c == 45) {
            valueEnd = p = numberEnd(p, c);
            kind = numberKind;
          } else if (c == QUOTE) {
            const stop = stopFrom(++valueStart);
            valueEnd = closingQuote(stop);
            kind = valueEnd == stop ? KIND_STRING : KIND_ESCAPED;
            p = valueEnd + 1;
          } else if ((c | 32) == 123) {
            valueEnd = p = nestedEnd(p);
            kind = c == 123 ? KIND_OBJECT : KIND_ARRAY;
          } else {
            valueEnd = p = scalarEnd(p, c);
            kind = c == 116 ? KIND_TRUE : c == 102 ? KIND_FALSE : KIND_NULL;
          }
          if (valueEnd < 0) break;
          putCell(cell, valueStart - origin, valueEnd - origin, kind);
        }
        p = pastBlanks(p);
        c = load<u8>(p++);
        if (c == 44) {
          p = pastBlanks(p);
          more = load<u8>(p++) == QUOTE;
        } else {
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
    store<i32>(recordStarts + (row << 2), lineStart - origin);
    store<i32>(recordLines + (row << 2), line++);
    let c = <i32>load<u8>(p);
    while (c != 10 && c != 13) c = load<u8>(++p);
    store<i32>(recordEnds + (row << 2), p - origin);
    p += c == 13 && load<u8>(p, 1) == 10 ? 2 : 1;
    row++;
  }
  resultRows = row;
  resultLines = line;
  resultGaveUp = 0;
  resultHigh = i8x16.bitmask(seen);
  return p;
}
